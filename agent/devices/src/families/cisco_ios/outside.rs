//! Interfaces of IOS that look outside, their inbound lists, and what address translation leads in.
//! It does not know what a zone-based firewall lets through to the router itself.
//! Invariant: an interface without an inbound list lets everybody knock.

use super::Config;
use super::cisco::{self, Service};
use crate::blocks::{Block, after};
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access};
use daicho_schemas::fact::device::{DeviceReading, FarEnd, WayInSort};
use std::net::Ipv4Addr;

/// One of them.
pub(super) struct Outside<'l> {
    pub(super) name: &'l str,
    pub(super) line: u32,
    list: Option<(u32, &'l str)>,
    /// A pair of zones guards the router itself.
    guarded: Option<u32>,
    pub(super) six: Option<u32>,
    pub(super) down: bool,
}

/// `ip nat outside`, an address from a provider, a cellular line, or where the default route goes.
pub(super) fn of<'l>(blocks: &[Block<'l>]) -> Vec<Outside<'l>> {
    let routes: Vec<&str> = blocks.iter().filter_map(|block| after(block.head, "ip route 0.0.0.0 0.0.0.0")).collect();
    let guarded =
        blocks.iter().find(|block| block.head.starts_with("zone-pair ") && block.head.contains("destination self"));
    let found = blocks.iter().filter_map(|block| {
        let name = after(block.head, "interface")?;
        if ["Tunnel", "Loopback", "Virtual-Template"].iter().any(|sort| name.starts_with(sort)) {
            return None;
        }
        let signs = ["ip nat outside", "ip address dhcp", "ip address negotiated", "crypto map"];
        let sign = signs.iter().any(|words| block.find(words).is_some()) || name.starts_with("Cellular");
        let near = routes.iter().any(|route| {
            let hop = route.split(' ').next().unwrap_or_default();
            let gateway = reach::span(hop);
            let own = block.find("ip address").and_then(|(_, rest)| {
                let mut words = rest.split(' ');
                reach::masked(words.next()?.parse().ok()?, words.next()?.parse().ok()?)
            });
            hop == name || gateway.zip(own).is_some_and(|((to, _), (low, high))| low <= to && to <= high)
        });
        (sign || near).then(|| Outside {
            name,
            line: block.line,
            list: block
                .all("ip access-group")
                .find(|(_, rest)| rest.ends_with(" in"))
                .map(|(line, rest)| (line, rest.split(' ').next().unwrap_or_default())),
            guarded: guarded.filter(|_| block.find("zone-member").is_some()).map(|pair| pair.line),
            six: block
                .find("ipv6 address")
                .or_else(|| block.find("ipv6 enable"))
                .filter(|_| block.find("ipv6 traffic-filter").is_none())
                .map(|(line, _)| line),
            down: block.find("shutdown").is_some(),
        })
    });
    found.take(200).collect()
}

impl Outside<'_> {
    /// From where a port is reached over this interface.
    pub(super) fn over(&self, config: &Config<'_, '_>, service: Service, towards: Option<Ipv4Addr>) -> Access {
        let name = draft::word(self.name);
        let access = match self.list {
            Some((line, list)) => config.lists.over(list, line, service, towards, false),
            None => Access::anyone(ground(
                self.line,
                format!("{name} に受信のアクセスリストがありません"),
                format!("{name} has no inbound access list"),
            )),
        };
        match self.guarded {
            Some(pair) => access.and(Access::unknown(ground(
                pair,
                "ゾーンのポリシーがルータ宛の通信を調べます。その中身は判断していません",
                "a policy between zones inspects what is for the router; it was not judged",
            ))),
            None => access,
        }
    }
}

/// `ip nat inside source static tcp 192.168.1.10 3389 interface Dialer1 3389`.
pub(super) fn forwards(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for (line, rest) in config.all("ip nat inside source static").take(2000) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (inner, technology, service, port) = match words.as_slice() {
            ["network", ..] => continue,
            [protocol @ ("tcp" | "udp"), inner, port, "interface", _, outer, ..]
            | [protocol @ ("tcp" | "udp"), inner, port, _, outer, ..] => {
                let service = cisco::number(outer)
                    .map(|outer| if *protocol == "tcp" { Service::Tcp(outer) } else { Service::Udp(outer) });
                (*inner, format!("{protocol}/{outer}"), service, Some(*port))
            }
            [inner, _, ..] => (*inner, "ip".to_owned(), Some(Service::Any), None),
            _ => continue,
        };
        let key = format!("ip nat inside source static {} {inner}", technology.replace('/', " "));
        let mut way = draft::way(&key, WayInSort::PortForward, &technology, FarEnd::Unknown);
        way.enabled = draft::yes(ground(line, "アドレス変換が設定されています", "the translation is configured"));
        way.inside = vec![draft::word(&port.map_or(inner.to_owned(), |port| format!("{inner}:{port}")))];
        way.second_factor = draft::not_applicable();
        // The inbound list of IOS sees the outer address and port, which may be any of the router's.
        let up = config.outside.iter().filter(|interface| !interface.down);
        let access =
            service.and_then(|service| up.map(|interface| interface.over(config, service, None)).reduce(Access::or));
        let unclear = || {
            Access::unknown(absence(
                "外側のインターフェースを特定できません",
                "which interface looks outside is not clear",
            ))
        };
        way.restriction = access.unwrap_or_else(unclear).restriction();
        reading.ways_in.push(way);
    }
    for (block, name) in config.heads("interface").filter(|(_, name)| name.starts_with("Cellular")) {
        let mut way = draft::way(&format!("interface {name}"), WayInSort::MobileUplink, "lte", FarEnd::Unknown);
        way.enabled = match block.find("shutdown") {
            Some((line, _)) => draft::no(ground(line, "止めています（shutdown）", "it is shut down")),
            None => draft::yes(ground(block.line, "設定されています", "it is configured")),
        };
        way.interface = Some(draft::word(name));
        way.restriction.restricted = draft::unknown(absence(
            "モバイル回線側の制限は、契約とフィルタによります",
            "who reaches it over the mobile line depends on its contract and filters",
        ));
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}
