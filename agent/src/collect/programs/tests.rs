//! What the collector makes of a host with programs from everywhere, and of hostile ones.
//! It does not know servers. Invariant tested: nothing of a container is the host's, no argument leaves, and nothing flaps.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn host() -> RecordedHost {
    golden::running(&ProgramsCollector, "vendor_host", Machine::default())
}

#[expect(clippy::disallowed_methods, reason = "pipes and namespaces are made by others' programs")]
fn command(name: &str) -> std::process::Command {
    std::process::Command::new(name)
}

fn programs(collected: &Collected) -> Vec<&Program> {
    fn program(item: &Observation) -> Option<&Program> {
        if let Observation::Program(program) = item { Some(program) } else { None }
    }
    collected.items.iter().filter_map(program).collect()
}

fn program<'a>(collected: &'a Collected, path: &str) -> Option<&'a Program> {
    programs(collected).into_iter().find(|program| program.path == path)
}

fn words(program: &Program) -> Vec<String> {
    let word = |one: &Starter| format!("{:?} {} {}", one.sort, one.name, one.line.unwrap_or_default());
    program.started_by.iter().map(word).collect()
}

#[test]
fn the_sample_gives_its_golden() {
    let collected = golden::check(&ProgramsCollector, "vendor_host", &host());
    assert_eq!(collected.outcome, Outcome::Complete);
    let told = serde_json::to_string(&collected.items).unwrap();
    assert!(!told.contains("EXAMPLE-SECRET"), "{told}");
    assert!(!told.contains("someone"), "{told}");
    let agent = program(&collected, "/opt/example/bin/agent").unwrap();
    assert_eq!(words(agent), ["Unit example-agent.service 0"]);
    assert_eq!(agent.build_id, Some("ab".repeat(20)));
    assert_eq!((agent.name.as_deref(), agent.version.as_deref()), (Some("example-agent"), Some("1.2-3")));
    let script = program(&collected, "/opt/example/collect.py").unwrap();
    assert_eq!(script.interpreter.as_deref(), Some("/usr/bin/python3.11"));
    let starters = ["Unit collect.service 0", "Timer collect.timer 0", "Process bash 0"];
    assert_eq!(words(script), starters);
    assert_eq!(words(program(&collected, "/usr/local/bin/backup.sh").unwrap()), ["Cron /etc/crontab 4"]);
    assert_eq!(words(program(&collected, "/opt/panel/run").unwrap()), ["Cron /var/spool/cron/crontabs/* 1"]);
    let deleted = program(&collected, "/tmp/stage").unwrap();
    assert_eq!((deleted.place, deleted.sha256.is_some()), (ProgramPlace::Deleted, true));
    assert_eq!(program(&collected, "/usr/sbin/gone"), None, "its package was upgraded while it ran");
    let changed: Vec<_> = collected.items.iter().filter(|item| matches!(item, Observation::ChangedFile(_))).collect();
    assert_eq!(changed.iter().map(|item| item.key()).collect::<Vec<_>>(), ["/usr/sbin/sshd"]);
}

/// The places beside the programs themselves are those that are documented.
#[test]
fn only_documented_places_and_named_programs_are_opened() {
    let host = host();
    ProgramsCollector.collect(&host);
    let programs =
        ["/opt/", "/usr/local/", "/usr/bin", "/usr/sbin", "/sbin", "/bin", "/tmp", "/app", "/snap", "/usr/lib/systemd"];
    for path in host.accesses() {
        let documented =
            ProgramsCollector.places().iter().any(|place| *place != ANYWHERE && golden::fits(place, &path));
        assert!(documented || path == "/" || programs.iter().any(|folder| path.starts_with(folder)), "{path}");
    }
}

/// A program that ran and does not run now, with nothing else to start it, stays stated while its file is the same.
#[test]
fn what_ran_for_a_moment_stays_while_its_file_is_there_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (path, text) in [("var/lib/dpkg/status", ""), ("var/lib/dpkg/info/x.list", ""), ("opt/once", "#!/bin/sh\n")] {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
    fs::create_dir_all(root.join("proc/1")).unwrap();
    fs::create_dir_all(root.join("proc/7")).unwrap();
    symlink("/opt/once", root.join("proc/7/exe")).unwrap();
    let host = RecordedHost::running(root, Machine::default());
    let first = ProgramsCollector.collect(&host);
    let once = program(&first, "/opt/once").unwrap();
    assert!(once.seen_running);
    fs::remove_dir_all(root.join("proc/7")).unwrap();
    assert!(program(&ProgramsCollector.collect(&host), "/opt/once").is_none());
    host.remember_programs(vec![once.clone()]);
    assert_eq!(ProgramsCollector.collect(&host).items, first.items, "nothing changed, so nothing changes");
    fs::write(root.join("opt/once"), "another").unwrap();
    assert!(program(&ProgramsCollector.collect(&host), "/opt/once").is_none(), "what ran is not there any more");
    // A package that owns it now takes it over.
    fs::write(root.join("opt/once"), "#!/bin/sh\n").unwrap();
    // dpkg never writes a list in place.
    fs::write(root.join("var/lib/dpkg/x.list-new"), "/opt/once\n").unwrap();
    fs::rename(root.join("var/lib/dpkg/x.list-new"), root.join("var/lib/dpkg/info/x.list")).unwrap();
    assert!(program(&ProgramsCollector.collect(&host), "/opt/once").is_none());
}

