//! The list of duties: those that wait first, as the model orders them.
//! It does not know the law; outcome, articles and doubts come from the regime's table.
//! Invariant: a duty whose cause is gone stays in the list of what waits, because only a person can settle it.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page, waits};
use crate::http::console::paging::{Listing, PageQuery};
use crate::model::rows::DutyRow;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "duties.html")]
pub struct Duties {
    /// Shared.
    pub ctx: PageContext,
    /// The rows.
    pub list: Listing<DutyRow>,
    /// How many wait.
    pub waiting: usize,
}

impl Duties {
    /// From rows.
    pub fn new(ctx: PageContext, rows: Vec<DutyRow>, page: Option<usize>) -> Self {
        let waiting = rows.iter().filter(|row| waits(row)).count();
        Self { ctx, list: Listing::cut(rows, page), waiting }
    }
}

/// `GET /duties`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PageQuery>) -> Response {
    match visitor.read(&app, Section::Duties, |model, _| model.duties()) {
        Ok((ctx, rows)) => page(StatusCode::OK, &Duties::new(ctx, rows, query.number())),
        Err(fault) => fault,
    }
}
