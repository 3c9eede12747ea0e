//! The agents: who enrolled with which key, who was revoked, and which batches each has spoken last.
//! It does not know what a batch says about the host, nor when an agent was last heard (that lives beside the ledger).
//! Invariant: the last 32 batches of an agent are remembered by number and hash, so that a batch sent twice is recognised.

use crate::model::numbers::{HostNo, number, place};
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::{AgentEnrolled, AgentRevoked};
use daicho_schemas::ids::AgentId;
use daicho_schemas::time::UtcMicros;
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Batches remembered per agent.
pub const RECENT_BATCHES_MAX: usize = 32;

/// Every agent that ever enrolled. Its place in the order of enrolment is the number of its host.
#[derive(Clone, Debug, Default)]
pub struct Agents {
    by_id: OrdMap<AgentId, HostNo>,
    rows: Vector<Arc<AgentState>>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
    /// Its id.
    pub agent_id: AgentId,
    /// Its Ed25519 public key in Base64.
    pub public_key: String,
    /// The host name it gave when it enrolled: evidence only.
    pub hostname: String,
    /// When its enrolment was received.
    pub enrolled_at: UtcMicros,
    /// Why it was revoked; absent while it may speak.
    pub revoked: Option<String>,
    /// The number of its last batch; 0 for none.
    pub last_number: u64,
    /// When its last batch was received.
    pub last_batch_at: Option<UtcMicros>,
    /// Its last [`RECENT_BATCHES_MAX`] batches, in order of numbers.
    pub recent: Vec<RecentBatch>,
    /// No agent: what other tools told of this host last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// What other tools told of a host last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which tool.
    pub tool: String,
    /// Its version.
    pub tool_version: Option<String>,
    /// When it looked, by its own clock.
    pub said_at: Option<UtcMicros>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The entry.
    pub seq: u64,
}

impl AgentState {
    /// One of its last batches.
    pub fn recent(&self, number: u64) -> Option<&RecentBatch> {
        self.recent.binary_search_by_key(&number, |batch| batch.number).ok().and_then(|at| self.recent.get(at))
    }

    /// The entry of its last batch.
    pub fn last_seq(&self) -> Option<u64> {
        self.recent.iter().map(|batch| batch.seq).chain(self.told.iter().map(|told| told.seq)).max()
    }
}

/// A batch that is in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentBatch {
    /// Its number.
    pub number: u64,
    /// [`crate::model::prepared::PreparedBatch::hash`] of it.
    pub hash: Hash,
    /// Its entry.
    pub seq: u64,
}

impl Agents {
    /// An agent joined. A second enrolment of the same key changes nothing: a revoked key never comes back to life.
    pub(crate) fn enrol(&mut self, enrolled: &AgentEnrolled, received_at: UtcMicros) {
        if self.by_id.contains_key(&enrolled.agent_id) {
            return;
        }
        self.by_id.insert(enrolled.agent_id.clone(), number(self.rows.len()));
        self.rows.push_back(Arc::new(AgentState {
            agent_id: enrolled.agent_id.clone(),
            public_key: enrolled.public_key.clone(),
            hostname: enrolled.hostname.clone(),
            enrolled_at: received_at,
            revoked: None,
            last_number: 0,
            last_batch_at: None,
            recent: Vec::new(),
            told: None,
        }));
    }

    /// Another tool told of a host that has no agent here, or none that this inventory could be mixed with. The host gets a row of
    /// its own the first time. Answers its number, and whether it was there.
    pub(crate) fn told(&mut self, id: &AgentId, host: &str, told: Told, received_at: UtcMicros) -> (HostNo, bool) {
        let known = self.number(id);
        let host_no = known.unwrap_or_else(|| {
            let no = number(self.rows.len());
            self.by_id.insert(id.clone(), no);
            self.rows.push_back(Arc::new(AgentState {
                agent_id: id.clone(),
                public_key: String::new(),
                hostname: host.to_string(),
                enrolled_at: received_at,
                revoked: None,
                last_number: 0,
                last_batch_at: None,
                recent: Vec::new(),
                told: None,
            }));
            no
        });
        if let Some(row) = self.row(host_no) {
            row.last_batch_at = Some(received_at);
            row.last_number = row.last_number.saturating_add(1);
            row.told = Some(told);
        }
        (host_no, known.is_some())
    }

