//! What systemd units start (systemd.service(5)), and which timers start the units; the unit files themselves.
//! It does not know whether a unit runs or will; a unit that is masked starts nothing.
//! Invariant: of a unit only the files that it starts leave; its options, environment and arguments stay here.

use super::command::{Named, of_words, unit_words};
use crate::access::Host;
use crate::collect::Gather;
use crate::collect::units::Setting;
use daicho_schemas::fact::observation::{Starter, StarterSort};
use std::collections::{BTreeMap, BTreeSet};

/// What starts something (systemd.service(5)), and where.
const SETTINGS: &[Setting] = &[
    ("Service", "ExecStart"),
    ("Service", "ExecStartPre"),
    ("Service", "ExecStartPost"),
    ("Service", "ExecCondition"),
    ("Service", "ExecReload"),
    ("Service", "ExecStop"),
    ("Service", "ExecStopPost"),
    ("Service", FOLDER),
];
const FOLDER: &str = "WorkingDirectory";

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
    let all = crate::collect::units::Units::read(gather, host);
    let startable = all.startable(host);
    let mut timers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in startable.iter().filter(|name| name.ends_with(".timer")) {
        let values = all.said(gather, host, name, &[("Timer", "Unit")]);
        let own = format!("{}.service", name.trim_end_matches(".timer"));
        let unit = values.into_iter().next_back().map_or(own, |(_, unit)| unit);
        timers.entry(unit).or_default().push(name.clone());
    }
    let mut units = Units::default();
    for name in startable.iter().filter(|name| name.ends_with(".service")) {
        let starter = |sort, name: &String| Starter { sort, name: name.clone(), line: None };
        let mut starters = vec![starter(StarterSort::Unit, name)];
        starters.extend(timers.get(name).into_iter().flatten().map(|timer| starter(StarterSort::Timer, timer)));
        let values = all.said(gather, host, name, SETTINGS);
        let folder = values.iter().rev().find(|(key, _)| *key == FOLDER).map(|(_, folder)| folder.clone());
        let folder = folder.filter(|folder| folder.starts_with('/') && !folder.contains(['%', '$']));
        for (_, line) in values.iter().filter(|(key, _)| *key != FOLDER) {
            let named = of_words(&unit_words(line), folder.as_deref());
            units.started.extend(named.into_iter().map(|named| (named, starters.clone())));
        }
        units.files.extend(all.places(gather, host, name));
    }
    units
}
