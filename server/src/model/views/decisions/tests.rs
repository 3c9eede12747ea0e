//! Decisions about components: the closest one speaks, findings follow on every host, duties stay, and the past is asked as of a
//! day. It does not test admission. Invariant tested: a proposal judges nothing, and what nobody settled is in the queue.

use crate::ledger::entry::Author;
use crate::model::queries::Part;
use crate::model::queries::decisions::Asked;
use crate::model::queries::review::{ProposalWhy, ReviewRow};
use crate::model::rows::{ComponentQuery, ComponentRow, Confidence, DriftStatus, FindingState};
use crate::model::testing::{Script, listed, package, plan, supplier};
use crate::model::{Event, Model};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::EquipmentId;
use serde_json::json;

const UNDECLARED: &str = "undeclared_component";

/// Two hosts of one equipment with a covered system and two things of a vendor that no record knows; a third host is on none.
fn fleet() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    let mut acme = supplier("acme");
    acme.name.en = "Acme Corporation".into();
    script.supplier(acme);
    let tos = plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian");
    script.plan(tos.part_covering("app", "application", "acme", &["acme-*"]));
    for host in ["tos-1", "tos-2", "office"] {
        if host != "tos-1" {
            script.enrol(host);
        }
        script.os("debian");
        let packages = ["acme-core", "acme-tool"].map(|name| package(name, "6.3", "acme-inc.example"));
        script.dpkg(Outcome::Complete, &packages);
        let lists = packages.iter().map(|package| listed(&package.package().name, "ACME Inc."));
        script.report("apt_index", Outcome::Complete, lists.collect());
    }
    script
}

fn component(model: &Model, name: &str) -> ComponentRow {
    let rows = model.components(&ComponentQuery::default()).unwrap().items;
    rows.into_iter().find(|row| row.name == name).unwrap()
}

fn queue(model: &Model) -> Vec<ReviewRow> {
    model.review_page(Part::default()).unwrap().items
}

#[test]
fn one_decision_about_a_vendor_settles_every_host_and_the_duty_stays() {
    let mut script = fleet();
    assert_eq!(script.open(UNDECLARED), ["acme-core 6.3", "acme-tool 6.3"]);
    let duties = script.model.duties().len();
    assert!(duties > 0);
    script.decide("d1", json!({ "vendor": "acme inc." }), json!({ "supplier_id": "acme" }));
    assert_eq!(script.open(UNDECLARED), Vec::<String>::new());
    let row = component(&script.model, "acme-core");
    assert_eq!(row.supplier.supplier_id.as_ref().unwrap().as_str(), "acme");
    assert_eq!((row.supplier.confidence, row.status), (Confidence::Decided, Some(DriftStatus::Covered)));
    let evidence = row.supplier.evidence;
    assert!(evidence.contains("decision d1") && evidence.contains("ACME Inc."), "{evidence}");
    assert_eq!(script.model.duties().len(), duties, "a duty never closes by itself");
    assert!(script.model.duties().iter().all(|duty| duty.life.cause_gone), "it says that its cause is gone");
    script.withdraw("d1");
    assert_eq!(script.open(UNDECLARED), ["acme-core 6.3", "acme-tool 6.3"]);
    script.assert_replay_is_idempotent();
}

#[test]
fn the_closest_decision_speaks_and_equally_close_ones_that_differ_name_nobody() {
    let mut script = fleet();
    script.decide("d1", json!({ "vendor": "ACME Inc." }), json!({ "supplier_id": "acme" }));
    script.decide("d2", json!({ "name": "acme-tool" }), json!({ "supplier_id": "debian", "category": "middleware" }));
    let row = component(&script.model, "acme-tool");
    assert_eq!((row.supplier.supplier_id.unwrap().as_str(), row.category), ("debian", Category::Middleware));
    script.decide("d3", json!({ "name": "acme-tool", "versions": "6.*" }), json!({ "supplier_id": "acme" }));
    let row = component(&script.model, "acme-tool");
    assert_eq!(
        (row.supplier.supplier_id.unwrap().as_str(), row.category),
        ("acme", Category::Middleware),
        "each matter"
    );
    script.decide("d4", json!({ "name": "acme-tool", "versions": "*3" }), json!({ "supplier_id": "debian" }));
    let row = component(&script.model, "acme-tool");
    assert_eq!((row.supplier.supplier_id, row.supplier.confidence), (None, Confidence::Unknown));
    assert!(row.supplier.evidence.contains("d3") && row.supplier.evidence.contains("d4"));
    assert_eq!(component(&script.model, "acme-core").supplier.supplier_id.unwrap().as_str(), "acme");
}

