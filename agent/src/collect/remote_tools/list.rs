//! The list of tools as it stands in `tools.json`, and how a name fits a pattern of it.
//! It does not know the host.
//! Invariant: the list is data; a name in it is compared, never run or opened as a program.

use crate::collect::Gather;
use daicho_schemas::fact::observation::{RemoteTool, RemoteToolClass, TOOL_EVIDENCE_MAX, ToolEvidence};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Deserialize;
use std::collections::BTreeSet;

const LIST: &str = include_str!("tools.json");
/// The list, as reports name it.
pub(in crate::collect) const PLACE: &str = "tools.json";

/// Every place at which a tool of the list is looked for; a test holds the list to it.
pub(super) const PLACES: &[&str] = &[
    "/var/lib/dpkg/status",
    "/proc",
    "/proc/*/comm",
    "/proc/*/cmdline",
    "/proc/*/fd",
    "/proc/*/fd/*",
    "/proc/net/tcp",
    "/proc/net/tcp6",
    "/etc/systemd/system",
    "/etc/systemd/system/*",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/etc/*",
    "/etc/vnc/config.d",
    "/etc/salt/minion",
    "/opt",
    "/opt/*",
    "/opt/cisco/anyconnect",
    "/opt/cisco/secureclient",
    "/opt/google/chrome-remote-desktop",
    "/opt/paloaltonetworks/globalprotect",
    "/usr/NX",
    "/usr/bin/*",
    "/usr/sbin/*",
    "/usr/share/*",
    "/usr/local/*",
    "/usr/local/bin/*",
    "/usr/local/mesh_services/meshagent",
    "/var/lib/*",
    "/etc/anydesk/connection_trace.txt",
    "/var/log/anydesk/connection_trace.txt",
    "/var/log/xrdp-sesman.log",
    "/run/openvpn-server",
    "/run/openvpn-server/status-*.log",
];

/// One tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::collect) struct Tool {
    pub(in crate::collect) id: String,
    pub(in crate::collect) name: String,
    pub(in crate::collect) class: RemoteToolClass,
    /// Packages by name.
    #[serde(default)]
    pub(super) packages: Vec<String>,
    /// systemd units; `*` stands for any text.
    #[serde(default)]
    pub(super) units: Vec<String>,
    /// Processes, by the name that their program gives them.
    #[serde(default)]
    pub(super) processes: Vec<String>,
    /// Files and folders that only this tool has; `*` in the last component stands for any text.
    #[serde(default)]
    pub(super) files: Vec<String>,
    /// Which tunnels of OpenSSH that run now are looked for.
    #[serde(default)]
    pub(super) ssh: Option<Ssh>,
    /// Where it notes its use, where its maker says so.
    #[serde(default)]
    pub(super) last_use: Option<Log>,
    /// What it is called on Windows.
    #[serde(default)]
    pub(in crate::collect) windows: OnWindows,
}

impl Tool {
    /// Its id, name and class.
    pub(in crate::collect) fn subject(&self) -> (&str, &str, RemoteToolClass) {
        (&self.id, &self.name, self.class)
    }
}

/// The names of a tool on Windows; `*` stands for any text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::collect) struct OnWindows {
    /// Services, by the name of their key.
    #[serde(default)]
    pub(in crate::collect) services: Vec<String>,
    /// `DisplayName` in the list of installed programs.
    #[serde(default)]
    pub(in crate::collect) programs: Vec<String>,
}

/// Which end of a reverse tunnel of OpenSSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ssh {
    /// A client here opens a port elsewhere.
    Clients,
    /// A session here holds a port for somebody elsewhere.
    Sessions,
}

/// A tool's own note of its use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) form: LogForm,
    pub(super) files: Vec<String>,
}

/// How such a note is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LogForm {
    /// `Incoming`, day and time, method, who (AnyDesk's manual, "Connection Log").
    AnydeskConnectionTrace,
    /// Sessions that begin or go on, with the time in front (xrdp, `sesman/scp_v0.c`; xrdp 0.10 and later write other words).
    XrdpSesman,
    /// The clients that are connected, with the second since when (openvpn(8), `--status-version` 2 and 3).
    OpenvpnStatus,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(rename = "about")]
    _about: String,
    tools: Vec<Tool>,
}

/// Every tool, in the list's order. The list is our own: one that makes no sense is a bug, and the trouble says so.
pub(in crate::collect) fn tools() -> Result<Vec<Tool>, Trouble> {
    serde_json::from_str::<List>(LIST).map(|list| list.tools).map_err(|error| {
        let text = format!("the list of tools makes no sense; please report this as a bug: {error}");
        Trouble::new(TroubleKind::Malformed, PLACE, text)
    })
}

/// What was seen of a tool, as it is told: the first pieces of evidence in order; more are counted and named.
pub(in crate::collect) fn told(
    gather: &mut Gather,
    (id, name, class): (&str, &str, RemoteToolClass),
    evidence: BTreeSet<ToolEvidence>,
) -> RemoteTool {
    let more = evidence.len().saturating_sub(TOOL_EVIDENCE_MAX);
    if more > 0 {
        let text = format!("{more} more pieces of evidence than {TOOL_EVIDENCE_MAX} are not listed");
        gather.remark(Trouble::new(TroubleKind::TooLarge, id, text));
    }
    let evidence = evidence.into_iter().take(TOOL_EVIDENCE_MAX);
    RemoteTool {
        tool: id.to_owned(),
        name: name.to_owned(),
        class,
        evidence: evidence.map(|one| ToolEvidence { name: gather.text(id, one.name.as_bytes()), ..one }).collect(),
        last_use_on: None,
        admits_from: Vec::new(),
    }
}

/// Whether a name fits a pattern: equal, where one `*` stands for any text.
pub(in crate::collect) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => {
            name.len() >= before.len().saturating_add(after.len()) && name.starts_with(before) && name.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_sound() {
        let tools = tools().unwrap();
        let ids: Vec<_> = tools.iter().map(|tool| tool.id.as_str()).collect();
        let sorted: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>(), "sorted, each once");
        for tool in &tools {
            let windows = &tool.windows;
            let names =
                [&tool.packages, &tool.units, &tool.processes, &tool.files, &windows.services, &windows.programs];
            assert!(
                tool.ssh.is_some() || names.iter().any(|names| !names.is_empty()),
                "{} has no name to be found by",
                tool.id
            );
            for name in names.into_iter().flatten() {
                assert!(name.matches('*').count() <= 1 && !name.is_empty(), "{}: {name}", tool.id);
            }
            for file in &tool.files {
                let folder = file.rsplit_once('/').unwrap().0;
                assert!(file.starts_with('/') && !folder.contains('*'), "{}: {file}", tool.id);
            }
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(fits("openvpn@*.service", "openvpn@site.service"));
        assert!(!fits("openvpn@*.service", "openvpn.service"));
        assert!(!fits("ab*ba", "aba"), "the parts do not overlap");
    }
}
