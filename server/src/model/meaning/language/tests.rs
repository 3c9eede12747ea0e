//! An application server with a war, and a package that carries a jar: what is a finding, what is found, and what a decision changes.
//! It does not test the agent. Invariant tested: one application is one finding, and what a package carries is none.

use crate::model::queries::radius::Centre;
use crate::model::rows::{ComponentQuery, ComponentRow, DriftStatus};
use crate::model::testing::{Script, package, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::*;
use serde_json::json;

const RULE: &str = "undeclared_component";
const WAR: &str = "/opt/tomcat/webapps/berth.war";

fn jar(name: &str, version: &str, application: &str, carried_by: CarriedBy) -> Observation {
    Observation::LanguagePackage(LanguagePackage {
        ecosystem: LanguageEcosystem::Maven,
        group: Some("org.apache.logging.log4j".into()),
        name: name.into(),
        version: Some(version.into()),
        application: application.into(),
        carried_by,
        evidence: LanguageEvidence::PomProperties,
        places: vec![LanguagePlace { path: application.into(), inside: None, sha256: None }],
    })
}

fn deb(name: &str) -> CarriedBy {
    CarriedBy::Package { ecosystem: "deb".into(), name: name.into() }
}

/// A covered host with a war of two jars, and a jar that a covered package carries.
fn server() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
    script.os("debian");
    script.dpkg(Outcome::Complete, &[package("liblog4j2-java", "2.17.1-1", "debian.org")]);
    look(&mut script, Outcome::Complete, &war());
    script
}

fn war() -> Vec<Observation> {
    vec![
        jar("log4j-core", "2.14.1", WAR, CarriedBy::Nobody),
        jar("log4j-api", "2.14.1", WAR, CarriedBy::Nobody),
        jar("log4j-core", "2.17.1", "/usr/share/java/log4j-core.jar", deb("liblog4j2-java")),
    ]
}

fn look(script: &mut Script, outcome: Outcome, items: &[Observation]) {
    script.report("language_packages", outcome, items.to_vec());
}

fn search(script: &Script, q: &str) -> Vec<ComponentRow> {
    let query = ComponentQuery { q: Some(q.into()), ..ComponentQuery::default() };
    script.model.components(&query).unwrap().items
}

#[test]
fn an_application_is_one_finding_and_what_a_package_carries_is_none() {
    let script = server();
    let open = script.open_rows(RULE);
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].components, ["log4j-api 2.14.1", "log4j-core 2.14.1"]);
    assert!(open[0].title.en.contains(WAR), "{}", open[0].title.en);
    script.assert_replay_is_idempotent();
}

/// The question of December 2021: which hosts have it, where, and who put it there.
#[test]
fn every_log4j_core_is_found_with_its_place_and_its_carrier() {
    let mut script = server();
    script.enrol("elsewhere");
    look(&mut script, Outcome::Complete, &war()[..1]);
    let rows = search(&script, "log4j-core");
    let told = |row: &ComponentRow| (row.version.clone().unwrap(), row.carried_by.clone(), row.status, row.hosts);
    let wanted = [
        ("2.14.1".to_owned(), None, Some(DriftStatus::Undeclared), 2),
        ("2.17.1".to_owned(), Some("deb liblog4j2-java".to_owned()), None, 1),
    ];
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), wanted);
    assert_eq!(rows[0].purl.as_deref(), Some("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"));
    // The same within the equipment: what packages carry is there, too.
    let query = ComponentQuery {
        q: Some("log4j-core".into()),
        equipment_id: Some(daicho_schemas::ids::EquipmentId::new("tos").unwrap()),
        ..ComponentQuery::default()
    };
    let own = script.model.components(&query).unwrap().items;
    assert_eq!(own.iter().map(|row| row.version.as_deref()).collect::<Vec<_>>(), [Some("2.14.1"), Some("2.17.1")]);
    let places = script.model.component_detail(&rows[0].component_id).unwrap().places;
    assert_eq!(places.len(), 2);
    let radius = script.model.radius(&Centre::Product("log4j-core".into()), script.today());
    let seen: Vec<_> =
        radius.seen.iter().map(|seen| (seen.product.as_str(), seen.carried_by.as_deref(), seen.hosts)).collect();
    assert_eq!(seen, [(WAR, None, 1), ("log4j-core", Some("deb liblog4j2-java"), 1)]);
    assert_eq!(radius.totals.hosts, 1, "a host of no equipment is in the list, and in no equipment's radius");
}

/// A carrier that is itself undeclared is the finding; what it carries adds none.
#[test]
fn the_carrier_is_judged_in_the_place_of_what_it_carries() {
    let mut script = server();
    let packages = [package("liblog4j2-java", "2.17.1-1", "debian.org"), package("tosd", "1", "tosd.example")];
    script.dpkg(Outcome::Complete, &packages);
    look(&mut script, Outcome::Complete, &[jar("log4j-core", "2.14.1", "/opt/tosd", deb("tosd"))]);
    assert_eq!(script.open(RULE), ["tosd 1"]);
    look(&mut script, Outcome::Complete, &[jar("log4j-core", "2.14.1", "/opt/tosd", CarriedBy::Unknown)]);
    assert_eq!(script.open(RULE), ["tosd 1"]);
    assert_eq!(search(&script, "log4j-core")[0].carried_by.as_deref(), Some(""));
}

#[test]
fn absent_is_not_gone_and_a_complete_look_closes_it() {
    let mut script = server();
    look(&mut script, Outcome::Partial, &[]);
    assert_eq!(script.open_rows(RULE).len(), 1);
    look(&mut script, Outcome::Complete, &[]);
    assert_eq!(script.open_rows(RULE).len(), 0);
}

#[test]
fn a_decision_about_the_application_settles_all_of_it() {
    let mut script = server();
    script.supplier(supplier("berthsoft"));
    let wider = plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian");
    script.plan(wider.part("berth", "application", "berthsoft"));
    script.decide("d-1", json!({ "sort": "application", "name": WAR }), json!({ "supplier_id": "berthsoft" }));
    assert_eq!(script.open(RULE), Vec::<String>::new());
    assert!(search(&script, "2.14.1").iter().all(|row| row.status == Some(DriftStatus::Covered)));
    script.withdraw("d-1");
    assert_eq!(script.open_rows(RULE).len(), 1);
}
