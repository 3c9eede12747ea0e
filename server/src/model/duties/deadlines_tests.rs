//! The days of a duty at month ends, in leap years, and at every step of its life.
//! They do not test which steps are possible. The day after a period is counted from `regime.md` 1.2's own example.

use super::*;
use crate::model::rows::DutyLife;
use crate::model::testing::{Script, package, plan};
use daicho_schemas::batch::Outcome;

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

/// A duty that asks to file first.
fn duty() -> DutyRow {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1").draft());
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    let duty = script.model.duties().remove(0);
    assert_eq!((duty.outcome, duty.due_on), (DutyOutcome::FileFirst, None));
    duty
}

fn accepted(on: &str) -> DutyRow {
    let life = DutyLife { submitted_on: Some(day(on)), accepted_on: Some(day(on)), ..DutyLife::default() };
    DutyRow { state: DutyState::Accepted, life, ..duty() }
}

fn seen(duty: &DutyRow) -> Vec<(String, DeadlineKind)> {
    deadlines(duty).into_iter().map(|deadline| (deadline.on.to_string(), deadline.kind)).collect()
}

#[test]
fn the_change_is_permitted_on_the_day_behind_the_thirtieth() {
    for (accepted_on, permitted) in [
        ("2026-12-01", "2026-12-31"),
        ("2027-01-31", "2027-03-02"),
        ("2027-02-01", "2027-03-03"),
        // 2028 is a leap year: February has 29 days, the 30th of which is 1 March.
        ("2028-02-01", "2028-03-02"),
        ("2028-01-31", "2028-03-01"),
        ("2026-12-15", "2027-01-14"),
    ] {
        assert_eq!(seen(&accepted(accepted_on)), [(permitted.into(), DeadlineKind::Permitted)], "{accepted_on}");
    }
}

#[test]
fn an_extension_or_a_shortening_that_was_entered_counts_instead() {
    let mut duty = accepted("2026-12-01");
    assert_eq!(last_prohibited_max(&duty), Some(day("2027-03-31")));
    duty.life.prohibited_through = Some(day("2027-03-31"));
    assert_eq!(seen(&duty), [("2027-04-01".into(), DeadlineKind::Permitted)]);
    duty.life.prohibited_through = Some(day("2026-12-10"));
    assert_eq!(seen(&duty), [("2026-12-11".into(), DeadlineKind::Permitted)]);
}

#[test]
fn a_recommendation_is_answered_within_ten_days_the_day_it_came_included() {
    for (received, answer) in [
        ("2026-12-01", "2026-12-10"),
        ("2026-12-25", "2027-01-03"),
        ("2028-02-20", "2028-02-29"),
        ("2027-02-20", "2027-03-01"),
    ] {
        let mut duty = accepted("2026-11-30");
        duty.life.recommended_on = Some(day(received));
        assert!(seen(&duty).contains(&(answer.into(), DeadlineKind::Answer)), "{received}");
        assert_eq!(next_due(&duty.clone().counted()), Some(day(answer)));
        duty.life.answered_on = Some(day(received));
        assert_eq!(next_due(&duty.counted()), None);
    }
}

#[test]
fn without_delay_has_no_day_until_the_operator_sets_one_and_filing_meets_it() {
    let mut duty = duty();
    assert_eq!(seen(&duty), [], "nothing is invented");
    duty.life.target_on = Some(day("2026-12-01"));
    assert_eq!(seen(&duty), [("2026-12-01".into(), DeadlineKind::Target)]);
    duty.due_on = Some(day("2026-11-30"));
    assert_eq!(
        seen(&duty),
        [("2026-11-30".into(), DeadlineKind::Law), ("2026-12-01".into(), DeadlineKind::Target)],
        "the nearest first"
    );
    for state in [DutyState::Submitted, DutyState::Done, DutyState::NotNeeded] {
        assert_eq!(seen(&DutyRow { state, ..duty.clone() }), [], "{state:?}");
    }
}

#[test]
fn a_report_starts_no_period_and_a_question_that_is_open_does() {
    let report = DutyRow { outcome: DutyOutcome::Report, ..accepted("2026-12-01") };
    assert_eq!((last_prohibited(&report), seen(&report)), (None, vec![]));
    let asked = DutyRow { outcome: DutyOutcome::AskPerson, ..accepted("2026-12-01") };
    assert_eq!(last_prohibited(&asked), Some(day("2026-12-30")));
}
