//! Power cuts: a real ext4 on a drive that loses any part of its cache, sector by sector, while entries are being appended,
//! by the engine alone and by the real server under load. It does not know the engine's files. Invariant shown: every
//! acknowledged entry is there, whenever its acknowledgement came. `DAICHO_POWER_CUTS` sets the number of rounds.

#![cfg(target_os = "linux")]

use crate::book::{frames, head_of};
use crate::load::{Sender, acknowledged, all_send_until, check_ledger, random_below, reconnect, some_moment, verify};
use daicho::ledger::engine::{Appended, Engine, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::Segments;
use daicho::ledger::engines::segments::files::RealFiles;
use daicho::ledger::verify::verify_engine;
use harness::drive::{Cache, Drive};
use harness::executables::Child;
use harness::server::ServerProcess;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Sender as Tell, channel};
use std::time::{Duration, Instant};

const DRIVE_BYTES: usize = 96 * 1024 * 1024;
const AGENTS: usize = 4;
/// Rounds beyond the wanted ones, while no cut has taken anything.
const MORE_ROUNDS_MAX: u64 = 60;

fn rounds(short: u64) -> u64 {
    std::env::var("DAICHO_POWER_CUTS").ok().map_or(short, |rounds| rounds.parse().unwrap())
}

/// A drive, or why there is none here.
fn drive(test: &str) -> Option<Drive> {
    Drive::new(DRIVE_BYTES).map_err(|why| harness::skipped(test, &why)).ok()
}

fn cache(round: u64) -> Cache {
    [Cache::Scattered, Cache::Lost, Cache::Scattered, Cache::Written][usize::try_from(round % 4).unwrap()]
}

fn open(folder: &Path) -> Segments {
    // Small files, so that some cuts fall into the beginning of a new one.
    Segments::open_with(Arc::new(RealFiles), folder, Arc::new(MemoryShelf::default()), 50_000).unwrap().0
}

/// Appends groups of one to five entries until the disk fails, and tells of each group that was acknowledged.
fn append_until_cut(engine: &Segments, told: &Tell<Vec<Frame>>) {
    for round in 0.. {
        let group = frames(engine.head(), 1 + round % 5, "a");
        match engine.append(engine.head(), &group) {
            Ok(Appended::Done(_)) => told.send(group).unwrap(),
            Ok(Appended::Moved(head)) => panic!("nobody else appends, and the head is {head:?}"),
            Err(_) => return,
        }
    }
}

/// Goal: the drive can be restarted beside tests that make namespaces. Method: a mount namespace that got copies of the
/// drive's mounts lives while it is restarted.
#[test]
#[expect(clippy::disallowed_methods, reason = "a namespace needs a process of its own")]
fn a_drive_restarts_while_another_namespace_lives() {
    let Some(mut drive) = drive("a_drive_restarts_while_another_namespace_lives") else { return };
    let mut other = Command::new("unshare");
    other.args(["--mount", "--propagation", "slave", "sh", "-c", "echo there; exec sleep 60"]);
    let mut other = Child(other.stdout(Stdio::piped()).spawn().unwrap());
    let mut there = String::new();
    BufReader::new(other.0.stdout.take().unwrap()).read_line(&mut there).unwrap();
    assert_eq!(there, "there\n");
    drive.restart(Cache::Written, || true).unwrap();
    assert!(drive.mounted_at.join("lost+found").exists());
}

/// Goal: an acknowledged append survives the loss of power. Method: one thread appends without a pause, the power goes at a
/// moment that differs each round, and whatever was acknowledged up to the very end must be there.
#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let Some(mut drive) = drive("what_was_acknowledged_survives_a_power_cut") else { return };
    let mut acknowledged: Vec<Frame> = Vec::new();
    let (wanted, began) = (rounds(6), Instant::now());
    let mut rounds = 0;
    // A cut between two syncs takes nothing and shows nothing: a few more are made until one has taken something.
    while rounds < wanted || (drive.counts().sectors_lost == 0 && rounds < wanted + MORE_ROUNDS_MAX) {
        let round = rounds;
        rounds += 1;
        let there_before = acknowledged.len();
        let folder = drive.mounted_at.join("ledger");
        let engine = open(&folder);
        let (told, hear) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| append_until_cut(&engine, &told));
            // Another moment each round, and always with appends going on.
            for _ in 0..5 + random_below(40) {
                acknowledged.extend(hear.recv().unwrap());
            }
            std::thread::sleep(Duration::from_micros(random_below(3000)));
            drive.cut();
        });
        acknowledged.extend(hear.try_iter().flatten());
        drop(engine);
        assert!(acknowledged.len() > there_before, "round {round}: nothing was acknowledged before the cut");
        drive.restart(cache(round), || random_below(2) == 0).unwrap();

        let engine = open(&folder);
        let there = engine.read(1, usize::MAX, usize::MAX).unwrap();
        let count = acknowledged.len();
        assert!(there.len() >= count, "round {round}: {count} were acknowledged and {} are there", there.len());
        assert!(there.starts_with(&acknowledged), "round {round}: an acknowledged entry is not what it was");
        let head = head_of(there.last().unwrap());
        let report = verify_engine(&engine, Some(head.hash), &mut |_| {}).unwrap();
        assert!(report.is_right() && engine.head() == head, "round {round}: {report:?}");
        // What stands behind the acknowledged ones was being appended; from now on it is part of the ledger.
        acknowledged = there;
    }
    let (entries, counts) = (acknowledged.len(), drive.counts());
    assert!(counts.sectors_lost > 0, "no cut lost anything: {counts:?}");
    harness::measured(&format!("{rounds} power cuts under the engine, {entries} entries, {counts:?}"), began.elapsed());
}

/// Goal: the same through everything that is between an agent and the disk. Method: the real server has its data folder on
/// the drive, agents send without a pause over TLS, the power goes, the server with it; started again it must have every
/// batch that was answered with 200.
#[test]
fn a_server_without_power_loses_no_acknowledged_batch() {
    let Some(mut drive) = drive("a_server_without_power_loses_no_acknowledged_batch") else { return };
    harness::block_on(async {
        let data = drive.mounted_at.join("data");
        let (mut server, mut api) = ServerProcess::start(&data).await;
        let (mut senders, all) = (Vec::new(), Arc::default());
        for _ in 0..AGENTS {
            senders.push(Sender::enrol(&api, &all).await);
        }
        let (rounds, began) = (rounds(3), Instant::now());
        for round in 0..rounds {
            let until = Instant::now() + Duration::from_secs(10);
            let cutting = async {
                some_moment(&all, until).await;
                drive.cut();
            };
            all_send_until(&mut senders, until, cutting).await;
            server.child.kill();
            drive.restart(cache(round), || random_below(2) == 0).unwrap();
            api = server.restart().await;
            reconnect(&mut senders, &api);
            if round % 10 == 9 {
                check_ledger(&api, &senders).await;
            }
        }
        all_send_until(&mut senders, Instant::now() + Duration::from_millis(200), async {}).await;
        let (count, counts) = (acknowledged(&senders), drive.counts());
        assert!(count as u64 >= rounds, "too little load to prove anything: {count}");
        check_ledger(&api, &senders).await;
        server.child.kill();
        verify(&data);
        harness::measured(
            &format!("{rounds} power cuts under the server, {count} batches, {counts:?}"),
            began.elapsed(),
        );
    });
}
