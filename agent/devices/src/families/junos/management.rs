//! How a Junos device is managed: its services, and which interfaces outside take them.
//! It does not know the network of a management port (`fxp0`, `me0`).
//! Invariant: on a device with zones a service that `host-inbound-traffic` does not name is not reachable.

use super::filters::{self, Service};
use super::places::{Config, logical};
use super::word;
use crate::draft::{self, absence, ground};
use crate::reach::{Access, Reach};
use crate::tree::At;
use daicho_schemas::fact::device::{DeviceReading, FarEnd, WayInSort};

/// The name of a service, where it is switched on, what zones call it, and its usual port.
const SERVICES: [(&str, &str, &str, u16); 5] = [
    ("ssh", "system services ssh", "ssh", 22),
    ("telnet", "system services telnet", "telnet", 23),
    ("http", "system services web-management http", "http", 80),
    ("https", "system services web-management https", "https", 443),
    ("netconf", "system services netconf ssh", "netconf", 830),
];

/// Fills the management plane.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let readers = ["read-only", "unauthorized"];
    let users = config.root.below("system login user");
    let users = users.filter(|user| !user.first("class").is_some_and(|class| readers.contains(&class.word()))).count();
    let known = config.root.has("system login");
    reading.administrators = u32::try_from(users).ok().filter(|_| known);
    cloud(config, reading);
    let mut plane: Option<Access> = None;
    let mut served = false;
    for (technology, path, inbound, usual) in SERVICES {
        let Some(service) = config.root.get(path) else { continue };
        served = true;
        let port = service.first("port").and_then(|port| port.word().parse().ok()).unwrap_or(usual);
        let only: Vec<At<'_, '_>> = service.below("interface").collect();
        for (name, line) in &config.outside {
            if !only.is_empty() && !only.iter().any(|at| at.word() == "all" || logical(at.word()) == *name) {
                continue;
            }
            let Some(taken) = takes(config, name, inbound) else { continue };
            let access = filters::own(config, name, *line, Service { protocol: "tcp", port });
            let key = format!("interface {} {technology}", draft::word(name));
            let mut way = draft::way(&key, WayInSort::Management, technology, FarEnd::Unknown);
            way.enabled = draft::yes(ground(
                taken.unwrap_or(service.line()),
                format!("{} で {technology} を受け付けます", draft::word(name)),
                format!("{technology} is taken on {}", draft::word(name)),
            ));
            way.interface = Some(draft::word(name));
            way.restriction = access.clone().restriction();
            reading.ways_in.push(way);
            plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
        }
    }
    let access = match plane {
        Some(plane) => plane,
        None if !served => Access::nobody(absence(
            "ssh、telnet、Web 管理のどれも動いていません",
            "neither ssh nor telnet nor the web management is switched on",
        )),
        None if config.outside.is_empty() => inner(config),
        None => Access::nobody(absence(
            "外側のインターフェースで管理サービスを受け付けていません",
            "no interface outside takes a management service",
        )),
    };
    reading.management = access.restriction();
}

/// A switch, mostly: what its filter on the loopback leaves holds for all interfaces.
fn inner(config: &Config<'_, '_>) -> Access {
    let open = || {
        Access::unknown(absence(
            "外側のインターフェースがどれか、この設定から分かりません",
            "the configuration does not show which interface looks outside",
        ))
    };
    let Some(loopback) = config.interfaces.get("lo0.0") else { return open() };
    let mut sum: Option<Access> = None;
    for (_, path, _, port) in SERVICES {
        if !config.root.has(path) {
            continue;
        }
        let service = Service { protocol: "tcp", port };
        let Some(access) = filters::input(config, loopback.at, service) else { return open() };
        sum = Some(sum.map_or(access.clone(), |sum| sum.or(access)));
    }
    sum.filter(|sum| matches!(sum.reach, Reach::Named(_) | Reach::Nobody)).unwrap_or_else(open)
}

/// Whether an interface takes a service: the line that shows it, or `None` when it does not.
pub(super) fn takes(config: &Config<'_, '_>, name: &str, service: &str) -> Option<Option<u32>> {
    if !config.zoned {
        return Some(None);
    }
    let zone = config.zone(name)?;
    let own = zone.get("interfaces").and_then(|interfaces| {
        interfaces.children().find(|at| logical(at.word()) == logical(name))?.get("host-inbound-traffic")
    });
    // The interface's own list takes the place of its zone's.
    let list = own.or(zone.get("host-inbound-traffic"))?.get("system-services")?;
    if list.named(service).is_some_and(|at| at.has("except")) {
        return None;
    }
    let named = [service, "all", "any-service"].iter().find_map(|name| list.named(name))?;
    Some(Some(named.line()))
}

/// `system services outbound-ssh client NAME`: the device calls its manager and takes orders from it.
fn cloud(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for client in config.root.below("system services outbound-ssh client").take(200) {
        let servers: Vec<At<'_, '_>> = client.children().filter(|at| at.has("port")).collect();
        let far = match servers.first().map(|at| word(*at)) {
            Some(address) if address.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(address),
            Some(name) => FarEnd::Name(name),
            None => FarEnd::Unknown,
        };
        let mist = matches!(&far, FarEnd::Name(name) if name.ends_with(".mistsys.net") || name.ends_with(".mist.com"));
        let key = format!("outbound-ssh client {}", word(client));
        let technology = if mist { "Juniper Mist" } else { "outbound-ssh" };
        let mut way = draft::way(&key, WayInSort::CloudManager, technology, far);
        way.enabled = draft::yes(ground(
            client.line(),
            "装置から管理側へつなぎ、そこから操作されます",
            "the device calls its manager and is operated from there",
        ));
        let why = absence("接続元は管理側で決まります", "the manager decides who comes in by it");
        way.restriction = Access::unknown(why).restriction();
        reading.ways_in.push(way);
    }
}
