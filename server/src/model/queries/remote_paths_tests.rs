//! Paths joined: seen, said and declared stay beside each other, with the step of the ladder that each has.

use super::{ContractState, Evidence, PathQuery, PathRow, PathsOnly};
use crate::model::testing::{Script, interface, plan, reading, supplier, tool, tunnel, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::device::Answer;
use daicho_schemas::fact::observation::{InterfaceKind, RemoteToolClass};
use serde_json::json;

fn terminal() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", "wg0"));
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    script.device(
        "gw",
        &reading("S1", &[tunnel("tunnel 1"), way("any", "remote_access", "yes", "no")]),
        json!({ "owner": { "supplier": "vendor" } }),
    );
    script
}

fn rows_of(script: &Script, query: &PathQuery) -> Vec<PathRow> {
    script.model.path_rows(&script.model.path_entries(query), script.today())
}

#[test]
fn every_way_in_is_one_row_with_what_is_seen_said_and_declared() {
    let mut script = terminal();
    script.path("caterer", ("gw", "tunnel 1"), json!({ "second_factor": "yes" }));
    let rows = rows_of(&script, &PathQuery::default());
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["device:gw:any", "device:gw:tunnel 1", "interface:tos-1:wg0"]);
    let steps: Vec<Evidence> = rows.iter().map(|row| row.evidence).collect();
    assert_eq!(steps, [Evidence::Configuration, Evidence::Configuration, Evidence::Interface]);
    assert_eq!((rows[0].said.is_none(), rows[0].restriction.restricted.answer), (true, Answer::No));
    assert_eq!((rows[1].contract, rows[1].second_factor.answer), (ContractState::Missing, Answer::Yes));
    assert_eq!(rows[2].declared.len(), 1);
    script.answer("vendor", true, "2027-11-20");
    let rows = rows_of(&script, &PathQuery::default());
    assert_eq!(rows[0].evidence, Evidence::ConfigurationAndAnswer);
}

#[test]
fn the_parts_of_the_list_have_what_they_say() {
    let mut script = terminal();
    script.path("caterer", ("gw", "tunnel 1"), json!({}));
    let keys = |script: &Script, only| {
        let query = PathQuery { only: Some(only), ..PathQuery::default() };
        rows_of(script, &query).into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(keys(&script, PathsOnly::Undeclared), ["device:gw:any"]);
    assert_eq!(keys(&script, PathsOnly::Unrestricted), ["device:gw:any"]);
    assert_eq!(keys(&script, PathsOnly::Removed), Vec::<String>::new());
    script.path("caterer", ("gw", "tunnel 1"), json!({ "removed_on": "2026-11-21" }));
    assert_eq!(keys(&script, PathsOnly::Removed), ["device:gw:tunnel 1"]);
}

#[test]
fn what_only_a_person_says_is_on_the_lowest_step_and_unknown() {
    let mut script = terminal();
    let more = json!({ "enters": { "software": { "host": "TOS-1", "software": "ExampleDesk" } } });
    script.path("desk", ("gw", "x"), more);
    let row = script.model.path_by_key("software:tos-1:exampledesk", script.today()).unwrap();
    assert_eq!(
        (row.evidence, row.enabled.answer, row.second_factor.answer),
        (Evidence::Said, Answer::Unknown, Answer::Unknown)
    );
}

/// A tool has one row under the name that people gave it; what was not seen to run is unknown, and a search finds its hosts.
#[test]
fn software_that_was_seen_stands_beside_what_was_said_of_it() {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    let anydesk = |evidence: &[&str]| tool("anydesk", RemoteToolClass::RemoteControl, evidence);
    let quiet = [
        tool("openssh-server", RemoteToolClass::RemoteLogin, &["process sshd"]),
        tool("openvpn", RemoteToolClass::Vpn, &["package openvpn"]),
    ];
    script.tools(Outcome::Complete, &[&[anydesk(&["package anydesk-host"])][..], &quiet].concat());
    let rows = rows_of(&script, &PathQuery::default());
    assert_eq!(rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["software:tos-1:anydesk"]);
    assert_eq!((rows[0].enabled.answer, rows[0].evidence), (Answer::Unknown, Evidence::Software));
    assert_eq!(rows[0].findings.len(), 1);
    script.tools(Outcome::Complete, &[anydesk(&["package anydesk-host", "process anydesk"])]);
    script.software_path("remote-desk", ("TOS-1", "Anydesk-Host"), json!({}));
    let rows = rows_of(&script, &PathQuery::default());
    assert_eq!(rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["software:tos-1:anydesk-host"]);
    assert_eq!(rows[0].enabled.answer, Answer::Yes);
    assert!(rows[0].said.is_some() && rows[0].seen_by.is_some());
    let rules: Vec<_> = rows[0].findings.iter().map(|own| own.rule_id.as_str()).collect();
    assert_eq!(rules, ["remote_path_without_contract"], "it is declared, and has no contract");
    let found = |words: &str| rows_of(&script, &PathQuery { q: Some(words.into()), ..PathQuery::default() }).len();
    assert_eq!([found("ANYDESK tos"), found("anydesk tos-2"), found("")], [1, 0, 1]);
}
