//! What may be said of computers and what is refused, with the field that is named.

use super::*;
use crate::model::testing::{Script, moved, plan, supplier};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::duty::DutyState;
use serde_json::{Value, json};

fn script() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("app", "application", "debian"));
    let aoi = script.person("aoi", Role::Compliance);
    (script, aoi)
}

fn today() -> CalendarDate {
    "2026-11-21".parse().unwrap()
}

fn whole() -> Value {
    json!({
        "equipment_id": "tos", "computers": [{ "name": "tos-1" }], "in_scope": true, "scope_id": "equipment-itself",
        "products": [{ "unit_id": "installed-software", "product": "Example Suite", "maker": "Example K.K.",
            "introduced_on": "2026-11-01" }],
    })
}

/// The whole decision with one place changed.
fn with(place: &str, value: Value) -> ComputerJudged {
    let mut all = whole();
    *all.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value;
    serde_json::from_value(all).unwrap()
}

fn refusal(script: &Script, by: &Author, said: &ComputerJudged) -> (RefusalCode, String) {
    let refusal = judged(&script.model, by, said, today()).unwrap_err();
    (refusal.code, refusal.detail)
}

#[test]
fn a_whole_decision_enters_once() {
    let (mut script, aoi) = script();
    let said: ComputerJudged = serde_json::from_value(whole()).unwrap();
    assert!(judged(&script.model, &aoi, &said, today()).unwrap());
    script.push(aoi.clone(), Fact::ComputerJudged(said.clone()));
    assert!(!judged(&script.model, &aoi, &said, today()).unwrap(), "said again, it is nothing new");
}

#[test]
fn whoever_does_not_keep_duties_decides_nothing() {
    let (mut script, _) = script();
    let said = serde_json::from_value(whole()).unwrap();
    for by in [script.person("sec", Role::Security), Author::Server] {
        assert_eq!(refusal(&script, &by, &said).0, RefusalCode::NotAllowed);
    }
}

#[test]
fn a_wrong_field_is_named() {
    let (script, aoi) = script();
    let product = |more: Value| {
        let mut product = whole()["products"][0].clone();
        product.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with("/products", json!([product]))
    };
    let wrong = RefusalCode::ComputerWrong;
    for (said, code, names) in [
        (with("/equipment_id", json!("none")), RefusalCode::NotFound, "equipment_id: none"),
        (with("/computers", json!([])), wrong, "computers: 1 to"),
        (
            with("/computers", json!([{ "name": "a" }, { "name": "A." }])),
            wrong,
            "computers[1].name: 'A.' stands there twice",
        ),
        (with("/computers/0/name", json!("a\nb")), wrong, "computers[0].name"),
        (with("/scope_id", json!("cloud")), wrong, "scope_id: 'cloud' is none of equipment-itself"),
        (with("/scope_id", Value::Null), wrong, "scope_id: say by which"),
        (with("/in_scope", json!(false)), wrong, "reason: say why"),
        (with("/products", json!([])), wrong, "products: 1 to"),
        (product(json!({ "unit_id": "x" })), wrong, "products[0].unit_id: 'x' is none of appliance"),
        (product(json!({ "product": " " })), wrong, "products[0].product"),
        (product(json!({ "maker": "" })), wrong, "products[0].maker"),
        (product(json!({ "introduced_on": "2026-11-22" })), wrong, "products[0].introduced_on"),
        (product(json!({ "exempt_by": "windows" })), wrong, "reason: say why a product is exempt"),
        (product(json!({ "filed_in": "none" })), RefusalCode::ComputerSubstituteWrong, "products[0].filed_in: no plan"),
        (product(json!({ "filed_in": "plan-1" })), RefusalCode::ComputerSubstituteWrong, "shows no such name"),
        (
            product(json!({ "product": "part app", "filed_in": "plan-1" })),
            RefusalCode::ComputerSubstituteWrong,
            "plan-1 shows 'part app' of 'debian（供給者）'",
        ),
    ] {
        let (found, detail) = refusal(&script, &aoi, &said);
        assert_eq!(found, code, "{detail}");
        assert!(detail.contains(names), "{detail:?} should name {names:?}");
    }
    let filed = product(json!({ "product": "part app", "maker": "debian（供給者）", "filed_in": "plan-1" }));
    assert!(judged(&script.model, &aoi, &filed, today()).unwrap());
}

#[test]
fn an_exemption_has_to_fit_the_names_unless_it_names_none() {
    let (script, aoi) = script();
    let said = |product: &str, exempt_by: &str| {
        let mut all = whole();
        all["reason"] = json!("why");
        all["products"][0]["product"] = json!(product);
        all["products"][0]["maker"] = json!("Microsoft Corporation");
        all["products"][0]["exempt_by"] = json!(exempt_by);
        serde_json::from_value(all).unwrap()
    };
    let (code, detail) = refusal(&script, &aoi, &said("Windows Admin Center", "windows"));
    assert_eq!(code, RefusalCode::ComputerExemptionWrong, "{detail}");
    assert!(judged(&script.model, &aoi, &said("Windows Server 2022", "windows"), today()).unwrap());
    assert!(judged(&script.model, &aoi, &said("Our own suite", "made-for-one"), today()).unwrap());
    assert_eq!(refusal(&script, &aoi, &said("x", "none")).0, RefusalCode::ComputerWrong);
}

#[test]
fn two_people_do_not_decide_past_each_other() {
    let (mut script, aoi) = script();
    script.push(aoi.clone(), Fact::ComputerJudged(serde_json::from_value(whole()).unwrap()));
    let seq = script.seq();
    let other = |replaces: Value| {
        let mut all = whole();
        all["products"][0]["maker"] = json!("Other K.K.");
        all["computers"][0]["replaces"] = replaces;
        serde_json::from_value(all).unwrap()
    };
    let (code, detail) = refusal(&script, &aoi, &other(Value::Null));
    assert_eq!(code, RefusalCode::ComputerJudgedMeanwhile);
    assert!(detail.contains("aoi decided about 'tos-1'") && detail.contains(&format!("entry {seq}")), "{detail}");
    assert!(judged(&script.model, &aoi, &other(json!(seq)), today()).unwrap());
}

#[test]
fn what_was_submitted_changes_only_with_its_day() {
    let (mut script, aoi) = script();
    script.push(aoi.clone(), Fact::ComputerJudged(serde_json::from_value(whole()).unwrap()));
    let seq = script.seq();
    let change = |maker: &str, on: Option<&str>| {
        let mut all = whole();
        all["products"][0]["maker"] = json!(maker);
        all["computers"][0]["replaces"] = json!(seq);
        all["changed_on"] = json!(on);
        serde_json::from_value::<ComputerJudged>(all).unwrap()
    };
    let day = RefusalCode::ComputerChangeDayWrong;
    let early = refusal(&script, &aoi, &change("Other K.K.", Some("2026-11-20")));
    assert_eq!(early.0, day, "nothing was submitted: {}", early.1);
    let duty = script.model.duties().remove(0).duty_id;
    script.push(aoi.clone(), Fact::DutyMoved(moved(&duty, DutyState::Open, DutyState::Submitted, "2026-11-20")));
    assert_eq!(refusal(&script, &aoi, &change("Other K.K.", None)).0, day);
    assert_eq!(refusal(&script, &aoi, &change("Other K.K.", Some("2026-11-22"))).0, day, "not in the future");
    assert_eq!(refusal(&script, &aoi, &change("Example K.K.", Some("2026-11-20"))).0, day, "nothing is different");
    assert!(judged(&script.model, &aoi, &change("Other K.K.", Some("2026-11-20")), today()).unwrap());
}
