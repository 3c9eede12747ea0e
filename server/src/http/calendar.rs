//! `GET /calendar.ics`: the days of duties for a calendar program, which can carry a token in its address and nothing else.
//! It does not know what a calendar looks like; `output/calendar.rs` does.
//! Invariant: the address of a calendar opens the calendar of its person and nothing else, until they take it back.

use super::App;
use super::answers::Refused;
use super::auth;
use crate::output::calendar;
use crate::secrets;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use serde::Deserialize;
use std::sync::Arc;

/// Which calendar.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CalendarQuery {
    /// The calendar's own token; a bearer token or a session does as well.
    token: Option<String>,
    /// `ja` or `en`.
    lang: Option<String>,
    /// Anything: only what this person sees to.
    mine: Option<String>,
}

/// The calendar. Kept in no shared cache.
pub async fn feed(
    State(app): State<Arc<App>>,
    Query(query): Query<CalendarQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let person = who(&app, &query, &headers)?;
    let language = match query.lang.as_deref() {
        Some("en") => Language::En,
        _ => Language::Ja,
    };
    let only = query.mine.is_some().then_some(&person);
    let ics = calendar::ics(&app.model(), only, language);
    let heads = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"daicho.ics\""),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((heads, ics).into_response())
}

fn who(app: &App, query: &CalendarQuery, headers: &HeaderMap) -> Result<PersonId, Refusal> {
    let Some(token) = &query.token else { return auth::staff(app, headers).map(|staff| staff.person_id) };
    let model = app.model();
    model.calendar_of(&secrets::calendar_hash(token)).cloned().ok_or_else(|| RefusalCode::NotSignedIn.into())
}
