//! The sheet of lines: unknown without a list, and where each line stands.

use super::*;
use crate::model::testing::{Script, circuit, plan};
use serde_json::json;

#[test]
fn without_a_list_it_is_unknown_and_with_one_every_line_says_where_it_stands() {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    let sheet = script.model.circuit_sheet(&CircuitQuery::default());
    assert_eq!((sheet.lists.len(), sheet.uplinks_in_none), (0, None));
    let old = circuit("old", "mobile", json!({}));
    script.circuits(&[old], json!({}));
    let rows = [
        circuit("a", "internet", json!({ "equipment": "tos" })),
        circuit("b", "internet", json!({ "device": "tos-1" })),
        circuit("c", "internet", json!({ "starts_on": "2027-04-01" })),
        circuit("d", "internet", json!({ "ends_on": "2026-11-01" })),
    ];
    script.circuits(&rows, json!({}));
    let sheet = script.model.circuit_sheet(&CircuitQuery::default());
    let stands: Vec<(&str, CircuitStand)> =
        sheet.circuits.iter().map(|row| (row.said.circuit.key.as_str(), row.stand)).collect();
    use CircuitStand::{Ended, Explained, Missing, ToCome, Unexplained};
    assert_eq!(stands, [("a", Unexplained), ("old", Missing), ("b", Explained), ("c", ToCome), ("d", Ended)]);
    assert_eq!((sheet.total, sheet.unexplained, sheet.missing), (5, 1, 1));
    assert_eq!(sheet.circuits[0].findings.len(), 1);
    let changed = &sheet.lists[0].changed;
    assert_eq!((changed.came.total, changed.missing.keys.as_slice()), (4, ["old".to_string()].as_slice()));
    assert_eq!(sheet.uplinks_in_none, Some(Vec::new()));
    let of = CircuitQuery { equipment_id: Some(EquipmentId::new("tos").unwrap()), stand: None };
    assert_eq!(script.model.circuit_sheet(&of).total, 1);
}
