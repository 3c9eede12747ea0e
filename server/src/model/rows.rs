//! What the model answers: rows and pages of plain values, the same for the REST interface, the console and the terminal.
//! This file does not know how an answer is found or shown.
//! Invariant: `unknown` is a value of its own everywhere; it is never folded into "ok" or into an empty field.

mod components;
mod hosts;
mod tickets;

pub use super::duties::deadlines::{Deadline, DeadlineKind};
pub use super::duties::life::{DutyAct, DutyLife, DutyTurn};
pub use super::queries::decisions::DecisionRow;
pub use super::queries::{ComponentQuery, DutyDue, DutyQuery};
pub use components::*;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::{Category, Plan, PlanKind};
pub use daicho_schemas::fact::duty::DutyState;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{AgentId, DutyId, EquipmentId, FindingId, PartId, PlanId, RuleId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
pub use hosts::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
pub use tickets::*;

/// How sure a statement is, from a person's word down to a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Nothing is known.
    Unknown,
    /// A single mark that others could also carry.
    Low,
    /// A mark that normally only this one carries (a maintainer's domain).
    Medium,
    /// The source that issued it says so (a repository's index, os-release, firmware).
    High,
    /// A person decided it.
    Decided,
}

/// Who supplies a component, as far as is known, and why we say so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SupplierClaim {
    /// The record it was matched to; absent when none fits.
    pub supplier_id: Option<SupplierId>,
    /// The record's name, or else the host's own words.
    pub name: Text,
    /// The mark that was used, and where it was read.
    pub evidence: String,
    /// How sure.
    pub confidence: Confidence,
}

/// Where a component stands against the plans of its equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftStatus {
    /// A declared part covers it.
    Covered,
    /// No declared part covers it.
    Undeclared,
    /// No declared part covers it, and a person decided that it is no part of the equipment.
    NotPart,
    /// Declared, and nothing that it covers has been seen on hosts that were fully looked at.
    NotSeen,
    /// Declared, and nobody could look: no agent, a failed collector.
    NotObservable,
}

/// One line of an equipment's drift: everything of one product, supplier and category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftLine {
    /// Where it stands.
    pub status: DriftStatus,
    /// What it is.
    pub category: Category,
    /// What a plan would call it: the distribution for its packages, else the package's own name.
    pub product: String,
    /// Who supplies it.
    pub supplier: SupplierClaim,
    /// How many distinct components the line stands for.
    pub components: u64,
    /// Up to ten of them, by name and version.
    pub examples: Vec<String>,
    /// On which hosts, by host name: at most 10 of them.
    pub hosts: Vec<String>,
    /// On how many hosts.
    pub hosts_total: u64,
    /// The part that covers it, or the part that was not seen.
    pub part_id: Option<PartId>,
    /// The plan of that part.
    pub plan_id: Option<PlanId>,
}

impl DriftLine {
    /// How many hosts are not among the first ones that are named.
    pub fn hosts_left_out(&self, named_max: u64) -> u64 {
        self.hosts_total.saturating_sub(named_max.min(self.hosts.len() as u64))
    }
}

/// Where a plan stands (経済安全保障推進法 52–54), by its dates and a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No submission date.
    Draft,
    /// Submitted, not accepted: the clock has not started.
    Submitted,
    /// Accepted, and the prohibition period runs.
    Prohibited,
    /// The prohibition period is over; not introduced, or the entrustment has not begun.
    Cleared,
    /// Introduced.
    Introduced,
    /// The entrustment runs.
    EntrustmentRunning,
    /// The entrustment has ended.
    EntrustmentEnded,
}

/// 特定重要設備 in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquipmentRow {
    /// Its id.
    pub equipment_id: EquipmentId,
    /// 名称.
    pub name: Text,
    /// 種類 as filed.
    pub equipment_type: String,
    /// Who files.
    pub operator: Text,
    /// 設置及び使用する場所.
    pub place: String,
    /// Its plans with the phase of each.
    pub plans: Vec<PlanRow>,
    /// Hosts declared for it.
    pub hosts_declared: u64,
    /// Of these, hosts with an agent that is heard.
    pub hosts_heard: u64,
    /// Distinct components that a part covers.
    pub components_covered: u64,
    /// Distinct components that no part covers.
    pub components_undeclared: u64,
    /// Open findings.
    pub findings_open: u64,
    /// Duties that are not settled.
    pub duties_open: u64,
}

