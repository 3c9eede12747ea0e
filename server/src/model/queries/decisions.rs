//! The decisions about components as rows: those that stand, or those that held on a day as is known now.
//! It does not know who may decide. Invariant: what was taken back or replaced stays in the list that asks for everything.

use super::super::Model;
use super::super::numbers::ItemNo;
use super::super::rows::Page;
use super::super::views::decisions::DecisionState;
use super::Part;
use daicho_schemas::fact::component::ComponentSelector;
use daicho_schemas::ids::DecisionId;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A decision in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// The decision and what became of it.
    #[serde(flatten)]
    pub state: DecisionState,
    /// Whether it speaks of today.
    pub stands: bool,
    /// The name of the supplier that it names.
    pub supplier_name: Option<Text>,
}

/// Which decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// Those that stand.
    #[default]
    Standing,
    /// All that there ever were.
    Every,
    /// Those that held on a day, as is known now.
    On(CalendarDate),
}

impl Model {
    /// One decision, whatever became of it.
    pub fn decision(&self, id: &DecisionId) -> Option<&DecisionState> {
        self.state.decisions.get(id)
    }

    /// The decision that stands about the very same components.
    pub fn decision_about(&self, components: &ComponentSelector) -> Option<&DecisionState> {
        self.state.decisions.about(components)
    }

    /// One decision as a row.
    pub fn decision_row(&self, id: &DecisionId) -> Option<DecisionRow> {
        self.decision(id).map(|state| self.row_of(state))
    }

    fn row_of(&self, state: &DecisionState) -> DecisionRow {
        let record = state.decision.supplier_id.as_ref().and_then(|id| self.supplier_record(id));
        DecisionRow {
            state: state.clone(),
            stands: state.stands(),
            supplier_name: record.map(|record| record.name.clone()),
        }
    }

    /// The decisions by which a component means what it means, on any host.
    pub(super) fn decisions_on(&self, item: ItemNo) -> Vec<DecisionRow> {
        let decided = self.drift.sightings.of(item).map(|(_, variant)| &variant.meaning.decided);
        let ids: BTreeSet<&DecisionId> =
            decided.flat_map(|decided| [&decided.supplier, &decided.category, &decided.outside]).flatten().collect();
        ids.into_iter().filter_map(|id| self.decision_row(id)).collect()
    }

    /// How many decisions there are of those that are asked for.
    pub fn decisions_total(&self, asked: Asked) -> usize {
        self.asked_for(asked).len()
    }

    /// Decisions from a place on, newest first.
    pub fn decisions_from(&self, asked: Asked, skip: usize, take: usize) -> Vec<DecisionRow> {
        self.asked_for(asked).into_iter().skip(skip).take(take).map(|state| self.row_of(state)).collect()
    }

    fn asked_for(&self, asked: Asked) -> Vec<&DecisionState> {
        let decisions = &self.state.decisions;
        let wanted = |state: &&DecisionState| match asked {
            Asked::Standing => state.stands(),
            Asked::Every => true,
            Asked::On(day) => decisions.held(state, day),
        };
        let mut all: Vec<&DecisionState> = decisions.iter().filter(wanted).collect();
        all.sort_by_key(|state| std::cmp::Reverse(state.seq));
        all
    }

    /// Decisions, newest first. `None`: the cursor is not one of this list.
    pub fn decisions_page(&self, part: Part<'_>, asked: Asked) -> Option<Page<DecisionRow>> {
        let all = self.asked_for(asked);
        let first = match part.cursor {
            None => 0,
            Some(cursor) => all.iter().position(|state| state.decision.decision_id.as_str() == cursor)? + 1,
        };
        let rows = all.into_iter().skip(first).map(|state| self.row_of(state));
        Some(part.of(rows, |row| row.state.decision.decision_id.to_string()))
    }
}
