//! The duties of confirmed computers over scripted ledgers: the right clock, what a person must answer, changes, what is exempt.

use super::super::rows;
use super::*;
use crate::ledger::entry::Author;
use crate::model::rows::FindingState;
use crate::model::testing::{Script, moved, plan, supplier};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

const RULE: &str = RULE_ID;

fn script() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("app", "application", "debian"));
    let aoi = script.person("aoi", Role::Compliance);
    (script, aoi)
}

fn product(more: Value) -> Value {
    let mut product = json!({ "unit_id": "installed-software", "product": "Example Suite", "maker": "Example K.K." });
    product.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    product
}

fn judged(products: Vec<Value>) -> ComputerJudged {
    serde_json::from_value(json!({
        "equipment_id": "tos", "computers": [{ "name": "tos-1" }], "in_scope": true, "scope_id": "equipment-itself",
        "reason": "test", "products": products,
    }))
    .unwrap()
}

fn confirm(script: &mut Script, by: &Author, products: Vec<Value>) {
    script.push(by.clone(), Fact::ComputerJudged(judged(products)));
}

fn only(script: &Script) -> DutyRow {
    let mut duties: Vec<DutyRow> = script.model.duties().into_iter().filter(|duty| duty.regime == "jp-acd").collect();
    assert_eq!(duties.len(), 1, "{duties:?}");
    duties.remove(0)
}

#[test]
fn what_was_there_when_the_regime_began_has_one_day_and_later_ones_have_four_months() {
    for (introduced_on, row, due_on) in [
        ("2019-04-01", "acd-in_place", "2027-03-31"),
        ("2026-10-01", "acd-in_place", "2027-03-31"),
        ("2026-10-02", "acd-introduction", "2027-02-02"),
        ("2026-10-31", "acd-introduction", "2027-02-28"),
    ] {
        let (mut script, aoi) = script();
        confirm(&mut script, &aoi, vec![product(json!({ "introduced_on": introduced_on }))]);
        let duty = only(&script);
        assert_eq!((duty.row_id.as_str(), duty.due_on), (row, Some(due_on.parse().unwrap())), "{introduced_on}");
        assert_eq!((duty.outcome, duty.state), (DutyOutcome::Notify, DutyState::Open));
        assert!(!duty.is_certain(), "the day or how it counts rests on less than the statute: {}", duty.confidence);
        assert_eq!(duty.life.deadlines.len(), 1, "it is in lists, calendar and reminders like any other");
        assert_eq!(script.open_rows(RULE).len(), 1);
        script.assert_replay_is_idempotent();
    }
}

#[test]
fn the_nearest_day_of_several_products_counts_and_what_is_missing_is_named() {
    let (mut script, aoi) = script();
    let old = product(json!({ "introduced_on": "2020-01-01" }));
    let new = product(json!({ "product": "Example Gateway", "maker": null, "introduced_on": "2026-10-05" }));
    confirm(&mut script, &aoi, vec![old, new]);
    let duty = only(&script);
    assert_eq!(duty.due_on, Some("2027-02-05".parse().unwrap()));
    let missing: Vec<&str> = duty.missing.iter().map(|text| text.en.as_str()).collect();
    assert_eq!(missing, ["Example Gateway: manufacturer name"]);
    assert!(
        duty.subject.en.contains("Example Suite / Example K.K., Example Gateway / maker not known"),
        "{}",
        duty.subject.en
    );
}

#[test]
fn without_a_day_of_introduction_there_is_a_question_and_no_invented_day() {
    let (mut script, aoi) = script();
    confirm(&mut script, &aoi, vec![product(json!({}))]);
    let before = only(&script);
    assert_eq!((before.outcome, before.due_on), (DutyOutcome::AskPerson, None));
    assert!(before.missing.iter().any(|text| text.en.contains("day of introduction")));
    confirm(&mut script, &aoi, vec![product(json!({ "introduced_on": "2026-11-01" }))]);
    let after = only(&script);
    assert_eq!(
        (&after.duty_id, after.outcome),
        (&before.duty_id, DutyOutcome::Notify),
        "the same duty, now with its day"
    );
    assert_eq!(after.due_on, Some("2027-03-01".parse().unwrap()));
}

#[test]
fn what_only_a_secondary_source_exempts_is_asked_until_a_person_says_so() {
    let (mut script, aoi) = script();
    let windows =
        json!({ "product": "Windows Server 2022", "maker": "Microsoft Corporation", "introduced_on": "2026-11-01" });
    confirm(&mut script, &aoi, vec![product(windows.clone())]);
    let duty = only(&script);
    assert_eq!((duty.outcome, duty.due_on), (DutyOutcome::AskPerson, Some("2027-03-01".parse().unwrap())));
    assert!(duty.question.unwrap().en.starts_with("Windows Server 2022: probably exempt"));
    let mut said = windows;
    said["exempt_by"] = json!("windows");
    confirm(&mut script, &aoi, vec![product(said)]);
    let duty = only(&script);
    assert!(duty.life.cause_gone, "nothing is notified any more, and a person settles the duty");
    assert_eq!((duty.state, script.open_rows(RULE).len()), (DutyState::Open, 0));
}

