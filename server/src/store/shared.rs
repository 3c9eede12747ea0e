//! What every server of one ledger must know beside it: who is signed in, which sign-in codes wait, when agents were heard,
//! and which authority the agents trust. One server alone keeps it in sled; several keep it in their database.
//! It does not know cookies or silence. Invariant: a code is taken once, whichever server is asked; a session that was ended is
//! nobody's, on every server that reaches the others.

use super::{Store, StoreFault};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::{AgentId, PersonId};
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeMap;

/// The small store that all servers of a ledger share. Losing it costs sign-ins and late alarms, never a fact.
///
/// Everything but [`Shared::session`] and [`Shared::last_heard_at`] may wait for a disk or a network.
pub trait Shared: Send + Sync {
    /// Keeps a one-time sign-in code, and returns when it is on disk: a person is on the way with it.
    fn put_code(&self, code: &Hash, person_id: &PersonId, expires_at: UtcMicros) -> Result<(), StoreFault>;

    /// Takes a code, once and for all; `None` when there is no such code, when it was taken, or when it has ended.
    fn take_code(&self, code: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault>;

    /// Begins a session, or moves its end.
    fn put_session(&self, token: &Hash, person_id: &PersonId, expires_at: UtcMicros) -> Result<(), StoreFault>;

    /// Whose session it is; `None` when there is none or it has run out.
    fn session(&self, token: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault>;

    /// Ends a session.
    fn end_session(&self, token: &Hash) -> Result<(), StoreFault>;

    /// Drops the codes and sessions that have run out.
    fn drop_ended(&self, now: UtcMicros) -> Result<(), StoreFault>;

    /// Notes when agents were heard, for every server. Call it every few seconds with what is new.
    fn note_heard(&self, heard: &BTreeMap<AgentId, UtcMicros>) -> Result<(), StoreFault>;

    /// When an agent was last heard by any server, as far as is known here.
    fn last_heard_at(&self, agent_id: &AgentId) -> Result<Option<UtcMicros>, StoreFault>;

    /// Learns when the other servers heard their agents. For whoever watches for silence.
    fn learn_heard(&self) -> Result<(), StoreFault>;

    /// The fingerprint of the authority that this ledger's agents trust, where that is kept for several servers.
    fn authority(&self) -> Result<Option<Hash>, StoreFault>;

    /// Records the authority's fingerprint unless there is one, and gives the one that stands.
    fn pin_authority(&self, fingerprint: &Hash) -> Result<Hash, StoreFault>;

    /// The last entry whose notices a channel has delivered. A new channel begins behind `first`.
    fn outbox(&self, channel: &str, first: u64) -> Result<u64, StoreFault>;

    /// Moves a channel's place; it never goes back.
    fn put_outbox(&self, channel: &str, seq: u64) -> Result<(), StoreFault>;
}

impl Shared for Store {
    fn put_code(&self, code: &Hash, person_id: &PersonId, expires_at: UtcMicros) -> Result<(), StoreFault> {
        self.codes().put(code, person_id.clone(), expires_at)
    }

    fn take_code(&self, code: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault> {
        self.codes().take(code, now)
    }

    fn put_session(&self, token: &Hash, person_id: &PersonId, expires_at: UtcMicros) -> Result<(), StoreFault> {
        self.sessions().put(token, person_id.clone(), expires_at)
    }

    fn session(&self, token: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault> {
        self.sessions().get(token, now)
    }

    fn end_session(&self, token: &Hash) -> Result<(), StoreFault> {
        self.sessions().end(token)
    }

    fn drop_ended(&self, now: UtcMicros) -> Result<(), StoreFault> {
        self.sessions().drop_ended(now)?;
        self.codes().drop_ended(now).map(drop)
    }

    fn note_heard(&self, heard: &BTreeMap<AgentId, UtcMicros>) -> Result<(), StoreFault> {
        heard.iter().try_for_each(|(agent_id, at)| self.heard().note(agent_id, *at))
    }

    fn last_heard_at(&self, agent_id: &AgentId) -> Result<Option<UtcMicros>, StoreFault> {
        self.heard().get(agent_id)
    }

    fn learn_heard(&self) -> Result<(), StoreFault> {
        Ok(())
    }

    fn authority(&self) -> Result<Option<Hash>, StoreFault> {
        Ok(None)
    }

    fn pin_authority(&self, fingerprint: &Hash) -> Result<Hash, StoreFault> {
        Ok(*fingerprint)
    }

    fn outbox(&self, channel: &str, first: u64) -> Result<u64, StoreFault> {
        if let Some(seq) = self.outboxes().get(channel)? {
            return Ok(seq);
        }
        self.outboxes().put(channel, first)?;
        Ok(first)
    }

    fn put_outbox(&self, channel: &str, seq: u64) -> Result<(), StoreFault> {
        self.outboxes().put(channel, seq)
    }
}
