//! A way in of a device that nobody declared: it fires, a record or a filed plan closes it, and nothing else does.

use crate::model::rows::{FindingState, Severity};
use crate::model::testing::{Script, dropped, plan, reading, tunnel, way};
use daicho_schemas::batch::Outcome;
use serde_json::{Value, json};

const RULE: &str = "device_way_in_undeclared";

fn tos() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script
}

fn with_gateway(ways: &[Value]) -> Script {
    let mut script = tos();
    script.device("gw", &reading("S1", ways), json!({}));
    script
}

#[test]
fn it_fires_for_what_is_on_or_may_be_on_and_not_for_what_is_off() {
    let ways = [
        tunnel("tunnel 1"),
        way("tunnel 2", "remote_access", "unknown", "yes"),
        way("off", "site_to_site", "no", "no"),
    ];
    let script = with_gateway(&ways);
    assert_eq!(script.open(RULE), ["gw tunnel 1", "gw tunnel 2"]);
    let severities: Vec<Severity> = script.open_rows(RULE).iter().map(|row| row.severity).collect();
    assert_eq!(severities, [Severity::Critical, Severity::Warning]);
    assert_eq!(script.open_rows(RULE)[0].duty_ids.len(), 1, "whether it is an entrustment is a person's question");
}

#[test]
fn a_record_closes_it_and_its_removal_while_the_device_still_shows_it_opens_it_again() {
    let mut script = with_gateway(&[tunnel("tunnel 1")]);
    script.path("caterer", ("gw", "tunnel 1"), json!({}));
    assert_eq!(script.open(RULE), Vec::<String>::new());
    script.path("caterer", ("gw", "tunnel 1"), json!({ "removed_on": "2026-11-21" }));
    assert_eq!(script.open(RULE), ["gw tunnel 1"]);
    script.assert_replay_is_idempotent();
}

#[test]
fn a_filed_plan_closes_it_and_a_draft_does_not() {
    let mut script = with_gateway(&[tunnel("tunnel 1")]);
    script.plan(plan("plan-2", "gate").way_in("gw", "tunnel 1").draft());
    assert_eq!(script.open(RULE), ["gw tunnel 1"]);
    script.plan(plan("plan-2", "gate").way_in("gw", "tunnel 1"));
    assert_eq!(script.open(RULE), Vec::<String>::new(), "a plan of another equipment declares it as well");
    script.plan(plan("plan-2", "gate"));
    assert_eq!(script.open(RULE), ["gw tunnel 1"]);
}

#[test]
fn absent_is_not_gone_unless_the_whole_configuration_was_read() {
    let mut script = with_gateway(&[tunnel("tunnel 1")]);
    let id = script.open_rows(RULE)[0].finding_id.clone();
    let mut part = reading("S1", &[]);
    part.extent = daicho_schemas::fact::device::Extent::Partial;
    script.later(1);
    script.device("gw", &part, json!({}));
    let mut status = reading("S1", &[]);
    status.source.sort = daicho_schemas::fact::device::SourceSort::StatusOutput;
    script.later(1);
    script.device("gw", &status, json!({}));
    assert_eq!(script.open(RULE), ["gw tunnel 1"], "a part and the output of a command take nothing away");
    script.device("gw", &reading("S1", &[]), json!({ "taken_on": "2026-11-01" }));
    assert_eq!(script.open(RULE), ["gw tunnel 1"], "nor does an older file");
    script.later(1);
    script.device("gw", &reading("S1", &[]), json!({}));
    assert_eq!(script.finding(&id).state, FindingState::Closed);
    script.assert_replay_is_idempotent();
}

#[test]
fn on_no_equipment_it_is_a_notice_without_a_duty() {
    let mut script = tos();
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({ "equipment_id": null }));
    let open = script.open_rows(RULE);
    assert_eq!((open[0].severity, open[0].duty_ids.len()), (Severity::Notice, 0));
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
    assert_eq!(script.open_rows(RULE)[0].severity, Severity::Critical);
}

#[test]
fn what_a_drop_folder_shows_is_a_device_until_a_person_claims_it_by_its_serial_number() {
    let mut script = tos();
    let shown = reading("S1", &[tunnel("tunnel 1")]);
    script.report("device_configurations", Outcome::Complete, vec![dropped(&shown)]);
    let open = script.open(RULE);
    assert!(open.len() == 1 && open[0].starts_with("seen-"), "{open:?}");
    script.device("gw", &reading("S1", &[]), json!({ "taken_on": "2026-11-20" }));
    assert_eq!(script.open(RULE), ["gw tunnel 1"], "the newer reading is the agent's");
    script.report("device_configurations", Outcome::Failed, Vec::new());
    assert_eq!(script.open(RULE), ["gw tunnel 1"]);
    script.report("device_configurations", Outcome::Complete, Vec::new());
    assert_eq!(script.open(RULE), Vec::<String>::new(), "what the person read stands again");
    script.assert_replay_is_idempotent();
}

#[test]
fn two_boxes_without_a_serial_number_are_two_devices() {
    let mut script = tos();
    let mut shown = reading("", &[tunnel("tunnel 1")]);
    shown.identity.serial = None;
    shown.identity.name = Some("gateway".into());
    script.report("device_configurations", Outcome::Complete, vec![dropped(&shown)]);
    script.enrol("tos-2");
    script.report("device_configurations", Outcome::Complete, vec![dropped(&shown)]);
    assert_eq!(script.open(RULE).len(), 2);
}
