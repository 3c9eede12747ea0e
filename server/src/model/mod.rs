//! The meaning: pure folds over the ledger. No clock, no I/O, no randomness, no unordered map in this folder.
//! It does not know how entries are kept, who asks, or what time it is; "now" is an argument.
//! Invariant: the same entries give the same state, byte for byte, from the first entry or from a snapshot.
//!
//! In the order of a fact's path: `state` takes it into the `views`, `meaning` and `cover` say what it is and which part
//! covers it (`views/drift`), `rules` judge what it touched, `findings` live, `duties` follow, `queries` answer.

pub mod admission;
pub mod cover;
pub mod duties;
pub mod findings;
pub mod meaning;
pub mod queries;
#[cfg(test)]
mod replay_tests;
pub mod rows;
pub mod rules;
pub mod state;
pub mod subjects;
#[cfg(test)]
pub(crate) mod testing;
pub mod views;

use crate::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::time::UtcMicros;
use findings::At;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use state::{Change, State};
use std::collections::BTreeSet;
use views::drift::{Drift, Touched};

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

/// Everything that the entries so far mean. Only the views are serialised; what follows from them is rebuilt on reading.
#[derive(Clone, Debug, Default)]
pub struct Model {
    state: State,
    drift: Drift,
}

/// The version of the fold: a snapshot of another version is not used.
pub const FOLD_VERSION: u32 = 4;

impl Serialize for Model {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.state.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let state = State::deserialize(deserializer)?;
        let drift = Drift::rebuild(&state);
        Ok(Self { state, drift })
    }
}

impl Model {
    /// Takes the next entry in. An entry that was taken in before changes nothing, so a tail may overlap a snapshot.
    pub fn apply(&mut self, event: &Event<'_>) {
        if event.seq <= self.state.seq {
            return;
        }
        self.state.seq = event.seq;
        let change = self.state.take(event);
        let touched = self.follow(change);
        let at = At { seq: event.seq, received_at: event.received_at };
        let mut findings = std::mem::take(&mut self.state.findings);
        let turned = rules::judge(&self.state, &self.drift, &mut findings, &touched, at);
        for (finding, duties) in duties::follow(&self.state, &findings, &turned, touched.everything) {
            self.state.duties.settle(&finding, duties);
        }
        self.state.findings = findings;
    }

    /// Brings what follows from the views up to date, and says what was touched.
    fn follow(&mut self, change: Change) -> Touched {
        let mut touched = Touched::default();
        match change {
            Change::Nothing => {}
            Change::Declared => {
                self.drift = Drift::rebuild(&self.state);
                touched.everything = true;
            }
            Change::Agents(agents) => {
                for agent in agents {
                    self.drift.agent_changed(&self.state, &agent, &mut touched);
                }
            }
            Change::Reported { agent, changes, first } => {
                let renamed = self.drift.reported(&self.state, &agent, &changes, &mut touched);
                if first || renamed {
                    self.revoked_anew(&agent, &mut touched);
                }
            }
        }
        touched
    }

    /// A host said its name: revoked agents that spoke for the same host may now be replaced by it.
    fn revoked_anew(&mut self, speaker: &daicho_schemas::ids::AgentId, touched: &mut Touched) {
        let revoked = self.state.agents.iter().filter(|(id, agent)| *id != speaker && agent.revoked.is_some());
        let revoked: BTreeSet<_> = revoked.map(|(id, _)| id.clone()).collect();
        for id in revoked {
            self.drift.agent_changed(&self.state, &id, touched);
        }
    }

    /// The last entry that was taken in; 0 for none.
    pub fn seq(&self) -> u64 {
        self.state.seq
    }
}
