//! What is known about firmware becomes findings of devices: when a pack or a reading comes, when a day passes, and not for want of data.

use crate::model::rows::Severity;
use crate::model::testing::{Script, plan, reading, tunnel};
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
    script.dpkg(daicho_schemas::batch::Outcome::Complete, &[]);
    assert_eq!(script.open(ENDED), ["gw 14.01.42"]);
    let device = script.model.device_detail(&"gw".to_string().try_into().unwrap(), script.today()).unwrap();
    let updated = device.row.questions.iter().find(|own| own.key == "vpn_updated").unwrap();
    assert_eq!(updated.answered.answer, Answer::No, "{:?}", updated.answered.because);
    script.assert_replay_is_idempotent();
}
