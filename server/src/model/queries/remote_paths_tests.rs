//! Paths joined: seen, said and declared stay beside each other, with the step of the ladder that each has.

use super::{ContractState, Evidence, PathQuery, PathsOnly};
use crate::model::testing::{Script, interface, plan, reading, supplier, tunnel, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::device::Answer;
use daicho_schemas::fact::observation::InterfaceKind;
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

#[test]
fn every_way_in_is_one_row_with_what_is_seen_said_and_declared() {
    let mut script = terminal();
    script.path("caterer", ("gw", "tunnel 1"), json!({ "second_factor": "yes" }));
    let rows = script.model.path_rows(&PathQuery::default());
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["device:gw:any", "device:gw:tunnel 1", "interface:tos-1:wg0"]);
    let steps: Vec<Evidence> = rows.iter().map(|row| row.evidence).collect();
    assert_eq!(steps, [Evidence::Configuration, Evidence::Configuration, Evidence::Interface]);
    assert_eq!((rows[0].said.is_none(), rows[0].restriction.restricted.answer), (true, Answer::No));
    assert_eq!((rows[1].contract, rows[1].second_factor.answer), (ContractState::Missing, Answer::Yes));
    assert_eq!(rows[2].declared.len(), 1);
    script.answer("vendor", true, "2027-11-20");
    let rows = script.model.path_rows(&PathQuery::default());
    assert_eq!(rows[0].evidence, Evidence::ConfigurationAndAnswer);
}

#[test]
fn the_parts_of_the_list_have_what_they_say() {
    let mut script = terminal();
    script.path("caterer", ("gw", "tunnel 1"), json!({}));
    let keys = |script: &Script, only| {
        let query = PathQuery { only: Some(only), ..PathQuery::default() };
        script.model.path_rows(&query).into_iter().map(|row| row.key).collect::<Vec<_>>()
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
    let row = script.model.path_by_key("software:tos-1:exampledesk").unwrap();
    assert_eq!(
        (row.evidence, row.enabled.answer, row.second_factor.answer),
        (Evidence::Said, Answer::Unknown, Answer::Unknown)
    );
}
