//! The list of findings, by severity and state if asked.
//! It does not know rules; titles and reasons come with the rows.
//! Invariant: an empty list says how many hosts were not fully seen, so that silence never passes for order.

use super::start::Seen;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::Listing;
use crate::model::rows::{FindingRow, FindingState, Severity};
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
    fn takes(&self, row: &FindingRow) -> bool {
        let state = match self.state.as_str() {
            "open" => row.state == FindingState::Open,
            "closed" => row.state == FindingState::Closed,
            _ => true,
        };
        let severity = match self.severity.as_str() {
            "critical" => row.severity == Severity::Critical,
            "warning" => row.severity == Severity::Warning,
            "notice" => row.severity == Severity::Notice,
            _ => true,
        };
        state && severity
    }

    /// Whether anything is left out.
    pub fn filters(&self) -> bool {
        matches!(self.state.as_str(), "open" | "closed")
            || matches!(self.severity.as_str(), "critical" | "warning" | "notice")
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
    pub seen: Seen,
}

impl Findings {
    /// From rows.
    pub fn new(ctx: PageContext, query: FindingsQuery, rows: Vec<FindingRow>, seen: Seen) -> Self {
        let rows = rows.into_iter().filter(|row| query.takes(row)).collect();
        let list = Listing::cut(rows, query.page.parse().ok());
        Self { ctx, query, list, seen }
    }
}

/// `GET /findings`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<FindingsQuery>) -> Response {
    let rows = visitor.read(&app, Section::Findings, |model, today| {
        (model.findings(), Seen::count(&model.hosts(), &model.equipment(today)))
    });
    match rows {
        Ok((ctx, (rows, seen))) => page(StatusCode::OK, &Findings::new(ctx, query, rows, seen)),
        Err(fault) => fault,
    }
}
