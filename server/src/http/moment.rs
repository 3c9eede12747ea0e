//! Which state a request reads: the present one, or that of a time in the past (`?as_of=2026-03-31`, `&hindsight=true`).
//! It does not know rows, and does not fold (`past`). Invariant: a moment is made for a proven person only; an address that has no
//! past refuses the question instead of answering for today.

use super::App;
use super::answers::{Refused, fault};
use super::auth;
use crate::model::Model;
use crate::past::{PastFault, Question, Stand};
use axum::extract::{FromRequestParts, Query, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::sync::Arc;

/// What a request reads.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What the entries mean, up to the moment.
    pub model: Model,
    /// The day whose law and dates are applied, in Japan.
    pub today: CalendarDate,
    /// Which state of the past it is; absent for the present.
    pub stand: Option<Stand>,
}

/// Seconds after which a state that is being computed is asked for again.
const PREPARING_RETRY_SECONDS: u64 = 2;

#[derive(Debug, Default, Deserialize)]
struct AsOfQuery {
    as_of: Option<String>,
    #[serde(default)]
    hindsight: Option<String>,
}

/// The question about the past in an address, if there is one. An empty one, as a form sends it, is none.
pub fn question(uri: &Uri) -> Result<Option<Question>, Refusal> {
    let wrong = |what: String| Refusal::new(RefusalCode::AsOfWrong).with(what);
    let Query(query) = Query::<AsOfQuery>::try_from_uri(uri).map_err(|error| wrong(error.body_text()))?;
    let hindsight = match query.hindsight.as_deref().unwrap_or_default() {
        "true" | "1" => true,
        "" | "false" | "0" => false,
        _ => return Err(wrong("hindsight: true or false".into())),
    };
    match query.as_of.filter(|text| !text.is_empty()) {
        Some(text) => Ok(Some(Question { as_of: text.parse()?, hindsight })),
        None if hindsight => Err(wrong("hindsight: only together with as_of".into())),
        None => Ok(None),
    }
}

impl Moment {
    /// The state that a question asks for; the present one where there is none.
    pub async fn of(app: &App, question: Option<Question>) -> Result<Self, Refused> {
        let (present, now) = (app.model(), app.clock.now());
        let Some(question) = question else {
            return Ok(Self { model: present, today: now.date_in_japan(), stand: None });
        };
        match app.past.at(&app.engine, present, question, now).await {
            Ok(moment) => Ok(Self::past(moment)),
            Err(PastFault::Refused(refusal)) => {
                let soon = refusal.code == RefusalCode::AsOfPreparing;
                Err(Refused { refusal, retry_after_seconds: soon.then_some(PREPARING_RETRY_SECONDS) })
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// A folded state of the past.
    pub fn past(moment: crate::past::Moment) -> Self {
        let crate::past::Moment { model, stand } = moment;
        Self { model, today: stand.day, stand: Some(stand) }
    }
}

impl FromRequestParts<Arc<App>> for Moment {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        auth::staff(app, &parts.headers)?;
        Self::of(app, question(&parts.uri)?).await
    }
}

/// A state that a command has folded for itself: whoever can read the ledger's files needs no other proof.
#[derive(Clone)]
pub struct Folded(pub Arc<Moment>);

impl FromRequestParts<Folded> for Moment {
    type Rejection = Refused;

    async fn from_request_parts(_parts: &mut Parts, folded: &Folded) -> Result<Self, Refused> {
        Ok(Self::clone(&folded.0))
    }
}

/// For addresses that answer for the present only.
pub async fn now_only(request: Request, next: Next) -> Response {
    match question(request.uri()) {
        Ok(None) => next.run(request).await,
        Ok(Some(_)) => {
            let what = format!("as_of: {} answers for the present only", request.uri().path());
            Refused::from(Refusal::new(RefusalCode::AsOfWrong).with(what)).into_response()
        }
        Err(refusal) => Refused::from(refusal).into_response(),
    }
}
