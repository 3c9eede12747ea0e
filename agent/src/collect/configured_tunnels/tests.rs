//! What a sample host with every sort of configured way in says, and that nothing else of those files leaves.
//! It does not test each program's syntax to the end.
//! Invariant tested: a way that is down counts, and no key, password or account leaves.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use daicho_schemas::trouble::TroubleKind;

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
