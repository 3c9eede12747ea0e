//! Tests of filling forms in, on plans and records written for it.
//! They do not test the law's data; its own tests do.
//! Invariant: every field of every form appears, whatever the plan lacks.

use super::*;
use crate::model::regimes::forms;
use crate::model::views::declarations::Erasure;
use crate::worksheet::xlsx;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::text::Language;
use serde_json::{Value, json};

fn supplier(id: &str, items: Value) -> SupplierRecord {
    serde_json::from_value(json!({
        "supplier_id": id,
        "name": { "ja": format!("{id}株式会社"), "en": format!("{id} Co., Ltd.") },
        "country_of_law": "JP",
        "items": items,
        "source": "調査票",
        "as_of": "2026-11-01",
    }))
    .unwrap()
}

fn known(value: Value) -> Value {
    json!({ "known": { "value": value, "source": "調査票", "as_of": "2026-11-01" } })
}

fn records() -> Vec<SupplierRecord> {
    let holder = json!([{
        "holder_id": "parent",
        "party": { "entity": { "name": { "ja": "親会社", "en": "Parent" }, "country_of_law": "US" } },
        "shares": [{ "from": "2020-01-01", "ratio": "1/3" }],
    }]);
    let maker = json!({
        "representative": known(json!({ "clear": { "name": "例示 太郎" } })),
        "address": known(json!({ "country": "JP", "text": "例示県例示市1" })),
        "holders": known(holder),
        "officers": { "submitted_directly": { "on": "2026-11-10", "receipt": "R-1" } },
        "registry": known(json!({ "issued_on": "2026-01-10" })),
    });
    vec![
        supplier("maker", maker),
        supplier("debian", json!({})),
        supplier("sub", json!({})),
        supplier("subsub", json!({})),
    ]
}

fn installation() -> Plan {
    serde_json::from_value(json!({
        "format": "daicho.plan.v1",
        "plan_id": "tos-1",
        "plan_kind": "installation",
        "regime": "jp-espa",
        "operator": { "name": { "ja": "例示港運", "en": "Example Port" }, "business": "一般港湾運送" },
        "equipment": {
            "equipment_id": "tos", "equipment_type": "TOS", "name": { "ja": "例示TOS", "en": "Example TOS" },
            "function": "機能", "place": "例示県",
        },
        "dates": {},
        "parts": [
            { "part_id": "app", "category": "application", "category_as_filed": "ソフトウェア", "name": "業務", "function": "計画", "supplier_id": "maker" },
            { "part_id": "os", "category": "operating_system", "category_as_filed": "ソフトウェア", "name": "Debian", "function": "OS", "supplier_id": "debian", "manufacturing_country": "DE" },
        ],
        "filing": { "introduction_purpose": "更新", "risk_measures": [{ "measure_id": "I-1", "text": "受入検査" }] },
    }))
    .unwrap()
}

fn entrustment() -> Plan {
    let mut plan = installation();
    plan.plan_kind = PlanKind::Entrustment;
    plan.parts.clear();
    plan.contractors = ["maker", "sub", "subsub"].map(|id| SupplierId::new(id).unwrap()).into();
    plan.contractor_tiers = serde_json::from_value(json!([
        { "supplier_id": "maker" },
        { "supplier_id": "sub", "parent": "maker", "work": "夜間保守", "from": "2027-01-01", "through": "2027-12-31" },
        { "supplier_id": "subsub", "parent": "sub" },
    ]))
    .unwrap();
    plan.filing.reliefs = serde_json::from_value(json!([
        { "supplier_id": "subsub", "knows_work": "契約", "verifies_access_and_records": "監査", "proof": "契約書写し" },
    ]))
    .unwrap();
    plan
}

fn filled(form_id: &str, plan: &Plan) -> Option<Worksheet> {
    filled_from(form_id, plan, &records().into_iter().map(SupplierState::of_file).collect::<Vec<_>>())
}

fn filled_from(form_id: &str, plan: &Plan, suppliers: &[SupplierState]) -> Option<Worksheet> {
    let supplier = |id: &SupplierId| suppliers.iter().find(|supplier| supplier.record.supplier_id == *id);
    let given = [("changed_item".to_string(), "OSの名称".to_string())].into();
    fill(forms(), form_id, &Filing { plan, supplier: &supplier, filing_on: "2026-11-21".parse().unwrap(), given })
}

fn state<'a>(sheet: &'a Worksheet, field: &str, about: &str) -> (&'a str, RowState) {
    let rows = sheet.rows.iter().chain(&sheet.attachments).filter(|row| row.field_id == field);
    let mut rows = rows.filter(|row| row.about.as_ref().map_or("", |about| &about.text.ja).contains(about));
    let row = rows.next().unwrap_or_else(|| panic!("no row {field} about {about}"));
    (&row.value.ja, row.state)
}

#[test]
fn every_field_of_every_form_appears_and_forms_of_the_other_kind_do_not() {
    for form in &forms().forms {
        let sheets = [installation(), entrustment()].map(|plan| (plan.plan_kind, filled(&form.form_id, &plan)));
        for (kind, sheet) in &sheets {
            assert_eq!(sheet.is_some(), fits(&form.form_id, *kind), "{} {kind:?}", form.form_id);
            let Some(sheet) = sheet else { continue };
            let asked = form.fields.iter().chain(&form.attachments);
            for field in asked {
                let there = sheet.rows.iter().chain(&sheet.attachments).any(|row| row.field_id == *field);
                assert!(there, "{} of {} for {kind:?} is left out", field, form.form_id);
            }
        }
        assert!(sheets.iter().any(|(_, sheet)| sheet.is_some()), "{} is for nobody", form.form_id);
    }
    assert!(filled("form-99", &installation()).is_none());
}