#[test]
fn what_is_no_part_of_the_equipment_is_shown_so_and_is_no_finding() {
    let mut script = fleet();
    script.decide("d1", json!({ "name": "acme-tool" }), json!({ "part_of_equipment": false }));
    assert_eq!(script.open(UNDECLARED), ["acme-core 6.3"]);
    assert_eq!(component(&script.model, "acme-tool").status, Some(DriftStatus::NotPart));
    let lines = script.model.drift(&EquipmentId::new("tos").unwrap());
    assert!(lines.iter().any(|line| line.status == DriftStatus::NotPart && line.hosts_total == 2));
    let query = ComponentQuery { status: Some(DriftStatus::NotPart), ..ComponentQuery::default() };
    assert_eq!(script.model.components(&query).unwrap().items.len(), 1);
    script.decide("d2", json!({ "vendor": "ACME Inc." }), json!({ "part_of_equipment": false }));
    assert_eq!(script.open("undeclared_supplier"), Vec::<String>::new());
    assert_eq!(queue(&script.model).len(), 0);
    script.decide("d3", json!({ "name": "acme-core" }), json!({ "part_of_equipment": true }));
    assert_eq!(script.open(UNDECLARED), ["acme-core 6.3"]);
    assert_eq!(queue(&script.model).len(), 1);
    script.assert_replay_is_idempotent();
}

#[test]
fn a_field_that_anyone_can_write_stays_weak_until_the_component_itself_is_decided() {
    let mut script = fleet();
    script.dpkg(Outcome::Complete, &[package("forged", "1", "acme-inc.example")]);
    script.plan(plan("plan-2", "gate").host("office"));
    let words = "Team <team@acme-inc.example>";
    script.decide("d1", json!({ "vendor": words }), json!({ "supplier_id": "acme" }));
    let forged = component(&script.model, "forged").supplier;
    assert_eq!((forged.supplier_id.unwrap().as_str(), forged.confidence), ("acme", Confidence::Low));
    let waits: Vec<_> = queue(&script.model).into_iter().filter(|row| row.components.name.is_some()).collect();
    assert_eq!(waits[0].components.name.as_deref(), Some("forged"), "one decision by name settles it");
    script.decide("d2", json!({ "name": "forged", "vendor": words }), json!({ "supplier_id": "acme" }));
    assert_eq!(component(&script.model, "forged").supplier.confidence, Confidence::Decided);
}

#[test]
fn a_decided_system_takes_its_packages_along() {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("acme"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "acme"));
    script.os("acmeos");
    script.dpkg(Outcome::Complete, &[package("base", "1", "x.example")]);
    script.report("apt_index", Outcome::Complete, vec![listed("base", "AcmeOS")]);
    assert_eq!(component(&script.model, "base").product, "acmeos system", "it calls itself by the system's own word");
    assert_eq!(script.open(UNDECLARED), ["acmeos system 12", "base 1"]);
    script.decide("d1", json!({ "sort": "os", "vendor": "acmeos" }), json!({ "supplier_id": "acme" }));
    assert_eq!(script.open(UNDECLARED), ["base 1"], "the packages' own words are decided by themselves");
    script.decide("d2", json!({ "sort": "deb", "vendor": "acmeos" }), json!({ "supplier_id": "acme" }));
    assert_eq!(script.open(UNDECLARED), Vec::<String>::new());
}

#[test]
fn the_queue_holds_what_nobody_settled_most_hosts_first_and_proposes() {
    let mut script = fleet();
    script.dpkg(Outcome::Complete, &[package("lonely", "1", "elsewhere.example")]);
    script.enrol("tos-2");
    script.dpkg(Outcome::Complete, &[package("solo", "1", "solo.example")]);
    let rows = queue(&script.model);
    let first = &rows[0];
    assert_eq!(first.components.vendor.as_deref(), Some("ACME Inc."));
    assert_eq!(
        (first.hosts, first.components_total, first.supplier_open),
        (2, 2, true),
        "the office is on no equipment"
    );
    assert_eq!(first.examples, ["acme-core 6.3", "acme-tool 6.3"]);
    let proposals: Vec<_> =
        first.proposals.iter().map(|proposal| (proposal.supplier_id.as_str(), proposal.why)).collect();
    assert_eq!(proposals, [("acme", ProposalWhy::AlikeName)]);
    assert_eq!(component(&script.model, "acme-core").supplier.supplier_id, None, "a proposal judges nothing");
    assert!(rows.iter().any(|row| row.examples == ["solo 1"]) && rows.iter().all(|row| row.examples != ["lonely 1"]));
    let behind = script.model.review_page(Part { cursor: Some(&first.group_id), limit: None }).unwrap().items;
    assert_eq!(behind, rows[1..]);
    assert_eq!(script.model.review_page(Part { cursor: Some("g-none"), limit: None }), None);
    assert_eq!(script.model.review_row_of(&first.group_id).as_ref(), Some(first));
    script.decide("d1", json!({ "vendor": "acme inc." }), json!({ "supplier_id": "acme" }));
    assert!(queue(&script.model).iter().all(|row| row.components.vendor.as_deref() != Some("ACME Inc.")));
}

