//! Neighbours that matter to ways in from outside: next hops, and devices whose hardware address belongs to a maker of
//! routers and VPN devices (`makers.json`). The weakest of evidence: it says "ask", never "is".
//! What announces itself by LLDP says more, and is believed no more than that.
//! It does not know neighbours that were silent lately, other segments, or what a device is for.
//! Invariant: the kernel forgets who is silent, so this is never a complete list and always `partial`: who is missing in it is
//! not gone, and what was reported once stands. A running agent remembers them and says when it saw one last (`run/last_seen.rs`).

mod lldp;

use super::network_place::{gateways, interfaces, part};
use super::{Collected, Collector, Gather};
use crate::access::netlink::{address, attribute, messages, number16, number32};
use crate::access::{Host, KernelTable};
use daicho_schemas::fact::observation::{NetworkPlace, Observation, PlacePart};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const MAKERS: &str = include_str!("neighbours/makers.json");
const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Neighbours that are reported, in order of address. More are counted.
const NEIGHBOURS_MAX: usize = 256;

/// `include/uapi/linux/neighbour.h`.
mod nda {
    pub(super) const NEW_NEIGHBOUR: u16 = 28;
    pub(super) const DESTINATION: u16 = 1;
    pub(super) const HARDWARE_ADDRESS: u16 = 2;
    /// Incomplete, failed, or not resolved at all.
    pub(super) const NOBODY: u16 = 0x01 | 0x20 | 0x40;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Makers {
    #[serde(rename = "about")]
    _about: String,
    /// The first three bytes of a hardware address, and who registered them.
    prefixes: BTreeMap<String, String>,
}

/// Collects neighbours.
pub(crate) struct NeighboursCollector;

impl Collector for NeighboursCollector {
    fn id(&self) -> &'static str {
        "neighbours"
    }

    fn about(&self) -> Text {
        Text::new(
            "隣の機器のうち、次ホップと、ルーター・VPN 機器のメーカーの MAC アドレスを持つもの",
            "neighbours that are next hops or bear a hardware address of a maker of routers and VPN devices",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "netlink:links",
            "netlink:routes",
            "netlink:neighbours",
            "/run/systemd/netif/lldp",
            "/run/systemd/netif/lldp/*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let table = KernelTable::Neighbours;
        let place = table.to_string();
        if !host.is_live() {
            let text = "neighbours are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, place, text));
        }
        let Some(names) = interfaces(&mut gather, host) else { return gather.finish_failed_when_empty() };
        let gateways = gateways(&mut gather, host);
        let makers = match serde_json::from_str::<Makers>(MAKERS) {
            Ok(makers) => makers.prefixes,
            Err(error) => {
                let text = format!("the list of makers makes no sense; please report this as a bug: {error}");
                return gather.finish_failed(Trouble::new(TroubleKind::Malformed, "makers.json", text));
            }
        };
        let reading = match host.kernel_table(&table, TABLE_BYTES_MAX) {
            Ok(reading) => reading,
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(&place);
        let text = "only who spoke lately is known; who is not listed is not gone";
        gather.miss(Trouble::new(TroubleKind::NotObservable, place.as_str(), text));
        let found = messages(&reading.bytes).filter(|message| message.kind == nda::NEW_NEIGHBOUR);
        let found: BTreeSet<_> = found.filter_map(|message| neighbour(message.body)).collect();
        let wanted = found.into_iter().filter_map(|(address, link, mac)| {
            let maker = mac.get(..8).and_then(|prefix| makers.get(prefix)).cloned();
            (maker.is_some() || gateways.contains(&address.to_string())).then_some((address, link, mac, maker))
        });
        for (count, (address, link, mac, maker)) in wanted.enumerate() {
            if count >= NEIGHBOURS_MAX {
                gather.miss_rest(&place);
                break;
            }
            let interface = names.get(&link).cloned();
            let seen =
                NetworkPlace { interface, mac: Some(mac), maker, ..part(PlacePart::Neighbour, address.to_string()) };
            gather.item(&place, Observation::NetworkPlace(seen));
        }
        for seen in lldp::announced(&mut gather, host, &names) {
            let maker = seen.mac.as_deref().and_then(|mac| makers.get(mac.get(..8)?)).cloned();
            gather.item(&place, Observation::NetworkPlace(NetworkPlace { maker, ..seen }));
        }
        gather.finish()
    }
}

/// `struct ndmsg`: family, three bytes of nothing, interface, state, flags, type.
fn neighbour(body: &[u8]) -> Option<(IpAddr, u32, String)> {
    let (header, attributes) = body.split_at_checked(12)?;
    let link = header.get(4..).and_then(number32)?;
    if header.get(8..).and_then(number16)? & nda::NOBODY != 0 {
        return None;
    }
    let address = attribute(attributes, nda::DESTINATION).and_then(address)?;
    let mac = attribute(attributes, nda::HARDWARE_ADDRESS).filter(|mac| mac.len() == 6)?;
    let mac: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    Some((address, link, mac.join(":")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn branch() -> RecordedHost {
        golden::running(&NeighboursCollector, "branch", Machine::default())
    }

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = branch();
        let collected = golden::check(&NeighboursCollector, "branch", &host);
        assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Partial, 1), "never a complete list");
        golden::every_documented_place(&NeighboursCollector, &[&host]);
    }

    /// A gateway of whatever maker, a device of a maker; not an ordinary neighbour, not one that never answered.
    #[test]
    fn next_hops_and_makers_are_reported_and_nobody_else() {
        let items = NeighboursCollector.collect(&branch()).items;
        let seen: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Observation::NetworkPlace(place) => Some((place.value.as_str(), place.maker.as_deref())),
                _ => None,
            })
            .collect();
        let yamaha = Some("Yamaha");
        assert_eq!(
            seen,
            [
                ("branch-ix", Some("NEC Platforms")),
                ("192.0.2.1", yamaha),
                ("192.0.2.7", Some("Fortinet")),
                ("198.51.100.1", None),
                ("2001:db8::1", yamaha)
            ]
        );
    }

    #[test]
    fn the_list_of_makers_is_sound() {
        let makers: Makers = serde_json::from_str(MAKERS).unwrap();
        for prefix in makers.prefixes.keys() {
            let bytes: Vec<_> = prefix.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
            assert_eq!((bytes.len(), bytes[0] & 0x02), (3, 0), "{prefix}: three bytes, not locally administered");
            assert_eq!(*prefix, prefix.to_lowercase());
        }
    }
}
