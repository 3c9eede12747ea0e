//! What intake must know before it admits anything: agents, tokens, people, known states, digests. And what to tell next.
//! It does not decide what is admitted; it answers from the views.
//! Invariant: asking changes nothing, and the same state gives the same answer however often it is asked.

use super::Model;
use super::findings::Finding;
use super::prepared::PreparedReport;
use super::views::access::TokenState;
use super::views::agents::AgentState;
use super::views::assets::Checked;
use daicho_schemas::batch::ItemKey;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::PersonalDataErased;
use daicho_schemas::fact::decision::{Hearing, Notice, Notices, Role};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::{Holder, Stated, SupplierRecord};
use daicho_schemas::ids::{AgentId, CollectorId, DutyId, FindingId, PersonId, PlanId, SupplierId, TokenId};
use daicho_schemas::wire;
use std::collections::BTreeMap;

impl Model {
    /// Which ledger this is; absent before its first entry.
    pub fn ledger_id(&self) -> Option<&str> {
        self.state.ledger_id.as_deref()
    }

    /// One agent, revoked or not.
    pub fn agent(&self, id: &AgentId) -> Option<&AgentState> {
        self.state.agents.get(id)
    }

    /// Every agent, in the order of enrolment.
    pub fn agents(&self) -> impl Iterator<Item = (&AgentId, &AgentState)> {
        self.state.agents.iter().map(|(_, agent)| (&agent.agent_id, agent))
    }

    /// What an agent's report would come to. Absent for an agent that never enrolled.
    pub fn check_report(&self, agent: &AgentId, report: &PreparedReport) -> Option<Checked> {
        Some(self.state.assets.check(self.state.agents.number(agent)?, report))
    }

    /// Whether a collector has ever reported for an agent.
    pub fn has_reported(&self, agent: &AgentId, collector: &CollectorId) -> bool {
        self.state.agents.number(agent).is_some_and(|host| self.state.assets.collector(host, collector).is_some())
    }

    /// What stands on a host of one collector's telling; absent while it has not reported.
    pub fn standing_items(&self, agent: &AgentId, collector: &CollectorId) -> Option<BTreeMap<ItemKey, Hash>> {
        let assets = self.state.assets.collector(self.state.agents.number(agent)?, collector)?;
        Some(self.state.assets.named(&assets.items))
    }

    /// How many collectors have ever reported for an agent.
    pub fn collectors_of(&self, agent: &AgentId) -> usize {
        self.state.agents.number(agent).map_or(0, |host| self.state.assets.by_collector(host).count())
    }

    /// The record of a supplier that stands.
    pub fn supplier_record(&self, id: &SupplierId) -> Option<&SupplierRecord> {
        self.state.declarations.supplier_state(id).map(|supplier| &supplier.record)
    }

    /// Whether all these keys are stated as erased.
    pub fn are_erased(&self, erased: &PersonalDataErased) -> bool {
        let supplier = self.state.declarations.supplier_state(&erased.supplier_id);
        supplier.is_some_and(|supplier| erased.key_ids.iter().all(|key| supplier.is_erased(key)))
    }

    /// The holders of a supplier, as its record states them; none where it does not.
    pub fn holders_of(&self, id: &SupplierId) -> Vec<Holder> {
        let stated = self.supplier_record(id).and_then(|record| record.items.holders.as_ref());
        stated.and_then(Stated::value).cloned().unwrap_or_default()
    }

    /// The plan of this id that stands.
    pub fn plan(&self, id: &PlanId) -> Option<&Plan> {
        self.state.declarations.plan_state(id).map(|state| &*state.plan)
    }

    /// What is agreed with an agent of one collector: what its next difference starts from. Absent while it has not reported.
    pub fn agreed_items(&self, agent: &AgentId, collector: &CollectorId) -> Option<BTreeMap<ItemKey, Hash>> {
        let assets = self.state.assets.collector(self.state.agents.number(agent)?, collector)?;
        Some(self.state.assets.named(assets.agreed()))
    }

    /// The digest that an agent's check-in must show: over every collector that ever reported.
    pub fn check_in_digest(&self, agent: &AgentId) -> Hash {
        let host = self.state.agents.number(agent);
        let collectors = host.into_iter().flat_map(|host| self.state.assets.by_collector(host));
        wire::check_in_digest(collectors.map(|(collector, assets)| (collector, &assets.digest)))
    }

    /// One enrolment token.
    pub fn token(&self, id: &TokenId) -> Option<&TokenState> {
        self.state.access.token(id)
    }

    /// The person whose bearer token has this hash, and what they may do.
    pub fn person_by_token_hash(&self, hash: &Hash) -> Option<(&PersonId, &[Role])> {
        self.state.access.person_by_token_hash(hash)
    }

    /// What a person may do; absent when nobody of this id was ever let in.
    pub fn person_roles(&self, id: &PersonId) -> Option<&[Role]> {
        self.state.access.people().find(|(person, _)| *person == id).map(|(_, person)| person.roles.as_slice())
    }

    /// The person whose calendar opens with the token of this hash.
    pub fn calendar_of(&self, hash: &Hash) -> Option<&PersonId> {
        self.state.access.calendar_of(hash)
    }

    /// Whether a person's calendar opens with any token.
    pub fn shares_calendar(&self, person: &PersonId) -> bool {
        self.state.access.shares_calendar(person)
    }

    /// Whether a supplier is recorded.
    pub fn has_supplier(&self, id: &SupplierId) -> bool {
        self.state.declarations.supplier_state(id).is_some()
    }

    /// Whether an agent is heard, as the ledger last said.
    pub fn hearing(&self, agent: &AgentId) -> Hearing {
        self.state.agents.number(agent).map_or(Hearing::Heard, |host| self.state.coverage.hearing(host))
    }

    /// What people have not been told yet: every finding whose last told turn is not its state. Empty once an entry with
    /// these notices was taken in. In order of the entries that caused them.
    pub fn pending_notices(&self) -> Vec<Notice> {
        self.next_notices(usize::MAX)
    }

    /// The first of [`Model::pending_notices`].
    pub fn next_notices(&self, max: usize) -> Vec<Notice> {
        self.state.findings.untold().take(max).map(|(id, finding)| self.notice(id, finding)).collect()
    }

    fn notice(&self, id: &FindingId, finding: &Finding) -> Notice {
        Notice {
            finding_id: id.clone(),
            rule_id: finding.rule_id.clone(),
            transition: finding.transition(),
            opening: finding.openings,
            caused_by_seq: finding.caused_by_seq(),
            title: finding.verdict.title.clone(),
            duty_ids: self.duty_ids(id),
        }
    }

    /// Whether people have not been told any of this yet.
    pub fn are_due(&self, stated: &Notices) -> bool {
        let is_due = |notice: &Notice| {
            let finding = self.state.findings.get(&notice.finding_id).filter(|finding| finding.is_untold());
            finding.is_some_and(|finding| self.notice(&notice.finding_id, finding) == *notice)
        };
        stated.notices.iter().all(is_due)
    }

    /// The duties that hang on a finding, those of earlier openings included.
    pub(crate) fn duty_ids(&self, finding: &FindingId) -> Vec<DutyId> {
        self.state.duties.of(finding).map(|duty| duty.duty_id.clone()).collect()
    }
}
