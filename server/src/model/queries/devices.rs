//! Devices as rows: who each one is, its ways in with what declares them, and the questions of the survey with their grounds.
//! It does not judge; the rules do, and `model/firmware/` what is known of a version.
//! Invariant: unknown is never shown as yes, and every answer says what it rests on.

use super::super::Model;
use super::super::findings::{Subject, finding_id};
use super::super::rows::{FindingState, Page};
use super::super::views::devices::{Device, DeviceKind, Devices, ProbedState, ReadingLine, ReadingState, StandingWay};
use super::Part;
use super::remote_paths::{Evidence, OpenFinding, log_reviewed};
use crate::model::firmware::verdict::Verdict;
use crate::model::rules::DEVICE_WAY_IN_UNDECLARED;
use daicho_schemas::fact::device::{
    Answer, Answered, DeviceIdentity, Extent, Firmware, Gap, Ground, Restriction, SourceSort, WayIn,
};
use daicho_schemas::fact::device_networks::DeviceNetworks;
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::fact::observation::{DeviceProbed, ProbeRung};
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::{AgentId, DeviceId, EquipmentId, PersonId, PlanId, RemotePathId, RuleId};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde::Serialize;
use std::collections::BTreeSet;

/// Answers that may be of a device, in its page.
const PERHAPS_MAX: usize = 20;

/// A device in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceRow {
    /// The operator's id; one that begins with `seen-` where only an agent's drop folder shows it.
    pub device_id: DeviceId,
    /// Whether a person recorded it.
    pub recorded: bool,
    /// The name it was given.
    pub name: Option<String>,
    /// The maker.
    pub maker: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// Firmware banks; the one that runs first.
    pub firmware: Vec<Firmware>,
    /// The equipment that it leads to.
    pub equipment_id: Option<EquipmentId>,
    /// Where it stands.
    pub place: String,
    /// Whose it is.
    pub owner: Option<HeldBy>,
    /// Whether anything of it was read: a configuration, or what its commands print.
    pub read: bool,
    /// The day on which its newest reading was taken; of a device that was never read, on which it last answered.
    pub taken_on: CalendarDate,
    /// The day on which it last answered when it was asked; absent where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_on: Option<CalendarDate>,
    /// How much of the newest configuration was understood; absent where none was read.
    pub extent: Option<Extent>,
    /// How many ways in stand.
    pub ways_in: usize,
    /// How many of them nobody declared.
    pub undeclared: usize,
    /// The questions of the survey, and from where its management may be reached.
    pub questions: Vec<DeviceQuestion>,
    /// How sure that is.
    pub evidence: Evidence,
}

/// A question about a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceQuestion {
    /// `vpn_exists`, `vpn_updated`, `vpn_source_restricted`, `vpn_log_reviewed`: the survey's four; `management_restricted`.
    pub key: &'static str,
    /// The answer and its grounds.
    pub answered: Answered,
}

/// The interfaces and static routes of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworksRow {
    /// The day of the configuration that says so.
    pub on: CalendarDate,
    /// What it says.
    #[serde(flatten)]
    pub networks: DeviceNetworks,
}

/// One device with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceDetail {
    /// Its row.
    pub row: DeviceRow,
    /// Who it is.
    pub identity: DeviceIdentity,
    /// Its ways in, by key.
    pub ways: Vec<WayRow>,
    /// Its interfaces and static routes, and of which day they are; absent where no configuration told any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<NetworksRow>,
    /// The readings that stand, newest first.
    pub readings: Vec<ReadingRow>,
    /// What it answered when it was asked, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probed: Vec<ProbedRow>,
    /// Answers that may be its own: a hint to a person, and nothing follows from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub perhaps: Vec<PerhapsRow>,
    /// What was handed in of it, newest first.
    pub history: Vec<ReadingLine>,
    /// How many readings there were.
    pub versions: u64,
    /// From where its management may be reached.
    pub management: Restriction,
    /// From where its VPN services may be reached.
    pub vpn: Restriction,
    /// Whether it sends its log elsewhere.
    pub logs_elsewhere: Answered,
    /// Where to.
    pub log_targets: Vec<String>,
    /// Accounts that may change it, where the file says so.
    pub administrators: Option<u32>,
    /// What a person said beside it.
    pub note: String,
    /// The entry that said so last.
    pub seq: Option<u64>,
    /// When.
    pub at: Option<UtcMicros>,
    /// Who.
    pub by: Option<PersonId>,
    /// The verdict on its firmware.
    pub firmware: Verdict,
    /// Open findings of it and of its ways in.
    pub findings: Vec<OpenFinding>,
}

