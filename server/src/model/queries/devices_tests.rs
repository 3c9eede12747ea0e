//! The survey's questions about a device: a wrong yes counts worse than unknown.

use super::super::remote_paths::Evidence;
use crate::model::testing::{Script, plan, probed, reading, tunnel, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::device::{Answer, Extent, SourceSort};
use daicho_schemas::ids::DeviceId;
use serde_json::json;

fn answers(script: &Script, id: &str) -> Vec<(&'static str, Answer)> {
    let device = script.model.device_detail(&DeviceId::new(id).unwrap(), script.today()).unwrap();
    assert!(
        device
            .row
            .questions
            .iter()
            .all(|own| own.answered.answer == Answer::Unknown || !own.answered.because.is_empty())
    );
    device.row.questions.iter().map(|own| (own.key, own.answered.answer)).collect()
}

fn gateway() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script
}

#[test]
fn what_no_file_settles_is_unknown_and_never_yes() {
    let mut script = gateway();
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
    assert_eq!(
        answers(&script, "gw"),
        [
            ("vpn_exists", Answer::Yes),
            ("vpn_updated", Answer::Unknown),
            ("vpn_source_restricted", Answer::Unknown),
            ("vpn_log_reviewed", Answer::Unknown),
            ("management_restricted", Answer::Unknown),
        ]
    );
}

#[test]
fn only_a_whole_configuration_says_that_there_is_no_vpn() {
    let mut script = gateway();
    script.device("gw", &reading("S1", &[way("t", "site_to_site", "no", "no")]), json!({}));
    assert_eq!(
        answers(&script, "gw")[..3],
        [
            ("vpn_exists", Answer::No),
            ("vpn_updated", Answer::NotApplicable),
            ("vpn_source_restricted", Answer::NotApplicable),
        ]
    );
    let mut part = reading("S2", &[]);
    part.extent = Extent::Partial;
    script.device("part", &part, json!({}));
    assert_eq!(answers(&script, "part")[0], ("vpn_exists", Answer::Unknown));
    let mut status = reading("S3", &[]);
    status.source.sort = SourceSort::StatusOutput;
    script.device("status", &status, json!({}));
    assert_eq!(answers(&script, "status")[0], ("vpn_exists", Answer::Unknown));
}

#[test]
fn one_vpn_whose_log_nobody_looks_at_is_enough_for_a_no() {
    let mut script = gateway();
    script.device("gw", &reading("S1", &[tunnel("a"), tunnel("b")]), json!({}));
    let review = |on: serde_json::Value| json!({ "log_review": { "by": "情報部", "last_on": on } });
    script.path("a", ("gw", "a"), review(json!("2026-11-01")));
    assert_eq!(answers(&script, "gw")[3], ("vpn_log_reviewed", Answer::Unknown), "of b nothing is known");
    script.path("b", ("gw", "b"), review(json!(null)));
    assert_eq!(answers(&script, "gw")[3], ("vpn_log_reviewed", Answer::No));
    script.path("b", ("gw", "b"), review(json!("2026-11-02")));
    assert_eq!(answers(&script, "gw")[3], ("vpn_log_reviewed", Answer::Yes));
}

#[test]
fn a_file_without_its_header_takes_neither_serial_number_nor_firmware_away() {
    let mut script = gateway();
    script.device("gw", &reading("S1", &[tunnel("a")]), json!({}));
    script.later(1);
    let mut bare = reading("S1", &[tunnel("b")]);
    (bare.identity.serial, bare.identity.firmware) = (None, Vec::new());
    script.device("gw", &bare, json!({}));
    let device = script.model.device_detail(&DeviceId::new("gw").unwrap(), script.today()).unwrap();
    assert_eq!(device.identity.serial.as_deref(), Some("S1"));
    assert_eq!(device.identity.firmware.len(), 1);
    let ways: Vec<&str> = device.ways.iter().map(|own| own.way.key.as_str()).collect();
    assert_eq!((ways, device.versions, device.history.len()), (vec!["b"], 2, 2));
}

