//! 特定重要設備: every equipment in a list, and one with its plans, drift, hosts, findings and duties.
//! It does not know how lines of drift come about.
//! Invariant: a declared host that no agent speaks for is named, never left out.

use super::super::Model;
use super::super::rows::{EquipmentDetail, EquipmentRow, HostRow, Page};
use super::super::views::declarations::PlanState;
use super::super::views::drift::EquipmentDrift;
use super::Part;
use super::registers::plan_row;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;

/// Hosts, findings and duties that are shown with one equipment; their own lists show all.
const DETAIL_ROWS_MAX: usize = 50;

impl Model {
    /// 特定重要設備, in order of their ids. `today` decides the phases.
    pub fn equipment(&self, today: CalendarDate) -> Vec<EquipmentRow> {
        self.drift.equipment.keys().filter_map(|id| self.equipment_row(id, today)).collect()
    }

    /// One page of 特定重要設備. `None` when the cursor is not one of this list.
    pub fn equipment_page(&self, part: Part<'_>, today: CalendarDate) -> Option<Page<EquipmentRow>> {
        let last = match part.cursor {
            None => None,
            Some(cursor) => Some(EquipmentId::new(cursor).ok().filter(|id| self.drift.equipment.contains_key(id))?),
        };
        let behind = self.drift.equipment.keys().skip_while(|id| last.as_ref().is_some_and(|last| *id <= last));
        Some(part.of(behind.filter_map(|id| self.equipment_row(id, today)), |row| row.equipment_id.to_string()))
    }

    /// The name of 特定重要設備, as the plan received last describes it.
    pub fn equipment_name(&self, id: &EquipmentId) -> Option<Text> {
        self.state.declarations.equipment_described(id).map(|equipment| equipment.name.clone())
    }

    /// Every 特定重要設備 by id and name.
    pub fn equipment_names(&self) -> Vec<(EquipmentId, Text)> {
        let described = self.state.declarations.equipment();
        described.into_iter().map(|(id, state)| (id.clone(), state.plan.equipment.name.clone())).collect()
    }

    /// One 特定重要設備.
    pub fn equipment_detail(&self, id: &EquipmentId, today: CalendarDate) -> Option<EquipmentDetail> {
        let drift = self.drift.equipment.get(id)?;
        let hosts: Vec<HostRow> =
            drift.members.iter().take(DETAIL_ROWS_MAX).filter_map(|host| self.host_row(host)).collect();
        let spoken = |name: &str| self.drift.hosts.of_name(name).any(|host| drift.members.contains(host));
        let without = drift.declared.iter().filter(|(name, _)| !spoken(name)).map(|(_, spelled)| spelled.clone());
        let findings = self.state.findings.of_equipment(id).take(DETAIL_ROWS_MAX);
        Some(EquipmentDetail {
            row: self.equipment_row(id, today)?,
            function: self.described(id)?.plan.equipment.function.clone(),
            drift: self.drift(id),
            hosts,
            hosts_total: drift.members.len(),
            hosts_without_agent: without.collect(),
            rest_in_lists: self.state.findings.of_equipment(id).nth(DETAIL_ROWS_MAX).is_some()
                || self.state.duties.of_equipment(id).nth(DETAIL_ROWS_MAX).is_some(),
            findings: findings.map(|(id, finding)| self.finding_row(id, finding)).collect(),
            duties: self.state.duties.of_equipment(id).take(DETAIL_ROWS_MAX).cloned().collect(),
        })
    }

    /// The plan that describes an equipment: the one received last.
    fn described<'a>(&'a self, id: &'a EquipmentId) -> Option<&'a PlanState> {
        self.state.declarations.plans_of(id).max_by_key(|state| state.seq)
    }

    fn equipment_row(&self, id: &EquipmentId, today: CalendarDate) -> Option<EquipmentRow> {
        let described = self.described(id)?;
        let empty = EquipmentDrift::default();
        let drift = self.drift.equipment.get(id).map_or(&empty, |drift| drift);
        let (covered, undeclared) = drift.counts();
        Some(EquipmentRow {
            equipment_id: id.clone(),
            name: described.plan.equipment.name.clone(),
            equipment_type: described.plan.equipment.equipment_type.clone(),
            operator: described.plan.operator.name.clone(),
            place: described.plan.equipment.place.clone(),
            plans: self.state.declarations.plans_of(id).map(|state| plan_row(state, today)).collect(),
            hosts_declared: drift.declared.len() as u64,
            hosts_heard: drift.hosts_heard() as u64,
            components_covered: covered,
            components_undeclared: undeclared,
            findings_open: self.state.findings.count_open_of(id) as u64,
            // No duty is ever settled by itself: of one whose cause is gone, a person still decides whether to file something.
            duties_open: self.state.duties.count_unsettled_of(id) as u64,
        })
    }
}
