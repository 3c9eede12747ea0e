//! How the agent is doing, as `run` writes it and `status` reads it.
//! It does not open the spool: `status` works while `run` runs.
//! Invariant: no secret is in it.

use crate::files::{self, FileFault};
use crate::spool::{Counts, Queue};
use crate::submit::Identity;
use daicho_schemas::batch::Outcome;
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::path::Path;

const STATUS_BYTES_MAX: usize = 1024 * 1024;

/// Whether the agent hands over what it collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// Nothing stands in the way.
    #[default]
    Ready,
    /// The last try failed; the next one comes by itself.
    Waiting,
    /// The server wants nothing more of this agent until a person acts; collecting goes on.
    Stopped,
}

/// The server's last refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRefusal {
    /// When.
    pub at: UtcMicros,
    /// Why, for machines.
    pub code: RefusalCode,
    /// Why and what to do, in Japanese.
    pub ja: String,
    /// Why and what to do, in English.
    pub en: String,
}

/// One collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorStatus {
    /// Which.
    pub collector: CollectorId,
    /// How completely it last looked.
    pub outcome: Outcome,
    /// How many observations are known.
    pub items: usize,
}

/// What `run` writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// When this was written.
    pub updated_at: Option<UtcMicros>,
    /// The last acknowledged batch; 0 for none.
    pub acknowledged_number: u64,
    /// When the server last acknowledged a batch.
    pub acknowledged_at: Option<UtcMicros>,
    /// When the server last answered at all.
    pub heard_at: Option<UtcMicros>,
    /// Whether batches are handed over.
    pub sending: Sending,
    /// What stands in the way, in one line.
    pub obstacle: Option<String>,
    /// The server's last refusal.
    pub last_refusal: Option<LastRefusal>,
    /// Every collector.
    pub collectors: Vec<CollectorStatus>,
}

impl RunStatus {
    /// The last one written; a new one where none was, or it cannot be read.
    pub fn load(state: &Path) -> Self {
        let bytes = files::read_limited(&state.join("status.json"), STATUS_BYTES_MAX).ok().flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Writes it, whole or not at all.
    pub fn save(&self, state: &Path) -> Result<(), FileFault> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        files::write_private(&state.join("status.json"), &json)
    }
}

/// What `status` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// This agent; absent before enrolment.
    pub agent_id: Option<AgentId>,
    /// Its server; absent before enrolment.
    pub server: Option<String>,
    /// From when on the certificate is refused; absent before enrolment.
    pub certificate_expires_at: Option<UtcMicros>,
    /// The certificate is refused already.
    pub certificate_expired: bool,
    /// What waits.
    pub spool: Counts,
    /// What `run` last wrote.
    pub run: RunStatus,
}

impl Status {
    /// Looks at a state folder.
    pub fn of(state: &Path, now: UtcMicros) -> Self {
        let identity = Identity::load(state).ok();
        Self {
            agent_id: identity.as_ref().map(|identity| identity.agent_id.clone()),
            server: identity.as_ref().map(|identity| identity.server.clone()),
            certificate_expires_at: identity.as_ref().map(|identity| identity.expires_at),
            certificate_expired: identity.is_some_and(|identity| identity.expires_at <= now),
            spool: Queue::counts_of(state),
            run: RunStatus::load(state),
        }
    }
}
