//! A path without a contract that runs: missing, named, over by a statement, extended, removed, national.

use crate::model::testing::{Script, plan, reading, supplier, tunnel};
use serde_json::json;

const RULE: &str = "remote_path_without_contract";

fn gateway() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
    script
}

fn entrusted(script: &mut Script, through: &str) {
    let dates = json!({ "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "entrusted_from": "2026-03-01",
        "entrusted_through": through });
    script.plan(plan("plan-2", "tos").entrustment().contractor("vendor").dates(dates));
}

#[test]
fn a_record_without_a_contract_fires_and_asks_about_the_law() {
    let mut script = gateway();
    script.path("caterer", ("gw", "tunnel 1"), json!({}));
    assert_eq!(script.open(RULE), ["caterer"]);
    assert_eq!(script.open_rows(RULE)[0].duty_ids.len(), 1);
    script.path("caterer", ("gw", "tunnel 1"), json!({ "removed_on": "2026-11-21" }));
    assert_eq!(script.open(RULE), Vec::<String>::new());
}

#[test]
fn a_path_to_a_national_network_needs_none() {
    let mut script = gateway();
    script.path("eligibility", ("gw", "tunnel 1"), json!({ "national_network": "online_eligibility" }));
    assert_eq!(script.open(RULE), Vec::<String>::new());
}

#[test]
fn a_contract_ends_by_a_statement_and_runs_on_when_it_is_extended() {
    let mut script = gateway();
    entrusted(&mut script, "2026-11-30");
    script.path("caterer", ("gw", "tunnel 1"), json!({ "contract": "plan-2" }));
    assert_eq!(script.open(RULE), Vec::<String>::new());
    script.on("2026-12-01");
    assert_eq!(script.open(RULE), Vec::<String>::new(), "no day ends by itself");
    script.days_ended();
    assert_eq!(script.open(RULE), ["caterer"]);
    assert!(script.model.remote_days_ended("2026-12-01".parse().unwrap(), 10).plan_ids.is_empty(), "stated once");
    entrusted(&mut script, "2027-11-30");
    assert_eq!(script.open(RULE), Vec::<String>::new());
    script.assert_replay_is_idempotent();
}

#[test]
fn a_declared_path_is_judged_until_a_record_says_more() {
    let mut script = gateway();
    script.plan(plan("plan-1", "tos").host("tos-1").way_in("gw", "tunnel 1"));
    assert_eq!(script.open(RULE), ["gw"]);
    assert!(script.open_rows(RULE)[0].duty_ids.is_empty(), "a plan declares it");
    entrusted(&mut script, "2027-11-30");
    assert_eq!(script.open(RULE), Vec::<String>::new(), "the vendor's entrustment runs");
    script.path("caterer", ("gw", "tunnel 1"), json!({}));
    assert_eq!(script.open(RULE), ["caterer"]);
    assert!(script.open_rows(RULE)[0].duty_ids.is_empty(), "it is declared all the same");
}

/// A contract may be written for another equipment than the one to which the path leads.
#[test]
fn a_contract_of_another_equipment_ends_and_runs_on_for_the_path_too() {
    let mut script = gateway();
    let extended = |script: &mut Script, through: &str| {
        let dates = json!({ "submitted_on": "2026-01-05", "entrusted_through": through });
        script.plan(plan("plan-2", "gate").entrustment().contractor("vendor").dates(dates));
    };
    extended(&mut script, "2026-11-30");
    script.path("caterer", ("gw", "tunnel 1"), json!({ "contract": "plan-2", "equipment_id": "tos" }));
    script.on("2026-12-01");
    script.days_ended();
    assert_eq!(script.open(RULE), ["caterer"]);
    extended(&mut script, "2027-11-30");
    assert_eq!(script.open(RULE), Vec::<String>::new());
}
