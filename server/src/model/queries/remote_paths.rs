//! Remote paths as rows: what is seen (a configuration, an agent's interface), what is said (a record), what is declared (a plan),
//! joined by where a path enters.
//! It does not judge; the rules do. Invariant: the three stay beside each other, and unknown is never shown as yes.

mod software;
mod wanted;

pub use wanted::{PATHS_ONLY, PathQuery, PathsOnly};

use super::super::Model;
use super::super::findings::{Subject, finding_id};
use super::super::firmware::verdict::{FirmwareState, Verdict};
use super::super::rows::{FindingState, Page, Severity};
use super::super::rules::RULES;
pub use super::super::rules::remote_paths::ContractState;
use super::super::rules::remote_paths::{contract_of, contract_with, entry_of, name_of, runs, standing_record};
use super::super::views::devices::Device;
use super::super::views::remote_paths::{AnswerState, PathState, entry_key};
use super::Part;
use daicho_schemas::fact::device::{Answer, Answered, FarEnd, Restriction, WayInSort};
use daicho_schemas::fact::observation::{InterfaceKind, Observation, ProbeRung};
use daicho_schemas::fact::remote_path::{PathEntry, RemoteDaysEnded};
use daicho_schemas::ids::{AgentId, DeviceId, EquipmentId, FindingId, PlanId, RemotePathId, RuleId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// How sure it is that a path or a device is what it is said to be. Each step is better evidence than the one before; the steps are
/// shown and never made into one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A person or a plan says so; nothing shows it.
    Said,
    /// A hardware address of a maker was seen.
    Oui,
    /// The same, and it is a gateway.
    OuiAndGateway,
    /// It names itself in a banner or a certificate.
    Banner,
    /// It names itself by SNMP (sysObjectID).
    Snmp,
    /// Software of the host that is known by its names: a package, a unit, a process.
    Software,
    /// The kernel of a host shows the interface.
    Interface,
    /// Its configuration was read, of which hash and day are kept.
    Configuration,
    /// The same, and the vendor's own answer fits.
    ConfigurationAndAnswer,
}

/// A finding that is open about something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenFinding {
    /// Which.
    pub finding_id: FindingId,
    /// Of which rule.
    pub rule_id: RuleId,
    /// How much it matters.
    pub severity: Severity,
    /// What happened.
    pub title: Text,
}

/// One way in from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathRow {
    /// The address of the row in the list: where it enters, in one spelling.
    pub key: String,
    /// Where it enters.
    pub enters: PathEntry,
    /// What enters, in words: the device and the sort of the way in, or the host and the interface.
    pub what: Text,
    /// The equipment that it leads to.
    pub equipment: Vec<EquipmentId>,
    /// Whether it is switched on, as it is seen; unknown where only people speak of it.
    pub enabled: Answered,
    /// The other end, as it is seen; else as it was said.
    pub far_end: Option<String>,
    /// The entry of what shows it: a reading. Absent where nothing does.
    pub seen_seq: Option<u64>,
    /// The agent whose host shows it.
    pub seen_by: Option<AgentId>,
    /// The record that stands, or the last one of a path that was removed.
    pub said: Option<PathState>,
    /// The filed plans that declare it, by their own ids for it.
    pub declared: Vec<(PlanId, RemotePathId)>,
    /// The vendor, as recorded, else as declared.
    pub supplier_id: Option<SupplierId>,
    /// Its contract.
    pub contract: ContractState,
    /// From where it may be reached.
    pub restriction: Restriction,
    /// Whether a second factor is asked of everybody.
    pub second_factor: Answered,
    /// Whether somebody looks at its log.
    pub log_reviewed: Answered,
    /// The verdict on the firmware of the device that opens it; absent where a host does.
    pub firmware: Option<FirmwareShort>,
    /// The vendor's own answer whether it uses remote maintenance on that equipment.
    pub answer: Option<AnswerState>,
    /// How sure it is.
    pub evidence: Evidence,
    /// Open findings about it.
    pub findings: Vec<OpenFinding>,
}

