//! The supplier records (供給者・委託の相手方・再委託の相手方) and what hangs on each.
//! It does not know how a record was matched to a component.
//! Invariant: each record shows where it came from and from which day it speaks.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::{Listing, PageQuery};
use crate::model::rows::SupplierRow;
use crate::questionnaire::describe::lines;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::supplier::{SupplierField, SupplierRecord};
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

impl Suppliers {
    /// The items that a record holds beyond its name and country: what each is called, and its lines.
    pub fn items(&self, record: &SupplierRecord) -> Vec<(String, Vec<String>)> {
        let language = self.ctx.language;
        let beyond = SupplierField::ALL
            .iter()
            .filter(|field| !matches!(field, SupplierField::Name | SupplierField::CountryOfLaw));
        let item = |field: &SupplierField| (field.label().get(language).to_string(), lines(record, *field, language));
        beyond.map(item).filter(|(_, lines)| !lines.is_empty()).collect()
    }
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