/// A way in of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WayRow {
    /// What was read of it.
    pub way: WayIn,
    /// The entry of that reading.
    pub seq: u64,
    /// The day on which it was taken.
    pub taken_on: CalendarDate,
    /// A later reading that was partial does not name it.
    pub earlier: bool,
    /// The record of the path that enters there.
    pub path: Option<RemotePathId>,
    /// The filed plans that declare it.
    pub plans: Vec<PlanId>,
}

/// A reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingRow {
    /// The entry.
    pub seq: u64,
    /// The day on which it was taken.
    pub taken_on: CalendarDate,
    /// The agent whose drop folder shows it, and the file's name.
    pub shown_by: Option<(AgentId, String)>,
    /// The parser that understood it.
    pub family: String,
    /// What sort of text.
    pub sort: SourceSort,
    /// How much was understood.
    pub extent: Extent,
    /// What was not.
    pub gaps: Vec<Gap>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// An answer of a device. It is the device's by maker and serial number, or the device is known by it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbedRow {
    /// What it said.
    pub probed: DeviceProbed,
    /// The agent that asked; its log (`daicho-agent probe log`) holds every byte that was sent.
    pub agent: AgentId,
    /// The entry.
    pub seq: u64,
    /// What it rests on at best; absent where nothing of it was recognised.
    pub rung: Option<ProbeRung>,
}

/// An answer that may be of a device: a hardware address that both name. Hardware addresses can be set, so it is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PerhapsRow {
    /// The answer.
    pub row: ProbedRow,
    /// As which device it stands now.
    pub device_id: DeviceId,
    /// The hardware address.
    pub mac: String,
}

/// Whether it is a VPN device, with the grounds.
fn vpn_exists(device: &Device<'_>) -> Answered {
    match device.kind() {
        DeviceKind::Vpn => Answered::said(
            Answer::Yes,
            Text::new("設定に有効な VPN の経路があります", "its configuration has a VPN that is switched on"),
        ),
        DeviceKind::NoVpn => Answered::said(
            Answer::No,
            Text::new(
                "設定の全体を読み、有効な VPN の経路はありません",
                "all of its configuration was read, and no VPN is switched on",
            ),
        ),
        DeviceKind::Unknown => Answered::said(
            Answer::Unknown,
            Text::new(
                "設定の全体は読めていないか、有効かどうかが分かりません",
                "not all of its configuration was read, or it does not say whether one is switched on",
            ),
        ),
    }
}

/// What only a VPN device can be asked.
fn of_vpn(exists: Answer, answered: Answered) -> Answered {
    match exists {
        Answer::No => Answered::said(Answer::NotApplicable, Text::new("VPN の経路がありません", "it has no VPN")),
        _ => answered,
    }
}

impl Model {
    /// The devices.
    pub fn devices(&self) -> &Devices {
        &self.state.devices
    }

    /// Every device that is wanted, recorded ones first, by id.
    pub fn device_rows(&self, equipment: Option<&EquipmentId>, today: CalendarDate) -> Vec<DeviceRow> {
        self.device_rows_of(&self.device_ids(equipment), today)
    }

    /// The ids of every device that is wanted, recorded ones first.
    pub fn device_ids(&self, equipment: Option<&EquipmentId>) -> Vec<DeviceId> {
        let all = self.state.devices.iter();
        let wanted = all.filter(|device| equipment.is_none_or(|id| device.equipment_id() == Some(id)));
        wanted.map(|device| device.id.clone()).collect()
    }