/// The ids of all devices, each with how many answers are its own.
fn answering(script: &Script) -> Vec<(String, usize)> {
    let rows = script.model.device_rows(None, script.today());
    rows.into_iter()
        .map(|row| {
            (
                row.device_id.to_string(),
                script.model.device_detail(&row.device_id, script.today()).unwrap().probed.len(),
            )
        })
        .collect()
}

#[test]
fn a_device_that_only_answered_is_one_that_was_not_read() {
    let mut script = gateway();
    script.report("devices_probed", Outcome::Complete, vec![probed("192.0.2.1", json!({}))]);
    let row = script.model.device_rows(None, script.today()).remove(0);
    assert!(row.device_id.as_str().starts_with("seen-") && !row.recorded && row.extent.is_none());
    assert_eq!((row.maker.as_deref(), row.ways_in, row.evidence), (Some("Yamaha"), 0, Evidence::Snmp));
    let said: Vec<Answer> = row.questions.iter().map(|own| own.answered.answer).collect();
    assert_eq!(said, [Answer::Unknown; 5], "that it answers says nothing of its VPN");
    script.report("devices_probed", Outcome::Failed, vec![]);
    assert_eq!(script.model.device_rows(None, script.today()).len(), 1, "absent is not gone");
    script.report("devices_probed", Outcome::Complete, vec![]);
    assert_eq!(script.model.device_rows(None, script.today()).len(), 0);
}

#[test]
fn only_maker_and_serial_number_make_an_answer_a_known_device_s() {
    let mut script = gateway();
    let mut own = reading("S1", &[tunnel("a")]);
    own.identity.macs = vec!["00:00:5e:00:53:01".into()];
    script.device("gw", &own, json!({}));
    let serial = |serial: &str| json!({ "serial": { "value": serial, "rung": "banner_or_certificate" } });
    let mac = json!({ "mac": "00:00:5e:00:53:01", "engine_id": "800030440300005e005301" });
    let answers = vec![probed("192.0.2.1", serial("s1")), probed("192.0.2.2", mac), probed("192.0.2.3", serial("S2"))];
    script.report("devices_probed", Outcome::Complete, answers);
    let all = answering(&script);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all.iter().filter(|(id, count)| id.starts_with("seen-") && *count == 1).count(), 2, "{all:?}");
    let device = script.model.device_detail(&DeviceId::new("gw").unwrap(), script.today()).unwrap();
    assert_eq!(device.probed[0].probed.address, "192.0.2.1");
    assert_eq!(device.identity.firmware[0].version, "14.01.42", "what was read goes before what was answered");
    let perhaps: Vec<&str> = device.perhaps.iter().map(|own| own.row.probed.address.as_str()).collect();
    assert_eq!(perhaps, ["192.0.2.2"], "a hint, and nothing is joined by it");
    // Recorded later, the third one is the device that the person names.
    script.device("other", &reading("S2", &[]), json!({}));
    let all = answering(&script);
    assert!(all.contains(&("other".into(), 1)) && all.len() == 3, "{all:?}");
}

#[test]
fn a_version_from_a_banner_is_not_taken_for_the_one_that_runs() {
    let mut script = gateway();
    let page = json!({ "firmware": { "value": "14.01.38", "rung": "banner_or_certificate" } });
    script.report("devices_probed", Outcome::Complete, vec![probed("192.0.2.1", page)]);
    let id = script.model.device_rows(None, script.today()).remove(0).device_id;
    assert_eq!(script.model.device_detail(&id, script.today()).unwrap().identity.firmware[0].running, Answer::Unknown);
    script.report("devices_probed", Outcome::Complete, vec![probed("192.0.2.1", json!({}))]);
    assert_eq!(script.model.device_detail(&id, script.today()).unwrap().identity.firmware[0].running, Answer::Yes);
}
