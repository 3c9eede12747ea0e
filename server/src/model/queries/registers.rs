//! The registers: findings, duties, suppliers and plans as lists.
//! It does not know drift or components beyond counting them.
//! Invariant: what is open comes first, what weighs most next, what is newest then; ids decide between equals.

use super::super::Model;
use super::super::duties::phase::{phase_on, prohibited_through};
use super::super::findings::row;
use super::super::rows::{DutyRow, DutyState, FindingRow, FindingState, PlanRow, SupplierRow};
use super::super::views::declarations::PlanState;
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::{DutyId, FindingId, SupplierId};
use daicho_schemas::time::CalendarDate;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

impl Model {
    /// Every finding, open ones first, then by severity, newest first.
    pub fn findings(&self) -> Vec<FindingRow> {
        let all = self.state.findings.iter();
        sorted(all.map(|(id, finding)| row(id, finding, self.duty_ids(id))).collect())
    }

    /// One finding.
    pub fn finding(&self, id: &FindingId) -> Option<FindingRow> {
        self.state.findings.get(id).map(|finding| row(id, finding, self.duty_ids(id)))
    }

    /// Every duty, open ones first, strictest first, newest first.
    pub fn duties(&self) -> Vec<DutyRow> {
        sorted_duties(self.state.duties.iter().cloned().collect())
    }

    /// One duty.
    pub fn duty(&self, id: &DutyId) -> Option<DutyRow> {
        self.state.duties.get(id).cloned()
    }

    /// Every supplier, in order of ids.
    pub fn suppliers(&self) -> Vec<SupplierRow> {
        let mut components: BTreeMap<&SupplierId, BTreeSet<&Hash>> = BTreeMap::new();
        for host in self.drift.hosts.values() {
            for (hash, meaning) in &host.judged {
                if let Some(id) = &meaning.supplier.supplier_id {
                    components.entry(id).or_default().insert(hash);
                }
            }
        }
        let suppliers = self.state.declarations.suppliers();
        suppliers
            .map(|(id, supplier)| SupplierRow {
                record: supplier.record.clone(),
                parts: self.parts_of(id),
                components: components.get(id).map_or(0, |hashes| hashes.len() as u64),
                seq: supplier.seq,
            })
            .collect()
    }

    fn parts_of(&self, supplier: &SupplierId) -> Vec<(daicho_schemas::ids::PlanId, daicho_schemas::ids::PartId)> {
        let parts = self.state.declarations.plans().flat_map(|state| {
            let plan_id = &state.plan.plan_id;
            state.plan.parts.iter().map(move |part| (plan_id, part))
        });
        parts
            .filter(|(_, part)| part.supplier_id == *supplier)
            .map(|(plan_id, part)| (plan_id.clone(), part.part_id.clone()))
            .collect()
    }

    /// Every plan, in order of ids. `today` decides the phases.
    pub fn plans(&self, today: CalendarDate) -> Vec<PlanRow> {
        self.state.declarations.plans().map(|state| plan_row(state, today)).collect()
    }
}

/// A plan as the pages show it.
pub(super) fn plan_row(state: &PlanState, today: CalendarDate) -> PlanRow {
    PlanRow {
        plan_id: state.plan.plan_id.clone(),
        plan_kind: state.plan.plan_kind,
        equipment_id: state.plan.equipment.equipment_id.clone(),
        phase: phase_on(state.plan.plan_kind, &state.plan.dates, today),
        prohibited_through: prohibited_through(&state.plan.dates),
        versions: state.versions,
        seq: state.seq,
        plan: state.plan.clone(),
    }
}

/// Open ones first, then by severity, newest first.
pub(super) fn sorted(mut rows: Vec<FindingRow>) -> Vec<FindingRow> {
    rows.sort_by_cached_key(|row| {
        let closed = row.state == FindingState::Closed;
        (closed, Reverse(row.severity), Reverse(row.opened_seq), row.finding_id.clone())
    });
    rows
}

/// Open ones first, strictest first, newest first.
pub(super) fn sorted_duties(mut rows: Vec<DutyRow>) -> Vec<DutyRow> {
    rows.sort_by_cached_key(|row| {
        let gone = row.state == DutyState::CauseGone;
        (gone, Reverse(row.outcome), Reverse(row.changed_on), row.duty_id.clone())
    });
    rows
}
