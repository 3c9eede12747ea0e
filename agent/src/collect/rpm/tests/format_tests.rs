//! The same packages in three formats of database, and what damage to each of them does.
//! It does not know SQLite's or Berkeley DB's own writers: the samples were made with those (`origin.md`).
//! Invariant tested: equal packages give equal answers, a change in progress is read whole or not at all, and nothing is written.

use super::*;

/// Every header of a sample, by number.
fn blobs(sample: &str, file: &str) -> Vec<(i64, Vec<u8>)> {
    let host = golden::running(&RpmCollector, sample, Machine::default());
    let mut found = Vec::new();
    each_package(&host, &format!("/var/lib/rpm/{file}"), |number, blob| found.push((number, blob.unwrap().to_vec())))
        .unwrap();
    found.sort();
    found
}

/// An NDB database, as rpm's `rpmpkg.c` writes one: slots, then blobs in blocks of 16 bytes.
fn ndb(blobs: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let (mut slots, mut blocks) = (Vec::new(), Vec::new());
    slots.extend([&b"Slot"[..], &four(99), &[0; 8]].concat());
    for (number, blob) in blobs.iter().rev() {
        let number = usize::try_from(*number).unwrap();
        let size = (blob.len() + 28).next_multiple_of(16);
        slots.extend([&b"Slot"[..], &four(number), &four((4096 + blocks.len()) / 16), &four(size / 16)].concat());
        let start = blocks.len();
        blocks.extend([&b"BlbS"[..], &four(number), &four(7), &four(blob.len()), blob].concat());
        blocks.resize(start + size - 12, 0);
        blocks.extend([&four(0)[..], &four(blob.len()), b"BlbE"].concat());
    }
    let front = [&b"RpmP"[..], &four(0), &four(3), &four(1), &four(100), &[0; 12]].concat();
    let mut file = [front, slots].concat();
    while file.len() < 4096 {
        file.extend([&b"Slot"[..], &[0; 12]].concat());
    }
    [file, blocks].concat()
}

#[test]
fn the_same_packages_in_three_formats_are_the_same_answer() {
    let little = blobs("el7", "Packages");
    assert_eq!(little, blobs("el5_big_endian", "Packages"));
    let file = golden::fixtures("rpm").join("suse/root/var/lib/rpm/Packages.db");
    if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(&file, ndb(&little)).unwrap();
    }
    let collect = |sample| {
        let host = golden::running(&RpmCollector, sample, Machine::default());
        golden::check(&RpmCollector, sample, &host)
    };
    let answers = [collect("el7"), collect("el5_big_endian"), collect("suse")];
    let only: Vec<_> = little.into_iter().map(|(_, blob)| blob).collect();
    let sqlite = RpmCollector.collect(&Rpm::with(&only).host());
    for answer in answers {
        assert_eq!((answer.outcome, answer.troubles.len()), (Outcome::Complete, 0));
        assert_eq!(answer.items, sqlite.items);
    }
    let provenance = |name: &str| {
        let found = sqlite.items.iter().find_map(|item| match item {
            Observation::Package(package) if package.name == name => Some(package.provenance.clone()),
            _ => None,
        });
        found.unwrap()
    };
    assert_eq!(provenance("nodejs").module.as_deref(), Some("nodejs:18:9040020240807131341:rhel9"));
    assert_eq!(provenance("bash").signed_by.as_deref(), Some("39bb8ae0a5ed3b10"));
    assert_eq!(provenance("bash").signer.as_deref(), Some("Example Linux (release key) <security@vendor.example>"));
    assert!(provenance("unsigned-tool").is_empty());
}

/// A key is known by its last digits only: two keys that share them, made so or by chance, name nobody.
#[test]
fn keys_that_cannot_be_told_apart_name_nobody() {
    let owners = |owners: &[&str]| owners.iter().map(|owner| (*owner).to_owned()).collect();
    let keys = BTreeMap::from([
        ("a5ed3b10".to_owned(), owners(&["A"])),
        ("0000000000000000000000001111111122222222".to_owned(), owners(&["B"])),
        ("33333333".to_owned(), owners(&["C", "D"])),
        ("1".to_owned(), owners(&["E"])),
    ]);
    assert_eq!(signer(&keys, "39bb8ae0a5ed3b10").as_deref(), Some("A"));
    assert_eq!(signer(&keys, "1111111122222222").as_deref(), Some("B"));
    for id in ["0000000033333333", "0000000000000001", "ffffffffffffffff"] {
        assert_eq!(signer(&keys, id), None, "{id}");
    }
}

