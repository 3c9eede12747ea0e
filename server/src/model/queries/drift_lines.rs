//! The drift of one equipment as people read it: what is there line by line, and the parts of which nothing was seen.
//! It does not know findings; it is the table behind them.
//! Invariant: "not seen" is only said when every declared host was fully looked at; otherwise it is "not observable".

use super::super::Model;
use super::super::cover::part_covers;
use super::super::meaning::{Marks, name_and_version, unknown_claim};
use super::super::rows::{Confidence, DriftLine, DriftStatus, SupplierClaim};
use super::super::views::declarations::host_key;
use super::super::views::drift::{EquipmentDrift, Line, LineKey, label_of};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::{Category, DeclaredPart};
use daicho_schemas::ids::{AgentId, EquipmentId, PlanId, SupplierId};
use std::collections::BTreeSet;

/// Examples in one line.
const EXAMPLES_MAX: usize = 10;

impl Model {
    /// The drift of one equipment: undeclared first, then not seen, not observable, covered; then by category, product and
    /// supplier. Empty for an equipment that no plan names.
    pub fn drift(&self, id: &EquipmentId) -> Vec<DriftLine> {
        let Some(drift) = self.drift.equipment.get(id) else { return Vec::new() };
        let mut lines: Vec<DriftLine> = drift.lines.iter().map(|(key, line)| self.seen_line(key, line)).collect();
        lines.extend(self.unseen_lines(id, drift));
        lines.sort_by_cached_key(|line| {
            let rank = match line.status {
                DriftStatus::Undeclared => 0,
                DriftStatus::NotSeen => 1,
                DriftStatus::NotObservable => 2,
                DriftStatus::Covered => 3,
            };
            (
                rank,
                line.category,
                line.product.clone(),
                line.supplier.clone(),
                line.plan_id.clone(),
                line.part_id.clone(),
            )
        });
        lines
    }

    fn seen_line(&self, key: &LineKey, line: &Line) -> DriftLine {
        let examples: BTreeSet<String> = line.components.keys().map(|hash| label_of(&self.state, hash)).collect();
        let hosts: BTreeSet<String> = line.hosts.keys().map(|agent| self.name_of(agent)).collect();
        DriftLine {
            status: if key.cover.is_some() { DriftStatus::Covered } else { DriftStatus::Undeclared },
            category: key.category,
            product: key.product.clone(),
            supplier: line.claim().cloned().unwrap_or_else(|| unknown_claim("")),
            components: line.components.len() as u64,
            examples: examples.into_iter().take(EXAMPLES_MAX).collect(),
            hosts: hosts.into_iter().collect(),
            plan_id: key.cover.as_ref().map(|(plan, _)| plan.clone()),
            part_id: key.cover.as_ref().map(|(_, part)| part.clone()),
        }
    }

    fn unseen_lines(&self, id: &EquipmentId, drift: &EquipmentDrift) -> Vec<DriftLine> {
        let covering: BTreeSet<_> = drift.lines.keys().filter_map(|key| key.cover.as_ref()).collect();
        let mut lines = Vec::new();
        for state in self.state.declarations.covering_plans_of(id) {
            for part in &state.plan.parts {
                let place = (state.plan.plan_id.clone(), part.part_id.clone());
                if !covering.contains(&place) && !self.seen_under_another_part(part, drift) {
                    lines.push(self.unseen_line(id, &state.plan.plan_id, part));
                }
            }
        }
        lines
    }

    /// Whether something that this part covers too stands in a line of another part that went before it.
    fn seen_under_another_part(&self, part: &DeclaredPart, drift: &EquipmentDrift) -> bool {
        let same = drift.lines.iter().filter(|(key, _)| key.supplier.recorded() == Some(&part.supplier_id));
        same.into_iter().any(|(key, line)| {
            line.components.keys().filter_map(|hash| self.state.assets.item(hash)).any(|item| {
                let (name, _) = name_and_version(&item.observation);
                part_covers(part, key.category, &key.product, &name)
            })
        })
    }

    fn unseen_line(&self, id: &EquipmentId, plan_id: &PlanId, part: &DeclaredPart) -> DriftLine {
        let status =
            if self.fully_looked_at(id, part.category) { DriftStatus::NotSeen } else { DriftStatus::NotObservable };
        DriftLine {
            status,
            category: part.category,
            product: part.name.clone(),
            supplier: self.declared_supplier(&part.supplier_id),
            components: 0,
            examples: Vec::new(),
            hosts: Vec::new(),
            part_id: Some(part.part_id.clone()),
            plan_id: Some(plan_id.clone()),
        }
    }

    fn declared_supplier(&self, id: &SupplierId) -> SupplierClaim {
        let marks: &Marks = &self.drift.marks;
        marks.recorded(id, "named by the plan".into(), Confidence::Decided)
    }

    /// Whether every declared host has an agent that is heard and whose collectors for this category looked completely.
    fn fully_looked_at(&self, id: &EquipmentId, category: Category) -> bool {
        let hosts = self.state.declarations.hosts_of(id);
        let Some(drift) = self.drift.equipment.get(id) else { return false };
        !hosts.is_empty()
            && hosts.iter().all(|host| {
                let key = host_key(host);
                let mut speakers = drift.members.iter().filter(|agent| self.name_key(agent) == key);
                speakers.any(|agent| self.heard(agent) && self.looked_completely(agent, category))
            })
    }

    /// An agent that may speak and is heard.
    pub(super) fn heard(&self, agent: &AgentId) -> bool {
        let revoked = self.state.agents.get(agent).is_none_or(|state| state.revoked.is_some());
        !revoked && self.state.coverage.hearing(agent) == Hearing::Heard
    }

    fn looked_completely(&self, agent: &AgentId, category: Category) -> bool {
        let outcome = |collector: &str| self.state.coverage.outcome(agent, collector);
        let complete = |collector: &str| outcome(collector) == Some(Outcome::Complete);
        match category {
            Category::OperatingSystem => complete("operating_system"),
            Category::ServerHardware | Category::Firmware => complete("hardware"),
            Category::Application | Category::Middleware => {
                // One package database read completely, and none that is there and could not be read.
                let managers = ["dpkg", "rpm"];
                let unread = |name: &str| matches!(outcome(name), Some(Outcome::Partial | Outcome::Failed));
                managers.iter().any(|name| complete(name)) && !managers.iter().any(|name| unread(name))
            }
            // No collector looks at other machines or at things without a name of their own.
            Category::NetworkDevice | Category::Auxiliary => false,
        }
    }

    /// A host's name, or its agent's id while it has none.
    pub(super) fn name_of(&self, agent: &AgentId) -> String {
        let hosts = &self.drift.hosts;
        let name = hosts.get(agent).and_then(|host| self.state.hostname(agent, &host.context));
        name.unwrap_or_else(|| agent.to_string())
    }

    /// A host's name as names are compared.
    pub(super) fn name_key(&self, agent: &AgentId) -> String {
        host_key(&self.name_of(agent))
    }
}
