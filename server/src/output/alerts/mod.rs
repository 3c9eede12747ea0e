//! Alerts: which notices concern whom, how soon, and what the message says. All of it is pure: notices, model and routing
//! file in, letters out.
//! It does not know mail servers or sockets; `channels/` does. Invariant: whoever is routed for something is told, at once or
//! in the digest; nothing that is stated in the ledger is told to nobody because of how grave it seemed.

pub mod letter;
pub mod routing;
pub mod urgent;