/// Every byte of a database changed, and the file cut anywhere: no panic, no endless walk, and what is missed is said.
#[test]
fn damaged_databases_never_panic_and_lose_nothing_in_silence() {
    for (sample, file) in [("el5_big_endian", "Packages"), ("suse", "Packages.db")] {
        let sound = fs::read(golden::fixtures("rpm").join(sample).join("root/var/lib/rpm").join(file)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("var/lib/rpm")).unwrap();
        let write = |bytes: &[u8]| {
            fs::write(folder.path().join("var/lib/rpm").join(file), bytes).unwrap();
            RpmCollector.collect(&RecordedHost::image(folder.path()))
        };
        let whole = write(&sound);
        for end in (0..sound.len()).step_by(397) {
            let cut = write(&sound[..end]);
            assert_ne!(cut.outcome, Outcome::Complete, "{sample} cut at {end}");
        }
        for place in (0..sound.len()).step_by(41).chain(0..100) {
            let mut changed = sound.clone();
            changed[place] = changed[place].wrapping_add(0x81);
            let collected = write(&changed);
            let lost = collected.items.len() < whole.items.len();
            assert!(!lost || !collected.troubles.is_empty(), "{sample} at {place}");
        }
    }
}

/// A database with a log beside it, as it stands while rpm works or after it was interrupted. The connection that made it
/// is kept, so that nothing is put back into the database.
fn with_log(change: &str) -> (Rpm, Connection) {
    let rpm = Rpm::with(&[blob(&package("a", "1", "2"), &[])]);
    let connection = Connection::open(rpm.path("usr/lib/sysimage/rpm/rpmdb.sqlite")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;").unwrap();
    let new = blob(&package("b", "1", "2"), &[]);
    connection.execute("INSERT INTO Packages (blob) VALUES (?1)", [new]).unwrap();
    connection.execute_batch(change).unwrap();
    (rpm, connection)
}

#[test]
fn what_stands_in_the_log_is_read_and_nothing_is_written() {
    let (rpm, _connection) = with_log("");
    let files = || {
        let folder = fs::read_dir(rpm.path("usr/lib/sysimage/rpm")).unwrap();
        let mut files: Vec<_> = folder
            .map(|entry| {
                let path = entry.unwrap().path();
                (path.clone(), fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap())
            })
            .collect();
        files.sort();
        files
    };
    let before = files();
    let collected = RpmCollector.collect(&rpm.host());
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Complete, 0), "{:?}", collected.troubles);
    assert_eq!(keys(&collected), ["rpm:a:x86_64:1-2", "rpm:b:x86_64:1-2"]);
    assert_eq!(before, files());
}

#[test]
fn a_commit_that_is_not_whole_does_not_count_and_a_damaged_log_is_named() {
    let (rpm, _connection) = with_log("DELETE FROM Packages WHERE hnum = 1;");
    let log = rpm.path("usr/lib/sysimage/rpm/rpmdb.sqlite-wal");
    let whole = fs::read(&log).unwrap();
    assert_eq!(keys(&RpmCollector.collect(&rpm.host())), ["rpm:b:x86_64:1-2"]);
    // The last commit is cut off or damaged: the one before stands.
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for bytes in [&whole[..whole.len() - 1], &damaged] {
        fs::write(&log, bytes).unwrap();
        assert_eq!(keys(&RpmCollector.collect(&rpm.host())), ["rpm:a:x86_64:1-2", "rpm:b:x86_64:1-2"]);
    }
    for bytes in [&b"journal"[..], &[0; 64], &whole[..33]] {
        fs::write(&log, bytes).unwrap();
        let collected = RpmCollector.collect(&rpm.host());
        assert!(collected.outcome == Outcome::Failed || bytes == &whole[..33], "{:?}", collected.troubles);
    }
    fs::write(&log, "").unwrap();
    fs::write(rpm.path("usr/lib/sysimage/rpm/rpmdb.sqlite-journal"), "the way back").unwrap();
    assert_eq!(RpmCollector.collect(&rpm.host()).outcome, Outcome::Partial);
}
