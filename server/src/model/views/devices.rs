//! The devices that open ways in from outside: what people handed in of them, what agents' drop folders show, and what they answered.
//! It does not know plans, recorded paths, or what a way in means.
//! Invariant: the newest reading stands, and only one that was understood as a whole says that a way in is gone.

mod joined;
mod probed;

pub(crate) use joined::is_vpn;
pub use joined::{Device, DeviceKind, StandingWay};
pub use probed::ProbedState;

use crate::model::findings::At;
use crate::model::numbers::HostNo;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::device::{DeviceReading, Extent, SourceSort};
use daicho_schemas::fact::device_read::{DeviceRead, HeldBy};
use daicho_schemas::fact::observation::{DeviceConfiguration, DeviceProbed};
use daicho_schemas::ids::{AgentId, DeviceId, EquipmentId, PersonId};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::{OrdMap, OrdSet};
use probed::Probed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Readings of one device that are remembered in short; older ones stay in the ledger.
const HISTORY_MAX: usize = 100;
/// Readings of one device in which ways in are looked for; of partial ones beyond it, what they alone name is forgotten here.
const READINGS_MAX: usize = 20;

/// Every device.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    recorded: OrdMap<DeviceId, Arc<DeviceState>>,
    /// Devices by maker and serial number. Two that bear the same are a mistake of people, and both are concerned.
    marks: OrdSet<(String, DeviceId)>,
    shown: OrdMap<(HostNo, String), Arc<Shown<ReadingState>>>,
    probed: OrdMap<(HostNo, String), Arc<Probed>>,
    shown_as: OrdMap<DeviceId, BTreeSet<(HostNo, String)>>,
    /// Devices by what people call them: id, name and serial number, in small letters.
    named: OrdSet<(String, DeviceId)>,
}

/// A device of which a person handed in a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// The equipment that it leads to.
    pub equipment_id: Option<EquipmentId>,
    /// Where it stands.
    pub place: String,
    /// Whose it is.
    pub owner: Option<HeldBy>,
    /// What else was said.
    pub note: String,
    /// The entry that said so last.
    pub seq: u64,
    /// When that was received.
    pub at: UtcMicros,
    /// Who said it.
    pub by: Option<PersonId>,
    /// The readings that stand, newest first.
    pub readings: Vec<Arc<ReadingState>>,
    /// What was read and when, in the order of entries, at most [`HISTORY_MAX`].
    pub history: Vec<ReadingLine>,
    /// How many readings there were.
    pub versions: u64,
}

/// A reading with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingState {
    /// What it says.
    pub reading: DeviceReading,
    /// The day on which it was taken; of an agent's, the day on which it was first shown.
    pub taken_on: CalendarDate,
    /// The entry.
    pub seq: u64,
    /// The agent whose drop folder showed it, and the file's name; absent where a person handed it in.
    pub shown_by: Option<(AgentId, String)>,
}

/// A reading in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingLine {
    /// The entry.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who handed it in.
    pub by: Option<PersonId>,
    /// The day on which it was taken.
    pub taken_on: CalendarDate,
    /// SHA-256 of the file.
    pub sha256: String,
    /// What sort of text it was.
    pub sort: SourceSort,
    /// How much of it was understood.
    pub extent: Extent,
    /// How many ways in it names.
    pub ways_in: u32,
}

/// What a reading concerns: before it and after it.
#[derive(Clone, Debug, Default)]
pub struct DevicesChanged {
    /// The devices.
    pub ids: BTreeSet<DeviceId>,
    /// Their ways in, those that are gone too.
    pub ways: BTreeSet<(DeviceId, String)>,
    /// The equipment that they lead to or led to.
    pub equipment: BTreeSet<EquipmentId>,
}

impl DevicesChanged {
    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.ids.extend(other.ids);
        self.ways.extend(other.ways);
        self.equipment.extend(other.equipment);
        self
    }
}

/// What an agent shows, and as which device of its own where nobody recorded it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shown<T> {
    id: DeviceId,
    state: Arc<T>,
}

/// Whether a reading says anything of ways in.
pub(crate) fn tells_ways(reading: &DeviceReading) -> bool {
    matches!(reading.source.sort, SourceSort::Configuration | SourceSort::ConfigurationAndStatus)
}

/// What makes a device the same device whoever reads it: maker and serial number. A name is no proof.
pub fn mark_of(reading: &DeviceReading) -> Option<String> {
    mark(reading.identity.maker.as_deref().unwrap_or(&reading.family), reading.identity.serial.as_deref()?)
}

fn mark(maker: &str, serial: &str) -> Option<String> {
    let serial = serial.trim();
    (!serial.is_empty()).then(|| format!("{}\u{0}{}", maker.to_lowercase(), serial.to_lowercase()))
}

