//! The list of duties: those that wait first, as the model orders them; by state, owner and day if asked.
//! It does not know the law; outcome, articles and doubts come from the regime's table.
//! Invariant: a duty whose cause is gone stays in the list of what waits, because only a person can settle it.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::Listing;
use crate::model::rows::{DutyDue, DutyQuery, DutyRow, DutyState};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::duty::{DUTY_STATES, DutyOwner};
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
}

impl Duties {
    fn states(&self) -> &'static [DutyState] {
        DUTY_STATES
    }
}

/// `GET /duties`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<DutiesQuery>) -> Response {
    let wanted = query.wanted();
    let rows = visitor.read(&app, Section::Duties, |model, today| {
        let some = |skip, take| model.duties_wanted(&wanted, today, skip, take);
        let list = Listing::of(model.duties_wanted_total(&wanted, today), query.page.parse().ok(), some);
        (list, model.duties_waiting(), model.duty_owners(OWNERS_MAX))
    });
    match rows {
        Ok((ctx, (list, waiting, owners))) => page(StatusCode::OK, &Duties { ctx, query, list, waiting, owners }),
        Err(fault) => fault,
    }
}
