//! The agents: who enrolled with which key, who was revoked, and which batches each has spoken last.
//! It does not know what a batch says about the host, nor when an agent was last heard (that lives beside the ledger).
//! Invariant: the last 32 batches of an agent are remembered by number and hash, so that a batch sent twice is recognised.

use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::{AgentEnrolled, AgentRevoked};
use daicho_schemas::ids::AgentId;
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Batches remembered per agent.
pub const RECENT_BATCHES_MAX: usize = 32;

/// Every agent that ever enrolled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agents {
    by_id: BTreeMap<AgentId, AgentState>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
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
    /// Its last [`RECENT_BATCHES_MAX`] batches, by number.
    pub recent: BTreeMap<u64, RecentBatch>,
}

/// A batch that is in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentBatch {
    /// [`signed_batch_hash`] of it.
    pub hash: Hash,
    /// Its entry.
    pub seq: u64,
}

/// The identity of a signed batch: SHA-256 (purpose `daicho.signed-batch.v1`) over its JSON as it stands in the ledger.
/// `None` only if it has no JSON form, which no batch that was ever parsed lacks.
pub fn signed_batch_hash(signed: &SignedBatch) -> Option<Hash> {
    let raw = serde_json::to_vec(signed).ok()?;
    Some(Hash::of("daicho.signed-batch.v1", &[&raw]))
}

impl Agents {
    /// An agent joined. A second enrolment of the same key changes nothing: a revoked key never comes back to life.
    pub(crate) fn enrol(&mut self, enrolled: &AgentEnrolled, received_at: UtcMicros) {
        self.by_id.entry(enrolled.agent_id.clone()).or_insert_with(|| AgentState {
            public_key: enrolled.public_key.clone(),
            hostname: enrolled.hostname.clone(),
            enrolled_at: received_at,
            revoked: None,
            last_number: 0,
            last_batch_at: None,
            recent: BTreeMap::new(),
        });
    }

    /// An agent may speak no more; the first reason stands.
    pub(crate) fn revoke(&mut self, revoked: &AgentRevoked) {
        if let Some(agent) = self.by_id.get_mut(&revoked.agent_id)
            && agent.revoked.is_none()
        {
            agent.revoked = Some(revoked.reason.clone());
        }
    }

    /// A batch of this agent is in the ledger.
    pub(crate) fn spoke(&mut self, id: &AgentId, number: u64, batch: RecentBatch, received_at: UtcMicros) {
        let Some(agent) = self.by_id.get_mut(id) else { return };
        agent.last_number = agent.last_number.max(number);
        agent.last_batch_at = Some(received_at);
        agent.recent.insert(number, batch);
        while agent.recent.len() > RECENT_BATCHES_MAX {
            agent.recent.pop_first();
        }
    }

    /// One agent.
    pub fn get(&self, id: &AgentId) -> Option<&AgentState> {
        self.by_id.get(id)
    }

    /// Every agent, in order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (&AgentId, &AgentState)> {
        self.by_id.iter()
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
            agents.spoke(&id, number, RecentBatch { hash: Hash::ZERO, seq: number + 100 }, instant());
        }
        let agent = agents.get(&id).unwrap();
        assert_eq!(agent.last_number, 40);
        assert_eq!(agent.recent.keys().copied().collect::<Vec<_>>(), (9..=40).collect::<Vec<_>>());
        assert_eq!(agent.recent[&40].seq, 140);
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