#[test]
fn a_filed_plan_with_the_same_names_may_stand_in_for_the_form() {
    let (mut script, aoi) = script();
    let filed = json!({ "product": "part app", "maker": "debian（供給者）", "introduced_on": "2026-11-01", "filed_in": "plan-1" });
    confirm(&mut script, &aoi, vec![product(filed)]);
    let duty = only(&script);
    assert_eq!(duty.plan_id.unwrap().as_str(), "plan-1");
    assert!(duty.form.unwrap().en.contains("replace form 1"));
    // The plan says something else now: it stands in no more, and the duty says so without anybody asking.
    script.plan(plan("plan-1", "tos").host("tos-1").part("other", "application", "debian"));
    let duty = only(&script);
    assert_eq!(duty.plan_id, None);
    assert!(!duty.form.unwrap().en.contains("replace"), "only the form itself");
}

#[test]
fn a_change_of_what_was_submitted_is_a_duty_of_its_own_each_time() {
    let (mut script, aoi) = script();
    confirm(&mut script, &aoi, vec![product(json!({ "introduced_on": "2026-11-01" }))]);
    let first = only(&script);
    let key = computer_key(&script);
    assert!(!script.model.computer_was_submitted(&key, "TOS-1."));
    script.move_duty(&aoi, DutyState::Submitted, "2026-11-21");
    assert!(script.model.computer_was_submitted(&key, "TOS-1."), "names are compared as host names");
    script
        .push(aoi.clone(), Fact::DutyMoved(moved(&first.duty_id, DutyState::Submitted, DutyState::Done, "2026-11-21")));
    assert_eq!(script.open_rows(RULE), [], "settled: nothing is left to notify");
    assert!(!script.model.duty(&first.duty_id).unwrap().life.cause_gone, "a duty that was met keeps its cause");
    for (maker, on, due_on) in [("Other K.K.", "2026-11-21", "2027-03-21"), ("Third K.K.", "2026-11-22", "2027-03-22")]
    {
        let mut change = judged(vec![product(json!({ "maker": maker, "introduced_on": "2026-11-01" }))]);
        change.changed_on = Some(on.parse().unwrap());
        script.on(on);
        script.push(aoi.clone(), Fact::ComputerJudged(change));
        let duty = script
            .model
            .duties()
            .into_iter()
            .find(|duty| duty.changed_on.to_string() == on && duty.state == DutyState::Open)
            .unwrap();
        assert_eq!((duty.row_id.as_str(), duty.due_on), ("acd-change", Some(due_on.parse().unwrap())));
        assert!(duty.form.as_ref().unwrap().en.starts_with("form 2"), "{:?}", duty.form);
    }
    assert_eq!(script.model.duties().iter().filter(|duty| duty.row_id == "acd-change").count(), 2);
    let finding = script.model.findings().into_iter().find(|row| row.rule_id.as_str() == RULE).unwrap();
    assert_eq!((finding.state, finding.openings), (FindingState::Open, 2));
    script.assert_replay_is_idempotent();
}

fn computer_key(_: &Script) -> EquipmentId {
    EquipmentId::new("tos").unwrap()
}

#[test]
fn out_of_scope_leaves_the_duty_to_a_person() {
    let (mut script, aoi) = script();
    confirm(&mut script, &aoi, vec![product(json!({ "introduced_on": "2026-11-01" }))]);
    let mut out = judged(Vec::new());
    (out.in_scope, out.scope_id) = (false, None);
    script.push(aoi, Fact::ComputerJudged(out));
    let duty = only(&script);
    assert!(duty.life.cause_gone && duty.state == DutyState::Open);
    assert_eq!(script.open_rows(RULE), []);
}

#[test]
fn the_forms_of_the_duties_are_in_the_file() {
    let law = regimes::computers().unwrap();
    for id in [FORM_FIRST, FORM_CHANGE] {
        assert!(law.forms.iter().any(|form| form.form_id == id), "{id}");
    }
    for id in ["plan-replaces-form-1", "report-replaces-form-2"] {
        assert!(law.substitutions.iter().any(|row| row.statement_id == id), "{id}");
    }
    assert!(law.deadlines.iter().any(|clock| clock.clock_id == rows::CHANGE));
}