/// 特定重要設備 with everything about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquipmentDetail {
    /// The row of the list.
    #[serde(flatten)]
    pub row: EquipmentRow,
    /// 機能.
    pub function: String,
    /// What was observed against what was declared.
    pub drift: Vec<DriftLine>,
    /// Its hosts, at most 50 of them; a declared host without an agent is in `hosts_without_agent`.
    pub hosts: Vec<HostRow>,
    /// How many hosts it has.
    pub hosts_total: u64,
    /// Declared host names that no agent speaks for.
    pub hosts_without_agent: Vec<String>,
    /// Its findings, open ones first, at most 50 of them.
    pub findings: Vec<FindingRow>,
    /// Its duties, at most 50 of them.
    pub duties: Vec<DutyRow>,
    /// Findings or duties are left out here; their own lists have all.
    pub rest_in_lists: bool,
}

impl EquipmentDetail {
    /// How many hosts are not shown.
    pub fn hosts_left_out(&self) -> u64 {
        self.hosts_total.saturating_sub(self.hosts.len() as u64)
    }
}

/// A host in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRow {
    /// The agent that speaks for it.
    pub agent_id: AgentId,
    /// Its own name; absent while it has not said.
    pub hostname: Option<String>,
    /// Its operating system, for people.
    pub operating_system: Option<String>,
    /// The equipment it belongs to, if a plan says so.
    pub equipment_id: Option<EquipmentId>,
    /// Whether its agent is heard.
    pub hearing: Hearing,
    /// Whether its agent was revoked.
    pub revoked: bool,
    /// When its last batch was received.
    pub last_batch_at: Option<UtcMicros>,
    /// The number of its last batch.
    pub last_batch_number: u64,
    /// No agent speaks for it: which other tool told of it last, and when that tool looked, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<ToldRow>,
    /// Components on it.
    pub components: u64,
    /// Open findings that name it.
    pub findings_open: u64,
    /// Collectors whose last word was not complete (not-applicable ones left out).
    pub collectors_troubled: u64,
}

/// A host with everything about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostDetail {
    /// The row of the list.
    #[serde(flatten)]
    pub row: HostRow,
    /// How completely it is seen.
    pub coverage: Vec<CoverageRow>,
    /// Everything that is not a package: operating system, hardware, interfaces, sockets.
    pub facts: Vec<Observation>,
    /// Applications of which it has packages of programming languages, in order.
    pub applications: Vec<ApplicationRow>,
    /// Batches that the agent had to give up, in its own words.
    pub losses: Vec<String>,
    /// Findings that name it.
    pub findings: Vec<FindingRow>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Look at it.
    Notice,
    /// Act on it.
    Warning,
    /// Act on it now.
    Critical,
    /// What the law prohibits for the time may have been done: stop, and act on it before everything else.
    Gravest,
}

/// Where a finding is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Its cause is observed.
    Open,
    /// Its cause is no longer observed.
    Closed,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRow {
    /// Derived from rule and subject.
    pub finding_id: FindingId,
    /// Which rule.
    pub rule_id: RuleId,
    /// Where it is in its life.
    pub state: FindingState,
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
    /// The agents of the hosts it concerns, in the order of enrolment (up to 50).
    pub agent_ids: Vec<AgentId>,
    /// How many hosts it concerns.
    pub hosts: u64,
    /// The components it concerns, by name and version (up to 50).
    pub components: Vec<String>,
    /// Who supplies them, where the rule speaks of suppliers.
    pub supplier: Option<SupplierClaim>,
    /// The ticket that planned all of it, where one did.
    pub planned_by: Option<PlannedBy>,
    /// How often it has opened.
    pub openings: u64,
    /// When the entry was received that opened it last.
    pub opened_at: UtcMicros,
    /// The entry that opened it last.
    pub opened_seq: u64,
    /// When the entry was received that closed it.
    pub closed_at: Option<UtcMicros>,
    /// The entry that closed it.
    pub closed_seq: Option<u64>,
    /// The duties that hang on it.
    pub duty_ids: Vec<DutyId>,
}

