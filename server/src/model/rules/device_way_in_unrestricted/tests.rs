//! A way in that anybody may reach: a computed no fires, unknown and switched off do not, and no duty hangs on it.

use crate::model::rows::Severity;
use crate::model::testing::{Script, plan, reading, way};
use serde_json::json;

const RULE: &str = "device_way_in_unrestricted";

fn gateway(ways: &[serde_json::Value]) -> Script {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.device("gw", &reading("S1", ways), json!({}));
    script
}

#[test]
fn it_fires_on_a_computed_no_only() {
    let script = gateway(&[
        way("open", "remote_access", "yes", "no"),
        way("unknown", "remote_access", "yes", "unknown"),
        way("closed", "site_to_site", "yes", "yes"),
        way("off", "site_to_site", "no", "no"),
        way("cloud", "cloud_manager", "yes", "no"),
        way("httpd", "management", "yes", "no"),
    ]);
    assert_eq!(script.open(RULE), ["gw httpd", "gw open"]);
    let rows = script.open_rows(RULE);
    assert_eq!([rows[0].severity, rows[1].severity], [Severity::Critical, Severity::Warning]);
    assert!(rows.iter().all(|row| row.duty_ids.is_empty()));
    assert!(rows[0].why.en.contains("line 7: set so"), "{}", rows[0].why.en);
}

#[test]
fn a_partial_reading_that_does_not_know_takes_nothing_back() {
    let mut script = gateway(&[way("open", "remote_access", "yes", "no")]);
    let mut part = reading("S1", &[way("open", "remote_access", "unknown", "unknown")]);
    part.extent = daicho_schemas::fact::device::Extent::Partial;
    script.later(1);
    script.device("gw", &part, json!({}));
    assert_eq!(script.open(RULE), ["gw open"]);
    part.extent = daicho_schemas::fact::device::Extent::Whole;
    script.later(1);
    script.device("gw", &part, json!({}));
    assert_eq!(script.open(RULE), Vec::<String>::new(), "a whole one that does not know is no proof that it is open");
}

#[test]
fn it_closes_when_a_newer_configuration_restricts_it() {
    let mut script = gateway(&[way("open", "remote_access", "yes", "no")]);
    script.later(1);
    script.device("gw", &reading("S1", &[way("open", "remote_access", "yes", "yes")]), json!({}));
    assert_eq!(script.open(RULE), Vec::<String>::new());
    script.assert_replay_is_idempotent();
}