/// The id of a device that only an agent's folder shows: `seen-` and 16 hex digits. A device without a serial number is another one on
/// every host.
fn seen_id(configuration: &DeviceConfiguration, agent: &AgentId) -> DeviceId {
    match mark_of(&configuration.reading) {
        Some(mark) => seen_id_of(&mark, ""),
        None => seen_id_of(&configuration.key(), agent.as_str()),
    }
}

fn seen_id_of(mark: &str, agent: &str) -> DeviceId {
    let hash = Hash::of("daicho.device-seen.v1", &[mark.as_bytes(), &[0, 0], agent.as_bytes()]);
    DeviceId::new(format!("seen-{}", hash.short())).unwrap_or_else(|_| unreachable!("hex digits fit an id"))
}

/// The devices of a set that stand under one word.
fn under(set: &OrdSet<(String, DeviceId)>, word: String) -> impl Iterator<Item = &DeviceId> {
    // No id is smaller than one digit.
    let from = DeviceId::new("0").ok().map(|id| (word.clone(), id));
    let rows = from.into_iter().flat_map(|from| set.range(from..));
    rows.take_while(move |(own, _)| *own == word).map(|(_, id)| id)
}

fn marks_of(state: &DeviceState) -> BTreeSet<String> {
    state.readings.iter().filter_map(|own| mark_of(&own.reading)).collect()
}

impl Devices {
    /// What a step changes: of the devices that it concerns, what stood before and what stands after it.
    fn changing(&mut self, ids: BTreeSet<DeviceId>, step: impl FnOnce(&mut Self)) -> DevicesChanged {
        let mut changed = DevicesChanged::default();
        self.note(&ids, &mut changed);
        self.names(&ids).iter().for_each(|row| drop(self.named.remove(row)));
        step(self);
        self.note(&ids, &mut changed);
        self.named.extend(self.names(&ids));
        changed.ids = ids;
        changed
    }

