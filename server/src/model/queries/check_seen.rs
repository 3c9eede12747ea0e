//! What agents and plans show that an answer to a check list can rest on: a proposal with its source, item by item.
//! It does not answer anything: what is seen is no "yes", and what is not seen is no "no".
//! Invariant: every proposal says where it comes from, and how many hosts nobody could look at.

use super::super::Model;
use super::super::prepared::Sort;
use super::super::views::drift::EquipmentDrift;
use daicho_schemas::fact::declaration::DeclaredRemotePath;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::Text;
use serde::Serialize;
use std::collections::BTreeSet;

/// Hosts that are looked at for one item; more are counted.
const HOSTS_MAX: u64 = 2000;
/// Names that are listed; more are counted.
const NAMED_MAX: usize = 8;

/// What an answer can rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// What is seen.
    pub text: Text,
    /// Where it comes from.
    pub source: Text,
}

/// Items that something is seen of; a test holds them against the file.
pub const ITEMS: [&str; 8] = [
    "hospital-2-1",
    "hospital-2-2",
    "hospital-2-6",
    "hospital-2-12",
    "hospital-2-13",
    "vpn-present",
    "vpn-updated",
    "water-os-support",
];

impl Model {
    /// What is seen of an item on the hosts of an equipment.
    pub(super) fn check_seen(&self, id: &EquipmentId, item_id: &str) -> Vec<Seen> {
        let Some(drift) = self.drift.equipment.get(id) else { return Vec::new() };
        match item_id {
            "hospital-2-1" => vec![self.hosts_seen(drift)],
            "hospital-2-2" | "vpn-present" => self.paths_seen(id, drift),
            "hospital-2-6" | "vpn-updated" => vec![self.versions_seen(drift)],
            "hospital-2-12" | "hospital-2-13" => vec![self.sockets_seen(drift)],
            "water-os-support" => vec![self.systems_seen(drift)],
            _ => Vec::new(),
        }
    }

    fn hosts_seen(&self, drift: &EquipmentDrift) -> Seen {
        let (hosts, declared) = (drift.members.len(), drift.declared.len());
        let text = Text::new(
            format!(
                "この台帳に、計画書のホスト {declared} 台と、報告のあるホスト {hosts} 台が載っています。ネットワーク機器は見えません"
            ),
            format!(
                "This ledger lists {declared} hosts of the plan and {hosts} that report. Network devices are not seen"
            ),
        );
        Seen { text, source: heard(drift) }
    }

    fn paths_seen(&self, id: &EquipmentId, drift: &EquipmentDrift) -> Vec<Seen> {
        let plans = self.state.declarations.plans_of(id);
        let declared: BTreeSet<String> =
            plans.flat_map(|plan| &plan.plan.remote_paths).map(DeclaredRemotePath::ends_on).collect();
        let of = |host: u32| {
            let row = self.drift.hosts.get(host)?;
            let name = row.name.as_ref()?.to_string();
            Some(row.ways.interfaces.iter().map(move |interface| format!("{name} {interface}")).collect::<Vec<_>>())
        };
        let seen: BTreeSet<String> = drift.members.iter().filter_map(of).flatten().collect();
        let line = |what: (&str, &str), names: &BTreeSet<String>| {
            let named = named(names.iter().map(String::as_str), names.len());
            Text::new(format!("{}：{}", what.0, named.ja), format!("{}: {}", what.1, named.en))
        };
        vec![
            Seen {
                text: line(("計画書にある保守経路", "remote paths that plans declare"), &declared),
                source: Text::new("計画書", "plans"),
            },
            Seen {
                text: line(
                    ("ホストに見える経路の口（トンネルなど）", "interfaces on hosts that can be one end"),
                    &seen,
                ),
                source: heard(drift),
            },
        ]
    }

    fn versions_seen(&self, drift: &EquipmentDrift) -> Seen {
        let count = drift.components.len();
        let text = Text::new(
            format!("構成要素 {count} 種の版を記録しています"),
            format!("The versions of {count} components are recorded"),
        );
        Seen { text, source: heard(drift) }
    }

    fn sockets_seen(&self, drift: &EquipmentDrift) -> Seen {
        let mut open: BTreeSet<String> = BTreeSet::new();
        let hosts: Vec<u32> = drift.members.iter().take(usize::try_from(HOSTS_MAX).unwrap_or_default()).collect();
        for host in hosts {
            let items = self.state.assets.on(host, |item| item.sort == Sort::Other);
            for item in items.into_iter().filter_map(|item| item.observation()) {
                if let Observation::ListeningSocket(socket) = item {
                    let process = socket.processes.first().map_or("?", |process| process.name.as_str());
                    open.insert(format!("{} {process}", socket.port));
                }
            }
        }
        let named = named(open.iter().map(String::as_str), open.len());
        let more = drift.members.len().saturating_sub(HOSTS_MAX);
        let text = Text::new(
            format!("待ち受けているポートとプロセス：{}（調べていないホスト {more} 台）", named.ja),
            format!("listening ports and processes: {} ({more} hosts not looked at)", named.en),
        );
        Seen { text, source: heard(drift) }
    }

    fn systems_seen(&self, drift: &EquipmentDrift) -> Seen {
        let of = |host: u32| {
            let item = self.state.assets.items.get(self.drift.hosts.get(host)?.system?)?;
            Some(item.line())
        };
        let systems: BTreeSet<String> = drift.members.iter().filter_map(of).collect();
        let named = named(systems.iter().map(String::as_str), systems.len());
        let text = Text::new(format!("OS の版：{}", named.ja), format!("systems: {}", named.en));
        Seen { text, source: heard(drift) }
    }
}

/// Where it comes from: how many of the declared hosts are heard.
fn heard(drift: &EquipmentDrift) -> Text {
    let (declared, heard) = (drift.declared.len(), drift.hosts_heard());
    Text::new(
        format!("エージェント（計画書のホスト {declared} 台のうち {heard} 台）"),
        format!("agents ({heard} of {declared} hosts of the plan)"),
    )
}

/// The first names, and how many more there are.
fn named<'a>(names: impl Iterator<Item = &'a str>, count: usize) -> Text {
    if count == 0 {
        return Text::new("見えていません", "none seen");
    }
    let first = names.take(NAMED_MAX).collect::<Vec<_>>().join(", ");
    match count.saturating_sub(NAMED_MAX) {
        0 => Text::same(first),
        more => Text::new(format!("{first} ほか {more} 件"), format!("{first} and {more} more")),
    }
}
