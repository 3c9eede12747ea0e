//! Where packages came from, by the histories of dnf 5, dnf 4, yum and zypper.
//! It does not know how databases are read.
//! Invariant tested: a repository is named for exactly the build that was installed, and damage leaves the packages complete.

use super::*;

/// Repositories by name of the package.
fn repositories(collected: &Collected) -> Vec<String> {
    let rows = collected.items.iter().filter_map(|item| match item {
        Observation::Package(package) => {
            Some(format!("{}={}", package.name, package.provenance.repository.clone().unwrap_or_default()))
        }
        _ => None,
    });
    rows.collect()
}

fn rpm() -> Rpm {
    Rpm::with(&[
        blob(&package("bash", "5.1.8", "9.el9"), &[]),
        blob(&package("openssl", "3.0.7", "28.el9"), &[(EPOCH, 1)]),
        blob(&package("zero", "1", "1"), &[(EPOCH, 0)]),
    ])
}

fn write(rpm: &Rpm, path: &str, content: &str) {
    fs::create_dir_all(rpm.path(path).parent().unwrap()).unwrap();
    fs::write(rpm.path(path), content).unwrap();
}

#[test]
fn every_history_names_the_repository_of_the_very_build() {
    let hosts = [rpm(), rpm(), rpm(), rpm(), rpm()];
    let [dnf5, dnf5_inline, dnf4, yum, zypper] = &hosts;
    let toml = "version = \"1.0\"\n[nevras]\n[nevras.\"bash-5.1.8-9.el9.x86_64\"]\nfrom_repo = \"base\"\n\
        [nevras.\"openssl-1:3.0.7-28.el9.x86_64\"]\nfrom_repo = \"base\"\n[nevras.\"zero-0:1-1.x86_64\"]\nfrom_repo = \"epel\"\n";
    write(dnf5, "usr/lib/sysimage/libdnf5/nevras.toml", toml);
    let inline = "version = \"1.0\"\nnevras = {\"bash-5.1.8-9.el9.x86_64\" = {from_repo = \"base\"}, \
        \"openssl-1:3.0.7-28.el9.x86_64\" = {from_repo = \"base\"}, \"zero-0:1-1.x86_64\" = {from_repo = \"epel\"}}\n";
    write(dnf5_inline, "usr/lib/sysimage/libdnf5/nevras.toml", inline);
    write(dnf4, "var/lib/dnf/history.sqlite", "");
    let history = Connection::open(dnf4.path("var/lib/dnf/history.sqlite")).unwrap();
    let steps = "CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT);
        CREATE TABLE rpm (item_id INTEGER PRIMARY KEY, name TEXT, epoch INTEGER, version TEXT, release TEXT, arch TEXT);
        CREATE TABLE trans_item (id INTEGER PRIMARY KEY, item_id INTEGER, repo_id INTEGER, action INTEGER);
        INSERT INTO repo VALUES (1, 'base'), (2, 'epel'), (3, '@System'), (4, 'older');
        INSERT INTO rpm VALUES (1, 'bash', 0, '5.1.8', '9.el9', 'x86_64'), (2, 'openssl', 1, '3.0.7', '28.el9', 'x86_64'),
            (3, 'zero', 0, '1', '1', 'x86_64'), (4, 'bash', 0, '5.1.8', '8.el9', 'x86_64');
        INSERT INTO trans_item VALUES (1, 4, 4, 1), (2, 1, 1, 6), (3, 4, 3, 7), (4, 2, 4, 1), (5, 2, 1, 9), (6, 3, 2, 1), (7, 3, 3, 8);";
    history.execute_batch(steps).unwrap();
    for (folder, from) in [
        ("b/0c1f-bash-5.1.8-9.el9-x86_64", "base"),
        ("b/0c20-bash-5.1.8-8.el9-x86_64", "older"),
        ("o/1111-openssl-3.0.7-28.el9-x86_64", "base\n"),
        ("z/2222-zero-1-1-x86_64", "epel"),
    ] {
        write(yum, &format!("var/lib/yum/yumdb/{folder}/from_repo"), from);
    }
    let lines = "# 2024-05-05 bash-5.1.8-9.el9.x86_64.rpm installed ok\n\
        2024-05-05 10:00:00|command|root@host|'zypper' 'in' 'x'|\n\
        2024-05-05 10:00:00|install|bash|5.1.8-9.el9|x86_64|root@host|older|abc|\n\
        2024-05-06 10:00:00|install|bash|5.1.8-9.el9|x86_64|root@host|base|abc|\n\
        2024-05-06 10:00:00|install|openssl|1:3.0.7-28.el9|x86_64||base|abc|\n\
        2024-05-06 10:00:00|install|zero|1-1|x86_64||epel|abc|\n2024-05-06|remove|zero|1-1|x86_64|root@host|\n";
    write(zypper, "var/log/zypp/history", lines);
    for rpm in &hosts {
        let collected = RpmCollector.collect(&rpm.host());
        assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Complete, 0), "{:?}", collected.troubles);
        assert_eq!(repositories(&collected), ["bash=base", "openssl=base", "zero=epel"]);
    }
    let recorded: Vec<_> = hosts.iter().map(Rpm::host).collect();
    let sample = golden::running(&RpmCollector, "el7", Machine::default());
    let suse = golden::running(&RpmCollector, "suse", Machine::default());
    let newer = tempfile::tempdir().unwrap();
    fs::create_dir_all(newer.path().join("usr/lib/sysimage")).unwrap();
    let all: Vec<&RecordedHost> = recorded.iter().chain([&sample, &suse]).collect();
    for host in &all {
        RpmCollector.collect(*host);
        golden::only_documented_places(&RpmCollector, host);
    }
}

#[test]
fn damaged_histories_leave_packages_complete_and_are_named() {
    let rpm = rpm();
    write(&rpm, "var/lib/dnf/history.sqlite", "no database");
    write(&rpm, "usr/lib/sysimage/libdnf5/nevras.toml", "\"\"\"\"from_repo = \"\n\"a\"from_repo=\"b\u{0}\" = \"\n");
    write(&rpm, "var/log/zypp/history", &"|install|a|".repeat(100_000));
    let collected = RpmCollector.collect(&rpm.host());
    assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 3));
    assert_eq!(repositories(&collected), ["bash=", "openssl=", "zero="]);
    assert_eq!(collected.troubles.len(), 1, "{:?}", collected.troubles);
}
