//! Which words about a duty enter: roles, steps, days, reasons, two people at once.
//! They do not test what an entry then changes.

use super::*;
use crate::model::testing::{Script, moved as a_move, package, plan};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use serde_json::json;

const TODAY: &str = "2027-01-31";

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

struct House {
    script: Script,
    aoi: Author,
}

impl House {
    /// A duty to file first: the plan is a draft.
    fn file_first() -> Self {
        Self::of(json!({}))
    }

    /// A duty to report after introduction.
    fn report() -> Self {
        Self::of(json!({"submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01"}))
    }

    fn of(dates: serde_json::Value) -> Self {
        let mut script = Script::with_agent("tos-1");
        let aoi = script.person("aoi", Role::Compliance);
        script.plan(plan("plan-1", "tos").host("tos-1").dates(dates));
        script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
        Self { script, aoi }
    }

    fn duty(&self) -> DutyRow {
        self.script.model.duties().remove(0)
    }

    fn try_move(&self, said: &DutyMoved) -> Result<(), Refusal> {
        moved(&self.script.model, &self.aoi, said, day(TODAY))
    }

    /// Moves it if that is possible, with a reason.
    fn step(&mut self, to: DutyState, on: &str) -> Result<(), RefusalCode> {
        let said = self.said(to, on);
        self.try_move(&said).map_err(|refusal| refusal.code)?;
        self.script.push(self.aoi.clone(), Fact::DutyMoved(said));
        Ok(())
    }

    fn said(&self, to: DutyState, on: &str) -> DutyMoved {
        let duty = self.duty();
        let said = a_move(&duty.duty_id, duty.state, to, on);
        DutyMoved { reason: "因".into(), caution_read: true, ..said }
    }

    fn date(&mut self, date: DutyDate, on: &str) -> Result<(), RefusalCode> {
        let said = DutyDated { duty_id: self.duty().duty_id, date, on: Some(day(on)), note: String::new() };
        dated(&self.script.model, &self.aoi, &said, day(TODAY)).map_err(|refusal| refusal.code)?;
        self.script.push(self.aoi.clone(), Fact::DutyDated(said));
        Ok(())
    }
}

use DutyState::{Accepted, Cleared, Done, Drafted, Judged, NotNeeded, Open, Submitted};
use RefusalCode as Code;

#[test]
fn a_filing_goes_step_by_step_and_not_in_the_prohibition_period() {
    let mut house = House::file_first();
    assert_eq!(house.step(Accepted, "2026-11-25"), Err(Code::DutyMoveImpossible), "before it was submitted");
    assert_eq!(house.step(Judged, "2026-11-21"), Ok(()));
    assert_eq!(house.step(Drafted, "2026-11-22"), Ok(()));
    assert_eq!(house.step(Done, "2026-11-22"), Err(Code::DutyMoveImpossible));
    assert_eq!(house.step(Submitted, "2027-01-05"), Ok(()));
    assert_eq!(house.step(Accepted, "2027-01-04"), Err(Code::DutyDateWrong), "accepted before it was submitted");
    assert_eq!(house.step(Accepted, "2027-02-01"), Err(Code::DutyDateWrong), "a day that is still to come");
    assert_eq!(house.step(Accepted, "2027-01-10"), Ok(()));
    // 30 days from 2027-01-10 included: through 2027-02-08, which is after today.
    assert_eq!(house.step(Done, "2027-01-31"), Err(Code::DutyProhibited));
    assert_eq!(house.step(Cleared, "2027-01-31"), Err(Code::DutyProhibited));
    assert_eq!(house.date(DutyDate::ProhibitedThrough, "2027-01-20"), Ok(()), "the minister shortened it");
    assert_eq!(house.step(Cleared, "2027-01-20"), Err(Code::DutyProhibited));
    assert_eq!(house.step(Done, "2027-01-31"), Err(Code::DutyMoveImpossible), "cleared comes first");
    assert_eq!(house.step(Cleared, "2027-01-21"), Ok(()));
    assert_eq!(house.step(Done, "2027-01-20"), Err(Code::DutyDateWrong));
    assert_eq!(house.step(Done, "2027-01-22"), Ok(()));
}

