//! Browser sessions: a one-time link in, a button out.
//! It does not know passwords; a link is made by somebody who holds a token (`daicho sign-in`).
//! Invariant: a code works once; a session is known to the server by its hash only.

use super::App;
use super::answers::{Refused, fault};
use super::auth::{self, SESSION_COOKIE};
use crate::secrets;
use crate::store::StoreFault;
use crate::store::shared::Shared;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use std::sync::Arc;

/// How long a session lasts, in seconds: a working day.
const SESSION_SECONDS: i64 = 12 * 3600;
/// How long a one-time code waits, in seconds.
pub const CODE_SECONDS: i64 = 900;

/// `GET /sign-in/{code}`: a one-time code for a session.
pub async fn sign_in(State(app): State<Arc<App>>, Path(code): Path<String>) -> Result<Response, Refused> {
    let now = app.clock.now();
    let hash = secrets::code_hash(&code);
    let Some(person_id) = beside(&app, move |shared| shared.take_code(&hash, now)).await? else {
        // A page says so, with the way to a new link; a bare 401 would strand a person with an old link.
        return Ok(see_other("/sign-in?used=1", None));
    };
    let token = secrets::new_secret().map_err(fault)?;
    let ends_at = now.plus_seconds(SESSION_SECONDS);
    let hash = secrets::session_hash(&token);
    beside(&app, move |shared| shared.put_session(&hash, &person_id, ends_at)).await?;
    let cookie = format!("{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={SESSION_SECONDS}");
    Ok(see_other("/", Some(&cookie)))
}

/// `POST /sign-out`: ends the session, if there is one.
pub async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refused> {
    if let Some(token) = auth::cookie(&headers, SESSION_COOKIE) {
        let hash = secrets::session_hash(token);
        beside(&app, move |shared| shared.end_session(&hash)).await?;
    }
    let forget = format!("{SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok(see_other("/sign-in", Some(&forget)))
}

/// Asks the shared store, which may wait for a disk or a network, without keeping others waiting.
pub(super) async fn beside<T: Send + 'static>(
    app: &App,
    ask: impl FnOnce(&dyn Shared) -> Result<T, StoreFault> + Send + 'static,
) -> Result<T, Refused> {
    let shared = Arc::clone(&app.shared);
    tokio::task::spawn_blocking(move || ask(shared.as_ref())).await.map_err(fault)?.map_err(|error| match error {
        StoreFault::Database(fault) => Refusal::new(RefusalCode::LedgerAway).with(fault.to_string()).into(),
        other => fault(other),
    })
}

fn see_other(place: &'static str, cookie: Option<&str>) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
