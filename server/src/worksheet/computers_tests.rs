//! ACD forms 1 and 2 filled in from decisions: nothing is left out, what is missing is said, what is exempt is shown.

use super::*;
use crate::model::regimes;
use crate::model::testing::plan;
use serde_json::{Value, json};
use std::sync::Arc;

fn decision(scope_id: Value, products: Value) -> Arc<ComputerJudged> {
    let all = json!({ "equipment_id": "tos", "computers": [{ "name": "tos-1" }], "in_scope": !scope_id.is_null(),
        "scope_id": scope_id, "reason": "r", "products": products });
    Arc::new(serde_json::from_value(all).unwrap())
}

fn computer(judged: Arc<ComputerJudged>, changes: Vec<ComputerChange>) -> ComputerState {
    let at = "2026-11-21T03:00:00.000000Z".parse().unwrap();
    ComputerState { name: "tos-1".into(), judged, seq: 7, at, by: None, in_scope_since: Some(at), changes }
}

fn sheet(form: &str, computers: &[ComputerState], filed: bool) -> Worksheet {
    let plan = plan("plan-1", "tos").host("tos-1").build();
    let facts = |product: &NotifiedProduct| UnitFacts {
        product: Some(product.product.clone()),
        maker: product.maker.clone(),
        filed_name: filed.then(|| product.product.clone()),
        filed_supplier: product.maker.clone().filter(|_| filed),
        ..UnitFacts::default()
    };
    let filing = ComputersFiling { plan: &plan, computers, facts: &facts, filing_on: "2026-12-01".parse().unwrap() };
    fill_computers(regimes::computers().unwrap(), form, &filing).unwrap()
}

fn told(sheet: &Worksheet) -> Vec<(&str, &str, RowState)> {
    sheet.rows.iter().map(|row| (row.field_id.as_str(), row.value.en.as_str(), row.state)).collect()
}

#[test]
fn form_1_states_every_field_of_every_product() {
    let products = json!([
        { "unit_id": "installed-software", "product": "Suite", "maker": "Example K.K." },
        { "unit_id": "installed-software", "product": "Gateway" },
        { "unit_id": "installed-software", "product": "Windows 11", "maker": "Microsoft", "exempt_by": "windows" },
    ]);
    let out = computer(decision(Value::Null, json!([])), Vec::new());
    let sheet = sheet(FORM_FIRST, &[computer(decision(json!("equipment-itself"), products), Vec::new()), out], false);
    let (stated, missing, not_needed) = (RowState::Stated, RowState::Missing, RowState::NotNeeded);
    assert_eq!(
        told(&sheet),
        [
            ("operator_outline", "Example Port (一般港湾運送)", stated),
            ("equipment", "Example TOS", stated),
            ("computer_category", "equipment or a part of it (一号電子計算機)", stated),
            ("product_name", "Suite", stated),
            ("maker_name", "Example K.K.", stated),
            ("product_name", "Gateway", stated),
            ("maker_name", "", missing),
            ("product_name", "Windows 11", not_needed),
            ("maker_name", "Microsoft", not_needed),
        ]
    );
    assert_eq!((sheet.open().count(), sheet.attachments.len()), (1, 0));
    assert!(sheet.note.as_ref().unwrap().en.contains("The form itself was not obtained"));
    assert!(super::super::xlsx::write(&sheet, daicho_schemas::text::Language::Ja).unwrap().starts_with(b"PK"));
}

#[test]
fn a_plan_that_stands_in_is_an_attachment_with_the_contact_sheet() {
    let products = json!([{ "unit_id": "installed-software", "product": "Suite", "maker": "E", "filed_in": "plan-1" }]);
    let computers = [computer(decision(json!("router"), products), Vec::new())];
    let with = sheet(FORM_FIRST, &computers, true);
    let papers: Vec<(&str, RowState)> = with.attachments.iter().map(|row| (row.name.en.as_str(), row.state)).collect();
    assert_eq!(papers, [("copy of the 導入等計画書", RowState::Stated), ("contact sheet", RowState::Missing)]);
    let without = sheet(FORM_FIRST, &computers, false);
    assert!(without.attachments.is_empty());
    let note = without.rows.iter().find(|row| row.field_id == "product_name").unwrap().note.as_ref().unwrap();
    assert!(note.en.contains("does not show the same names now"), "{}", note.en);
}

#[test]
fn form_2_shows_what_it_was_before() {
    let one = |product: &str| json!([{ "unit_id": "installed-software", "product": product, "maker": "E" }]);
    let (before, after) = (decision(json!("router"), one("Old")), decision(json!("router"), one("New")));
    let gone = decision(Value::Null, json!([]));
    let change = |on: &str, seq, before: &Arc<ComputerJudged>, after: &Arc<ComputerJudged>| ComputerChange {
        on: on.parse().unwrap(),
        seq,
        at: "2026-11-21T03:00:00.000000Z".parse().unwrap(),
        before: Arc::clone(before),
        after: Arc::clone(after),
    };
    let changes = vec![change("2026-11-10", 8, &before, &after), change("2026-11-20", 9, &after, &gone)];
    let sheet = sheet(FORM_CHANGE, &[computer(gone.clone(), changes)], false);
    let product = sheet.rows.iter().find(|row| row.field_id == "product_name").unwrap();
    assert_eq!(product.value.en, "New");
    assert!(product.note.as_ref().unwrap().en.starts_with("before: Old"), "{:?}", product.note);
    assert!(product.about.as_ref().unwrap().text.en.contains("2026-11-10"));
    assert_eq!(sheet.rows.last().unwrap().value.en, "in scope no more");
}
