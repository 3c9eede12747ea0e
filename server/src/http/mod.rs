//! The door: HTTP, JSON and pages. Everything behind it knows none of the three.
//! It does not decide what may enter (`intake/`) or what anything means (`model/`).
//! Invariant: an identity is a value that a handler gets from `auth`, never something assumed.

pub mod admission;
pub mod agents;
pub mod answers;
pub mod api;
pub mod auth;
pub mod calendar;
pub mod console;
pub mod heard;
pub mod moment;
pub mod session;
pub mod set_back;
pub mod tls;
pub mod turns;

use crate::authority::Authority;
use crate::clock::Clock;
use crate::intake::door::Door;
use crate::intake::keeper::Receipt;
use crate::intake::submission::Submission;
use crate::ledger::chain::Head;
use crate::ledger::engine::{Engine, Leadership};
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::output::channels::state::Channels;
use crate::past::kept::Past;
use crate::personal::Keys;
use crate::store::Store;
use crate::store::shared::Shared;
use admission::Admission;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::AgentId;
use daicho_schemas::limits::{BATCH_WIRE_BYTES_MAX, IMPORT_BYTES_MAX};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire;
use heard::Heard;
use set_back::SetBack;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Semaphore, broadcast};
use tower_http::timeout::TimeoutLayer;

/// The largest request that is neither a batch nor an import, in bytes.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// What every handler can reach.
pub struct App {
    /// What the entries mean, up to the head that was folded last. Held only as long as it takes to copy it.
    pub model: Arc<RwLock<Model>>,
    /// The book itself, for pages that show entries.
    pub engine: Arc<dyn Engine>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The head, each time it has moved and been folded: what makes open pages live.
    pub moved: broadcast::Sender<Head>,
    /// The way into the ledger.
    pub door: Door,
    /// What can be rebuilt: indexes, snapshots.
    pub store: Arc<Store>,
    /// What all servers of this ledger share beside it: sessions, codes, when agents were last heard.
    pub shared: Arc<dyn Shared>,
    /// Whether this server speaks for all of them.
    pub leadership: Arc<dyn Leadership>,
    /// Who signs certificates.
    pub authority: Arc<Authority>,
    /// The keys of people's data; absent where this server cannot keep any.
    pub people: Option<Arc<Keys>>,
    /// Room and quotas for batches.
    pub admission: Admission,
    /// How many batches may be unpacked at once.
    pub unpacking: Semaphore,
    /// When each agent was last heard, since the start; the store remembers beyond it.
    pub heard: Heard,
    /// Whether agents remember more than this ledger.
    pub set_back: SetBack,
    /// Whether the ledger was readable, and when that was looked at.
    pub readable: tokio::sync::Mutex<Option<(UtcMicros, bool)>>,
    /// How the channels stand on which people are told.
    pub channels: Arc<Channels>,
    /// States of the past that people ask for.
    pub past: Past,
}

/// Batches that are unpacked at once; each may hold a few times the largest batch in memory.
pub const UNPACKING_MAX: usize = 4;
/// How long a batch may take on its way, over the slowest line.
const BATCH_WITHIN: Duration = Duration::from_secs(600);
/// How long any other request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(60);

impl App {
    /// The model as it is now. It is a copy that costs little, so nobody waits for whoever reads it, however long.
    pub fn model(&self) -> Model {
        // A fold that panics stops the process (`intake::door`), so a poisoned lock never holds half a state.
        self.model.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When an agent was last heard, as far as anybody remembers.
    pub fn last_heard_at(&self, agent_id: &AgentId) -> Option<UtcMicros> {
        self.heard.get(agent_id).max(self.shared.last_heard_at(agent_id).ok().flatten())
    }

    /// An agent has just spoken. This lives beside the ledger: losing it costs a late alarm, never truth.
    pub fn heard(&self, agent_id: &AgentId) {
        self.heard.note(agent_id, self.clock.now());
    }

    /// States something in somebody's name. Returns when it is on disk and folded, or is refused.
    pub async fn state(&self, author: Author, fact: Fact) -> Result<Receipt, Refusal> {
        let submission = Submission::stated(author, fact).map_err(|error| answers::fault(error).refusal)?;
        self.door.admit(submission).await
    }

    /// What keeps this server from writing to the ledger now, in words for people.
    pub fn trouble(&self) -> Option<Text> {
        self.engine.trouble().or_else(|| self.door.trouble())
    }

    /// Keeps what was heard since the last time in the store. Call it every few seconds, and before the store is flushed.
    pub fn keep_heard(&self) {
        if let Err(error) = self.heard.keep(self.shared.as_ref()) {
            tracing::warn!(%error, "it could not be noted which agents were heard");
        }
    }
}

/// A slow sender is not waited for beyond this. Live pages (`/events`) have no such end.
fn within(time: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, time)
}

/// Everything that can be asked, one line per route (REST and pages have their own lists).
pub fn router(app: Arc<App>) -> Router {
    let agents = Router::new()
        .route(wire::PATH_ENROLL, post(agents::enroll))
        .route(wire::PATH_RENEW, post(agents::renew))
        .route(wire::PATH_CHECK_IN, post(agents::check_in))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(within(REQUEST_WITHIN))
        .merge(
            Router::new()
                .route(wire::PATH_BATCHES, post(agents::batches))
                .layer(DefaultBodyLimit::max(BATCH_WIRE_BYTES_MAX))
                .layer(within(BATCH_WITHIN)),
        );
    let sessions = Router::new()
        .route("/sign-in/{code}", get(session::sign_in))
        .route("/sign-out", post(session::sign_out))
        .route("/calendar.ics", get(calendar::feed))
        .layer(axum::middleware::from_fn(moment::now_only))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(within(REQUEST_WITHIN));
    Router::new()
        .merge(agents)
        .nest("/api/v1", api::router().layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX)).layer(within(REQUEST_WITHIN)))
        .merge(sessions)
        .merge(console::router())
        .fallback(console::not_found)
        .with_state(app)
}
