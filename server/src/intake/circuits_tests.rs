//! What may enter of lists of lines: whole editions in one spelling, nothing older, and words about lines that are there.

use super::*;
use crate::model::testing::{Script, circuit, reading};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn edition(more: Value) -> CircuitLedgerRead {
    let mut all = json!({ "circuit_ledger_id": "circuits", "source": "lines.xlsx", "as_of": "2026-11-20",
        "sha256": "00".repeat(32), "bytes": 10, "circuits": [circuit("L-1", "internet", json!({}))] });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[test]
fn an_edition_enters_whole_and_never_an_older_one() {
    let mut script = Script::with_agent("tos-1");
    let by = script.person("aoi", Role::Operator);
    let today = "2026-11-21".parse().unwrap();
    let asked = |script: &Script, more: Value| read(&script.model, &by, &edition(more), today);
    assert_eq!(asked(&script, json!({})).ok(), Some(true));
    let row = |more: Value| json!([circuit("L-1", "internet", more)]);
    for (more, field) in [
        (json!({ "as_of": "2026-11-22" }), "as_of"),
        (json!({ "sha256": "00" }), "sha256"),
        (json!({ "circuits": [] }), "circuits"),
        (json!({ "circuits": row(json!({ "key": " " })) }), "circuits[0].key"),
        (json!({ "circuits": row(json!({ "device": "a\nb" })) }), "circuits[0].device"),
        (json!({ "circuits": row(json!({ "purpose": "x".repeat(300) })) }), "circuits[0].purpose"),
        (json!({ "circuits": row(json!({ "segment": "192.0.2.1/24" })) }), "circuits[0].segment"),
        (
            json!({ "circuits": row(json!({ "starts_on": "2026-04-01", "ends_on": "2026-03-01" })) }),
            "circuits[0].ends_on",
        ),
        (json!({ "circuits": [circuit("b", "other", json!({})), circuit("a", "other", json!({}))] }), "circuits: they"),
        (json!({ "note": "x".repeat(5000) }), "note"),
    ] {
        let refused = asked(&script, more).unwrap_err();
        assert!(refused.detail.starts_with(field), "{field}: {refused:?}");
    }
    script.push(by.clone(), Fact::CircuitLedgerRead(edition(json!({}))));
    assert_eq!(asked(&script, json!({})).ok(), Some(false), "it says nothing new");
    assert_eq!(
        asked(&script, json!({ "as_of": "2026-11-21" })).ok(),
        Some(true),
        "the same of another day is an edition"
    );
    assert!(asked(&script, json!({ "as_of": "2026-11-19" })).unwrap_err().detail.contains("older"));
    let nobody = script.person("eye", Role::Auditor);
    assert_eq!(read(&script.model, &nobody, &edition(json!({})), today).unwrap_err().code, RefusalCode::NotAllowed);
}

#[test]
fn what_is_said_of_a_line_is_of_one_that_is_there() {
    let mut script = Script::with_agent("tos-1");
    let by = script.person("aoi", Role::Operator);
    let today = "2026-11-21".parse().unwrap();
    let said = |key: &str, is: Value| -> CircuitSettled {
        let all = json!({ "circuit_ledger_id": "circuits", "key": key, "is": is, "on": "2026-11-20" });
        serde_json::from_value(all).unwrap()
    };
    let asked = |script: &Script, key: &str, is: Value| settled(&script.model, &by, &said(key, is), today);
    assert_eq!(asked(&script, "L-1", json!({ "other": "FAX" })).unwrap_err().code, RefusalCode::NotFound);
    script.push(by.clone(), Fact::CircuitLedgerRead(edition(json!({}))));
    assert_eq!(asked(&script, "L-1", json!({ "other": "FAX" })).ok(), Some(true));
    assert_eq!(asked(&script, "L-1", Value::Null).ok(), Some(false), "nothing was said");
    assert!(asked(&script, "L-1", json!({ "other": " " })).is_err());
    assert!(asked(&script, "L-1", json!({ "ended": "2026-11-21" })).unwrap_err().detail.starts_with("is.ended"));
    assert_eq!(asked(&script, "L-1", json!({ "device": "gw" })).unwrap_err().code, RefusalCode::NotFound);
    script.device("gw", &reading("S1", &[]), json!({}));
    assert_eq!(asked(&script, "L-1", json!({ "device": "gw" })).ok(), Some(true));
    script.push(by.clone(), Fact::CircuitSettled(said("L-1", json!({ "device": "gw" }))));
    assert_eq!(asked(&script, "L-1", json!({ "device": "gw" })).ok(), Some(false));
    assert_eq!(asked(&script, "L-1", Value::Null).ok(), Some(true));
}
