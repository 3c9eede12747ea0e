//! What starts on a host: units of systemd, lines of cron, anacron and inittab, jobs of at, start scripts of old.
//! It does not know whether any of it is needed, and no argument, environment or script.
//! Invariant: of a command only its program leaves, and of an account of a person only the number; what is volatile stays out.

mod jobs;
mod unit_files;

use super::accounts::People;
use super::{Collected, Collector, Gather, units};
use crate::access::Host;
use daicho_schemas::fact::observation::{Observation, ServiceUnit};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};
use unit_files::UnitFiles;

/// Where the kernel groups the processes of services: the unified hierarchy, and systemd's own beside older ones.
const SLICES: [&str; 2] = ["/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice"];
const NAMES_MAX: usize = 20_000;

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
        PLACES
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
        let states = units::read(&mut gather, host);
        let running = running(&mut gather, host);
        read_units(&mut gather, host, &people, &states, running.as_ref());
        jobs::read(&mut gather, host, &people, &states);
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

fn read_units(
    gather: &mut Gather,
    host: &dyn Host,
    people: &People,
    states: &BTreeMap<String, units::State>,
    running: Option<&BTreeSet<String>>,
) {
    let files = UnitFiles::read(host);
    let names: BTreeSet<&String> = states.keys().chain(running.into_iter().flatten()).collect();
    for name in names {
        // A template is no unit; its instances are.
        if name.contains("@.") || !unit_files::is_unit(name) {
            continue;
        }
        let state = states.get(name).copied();
        let runs = running.map(|running| running.contains(name)).filter(|_| name.ends_with(".service"));
        let place = files.place(name);
        let is_local = place.as_ref().is_some_and(|place| place.starts_with("/etc/"));
        let (wanted, masked) = state.map_or((false, false), |state| (state.is_wanted(), state.is_masked()));
        if !(wanted || masked || is_local || runs == Some(true)) {
            continue;
        }
        let said = if masked { unit_files::Said::default() } else { files.said(gather, host, name) };
        let unit = ServiceUnit {
            name: gather.text(name, people.hide(name).as_bytes()),
            state: state.and_then(units::State::told),
            // A job that runs once is now seen and now not.
            runs: runs.filter(|_| !said.is_oneshot && !masked),
            executable: said.executable.map(|path| gather.text(name, people.hide(&path).as_bytes())),
            account: said.user.map(|user| people.told(&user)),
            times: said.times.iter().map(|time| gather.text(name, time.as_bytes())).collect(),
            place: place.map(|place| gather.text(name, people.hide(&place).as_bytes())),
        };
        gather.item("units", Observation::ServiceUnit(unit));
    }
}

const PLACES: &[&str] = &[
    "/etc/passwd",
    "/etc/login.defs",
    "/etc/systemd/system",
    "/etc/systemd/system/*",
    "/etc/systemd/system/*.d",
    "/etc/systemd/system/*.d/*.conf",
    "/etc/systemd/system/*.wants",
    "/etc/systemd/system/*.requires",
    "/run/systemd/system",
    "/run/systemd/system/*",
    "/usr/lib/systemd/system",
    "/usr/lib/systemd/system/*",
    "/usr/lib/systemd/system/*.d/*.conf",
    "/lib/systemd/system",
    "/lib/systemd/system/*",
    "/sys/fs/cgroup/system.slice",
    "/sys/fs/cgroup/system.slice/*.slice",
    "/sys/fs/cgroup/system.slice/*/cgroup.events",
    "/sys/fs/cgroup/system.slice/*.slice/*/cgroup.events",
    "/sys/fs/cgroup/systemd/system.slice",
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/cron.d/*",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/var/spool/cron/crontabs",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron",
    "/var/spool/cron/*",
    "/etc/anacrontab",
    "/var/spool/cron/atjobs",
    "/var/spool/at",
    "/etc/inittab",
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
