//! What may enter of networks: whole tables in one spelling, nothing older, and names of what is there.

use super::*;
use crate::model::testing::{Script, reading};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn read(more: Value) -> NetworkTableRead {
    let mut all = json!({ "table_id": "sw1", "sort": "arp", "format": "cisco_ios_arp", "taken_on": "2026-11-20",
        "sha256": "00".repeat(32), "bytes": 10, "rows": [{ "mac": "00:a0:de:00:53:01", "address": "192.0.2.1" }] });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[test]
fn a_table_enters_whole_in_one_spelling_and_never_an_older_one() {
    let mut script = Script::with_agent("tos-1");
    let by = script.person("aoi", Role::Operator);
    let today = "2026-11-21".parse().unwrap();
    let asked = |script: &Script, more: Value| table(&script.model, &by, &read(more), today);
    assert_eq!(asked(&script, json!({})).ok(), Some(true));
    let row = |mac: &str| json!({ "mac": mac });
    for (more, field) in [
        (json!({ "taken_on": "2026-11-22" }), "taken_on"),
        (json!({ "sha256": "00" }), "sha256"),
        (json!({ "segment": "192.0.2.1/24" }), "segment"),
        (json!({ "segment": "0.0.0.0/0" }), "segment"),
        (json!({ "rows": [] }), "rows"),
        (json!({ "rows": [row("00A0.DE00.5301")] }), "rows[0].mac"),
        (json!({ "rows": [row("ff:ff:ff:ff:ff:ff")] }), "rows[0].mac"),
        (json!({ "rows": [row("00:a0:de:00:53:02"), row("00:a0:de:00:53:01")] }), "rows: they are to be sorted"),
        (json!({ "rows": [{ "mac": "00:a0:de:00:53:01", "address": "192.0.2" }] }), "rows[0].address"),
        (json!({ "rows": [{ "mac": "00:a0:de:00:53:01", "port": "a\nb" }] }), "rows[0].port"),
        (json!({ "note": "x".repeat(5000) }), "note"),
    ] {
        let refused = asked(&script, more).unwrap_err();
        assert!(refused.detail.starts_with(field), "{field}: {refused:?}");
    }
    script.push(by.clone(), Fact::NetworkTableRead(read(json!({}))));
    assert_eq!(asked(&script, json!({})).ok(), Some(false), "it says nothing new");
    assert!(asked(&script, json!({ "taken_on": "2026-11-19" })).unwrap_err().detail.contains("older"));
    let nobody = script.person("eye", Role::Auditor);
    assert_eq!(table(&script.model, &nobody, &read(json!({})), today).unwrap_err().code, RefusalCode::NotAllowed);
}

#[test]
fn a_name_of_a_hardware_address_is_of_something_that_is_there_and_can_be_taken_back() {
    let mut script = Script::with_agent("tos-1");
    let by = script.person("aoi", Role::Operator);
    let said = |is: Value| -> NeighbourNamed {
        serde_json::from_value(json!({ "mac": "00:a0:de:00:53:01", "is": is, "on": "2026-11-20" })).unwrap()
    };
    let today = "2026-11-21".parse().unwrap();
    let device = json!({ "device": "gw" });
    assert_eq!(named(&script.model, &by, &said(device.clone()), today).unwrap_err().code, RefusalCode::NotFound);
    script.device("gw", &reading("S1", &[]), json!({}));
    assert_eq!(named(&script.model, &by, &said(device.clone()), today).ok(), Some(true));
    assert_eq!(named(&script.model, &by, &said(Value::Null), today).ok(), Some(false), "nothing was said");
    assert!(named(&script.model, &by, &said(json!({ "other": " " })), today).is_err());
    script.push(by.clone(), Fact::NeighbourNamed(said(device.clone())));
    assert_eq!(named(&script.model, &by, &said(device), today).ok(), Some(false));
    assert_eq!(named(&script.model, &by, &said(Value::Null), today).ok(), Some(true));
}
