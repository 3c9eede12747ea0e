//! Computers of サイバー対処能力強化法: what stands of each, and what is proposed where nobody has decided yet.
//! It does not know the network between hosts: a host that no plan names is proposed by what it shows of itself.
//! Invariant: a declared host without a decision is always in the list, whether or not an agent speaks for it.

use super::super::Model;
use super::super::duties::computers::obliged::{self, facts_of, finding_of};
use super::super::duties::computers::proposal::{HostProposal, SeenHost, UnitSort, propose};
use super::super::findings::{Subject, finding_id};
use super::super::numbers::HostNo;
use super::super::prepared::Sort;
use super::super::rows::{DutyRow, FindingRow, FindingState};
use super::super::rules::computer_differs;
use super::super::views::computers::{ComputerKey, ComputerState, computer_key};
use super::super::views::declarations::host_key;
use super::super::views::drift::EquipmentDrift;
use daicho_schemas::fact::computer::{ComputerJudged, NotifiedProduct};
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{EquipmentId, RuleId};
use daicho_schemas::regime::computers::UnitFacts;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Hosts of no equipment that are looked at for signs; the list says so when there are more.
pub const NEAR_HOSTS_MAX: usize = 2000;

/// One computer in the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComputerRow {
    /// The equipment it serves, or would serve.
    pub equipment_id: EquipmentId,
    /// Its name.
    pub name: String,
    /// The decision that stands; absent: nobody has decided.
    pub decided: Option<ComputerState>,
    /// What is proposed, from the plan and from what its agent reports.
    pub proposed: HostProposal,
    /// Products that the plan or the host shows and that the decision that stands does not name.
    pub unlisted: Vec<String>,
    /// Its duties.
    pub duties: Vec<DutyRow>,
    /// What it shows now is something else than what was confirmed.
    pub differs: Option<FindingRow>,
}

/// The computers of one equipment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ComputerList {
    /// Those that nobody decided about, then those in scope, then the others; by name.
    pub rows: Vec<ComputerRow>,
    /// Hosts of no equipment that were not looked at.
    pub not_looked_at: usize,
}

impl Model {
    /// The computers of one equipment. `None` where no plan names it.
    pub fn computers_of(&self, id: &EquipmentId) -> Option<ComputerList> {
        let drift = self.drift.equipment.get(id)?;
        let plan = &self.state.declarations.plans_of(id).max_by_key(|state| (state.covers(), state.seq))?.plan;
        let mut plan = (**plan).clone();
        plan.equipment.hosts = self.state.declarations.hosts_of(id);
        let suppliers: Vec<SupplierRecord> = plan
            .parts
            .iter()
            .filter_map(|part| Some(self.state.declarations.supplier_state(&part.supplier_id)?.record.clone()))
            .collect();
        let decided = self.state.computers.of_equipment(id);
        let extra: BTreeSet<&str> = decided.map(|(key, _)| key.1.as_str()).collect();
        let (near, not_looked_at) = self.near();
        let named = extra.iter().flat_map(|name| self.drift.hosts.of_name(name));
        let hosts: BTreeSet<HostNo> = drift.members.iter().chain(named).chain(near).collect();
        let seen: Vec<SeenHost> = hosts.iter().filter_map(|host| self.seen_host(*host)).collect();
        let mut proposed = propose(&plan, &suppliers, &seen);
        let known: BTreeSet<String> = proposed.iter().map(|one| host_key(&one.host)).collect();
        for (key, state) in self.state.computers.of_equipment(id) {
            if !known.contains(&key.1) {
                proposed.push(HostProposal { host: state.name.clone(), ..HostProposal::default() });
            }
        }
        let mut rows: Vec<ComputerRow> = proposed.into_iter().map(|one| self.computer_row(id, one)).collect();
        // A host of no equipment is shown for what it shows of itself, or because somebody decided about it.
        rows.retain(|row| row.proposed.declared || row.decided.is_some() || !row.proposed.signs.is_empty());
        let place = |row: &ComputerRow| row.decided.as_ref().map(|state| !state.judged.in_scope);
        rows.sort_by_cached_key(|row| (place(row), !row.proposed.declared, host_key(&row.name)));
        Some(ComputerList { rows, not_looked_at })
    }

