//! The life of a duty: what people did about it, step by step. A pure fold of `duty_moved`, `duty_assigned`, `duty_dated`.
//! It does not know which step is possible (`intake/duties.rs` does) nor the law.
//! Invariant: only a person's entry changes a state; a step back takes the dates of the later steps away, never the history.

use super::deadlines::{Deadline, deadlines};
use super::table::Confidence;
use crate::ledger::entry::Author;
use crate::model::findings::At;
use crate::model::rows::{DutyRow, DutyState};
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::duty::{DutyAssigned, DutyDate, DutyDated, DutyMoved, DutyOwner, Reminder};
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde::{Deserialize, Serialize};

/// What people did about a duty, as every row shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyLife {
    /// Its cause is no longer observed. Whether something remains to be filed is a person's decision.
    pub cause_gone: bool,
    /// Who sees to it; absent for nobody.
    pub owner: Option<DutyOwner>,
    /// The day that the operator set itself; no day of the law.
    pub target_on: Option<CalendarDate>,
    /// 提出日.
    pub submitted_on: Option<CalendarDate>,
    /// 受理日.
    pub accepted_on: Option<CalendarDate>,
    /// The last day of the prohibition period as the minister shortened or extended it; absent for the 30 days.
    pub prohibited_through: Option<CalendarDate>,
    /// The day on which a recommendation (勧告) was received.
    pub recommended_on: Option<CalendarDate>,
    /// The day on which it was answered.
    pub answered_on: Option<CalendarDate>,
    /// The day on which the period was found to be over.
    pub cleared_on: Option<CalendarDate>,
    /// The day on which it was done.
    pub done_on: Option<CalendarDate>,
    /// The days it waits for, the nearest first. Without a day of the law ("without delay") there may be none.
    pub deadlines: Vec<Deadline>,
}

/// One step of a duty's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyTurn {
    /// The entry.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who did it; absent for the server, which moves nothing by itself.
    pub by: Option<PersonId>,
    /// What was done.
    pub act: DutyAct,
}

/// What was done about a duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyAct {
    /// It was moved.
    Moved(DutyMoved),
    /// Somebody was to see to it.
    Assigned(DutyAssigned),
    /// A date of the ministry was entered.
    Dated(DutyDated),
}

/// A duty's steps, and what people were reminded of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    pub(crate) turns: Vec<DutyTurn>,
    /// The last reminder of each of its days that it still waits for.
    pub(crate) reminded: Vec<(Deadline, i32)>,
}

impl Keep for History {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.json(self)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        from.json()
    }
}

impl History {
    /// Notes a step.
    pub(crate) fn turned(&mut self, act: DutyAct, by: &Author, at: At) {
        self.turns.push(DutyTurn { seq: at.seq, at: at.received_at, by: by.person().cloned(), act });
    }

    /// The last move of the state.
    pub(crate) fn last_move(&self) -> Option<&DutyTurn> {
        self.turns.iter().rev().find(|turn| matches!(turn.act, DutyAct::Moved(_)))
    }

    /// Notes what people were reminded of, and forgets days that are awaited no more.
    pub(crate) fn reminded(&mut self, reminder: &Reminder, awaited: &[Deadline]) {
        let day = Deadline { on: reminder.due_on, kind: reminder.deadline };
        self.reminded.retain(|(known, _)| *known != day && awaited.contains(known));
        self.reminded.push((day, reminder.days_before));
    }
}

impl DutyRow {
    /// Whether it may be taken for what the law says: it rests on the statute and carries no caution.
    pub fn is_certain(&self) -> bool {
        self.confidence == Confidence::Stat.as_str() && self.caution.is_none()
    }

    /// After a step.
    pub(crate) fn after(mut self, act: &DutyAct) -> Self {
        match act {
            DutyAct::Moved(moved) => self.move_to(moved.to, moved.on),
            DutyAct::Assigned(assigned) => {
                self.life.owner = assigned.owner.clone();
                self.life.target_on = assigned.target_on;
            }
            DutyAct::Dated(dated) => match dated.date {
                DutyDate::ProhibitedThrough => self.life.prohibited_through = dated.on,
                DutyDate::RecommendedOn => {
                    self.life.recommended_on = dated.on;
                    self.life.answered_on = None;
                }
                DutyDate::AnsweredOn => self.life.answered_on = dated.on,
            },
        }
        self
    }

    /// What people did about it before stays when the law is asked anew.
    pub(crate) fn living_on(mut self, before: Option<&DutyRow>) -> Self {
        if let Some(before) = before {
            self.state = before.state;
            self.life = DutyLife { cause_gone: false, ..before.life.clone() };
        }
        self
    }

    /// With its days counted.
    pub(crate) fn counted(mut self) -> Self {
        self.life.deadlines = deadlines(&self);
        self
    }

    fn move_to(&mut self, to: DutyState, on: CalendarDate) {
        self.state = to;
        if to == DutyState::NotNeeded {
            return;
        }
        let life = &mut self.life;
        let step = |own: DutyState, date: &mut Option<CalendarDate>| {
            if own == to {
                *date = Some(on);
            } else if own > to {
                *date = None;
            }
        };
        step(DutyState::Submitted, &mut life.submitted_on);
        step(DutyState::Accepted, &mut life.accepted_on);
        step(DutyState::Cleared, &mut life.cleared_on);
        step(DutyState::Done, &mut life.done_on);
        if to <= DutyState::Accepted {
            // They count from an acceptance that stands no more, or is being stated.
            (life.prohibited_through, life.recommended_on, life.answered_on) = (None, None, None);
        }
    }
}

#[cfg(test)]
#[path = "life_tests.rs"]
mod tests;
