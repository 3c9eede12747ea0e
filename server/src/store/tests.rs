//! The store against what it promises: passes once and until their end, pages, and broken files moved aside.
//! It does not test sled. Invariant shown: nothing that is damaged comes back as if it were whole.

use super::*;
use crate::ledger::chain::Head;
use daicho_schemas::ids::AgentId;
use std::fs;
use tempfile::TempDir;

fn store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let (store, broken) = Store::open(folder.path()).unwrap();
    assert_eq!(broken, None);
    (folder, store)
}

fn reopened(folder: &TempDir) -> Store {
    let (store, broken) = Store::open(folder.path()).unwrap();
    assert_eq!(broken, None);
    store
}

fn at(seconds: i64) -> UtcMicros {
    UtcMicros::from_micros(1_800_000_000_000_000).unwrap().plus_seconds(seconds)
}

fn person(name: &str) -> PersonId {
    PersonId::new(name).unwrap()
}

fn secret(name: &str) -> Hash {
    Hash::of("test", &[name.as_bytes()])
}

fn head(seq: u64) -> Head {
    Head { seq, hash: secret(&seq.to_string()) }
}

#[test]
fn heard_times_are_kept_per_agent() {
    let (folder, store) = store();
    let (one, ten) = (AgentId::new("agent-1").unwrap(), AgentId::new("agent-10").unwrap());
    store.heard().note(&one, at(1)).unwrap();
    store.heard().note(&ten, at(2)).unwrap();
    store.heard().note(&one, at(3)).unwrap();
    store.flush().unwrap();
    drop(store);
    let store = reopened(&folder);
    assert_eq!(store.heard().get(&one).unwrap(), Some(at(3)));
    assert_eq!(store.heard().all().unwrap(), [(one, at(3)), (ten, at(2))].into());
    assert_eq!(store.heard().get(&AgentId::new("agent-2").unwrap()).unwrap(), None);
}

#[test]
fn a_session_lasts_until_its_end_and_no_longer() {
    let (folder, store) = store();
    for (token, name) in [("a", "aoki"), ("b", "aoki"), ("c", "baba")] {
        store.sessions().put(&secret(token), person(name), at(60)).unwrap();
    }
    let who = |store: &Store, token: &str, now| store.sessions().get(&secret(token), at(now)).unwrap();
    assert_eq!(who(&store, "a", 59), Some(person("aoki")));
    assert_eq!(who(&store, "a", 60), None, "the end itself is over");
    assert_eq!(who(&store, "d", 0), None);
    store.sessions().end(&secret("a")).unwrap();
    drop(store);
    let store = reopened(&folder);
    assert_eq!(who(&store, "a", 0), None, "an ended session does not come back");
    assert_eq!(who(&store, "b", 0), Some(person("aoki")));
    assert_eq!(store.sessions().end_all_of(&person("aoki")).unwrap(), 1);
    assert_eq!((who(&store, "b", 0), who(&store, "c", 0)), (None, Some(person("baba"))));
    assert_eq!(store.sessions().drop_ended(at(59)).unwrap(), 0);
    assert_eq!(store.sessions().drop_ended(at(60)).unwrap(), 1);
}

#[test]
fn a_code_is_taken_once_even_by_many_at_once() {
    let (folder, store) = store();
    store.codes().put(&secret("code"), person("aoki"), at(60)).unwrap();
    let taken: Vec<_> = std::thread::scope(|scope| {
        let takers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| store.codes().take(&secret("code"), at(1)).unwrap())).collect();
        takers.into_iter().filter_map(|taker| taker.join().unwrap()).collect()
    });
    assert_eq!(taken, [person("aoki")]);
    drop(store);
    assert_eq!(reopened(&folder).codes().take(&secret("code"), at(1)).unwrap(), None);
}

#[test]
fn a_code_that_has_ended_is_not_taken() {
    let (_folder, store) = store();
    store.codes().put(&secret("code"), person("aoki"), at(60)).unwrap();
    assert_eq!(store.codes().take(&secret("code"), at(60)).unwrap(), None);
    store.codes().put(&secret("old"), person("aoki"), at(60)).unwrap();
    store.codes().put(&secret("new"), person("aoki"), at(90)).unwrap();
    assert_eq!(store.codes().drop_ended(at(60)).unwrap(), 1);
    assert_eq!(store.codes().take(&secret("new"), at(61)).unwrap(), Some(person("aoki")));
}

#[test]
fn a_code_is_no_session() {
    let (_folder, store) = store();
    store.codes().put(&secret("code"), person("aoki"), at(60)).unwrap();
    assert_eq!(store.sessions().get(&secret("code"), at(1)).unwrap(), None);
}

#[test]
fn entries_of_a_subject_come_newest_first_and_page_by_page() {
    let (folder, store) = store();
    let long = "港".repeat(400);
    let index = store.by_subject();
    index.add([("agent:a", 1), ("agent:ab", 2), (&*long, 2)], head(2)).unwrap();
    index.add((3..300).map(|seq| ("agent:a", seq)), head(300)).unwrap();
    store.flush().unwrap();
    drop(store);
    let store = reopened(&folder);
    let index = store.by_subject();
    assert_eq!(index.indexed_to().unwrap(), head(300));
    assert_eq!(index.page("agent:a", None, 3).unwrap(), [299, 298, 297]);
    assert_eq!(index.page("agent:a", Some(297), 2).unwrap(), [296, 295]);
    assert_eq!(index.page("agent:a", Some(4), 10).unwrap(), [3, 1], "256 does not come before 3");
    assert_eq!(index.page("agent:ab", None, 10).unwrap(), [2]);
    assert_eq!(index.page(&long, None, 10).unwrap(), [2]);
    assert_eq!(index.page("agent:", None, 10).unwrap(), [0; 0]);
    index.clear().unwrap();
    assert_eq!(index.indexed_to().unwrap(), Head::EMPTY);
    assert_eq!(index.page("agent:a", None, 10).unwrap(), [0; 0]);
}

