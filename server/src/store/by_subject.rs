//! `subject/…`: which entries speak of a subject (an agent, a plan, a supplier …), newest first, page by page.
//! It does not know what a subject is; the caller feeds it in the order of the ledger and asks with the same words.
//! Invariant: `indexed_to` and the entries up to it are kept together or not at all, so the caller knows where to go on.

use super::{Store, StoreFault};
use crate::ledger::chain::Head;
use daicho_schemas::canonical::Hash;
use daicho_schemas::limits::PAGE_ITEMS_MAX;

const PART: &[u8] = b"subject/";
const INDEXED_TO: &[u8] = b"indexed_to";
/// Longer subjects are kept by their hash.
const SUBJECT_BYTES_MAX: usize = 512;
/// Keys that are dropped at once.
const DROPPED_AT_ONCE: usize = 1000;

/// The index by subject.
pub struct BySubject<'a>(&'a Store);

impl Store {
    /// Entries by subject.
    pub fn by_subject(&self) -> BySubject<'_> {
        BySubject(self)
    }
}

impl BySubject<'_> {
    /// Up to which entry everything is indexed; [`Head::EMPTY`] for a new or emptied store.
    ///
    /// When it is not an entry of the ledger, call [`Self::clear`] and feed everything again. When the ledger ends before it,
    /// the ledger has lost entries that were acknowledged, and people must be told.
    pub fn indexed_to(&self) -> Result<Head, StoreFault> {
        let value = self.0.call("reading the index", |db| db.get(INDEXED_TO))?;
        Ok(value.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or(Head::EMPTY))
    }

    /// Notes that entries speak of subjects, and that everything up to `indexed_to` has been fed. Not on disk before
    /// [`Store::flush`]; what a power cut takes away, `indexed_to` takes away with it.
    pub fn add<'s>(&self, items: impl IntoIterator<Item = (&'s str, u64)>, indexed_to: Head) -> Result<(), StoreFault> {
        let mut batch = sled::Batch::default();
        for (subject, seq) in items {
            let mut name = prefix(subject);
            name.extend_from_slice(&seq.to_be_bytes());
            batch.insert(name, &[]);
        }
        batch.insert(INDEXED_TO, serde_json::to_vec(&indexed_to)?);
        self.0.call("growing the index", |db| db.apply_batch(batch))
    }

    /// The numbers of the entries that speak of a subject, newest first: the first ones, or those before `before_seq`.
    /// At most `limit` and at most [`PAGE_ITEMS_MAX`].
    pub fn page(&self, subject: &str, before_seq: Option<u64>, limit: usize) -> Result<Vec<u64>, StoreFault> {
        let name = prefix(subject);
        let from = [name.as_slice(), &0_u64.to_be_bytes()].concat();
        let to = [name.as_slice(), &before_seq.unwrap_or(u64::MAX).to_be_bytes()].concat();
        self.0.call("reading the index", |db| {
            let keys = db.range(from..to).keys().rev().take(limit.min(PAGE_ITEMS_MAX));
            let mut seqs = Vec::new();
            for name in keys {
                seqs.extend(name?.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)));
            }
            Ok(seqs)
        })
    }

    /// Empties the index, durably.
    pub fn clear(&self) -> Result<(), StoreFault> {
        // The position goes first: an index that is half gone must not be taken for a whole one.
        self.0.call("emptying the index", |db| db.remove(INDEXED_TO).map(drop))?;
        loop {
            let dropped = self.0.call("emptying the index", |db| {
                let mut batch = sled::Batch::default();
                let mut found = 0;
                for name in db.scan_prefix(PART).keys().take(DROPPED_AT_ONCE) {
                    batch.remove(name?);
                    found += 1;
                }
                db.apply_batch(batch).map(|()| found)
            })?;
            if dropped < DROPPED_AT_ONCE {
                return self.0.flush();
            }
        }
    }
}

/// What the keys of a subject begin with. No subject's keys begin with another's: the length, or the hash's, comes first.
fn prefix(subject: &str) -> Vec<u8> {
    let mut name = PART.to_vec();
    match u16::try_from(subject.len()) {
        Ok(length) if subject.len() <= SUBJECT_BYTES_MAX => {
            name.extend_from_slice(&length.to_be_bytes());
            name.extend_from_slice(subject.as_bytes());
        }
        _ => {
            name.extend_from_slice(&u16::MAX.to_be_bytes());
            name.extend_from_slice(&Hash::of("daicho.subject.v1", &[subject.as_bytes()]).0);
        }
    }
    name
}
