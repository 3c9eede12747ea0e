//! The list of findings, by severity and state if asked.
//! It does not know rules; titles and reasons come with the rows.
//! Invariant: an empty list says how many hosts were not fully seen, so that silence never passes for order.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::Listing;
use crate::model::rows::{FindingRow, FindingState, SeenRow, Severity};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

/// What to list; a word that is not in a list means: all.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct FindingsQuery {
    /// `open` or `closed`.
    #[serde(default)]
    pub state: String,
    /// `critical`, `warning` or `notice`.
    #[serde(default)]
    pub severity: String,
    /// The page's number.
    #[serde(default)]
    pub page: String,
}

impl FindingsQuery {
    /// The state that is asked for; absent for both.
    pub fn wanted_state(&self) -> Option<FindingState> {
        match self.state.as_str() {
            "open" => Some(FindingState::Open),
            "closed" => Some(FindingState::Closed),
            _ => None,
        }
    }

    /// The severity that is asked for; absent for all.
    pub fn wanted_severity(&self) -> Option<Severity> {
        match self.severity.as_str() {
            "gravest" => Some(Severity::Gravest),
            "critical" => Some(Severity::Critical),
            "warning" => Some(Severity::Warning),
            "notice" => Some(Severity::Notice),
            _ => None,
        }
    }

    /// Whether anything is left out.
    pub fn filters(&self) -> bool {
        self.wanted_state().is_some() || self.wanted_severity().is_some()
    }
}

/// The page.
#[derive(Template)]
#[template(path = "findings.html")]
pub struct Findings {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: FindingsQuery,
    /// The rows.
    pub list: Listing<FindingRow>,
    /// How much is really seen.
    pub seen: SeenRow,
}

/// `GET /findings`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<FindingsQuery>) -> Response {
    let rows = visitor.read(&app, Section::Findings, |model, _| {
        let (state, severity) = (query.wanted_state(), query.wanted_severity());
        let some = |skip, take| model.findings_from(state, severity, skip, take);
        (Listing::of(model.findings_total(state, severity), query.page.parse().ok(), some), model.seen())
    });
    match rows {
        Ok((ctx, (list, seen))) => page(StatusCode::OK, &Findings { ctx, query, list, seen }),
        Err(fault) => fault,
    }
}
