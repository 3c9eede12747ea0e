//! Interfaces and static routes of a YAMAHA router: `ip lan1 address …`, `ip route … gateway …`, and the same for IPv6.
//! It does not know filters, nor addresses that a provider gives.
//! Invariant: an interface has the name under which routes speak of it: `lan1`, `pp 1`, `tunnel 1`.

use super::{Config, Context, Statement};
use crate::networks::{DEFAULT, DEFAULT_SIX, Inet, Networks, Say, inet};
use daicho_schemas::fact::device::{Answer, DeviceReading};
use daicho_schemas::fact::device_networks::InterfaceRole;

/// Adds them.
pub(super) fn read(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for known in &config.statements {
        let words: Vec<&str> = known.text.split_whitespace().collect();
        match words.as_slice() {
            [protocol @ ("ip" | "ipv6"), "route", to, "gateway", rest @ ..] => {
                let everything = if *protocol == "ip" { DEFAULT } else { DEFAULT_SIX };
                routes(&mut networks, known.line, if *to == "default" { Some(everything) } else { inet(to) }, rest);
            }
            [protocol @ ("ip" | "ipv6"), name, rest @ ..] => {
                let Some((name, role)) = place(known, name) else { continue };
                let own = networks.interface(&name, known.line);
                role.into_iter().for_each(|role| own.role(role));
                match rest {
                    ["secondary", "address", value, ..] | ["address", value, ..] => {
                        let given = ["dhcp", "auto"].contains(value) || value.contains('@');
                        let found = inet(value);
                        // An address of a link of two ends may stand without a length; it names no network.
                        if given || found.is_some() {
                            own.address(found);
                        }
                    }
                    ["nat", "descriptor", ..] if *protocol == "ip" => own.role(InterfaceRole::Wan),
                    _ => {}
                }
            }
            [sort @ ("pp" | "tunnel"), "select", number] if *number != "none" => {
                let own = networks.interface(&format!("{sort} {number}"), known.line);
                if *sort == "tunnel" {
                    own.role(InterfaceRole::Tunnel);
                }
            }
            [sort @ "pppoe", "use", ..] | [sort @ "ppp", "ipcp", "ipaddress", "on", ..] => {
                let Context::Pp(number) = known.context else { continue };
                let own = networks.interface(&format!("pp {number}"), known.line);
                match *sort {
                    "pppoe" => own.role(InterfaceRole::Wan),
                    // Whoever dials in gets an address there and gives none.
                    _ if number != "anonymous" => own.address(None),
                    _ => {}
                }
            }
            ["description", name, ..] => {
                if let Some((name, _)) = place(known, name) {
                    let text = known.text.splitn(3, ' ').nth(2).unwrap_or_default();
                    networks.interface(&name, known.line).describe(text);
                }
            }
            [sort @ ("pp" | "tunnel"), how @ ("enable" | "disable"), number, ..] => {
                let own = networks.interface(&format!("{sort} {number}"), known.line);
                own.shut_down = if *how == "enable" { Answer::No } else { Answer::Yes };
                if *sort == "tunnel" {
                    own.role(InterfaceRole::Tunnel);
                }
            }
            ["lan", "shutdown", name] => networks.interface(name, known.line).shut_down = Answer::Yes,
            ["vlan", name, "802.1q", rest @ ..] => {
                if let Some(id) = rest.iter().find_map(|word| word.strip_prefix("vid=")) {
                    networks.interface(name, known.line).vlan(id);
                }
            }
            _ => {}
        }
    }
    networks.end(reading);
}

/// The interface of which a statement speaks: `lan1` by its name, `pp` and `tunnel` by the context that they stand in.
fn place(known: &Statement<'_>, name: &str) -> Option<(String, Option<InterfaceRole>)> {
    let numbered = |sort: &str| name.strip_prefix(sort).is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    match (name, known.context) {
        ("pp", Context::Pp(number)) => Some((format!("pp {number}"), None)),
        ("tunnel", Context::Tunnel(number)) => Some((format!("tunnel {number}"), Some(InterfaceRole::Tunnel))),
        _ if numbered("loopback") => Some((name.to_owned(), Some(InterfaceRole::Loopback))),
        _ if ["lan", "vlan", "wan", "bridge"].iter().any(|sort| numbered(sort)) => Some((name.to_owned(), None)),
        _ => None,
    }
}

/// `gateway 192.0.2.1`, `gateway pp 1 filter 1 2 gateway tunnel 1`, `gateway dhcp lan2`.
fn routes(networks: &mut Networks, line: u32, to: Option<Inet>, rest: &[&str]) {
    let Some(to) = to else { return };
    for way in rest.split(|word| *word == "gateway") {
        match way {
            [sort @ ("pp" | "tunnel"), number, ..] => {
                networks.route(line, to, None, Some(&format!("{sort} {number}")));
            }
            ["dhcp", name, ..] => networks.route(line, to, None, Some(name)),
            [hop, ..] if *hop != "null" => {
                // `fe80::1%1`: the address, and the number of the interface.
                let hop = hop.split('%').next().unwrap_or(hop);
                let named = hop.parse::<std::net::IpAddr>().is_err();
                networks.route(line, to, Some(hop), Some(hop).filter(|_| named));
            }
            _ => {}
        }
    }
}
