//! Tickets for looking at their pages: reconciled, different, not seen, planned for a prohibition period. They come from a
//! scripted ledger, so that judgement and rows fit each other.
//! They do not test the model. Invariant: every standing has a sample.

use crate::model::Model;
use crate::model::testing::{Script, change, package, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::ticket::TicketState;
use serde_json::{Value, json};

fn expected(host: &str, name: &str) -> Value {
    json!([
        { "sight": "component_appears", "hosts": [host], "name": name, "version": "2.0", "supplier_id": "vendor" },
        { "sight": "component_goes", "hosts": [host], "name": format!("{name}-old") },
    ])
}

/// A model with a ticket for each standing: `chg-1` differs, `chg-2` is as planned, `chg-3` waits for a silent agent.
pub(in crate::http::console) fn ticketed() -> Model {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.supplier(supplier("vendor"));
    let dates = json!({ "submitted_on": "2026-11-01", "accepted_on": "2026-11-10" });
    let tos = plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian");
    script.plan(tos.part("db", "application", "vendor").dates(dates));
    script.enrol("tos-2");
    script.os_named("debian", "tos-2");
    script.hearing(Hearing::Silent);
    script.agent = "agent-1".to_string().try_into().unwrap();
    script.os_named("debian", "tos-1");
    script.dpkg(Outcome::Complete, &[package("tos-db-old", "1.0", "vendor.example")]);
    let mut first = change("chg-1", "tos", ("2026-11-20", "2026-11-22"), expected("tos-1", "tos-db"));
    first.changes[0].change = "new_introduction".to_string().try_into().unwrap();
    script.ticket(first);
    let one = json!([{ "sight": "component_appears", "hosts": ["tos-1"], "name": "tos-view" }]);
    script.ticket(change("chg-2", "tos", ("2026-11-21", "2026-11-21"), one));
    script.ticket(change("chg-3", "tos", ("2026-12-20", "2026-12-21"), expected("tos-2", "tos-db")));
    script.ticket(change("chg-4", "tos", ("2027-01-20", "2027-01-20"), json!([])));
    script.move_ticket("chg-4", TicketState::Withdrawn);
    let installed = [package("tos-db", "3.0", "vendor.example"), package("tos-view", "1", "vendor.example")];
    script.dpkg(Outcome::Complete, &installed);
    script.model
}
