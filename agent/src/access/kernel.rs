//! The tables of the kernel's network that collectors may ask for, by name: the questions, not their answers' meaning.
//! It does not know how they are asked ([`super::live`]) or played ([`super::recorded`]).
//! Invariant: every question only reads; none makes the kernel load a module or change anything.

use std::fmt;

/// A table of the kernel's network stack, read by netlink (netlink(7), rtnetlink(7)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KernelTable {
    /// Network interfaces (`RTM_GETLINK`).
    Links,
    /// Addresses (`RTM_GETADDR`).
    Addresses,
    /// Routes of all tables (`RTM_GETROUTE`).
    Routes,
    /// Routing rules (`RTM_GETRULE`).
    Rules,
    /// Neighbours (`RTM_GETNEIGH`).
    Neighbours,
    /// The peers of one WireGuard interface (`WG_CMD_GET_DEVICE`). Only to be asked for an interface that is there:
    /// asking for the family by name would load its module.
    WireguardPeers(String),
    /// Policies of IPsec (`XFRM_MSG_GETPOLICY`). Only to be asked where `/proc/net/netlink` shows the kernel's side.
    IpsecPolicies,
    /// Security associations of IPsec (`XFRM_MSG_GETSA`), under the same condition.
    IpsecStates,
}

impl fmt::Display for KernelTable {
    /// The place, as reports and the list of places name it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Links => out.write_str("netlink:links"),
            Self::Addresses => out.write_str("netlink:addresses"),
            Self::Routes => out.write_str("netlink:routes"),
            Self::Rules => out.write_str("netlink:rules"),
            Self::Neighbours => out.write_str("netlink:neighbours"),
            Self::WireguardPeers(interface) => write!(out, "netlink:wireguard/{interface}"),
            Self::IpsecPolicies => out.write_str("netlink:ipsec-policies"),
            Self::IpsecStates => out.write_str("netlink:ipsec-states"),
        }
    }
}
