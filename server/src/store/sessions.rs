//! `session/…`: web sessions, by the hash of the session's token. The token itself is never kept.
//! It does not know cookies or roles. Invariant: a session that was ended stays ended through a power cut; one that has run
//! out is nobody's, also before it is dropped.

use super::{Pass, Store, StoreFault, key};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::UtcMicros;

const PART: &[u8] = b"session/";

/// Web sessions.
pub struct Sessions<'a>(&'a Store);

impl Store {
    /// Web sessions.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// Begins a session, or moves its end. Not on disk before [`Store::flush`]: losing it costs one sign-in.
    pub fn put(&self, token: &Hash, person_id: PersonId, expires_at: UtcMicros) -> Result<(), StoreFault> {
        self.0.put_pass(PART, token, &Pass { person_id, expires_at })
    }

    /// Whose session it is; `None` when there is none or it has run out.
    pub fn get(&self, token: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault> {
        let value = self.0.call("reading a session", |db| db.get(key(PART, &token.0)))?;
        Ok(value.and_then(|value| Pass::holder(&value, now)))
    }

    /// Ends a session, and returns when that is on disk.
    pub fn end(&self, token: &Hash) -> Result<(), StoreFault> {
        self.0.call("ending a session", |db| db.remove(key(PART, &token.0)).map(drop))?;
        self.0.flush()
    }

    /// Ends every session of a person, says how many those were, and returns when that is on disk.
    pub fn end_all_of(&self, person_id: &PersonId) -> Result<usize, StoreFault> {
        let ended = self.0.drop_passes(PART, |pass| pass.person_id == *person_id)?;
        self.0.flush()?;
        Ok(ended)
    }

    /// Drops the sessions that have run out, and says how many those were.
    pub fn drop_ended(&self, now: UtcMicros) -> Result<usize, StoreFault> {
        self.0.drop_passes(PART, |pass| pass.expires_at <= now)
    }
}
