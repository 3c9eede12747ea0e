//! Vendors' answers: none, too old, contradicted by a path, fitting; and who is asked at all.

use crate::model::rows::Severity;
use crate::model::testing::{Script, plan, reading, supplier, tunnel};
use serde_json::json;

const RULE: &str = "remote_maintenance_unanswered";

fn entrusted() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    let dates = json!({ "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "entrusted_from": "2026-03-01" });
    script.plan(plan("plan-2", "tos").entrustment().contractor("vendor").dates(dates));
    script
}

#[test]
fn a_contractor_who_never_answered_is_asked_and_an_answer_closes_it() {
    let mut script = entrusted();
    assert_eq!(script.open(RULE), ["vendor"]);
    script.answer("vendor", false, "2027-11-20");
    assert_eq!(script.open(RULE), Vec::<String>::new());
    script.on("2027-11-21");
    script.days_ended();
    assert_eq!(script.open_rows(RULE)[0].severity, Severity::Warning, "the answer is over");
    script.answer("vendor", true, "2028-11-20");
    assert_eq!(script.open(RULE), Vec::<String>::new());
    script.assert_replay_is_idempotent();
}

#[test]
fn a_no_beside_a_box_of_the_vendor_with_a_tunnel_contradicts() {
    let mut script = entrusted();
    script.answer("vendor", false, "2027-11-20");
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({ "owner": { "supplier": "vendor" } }));
    let open = script.open_rows(RULE);
    assert_eq!((open.len(), open[0].severity), (1, Severity::Critical));
    assert!(open[0].title.en.contains("gw tunnel 1"), "{}", open[0].title.en);
    script.later(1);
    script.device("gw", &reading("S1", &[]), json!({ "owner": { "supplier": "vendor" } }));
    assert_eq!(script.open(RULE), Vec::<String>::new());
}

#[test]
fn whoever_has_no_role_any_more_is_not_asked() {
    let mut script = entrusted();
    script.device("gw", &reading("S1", &[]), json!({ "owner": { "supplier": "other" } }));
    assert_eq!(script.open(RULE), ["other", "vendor"]);
    script.device("gw", &reading("S1", &[]), json!({ "owner": "operator" }));
    assert_eq!(script.open(RULE), ["vendor"]);
}
