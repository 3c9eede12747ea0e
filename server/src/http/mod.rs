//! The door: HTTP, JSON and pages. Everything behind it knows none of the three.
//! It does not decide what may enter (`intake/`) or what anything means (`model/`).
//! Invariant: an identity is a value that a handler gets from `auth`, never something assumed.

pub mod auth;
pub mod console;

use crate::clock::Clock;
use crate::ledger::chain::Head;
use crate::ledger::engine::Engine;
use crate::model::Model;
use std::sync::{Arc, RwLock};
use tokio::sync::broadcast;

/// What every handler can reach.
pub struct App {
    /// What the entries mean, up to the head that was folded last. Held only as long as an answer is read from it.
    pub model: RwLock<Model>,
    /// The book itself, for pages that show entries.
    pub engine: Arc<dyn Engine>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The head, each time it has moved and been folded: what makes open pages live.
    pub moved: broadcast::Sender<Head>,
}
