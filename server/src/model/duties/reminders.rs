//! Which reminders are due on a day: 14, 7, 3, 1 and 0 days before a day that a duty waits for, and each day after it.
//! It does not know how people are reminded, nor the time of day.
//! Invariant: asked twice it says the same; once an entry states a reminder it is due no more, whoever states it; and what
//! was missed while nobody looked is made up for by one reminder, not by all of them.

use super::Duties;
use super::deadlines::Deadline;
use crate::model::rows::DutyRow;
use daicho_schemas::fact::duty::Reminder;
use daicho_schemas::time::CalendarDate;

/// So many days before it people are reminded of a day.
pub const DAYS_BEFORE: [i32; 5] = [14, 7, 3, 1, 0];

/// Which reminder of a day is the one of today: how many days before it at most, negative for the days after it. `None` while
/// it is too far ahead, and for a day after which nothing is late once it has come.
pub fn step(deadline: &Deadline, today: CalendarDate) -> Option<i32> {
    let ahead = i32::try_from(deadline.on.days_since(today)).unwrap_or(i32::MAX);
    if ahead < 0 {
        return deadline.is_due().then_some(ahead);
    }
    DAYS_BEFORE.into_iter().rev().find(|before| ahead <= *before)
}

impl Duties {
    /// What people are to be reminded of on a day, in the order of the list.
    pub fn reminders(&self, today: CalendarDate) -> impl Iterator<Item = Reminder> {
        let unsettled = self.after(None).take_while(|duty| !duty.state.is_settled());
        unsettled.flat_map(move |duty| {
            duty.life.deadlines.iter().filter_map(move |deadline| self.reminder(duty, deadline, today))
        })
    }

    /// Whether a reminder is one of those of a day.
    pub fn is_reminder_due(&self, reminder: &Reminder, today: CalendarDate) -> bool {
        let day = Deadline { on: reminder.due_on, kind: reminder.deadline };
        let duty = self.get(&reminder.duty_id).filter(|duty| duty.life.deadlines.contains(&day));
        duty.is_some_and(|duty| self.reminder(duty, &day, today).as_ref() == Some(reminder))
    }

    fn reminder(&self, duty: &DutyRow, deadline: &Deadline, today: CalendarDate) -> Option<Reminder> {
        let days_before = step(deadline, today)?;
        let told = self.histories.get(&duty.duty_id);
        let told = told.is_some_and(|history| history.reminded.contains(&(*deadline, days_before)));
        (!told).then(|| Reminder {
            duty_id: duty.duty_id.clone(),
            deadline: deadline.kind,
            due_on: deadline.on,
            days_before,
            owner: duty.life.owner.clone(),
            subject: duty.subject.clone(),
            title: duty.title.clone(),
        })
    }
}

#[cfg(test)]
#[path = "reminders_tests.rs"]
mod tests;