#[test]
fn a_second_opener_is_told_so() {
    let (folder, store) = store();
    assert!(matches!(Store::open(folder.path()), Err(StoreFault::InUse { .. })));
    drop(store);
    reopened(&folder);
}

/// What opening on a full disk leaves behind (spacejam/sled#1527) does not keep the store from opening.
#[test]
fn an_unfinished_sled_snapshot_does_no_harm() {
    let (folder, store) = store();
    store.sessions().put(&secret("a"), person("aoki"), at(60)).unwrap();
    store.flush().unwrap();
    drop(store);
    fs::write(folder.path().join("sled/snap.00000000000F0000.generating"), b"").unwrap();
    assert_eq!(reopened(&folder).sessions().get(&secret("a"), at(0)).unwrap(), Some(person("aoki")));
}

/// sled's file is filled with noise or emptied; everything is removed but our note. Each time the store opens empty, says so, keeps the broken files, and works.
#[test]
fn broken_files_are_moved_aside_and_reported() {
    type Breakage = fn(&std::path::Path);
    let breakages: [(&str, Breakage); 3] = [
        ("noise", |sled| fs::write(sled.join("db"), vec![0xa5; 600_000]).unwrap()),
        ("emptied", |sled| {
            fs::write(sled.join("db"), b"").unwrap();
            for item in fs::read_dir(sled).unwrap() {
                let path = item.unwrap().path();
                if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
                    fs::remove_file(path).unwrap();
                }
            }
        }),
        ("removed", |sled| fs::remove_dir_all(sled).unwrap()),
    ];
    for (name, breakage) in breakages {
        let (folder, store) = store();
        store.sessions().put(&secret("a"), person("aoki"), at(60)).unwrap();
        store.by_subject().add((1..2000).map(|seq| ("agent:a", seq)), head(1999)).unwrap();
        store.flush().unwrap();
        drop(store);
        breakage(&folder.path().join("sled"));
        let (store, broken) = Store::open(folder.path()).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        let broken = broken.unwrap_or_else(|| panic!("{name}: not noticed"));
        assert_eq!(broken.moved_to, folder.path().join("sled.broken-1"), "{name}");
        assert!(broken.moved_to.join("db").exists(), "{name}");
        assert!(broken.fault_reported().what.en.contains(&broken.why), "{name}");
        assert_eq!(store.by_subject().indexed_to().unwrap(), Head::EMPTY, "{name}");
        store.sessions().put(&secret("b"), person("aoki"), at(60)).unwrap();
        store.flush().unwrap();
        drop(store);
        let store = reopened(&folder);
        assert_eq!(store.sessions().get(&secret("a"), at(0)).unwrap(), None, "{name}");
        assert_eq!(store.sessions().get(&secret("b"), at(0)).unwrap(), Some(person("aoki")), "{name}");
    }
}

/// sled takes a file that was cut short for an earlier state of itself. The index then says itself how far it goes, and
/// holds exactly the entries up to there.
#[test]
fn an_index_that_was_cut_short_knows_how_far_it_goes() {
    let (folder, store) = store();
    for seq in 1..=400 {
        store.by_subject().add([("agent:a", seq)], head(seq)).unwrap();
        if seq % 20 == 0 {
            store.flush().unwrap();
        }
    }
    drop(store);
    let (sled, mut earlier) = (folder.path().join("sled"), 0);
    for part in 1..10 {
        let copy = TempDir::new().unwrap();
        fs::create_dir(copy.path().join("sled")).unwrap();
        fs::write(copy.path().join("made"), b"").unwrap();
        fs::copy(sled.join("conf"), copy.path().join("sled/conf")).unwrap();
        let db = fs::read(sled.join("db")).unwrap();
        fs::write(copy.path().join("sled/db"), &db[..db.len() / 10 * part]).unwrap();
        let (store, _) = Store::open(copy.path()).unwrap();
        let to = store.by_subject().indexed_to().unwrap().seq;
        earlier += usize::from(to < 400);
        let wanted: Vec<u64> = (1..=to).rev().collect();
        assert_eq!(store.by_subject().page("agent:a", None, 1000).unwrap(), wanted, "{part} tenths");
    }
    assert!(earlier > 0, "no cut took anything away");
}

#[test]
fn a_store_that_failed_in_use_takes_nothing_more_and_begins_anew() {
    let (folder, store) = store();
    let fault = store.call("testing", |_| -> sled::Result<()> { panic!("a page makes no sense") }).unwrap_err();
    assert!(matches!(&fault, StoreFault::Panicked { what, .. } if what == "a page makes no sense"), "{fault:?}");
    assert!(matches!(store.flush(), Err(StoreFault::Dead)));
    drop(store);
    let (store, broken) = Store::open(folder.path()).unwrap();
    assert_eq!(broken.unwrap().moved_to, folder.path().join("sled.broken-1"));
    drop(store);
    reopened(&folder);
}

#[test]
fn only_the_newest_broken_stores_are_kept() {
    let (folder, store) = store();
    drop(store);
    for _ in 0..5 {
        open::suspect(folder.path());
        assert!(Store::open(folder.path()).unwrap().1.is_some());
    }
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    names.retain(|name| name.to_string_lossy().contains("broken"));
    names.sort();
    assert_eq!(names, ["sled.broken-3", "sled.broken-4", "sled.broken-5"]);
}
