//! `GET /api/v1/ledger/…`: the head, and entries as they stand.
//! It does not interpret entries; `daicho verify` checks an export of them.
//! Invariant: an entry goes out as the very bytes that were hashed.

use crate::http::App;
use crate::http::answers::Refused;
use crate::http::auth::StaffIdentity;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daicho_schemas::refusal::RefusalCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Entries in one answer.
const ENTRIES_MAX: usize = 500;
/// Bytes in one answer, beyond the first entry.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Which ledger, how far.
pub(super) async fn head(State(app): State<Arc<App>>, _staff: StaffIdentity) -> Result<Json<Value>, Refused> {
    let head = app.engine.head();
    let ledger_id = app.model().ledger_id().map(str::to_string);
    Ok(Json(json!({ "seq": head.seq, "hash": head.hash, "ledger_id": ledger_id })))
}

/// Where to start and how many.
#[derive(Debug, Deserialize)]
pub(super) struct EntriesQuery {
    /// The first entry wanted.
    #[serde(default)]
    from: Option<u64>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// Entries, one line each, exactly as they are kept (`application/x-ndjson`).
pub(super) async fn entries(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Query(query): Query<EntriesQuery>,
) -> Result<Response, Refused> {
    let from_seq = query.from.unwrap_or(1).max(1);
    let limit = query.limit.unwrap_or(100).clamp(1, ENTRIES_MAX);
    let engine = Arc::clone(&app.engine);
    let read = tokio::task::spawn_blocking(move || engine.read(from_seq, limit, ANSWER_BYTES_MAX)).await;
    let Ok(Ok(frames)) = read else {
        tracing::error!(?read, "the ledger could not be read");
        return Err(RefusalCode::LedgerReadOnly.into());
    };
    let mut body = Vec::new();
    for frame in frames {
        body.extend_from_slice(&frame.line);
        body.push(b'\n');
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}
