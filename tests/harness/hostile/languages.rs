//! Files of programming languages' packages that an agent finds on a host: archives, records, executables. The first byte picks.
//! It does not know folders. Invariant: whatever a file holds, names are short and printable, and their number is bounded.

use daicho_agent::collect::language::{Named, archive, executables, node, php, python, ruby};
use daicho_schemas::fact::observation::{
    CarriedBy, LanguageEcosystem, LanguageEvidence, LanguagePackage, LanguagePlace, Observation,
};
use std::io::Cursor;
use std::time::{Duration, Instant};

/// One package, as an agent could state it.
pub(super) fn observation(choices: &mut super::choices::Choices<'_>) -> Observation {
    let carried_by = match choices.below(3) {
        0 => CarriedBy::Nobody,
        1 => CarriedBy::Unknown,
        _ => CarriedBy::Package { ecosystem: "deb".into(), name: choices.text() },
    };
    let version = (choices.below(2) == 1).then(|| choices.text());
    Observation::LanguagePackage(LanguagePackage {
        ecosystem: LanguageEcosystem::ALL[choices.below(7)],
        group: version.clone(),
        name: choices.text(),
        version,
        application: choices.text(),
        carried_by,
        evidence: LanguageEvidence::FileName,
        places: vec![LanguagePlace { path: choices.text(), inside: None, sha256: None }],
    })
}

/// A name, group or version, in bytes.
const WORD_BYTES_MAX: usize = 256;
/// What one file of these sizes can name.
const NAMES_MAX: usize = 20_000;

pub(super) fn read(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let named: Vec<Named> = match which % 6 {
        0 => {
            let contents = archive::read(Cursor::new(bytes), "x-1.0.war", Instant::now() + Duration::from_secs(30));
            contents.packages.into_iter().map(|one| one.named).collect()
        }
        1 => executables::built_in(Cursor::new(bytes)).packages.into_iter().map(|(_, named)| named).collect(),
        2 => python::distribution(bytes).into_iter().collect(),
        3 => node::package(bytes).into_iter().collect(),
        4 => php::packages(bytes).map(|(packages, _)| packages).unwrap_or_default(),
        _ => ruby::gem(bytes, "x-1.0.gemspec").into_iter().collect(),
    };
    assert!(which % 6 == 4 || named.len() <= NAMES_MAX, "{} names", named.len());
    for Named { group, name, version, .. } in named {
        for word in [group, Some(name), version].into_iter().flatten() {
            assert!(!word.is_empty() && word.len() <= WORD_BYTES_MAX && !word.contains(char::is_control), "{word:?}");
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let with = |which: u8, bytes: &[u8]| [&[which], bytes].concat();
    let fixture = |path: &str| {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../agent/fixtures/language_packages/application_server/root");
        std::fs::read(root.join(path)).unwrap()
    };
    vec![
        with(0, &fixture("usr/share/java/commons-example-1.4.jar")),
        with(0, &fixture("opt/tomcat/webapps/berth.war")),
        with(1, &fixture("usr/local/bin/exporter")),
        with(1, &fixture("opt/gatekeeper/bin/gatekeeper")),
        with(2, b"Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\n\nText\n"),
        with(3, br#"{"name":"@example/ui","version":"1.0.0"}"#),
        with(4, br#"{"packages":[{"name":"psr/log","version":"v1.1.4"}]}"#),
        with(5, b"# -*- encoding: utf-8 -*-\n# stub: rack 2.2.4 ruby lib\n"),
    ]
}