#[test]
fn an_installation_says_what_it_has_and_what_it_lacks() {
    let sheet = filled("form-4-1", &installation()).unwrap();
    assert_eq!(state(&sheet, "introduction_purpose", ""), ("更新", RowState::Stated));
    assert_eq!(state(&sheet, "introduction_timing", ""), ("", RowState::Missing));
    assert_eq!(state(&sheet, "supplier_name", "特定重要設備の供給者（未定）"), ("", RowState::Missing));
    assert_eq!(state(&sheet, "component_name", "構成設備 1"), ("業務", RowState::Stated));
    assert_eq!(state(&sheet, "supplier_holders", "構成設備 1"), ("親会社（US） 1/3", RowState::Stated));
    assert_eq!(state(&sheet, "supplier_officers", "構成設備 1").1, RowState::SubmittedDirectly);
    assert_eq!(state(&sheet, "supplier_officers", "構成設備 2").1, RowState::Missing);
    assert_eq!(state(&sheet, "manufacturing_place", "構成設備 1").1, RowState::Missing);
    assert_eq!(state(&sheet, "manufacturing_place", "構成設備 2"), ("DE", RowState::Stated));
    // A certificate of January is too old in November.
    assert_eq!(state(&sheet, "registry", "構成設備 1").1, RowState::Unusable);
    let order: Vec<&str> = sheet.rows.iter().map(|row| row.field_id.as_str()).collect();
    let first = |field: &str| order.iter().position(|other| *other == field).unwrap();
    assert!(first("component_name") < first("risk_measures_introduction") && first("equipment_type") == 0);
    assert!(sheet.open().all(|row| row.state.is_open()) && sheet.open().count() > 5);
}

#[test]
fn tiers_go_down_to_the_last_and_relief_leaves_out_only_what_it_may() {
    let sheet = filled("form-4-2", &entrustment()).unwrap();
    assert_eq!(state(&sheet, "supplier_name", "委託の相手方: maker"), ("maker株式会社", RowState::Stated));
    assert_eq!(state(&sheet, "subcontract_content", "1 段目"), ("夜間保守", RowState::Stated));
    assert_eq!(state(&sheet, "subcontract_period", "1 段目"), ("2027-01-01 – 2027-12-31", RowState::Stated));
    assert_eq!(state(&sheet, "supplier_holders", "1 段目").1, RowState::Missing);
    for field in
        ["subcontract_content", "subcontract_period", "supplier_holders", "supplier_officers", "officer_papers"]
    {
        assert_eq!(state(&sheet, field, "2 段目").1, RowState::NotNeeded, "{field}");
    }
    for field in ["supplier_representative", "supplier_address", "registry"] {
        assert_eq!(state(&sheet, field, "2 段目").1, RowState::Missing, "{field} can never be left out");
    }
    assert_eq!(state(&sheet, "subcontractor_relief", "2 段目"), ("① 契約 ② 監査", RowState::Stated));
    assert_eq!(state(&sheet, "subcontractor_relief", "1 段目").1, RowState::NotNeeded);
    assert_eq!(state(&sheet, "relief_proof", ""), ("契約書写し", RowState::Stated));
}

#[test]
fn what_the_plan_cannot_say_is_given_or_missing() {
    let sheet = filled("form-7-1", &installation()).unwrap();
    assert_eq!(state(&sheet, "changed_item", ""), ("OSの名称", RowState::Stated));
    assert_eq!(state(&sheet, "changed_on", ""), ("", RowState::Missing));
}

#[test]
fn a_spreadsheet_is_the_same_every_time() {
    let sheet = filled("form-4-1", &installation()).unwrap();
    for language in [Language::Ja, Language::En] {
        let bytes = xlsx::write(&sheet, language).unwrap();
        assert!(bytes.starts_with(b"PK") && bytes.len() > 5000);
        assert_eq!(bytes, xlsx::write(&sheet, language).unwrap());
    }
}

#[test]
fn every_field_that_the_decision_table_misses_stands_in_a_form() {
    let known = |field: &str| {
        let field = field.strip_prefix("party_").map_or_else(|| field.to_string(), |rest| format!("supplier_{rest}"));
        // The table asks for measures once; the forms ask for them by kind of plan.
        let by_kind = format!("{field}_");
        forms().fields.iter().any(|known| known.field_id == field || known.field_id.starts_with(&by_kind))
    };
    let rows = &crate::model::duties::table::JP_ESPA.rows;
    let lost: Vec<&String> = rows.iter().flat_map(|row| &row.missing_fields).filter(|field| !known(field)).collect();
    assert!(lost.is_empty() && rows.iter().any(|row| !row.missing_fields.is_empty()), "{lost:?}");
}

#[test]
fn people_who_were_erased_are_not_stated() {
    let sealed = json!([{ "sealed": { "key_id": "k1", "bytes": "", "complete": true } }]);
    let mut maker = SupplierState::of_file(supplier("maker", json!({ "officers": known(sealed) })));
    let officers = |maker: &SupplierState| {
        let sheet = filled_from("form-4-1", &installation(), std::slice::from_ref(maker)).unwrap();
        state(&sheet, "supplier_officers", "構成設備 1").1
    };
    assert_eq!(officers(&maker), RowState::Stated);
    maker.erasures.push(Erasure { key_ids: vec!["k1".into()], on: "2026-11-20".parse().unwrap(), seq: 9 });
    assert_eq!(officers(&maker), RowState::Erased);
}
