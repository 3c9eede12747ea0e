//! Remote paths as people recorded them, and what vendors answered to the question whether they use remote maintenance.
//! It does not know devices, hosts or plans; whoever asks joins them.
//! Invariant: the record received last stands; that a day is over is stated by an entry, never concluded from a clock.

use super::declarations::host_key;
use crate::model::findings::At;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::remote_path::{PathEntry, RemoteDaysEnded, RemoteMaintenanceAnswered, RemotePathRecorded};
use daicho_schemas::ids::{EquipmentId, PersonId, PlanId, RemotePathId, SupplierId};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who was asked about what.
pub type AnswerKey = (EquipmentId, SupplierId);

/// Every record and every answer.
#[derive(Clone, Debug, Default)]
pub struct RemotePaths {
    by_id: OrdMap<RemotePathId, Arc<PathState>>,
    by_entry: OrdSet<(PathEntry, RemotePathId)>,
    by_contract: OrdSet<(PlanId, RemotePathId)>,
    answers: OrdMap<AnswerKey, Arc<AnswerState>>,
    ended: OrdMap<PlanId, CalendarDate>,
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathState {
    /// The record.
    pub recorded: RemotePathRecorded,
    /// The entry of it.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who recorded it.
    pub by: Option<PersonId>,
    /// How many versions the ledger holds.
    pub versions: u64,
}

impl PathState {
    /// Whether the path is there, as far as people said.
    pub fn stands(&self) -> bool {
        self.recorded.removed_on.is_none()
    }
}

/// A vendor's answer as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerState {
    /// The answer.
    pub answered: RemoteMaintenanceAnswered,
    /// The entry of it.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who entered it.
    pub by: Option<PersonId>,
    /// It was stated that its last day is over.
    pub ended: bool,
}

/// An entry in one spelling: names of hosts as they are compared.
pub fn entry_key(entry: &PathEntry) -> PathEntry {
    match entry {
        PathEntry::DeviceWayIn { .. } => entry.clone(),
        PathEntry::HostInterface { host, interface } => {
            PathEntry::HostInterface { host: host_key(host), interface: interface.clone() }
        }
        PathEntry::Software { host, software } => {
            PathEntry::Software { host: host_key(host), software: software.to_lowercase() }
        }
    }
}

impl RemotePaths {
    /// Takes a record in. Answers what it was about before.
    pub(crate) fn recorded(
        &mut self,
        said: &RemotePathRecorded,
        by: Option<&PersonId>,
        at: At,
    ) -> Option<Arc<PathState>> {
        let id = &said.remote_path_id;
        let before = self.by_id.get(id).cloned();
        if let Some(before) = &before {
            self.by_entry.remove(&(entry_key(&before.recorded.enters), id.clone()));
            before.recorded.contract.iter().for_each(|plan| {
                self.by_contract.remove(&(plan.clone(), id.clone()));
            });
        }
        let versions = before.as_ref().map_or(0, |before| before.versions) + 1;
        let state = PathState { recorded: said.clone(), seq: at.seq, at: at.received_at, by: by.cloned(), versions };
        self.put(state);
        before
    }

    fn put(&mut self, state: PathState) {
        let id = state.recorded.remote_path_id.clone();
        self.by_entry.insert((entry_key(&state.recorded.enters), id.clone()));
        self.by_contract.extend(state.recorded.contract.iter().map(|plan| (plan.clone(), id.clone())));
        self.by_id.insert(id, Arc::new(state));
    }

    /// Takes a vendor's answer in.
    pub(crate) fn answered(&mut self, said: &RemoteMaintenanceAnswered, by: Option<&PersonId>, at: At) -> AnswerKey {
        let key = (said.equipment_id.clone(), said.supplier_id.clone());
        let state =
            AnswerState { answered: said.clone(), seq: at.seq, at: at.received_at, by: by.cloned(), ended: false };
        self.answers.insert(key.clone(), Arc::new(state));
        key
    }

    /// Days are over: of plans the last day as it stood then. Answers whose answers ended.
    pub(crate) fn ended(&mut self, stated: &RemoteDaysEnded, plans: &[(PlanId, CalendarDate)]) -> BTreeSet<AnswerKey> {
        self.ended.extend(plans.iter().cloned());
        let seqs: BTreeSet<u64> = stated.answer_seqs.iter().copied().collect();
        let over: BTreeSet<AnswerKey> =
            self.answers.iter().filter(|(_, state)| seqs.contains(&state.seq)).map(|(key, _)| key.clone()).collect();
        for key in &over {
            if let Some(state) = self.answers.get_mut(key) {
                Arc::make_mut(state).ended = true;
            }
        }
        over
    }

    /// One record.
    pub fn get(&self, id: &RemotePathId) -> Option<&PathState> {
        self.by_id.get(id).map(|state| &**state)
    }

    /// Every record, in order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &PathState> {
        self.by_id.values().map(|state| &**state)
    }

    /// The records of paths that enter here, whether they are still there or not.
    pub fn entering<'a>(&'a self, entry: &'a PathEntry) -> impl Iterator<Item = &'a PathState> {
        let first = RemotePathId::new("0").unwrap_or_else(|_| unreachable!("a digit is an id"));
        let own = self.by_entry.range((entry.clone(), first)..).take_while(move |(own, _)| own == entry);
        own.filter_map(|(_, id)| self.get(id))
    }

    /// The records that belong to a plan.
    pub fn of_contract<'a>(&'a self, plan: &'a PlanId) -> impl Iterator<Item = &'a PathState> {
        let own = self.by_contract.iter().filter(move |(own, _)| own == plan);
        own.filter_map(|(_, id)| self.get(id))
    }

    /// What a vendor answered about an equipment.
    pub fn answer(&self, key: &AnswerKey) -> Option<&AnswerState> {
        self.answers.get(key).map(|state| &**state)
    }

    /// Every answer, by equipment.
    pub fn answers(&self) -> impl Iterator<Item = (&AnswerKey, &AnswerState)> {
        self.answers.iter().map(|(key, state)| (key, &**state))
    }

    /// Whether it was stated that a contract's last day is over, and that day still stands.
    pub fn has_ended(&self, plan: &PlanId, through: Option<CalendarDate>) -> bool {
        through.is_some() && self.ended.get(plan).copied() == through
    }
}

impl Keep for RemotePaths {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.json(&self.by_id.values().collect::<Vec<_>>())?;
        out.json(&self.answers.values().collect::<Vec<_>>())?;
        out.json(&self.ended.iter().collect::<Vec<_>>())
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut paths = Self::default();
        from.json::<Vec<PathState>>()?.into_iter().for_each(|state| paths.put(state));
        let answers: Vec<Arc<AnswerState>> = from.json()?;
        let key = |state: &AnswerState| (state.answered.equipment_id.clone(), state.answered.supplier_id.clone());
        paths.answers = answers.into_iter().map(|state| (key(&state), state)).collect();
        paths.ended = from.json::<Vec<(PlanId, CalendarDate)>>()?.into_iter().collect();
        Ok(paths)
    }
}
