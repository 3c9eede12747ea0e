//! Every point of failure, walked one by one: full, broken, without power, at each operation of opening and appending.
//! It does not know which operations the engine makes, only that they all go through the disk it is given.
//! Invariant shown: what was acknowledged is there after every failure, what is there besides was tried, and the chain holds.

use crate::book::{frames, head_of};
use daicho::ledger::engine::{Appended, Engine, EngineFault, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::{OpenFault, OpenReport, Segments};
use daicho::ledger::verify::verify_engine;
use harness::disk::{Disk, Failure, SURVIVES, Survives};
use std::path::Path;
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
    for failure in [Failure::Full, Failure::Broken, Failure::PowerCut] {
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
    for survives in [Survives::FirstHalf, Survives::SecondHalf, Survives::Everything] {
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
