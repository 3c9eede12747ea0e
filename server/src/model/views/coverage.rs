//! The coverage: how completely each host is seen, what it would not tell, what was lost, and whether its agent is heard.
//! It does not know what was seen.
//! Invariant: a collector's last word stands here even when it is "failed"; an earlier complete look never hides it.

use daicho_schemas::batch::{CollectorReport, Lost, Outcome};
use daicho_schemas::fact::decision::{CoverageChanged, Hearing};
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::Trouble;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Losses remembered per agent; older ones stay in the ledger.
pub const LOSSES_MAX: usize = 100;

/// How completely hosts are seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    hosts: BTreeMap<AgentId, HostCoverage>,
}

/// How completely one host is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCoverage {
    /// The last word of each collector that ever reported.
    pub collectors: BTreeMap<CollectorId, CollectorCoverage>,
    /// What the agent had to give up, oldest first, in people's words.
    pub losses: Vec<String>,
    /// Whether the agent is heard.
    pub hearing: Hearing,
    /// When it was last heard before it fell silent.
    pub silent_since: Option<UtcMicros>,
}

impl Default for HostCoverage {
    fn default() -> Self {
        Self { collectors: BTreeMap::new(), losses: Vec::new(), hearing: Hearing::Heard, silent_since: None }
    }
}

/// The last word of one collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorCoverage {
    /// How completely it looked.
    pub outcome: Outcome,
    /// Which places it read.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
    /// When this was received.
    pub reported_at: UtcMicros,
    /// When a complete look was last received.
    pub complete_at: Option<UtcMicros>,
}

impl Coverage {
    /// Takes the frame of a report in. `stands` says whether anything of this collector stands on the host after it: a source
    /// that does not apply any more, while what it told still stands, has failed us.
    pub(crate) fn report(&mut self, agent: &AgentId, report: &CollectorReport, stands: bool, received_at: UtcMicros) {
        let vanished = report.outcome == Outcome::NotApplicable && stands;
        let outcome = if vanished { Outcome::Failed } else { report.outcome };
        let host = self.hosts.entry(agent.clone()).or_default();
        let before = host.collectors.get(&report.collector).and_then(|collector| collector.complete_at);
        let complete_at = if report.outcome == Outcome::Complete { Some(received_at) } else { before };
        let word = CollectorCoverage {
            outcome,
            sources: report.sources.clone(),
            troubles: report.troubles.clone(),
            reported_at: received_at,
            complete_at,
        };
        host.collectors.insert(report.collector.clone(), word);
    }

    /// The agent had to give batches up.
    pub(crate) fn lost(&mut self, agent: &AgentId, lost: &Lost, received_at: UtcMicros) {
        let host = self.hosts.entry(agent.clone()).or_default();
        let Lost { first_number, last_number, reason } = lost;
        host.losses.push(format!("{}: {first_number}..{last_number}: {reason}", received_at.for_people_in_japan()));
        let over = host.losses.len().saturating_sub(LOSSES_MAX);
        host.losses.drain(..over);
    }

    /// The agent fell silent or was heard again.
    pub(crate) fn hearing_changed(&mut self, changed: &CoverageChanged) {
        let host = self.hosts.entry(changed.agent_id.clone()).or_default();
        host.hearing = changed.hearing;
        host.silent_since = (changed.hearing == Hearing::Silent).then_some(changed.last_heard_at);
    }

    /// One host.
    pub fn host(&self, agent: &AgentId) -> Option<&HostCoverage> {
        self.hosts.get(agent)
    }

    /// Whether an agent is heard; an agent that only just enrolled is.
    pub fn hearing(&self, agent: &AgentId) -> Hearing {
        self.hosts.get(agent).map_or(Hearing::Heard, |host| host.hearing)
    }

    /// The last word of one collector on one host.
    pub fn outcome(&self, agent: &AgentId, collector: &str) -> Option<Outcome> {
        let collectors = &self.hosts.get(agent)?.collectors;
        collectors.iter().find(|(id, _)| id.as_str() == collector).map(|(_, word)| word.outcome)
    }
}
