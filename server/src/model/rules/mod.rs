//! The rules: each one claim about a subject that either holds now or does not. One file per rule, one line here.
//! They do not know time, notices or what the law asks; a rule looks at the state and nothing else.
//! Invariant: a rule judges only what was seen; a report that failed or is partial takes nothing away, so it closes nothing.
//!
//! # Adding a rule
//!
//! 1. Write `rules/<rule>.rs` with its text, `subjects`, `judge` and `RULE`, and its examples as tests: it fires, it stays
//!    silent, absent is not gone, it closes, and replaying changes nothing.
//! 2. Add its module here and its line to [`RULES`]; its id is its file's name and is never reused.
//! 3. If it judges a new sort of thing, add that to `Subject` in `findings.rs` and to `Touched` in `views/drift.rs`.
//! 4. If the law may ask something because of it, add rows to `schemas/regimes/` and the change to `duties/judge.rs`.

mod agent_silent;
mod changed_while_prohibited;
mod circuit_missing;
mod circuit_unexplained;
pub(crate) mod circuits;
pub(crate) mod computer_differs;
mod computer_not_notified;
mod declaration_changed;
mod device_firmware_affected;
mod device_firmware_end_of_life;
mod device_way_in_undeclared;
mod device_way_in_unrestricted;
mod package_file_changed;
mod party_changed;
mod planned;
mod planned_change_differs;
mod planned_change_prohibited;
mod planned_change_unseen;
mod remote_maintenance_unanswered;
mod remote_path_undeclared;
mod remote_path_without_contract;
pub(crate) mod remote_paths;
pub(crate) mod remote_tool_undeclared;
mod supplier_unconfirmed;
mod undeclared_component;
mod undeclared_host;
mod undeclared_supplier;
mod unknown_device_on_segment;
mod uplink_in_no_circuit;

pub(crate) use device_way_in_undeclared::sort_text as way_in_sort_text;

use super::findings::{At, COMPONENTS_LISTED_MAX, Findings, Subject, Turn, Verdict};
use super::numbers::HostNo;
use super::rows::SupplierClaim;
use super::state::State;
use super::views::drift::{Drift, Line, Listed, Touched};
use daicho_schemas::ids::{AgentId, EquipmentId, FindingId, RuleId};
use daicho_schemas::text::Text;
use planned::tickets_touched;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// What a rule may look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The stored views.
    pub state: &'a State,
    /// What follows from them.
    pub drift: &'a Drift,
}

