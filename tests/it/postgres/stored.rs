//! What somebody changes in the database behind the servers' back: every byte of an entry, of the head, of the months.
//! It does not use the triggers that refuse changes; it shows once that they are there.
//! Invariant: every change is undone before the next, and the ledger must be right again in between.

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::postgres::{Address, DatabaseFault, Looking, Postgres};
use daicho::ledger::verify::verify_engine;
use harness::executables::{command, executables};
use harness::postgres::Cluster;
use std::sync::Arc;

const ENTRIES: u64 = 12;
/// As the owner of everything who has turned the triggers off.
const FORCED: &str = "SET search_path = daicho; SET session_replication_role = replica;";

struct Stored {
    cluster: &'static Cluster,
    database: String,
    address: Address,
}

impl Stored {
    fn make() -> Result<Self, String> {
        let cluster = Cluster::shared()?;
        harness::install_provider();
        let database = cluster.database();
        let address = Address::parse(&cluster.url(&database), None).unwrap();
        let engine = Postgres::open(&address, Head::EMPTY, Arc::new(MemoryShelf::default())).unwrap();
        let all = frames(Head::EMPTY, usize::try_from(ENTRIES).unwrap(), "a");
        let appended = engine.append(Head::EMPTY, &all).unwrap();
        assert_eq!(appended, Appended::Done(head_of(all.last().unwrap())));
        Ok(Self { cluster, database, address })
    }

    fn run(&self, statement: &str) -> Result<String, String> {
        self.cluster.query(&self.database, statement)
    }

    /// The entry that `daicho verify` would name, if it names one.
    fn bad(&self) -> Option<u64> {
        match Looking::open(&self.address) {
            Ok(engine) => verify_engine(&engine, None, &mut |_| {}).unwrap().bad.map(|bad| bad.seq),
            Err(DatabaseFault::Damaged { seq, .. }) => Some(seq),
            Err(fault) => panic!("{fault}"),
        }
    }

    /// Runs a change that undoes itself when run twice: the entry that was named meanwhile.
    fn changed(&self, change: &str) -> Option<u64> {
        let change = format!("{FORCED} {change}");
        self.run(&change).unwrap();
        let bad = self.bad();
        self.run(&change).unwrap();
        bad
    }
}

fn every() -> usize {
    if std::env::var_os("DAICHO_FLIPS").is_some() { 1 } else { 29 }
}

/// Goal: whichever byte of an entry changes, `daicho verify` names that entry. Method: each byte of the long columns (every
/// 29th, or all with DAICHO_FLIPS), each byte of the numbers, in the first, a middle and the last entry.
#[test]
fn a_changed_byte_of_an_entry_is_named() {
    let stored = match Stored::make() {
        Ok(stored) => stored,
        Err(why) => return harness::skipped("changed bytes in a database", &why),
    };
    assert_eq!(stored.bad(), None);
    let mut flips = 0;
    for seq in [1, 7, ENTRIES] {
        let length: usize = stored
            .run(&format!("SELECT octet_length(line) FROM daicho.entries WHERE seq = {seq}"))
            .unwrap()
            .parse()
            .unwrap();
        let line = (0..length).step_by(every()).map(|at| ("line", at));
        for (column, at) in line.chain((0..32).step_by(every().min(5)).map(|at| ("hash", at))) {
            for mask in [255, 1 << (at % 8)] {
                let flip = format!("set_byte({column}, {at}, get_byte({column}, {at}) # {mask})");
                let bad = stored.changed(&format!("UPDATE entries SET {column} = {flip} WHERE seq = {seq}"));
                assert_eq!(bad, Some(seq), "byte {at} of {column}, {mask}");
                flips += 1;
            }
        }
        for at in 0..4 {
            let bad = stored.changed(&format!(
                "UPDATE entries SET line_bytes = line_bytes # (255 << {}) WHERE seq = {seq}",
                8 * at
            ));
            assert_eq!(bad, Some(seq), "byte {at} of line_bytes");
        }
        for at in 0..8 {
            let there =
                format!("hash = (SELECT hash FROM entries WHERE seq IN ({seq}, {seq} # (255::bigint << {})))", 8 * at);
            let bad =
                stored.changed(&format!("UPDATE entries SET seq = seq # (255::bigint << {}) WHERE {there}", 8 * at));
            assert_eq!(bad, Some(seq), "byte {at} of seq");
        }
        let month: u32 = stored.run("SELECT month FROM daicho.volumes").unwrap().parse().unwrap();
        let both = month + if month % 100 == 12 { month + 89 } else { month + 1 };
        let bad = stored.changed(&format!("UPDATE entries SET month = {both} - month WHERE seq = {seq}"));
        assert_eq!(bad, Some(seq), "the month of {seq}");
    }
    assert_eq!(stored.bad(), None);
    harness::counted("changed bytes, all named", flips);
}

