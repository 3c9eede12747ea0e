//! `GET /api/v1/health`: is the server there, and does it take entries. Open to anyone who reaches the port; how busy it is
//! (`/admission`) is for staff. It does not tell a stranger names, counts or versions of anything inside.
//! Invariant: "ok" means that the ledger was readable within the last few seconds.

use crate::http::App;
use crate::http::admission::AdmissionRow;
use crate::http::auth::StaffIdentity;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long an answer about the disk stands, in seconds: anybody may ask, and must not make the disk work.
const ANSWER_SECONDS: i64 = 5;

/// The server's own state.
pub(super) async fn health(State(app): State<Arc<App>>) -> Json<Value> {
    let now = app.clock.now();
    let mut known = app.readable.lock().await;
    let readable = match *known {
        Some((at, readable)) if (0..ANSWER_SECONDS).contains(&now.seconds_since(at)) => readable,
        _ => look(&app).await,
    };
    *known = Some((now, readable));
    Json(json!({ "status": if readable { "ok" } else { "degraded" }, "head_seq": app.engine.head().seq }))
}

/// `GET /api/v1/admission`: how many batches wait, and which agents say more than they may, since when.
pub(super) async fn admission(State(app): State<Arc<App>>, _staff: StaffIdentity) -> Json<AdmissionRow> {
    Json(app.admission.row(app.clock.now()))
}

/// `GET /api/v1/channels`: how the channels stand on which people are told, and whether it is this server that tells.
pub(super) async fn channels(State(app): State<Arc<App>>, _staff: StaffIdentity) -> Json<Value> {
    Json(json!({ "tells": app.leadership.leads(), "channels": app.channels.rows() }))
}

async fn look(app: &App) -> bool {
    let engine = Arc::clone(&app.engine);
    let seq = engine.head().seq;
    let read = tokio::task::spawn_blocking(move || engine.read(seq, 1, 1)).await;
    matches!(read, Ok(Ok(frames)) if frames.len() == usize::from(seq > 0))
}
