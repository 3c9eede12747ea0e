//! `session.v1`: somebody with whom a process of the host has been speaking for long, or again and again.
//! It does not know what is said, since when, how much, or who is behind an address.
//! Invariant: no port that a client was lent, no counter and no instant; a busy service is one row, not one for each client.

use super::SocketProcess;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who spoke first, as far as ports tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionDirection {
    /// The host's port is one on which it listens.
    Inbound,
    /// It is not.
    Outbound,
}

/// One peer at one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Who spoke first.
    pub direction: SessionDirection,
    /// The peer's address. Absent: so many that they are not told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The port of the service: the host's own for inbound, the peer's for outbound.
    pub service_port: u16,
    /// The process that holds the sockets; absent where it may not be looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<SocketProcess>,
}

impl Session {
    /// Direction, peer, service and process.
    pub fn key(&self) -> String {
        let direction = match self.direction {
            SessionDirection::Inbound => "in",
            SessionDirection::Outbound => "out",
        };
        let remote = self.remote.as_deref().unwrap_or("*");
        let process = self.process.as_ref().map(|process| process.executable.as_ref().unwrap_or(&process.name));
        format!("{direction} [{remote}] {} {}", self.service_port, process.map_or("", String::as_str))
    }
}
