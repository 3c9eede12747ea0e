//! What the rpm collector makes of databases: sound, hostile, in progress, in three formats.
//! It does not know other collectors. The databases are made here, by an own writer of headers.
//! Invariant tested: packages print as rpm prints them, and nothing in a blob can stop the agent.

use super::*;
use crate::access::{AccessError, Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use rusqlite::Connection;
use std::fs;
use std::path::PathBuf;

/// Writes a header: texts and numbers by tag.
fn header(texts: &[(u32, &str)], numbers: &[(u32, u32)]) -> Vec<u8> {
    let (mut index, mut data) = (Vec::new(), Vec::new());
    let mut entry = |tag: u32, kind: u32, offset: usize| {
        for number in [tag, kind, u32::try_from(offset).unwrap(), 1] {
            index.extend_from_slice(&number.to_be_bytes());
        }
    };
    for (tag, number) in numbers {
        entry(*tag, 4, data.len());
        data.extend_from_slice(&number.to_be_bytes());
    }
    for (tag, text) in texts {
        entry(*tag, 6, data.len());
        data.extend_from_slice(text.as_bytes());
        data.push(0);
    }
    let count = u32::try_from(texts.len() + numbers.len()).unwrap();
    let size = u32::try_from(data.len()).unwrap();
    [&count.to_be_bytes()[..], &size.to_be_bytes(), &index, &data].concat()
}

fn package(name: &str, version: &str, release: &str) -> Vec<(u32, String)> {
    vec![(NAME, name.into()), (VERSION, version.into()), (RELEASE, release.into()), (ARCH, "x86_64".into())]
}

use super::header::{ARCH, EPOCH, INSTALLTIME, NAME, PACKAGER, RELEASE, SOURCERPM, VENDOR, VERSION};

fn blob(texts: &[(u32, String)], numbers: &[(u32, u32)]) -> Vec<u8> {
    let texts: Vec<_> = texts.iter().map(|(tag, text)| (*tag, text.as_str())).collect();
    header(&texts, numbers)
}

/// A machine whose database holds these blobs.
struct Rpm {
    folder: tempfile::TempDir,
}

impl Rpm {
    fn with(blobs: &[Vec<u8>]) -> Self {
        let rpm = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(rpm.path("usr/lib/sysimage/rpm")).unwrap();
        let database = Connection::open(rpm.path("usr/lib/sysimage/rpm/rpmdb.sqlite")).unwrap();
        database
            .execute_batch("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
            .unwrap();
        for blob in blobs {
            database.execute("INSERT INTO Packages (blob) VALUES (?1)", [blob]).unwrap();
        }
        rpm
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn host(&self) -> RecordedHost {
        RecordedHost::image(self.folder.path())
    }
}

fn keys(collected: &Collected) -> Vec<String> {
    collected.items.iter().map(Observation::key).collect()
}

/// The sample is a database; with `DAICHO_GOLDEN=write` it is written anew, so that its contents can be read here.
fn blobs_of_the_sample() -> Vec<Vec<u8>> {
    let full = |name: &str, version: &str, release: &str, source: &str| {
        let mut texts = package(name, version, release);
        texts.extend([
            (SOURCERPM, source.to_owned()),
            (VENDOR, "Example Linux".to_owned()),
            (PACKAGER, "Example Builders <build@vendor.example>".to_owned()),
        ]);
        texts
    };
    vec![
        blob(&full("bash", "5.1.8", "9.el9", "bash-5.1.8-9.el9.src.rpm"), &[(INSTALLTIME, 1_740_000_000)]),
        blob(&full("openssl-libs", "3.0.7", "28.el9_4", "openssl-3.0.7-28.el9_4.src.rpm"), &[(EPOCH, 1)]),
        blob(&full("kernel-core", "5.14.0", "503.11.1.el9_5", "kernel-5.14.0-503.11.1.el9_5.src.rpm"), &[]),
        blob(
            &full("kernel-core", "5.14.0", "570.12.1.el9_6", "kernel-5.14.0-570.12.1.el9_6.src.rpm"),
            &[(INSTALLTIME, 1_793_836_800)],
        ),
        blob(&full("zero-epoch", "2.0", "1", "zero-epoch-2.0-1.src.rpm"), &[(EPOCH, 0)]),
        header(&[(NAME, "gpg-pubkey"), (VERSION, "fd431d51"), (RELEASE, "4ae0493b")], &[(INSTALLTIME, 1_794_000_000)]),
    ]
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let file = golden::fixtures("rpm").join("el9/root/var/lib/rpm/rpmdb.sqlite");
    let written = Rpm::with(&blobs_of_the_sample());
    if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::copy(written.path("usr/lib/sysimage/rpm/rpmdb.sqlite"), &file).unwrap();
    }
    let sample = golden::running(&RpmCollector, "el9", Machine::default());
    let collected = golden::check(&RpmCollector, "el9", &sample);
    assert_eq!(collected.outcome, Outcome::Complete);
    fs::create_dir_all(written.path("var/lib")).unwrap();
    std::os::unix::fs::symlink("../../usr/lib/sysimage/rpm", written.path("var/lib/rpm")).unwrap();
    let newer = written.host();
    assert_eq!(RpmCollector.collect(&newer).items, collected.items, "the sample is what this test writes");
}

#[test]
fn versions_print_as_rpm_prints_them_and_keys_are_no_packages() {
    let rpm = Rpm::with(&[
        blob(&package("a", "1", "2"), &[(EPOCH, 0)]),
        blob(&package("b", "1", "2"), &[]),
        header(&[(NAME, "gpg-pubkey"), (VERSION, "1"), (RELEASE, "2")], &[]),
    ]);
    assert_eq!(keys(&RpmCollector.collect(&rpm.host())), ["rpm:a:x86_64:0:1-2", "rpm:b:x86_64:1-2"]);
}

#[test]
fn two_paths_to_one_database_are_one_database() {
    let rpm = Rpm::with(&[blob(&package("a", "1", "2"), &[])]);
    fs::create_dir_all(rpm.path("var/lib")).unwrap();
    std::os::unix::fs::symlink("../../usr/lib/sysimage/rpm", rpm.path("var/lib/rpm")).unwrap();
    let collected = RpmCollector.collect(&rpm.host());
    assert_eq!((collected.outcome, collected.troubles, collected.items.len()), (Outcome::Complete, Vec::new(), 1));
}

#[test]
fn databases_that_are_not_what_their_names_say_are_named_and_never_empty() {
    for (name, word) in [("Packages", "cut short"), ("Packages.db", "cut short"), ("something", "is not")] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("var/lib/rpm")).unwrap();
        fs::write(folder.path().join("var/lib/rpm").join(name), "x").unwrap();
        let collected = RpmCollector.collect(&RecordedHost::image(folder.path()));
        assert_eq!(collected.outcome, Outcome::Failed, "{name}");
        assert!(collected.troubles[0].text.contains(word), "{name}: {:?}", collected.troubles);
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("var/lib/rpm")).unwrap();
    fs::write(folder.path().join("var/lib/rpm/.rpm.lock"), "").unwrap();
    assert_eq!(RpmCollector.collect(&RecordedHost::image(folder.path())).outcome, Outcome::NotApplicable);
    // rpm as a tool on a host of another family: a database, and nothing in it.
    let collected = RpmCollector.collect(&Rpm::with(&[]).host());
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::NotApplicable, 1));
}

