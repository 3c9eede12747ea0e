//! The days of a duty: until when something must be done, and from when on the change may be made. Days in Asia/Tokyo.
//! It does not know which day it is, and invents no day where the law gives none (遅滞なく) nor moves one off a holiday.
//! Invariant: a period counts its first day (起算), and a deadline that was met is a deadline no more.

use super::phase::{prohibited_through, prohibited_through_max};
use crate::model::rows::{DutyOutcome, DutyRow, DutyState};
use daicho_schemas::fact::declaration::PlanDates;
pub use daicho_schemas::fact::duty::DeadlineKind;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};

/// Days to answer a recommendation, the day on which it was received included (act 52(7), order 11).
pub const ANSWER_DAYS: i64 = 10;

/// A day that a duty waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deadline {
    /// The day.
    pub on: CalendarDate,
    /// What sort of day.
    pub kind: DeadlineKind,
}

impl Deadline {
    /// Whether something is late after it.
    pub fn is_due(&self) -> bool {
        self.kind != DeadlineKind::Permitted
    }
}

/// The days that a duty waits for, the nearest first. None once a person has settled it.
pub fn deadlines(duty: &DutyRow) -> Vec<Deadline> {
    let (state, life) = (duty.state, &duty.life);
    if state.is_settled() {
        return Vec::new();
    }
    let unfiled = state < DutyState::Submitted;
    let law = duty.due_on.filter(|_| unfiled).map(|on| (on, DeadlineKind::Law));
    let target = life.target_on.filter(|_| unfiled).map(|on| (on, DeadlineKind::Target));
    let unanswered = life.recommended_on.filter(|_| life.answered_on.is_none());
    let answer = unanswered.map(|received| (answer_by(received), DeadlineKind::Answer));
    let accepted = state == DutyState::Accepted;
    let permitted = last_prohibited(duty).filter(|_| accepted).map(|last| (last.plus_days(1), DeadlineKind::Permitted));
    let all = [law, target, answer, permitted].into_iter().flatten();
    let mut all: Vec<Deadline> = all.map(|(on, kind)| Deadline { on, kind }).collect();
    all.sort();
    all
}

/// The next day after which something is late.
pub fn next_due(duty: &DutyRow) -> Option<CalendarDate> {
    duty.life.deadlines.iter().find(|deadline| deadline.is_due()).map(|deadline| deadline.on)
}

/// The last day to answer a recommendation that was received on a day.
pub fn answer_by(received: CalendarDate) -> CalendarDate {
    received.plus_days(ANSWER_DAYS - 1)
}

/// The last day of the prohibition period that runs from the acceptance of this duty's filing. Absent while nothing was
/// accepted, and where a report is no filing that starts a period. Where a person has yet to answer what is asked, it is
/// counted: nobody may take it for permitted.
pub fn last_prohibited(duty: &DutyRow) -> Option<CalendarDate> {
    if !matches!(duty.outcome, DutyOutcome::FileFirst | DutyOutcome::AskPerson) {
        return None;
    }
    let (accepted_on, entered) = (duty.life.accepted_on, duty.life.prohibited_through);
    prohibited_through(&PlanDates { accepted_on, prohibited_through: entered, ..PlanDates::default() })
}

/// The last day to which the minister may extend the period of this duty's filing (act 52(4)).
pub fn last_prohibited_max(duty: &DutyRow) -> Option<CalendarDate> {
    last_prohibited(duty)?;
    duty.life.accepted_on.map(prohibited_through_max)
}

#[cfg(test)]
#[path = "deadlines_tests.rs"]
mod tests;
