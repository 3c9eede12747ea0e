//! What the pacman collector makes of sound, damaged and hostile databases.
//! It does not know other collectors.
//! Invariant tested: good packages are kept, bad ones named, and a repository is named only for the very version it lists.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use crate::collect::tar::tests::archive;
use daicho_schemas::batch::Outcome;
use std::fs;
use std::io::Write as _;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut stream = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::default());
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap()
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let sync = golden::fixtures("pacman").join("arch/root/var/lib/pacman/sync");
    if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
        let core = archive(&[("example-base-1:2.39-1/", b""), ("example-base-1:2.39-1/desc", b"%NAME%\n")]);
        fs::write(sync.join("core.db"), gzip(&core)).unwrap();
        let extra = archive(&[("libexample-3.3.1-1/", b""), ("libexample-3.3.1-1/desc", b"%NAME%\n")]);
        fs::write(sync.join("extra.db"), zstd::encode_all(&extra[..], 3).unwrap()).unwrap();
    }
    let sample = golden::running(&PacmanCollector, "arch", Machine::default());
    let collected = golden::check(&PacmanCollector, "arch", &sample);
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Complete, 0));
    golden::every_documented_place(&PacmanCollector, &[&sample]);
}

#[test]
fn damaged_packages_are_named_and_the_others_kept() {
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("var/lib/pacman/local");
    let write = |name: &str, desc: &[u8]| {
        fs::create_dir_all(local.join(name)).unwrap();
        fs::write(local.join(name).join("desc"), desc).unwrap();
    };
    let collect = || PacmanCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!(collect().outcome, Outcome::NotApplicable);
    fs::create_dir_all(&local).unwrap();
    let empty = collect();
    assert_eq!((empty.outcome, empty.troubles.len()), (Outcome::NotApplicable, 1), "an empty database is no result");

    write("a-1-1", b"%NAME%\na\n\n%VERSION%\n1-1\n\n");
    write("b-1-1", b"%NAME%\nb\n\n%VERSION%\n");
    write("c-1-1", &[0xff; 4096]);
    fs::create_dir_all(local.join("d-1-1/desc")).unwrap();
    fs::create_dir_all(local.join("e-1-1")).unwrap();
    std::os::unix::fs::symlink("f-1-1", local.join("f-1-1")).unwrap();
    fs::create_dir_all(folder.path().join("var/lib/pacman/sync")).unwrap();
    fs::write(folder.path().join("var/lib/pacman/sync/core.db"), gzip(b"no archive")).unwrap();
    let collected = collect();
    let keys: Vec<_> = collected.items.iter().map(Observation::key).collect();
    assert_eq!((collected.outcome, keys), (Outcome::Partial, vec!["pacman:a:".to_owned()]));
    assert_eq!(collected.troubles.len(), 6, "{:?}", collected.troubles);
}

#[test]
fn fields_are_the_first_lines_below_their_names() {
    let fields = fields(b"%A%\n1\n2\n\n%B%\n%C%\n3\r\n%A%\n4\n");
    assert_eq!(fields.into_iter().collect::<Vec<_>>(), [(&b"A"[..], &b"1"[..]), (b"C", b"3")]);
}
