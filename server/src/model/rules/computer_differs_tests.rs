//! `computer_differs` over scripted ledgers: it fires on another product, stays silent on what is not seen, and closes.

use super::*;
use crate::ledger::entry::Author;
use crate::model::testing::{Script, operating_system, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::json;

fn confirm(script: &mut Script, by: &Author, seen_as: &str) {
    let judged = serde_json::from_value(json!({
        "equipment_id": "tos", "computers": [{ "name": "TOS-1" }], "in_scope": true, "scope_id": "equipment-itself",
        "products": [{ "unit_id": "installed-software", "product": "Debian", "maker": "Debian Project",
            "introduced_on": "2026-11-01", "seen_as": seen_as }],
    }));
    script.push(by.clone(), Fact::ComputerJudged(judged.unwrap()));
}

#[test]
fn another_system_under_a_confirmed_name_is_found_and_closes_when_it_is_confirmed_anew() {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
    let aoi = script.person("aoi", Role::Compliance);
    confirm(&mut script, &aoi, "debian system");
    assert_eq!(script.open_rows(ID), [], "nothing was seen yet");
    script.os_named("debian", "tos-1");
    assert_eq!(script.open_rows(ID), [], "what is seen is what was confirmed");
    script.os_named("other", "tos-1");
    let open = script.open_rows(ID);
    assert_eq!((open.len(), open[0].hosts), (1, 1));
    assert!(open[0].title.en.ends_with("debian system → other system"), "{}", open[0].title.en);
    script.report("operating_system", Outcome::Failed, Vec::new());
    assert_eq!(script.open_rows(ID).len(), 1, "a failed look takes nothing back");
    confirm(&mut script, &aoi, "other system");
    assert_eq!(script.open_rows(ID), []);
    script.assert_replay_is_idempotent();
}

#[test]
fn only_what_the_host_shows_of_the_same_sort_is_compared() {
    let computer = |unit: &str, seen_as: Option<&str>| {
        let judged = serde_json::from_value(json!({
            "equipment_id": "tos", "computers": [{ "name": "a" }], "in_scope": true, "scope_id": "router",
            "products": [{ "unit_id": unit, "product": "p", "seen_as": seen_as }],
        }));
        ComputerState {
            name: "a".into(),
            judged: std::sync::Arc::new(judged.unwrap()),
            seq: 1,
            at: "2026-11-21T03:00:00.000000Z".parse().unwrap(),
            by: None,
            in_scope_since: None,
            changes: Vec::new(),
        }
    };
    let items = [operating_system("debian", None)];
    assert_eq!(differing(&computer("installed-software", None), &items), []);
    assert_eq!(differing(&computer("appliance", Some("EG-100")), &items), [], "no machine is seen");
    assert_eq!(differing(&computer("installed-software", Some("debian system")), &items), []);
    assert_eq!(differing(&computer("installed-software", Some("x")), &items).len(), 1);
}
