//! 特定重要設備: every equipment in a list, and one with its plans, drift, hosts, findings and duties.
//! It does not know how lines of drift come about.
//! Invariant: a declared host that no agent speaks for is named, never left out.

use super::super::Model;
use super::super::rows::{DutyState, EquipmentDetail, EquipmentRow, HostRow};
use super::super::views::declarations::{PlanState, host_key};
use super::super::views::drift::EquipmentDrift;
use super::registers::{plan_row, sorted_duties};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeSet;

impl Model {
    /// 特定重要設備, in order of their ids. `today` decides the phases.
    pub fn equipment(&self, today: CalendarDate) -> Vec<EquipmentRow> {
        let all = self.state.declarations.equipment();
        all.into_iter().map(|(id, described)| self.equipment_row(id, described, today)).collect()
    }

    /// One 特定重要設備.
    pub fn equipment_detail(&self, id: &EquipmentId, today: CalendarDate) -> Option<EquipmentDetail> {
        let described = self.state.declarations.plans_of(id).max_by_key(|state| state.seq)?;
        let row = self.equipment_row(id, described, today);
        let members = self.drift.equipment.get(id).map(|drift| drift.members.clone()).unwrap_or_default();
        let open = self.open_findings_by_agent();
        let hosts: Vec<HostRow> =
            members.iter().filter_map(|agent| self.host_row(agent, open.get(agent).copied().unwrap_or(0))).collect();
        let spoken: BTreeSet<String> = members.iter().map(|agent| self.name_key(agent)).collect();
        let declared = self.state.declarations.hosts_of(id);
        let without = declared.into_iter().filter(|host| !spoken.contains(&host_key(host)));
        let duties = self.state.duties.iter().filter(|duty| duty.equipment_id == *id);
        Some(EquipmentDetail {
            row,
            function: described.plan.equipment.function.clone(),
            drift: self.drift(id),
            hosts,
            hosts_without_agent: without.collect(),
            findings: self.findings_where(|finding| finding.verdict.equipment_id.as_ref() == Some(id)),
            duties: sorted_duties(duties.cloned().collect()),
        })
    }

    fn equipment_row(&self, id: &EquipmentId, described: &PlanState, today: CalendarDate) -> EquipmentRow {
        let empty = EquipmentDrift::default();
        let drift = self.drift.equipment.get(id).unwrap_or(&empty);
        let heard: BTreeSet<String> =
            drift.members.iter().filter(|agent| self.heard(agent)).map(|agent| self.name_key(agent)).collect();
        let declared = self.state.declarations.hosts_of(id);
        let open = self.state.findings.open().filter(|(_, finding)| finding.verdict.equipment_id.as_ref() == Some(id));
        // A duty whose cause is gone is not settled either: a person still decides whether something remains to be filed.
        let duties = self.state.duties.iter().filter(|duty| duty.equipment_id == *id && unsettled(duty.state));
        EquipmentRow {
            equipment_id: id.clone(),
            name: described.plan.equipment.name.clone(),
            equipment_type: described.plan.equipment.equipment_type.clone(),
            operator: described.plan.operator.name.clone(),
            place: described.plan.equipment.place.clone(),
            plans: self.state.declarations.plans_of(id).map(|state| plan_row(state, today)).collect(),
            hosts_declared: declared.len() as u64,
            hosts_heard: declared.iter().filter(|host| heard.contains(&host_key(host))).count() as u64,
            components_covered: distinct(drift, true),
            components_undeclared: distinct(drift, false),
            findings_open: open.count() as u64,
            duties_open: duties.count() as u64,
        }
    }
}

fn unsettled(state: DutyState) -> bool {
    match state {
        DutyState::Open | DutyState::CauseGone => true,
    }
}

fn distinct(drift: &EquipmentDrift, covered: bool) -> u64 {
    let lines = drift.lines.iter().filter(|(key, _)| key.cover.is_some() == covered);
    let hashes: BTreeSet<&Hash> = lines.flat_map(|(_, line)| line.components.keys()).collect();
    hashes.len() as u64
}