/// One rule.
pub struct Rule {
    /// Its name, as it crosses the border.
    pub id: &'static str,
    /// Its claim in one sentence.
    pub claim: fn() -> Text,
    /// The subjects that a touched state makes it judge again. Those of open findings of a touched equipment are added.
    pub subjects: fn(&Facts<'_>, &Touched) -> BTreeSet<Subject>,
    /// Its verdict on one subject; `None` when the claim does not hold.
    pub judge: fn(&Facts<'_>, &Subject) -> Option<Verdict>,
}

/// Every rule, in the order of the documentation.
pub const RULES: &[Rule] = &[
    undeclared_component::RULE,
    undeclared_supplier::RULE,
    supplier_unconfirmed::RULE,
    undeclared_host::RULE,
    remote_path_undeclared::RULE,
    remote_tool_undeclared::RULE,
    package_file_changed::RULE,
    device_way_in_undeclared::RULE,
    device_way_in_unrestricted::RULE,
    device_firmware_affected::RULE,
    device_firmware_end_of_life::RULE,
    remote_path_without_contract::RULE,
    remote_maintenance_unanswered::RULE,
    unknown_device_on_segment::RULE,
    circuit_unexplained::RULE,
    circuit_missing::RULE,
    uplink_in_no_circuit::RULE,
    agent_silent::RULE,
    declaration_changed::RULE,
    party_changed::RULE,
    computer_not_notified::RULE,
    computer_differs::RULE,
    changed_while_prohibited::RULE,
    planned_change_prohibited::RULE,
    planned_change_differs::RULE,
    planned_change_unseen::RULE,
];

/// The rule of what the law prohibits for the time. It goes before everything else wherever findings are told.
pub const CHANGED_WHILE_PROHIBITED: &str = "changed_while_prohibited";
/// The rule of ways in of devices that nobody declared.
pub const DEVICE_WAY_IN_UNDECLARED: &str = "device_way_in_undeclared";
/// The rule of what differs from a ticket.
pub const PLANNED_CHANGE_DIFFERS: &str = "planned_change_differs";

impl Rule {
    /// The id, typed.
    pub fn rule_id(&self) -> RuleId {
        RuleId::new(self.id).unwrap_or_else(|_| unreachable!("rule ids are well-formed"))
    }
}

/// Judges what was touched, with every rule. Answers which findings turned, and how.
pub(crate) fn judge(
    state: &State,
    drift: &Drift,
    findings: &mut Findings,
    touched: &Touched,
    at: At,
) -> Vec<(FindingId, Turn)> {
    let facts = Facts { state, drift };
    let mut turned = Vec::new();
    for rule in RULES {
        let id = rule.rule_id();
        let mut subjects = (rule.subjects)(&facts, touched);
        for equipment in &touched.equipment {
            let open = findings.open_of(equipment).filter(|(_, finding)| finding.rule_id == id);
            subjects.extend(open.map(|(_, finding)| finding.subject.clone()));
        }
        for subject in subjects {
            let verdict = (rule.judge)(&facts, &subject);
            let (finding, turn) = findings.judged(&id, &subject, verdict, at);
            if turn != Turn::Stayed {
                turned.push((finding, turn));
            }
        }
    }
    turned
}

impl Facts<'_> {
    /// The name of an equipment.
    fn equipment_name(&self, id: &EquipmentId) -> Text {
        let described = self.state.declarations.equipment_described(id);
        described.map_or_else(|| Text::same(id.as_str()), |equipment| equipment.name.clone())
    }

    /// The number of an agent's host.
    fn host(&self, agent: &AgentId) -> Option<HostNo> {
        self.state.agents.number(agent)
    }

    /// The agents of hosts as subjects.
    fn agents_of(&self, hosts: &BTreeSet<HostNo>) -> BTreeSet<Subject> {
        let agents = hosts.iter().filter_map(|host| self.state.agents.by_number(*host));
        agents.map(|agent| Subject::Agent(agent.agent_id.clone())).collect()
    }

    /// The name of a host, or its agent's id while it has none.
    fn hostname(&self, agent: &AgentId) -> String {
        let row = self.host(agent).and_then(|host| self.drift.hosts.get(host));
        row.and_then(|row| row.name.as_ref()).map_or_else(|| agent.to_string(), |name| name.to_string())
    }

    /// The equipment a host belongs to; the first where there are several.
    fn equipment_of(&self, agent: &AgentId) -> Option<EquipmentId> {
        self.drift.hosts.get(self.host(agent)?)?.equipment.first().cloned()
    }

    /// Whether an agent enrolled and may still speak.
    fn may_speak(&self, agent: &AgentId) -> bool {
        self.state.agents.get(agent).is_some_and(|state| state.revoked.is_none())
    }

    /// A finding's hosts: a set of one.
    fn only(&self, agent: &AgentId) -> RoaringBitmap {
        self.host(agent).into_iter().collect()
    }

    /// The components of some lines by name and version, in order, at most [`COMPONENTS_LISTED_MAX`], and how many there are.
    fn components(&self, lines: &[&Line]) -> (Vec<String>, usize) {
        let named = |listed: &BTreeSet<&Listed>| {
            listed.iter().take(COMPONENTS_LISTED_MAX).map(|listed| listed.label.line()).collect()
        };
        if let [line] = lines {
            return (named(&line.components.keys().take(COMPONENTS_LISTED_MAX).collect()), line.components.len());
        }
        let all: BTreeSet<&Listed> = lines.iter().flat_map(|line| line.components.keys()).collect();
        (named(&all), all.len())
    }
}

/// The computers that somebody decided about and that a fact concerns: by themselves, their equipment, or a host of their name.
fn computers_touched(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let computers = &facts.state.computers;
    let of_equipment = touched.equipment.iter().flat_map(|id| computers.of_equipment(id).map(|(key, _)| key.clone()));
    let are = touched.hosts.iter().filter_map(|host| Some(facts.drift.hosts.get(*host)?.key.to_string()));
    let names: BTreeSet<String> = are.chain(touched.names.iter().cloned()).collect();
    let of_names = names.iter().flat_map(|name| computers.of_name(name));
    let keys = touched.computers.iter().cloned().chain(of_equipment).chain(of_names);
    keys.map(|(equipment, name)| Subject::Computer(equipment, name)).collect()
}

fn hosts_of(lines: &[&Line]) -> RoaringBitmap {
    let mut hosts = RoaringBitmap::new();
    lines.iter().for_each(|line| hosts |= &line.hosts);
    hosts
}

fn weakest_claim(lines: &[&Line]) -> Option<SupplierClaim> {
    lines.iter().filter_map(|line| line.claim()).min_by_key(|claim| claim.confidence).cloned()
}

fn supplier_name(claim: Option<&SupplierClaim>) -> Text {
    claim.map_or_else(|| Text::new("不明", "unknown"), |claim| claim.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_unique_well_formed_and_speak_both_languages() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            assert_eq!(rule.rule_id().as_str(), rule.id);
            let claim = (rule.claim)();
            assert!(!claim.ja.is_empty() && !claim.en.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn nothing_seen_and_nothing_declared_is_no_finding() {
        let mut findings = Findings::default();
        let touched = Touched::everything(&State::default(), &Drift::default());
        let at = At { seq: 1, received_at: "2026-11-21T03:00:00.000000Z".parse().unwrap() };
        assert_eq!(judge(&State::default(), &Drift::default(), &mut findings, &touched, at), []);
    }
}
