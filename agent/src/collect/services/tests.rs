//! Services and jobs as found on a host of today and one of old.
//! It does not know the grammar of single files; their own files test them.
//! Invariant tested: no argument, variable or person's name leaves, and what only runs now and then is not told to run.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{ScheduledJob, UnitState};
use std::collections::BTreeMap;
use std::fs;

fn host(sample: &str) -> RecordedHost {
    golden::running(&ServicesCollector, sample, Machine::default())
}

fn holds_nothing_of_people(collected: &Collected) {
    let told = format!("{collected:?}");
    for word in ["EXAMPLE", "SECRET", "taro", "hanako", "stranger", "TOKEN"] {
        assert!(!told.contains(word), "{word} left: {told}");
    }
}

fn units_of(collected: &Collected) -> BTreeMap<String, ServiceUnit> {
    let own = collected.items.iter().filter_map(|item| match item {
        Observation::ServiceUnit(unit) => Some((unit.name.clone(), unit.clone())),
        _ => None,
    });
    own.collect()
}

fn jobs_of(collected: &Collected) -> BTreeMap<String, ScheduledJob> {
    let own = collected.items.iter().filter_map(|item| match item {
        Observation::ScheduledJob(job) => Some((job.place.clone(), job.clone())),
        _ => None,
    });
    own.collect()
}

#[test]
fn the_samples_give_their_goldens_from_documented_places_only() {
    let (debian, old) = (host("debian_12"), host("el6"));
    let collected = golden::check(&ServicesCollector, "debian_12", &debian);
    assert_eq!((collected.outcome, &collected.troubles), (Outcome::Complete, &Vec::new()));
    holds_nothing_of_people(&collected);
    holds_nothing_of_people(&golden::check(&ServicesCollector, "el6", &old));
    golden::every_documented_place(&ServicesCollector, &[&debian, &old]);
}

#[test]
fn units_that_start_run_are_made_here_or_locked_are_listed() {
    let units = units_of(&ServicesCollector.collect(&host("debian_12")));
    let names: Vec<&str> = units.keys().map(String::as_str).collect();
    let wanted = [
        "*",
        "backup.timer",
        "example.service",
        "getty@tty1.service",
        "legacy.service",
        "local.service",
        "locked.service",
        "made.service",
        "once.service",
    ];
    assert_eq!(names, wanted);
    let example = units.get("example.service").unwrap();
    assert_eq!((example.state, example.runs), (Some(UnitState::Enabled), Some(true)));
    assert_eq!(example.executable.as_deref(), Some("/usr/local/sbin/example"), "a part changes it");
    assert_eq!(units.get("once.service").unwrap().runs, None, "it runs now and then");
    assert_eq!(units.get("locked.service").unwrap().state, Some(UnitState::Masked));
    assert_eq!(units.get("backup.timer").unwrap().times, ["OnCalendar=*-*-* 03:00"]);
    assert_eq!(units.get("made.service").unwrap().account.as_deref(), Some("*"), "an account that is not local");
    assert_eq!(units.get("local.service").unwrap().account.as_deref(), Some("example"), "a part of its own");
}

#[test]
fn files_and_programs_are_told_with_what_brought_them() {
    let package = |name: &str| Some(CarriedBy::Package { ecosystem: "deb".into(), name: name.into() });
    let collected = ServicesCollector.collect(&host("debian_12"));
    let (units, jobs) = (units_of(&collected), jobs_of(&collected));
    let of =
        |name: &str| units.get(name).map(|unit| (unit.executable_carried_by.clone(), unit.carried_by.clone())).unwrap();
    assert_eq!(of("getty@tty1.service"), (package("util-linux"), package("util-linux")));
    assert_eq!(of("example.service"), (Some(CarriedBy::Nobody), package("example")), "a part names another program");
    assert_eq!(of("made.service"), (None, Some(CarriedBy::Nobody)), "its program is not there");
    let job = jobs.get("/etc/cron.d/example:1").unwrap();
    assert_eq!((&job.executable_carried_by, &job.carried_by), (&package("example"), &package("example")));
    assert_eq!(jobs.get("/etc/cron.daily/logrotate").unwrap().carried_by, package("logrotate"));
    let old = jobs_of(&ServicesCollector.collect(&host("el6")));
    assert!(old.values().all(|job| job.carried_by == Some(CarriedBy::Unknown)), "no package manager is known there");
}

#[test]
fn jobs_of_people_are_told_by_number() {
    let jobs = jobs_of(&ServicesCollector.collect(&host("debian_12")));
    let own = jobs.get("/var/spool/cron/crontabs/uid:1000:2").unwrap();
    assert_eq!((own.account.as_deref(), own.executable.as_deref()), (Some("uid:1000"), Some("/home/*/bin/start")));
    let old = jobs_of(&ServicesCollector.collect(&host("el6")));
    assert!(old.contains_key("/var/spool/cron/uid:500:1"), "{:?}", old.keys());
    assert!(old.contains_key("/etc/init.d/sshd") && old.contains_key("/etc/inittab:2"), "{:?}", old.keys());
}

#[test]
fn a_table_that_may_not_be_read_is_named_without_its_owner() {
    let closed = host("debian_12").without_permission_for(&["/var/spool/cron/crontabs/taro"]);
    let collected = ServicesCollector.collect(&closed);
    assert_eq!(
        (collected.outcome, collected.troubles[0].place.as_str()),
        (Outcome::Partial, "/var/spool/cron/crontabs/uid:1000")
    );
    holds_nothing_of_people(&collected);
}

#[test]
fn damaged_files_stop_nobody_and_leak_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let from = golden::fixtures("services").join("debian_12/root");
    let files = ["etc/crontab", "usr/lib/systemd/system/example.service"];
    for file in files.iter().chain(&["etc/passwd", "etc/login.defs"]) {
        let own = folder.path().join(file);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::copy(from.join(file), own).unwrap();
    }
    fs::create_dir_all(folder.path().join("sys/fs/cgroup/system.slice/example.service")).unwrap();
    let host = RecordedHost::running(folder.path(), Machine::default());
    for file in files {
        let whole = fs::read(from.join(file)).unwrap();
        for (at, byte) in (0..whole.len()).zip([b'=', b'\t', 0xff, b'[', 0, b'*'].into_iter().cycle()) {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            fs::write(folder.path().join(file), damaged).unwrap();
            let collected = super::super::run(&ServicesCollector, &host);
            assert_ne!(collected.outcome, Outcome::Failed, "{file} {at}: {:?}", collected.troubles);
        }
        fs::write(folder.path().join(file), whole).unwrap();
    }
}
