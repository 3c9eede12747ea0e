//! What the apt index collector makes of indexes: compressed ones, several listing the same package, damaged ones.
//! It does not know other collectors.
//! Invariant tested: the answer does not depend on the order of files, and a damaged index is named.

use super::*;
use crate::access::{LiveHost, Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// A machine with some packages installed and some lists.
struct Lists {
    folder: tempfile::TempDir,
}

impl Lists {
    fn with_status(status: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("var/lib/dpkg")).unwrap();
        fs::create_dir_all(folder.path().join("var/lib/apt/lists")).unwrap();
        fs::write(folder.path().join("var/lib/dpkg/status"), status).unwrap();
        Self { folder }
    }

    fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        fs::write(self.folder.path().join("var/lib/apt/lists").join(name), bytes).unwrap();
        self
    }

    fn collect(&self) -> Collected {
        AptIndexCollector.collect(&RecordedHost::image(self.folder.path()))
    }
}

const STATUS_OF_A: &str =
    "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nMaintainer: M\n\n";

fn origins(collected: &Collected) -> Vec<(String, String, Option<String>, OriginMatch)> {
    let row = |item: &Observation| match item {
        Observation::PackageOrigin(row) => (row.key(), row.origin.clone(), row.suite.clone(), row.matched),
        _ => panic!("not an origin"),
    };
    collected.items.iter().map(row).collect()
}

fn lz4(text: &str) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let sample = golden::running(&AptIndexCollector, "two_origins", Machine::default());
    let collected = golden::check(&AptIndexCollector, "two_origins", &sample);
    assert_eq!(collected.outcome, Outcome::Complete);
    let compressed = Lists::with_status(STATUS_OF_A)
        .file("h_dists_x_InRelease", "Origin: O\n")
        .file("h_dists_x_main_binary-amd64_Packages.lz4", lz4("Package: b\n"))
        .file("h_dists_x_two_binary-amd64_Packages.gz", gzip("Package: b\n"))
        .file("h_dists_x_three_binary-amd64_Packages.zst", zstd::encode_all(&b"Package: b\n"[..], 1).unwrap());
    let compressed = RecordedHost::image(compressed.folder.path());
    AptIndexCollector.collect(&compressed);
    golden::every_documented_place(&AptIndexCollector, &[&sample, &compressed]);
}

#[test]
fn every_compression_gives_the_same_answer() {
    let index = "Package: a\nArchitecture: amd64\nVersion: 1\n\n".repeat(20_000);
    let cases: [(&str, Vec<u8>); 4] = [
        ("", index.clone().into_bytes()),
        (".lz4", lz4(&index)),
        (".gz", gzip(&index)),
        (".zst", zstd::encode_all(index.as_bytes(), 1).unwrap()),
    ];
    for (ending, bytes) in cases {
        let lists = Lists::with_status(STATUS_OF_A)
            .file("h_dists_x_InRelease", "Origin: O\nSuite: S\n")
            .file(&format!("h_dists_x_main_binary-amd64_Packages{ending}"), bytes);
        let collected = lists.collect();
        assert_eq!(
            origins(&collected),
            [("deb:a:amd64".into(), "O".into(), Some("S".into()), OriginMatch::Version)],
            "{ending}"
        );
        assert_eq!(collected.outcome, Outcome::Complete, "{ending}");
    }
}

#[test]
fn a_version_match_comes_before_a_maintainer_match_and_then_the_smaller_name() {
    let same = "Package: a\nArchitecture: amd64\nVersion: 1\nMaintainer: M\n";
    let newer = "Package: a\nArchitecture: amd64\nVersion: 2\nMaintainer: M\n";
    let other_maintainer = "Package: a\nArchitecture: amd64\nVersion: 2\nMaintainer: N\n";
    let other_architecture = "Package: a\nArchitecture: arm64\nVersion: 1\nMaintainer: M\n";
    let independent = "Package: a\nArchitecture: all\nVersion: 2\nMaintainer: M\n";
    let find = |indexes: &[(&str, &str)]| {
        let mut lists = Lists::with_status(STATUS_OF_A);
        for (origin, index) in indexes {
            lists = lists
                .file(&format!("{origin}.example_InRelease"), format!("Origin: {origin}\n"))
                .file(&format!("{origin}.example_Packages"), index);
        }
        origins(&lists.collect()).into_iter().map(|(_, origin, _, matched)| (origin, matched)).next()
    };
    assert_eq!(find(&[("aa", newer), ("zz", same)]), Some(("zz".into(), OriginMatch::Version)));
    assert_eq!(find(&[("bb", same), ("aa", same)]), Some(("aa".into(), OriginMatch::Version)));
    assert_eq!(find(&[("aa", other_maintainer), ("bb", newer)]), Some(("bb".into(), OriginMatch::NameAndMaintainer)));
    assert_eq!(find(&[("aa", independent)]), Some(("aa".into(), OriginMatch::NameAndMaintainer)));
    assert_eq!(find(&[("aa", other_architecture), ("bb", other_maintainer)]), None);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_counts() {
    let good = "Package: a\nArchitecture: amd64\nVersion: 1\n";
    let base = || Lists::with_status(STATUS_OF_A).file("h_InRelease", "Origin: O\n").file("h_one_Packages", good);
    let mut broken = lz4(&good.repeat(1000));
    broken.truncate(broken.len() / 2);
    let cases = [
        (base().file("h_two_Packages.lz4", broken), TroubleKind::Unreadable),
        (base().file("h_two_Packages.lz4", "not lz4"), TroubleKind::Unreadable),
        (base().file("h_two_Packages.gz", "not gzip"), TroubleKind::Unreadable),
        (base().file("h_two_Packages.xz", "not xz"), TroubleKind::Unreadable),
        (base().file("h_two_Packages.bz2", "bzip2"), TroubleKind::NotObservable),
        (base().file("stranger_Packages", good), TroubleKind::Missing),
        (base().file("h_two_Packages", vec![b'x'; 3 << 20]), TroubleKind::Unreadable),
    ];
    for (lists, kind) in cases {
        let collected = lists.collect();
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Partial, kind));
        assert_eq!(origins(&collected)[0].0, "deb:a:amd64");
    }
}

#[test]
fn without_lists_or_without_dpkg_it_is_not_applicable() {
    assert_eq!(Lists::with_status(STATUS_OF_A).collect().outcome, Outcome::NotApplicable);
    let no_dpkg = Lists::with_status("").file("h_Packages", "");
    fs::remove_file(no_dpkg.folder.path().join("var/lib/dpkg/status")).unwrap();
    assert_eq!(no_dpkg.collect().outcome, Outcome::NotApplicable);
}

/// On a real host with lists, two readings are equal and every origin belongs to a package that dpkg has.
#[test]
fn a_real_host_gives_the_same_twice() {
    if !Path::new("/var/lib/apt/lists").is_dir() {
        eprintln!("skipped: this host has no apt lists");
        return;
    }
    let host = LiveHost::new("/");
    let first = AptIndexCollector.collect(&host);
    assert_eq!(first, AptIndexCollector.collect(&host));
    let packages: std::collections::BTreeSet<String> =
        crate::collect::dpkg::DpkgCollector.collect(&host).items.iter().map(Observation::key).collect();
    assert!(first.items.iter().all(|item| packages.contains(&item.key())));
}
