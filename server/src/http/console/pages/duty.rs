//! One duty: what the law asks, by which article, by when, with which data, and how sure that is.
//! It does not know the law; everything comes from the regime's table, words included.
//! Invariant: what rests on less than the statute is marked before it is stated.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::{DutyRow, FindingRow, PlanRow};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::ids::DutyId;
use daicho_schemas::text::Text;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "duty.html")]
pub struct Duty {
    /// Shared.
    pub ctx: PageContext,
    /// The duty.
    pub duty: DutyRow,
    /// The finding it hangs on.
    pub finding: Option<FindingRow>,
    /// The plan that was judged.
    pub plan: Option<PlanRow>,
    /// The equipment's name.
    pub equipment_name: Option<Text>,
}

/// `GET /duties/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let rows = visitor.read(&app, Section::Duties, |model, today| {
        let duty = model.duty(&DutyId::new(id).ok()?)?;
        let finding = model.finding(&duty.finding_id);
        let plan = duty.plan_id.as_ref().and_then(|id| model.plan_row(id, today));
        let equipment_name = model.equipment_name(&duty.equipment_id);
        Some((duty, finding, plan, equipment_name))
    });
    match rows {
        Ok((ctx, Some((duty, finding, plan, equipment_name)))) => {
            page(StatusCode::OK, &Duty { ctx, duty, finding, plan, equipment_name })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
