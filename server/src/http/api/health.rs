//! `GET /api/v1/health`: is the server there, and does it take entries. Open to anyone who reaches the port.
//! It does not tell names, counts or versions of anything inside.
//! Invariant: "ok" means that the ledger was readable just now.

use crate::http::App;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// The server's own state.
pub(super) async fn health(State(app): State<Arc<App>>) -> Json<Value> {
    let head = app.engine.head();
    let engine = Arc::clone(&app.engine);
    let read = tokio::task::spawn_blocking(move || engine.read(head.seq, 1, 1)).await;
    let readable = matches!(read, Ok(Ok(frames)) if frames.len() == usize::from(head.seq > 0));
    Json(json!({ "status": if readable { "ok" } else { "degraded" }, "head_seq": head.seq }))
}
