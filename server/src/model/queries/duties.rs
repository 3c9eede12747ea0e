//! The duties as lists, one with its life, and the days that people wait for.
//! It does not know how a duty arises, nor which day it is.
//! Invariant: what is not settled comes first, and a duty is settled only by a person.

use super::super::Model;
use super::super::duties::deadlines::{Deadline, last_prohibited, last_prohibited_max};
use super::super::rows::{DutyOutcome, DutyQuery, DutyRow, DutyTurn, Page};
use super::Part;
use daicho_schemas::fact::duty::{DutyOwner, Reminders};
use daicho_schemas::ids::{DutyId, FindingId};
use daicho_schemas::time::CalendarDate;

impl Model {
    /// Every duty: those that wait first, strictest first, newest first.
    pub fn duties(&self) -> Vec<DutyRow> {
        self.duties_from(0, usize::MAX)
    }

    /// Duties from a place in the list on.
    pub fn duties_from(&self, skip: usize, take: usize) -> Vec<DutyRow> {
        self.state.duties.from_place(skip).take(take).cloned().collect()
    }

    /// How many duties there are.
    pub fn duties_total(&self) -> usize {
        self.state.duties.len()
    }

    /// Duties that are wanted, from a place in their list on.
    pub fn duties_wanted(&self, query: &DutyQuery, today: CalendarDate, skip: usize, take: usize) -> Vec<DutyRow> {
        self.state.duties.some(query, None, today).skip(skip).take(take).cloned().collect()
    }

    /// How many duties are wanted.
    pub fn duties_wanted_total(&self, query: &DutyQuery, today: CalendarDate) -> usize {
        if *query == DutyQuery::default() {
            return self.duties_total();
        }
        self.state.duties.some(query, None, today).count()
    }

    /// The first duties that ask for something.
    pub fn first_duties_waiting(&self, take: usize) -> Vec<DutyRow> {
        let unsettled = self.state.duties.after(None).take_while(|duty| !duty.state.is_settled());
        unsettled.filter(|duty| duty.outcome != DutyOutcome::Nothing).take(take).cloned().collect()
    }

    /// How many duties ask for something. A duty whose cause is gone still does: only a person can settle it.
    pub fn duties_waiting(&self) -> usize {
        self.state.duties.waiting()
    }

    /// One page of the duties that are wanted. `None` when the cursor is not one of this list.
    pub fn duties_page(&self, part: Part<'_>, query: &DutyQuery, today: CalendarDate) -> Option<Page<DutyRow>> {
        let last = match part.cursor {
            None => None,
            Some(cursor) => Some(self.state.duties.get(&DutyId::new(cursor).ok()?)?),
        };
        let rows = self.state.duties.some(query, last, today).cloned();
        Some(part.of(rows, |row| row.duty_id.to_string()))
    }

    /// The duties that hang on a finding.
    pub fn duties_of(&self, finding: &FindingId) -> Vec<DutyRow> {
        self.state.duties.of(finding).cloned().collect()
    }

    /// One duty.
    pub fn duty(&self, id: &DutyId) -> Option<DutyRow> {
        self.state.duties.get(id).cloned()
    }

    /// What people did about a duty, in order.
    pub fn duty_turns(&self, id: &DutyId) -> &[DutyTurn] {
        self.state.duties.turns(id)
    }

    /// Who moved a duty last, and when.
    pub fn duty_last_move(&self, id: &DutyId) -> Option<&DutyTurn> {
        self.state.duties.last_move(id)
    }

    /// The last day of the prohibition period of a duty's filing, and the last one to which it can be extended.
    pub fn duty_prohibited(&self, duty: &DutyRow) -> Option<(CalendarDate, CalendarDate)> {
        last_prohibited(duty).zip(last_prohibited_max(duty))
    }

    /// The first of those who see to a duty.
    pub fn duty_owners(&self, take: usize) -> Vec<DutyOwner> {
        self.state.duties.owners().take(take).cloned().collect()
    }

    /// Every day that an unsettled duty waits for, in the order of the list of duties.
    pub fn duty_days(&self) -> impl Iterator<Item = (&DutyRow, &Deadline)> {
        let unsettled = self.state.duties.after(None).take_while(|duty| !duty.state.is_settled());
        unsettled.flat_map(|duty| duty.life.deadlines.iter().map(move |deadline| (duty, deadline)))
    }

    /// What people are to be reminded of on a day, and were not yet.
    pub fn next_reminders(&self, today: CalendarDate, max: usize) -> Reminders {
        Reminders { on: today, reminders: self.state.duties.reminders(today).take(max).collect() }
    }

    /// Whether people were not reminded of any of this yet.
    pub fn are_reminders_due(&self, stated: &Reminders) -> bool {
        stated.reminders.iter().all(|reminder| self.state.duties.is_reminder_due(reminder, stated.on))
    }
}
