//! `outbox/…`: how far each channel has delivered the ledger's notices.
//! It does not know channels. Invariant: a place that was lost is one that was kept before, so a crash repeats and never skips.

use super::{Store, StoreFault, key};

const PART: &[u8] = b"outbox/";

/// The places of channels.
pub struct Outboxes<'a>(&'a Store);

impl Store {
    /// How far channels have delivered.
    pub fn outboxes(&self) -> Outboxes<'_> {
        Outboxes(self)
    }
}

impl Outboxes<'_> {
    /// The last entry that a channel has delivered; `None` for a channel that is new.
    pub fn get(&self, channel: &str) -> Result<Option<u64>, StoreFault> {
        let value = self.0.call("reading an outbox", |db| db.get(key(PART, channel.as_bytes())))?;
        Ok(value.and_then(|bytes| Some(u64::from_be_bytes(bytes.as_ref().try_into().ok()?))))
    }

    /// Keeps a channel's place, and returns when it is on disk.
    pub fn put(&self, channel: &str, seq: u64) -> Result<(), StoreFault> {
        let value = seq.to_be_bytes();
        self.0.call("keeping an outbox", |db| db.insert(key(PART, channel.as_bytes()), &value).map(drop))?;
        self.0.flush()
    }
}
