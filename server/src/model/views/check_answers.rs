//! The answers to check lists: of each item and thing the answer that stands, with who gave it and when.
//! It does not know the lists, nor which day it is.
//! Invariant: the answer received last stands; an item without one is not in here, and so is never taken for answered.

use crate::model::findings::At;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::check_answer::{CheckAnswered, CheckedThing};
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::UtcMicros;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An item of a list about a thing.
type Key = (CheckedThing, String);

/// Every answer that stands.
#[derive(Clone, Debug, Default)]
pub struct CheckAnswers {
    by_item: OrdMap<Key, Arc<AnswerState>>,
}

/// An answer as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerState {
    /// The answer.
    pub answered: CheckAnswered,
    /// The entry of it.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who gave it.
    pub by: Option<PersonId>,
    /// How many answers there were.
    pub versions: u64,
}

impl CheckAnswers {
    /// Takes an answer in.
    pub(crate) fn answered(&mut self, answered: &CheckAnswered, by: Option<&PersonId>, at: At) {
        let key = (answered.about.clone(), answered.item_id.clone());
        let versions = self.by_item.get(&key).map_or(0, |before| before.versions) + 1;
        let answered = answered.clone();
        let state = AnswerState { answered, seq: at.seq, at: at.received_at, by: by.cloned(), versions };
        self.by_item.insert(key, Arc::new(state));
    }

    /// The answer to an item about a thing. Items are unique in the regime, whatever list they stand in.
    pub fn get(&self, about: &CheckedThing, item_id: &str) -> Option<&AnswerState> {
        self.by_item.get(&(about.clone(), item_id.to_string())).map(|state| &**state)
    }

    /// Every answer about a thing, in order of items.
    pub fn about<'a>(&'a self, about: &'a CheckedThing) -> impl Iterator<Item = &'a AnswerState> {
        let own = self.by_item.range((about.clone(), String::new())..).take_while(move |((own, _), _)| own == about);
        own.map(|(_, state)| &**state)
    }
}

impl Keep for CheckAnswers {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.count(self.by_item.len())?;
        self.by_item.values().try_for_each(|state| out.json(state))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut answers = Self::default();
        for _ in 0..from.count()? {
            let state: Arc<AnswerState> = from.json()?;
            let key = (state.answered.about.clone(), state.answered.item_id.clone());
            answers.by_item.insert(key, state);
        }
        Ok(answers)
    }
}
