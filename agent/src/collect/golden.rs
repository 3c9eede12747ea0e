//! What collectors' tests share: fixtures in, goldens out, and the places that were really opened.
//! It does not know any collector; each passes itself.
//! Invariant: a golden changes only by `DAICHO_GOLDEN=write`, never by a test that passes.

use super::{Collected, Collector, collector_id, run};
use crate::access::{Machine, RecordedHost};
use daicho_schemas::inventory::InventoryPart;
use std::path::PathBuf;

/// The folder of a collector's samples.
pub(crate) fn fixtures(collector: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(collector)
}

/// A sample as a running machine.
pub(crate) fn running(collector: &dyn Collector, sample: &str, machine: Machine) -> RecordedHost {
    RecordedHost::running(fixtures(collector.id()).join(sample).join("root"), machine)
}

/// Compares what a collector says about a host with `expected.json`, and what it opened with its documented places.
pub(crate) fn check(collector: &dyn Collector, sample: &str, host: &RecordedHost) -> Collected {
    let collected = run(collector, host);
    let Collected { outcome, sources, troubles, items } = collected.clone();
    let part = InventoryPart { collector: collector_id(collector), outcome, sources, troubles, items };
    let written = serde_json::to_string_pretty(&part).unwrap() + "\n";
    let golden = fixtures(collector.id()).join(sample).join("expected.json");
    if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&golden, &written).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(written == expected, "{} differs; it is now:\n{written}", golden.display());
    only_documented_places(collector, host);
    assert_eq!(run(collector, host), collected, "the same host read twice gives the same");
    collected
}

/// Every place that was opened stands in the collector's documentation.
pub(crate) fn only_documented_places(collector: &dyn Collector, host: &RecordedHost) {
    for path in host.accesses() {
        let documented = collector.places().iter().any(|place| fits(place, &path));
        assert!(documented, "{} opened {path}, which its places() do not name", collector.id());
    }
}

/// Every documented place was opened on one of these hosts: the documentation claims nothing that is not so.
pub(crate) fn every_documented_place(collector: &dyn Collector, hosts: &[&RecordedHost]) {
    // What several read in one way is held to its places by its own tests: lists of packages, and with `services` units and jobs.
    let of_services = [super::units::PLACES, super::jobs::PLACES].concat();
    let is_shared = |place: &&&str| {
        super::owners::PLACES.contains(place) || (collector.id() != "services" && of_services.contains(place))
    };
    for place in collector.places().iter().filter(|place| !is_shared(place)) {
        let opened = hosts.iter().any(|host| host.accesses().iter().any(|path| fits(place, path)));
        assert!(opened, "{} documents {place}, which no sample makes it open", collector.id());
    }
}

/// Whether a path fits a place: equal component by component, where `*` in a component stands for any text, and `**` at the end
/// for everything below.
pub(crate) fn fits(place: &str, path: &str) -> bool {
    // The programs themselves may lie anywhere; that collector's own test looks closer.
    if place == super::programs::ANYWHERE {
        return true;
    }
    if let Some(above) = place.strip_suffix("/**") {
        let depth = above.split('/').count();
        let head: Vec<&str> = path.split('/').take(depth).collect();
        return fits(above, &head.join("/"));
    }
    let (places, paths): (Vec<_>, Vec<_>) = (place.split('/').collect(), path.split('/').collect());
    places.len() == paths.len() && places.iter().zip(&paths).all(|(place, name)| component_fits(place, name))
}

fn component_fits(place: &str, name: &str) -> bool {
    match place.split_once('*') {
        None => place == name,
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
    }
}
