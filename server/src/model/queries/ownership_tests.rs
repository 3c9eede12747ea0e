//! Tests of ways through ownership: exact shares, days, names, circles and limits.
//! They do not test plans; the radius does. Invariant: a walk ends, and what it could not show is said.

use super::*;
use crate::model::queries::radius::{Centre, Role, Why};
use crate::model::testing::{Script, plan, supplier};
use serde_json::{Value, json};

fn id(word: &str) -> SupplierId {
    SupplierId::new(word).unwrap()
}

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

/// A holder: its id, its record, and its shares from days on.
fn holder(name: &str, linked: bool, shares: &[(&str, &str)]) -> Value {
    let shares: Vec<Value> = shares.iter().map(|(from, ratio)| json!({ "from": from, "ratio": ratio })).collect();
    let mut entity = json!({ "name": { "ja": name, "en": name }, "country_of_law": "US" });
    if linked {
        entity["supplier_id"] = json!(name);
    }
    let place = name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({ "holder_id": format!("h{place}"), "party": { "entity": entity }, "shares": shares })
}

fn held(word: &str, holders: Vec<Value>) -> SupplierRecord {
    let mut record = supplier(word);
    let known = json!({ "known": { "value": holders, "source": "test", "as_of": "2026-11-01" } });
    record.items.holders = Some(serde_json::from_value(known).unwrap());
    record
}

/// parent → middle (1/2 from March on) → vendor (33.34 %); parent → vendor (1/9, until June); another holds nothing any more.
fn group() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("parent"));
    script.supplier(held("middle", vec![holder("parent", true, &[("2026-03-01", "1/2")])]));
    let of_vendor = vec![
        holder("middle", true, &[("2026-01-01", "33.34%")]),
        holder("parent", true, &[("2026-01-01", "1/9"), ("2026-06-01", "0%")]),
    ];
    script.supplier(held("vendor", of_vendor));
    script.plan(plan("plan-1", "tos").host("tos-1").part("app", "application", "vendor"));
    script
}

fn ways(script: &Script, centre: &Centre, on: &str) -> Vec<(usize, String, Option<String>)> {
    let paths = script.model.radius(centre, day(on)).paths;
    paths.into_iter().map(|path| (path.links.len(), path.supplier_id.to_string(), path.product)).collect()
}

#[test]
fn what_a_supplier_holds_is_reached_with_exact_shares_of_the_day() {
    let script = group();
    let centre = Centre::Supplier(id("parent"));
    let exact = |text: &str| Some(text.to_string());
    assert_eq!(
        ways(&script, &centre, "2026-11-21"),
        [(1, "middle".into(), exact("1/2")), (2, "vendor".into(), exact("1667/10000"))]
    );
    assert_eq!(ways(&script, &centre, "2026-02-01"), [(1, "vendor".into(), exact("1/9"))]);
    assert_eq!(ways(&script, &centre, "2025-01-01"), []);
    let radius = script.model.radius(&centre, day("2026-11-21"));
    assert_eq!(radius.paths[1].product_percent.as_deref(), Some("16.6700%"));
    assert_eq!(radius.paths[1].links[1].share.to_string(), "33.34%", "as it was written");
    assert_eq!(radius.declared.len(), 1);
    assert_eq!(radius.declared[0].why, [Why::Ownership].into());
    assert!(script.model.radius(&centre, day("2025-01-01")).declared.is_empty());
}

#[test]
fn a_holder_is_found_by_name_id_and_record_and_a_country_through_its_holders() {
    let mut script = group();
    let person = json!({ "holder_id": "person-7", "shares": [{ "from": "2026-01-01", "ratio": "5%" }],
        "party": { "person": { "clear": { "name": "x" } } } });
    let fund = holder("株式会社レイジ", false, &[("2026-01-01", "1/4")]);
    script.supplier(held("vendor", vec![person, fund]));
    let reached = |asked: &str| {
        let radius = script.model.radius(&Centre::Holder(asked.into()), day("2026-11-21"));
        radius.suppliers.iter().map(|one| (one.supplier_id.to_string(), one.why.clone())).collect::<Vec<_>>()
    };
    let by_holder = vec![("vendor".to_string(), BTreeSet::from([Why::Holder]))];
    for asked in ["㈱ レイジ", "person-7"] {
        assert_eq!(reached(asked), by_holder, "{asked}");
    }
    assert_eq!(reached("parent"), [("middle".to_string(), BTreeSet::from([Why::Holder]))]);
    assert!(reached("nobody").is_empty());
    let country = Centre::Country("US".to_string().try_into().unwrap());
    let radius = script.model.radius(&country, day("2026-11-21"));
    assert!(radius.declared[0].why.contains(&Why::HolderCountry), "{:?}", radius.declared);
}

