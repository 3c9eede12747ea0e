//! The meaning: pure folds over the ledger. No clock, no I/O, no randomness, no unordered map in this folder.
//! It does not know how entries are kept, who asks, or what time it is; "now" is an argument.
//! Invariant: the same entries give the same state, byte for byte, from the first entry or from a snapshot.

pub mod rows;

use crate::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::{AgentId, EquipmentId};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use rows::{
    ComponentDetail, ComponentQuery, ComponentRow, DutyRow, EquipmentDetail, EquipmentRow, FindingRow, HostDetail, HostRow,
    Page, PlanRow, SupplierRow,
};
use serde::{Deserialize, Serialize};

/// An entry as the model sees it: parsed, without bytes and chain.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The entry's number.
    pub seq: u64,
    /// When the server received it.
    pub received_at: UtcMicros,
    /// Who stated it.
    pub author: &'a Author,
    /// The fact.
    pub fact: &'a Fact,
}

/// Everything that the entries so far mean.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Model {}

/// The version of the fold: a snapshot of another version is not used.
pub const FOLD_VERSION: u32 = 1;

impl Model {
    /// Takes the next entry in.
    pub fn apply(&mut self, _event: &Event<'_>) {}

    /// 特定重要設備, in order of their ids. `today` decides the phases.
    pub fn equipment(&self, _today: CalendarDate) -> Vec<EquipmentRow> {
        Vec::new()
    }

    /// One 特定重要設備.
    pub fn equipment_detail(&self, _id: &EquipmentId, _today: CalendarDate) -> Option<EquipmentDetail> {
        None
    }

    /// Every host, in order of agent ids.
    pub fn hosts(&self) -> Vec<HostRow> {
        Vec::new()
    }

    /// One host.
    pub fn host_detail(&self, _id: &AgentId) -> Option<HostDetail> {
        None
    }

    /// Distinct components, in order of name and version. `None` when the cursor is not one of this list.
    pub fn components(&self, _query: &ComponentQuery) -> Option<Page<ComponentRow>> {
        None
    }

    /// One component.
    pub fn component_detail(&self, _component_id: &str) -> Option<ComponentDetail> {
        None
    }

    /// Every finding, open ones first, then by severity, newest first.
    pub fn findings(&self) -> Vec<FindingRow> {
        Vec::new()
    }

    /// Every duty, open ones first, strictest first, newest first.
    pub fn duties(&self) -> Vec<DutyRow> {
        Vec::new()
    }

    /// Every supplier, in order of ids.
    pub fn suppliers(&self) -> Vec<SupplierRow> {
        Vec::new()
    }

    /// Every plan, in order of ids. `today` decides the phases.
    pub fn plans(&self, _today: CalendarDate) -> Vec<PlanRow> {
        Vec::new()
    }
}
