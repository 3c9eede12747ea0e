//! A sample of a language package: in a jar, in a war, that a package of the host carries.
//! Runs in tests only. It does not know how golden files are compared.
//! Invariant: a sample that was released is never changed.

use crate::canonical::Hash;
use crate::fact::observation::*;

pub(super) fn observations() -> Vec<Observation> {
    vec![Observation::LanguagePackage(LanguagePackage {
        ecosystem: LanguageEcosystem::Maven,
        group: Some("org.apache.logging.log4j".into()),
        name: "log4j-core".into(),
        version: Some("2.14.1".into()),
        application: "/opt/tos/webapps/berth.war".into(),
        carried_by: CarriedBy::Package { ecosystem: "deb".into(), name: "tos-berth".into() },
        evidence: LanguageEvidence::PomProperties,
        places: vec![LanguagePlace {
            path: "/opt/tos/webapps/berth.war".into(),
            inside: Some("WEB-INF/lib/log4j-core-2.14.1.jar".into()),
            sha256: Some(Hash([7; 32])),
        }],
    })]
}
