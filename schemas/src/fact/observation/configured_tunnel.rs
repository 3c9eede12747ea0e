//! `configured_tunnel.v1`: a way out or in that a file of the host sets up, whether or not it is up now.
//! It does not know whether it ever was up, who is at the far end, or whether it was declared.
//! Invariant: no key, password, command line or line of the file stands in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Far ends of one file; more are counted in a trouble of the report.
pub const CONFIGURED_REMOTES_MAX: usize = 32;

/// What sets it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfiguredTunnelSort {
    /// `wg-quick` or systemd-networkd with WireGuard.
    Wireguard,
    /// OpenVPN, client or server.
    Openvpn,
    /// A connection of strongSwan or Libreswan.
    Ipsec,
    /// pppd: dial-up, PPPoE, L2TP, PPTP.
    Ppp,
    /// A VPN or mobile connection of NetworkManager.
    NetworkManager,
    /// A unit or a job that opens a port elsewhere and leads it here (`ssh -R`, autossh).
    SshReverse,
    /// A key that may open ports on this host (`permitlisten` in authorized_keys).
    SshPermitListen,
    /// Windows itself takes connections on a port and hands them on (`netsh interface portproxy`).
    PortProxy,
    /// A connection of a phone book of Windows: VPN, PPPoE, dial-up (`rasphone.pbk`).
    PhoneBook,
}

/// Whether it comes up by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// With the host, or whenever it is needed.
    Automatically,
    /// When somebody starts it.
    ByHand,
    /// What was read does not say.
    #[default]
    Unknown,
}

/// One configured tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfiguredTunnel {
    /// What sets it up.
    pub sort: ConfiguredTunnelSort,
    /// The file.
    pub place: String,
    /// Its name in that file, or the file's own: the interface, the connection, the unit.
    pub name: String,
    /// Far ends as the file writes them, without accounts; sorted, at most [`CONFIGURED_REMOTES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remotes: Vec<String>,
    /// Whether it comes up by itself.
    pub starts: Starts,
}

impl ConfiguredTunnel {
    /// The file and the name in it.
    pub fn key(&self) -> String {
        format!("{} {}", self.place, self.name)
    }
}
