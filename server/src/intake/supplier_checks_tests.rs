//! Contradictions in supplier records and chains of contractors: each is refused with its field and what to do.
//! It does not test what a record means in law.
//! Invariant tested: the whole record passes, and every single contradiction put into it does not.

use super::super::declarations::{check_circles, parse_plan, parse_suppliers};
use serde_json::{Value, json};

fn record() -> Value {
    json!({
        "supplier_id": "acme", "name": { "ja": "例示電機株式会社", "en": "Acme Electric" }, "country_of_law": "JP",
        "source": "test", "as_of": "2026-11-01",
        "items": {
            "former_names": [{ "name": { "ja": "旧例示", "en": "Old Acme" }, "through": "2020-03-31" }],
            "representative": { "known": { "value": { "clear": { "name": "例示 太郎" } }, "source": "registry", "as_of": "2026-11-01" } },
            "address": { "known": { "value": { "country": "JP", "text": "例示県" }, "source": "registry", "as_of": "2026-11-01" } },
            "holders": { "known": { "source": "answer", "as_of": "2026-10-01", "value": [
                { "holder_id": "h1", "party": { "entity": { "name": { "ja": "持株", "en": "Holding" }, "country_of_law": "US",
                  "supplier_id": "holding" } }, "shares": [{ "from": "2020-01-01", "ratio": "25%" }, { "from": "2024-01-01", "ratio": "2/3" }] },
                { "holder_id": "h2", "party": { "person": { "clear": { "name": "A", "nationality": "FR" } } },
                  "shares": [{ "from": "2020-01-01", "ratio": "1/3" }] } ] } },
            "officers": { "known": { "value": [{ "clear": { "name": "B", "birth_date": "1970-01-01", "nationality": "JP" } }],
                "source": "answer", "as_of": "2026-10-01" } },
            "foreign_revenue": { "known": { "source": "answer", "as_of": "2026-10-01", "value": [
                { "ended_on": "2026-03-31", "from_governments": [{ "country": "US", "share": "30%", "counterparties": ["DoE"] }] } ] } },
            "manufacturing_sites": { "submitted_directly": { "on": "2026-10-01", "receipt": "R-1" } },
            "registry": { "known": { "value": { "issued_on": "2026-09-01" }, "source": "法務局", "as_of": "2026-10-01" } },
        },
    })
}

fn file(records: &[Value]) -> Vec<u8> {
    serde_json::to_vec_pretty(&json!({ "format": "daicho.suppliers.v1", "suppliers": records })).unwrap()
}

/// The refusal after one value was changed. The pointer is below `items` where it begins with a name.
fn refused(pointer: &str, value: Value) -> String {
    let mut wrong = record();
    let (above, key) = pointer.rsplit_once('/').unwrap();
    wrong.pointer_mut(above).unwrap_or_else(|| panic!("{above}"))[key] = value;
    parse_suppliers(&file(&[wrong])).unwrap_err().detail
}

#[test]
fn a_whole_record_is_taken_and_written_back_as_it_was() {
    let parsed = parse_suppliers(&file(&[record()])).unwrap();
    let mut expected = record();
    expected["aliases"] = json!([]);
    expected["recognise"] =
        json!({ "package_origins": [], "maintainer_domains": [], "vendor_strings": [], "os_ids": [] });
    assert_eq!(serde_json::to_value(&parsed.suppliers[0]).unwrap(), expected);
}

