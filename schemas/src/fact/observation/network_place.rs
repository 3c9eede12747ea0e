//! `network_place.v1`: where a host stands in its network: addresses, ways out, resolvers, who sits next to it.
//! It does not know traffic, names or what a neighbour is for; a maker by hardware address is the weakest of evidence.
//! Invariant: no lifetime, metric of the moment or cache state; a second look at the same network gives the same bytes.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which part of the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlacePart {
    /// An address of the host, with its prefix.
    Address,
    /// A route: a destination and the next hop or interface.
    Route,
    /// A rule that sends some of the traffic to a table of its own.
    RoutingRule,
    /// A resolver that the host asks for names.
    Resolver,
    /// That the host passes on what is not for it: it may itself be the way in.
    Forwarding,
    /// A neighbour that is a next hop, or whose hardware address belongs to a maker of network devices.
    Neighbour,
    /// The server that gave the host its address.
    DhcpServer,
    /// A neighbour that announces itself (LLDP): what it says of itself, and nobody checked it.
    Announced,
}

/// One part of the place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkPlace {
    /// Which part.
    pub part: PlacePart,
    /// The address, destination or rule itself: `192.0.2.5/24`, `default`, `ipv4`.
    pub value: String,
    /// The interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Of a route: the next hop. Of a neighbour that announces itself: the address of its management.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Of a route or rule: the table, where it is not the main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<u32>,
    /// Of a neighbour: its hardware address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Of a neighbour: who registered its hardware address, where we know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Of a neighbour that announces itself: what it says it is, often model and firmware, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Of a neighbour that its host has not seen for 30 days: the last day on which it did. It is not gone for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_on: Option<CalendarDate>,
}

impl NetworkPlace {
    /// The part, its value and what tells two of the same value apart.
    pub fn key(&self) -> String {
        let part = match self.part {
            PlacePart::Address => "address",
            PlacePart::Route => "route",
            PlacePart::RoutingRule => "rule",
            PlacePart::Resolver => "resolver",
            PlacePart::Forwarding => "forwarding",
            PlacePart::Neighbour => "neighbour",
            PlacePart::DhcpServer => "dhcp",
            PlacePart::Announced => "announced",
        };
        let mut key = format!("{part} {}", self.value);
        let table = self.table.map(|table| format!("table {table}"));
        for more in [&self.interface, &self.via, &self.mac, &table].into_iter().flatten() {
            key.push(' ');
            key.push_str(more);
        }
        key
    }
}