#[test]
fn of_a_known_supplier_without_a_part_only_the_category_waits() {
    let mut script = fleet();
    script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian"));
    script.decide("d1", json!({ "vendor": "ACME Inc." }), json!({ "supplier_id": "acme" }));
    let rows = queue(&script.model);
    assert_eq!((rows.len(), rows[0].supplier_open, rows[0].category_open), (1, false, true));
    script.decide("d2", json!({ "name": "acme-core" }), json!({ "category": "middleware" }));
    assert_eq!(queue(&script.model)[0].examples, ["acme-tool 6.3"]);
    assert_eq!(component(&script.model, "acme-core").category, Category::Middleware);
}

#[test]
fn a_decision_judges_only_what_it_touches() {
    let mut script = fleet();
    let many: Vec<_> = (0..500).map(|n| package(&format!("p{n:03}"), "1", "debian.org")).collect();
    script.dpkg(Outcome::Complete, &many);
    for (components, wanted) in [
        (json!({ "vendor": "ACME Inc." }), 4),
        (json!({ "name": "p007" }), 1),
        (json!({ "vendor": "nobody has this" }), 0),
    ] {
        let before = script.model.drift.understood;
        script.decide(&format!("d{wanted}"), components.clone(), json!({ "supplier_id": "acme" }));
        let judged = script.model.drift.understood - before;
        assert!(judged <= wanted + 4, "{components}: {judged}");
    }
}

/// Decided on 21 November: acme has always supplied it, and debian since the 10th.
#[test]
fn a_decision_applies_to_the_past_as_of_a_day() {
    let mut script = fleet();
    script.on("2026-11-05");
    script.dpkg(Outcome::Complete, &[]);
    let then = script.model.clone();
    let cut = script.entries.len();
    script.on("2026-11-21");
    script.decide("d1", json!({ "vendor": "ACME Inc." }), json!({ "supplier_id": "acme" }));
    let debian = json!({ "supplier_id": "debian", "valid_from": "2026-11-10", "replaces": "d1" });
    script.decide("d2", json!({ "vendor": "ACME Inc." }), debian);
    let of = |model: &Model| component(model, "acme-core").supplier.supplier_id.map(|id| id.to_string());
    assert_eq!((of(&then), of(&script.model)), (None, Some("debian".into())), "what the ledger knew stays what it was");
    // Somebody who asks what is known today about a day folds on with the decisions that speak of it.
    let as_of = |day: &str| {
        let mut model = then.clone();
        for (seq, received_at, author, fact) in &script.entries[cut..] {
            if matches!(fact, Fact::ComponentDecided(decided) if decided.speaks_of(day.parse().unwrap())) {
                model.apply(&Event { seq: *seq, received_at: *received_at, author, fact });
            }
        }
        model
    };
    assert_eq!(of(&as_of("2026-11-09")), Some("acme".into()));
    assert_eq!(of(&as_of("2026-11-10")), Some("debian".into()));
    let open = |model: &Model| {
        let rows = model.findings().into_iter().filter(|row| row.rule_id.as_str() == UNDECLARED);
        rows.filter(|row| row.state == FindingState::Open).count()
    };
    assert_eq!((open(&then), open(&as_of("2026-11-09"))), (2, 0), "findings follow: acme has a part");
    let held = |asked| {
        let rows = script.model.decisions_page(Part::default(), asked).unwrap().items;
        rows.into_iter().map(|row| row.state.decision.decision_id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(held(Asked::Standing), ["d2"]);
    assert_eq!(held(Asked::Every), ["d2", "d1"]);
    assert_eq!(held(Asked::On("2026-11-09".parse().unwrap())), ["d1"]);
    assert_eq!(held(Asked::On("2026-11-10".parse().unwrap())), ["d2"]);
    script.withdraw("d2");
    let held =
        |day: &str| script.model.decisions_page(Part::default(), Asked::On(day.parse().unwrap())).unwrap().items.len();
    assert_eq!((held("2026-11-09"), held("2026-11-10")), (1, 0), "what was corrected does not come back by itself");
}

/// A ledger may come from elsewhere: an id twice, a replacement of nothing, a withdrawal of nothing, a supplier without record.
#[test]
fn what_admission_would_have_refused_harms_nothing() {
    let mut script = fleet();
    script.decide("d1", json!({ "vendor": "ACME Inc." }), json!({ "supplier_id": "ghost", "replaces": "d1" }));
    script.decide("d1", json!({ "vendor": "ACME Inc." }), json!({ "supplier_id": "acme" }));
    script.withdraw("none");
    script.decide("d2", json!({}), json!({ "supplier_id": "acme" }));
    let row = component(&script.model, "acme-core");
    assert_eq!(row.supplier.supplier_id.unwrap().as_str(), "ghost");
    let mut again = Model::default();
    for (seq, received_at, author, fact) in &script.entries {
        again.apply(&Event { seq: *seq, received_at: *received_at, author: author as &Author, fact });
    }
    assert_eq!(component(&again, "acme-core"), component(&script.model, "acme-core"));
    script.assert_replay_is_idempotent();
}
