//! Software by which somebody may come in: what fires how gravely, what declares it, and when it closes.

use crate::model::rows::{FindingState, Severity};
use crate::model::testing::{Script, interface, package, plan, tool};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{InterfaceKind, RemoteToolClass};
use serde_json::json;

const RULE: &str = "remote_tool_undeclared";

fn host() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script
}

fn with_anydesk(evidence: &[&str]) -> Script {
    let mut script = host();
    script.tools(Outcome::Complete, &[tool("anydesk", RemoteToolClass::RemoteControl, evidence)]);
    script
}

fn severities(script: &Script) -> Vec<Severity> {
    script.open_rows(RULE).iter().map(|row| row.severity).collect()
}

#[test]
fn what_runs_is_graver_than_what_waits_or_only_lies_there() {
    for (class, running, waiting, asleep) in [
        (RemoteToolClass::RemoteControl, Some(Severity::Critical), Some(Severity::Warning), Some(Severity::Notice)),
        (RemoteToolClass::Tunnel, Some(Severity::Critical), Some(Severity::Warning), Some(Severity::Notice)),
        (RemoteToolClass::Rmm, Some(Severity::Critical), Some(Severity::Warning), Some(Severity::Notice)),
        (RemoteToolClass::Vpn, Some(Severity::Warning), Some(Severity::Notice), None),
        (RemoteToolClass::RemoteLogin, None, None, None),
        (RemoteToolClass::Modem, None, None, None),
    ] {
        let evidence = [
            (&["package x", "process x"][..], running),
            (&["package x", "enabled x.service"][..], waiting),
            (&["package x", "masked x.service"][..], asleep),
        ];
        for (evidence, wanted) in evidence {
            let mut script = host();
            script.tools(Outcome::Complete, &[tool("x", class, evidence)]);
            assert_eq!(severities(&script), wanted.into_iter().collect::<Vec<_>>(), "{class:?} {evidence:?}");
        }
    }
}

#[test]
fn a_duty_hangs_on_what_runs_and_comes_when_it_starts_to_run() {
    let mut script = with_anydesk(&["package anydesk"]);
    let row = script.open_rows(RULE).remove(0);
    assert_eq!((row.components, row.duty_ids.len()), (vec!["AnyDesk".to_string()], 0));
    script.tools(Outcome::Complete, &[tool("anydesk", RemoteToolClass::RemoteControl, &["process anydesk"])]);
    let row = script.open_rows(RULE).remove(0);
    assert_eq!((row.severity, row.openings, row.duty_ids.len()), (Severity::Critical, 1, 1));
    assert!(row.why.en.contains("process anydesk"), "{}", row.why.en);
    script.assert_replay_is_idempotent();
}

#[test]
fn absent_is_not_gone_but_a_complete_report_without_it_closes() {
    let mut script = with_anydesk(&["process anydesk"]);
    let id = script.open_rows(RULE)[0].finding_id.clone();
    script.tools(Outcome::Failed, &[]);
    script.tools(Outcome::Partial, &[]);
    assert_eq!(script.finding(&id).state, FindingState::Open);
    script.tools(Outcome::Complete, &[]);
    assert_eq!(script.finding(&id).state, FindingState::Closed);
}

#[test]
fn a_record_declares_it_by_any_of_its_names_on_its_host_only() {
    for (name, wanted) in [("anydesk", 0), ("ANYDESK", 0), ("anydesk-host", 0), ("teamviewer", 1)] {
        let mut script = with_anydesk(&["package anydesk-host", "process anydesk"]);
        script.software_path("p1", ("elsewhere", name), json!({}));
        assert_eq!(severities(&script).len(), 1, "{name} elsewhere");
        script.software_path("p1", ("TOS-1", name), json!({}));
        assert_eq!(severities(&script).len(), wanted, "{name}");
        script.software_path("p1", ("tos-1", name), json!({ "removed_on": "2026-11-21" }));
        assert_eq!(severities(&script).len(), 1, "{name} was taken away, as its record says");
        script.assert_replay_is_idempotent();
    }
}

#[test]
fn a_filed_plan_declares_it_and_a_draft_does_not() {
    let mut script = with_anydesk(&["process anydesk"]);
    let declaring = || plan("plan-1", "tos").host("tos-1").software("tos-1", "AnyDesk");
    script.plan(declaring().draft());
    assert_eq!(severities(&script).len(), 1);
    script.plan(declaring());
    assert_eq!(severities(&script).len(), 0);
    script.plan(plan("plan-1", "tos").host("tos-1").software("other", "AnyDesk"));
    assert_eq!(severities(&script).len(), 1);
    script.assert_replay_is_idempotent();
}

#[test]
fn a_declared_interface_stands_for_vpn_software_and_for_nothing_else() {
    let mut script = host();
    script.tools(
        Outcome::Complete,
        &[
            tool("anydesk", RemoteToolClass::RemoteControl, &["process anydesk"]),
            tool("openvpn", RemoteToolClass::Vpn, &["process openvpn"]),
        ],
    );
    script.interfaces(Outcome::Complete, &[interface("tun0", InterfaceKind::Tun)]);
    assert_eq!(script.open(RULE), ["AnyDesk", "Openvpn"]);
    script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", "tun0"));
    assert_eq!(script.open(RULE), ["AnyDesk"]);
    script.interfaces(Outcome::Complete, &[]);
    assert_eq!(script.open(RULE), ["AnyDesk", "Openvpn"], "the interface is gone, and the software runs on");
    script.assert_replay_is_idempotent();
}

#[test]
fn on_a_host_of_no_equipment_only_what_runs_is_told_as_a_notice() {
    let mut script = Script::with_agent("lab-1");
    let rustdesk = |evidence: &[&str]| tool("rustdesk", RemoteToolClass::RemoteControl, evidence);
    script.tools(Outcome::Complete, &[rustdesk(&["enabled rustdesk.service"])]);
    assert_eq!(severities(&script), []);
    script.tools(Outcome::Complete, &[rustdesk(&["process rustdesk"])]);
    let row = script.open_rows(RULE).remove(0);
    assert_eq!((row.severity, row.duty_ids.len()), (Severity::Notice, 0));
    script.plan(plan("plan-1", "tos").host("lab-1"));
    let row = script.open_rows(RULE).remove(0);
    assert_eq!((row.severity, row.duty_ids.len()), (Severity::Critical, 1));
}

/// A package and the tool that it brings are told apart: one is no component of the other.
#[test]
fn the_tool_is_no_component_and_the_package_stays_one() {
    let mut script = with_anydesk(&["package anydesk"]);
    script.dpkg(Outcome::Complete, &[package("anydesk", "6", "vendor.example")]);
    assert_eq!(script.open("undeclared_component"), ["anydesk 6"]);
    assert_eq!(script.open(RULE), ["AnyDesk"]);
}
