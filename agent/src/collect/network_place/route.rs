//! Routes and routing rules (`RTM_GETROUTE`, `RTM_GETRULE`), as far as they say where the host sends what is not next to it.
//! It does not know metrics, costs or which of two routes is taken.
//! Invariant: what a routing daemon learns changes by itself and is left out, but for its default route.

use super::{Sorted, part};
use crate::access::netlink::{address, attribute, messages, number16, number32, text};
use daicho_schemas::fact::observation::{NetworkPlace, PlacePart};
use std::collections::{BTreeMap, BTreeSet};

/// `include/uapi/linux/rtnetlink.h`.
mod rtm {
    pub(super) const NEW_ROUTE: u16 = 24;
    pub(super) const UNICAST: u8 = 1;
    pub(super) const CLONED: u32 = 0x200;
    pub(super) const MAIN: u32 = 254;
    pub(super) const LOCAL: u32 = 255;
    /// Set up by hand or by boot scripts, static, from router advertisements, by DHCP.
    pub(super) const LASTING: &[u8] = &[0, 3, 4, 9, 16];
    pub(super) const KERNEL: u8 = 2;
    pub(super) const DESTINATION: u16 = 1;
    pub(super) const OUT: u16 = 4;
    pub(super) const GATEWAY: u16 = 5;
    pub(super) const MULTIPATH: u16 = 9;
    pub(super) const TABLE: u16 = 15;
}

/// `include/uapi/linux/fib_rules.h`.
mod fra {
    pub(super) const NEW_RULE: u16 = 32;
    pub(super) const DESTINATION: u16 = 1;
    pub(super) const SOURCE: u16 = 2;
    pub(super) const IN: u16 = 3;
    pub(super) const MARK: u16 = 10;
    pub(super) const TABLE: u16 = 15;
    pub(super) const OUT: u16 = 17;
}

/// Routes that lead away.
pub(super) fn routes(bytes: &[u8], names: &BTreeMap<u32, String>) -> BTreeSet<Sorted> {
    let found = messages(bytes).filter(|message| message.kind == rtm::NEW_ROUTE);
    found.filter_map(|message| route(message.body, names)).flatten().map(Sorted).collect()
}

/// `struct rtmsg`: family, lengths of both prefixes, tos, table, protocol, scope, type, flags.
fn route(body: &[u8], names: &BTreeMap<u32, String>) -> Option<Vec<NetworkPlace>> {
    let (header, attributes) = body.split_at_checked(12)?;
    let [_, bits, _, _, table, protocol, _, sort, ..] = *header else { return None };
    let table = attribute(attributes, rtm::TABLE).and_then(number32).unwrap_or_else(|| u32::from(table));
    let flags = header.get(8..).and_then(number32)?;
    let destination = attribute(attributes, rtm::DESTINATION).and_then(address).filter(|_| bits > 0);
    let lasting = rtm::LASTING.contains(&protocol);
    // What the kernel adds for its own addresses says nothing new; outside of the main table somebody put it there.
    let wanted = lasting || (destination.is_none() && protocol != rtm::KERNEL);
    if sort != rtm::UNICAST || table == rtm::LOCAL || flags & rtm::CLONED != 0 || !wanted {
        return None;
    }
    let value = destination.map_or_else(|| "default".to_owned(), |destination| format!("{destination}/{bits}"));
    let one = |out: Option<u32>, attributes: &[u8]| NetworkPlace {
        interface: out.and_then(|out| names.get(&out).cloned()),
        via: attribute(attributes, rtm::GATEWAY).and_then(address).map(|via| via.to_string()),
        table: (table != rtm::MAIN).then_some(table),
        ..part(PlacePart::Route, value.clone())
    };
    Some(match attribute(attributes, rtm::MULTIPATH) {
        Some(hops) => next_hops(hops).map(|(out, attributes)| one(Some(out), attributes)).collect(),
        None => vec![one(attribute(attributes, rtm::OUT).and_then(number32), attributes)],
    })
}

/// `struct rtnexthop`: length, flags, weight, interface; attributes behind it.
fn next_hops(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(number16(rest)?);
        let (hop, _) = rest.split_at_checked(length)?;
        let found = (hop.get(4..).and_then(number32)?, hop.get(8..)?);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(found)
    })
}

/// Rules beside the three that every kernel has.
pub(super) fn rules(bytes: &[u8]) -> BTreeSet<Sorted> {
    let found = messages(bytes).filter(|message| message.kind == fra::NEW_RULE);
    found.filter_map(|message| rule(message.body)).map(Sorted).collect()
}

/// `struct fib_rule_hdr`: family, lengths of both prefixes, tos, table, two reserved, action, flags.
fn rule(body: &[u8]) -> Option<NetworkPlace> {
    let (header, attributes) = body.split_at_checked(12)?;
    let [family, to_bits, from_bits, _, table, ..] = *header else { return None };
    let table = attribute(attributes, fra::TABLE).and_then(number32).unwrap_or_else(|| u32::from(table));
    let prefix = |kind, bits: u8| attribute(attributes, kind).and_then(address).map(|found| format!("{found}/{bits}"));
    let words = [
        prefix(fra::SOURCE, from_bits).map(|from| format!("from {from}")),
        prefix(fra::DESTINATION, to_bits).map(|to| format!("to {to}")),
        attribute(attributes, fra::IN).and_then(text).map(|name| format!("iif {name}")),
        attribute(attributes, fra::OUT).and_then(text).map(|name| format!("oif {name}")),
        attribute(attributes, fra::MARK)
            .and_then(number32)
            .filter(|mark| *mark != 0)
            .map(|mark| format!("fwmark {mark:#x}")),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    if words.is_empty() && (253..=255).contains(&table) {
        return None;
    }
    let family = if family == 2 { "ipv4" } else { "ipv6" };
    let words = if words.is_empty() { vec!["all".to_owned()] } else { words };
    Some(NetworkPlace { table: Some(table), ..part(PlacePart::RoutingRule, format!("{family} {}", words.join(" "))) })
}