    /// What people call these devices.
    fn names<'a>(&self, ids: impl IntoIterator<Item = &'a DeviceId>) -> Vec<(String, DeviceId)> {
        let devices = ids.into_iter().filter_map(|id| self.get(id));
        let names = devices.flat_map(|device| device.names().into_iter().map(move |name| (name, device.id.clone())));
        names.collect()
    }

    /// The devices that people call so, in small letters: by id, name or serial number. Several may bear one name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &DeviceId> {
        under(&self.named, name.to_owned())
    }

    fn note(&self, ids: &BTreeSet<DeviceId>, changed: &mut DevicesChanged) {
        for device in ids.iter().filter_map(|id| self.get(id)) {
            changed.ways.extend(device.ways().into_keys().map(|key| (device.id.clone(), key.to_string())));
            changed.equipment.extend(device.equipment_id().cloned());
        }
    }

    /// A person handed in a reading.
    pub(crate) fn read(&mut self, read: &DeviceRead, by: Option<&PersonId>, at: At) -> DevicesChanged {
        let before = self.recorded.get(&read.device_id);
        let marks = before.map(|state| marks_of(state)).unwrap_or_default().into_iter().chain(mark_of(&read.reading));
        let shown = marks.map(|mark| seen_id_of(&mark, "")).filter(|id| self.shown_as.contains_key(id));
        let ids = shown.chain([read.device_id.clone()]).collect();
        self.changing(ids, |devices| devices.take(read, by, at))
    }

    fn take(&mut self, read: &DeviceRead, by: Option<&PersonId>, at: At) {
        let before = self.recorded.get(&read.device_id);
        let line = ReadingLine {
            seq: at.seq,
            at: at.received_at,
            by: by.cloned(),
            taken_on: read.taken_on,
            sha256: read.reading.source.sha256.clone(),
            sort: read.reading.source.sort,
            extent: read.reading.extent,
            ways_in: u32::try_from(read.reading.ways_in.len()).unwrap_or(u32::MAX),
        };
        let mut history = before.map(|state| state.history.clone()).unwrap_or_default();
        history.push(line);
        let over = history.len().saturating_sub(HISTORY_MAX);
        history.drain(..over);
        let mut readings = before.map(|state| state.readings.clone()).unwrap_or_default();
        let reading = ReadingState {
            reading: DeviceReading::clone(&read.reading),
            taken_on: read.taken_on,
            seq: at.seq,
            shown_by: None,
        };
        readings.push(Arc::new(reading));
        let state = DeviceState {
            equipment_id: read.equipment_id.clone(),
            place: read.place.clone(),
            owner: read.owner.clone(),
            note: read.note.clone(),
            seq: at.seq,
            at: at.received_at,
            by: by.cloned(),
            readings: needed(readings),
            history,
            versions: before.map_or(0, |state| state.versions) + 1,
        };
        let (was, is) = (before.map(|state| marks_of(state)).unwrap_or_default(), marks_of(&state));
        was.difference(&is).for_each(|mark| drop(self.marks.remove(&(mark.clone(), read.device_id.clone()))));
        self.marks.extend(is.iter().map(|mark| (mark.clone(), read.device_id.clone())));
        self.recorded.insert(read.device_id.clone(), Arc::new(state));
    }

    /// An agent's drop folder shows a device, or another file of it.
    pub(crate) fn shown(
        &mut self,
        (host, agent): (HostNo, &AgentId),
        configuration: &DeviceConfiguration,
        at: At,
    ) -> DevicesChanged {
        let place = (host, configuration.key());
        let state = ReadingState {
            reading: DeviceReading::clone(&configuration.reading),
            taken_on: at.received_at.date_in_japan(),
            seq: at.seq,
            shown_by: Some((agent.clone(), configuration.file_name.clone())),
        };
        let id = seen_id(configuration, agent);
        let mut ids = self.concerned(&place);
        ids.extend(self.owners_of(&state.reading).cloned());
        ids.insert(id.clone());
        self.changing(ids, |devices| {
            devices.forget(&place);
            devices.shown_as.entry(id.clone()).or_default().insert(place.clone());
            devices.shown.insert(place, Arc::new(Shown { id, state: Arc::new(state) }));
        })
    }

    /// A file is in no drop folder any more. Of a device that a person recorded, what it said is only known no more.
    pub(crate) fn gone(&mut self, place: &(HostNo, String)) -> DevicesChanged {
        self.changing(self.concerned(place), |devices| devices.forget(place))
    }

    /// A device answered, or another one does at that address.
    pub(crate) fn probed(
        &mut self,
        (host, agent): (HostNo, &AgentId),
        probed: &DeviceProbed,
        at: At,
    ) -> DevicesChanged {
        let place = probed::place(host, probed);
        let state = ProbedState { probed: probed.clone(), agent: agent.clone(), seq: at.seq };
        // Private addresses are those of many devices, and copies of a device share its engine id.
        let id = match state.mark() {
            Some(mark) => seen_id_of(&mark, ""),
            None => seen_id_of(&place.1, agent.as_str()),
        };
        let mut ids = self.concerned(&place);
        ids.extend(state.mark().into_iter().flat_map(|mark| under(&self.marks, mark)).cloned());
        ids.insert(id.clone());
        self.changing(ids, |devices| {
            devices.forget(&place);
            devices.shown_as.entry(id.clone()).or_default().insert(place.clone());
            devices.probed.insert(place, Arc::new(Shown { id, state: Arc::new(state) }));
        })
    }

    /// A device is in an agent's results no more.
    pub(crate) fn probed_no_more(&mut self, host: HostNo, probed: &DeviceProbed) -> DevicesChanged {
        self.gone(&probed::place(host, probed))
    }

    /// The devices that a file in a drop folder, or an answer, speaks of.
    fn concerned(&self, place: &(HostNo, String)) -> BTreeSet<DeviceId> {
        let shown = self.shown.get(place).map(|own| (mark_of(&own.state.reading), &own.id));
        let found = shown.or_else(|| self.probed.get(place).map(|own| (own.state.mark(), &own.id)));
        let owner = |(mark, id): (Option<String>, &DeviceId)| {
            mark.into_iter().flat_map(|mark| under(&self.marks, mark)).cloned().chain([id.clone()])
        };
        found.into_iter().flat_map(owner).collect()
    }

    fn forget(&mut self, place: &(HostNo, String)) {
        let shown = self.shown.remove(place).map(|own| own.id.clone());
        let Some(id) = shown.or_else(|| Some(self.probed.remove(place)?.id.clone())) else { return };
        if let Some(places) = self.shown_as.get_mut(&id) {
            places.remove(place);
            if places.is_empty() {
                self.shown_as.remove(&id);
            }
        }
    }

    /// The recorded devices that a reading may speak of: one, unless people recorded the same maker and serial number twice.
    pub fn owners_of(&self, reading: &DeviceReading) -> impl Iterator<Item = &DeviceId> {
        mark_of(reading).into_iter().flat_map(|mark| under(&self.marks, mark))
    }

    /// What people recorded of a device.
    pub fn recorded(&self, id: &DeviceId) -> Option<&DeviceState> {
        self.recorded.get(id).map(|state| &**state)
    }

    /// A device with every reading of it that stands, whoever it comes from.
    pub fn get(&self, id: &DeviceId) -> Option<Device<'_>> {
        if let Some((id, state)) = self.recorded.get_key_value(id) {
            let ids: Vec<DeviceId> = marks_of(state).into_iter().map(|mark| seen_id_of(&mark, "")).collect();
            let shown = ids.iter().flat_map(|id| self.shown_under(id));
            let all = state.readings.iter().map(|own| &**own).chain(shown).collect();
            let probed = ids.iter().flat_map(|id| self.probed_under(id)).collect();
            return Some(Device::of(id, Some(state), all, probed));
        }
        let (id, _) = self.shown_as.get_key_value(id)?;
        let (shown, probed) = (self.shown_under(id), self.probed_under(id));
        let mut marks = shown.iter().map(|own| mark_of(&own.reading)).chain(probed.iter().map(|own| own.mark()));
        let claimed = marks.any(|mark| mark.is_some_and(|mark| under(&self.marks, mark).next().is_some()));
        (!claimed && (!shown.is_empty() || !probed.is_empty())).then(|| Device::of(id, None, shown, probed))
    }

    fn shown_under(&self, id: &DeviceId) -> Vec<&ReadingState> {
        let places = self.shown_as.get(id).into_iter().flatten();
        places.filter_map(|place| Some(&*self.shown.get(place)?.state)).collect()
    }

    fn probed_under(&self, id: &DeviceId) -> Vec<&ProbedState> {
        let places = self.shown_as.get(id).into_iter().flatten();
        places.filter_map(|place| Some(&*self.probed.get(place)?.state)).collect()
    }

    /// Every answer, with the id of the device of its own that it would be.
    pub fn all_probed(&self) -> impl Iterator<Item = (&DeviceId, &ProbedState)> {
        self.probed.values().map(|own| (&own.id, &*own.state))
    }

    /// The ids of every device, recorded ones first.
    pub fn ids(&self) -> impl Iterator<Item = &DeviceId> {
        self.recorded.keys().chain(self.shown_as.keys())
    }

    /// Every device, in order of ids, recorded ones first.
    pub fn iter(&self) -> impl Iterator<Item = Device<'_>> {
        self.ids().filter_map(|id| self.get(id))
    }

    /// The devices that lead to an equipment.
    pub fn of_equipment<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = &'a DeviceId> {
        let own = self.recorded.iter().filter(move |(_, state)| state.equipment_id.as_ref() == Some(id));
        own.map(|(id, _)| id)
    }
}

