//! Accounts as found on a host: the golden, what must never leave, and what is unknown.
//! It does not know sudoers' grammar or the records' bytes; their own files test them.
//! Invariant tested: no byte of a password, key or person's name leaves, whatever is damaged or closed.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{LastLogin, LoginRecord};
use std::fs;
use std::path::Path;

fn debian() -> RecordedHost {
    golden::running(&AccountsCollector, "debian_13", Machine::default())
}

fn accounts(collected: &Collected) -> BTreeMap<String, Account> {
    let own = collected.items.iter().filter_map(|item| match item {
        Observation::Account(account) => Some((item.key(), account.clone())),
        _ => None,
    });
    own.collect()
}

/// Whatever a collector answers, as text.
fn told(collected: &Collected) -> String {
    format!("{collected:?}")
}

fn holds_nothing_of_people(collected: &Collected) {
    let told = told(collected);
    for word in
        ["EXAMPLE", "SECRET", "$6$", "$y$", "someone", "leaver", "guest", "twin", "vendor", "Some One", "192.0.2"]
    {
        assert!(!told.contains(word), "{word} left: {told}");
    }
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let host = debian();
    let collected = golden::check(&AccountsCollector, "debian_13", &host);
    assert_eq!(collected.outcome, Outcome::Complete);
    holds_nothing_of_people(&collected);
    golden::every_documented_place(&AccountsCollector, &[&host]);
}

#[test]
fn people_are_numbers_and_the_system_has_names() {
    let accounts = accounts(&AccountsCollector.collect(&debian()));
    let keys: Vec<&str> = accounts.keys().map(String::as_str).collect();
    let system = ["name:backup", "name:bin", "name:daemon", "name:nobody", "name:postgres", "name:root"];
    assert_eq!(keys, [&system[..], &["uid:1000", "uid:1000:2", "uid:1001", "uid:1002", "uid:1003"]].concat());
}

#[test]
fn administrators_are_told_by_the_place_that_makes_them_so() {
    let accounts = accounts(&AccountsCollector.collect(&debian()));
    let places = |key: &str| {
        let rights = accounts.get(key).unwrap().rights.clone().unwrap();
        rights.into_iter().map(|right| (right.place, right.every_command)).collect::<Vec<_>>()
    };
    assert_eq!(places("uid:1000"), [("/etc/sudoers:4".to_owned(), true)]);
    assert_eq!(places("uid:1003"), [("/etc/sudoers.d/*:2".to_owned(), true)]);
    assert_eq!(places("name:backup"), [("/etc/sudoers:5".to_owned(), false)]);
    assert!(places("uid:1001").is_empty(), "sudo passes over names with a dot");
}

#[test]
fn the_latest_login_of_all_records_counts_and_never_is_told_from_unknown() {
    let collected = AccountsCollector.collect(&debian());
    let last = |key: &str| accounts(&collected).get(key).unwrap().last_login;
    let on = |day: &str, by| LastLogin::On { on: day.parse().unwrap(), by };
    assert_eq!(last("uid:1000"), on("2026-11-05", LoginRecord::Lastlog2));
    assert_eq!(last("uid:1003"), on("2026-11-06", LoginRecord::Wtmp));
    assert_eq!(last("uid:1001"), LastLogin::Never { by: LoginRecord::Lastlog2 });
    let without = debian().without_permission_for(&[logins::LASTLOG2]);
    let collected = AccountsCollector.collect(&without);
    let last = |key: &str| accounts(&collected).get(key).unwrap().last_login;
    assert_eq!(last("uid:1001"), LastLogin::Unknown, "a record that could not be read says nothing");
}

#[test]
fn what_may_not_be_read_is_named_and_nothing_is_guessed() {
    let closed =
        debian().without_permission_for(&[SHADOW, "/etc/sudoers.d/50-vendor", "/home/leaver/.ssh/authorized_keys"]);
    let collected = AccountsCollector.collect(&closed);
    assert_eq!(collected.outcome, Outcome::Partial);
    holds_nothing_of_people(&collected);
    let accounts = accounts(&collected);
    let leaver = accounts.get("uid:1001").unwrap();
    assert_eq!((leaver.password, leaver.ssh_keys, &leaver.rights), (PasswordState::Unreadable, None, &None));
    assert_eq!(accounts.get("uid:1000").unwrap().ssh_keys, Some(2));
    assert_eq!(accounts.get("uid:1002").unwrap().ssh_keys, None, "a home that is not there may not be mounted");
}

/// A host of one account, with a record that has a place for every number.
fn with_lastlog(folder: &Path, reader: bool) -> RecordedHost {
    for own in ["etc", "var/log", "usr/bin"] {
        fs::create_dir_all(folder.join(own)).unwrap();
    }
    let lines = "root:x:0:0::/root:/bin/sh\na:x:3:3::/srv/a:/bin/sh\nb:x:5:5::/srv/b:/bin/sh\n";
    fs::write(folder.join("etc/passwd"), lines).unwrap();
    let mut record = vec![0; 292 * 4];
    record[876..880].copy_from_slice(&1_793_849_400_u32.to_le_bytes());
    fs::write(folder.join("var/log/lastlog"), record).unwrap();
    if reader {
        fs::write(folder.join("usr/bin/lastlog"), "").unwrap();
    }
    RecordedHost::running(folder, Machine::default())
}

#[test]
fn lastlog_says_never_only_where_it_is_still_written() {
    let folder = tempfile::tempdir().unwrap();
    let last = |host: &RecordedHost, key: &str| accounts(&AccountsCollector.collect(host)).get(key).unwrap().last_login;
    let stale = with_lastlog(folder.path(), false);
    let on = LastLogin::On { on: "2026-11-05".parse().unwrap(), by: LoginRecord::Lastlog };
    assert_eq!((last(&stale, "name:a"), last(&stale, "name:b")), (on, LastLogin::Unknown));
    let written = with_lastlog(folder.path(), true);
    assert_eq!(last(&written, "name:b"), LastLogin::Never { by: LoginRecord::Lastlog });
    // A later login in another record: lastlog lags behind.
    let mut login = vec![0; 384];
    login[0] = 7;
    login[44] = b'x';
    login[340..344].copy_from_slice(&1_794_949_400_u32.to_le_bytes());
    fs::write(folder.path().join("var/log/wtmp"), login).unwrap();
    assert_eq!(last(&written, "name:b"), LastLogin::Unknown);
}

#[test]
fn any_damage_to_any_file_stops_nobody_and_leaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let from = golden::fixtures("accounts").join("debian_13/root");
    let files = ["etc/passwd", "etc/shadow", "etc/group", "etc/sudoers", "etc/ssh/sshd_config.d/10-keys.conf"];
    for file in files.iter().chain(&["var/log/wtmp", "etc/login.defs", "etc/nsswitch.conf"]) {
        let own = folder.path().join(file);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::copy(from.join(file), own).unwrap();
    }
    let host = RecordedHost::running(folder.path(), Machine::default());
    for file in files {
        let whole = fs::read(from.join(file)).unwrap();
        for (at, byte) in (0..whole.len()).zip([b'\n', b':', 0xff, b'\\', b'#', 0].into_iter().cycle()) {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            fs::write(folder.path().join(file), damaged).unwrap();
            let collected = super::super::run(&AccountsCollector, &host);
            assert_ne!(collected.outcome, Outcome::Failed, "{file} {at}: {:?}", collected.troubles);
            let told = told(&collected);
            assert!(!told.contains("SECRET"), "{file} {at} {told}");
        }
        fs::write(folder.path().join(file), whole).unwrap();
    }
}
