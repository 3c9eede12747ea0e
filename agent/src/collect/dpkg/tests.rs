//! What the dpkg collector makes of sound, damaged and hostile databases.
//! It does not know other collectors.
//! Invariant tested: good stanzas are kept, bad ones named, and an unreadable database is never an empty one.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::collections::BTreeSet;
use std::fs;

fn sample(name: &str) -> RecordedHost {
    golden::running(&DpkgCollector, name, Machine::default())
}

/// A machine whose status file holds these bytes.
fn with_status(status: &[u8]) -> (tempfile::TempDir, Collected) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("var/lib/dpkg")).unwrap();
    fs::write(folder.path().join("var/lib/dpkg/status"), status).unwrap();
    let collected = DpkgCollector.collect(&RecordedHost::image(folder.path()));
    (folder, collected)
}

fn names(collected: &Collected) -> Vec<String> {
    collected.items.iter().map(Observation::key).collect()
}

#[test]
fn samples_give_their_goldens_from_documented_places_only() {
    let debian = sample("debian_12");
    let distroless = sample("distroless");
    golden::check(&DpkgCollector, "debian_12", &debian);
    golden::check(&DpkgCollector, "distroless", &distroless);
    let (empty, _) = with_status(b"");
    let empty = RecordedHost::image(empty.path());
    DpkgCollector.collect(&empty);
    golden::every_documented_place(&DpkgCollector, &[&debian, &distroless, &empty]);
}

#[test]
fn damaged_stanzas_are_named_and_the_others_kept() {
    let damaged = sample("damaged");
    let collected = golden::check(&DpkgCollector, "damaged", &damaged);
    assert_eq!(collected.outcome, Outcome::Partial);
    assert_eq!(names(&collected), ["deb:first:amd64", "deb:last:amd64", "deb:latin1:all"]);
}

#[test]
fn dpkg_without_a_readable_database_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("var/lib/dpkg/info")).unwrap();
    let missing = DpkgCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!((missing.outcome, missing.troubles[0].kind), (Outcome::Failed, TroubleKind::Missing));

    fs::write(folder.path().join("var/lib/dpkg/status"), "").unwrap();
    let closed = RecordedHost::image(folder.path()).without_permission_for(&[STATUS]);
    let closed = DpkgCollector.collect(&closed);
    assert_eq!(closed.outcome, Outcome::Failed);
    assert!(closed.troubles.iter().any(|trouble| trouble.kind == TroubleKind::NotPermitted));

    // An empty database is no result: on a host that only has dpkg as a tool nothing is claimed, and where packages left
    // their lists it is damage.
    let empty = DpkgCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!((empty.outcome, empty.troubles[0].kind), (Outcome::NotApplicable, TroubleKind::Missing));
    fs::write(folder.path().join("var/lib/dpkg/info/libc6.list"), "/.").unwrap();
    assert_eq!(DpkgCollector.collect(&RecordedHost::image(folder.path())).outcome, Outcome::Failed);
}

#[test]
fn without_dpkg_it_is_not_applicable() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(DpkgCollector.collect(&RecordedHost::image(folder.path())).outcome, Outcome::NotApplicable);
}

/// What a power failure leaves: a file of zeros, or one that ends anywhere. No cut may give a package with other fields
/// than it has, and every cut that loses a package is seen.
#[test]
fn a_status_cut_anywhere_invents_nothing() {
    let whole = fs::read(golden::fixtures("dpkg").join("debian_12/root/var/lib/dpkg/status")).unwrap();
    assert_eq!(with_status(&[0; 4096]).1.outcome, Outcome::Failed);
    let (_, all) = with_status(&whole);
    assert_eq!(all.outcome, Outcome::Complete);
    for end in 1..whole.len() {
        let (_, collected) = with_status(&whole[..end]);
        assert!(collected.items.iter().all(|item| all.items.contains(item)), "cut at {end}");
        let between_stanzas = whole[..end].ends_with(b"\n\n");
        assert_eq!(collected.outcome == Outcome::Complete, between_stanzas, "cut at {end}");
    }
}

#[test]
fn hostile_stanzas_do_not_get_through() {
    let long = [b"Package: x\nStatus: install ok installed\nVersion: ".to_vec(), vec![b'9'; 1 << 20], b"\n\n".to_vec()]
        .concat();
    let (_, collected) = with_status(&long);
    assert_eq!(collected.troubles[0].kind, TroubleKind::TooLarge);
    assert!(collected.items.is_empty());
    for bad in [
        "Package: ../etc/passwd\nStatus: install ok installed\nVersion: 1\n",
        "Package: a b\nStatus: install ok installed\nVersion: 1\n",
        "Package: a\nStatus: install ok\nVersion: 1\n",
        "Package: a\nStatus: install ok perhaps\nVersion: 1\n",
        "Package: a\nStatus: install ok installed\n",
        "Package: a\nPackage: b\nStatus: install ok installed\nVersion: 1\n",
        "Status: install ok installed\nVersion: 1\n",
        "Package: a\nVersion: 1\n",
    ] {
        let (_, collected) = with_status(format!("{bad}\n").as_bytes());
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Failed, 0), "{bad}");
        assert_eq!(collected.troubles[0].place, "/var/lib/dpkg/status:1", "{bad}");
    }
}