    /// The rows of these devices.
    pub fn device_rows_of<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a DeviceId>,
        today: CalendarDate,
    ) -> Vec<DeviceRow> {
        let known = ids.into_iter().filter_map(|id| self.state.devices.get(id));
        known.filter_map(|device| self.device_row(&device, today)).collect()
    }

    /// One page of them. `None` when the cursor is not one of this list.
    pub fn devices_page(
        &self,
        part: Part<'_>,
        equipment: Option<&EquipmentId>,
        today: CalendarDate,
    ) -> Option<Page<DeviceRow>> {
        let all = self.state.devices.iter();
        let mut wanted: Vec<Device<'_>> =
            all.filter(|device| equipment.is_none_or(|id| device.equipment_id() == Some(id))).collect();
        if let Some(cursor) = part.cursor {
            let at = wanted.iter().position(|device| device.id.as_str() == cursor)?;
            wanted = wanted.split_off(at + 1);
        }
        let rows = wanted.into_iter().filter_map(|device| self.device_row(&device, today));
        Some(part.of(rows, |row| row.device_id.to_string()))
    }

    fn device_row(&self, device: &Device<'_>, today: CalendarDate) -> Option<DeviceRow> {
        let identity = device.identity();
        let answered_on = device.probed.first().map(|own| own.probed.asked_on);
        let ways = device.ways();
        let undeclared = ways.keys().filter(|key| self.is_undeclared(device.id, key)).count();
        Some(DeviceRow {
            device_id: device.id.clone(),
            recorded: device.recorded.is_some(),
            name: identity.name,
            maker: identity.maker,
            model: identity.model,
            serial: identity.serial,
            firmware: identity.firmware,
            equipment_id: device.equipment_id().cloned(),
            place: device.recorded.map(|own| own.place.clone()).unwrap_or_default(),
            owner: device.recorded.and_then(|own| own.owner.clone()),
            taken_on: device.newest().map(|own| own.taken_on).or(answered_on)?,
            read: !device.readings.is_empty(),
            answered_on,
            extent: device.configuration().map(|own| own.reading.extent),
            ways_in: ways.len(),
            undeclared,
            questions: self.device_questions(device, today),
            evidence: self.evidence_of_device(device),
        })
    }

    /// Whether the rule holds a way in for undeclared.
    fn is_undeclared(&self, device_id: &DeviceId, key: &str) -> bool {
        let subject = Subject::WayIn(device_id.clone(), key.to_string());
        let Ok(rule) = RuleId::new(DEVICE_WAY_IN_UNDECLARED) else { return false };
        let finding = self.state.findings.get(&finding_id(&rule, &subject));
        finding.is_some_and(|finding| finding.state == FindingState::Open)
    }

    /// The survey's four questions about VPN devices, and the management plane beside them.
    fn device_questions(&self, device: &Device<'_>, today: CalendarDate) -> Vec<DeviceQuestion> {
        let exists = vpn_exists(device);
        let asked = |answered| of_vpn(exists.answer, answered);
        let questions = [
            ("vpn_updated", asked(self.is_updated(device, today))),
            ("vpn_source_restricted", asked(device.vpn().restricted)),
            ("vpn_log_reviewed", asked(self.log_reviewed(device))),
            ("management_restricted", device.management().restricted),
        ];
        let all = [("vpn_exists", exists.clone())].into_iter().chain(questions);
        all.map(|(key, answered)| DeviceQuestion { key, answered }).collect()
    }

    /// Whether somebody looks at the log of every VPN of a device, as the records of its paths say.
    fn log_reviewed(&self, device: &Device<'_>) -> Answered {
        let ways = device.ways();
        let vpn = ways.values().filter(|own| crate::model::views::devices::is_vpn(&own.way));
        let mut because = Vec::new();
        let mut answer = Answer::Yes;
        for own in vpn.filter(|own| own.way.enabled.answer != Answer::No) {
            let (key, one) = (&own.way.key, log_reviewed(self.path_of_way(device.id, &own.way.key)));
            answer = match (answer, one.answer) {
                (Answer::No, _) | (_, Answer::No) => Answer::No,
                (Answer::Unknown, _) | (_, Answer::Unknown) => Answer::Unknown,
                _ => Answer::Yes,
            };
            because.extend(one.because.into_iter().map(|ground| Ground {
                text: Text::new(format!("「{key}」：{}", ground.text.ja), format!("\"{key}\": {}", ground.text.en)),
                ..ground
            }));
        }
        if because.is_empty() {
            answer = Answer::Unknown;
        }
        because.truncate(daicho_schemas::fact::device::GROUNDS_MAX);
        Answered { answer, because }
    }

    /// One device.
    pub fn device_detail(&self, id: &DeviceId, today: CalendarDate) -> Option<DeviceDetail> {
        let device = self.state.devices.get(id)?;
        let row = self.device_row(&device, today)?;
        let configuration = device.configuration();
        let ways = device.ways().into_values().map(|own| self.way_row(&device, &own)).collect();
        let recorded = device.recorded;
        let findings = device.ways().into_keys().flat_map(|key| {
            let subject = Subject::WayIn(device.id.clone(), key.to_string());
            self.open_about(&subject)
        });
        Some(DeviceDetail {
            identity: device.identity(),
            ways,
            networks: device.networks().map(|(own, on)| NetworksRow { on, networks: own.clone() }),
            readings: device.readings.iter().map(|own| reading_row(own)).collect(),
            probed: device.probed.iter().map(|own| probed_row(own)).collect(),
            perhaps: self.perhaps(&device),
            history: recorded.map(|own| own.history.iter().rev().cloned().collect()).unwrap_or_default(),
            versions: recorded.map_or(0, |own| own.versions),
            management: device.management(),
            vpn: device.vpn(),
            logs_elsewhere: device.logs_elsewhere(),
            log_targets: configuration.map(|own| own.reading.log_targets.clone()).unwrap_or_default(),
            administrators: configuration.and_then(|own| own.reading.administrators),
            note: recorded.map(|own| own.note.clone()).unwrap_or_default(),
            seq: recorded.map(|own| own.seq),
            at: recorded.map(|own| own.at),
            by: recorded.and_then(|own| own.by.clone()),
            firmware: self.state.firmware_of(&device, today),
            findings: self.open_about(&Subject::Device(device.id.clone())).into_iter().chain(findings).collect(),
            row,
        })
    }

    /// Answers of other devices that name a hardware address which this device's readings name too.
    fn perhaps(&self, device: &Device<'_>) -> Vec<PerhapsRow> {
        let known: BTreeSet<&String> = device.readings.iter().flat_map(|own| &own.reading.identity.macs).collect();
        let others = self.state.devices.all_probed().filter(|(_, own)| !device.probed.contains(own));
        let rows = others.filter_map(|(id, own)| {
            let mac = own.probed.mac.clone().filter(|mac| known.contains(mac))?;
            // Of a device that somebody recorded it is known whose answer it is.
            let device_id = self.state.devices.get(id)?.id.clone();
            Some(PerhapsRow { row: probed_row(own), device_id, mac })
        });
        rows.take(PERHAPS_MAX).collect()
    }

    fn way_row(&self, device: &Device<'_>, own: &StandingWay<'_>) -> WayRow {
        let entry = PathEntry::DeviceWayIn { device_id: device.id.clone(), way_in: own.way.key.clone() };
        WayRow {
            way: own.way.clone(),
            seq: own.from.seq,
            taken_on: own.from.taken_on,
            earlier: own.earlier,
            path: self.path_of_way(device.id, &own.way.key).map(|path| path.recorded.remote_path_id.clone()),
            plans: self.state.declared_at(&entry).map(|(plan, _)| plan.clone()).collect(),
        }
    }
}

fn probed_row(own: &ProbedState) -> ProbedRow {
    ProbedRow { probed: own.probed.clone(), agent: own.agent.clone(), seq: own.seq, rung: own.probed.rung() }
}

fn reading_row(own: &ReadingState) -> ReadingRow {
    let reading = &own.reading;
    ReadingRow {
        seq: own.seq,
        taken_on: own.taken_on,
        shown_by: own.shown_by.clone(),
        family: reading.family.clone(),
        sort: reading.source.sort,
        extent: reading.extent,
        gaps: reading.gaps.clone(),
        sha256: reading.source.sha256.clone(),
        bytes: reading.source.bytes,
    }
}

#[cfg(test)]
#[path = "devices_tests.rs"]
mod tests;
