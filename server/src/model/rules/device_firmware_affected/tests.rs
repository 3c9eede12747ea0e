//! What is known about firmware becomes findings of devices: when a pack or a reading comes, when a day passes, and not for want of data.

use crate::model::rows::Severity;
use crate::model::testing::{Script, plan, probed, reading, tunnel};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::device::{Answer, DeviceReading};
use serde_json::{Value, json};

const AFFECTED: &str = "device_firmware_affected";
const ENDED: &str = "device_firmware_end_of_life";

fn box_of(version: &str) -> DeviceReading {
    let mut own = reading("S1", &[tunnel("tunnel 1")]);
    own.identity.firmware[0].version = version.into();
    own.identity.firmware[0].running = Answer::Yes;
    own
}

fn gateway(version: &str) -> Script {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.device("gw", &box_of(version), json!({}));
    script
}

fn known(script: &mut Script, as_of: &str, more: Value) {
    let sec = script.person("sec", Role::Security);
    let mut all = json!({ "format": "daicho.firmware_pack.v1", "pack_id": "yamaha", "source": "Example", "as_of": as_of,
        "confidence": "official" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    script.push(sec, Fact::FirmwareKnowledge(serde_json::from_value(all).unwrap()));
}

fn advisory(more: Value) -> Value {
    let mut all = json!({ "id": "CVE-2099-0001", "vendor": "Yamaha", "product": "yamaha_rt",
        "affected": [{ "branch": "14.01", "before": "14.01.43" }], "fixed": ["14.01.43"] });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "advisories": [all] })
}

#[test]
fn a_pack_that_comes_later_finds_the_device_and_a_fixed_version_closes_it() {
    let mut script = gateway("14.01.42");
    assert_eq!(script.open(AFFECTED), Vec::<String>::new(), "nothing known is no finding");
    known(&mut script, "2026-11-20", advisory(json!({})));
    assert_eq!(script.open(AFFECTED), ["14.01.42 CVE-2099-0001"]);
    let row = script.open_rows(AFFECTED).remove(0);
    assert_eq!((row.severity, row.duty_ids.len()), (Severity::Warning, 0));
    assert!(row.why.en.contains("fixed in 14.01.43") && row.why.en.contains("Example (2026-11-20)"), "{}", row.why.en);
    known(&mut script, "2026-11-21", advisory(json!({ "kev_added": "2026-11-21" })));
    assert_eq!(script.open_rows(AFFECTED).remove(0).severity, Severity::Critical);
    script.device("gw", &box_of("14.01.43"), json!({}));
    assert_eq!(script.open(AFFECTED), Vec::<String>::new());
    script.assert_replay_is_idempotent();
}

#[test]
fn a_bank_that_is_not_known_to_run_is_judged_with_an_if_and_another_model_is_not() {
    let mut script = gateway("14.01.43");
    known(&mut script, "2026-11-20", advisory(json!({})));
    let mut unknown = box_of("14.01.42");
    unknown.identity.firmware[0].running = Answer::Unknown;
    script.device("gw", &unknown, json!({}));
    let row = script.open_rows(AFFECTED).remove(0);
    assert!(row.why.en.starts_with("if 14.01.42 is the one that runs"), "{}", row.why.en);
    script.device("gw", &box_of("23.00.05"), json!({}));
    assert_eq!(script.open(AFFECTED), Vec::<String>::new(), "another model's branch is not compared");
}

#[test]
fn support_ends_when_an_entry_of_a_later_day_is_there() {
    let mut script = gateway("14.01.42");
    let end = json!({ "end_of_life": [{ "vendor": "Yamaha", "product": "yamaha_rt", "branch": "14.01", "ends_on": "2026-11-23" }] });
    known(&mut script, "2026-11-20", end);
    script.on("2026-11-23");
    script.os("debian");
    assert_eq!(script.open(ENDED), Vec::<String>::new());
    script.on("2026-11-24");
    script.os("debian");
    script.dpkg(Outcome::Complete, &[]);
    assert_eq!(script.open(ENDED), ["gw 14.01.42"]);
    let device = script.model.device_detail(&"gw".to_string().try_into().unwrap(), script.today()).unwrap();
    let updated = device.row.questions.iter().find(|own| own.key == "vpn_updated").unwrap();
    assert_eq!(updated.answered.answer, Answer::No, "{:?}", updated.answered.because);
    script.assert_replay_is_idempotent();
}

/// The survey's question whether a VPN device is updated, as of a day.
fn updated(script: &Script, on: &str) -> Answer {
    let id = "gw".to_string().try_into().unwrap();
    let device = script.model.device_detail(&id, on.parse().unwrap()).unwrap();
    device.row.questions.iter().find(|own| own.key == "vpn_updated").unwrap().answered.answer
}

#[test]
fn updated_is_yes_only_of_the_version_that_runs_and_of_data_that_is_not_old() {
    let mut script = gateway("14.01.43");
    assert_eq!(updated(&script, "2026-11-21"), Answer::Unknown, "nothing is known yet");
    known(&mut script, "2026-11-20", advisory(json!({ "models": ["RTX1210"] })));
    assert_eq!(updated(&script, "2026-11-21"), Answer::Yes);
    assert_eq!(updated(&script, "2027-01-31"), Answer::Unknown, "what it rests on is old by then");
    let answered = |on: &str| {
        let serial = json!({ "value": "S1", "rung": "snmp_get" });
        vec![probed("192.0.2.1", json!({ "serial": serial, "asked_on": on }))]
    };
    script.report("devices_probed", Outcome::Complete, answered("2026-11-01"));
    assert_eq!(updated(&script, "2026-11-21"), Answer::Yes, "an older answer named the older version");
    script.report("devices_probed", Outcome::Complete, answered("2026-11-22"));
    assert_eq!(updated(&script, "2026-11-22"), Answer::Unknown, "a newer answer names another version");
    let mut unsure = box_of("14.01.43");
    unsure.identity.firmware[0].running = Answer::Unknown;
    script.later(2);
    script.device("gw", &unsure, json!({}));
    assert_eq!(updated(&script, "2026-11-23"), Answer::Unknown, "the file does not say that this bank runs");
}
