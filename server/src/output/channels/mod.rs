//! Channels: how notices reach people outside the console. One file each; to add one, write it beside `webhook`, add its line
//! here, and start it where `serve` starts the others.
//! They do not decide what is told; the ledger does. Invariant: a notice is delivered at least once and in the ledger's order,
//! and carries the same key each time, so that a receiver who remembers keys takes it once.

pub mod outbox;

pub mod webhook;

use crate::ledger::entry::Entry;
use daicho_schemas::fact::decision::Notices;

/// A way to people.
pub trait Channel: Send + Sync + 'static {
    /// What the channel's place in the ledger is kept under; never changed.
    fn name(&self) -> &'static str;

    /// Hands over one entry of notices. Returns when the receiver has it, or says why that is not known.
    fn deliver(&self, entry: &Entry, notices: &Notices) -> impl Future<Output = Result<(), String>> + Send;
}
