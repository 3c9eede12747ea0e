//! What may be said of a device, and what is refused with its field.

use super::*;
use crate::model::testing::{Script, plan, reading, supplier, tunnel};
use daicho_schemas::fact::device::{DeviceReading, GAPS_MAX};
use serde_json::{Value, json};

fn said(reading: &DeviceReading, more: Value) -> DeviceRead {
    let mut all = json!({ "device_id": "gw", "equipment_id": "tos", "taken_on": "2026-11-21", "reading": reading });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn terminal() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1"));
    let aoi = script.person("aoi", Role::Security);
    (script, aoi)
}

#[test]
fn a_reading_that_cannot_be_is_refused_with_its_field() {
    let (mut script, aoi) = terminal();
    let today = "2026-11-21".parse().unwrap();
    let own = reading("S1", &[tunnel("a")]);
    let mut twice = reading("S1", &[tunnel("a"), tunnel("a")]);
    twice.identity.name = Some("x".into());
    let mut hash = own.clone();
    hash.source.sha256 = "ABC".into();
    let mut control = own.clone();
    control.identity.name = Some("a\u{1b}[2J".into());
    let mut many = own.clone();
    many.gaps = vec![
        serde_json::from_value(json!({ "sort": "cut_off", "text": { "ja": "", "en": "" } })).unwrap();
        GAPS_MAX + 1
    ];
    let cases = [
        (said(&own, json!({ "device_id": "seen-1" })), RefusalCode::DeviceWrong, "device_id"),
        (said(&own, json!({ "equipment_id": "none" })), RefusalCode::NotFound, "equipment_id: none"),
        (said(&own, json!({ "owner": { "supplier": "none" } })), RefusalCode::SupplierUnknown, "owner: none"),
        (said(&own, json!({ "taken_on": "2026-11-22" })), RefusalCode::DeviceWrong, "taken_on"),
        (said(&own, json!({ "place": "a\nb" })), RefusalCode::DeviceWrong, "place"),
        (said(&twice, json!({})), RefusalCode::DeviceWrong, "reading.ways_in"),
        (said(&hash, json!({})), RefusalCode::DeviceWrong, "reading.source.sha256"),
        (said(&control, json!({})), RefusalCode::DeviceWrong, "reading.identity"),
        (said(&many, json!({})), RefusalCode::DeviceWrong, "reading.gaps"),
    ];
    for (said, code, field) in cases {
        let refusal = read(&script.model, &aoi, &said, today).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.detail.starts_with(field), "{} / {field}", refusal.detail);
    }
    let auditor = script.person("ren", Role::Auditor);
    assert_eq!(read(&script.model, &auditor, &said(&own, json!({})), today).unwrap_err().code, RefusalCode::NotAllowed);
}

#[test]
fn one_box_is_one_device_and_the_same_file_says_nothing_new() {
    let (mut script, aoi) = terminal();
    let today = "2026-11-21".parse().unwrap();
    let own = said(&reading("S1", &[tunnel("a")]), json!({}));
    assert!(read(&script.model, &aoi, &own, today).unwrap());
    script.push(aoi.clone(), daicho_schemas::fact::Fact::DeviceRead(own.clone()));
    assert!(!read(&script.model, &aoi, &own, today).unwrap());
    let elsewhere = DeviceRead { place: "別館".into(), ..own.clone() };
    assert!(read(&script.model, &aoi, &elsewhere, today).unwrap());
    let other = said(&reading("s1", &[]), json!({ "device_id": "gw-2" }));
    let refusal = read(&script.model, &aoi, &other, today).unwrap_err();
    assert!(refusal.detail.contains("is the device 'gw'"), "{}", refusal.detail);
}