/// Goal: the head and the months cannot be changed unseen either. Method: as above.
#[test]
fn a_changed_byte_beside_the_entries_is_named() {
    let stored = match Stored::make() {
        Ok(stored) => stored,
        Err(why) => return harness::skipped("changed bytes beside the entries", &why),
    };
    for at in (0..32).step_by(every().min(5)) {
        let bad = stored.changed(&format!("UPDATE head SET hash = set_byte(hash, {at}, get_byte(hash, {at}) # 255)"));
        assert_eq!(bad, Some(ENTRIES), "byte {at} of the head's hash");
    }
    for at in 0..7 {
        let bad = stored.changed(&format!("UPDATE head SET seq = seq # (255::bigint << {})", 8 * at));
        assert_eq!(bad, Some(ENTRIES + 1), "byte {at} of the head's number");
    }
    for mask in (0..8).map(|at| format!("255::bigint << {}", 8 * at)).chain(["1".into()]) {
        let bad = stored.changed(&format!("UPDATE volumes SET first_seq = first_seq # ({mask})"));
        assert_eq!(bad, Some(1), "{mask} of the month's first number");
    }
    assert_eq!(stored.changed("UPDATE volumes SET month = 404040 - month"), Some(1), "the month of the first number");
    assert_eq!(stored.bad(), None);
}

/// Goal: who can write to the database but has not turned the triggers off changes nothing; and the person who runs
/// `daicho verify` sees which entry is bad. Method: the commands themselves.
#[test]
fn changes_are_refused_and_the_command_names_the_bad_entry() {
    let stored = match Stored::make() {
        Ok(stored) => stored,
        Err(why) => return harness::skipped("daicho verify on a database", &why),
    };
    for change in [
        "UPDATE daicho.entries SET hash = hash",
        "DELETE FROM daicho.entries WHERE seq = 12",
        "TRUNCATE daicho.entries",
        "DELETE FROM daicho.volumes",
        "DELETE FROM daicho.head",
    ] {
        let refused = stored.run(change).unwrap_err();
        assert!(refused.contains("the ledger only grows"), "{change}: {refused}");
    }
    stored
        .run(&format!("{FORCED} UPDATE entries SET line = set_byte(line, 20, get_byte(line, 20) # 4) WHERE seq = 5"))
        .unwrap();
    let mut verify = command(&executables().daicho);
    verify.args(["verify", "--lang", "en"]).env("DAICHO_LEDGER", stored.cluster.url(&stored.database));
    let output = verify.output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(words.contains("4 entries are right") && words.contains("Entry 5"), "{words}");
}

/// Goal: a ledger goes on over months, also into one that nobody made a partition for, and is read as one. Method: the rule
/// that months never go back lets a test begin months that the clock has not reached.
#[test]
fn a_ledger_goes_over_months() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(why) => return harness::skipped("months of a ledger", &why),
    };
    harness::install_provider();
    let database = cluster.database();
    let address = Address::parse(&cluster.url(&database), None).unwrap();
    let engine = Postgres::open(&address, Head::EMPTY, Arc::new(MemoryShelf::default())).unwrap();
    let all = frames(Head::EMPTY, 20, "a");
    let mut head = Head::EMPTY;
    for group in all.chunks(5) {
        if head.seq > 0 {
            let last: u32 = cluster.query(&database, "SELECT max(month) FROM daicho.volumes").unwrap().parse().unwrap();
            let next = if last % 100 == 12 { last + 89 } else { last + 1 };
            cluster.query(&database, &format!("INSERT INTO daicho.volumes VALUES ({next}, {})", head.seq + 1)).unwrap();
        }
        let end = head_of(group.last().unwrap());
        assert_eq!(engine.append(head, group).unwrap(), Appended::Done(end));
        head = end;
    }
    let months = cluster.query(&database, "SELECT count(*) FROM daicho.entries GROUP BY month ORDER BY month");
    assert_eq!(months.as_deref(), Ok("5\n5\n5\n5"));
    assert_eq!(engine.read(1, 100, usize::MAX).unwrap(), all);
    for from in 1..=20 {
        let end = (from + 6).min(20);
        assert_eq!(engine.read(from as u64, 7, usize::MAX).unwrap(), all[from - 1..end], "from {from}");
    }
    drop(engine);
    let looking = Looking::open(&address).unwrap();
    assert!(verify_engine(&looking, Some(head.hash), &mut |_| {}).unwrap().is_right());
}