#[test]
fn a_report_is_done_once_it_was_sent() {
    let mut house = House::report();
    assert_eq!(house.duty().outcome, DutyOutcome::Report);
    assert_eq!(house.step(Done, "2026-11-25"), Err(Code::DutyMoveImpossible));
    assert_eq!(house.step(Submitted, "2026-11-24"), Ok(()));
    assert_eq!(house.step(Done, "2026-11-23"), Err(Code::DutyDateWrong));
    assert_eq!(house.step(Done, "2026-11-25"), Ok(()));
}

#[test]
fn a_judgement_a_refusal_to_file_and_a_step_back_need_a_reason() {
    let mut house = House::file_first();
    let silent = |house: &House, to| {
        let said = DutyMoved { reason: " ".into(), ..house.said(to, "2026-11-21") };
        house.try_move(&said).map_err(|refusal| refusal.code)
    };
    assert_eq!(silent(&house, Judged), Err(Code::DutyReasonMissing));
    assert_eq!(silent(&house, NotNeeded), Err(Code::DutyReasonMissing));
    assert_eq!(silent(&house, Drafted), Ok(()));
    house.step(Drafted, "2026-11-21").unwrap();
    assert_eq!(silent(&house, Open), Err(Code::DutyReasonMissing));
    assert_eq!(silent(&house, Submitted), Ok(()));
    house.step(NotNeeded, "2026-11-21").unwrap();
    assert_eq!(silent(&house, Judged), Err(Code::DutyReasonMissing), "out of a settled state every way is back");
    assert_eq!(house.step(Cleared, "2026-11-21"), Err(Code::DutyMoveImpossible), "and no way around a step");
}

#[test]
fn nothing_to_file_on_less_than_statute_asks_for_the_caution() {
    let house = House::file_first();
    let said = DutyMoved { caution_read: false, ..house.said(NotNeeded, "2026-11-21") };
    let expected = if house.duty().is_certain() { Ok(()) } else { Err(Code::DutyCautionUnread) };
    assert_eq!(house.try_move(&said).map_err(|refusal| refusal.code), expected);
    assert!(!house.duty().is_certain(), "this row rests on less than statute, or the test shows nothing");
    assert!(house.try_move(&house.said(NotNeeded, "2026-11-21")).is_ok());
}

#[test]
fn the_second_of_two_people_is_told_who_was_first() {
    let mut house = House::file_first();
    let late = house.said(Drafted, "2026-11-21");
    house.step(Judged, "2026-11-21").unwrap();
    let refused = house.try_move(&late).unwrap_err();
    assert_eq!(refused.code, Code::DutyMovedMeanwhile);
    assert!(refused.detail.contains("judged") && refused.detail.contains("aoi"), "{}", refused.detail);
}

#[test]
fn only_people_of_compliance_and_administrators_move_a_duty() {
    let mut house = House::file_first();
    let said = house.said(Judged, "2026-11-21");
    for (id, role) in [("op", Role::Operator), ("sec", Role::Security), ("aud", Role::Auditor)] {
        let author = house.script.person(id, role);
        let refused = moved(&house.script.model, &author, &said, day(TODAY)).unwrap_err();
        assert_eq!(refused.code, Code::NotAllowed, "{id}");
    }
    let admin = house.script.person("root", Role::Admin);
    assert!(moved(&house.script.model, &admin, &said, day(TODAY)).is_ok());
    let refused = moved(&house.script.model, &Author::Server, &said, day(TODAY)).unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed, "a duty never closes by itself");
    let stranger = Author::Person(PersonId::new("nobody").unwrap());
    assert!(moved(&house.script.model, &stranger, &said, day(TODAY)).is_err());
}

#[test]
fn what_is_too_long_or_names_nothing_is_refused() {
    let house = House::file_first();
    let said = house.said(Judged, "2026-11-21");
    let code = |said: &DutyMoved| house.try_move(said).unwrap_err().code;
    assert_eq!(code(&DutyMoved { reason: "長".repeat(2000), ..said.clone() }), Code::RequestMalformed);
    assert_eq!(code(&DutyMoved { reference: Some("1".repeat(201)), ..said.clone() }), Code::RequestMalformed);
    assert_eq!(code(&DutyMoved { duty_id: DutyId::new("duty-x").unwrap(), ..said.clone() }), Code::NotFound);
    let plan_id = Some(daicho_schemas::ids::PlanId::new("nowhere").unwrap());
    assert_eq!(code(&DutyMoved { plan_id, ..said.clone() }), Code::NotFound);
    assert_eq!(code(&DutyMoved { to: Open, ..said.clone() }), Code::DutyMoveImpossible);
}

