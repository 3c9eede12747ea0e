//! Every point of failure, walked one by one: full, broken, without power, at each operation of opening and appending.
//! It does not know which operations the engine makes, only that they all go through the disk it is given.
//! Invariant shown: what was acknowledged is there after every failure, what is there besides was tried, and the chain holds.

use crate::book::{frames, head_of};
use daicho::ledger::engine::{Appended, Engine, EngineFault, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::{OpenFault, OpenReport, Segments};
use daicho::ledger::verify::verify_engine;
use harness::disk::{Disk, Failure, SURVIVES, Survives};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Small enough for a new file every few groups.
const SEGMENT_BYTES_MAX: u64 = 3000;

fn open(disk: &Disk) -> Result<(Segments, OpenReport), OpenFault> {
    Segments::open_with(
        Arc::new(disk.clone()),
        Path::new("ledger"),
        Arc::new(MemoryShelf::default()),
        SEGMENT_BYTES_MAX,
    )
}

/// What a run was told.
#[derive(Default)]
struct Told {
    acknowledged: Vec<Frame>,
    /// The group whose append failed without being taken back; any leading part of it may be there.
    unsure: Vec<Frame>,
    /// A full disk was met, and appending went on after it.
    went_on: bool,
}

/// Appends eight groups of one to three entries. After a full disk, other entries are tried: fewer, or so many that they
/// begin the next file. Any other failure ends the run.
fn run(disk: &Disk) -> Told {
    let mut told = Told::default();
    let Ok((engine, _)) = open(disk) else { return told };
    for round in 0..8 {
        let mut note = "first";
        loop {
            let count = match (note, round % 3) {
                ("first", third) => 1 + third,
                (_, 2) => 1,
                _ => 8,
            };
            let group = frames(engine.head(), count, note);
            match engine.append(engine.head(), &group) {
                Ok(Appended::Done(head)) => {
                    assert_eq!(head, head_of(group.last().unwrap()));
                    told.acknowledged.extend(group);
                    told.went_on |= note == "second";
                    break;
                }
                Ok(Appended::Moved(head)) => panic!("nobody else appended up to {head:?}"),
                Err(EngineFault::DiskFull { .. }) => note = "second",
                Err(_) => {
                    assert_poisoned(&engine, &told.acknowledged);
                    told.unsure = group;
                    return told;
                }
            }
        }
    }
    told
}

/// After a failure nothing is taken any more, and everything acknowledged can still be read.
fn assert_poisoned(engine: &Segments, acknowledged: &[Frame]) {
    let fault = engine.append(engine.head(), &frames(engine.head(), 1, "late")).unwrap_err();
    assert!(matches!(fault, EngineFault::Poisoned), "{fault:?}");
    assert_eq!(engine.read(1, 100, usize::MAX).unwrap(), acknowledged);
}

fn assert_whole(engine: &Segments, told: &Told, place: &str) {
    let there = engine.read(1, 100, usize::MAX).unwrap();
    let count = told.acknowledged.len();
    assert!(there.len() >= count, "{place}: {count} were acknowledged and only {} are there", there.len());
    assert_eq!(there[..count], told.acknowledged, "{place}");
    let more = &there[count..];
    assert!(told.unsure.starts_with(more), "{place}: entries that nobody appended: {more:?}");
    let report = verify_engine(engine, None, &mut |_| {}).unwrap();
    assert!(report.is_right() && report.entries == there.len() as u64, "{place}: {report:?}");
}

#[test]
fn at_every_failure_point_what_was_acknowledged_stays() {
    for failure in [Failure::Full, Failure::Broken, Failure::PowerCut, Failure::ReadOnly] {
        let (mut point, mut went_on) = (0, 0);
        loop {
            let disk = Disk::default();
            disk.fail(point, failure);
            let told = run(&disk);
            if !disk.failed() {
                break;
            }
            went_on += usize::from(told.went_on);
            for survives in SURVIVES {
                let place = format!("{failure:?} at operation {point}, then {survives:?} survives");
                let later = disk.after_power_cut(survives);
                let (engine, _) = open(&later).unwrap_or_else(|fault| panic!("{place}: {fault:?}"));
                assert_whole(&engine, &told, &place);
                let head = engine.head();
                let more = frames(head, 2, "after");
                assert_eq!(engine.append(head, &more).unwrap(), Appended::Done(head_of(&more[1])), "{place}");
                drop(engine);
                let (engine, report) = open(&later).unwrap();
                assert_eq!((engine.head(), report.torn), (head_of(&more[1]), vec![]), "{place}");
            }
            point += 1;
        }
        assert!(point > 20, "{failure:?}: only {point} operations were seen");
        assert_eq!(went_on > 5, failure == Failure::Full, "{failure:?}: {went_on} runs went on after a failure");
    }
}

/// After a failed sync the system may show bytes that are not on disk and call them clean. A later start on the same
/// system reads them; from then on they must survive a power cut, because people have seen them.
#[test]
fn what_a_restart_shows_after_a_failed_sync_is_on_disk() {
    let mut shown_more = 0;
    for point in 0.. {
        let disk = Disk::default();
        disk.fail(point, Failure::Broken);
        let told = run(&disk);
        if !disk.failed() {
            break;
        }
        let (engine, _) = open(&disk).unwrap();
        let shown = engine.read(1, 100, usize::MAX).unwrap();
        shown_more += usize::from(shown.len() > told.acknowledged.len());
        let (engine, _) = open(&disk.after_power_cut(Survives::Nothing)).unwrap();
        assert_eq!(engine.read(1, 100, usize::MAX).unwrap(), shown, "failure at operation {point}");
    }
    assert!(shown_more > 3, "no restart showed entries whose sync had failed: {shown_more}");
}

/// Opening repairs what a crash left; a crash in the middle of that must not make it worse.
#[test]
fn a_failure_while_opening_changes_nothing() {
    for survives in [Survives::FirstHalf, Survives::SecondHalf, Survives::Everything, Survives::Scattered(7)] {
        for crash in 0.. {
            let disk = Disk::default();
            disk.fail(crash, Failure::PowerCut);
            let told = run(&disk);
            if !disk.failed() {
                break;
            }
            for point in 0..12 {
                let half_opened = disk.after_power_cut(survives);
                half_opened.fail(point, Failure::PowerCut);
                let _ = open(&half_opened);
                let later = half_opened.after_power_cut(survives);
                let (engine, _) = open(&later).unwrap();
                assert_whole(&engine, &told, &format!("{survives:?}, crash {crash}, opening cut at {point}"));
            }
        }
    }
}

/// A ledger of eight groups whose last append was cut off half-way.
fn torn_ledger() -> (Disk, Told) {
    let disk = Disk::default();
    let mut told = run(&disk);
    let (engine, _) = open(&disk).unwrap();
    disk.fail(0, Failure::Broken);
    told.unsure = frames(engine.head(), 3, "torn");
    engine.append(engine.head(), &told.unsure).unwrap_err();
    drop(engine);
    (disk, told)
}

/// What a disk holds, file by file.
fn contents(disk: &Disk) -> Vec<(PathBuf, Vec<u8>)> {
    disk.paths().into_iter().map(|path| (path.clone(), disk.content(&path))).collect()
}

/// A system mounts a disk read-only when it has met an error. Nothing opens there to be written, nothing is changed, and
/// when it can be written again everything acknowledged is there.
#[test]
fn a_disk_that_turned_read_only_waits_for_its_people() {
    for point in 0.. {
        let disk = Disk::default();
        disk.fail(point, Failure::ReadOnly);
        let told = run(&disk);
        if !disk.failed() {
            break;
        }
        let before = contents(&disk);
        let Err(fault) = open(&disk) else { panic!("operation {point}: opened to be written on a read-only disk") };
        assert!(matches!(fault, OpenFault::Engine(EngineFault::Stop { .. })), "operation {point}: {fault:?}");
        assert_eq!(contents(&disk), before, "operation {point}");
        disk.writable();
        let (engine, _) = open(&disk).unwrap();
        assert_whole(&engine, &told, &format!("read-only from operation {point} on"));
    }
}

/// A block that cannot be read just now is not a torn end: opening fails, cuts nothing, and the next opening has it all.
#[test]
fn a_read_that_fails_is_never_taken_for_a_torn_end() {
    let (whole, told) = torn_ledger();
    let mut failed = 0;
    for point in 0.. {
        let disk = whole.after_power_cut(Survives::Everything);
        let before = contents(&disk);
        disk.fail_read(point);
        let opened = open(&disk);
        if !disk.read_failed() {
            break;
        }
        let Err(fault) = opened else { panic!("read {point}: opened all the same") };
        assert!(matches!(fault, OpenFault::Engine(EngineFault::Stop { .. })), "read {point}: {fault:?}");
        // A torn end may have been put aside already: every byte is still there.
        let now = contents(&disk);
        for (path, bytes) in &before {
            let left = disk.content(path);
            let rest = bytes.strip_prefix(&left[..]).unwrap_or_else(|| panic!("read {point}: {path:?} was changed"));
            assert!(rest.is_empty() || now.iter().any(|(_, kept)| kept == rest), "read {point}: {path:?} was cut");
        }
        failed += 1;
        let (engine, _) = open(&disk).unwrap();
        assert_whole(&engine, &told, &format!("read {point}"));
    }
    assert!(failed > 3, "only {failed} reads were seen");
}

/// A read may give less than was asked for, and may be interrupted: neither is the end of a file.
#[test]
fn short_and_interrupted_reads_are_read_on() {
    let (whole, told) = torn_ledger();
    for bytes_max in [1, 7, 1000] {
        let disk = whole.after_power_cut(Survives::Everything);
        disk.read_shortly(bytes_max);
        let (engine, report) = open(&disk).unwrap();
        assert_whole(&engine, &told, &format!("{bytes_max} bytes at a time"));
        assert_eq!(report.torn.len(), 1, "{bytes_max} bytes at a time");
    }
}

/// A drive that says that it has flushed and has not can take what was acknowledged; no file can prevent that. What is left is
/// a beginning of what was written, or is called damaged: never something else.
#[test]
fn a_drive_that_lies_leaves_a_beginning_or_damage_and_nothing_else() {
    let (mut shorter, mut damaged) = (0, 0);
    for point in 0.. {
        let disk = Disk::default();
        disk.fail(point, Failure::LostFlush);
        let told = run(&disk);
        if !disk.failed() {
            break;
        }
        for survives in SURVIVES {
            let place = format!("a lie at operation {point}, then {survives:?} survives");
            match open(&disk.after_power_cut(survives)) {
                Ok((engine, _)) => {
                    let report = verify_engine(&engine, None, &mut |_| {}).unwrap();
                    let there = match report.bad {
                        None => engine.read(1, 100, usize::MAX).unwrap(),
                        Some(_) => {
                            damaged += 1;
                            continue;
                        }
                    };
                    assert!(told.acknowledged.starts_with(&there), "{place}: entries that nobody appended");
                    shorter += usize::from(there.len() < told.acknowledged.len());
                }
                Err(OpenFault::Engine(EngineFault::Damaged { .. })) => damaged += 1,
                Err(fault) => panic!("{place}: {fault:?}"),
            }
        }
    }
    assert!(shorter > 0 && damaged > 0, "{shorter} were shorter, {damaged} were called damaged");
}
