//! What systemd units start (systemd.service(5)), and which timers start the units; the unit files themselves.
//! It does not know whether a unit runs or will; a unit that is masked starts nothing.
//! Invariant: of a unit only the files that it starts leave; its options, environment and arguments stay here.

use super::command::{Named, of_words, unit_words};
use crate::access::{AccessError, Host};
use crate::collect::Gather;
use daicho_schemas::fact::observation::{Starter, StarterSort};
use std::collections::{BTreeMap, BTreeSet};

/// Where units lie; earlier folders go before later ones. `/lib` is `/usr/lib` on hosts of today.
const FOLDERS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const NAMES_MAX: usize = 20_000;
const UNIT_BYTES_MAX: usize = 256 * 1024;
/// Keys that start something (systemd.service(5)).
const KEYS: &[&str] =
    &["ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecReload", "ExecStop", "ExecStopPost"];

/// What all units say.
#[derive(Default)]
pub(super) struct Units {
    /// Files that units start, with the unit and its timers.
    pub(super) started: Vec<(Named, Vec<Starter>)>,
    /// Unit files, by the path where they lie.
    pub(super) files: BTreeSet<String>,
}

/// Reads every unit.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Units {
    let found = list(gather, host);
    let mut timers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, paths) in found.iter().filter(|(name, _)| name.ends_with(".timer")) {
        let values = values(gather, host, paths, &["Unit"]);
        let own = format!("{}.service", name.trim_end_matches(".timer"));
        let unit = values.into_iter().next_back().map_or(own, |(_, unit)| unit);
        timers.entry(unit).or_default().push(name.clone());
    }
    let mut units = Units::default();
    for (name, paths) in found.iter().filter(|(name, _)| name.ends_with(".service")) {
        let starter = |sort, name: &String| Starter { sort, name: name.clone(), line: None };
        let mut starters = vec![starter(StarterSort::Unit, name)];
        starters.extend(timers.get(name).into_iter().flatten().map(|timer| starter(StarterSort::Timer, timer)));
        let values = values(gather, host, paths, &[KEYS, &["WorkingDirectory"]].concat());
        let folder = values.iter().rev().find(|(key, _)| key == "WorkingDirectory").map(|(_, folder)| folder.clone());
        let folder = folder.filter(|folder| folder.starts_with('/') && !folder.contains(['%', '$']));
        for (_, line) in values.iter().filter(|(key, _)| key != "WorkingDirectory") {
            let named = of_words(&unit_words(line), folder.as_deref());
            units.started.extend(named.into_iter().map(|named| (named, starters.clone())));
        }
        units.files.extend(paths.iter().cloned());
    }
    units
}

/// The files of each unit: the one that counts, then its drop-ins in order. Masked units have none.
fn list(gather: &mut Gather, host: &dyn Host) -> BTreeMap<String, Vec<String>> {
    let mut units: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut drop_ins: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        // `/lib/systemd/system` is `/usr/lib/systemd/system` where the two are one.
        if !host.canonical(folder).is_ok_and(|real| seen.insert(real)) {
            continue;
        }
        for name in names(gather, host, folder) {
            if let Some(unit) = name.strip_suffix(".d").filter(|unit| is_unit(unit)) {
                for part in names(gather, host, &format!("{folder}/{name}")) {
                    if part.ends_with(".conf") {
                        let place = format!("{folder}/{name}/{part}");
                        drop_ins.entry((unit.to_owned(), part)).or_insert(place);
                    }
                }
            } else if is_unit(&name) {
                units.entry(name.clone()).or_insert_with(|| vec![format!("{folder}/{name}")]);
            }
        }
    }
    for ((unit, _), place) in drop_ins {
        units.entry(unit).or_default().push(place);
    }
    units.retain(|_, paths| !paths.first().is_some_and(|path| is_masked(host, path)));
    units
}

fn is_unit(name: &str) -> bool {
    name.ends_with(".service") || name.ends_with(".timer")
}

fn is_masked(host: &dyn Host, path: &str) -> bool {
    host.read_link(path).is_ok_and(|target| target == "/dev/null")
}

fn names(gather: &mut Gather, host: &dyn Host, folder: &str) -> Vec<String> {
    match host.list(folder, NAMES_MAX) {
        Ok(listing) => {
            gather.source(folder);
            if listing.cut {
                gather.miss_rest(folder);
            }
            listing.names
        }
        Err(error) if error.is_missing() => Vec::new(),
        Err(error) => {
            gather.miss_access(&error);
            Vec::new()
        }
    }
}

/// The values of some keys in a unit's files, in order. An empty value takes back what its key said before.
fn values(gather: &mut Gather, host: &dyn Host, paths: &[String], keys: &[&str]) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    for path in paths {
        let text = match host.read(path, UNIT_BYTES_MAX) {
            Ok(reading) => {
                if reading.cut {
                    gather.miss_rest(path);
                }
                String::from_utf8_lossy(&reading.bytes).replace("\\\n", " ")
            }
            // A link that leads nowhere starts nothing; a special file is no unit.
            Err(AccessError::Missing { .. } | AccessError::Special { .. }) => continue,
            Err(error) => {
                gather.miss_access(&error);
                continue;
            }
        };
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim(), value.trim());
            if !keys.contains(&key) {
                continue;
            }
            if value.is_empty() {
                values.retain(|(other, _)| other != key);
            } else {
                values.push((key.to_owned(), value.to_owned()));
            }
        }
    }
    values
}
