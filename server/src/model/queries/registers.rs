//! The registers: findings, suppliers and plans as lists.
//! It does not know drift or components beyond counting them.
//! Invariant: what is open comes first, what weighs most next, what is newest then; ids decide between equals.

use super::super::Model;
use super::super::duties::phase::{phase_on, prohibited_through};
use super::super::duties::planned::{self, Judgement};
use super::super::findings::{AGENTS_LISTED_MAX, Finding, row};
use super::super::rows::{FindingRow, FindingState, Page, PlanRow, Severity, SupplierRow};
use super::super::views::declarations::{Declarations, PlanState, SupplierState};
use super::Part;
use daicho_schemas::ids::{AgentId, FindingId, PartId, PlanId, SupplierId};
use daicho_schemas::planned::PlannedChange;
use daicho_schemas::time::CalendarDate;
use std::cmp::Reverse;

impl Model {
    /// What is declared: plans and suppliers.
    pub fn declarations(&self) -> &Declarations {
        &self.state.declarations
    }

    /// A planned change, judged before it is made. `today` is the day of judging, in Japan.
    pub fn judge_change(&self, change: &PlannedChange, today: CalendarDate) -> Judgement {
        planned::judge(&self.state.declarations, change, today)
    }

    /// Every finding, open ones first, then by severity, newest first.
    pub fn findings(&self) -> Vec<FindingRow> {
        self.findings_from(None, None, 0, usize::MAX)
    }

    /// Findings of a state and a severity, where these are asked, from a place in the list on.
    pub fn findings_from(
        &self,
        state: Option<FindingState>,
        severity: Option<Severity>,
        skip: usize,
        take: usize,
    ) -> Vec<FindingRow> {
        let some = self.state.findings.some(state, severity, skip).take(take);
        some.map(|(id, finding)| self.finding_row(id, finding)).collect()
    }

    /// How many findings there are of a state and a severity, where these are asked.
    pub fn findings_total(&self, state: Option<FindingState>, severity: Option<Severity>) -> usize {
        self.state.findings.count(state, severity)
    }

    /// One page of findings. `None` when the cursor is not one of this list.
    pub fn findings_page(&self, part: Part<'_>, state: Option<FindingState>) -> Option<Page<FindingRow>> {
        let last = match part.cursor {
            None => None,
            Some(cursor) => Some(FindingId::new(cursor).ok()?),
        };
        let last = match &last {
            None => None,
            Some(id) => Some((id, self.state.findings.get(id)?)),
        };
        let all = self.state.findings.after(last);
        // Open ones come first: their list ends where the closed ones begin.
        let all = all
            .take_while(move |(_, finding)| state != Some(FindingState::Open) || finding.state == FindingState::Open);
        let wanted = all.filter(move |(_, finding)| state.is_none_or(|state| finding.state == state));
        Some(part.of(wanted.map(|(id, finding)| self.finding_row(id, finding)), |row| row.finding_id.to_string()))
    }

    /// One finding.
    pub fn finding(&self, id: &FindingId) -> Option<FindingRow> {
        self.state.findings.get(id).map(|finding| self.finding_row(id, finding))
    }

    /// The open finding that was opened last.
    pub fn newest_finding(&self) -> Option<FindingRow> {
        let severities = [Severity::Gravest, Severity::Critical, Severity::Warning, Severity::Notice];
        let newest = severities.into_iter().filter_map(|severity| self.state.findings.newest_open(severity));
        newest.max_by_key(|(_, finding)| finding.opened_seq).map(|(id, finding)| self.finding_row(id, finding))
    }

    pub(super) fn finding_row(&self, id: &FindingId, finding: &Finding) -> FindingRow {
        let hosts = finding.verdict.hosts.iter().take(AGENTS_LISTED_MAX);
        let agents: Vec<AgentId> =
            hosts.filter_map(|host| self.state.agents.by_number(host)).map(|agent| agent.agent_id.clone()).collect();
        row(id, finding, agents, self.duty_ids(id))
    }

    /// Every supplier, in order of ids.
    pub fn suppliers(&self) -> Vec<SupplierRow> {
        self.state.declarations.suppliers().map(|(id, supplier)| self.supplier_row(id, supplier)).collect()
    }

    /// Suppliers from a place in the list on, in order of ids.
    pub fn suppliers_from(&self, skip: usize, take: usize) -> Vec<SupplierRow> {
        let some = self.state.declarations.suppliers().skip(skip).take(take);
        some.map(|(id, supplier)| self.supplier_row(id, supplier)).collect()
    }

    /// How many suppliers are recorded.
    pub fn suppliers_total(&self) -> usize {
        self.state.declarations.suppliers().count()
    }

    /// One page of suppliers. `None` when the cursor is not one of this list.
    pub fn suppliers_page(&self, part: Part<'_>) -> Option<Page<SupplierRow>> {
        let last = match part.cursor {
            None => None,
            Some(cursor) => Some(SupplierId::new(cursor).ok().filter(|id| self.has_supplier(id))?),
        };
        let all =
            self.state.declarations.suppliers().skip_while(|(id, _)| last.as_ref().is_some_and(|last| *id <= last));
        let rows = all.map(|(id, supplier)| self.supplier_row(id, supplier));
        Some(part.of(rows, |row| row.record.supplier_id.to_string()))
    }

    fn supplier_row(&self, id: &SupplierId, supplier: &SupplierState) -> SupplierRow {
        SupplierRow {
            record: supplier.record.clone(),
            parts: self.parts_of(id),
            components: self.drift.sightings.supplied_by(id),
            seq: supplier.seq,
            people_erased_on: supplier.erasures.last().map(|erasure| erasure.on),
        }
    }

    fn parts_of(&self, supplier: &SupplierId) -> Vec<(PlanId, PartId)> {
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

    /// One plan as it stands.
    pub fn plan_row(&self, id: &PlanId, today: CalendarDate) -> Option<PlanRow> {
        self.state.declarations.plan_state(id).map(|state| plan_row(state, today))
    }

    /// One page of plans. `None` when the cursor is not one of this list.
    pub fn plans_page(&self, part: Part<'_>, today: CalendarDate) -> Option<Page<PlanRow>> {
        let last = match part.cursor {
            None => None,
            Some(cursor) => Some(PlanId::new(cursor).ok().filter(|id| self.plan(id).is_some())?),
        };
        let all = self.state.declarations.plans();
        let behind = all.skip_while(|state| last.as_ref().is_some_and(|last| state.plan.plan_id <= *last));
        Some(part.of(behind.map(|state| plan_row(state, today)), |row| row.plan_id.to_string()))
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
        plan: std::sync::Arc::clone(&state.plan),
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