/// Against the judge itself: on a host that has `dpkg-query`, both lists are equal, field by field.
#[test]
fn the_answer_equals_dpkg_query() {
    let Some(mut theirs) = dpkg_query() else {
        eprintln!("skipped: this host has no dpkg-query");
        return;
    };
    // Somebody may install packages on this host meanwhile: an answer counts when the judge said the same before and after it.
    for _ in 0..20 {
        let collected = DpkgCollector.collect(&crate::access::LiveHost::new("/"));
        let before = std::mem::replace(&mut theirs, dpkg_query().unwrap());
        if before != theirs {
            continue;
        }
        let ours: BTreeSet<String> = collected.items.iter().map(as_dpkg_query_prints).collect();
        assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new(), "only the collector says so");
        assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&String>::new(), "only dpkg-query says so");
        assert_eq!(collected.items.len(), theirs.len());
        assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
        return;
    }
    eprintln!("skipped: packages of this host kept changing during twenty looks");
}

fn dpkg_query() -> Option<BTreeSet<String>> {
    let format = "${Package}\t${Architecture}\t${Version}\t${db:Status-Status}\t${source:Package}\t${Maintainer}\n";
    #[expect(clippy::disallowed_methods, reason = "the test compares with the real program")]
    let output = std::process::Command::new("dpkg-query").args(["-W", "-f", format]).output();
    Some(String::from_utf8_lossy(&output.ok()?.stdout).lines().map(str::to_owned).collect())
}

fn as_dpkg_query_prints(item: &Observation) -> String {
    let Observation::Package(package) = item else { panic!("not a package") };
    let state = match package.state {
        PackageState::Installed => "installed",
        PackageState::ConfigFiles => "config-files",
        PackageState::Unfinished => "unfinished",
    };
    let source = package.source.as_deref().unwrap_or(&package.name);
    let architecture = package.architecture.as_deref().unwrap_or_default();
    let maintainer = package.maintainer.as_deref().unwrap_or_default();
    format!("{}\t{architecture}\t{}\t{state}\t{source}\t{maintainer}", package.name, package.version)
}

/// What real hosts have and readers stumble over: words of older dpkgs, wishes that are not states, folded fields, and
/// `available`, which lists what could be installed and is never read.
#[test]
fn states_are_the_third_word_and_folded_fields_hide_nothing() {
    let status = "Package: wished-away\nStatus: deinstall ok installed\nVersion: 1\n\n\
        Package: held\nStatus: hold reinstreq half-installed\nVersion: 1\n\n\
        Package: old-word\nStatus: install ok postinst-failed\nVersion: 1\n\n\
        Package: left\nStatus: deinstall ok config-files\nConfig-Version: 1\n\n\
        Package: gone\nStatus: purge ok not-installed\n\n\
        Package: folded\nStatus: install ok installed\nVersion: 1\nConffiles:\n Status: purge ok not-installed\n Version: 9\nDescription: x\n .\n Package: y\n\n";
    let (folder, first) = with_status(status.as_bytes());
    let states: Vec<_> = first
        .items
        .iter()
        .filter_map(|item| match item {
            Observation::Package(package) => Some((package.name.as_str(), package.state)),
            _ => None,
        })
        .collect();
    let expected = [
        ("folded", PackageState::Installed),
        ("held", PackageState::Unfinished),
        ("left", PackageState::ConfigFiles),
        ("old-word", PackageState::Unfinished),
        ("wished-away", PackageState::Installed),
    ];
    assert_eq!((states, first.outcome, first.troubles.len()), (expected.to_vec(), Outcome::Complete, 0));
    fs::write(folder.path().join("var/lib/dpkg/available"), "Package: z\nVersion: 1\n\n").unwrap();
    let host = RecordedHost::image(folder.path());
    assert_eq!(DpkgCollector.collect(&host), first);
    assert!(host.accesses().iter().all(|path| !path.contains("available")));
}

/// A database of 4 GB: what stands at its beginning is kept, the rest is named, and nothing of that size is ever held.
#[test]
fn a_huge_database_costs_no_memory() {
    let (folder, _) = with_status(b"Package: a\nStatus: install ok installed\nVersion: 1\n\n");
    let file = fs::File::options().append(true).open(folder.path().join("var/lib/dpkg/status")).unwrap();
    file.set_len(4 * 1024 * 1024 * 1024).unwrap();
    let collected = DpkgCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!((collected.outcome, names(&collected)), (Outcome::Partial, vec!["deb:a:".to_owned()]));
    assert_eq!(collected.troubles[0].kind, TroubleKind::TooLarge);
    // A pipe and a loop of links in its place are named and never opened.
    let status = folder.path().join("var/lib/dpkg/status");
    fs::remove_file(&status).unwrap();
    std::os::unix::fs::symlink("status", &status).unwrap();
    let looped = DpkgCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!((looped.outcome, looped.items.len()), (Outcome::Failed, 0));
}
