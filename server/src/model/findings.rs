//! The findings: the life of each rule's verdict on each subject, from opening to closing and back.
//! It does not know how a verdict is reached, nor who is told; it remembers what people were told.
//! Invariant: a finding is never deleted, its id follows from rule and subject, and judging the same state again changes nothing.

mod subject;

pub use subject::Subject;

use super::numbers::{HostNo, place};
use super::rows::{FindingRow, FindingState, PlannedBy, Severity, SupplierClaim};
use super::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::{Notice, Notices, Transition};
use daicho_schemas::ids::{AgentId, EquipmentId, FindingId, RuleId};
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use imbl::{OrdMap, OrdSet, Vector};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::Arc;

/// Components that a finding lists by name; more are counted in its text.
pub const COMPONENTS_LISTED_MAX: usize = 50;
/// Agents that a row of a finding lists; more are counted.
pub const AGENTS_LISTED_MAX: usize = 50;

/// What a rule says of a subject when it fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The hosts it concerns.
    #[serde(skip)]
    pub hosts: RoaringBitmap,
    /// The components it concerns, at most [`COMPONENTS_LISTED_MAX`].
    pub components: Vec<String>,
    /// Who supplies them, where the rule speaks of suppliers.
    pub supplier: Option<SupplierClaim>,
    /// The ticket that planned all of it, where one did: then it is explained, and still there.
    pub planned_by: Option<PlannedBy>,
}