/// Processes that may not be looked into are said, with what it would take; the rest is told.
#[test]
fn without_permission_it_says_what_could_not_be_seen() {
    let host = host().without_permission_for(&["/proc/50/exe", "/proc/2/exe"]);
    let collected = ProgramsCollector.collect(&host);
    assert_eq!(collected.outcome, Outcome::Partial);
    let closed = collected.troubles.iter().find(|trouble| trouble.place == "/proc/*/exe").unwrap();
    assert!(closed.text.contains("CAP_SYS_PTRACE"));
    assert!(program(&collected, "/opt/example/bin/agent").is_some_and(|program| !program.seen_running));
    let host = self::host().without_permission_for(&["/proc/2/exe"]);
    let outcome = ProgramsCollector.collect(&host).outcome;
    assert_eq!(outcome, Outcome::Complete, "a thread of the kernel has no executable");
}

/// While a package manager is at work, and on hosts with prelink, nobody is accused.
#[test]
fn what_could_explain_a_difference_ends_the_comparison() {
    let changed = |host: &RecordedHost| {
        let collected = ProgramsCollector.collect(host);
        collected.items.iter().any(|item| matches!(item, Observation::ChangedFile(_)))
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    };
    write("var/lib/dpkg/status", "");
    write("var/lib/dpkg/info/x.list", "/usr/sbin/xd\n/usr/lib/systemd/system/x.service\n");
    write("var/lib/dpkg/info/x.md5sums", "00112233445566778899aabbccddeeff  usr/sbin/xd\n");
    write("usr/lib/systemd/system/x.service", "[Service]\nExecStart=/usr/sbin/xd\n");
    write("usr/sbin/xd", "other");
    fs::set_permissions(root.join("usr/sbin/xd"), fs::Permissions::from_mode(0o755)).unwrap();
    let host = RecordedHost::image(root);
    assert!(changed(&host));
    for at_work in
        ["var/lib/dpkg/updates/0001", "var/lib/dpkg/tmp.ci/control", "var/lib/pacman/db.lck", "etc/prelink.cache"]
    {
        write(at_work, "x");
        assert!(!changed(&host), "{at_work}");
        fs::remove_file(root.join(at_work)).unwrap();
        if at_work.contains("tmp.ci") {
            fs::remove_dir(root.join("var/lib/dpkg/tmp.ci")).unwrap();
        }
    }
    write("var/lib/dpkg/info/x.conffiles", "/usr/sbin/xd\n");
    assert!(!changed(&host), "people may change it");
    write("var/lib/dpkg/info/x.conffiles", "");
    write("var/lib/dpkg/diversions", "/usr/sbin/xd\n/usr/sbin/xd.real\n:\n");
    assert!(!changed(&host), "somebody put it there on purpose");
}

/// A file beyond the limit, a loop of links, a pipe and names that are no UTF-8, where programs should be.
#[test]
fn hostile_files_are_said_or_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, text: &[u8]| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    };
    write("var/lib/dpkg/status", b"");
    write("var/lib/dpkg/info/x.list", b"");
    write("etc/crontab", b"* * * * * root /opt/large\n* * * * * root /opt/loop\n* * * * * root /opt/pipe\n* * * * * root /opt/\xff\xfe\n");
    fs::create_dir_all(root.join("opt")).unwrap();
    let large = fs::File::create(root.join("opt/large")).unwrap();
    large.set_len(4 * 1024 * 1024 * 1024).unwrap();
    large.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
    symlink("/opt/pool", root.join("opt/loop")).unwrap();
    symlink("/opt/loop", root.join("opt/pool")).unwrap();
    let made = command("mkfifo").arg(root.join("opt/pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped in part: no pipe can be made here");
    }
    let collected = ProgramsCollector.collect(&RecordedHost::image(root));
    let large = program(&collected, "/opt/large").unwrap();
    assert_eq!((large.sha256.clone(), large.size_bytes), (None, Some(4 * 1024 * 1024 * 1024)));
    assert!(
        collected.troubles.iter().any(|trouble| trouble.kind == TroubleKind::TooLarge && trouble.place == "/opt/large")
    );
    assert_eq!(programs(&collected).len(), 1);
}

/// A real process in another mount namespace and root: its executable is not the host's file of that path, and its digest is
/// read all the same.
#[test]
fn a_process_under_another_root_is_not_the_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let host = crate::access::LiveHost::new("/");
    let Some(shell) = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| fs::metadata(path).is_ok()) else {
        return eprintln!("skipped: there is no static executable on this machine");
    };
    let script = format!(
        "mount -t tmpfs none {0} && cp {shell} {0}/busybox && exec chroot {0} /busybox sleep 60",
        folder.path().display()
    );
    let started = command("unshare").args(["--mount", "sh", "-c", &script]).spawn();
    let Ok(mut process) = started else { return eprintln!("skipped: unshare cannot be run") };
    let number = process.id().to_string();
    let mut seen = None;
    while seen.is_none() && process.try_wait().unwrap().is_none() {
        if let running::Seen::Running(found) = running::of_process(&host, &number) {
            seen = found.into_iter().find(|one| one.path.ends_with("/busybox") && one.place == ProgramPlace::OtherRoot);
        }
        std::thread::yield_now();
    }
    let Some(one) = seen else { return eprintln!("skipped: this account may not make a mount namespace") };
    let sort = PackageDigestSort::Sha256;
    let digest = Host::digest(&host, &one.read_from, sort, PROGRAM_BYTES_MAX).unwrap();
    assert_eq!(digest, Host::digest(&host, shell, sort, PROGRAM_BYTES_MAX).unwrap());
    process.kill().unwrap();
    process.wait().unwrap();
}
