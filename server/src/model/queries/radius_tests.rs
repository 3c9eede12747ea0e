//! Tests of the blast radius on scripted ledgers.
//! They do not test pages or the interface.
//! Invariant: every kind of centre, every role, and what cannot be decided.

use super::*;
use crate::model::testing::{Script, package, plan, supplier};
use daicho_schemas::batch::Outcome;

fn id(word: &str) -> SupplierId {
    SupplierId::new(word).unwrap()
}

fn day() -> CalendarDate {
    "2026-11-21".parse().unwrap()
}

fn country(code: &str) -> Centre {
    Centre::Country(code.to_string().try_into().unwrap())
}

/// Two equipment: a filed plan with a part and a way in of `vendor`, a draft that names it as contractor, and what an agent saw.
fn terminal() -> Script {
    let mut script = Script::with_agent("tos-1");
    let mut vendor = supplier("vendor");
    vendor.country_of_law = Some("JP".to_string().try_into().unwrap());
    vendor.address_country = Some("US".to_string().try_into().unwrap());
    script.supplier(vendor);
    script.supplier(supplier("debian"));
    let filed = plan("plan-1", "tos").host("tos-1").part_covering("app", "application", "vendor", &["tool"]);
    script.plan(filed.part("os", "operating_system", "debian").remote_path("tos-1", "wg0"));
    let mut draft = plan("plan-2", "gate").entrustment().draft().build();
    draft.contractors = vec![id("vendor")];
    draft.equipment.place = "別の県".into();
    script.push(crate::ledger::entry::Author::Server, daicho_schemas::fact::Fact::Plan(draft));
    script.os("debian");
    let packages = [package("tool", "1", "vendor.example"), package("other", "2", "vendor.example")];
    script.dpkg(Outcome::Complete, &packages);
    script
}

#[test]
fn a_supplier_touches_parts_ways_in_contracts_and_what_agents_saw() {
    let script = terminal();
    let radius = script.model.radius(&Centre::Supplier(id("vendor")), day());
    let roles: Vec<&Role> = radius.declared.iter().map(|touch| &touch.role).collect();
    assert!(
        matches!(roles.as_slice(), [Role::Contractor { .. }, Role::Part { .. }, Role::RemotePath { .. }]),
        "{roles:?}"
    );
    let filed: Vec<bool> = radius.declared.iter().map(|touch| touch.filed).collect();
    assert_eq!(filed, [false, true, true]);
    let seen: Vec<(&str, bool, u64, u64)> = radius
        .seen
        .iter()
        .map(|seen| (seen.product.as_str(), seen.covered_by.is_some(), seen.components, seen.hosts))
        .collect();
    assert_eq!(seen, [("other", false, 1, 1), ("tool", true, 1, 1)]);
    let totals = RadiusTotals { equipment: 2, places: 2, plans: 2, declared: 3, seen: 2, hosts: 1 };
    assert_eq!(radius.totals, totals);
    // Nobody recorded who holds them.
    assert_eq!(radius.undecided.holders, [id("debian"), id("vendor")]);
}

#[test]
fn a_country_reaches_by_law_address_and_manufacture_and_says_what_is_not_recorded() {
    let mut script = terminal();
    for (code, why) in [("JP", Why::CountryOfLaw), ("US", Why::AddressCountry)] {
        let radius = script.model.radius(&country(code), day());
        assert_eq!(radius.suppliers.len(), 1);
        assert_eq!((radius.suppliers[0].supplier_id.as_str(), &radius.suppliers[0].why), ("vendor", &[why].into()));
        assert_eq!(radius.declared.len(), 3, "{code}");
        // Nobody recorded where Debian is, nor where anything was made: that is not the same as elsewhere.
        assert_eq!((radius.undecided.suppliers, radius.undecided.parts), (vec![id("debian")], 2));
    }
    assert_eq!(script.model.radius(&country("DE"), day()).totals, RadiusTotals::default());
    let mut made = plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian").build();
    made.parts[0].manufacturing_country = Some("DE".to_string().try_into().unwrap());
    script.push(crate::ledger::entry::Author::Server, daicho_schemas::fact::Fact::Plan(made));
    let radius = script.model.radius(&country("DE"), day());
    assert_eq!(radius.declared[0].why, [Why::Manufacture].into());
    assert_eq!(radius.suppliers[0].why, [Why::Manufacture].into());
    assert_eq!(radius.undecided.parts, 0);
}

#[test]
fn a_product_is_found_by_part_line_or_component() {
    let script = terminal();
    let of = |name: &str| script.model.radius(&Centre::Product(name.into()), day()).totals;
    // As a part's cover and as a line of its own.
    assert_eq!(of("TOOL"), RadiusTotals { equipment: 1, places: 1, plans: 1, declared: 1, seen: 1, hosts: 1 });
    assert_eq!(of("other"), RadiusTotals { equipment: 1, places: 1, plans: 0, declared: 0, seen: 1, hosts: 1 });
    assert_eq!(of("nothing"), RadiusTotals::default());
}

#[test]
fn a_package_inside_a_line_is_found_by_its_own_name() {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
    script.os("debian");
    let packages = [("bash", "5.2"), ("openssl", "3.0"), ("openssl-tool", "1")];
    script.dpkg(Outcome::Complete, &packages.map(|(name, version)| package(name, version, "debian.org")));
    script.enrol("elsewhere");
    script.dpkg(Outcome::Complete, &[package("openssl", "3.0", "debian.org")]);
    let radius = script.model.radius(&Centre::Product("openssl".into()), day());
    let seen: Vec<(u64, u64)> = radius.seen.iter().map(|seen| (seen.components, seen.hosts)).collect();
    // The second host is on no equipment.
    assert_eq!((seen, radius.totals.hosts), (vec![(1, 1)], 1));
}

#[test]
fn a_question_that_makes_no_sense_is_refused_in_words() {
    let ask = |about: &str, q: &str| RadiusQuery { about: about.into(), q: q.into() }.centre();
    assert_eq!(ask("country", " jp "), Ok(country("JP")));
    assert_eq!(ask("supplier", "vendor"), Ok(Centre::Supplier(id("vendor"))));
    assert_eq!(ask("product", "日本語"), Ok(Centre::Product("日本語".into())));
    let wrong = [("country", "Japan"), ("supplier", "../x"), ("product", " "), ("", "x")];
    for (about, q) in wrong {
        assert!(ask(about, q).is_err(), "{about} {q}");
    }
    assert!(ask("product", &"x".repeat(201)).is_err());
}
