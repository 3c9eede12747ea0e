//! The list of hosts, with whether each is heard and how completely it is seen.
//! It does not know facts; the page of one host shows them.
//! Invariant: a revoked, silent or never heard host is marked as such and never counted as seen.

use crate::http::App;
use crate::http::admission::OverQuotaRow;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::{Listing, PageQuery};
use crate::model::rows::{HostRow, SeenRow};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "hosts.html")]
pub struct Hosts {
    /// Shared.
    pub ctx: PageContext,
    /// The rows.
    pub list: Listing<HostRow>,
    /// How much is really seen.
    pub seen: SeenRow,
    /// Agents that say more than they may, and are turned away for now.
    pub over_quota: Vec<OverQuotaRow>,
}

/// `GET /hosts`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PageQuery>) -> Response {
    let rows = visitor.read(&app, Section::Hosts, |model, _| {
        let some = |skip, take| model.hosts_from(skip, take);
        (Listing::of(model.hosts_total(), query.number(), some), model.seen())
    });
    match rows {
        Ok((ctx, (list, seen))) => {
            let over_quota = app.admission.row(app.clock.now()).over_quota;
            page(StatusCode::OK, &Hosts { ctx, list, seen, over_quota })
        }
        Err(fault) => fault,
    }
}
