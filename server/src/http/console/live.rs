//! `/events`: tells an open page that the ledger has moved (Server-Sent Events, WHATWG HTML section 9.2).
//! It does not know what a page shows; the page asks for itself again.
//! Invariant: event ids only grow, a slow listener is told the newest head instead of being dropped, and a person whose
//! session has ended is told nothing more.

use super::layout::Gate;
use crate::http::App;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::BroadcastStream;

/// How often a comment is sent when nothing happens, so that proxies keep the line open.
const KEEP_ALIVE_SECONDS: u64 = 20;

/// `GET /events`.
pub async fn events(
    State(app): State<Arc<App>>,
    axum::Extension(Gate(ask)): axum::Extension<Gate>,
    headers: HeaderMap,
) -> Response {
    if ask(&app, &headers).is_err() {
        // No redirect: an EventSource would follow it and read a page as events. 401 ends it.
        return StatusCode::UNAUTHORIZED.into_response();
    }
    // Listening begins before the head is read: nothing can move unseen between the two.
    let moves = BroadcastStream::new(app.moved.subscribe());
    let first = app.engine.head().seq;
    let mut told: Option<u64> = None;
    let heads = tokio_stream::once(Some(first)).chain(moves.map(move |moved| moved.ok().map(|head| head.seq)));
    let state = Arc::clone(&app);
    let events = heads.take_while(move |_| ask(&state, &headers).is_ok()).filter_map(move |seq| {
        // `None`: this listener was too slow and lost some moves; the newest head stands for all of them.
        let seq = seq.unwrap_or_else(|| app.engine.head().seq);
        let news = told.is_none_or(|last| seq > last);
        news.then(|| {
            told = Some(seq);
            Ok::<_, Infallible>(Event::default().id(seq.to_string()).event("moved").data(seq.to_string()))
        })
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_SECONDS))).into_response()
}