/// A finding with its whole life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

    /// Whether people do not know yet what became of it.
    pub fn is_untold(&self) -> bool {
        self.told != Some((self.openings, self.transition()))
    }

    /// The entry that turned it last.
    pub fn caused_by_seq(&self) -> u64 {
        self.closed_seq.unwrap_or(self.opened_seq)
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
#[derive(Clone, Debug, Default)]
pub struct Findings {
    by_id: OrdMap<FindingId, Arc<Finding>>,
    order: OrdSet<Rank>,
    by_equipment: OrdSet<(EquipmentId, Option<Rank>)>,
    /// Those that concern one host, by host; the others are in `wide`.
    by_host: OrdSet<(HostNo, Option<FindingId>)>,
    wide: OrdSet<(Option<EquipmentId>, Option<FindingId>)>,
    /// By the entry that caused what is to be told.
    untold: OrdSet<(u64, FindingId)>,
    /// How many are open and closed, by severity.
    counts: [[usize; 4]; 2],
    /// How many open ones name a host, by its number.
    open_on: Vector<u32>,
    /// Every host that a finding of several hosts has ever named, by equipment: where to look for the findings of a host.
    named: OrdMap<Option<EquipmentId>, Arc<RoaringBitmap>>,
}

/// Open ones first, then by severity, newest first; ids decide between equals.
type Rank = (bool, Reverse<Severity>, Reverse<u64>, Option<FindingId>);

fn rank(id: &FindingId, finding: &Finding) -> Rank {
    let closed = finding.state == FindingState::Closed;
    (closed, Reverse(finding.verdict.severity), Reverse(finding.opened_seq), Some(id.clone()))
}

/// How a judgement turned a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It opened, for the first time or again.
    Opened,
    /// It closed.
    Closed,
    /// It stayed open and now concerns another equipment, or an equipment at all, or matters more or less.
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
        let before = self.by_id.get(&id);
        let (after, turn) = match (before, verdict) {
            (None, None) => (None, Turn::Stayed),
            (None, Some(verdict)) => (Some(first_opened(rule, subject, verdict, at)), Turn::Opened),
            (Some(before), Some(verdict)) if before.state == FindingState::Closed => {
                (Some(reopened(before, verdict, at)), Turn::Opened)
            }
            (Some(before), Some(verdict)) if before.verdict == verdict => (None, Turn::Stayed),
            (Some(before), Some(verdict)) => {
                let key = |verdict: &Verdict| (verdict.equipment_id.clone(), verdict.severity);
                let moved = key(&before.verdict) != key(&verdict);
                let turn = if moved { Turn::Moved } else { Turn::Stayed };
                (Some(Finding { verdict, ..Finding::clone(before) }), turn)
            }
            (Some(before), None) if before.state == FindingState::Open => {
                let (closed_seq, closed_at) = (Some(at.seq), Some(at.received_at));
                let closed = Finding { state: FindingState::Closed, closed_seq, closed_at, ..Finding::clone(before) };
                (Some(closed), Turn::Closed)
            }
            (Some(_), None) => (None, Turn::Stayed),
        };
        if let Some(after) = after {
            self.put(&id, after);
        }
        (id, turn)
    }

    /// People were told. A notice of something that is no finding here changes nothing.
    pub(crate) fn told(&mut self, notices: &Notices) {
        for Notice { finding_id, opening, transition, .. } in &notices.notices {
            if let Some(finding) = self.by_id.get(finding_id) {
                let told = Finding { told: Some((*opening, *transition)), ..Finding::clone(finding) };
                self.put(finding_id, told);
            }
        }
    }

    /// A duty came that people were not told of when the finding opened.
    pub(crate) fn tell_again(&mut self, id: &FindingId) {
        if let Some(finding) = self.by_id.get(id).filter(|finding| !finding.is_untold()) {
            self.put(id, Finding { told: None, ..Finding::clone(finding) });
        }
    }

    fn put(&mut self, id: &FindingId, finding: Finding) {
        let finding = Arc::new(finding);
        let before = self.by_id.insert(id.clone(), Arc::clone(&finding));
        self.name(before.as_deref(), &finding);
        let after = Some(finding);
        let same = |a: &Finding, b: &Finding| {
            let key = |finding: &Finding| (rank(id, finding), finding.verdict.equipment_id.clone(), only_host(finding));
            let told = |finding: &Finding| (finding.is_untold(), finding.caused_by_seq());
            told(a) == told(b) && key(a) == key(b)
        };
        if before.as_ref().zip(after.as_ref()).is_some_and(|(before, after)| same(before, after)) {
            return;
        }
        if let Some(before) = before {
            self.list(id, &before, false);
        }
        if let Some(after) = after {
            self.list(id, &after, true);
        }
    }

    /// Counts the hosts that a finding names now and did not, and the other way round.
    fn name(&mut self, before: Option<&Finding>, after: &Finding) {
        let nobody = RoaringBitmap::new();
        let open = |finding: &Finding| finding.state == FindingState::Open;
        let were = before.filter(|finding| open(finding)).map_or(&nobody, |finding| &finding.verdict.hosts);
        let are = if open(after) { &after.verdict.hosts } else { &nobody };
        if were != are {
            (were - are).iter().for_each(|host| self.count_on(host, false));
            (are - were).iter().for_each(|host| self.count_on(host, true));
        }
        if only_host(after).is_none() {
            let named = self.named.entry(after.verdict.equipment_id.clone()).or_default();
            if !after.verdict.hosts.is_subset(named) {
                *Arc::make_mut(named) |= &after.verdict.hosts;
            }
        }
    }

    fn count_on(&mut self, host: HostNo, more: bool) {
        while self.open_on.len() <= place(host) {
            self.open_on.push_back(0);
        }
        if let Some(count) = self.open_on.get_mut(place(host)) {
            *count = if more { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// Enters a finding in every list, or takes it out.
    fn list(&mut self, id: &FindingId, finding: &Finding, enter: bool) {
        fn change<T: Ord + Clone>(set: &mut OrdSet<T>, value: T, enter: bool) {
            if enter {
                set.insert(value)
            } else {
                set.remove(&value)
            };
        }
        let rank = rank(id, finding);
        if let Some(equipment) = &finding.verdict.equipment_id {
            change(&mut self.by_equipment, (equipment.clone(), Some(rank.clone())), enter);
        }
        match only_host(finding) {
            Some(host) => change(&mut self.by_host, (host, Some(id.clone())), enter),
            None => change(&mut self.wide, (finding.verdict.equipment_id.clone(), Some(id.clone())), enter),
        }
        if finding.is_untold() {
            change(&mut self.untold, (finding.caused_by_seq(), id.clone()), enter);
        }
        let by_severity = self.counts.get_mut(usize::from(rank.0));
        if let Some(count) = by_severity.and_then(|counts| counts.get_mut(severity_place(finding.verdict.severity))) {
            *count = if enter { *count + 1 } else { count.saturating_sub(1) };
        }
        change(&mut self.order, rank, enter);
    }

    /// One finding.
    pub fn get(&self, id: &FindingId) -> Option<&Finding> {
        self.by_id.get(id).map(|finding| &**finding)
    }

    /// Every finding behind one, or all of them: open ones first, then by severity, newest first.
    pub fn after<'a>(
        &'a self,
        finding: Option<(&FindingId, &Finding)>,
    ) -> impl Iterator<Item = (&'a FindingId, &'a Finding)> {
        let from = finding.map_or(Bound::Unbounded, |(id, finding)| Bound::Excluded(rank(id, finding)));
        self.ranked(self.order.range((from, Bound::Unbounded)))
    }

    /// Findings of a state and a severity, where these are asked, from a place in their list on.
    pub fn some(
        &self,
        state: Option<FindingState>,
        severity: Option<Severity>,
        skip: usize,
    ) -> impl Iterator<Item = (&FindingId, &Finding)> {
        let closed = state.map(|state| state == FindingState::Closed);
        let wanted = move |rank: &&Rank| {
            closed.is_none_or(|closed| rank.0 == closed) && severity.is_none_or(|severity| rank.1.0 == severity)
        };
        self.ranked(self.order.iter().filter(wanted).skip(skip))
    }

    /// Findings that are open, in order of the list.
    pub fn open(&self) -> impl Iterator<Item = (&FindingId, &Finding)> {
        self.ranked(self.order.iter().take_while(|(closed, ..)| !closed))
    }

    /// The open finding of a severity that was opened last.
    pub fn newest_open(&self, severity: Severity) -> Option<(&FindingId, &Finding)> {
        let first = (false, Reverse(severity), Reverse(u64::MAX), None);
        let ranks = self.order.range(first..).take_while(|(closed, rank, ..)| !closed && rank.0 == severity);
        self.ranked(ranks).next()
    }

    /// Findings of one equipment, in order of the list.
    pub fn of_equipment<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = (&'a FindingId, &'a Finding)> {
        let own = self.by_equipment.range((id.clone(), None)..).take_while(move |(equipment, _)| equipment == id);
        self.ranked(own.filter_map(|(_, rank)| rank.as_ref()))
    }

    /// Open findings of one equipment, in order of the list.
    pub fn open_of<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = (&'a FindingId, &'a Finding)> {
        self.of_equipment(id).take_while(|(_, finding)| finding.state == FindingState::Open)
    }

    /// Findings that name one host; in no particular order.
    pub fn of_host(&self, host: HostNo) -> impl Iterator<Item = (&FindingId, &Finding)> {
        let own = self.by_host.range((host, None)..);
        let own = own.take_while(move |(other, _)| *other == host).filter_map(|(_, id)| id.as_ref());
        let own = own.filter_map(|id| self.by_id.get_key_value(id).map(|(id, finding)| (id, &**finding)));
        let named = self.named.iter().filter(move |(_, hosts)| hosts.contains(host));
        let wide = named.flat_map(move |(equipment, _)| {
            let all = self.wide.range((equipment.clone(), None)..).take_while(move |(other, _)| other == equipment);
            all.filter_map(|(_, id)| self.by_id.get_key_value(id.as_ref()?)).map(|(id, finding)| (id, &**finding))
        });
        own.chain(wide.filter(move |(_, finding)| finding.verdict.hosts.contains(host)))
    }

    /// How many open findings name one host.
    pub fn open_on(&self, host: HostNo) -> u64 {
        self.open_on.get(place(host)).copied().map_or(0, u64::from)
    }

    /// How many findings of one equipment are open.
    pub fn count_open_of(&self, id: &EquipmentId) -> usize {
        let own = self.by_equipment.range((id.clone(), None)..).take_while(|(equipment, _)| equipment == id);
        own.take_while(|(_, rank)| rank.as_ref().is_some_and(|(closed, ..)| !closed)).count()
    }

    fn ranked<'a>(
        &'a self,
        ranks: impl Iterator<Item = &'a Rank>,
    ) -> impl Iterator<Item = (&'a FindingId, &'a Finding)> {
        ranks.filter_map(|(.., id)| {
            let id = id.as_ref()?;
            self.by_id.get(id).map(|finding| (id, &**finding))
        })
    }

    /// How many there are of a state and a severity; of all of them where none is named.
    pub fn count(&self, state: Option<FindingState>, severity: Option<Severity>) -> usize {
        let states = [FindingState::Open, FindingState::Closed].into_iter().zip(&self.counts);
        let counts = states.filter(|(known, _)| state.is_none_or(|state| state == *known)).map(|(_, counts)| counts);
        let severities = |counts: &[usize; 4]| -> usize {
            let wanted = |at: usize| severity.is_none_or(|severity| severity_place(severity) == at);
            counts.iter().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, count)| count).sum()
        };
        counts.map(severities).sum()
    }

    /// Findings of which people do not know yet what became of them, in order of the entries that caused it.
    pub fn untold(&self) -> impl Iterator<Item = (&FindingId, &Finding)> {
        self.untold.iter().filter_map(|(_, id)| self.get(id).map(|finding| (id, finding)))
    }
}

