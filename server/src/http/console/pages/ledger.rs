//! The book itself: its head, and its newest entries paged backwards.
//! It does not know what a fact means; the kind is shown, the meaning stands on the other pages.
//! Invariant: every line that is shown was hashed again; one that does not fit is shown as damaged, never left out.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::ledger::chain::Head;
use crate::ledger::engine::{Engine, EngineFault, Frame};
use crate::ledger::entry::Entry;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::time::UtcMicros;
use serde::Deserialize;
use std::sync::Arc;

/// Entries on one page.
pub const LEDGER_ROWS_MAX: u64 = 50;
/// How much one read may hand over at once; one entry may be larger.
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where to start, going back.
#[derive(Debug, Default, Deserialize)]
pub struct LedgerQuery {
    /// Show entries with numbers below this one.
    pub before: Option<String>,
}

/// One entry in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number.
    pub seq: u64,
    /// The start of its hash.
    pub hash: String,
    /// Its line, in bytes.
    pub bytes: usize,
    /// What it says about itself; absent when its bytes do not fit its hash.
    pub says: Option<EntrySays>,
}

/// What a whole entry says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySays {
    /// When the server received it.
    pub received_at: UtcMicros,
    /// Who stated it.
    pub author: String,
    /// The kind of its fact.
    pub kind: String,
}

impl EntryRow {
    /// From a frame, hashing its line again.
    pub fn of(frame: &Frame) -> Self {
        let says =
            Entry::parse(&frame.line).ok().filter(|entry| entry.seq == frame.seq && entry.entry_hash == frame.hash);
        Self {
            seq: frame.seq,
            hash: frame.hash.short(),
            bytes: frame.line.len(),
            says: says.map(|entry| EntrySays {
                received_at: entry.received_at,
                author: entry.author.to_string(),
                kind: entry.kind,
            }),
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "ledger.html")]
pub struct Ledger {
    /// Shared.
    pub ctx: PageContext,
    /// The end of the ledger.
    pub head: Head,
    /// Entries, newest first.
    pub rows: Vec<EntryRow>,
    /// Where the next older page starts.
    pub older: Option<u64>,
    /// Whether this is not the newest page.
    pub back: bool,
}

/// Reads one page, newest first. Lines are dropped one read at a time: entries may be large.
fn read_rows(engine: &dyn Engine, newest: u64) -> Result<Vec<EntryRow>, EngineFault> {
    let oldest = newest.saturating_sub(LEDGER_ROWS_MAX - 1).max(1);
    let mut rows = Vec::new();
    let mut next = oldest;
    while next <= newest {
        let wanted = usize::try_from(newest - next + 1).unwrap_or(1);
        let frames = engine.read(next, wanted, READ_BYTES_MAX)?;
        let Some(last) = frames.last() else { break };
        next = last.seq + 1;
        rows.extend(frames.iter().map(EntryRow::of));
    }
    rows.reverse();
    Ok(rows)
}

/// `GET /ledger`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<LedgerQuery>) -> Response {
    let (ctx, ()) = match visitor.read(&app, Section::Ledger, |_, _| ()) {
        Ok(read) => read,
        Err(fault) => return fault,
    };
    let engine = Arc::clone(&app.engine);
    let before = query.before.and_then(|text| text.parse::<u64>().ok());
    let read = tokio::task::spawn_blocking(move || {
        let head = engine.head();
        let newest = before.map_or(head.seq, |before| before.saturating_sub(1).min(head.seq));
        read_rows(engine.as_ref(), newest).map(|rows| (head, newest, rows))
    });
    match read.await {
        Ok(Ok((head, newest, rows))) => {
            let older = newest.checked_sub(LEDGER_ROWS_MAX).filter(|rest| *rest > 0).map(|rest| rest + 1);
            page(StatusCode::OK, &Ledger { ctx, head, rows, older, back: newest < head.seq })
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the ledger could not be read for a page");
            trouble::fault(&ctx)
        }
        Err(error) => {
            tracing::error!(%error, "reading the ledger for a page ended early");
            trouble::fault(&ctx)
        }
    }
}
