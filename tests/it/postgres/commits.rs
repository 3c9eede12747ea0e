//! The moment in which nobody knows whether a commit happened: the database dies between its own disk and its answer.
//! It does not use servers. Invariant: the moment is met for certain, because the replica is held still until the database is dead.

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine, EngineFault, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::postgres::{Address, Postgres};
use daicho::ledger::verify::verify_engine;
use harness::postgres::Cluster;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

struct Pair {
    primary: Cluster,
    replica: Cluster,
    database: String,
}

impl Pair {
    fn start() -> Result<Self, String> {
        let primary = Cluster::start()?;
        let database = primary.database();
        let mut replica = Cluster::empty()?;
        replica.follow(&primary)?;
        Ok(Self { primary, replica, database })
    }

    fn open(&self) -> Arc<Postgres> {
        harness::install_provider();
        let url = Cluster::url_of(&[&self.primary, &self.replica], &self.database);
        let address = Address::parse(&url, None).unwrap();
        Arc::new(Postgres::open(&address, Head::EMPTY, Arc::new(MemoryShelf::default())).unwrap())
    }
}

type Appending = JoinHandle<Result<Appended, EngineFault>>;

/// Appends in a thread of its own; returns when the database has the entry on its disk and waits for the replica.
fn append_until_the_wait(pair: &Pair, engine: &Arc<Postgres>, expected: Head, frame: &Frame) -> Appending {
    let (engine, frame) = (Arc::clone(engine), frame.clone());
    let appending = std::thread::spawn(move || engine.append(expected, &[frame]));
    let until = Instant::now() + Duration::from_secs(30);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while pair.primary.query("postgres", waits).as_deref() != Ok("1") {
        assert!(Instant::now() < until && !appending.is_finished(), "the append does not wait for the replica");
        std::thread::sleep(Duration::from_millis(10));
    }
    appending
}

fn stands_once(engine: &Postgres, all: &[Frame]) {
    assert_eq!(engine.read(1, 100, usize::MAX).unwrap(), all);
    let head = head_of(all.last().unwrap());
    assert!(verify_engine(engine, Some(head.hash), &mut |_| {}).unwrap().is_right());
}

/// Goal: an append whose commit nobody reported ends as what it is. Method: the database is killed while the entry is on
/// its disk and the replica has not confirmed it; then it comes back, or the replica takes its place.
#[test]
fn a_commit_that_nobody_reported_is_found_out() {
    for promote in [false, true] {
        let mut pair = match Pair::start() {
            Ok(pair) => pair,
            Err(why) => return harness::skipped("a commit that nobody reported", &why),
        };
        let (engine, all) = (pair.open(), frames(Head::EMPTY, 3, "a"));
        pair.primary.wait_for_followers();
        let (first, second) = (head_of(&all[0]), head_of(&all[1]));
        assert_eq!(engine.append(Head::EMPTY, &all[..1]).unwrap(), Appended::Done(first));
        if promote {
            // What is on its way to a replica that is only held still may arrive in the end.
            pair.replica.cut_off();
        } else {
            pair.replica.hold_still(true);
        }
        let appending = append_until_the_wait(&pair, &engine, first, &all[1]);
        pair.primary.kill();
        if promote {
            pair.replica.promote();
        } else {
            pair.replica.hold_still(false);
            pair.primary.run_server();
        }
        assert_eq!(appending.join().unwrap().unwrap(), Appended::Done(second), "promoted: {promote}");
        assert_eq!(engine.append(second, &all[2..]).unwrap(), Appended::Done(head_of(&all[2])));
        stands_once(&engine, &all);
    }
}

/// Goal: while the answer cannot be had, nobody is told that it failed or was done. Method: as above, and the database
/// comes back only after the caller was told that it is not known.
#[test]
fn a_commit_that_cannot_be_found_out_is_said_to_be_unknown() {
    let mut pair = match Pair::start() {
        Ok(pair) => pair,
        Err(why) => return harness::skipped("a commit that cannot be found out", &why),
    };
    let (engine, all) = (pair.open(), frames(Head::EMPTY, 2, "a"));
    pair.primary.wait_for_followers();
    let first = head_of(&all[0]);
    assert_eq!(engine.append(Head::EMPTY, &all[..1]).unwrap(), Appended::Done(first));
    pair.replica.hold_still(true);
    let appending = append_until_the_wait(&pair, &engine, first, &all[1]);
    pair.primary.kill();
    pair.replica.hold_still(false);
    let fault = appending.join().unwrap().unwrap_err();
    assert!(matches!(fault, EngineFault::Away { unsure: true, .. }), "{fault:?}");
    assert_eq!(engine.head(), first, "what is not known is not the head");
    assert!(engine.trouble().is_some(), "people are told that nothing can be written");
    pair.primary.run_server();
    // It was on the disk: whoever sends it again learns that it stands.
    let moved = retry(|| engine.append(first, &all[1..]));
    assert_eq!(moved, Appended::Moved(head_of(&all[1])));
    stands_once(&engine, &all);
}

fn retry(mut append: impl FnMut() -> Result<Appended, EngineFault>) -> Appended {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match append() {
            Ok(appended) => return appended,
            Err(fault) => assert!(Instant::now() < until, "{fault}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Goal: a replica that lacks acknowledged entries is not written to when it takes the database's place. Method: it was
/// cut off before the last entry, and nobody waited for it.
#[test]
fn a_replica_without_the_newest_entries_is_refused() {
    let mut pair = match Pair::start() {
        Ok(pair) => pair,
        Err(why) => return harness::skipped("a replica that lags behind", &why),
    };
    let (engine, all) = (pair.open(), frames(Head::EMPTY, 3, "a"));
    let (first, second) = (head_of(&all[0]), head_of(&all[1]));
    assert_eq!(engine.append(Head::EMPTY, &all[..1]).unwrap(), Appended::Done(first));
    pair.primary.wait_for_followers();
    pair.primary.query("postgres", "ALTER SYSTEM RESET synchronous_standby_names").unwrap();
    pair.primary.query("postgres", "SELECT pg_reload_conf()").unwrap();
    pair.replica.cut_off();
    assert_eq!(engine.append(first, &all[1..2]).unwrap(), Appended::Done(second));
    pair.primary.kill();
    pair.replica.promote();
    let until = Instant::now() + Duration::from_secs(30);
    let seq = loop {
        match engine.append(second, &all[2..]) {
            Err(EngineFault::OtherLedger { seq }) => break seq,
            Err(EngineFault::Away { .. }) => assert!(Instant::now() < until, "it is not noticed"),
            other => panic!("written to a ledger that lost its end: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(seq, 2);
    assert!(engine.trouble().is_some_and(|text| text.en.contains("--ledger-restored")), "{:?}", engine.trouble());
    // A server that begins anew and knows nothing of the lost entry takes the database as it is.
    let fresh = pair.open();
    assert_eq!(fresh.head(), first);
}
