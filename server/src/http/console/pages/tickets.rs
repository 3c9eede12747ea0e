//! The list of tickets: open ones first, the nearest window first.
//! It does not know how a ticket is judged or reconciled. Invariant: what was not seen is never shown as done.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::Listing;
use crate::model::rows::TicketRow;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::ticket::TicketState;
use serde::Deserialize;
use std::sync::Arc;

/// What to list; a word that is not in a list means: all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TicketsQuery {
    /// `open`, `done` or `withdrawn`.
    pub state: String,
    /// The page's number.
    pub page: String,
}

/// The page.
#[derive(Template)]
#[template(path = "tickets.html")]
pub struct Tickets {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: TicketsQuery,
    /// The rows.
    pub list: Listing<TicketRow>,
}

/// `GET /tickets`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<TicketsQuery>) -> Response {
    let rows = visitor.read(&app, Section::Tickets, |model, _| {
        let rows = model.tickets(TicketState::named(&query.state), None);
        let some = |skip, take| rows.iter().skip(skip).take(take).cloned().collect();
        Listing::of(rows.len(), query.page.parse().ok(), some)
    });
    match rows {
        Ok((ctx, list)) => page(StatusCode::OK, &Tickets { ctx, query, list }),
        Err(fault) => fault,
    }
}
