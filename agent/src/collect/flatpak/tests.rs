//! What the flatpak collector makes of installations of the system and in homes.
//! It does not know other collectors. The builds were written by GLib (`origin.md`).
//! Invariant tested: no account is named, and what cannot be read is.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;

fn sample() -> RecordedHost {
    golden::running(&FlatpakCollector, "desktop", Machine::default())
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let collected = golden::check(&FlatpakCollector, "desktop", &sample());
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Complete, 0));
    let versions: Vec<_> = collected
        .items
        .iter()
        .filter_map(|item| match item {
            Observation::Package(package) => Some((package.name.as_str(), package.version.as_str())),
            _ => None,
        })
        .collect();
    let expected = [("org.example.Editor", "46.1"), ("org.example.Game", ""), ("org.example.Platform", "")];
    assert_eq!(versions, expected);
    assert!(!format!("{collected:?}").contains("person"));
}

#[test]
fn homes_that_may_not_be_read_are_named_without_their_accounts() {
    let closed = sample().without_permission_for(&["/home/person/.local/share/flatpak/app"]);
    let collected = FlatpakCollector.collect(&closed);
    assert_eq!((collected.outcome, collected.items.len()), (Outcome::Partial, 2));
    let Trouble { kind, place, .. } = &collected.troubles[0];
    assert_eq!((*kind, place.as_str()), (TroubleKind::NotPermitted, HOMES_PLACE));
    assert!(!format!("{collected:?}").contains("person"));
}

#[test]
fn no_flatpak_nothing_installed_and_nonsense_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let collect = || FlatpakCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!(collect().outcome, Outcome::NotApplicable);
    let build = folder.path().join("var/lib/flatpak/app/a/x86_64/stable/active");
    fs::create_dir_all(&build).unwrap();
    assert_eq!((collect().outcome, collect().items.len()), (Outcome::Complete, 0));
    for bytes in [&b""[..], b"remote\0", b"remote\0short\0", &[0xff; 4096]] {
        fs::write(build.join("deploy"), bytes).unwrap();
        assert_eq!(collect().outcome, Outcome::Failed, "{bytes:?}");
    }
}

/// Every byte changed and every cut: no panic, and never another version than the one that is there.
#[test]
fn damaged_builds_never_panic() {
    let sound = fs::read(
        golden::fixtures("flatpak")
            .join("desktop/root/var/lib/flatpak/app/org.example.Editor/x86_64/stable/active/deploy"),
    )
    .unwrap();
    for end in 0..sound.len() {
        let version = Deploy::parse(&sound[..end]).map(|deploy| deploy.version);
        assert!(version.is_none_or(|version| version.is_empty() || version == b"46.1"), "{end}");
    }
    for place in 0..sound.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = sound.clone();
            changed[place] = value;
            let _ = Deploy::parse(&changed);
        }
    }
}
