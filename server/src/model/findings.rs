//! The findings: the life of each rule's verdict on each subject, from opening to closing and back.
//! It does not know how a verdict is reached, nor who is told; it remembers what people were told.
//! Invariant: a finding is never deleted, its id follows from rule and subject, and judging the same state again changes nothing.

use super::meaning::SupplierKey;
use super::rows::{FindingRow, FindingState, Severity, SupplierClaim};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::{Notice, Notices, Transition};
use daicho_schemas::ids::{AgentId, EquipmentId, FindingId, RuleId};
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Components that a finding lists by name; more are counted in its text.
pub const COMPONENTS_LISTED_MAX: usize = 50;

/// What a rule judges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A product of a supplier on an equipment.
    Product(EquipmentId, SupplierKey, String),
    /// A supplier on an equipment.
    Supplier(EquipmentId, SupplierKey),
    /// A host, by its agent.
    Agent(AgentId),
    /// A network interface of a host, by its agent and name.
    Interface(AgentId, String),
}

impl fmt::Display for Subject {
    /// The spelling that finding ids are derived from. Lengths stand before free text, so no two subjects are spelled alike.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(equipment, supplier, product) => {
                let supplier = supplier.to_string();
                write!(out, "product:{equipment}:{}:{supplier}:{product}", supplier.len())
            }
            Self::Supplier(equipment, supplier) => write!(out, "supplier:{equipment}:{supplier}"),
            Self::Agent(agent) => write!(out, "agent:{agent}"),
            Self::Interface(agent, name) => write!(out, "interface:{agent}:{name}"),
        }
    }
}

/// What a rule says of a subject when it fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// How much it matters.
    pub severity: Severity,
    /// What happened.
    pub title: Text,
    /// Why it matters.
    pub why: Text,
    /// What to do next.
    pub next: Text,
    /// The equipment it concerns.
    pub equipment_id: Option<EquipmentId>,
    /// The agents of the hosts it concerns.
    pub agent_ids: Vec<AgentId>,
    /// The components it concerns, at most [`COMPONENTS_LISTED_MAX`].
    pub components: Vec<String>,
    /// Who supplies them, where the rule speaks of suppliers.
    pub supplier: Option<SupplierClaim>,
}

/// A finding with its whole life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule_id: RuleId,
    /// What was judged.
    pub subject: Subject,
    /// Where it is in its life.
    pub state: FindingState,
    /// The last verdict while it was open.
    pub verdict: Verdict,
    /// How often it has opened.
    pub openings: u64,
    /// The entry that opened it last.
    pub opened_seq: u64,
    /// When that entry was received.
    pub opened_at: UtcMicros,
    /// The entry that closed it; absent while open.
    pub closed_seq: Option<u64>,
    /// When that entry was received.
    pub closed_at: Option<UtcMicros>,
    /// What people were told last: which opening, and what became of it.
    pub told: Option<(u64, Transition)>,
}

impl Finding {
    /// What became of it last.
    pub fn transition(&self) -> Transition {
        match self.state {
            FindingState::Open => Transition::Opened,
            FindingState::Closed => Transition::Closed,
        }
    }
}

/// The place in the ledger at which something turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The entry.
    pub seq: u64,
    /// When it was received.
    pub received_at: UtcMicros,
}

/// Every finding there ever was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    by_id: BTreeMap<FindingId, Finding>,
}

/// How a judgement turned a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It opened, for the first time or again.
    Opened,
    /// It closed.
    Closed,
    /// It stayed open and now concerns another equipment, or an equipment at all.
    Moved,
    /// It stayed what it was.
    Stayed,
}

/// The id of the finding of a rule on a subject: `finding-` and 16 hex digits.
pub fn finding_id(rule: &RuleId, subject: &Subject) -> FindingId {
    let subject = subject.to_string();
    let hash = Hash::of("daicho.finding.v1", &[rule.as_str().as_bytes(), &[0], subject.as_bytes()]);
    FindingId::new(format!("finding-{}", hash.short())).unwrap_or_else(|_| unreachable!("hex digits fit an id"))
}