/// How firmware stands, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirmwareShort {
    /// The verdict.
    pub state: FirmwareState,
    /// What it rests on is old.
    pub stale: bool,
    /// Why.
    pub text: Text,
}

/// Where a path enters as one word, for lists and links.
pub fn path_key(entry: &PathEntry) -> String {
    match entry_key(entry) {
        PathEntry::DeviceWayIn { device_id, way_in } => format!("device:{device_id}:{way_in}"),
        PathEntry::HostInterface { host, interface } => format!("interface:{host}:{interface}"),
        PathEntry::Software { host, software } => format!("software:{host}:{software}"),
    }
}

/// The place that such a word names.
pub fn entry_named(key: &str) -> Option<PathEntry> {
    let (sort, rest) = key.split_once(':')?;
    let (first, second) = rest.split_once(':').filter(|(first, second)| !first.is_empty() && !second.is_empty())?;
    let (host, name) = (first.to_string(), second.to_string());
    Some(match sort {
        "device" => PathEntry::DeviceWayIn { device_id: DeviceId::new(first).ok()?, way_in: name },
        "interface" => PathEntry::HostInterface { host, interface: name },
        "software" => PathEntry::Software { host, software: name },
        _ => return None,
    })
}

impl Model {
    /// A record of a path as it stands.
    pub fn remote_path_state(&self, id: &RemotePathId) -> Option<&PathState> {
        self.state.remote_paths.get(id)
    }

    /// The records of paths that enter in one place.
    pub fn remote_paths_entering<'a>(&'a self, entry: &'a PathEntry) -> impl Iterator<Item = &'a PathState> {
        self.state.remote_paths.entering(entry)
    }

    /// A vendor's answer as it stands.
    pub fn remote_answer_state(&self, equipment: &EquipmentId, supplier: &SupplierId) -> Option<&AnswerState> {
        self.state.remote_paths.answer(&(equipment.clone(), supplier.clone()))
    }

    /// Every answer about an equipment.
    pub fn remote_answers(&self, equipment: Option<&EquipmentId>) -> Vec<AnswerState> {
        let all = self.state.remote_paths.answers();
        all.filter(|((own, _), _)| equipment.is_none_or(|id| own == id)).map(|(_, state)| state.clone()).collect()
    }

    /// The contracts and answers whose last day was before a day and of which nobody stated that, at most so many of each.
    pub fn remote_days_ended(&self, today: CalendarDate, max: usize) -> RemoteDaysEnded {
        let paths = &self.state.remote_paths;
        let over = |plan: &&super::super::views::declarations::PlanState| {
            let through = plan.plan.dates.entrusted_through;
            through.is_some_and(|day| day < today) && !paths.has_ended(&plan.plan.plan_id, through)
        };
        let plans = self.state.declarations.plans().filter(over).map(|plan| plan.plan.plan_id.clone());
        let answers = paths.answers().filter(|(_, own)| !own.ended && own.answered.valid_through < today);
        RemoteDaysEnded {
            on: today,
            plan_ids: plans.take(max).collect(),
            answer_seqs: answers.map(|(_, own)| own.seq).take(max).collect(),
        }
    }

    /// The record of the path by a way in of a device.
    pub(crate) fn path_of_way(&self, device_id: &DeviceId, way_in: &str) -> Option<&PathState> {
        let entry = PathEntry::DeviceWayIn { device_id: device_id.clone(), way_in: way_in.to_string() };
        standing_record(&self.state, &entry)
    }

    /// The findings that are open about something, in order of the rules.
    pub(crate) fn open_about(&self, subject: &Subject) -> Vec<OpenFinding> {
        let ids = RULES.iter().map(|rule| rule.rule_id());
        let open = ids.filter_map(|rule_id| {
            let id = finding_id(&rule_id, subject);
            let finding = self.state.findings.get(&id).filter(|own| own.state == FindingState::Open)?;
            let (severity, title) = (finding.verdict.severity, finding.verdict.title.clone());
            Some(OpenFinding { finding_id: id, rule_id, severity, title })
        });
        open.collect()
    }

