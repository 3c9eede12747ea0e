//! Check lists with their answers: what was said of each item about a thing, what agents show beside it, what is open.
//! It does not know which list a sector needs; people choose.
//! Invariant: an item without an answer is open, and what is seen is beside the answer, never in its place.

use super::super::Model;
use super::super::views::check_answers::AnswerState;
use daicho_schemas::fact::check_answer::CheckedThing;

impl Model {
    /// The answer that stands to an item about a thing.
    pub fn check_answer(&self, about: &CheckedThing, item_id: &str) -> Option<&AnswerState> {
        self.state.check_answers.get(about, item_id)
    }
}