    /// An agent may speak no more; the first reason stands.
    pub(crate) fn revoke(&mut self, revoked: &AgentRevoked) {
        if let Some(agent) = self.number(&revoked.agent_id).and_then(|no| self.row(no))
            && agent.revoked.is_none()
        {
            agent.revoked = Some(revoked.reason.clone());
        }
    }

    /// A batch of this agent is in the ledger.
    pub(crate) fn spoke(&mut self, host: HostNo, batch: RecentBatch, received_at: UtcMicros) {
        let Some(agent) = self.row(host) else { return };
        agent.last_number = agent.last_number.max(batch.number);
        agent.last_batch_at = Some(received_at);
        match agent.recent.binary_search_by_key(&batch.number, |known| known.number) {
            Ok(at) => {
                if let Some(known) = agent.recent.get_mut(at) {
                    *known = batch;
                }
            }
            Err(at) => agent.recent.insert(at, batch),
        }
        let over = agent.recent.len().saturating_sub(RECENT_BATCHES_MAX);
        agent.recent.drain(..over);
    }

    fn row(&mut self, host: HostNo) -> Option<&mut AgentState> {
        self.rows.get_mut(place(host)).map(Arc::make_mut)
    }

    /// The number of an agent's host.
    pub fn number(&self, id: &AgentId) -> Option<HostNo> {
        self.by_id.get(id).copied()
    }

    /// One agent.
    pub fn get(&self, id: &AgentId) -> Option<&AgentState> {
        self.by_number(self.number(id)?)
    }

    /// The agent of a host.
    pub fn by_number(&self, host: HostNo) -> Option<&AgentState> {
        self.rows.get(place(host)).map(|agent| &**agent)
    }

    /// Every agent from a number on, in the order of enrolment.
    pub fn from(&self, first: HostNo) -> impl Iterator<Item = (HostNo, &AgentState)> {
        let rows = self.rows.focus().narrow(place(first).min(self.rows.len())..);
        let all = rows.into_iter().enumerate();
        all.map(move |(at, agent)| (first.saturating_add(number(at)), &**agent))
    }

    /// Every agent, in the order of enrolment.
    pub fn iter(&self) -> impl Iterator<Item = (HostNo, &AgentState)> {
        self.rows.iter().enumerate().map(|(at, agent)| (number(at), &**agent))
    }

    /// How many agents ever enrolled.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none ever did.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Keep for Agents {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.rows.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let rows: Vector<Arc<AgentState>> = Keep::back(from)?;
        let by_id = rows.iter().enumerate().map(|(at, agent)| (agent.agent_id.clone(), number(at))).collect();
        Ok(Self { by_id, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant() -> UtcMicros {
        "2026-11-21T03:00:00.000000Z".parse().unwrap()
    }

    fn enrolled(agent: &str) -> AgentEnrolled {
        AgentEnrolled {
            agent_id: AgentId::new(agent).unwrap(),
            public_key: "key".into(),
            token_id: daicho_schemas::ids::TokenId::new("t1").unwrap(),
            hostname: "tos-1".into(),
        }
    }

    #[test]
    fn exactly_the_last_32_batches_are_remembered() {
        let mut agents = Agents::default();
        let id = AgentId::new("agent-1").unwrap();
        agents.enrol(&enrolled("agent-1"), instant());
        for number in 1..=40 {
            agents.spoke(0, RecentBatch { number, hash: Hash::ZERO, seq: number + 100 }, instant());
        }
        let agent = agents.get(&id).unwrap();
        assert_eq!(agent.last_number, 40);
        assert_eq!(agent.recent.iter().map(|batch| batch.number).collect::<Vec<_>>(), (9..=40).collect::<Vec<_>>());
        assert_eq!(agent.recent(40).unwrap().seq, 140);
    }

    #[test]
    fn a_revoked_key_stays_revoked_when_it_enrols_again() {
        let mut agents = Agents::default();
        let id = AgentId::new("agent-1").unwrap();
        agents.enrol(&enrolled("agent-1"), instant());
        agents.revoke(&AgentRevoked { agent_id: id.clone(), reason: "cloned".into() });
        agents.revoke(&AgentRevoked { agent_id: id.clone(), reason: "second".into() });
        agents.enrol(&enrolled("agent-1"), instant());
        assert_eq!(agents.get(&id).unwrap().revoked.as_deref(), Some("cloned"));
    }
}
