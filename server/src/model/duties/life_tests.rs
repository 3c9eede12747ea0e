//! The fold of a duty's life: steps forth and back, what the law asks anew, snapshots.
//! They do not test which steps are admitted.

use super::*;
use crate::model::duties::lists::{DutyDue, DutyQuery};
use crate::model::testing::{Script, bytes, moved, package, plan};
use crate::model::{Event, Model};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

/// A ledger with one duty, and somebody of compliance.
fn one_duty() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    let aoi = script.person("aoi", Role::Compliance);
    script.plan(plan("plan-1", "tos").host("tos-1").draft());
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    (script, aoi)
}

fn only(script: &Script) -> DutyRow {
    let duties = script.model.duties();
    assert_eq!(duties.len(), 1);
    duties[0].clone()
}

fn assign(script: &mut Script, by: &Author, owner: Option<&str>, target_on: Option<&str>) {
    let said = DutyAssigned {
        duty_id: only(script).duty_id,
        owner: owner.map(|name| DutyOwner::Name(name.into())),
        target_on: target_on.map(day),
        note: String::new(),
    };
    script.push(by.clone(), Fact::DutyAssigned(said));
}

#[test]
fn every_step_is_kept_with_who_when_and_why() {
    let (mut script, aoi) = one_duty();
    script.move_duty(&aoi, DutyState::Judged, "2026-11-21");
    assign(&mut script, &aoi, Some("法務部"), Some("2026-12-01"));
    script.move_duty(&aoi, DutyState::Submitted, "2026-11-22");
    let duty = only(&script);
    assert_eq!((duty.state, duty.life.submitted_on), (DutyState::Submitted, Some(day("2026-11-22"))));
    let turns = script.model.duty_turns(&duty.duty_id);
    let seen: Vec<_> = turns.iter().map(|turn| (turn.seq, turn.by.as_ref().unwrap().as_str())).collect();
    assert_eq!(seen, [(5, "aoi"), (6, "aoi"), (7, "aoi")]);
    assert!(matches!(&turns[0].act, DutyAct::Moved(moved) if moved.reason == "test"));
    assert_eq!(script.model.duty_last_move(&duty.duty_id).unwrap().seq, 7);
}

#[test]
fn a_step_back_takes_later_days_away_and_leaves_the_history() {
    let (mut script, aoi) = one_duty();
    for (to, on) in [
        (DutyState::Submitted, "2026-11-22"),
        (DutyState::Accepted, "2026-11-25"),
        (DutyState::Cleared, "2026-12-25"),
        (DutyState::Done, "2026-12-26"),
    ] {
        script.move_duty(&aoi, to, on);
    }
    assert_eq!(script.model.duties_waiting(), 0);
    script.move_duty(&aoi, DutyState::Accepted, "2026-11-26");
    let duty = only(&script);
    let life = &duty.life;
    assert_eq!((life.submitted_on, life.accepted_on), (Some(day("2026-11-22")), Some(day("2026-11-26"))));
    assert_eq!((life.cleared_on, life.done_on), (None, None));
    assert_eq!(life.deadlines[0].on, day("2026-12-26"));
    assert_eq!((script.model.duty_turns(&duty.duty_id).len(), script.model.duties_waiting()), (5, 1));
}

#[test]
fn a_cause_that_goes_or_comes_back_changes_nothing_that_people_did() {
    let (mut script, aoi) = one_duty();
    script.move_duty(&aoi, DutyState::Submitted, "2026-11-22");
    assign(&mut script, &aoi, Some("法務部"), None);
    let before = only(&script);
    script.dpkg(Outcome::Complete, &[]);
    let gone = only(&script);
    assert_eq!((gone.state, gone.life.cause_gone), (DutyState::Submitted, true));
    assert_eq!(DutyLife { cause_gone: false, ..gone.life }, before.life);
    assert_eq!(script.model.duties_waiting(), 1, "it waits for a person");
    // The plan is corrected and the correction taken back: the same duty is asked anew.
    let (mut script, aoi) = one_duty();
    script.move_duty(&aoi, DutyState::Judged, "2026-11-21");
    let before = only(&script);
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.plan(plan("plan-1", "tos").host("tos-1").draft());
    let duties = script.model.duties();
    assert_eq!(duties.iter().find(|duty| duty.duty_id == before.duty_id), Some(&before));
}

#[test]
fn a_word_about_a_duty_that_is_not_there_changes_nothing() {
    let (mut script, aoi) = one_duty();
    let before = bytes(&script.model);
    let nowhere = daicho_schemas::ids::DutyId::new("duty-nowhere").unwrap();
    script.push(aoi, Fact::DutyMoved(moved(&nowhere, DutyState::Open, DutyState::Judged, "2026-11-21")));
    let after = bytes(&script.model);
    assert_eq!(before[8..], after[8..], "but for the number of the last entry");
}

#[test]
fn lists_follow_state_owner_and_day() {
    let (mut script, aoi) = one_duty();
    let today = day("2026-12-01");
    let found = |script: &Script, query: DutyQuery| {
        let total = script.model.duties_wanted_total(&query, today);
        assert_eq!(script.model.duties_wanted(&query, today, 0, 9).len(), total, "{query:?}");
        total
    };
    let owner = |owner: &str| DutyQuery { owner: Some(owner.into()), ..DutyQuery::default() };
    let due = |due| DutyQuery { due: Some(due), ..DutyQuery::default() };
    let state = |state| DutyQuery { state: Some(state), ..DutyQuery::default() };
    assert_eq!((found(&script, owner("")), found(&script, due(DutyDue::Undated))), (1, 1));
    assign(&mut script, &aoi, Some("法務部"), Some("2026-12-15"));
    assert_eq!((found(&script, owner("")), found(&script, owner("法務部"))), (0, 1));
    assert_eq!((found(&script, due(DutyDue::Soon)), found(&script, due(DutyDue::Overdue))), (1, 0));
    assign(&mut script, &aoi, Some("法務部"), Some("2026-11-30"));
    assert_eq!((found(&script, due(DutyDue::Soon)), found(&script, due(DutyDue::Overdue))), (0, 1));
    script.move_duty(&aoi, DutyState::NotNeeded, "2026-11-21");
    assert_eq!((found(&script, due(DutyDue::Overdue)), found(&script, due(DutyDue::Dated))), (0, 0));
    assert_eq!((found(&script, state(DutyState::Open)), found(&script, state(DutyState::NotNeeded))), (0, 1));
    let settled = DutyQuery { settled: Some(true), ..DutyQuery::default() };
    assert_eq!((found(&script, settled), script.model.duties_waiting()), (1, 0));
}

#[test]
fn a_snapshot_holds_the_life_and_goes_on() {
    let (mut script, aoi) = one_duty();
    script.move_duty(&aoi, DutyState::Submitted, "2026-11-22");
    assign(&mut script, &aoi, Some("法務部"), Some("2026-12-01"));
    let mut resumed = Model::read_snapshot(&mut bytes(&script.model).as_slice()).unwrap();
    script.move_duty(&aoi, DutyState::Accepted, "2026-11-25");
    let (seq, received_at, author, fact) = script.entries.last().unwrap();
    resumed.apply(&Event { seq: *seq, received_at: *received_at, author, fact });
    assert_eq!(bytes(&resumed), bytes(&script.model));
    let id = only(&script).duty_id;
    assert_eq!(resumed.duty_turns(&id), script.model.duty_turns(&id));
}
