//! The interfaces and static routes of a device, as its configuration writes them down.
//! It does not know whether a cable is in them, what a routing protocol adds, or who stands in a network.
//! Invariant: only what a statement says; an address without a prefix length and a role that nothing states are left out.

use super::device::Answer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Interfaces of one reading; more are counted in a gap.
pub const INTERFACES_MAX: usize = 1000;
/// Addresses of one interface; more are counted in a gap.
pub const INTERFACE_ADDRESSES_MAX: usize = 50;
/// Static routes of one reading; more are counted in a gap.
pub const ROUTES_MAX: usize = 2000;

/// What an interface is for, where a statement of the configuration says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceRole {
    /// WAN: outside of an address translation, a line of a provider, a zone or role of that name.
    Wan,
    /// LAN: inside of an address translation, a zone or role of that name.
    Lan,
    /// The end of a tunnel.
    Tunnel,
    /// For the management of the device alone.
    Management,
    /// Inside the device: an address and no line.
    Loopback,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceInterface {
    /// Its name in the file's own words: `lan1`, `GigaEthernet0.0`, `port1`.
    pub name: String,
    /// What somebody wrote about it, unless it speaks of a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its addresses with their prefix lengths, `192.0.2.1/24`, `2001:db8::1/64` (RFC 4632, RFC 4291), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Whether it gets an address from elsewhere (DHCP, PPP, router advertisements), which the file then does not tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub address_from_elsewhere: bool,
    /// What it is for; absent where no statement says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<InterfaceRole>,
    /// The VLAN (IEEE 802.1Q) of which it is, 1 to 4094.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// Whether the configuration switches it off.
    pub shut_down: Answer,
    /// The line on which it is first, counted from 1.
    pub line: u32,
}

/// One static route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceRoute {
    /// The network that it leads to, `198.51.100.0/24`; `0.0.0.0/0` is everything else.
    pub destination: String,
    /// The next hop, an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<String>,
    /// The interface over which it goes, where the file names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The line that says so, counted from 1.
    pub line: u32,
}

/// The networks of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceNetworks {
    /// Interfaces, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<DeviceInterface>,
    /// Static routes, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<DeviceRoute>,
}
