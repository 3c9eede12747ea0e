//! What is known about firmware: of each source the pack that stands, with who brought it in and when.
//! It does not know devices or how versions compare; of days it knows those of entries.
//! Invariant: of one name the pack received last stands, whole; nothing of the one before it is mixed in.

use crate::model::findings::At;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::firmware::FirmwarePack;
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Every pack that stands.
#[derive(Clone, Debug, Default)]
pub struct FirmwarePacks {
    by_id: OrdMap<String, Arc<PackState>>,
    /// The day as of which devices are judged: between it and the last entry no end of support came.
    judged_on: Option<CalendarDate>,
    /// The next end of support from there on.
    next_end: Option<CalendarDate>,
}

/// A pack as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackState {
    /// The pack.
    pub pack: FirmwarePack,
    /// The entry of it.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who brought it in.
    pub by: Option<PersonId>,
    /// How many of this name there were.
    pub versions: u64,
}

impl FirmwarePacks {
    /// Takes a pack in.
    pub(crate) fn known(&mut self, pack: &FirmwarePack, by: Option<&PersonId>, at: At) {
        let versions = self.by_id.get(&pack.pack_id).map_or(0, |before| before.versions) + 1;
        let state = PackState { pack: pack.clone(), seq: at.seq, at: at.received_at, by: by.cloned(), versions };
        self.by_id.insert(pack.pack_id.clone(), Arc::new(state));
        self.judge_on(at.received_at.date_in_japan());
    }

    /// An entry is of this day. Says whether an end of support came since devices were judged.
    pub(crate) fn day_came(&mut self, day: CalendarDate) -> bool {
        let came = self.next_end.is_some_and(|end| end < day);
        if came {
            self.judge_on(day);
        }
        came
    }

    fn judge_on(&mut self, day: CalendarDate) {
        let day = self.judged_on.map_or(day, |before| before.max(day));
        self.judged_on = Some(day);
        self.next_end = self.next_end_from(day);
    }

    fn next_end_from(&self, day: CalendarDate) -> Option<CalendarDate> {
        let ends = self.iter().flat_map(|state| &state.pack.end_of_life).filter_map(|end| end.ends_on);
        ends.filter(|end| *end >= day).min()
    }

    /// The day as of which devices are judged; absent while nothing is known.
    pub fn judged_on(&self) -> Option<CalendarDate> {
        self.judged_on
    }

    /// The pack of a name.
    pub fn get(&self, pack_id: &str) -> Option<&PackState> {
        self.by_id.get(pack_id).map(|state| &**state)
    }

    /// Every pack, in order of names.
    pub fn iter(&self) -> impl Iterator<Item = &PackState> + Clone {
        self.by_id.iter().map(|(_, state)| &**state)
    }
}

impl Keep for FirmwarePacks {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.json(&self.judged_on)?;
        out.count(self.by_id.len())?;
        self.by_id.values().try_for_each(|state| out.json(state))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut packs = Self { judged_on: from.json()?, ..Self::default() };
        for _ in 0..from.count()? {
            let state: Arc<PackState> = from.json()?;
            packs.by_id.insert(state.pack.pack_id.clone(), state);
        }
        packs.next_end = packs.judged_on.and_then(|day| packs.next_end_from(day));
        Ok(packs)
    }
}
