//! Where the host stands in its network: addresses, routes and rules, resolvers, forwarding, who gave it its address.
//! It does not know traffic, neighbours (they have a collector of their own) or what lies behind a next hop.
//! Invariant: lifetimes, temporary addresses and what a routing daemon learns enter nowhere; two looks give equal bytes.

mod lease;
mod route;

use super::{Collected, Collector, Gather};
use crate::access::netlink::{address, attribute, messages, number32, text};
use crate::access::{Host, KernelTable};
use daicho_schemas::fact::observation::{NetworkPlace, Observation, PlacePart};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// One of the kernel's tables.
const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Parts of one sort; a router may have a million routes, and a thousand say what is asked here.
const PARTS_MAX: usize = 1000;
const FILE_BYTES_MAX: usize = 64 * 1024;
/// resolv.conf(5), and behind a resolver on the host itself the one of systemd-resolved(8).
const RESOLVERS: &[&str] = &["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
const FORWARDING: &[(&str, &str)] =
    &[("ipv4", "/proc/sys/net/ipv4/ip_forward"), ("ipv6", "/proc/sys/net/ipv6/conf/all/forwarding")];

/// `include/uapi/linux/rtnetlink.h`, `if_addr.h`.
mod rtm {
    pub(super) const NEW_LINK: u16 = 16;
    pub(super) const NEW_ADDRESS: u16 = 20;
    pub(super) const LINK_NAME: u16 = 3;
    pub(super) const ADDRESS: u16 = 1;
    pub(super) const LOCAL: u16 = 2;
    pub(super) const FLAGS: u16 = 8;
    /// A privacy address, or one that is being checked: both come and go by themselves.
    pub(super) const PASSING: u32 = 0x01 | 0x40;
}

/// A part with nothing but its value.
pub(super) fn part(part: PlacePart, value: impl Into<String>) -> NetworkPlace {
    let value = value.into();
    NetworkPlace {
        part,
        value,
        interface: None,
        via: None,
        table: None,
        mac: None,
        maker: None,
        description: None,
        last_seen_on: None,
    }
}

/// Collects the place in the network.
pub(crate) struct NetworkPlaceCollector;

impl Collector for NetworkPlaceCollector {
    fn id(&self) -> &'static str {
        "network_place"
    }

    fn about(&self) -> Text {
        Text::new(
            "アドレス、経路、名前解決の問い合わせ先、中継の有無、DHCP サーバー",
            "addresses, routes, resolvers, forwarding, the DHCP server",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "netlink:links",
            "netlink:addresses",
            "netlink:routes",
            "netlink:rules",
            "/etc/resolv.conf",
            "/run/systemd/resolve/resolv.conf",
            "/proc/sys/net/ipv4/ip_forward",
            "/proc/sys/net/ipv6/conf/all/forwarding",
            "/run/systemd/netif/leases",
            "/run/systemd/netif/leases/*",
            "/var/lib/dhcp",
            "/var/lib/dhcp/dhclient*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:addresses", "netlink:routes", "netlink:rules"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "the place in the network is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "netlink:addresses", text));
        }
        let Some(names) = interfaces(&mut gather, host) else { return gather.finish_failed_when_empty() };
        let mut parts = BTreeSet::new();
        for table in [KernelTable::Addresses, KernelTable::Routes, KernelTable::Rules] {
            let Some(bytes) = gather.kernel_table(host, &table, TABLE_BYTES_MAX, None) else { continue };
            let found = match table {
                KernelTable::Addresses => addresses(&bytes, &names),
                KernelTable::Routes => route::routes(&bytes, &names),
                _ => route::rules(&bytes),
            };
            add(&mut gather, &table.to_string(), found);
        }
        for place in RESOLVERS {
            let Some(text) = file(&mut gather, host, place) else { continue };
            let servers =
                text.lines().filter_map(|line| line.trim_start().strip_prefix("nameserver")?.split_whitespace().next());
            let servers = servers.filter_map(|server| server.parse::<IpAddr>().ok());
            parts.extend(servers.map(|server| part(PlacePart::Resolver, server.to_string())).map(Sorted));
        }
        for (family, place) in FORWARDING {
            if file(&mut gather, host, place).is_some_and(|value| !matches!(value.trim(), "" | "0")) {
                parts.insert(Sorted(part(PlacePart::Forwarding, *family)));
            }
        }
        parts.extend(lease::servers(&mut gather, host).into_iter().map(Sorted));
        add(&mut gather, "/etc/resolv.conf", parts);
        gather.finish()
    }
}

