//! The drift of one equipment as people read it: what is there line by line, and the parts of which nothing was seen.
//! It does not know findings; it is the table behind them.
//! Invariant: "not seen" is only said when every declared host was fully looked at; otherwise it is "not observable".

use super::super::Model;
use super::super::cover::part_covers;
use super::super::meaning::{Marks, unknown_claim};
use super::super::numbers::HostNo;
use super::super::rows::{Confidence, DriftLine, DriftStatus, SupplierClaim};
use super::super::views::drift::{EquipmentDrift, Line};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::declaration::{Category, DeclaredPart};
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use std::collections::{BTreeMap, BTreeSet};

/// Examples in one line.
const EXAMPLES_MAX: usize = 10;
/// Hosts named in one line.
const HOSTS_NAMED_MAX: usize = 10;

impl Model {
    /// The drift of one equipment: undeclared first, then not seen, not observable, covered; then by category, product and
    /// supplier. Empty for an equipment that no plan names.
    pub fn drift(&self, id: &EquipmentId) -> Vec<DriftLine> {
        let Some(drift) = self.drift.equipment.get(id) else { return Vec::new() };
        let mut lines: Vec<DriftLine> = drift.lines().map(|line| self.seen_line(line)).collect();
        lines.extend(self.unseen_lines(id, drift));
        lines.sort_by_cached_key(|line| {
            let rank = match line.status {
                DriftStatus::Undeclared => 0,
                DriftStatus::NotSeen => 1,
                DriftStatus::NotObservable => 2,
                DriftStatus::NotPart => 3,
                DriftStatus::Covered => 4,
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

    fn seen_line(&self, line: &Line) -> DriftLine {
        let mut examples: Vec<String> = Vec::new();
        for listed in line.components.keys() {
            if examples.len() == EXAMPLES_MAX {
                break;
            }
            let example = listed.label.line();
            if examples.last() != Some(&example) {
                examples.push(example);
            }
        }
        let hosts: BTreeSet<String> = line.hosts.iter().take(HOSTS_NAMED_MAX).map(|host| self.name_of(host)).collect();
        let key = &line.key;
        DriftLine {
            status: key.status(),
            category: key.category,
            product: key.product.clone(),
            supplier: line.claim().cloned().unwrap_or_else(|| unknown_claim("")),
            components: line.components.len() as u64,
            examples,
            hosts: hosts.into_iter().collect(),
            hosts_total: line.hosts.len(),
            plan_id: key.cover.as_ref().map(|(plan, _)| plan.clone()),
            part_id: key.cover.as_ref().map(|(_, part)| part.clone()),
        }
    }

    fn unseen_lines(&self, id: &EquipmentId, drift: &EquipmentDrift) -> Vec<DriftLine> {
        let covering: BTreeSet<_> = drift.lines().filter_map(|line| line.key.cover.as_ref()).collect();
        let mut lines = Vec::new();
        let mut looked_at = BTreeMap::new();
        for state in self.state.declarations.covering_plans_of(id) {
            for part in &state.plan.parts {
                let place = (state.plan.plan_id.clone(), part.part_id.clone());
                if !covering.contains(&place) && !seen_under_another_part(part, drift) {
                    let fully =
                        *looked_at.entry(part.category).or_insert_with(|| self.fully_looked_at(drift, part.category));
                    lines.push(self.unseen_line(fully, &state.plan.plan_id, part));
                }
            }
        }
        lines
    }

    fn unseen_line(&self, fully_looked_at: bool, plan_id: &PlanId, part: &DeclaredPart) -> DriftLine {
        DriftLine {
            status: if fully_looked_at { DriftStatus::NotSeen } else { DriftStatus::NotObservable },
            category: part.category,
            product: part.name.clone(),
            supplier: self.declared_supplier(&part.supplier_id),
            components: 0,
            examples: Vec::new(),
            hosts: Vec::new(),
            hosts_total: 0,
            part_id: Some(part.part_id.clone()),
            plan_id: Some(plan_id.clone()),
        }
    }

    fn declared_supplier(&self, id: &SupplierId) -> SupplierClaim {
        let marks: &Marks = &self.drift.marks;
        marks.recorded(id, "named by the plan".into(), Confidence::Decided)
    }

    /// Whether every declared host has an agent that is heard and whose collectors for this category looked completely.
    fn fully_looked_at(&self, drift: &EquipmentDrift, category: Category) -> bool {
        let looked = |host: &HostNo| {
            let heard = self.drift.hosts.get(*host).is_some_and(|row| row.seen.heard());
            heard && self.looked_completely(*host, category)
        };
        let names: BTreeSet<&str> = drift
            .members
            .iter()
            .filter(looked)
            .filter_map(|host| self.drift.hosts.get(host))
            .map(|row| &*row.key)
            .collect();
        !drift.declared.is_empty() && drift.declared.keys().all(|name| names.contains(name.as_str()))
    }

    fn looked_completely(&self, host: HostNo, category: Category) -> bool {
        let outcome = |collector: &str| self.state.coverage.outcome(host, collector);
        let complete = |collector: &str| outcome(collector) == Some(Outcome::Complete);
        match category {
            Category::OperatingSystem => complete("operating_system"),
            Category::ServerHardware | Category::Firmware => complete("hardware"),
            Category::Application | Category::Middleware => {
                // One package database read completely, and none that is there and could not be read.
                let managers = ["dpkg", "rpm", "apk", "pacman", "opkg", "installed_programs"];
                let beside = ["snap", "flatpak", "package_managers", "appx"];
                let unread = |name: &str| matches!(outcome(name), Some(Outcome::Partial | Outcome::Failed));
                managers.iter().any(|name| complete(name)) && !managers.iter().chain(&beside).any(|name| unread(name))
            }
            // No collector looks at other machines or at things without a name of their own.
            Category::NetworkDevice | Category::Auxiliary => false,
        }
    }

    /// A host's name, or its agent's id while it has none.
    fn name_of(&self, host: HostNo) -> String {
        let name = self.drift.hosts.get(host).and_then(|row| row.name.as_ref());
        let agent_id = || self.state.agents.by_number(host).map_or("", |agent| agent.agent_id.as_str());
        name.map_or_else(agent_id, |name| &**name).to_string()
    }
}

/// Whether something that this part covers too stands in a line of another part that went before it.
fn seen_under_another_part(part: &DeclaredPart, drift: &EquipmentDrift) -> bool {
    let same = drift.lines().filter(|line| line.key.supplier.recorded() == Some(&part.supplier_id));
    same.into_iter().any(|line| {
        let mut last = None;
        line.components.keys().any(|listed| {
            // Many components of one name are one question.
            let name = listed.label.name.as_str();
            last.replace(name) != Some(name) && part_covers(part, line.key.category, &line.key.product, name)
        })
    })
}
