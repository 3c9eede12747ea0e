//! The chain: each entry names the hash of the one before. Pure; knows no engine and no file.
//! It does not check what an entry says, only that it stands where it claims to stand.
//! Invariant: from a trusted head back, no entry can be changed, left out, added or moved unseen.

use super::entry::Entry;
use daicho_schemas::canonical::Hash;
use serde::{Deserialize, Serialize};

/// The end of a ledger: the last number and the hash that stands for everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last entry; 0 for an empty ledger.
    pub seq: u64,
    /// The hash of the last entry; [`Hash::ZERO`] for an empty ledger.
    pub hash: Hash,
}

impl Head {
    /// The head of a ledger without entries.
    pub const EMPTY: Self = Self { seq: 0, hash: Hash::ZERO };
}

/// An entry does not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The number is not the next one.
    #[error("entry {found} stands where entry {wanted} belongs")]
    Number {
        /// The next number.
        wanted: u64,
        /// The number found.
        found: u64,
    },
    /// It names another hash than that of the entry before.
    #[error("entry {seq} does not name the hash of the entry before it")]
    Previous {
        /// The entry's number.
        seq: u64,
    },
}

/// The head after `entry`, if it follows `head`.
pub fn follow(head: Head, entry: &Entry) -> Result<Head, ChainError> {
    if entry.seq != head.seq + 1 {
        return Err(ChainError::Number { wanted: head.seq + 1, found: entry.seq });
    }
    if entry.prev_hash != head.hash {
        return Err(ChainError::Previous { seq: entry.seq });
    }
    Ok(entry.head())
}
