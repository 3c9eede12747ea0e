//! What a sample host with every sort of configured way in says, and that nothing else of those files leaves.
//! It does not test each program's syntax to the end.
//! Invariant tested: a way that is down counts, and no key, password or account leaves.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use daicho_schemas::trouble::TroubleKind;
use std::collections::BTreeMap;

fn branch() -> RecordedHost {
    golden::running(&ConfiguredTunnelsCollector, "branch", Machine::default())
}

fn seen() -> BTreeMap<String, (Vec<String>, Starts)> {
    let items = ConfiguredTunnelsCollector.collect(&branch()).items.into_iter();
    let seen = items.filter_map(|item| match item {
        Observation::ConfiguredTunnel(one) => Some((one.name, (one.remotes, one.starts))),
        _ => None,
    });
    seen.collect()
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let host = branch();
    let collected = golden::check(&ConfiguredTunnelsCollector, "branch", &host);
    assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
    golden::every_documented_place(&ConfiguredTunnelsCollector, &[&host]);
}

#[test]
fn far_ends_and_starts_are_read_of_every_sort() {
    let seen = seen();
    let of = |name: &str| seen.get(name).cloned().unwrap_or_default();
    let one = |end: &str, starts| (vec![end.to_owned()], starts);
    assert_eq!(of("wg0"), one("vpn.maintainer.example:51820", Starts::Automatically));
    assert_eq!(of("wg1"), one("198.51.100.9:51820", Starts::Automatically));
    assert_eq!(of("plant"), one("vpn.maintainer.example", Starts::ByHand));
    assert_eq!(of("crane-vendor"), one("198.51.100.7", Starts::Automatically));
    assert_eq!(of("caterer"), one("203.0.113.5", Starts::Automatically));
    assert_eq!(of("mobile"), (Vec::new(), Starts::ByHand));
    assert_eq!(of("office vpn"), one("gate.example", Starts::Unknown));
    assert_eq!(of("back-door.service"), one("relay.example", Starts::Automatically));
    assert_eq!(of("permitlisten localhost:8022"), (Vec::new(), Starts::ByHand));
    assert!(!seen.contains_key("office lan"), "a wired connection is no way in");
}

/// A maintainer's package opens the way, a part changes where to, and Red Hat's tables of cron lie elsewhere than Debian's.
#[test]
fn reverse_ssh_is_seen_in_units_of_packages_and_in_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "usr/lib/systemd/system/care.service",
        "[Service]\nExecStart=/usr/bin/autossh -M 0 -N -R 2222:localhost:22 a@old.example\n",
    );
    put(
        "etc/systemd/system/care.service.d/x.conf",
        "[Service]\nExecStart=\nExecStart=/usr/bin/ssh -NR 2222:localhost:22 a@new.example\n",
    );
    put("var/spool/cron/someone", "@reboot ssh -fNR 2222:localhost:22 b@relay.example\n");
    put("etc/inittab", "s1:345:respawn:/usr/bin/ssh -NR 2222:localhost:22 c@init.example\n");
    let collected = ConfiguredTunnelsCollector.collect(&RecordedHost::image(folder.path()));
    let seen = collected.items.into_iter().map(|item| match item {
        Observation::ConfiguredTunnel(one) => (one.place, one.remotes.join(" ")),
        other => panic!("{}", other.kind()),
    });
    let wanted = [
        ("/etc/inittab", "init.example"),
        ("/usr/lib/systemd/system/care.service", "new.example"),
        ("/var/spool/cron/*", "relay.example"),
    ];
    let wanted = wanted.map(|(place, end)| (place.to_owned(), end.to_owned()));
    assert_eq!(seen.collect::<BTreeMap<_, _>>(), BTreeMap::from(wanted));
}

#[test]
fn no_secret_and_no_account_leaves() {
    let said = format!("{:?}", ConfiguredTunnelsCollector.collect(&branch()));
    for word in ["EXAMPLE-SECRET", "someone", "tunneluser"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_file_that_cannot_be_read_makes_it_partial() {
    let closed = branch().without_permission_for(&["/etc/wireguard/wg0.conf", "/home/someone/.ssh/authorized_keys"]);
    let collected = ConfiguredTunnelsCollector.collect(&closed);
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Partial, 2));
    assert!(collected.troubles.iter().all(|trouble| trouble.kind == TroubleKind::NotPermitted));
}
