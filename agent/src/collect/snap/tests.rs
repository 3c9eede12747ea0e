//! What the snap collector makes of sound, closed and damaged states.
//! It does not know other collectors.
//! Invariant tested: snapd's credentials go nowhere, and what an account without rights does not learn is said.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;

fn sample() -> RecordedHost {
    golden::running(&SnapCollector, "ubuntu", Machine::default())
}

fn rows(collected: &Collected) -> Vec<String> {
    let rows = collected.items.iter().filter_map(|item| match item {
        Observation::Package(package) => {
            let Provenance { channel, revision, .. } = package.provenance.clone();
            let or_none = |text: Option<String>| text.unwrap_or_default();
            let vendor = or_none(package.vendor.clone());
            Some(
                [&package.name, &package.version, &or_none(revision), &or_none(channel), &vendor]
                    .map(String::as_str)
                    .join("|"),
            )
        }
        _ => None,
    });
    rows.collect()
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let collected = golden::check(&SnapCollector, "ubuntu", &sample());
    let expected = [
        "example-core|20240416|2015|latest/stable|Example OS",
        "example-local||x1||",
        "example-server|8.0.1|101|8/stable|example-vendor",
    ];
    assert_eq!((collected.outcome, rows(&collected)), (Outcome::Partial, expected.map(str::to_owned).to_vec()));
    assert!(!format!("{collected:?}").contains("SECRET"));
}

#[test]
fn without_rights_to_the_state_links_tell_the_revision_and_the_rest_is_named() {
    let closed = sample().without_permission_for(&[STATE]);
    let collected = SnapCollector.collect(&closed);
    golden::only_documented_places(&SnapCollector, &closed);
    let expected = ["example-core|20240416|2015||", "example-local||x1||", "example-server|8.0.1|101||"];
    assert_eq!((collected.outcome, rows(&collected)), (Outcome::Partial, expected.map(str::to_owned).to_vec()));
    assert!(collected.troubles.iter().any(|trouble| trouble.kind == TroubleKind::NotPermitted));
}

#[test]
fn no_snapd_no_snaps_and_nonsense_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let collect = || SnapCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!(collect().outcome, Outcome::NotApplicable);
    fs::create_dir_all(folder.path().join("var/lib/snapd/snaps")).unwrap();
    assert_eq!((collect().outcome, collect().items.len()), (Outcome::Complete, 0), "snapd without a snap");
    let state = folder.path().join("var/lib/snapd/state.json");
    for (text, outcome) in [
        ("{}", Outcome::Complete),
        ("", Outcome::Failed),
        ("[[[[", Outcome::Failed),
        (
            r#"{"data":{"snaps":{"../../etc":{"current":7,"sequence":[{"revision":7,"snap-id":"../../x"}]}}}}"#,
            Outcome::Partial,
        ),
    ] {
        fs::write(&state, text).unwrap();
        assert_eq!(collect().outcome, outcome, "{text}");
    }
    let host = RecordedHost::image(folder.path());
    SnapCollector.collect(&host);
    assert!(host.accesses().iter().all(|path| !path.contains("..")), "{:?}", host.accesses());
}
