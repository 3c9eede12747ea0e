//! Recorded Windows machines, each with what every collector must say about it; one of them lies there as hives too.
//! It does not know any collector; each passes itself.
//! Invariant: a collector says the same of a registry whether it is text or hives.

use super::super::golden::{every_documented_place, only_documented_places};
use super::super::{Collected, Collector, collector_id, run};
use crate::access::{Machine, RecordedHost};
use daicho_schemas::batch::Outcome;
use daicho_schemas::inventory::InventoryPart;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The machine that lies there twice.
const AS_HIVES: (&str, &str) = ("server_2019", "server_2019_hives");

pub(in crate::collect) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/windows")
}

/// The names of the machines.
fn machines() -> Vec<String> {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != AS_HIVES.1).collect();
    names.sort();
    names
}

/// Looks at every machine with one collector, as a mounted volume or as if it ran, and compares with the goldens. A machine of which the
/// collector says nothing at all has no golden, so that goldens are what somebody reads.
pub(super) fn check(collector: &dyn Collector, is_running: bool) -> BTreeMap<String, Collected> {
    check_as(collector, &|_| is_running)
}

/// [`check`] of running machines, but for these, which are volumes.
pub(super) fn check_running(collector: &dyn Collector, volumes: &[&str]) -> BTreeMap<String, Collected> {
    check_as(collector, &|machine| !volumes.contains(&machine))
}

fn check_as(collector: &dyn Collector, is_running: &dyn Fn(&str) -> bool) -> BTreeMap<String, Collected> {
    let root = |machine: &str| folder().join(machine).join("root");
    let host_of = |machine: &str| match is_running(machine) {
        true => RecordedHost::running(root(machine), Machine::default()),
        false => RecordedHost::image(root(machine)),
    };
    let mut all = BTreeMap::new();
    let mut hosts = Vec::new();
    let mut differ = Vec::new();
    for machine in machines() {
        let host = host_of(&machine);
        let collected = run(collector, &host);
        assert_eq!(run(collector, &host), collected, "the same host read twice gives the same");
        let golden = folder().join(&machine).join("expected").join(format!("{}.json", collector.id()));
        let Collected { outcome, sources, troubles, items } = collected.clone();
        let is_silent = items.is_empty() && troubles.is_empty() && outcome != Outcome::Complete;
        let part = InventoryPart { collector: collector_id(collector), outcome, sources, troubles, items };
        let written = if is_silent { String::new() } else { serde_json::to_string_pretty(&part).unwrap() + "\n" };
        if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") && !is_silent {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, &written).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != written {
            differ.push(format!("{} differs; it is now:\n{written}", golden.display()));
        }
        only_documented_places(collector, &host);
        if machine == AS_HIVES.0 {
            assert_eq!(run(collector, &host_of(AS_HIVES.1)), collected, "as hives; run fixtures/make-hives.py anew");
        }
        hosts.push(host);
        all.insert(machine, collected);
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    every_documented_place(collector, &hosts.iter().collect::<Vec<_>>());
    all
}