    fn computer_row(&self, id: &EquipmentId, proposed: HostProposal) -> ComputerRow {
        let key = computer_key(id, &proposed.host);
        let duties: Vec<DutyRow> = self.state.duties.of(&finding_of(&key)).cloned().collect();
        let decided = self.state.computers.get(&key).cloned();
        let differs = decided.as_ref().and_then(|_| self.computer_differs(&key));
        let unlisted = decided.as_ref().map(|state| unlisted(&state.judged, &proposed)).unwrap_or_default();
        let name = proposed.host.clone();
        ComputerRow { equipment_id: id.clone(), name, decided, proposed, unlisted, duties, differs }
    }

    fn computer_differs(&self, key: &ComputerKey) -> Option<FindingRow> {
        let rule = RuleId::new(computer_differs::ID).ok()?;
        let id = finding_id(&rule, &Subject::Computer(key.0.clone(), key.1.clone()));
        self.finding(&id).filter(|row| row.state == FindingState::Open)
    }

    /// Hosts that belong to no equipment, and how many of them were not looked at.
    fn near(&self) -> (Vec<HostNo>, usize) {
        let free = |host: &HostNo| self.drift.hosts.get(*host).is_some_and(|row| row.equipment.is_empty());
        let mut free = self.state.agents.iter().map(|(host, _)| host).filter(free);
        let near: Vec<HostNo> = free.by_ref().take(NEAR_HOSTS_MAX).collect();
        (near, free.count())
    }

    /// What stands on a host of what shows a computer: its system, machine, interfaces and sockets, without its packages.
    fn seen_host(&self, host: HostNo) -> Option<SeenHost> {
        let name = self.drift.hosts.get(host)?.name.as_ref()?.to_string();
        let shown = |sort: Sort| !matches!(sort, Sort::Package | Sort::Origin | Sort::Language);
        let items =
            self.state.assets.on(host, |item| shown(item.sort)).into_iter().filter_map(|item| item.observation());
        let items: Vec<Observation> = items.filter(|item| !matches!(item, Observation::Package(_))).collect();
        if items.is_empty() {
            return None;
        }
        Some(SeenHost { name, items })
    }

    /// How many declared hosts nobody has decided about, over all equipment.
    pub fn computers_undecided(&self) -> usize {
        let of = |(id, drift): (&EquipmentId, &Arc<EquipmentDrift>)| {
            let decided = self.state.computers.of_equipment(id).filter(|(key, _)| drift.declared.contains_key(&key.1));
            drift.declared.len().saturating_sub(decided.count())
        };
        self.drift.equipment.iter().map(of).sum()
    }

    /// What stands of one computer.
    pub fn computer_state(&self, id: &EquipmentId, name: &str) -> Option<&ComputerState> {
        self.state.computers.get(&computer_key(id, name))
    }

    /// Whether a notification of a computer was submitted.
    pub fn computer_was_submitted(&self, id: &EquipmentId, name: &str) -> bool {
        obliged::was_submitted(&self.state, &computer_key(id, name))
    }

    /// What is known of a product, as the law's rows ask it.
    pub fn computer_facts(&self, id: &EquipmentId, product: &NotifiedProduct) -> UnitFacts {
        facts_of(&self.state, id, product)
    }
}

/// The hardware counts only where the computer is an appliance, and a person says so.
fn unlisted(judged: &ComputerJudged, proposed: &HostProposal) -> Vec<String> {
    if !judged.in_scope {
        return Vec::new();
    }
    let known =
        |name: &str| judged.products.iter().any(|one| one.product == name || one.seen_as.as_deref() == Some(name));
    let units = proposed.units.iter().filter(|unit| unit.sort != UnitSort::ApplianceHardware);
    let names: BTreeSet<&str> = units.filter_map(|unit| unit.facts.product.as_deref()).collect();
    names.into_iter().filter(|name| !known(name)).map(str::to_string).collect()
}

#[cfg(test)]
#[path = "computers_tests.rs"]
mod tests;
