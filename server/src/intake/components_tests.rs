//! Decisions at the door: what is refused, by which field; what says nothing new; what a table would change.
//! They do not test what a decision means. Invariant tested: of the very same components one decision stands at most.

use super::*;
use crate::model::testing::{Script, decision, listed, package, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::component::TableLine;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn house() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    let aoi = script.person("aoi", Role::Compliance);
    script.supplier(supplier("acme"));
    (script, aoi)
}

fn today() -> CalendarDate {
    "2026-11-21".parse().unwrap()
}

fn asked(script: &Script, by: &Author, components: Value, said: Value) -> Result<bool, (RefusalCode, String)> {
    let decision = decision("d9", components, said);
    decided(&script.model, by, &decision, today()).map_err(|refusal| (refusal.code, refusal.detail))
}

#[test]
fn what_cannot_be_meant_is_refused_by_its_field() {
    let (script, aoi) = house();
    let acme = || json!({ "supplier_id": "acme" });
    let vendor = || json!({ "vendor": "Acme" });
    let long = "x".repeat(2000);
    for (components, said, field) in [
        (json!({}), acme(), "components"),
        (json!({ "vendor": " Acme" }), acme(), "components.vendor"),
        (json!({ "vendor": "" }), acme(), "components.vendor"),
        (json!({ "name": long }), acme(), "components.name"),
        (json!({ "vendor_place": "os_id", "name": "x" }), acme(), "components.vendor_place"),
        (json!({ "sort": "deb", "vendor": "x", "vendor_place": "os_id" }), acme(), "components.vendor_place"),
        (json!({ "vendor": "x", "versions": "1" }), acme(), "components.versions"),
        (json!({ "sort": "os", "name": "x", "versions": "1" }), acme(), "components.versions"),
        (vendor(), json!({}), "supplier_id"),
        (vendor(), json!({ "supplier_id": "acme", "part_of_equipment": false }), "part_of_equipment"),
        (vendor(), json!({ "supplier_id": "acme", "valid_from": "2026-11-22" }), "valid_from"),
        (vendor(), json!({ "supplier_id": "acme", "reason": " " }), "reason"),
        (vendor(), json!({ "supplier_id": "acme", "reason": "x".repeat(5000) }), "reason"),
        (vendor(), json!({ "supplier_id": "acme", "evidence": "x".repeat(5000) }), "evidence"),
        (vendor(), json!({ "supplier_id": "acme", "replaces": "d0" }), "replaces"),
    ] {
        let (code, detail) = asked(&script, &aoi, components.clone(), said).unwrap_err();
        assert_eq!(code, RefusalCode::DecisionMalformed, "{components} {detail}");
        assert!(detail.starts_with(&format!("{field}: ")), "{components}: {detail}");
    }
    let ghost = asked(&script, &aoi, vendor(), json!({ "supplier_id": "ghost" })).unwrap_err();
    assert_eq!(ghost, (RefusalCode::DecisionSupplierUnknown, "supplier_id: ghost".into()));
    assert_eq!(asked(&script, &aoi, vendor(), json!({ "supplier_id": "acme" })), Ok(true));
}

#[test]
fn only_compliance_decides_and_takes_back() {
    let (mut script, aoi) = house();
    let auditor = script.person("aud", Role::Auditor);
    script.decide("d1", json!({ "vendor": "Acme" }), json!({ "supplier_id": "acme" }));
    let taken = ComponentDecisionWithdrawn { decision_id: DecisionId::new("d1").unwrap(), reason: "wrong".into() };
    for author in [auditor, Author::Server] {
        let refused = asked(&script, &author, json!({ "vendor": "x" }), json!({ "supplier_id": "acme" })).unwrap_err();
        assert_eq!(refused.0, RefusalCode::NotAllowed);
        assert_eq!(withdrawn(&script.model, &author, &taken).unwrap_err().code, RefusalCode::NotAllowed);
    }
    assert_eq!(withdrawn(&script.model, &aoi, &taken), Ok(()));
    let silent = ComponentDecisionWithdrawn { reason: String::new(), ..taken.clone() };
    assert_eq!(withdrawn(&script.model, &aoi, &silent).unwrap_err().detail, "reason: it is missing");
    script.withdraw("d1");
    let ended = withdrawn(&script.model, &aoi, &taken).unwrap_err();
    assert_eq!((ended.code, ended.detail.as_str()), (RefusalCode::DecisionEnded, "d1; none stands now"));
}

