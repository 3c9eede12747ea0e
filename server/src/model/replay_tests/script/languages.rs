//! What can happen to packages of programming languages: they come, go, are carried by a package, and are decided about.
//! It does not check anything. Invariant: the same number makes the same step of the same ledger.

use crate::model::testing::Script;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{
    CarriedBy, LanguageEcosystem, LanguageEvidence, LanguagePackage, LanguagePlace, Observation,
};
use serde_json::json;

pub(super) fn happens(script: &mut Script, n: usize, outcome: Outcome) {
    let war = ["/opt/tomcat/webapps/a.war", "/srv/b"][n / 4 % 2];
    let items = (0..n % 4).map(|i| package(i, n / 8, war)).collect();
    script.report("language_packages", outcome, items);
    if n % 3 == 1 {
        let said = [json!({ "supplier_id": "vendor" }), json!({ "part_of_equipment": false })][n / 3 % 2].clone();
        script.decide(&format!("d{}", n % 6), json!({ "sort": "application", "name": war }), said);
    }
}

fn package(which: usize, n: usize, application: &str) -> Observation {
    let name = ["a", "b", "a"][which % 3];
    let carried_by = match (which + n) % 4 {
        0 => CarriedBy::Package { ecosystem: "deb".into(), name: "a".into() },
        1 => CarriedBy::Unknown,
        _ => CarriedBy::Nobody,
    };
    Observation::LanguagePackage(LanguagePackage {
        ecosystem: [LanguageEcosystem::Maven, LanguageEcosystem::Npm][which % 2],
        group: None,
        name: name.into(),
        version: ["1", "2"].get(n % 3).map(|version| (*version).into()),
        application: application.into(),
        carried_by,
        evidence: LanguageEvidence::FileName,
        places: vec![LanguagePlace { path: application.into(), inside: None, sha256: None }],
    })
}
