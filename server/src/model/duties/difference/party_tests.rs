//! Every item of a record against what was told, in each role. The data of people is sealed: boxes are compared.

use super::*;
use crate::model::testing::{Script, plan, supplier};
use daicho_schemas::ids::PlanId;
use serde_json::{Value, json};

fn known(value: Value) -> Value {
    json!({ "known": { "value": value, "source": "register", "as_of": "2026-10-01" } })
}

fn sealed(word: &str) -> Value {
    json!({ "sealed": { "key_id": "k", "bytes": word, "complete": true } })
}

fn holder(id: &str, country: &str, shares: &[(&str, &str)]) -> Value {
    let shares: Vec<Value> = shares.iter().map(|(from, ratio)| json!({ "from": from, "ratio": ratio })).collect();
    json!({ "holder_id": id, "party": { "entity": { "name": { "ja": id, "en": id }, "country_of_law": country } },
        "shares": shares })
}

/// A record that says everything.
fn told() -> Value {
    let mut record = serde_json::to_value(supplier("maker")).unwrap();
    record["corporate_number"] = json!("7000012050002");
    record["name"] = json!({ "ja": "株式会社 例示", "en": "Example Co., Ltd." });
    record["country_of_law"] = json!("JP");
    record["items"] = json!({
        "representative": known(sealed("a")),
        "address": known(json!({ "country": "JP", "text": "東京都千代田区１−１" })),
        "officers": known(json!([sealed("b"), sealed("c")])),
        "holders": known(json!([holder("h1", "JP", &[("2020-01-01", "20%")]), holder("h2", "JP", &[("2020-01-01", "30%")])])),
        "foreign_revenue": known(json!([{ "ended_on": "2026-03-31" }])),
        "manufacturing_sites": known(json!([{ "country": "JP", "place": "横浜" }])),
    });
    record
}

/// What an edit of the record, filed in one role, brings up.
fn changed(role: &str, pointer: &str, value: Value) -> Vec<String> {
    let mut after = told();
    *after.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    let mut script = Script::with_agent("tos-1");
    script.supplier(serde_json::from_value(told()).unwrap());
    let dates = json!({ "submitted_on": "2026-11-02" });
    let mut filed = serde_json::to_value(plan("p", "tos").dates(dates.clone()).build()).unwrap();
    match role {
        "supplier" => filed["filing"] = json!({ "equipment_supplier": "maker" }),
        "component_supplier" => {
            let part = plan("p", "tos").part("os", "operating_system", "maker").dates(dates).build();
            filed = serde_json::to_value(part).unwrap();
        }
        _ => {
            filed = serde_json::to_value(plan("p", "tos").entrustment().dates(dates).build()).unwrap();
            filed["contractors"] = json!(["maker", "other"]);
            let parent = (role == "subcontractor").then_some("other");
            filed["contractor_tiers"] =
                json!([{ "supplier_id": "other" }, { "supplier_id": "maker", "parent": parent }]);
        }
    }
    script.plan_as(serde_json::from_value(filed).unwrap());
    script.supplier(serde_json::from_value(after).unwrap());
    let declared = &script.model.state.declarations;
    let plan = declared.plan_state(&PlanId::new("p").unwrap()).unwrap();
    let items = party_changes(declared, plan, &SupplierId::new("maker").unwrap());
    items.iter().map(|item| item.change.to_string()).collect()
}