#[test]
fn every_contradiction_is_named_by_its_field() {
    let holders = "/items/holders/known/value";
    let over = json!([{ "from": "2024-06-01", "ratio": "33.34%" }]);
    let cases = [
        ("/country_of_law", json!("XX"), "field suppliers[0].country_of_law: ISO 3166-1"),
        ("/items/address/known/value/country", json!("UK"), "items.address.known.value.country: ISO 3166-1"),
        ("/address_country", json!("US"), "items.address.known.value.country: the record's own"),
        (&format!("{holders}/0/shares/1/ratio"), json!("66.7"), "shares[1].ratio: a share is a percentage"),
        (&format!("{holders}/0/shares/1/from"), json!("2019-01-01"), "shares[1].from: 2019-01-01 is not after"),
        (
            &format!("{holders}/1/shares"),
            over,
            "items.holders.known.value: from 2024-06-01 on the holders have more than 100 %",
        ),
        (&format!("{holders}/1/shares"), json!([]), "shares: a holder has a share"),
        (
            &format!("{holders}/1/holder_id"),
            json!("h1"),
            "holder_id: the holder_id 'h1' stands here for the second time",
        ),
        (&format!("{holders}/1/party/person/clear/nationality"), json!("ZZ"), "nationality: ISO 3166-1"),
        (
            "/items/officers/known/value/0/clear/name",
            json!(" "),
            "officers.known.value[0].clear.name: a person without a name",
        ),
        ("/items/officers/known/value/0/clear/birth_date", json!("2026-10-02"), "birth_date: 2026-10-02 is after"),
        (
            "/items/officers/known/valid_through",
            json!("2026-09-01"),
            "officers.known.as_of: 2026-10-01 is after valid_through",
        ),
        ("/items/officers/known/source", json!(""), "officers.known.source: every value says where it came from"),
        ("/items/foreign_revenue/known/value/0/ended_on", json!("2027-03-31"), "ended_on: 2027-03-31 is after"),
        ("/items/foreign_revenue/known/value/0/from_governments/0/country", json!("EU"), "country: ISO 3166-1"),
        ("/items/registry/known/value", json!({}), "items.registry.known.value: a paper has the day"),
        ("/items/registry/known/value/issued_on", json!("2026-10-02"), "issued_on: 2026-10-02 is after"),
        ("/items/former_names/0/through", json!("2026-12-01"), "former_names[0].through: 2026-12-01 is after"),
        ("/items/country_of_law_submitted_directly", json!({ "on": "2026-10-01" }), "leave one of the two out"),
        (&format!("{holders}/0/party/entity/country"), json!("US"), "unknown field `country`"),
        ("/items/holders", json!({ "guessed": {} }), "items.holders: unknown variant `guessed`"),
    ];
    for (pointer, value, wanted) in cases {
        let detail = refused(pointer, value);
        assert!(detail.contains(wanted) && detail.starts_with("line "), "{pointer}: {detail}");
    }
}

#[test]
fn owners_in_a_circle_are_refused_in_one_file_and_with_the_ledger() {
    let mut holding = record();
    holding["supplier_id"] = json!("holding");
    holding["items"]["holders"]["known"]["value"][0]["party"]["entity"]["supplier_id"] = json!("acme");
    let detail = parse_suppliers(&file(&[record(), holding.clone()])).unwrap_err().detail;
    assert!(detail.contains("suppliers[0].items.holders: 'acme' owns itself"), "{detail}");

    let (first, second) = (parse_suppliers(&file(&[record()])).unwrap(), parse_suppliers(&file(&[holding])).unwrap());
    let in_ledger = first.suppliers[0].items.holders.as_ref().and_then(|stated| stated.value()).unwrap().clone();
    let known =
        |id: &daicho_schemas::ids::SupplierId| if id.as_str() == "acme" { in_ledger.clone() } else { Vec::new() };
    assert!(check_circles(&second, b"", known).unwrap_err().detail.contains("'holding' owns itself"));
    assert!(check_circles(&second, b"", |_| Vec::new()).is_ok());
}

#[test]
fn a_chain_of_contractors_hangs_on_the_operator() {
    let plan = |tiers: Value| {
        let plan = json!({
            "format": "daicho.plan.v1", "plan_id": "p", "plan_kind": "entrustment", "regime": "jp-espa",
            "operator": { "name": { "ja": "例示", "en": "Example" }, "business": "一般港湾運送" },
            "equipment": { "equipment_id": "tos", "equipment_type": "TOS", "name": { "ja": "例示", "en": "Example" },
                "function": "例示", "place": "例示県" },
            "dates": {}, "contractors": ["a", "b", "c"], "contractor_tiers": tiers,
        });
        parse_plan(&serde_json::to_vec(&plan).unwrap()).map_err(|refusal| refusal.detail)
    };
    let tier = |id: &str, parent: Option<&str>| match parent {
        Some(parent) => json!({ "supplier_id": id, "parent": parent, "work": "保守" }),
        None => json!({ "supplier_id": id }),
    };
    assert!(plan(json!([tier("a", None), tier("b", Some("a")), tier("c", Some("b"))])).is_ok());
    let orphan = plan(json!([tier("a", None), tier("c", Some("b"))])).unwrap_err();
    assert!(orphan.contains("contractor_tiers[1].parent: the tier has no parent: 'b'"), "{orphan}");
    let circle = plan(json!([tier("a", Some("b")), tier("b", Some("a"))])).unwrap_err();
    assert!(circle.contains("comes back to itself"), "{circle}");
    let stranger = plan(json!([tier("x", None)])).unwrap_err();
    assert!(stranger.contains("contractor_tiers[0].supplier_id: 'x' stands in no line"), "{stranger}");
}
