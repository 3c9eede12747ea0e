//! The decisions about computers: which are 特定重要電子計算機, what is notified of them, and what changed since a notification.
//! It does not know the law, hosts or plans.
//! Invariant: the decision received last stands, and a change that was stated once is never forgotten.

use super::declarations::host_key;
use crate::model::findings::At;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::computer::ComputerJudged;
use daicho_schemas::ids::{EquipmentId, PersonId};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A computer: the equipment it serves, and its name as names are compared.
pub type ComputerKey = (EquipmentId, String);

/// Every computer that somebody decided about.
#[derive(Clone, Debug, Default)]
pub struct Computers {
    by_key: OrdMap<ComputerKey, Arc<ComputerState>>,
    by_name: OrdSet<(String, Option<EquipmentId>)>,
}

/// A computer as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputerState {
    /// Its name as last written.
    pub name: String,
    /// The decision that stands.
    pub judged: Arc<ComputerJudged>,
    /// The entry of it.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who decided.
    pub by: Option<PersonId>,
    /// When it was first brought into scope.
    pub in_scope_since: Option<UtcMicros>,
    /// What changed after a notification, oldest first.
    pub changes: Vec<ComputerChange>,
}

/// What was notified and is different now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputerChange {
    /// The day of the change.
    pub on: CalendarDate,
    /// The entry that stated it.
    pub seq: u64,
    /// When that was received.
    pub at: UtcMicros,
    /// What stood before.
    pub before: Arc<ComputerJudged>,
    /// What stood then.
    pub after: Arc<ComputerJudged>,
}

/// The key of a computer.
pub fn computer_key(equipment: &EquipmentId, name: &str) -> ComputerKey {
    (equipment.clone(), host_key(name))
}

impl Computers {
    /// Takes a decision in. Answers which computers it concerns.
    pub(crate) fn judged(&mut self, judged: &ComputerJudged, by: Option<&PersonId>, at: At) -> Vec<ComputerKey> {
        let judged = Arc::new(judged.clone());
        let mut keys = Vec::new();
        for computer in &judged.computers {
            let key = computer_key(&judged.equipment_id, &computer.name);
            let before = self.by_key.get(&key);
            let mut changes = before.map(|before| before.changes.clone()).unwrap_or_default();
            if let (Some(before), Some(on)) = (before, judged.changed_on) {
                let (before, after) = (Arc::clone(&before.judged), Arc::clone(&judged));
                changes.push(ComputerChange { on, seq: at.seq, at: at.received_at, before, after });
            }
            let since = before.and_then(|before| before.in_scope_since);
            let state = ComputerState {
                name: computer.name.clone(),
                judged: Arc::clone(&judged),
                seq: at.seq,
                at: at.received_at,
                by: by.cloned(),
                in_scope_since: since.or_else(|| judged.in_scope.then_some(at.received_at)),
                changes,
            };
            self.by_name.insert((key.1.clone(), Some(key.0.clone())));
            self.by_key.insert(key.clone(), Arc::new(state));
            keys.push(key);
        }
        keys
    }

    /// One computer.
    pub fn get(&self, key: &ComputerKey) -> Option<&ComputerState> {
        self.by_key.get(key).map(|state| &**state)
    }

    /// The computers of one equipment, in order of names.
    pub fn of_equipment<'a>(
        &'a self,
        id: &'a EquipmentId,
    ) -> impl Iterator<Item = (&'a ComputerKey, &'a ComputerState)> {
        let own = self.by_key.range((id.clone(), String::new())..).take_while(move |((own, _), _)| own == id);
        own.map(|(key, state)| (key, &**state))
    }

    /// The computers of one name, whatever equipment they serve.
    pub fn of_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = ComputerKey> + 'a {
        let own = self.by_name.range((name.to_string(), None)..).take_while(move |(own, _)| own == name);
        own.filter_map(|(name, equipment)| Some((equipment.clone()?, name.clone())))
    }

    /// Every computer.
    pub fn iter(&self) -> impl Iterator<Item = (&ComputerKey, &ComputerState)> {
        self.by_key.iter().map(|(key, state)| (key, &**state))
    }
}

impl Keep for Computers {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.count(self.by_key.len())?;
        self.by_key.iter().try_for_each(|(key, state)| out.json(&(key, state)))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut computers = Self::default();
        for _ in 0..from.count()? {
            let (key, state): (ComputerKey, Arc<ComputerState>) = from.json()?;
            computers.by_name.insert((key.1.clone(), Some(key.0.clone())));
            computers.by_key.insert(key, state);
        }
        Ok(computers)
    }
}
