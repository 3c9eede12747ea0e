//! What may be answered to a check list and what is refused, with the field that is named.

use super::*;
use crate::model::testing::{Script, plan, supplier};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn script() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("app", "application", "debian"));
    let aoi = script.person("aoi", Role::Compliance);
    (script, aoi)
}

fn said(more: Value) -> CheckAnswered {
    let mut all = json!({ "about": { "equipment": "tos" }, "list_id": "water-standard", "item_id": "water-locked",
        "answer": "yes", "on": "2026-11-21" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[test]
fn a_wrong_field_is_named_and_a_whole_answer_enters_once() {
    let (mut script, aoi) = script();
    let today = "2026-11-21".parse().unwrap();
    let wrong = RefusalCode::CheckAnswerWrong;
    for (more, code, names) in [
        (json!({ "about": { "plan": "none" } }), RefusalCode::NotFound, "about: none"),
        (json!({ "list_id": "none" }), RefusalCode::NotFound, "list_id"),
        (json!({ "item_id": "risk-I-1" }), RefusalCode::NotFound, "item_id: risk-I-1 is not in water-standard"),
        (json!({ "answer": "no" }), wrong, "note: say why the answer is no"),
        (json!({ "answer": "not_applicable", "note": " " }), wrong, "note"),
        (json!({ "answer": "unknown" }), wrong, "note"),
        (json!({ "evidence": ["a\nb"] }), wrong, "evidence"),
        (json!({ "on": "2026-11-22" }), wrong, "on: 2026-11-22 is after today"),
        (json!({ "valid_through": "2026-11-20" }), wrong, "valid_through"),
        (json!({ "target_on": "2026-12-01" }), wrong, "target_on: only a no"),
        (json!({ "replaces": 3 }), RefusalCode::CheckAnsweredMeanwhile, "nothing is answered yet"),
    ] {
        let refusal = answered(&script.model, &aoi, &said(more), today).unwrap_err();
        assert_eq!(refusal.code, code, "{}", refusal.detail);
        assert!(refusal.detail.contains(names), "{:?} should name {names:?}", refusal.detail);
    }
    let security = script.person("sec", Role::Security);
    assert_eq!(answered(&script.model, &security, &said(json!({})), today).unwrap_err().code, RefusalCode::NotAllowed);
    let yes = said(json!({ "evidence": ["入退室記録 2026-11"], "valid_through": "2027-11-20" }));
    assert!(answered(&script.model, &aoi, &yes, today).unwrap());
    script.push(aoi.clone(), Fact::CheckAnswered(yes.clone()));
    assert!(!answered(&script.model, &aoi, &yes, today).unwrap(), "said again, it is nothing new");
    let no = said(json!({ "answer": "no", "note": "鍵がない", "target_on": "2026-12-01" }));
    let refusal = answered(&script.model, &aoi, &no, today).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::CheckAnsweredMeanwhile);
    assert!(refusal.detail.contains("aoi answered yes"), "{}", refusal.detail);
    let after = CheckAnswered { replaces: Some(script.seq()), ..no };
    assert!(answered(&script.model, &aoi, &after, today).unwrap());
    script.push(aoi, Fact::CheckAnswered(after));
    let stands = script
        .model
        .check_answer(&CheckedThing::Equipment("tos".to_string().try_into().unwrap()), "water-locked")
        .unwrap();
    assert_eq!((stands.versions, stands.answered.answer), (2, CheckAnswer::No));
    script.assert_replay_is_idempotent();
}
