//! The survey's questions about a device: a wrong yes counts worse than unknown.

use crate::model::testing::{Script, plan, reading, tunnel, way};
use daicho_schemas::fact::device::{Answer, Extent, SourceSort};
use daicho_schemas::ids::DeviceId;
use serde_json::json;

fn answers(script: &Script, id: &str) -> Vec<(&'static str, Answer)> {
    let device = script.model.device_detail(&DeviceId::new(id).unwrap()).unwrap();
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
    let device = script.model.device_detail(&DeviceId::new("gw").unwrap()).unwrap();
    assert_eq!(device.identity.serial.as_deref(), Some("S1"));
    assert_eq!(device.identity.firmware.len(), 1);
    let ways: Vec<&str> = device.ways.iter().map(|own| own.way.key.as_str()).collect();
    assert_eq!((ways, device.versions, device.history.len()), (vec!["b"], 2, 2));
}
