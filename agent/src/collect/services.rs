//! What starts on a host: units of systemd, lines of cron, anacron and inittab, jobs of at, start scripts of old.
//! It does not know whether any of it is needed, and no argument, environment or script.
//! Invariant: of a command only its program leaves, and of an account of a person only the number; what is volatile stays out.

mod jobs;

use super::accounts::People;
use super::owners::{self, Owners};
use super::programs::{self, command};
use super::units::{self, Setting, Units};
use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{CarriedBy, Observation, ServiceUnit};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Where the kernel groups the processes of services: the unified hierarchy, and systemd's own beside older ones.
const SLICES: [&str; 2] = ["/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice"];
const NAMES_MAX: usize = 20_000;
const TIMES_MAX: usize = 16;

/// Collects services and jobs.
pub(crate) struct ServicesCollector;

impl Collector for ServicesCollector {
    fn id(&self) -> &'static str {
        "services"
    }

    fn about(&self) -> Text {
        Text::new(
            "サービス、タイマー、cron などのジョブ（プログラムまで。引数や環境は送らない）",
            "services, timers and jobs of cron and others: their programs, never arguments or environments",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| {
            [OWN_PLACES, units::PLACES, super::jobs::PLACES, &owners::PLACES, &[programs::ANYWHERE]].concat()
        });
        &PLACES
    }

    fn may_follow(&self) -> bool {
        true
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "/etc/systemd/system",
            "/etc/systemd/system/multi-user.target.wants",
            "/etc/crontab",
            "/etc/cron.d",
            "/etc/inittab",
        ]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let people = People::read(host);
        let units = Units::read(&mut gather, host);
        let running = running(&mut gather, host);
        let mut found = read_units(&mut gather, host, &people, &units, running.as_ref());
        jobs::read(&mut gather, host, &people, units.states(), &mut found);
        state(&mut gather, host, found);
        if gather.has_read_nothing() {
            return gather.finish_not_applicable();
        }
        gather.finish()
    }
}

/// Services of which a process runs; `None` where that cannot be seen.
fn running(gather: &mut Gather, host: &dyn Host) -> Option<BTreeSet<String>> {
    if !host.is_live() {
        let text = "which services run is only known on the running machine";
        gather.miss(Trouble::new(TroubleKind::NotObservable, "/sys/fs/cgroup", text));
        return None;
    }
    let slice = SLICES.into_iter().find(|slice| host.exists(slice))?;
    let mut found = BTreeSet::new();
    look_into(gather, host, slice, 0, &mut found);
    Some(found)
}

fn look_into(gather: &mut Gather, host: &dyn Host, slice: &str, depth: usize, found: &mut BTreeSet<String>) {
    let names = match host.list(slice, NAMES_MAX) {
        Ok(listing) => listing.names,
        Err(error) if error.is_missing() => return,
        Err(error) => return gather.miss_access(&error),
    };
    gather.source(slice);
    for name in names {
        let place = format!("{slice}/{name}");
        // Instances of a template have a slice of their own below this one.
        if name.ends_with(".slice") && depth == 0 {
            look_into(gather, host, &place, 1, found);
        }
        // What systemd-run starts has a name of the moment.
        if name.ends_with(".service") && !name.starts_with("run-") && is_populated(host, &place) {
            found.insert(name);
        }
    }
}

/// systemd removes empty groups; the unified hierarchy also says so itself (cgroups(7)).
fn is_populated(host: &dyn Host, place: &str) -> bool {
    let events = host.read(&format!("{place}/cgroup.events"), 4096).map(|reading| reading.bytes).unwrap_or_default();
    !events.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"populated 0")
}

/// What was found, before it is known what brought its files.
struct Found {
    item: Observation,
    /// The program's path or name as it is written.
    executable: Option<String>,
    /// The file that says so.
    place: Option<String>,
}

/// What is asked of a unit: its program, its account, when it is started. What says when is told as it is written.
const SETTINGS: &[Setting] = &[
    ("Service", "ExecStart"),
    ("Service", "User"),
    ("Service", "Type"),
    ("Timer", "OnCalendar"),
    ("Timer", "OnBootSec"),
    ("Timer", "OnStartupSec"),
    ("Timer", "OnActiveSec"),
    ("Timer", "OnUnitActiveSec"),
    ("Timer", "OnUnitInactiveSec"),
];

