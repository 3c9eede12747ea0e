//! What the apk collector makes of sound, damaged and hostile databases.
//! It does not know other collectors.
//! Invariant tested: good packages are kept, bad ones named, a database without packages is no result, and no password gets out.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use crate::collect::tar::tests::archive;
use daicho_schemas::batch::Outcome;
use std::fs;
use std::io::Write as _;

/// An index as a repository offers it: a signature and the index, two gzip streams of two tar archives.
fn index(content: &[u8]) -> Vec<u8> {
    let part = |name: &str, content: &[u8]| {
        let mut stream = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::default());
        stream.write_all(&archive(&[(name, content)])).unwrap();
        stream.finish().unwrap()
    };
    let end = vec![0; 1024];
    let mut last = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::default());
    last.write_all(&end).unwrap();
    [part(".SIGN.RSA.example.rsa.pub", b"not read"), part("APKINDEX", content), last.finish().unwrap()].concat()
}

fn with_database(bytes: &[u8]) -> (tempfile::TempDir, Collected) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("lib/apk/db")).unwrap();
    fs::write(folder.path().join("lib/apk/db/installed"), bytes).unwrap();
    let collected = ApkCollector.collect(&RecordedHost::image(folder.path()));
    (folder, collected)
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let file = golden::fixtures("apk").join("alpine_3/root/var/cache/apk/APKINDEX.d4f7310b.tar.gz");
    if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
        let content =
            b"C:Q1fRbgZVTuO9bNWvxyYU4WDjFUF6w=\nP:example-base\nV:3.6.5-r0\n\nC:Q1other\nP:example-tool\nV:3-r0\n\n";
        fs::write(&file, index(content)).unwrap();
    }
    let sample = golden::running(&ApkCollector, "alpine_3", Machine::default());
    let collected = golden::check(&ApkCollector, "alpine_3", &sample);
    assert_eq!(collected.outcome, Outcome::Complete);
    assert!(!format!("{collected:?}").contains("EXAMPLE-SECRET-1"));

    // The same on a system whose /lib is /usr/lib: one database, read once.
    let (folder, _) = with_database(b"P:a\nV:1\n\n");
    fs::create_dir_all(folder.path().join("usr")).unwrap();
    fs::rename(folder.path().join("lib"), folder.path().join("usr/lib")).unwrap();
    std::os::unix::fs::symlink("usr/lib", folder.path().join("lib")).unwrap();
    fs::create_dir_all(folder.path().join("etc/apk/cache")).unwrap();
    fs::write(folder.path().join("etc/apk/repositories"), "https://mirror.example/x\n").unwrap();
    fs::write(folder.path().join("etc/apk/cache/APKINDEX.00000000.tar.gz"), "of a repository that is not asked")
        .unwrap();
    let merged = RecordedHost::image(folder.path());
    let collected = ApkCollector.collect(&merged);
    assert_eq!((collected.items.len(), collected.troubles), (1, Vec::new()));
}

#[test]
fn without_apk_it_is_not_applicable_and_an_empty_database_is_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let collected = ApkCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::NotApplicable, 0));
    let (_, collected) = with_database(b"");
    assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::NotApplicable, TroubleKind::Missing));
    let (folder, _) = with_database(b"P:a\nV:1\n\n");
    let closed = RecordedHost::image(folder.path()).without_permission_for(&[DATABASE]);
    assert_eq!(ApkCollector.collect(&closed).outcome, Outcome::Failed);
}

#[test]
fn a_database_cut_anywhere_invents_nothing() {
    let whole = fs::read(golden::fixtures("apk").join("alpine_3/root/lib/apk/db/installed")).unwrap();
    let (_, all) = with_database(&whole);
    for end in 1..whole.len() {
        let (_, collected) = with_database(&whole[..end]);
        assert!(collected.items.iter().all(|item| all.items.contains(item)), "cut at {end}");
        assert_eq!(collected.outcome == Outcome::Complete, whole[..end].ends_with(b"\n\n"), "cut at {end}");
    }
}

#[test]
fn damaged_packages_and_indexes_are_named_and_the_others_kept() {
    let (folder, collected) = with_database(b"P:a\nV:1\n\nV:2\n\nP:b\xff\nV:3\n\n");
    let keys: Vec<_> = collected.items.iter().map(Observation::key).collect();
    assert_eq!((collected.outcome, keys), (Outcome::Partial, vec!["apk:a:".into(), "apk:b\u{fffd}:".into()]));
    assert_eq!(collected.troubles[0].place, "/lib/apk/db/installed:4");

    fs::write(folder.path().join("lib/apk/db/installed"), "P:a\nV:1\n\n").unwrap();
    fs::create_dir_all(folder.path().join("etc/apk")).unwrap();
    fs::create_dir_all(folder.path().join("var/cache/apk")).unwrap();
    fs::write(folder.path().join("etc/apk/repositories"), "http://dl-cdn.alpinelinux.org/alpine/v3.9/main\n").unwrap();
    fs::write(folder.path().join("var/cache/apk/APKINDEX.b89edf6e.tar.gz"), "no archive").unwrap();
    let collected = ApkCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 1));
    assert_eq!(collected.troubles[0].kind, TroubleKind::Malformed);
}

#[test]
fn addresses_lose_their_accounts() {
    for (address, shown) in [
        ("https://user:EXAMPLE-SECRET-1@mirror.example/a@b/main", "https://mirror.example/a@b/main"),
        ("https://mirror.example", "https://mirror.example"),
        ("https://a@b@mirror.example", "https://mirror.example"),
        ("/media/cdrom/apks", "/media/cdrom/apks"),
    ] {
        assert_eq!(indexes::without_password(address), shown);
    }
}
