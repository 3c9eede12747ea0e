//! The list of duties: those that wait first, as the model orders them.
//! It does not know the law; outcome, articles and doubts come from the regime's table.
//! Invariant: a duty whose cause is gone stays in the list of what waits, because only a person can settle it.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
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

/// `GET /duties`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PageQuery>) -> Response {
    let rows = visitor.read(&app, Section::Duties, |model, _| {
        let some = |skip, take| model.duties_from(skip, take);
        (Listing::of(model.duties_total(), query.number(), some), model.duties_waiting())
    });
    match rows {
        Ok((ctx, (list, waiting))) => page(StatusCode::OK, &Duties { ctx, list, waiting }),
        Err(fault) => fault,
    }
}
