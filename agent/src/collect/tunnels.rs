//! Tunnels of the kernel with both ends, as the kernel lists its interfaces (`RTM_GETLINK`).
//! It does not know the peers of a WireGuard interface, IPsec without an interface, or where a program's tunnel leads.
//! Invariant: nothing volatile and no key enters; an end that may be anybody is absent, not zero.

use super::{Collected, Collector, Gather};
use crate::access::netlink::{address, attribute, messages, number16, number32, text};
use crate::access::{Host, KernelTable};
use daicho_schemas::fact::observation::{Observation, Tunnel, TunnelSource};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// The kernel's list of interfaces: about 1 KB for each.
pub(super) const LINKS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// `RTM_NEWLINK`, and the fixed part of its body (`struct ifinfomsg`).
const NEW_LINK: u16 = 16;
const LINK_BODY_BYTES: usize = 16;
/// WireGuard outside of the kernel is a program's `tun`; the program keeps `NAME.sock` here for `wg` (wireguard-go, boringtun).
/// Only that it is there is looked at: who asks it is told the private key.
const WIREGUARD_PROGRAMS: &str = "/run/wireguard";
/// Hardware type of PPP (`include/uapi/linux/if_arp.h`); such a link has no kind where pppd made it.
const ARPHRD_PPP: u16 = 512;

/// `include/uapi/linux/if_link.h`.
mod ifla {
    pub(super) const NAME: u16 = 3;
    pub(super) const LINK_INFO: u16 = 18;
    pub(super) const INFO_KIND: u16 = 1;
    pub(super) const INFO_DATA: u16 = 2;
    pub(super) const TUN_TYPE: u16 = 3;
}

/// Where a kind of link keeps its ends (`include/uapi/linux/if_tunnel.h`, `if_link.h`): attributes of this end, of the far
/// end, and of its number.
struct Shape {
    local: &'static [u16],
    remote: &'static [u16],
    number: Option<u16>,
}

fn shape(kind: &str) -> Option<Shape> {
    let shape = |local, remote, number| Some(Shape { local, remote, number });
    match kind {
        "ipip" | "sit" | "ip6tnl" => shape(&[2], &[3], None),
        "gre" | "gretap" | "ip6gre" | "ip6gretap" | "erspan" | "ip6erspan" => shape(&[6], &[7], None),
        "vti" | "vti6" => shape(&[4], &[5], None),
        "vxlan" => shape(&[4, 17], &[2, 16], Some(1)),
        "geneve" => shape(&[], &[2, 7], Some(1)),
        "xfrm" => shape(&[], &[], Some(2)),
        "wireguard" | "tun" | "tap" | "ppp" | "gtp" | "ovpn" | "amt" | "bareudp" | "pfcp" => shape(&[], &[], None),
        _ => None,
    }
}

/// One link: its name, its kind in the kernel's word, and what only its kind understands.
pub(super) struct Link<'a> {
    pub(super) name: String,
    pub(super) kind: String,
    data: &'a [u8],
}

/// The links of an answer that have a kind or are PPP.
pub(super) fn links(bytes: &[u8]) -> impl Iterator<Item = Link<'_>> {
    messages(bytes).filter(|message| message.kind == NEW_LINK).filter_map(|message| {
        let (header, attributes) = message.body.split_at_checked(LINK_BODY_BYTES)?;
        let name = attribute(attributes, ifla::NAME).and_then(text)?;
        let info = attribute(attributes, ifla::LINK_INFO).unwrap_or_default();
        let data = attribute(info, ifla::INFO_DATA).unwrap_or_default();
        let is_ppp = header.get(2..).and_then(number16) == Some(ARPHRD_PPP);
        let kind = attribute(info, ifla::INFO_KIND).and_then(text).or_else(|| is_ppp.then(|| "ppp".into()))?;
        let is_tap = kind == "tun" && attribute(data, ifla::TUN_TYPE).and_then(|value| value.first()) == Some(&2);
        Some(Link { name, kind: if is_tap { "tap".into() } else { kind }, data })
    })
}

/// Collects tunnels.
pub(crate) struct TunnelsCollector;

impl Collector for TunnelsCollector {
    fn id(&self) -> &'static str {
        "tunnels"
    }

    fn about(&self) -> Text {
        Text::new("カーネルのトンネルと両端のアドレス", "tunnels of the kernel, and the addresses of both ends")
    }

    fn places(&self) -> &'static [&'static str] {
        &["netlink:links", "/run/wireguard/*"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:links", WIREGUARD_PROGRAMS]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let table = KernelTable::Links;
        let place = table.to_string();
        if !host.is_live() {
            let text = "tunnels are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, place, text));
        }
        let reading = match host.kernel_table(&table, LINKS_BYTES_MAX) {
            Ok(reading) => reading,
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(&place);
        if reading.cut {
            gather.miss_rest(&place);
        }
        for link in links(&reading.bytes) {
            let Some(mut tunnel) = tunnel(link) else { continue };
            if tunnel.tunnel_kind == "tun" && speaks_wireguard(host, &tunnel) {
                tunnel.tunnel_kind = "wireguard".into();
            }
            gather.item(&place, Observation::Tunnel(tunnel));
        }
        gather.finish()
    }
}

fn speaks_wireguard(host: &dyn Host, tunnel: &Tunnel) -> bool {
    tunnel.interface.as_ref().is_some_and(|name| host.exists(&format!("{WIREGUARD_PROGRAMS}/{name}.sock")))
}

fn tunnel(link: Link<'_>) -> Option<Tunnel> {
    let shape = shape(&link.kind)?;
    let end = |kinds: &[u16]| {
        let found = kinds.iter().find_map(|kind| attribute(link.data, *kind).and_then(address));
        found.map(|address| address.to_string())
    };
    Some(Tunnel {
        local: end(shape.local),
        remote: end(shape.remote),
        number: shape.number.and_then(|kind| attribute(link.data, kind)).and_then(number32),
        interface: Some(link.name),
        tunnel_kind: link.kind,
        peer: None,
        inside: Vec::new(),
        source: TunnelSource::Link,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn the_samples_give_their_goldens_from_documented_places_only() {
        let gateway = golden::running(&TunnelsCollector, "gateway", Machine::default());
        let collected = golden::check(&TunnelsCollector, "gateway", &gateway);
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 14));
        let recorded = golden::running(&TunnelsCollector, "recorded", Machine::default());
        assert_eq!(golden::check(&TunnelsCollector, "recorded", &recorded).outcome, Outcome::Complete);
        let program = golden::running(&TunnelsCollector, "program", Machine::default());
        assert_eq!(golden::check(&TunnelsCollector, "program", &program).outcome, Outcome::Complete);
        golden::every_documented_place(&TunnelsCollector, &[&gateway, &recorded, &program]);
    }

    /// A kernel that does not answer is not a host without tunnels.
    #[test]
    fn what_was_not_asked_is_not_absent() {
        let host = golden::running(&TunnelsCollector, "gateway", Machine::default());
        let closed = host.without_permission_for(&["netlink:links"]);
        let collected = TunnelsCollector.collect(&closed);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotPermitted));
        let image = RecordedHost::image(golden::fixtures("tunnels").join("gateway/root"));
        assert_eq!(TunnelsCollector.collect(&image).troubles[0].kind, TroubleKind::NotObservable);
    }
}
