//! What only a ledger in files can meet: torn ends, damage, missing files, two processes, a full disk while opening.
//! It changes files from outside, as accidents do. Invariant shown: a torn end is kept and reported, damage is named and left.

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Engine, EngineFault, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::files::RealFiles;
use daicho::ledger::engines::segments::{OpenFault, OpenReport, Segments};
use daicho::ledger::verify::{Wrong, verify_engine};
use harness::disk::{Disk, Failure};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

fn open(folder: &Path) -> Result<(Segments, OpenReport), OpenFault> {
    Segments::open_with(Arc::new(RealFiles), folder, Arc::new(MemoryShelf::default()), 3500)
}

/// A ledger of 30 entries in several files, closed: its folder, its entries, its files in order.
fn ledger() -> (TempDir, Vec<Frame>, Vec<PathBuf>) {
    let folder = TempDir::new().unwrap();
    let (engine, report) = open(folder.path()).unwrap();
    assert_eq!(report, OpenReport { head: Head::EMPTY, torn: vec![] });
    let mut all = Vec::new();
    for _ in 0..15 {
        let group = frames(engine.head(), 2, "a");
        engine.append(engine.head(), &group).unwrap();
        all.extend(group);
    }
    drop(engine);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|item| item.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    paths.sort();
    let last_bytes = fs::metadata(paths.last().unwrap()).unwrap().len();
    assert!(paths.len() > 3 && last_bytes > 2000, "{} files, the last of {last_bytes} bytes", paths.len());
    (folder, all, paths)
}

fn damaged_seq(fault: OpenFault) -> u64 {
    match fault {
        OpenFault::Engine(EngineFault::Damaged { seq, .. }) => seq,
        other => panic!("not called damaged: {other:?}"),
    }
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// The last file is cut at every length down to its header. What is whole stays, the rest is kept aside and reported.
#[test]
fn a_torn_end_is_kept_and_reported() {
    let (folder, all, paths) = ledger();
    let last = paths.last().unwrap();
    let whole = fs::read(last).unwrap();
    for bytes in 0..=whole.len() {
        let copy = TempDir::new().unwrap();
        for path in &paths {
            fs::copy(path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
        let cut = copy.path().join(last.file_name().unwrap());
        fs::write(&cut, &whole[..bytes]).unwrap();
        let (engine, report) = open(copy.path()).unwrap();
        let there = engine.read(1, 100, usize::MAX).unwrap();
        assert!(all.starts_with(&there), "cut at {bytes}");
        assert_eq!(report.head, head_of(there.last().unwrap()), "cut at {bytes}");
        let kept_bytes: usize = fs::read(&cut).map_or(0, |bytes| bytes.len());
        assert_eq!(report.torn.is_empty(), kept_bytes == bytes && bytes > 0, "cut at {bytes}");
        for torn in &report.torn {
            assert_eq!(fs::read(&torn.kept_in).unwrap(), whole[kept_bytes..bytes], "cut at {bytes}");
            assert_eq!((torn.from_seq, torn.bytes), (report.head.seq + 1, (bytes - kept_bytes) as u64));
        }
    }
    drop(folder);
}

/// A flipped bit in an acknowledged entry is damage, wherever it is: named when opening or when read, never cut.
#[test]
fn a_flipped_bit_behind_which_entries_stand_is_damage() {
    let (folder, all, paths) = ledger();
    for path in &paths {
        let whole = fs::read(path).unwrap();
        // The last append of the last file may be one that was never acknowledged; nobody can tell. It is 2 entries long.
        let tail: usize = all[28..].iter().map(|frame| 52 + frame.line.len()).sum();
        let end = if path == paths.last().unwrap() { whole.len() - tail } else { whole.len() };
        for offset in (0..end).step_by(7) {
            flip(path, offset);
            let bent = fs::read(path).unwrap();
            match open(folder.path()) {
                Err(fault) => assert!((1..=30).contains(&damaged_seq(fault))),
                Ok((engine, report)) => {
                    assert_eq!(report.torn, [], "byte {offset} of {path:?}");
                    let report = verify_engine(&engine, None, &mut |_| {}).unwrap();
                    let bad = report.bad.unwrap_or_else(|| panic!("byte {offset} of {path:?} was not noticed"));
                    assert!(matches!(bad.wrong, Wrong::Damaged(_)), "byte {offset} of {path:?}: {bad:?}");
                    assert_eq!(bad.seq, report.head.seq + 1, "everything before the damage was read");
                }
            }
            assert_eq!(fs::read(path).unwrap(), bent, "damage is left as it was found");
            fs::write(path, &whole).unwrap();
        }
    }
    let (engine, _) = open(folder.path()).unwrap();
    assert_eq!(engine.read(1, 100, usize::MAX).unwrap(), all);
}

#[test]
fn a_missing_or_shortened_file_is_damage() {
    let (folder, all, paths) = ledger();
    for (at, path) in paths.iter().enumerate() {
        let whole = fs::read(path).unwrap();
        let is_last = at + 1 == paths.len();
        fs::remove_file(path).unwrap();
        // Without its last file a ledger looks whole: that is what a noted head is for.
        match open(folder.path()) {
            Ok((engine, _)) => assert!(is_last && engine.head().seq < 30),
            Err(fault) => assert!(!is_last && damaged_seq(fault) <= 30),
        }
        if !is_last {
            fs::write(path, &whole[..whole.len() - 1]).unwrap();
            damaged_seq(open(folder.path()).err().unwrap());
        }
        fs::write(path, &whole).unwrap();
    }
    let (engine, _) = open(folder.path()).unwrap();
    assert_eq!(engine.read(1, 100, usize::MAX).unwrap(), all);
}

#[test]
fn a_second_opener_is_told_so() {
    let (folder, ..) = ledger();
    let (engine, _) = open(folder.path()).unwrap();
    let Err(OpenFault::InUse { folder: named }) = open(folder.path()) else { panic!("opened twice") };
    assert_eq!(named, folder.path());
    drop(engine);
    open(folder.path()).unwrap();
}

/// The torn end must be kept before it is cut: without space for that, opening waits and nothing is lost.
#[test]
fn a_torn_end_that_cannot_be_kept_is_not_cut() {
    let disk = Disk::default();
    let open = |disk: &Disk| {
        Segments::open_with(Arc::new(disk.clone()), Path::new("ledger"), Arc::new(MemoryShelf::default()), 3000)
    };
    let (engine, _) = open(&disk).unwrap();
    let all = frames(Head::EMPTY, 2, "a");
    engine.append(Head::EMPTY, &all[..1]).unwrap();
    // Operations of one append: the write, the sync. The write fails half-way, and the device with it.
    disk.fail(0, Failure::Broken);
    engine.append(head_of(&all[0]), &all[1..]).unwrap_err();
    drop(engine);
    let path = disk.paths().into_iter().find(|path| path.extension().is_some()).unwrap();
    let torn = disk.content(&path);
    // Operations of opening: the folder, then the side file.
    disk.fail(1, Failure::Full);
    let Err(OpenFault::Engine(EngineFault::DiskFull { .. })) = open(&disk) else { panic!("opened on a full disk") };
    assert_eq!(disk.content(&path), torn);
    let (engine, report) = open(&disk).unwrap();
    assert_eq!(engine.head(), head_of(&all[0]));
    let [kept] = &report.torn[..] else { panic!("{report:?}") };
    assert!(torn.ends_with(&disk.content(&kept.kept_in)));
}
