//! A check list written out, and answers in the form of a plan: nothing is doubled, nothing that is open looks settled.

use super::*;
use crate::model::queries::check_answers::RISK_LIST;
use crate::model::regimes;
use crate::model::testing::{Script, plan, supplier};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::check_answer::CheckedThing;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn script() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    let mut declared = plan("plan-1", "tos").host("tos-1").build();
    declared.filing.risk_measures =
        serde_json::from_value(json!([{ "measure_id": "I-1", "text": "受入検査" }])).unwrap();
    script.plan_as(declared);
    script
}

fn answer(script: &mut Script, item: &str, more: Value) {
    let by = script.person("aoi", Role::Compliance);
    let mut all = json!({ "about": { "plan": "plan-1" }, "list_id": RISK_LIST, "item_id": item, "answer": "yes",
        "on": "2026-11-01" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    script.push(by, Fact::CheckAnswered(serde_json::from_value(all).unwrap()));
}

fn today() -> CalendarDate {
    "2026-11-21".parse().unwrap()
}

#[test]
fn a_measure_of_the_plan_gets_its_evidence_and_one_that_is_only_answered_is_to_be_added() {
    let mut script = script();
    answer(&mut script, "risk-I-1", json!({ "evidence": ["契約書 第12条"] }));
    answer(&mut script, "risk-G-1", json!({ "note": "審査済み" }));
    answer(&mut script, "risk-M-1", json!({ "note": "委託の措置" }));
    answer(&mut script, "risk-I-2", json!({ "answer": "no", "note": "まだ" }));
    let id = "plan-1".to_string().try_into().unwrap();
    let sheet = script.model.worksheet(regimes::forms(), "form-4-1", &id, today(), Default::default()).unwrap();
    let measures: Vec<(&str, RowState)> = sheet
        .rows
        .iter()
        .filter(|row| is_measure(row))
        .map(|row| (row.about.as_ref().unwrap().text.ja.as_str(), row.state))
        .collect();
    assert_eq!(measures, [("I-1", RowState::Stated), ("G-1", RowState::Unusable)]);
    let note = |about: &str| {
        let row = sheet.rows.iter().find(|row| about_of(row).as_deref() == Some(about)).unwrap();
        row.note.as_ref().unwrap().en.clone()
    };
    assert!(note("I-1").contains("Answered on 2026-11-01: yes; evidence: 契約書 第12条"), "{}", note("I-1"));
    assert!(note("G-1").starts_with("Only the check list states it"), "{}", note("G-1"));
}

#[test]
fn what_is_not_answered_or_past_its_day_is_open_in_the_list() {
    let mut script = script();
    answer(&mut script, "risk-I-1", json!({ "valid_through": "2026-11-20", "evidence": ["証明書"] }));
    answer(&mut script, "risk-I-2", json!({ "answer": "not_applicable", "note": "自社製" }));
    answer(&mut script, "risk-I-3", json!({ "answer": "unknown", "note": "調査中" }));
    let about = CheckedThing::Plan("plan-1".to_string().try_into().unwrap());
    let sheet = script.model.check_list_worksheet(RISK_LIST, &about, today()).unwrap();
    let states: Vec<RowState> = sheet.rows.iter().take(4).map(|row| row.state).collect();
    assert_eq!(states, [RowState::Unusable, RowState::NotNeeded, RowState::Missing, RowState::Missing]);
    assert_eq!(sheet.rows[0].value.en, "yes");
    assert_eq!(sheet.rows[1].value.en, "not applicable (自社製)");
    assert_eq!((sheet.rows[3].value.en.as_str(), sheet.open().count()), ("", 8));
    let note = sheet.rows[0].note.as_ref().unwrap();
    assert!(note.en.contains("evidence: 証明書. valid through 2026-11-20"), "{}", note.en);
    assert!(note.en.contains("seen (plan plan-1): 受入検査"), "what the plan states is a reference: {}", note.en);
}