/// A part in the order of its key, each key once.
struct Sorted(NetworkPlace);

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.key().cmp(&other.0.key())
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sorted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sorted {}

fn add(gather: &mut Gather, place: &str, parts: BTreeSet<Sorted>) {
    if parts.len() > PARTS_MAX {
        let text = format!("there are more than {PARTS_MAX}; the rest is not listed");
        gather.miss(Trouble::new(TroubleKind::TooLarge, place, text));
    }
    for Sorted(part) in parts.into_iter().take(PARTS_MAX) {
        gather.item(place, Observation::NetworkPlace(part));
    }
}

fn file(gather: &mut Gather, host: &dyn Host, place: &str) -> Option<String> {
    match host.read(place, FILE_BYTES_MAX) {
        Ok(reading) => {
            gather.source(place);
            Some(String::from_utf8_lossy(&reading.bytes).into_owned())
        }
        Err(error) if error.is_missing() => None,
        Err(error) => {
            gather.miss_access(&error);
            None
        }
    }
}

/// Interfaces by the kernel's number.
pub(super) fn interfaces(gather: &mut Gather, host: &dyn Host) -> Option<BTreeMap<u32, String>> {
    let bytes = gather.kernel_table(host, &KernelTable::Links, TABLE_BYTES_MAX, None)?;
    let links = messages(&bytes).filter(|message| message.kind == rtm::NEW_LINK);
    let named = links.filter_map(|message| {
        let name = attribute(message.body.get(16..)?, rtm::LINK_NAME).and_then(text)?;
        Some((message.body.get(4..).and_then(number32)?, name))
    });
    Some(named.collect())
}

/// The next hops of every route that is reported, as text.
pub(super) fn gateways(gather: &mut Gather, host: &dyn Host) -> BTreeSet<String> {
    let bytes = gather.kernel_table(host, &KernelTable::Routes, TABLE_BYTES_MAX, None).unwrap_or_default();
    route::routes(&bytes, &BTreeMap::new()).into_iter().filter_map(|Sorted(route)| route.via).collect()
}

/// `struct ifaddrmsg`: family, prefix, flags, scope, interface.
fn addresses(bytes: &[u8], names: &BTreeMap<u32, String>) -> BTreeSet<Sorted> {
    let one = |body: &[u8]| {
        let (header, attributes) = body.split_at_checked(8)?;
        let bits = *header.get(1)?;
        let flags = attribute(attributes, rtm::FLAGS).and_then(number32);
        let flags = flags.unwrap_or_else(|| header.get(2).copied().map_or(0, u32::from));
        let peer = attribute(attributes, rtm::ADDRESS).and_then(address);
        let own = attribute(attributes, rtm::LOCAL).and_then(address).or(peer)?;
        let is_link_local = matches!(own, IpAddr::V6(own) if own.is_unicast_link_local());
        if flags & rtm::PASSING != 0 || own.is_loopback() || is_link_local {
            return None;
        }
        Some(NetworkPlace {
            interface: names.get(&header.get(4..).and_then(number32)?).cloned(),
            via: peer.filter(|peer| *peer != own).map(|peer| peer.to_string()),
            ..part(PlacePart::Address, format!("{own}/{bits}"))
        })
    };
    let found = messages(bytes).filter(|message| message.kind == rtm::NEW_ADDRESS);
    found.filter_map(|message| one(message.body)).map(Sorted).collect()
}

#[cfg(test)]
mod tests;
