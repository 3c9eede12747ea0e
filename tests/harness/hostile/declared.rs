//! Files that a person hands in: plans, supplier records and planned changes.
//! It does not know HTTP or roles. Invariant: a file that is read says the same when it is read again, and its facts fold.

use super::scribe::{GOLDEN_PLAN, GOLDEN_SUPPLIER, GOLDEN_TICKET, Scribe, check_refusal};
use daicho::intake::changes::parse_change;
use daicho::intake::declarations::{parse_plan, parse_suppliers};
use daicho::model::duties::planned::judge;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::ticket::TicketStated;

/// The most records of one file that are folded here; the parser sees them all.
const RECORDS_MAX: usize = 4;

pub(super) fn plan(bytes: &[u8]) {
    match parse_plan(bytes) {
        Err(refusal) => check_refusal(&refusal),
        Ok(plan) => {
            let again =
                parse_plan(&serde_json::to_vec(&plan).unwrap()).expect("a plan that was read can be read again");
            assert_eq!(again, plan);
            enter([Fact::Plan(plan)]);
        }
    }
}

pub(super) fn suppliers(bytes: &[u8]) {
    match parse_suppliers(bytes) {
        Err(refusal) => check_refusal(&refusal),
        Ok(file) => {
            let again = parse_suppliers(&serde_json::to_vec(&file).unwrap()).expect("what was read can be read again");
            assert_eq!(again, file);
            enter(file.suppliers.into_iter().take(RECORDS_MAX).map(Fact::Supplier));
        }
    }
}

pub(super) fn change(bytes: &[u8]) {
    match parse_change(bytes) {
        Err(refusal) => check_refusal(&refusal),
        Ok(change) => {
            let again = parse_change(&serde_json::to_vec(&change).unwrap()).expect("what was read can be read again");
            assert_eq!(again, change);
            let scribe = Scribe::new();
            let judged = judge(scribe.model.declarations(), &change, scribe.now.date_in_japan());
            assert_eq!(judged.items.len(), change.changes.len(), "nothing is left unjudged");
            enter([Fact::TicketStated(TicketStated { change, amends_seq: None, note: String::new() })]);
        }
    }
}

fn enter(facts: impl IntoIterator<Item = Fact>) {
    let mut scribe = Scribe::new();
    for fact in facts {
        if let Err(refusal) = scribe.state(fact) {
            check_refusal(&refusal);
        }
    }
    scribe.settle();
}

pub(super) fn change_seeds() -> Vec<Vec<u8>> {
    let ticket: serde_json::Value = serde_json::from_str(GOLDEN_TICKET).unwrap();
    vec![
        include_bytes!("../../../server/src/example/change.json").to_vec(),
        serde_json::to_vec(&ticket["change"]).unwrap(),
    ]
}

pub(super) fn plan_seeds() -> Vec<Vec<u8>> {
    let pretty: serde_json::Value = serde_json::from_str(GOLDEN_PLAN).unwrap();
    vec![GOLDEN_PLAN.into(), serde_json::to_vec_pretty(&pretty).unwrap()]
}

pub(super) fn suppliers_seeds() -> Vec<Vec<u8>> {
    let whole = serde_json::json!({ "format": "daicho.suppliers.v1", "suppliers": [{
        "supplier_id": "acme", "name": { "ja": "例示", "en": "Acme" }, "source": "test", "as_of": "2026-11-01", "items": {
            "former_names": [{ "name": { "ja": "旧", "en": "old" }, "through": "2020-03-31" }],
            "address": { "known": { "value": { "country": "JP", "text": "例示県" }, "source": "s", "as_of": "2026-11-01" } },
            "holders": { "known": { "source": "s", "as_of": "2026-10-01", "value": [{ "holder_id": "h1",
                "party": { "entity": { "name": { "ja": "持株", "en": "Holding" }, "supplier_id": "acme-2" } },
                "shares": [{ "from": "2020-01-01", "ratio": "25%" }, { "from": "2024-01-01", "ratio": "1/3" }] }] } },
            "foreign_revenue": { "known": { "source": "s", "as_of": "2026-10-01", "value": [{ "ended_on": "2026-03-31",
                "from_governments": [{ "country": "US", "share": "30%", "counterparties": ["X"] }] }] } },
            "manufacturing_sites": { "submitted_directly": { "on": "2026-10-01" } },
        },
    }] });
    let golden = format!(r#"{{"format":"daicho.suppliers.v1","suppliers":[{GOLDEN_SUPPLIER}]}}"#);
    vec![golden.into_bytes(), serde_json::to_vec(&whole).unwrap()]
}