/// The host of a finding that concerns one only.
fn only_host(finding: &Finding) -> Option<HostNo> {
    let hosts = &finding.verdict.hosts;
    hosts.min().filter(|first| hosts.max() == Some(*first))
}

fn severity_place(severity: Severity) -> usize {
    match severity {
        Severity::Notice => 0,
        Severity::Warning => 1,
        Severity::Critical => 2,
        Severity::Gravest => 3,
    }
}

impl Keep for Finding {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.json(self)?;
        self.verdict.hosts.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut finding: Self = from.json()?;
        finding.verdict.hosts = Keep::back(from)?;
        Ok(finding)
    }
}

impl Keep for Findings {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.by_id.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut findings = Self::default();
        for _ in 0..from.count()? {
            let (id, finding) = <(FindingId, Finding)>::back(from)?;
            findings.put(&id, finding);
        }
        Ok(findings)
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

fn reopened(before: &Finding, verdict: Verdict, at: At) -> Finding {
    Finding {
        verdict,
        state: FindingState::Open,
        openings: before.openings + 1,
        opened_seq: at.seq,
        opened_at: at.received_at,
        closed_seq: None,
        closed_at: None,
        ..before.clone()
    }
}

/// A finding as the pages show it. `agent_ids` are the first agents of its hosts.
pub fn row(
    id: &FindingId,
    finding: &Finding,
    agent_ids: Vec<AgentId>,
    duty_ids: Vec<daicho_schemas::ids::DutyId>,
) -> FindingRow {
    let verdict = &finding.verdict;
    FindingRow {
        finding_id: id.clone(),
        rule_id: finding.rule_id.clone(),
        state: finding.state,
        severity: verdict.severity,
        title: verdict.title.clone(),
        why: verdict.why.clone(),
        next: verdict.next.clone(),
        equipment_id: verdict.equipment_id.clone(),
        hosts: verdict.hosts.len(),
        agent_ids,
        components: verdict.components.clone(),
        supplier: verdict.supplier.clone(),
        planned_by: verdict.planned_by.clone(),
        openings: finding.openings,
        opened_at: finding.opened_at,
        opened_seq: finding.opened_seq,
        closed_at: finding.closed_at,
        closed_seq: finding.closed_seq,
        duty_ids,
    }
}
