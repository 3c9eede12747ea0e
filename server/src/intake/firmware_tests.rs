//! What may come in about firmware and what is refused, with the field that is named.

use super::*;
use crate::model::testing::Script;
use daicho_schemas::fact::Fact;
use serde_json::{Value, json};

fn pack(more: Value) -> FirmwarePack {
    let mut all = json!({ "format": FIRMWARE_PACK_FORMAT, "pack_id": "own", "source": "test", "as_of": "2026-11-20",
        "confidence": "stated", "advisories": [{ "id": "CVE-2026-0001", "vendor": "Fortinet", "product": "fortios",
        "affected": [{ "from": "7.4.0", "before": "7.4.3" }], "fixed": ["7.4.3"] }] });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[test]
fn a_wrong_field_is_named_and_a_pack_enters_once() {
    let mut script = Script::with_agent("tos-1");
    let sec = script.person("sec", Role::Security);
    let today = "2026-11-21".parse().unwrap();
    let of = |advisory: Value| json!({ "advisories": [advisory] });
    let asa = |more: Value| {
        let mut all = json!({ "id": "x", "vendor": "Cisco", "product": "cisco_asa" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of(all)
    };
    let end = |more: Value| json!({ "end_of_life": [more] });
    for (more, names) in [
        (json!({ "format": "daicho.firmware_pack.v2" }), "format"),
        (json!({ "pack_id": "Own Pack" }), "pack_id"),
        (json!({ "as_of": "2026-11-22" }), "as_of: 2026-11-22 is after today"),
        (json!({ "source": " " }), "source"),
        (json!({ "link": "javascript:alert(1)" }), "link: it begins with https://"),
        (json!({ "advisories": [] }), "nothing is in it"),
        (asa(json!({ "fixed": ["9.12(4"] })), "advisories[0].fixed: '9.12(4' is no version of cisco_asa"),
        (asa(json!({ "affected": [{ "before": "9.13", "through": "9.12" }] })), "before or through"),
        (of(json!({ "id": "x", "vendor": "Own", "product": "own_box", "fixed": ["1.2"] })), "name its models"),
        (
            end(json!({ "vendor": "Yamaha", "product": "yamaha_rt", "ends_on": "2027-01-01" })),
            "give a branch, or models",
        ),
        (end(json!({ "vendor": "Yamaha", "product": "yamaha_rt", "models": ["RTX1200"] })), "give ends_on, or ended"),
    ] {
        let refusal = known(&script.model, &sec, &pack(more), today).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::FirmwarePackWrong, "{}", refusal.detail);
        assert!(refusal.detail.contains(names), "{:?} should name {names:?}", refusal.detail);
    }
    let auditor = script.person("aud", Role::Auditor);
    assert_eq!(known(&script.model, &auditor, &pack(json!({})), today).unwrap_err().code, RefusalCode::NotAllowed);
    assert!(known(&script.model, &sec, &pack(json!({})), today).unwrap());
    script.push(sec.clone(), Fact::FirmwareKnowledge(pack(json!({}))));
    assert!(!known(&script.model, &sec, &pack(json!({})), today).unwrap(), "the same again is nothing new");
    let older = pack(json!({ "as_of": "2026-11-19" }));
    assert_eq!(known(&script.model, &sec, &older, today).unwrap_err().code, RefusalCode::FirmwarePackOlder);
    let newer = pack(json!({ "as_of": "2026-11-21" }));
    assert!(known(&script.model, &sec, &newer, today).unwrap());
    script.push(sec, Fact::FirmwareKnowledge(newer));
    assert_eq!(script.model.firmware_pack("own").unwrap().versions, 2);
    script.assert_replay_is_idempotent();
}

#[test]
fn a_file_that_is_no_pack_says_where() {
    let refusal = parse_pack(br#"{"format":"daicho.firmware_pack.v1","advisories":[{"id":1}]}"#).unwrap_err();
    assert!(refusal.detail.starts_with("advisories[0].id"), "{}", refusal.detail);
    assert!(parse_pack(b"\xff").is_err() && parse_pack(b"{} {}").is_err());
}