/// What the law asks, before and after the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyOutcome {
    /// No duty, and the article that says so. A change that no table lists is not this.
    #[serde(rename = "no_duty")]
    Nothing,
    /// The table cannot decide: a person must answer the question.
    AskPerson,
    /// Report without delay (遅滞なく報告).
    Report,
    /// Notify (届出) by a day, or without delay after the fact: the change itself need not wait for anybody.
    Notify,
    /// File first (あらかじめ届出): the change may not be made before the period has passed.
    FileFirst,
}

/// What the law asks because of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRow {
    /// Derived from finding and table row.
    pub duty_id: DutyId,
    /// The finding it hangs on.
    pub finding_id: FindingId,
    /// The equipment.
    pub equipment_id: EquipmentId,
    /// The plan that was judged; absent when the equipment has none that counts.
    pub plan_id: Option<PlanId>,
    /// The regime: `jp-espa`.
    pub regime: String,
    /// The row of the decision table.
    pub row_id: String,
    /// The phase in which the plan was on the day of the change.
    pub phase: Option<Phase>,
    /// What the law asks.
    pub outcome: DutyOutcome,
    /// Where it is in its life: `open` until a person moves it. That its cause is gone is told beside it (`cause_gone`).
    pub state: DutyState,
    /// What people did about it.
    #[serde(flatten)]
    pub life: DutyLife,
    /// What it is about: the components and who supplies them.
    pub subject: Text,
    /// The duty in one sentence.
    pub title: Text,
    /// The form (様式), where one is named.
    pub form: Option<Text>,
    /// The articles.
    pub articles: Vec<Text>,
    /// By when: the counting rule in words.
    pub clock: Text,
    /// By which day, where the rule gives one.
    pub due_on: Option<CalendarDate>,
    /// The day of the change, in Japan.
    pub changed_on: CalendarDate,
    /// What a person must answer.
    pub question: Option<Text>,
    /// Data the filing needs and nobody has recorded yet.
    pub missing: Vec<Text>,
    /// The weakest confidence tag among the facts of law used: STAT, SEED, SEC, MACH, INF, MEM.
    pub confidence: String,
    /// What rests on less than statute, in words; empty when nothing does.
    pub caution: Option<Text>,
}

/// A plan in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    /// Its id.
    pub plan_id: PlanId,
    /// Installation or entrustment.
    pub plan_kind: PlanKind,
    /// Its equipment.
    pub equipment_id: EquipmentId,
    /// Its phase on the day asked.
    pub phase: Phase,
    /// The last day on which introduction is prohibited, once accepted.
    pub prohibited_through: Option<CalendarDate>,
    /// How many versions of it the ledger holds.
    pub versions: u64,
    /// The entry of the version that stands.
    pub seq: u64,
    /// The plan as filed.
    pub plan: Arc<Plan>,
}

/// A supplier in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierRow {
    /// The record that stands.
    #[serde(flatten)]
    pub record: SupplierRecord,
    /// The parts it supplies: plan and part.
    pub parts: Vec<(PlanId, PartId)>,
    /// Distinct components tied to it.
    pub components: u64,
    /// The entry of the record that stands.
    pub seq: u64,
    /// The day on which the data of its people was last erased, in Japan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_erased_on: Option<CalendarDate>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last page.
    pub next: Option<String>,
}

/// How much is really seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRow {
    /// Hosts with an agent that was not revoked.
    pub hosts: usize,
    /// Of these, hosts that are not heard.
    pub silent: usize,
    /// Of these, hosts that have never sent anything.
    pub never: usize,
    /// Of these, hosts where a collector could not look completely.
    pub troubled: usize,
    /// Hosts that plans declare and that are not heard.
    pub declared_not_heard: u64,
}

impl SeenRow {
    /// Whether everything that should be seen is seen. Nothing at all is not everything.
    pub fn whole(&self) -> bool {
        self.hosts > 0 && self.silent + self.never + self.troubled == 0 && self.declared_not_heard == 0
    }
}
