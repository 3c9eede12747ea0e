//! `tunnel.v1`: one far end of one tunnel of the kernel: which interface, between which addresses, known by what.
//! It does not know whether anything went through it, who sits at the far end, or whether it was declared.
//! Invariant: no key stands in it (of a WireGuard peer, a SHA-256 of the public key), and no port, counter or time.
//!
//! It stands beside `network_interface.v1` and not in it: one interface has many far ends (WireGuard) or none of its own
//! (IPsec by policy), and what was said of an interface before keeps its bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Prefixes of one far end; more are counted in a trouble of the report.
pub const TUNNEL_INSIDE_MAX: usize = 64;

/// Where the knowledge of a far end comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TunnelSource {
    /// What the kernel says of the interface itself (rtnetlink, `RTM_GETLINK`).
    Link,
    /// What the kernel says of a WireGuard interface's peers (generic netlink, `WG_CMD_GET_DEVICE`).
    WireguardPeer,
    /// A policy of IPsec: what is to be protected, and towards whom (`XFRM_MSG_GETPOLICY`).
    IpsecPolicy,
    /// A security association of IPsec that no policy names (`XFRM_MSG_GETSA`).
    IpsecState,
}

/// One far end of one tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tunnel {
    /// The interface; absent for IPsec that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// What sort of tunnel, in the kernel's own word: `wireguard`, `ipip`, `gre`, `vti`, `xfrm`, `tun`, `ppp`, `ipsec`.
    pub tunnel_kind: String,
    /// The outer address at this end; absent where any will do or the kernel does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// The outer address at the far end; absent where anybody may call or only a program knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The far end's identity: SHA-256 of a WireGuard peer's public key, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The number that tells tunnels of one sort apart: VXLAN and Geneve network id, XFRM interface id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// What goes through it, sorted: the prefixes that a peer may use, or `10.0.0.0/8 > 10.1.0.0/16` of a policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<String>,
    /// Where this is known from.
    pub source: TunnelSource,
}

impl Tunnel {
    /// The interface with its peer, or for IPsec without an interface the two ends.
    pub fn key(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "any".into());
        match (&self.interface, &self.peer) {
            (Some(interface), Some(peer)) => format!("{interface} {peer}"),
            (Some(interface), None) => interface.clone(),
            (None, _) => {
                let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
                format!("{} {} > {}{number}", self.tunnel_kind, text(&self.local), text(&self.remote))
            }
        }
    }
}
