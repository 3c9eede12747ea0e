//! One 特定重要設備: its plans and dates, what was observed against what was declared, the picture, hosts, findings, duties.
//! It does not know how a line came to its status.
//! Invariant: undeclared lines stand first, covered ones last; hosts without an agent are named.

use super::trouble;
use crate::http::App;
use crate::http::console::diagram::Diagram;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::{DriftLine, DriftStatus, EquipmentDetail, SupplierRow};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::ids::EquipmentId;
use std::sync::Arc;

/// Drift lines of one status, and what to say of them.
pub struct DriftGroup {
    /// The status.
    pub status: DriftStatus,
    /// The key of the sentence that explains it.
    pub explained: &'static str,
    /// The lines.
    pub lines: Vec<DriftLine>,
}

/// The page.
#[derive(Template)]
#[template(path = "equipment.html")]
pub struct Equipment {
    /// Shared.
    pub ctx: PageContext,
    /// Everything about it; its drift lines are in `groups`.
    pub detail: EquipmentDetail,
    /// Drift lines by status.
    pub groups: Vec<DriftGroup>,
    /// The picture.
    pub diagram: Diagram,
}

impl Equipment {
    /// From rows.
    pub fn new(ctx: PageContext, mut detail: EquipmentDetail, suppliers: &[SupplierRow]) -> Self {
        let diagram = Diagram::of(&ctx, &detail, suppliers);
        let drift = std::mem::take(&mut detail.drift);
        let order = [
            (DriftStatus::Undeclared, "drift-undeclared-explained"),
            (DriftStatus::NotSeen, "drift-not-seen-explained"),
            (DriftStatus::NotObservable, "drift-not-observable-explained"),
            (DriftStatus::NotPart, "drift-not-part-explained"),
            (DriftStatus::Covered, "drift-covered-explained"),
        ];
        let group = |(status, explained)| {
            let lines = drift.iter().filter(|line| line.status == status).cloned().collect();
            DriftGroup { status, explained, lines }
        };
        let groups = order.into_iter().map(group).collect();
        Self { ctx, detail, groups, diagram }
    }
}

/// `GET /equipment/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let rows = visitor.read(&app, Section::Equipment, |model, today| {
        let detail = model.equipment_detail(&EquipmentId::new(id).ok()?, today)?;
        Some((detail, model.suppliers()))
    });
    match rows {
        Ok((ctx, Some((detail, suppliers)))) => page(StatusCode::OK, &Equipment::new(ctx, detail, &suppliers)),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
