//! Software by which somebody may control, reach or maintain this host from elsewhere, by the names it has (`tools.json`).
//! It does not know who uses it or whether it was declared, and a tool under another name stays unseen.
//! Invariant: a name is evidence and says where it was seen; of a tool's log only a day leaves, and no process is touched.

mod last_use;
pub(in crate::collect) mod list;
mod ssh;

use super::deb822::for_each_stanza;
use super::dpkg::parse_status;
use super::units::{self, Units};
use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{Observation, PackageState, RemoteTool, ToolEvidence, ToolEvidenceSort};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use list::{Tool, fits, tools};
use std::collections::{BTreeMap, BTreeSet};

const DPKG_STATUS: &str = "/var/lib/dpkg/status";
const DPKG_STATUS_BYTES_MAX: usize = 64 * 1024 * 1024;
const PROC: &str = "/proc";
const PROCESSES_MAX: usize = 500_000;
/// Names in a folder in which a tool's own folder is looked for by pattern.
const FOLDER_NAMES_MAX: usize = 10_000;
/// The kernel keeps so many bytes of a process's name (`TASK_COMM_LEN` less one).
const COMM_BYTES: usize = 15;

/// What is on the host, by name.
#[derive(Default)]
struct Names {
    packages: BTreeSet<String>,
    units: BTreeMap<String, units::State>,
    processes: BTreeSet<String>,
    ssh: ssh::Processes,
}

/// Collects remote-control, tunnel, VPN and modem software.
pub(crate) struct RemoteToolsCollector;

impl Collector for RemoteToolsCollector {
    fn id(&self) -> &'static str {
        "remote_tools"
    }

    fn about(&self) -> Text {
        Text::new(
            "遠隔操作・トンネル・VPN・モデムのソフトウェア",
            "software for remote control, tunnels, VPN and modems",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        list::PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "/etc/systemd/system",
            "/etc/systemd/system/multi-user.target.wants",
            "/usr/lib/systemd/system",
            "/var/lib/dpkg",
        ]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let tools = match tools() {
            Ok(tools) => tools,
            Err(trouble) => return gather.finish_failed(trouble),
        };
        let mut names = Names { units: Units::read(&mut gather, host).into_states(), ..Names::default() };
        read_dpkg(&mut gather, host, &mut names.packages);
        read_processes(&mut gather, host, &mut names);
        let found = tools.iter().map(|tool| (tool, evidence(&mut gather, host, tool, &names)));
        let found: Vec<_> = found.filter(|(_, evidence)| !evidence.is_empty()).collect();
        for (tool, evidence) in told_apart(found) {
            let last_use_on = tool.last_use.as_ref().and_then(|log| last_use::read(&mut gather, host, log));
            let seen = RemoteTool { last_use_on, ..list::told(&mut gather, tool.subject(), evidence) };
            gather.item(list::PLACE, Observation::RemoteTool(seen));
        }
        gather.finish()
    }
}

/// Tools that share a name, as `ipsec.service` is of two: where one shows all that the other shows and more, the other is not there.
fn told_apart(found: Vec<(&Tool, BTreeSet<ToolEvidence>)>) -> Vec<(&Tool, BTreeSet<ToolEvidence>)> {
    let is_less =
        |own: &BTreeSet<ToolEvidence>| found.iter().any(|(_, other)| other.len() > own.len() && own.is_subset(other));
    let kept: Vec<bool> = found.iter().map(|(_, own)| !is_less(own)).collect();
    found.into_iter().zip(kept).filter_map(|(tool, kept)| kept.then_some(tool)).collect()
}

fn evidence(gather: &mut Gather, host: &dyn Host, tool: &Tool, names: &Names) -> BTreeSet<ToolEvidence> {
    let one = |sort, name: &str, state| ToolEvidence { sort, name: name.to_owned(), state };
    let mut found = BTreeSet::new();
    let packages = tool.packages.iter().filter(|name| names.packages.contains(*name));
    found.extend(packages.map(|name| one(ToolEvidenceSort::Package, name, None)));
    let units = names.units.iter().filter(|(name, _)| tool.units.iter().any(|pattern| fits(pattern, name)));
    found.extend(units.map(|(name, state)| one(ToolEvidenceSort::Unit, name, state.told())));
    let cut = |name: &str| name.get(..COMM_BYTES).unwrap_or(name).to_owned();
    let processes = tool.processes.iter().filter(|name| names.processes.contains(&cut(name)));
    found.extend(processes.map(|name| one(ToolEvidenceSort::Process, name, None)));
    let tunnels = match tool.ssh {
        None => BTreeSet::new(),
        Some(list::Ssh::Clients) => ssh::clients(host, &names.ssh),
        Some(list::Ssh::Sessions) => ssh::sessions(gather, host, &names.ssh),
    };
    found.extend(tunnels.iter().map(|name| one(ToolEvidenceSort::Process, name, None)));
    for pattern in &tool.files {
        found.extend(files(gather, host, pattern).iter().map(|path| one(ToolEvidenceSort::File, path, None)));
    }
    found
}

/// The paths of a pattern that are there. A `*` stands in the last component only.
fn files(gather: &mut Gather, host: &dyn Host, pattern: &str) -> Vec<String> {
    let Some((folder, name)) = pattern.rsplit_once('/') else { return Vec::new() };
    if !name.contains('*') {
        return if host.exists(pattern) { vec![pattern.to_owned()] } else { Vec::new() };
    }
    match host.list(folder, FOLDER_NAMES_MAX) {
        Ok(listing) => {
            let names = listing.names.iter().filter(|found| fits(name, found));
            names.map(|found| format!("{folder}/{found}")).collect()
        }
        Err(error) if error.is_missing() => Vec::new(),
        Err(error) => {
            gather.miss_access(&error);
            Vec::new()
        }
    }
}

fn read_dpkg(gather: &mut Gather, host: &dyn Host, packages: &mut BTreeSet<String>) {
    let reading = match host.read(DPKG_STATUS, DPKG_STATUS_BYTES_MAX) {
        Ok(reading) => reading,
        // No dpkg: units, files and processes are looked for all the same.
        Err(error) if error.is_missing() => return,
        Err(error) => return gather.miss_access(&error),
    };
    gather.source(DPKG_STATUS);
    for_each_stanza(&reading.bytes, &["Package", "Status"], |stanza| {
        let state = stanza.get("Status").and_then(parse_status).flatten();
        if matches!(state, Some(PackageState::Installed | PackageState::Unfinished)) {
            packages.extend(stanza.get("Package").map(|name| String::from_utf8_lossy(name).into_owned()));
        }
    });
}

fn read_processes(gather: &mut Gather, host: &dyn Host, names: &mut Names) {
    if !host.is_live() {
        let text = "which processes run is only known on the running machine";
        return gather.miss(Trouble::new(TroubleKind::NotObservable, PROC, text));
    }
    let processes = match host.list(PROC, PROCESSES_MAX) {
        Ok(listing) => listing.names,
        Err(error) => return gather.miss_access(&error),
    };
    gather.source(PROC);
    for process in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let place = format!("{PROC}/{process}/comm");
        match host.read(&place, 64) {
            Ok(reading) => {
                let name = String::from_utf8_lossy(reading.bytes.trim_ascii()).into_owned();
                names.ssh.note(process, &name);
                names.processes.insert(name);
            }
            // It ended between the listing and now (a process that ends while it is read says "no such process").
            Err(AccessError::Missing { .. } | AccessError::Unreadable { .. }) => {}
            Err(error) => gather.miss_access(&error),
        }
    }
}

#[cfg(test)]
mod tests;