/// Newest first, and of those only what is needed to say what stands: back to the last configuration that was understood as a whole, and
/// the newest that names the serial number and the firmware. A file without its header does not take them away.
fn needed(mut readings: Vec<Arc<ReadingState>>) -> Vec<Arc<ReadingState>> {
    readings.sort_by_key(|own| std::cmp::Reverse((own.taken_on, own.seq)));
    let (mut whole, mut serial, mut firmware) = (false, false, false);
    let mut place = 0;
    readings.retain(|own| {
        let tells = tells_ways(&own.reading);
        let (names, runs) = (mark_of(&own.reading).is_some(), !own.reading.identity.firmware.is_empty());
        let needed = (tells && !whole && place < READINGS_MAX) || (names && !serial) || (runs && !firmware);
        whole |= tells && own.reading.extent == Extent::Whole;
        (serial, firmware, place) = (serial || names, firmware || runs, place + 1);
        needed || place == 1
    });
    readings
}

impl Keep for Devices {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.count(self.recorded.len())?;
        self.recorded.iter().try_for_each(|row| out.json(&row))?;
        out.count(self.shown.len())?;
        self.shown.iter().try_for_each(|row| out.json(&row))?;
        out.count(self.probed.len())?;
        self.probed.iter().try_for_each(|row| out.json(&row))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut devices = Self::default();
        for _ in 0..from.count()? {
            let (id, state): (DeviceId, Arc<DeviceState>) = from.json()?;
            devices.marks.extend(marks_of(&state).into_iter().map(|mark| (mark, id.clone())));
            devices.recorded.insert(id, state);
        }
        for _ in 0..from.count()? {
            let (place, shown): ((HostNo, String), Arc<Shown<ReadingState>>) = from.json()?;
            devices.shown_as.entry(shown.id.clone()).or_default().insert(place.clone());
            devices.shown.insert(place, shown);
        }
        for _ in 0..from.count()? {
            let (place, probed): ((HostNo, String), Arc<Probed>) = from.json()?;
            devices.shown_as.entry(probed.id.clone()).or_default().insert(place.clone());
            devices.probed.insert(place, probed);
        }
        devices.named = devices.names(devices.ids()).into_iter().collect();
        Ok(devices)
    }
}
