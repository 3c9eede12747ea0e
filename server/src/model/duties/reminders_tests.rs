//! Reminders: on which days, once each, and what happens when nobody looked for a while.
//! They do not test how reminders reach people.

use super::*;
use crate::ledger::entry::Author;
use crate::model::testing::{Script, package, plan};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::duty::{DeadlineKind, DutyAssigned, DutyState};

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

/// A duty with a target on 2026-12-31.
fn targeted() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    let aoi = script.person("aoi", Role::Compliance);
    script.plan(plan("plan-1", "tos").host("tos-1").draft());
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    target(&mut script, &aoi, "2026-12-31");
    (script, aoi)
}

fn target(script: &mut Script, by: &Author, on: &str) {
    let duty_id = script.model.duties().remove(0).duty_id;
    let said = DutyAssigned { duty_id, owner: None, target_on: Some(day(on)), note: String::new() };
    script.push(by.clone(), Fact::DutyAssigned(said));
}

/// What is due on a day, stated as an entry when it is.
fn remind(script: &mut Script, on: &str) -> Vec<i32> {
    let due = script.model.next_reminders(day(on), 100);
    assert!(script.model.are_reminders_due(&due));
    if !due.reminders.is_empty() {
        script.push(Author::Server, Fact::Reminders(due.clone()));
        assert_eq!(script.model.next_reminders(day(on), 100).reminders, [], "told once");
        assert!(!script.model.are_reminders_due(&due), "and not again by somebody else");
    }
    due.reminders.iter().map(|reminder| reminder.days_before).collect()
}

#[test]
fn people_are_reminded_before_a_day_on_it_and_each_day_after() {
    let (mut script, aoi) = targeted();
    let mut told = Vec::new();
    for ahead in (-3..=16).rev() {
        let on = day("2026-12-31").plus_days(-ahead).to_string();
        told.extend(remind(&mut script, &on));
    }
    assert_eq!(told, [14, 7, 3, 1, 0, -1, -2, -3]);
    script.move_duty(&aoi, DutyState::Submitted, "2026-11-21");
    assert_eq!(remind(&mut script, "2027-01-04"), [0; 0], "what was met is late no more");
}

#[test]
fn what_was_missed_is_made_up_for_once() {
    let (mut script, _) = targeted();
    assert_eq!(remind(&mut script, "2026-12-26"), [7], "14 and 7 in one");
    assert_eq!(remind(&mut script, "2026-12-27"), [0; 0]);
    assert_eq!(remind(&mut script, "2026-12-29"), [3]);
}

#[test]
fn another_day_is_another_reminder() {
    let (mut script, aoi) = targeted();
    assert_eq!(remind(&mut script, "2026-12-30"), [1]);
    target(&mut script, &aoi, "2027-01-20");
    assert_eq!(remind(&mut script, "2027-01-06"), [14]);
    target(&mut script, &aoi, "2026-12-31");
    assert_eq!(script.model.next_reminders(day("2027-01-06"), 9).reminders[0].days_before, -6);
}

#[test]
fn nothing_is_late_after_the_first_day_of_permission() {
    let deadline = |kind| Deadline { on: day("2026-12-31"), kind };
    assert_eq!(step(&deadline(DeadlineKind::Permitted), day("2026-12-31")), Some(0));
    assert_eq!(step(&deadline(DeadlineKind::Permitted), day("2027-01-01")), None);
    assert_eq!(step(&deadline(DeadlineKind::Law), day("2027-01-01")), Some(-1));
    assert_eq!(step(&deadline(DeadlineKind::Law), day("2026-12-16")), None);
    assert_eq!(step(&deadline(DeadlineKind::Law), day("2026-12-17")), Some(14));
}
