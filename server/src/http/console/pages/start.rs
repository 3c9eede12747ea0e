//! The first page: what matters now. Duties, then findings, then how much is really seen, then the equipment.
//! It does not know roles; everybody sees the same.
//! Invariant: hosts that are not seen are said before anything may look fine.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::{DutyRow, EquipmentRow, FindingRow, FindingState, SeenRow, Severity};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Duties and findings shown in full on this page.
const ROWS_MAX: usize = 6;
/// What weighs most first.
const SEVERITIES: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Notice];

/// The page.
#[derive(Template)]
#[template(path = "start.html")]
pub struct Start {
    /// Shared.
    pub ctx: PageContext,
    /// The first duties that wait.
    pub duties: Vec<DutyRow>,
    /// The first open findings.
    pub findings: Vec<FindingRow>,
    /// Open findings by severity: critical, warning, notice.
    pub by_severity: [(Severity, &'static str, usize); 3],
    /// How much is really seen.
    pub seen: SeenRow,
    /// Every equipment.
    pub equipment: Vec<EquipmentRow>,
}

impl Start {
    /// From rows and counts: open findings by severity, critical first.
    pub fn new(
        ctx: PageContext,
        duties: Vec<DutyRow>,
        findings: Vec<FindingRow>,
        [critical, warning, notice]: [usize; 3],
        seen: SeenRow,
        equipment: Vec<EquipmentRow>,
    ) -> Self {
        let by_severity = [
            (Severity::Critical, "critical", critical),
            (Severity::Warning, "warning", warning),
            (Severity::Notice, "notice", notice),
        ];
        Self { ctx, duties, findings, by_severity, seen, equipment }
    }

    fn rows_max(&self) -> u64 {
        ROWS_MAX as u64
    }
}

/// `GET /`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let rows = visitor.read(&app, Section::Start, |model, today| {
        let open = Some(FindingState::Open);
        let counts = SEVERITIES.map(|severity| model.findings_total(open, Some(severity)));
        let findings = model.findings_from(open, None, 0, ROWS_MAX);
        (model.first_duties_waiting(ROWS_MAX), findings, counts, model.seen(), model.equipment(today))
    });
    match rows {
        Ok((ctx, (duties, findings, counts, seen, equipment))) => {
            page(StatusCode::OK, &Start::new(ctx, duties, findings, counts, seen, equipment))
        }
        Err(fault) => fault,
    }
}
