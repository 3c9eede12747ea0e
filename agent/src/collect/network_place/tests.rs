//! What a sample host with two uplinks says of its place, and what cannot be known.
//! It does not test the walk over netlink itself.
//! Invariant tested: what changes by itself does not enter.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;

fn host() -> RecordedHost {
    golden::running(&NetworkPlaceCollector, "two_uplinks", Machine::default())
}

fn keys() -> Vec<String> {
    NetworkPlaceCollector.collect(&host()).items.iter().map(Observation::key).collect()
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let host = host();
    let collected = golden::check(&NetworkPlaceCollector, "two_uplinks", &host);
    assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
    golden::every_documented_place(&NetworkPlaceCollector, &[&host]);
}

/// The second uplink: a default route in a table of its own, and the rule that leads to it.
#[test]
fn a_second_way_out_is_seen() {
    let keys = keys();
    for wanted in ["route default eth0 192.0.2.1", "route default lte0 198.51.100.1 table 100"] {
        assert!(keys.iter().any(|key| key == wanted), "{wanted}: {keys:?}");
    }
    assert!(keys.iter().any(|key| key.starts_with("rule ipv4 from 203.0.113.0/24")), "{keys:?}");
}

#[test]
fn link_local_and_loopback_addresses_and_the_kernels_own_routes_do_not_enter() {
    assert!(
        !keys().iter().any(|key| key.contains("fe80") || key.contains("127.0.0.1/8") || key.contains("192.0.2.0/24"))
    );
}

#[test]
fn an_unreadable_table_makes_it_partial() {
    let closed = host().without_permission_for(&["netlink:routes"]);
    let collected = NetworkPlaceCollector.collect(&closed);
    assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Partial, TroubleKind::NotPermitted));
}