impl Findings {
    /// Takes a verdict in; `None` says that the rule's claim does not hold (any more).
    pub(crate) fn judged(
        &mut self,
        rule: &RuleId,
        subject: &Subject,
        verdict: Option<Verdict>,
        at: At,
    ) -> (FindingId, Turn) {
        let id = finding_id(rule, subject);
        let turn = match (self.by_id.get_mut(&id), verdict) {
            (None, None) => Turn::Stayed,
            (None, Some(verdict)) => {
                self.by_id.insert(id.clone(), first_opened(rule, subject, verdict, at));
                Turn::Opened
            }
            (Some(finding), Some(verdict)) => {
                let moved = finding.verdict.equipment_id != verdict.equipment_id;
                finding.verdict = verdict;
                if finding.state == FindingState::Closed {
                    reopen(finding, at);
                    Turn::Opened
                } else if moved {
                    Turn::Moved
                } else {
                    Turn::Stayed
                }
            }
            (Some(finding), None) if finding.state == FindingState::Open => {
                finding.state = FindingState::Closed;
                finding.closed_seq = Some(at.seq);
                finding.closed_at = Some(at.received_at);
                Turn::Closed
            }
            (Some(_), None) => Turn::Stayed,
        };
        (id, turn)
    }

    /// People were told. A notice of something that is no finding here changes nothing.
    pub(crate) fn told(&mut self, notices: &Notices) {
        for Notice { finding_id, opening, transition, .. } in &notices.notices {
            if let Some(finding) = self.by_id.get_mut(finding_id) {
                finding.told = Some((*opening, *transition));
            }
        }
    }

    /// One finding.
    pub fn get(&self, id: &FindingId) -> Option<&Finding> {
        self.by_id.get(id)
    }

    /// Every finding, in order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (&FindingId, &Finding)> {
        self.by_id.iter()
    }

    /// Findings that are open, in order of ids.
    pub fn open(&self) -> impl Iterator<Item = (&FindingId, &Finding)> {
        self.by_id.iter().filter(|(_, finding)| finding.state == FindingState::Open)
    }

    /// Findings of which people do not know yet what became of them, in order of ids.
    pub fn untold(&self) -> impl Iterator<Item = (&FindingId, &Finding)> {
        self.by_id.iter().filter(|(_, finding)| finding.told != Some((finding.openings, finding.transition())))
    }
}

fn first_opened(rule: &RuleId, subject: &Subject, verdict: Verdict, at: At) -> Finding {
    Finding {
        rule_id: rule.clone(),
        subject: subject.clone(),
        state: FindingState::Open,
        verdict,
        openings: 1,
        opened_seq: at.seq,
        opened_at: at.received_at,
        closed_seq: None,
        closed_at: None,
        told: None,
    }
}

fn reopen(finding: &mut Finding, at: At) {
    finding.state = FindingState::Open;
    finding.openings += 1;
    finding.opened_seq = at.seq;
    finding.opened_at = at.received_at;
    finding.closed_seq = None;
    finding.closed_at = None;
}

/// A finding as the pages show it.
pub fn row(id: &FindingId, finding: &Finding, duty_ids: Vec<daicho_schemas::ids::DutyId>) -> FindingRow {
    let verdict = finding.verdict.clone();
    FindingRow {
        finding_id: id.clone(),
        rule_id: finding.rule_id.clone(),
        state: finding.state,
        severity: verdict.severity,
        title: verdict.title,
        why: verdict.why,
        next: verdict.next,
        equipment_id: verdict.equipment_id,
        agent_ids: verdict.agent_ids,
        components: verdict.components,
        supplier: verdict.supplier,
        openings: finding.openings,
        opened_at: finding.opened_at,
        opened_seq: finding.opened_seq,
        closed_at: finding.closed_at,
        closed_seq: finding.closed_seq,
        duty_ids,
    }
}
