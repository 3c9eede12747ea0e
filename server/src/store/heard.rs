//! `heard/…`: when each agent was last heard. A check-in that changes nothing appends nothing to the ledger; it only moves this.
//! It does not know who is silent; that is decided where the clock is. Invariant: a time that was lost is one that was earlier
//! than told, never later, so a crash can make an agent look silent but never heard.

use super::{Store, StoreFault, key};
use daicho_schemas::ids::AgentId;
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeMap;

const PART: &[u8] = b"heard/";

/// Last-heard times.
pub struct HeardTimes<'a>(&'a Store);

impl Store {
    /// When agents were last heard.
    pub fn heard(&self) -> HeardTimes<'_> {
        HeardTimes(self)
    }
}

impl HeardTimes<'_> {
    /// Notes that an agent was heard. Not on disk before [`Store::flush`].
    pub fn note(&self, agent_id: &AgentId, at: UtcMicros) -> Result<(), StoreFault> {
        let value = at.micros().to_be_bytes();
        self.0.call("noting an agent", |db| db.insert(key(PART, agent_id.as_str().as_bytes()), &value).map(drop))
    }

    /// When an agent was last heard; `None` when never, or when it is not known any more.
    pub fn get(&self, agent_id: &AgentId) -> Result<Option<UtcMicros>, StoreFault> {
        let value = self.0.call("reading an agent", |db| db.get(key(PART, agent_id.as_str().as_bytes())))?;
        Ok(value.and_then(|bytes| instant(&bytes)))
    }

    /// Every agent that is known here, at the start of a server.
    pub fn all(&self) -> Result<BTreeMap<AgentId, UtcMicros>, StoreFault> {
        self.0.call("reading the agents", |db| {
            let mut all = BTreeMap::new();
            for item in db.scan_prefix(PART) {
                let (name, value) = item?;
                let id = name
                    .strip_prefix(PART)
                    .and_then(|id| std::str::from_utf8(id).ok())
                    .and_then(|id| AgentId::new(id).ok());
                all.extend(id.zip(instant(&value)));
            }
            Ok(all)
        })
    }
}

fn instant(bytes: &[u8]) -> Option<UtcMicros> {
    let bytes: [u8; 8] = bytes.try_into().ok()?;
    UtcMicros::from_micros(i64::from_be_bytes(bytes)).ok()
}
