//! Lines that nothing explains, and lines that left their list.

use crate::model::rows::Severity;
use crate::model::testing::{Script, circuit, plan, reading, supplier, tunnel};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use serde_json::{Value, json};

const RULE: &str = "circuit_unexplained";
const MISSING: &str = "circuit_missing";

fn line(key: &str, more: Value) -> Value {
    circuit(key, "internet", more)
}

fn standing() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.supplier(supplier("vendor"));
    script
}

fn place(value: &str) -> Observation {
    serde_json::from_value(json!({ "kind": "network_place.v1", "part": "address", "value": value })).unwrap()
}

#[test]
fn each_thing_that_shows_its_end_explains_a_line_and_nothing_else_does() {
    let mut script = standing();
    let rows = [
        line("by-device", json!({ "device": "GW" })),
        line("by-host", json!({ "device": "tos-1" })),
        line("by-contract", json!({ "contract": "plan-2" })),
        line("by-segment", json!({ "segment": "192.0.2.0/24" })),
        line("by-path", json!({ "device": "vendor-pc" })),
        line("by-nobody", json!({ "device": "unknown-box", "contract": "口頭", "segment": "198.51.100.0/24" })),
    ];
    script.circuits(&rows, json!({}));
    let left = |script: &Script| {
        let mut open = script.open(RULE);
        open.sort();
        open.iter().map(|name| name.trim_start_matches("circuits ").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(left(&script), ["by-contract", "by-device", "by-nobody", "by-path", "by-segment"]);
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
    assert_eq!(left(&script), ["by-contract", "by-nobody", "by-path", "by-segment"]);
    script.report("network_place", Outcome::Complete, vec![place("192.0.2.130/25")]);
    assert_eq!(left(&script), ["by-contract", "by-nobody", "by-path"], "a part of the network is observed");
    script.plan(plan("plan-2", "tos").entrustment().contractor("vendor").draft());
    assert_eq!(left(&script).len(), 3, "a draft is no contract");
    script.plan(plan("plan-2", "tos").entrustment().contractor("vendor"));
    assert_eq!(left(&script), ["by-nobody", "by-path"]);
    script.software_path("p", ("Vendor-PC", "ExampleDesk"), json!({}));
    assert_eq!(left(&script), ["by-nobody"]);
    script.report("network_place", Outcome::Complete, vec![]);
    script.software_path("p", ("Vendor-PC", "ExampleDesk"), json!({ "removed_on": "2026-11-21" }));
    assert_eq!(left(&script), ["by-nobody", "by-path", "by-segment"], "what explained it is there no more");
    script.assert_replay_is_idempotent();
}

#[test]
fn a_line_that_a_vendor_uses_or_that_serves_an_equipment_weighs_more_and_says_whom_to_ask() {
    let mut script = standing();
    let rows = [
        line("a", json!({})),
        line("b", json!({ "used_by": "vendor（供給者）", "device": "their-box" })),
        line("c", json!({ "equipment": "tos" })),
    ];
    script.circuits(&rows, json!({}));
    let rows = script.open_rows(RULE);
    let of = |key: &str| rows.iter().find(|row| row.components == [format!("circuits {key}")]).unwrap();
    assert_eq!((of("a").severity, of("a").equipment_id.is_none()), (Severity::Notice, true));
    assert_eq!(of("b").severity, Severity::Warning);
    assert!(
        of("b").next.ja.contains("their-box") && of("b").next.ja.contains("vendor（供給者）"),
        "{}",
        of("b").next.ja
    );
    assert_eq!(of("c").equipment_id.as_ref().unwrap().as_str(), "tos");
    assert!(of("c").duty_ids.is_empty());
}

#[test]
fn a_person_says_what_a_line_is_and_takes_it_back() {
    let mut script = standing();
    script.circuits(&[line("fax", json!({}))], json!({}));
    script.settle("fax", json!({ "other": "FAX" }));
    assert!(script.open(RULE).is_empty());
    script.settle("fax", Value::Null);
    assert_eq!(script.open(RULE).len(), 1);
    script.settle("fax", json!({ "ended": "2026-11-20" }));
    assert!(script.open(RULE).is_empty());
    script.later(1);
    script.circuits(&[line("fax", json!({}))], json!({}));
    assert_eq!(script.open(RULE).len(), 1, "a later edition holds it still");
    script.assert_replay_is_idempotent();
}

#[test]
fn what_left_the_list_is_a_question_until_somebody_says_that_it_ended() {
    let mut script = standing();
    let (old, kept) = (line("old", json!({ "device": "tos-1" })), line("kept", json!({ "device": "tos-1" })));
    script.circuits(&[old.clone(), kept.clone()], json!({}));
    script.circuits(std::slice::from_ref(&kept), json!({ "left_out": 1 }));
    assert!(script.open(MISSING).is_empty(), "it may stand in the row that could not be read");
    script.circuits(std::slice::from_ref(&kept), json!({}));
    assert_eq!(script.open(MISSING), ["circuits old"]);
    script.circuits(std::slice::from_ref(&kept), json!({}));
    assert_eq!(script.open(MISSING).len(), 1, "it is asked once, and stays");
    script.circuits(&[old, kept.clone()], json!({}));
    assert!(script.open(MISSING).is_empty(), "it is in the list again");
    script.circuits(std::slice::from_ref(&kept), json!({}));
    script.settle("old", json!({ "ended": "2026-11-20" }));
    assert!(script.open(MISSING).is_empty());
    script.circuits(&[kept.clone(), line("over", json!({ "ends_on": "2026-11-21" }))], json!({}));
    script.circuits(&[kept], json!({}));
    assert!(script.open(MISSING).is_empty(), "its list said that it ended");
    assert!(script.open(RULE).is_empty());
    script.assert_replay_is_idempotent();
}