#[test]
fn a_contradiction_is_named_and_a_replacement_names_what_it_replaces() {
    let (mut script, aoi) = house();
    script.supplier(supplier("other"));
    script.decide("d1", json!({ "vendor": "Acme" }), json!({ "supplier_id": "acme" }));
    let vendor = || json!({ "vendor": "ACME" });
    assert_eq!(asked(&script, &aoi, vendor(), json!({ "supplier_id": "acme" })), Ok(false), "it says nothing new");
    let other = asked(&script, &aoi, vendor(), json!({ "supplier_id": "other" })).unwrap_err();
    assert_eq!(other, (RefusalCode::DecisionContradicts, "replaces: d1".into()));
    assert_eq!(asked(&script, &aoi, vendor(), json!({ "supplier_id": "other", "replaces": "d1" })), Ok(true));
    script.decide("d2", vendor(), json!({ "supplier_id": "other", "replaces": "d1" }));
    let late = asked(&script, &aoi, vendor(), json!({ "supplier_id": "acme", "replaces": "d1" })).unwrap_err();
    assert_eq!(late, (RefusalCode::DecisionEnded, "d1; now: d2".into()), "somebody else was first");
    assert_eq!(asked(&script, &aoi, json!({ "name": "acme" }), json!({ "supplier_id": "acme" })), Ok(true), "closer");
}

#[test]
fn a_table_is_compared_before_it_enters() {
    let (mut script, aoi) = house();
    script.supplier(supplier("other"));
    script.decide("d1", json!({ "vendor": "Same" }), json!({ "supplier_id": "acme" }));
    script.decide("d2", json!({ "vendor": "Differs" }), json!({ "supplier_id": "acme" }));
    let lines = || -> Vec<ComponentDecided> {
        let words = [("Same", "acme"), ("Differs", "other"), ("New", "acme"), ("NEW", "other"), ("Ghost", "ghost")];
        let line = |(at, (vendor, id)): (usize, (&str, &str))| ComponentDecided {
            from_table: Some(TableLine { table: "map.csv".into(), row: at as u32 + 2 }),
            ..decision(&format!("row{at}"), json!({ "vendor": vendor }), json!({ "supplier_id": id }))
        };
        words.into_iter().enumerate().map(line).collect()
    };
    let outcomes = |replace| -> Vec<LineOutcome> {
        compared(&script.model, &aoi, lines(), replace, today()).iter().map(|row| row.outcome).collect()
    };
    use LineOutcome::{New, Refused, Replaces, Same};
    assert_eq!(outcomes(false), [Same, Refused, New, Refused, Refused]);
    assert_eq!(outcomes(true), [Same, Replaces, New, Refused, Refused]);
    let rows = compared(&script.model, &aoi, lines(), true, today());
    assert_eq!(rows[1].decision.replaces.as_ref().unwrap().as_str(), "d2");
    assert_eq!(rows[1].before.as_ref().unwrap().decision_id.as_str(), "d2");
    assert_eq!(rows[3].refusal.as_ref().unwrap().detail, "components: the same components as row 4");
}

#[test]
fn what_a_group_leaves_open_is_added_to_what_stands() {
    let (mut script, aoi) = house();
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    script.report("apt_index", Outcome::Complete, vec![listed("tool", "Elsewhere")]);
    let group = script.model.review_from(0, 1).remove(0);
    let id = |text: &str| DecisionId::new(text).unwrap();
    let supplier_id = Some(SupplierId::new("acme").unwrap());
    let said =
        GroupDecision { supplier_id: supplier_id.clone(), reason: "contract".into(), ..GroupDecision::default() };
    let first = for_group(&script.model, &group, said, id("d1"));
    assert_eq!(decided(&script.model, &aoi, &first, today()), Ok(true));
    script.push(aoi.clone(), Fact::ComponentDecided(first));
    let group = script.model.review_from(0, 1).remove(0);
    assert_eq!((group.supplier_open, group.decision_id.clone()), (false, Some(id("d1"))));
    let category = Some(Category::Middleware);
    let said = GroupDecision { category, reason: "by its manual".into(), ..GroupDecision::default() };
    let second = for_group(&script.model, &group, said, id("d2"));
    assert_eq!(
        (&second.supplier_id, second.category, second.replaces.clone()),
        (&supplier_id, category, Some(id("d1")))
    );
    assert_eq!(decided(&script.model, &aoi, &second, today()), Ok(true));
    script.push(aoi, Fact::ComponentDecided(second));
    assert_eq!(script.model.review_total(), 0);
}
