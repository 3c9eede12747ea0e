//! Interfaces and static routes of a Junos device.
//! It does not know zones as roles, interface ranges, nor routes that lead nowhere (`discard`, `reject`).
//! Invariant: a logical interface has the name under which the rest of the file speaks of it: `ge-0/0/0.0`.

use crate::networks::{DEFAULT, DEFAULT_SIX, Inet, Networks, Say, inet};
use crate::tree::At;
use daicho_schemas::fact::device::{Answer, DeviceReading};
use daicho_schemas::fact::device_networks::InterfaceRole;

/// Adds them.
pub(super) fn read(root: At<'_, '_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for port in root.below("interfaces").filter(|port| port.word() != "interface-range") {
        for unit in port.below("unit") {
            let own = networks.interface(&format!("{}.{}", port.word(), unit.word()), unit.line());
            let off = port.has("disable") || unit.has("disable");
            own.shut_down = if off { Answer::Yes } else { Answer::No };
            role(port.word()).into_iter().for_each(|role| own.role(role));
            if let Some(text) = unit.first("description").or_else(|| port.first("description")) {
                own.describe(text.word());
            }
            if let Some(id) = unit.first("vlan-id") {
                own.vlan(id.word());
            }
            for family in ["inet", "inet6"].iter().filter_map(|family| unit.get(&format!("family {family}"))) {
                let given = ["dhcp", "dhcp-client", "dhcpv6-client", "negotiate-address"];
                if given.iter().any(|key| family.has(key)) {
                    own.address(None);
                }
                for address in family.below("address") {
                    // Without a length it is one address and names no network.
                    if address.word().contains('/') {
                        own.address(inet(address.word()));
                    }
                }
            }
        }
    }
    let instances = root.below("routing-instances");
    for options in root.get("routing-options").into_iter().chain(instances.filter_map(|at| at.get("routing-options"))) {
        options.below("static route").for_each(|at| route(&mut networks, at));
        options.below("rib").flat_map(|rib| rib.below("static route")).for_each(|at| route(&mut networks, at));
    }
    networks.end(reading);
}

fn role(port: &str) -> Option<InterfaceRole> {
    let begins = |sorts: &[&str]| sorts.iter().any(|sort| port.starts_with(sort));
    if begins(&["st0", "gr-", "ip-"]) {
        Some(InterfaceRole::Tunnel)
    } else if begins(&["lo0"]) {
        Some(InterfaceRole::Loopback)
    } else {
        begins(&["fxp0", "em0", "me0", "vme"]).then_some(InterfaceRole::Management)
    }
}

fn route(networks: &mut Networks, at: At<'_, '_>) {
    let to: Option<Inet> = match at.word() {
        "default" => Some(DEFAULT),
        "::/0" => Some(DEFAULT_SIX),
        to => inet(to),
    };
    let Some(to) = to else { return };
    for hop in at.below("next-hop").chain(at.below("qualified-next-hop")) {
        let named = hop.word().parse::<std::net::IpAddr>().is_err();
        networks.route(hop.line(), to, Some(hop.word()), Some(hop.word()).filter(|_| named));
    }
}
