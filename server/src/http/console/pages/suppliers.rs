//! The supplier records (供給者・委託の相手方・再委託の相手方) and what hangs on each.
//! It does not know how a record was matched to a component.
//! Invariant: each record shows where it came from and from which day it speaks.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::{Listing, PageQuery};
use crate::model::rows::SupplierRow;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "suppliers.html")]
pub struct Suppliers {
    /// Shared.
    pub ctx: PageContext,
    /// The rows.
    pub list: Listing<SupplierRow>,
}

/// `GET /suppliers`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PageQuery>) -> Response {
    let rows = visitor.read(&app, Section::Suppliers, |model, _| {
        let some = |skip, take| model.suppliers_from(skip, take);
        Listing::of(model.suppliers_total(), query.number(), some)
    });
    match rows {
        Ok((ctx, list)) => page(StatusCode::OK, &Suppliers { ctx, list }),
        Err(fault) => fault,
    }
}
