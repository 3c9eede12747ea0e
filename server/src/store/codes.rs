//! `code/…`: one-time sign-in codes, by the hash of the code. The code itself is never kept.
//! It does not know how a code reaches a person. Invariant: a code is taken once, by one caller, and stays taken through a
//! power cut.

use super::{Pass, Store, StoreFault, key};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::UtcMicros;

const PART: &[u8] = b"code/";

/// One-time sign-in codes.
pub struct Codes<'a>(&'a Store);

impl Store {
    /// One-time sign-in codes.
    pub fn codes(&self) -> Codes<'_> {
        Codes(self)
    }
}

impl Codes<'_> {
    /// Keeps a code, and returns when it is on disk: a person is on the way with it.
    pub fn put(&self, code: &Hash, person_id: PersonId, expires_at: UtcMicros) -> Result<(), StoreFault> {
        self.0.put_pass(PART, code, &Pass { person_id, expires_at })?;
        self.0.flush()
    }

    /// Takes a code, once and for all; `None` when there is no such code, when it was taken, or when it has ended.
    ///
    /// After a fault the code is to be treated as not taken by this caller, though it may be gone.
    pub fn take(&self, code: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault> {
        let taken = self.0.call("taking a code", |db| db.remove(key(PART, &code.0)))?;
        let Some(value) = taken else { return Ok(None) };
        self.0.flush()?;
        Ok(Pass::holder(&value, now))
    }

    /// Drops the codes that have ended, and says how many those were.
    pub fn drop_ended(&self, now: UtcMicros) -> Result<usize, StoreFault> {
        self.0.drop_passes(PART, |pass| pass.expires_at <= now)
    }
}
