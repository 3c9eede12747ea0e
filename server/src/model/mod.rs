//! The meaning: pure folds over the ledger. No clock, no I/O, no randomness, no unordered map in this folder.
//! It does not know how entries are kept, who asks, or what time it is; "now" is an argument.
//! Invariant: the same entries give the same state, byte for byte, from the first entry or from a snapshot.

pub mod rows;

use daicho_schemas::fact::Fact;
use daicho_schemas::time::UtcMicros;
use crate::ledger::entry::Author;

/// An entry as the model sees it: parsed, without bytes and chain.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The entry's number.
    pub seq: u64,
    /// When the server received it.
    pub received_at: UtcMicros,
    /// Who stated it.
    pub author: &'a Author,
    /// The fact.
    pub fact: &'a Fact,
}
