//! `uplink_in_no_circuit`: a line that a device's configuration or a host shows, and that stands in none of the operator's own lists.
//! It does not know whether somebody comes in by it; other rules ask that. Of a device it knows mobile lines and public addresses.
//! Invariant: before a list was imported nothing is said to be missing from one; what may be the line in the list is taken for it.

use super::remote_paths::{devices_touched, name_of, ways_touched};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::numbers::HostNo;
use crate::model::rows::Severity;
use crate::model::views::circuits::{CircuitState, end_key};
use crate::model::views::drift::Touched;
use core::net::IpAddr;
use daicho_schemas::fact::circuit::CircuitSort;
use daicho_schemas::fact::device::{Answer, WayInSort};
use daicho_schemas::fact::observation::{InterfaceKind, ModemSort, Observation};
use daicho_schemas::ids::{AgentId, DeviceId, EquipmentId};
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};

/// The rule.
pub(super) const RULE: Rule = Rule { id: "uplink_in_no_circuit", claim, subjects, judge };

/// The collector that tells of modems.
const MODEMS: &str = "modems";

fn claim() -> Text {
    Text::new(
        "機器の設定やホストが示す回線が、取り込んだ回線台帳のどの回線にもありません。",
        "A line that a device's configuration or a host shows stands in no imported list of lines.",
    )
}

/// By what something reaches the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Uplink {
    /// A modem, or an interface of mobile broadband.
    Mobile,
    /// PPP: PPPoE, dial-up.
    Ppp,
    /// An address that is reached from everywhere.
    PublicAddress,
}

impl Uplink {
    /// Whether a line of that sort may be it.
    fn fits(self, sort: CircuitSort) -> bool {
        use CircuitSort::{DialUp, Internet, LeasedLine, Mobile, Other, ProviderVpn, Unknown};
        match sort {
            Other | Unknown => true,
            Mobile => true,
            Internet => self != Self::Mobile,
            DialUp => self == Self::Ppp,
            LeasedLine | ProviderVpn => self == Self::PublicAddress,
        }
    }
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    if touched.circuits.is_empty() {
        if facts.state.circuits.is_empty() {
            return BTreeSet::new();
        }
        let devices = devices_touched(facts, touched).into_iter().chain(ways_touched(facts, touched));
        return devices.chain(facts.agents_of(&touched.hosts)).collect();
    }
    // Another edition of a list may concern everything.
    let devices = facts.state.devices.iter();
    let ways = devices.flat_map(|device| {
        let keys: Vec<String> = device.ways().into_keys().map(str::to_string).collect();
        let ways = keys.into_iter().map(move |key| Subject::WayIn(device.id.clone(), key));
        ways.chain([Subject::Device(device.id.clone())])
    });
    let agents = facts.state.agents.iter().map(|(_, agent)| Subject::Agent(agent.agent_id.clone()));
    let touched = ways_touched(facts, touched).into_iter().chain(devices_touched(facts, touched));
    ways.chain(agents).chain(touched).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    if facts.state.circuits.is_empty() {
        return None;
    }
    match subject {
        Subject::WayIn(device, key) => of_device(facts, device, key),
        Subject::Device(device) => addresses_of_device(facts, device),
        Subject::Agent(agent) => of_host(facts, agent),
        _ => None,
    }
}

/// Whether one of these lines may be an uplink: it ends at its port, or is of a fitting sort.
fn stands<'a>(mut circuits: impl Iterator<Item = &'a CircuitState>, uplink: Uplink, names: &[Option<&str>]) -> bool {
    circuits.any(|own| {
        let port = end_key(&own.circuit.port);
        let at_port = names.iter().flatten().any(|name| !port.is_empty() && end_key(name) == port);
        !own.has_ended() && (at_port || uplink.fits(own.circuit.sort))
    })
}

fn of_device(facts: &Facts<'_>, id: &DeviceId, key: &str) -> Option<Verdict> {
    let device = facts.state.devices.get(id)?;
    let standing = device.way(key)?;
    let way = &standing.way;
    if way.sort != WayInSort::MobileUplink || way.enabled.answer == Answer::No {
        return None;
    }
    let names = [Some(key), way.interface.as_deref()];
    let listed = |name: &String| {
        let circuits = facts.state.circuits.ending_at(name).map(|(_, own)| own);
        stands(circuits, Uplink::Mobile, &names)
    };
    if device.names().iter().any(listed) {
        return None;
    }
    let name = name_of(&device);
    let what = Text::new(format!("機器「{name}」の {key}"), format!("{key} of device \"{name}\""));
    let equipment = device.equipment_id().cloned();
    Some(verdict(&what, equipment, RoaringBitmap::new(), vec![format!("{id} {key}")]))
}

/// Addresses that are reached from everywhere, of interfaces that the configuration does not switch off.
fn addresses_of_device(facts: &Facts<'_>, id: &DeviceId) -> Option<Verdict> {
    let device = facts.state.devices.get(id)?;
    let (networks, _) = device.networks()?;
    let circuits = &facts.state.circuits;
    let mut open: BTreeSet<String> = BTreeSet::new();
    for interface in networks.interfaces.iter().filter(|interface| interface.shut_down != Answer::Yes) {
        let port = [Some(interface.name.as_str())];
        let listed = |name: &String| stands(circuits.ending_at(name).map(|(_, own)| own), Uplink::PublicAddress, &port);
        let listed = device.names().iter().any(listed);
        let addresses = interface.addresses.iter().filter_map(|address| address.split('/').next()?.parse().ok());
        let public = addresses.filter(|address| is_public(*address) && !listed && !circuits.holds(*address));
        open.extend(public.map(|address| format!("{} {address}", interface.name)));
    }
    if open.is_empty() {
        return None;
    }
    let (name, list) = (name_of(&device), open.iter().cloned().collect::<Vec<_>>().join(", "));
    let what = Text::new(format!("機器「{name}」の {list}"), format!("{list} of device \"{name}\""));
    let components = open.into_iter().map(|one| format!("{id} {one}")).collect();
    Some(verdict(&what, device.equipment_id().cloned(), RoaringBitmap::new(), components))
}

