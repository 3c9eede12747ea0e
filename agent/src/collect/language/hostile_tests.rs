//! What languages' packages can be made to look like: bombs, archives in archives without end, loops of links, pipes, huge records,
//! names that are no text.
//! It does not search for new paths as a fuzzer does.
//! Invariant tested: bounded work, no panic, every cut named, and what is good beside it is kept.

use super::tests::packages;
use super::*;
use crate::access::RecordedHost;
use crate::collect::run;
use daicho_schemas::batch::Outcome;
use std::ffi::OsStr;
use std::io::{Cursor, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read_archive(bytes: Vec<u8>) -> archive::Contents {
    archive::read(Cursor::new(bytes), "a-1.jar", Instant::now() + Duration::from_secs(60))
}

/// A host with these files, and nothing else.
fn host(files: &[(&str, &[u8])]) -> (tempfile::TempDir, RecordedHost) {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let host = RecordedHost::image(folder.path());
    (folder, host)
}

#[expect(clippy::disallowed_methods, reason = "the test makes what the agent must not open")]
fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_bomb_in_a_jar_is_not_unpacked() {
    let bomb = zipped(&[("x.class", &vec![0; 40 * 1024 * 1024])]);
    let packed = zipped(&[("lib/good-1.0.jar", &zipped(&[])), ("lib/bomb-2.0.jar", &vec![0; 40 * 1024 * 1024])]);
    let contents = read_archive(packed);
    assert!(contents.unpacked < 4 * 1024 * 1024, "{} bytes", contents.unpacked);
    assert_eq!(contents.troubles.len(), 1, "{:?}", contents.troubles);
    let names: Vec<_> = contents.packages.iter().map(|package| package.named.name.as_str()).collect();
    assert_eq!(names, ["a", "good", "bomb"], "the bomb keeps the name of its file");
    // What is no archive in an archive is not unpacked at all.
    assert_eq!(read_archive(bomb).unpacked, 0);
}

#[test]
fn archives_in_archives_end_at_the_limit() {
    let mut bytes = zipped(&[("x.txt", b"x")]);
    for _ in 0..40 {
        bytes = zipped(&[("inner-1.0.jar", &bytes)]);
    }
    let contents = read_archive(bytes);
    assert_eq!(contents.packages.len(), 5);
    assert_eq!(contents.troubles.len(), 1, "{:?}", contents.troubles);
}

#[test]
fn what_is_no_archive_is_known_by_its_name_and_named() {
    for bytes in [&b""[..], b"PK\x03\x04", &[0xff; 5000]] {
        let contents = read_archive(bytes.to_vec());
        let named: Vec<_> = contents.packages.iter().map(|one| (one.named.name.as_str(), one.named.evidence)).collect();
        assert_eq!(named, [("a", LanguageEvidence::FileName)]);
        assert_eq!(contents.troubles.len(), 1);
    }
}

/// Every byte of a small war changed, and the war cut at every place.
#[test]
fn damaged_archives_end_and_do_not_panic() {
    let jar = zipped(&[("META-INF/maven/g/b/pom.properties", b"groupId=g\nartifactId=b\nversion=1\n")]);
    let war = zipped(&[("META-INF/MANIFEST.MF", b"Implementation-Version: 1\n"), ("WEB-INF/lib/b-1.jar", &jar)]);
    for at in 0..war.len() {
        for byte in [0, 0xff, war[at].wrapping_add(1)] {
            let mut damaged = war.clone();
            damaged[at] = byte;
            assert!(read_archive(damaged).packages.len() <= 10);
        }
        assert!(read_archive(war[..at].to_vec()).packages.len() <= 10);
    }
}

#[test]
fn a_directory_of_a_million_names_is_not_read() {
    // 60,000 entries with names of 150 bytes: a directory of 11 MB.
    let mut entry = [0; 46 + 150];
    entry[..4].copy_from_slice(b"PK\x01\x02");
    entry[28] = 150;
    entry[46..].fill(b'x');
    let mut bytes = entry.repeat(60_000);
    let (count, size) = (60_000_u16.to_le_bytes(), u32::try_from(bytes.len()).unwrap().to_le_bytes());
    bytes.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &[0; 6]].concat());
    let contents = read_archive(bytes);
    assert_eq!((contents.packages.len(), contents.troubles.len()), (1, 1));
}