    /// How sure a device is.
    pub(crate) fn evidence_of_device(&self, device: &Device<'_>) -> Evidence {
        let owner = device.recorded.and_then(|own| match &own.owner {
            Some(daicho_schemas::fact::device_read::HeldBy::Supplier(id)) => Some(id),
            _ => None,
        });
        let answer =
            device.equipment_id().zip(owner).and_then(|(equipment, id)| self.remote_answer_state(equipment, id));
        let fits = answer.is_some_and(|own| own.answered.uses && !own.ended);
        match (device.configuration().is_some(), fits) {
            (true, true) => Evidence::ConfigurationAndAnswer,
            (true, false) => Evidence::Configuration,
            // The output of a command names the device as a banner does.
            (false, _) => match device.probed.iter().filter_map(|own| own.probed.rung()).max() {
                Some(ProbeRung::SnmpEngine | ProbeRung::SnmpGet) => Evidence::Snmp,
                Some(ProbeRung::BannerOrCertificate) | None => Evidence::Banner,
            },
        }
    }

    /// Every place at which something enters, in one order: devices, hosts, software.
    fn entries(&self) -> BTreeMap<String, PathEntry> {
        let mut entries = BTreeMap::new();
        let mut add = |entry: PathEntry| drop(entries.insert(path_key(&entry), entry));
        for device in self.state.devices.iter() {
            for key in device.ways().into_keys() {
                add(PathEntry::DeviceWayIn { device_id: device.id.clone(), way_in: key.to_string() });
            }
        }
        for host in self.drift.hosts.iter().filter(|host| host.seen.live) {
            for interface in host.ways.interfaces.iter() {
                add(PathEntry::HostInterface { host: host.key.to_string(), interface: interface.clone() });
            }
            self.software_entries(host).into_iter().for_each(&mut add);
        }
        self.state.remote_paths.iter().for_each(|path| add(entry_key(&path.recorded.enters)));
        let filed = self.state.declarations.plans().filter(|plan| plan.filed());
        filed.flat_map(|plan| &plan.plan.remote_paths).for_each(|path| add(entry_of(path)));
        entries
    }

    /// Where every path that is wanted enters. Without a question that needs more, no row is made.
    pub fn path_entries(&self, query: &PathQuery) -> Vec<PathEntry> {
        let all = self.entries().into_values();
        if query.is_everything() {
            return all.collect();
        }
        all.filter(|entry| query.wants(&self.path_row(entry))).collect()
    }