#[test]
fn a_damaged_file_or_a_trick_in_its_place_has_failed() {
    let rpm = Rpm::with(&[blob(&package("a", "1", "2"), &[])]);
    let file = rpm.path("usr/lib/sysimage/rpm/rpmdb.sqlite");
    for bytes in [&b""[..], b"not a database", &[0; 8192], &fs::read(&file).unwrap()[..4096]] {
        fs::write(&file, bytes).unwrap();
        let collected = RpmCollector.collect(&rpm.host());
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Failed, 0));
    }
    fs::remove_file(&file).unwrap();
    let view = "CREATE VIEW Packages AS WITH RECURSIVE n(hnum) AS (SELECT 1 UNION ALL SELECT hnum + 1 FROM n) SELECT hnum, x'00' AS blob FROM n";
    Connection::open(&file).unwrap().execute_batch(view).unwrap();
    assert_eq!(RpmCollector.collect(&rpm.host()).outcome, Outcome::Failed);
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    let AccessError::Missing { .. } = rpm.host().real_path("/usr/lib/sysimage/rpm/rpmdb.sqlite").unwrap_err() else {
        panic!("a link must not lead out of the image");
    };
    assert_eq!(RpmCollector.collect(&rpm.host()).outcome, Outcome::Failed);
}

/// A sound header with every byte in turn changed to extreme values, cut at every length, and claims that do not fit.
#[test]
fn hostile_headers_never_panic_and_never_reach_outside() {
    let sound = blob(&package("name", "1", "2"), &[(EPOCH, 3)]);
    for place in 0..sound.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = sound.clone();
            changed[place] = value;
            if let Ok(header) = Header::parse(&changed) {
                for tag in [NAME, VERSION, RELEASE, EPOCH, ARCH, VENDOR] {
                    let _ = (header.text(tag), header.number(tag));
                }
            }
        }
        assert!(Header::parse(&sound[..place]).is_err(), "cut at {place}");
    }
    assert!(Header::parse(&[0xff; 64]).is_err());
    let cut = Rpm::with(&[sound[..20].to_vec(), sound]);
    let collected = RpmCollector.collect(&cut.host());
    assert_eq!((collected.outcome, keys(&collected)), (Outcome::Partial, vec!["rpm:name:x86_64:3:1-2".to_owned()]));
}

mod format_tests;
mod origins;

#[test]
fn the_last_installation_is_told_by_the_packages_and_only_where_all_of_them_are_read() {
    let own = |name: &str, at: u32| blob(&package(name, "1", "1"), &[(INSTALLTIME, at)]);
    let rpm = Rpm::with(&[own("a", 1_740_000_000), own("b", 1_793_836_800), own("c", 0)]);
    let told = |rpm: &Rpm| last_installed(&rpm.host()).map(|(on, _)| on.to_string());
    assert_eq!(told(&rpm).as_deref(), Some("2026-11-05"));
    assert_eq!(told(&Rpm::with(&[own("a", 1_740_000_000), vec![1, 2, 3]])), None);
    assert_eq!((told(&Rpm::with(&[])), told(&Rpm::with(&[own("a", 0)]))), (None, None));
}
