//! `listening_socket.v1`: a socket that waits for others to speak first, and the processes that hold it.
//! It does not know whether the socket is reachable from outside.
//! Invariant: process numbers are volatile and not part of it.

use super::CarriedBy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Transport and family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SocketProtocol {
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6.
    Tcp6,
    /// UDP over IPv4.
    Udp,
    /// UDP over IPv6.
    Udp6,
}

/// A process that holds the socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SocketProcess {
    /// The process's short name (/proc/PID/comm).
    pub name: String,
    /// The executable's path, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// What brought the executable onto the host; absent where it was not asked. Of a program under another root (a container)
    /// it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<CarriedBy>,
    /// The unit of systemd under which it runs, by its control group; `*` stands for what an instance is called by a peer's address
    /// or an account's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// One listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListeningSocket {
    /// Transport and family.
    pub protocol: SocketProtocol,
    /// The local address.
    pub address: String,
    /// The local port.
    pub port: u16,
    /// Who holds it, sorted, without repeats; empty when the kernel holds it or nobody could be seen.
    pub processes: Vec<SocketProcess>,
}

impl ListeningSocket {
    /// Protocol, address and port.
    pub fn key(&self) -> String {
        let protocol = match self.protocol {
            SocketProtocol::Tcp => "tcp",
            SocketProtocol::Tcp6 => "tcp6",
            SocketProtocol::Udp => "udp",
            SocketProtocol::Udp6 => "udp6",
        };
        format!("{protocol}:[{}]:{}", self.address, self.port)
    }
}
