//! Protection as found on two hosts: the goldens, and what is not said.
//! It does not know the forms of single files; their own files test them.
//! Invariant tested: a date or count that cannot be read is absent, and what is not there is no item.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;

fn host(sample: &str) -> RecordedHost {
    golden::running(&ProtectionCollector, sample, Machine::default())
}

fn items(collected: &Collected) -> BTreeMap<String, Protection> {
    let own = collected.items.iter().filter_map(|item| match item {
        Observation::Protection(body) => Some((item.key(), body.clone())),
        _ => None,
    });
    own.collect()
}

#[test]
fn the_samples_give_their_goldens_from_documented_places_only() {
    let (debian, yum) = (host("debian_12"), host("yum_host"));
    let collected = golden::check(&ProtectionCollector, "debian_12", &debian);
    assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
    golden::check(&ProtectionCollector, "yum_host", &yum);
    let (el9, suse) = (host("el9"), host("suse"));
    golden::check(&ProtectionCollector, "el9", &el9);
    golden::check(&ProtectionCollector, "suse", &suse);
    golden::every_documented_place(&ProtectionCollector, &[&debian, &yum, &el9, &suse]);
}

#[test]
fn advisories_count_where_their_repository_is_asked_and_the_newest_build_is_older() {
    let pending = |sample: &str| -> Vec<_> {
        let items = items(&ProtectionCollector.collect(&host(sample))).into_iter();
        let own = items.filter(|(_, item)| item.aspect == ProtectionAspect::UpdatesPending);
        own.map(|(_, item)| (item.subject, item.names.join(" "), item.on.unwrap().to_string())).collect()
    };
    let told = |subject: &str, names: &str, day: &str| (subject.to_owned(), names.to_owned(), day.to_owned());
    let el9 = [told("dnf:appstream", "", "2026-11-06"), told("dnf:baseos", "openssl-libs", "2026-11-05")];
    assert_eq!(
        pending("el9"),
        el9,
        "extras is switched off, a kernel of two is new enough, one advisory was taken back"
    );
    assert_eq!(pending("yum_host"), [told("yum:base", "bash nodejs", "2024-01-05")], "nodejs 20 is another stream");
    assert_eq!(pending("suse"), [told("zypper:updates", "unsigned-tool", "2026-11-05")]);
}

#[test]
fn a_list_of_advisories_that_cannot_be_read_makes_no_count_and_is_named() {
    let list = "/var/cache/dnf/baseos-055ffcb2ec25a27f/repodata/1a-updateinfo.xml.gz";
    let collected = ProtectionCollector.collect(&host("el9").without_permission_for(&[list]));
    let found = items(&collected);
    assert!(!found.contains_key("updates_pending:dnf:baseos") && found.contains_key("updates_pending:dnf:appstream"));
    assert!(collected.troubles.iter().any(|trouble| trouble.place == list), "{:?}", collected.troubles);
}

#[test]
fn what_runs_is_told_from_what_is_only_there() {
    let items = items(&ProtectionCollector.collect(&host("debian_12")));
    let state = |key: &str| items.get(key).and_then(|item| item.state);
    assert_eq!(state("antivirus:clamav"), Some(ProtectionState::Running));
    assert_eq!(state("antivirus:eset-server"), Some(ProtectionState::Disabled));
    assert_eq!(state("time_synchronisation:chrony"), Some(ProtectionState::Running));
    assert_eq!(state("time_synchronisation:systemd-timesyncd"), Some(ProtectionState::Disabled), "masked");
    assert_eq!(state("updates_automatic:unattended-upgrades"), Some(ProtectionState::Enabled));
    assert_eq!(state("usb_storage:usbguard"), Some(ProtectionState::Enabled));
    assert!(!items.contains_key("system_support:os-release"), "the system says no end of support");
    let pending = items.get("updates_pending:apt").unwrap();
    assert_eq!((pending.count, pending.on.unwrap().to_string().as_str()), (Some(1), "2026-11-05"));
    assert_eq!(pending.names, ["example-tool"]);
}

#[test]
fn a_list_that_cannot_be_read_makes_no_count() {
    let list = "/var/lib/apt/lists/security.example_debian-security_dists_bookworm-security_main_binary-amd64_Packages";
    let collected = ProtectionCollector.collect(&host("debian_12").without_permission_for(&[list]));
    assert!(!items(&collected).contains_key("updates_pending:apt"));
}

#[test]
fn an_image_says_that_it_could_not_see_what_runs() {
    let image = RecordedHost::image(golden::fixtures("protection").join("debian_12/root"));
    let collected = ProtectionCollector.collect(&image);
    assert_eq!(collected.outcome, Outcome::Partial);
    assert_eq!(items(&collected).get("antivirus:clamav").unwrap().state, Some(ProtectionState::Enabled));
    assert!(
        !items(&collected).contains_key("usb_storage:authorized_default"),
        "the image's /sys is not this machine's"
    );
}

#[test]
fn damaged_files_stop_nobody_and_make_no_date() {
    let folder = tempfile::tempdir().unwrap();
    let from = golden::fixtures("protection").join("debian_12/root");
    let files = ["var/lib/clamav/daily.cld", "var/log/dpkg.log", "etc/apt/apt.conf.d/20auto-upgrades"];
    let host = RecordedHost::running(folder.path(), Machine::default());
    fs::create_dir_all(folder.path().join("proc")).unwrap();
    fs::create_dir_all(folder.path().join("usr/sbin")).unwrap();
    fs::write(folder.path().join("usr/sbin/clamd"), "").unwrap();
    for file in files {
        let whole = fs::read(from.join(file)).unwrap();
        let own = folder.path().join(file);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        for (at, byte) in (0..whole.len()).zip([0xff, b'\n', 0, b' ', b'"'].into_iter().cycle()) {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            fs::write(&own, damaged).unwrap();
            let collected = super::super::run(&ProtectionCollector, &host);
            assert_ne!(collected.outcome, Outcome::Failed, "{file} {at}: {:?}", collected.troubles);
        }
        fs::write(&own, whole).unwrap();
    }
}
