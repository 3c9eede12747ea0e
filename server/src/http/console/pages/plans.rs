//! The plans (導入等計画書) with phase, dates and parts, as filed.
//! It does not know how a phase follows from the dates.
//! Invariant: a date that nobody has stated is shown as not recorded, never left blank.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::PlanRow;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "plans.html")]
pub struct Plans {
    /// Shared.
    pub ctx: PageContext,
    /// The rows.
    pub plans: Vec<PlanRow>,
}

/// `GET /plans`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    match visitor.read(&app, Section::Plans, |model, today| model.plans(today)) {
        Ok((ctx, plans)) => page(StatusCode::OK, &Plans { ctx, plans }),
        Err(fault) => fault,
    }
}