#[test]
fn companies_that_hold_each_other_end_every_walk_and_are_asked_about_themselves() {
    let mut script = Script::with_agent("tos-1");
    let ring = |name: &str, by: &str| held(name, vec![holder(by, true, &[("2026-01-01", "100%")])]);
    script.supplier(ring("a", "c"));
    script.supplier(ring("b", "a"));
    script.supplier(ring("c", "b"));
    script.supplier(held("self", vec![holder("self", true, &[("2026-01-01", "10%")])]));
    for centre in ["a", "b", "self"] {
        let radius = script.model.radius(&Centre::Supplier(id(centre)), day("2026-11-21"));
        let own = radius.suppliers.iter().find(|one| one.supplier_id == id(centre)).unwrap();
        assert_eq!(own.why, [Why::Itself].into(), "{centre}");
        assert!(radius.paths.len() <= 3 && !radius.paths_cut, "{:?}", radius.paths);
    }
    // By name only, as the door asks for, it is no way, and said for a person to decide.
    let mut script = Script::with_agent("tos-1");
    script.supplier(held("x", vec![holder("y (supplier)", false, &[("2026-01-01", "5%")])]));
    script.supplier(supplier("y"));
    let radius = script.model.radius(&Centre::Supplier(id("y")), day("2026-11-21"));
    assert!(radius.paths.is_empty());
    assert_eq!((radius.undecided.alike.len(), &radius.undecided.alike[0].may_be), (1, &id("y")));
}

#[test]
fn a_thicket_of_holdings_is_cut_and_says_so_and_still_names_everybody() {
    let mut script = Script::with_agent("tos-1");
    // Twelve storeys of three, each held by all of the storey above: half a million ways.
    for storey in 1..=12 {
        for flat in 0..3 {
            let above = (0..3).map(|up| holder(&format!("s{}-{up}", storey - 1), true, &[("2026-01-01", "1/3")]));
            script.supplier(held(&format!("s{storey}-{flat}"), above.collect()));
        }
    }
    let radius = script.model.radius(&Centre::Supplier(id("s0-0")), day("2026-11-21"));
    assert_eq!((radius.paths.len(), radius.paths_cut), (PATHS_MAX, true));
    assert_eq!(radius.suppliers.len(), 1 + 12 * 3);
    assert!(radius.paths.windows(2).all(|two| two[0].links.len() <= two[1].links.len()), "the shortest first");
}

#[test]
fn tiers_and_everybody_in_a_filing_are_touched() {
    let mut script = Script::with_agent("tos-1");
    let mut entrusted = plan("plan-1", "tos").entrustment().build();
    entrusted.contractors = ["prime", "second", "third"].map(id).into();
    let tier = |who: &str, parent: Option<&str>| {
        serde_json::from_value(match parent {
            Some(parent) => json!({ "supplier_id": who, "parent": parent }),
            None => json!({ "supplier_id": who }),
        })
        .unwrap()
    };
    entrusted.contractor_tiers =
        vec![tier("third", Some("second")), tier("prime", None), tier("second", Some("prime"))];
    entrusted.filing.equipment_supplier = Some(id("maker"));
    script.plan_as(entrusted);
    let roles = |who: &str| {
        let radius = script.model.radius(&Centre::Supplier(id(who)), day("2026-11-21"));
        radius.declared.into_iter().map(|touch| touch.role).collect::<Vec<_>>()
    };
    let contractor = |above: &[&str], below: &[&str]| Role::Contractor {
        above: above.iter().copied().map(id).collect(),
        below: below.iter().copied().map(id).collect(),
    };
    assert_eq!(roles("prime"), [contractor(&[], &["second", "third"])]);
    assert_eq!(roles("third"), [contractor(&["prime", "second"], &[])]);
    assert_eq!(roles("maker"), [Role::EquipmentSupplier]);
}