#[test]
fn loops_pipes_and_names_that_are_no_text_cost_only_themselves() {
    let good = br#"{"name":"good","version":"1.0.0"}"#;
    let (folder, host) = host(&[("srv/app/node_modules/good/package.json", good)]);
    let modules = folder.path().join("srv/app/node_modules");
    symlink("..", modules.join("loop")).unwrap();
    symlink("/srv", folder.path().join("srv/round")).unwrap();
    std::fs::create_dir(modules.join("piped")).unwrap();
    pipe(&modules.join("piped/package.json"));
    std::fs::create_dir(modules.join(OsStr::from_bytes(b"bad\xff"))).unwrap();
    let collected = run(&LanguagePackagesCollector, &host);
    assert_eq!(collected.outcome, Outcome::Partial);
    assert_eq!(packages(&collected).iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["good"]);
    // There is no package manager either, which is told of as well.
    let told = collected.troubles.iter().filter(|trouble| trouble.kind != TroubleKind::NotObservable);
    let told: Vec<_> = told.map(|trouble| (trouble.kind, trouble.place.as_str())).collect();
    let wanted = [
        (TroubleKind::Unreadable, "/srv/app/node_modules/piped/package.json"),
        (TroubleKind::Malformed, "/srv/app/node_modules"),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_huge_record_is_read_at_its_beginning_only() {
    let (folder, host) = host(&[]);
    let record = folder.path().join("opt/x/site-packages/big-1.0.dist-info/METADATA");
    std::fs::create_dir_all(record.parent().unwrap()).unwrap();
    let mut file = std::fs::File::create(record).unwrap();
    file.write_all(b"Name: big\nVersion: 1.0\n\n").unwrap();
    file.set_len(1024 * 1024 * 1024).unwrap();
    let collected = run(&LanguagePackagesCollector, &host);
    assert_eq!(collected.outcome, Outcome::Complete, "{:?}", collected.troubles);
    assert_eq!(packages(&collected)[0].version.as_deref(), Some("1.0"));
}

#[test]
fn folders_without_end_end_at_the_limit() {
    let deep = format!("opt/{}x-1.0.jar", "d/".repeat(30));
    let (_folder, host) = host(&[(&deep, &zipped(&[])), ("opt/y-1.0.jar", &zipped(&[]))]);
    let collected = run(&LanguagePackagesCollector, &host);
    assert_eq!(collected.outcome, Outcome::Partial);
    assert_eq!(packages(&collected).iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["y"]);
}

#[test]
fn words_with_control_characters_or_without_end_are_no_names() {
    assert_eq!(Named::installed("a\u{1b}[31m", None), None);
    assert_eq!(Named::installed(&"a".repeat(300), None), None);
    assert_eq!(Named::installed(" a ", Some("\n")).map(|named| (named.name, named.version)), Some(("a".into(), None)));
}

/// Damaged headers of executables give nothing, and every cut of one too.
#[test]
fn damaged_executables_end_and_do_not_panic() {
    let folder = crate::collect::golden::fixtures("language_packages").join("application_server/root");
    for name in ["usr/local/bin/exporter", "opt/gatekeeper/bin/gatekeeper"] {
        let sound = std::fs::read(folder.join(name)).unwrap();
        assert!(!executables::built_in(Cursor::new(&sound)).packages.is_empty());
        for at in 0..sound.len() {
            for byte in [0, 0xff, sound[at] ^ 0x80] {
                let mut damaged = sound.clone();
                damaged[at] = byte;
                assert!(executables::built_in(Cursor::new(damaged)).packages.len() < 100);
            }
            executables::built_in(Cursor::new(&sound[..at]));
        }
    }
}