fn of_host(facts: &Facts<'_>, agent: &AgentId) -> Option<Verdict> {
    let host = facts.host(agent)?;
    let row = facts.drift.hosts.get(host)?;
    let equipment = facts.equipment_of(agent);
    // A revoked agent on no equipment is out of scope, or another agent speaks for its host now.
    if equipment.is_none() && !facts.may_speak(agent) {
        return None;
    }
    let circuits = &facts.state.circuits;
    let mut open: BTreeSet<String> = BTreeSet::new();
    for (name, uplink) in uplinks_of(facts, host) {
        let here = circuits.ending_at_host(&row.key).map(|(_, own)| own);
        if !stands(here, uplink, &[Some(&name)]) {
            open.insert(name);
        }
    }
    for (address, interface) in public_addresses(facts, host) {
        let here = circuits.ending_at_host(&row.key).map(|(_, own)| own);
        let listed = stands(here, Uplink::PublicAddress, &[interface.as_deref()]);
        if !listed && !circuits.holds(address) {
            open.insert(format!("{} {address}", interface.unwrap_or_default()).trim().to_string());
        }
    }
    if open.is_empty() {
        return None;
    }
    let names: Vec<String> = open.into_iter().collect();
    let (hostname, list) = (facts.hostname(agent), names.join(", "));
    let what = Text::new(format!("ホスト「{hostname}」の {list}"), format!("{list} of host \"{hostname}\""));
    Some(verdict(&what, equipment, facts.only(agent), names))
}

/// Modems and interfaces by which a host reaches the outside, by name. What may be something else as well is not among them.
fn uplinks_of(facts: &Facts<'_>, host: HostNo) -> BTreeMap<String, Uplink> {
    let assets = &facts.state.assets;
    let mut found = BTreeMap::new();
    let told = assets.by_collector(host).filter(|(id, _)| id.as_str() == MODEMS);
    for item in told.flat_map(|(_, told)| told.items.iter()) {
        if let Some(Observation::Modem(modem)) = assets.items.get(item).and_then(|item| item.observation())
            && modem.sort != ModemSort::Possible
        {
            found.insert(modem.device, Uplink::Mobile);
        }
    }
    let names = facts.drift.hosts.get(host).map(|row| row.ways.interfaces.as_slice()).unwrap_or_default();
    for item in names.iter().flat_map(|name| assets.under(host, name)) {
        let Some(Observation::NetworkInterface(one)) = assets.items.get(item).and_then(|item| item.observation())
        else {
            continue;
        };
        let uplink = match one.interface_kind {
            InterfaceKind::Wwan => Uplink::Mobile,
            InterfaceKind::Ppp => Uplink::Ppp,
            _ => continue,
        };
        found.entry(one.name).or_insert(uplink);
    }
    found
}

/// Addresses of a host that are reached from everywhere, with their interfaces. Of IPv6 they are what every host has, and say nothing.
fn public_addresses(facts: &Facts<'_>, host: HostNo) -> Vec<(IpAddr, Option<String>)> {
    let place = facts.drift.places.host(host);
    let all = place.into_iter().flat_map(|place| &place.addresses);
    let public = all.filter(|(address, ..)| is_public(*address));
    public.map(|(address, _, interface)| (*address, interface.clone())).collect()
}

/// Whether an IPv4 address is reached from everywhere: none of those that are set aside for something else (IANA's registry of special
/// purposes, RFC 6890; 100.64.0.0/10 of RFC 6598 is a carrier's own). Those for documentation are nobody's, and count.
fn is_public(address: IpAddr) -> bool {
    let IpAddr::V4(own) = address else { return false };
    let [first, second, ..] = own.octets();
    let carriers_own = first == 100 && (64..128).contains(&second);
    let tests = first == 198 && (18..20).contains(&second);
    let set_aside = own.is_private() || own.is_loopback() || own.is_link_local() || own.is_multicast();
    !(set_aside || carriers_own || tests || first == 0 || first >= 240)
}

fn verdict(what: &Text, equipment: Option<EquipmentId>, hosts: RoaringBitmap, components: Vec<String>) -> Verdict {
    Verdict {
        severity: if equipment.is_some() { Severity::Warning } else { Severity::Notice },
        title: Text::new(
            format!("{} が、どの回線台帳にもありません", what.ja),
            format!("{} stands in no list of lines", what.en),
        ),
        why: Text::new(
            "台帳にない回線は、契約も利用者も分からず、誰も止められません。",
            "Of a line in no list nobody knows the contract or who uses it, and nobody can have it cut.",
        ),
        next: Text::new(
            "誰の契約の回線かを確かめ、回線台帳に接続機器・ポートとともに加えて取り込み直すか（daicho network circuits）、回線を外してください。",
            "Find out whose contract it is; then add the line with its device and port to the list and import that anew (daicho network circuits), or take the line away.",
        ),
        equipment_id: equipment,
        hosts,
        components,
        supplier: None,
        planned_by: None,
    }
}

#[cfg(test)]
mod tests;
