//! One batch at a time per agent: who is handing one over right now.
//! It does not know batches. Invariant: a turn ends when its holder is dropped, however that comes about.

use daicho_schemas::ids::AgentId;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Who is handing a batch over.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<BTreeSet<AgentId>>>);

/// An agent's turn, while this lives.
pub struct Turn {
    turns: Turns,
    agent_id: AgentId,
}

impl Turns {
    /// Begins an agent's turn; `None` while it has one already.
    pub fn take(&self, agent_id: &AgentId) -> Option<Turn> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(agent_id.clone());
        fresh.then(|| Turn { turns: self.clone(), agent_id: agent_id.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.agent_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_with_its_holder_and_others_have_their_own() {
        let turns = Turns::default();
        let (a, b) = (AgentId::new("agent-a").unwrap(), AgentId::new("agent-b").unwrap());
        let turn = turns.take(&a).unwrap();
        assert!(turns.take(&a).is_none());
        assert!(turns.take(&b).is_some());
        drop(turn);
        assert!(turns.take(&a).is_some());
    }
}
