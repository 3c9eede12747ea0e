//! What is remembered, and when it is not: every sort of change between two looks.
//! Runs in tests only. It does not know collectors.
//! Invariant tested: an answer is given again only where everything that it rests on is as it was.

use super::*;
use crate::access::{Budget, LiveHost, Metered, RecordedHost};
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// An hour later: what was written just now is old enough.
fn later() -> Duration {
    now() + Duration::from_secs(3600)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for place in ["etc", "proc", "lists"] {
        fs::create_dir(folder.path().join(place)).unwrap();
    }
    for file in ["etc/a", "etc/b", "lists/one", "proc/stat"] {
        fs::write(folder.path().join(file), "text").unwrap();
    }
    symlink("a", folder.path().join("etc/link")).unwrap();
    folder
}

/// How often `look` runs when `change` happens between two looks, and nothing before a third.
fn looks(clock: fn() -> Duration, look: impl Fn(&dyn Host), change: impl FnOnce(&Path)) -> usize {
    let folder = folder();
    let host = LiveHost::new(folder.path()).with_memory_by(clock);
    let count = Cell::new(0);
    let counted = |host: &dyn Host| {
        count.set(count.get() + 1);
        look(host);
        count.get()
    };
    remembered_look(&host, "key", ALWAYS_THE_SAME, |_| true, counted);
    change(folder.path());
    let second = *remembered_look(&host, "key", ALWAYS_THE_SAME, |_| true, counted);
    assert_eq!(second, count.get(), "the answer is that of the last look");
    remembered_look(&host, "key", ALWAYS_THE_SAME, |_| true, counted);
    count.get()
}

fn reads(host: &dyn Host) {
    host.read("/etc/a", 10).unwrap();
    host.list("/lists", 10).unwrap();
    assert!(!host.exists("/etc/none"));
    host.read_link("/etc/link").unwrap();
    host.canonical("/etc/link").unwrap();
}

#[test]
fn an_unchanged_host_is_looked_at_once() {
    assert_eq!(looks(later, reads, |_| ()), 1);
    let elsewhere = |root: &Path| fs::write(root.join("etc/b"), "other").unwrap();
    assert_eq!(looks(later, reads, elsewhere), 1, "nobody read it");
}

