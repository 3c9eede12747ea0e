//! The list of computers over a scripted ledger: nothing declared is passed over, what is new beside a decision is said.

use super::*;
use crate::model::testing::{Script, interface, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::observation::InterfaceKind;
use serde_json::json;

#[test]
fn what_nobody_decided_comes_first_and_a_new_product_beside_a_decision_is_said() {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    let declared = plan("plan-1", "tos").host("tos-1").host("tos-2").part("suite", "application", "debian");
    script.plan(declared.clone());
    script.os_named("debian", "tos-1");
    for (host, kind) in [("vpn-1", InterfaceKind::Wireguard), ("office-1", InterfaceKind::Ethernet)] {
        script.enrol(host);
        script.os_named("debian", host);
        script.interfaces(Outcome::Complete, &[interface("if0", kind)]);
    }
    let tos = EquipmentId::new("tos").unwrap();
    let told = |script: &Script| -> Vec<(String, bool, Vec<String>)> {
        let rows = script.model.computers_of(&tos).unwrap().rows;
        rows.into_iter().map(|row| (row.name, row.decided.is_some(), row.unlisted)).collect()
    };
    let names: Vec<String> = told(&script).into_iter().map(|row| row.0).collect();
    assert_eq!(names, ["tos-1", "tos-2", "vpn-1"], "the office host shows nothing that speaks for it");
    assert_eq!(script.model.computers_undecided(), 2);
    let by = script.person("aoi", Role::Compliance);
    let judged = json!({ "equipment_id": "tos", "computers": [{ "name": "TOS-1" }, { "name": "switch-1" }], "in_scope": true,
        "scope_id": "router", "products": [{ "unit_id": "installed-software", "product": "part suite", "maker": "M" }] });
    script.push(by, Fact::ComputerJudged(serde_json::from_value(judged).unwrap()));
    assert_eq!(script.model.computers_undecided(), 1);
    let after = told(&script);
    let row = |name: &str| after.iter().find(|row| row.0 == name).unwrap().clone();
    assert_eq!(after[0].0, "tos-2", "undecided first: {after:?}");
    assert_eq!(row("tos-1").2, ["debian system"], "the host shows a system that the decision does not name");
    assert!(row("switch-1").1, "a device that no agent sees stays in the list");
    script.plan(declared.part("new", "application", "debian").host("tos-3"));
    assert_eq!(told(&script).iter().find(|row| row.0 == "tos-1").unwrap().2, ["debian system", "part new"]);
    assert_eq!(script.model.computers_undecided(), 2, "a new host of the plan is undecided");
}
