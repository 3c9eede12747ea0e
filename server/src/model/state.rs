//! The state: all views that are stored, and how a fact reaches them. What follows from them is rebuilt, not stored.
//! It does not know rules, duties' law or what a component means.
//! Invariant: the serialised state follows from the entries alone, whoever folds them and wherever a snapshot was cut.

use super::Event;
use super::duties::Duties;
use super::findings::Findings;
use super::meaning::HostContext;
use super::views::access::Access;
use super::views::agents::{AgentState, Agents, RecentBatch, signed_batch_hash};
use super::views::assets::{Assets, Changed};
use super::views::coverage::Coverage;
use super::views::declarations::{Declarations, host_key};
use daicho_schemas::batch::Batch;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::FaultReported;
use daicho_schemas::ids::AgentId;
use daicho_schemas::sign::SignedBatch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Faults of our own machine that are remembered; older ones stay in the ledger.
const FAULTS_MAX: usize = 100;

/// All views that are stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The last entry taken in.
    pub seq: u64,
    /// Which ledger this is.
    pub ledger_id: Option<String>,
    /// People and tokens.
    pub access: Access,
    /// Agents.
    pub agents: Agents,
    /// What stands on the hosts.
    pub assets: Assets,
    /// How completely they are seen.
    pub coverage: Coverage,
    /// Plans and suppliers.
    pub declarations: Declarations,
    /// The life of every finding.
    pub findings: Findings,
    /// The life of every duty.
    pub duties: Duties,
    /// Faults of our own machine, with their entries, oldest first.
    pub faults: Vec<(u64, FaultReported)>,
}

/// What a fact changed, for what follows from the views.
#[derive(Clone, Debug)]
pub enum Change {
    /// Nothing that anything follows from.
    Nothing,
    /// A plan or a supplier: everything may mean something else.
    Declared,
    /// These agents: enrolled, revoked, silent, heard.
    Agents(BTreeSet<AgentId>),
    /// One agent reported.
    Reported {
        /// Which.
        agent: AgentId,
        /// What each of its reports changed.
        changes: Vec<Changed>,
        /// It had never reported before: it may take over a host from here on.
        first: bool,
    },
}

impl State {
    /// Takes a fact into every view that it concerns.
    pub fn take(&mut self, event: &Event<'_>) -> Change {
        match event.fact {
            Fact::LedgerOpened(opened) => {
                self.ledger_id.get_or_insert_with(|| opened.ledger_id.clone());
                Change::Nothing
            }
            Fact::AccessGranted(granted) => {
                self.access.grant(granted);
                Change::Nothing
            }
            Fact::TokenIssued(issued) => {
                self.access.issue(issued);
                Change::Nothing
            }
            Fact::AgentEnrolled(enrolled) => {
                self.access.use_token(enrolled);
                self.agents.enrol(enrolled, event.received_at);
                Change::Agents(self.namesakes(&enrolled.agent_id))
            }
            Fact::AgentRevoked(revoked) => {
                self.agents.revoke(revoked);
                Change::Agents(self.namesakes(&revoked.agent_id))
            }
            Fact::Supplier(record) => {
                self.declarations.supplier(record, event.seq);
                Change::Declared
            }
            Fact::Plan(plan) => {
                self.declarations.plan(plan, event.seq);
                Change::Declared
            }
            Fact::Batch(signed) => self.take_batch(signed, event),
            Fact::CoverageChanged(changed) => {
                self.coverage.hearing_changed(changed);
                Change::Agents(BTreeSet::from([changed.agent_id.clone()]))
            }
            Fact::Notices(notices) => {
                self.findings.told(notices);
                Change::Nothing
            }
            Fact::FaultReported(fault) => {
                self.faults.push((event.seq, fault.clone()));
                let over = self.faults.len().saturating_sub(FAULTS_MAX);
                self.faults.drain(..over);
                Change::Nothing
            }
        }
    }

    fn take_batch(&mut self, signed: &SignedBatch, event: &Event<'_>) -> Change {
        // Intake admits no batch that cannot be read; one that is in the ledger all the same changes nothing.
        let Ok(batch) = serde_json::from_str::<Batch>(signed.batch.get()) else { return Change::Nothing };
        let agent = &batch.agent_id;
        // Nor one of an agent that never enrolled or was revoked: it may speak no more.
        if self.agents.get(agent).is_none_or(|state| state.revoked.is_some()) {
            return Change::Nothing;
        }
        if let Some(hash) = signed_batch_hash(signed) {
            self.agents.spoke(agent, batch.number, RecentBatch { hash, seq: event.seq }, event.received_at);
        }
        if let Some(lost) = &batch.lost {
            self.coverage.lost(agent, lost, event.received_at);
        }
        let first = self.assets.host(agent).is_none();
        let mut changes = Vec::new();
        for report in &batch.reports {
            if let Some(changed) = self.assets.report(agent, report, event.received_at) {
                self.coverage.report(agent, report, self.assets.stands(agent, &report.collector), event.received_at);
                changes.push(changed);
            }
        }
        Change::Reported { agent: batch.agent_id, changes, first }
    }

    /// The name under which plans know an agent's host: the host's own word, or else what it said when it enrolled.
    pub fn hostname(&self, agent: &AgentId, context: &HostContext) -> Option<String> {
        context.hostname.clone().or_else(|| self.enrolled_hostname(agent))
    }

    /// Whether an agent was revoked and another one has spoken for the host of this name since. A revoked agent's last word
    /// stands until then: revoking removes no machine.
    pub fn is_replaced(&self, agent: &AgentId, hostname: &str) -> bool {
        self.agents.get(agent).is_some_and(|state| state.revoked.is_some()) && self.replaced(agent, hostname)
    }

    fn replaced(&self, agent: &AgentId, hostname: &str) -> bool {
        let key = host_key(hostname);
        let last_seq = |state: &AgentState| state.recent.values().map(|batch| batch.seq).max();
        let own = self.agents.get(agent).and_then(last_seq);
        self.agents.iter().any(|(other, state)| {
            other != agent
                && self.assets.host(other).is_some()
                && (state.revoked.is_none() || last_seq(state) > own)
                && self.spoken_hostname(other).is_some_and(|name| host_key(&name) == key)
        })
    }

    /// The agents that a change of this one may concern: itself and those of the same host name.
    pub fn namesakes(&self, agent: &AgentId) -> BTreeSet<AgentId> {
        let mut all = BTreeSet::from([agent.clone()]);
        if let Some(name) = self.spoken_hostname(agent) {
            let key = host_key(&name);
            let same = |other: &&AgentId| self.spoken_hostname(other).is_some_and(|name| host_key(&name) == key);
            all.extend(self.agents.iter().map(|(id, _)| id).filter(same).cloned());
        }
        all
    }

    /// [`State::hostname`] without a context at hand.
    pub fn spoken_hostname(&self, agent: &AgentId) -> Option<String> {
        use daicho_schemas::fact::observation::Observation;
        let own = self.assets.under(agent, "operating_system").find_map(|(_, observation)| match observation {
            Observation::OperatingSystem(os) => os.hostname.clone(),
            _ => None,
        });
        own.or_else(|| self.enrolled_hostname(agent))
    }

    fn enrolled_hostname(&self, agent: &AgentId) -> Option<String> {
        self.agents.get(agent).map(|state| state.hostname.clone()).filter(|name| !name.is_empty())
    }
}
