//! Every 特定重要設備 with its plans and how it stands.
//! It does not know drift lines; the page of one equipment shows them.
//! Invariant: hosts that are declared and not heard are counted beside what was found on the others.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::EquipmentRow;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "equipment_list.html")]
pub struct EquipmentList {
    /// Shared.
    pub ctx: PageContext,
    /// The rows.
    pub equipment: Vec<EquipmentRow>,
}

/// `GET /equipment`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    match visitor.read(&app, Section::Equipment, |model, today| model.equipment(today)) {
        Ok((ctx, equipment)) => page(StatusCode::OK, &EquipmentList { ctx, equipment }),
        Err(fault) => fault,
    }
}
