//! A Batch: all that one run of an agent says, with an Outcome per collector.
//! It does not know how a batch is kept, signed or sent; `sign` and `wire` do.
//! Invariant: absent is not gone. Only a `complete` outcome may say that something is gone.

use crate::canonical::{CanonicalError, Hash, canonical_bytes};
use crate::fact::observation::Observation;
use crate::ids::{AgentId, CollectorId};
use crate::time::UtcMicros;
use crate::trouble::Trouble;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of this format.
pub const BATCH_FORMAT: &str = "daicho.batch.v1";

/// The identity of one observation within its host and collector: `dpkg:libc6:amd64`.
pub type ItemKey = String;

/// What one run of an agent says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Always [`BATCH_FORMAT`].
    pub format: String,
    /// Who speaks; must fit the key that signed.
    pub agent_id: AgentId,
    /// Counts up from 1; a number is never used for two different batches.
    pub number: u64,
    /// When collecting began, by the agent's clock.
    pub started_at: UtcMicros,
    /// When collecting ended, by the agent's clock.
    pub finished_at: UtcMicros,
    /// One report per collector that ran.
    pub reports: Vec<CollectorReport>,
    /// What the spool had to give up since the last batch; absent when nothing was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// Batches that the agent collected and could not keep or hand over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// The first number given up.
    pub first_number: u64,
    /// The last number given up.
    pub last_number: u64,
    /// Why: spool full, too old, refused by the server, unreadable.
    pub reason: String,
}

/// How completely a collector could look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything this collector reads was read: what is not listed is not there.
    Complete,
    /// Something could not be read: what is listed is there, what is not listed is unknown.
    Partial,
    /// The host has no such source: no such package manager, no such platform.
    NotApplicable,
    /// Nothing could be read: the last known state stands, and is stale.
    Failed,
}

/// What one collector says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectorReport {
    /// Which collector.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// Which places it read.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
    /// The observations, in full or as a difference.
    pub body: Body,
    /// The digest of the state that both sides agree on after this report ([`apply_report`], [`state_digest`]).
    pub digest: Hash,
}

/// Observations in full, or the difference to a state that the server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// The whole state.
    Full {
        /// Every observation, in order of their keys.
        items: Vec<Observation>,
    },
    /// What changed since the state with the digest `base`.
    Delta {
        /// The state this difference starts from.
        base: Hash,
        /// New or changed observations, in order of their keys.
        put: Vec<Observation>,
        /// Keys of observations that are gone; only allowed when the outcome is complete.
        gone: Vec<ItemKey>,
    },
}

/// The hash of one observation.
pub fn item_hash(item: &Observation) -> Result<Hash, CanonicalError> {
    Ok(item_hash_of_bytes(&canonical_bytes(item)?))
}

/// The same for an observation that stands in its canonical bytes already.
pub fn item_hash_of_bytes(canonical: &[u8]) -> Hash {
    Hash::of("daicho.item.v1", &[canonical])
}

/// The digest of a collector's state: SHA-256 over the collector's name and the item hashes in order of their keys.
/// Agent and server compare it, so both know whether they speak of the same state.
pub fn state_digest(collector: &CollectorId, items: &BTreeMap<ItemKey, Hash>) -> Hash {
    state_digest_of(collector, items.values())
}

/// The same over item hashes that come in the order of their keys.
pub fn state_digest_of<'a>(collector: &CollectorId, in_order_of_keys: impl IntoIterator<Item = &'a Hash>) -> Hash {
    let mut parts: Vec<&[u8]> = vec![collector.as_str().as_bytes(), &[0]];
    parts.extend(in_order_of_keys.into_iter().map(|hash| hash.0.as_slice()));
    Hash::of("daicho.state.v1", &parts)
}

/// The hashes of one collector's observations, by key.
pub type Items = BTreeMap<ItemKey, Hash>;

/// What applying a report to the agreed state gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The state that both sides agree on after the report.
    State(Items),
    /// The report starts from a state that is not the agreed one: a full report is needed.
    OtherBase,
}

/// The state that agent and server agree on after a report: what the agent has said since its last full report. Both
/// sides compute it with this function, so they cannot differ, and its digest is the one in the report.
///
/// A full report begins anew, whatever came before: an agent that lost what it knew and a server that lost what it was told
/// can always agree again. What *stands* on the host is another question; see [`standing`].
pub fn apply_report(agreed: &Items, report: &CollectorReport) -> Result<Applied, CanonicalError> {
    let (mut state, put, gone) = match &report.body {
        Body::Full { items } => (Items::new(), items, &[][..]),
        Body::Delta { base, put, gone } => {
            if state_digest(&report.collector, agreed) != *base {
                return Ok(Applied::OtherBase);
            }
            (agreed.clone(), put, gone.as_slice())
        }
    };
    for item in put {
        state.insert(item.key(), item_hash(item)?);
    }
    if report.outcome == Outcome::Complete {
        for key in gone {
            state.remove(key);
        }
    }
    Ok(Applied::State(state))
}

/// What stands on the host after a report, as far as anybody knows: absent is not gone. Only a complete look takes away
/// what it does not list; after any other, what stood before stands on beside what was agreed.
pub fn standing(before: &Items, agreed_after: &Items, outcome: Outcome) -> Items {
    let mut standing = if outcome == Outcome::Complete { Items::new() } else { before.clone() };
    standing.extend(agreed_after.iter().map(|(key, hash)| (key.clone(), *hash)));
    standing
}