    /// The rows of paths that enter in these places.
    pub fn path_rows<'a>(&self, entries: impl IntoIterator<Item = &'a PathEntry>, today: CalendarDate) -> Vec<PathRow> {
        let rows = entries.into_iter().map(|entry| self.path_row(entry));
        rows.map(|row| self.with_firmware(row, today)).collect()
    }

    /// One page of them. `None` when the cursor is not one of this list.
    pub fn paths_page(&self, part: Part<'_>, query: &PathQuery, today: CalendarDate) -> Option<Page<PathRow>> {
        let mut entries = self.entries();
        if let Some(cursor) = part.cursor {
            let behind = entries.split_off(cursor);
            entries = behind.into_iter().filter(|(key, _)| key != cursor).collect();
        }
        let rows = entries.into_values().map(|entry| self.path_row(&entry)).filter(|row| query.wants(row));
        let rows = rows.map(|row| self.with_firmware(row, today));
        Some(part.of(rows, |row| row.key.clone()))
    }

    /// One path, by the key of its row.
    pub fn path_by_key(&self, key: &str, today: CalendarDate) -> Option<PathRow> {
        self.entries().get(key).map(|entry| self.with_firmware(self.path_row(entry), today))
    }

    /// The row of a place, whether or not anything enters there yet.
    pub fn path_at(&self, entry: &PathEntry, today: CalendarDate) -> PathRow {
        self.with_firmware(self.path_row(entry), today)
    }

    fn path_row(&self, entry: &PathEntry) -> PathRow {
        let state = &self.state;
        let key = entry_key(entry);
        let said = standing_record(state, entry).or_else(|| {
            let last = state.remote_paths.entering(&key).max_by_key(|own| own.seq)?;
            state.remote_paths.get(&last.recorded.remote_path_id)
        });
        let declared = state.declared_at(entry).map(|(plan, id)| (plan.clone(), id.clone())).collect();
        let mut row = PathRow {
            key: path_key(entry),
            enters: entry.clone(),
            what: Text::default(),
            equipment: Vec::new(),
            enabled: Answered::unknown("これを示すものはありません", "nothing shows it"),
            far_end: None,
            seen_seq: None,
            seen_by: None,
            supplier_id: None,
            contract: ContractState::Missing,
            restriction: Restriction {
                restricted: Answered::unknown(
                    "接続元の制限を示すものはありません",
                    "nothing shows whether its sources are restricted",
                ),
                sources: Vec::new(),
            },
            second_factor: Answered::unknown("記録がありません", "nothing is recorded"),
            log_reviewed: log_reviewed(said),
            firmware: None,
            answer: None,
            evidence: Evidence::Said,
            findings: Vec::new(),
            said: said.cloned(),
            declared,
        };
        self.seen_at(entry, &mut row);
        self.said_of(&mut row);
        row
    }

    /// The verdict on the firmware of the device that opens a way in, which costs more than the rest of a row.
    fn with_firmware(&self, row: PathRow, today: CalendarDate) -> PathRow {
        let device = match &row.enters {
            PathEntry::DeviceWayIn { device_id, .. } => self.state.devices.get(device_id),
            PathEntry::HostInterface { .. } | PathEntry::Software { .. } => None,
        };
        let verdict = device.map(|device| self.state.firmware_of(&device, today));
        let firmware = verdict.map(|Verdict { state, stale, text, .. }| FirmwareShort { state, stale, text });
        PathRow { firmware, ..row }
    }

    /// What shows the path.
    fn seen_at(&self, entry: &PathEntry, row: &mut PathRow) {
        match entry {
            PathEntry::DeviceWayIn { device_id, way_in } => {
                row.what = Text::same(format!("{device_id} {way_in}"));
                let Some(device) = self.state.devices.get(device_id) else { return };
                row.equipment.extend(device.equipment_id().cloned());
                let name = name_of(&device);
                let Some(own) = device.way(way_in) else { return };
                let sort = crate::model::rules::way_in_sort_text(own.way.sort);
                row.what = Text::new(
                    format!("{name} {way_in}（{}、{}）", sort.ja, own.way.technology),
                    format!("{name} {way_in} ({}, {})", sort.en, own.way.technology),
                );
                row.enabled = own.way.enabled.clone();
                row.far_end = match &own.way.far_end {
                    FarEnd::Address(text) | FarEnd::Name(text) => Some(text.clone()),
                    FarEnd::Anyone if own.way.sort != WayInSort::CloudManager => Some("*".into()),
                    FarEnd::Anyone | FarEnd::Unknown => None,
                };
                row.restriction = own.way.restriction.clone();
                row.second_factor = own.way.second_factor.clone();
                row.seen_seq = Some(own.from.seq);
                row.seen_by = own.from.shown_by.as_ref().map(|(agent, _)| agent.clone());
                row.evidence = self.evidence_of_device(&device);
                row.findings = self.open_about(&Subject::WayIn(device_id.clone(), way_in.clone()));
            }
            PathEntry::HostInterface { host, interface } => {
                row.what = Text::same(format!("{host} {interface}"));
                for no in self.drift.hosts.of_name(host) {
                    let Some(own) = self.drift.hosts.get(no) else { continue };
                    row.equipment.extend(own.equipment.iter().cloned());
                    let Some(agent) = self.state.agents.by_number(no) else { continue };
                    if !own.ways.interfaces.contains(interface) {
                        continue;
                    }
                    row.seen_by = Some(agent.agent_id.clone());
                    row.evidence = Evidence::Interface;
                    row.enabled = Answered::said(
                        Answer::Yes,
                        Text::new(
                            "ホストのカーネルにインターフェースがあります",
                            "the kernel of the host has the interface",
                        ),
                    );
                    if let Some(sort) = self.interface_sort(no, interface) {
                        row.what = Text::same(format!("{host} {interface} ({sort})"));
                    }
                    row.findings
                        .extend(self.open_about(&Subject::Interface(agent.agent_id.clone(), interface.clone())));
                }
            }
            PathEntry::Software { .. } => self.software_seen(entry, row),
        }
    }

    fn interface_sort(&self, host: super::super::numbers::HostNo, interface: &str) -> Option<String> {
        let found = self.state.assets.under(host, interface).into_iter();
        found.filter_map(|item| self.state.assets.items.get(item)?.observation()).find_map(|item| match item {
            Observation::NetworkInterface(own) => Some(match own.interface_kind {
                InterfaceKind::Wireguard => "WireGuard".to_string(),
                InterfaceKind::Other(word) => word,
                kind => format!("{kind:?}").to_lowercase(),
            }),
            Observation::Tunnel(own) if own.interface.is_none() => Some(own.tunnel_kind),
            _ => None,
        })
    }

    /// What people and plans say of it.
    fn said_of(&self, row: &mut PathRow) {
        let said = row.said.clone();
        if let Some(said) = &said {
            let own = &said.recorded;
            row.equipment.extend(own.equipment_id.iter().cloned());
            row.supplier_id.clone_from(&own.supplier_id);
            if row.far_end.is_none() && !own.far_end.is_empty() {
                row.far_end = Some(own.far_end.clone());
            }
            if row.second_factor.answer == Answer::Unknown && own.second_factor != Answer::Unknown {
                let text = Text::new("経路の記録による", "as recorded of the path");
                row.second_factor = Answered::said(own.second_factor, text);
            }
            row.contract = contract_of(&self.state, said);
            row.findings.extend(self.open_about(&Subject::RemotePath(own.remote_path_id.clone())));
        }
        for (plan, id) in row.declared.clone() {
            let Some(state) = self.state.declarations.plan_state(&plan) else { continue };
            let equipment = &state.plan.equipment.equipment_id;
            row.equipment.push(equipment.clone());
            let path = state.plan.remote_paths.iter().find(|path| path.remote_path_id == id);
            if said.is_none() {
                row.supplier_id = row.supplier_id.clone().or_else(|| path.map(|path| path.supplier_id.clone()));
                let open = self.open_about(&Subject::DeclaredPath(plan.clone(), id));
                let contract = path.and_then(|path| contract_with(&self.state, equipment, &path.supplier_id));
                row.contract = match contract {
                    Some(_) => ContractState::Stands,
                    None if runs(&self.state, state) => ContractState::Stands,
                    None => row.contract,
                };
                row.findings.extend(open);
            }
        }
        row.equipment.sort();
        row.equipment.dedup();
        let asked = row.equipment.first().zip(row.supplier_id.as_ref());
        row.answer = asked.and_then(|(equipment, id)| self.remote_answer_state(equipment, id)).cloned();
    }
}

/// Whether somebody looks at the log of a path, as its record says.
pub(super) fn log_reviewed(said: Option<&PathState>) -> Answered {
    match said.and_then(|own| own.recorded.log_review.as_ref()) {
        None => {
            Answered::unknown("誰がログを確認するかの記録がありません", "nothing is recorded of who looks at its log")
        }
        Some(review) => match review.last_on {
            Some(on) => Answered::said(
                Answer::Yes,
                Text::new(
                    format!("{} が {on} に確認したと記録されています", review.by),
                    format!("{} looked at it on {on}, as recorded", review.by),
                ),
            ),
            None => Answered::said(
                Answer::No,
                Text::new(
                    format!("{} は確認したことがないと記録されています", review.by),
                    format!("{} never looked at it, as recorded", review.by),
                ),
            ),
        },
    }
}

#[cfg(test)]
#[path = "remote_paths_tests.rs"]
mod tests;
