//! The list of duties: those that wait first, as the model orders them; by state, owner and day if asked. And the reader's
//! calendar of their days.
//! It does not know the law; outcome, articles and doubts come from the regime's table.
//! Invariant: a duty whose cause is gone stays in the list of what waits, because only a person can settle it.

use crate::http::App;
use crate::http::answers::fault;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::Listing;
use crate::model::rows::{DutyDue, DutyQuery, DutyRow, DutyState};
use crate::secrets;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::duty::{CalendarShared, DUTY_STATES, DutyOwner};
use daicho_schemas::refusal::Refusal;
use serde::Deserialize;
use std::sync::Arc;

/// Owners that can be chosen from.
const OWNERS_MAX: usize = 200;

/// What to list; a word that is not in a list means: all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DutiesQuery {
    /// `waiting`, or a state.
    pub state: String,
    /// Who sees to it; `-` for nobody.
    pub owner: String,
    /// `overdue`, `soon`, `dated` or `undated`.
    pub due: String,
    /// The page's number.
    pub page: String,
}

impl DutiesQuery {
    /// As the model is asked.
    pub fn wanted(&self) -> DutyQuery {
        DutyQuery {
            state: DutyState::named(&self.state),
            settled: (self.state == "waiting").then_some(false),
            owner: match self.owner.as_str() {
                "" => None,
                "-" => Some(String::new()),
                owner => Some(owner.into()),
            },
            due: match self.due.as_str() {
                "overdue" => Some(DutyDue::Overdue),
                "soon" => Some(DutyDue::Soon),
                "dated" => Some(DutyDue::Dated),
                "undated" => Some(DutyDue::Undated),
                _ => None,
            },
        }
    }

    /// Whether anything is left out.
    pub fn filters(&self) -> bool {
        self.wanted() != DutyQuery::default()
    }
}

/// The page.
#[derive(Template)]
#[template(path = "duties.html")]
pub struct Duties {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: DutiesQuery,
    /// The rows.
    pub list: Listing<DutyRow>,
    /// How many wait.
    pub waiting: usize,
    /// Who sees to any.
    pub owners: Vec<DutyOwner>,
    /// The reader's own calendar.
    pub calendar: CalendarShown,
}

/// What the page says of the reader's calendar.
#[derive(Clone, Debug, Default)]
pub struct CalendarShown {
    /// Whether there is an address with which it can be fetched.
    pub shared: bool,
    /// That address, right after it was made; never again.
    pub link: Option<String>,
    /// Why none could be made.
    pub complaint: Option<Complaint>,
}

/// What the calendar's forms say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CalendarForm {
    /// The token of the session's forms.
    pub form: String,
    /// `make` or `end`.
    pub calendar: String,
}

impl Duties {
    fn states(&self) -> &'static [DutyState] {
        DUTY_STATES
    }
}

/// `GET /duties`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<DutiesQuery>) -> Response {
    render(&app, &visitor, query, Ok(None))
}

/// `POST /duties`: makes an address for the reader's calendar, which this answer alone shows, or takes it back.
pub async fn calendar(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<CalendarForm>, FormRejection>,
) -> Response {
    let Ok(Form(said)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    let made = share(&app, &visitor, &headers, &said).await;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or(uri.authority().map(Authority::as_str));
    let link =
        made.map(|token| token.map(|token| format!("https://{}/calendar.ics?token={token}", host.unwrap_or("…"))));
    render(&app, &visitor, DutiesQuery::default(), link)
}

async fn share(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    said: &CalendarForm,
) -> Result<Option<String>, Refusal> {
    forms::ours(headers, &said.form)?;
    let token =
        (said.calendar == "make").then(secrets::new_secret).transpose().map_err(|error| fault(error).refusal)?;
    let person_id = visitor.person().person_id.clone();
    let token_hash = token.as_deref().map(secrets::calendar_hash);
    let fact = Fact::CalendarShared(CalendarShared { person_id, token_hash });
    app.state(visitor.person().author(), fact).await?;
    Ok(token)
}

fn render(app: &App, visitor: &Visitor, query: DutiesQuery, link: Result<Option<String>, Refusal>) -> Response {
    let wanted = query.wanted();
    let rows = visitor.read(app, Section::Duties, |model, today| {
        let some = |skip, take| model.duties_wanted(&wanted, today, skip, take);
        let list = Listing::of(model.duties_wanted_total(&wanted, today), query.page.parse().ok(), some);
        let shared = model.shares_calendar(&visitor.person().person_id);
        (list, model.duties_waiting(), model.duty_owners(OWNERS_MAX), shared)
    });
    match rows {
        Ok((ctx, (list, waiting, owners, shared))) => {
            let status = forms::status(link.as_ref().err());
            let complaint = link.as_ref().err().map(|refusal| ctx.complaint(refusal));
            let calendar = CalendarShown { shared, link: link.ok().flatten(), complaint };
            page(status, &Duties { ctx, query, list, waiting, owners, calendar })
        }
        Err(fault) => fault,
    }
}
