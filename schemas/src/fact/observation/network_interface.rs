//! `network_interface.v1`: one network interface and what sort it is.
//! It does not know addresses, peers or traffic; nor whether a tunnel was declared.
//! Invariant: up or down is volatile and not part of it; the sort is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What sort of interface, from the kernel's own words (rtnetlink kinds, DEVTYPE, ARPHRD).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// The host itself.
    Loopback,
    /// A wired adapter, physical or virtual.
    Ethernet,
    /// A wireless adapter.
    Wireless,
    /// Mobile broadband.
    Wwan,
    /// A bridge.
    Bridge,
    /// A bond or team.
    Bond,
    /// A VLAN.
    Vlan,
    /// One end of a virtual cable to a namespace or container.
    Veth,
    /// WireGuard.
    Wireguard,
    /// A layer-3 tunnel of a program: OpenVPN, many vendors' clients.
    Tun,
    /// A layer-2 tunnel or a virtual machine's port.
    Tap,
    /// Point-to-point protocol: PPPoE, L2TP, SSTP, dial-up.
    Ppp,
    /// IP in IP, SIT, GRE, VTI, XFRM, L2TP and other tunnels of the kernel.
    KernelTunnel,
    /// Something else, in the kernel's own word.
    Other(String),
}

impl InterfaceKind {
    /// Whether such an interface can be one end of a way in from outside. A tap may be a virtual machine's port: the
    /// question is still worth a person's answer.
    pub fn may_be_remote_path(&self) -> bool {
        matches!(self, Self::Wwan | Self::Wireguard | Self::Tun | Self::Tap | Self::Ppp | Self::KernelTunnel)
    }
}

/// One network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkInterface {
    /// The interface's name: `eth0`, `wg0`.
    pub name: String,
    /// What sort it is.
    pub interface_kind: InterfaceKind,
    /// The hardware address, where it has one that is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The driver, where a device stands behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The bond, team, bridge or routing domain that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_of: Option<String>,
    /// What it stands on: of a VLAN its trunk, of a macvlan its adapter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stands_on: Vec<String>,
}

impl NetworkInterface {
    /// The name.
    pub fn key(&self) -> String {
        self.name.clone()
    }
}