#[test]
fn the_ministrys_days_lie_within_what_the_law_allows() {
    let mut house = House::file_first();
    assert_eq!(house.date(DutyDate::ProhibitedThrough, "2027-01-20"), Err(Code::DutyMoveImpossible));
    house.step(Submitted, "2026-11-30").unwrap();
    house.step(Accepted, "2026-12-01").unwrap();
    // The example of regime.md 1.2: blocked through 2027-03-31 at most.
    assert_eq!(house.date(DutyDate::ProhibitedThrough, "2027-04-01"), Err(Code::DutyDateWrong));
    assert_eq!(house.date(DutyDate::ProhibitedThrough, "2026-11-30"), Err(Code::DutyDateWrong));
    assert_eq!(house.date(DutyDate::AnsweredOn, "2026-12-10"), Err(Code::DutyMoveImpossible), "nothing to answer");
    assert_eq!(house.date(DutyDate::RecommendedOn, "2026-12-31"), Err(Code::DutyDateWrong), "after the period");
    assert_eq!(house.date(DutyDate::ProhibitedThrough, "2027-03-31"), Ok(()));
    assert_eq!(house.date(DutyDate::RecommendedOn, "2026-12-31"), Ok(()));
    assert_eq!(house.date(DutyDate::AnsweredOn, "2026-12-30"), Err(Code::DutyDateWrong));
    assert_eq!(house.step(Cleared, "2027-01-10"), Err(Code::DutyProhibited));
    assert_eq!(house.date(DutyDate::AnsweredOn, "2027-01-09"), Ok(()));
    let silent = DutyMoved { reason: String::new(), ..house.said(Cleared, "2027-01-10") };
    assert_eq!(house.try_move(&silent).unwrap_err().code, Code::DutyProhibited);
    assert_eq!(house.step(Cleared, "2027-01-10"), Ok(()), "an answered recommendation may be acted on (52(9))");
}

#[test]
fn an_owner_is_somebody_and_a_target_lies_ahead() {
    let mut house = House::file_first();
    let duty_id = house.duty().duty_id;
    let said = |owner: Option<DutyOwner>, target: Option<&str>| DutyAssigned {
        duty_id: duty_id.clone(),
        owner,
        target_on: target.map(day),
        note: String::new(),
    };
    let tried = |house: &House, said: &DutyAssigned| {
        assigned(&house.script.model, &house.aoi, said, day(TODAY)).map_err(|refusal| refusal.code)
    };
    let person = |id: &str| Some(DutyOwner::Person(PersonId::new(id).unwrap()));
    assert_eq!(tried(&house, &said(person("nobody"), None)), Err(Code::PersonUnknown));
    assert_eq!(tried(&house, &said(Some(DutyOwner::Name("  ".into())), None)), Err(Code::RequestMalformed));
    assert_eq!(tried(&house, &said(None, Some("2027-01-30"))), Err(Code::DutyDateWrong), "the day before today");
    assert_eq!(tried(&house, &said(None, None)), Ok(false), "nothing new");
    let first = said(person("aoi"), Some("2027-02-10"));
    assert_eq!(tried(&house, &first), Ok(true));
    house.script.push(house.aoi.clone(), Fact::DutyAssigned(first.clone()));
    assert_eq!(tried(&house, &first), Ok(false));
    let later = assigned(&house.script.model, &house.aoi, &said(None, Some("2027-02-10")), day("2027-03-01"));
    assert_eq!(later, Ok(true), "a target that has passed may stay while the owner changes");
}

#[test]
fn a_calendar_is_ones_own() {
    let mut house = House::file_first();
    let shared = CalendarShared { person_id: PersonId::new("aoi").unwrap(), token_hash: None };
    let auditor = house.script.person("aud", Role::Auditor);
    let admin = house.script.person("root", Role::Admin);
    let model = &house.script.model;
    assert!(calendar_shared(model, &house.aoi, &shared).is_ok() && calendar_shared(model, &admin, &shared).is_ok());
    assert_eq!(calendar_shared(model, &auditor, &shared).unwrap_err().code, Code::NotAllowed);
}
