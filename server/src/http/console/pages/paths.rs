//! Every way in from outside: what shows it, what was recorded of it, what declares it.
//! It does not judge. Invariant: the three stand side by side, and an empty list never says that there are none.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::http::console::paging::Listing;
use crate::model::queries::remote_paths::{PathQuery, PathRow, PathsOnly};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::{EquipmentId, SupplierId};
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// What to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PathsQuery {
    /// Leading to this equipment.
    pub equipment: String,
    /// Of this vendor.
    pub supplier: String,
    /// A part of them.
    pub only: String,
    /// Words that must all be in what enters, or where.
    pub q: String,
    /// The page's number.
    pub page: String,
}

/// The page.
#[derive(Template)]
#[template(path = "paths.html")]
pub struct Paths {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: PathsQuery,
    /// The rows.
    pub list: Listing<PathRow>,
    /// The equipment to choose from.
    pub equipment: Vec<(EquipmentId, Text)>,
}

impl Paths {
    /// The parts to choose from, with their words.
    fn parts(&self) -> [(&'static str, String); 5] {
        [
            ("findings", self.ctx.t("path-only-findings")),
            ("undeclared", self.ctx.t("path-only-undeclared")),
            ("without_contract", self.ctx.t("path-only-without-contract")),
            ("unrestricted", self.ctx.t("path-only-unrestricted")),
            ("removed", self.ctx.t("path-only-removed")),
        ]
    }

    fn is_chosen(&self, id: &EquipmentId) -> bool {
        id.as_str() == self.query.equipment
    }

    /// The page of the device or host that shows a path.
    fn shown_at(&self, row: &PathRow) -> Option<String> {
        match (&row.enters, &row.seen_by) {
            (PathEntry::DeviceWayIn { device_id, .. }, _) => Some(format!("/devices/{device_id}")),
            (_, Some(agent)) => Some(format!("/hosts/{agent}")),
            _ => None,
        }
    }

    fn is_removed(&self, row: &PathRow) -> bool {
        row.said.as_ref().is_some_and(|said| !said.stands())
    }
}

/// `GET /paths`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PathsQuery>) -> Response {
    let rows = visitor.read(&app, Section::Paths, |model, today| {
        let equipment_id = match query.equipment.as_str() {
            "" => None,
            id => Some(EquipmentId::new(id).ok()?),
        };
        let supplier_id = match query.supplier.as_str() {
            "" => None,
            id => Some(SupplierId::new(id).ok()?),
        };
        let wanted =
            PathQuery { equipment_id, supplier_id, only: PathsOnly::named(&query.only), q: Some(query.q.clone()) };
        let found = model.path_entries(&wanted);
        let some = |skip, take| model.path_rows(found.iter().skip(skip).take(take), today);
        Some((Listing::of(found.len(), query.page.parse().ok(), some), model.equipment_names()))
    });
    match rows {
        Ok((ctx, Some((list, equipment)))) => page(StatusCode::OK, &Paths { ctx, query, list, equipment }),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
