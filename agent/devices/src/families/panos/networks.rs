//! Interfaces, the management port and static routes of a PAN-OS firewall.
//! It does not know zones as roles, nor what a Panorama's template gives.
//! Invariant: an address that is the name of an object is the object's, and one that is not in the file is not known.

use super::places::Config;
use crate::networks::{Inet, Networks, Say, inet, masked};
use crate::tree::{self, At};
use daicho_schemas::fact::device::{Answer, DeviceReading};
use daicho_schemas::fact::device_networks::{DeviceInterface, InterfaceRole};

/// Adds them.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for sort in ["ethernet", "aggregate-ethernet"] {
        for port in config.all(&format!("network interface {sort}")) {
            let Some(layer3) = port.named("layer3") else { continue };
            let down = port.is("link-state", "down");
            let own = networks.interface(port.word(), port.line());
            fill(config, own, layer3, down);
            if let Some(comment) = port.value("comment") {
                own.describe(&tree::plain(comment.word()));
            }
            for unit in layer3.below("units") {
                fill(config, networks.interface(unit.word(), unit.line()), unit, down);
            }
        }
    }
    for (sort, role) in
        [("loopback", Some(InterfaceRole::Loopback)), ("vlan", None), ("tunnel", Some(InterfaceRole::Tunnel))]
    {
        for unit in config.all(&format!("network interface {sort} units")) {
            let own = networks.interface(unit.word(), unit.line());
            role.into_iter().for_each(|role| own.role(role));
            fill(config, own, unit, false);
        }
    }
    management(config, &mut networks);
    for router in config.all("network virtual-router").chain(config.all("network logical-router")) {
        for (path, hop) in
            [("routing-table ip static-route", "ip-address"), ("routing-table ipv6 static-route", "ipv6-address")]
        {
            for route in router.below(path) {
                let to = route.value("destination").and_then(|to| address(config, to));
                let hop = route.value(&format!("nexthop {hop}")).map(At::word);
                let over = route.value("interface").map(At::word);
                if let (Some(to), true) = (to, hop.is_some() || over.is_some()) {
                    networks.route(route.line(), to, hop.and_then(|hop| hop.split('/').next()), over);
                }
            }
        }
    }
    networks.end(reading);
}

fn fill(config: &Config<'_, '_>, own: &mut DeviceInterface, at: At<'_, '_>, down: bool) {
    own.shut_down = if down { Answer::Yes } else { Answer::No };
    if let Some(comment) = at.value("comment") {
        own.describe(&tree::plain(comment.word()));
    }
    if let Some(tag) = at.value("tag") {
        own.vlan(tag.word());
    }
    for ip in at.below("ip").chain(at.below("ipv6 address")) {
        own.address(address(config, ip));
    }
    let on = |key: &str| at.named(key).is_some_and(|inner| !inner.is("enable", "no"));
    if on("dhcp-client") || on("pppoe") {
        own.address(None);
    }
}

/// An address with its prefix length, or the object that holds one.
fn address(config: &Config<'_, '_>, at: At<'_, '_>) -> Option<Inet> {
    inet(at.word()).or_else(|| inet(config.netmask(at.word())?))
}

/// The port of its own for management.
fn management(config: &Config<'_, '_>, networks: &mut Networks) {
    let value = |key: &str| config.value(&format!("deviceconfig system {key}")).map(|at| (at.line(), at.word()));
    if let (Some((line, own)), Some((_, mask))) = (value("ip-address"), value("netmask")) {
        let interface = networks.interface("management", line);
        interface.role(InterfaceRole::Management);
        interface.address(masked(own, mask));
    }
    if let Some((line, own)) = value("ipv6-address") {
        let interface = networks.interface("management", line);
        interface.role(InterfaceRole::Management);
        interface.address(inet(own));
    }
}