#[test]
fn every_item_has_its_word_in_every_role() {
    let holders = |first: &[(&str, &str)]| {
        known(json!([holder("h1", "JP", first), holder("h2", "JP", &[("2020-01-01", "30%")])]))
    };
    for (pointer, value, word) in [
        ("/corporate_number", json!("8700110005901"), "replaced"),
        ("/name/ja", json!("株式会社 別例示"), "renamed"),
        ("/name/ja", json!("例示株式会社"), "renamed"),
        ("/country_of_law", json!("US"), "country_of_law"),
        ("/items/address/known/value", json!({ "country": "US", "text": "x" }), "address_country"),
        ("/items/address/known/value/text", json!("大阪市"), "address_within_country"),
        ("/items/representative", known(sealed("x")), "representative"),
        ("/items/officers", known(json!([sealed("b")])), "officers"),
        ("/items/officers", known(json!([sealed("b"), sealed("x")])), "officers"),
        ("/items/holders/known/value/0/party/entity/name/ja", json!("新"), "holder_renamed"),
        ("/items/holders/known/value/0/party/entity/country_of_law", json!("US"), "holder_nationality"),
        ("/items/holders", holders(&[("2020-01-01", "20%"), ("2026-11-10", "24%")]), "holder_percentage"),
        ("/items/holders", holders(&[("2020-01-01", "20%"), ("2026-11-10", "25%")]), "holder_reaches_quarter"),
        ("/items/holders", holders(&[("2020-01-01", "20%"), ("2026-11-10", "1/3")]), "holder_reaches_third"),
        ("/items/holders", holders(&[("2020-01-01", "20%"), ("2026-11-10", "50%")]), "holder_reaches_half"),
        ("/items/holders", holders(&[("2020-01-01", "20%"), ("2026-11-10", "0%")]), "holder_gone"),
        ("/items/foreign_revenue/known/value/0/ended_on", json!("2025-12-31"), "foreign_government_revenue"),
    ] {
        for role in ["supplier", "component_supplier", "contractor", "subcontractor"] {
            assert_eq!(changed(role, pointer, value.clone()), [format!("{role}_{word}")], "{pointer}");
        }
    }
}

#[test]
fn a_new_holder_is_new_and_may_come_in_above_an_edge() {
    let all = |share: &str| {
        let value = json!([
            holder("h1", "JP", &[("2020-01-01", "20%")]),
            holder("h2", "JP", &[("2020-01-01", "30%")]),
            holder("h3", "SG", &[("2026-11-10", share)]),
        ]);
        changed("contractor", "/items/holders", known(value))
    };
    assert_eq!(all("10%"), ["contractor_holder_new"]);
    assert_eq!(all("40%"), ["contractor_holder_new", "contractor_holder_reaches_third"]);
}

#[test]
fn where_something_is_made_counts_for_those_who_supply() {
    let place = |role, site: Value| changed(role, "/items/manufacturing_sites", known(json!([site])));
    assert_eq!(place("supplier", json!({ "country": "VN" })), ["equipment_manufacturing_country"]);
    assert_eq!(place("component_supplier", json!({ "country": "VN" })), ["component_manufacturing_country"]);
    assert_eq!(
        place("component_supplier", json!({ "country": "JP", "place": "川崎" })),
        ["component_manufacturing_site"]
    );
    assert_eq!(place("contractor", json!({ "country": "VN" })), Vec::<String>::new());
}

#[test]
fn spelling_order_and_what_is_not_ours_to_see_are_no_change() {
    for (pointer, value) in [
        ("/name/ja", json!("㈱例示")),
        ("/name/en", json!("Example")),
        ("/items/address/known/value/text", json!("東京都千代田区1−1")),
        ("/items/officers", known(json!([sealed("c"), sealed("b")]))),
        ("/items/officers", json!({ "submitted_directly": { "on": "2026-11-10" } })),
        ("/items/holders", json!(null)),
        ("/recognise/os_ids", json!(["x"])),
        ("/source", json!("another")),
    ] {
        assert_eq!(changed("contractor", pointer, value), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn a_person_s_box_that_is_another_may_be_another_name_or_nationality() {
    let mut before = told();
    before["items"]["holders"] = known(json!([{ "holder_id": "h1", "party": { "person": sealed("a") },
        "shares": [{ "from": "2020-01-01", "ratio": "20%" }] }]));
    let mut after = before.clone();
    after["items"]["holders"]["known"]["value"][0]["party"]["person"] = sealed("x");
    let (before, after): (SupplierRecord, SupplierRecord) =
        (serde_json::from_value(before).unwrap(), serde_json::from_value(after).unwrap());
    let mut found = Found::default();
    Compared { role: PartyRole::Contractor, before: &before, after: &after, filed_on: None, found: &mut found }
        .record();
    let words: Vec<String> = found.0.iter().map(|item| item.change.to_string()).collect();
    assert_eq!(words, ["contractor_holder_renamed", "contractor_holder_nationality"]);
    assert!(found.0.iter().all(|item| item.subject == "株式会社 例示（h1）"), "no name of a person: {:?}", found.0);
}
