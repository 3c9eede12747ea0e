//! When agents were last heard, since the start: noted in memory, and kept in the store a few seconds later, many at once.
//! It does not know who counts as silent.
//! Invariant: a time that is lost in a crash is one that was earlier than told, never later (`store/heard.rs`).

use crate::store::StoreFault;
use crate::store::shared::Shared;
use daicho_schemas::ids::AgentId;
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// When agents were last heard.
#[derive(Default)]
pub struct Heard(Mutex<Times>);

#[derive(Default)]
struct Times {
    all: BTreeMap<AgentId, UtcMicros>,
    /// Not in the store yet.
    fresh: BTreeMap<AgentId, UtcMicros>,
}

impl Heard {
    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent has spoken.
    pub fn note(&self, agent_id: &AgentId, at: UtcMicros) {
        let mut times = self.times();
        times.all.insert(agent_id.clone(), at);
        times.fresh.insert(agent_id.clone(), at);
    }

    /// When an agent was last heard since the start.
    pub fn get(&self, agent_id: &AgentId) -> Option<UtcMicros> {
        self.times().all.get(agent_id).copied()
    }

    /// Puts what is new into the store. What could not be put there is tried again with the next call.
    pub fn keep(&self, shared: &dyn Shared) -> Result<(), StoreFault> {
        let fresh = std::mem::take(&mut self.times().fresh);
        shared.note_heard(&fresh).inspect_err(|_| {
            let mut times = self.times();
            for (agent_id, at) in fresh {
                times.fresh.entry(agent_id).or_insert(at);
            }
        })
    }
}