#[test]
fn every_sort_of_change_is_looked_at_again() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 6] = [
        ("contents", |root| fs::write(root.join("etc/a"), "next").unwrap()),
        ("another file at the path", |root| {
            fs::write(root.join("etc/a-new"), "text").unwrap();
            fs::rename(root.join("etc/a-new"), root.join("etc/a")).unwrap();
        }),
        ("gone", |root| fs::remove_file(root.join("etc/a")).and_then(|()| fs::write(root.join("etc/a"), "x")).unwrap()),
        ("a name in a folder", |root| fs::write(root.join("lists/two"), "").unwrap()),
        ("what was missing", |root| fs::write(root.join("etc/none"), "").unwrap()),
        ("where a link points", |root| {
            fs::remove_file(root.join("etc/link")).unwrap();
            symlink("b", root.join("etc/link")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let look = |host: &dyn Host| {
            drop(host.read("/etc/a", 10));
            host.list("/lists", 10).unwrap();
            host.exists("/etc/none");
            host.read_link("/etc/link").unwrap();
        };
        assert_eq!(looks(later, look, change), 2, "{what}");
    }
}

#[test]
fn what_has_no_stamp_and_what_changed_just_now_is_looked_at_every_time() {
    assert_eq!(looks(later, |host| drop(host.read("/proc/stat", 10)), |_| ()), 3);
    assert_eq!(looks(later, |host| drop(host.machine()), |_| ()), 3);
    assert_eq!(looks(now, reads, |_| ()), 3, "the same second");
}

/// SQLite writes into a journal first, and the database stays as it is.
#[test]
fn a_journal_beside_a_database_is_a_change() {
    let look = |host: &dyn Host| drop(host.real_path("/etc/a").unwrap());
    assert_eq!(looks(later, look, |_| ()), 1);
    assert_eq!(looks(later, look, |root| fs::write(root.join("etc/a-wal"), "").unwrap()), 2);
}

/// An inner look that is remembered is still part of what the outer one rests on.
#[test]
fn a_look_in_a_look_is_noted_by_both() {
    let nested = |host: &dyn Host| {
        drop(remembered_look(host, "inner", ALWAYS_THE_SAME, |_| true, |host| host.read("/etc/a", 10).unwrap().bytes))
    };
    assert_eq!(looks(later, nested, |_| ()), 1);
    assert_eq!(looks(later, nested, |root| fs::write(root.join("etc/a"), "next").unwrap()), 2);
}

/// The collector that runs out of its budget takes no notice of errors; its half of an answer must not be given again.
#[test]
fn a_look_that_was_stopped_or_does_not_last_is_not_kept() {
    let folder = folder();
    let host = LiveHost::new(folder.path()).with_memory_by(later);
    let count = Cell::new(0);
    for (bytes, lasts) in [(3, true), (1 << 20, false), (1 << 20, true), (1 << 20, true)] {
        let metered = Metered::new(&host, Budget { bytes, ..Budget::USUAL });
        remembered_look(&metered, "key", ALWAYS_THE_SAME, if lasts { |_| true } else { |_| false }, |host| {
            drop(host.read("/etc/a", 10));
            count.set(count.get() + 1);
        });
    }
    assert_eq!(count.get(), 3);
}

#[test]
fn another_question_has_another_answer() {
    let folder = folder();
    let host = LiveHost::new(folder.path()).with_memory_by(later);
    let ask = |asked: u8| *remembered_look(&host, "key", [asked; 32], |_| true, |_| asked);
    assert_eq!((ask(1), ask(2), ask(1)), (1, 2, 1));
}

#[test]
fn a_files_contents_are_taken_apart_once() {
    let folder = folder();
    let path = folder.path().join("etc/a");
    let host = LiveHost::new(folder.path()).with_memory_by(later);
    let count = Cell::new(0);
    let read = |kind| {
        remembered_file(
            &host,
            kind,
            "/etc/a",
            |_| true,
            || {
                count.set(count.get() + 1);
                Some(fs::read(&path).unwrap())
            },
        )
    };
    assert_eq!((read("one"), read("one")), (Some(Arc::new(b"text".to_vec())), Some(Arc::new(b"text".to_vec()))));
    assert_eq!(count.get(), 1);
    read("another");
    assert_eq!(count.get(), 2);
    fs::write(&path, "next").unwrap();
    assert_eq!((read("one"), count.get()), (Some(Arc::new(b"next".to_vec())), 3));
    assert_eq!(remembered_file(&host, "none", "/etc/a", |_| true, || None::<u8>), None);
}

#[test]
fn memory_has_a_limit_and_forgets_what_nobody_asked_for() {
    let stamp = |number| Stamp {
        file: (1, number),
        size_bytes: 0,
        modified: (0, 0),
        changed: (0, 0),
        is_file: true,
        is_executable: false,
    };
    let mut files = Generations::default();
    for number in 0..u64::try_from(FILES_MAX).unwrap() * 2 {
        files.keep(("kind".into(), stamp(number)), Arc::new(number));
        assert!(files.get(&("kind".into(), stamp(0))).is_some(), "asked for all the time");
    }
    assert!(files.young.len() + files.old.len() <= FILES_MAX);
    assert!(files.get(&("kind".into(), stamp(1))).is_none());
}

#[test]
fn a_host_without_memory_looks_every_time() {
    let folder = folder();
    let host = RecordedHost::image(folder.path());
    let count = Cell::new(0);
    for _ in 0..2 {
        remembered_look(&host, "key", ALWAYS_THE_SAME, |_| true, |_| count.set(count.get() + 1));
        remembered_file(
            &host,
            "kind",
            "/etc/a",
            |_| true,
            || {
                count.set(count.get() + 1);
                Some(())
            },
        );
    }
    assert_eq!(count.get(), 4);
}
