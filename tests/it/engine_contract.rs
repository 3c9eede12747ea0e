//! What every engine promises, shown on each of them by the same functions. To add an engine, add its line to `ENGINES`.
//! It does not know how an engine keeps anything; what only files can do wrong is in `crash`.
//! Invariant: a promise that is not tested here is not a promise.

mod crash;
mod files;
mod reading;

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine, EngineFault, NewSnapshot};
use daicho::ledger::engines::memory::{Memory, MemoryShelf};
use daicho::ledger::engines::postgres::{Address, Postgres};
use daicho::ledger::engines::segments::Segments;
use daicho::ledger::engines::segments::files::RealFiles;
use daicho::ledger::verify::verify_engine;
use daicho_schemas::canonical::Hash;
use harness::postgres::Cluster;
use std::io::{Read as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

struct Made {
    engine: Box<dyn Engine>,
    _folder: Option<TempDir>,
}

/// Makes an engine with an empty ledger, or says why it cannot be had here.
type Make = fn() -> Result<Made, String>;

/// Every engine, by name. `segments_small` begins a new file every few entries.
const ENGINES: [(&str, Make); 4] = [
    ("memory", memory),
    ("segments", || segments(64 * 1024 * 1024)),
    ("segments_small", || segments(2000)),
    ("postgres", postgres),
];

fn memory() -> Result<Made, String> {
    Ok(Made { engine: Box::new(Memory::new()), _folder: None })
}

fn postgres() -> Result<Made, String> {
    let cluster = Cluster::shared()?;
    harness::install_provider();
    let address = Address::parse(&cluster.url(&cluster.database()), None).unwrap();
    let engine = Postgres::open(&address, Head::EMPTY, Arc::new(MemoryShelf::default())).unwrap();
    Ok(Made { engine: Box::new(engine), _folder: None })
}

fn segments(segment_bytes_max: u64) -> Result<Made, String> {
    let folder = TempDir::new().unwrap();
    let shelf = Arc::new(MemoryShelf::default());
    let opened = Segments::open_with(Arc::new(RealFiles), folder.path(), shelf, segment_bytes_max);
    Ok(Made { engine: Box::new(opened.unwrap().0), _folder: Some(folder) })
}

fn on_every_engine(test: impl Fn(&str, &dyn Engine)) {
    for (name, make) in ENGINES {
        match make() {
            Ok(made) => test(name, &*made.engine),
            Err(why) => harness::skipped(&format!("engine contract of {name}"), &why),
        }
    }
}

#[test]
fn a_new_ledger_is_empty() {
    on_every_engine(|name, engine| {
        assert_eq!(engine.head(), Head::EMPTY, "{name}");
        assert_eq!(engine.read(1, 10, 1000).unwrap(), [], "{name}");
        assert!(engine.get_snapshot().unwrap().is_none(), "{name}");
    });
}

#[test]
fn what_was_appended_is_read_as_it_was() {
    on_every_engine(|name, engine| {
        let all = frames(Head::EMPTY, 200, "a");
        let mut head = Head::EMPTY;
        for group in all.chunks(7) {
            let next = head_of(group.last().unwrap());
            assert_eq!(engine.append(head, group).unwrap(), Appended::Done(next), "{name}");
            assert_eq!(engine.head(), next, "{name}");
            head = next;
        }
        assert_eq!(engine.read(1, 1000, usize::MAX).unwrap(), all, "{name}");
        for from in [0, 1, 2, 63, 64, 65, 66, 129, 199, 200] {
            let wanted = &all[from.max(1) - 1..(from.max(1) + 2).min(200)];
            assert_eq!(engine.read(from as u64, 3, usize::MAX).unwrap(), wanted, "{name}, from {from}");
        }
        assert_eq!(engine.read(201, 10, 1000).unwrap(), [], "{name}: behind the head");
        assert_eq!(engine.read(u64::MAX, 10, 1000).unwrap(), [], "{name}: at the end of numbers");
        assert!(verify_engine(engine, Some(head.hash), &mut |_| {}).unwrap().is_right(), "{name}");
    });
}

#[test]
fn a_read_keeps_to_its_limits_and_gives_at_least_one() {
    on_every_engine(|name, engine| {
        let all = frames(Head::EMPTY, 20, "a");
        engine.append(Head::EMPTY, &all).unwrap();
        assert_eq!(engine.read(5, 0, 1000).unwrap(), [], "{name}");
        assert_eq!(engine.read(5, 10, 0).unwrap(), all[4..5], "{name}: one is given however long it is");
        let two = all[4].line.len() + all[5].line.len();
        assert_eq!(engine.read(5, 10, two).unwrap(), all[4..6], "{name}: exactly two fit");
        assert_eq!(engine.read(5, 10, two - 1).unwrap(), all[4..5], "{name}: the second is one byte too long");
    });
}

#[test]
fn an_append_behind_another_head_writes_nothing() {
    on_every_engine(|name, engine| {
        let all = frames(Head::EMPTY, 3, "a");
        let first = head_of(&all[0]);
        engine.append(Head::EMPTY, &all[..1]).unwrap();
        assert_eq!(engine.append(Head::EMPTY, &all).unwrap(), Appended::Moved(first), "{name}: too early");
        let other = Head { seq: 1, hash: Hash::of("test", &[]) };
        assert_eq!(engine.append(other, &all[1..]).unwrap(), Appended::Moved(first), "{name}: another hash");
        assert_eq!(engine.append(Head::EMPTY, &[]).unwrap(), Appended::Moved(first), "{name}: even nothing at all");
        assert_eq!(engine.read(1, 10, 10_000).unwrap(), all[..1], "{name}");
        assert_eq!(engine.append(first, &[]).unwrap(), Appended::Done(first), "{name}");
        assert_eq!(engine.append(first, &all[1..]).unwrap(), Appended::Done(head_of(&all[2])), "{name}");
    });
}

/// A caller that misnumbers is a bug of ours; the engine stops instead of keeping a hole.
#[test]
fn numbers_that_do_not_follow_each_other_stop_the_engine() {
    on_every_engine(|name, engine| {
        let all = frames(Head::EMPTY, 3, "a");
        engine.append(Head::EMPTY, &all[..1]).unwrap();
        let fault = engine.append(head_of(&all[0]), &all[2..]).unwrap_err();
        assert!(matches!(fault, EngineFault::Stop { .. }), "{name}: {fault:?}");
        let fault = engine.append(head_of(&all[0]), &all[1..]).unwrap_err();
        assert!(matches!(fault, EngineFault::Poisoned), "{name}: {fault:?}");
        assert_eq!(engine.read(1, 10, 10_000).unwrap(), all[..1], "{name}");
    });
}

#[test]
fn a_snapshot_comes_back_only_to_the_ledger_it_was_made_from() {
    on_every_engine(|name, engine| {
        let all = frames(Head::EMPTY, 4, "a");
        engine.append(Head::EMPTY, &all).unwrap();
        let put = |head, byte| {
            let write = |out: &mut dyn Write| out.write_all(&[byte; 5000]);
            engine.put_snapshot(&NewSnapshot { head, fold_version: 3, write: &write }).unwrap();
        };
        for (head, byte) in [(head_of(&all[1]), 1), (head_of(&all[3]), 2)] {
            put(head, byte);
            let mut kept = engine.get_snapshot().unwrap().unwrap();
            let mut bytes = Vec::new();
            kept.bytes.read_to_end(&mut bytes).unwrap();
            assert_eq!((kept.head, kept.fold_version, bytes), (head, 3, vec![byte; 5000]), "{name}");
        }
        for head in [Head { seq: 4, hash: Hash::of("test", &[]) }, Head { seq: 5, hash: all[3].hash }] {
            put(head, 3);
            assert!(engine.get_snapshot().unwrap().is_none(), "{name}: {head:?}");
        }
    });
}

/// Two writers race for every place; each place goes to exactly one of them, and the other learns where the head is.
#[test]
fn of_two_writers_one_wins_each_place() {
    on_every_engine(|name, engine| {
        std::thread::scope(|scope| {
            for note in ["a", "b"] {
                scope.spawn(move || {
                    let mut head = engine.head();
                    for _ in 0..100 {
                        let next = frames(head, 1, note);
                        head = match engine.append(head, &next).unwrap() {
                            Appended::Done(head) | Appended::Moved(head) => head,
                        };
                    }
                });
            }
        });
        let report = verify_engine(engine, None, &mut |_| {}).unwrap();
        assert!(report.is_right() && report.entries >= 100, "{name}: {report:?}");
        assert_eq!(report.head, engine.head(), "{name}");
    });
}

/// A reader that follows the head while another thread appends sees every entry once, whole, and in order.
#[test]
fn readers_follow_a_growing_ledger() {
    on_every_engine(|name, engine| {
        let all = frames(Head::EMPTY, 300, "a");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut seen = Vec::new();
                loop {
                    let last_round = done.load(Ordering::SeqCst);
                    seen.extend(engine.read(seen.len() as u64 + 1, 10, usize::MAX).unwrap());
                    if last_round && seen.len() as u64 == engine.head().seq {
                        return seen;
                    }
                }
            });
            let mut head = Head::EMPTY;
            for group in all.chunks(2) {
                let Appended::Done(next) = engine.append(head, group).unwrap() else {
                    panic!("{name}: nobody else appends")
                };
                head = next;
            }
            done.store(true, Ordering::SeqCst);
            assert_eq!(reader.join().unwrap(), all, "{name}");
        });
    });
}
