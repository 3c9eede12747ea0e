//! Interfaces and static routes of a FortiGate: `config system interface`, `config router static` and their IPv6 halves.
//! It does not know zones, nor routes whose destination is an address object.
//! Invariant: an interface has no role but the one that `set role`, `set type` or `set dedicated-to` gives it.
//!
//! Defaults are those of Fortinet's "FortiOS 7.4 CLI Reference": `status` up, `dst` of a route 0.0.0.0/0.

use super::tree::{Object, Tree};
use crate::networks::{DEFAULT, DEFAULT_SIX, Inet, Networks, Say, inet, masked};
use daicho_schemas::fact::device::{Answer, DeviceReading};
use daicho_schemas::fact::device_networks::InterfaceRole;

/// Adds them.
pub(super) fn read(tree: &Tree<'_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for object in tree.all("system interface") {
        let own = networks.interface(object.name, object.line);
        own.shut_down = if object.is("status", "down") { Answer::Yes } else { Answer::No };
        if let Some((_, text)) = object.one("description").or_else(|| object.one("alias")) {
            own.describe(text);
        }
        if let Some((_, id)) = object.one("vlanid") {
            own.vlan(id);
        }
        role(object).into_iter().for_each(|role| own.role(role));
        match object.one("mode") {
            Some((_, "dhcp" | "pppoe")) => own.address(None),
            _ => object.get("ip").into_iter().for_each(|(_, words)| own.address(pair(&words))),
        }
    }
    for object in tree.all("system interface/secondaryip") {
        if let Some((_, words)) = object.get("ip") {
            networks.interface(object.within, object.line).address(pair(&words));
        }
    }
    for object in tree.all("system interface/ipv6") {
        let own = networks.interface(object.within, object.line);
        match object.one("ip6-mode") {
            Some((_, "dhcp" | "pppoe" | "delegated")) => own.address(None),
            _ => object.one("ip6-address").into_iter().for_each(|(_, text)| own.address(inet(text))),
        }
    }
    for (path, everything) in [("router static", DEFAULT), ("router static6", DEFAULT_SIX)] {
        tree.all(path).iter().for_each(|object| route(&mut networks, object, everything));
    }
    networks.end(reading);
}

fn role(object: &Object<'_>) -> Option<InterfaceRole> {
    if object.is("dedicated-to", "management") {
        return Some(InterfaceRole::Management);
    }
    match (object.one("type"), object.one("role")) {
        (Some((_, "tunnel")), _) => Some(InterfaceRole::Tunnel),
        (Some((_, "loopback")), _) => Some(InterfaceRole::Loopback),
        (_, Some((_, "wan"))) => Some(InterfaceRole::Wan),
        (_, Some((_, "lan"))) => Some(InterfaceRole::Lan),
        _ => None,
    }
}

/// `192.0.2.1 255.255.255.0` or `192.0.2.1/24`.
fn pair(words: &[&str]) -> Option<Inet> {
    match words {
        [address, mask, ..] => masked(address, mask),
        [prefix] => inet(prefix),
        [] => None,
    }
}

fn route(networks: &mut Networks, object: &Object<'_>, everything: Inet) {
    // A destination by the name of an object or of a service is not spelled out here.
    let named = ["dstaddr", "internet-service", "internet-service-custom"].iter().any(|key| object.get(key).is_some());
    let off = object.is("status", "disable") || object.is("blackhole", "enable");
    if named || off || object.name.is_empty() {
        return;
    }
    let to = object.get("dst").map_or(Some(everything), |(_, words)| pair(&words));
    let Some(to) = to else { return };
    let value = |key: &str| object.one(key).map(|(_, value)| value);
    networks.route(object.line, to, value("gateway"), value("device"));
}