/// What a unit says.
#[derive(Default)]
struct Said {
    executable: Option<String>,
    user: Option<String>,
    times: Vec<String>,
    is_oneshot: bool,
}

fn said(gather: &mut Gather, host: &dyn Host, units: &Units, name: &str) -> Said {
    let mut said = Said::default();
    for (key, value) in units.said(gather, host, name, SETTINGS) {
        match key {
            "ExecStart" if said.executable.is_none() => {
                said.executable = command::unit_words(&value).into_iter().next()
            }
            "ExecStart" => {}
            "User" => said.user = Some(value),
            "Type" => said.is_oneshot = value == "oneshot",
            key if said.times.len() < TIMES_MAX => said.times.push(format!("{key}={value}")),
            _ => {}
        }
    }
    said
}

fn read_units(
    gather: &mut Gather,
    host: &dyn Host,
    people: &People,
    units: &Units,
    running: Option<&BTreeSet<String>>,
) -> Vec<Found> {
    let states = units.states();
    let names: BTreeSet<&String> = states.keys().chain(running.into_iter().flatten()).collect();
    let mut found = Vec::new();
    for name in names {
        // A template is no unit; its instances are.
        if name.contains("@.") || !units::is_unit(name) {
            continue;
        }
        let state = states.get(name).copied();
        let runs = running.map(|running| running.contains(name)).filter(|_| name.ends_with(".service"));
        let place = units.place(name);
        let is_local = place.as_ref().is_some_and(|place| place.starts_with("/etc/"));
        let (wanted, masked) = state.map_or((false, false), |state| (state.is_wanted(), state.is_masked()));
        if !(wanted || masked || is_local || runs == Some(true)) {
            continue;
        }
        let said = if masked { Said::default() } else { said(gather, host, units, name) };
        let unit = ServiceUnit {
            name: gather.text(name, people.hide(name).as_bytes()),
            state: state.and_then(units::State::told),
            // A job that runs once is now seen and now not.
            runs: runs.filter(|_| !said.is_oneshot && !masked),
            executable: said.executable.as_ref().map(|path| gather.text(name, people.hide(path).as_bytes())),
            executable_carried_by: None,
            account: said.user.map(|user| people.told(&user)),
            times: said.times.iter().map(|time| gather.text(name, time.as_bytes())).collect(),
            place: place.as_ref().map(|place| gather.text(name, people.hide(place).as_bytes())),
            carried_by: None,
        };
        found.push(Found { item: Observation::ServiceUnit(unit), executable: said.executable, place });
    }
    found
}

/// States what was found, with what brought the program and the file.
fn state(gather: &mut Gather, host: &dyn Host, mut found: Vec<Found>) {
    for one in &mut found {
        one.executable = one.executable.take().and_then(|word| programs::find(host, &word, true));
    }
    let asked = found.iter().flat_map(|one| [&one.executable, &one.place]).flatten().cloned().collect();
    let owners = Owners::of(host, &asked, "owners of services");
    owners.sources().for_each(|place| gather.source(place));
    let carried = |path: Option<String>| -> Option<CarriedBy> { path.map(|path| owners.of_path(&path).told()) };
    for Found { mut item, executable, place } in found {
        match &mut item {
            Observation::ServiceUnit(unit) => {
                unit.executable_carried_by = carried(executable);
                unit.carried_by = carried(place);
            }
            Observation::ScheduledJob(job) => {
                job.executable_carried_by = carried(executable);
                job.carried_by = carried(place);
            }
            _ => {}
        }
        gather.item("units and jobs", item);
    }
}

const OWN_PLACES: &[&str] = &[
    "/etc/passwd",
    "/etc/login.defs",
    "/sys/fs/cgroup/system.slice",
    "/sys/fs/cgroup/system.slice/*.slice",
    "/sys/fs/cgroup/system.slice/*/cgroup.events",
    "/sys/fs/cgroup/system.slice/*.slice/*/cgroup.events",
    "/sys/fs/cgroup/systemd/system.slice",
    "/etc/rc2.d",
    "/etc/rc3.d",
    "/etc/rc5.d",
    "/etc/rc.d/rc3.d",
    "/etc/rc.d/rc5.d",
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
];

#[cfg(test)]
mod tests;
