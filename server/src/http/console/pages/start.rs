//! The first page: what matters now. Duties, then findings, then how much is really seen, then the equipment.
//! Everybody sees the same; those who keep duties also see what is due next, late, and seen to by nobody.
//! Invariant: hosts that are not seen are said before anything may look fine.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::Model;
use crate::model::rows::{DutyDue, DutyQuery, DutyRow, EquipmentRow, FindingRow, FindingState, SeenRow, Severity};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::time::CalendarDate;
use std::sync::Arc;

/// Duties and findings shown in full on this page.
const ROWS_MAX: usize = 6;
/// What weighs most first.
const SEVERITIES: [Severity; 4] = [Severity::Gravest, Severity::Critical, Severity::Warning, Severity::Notice];

/// The page.
#[derive(Template)]
#[template(path = "start.html")]
pub struct Start {
    /// Shared.
    pub ctx: PageContext,
    /// The first duties that wait.
    pub duties: Vec<DutyRow>,
    /// What those who keep duties look at first.
    pub urgent: Urgent,
    /// The first open findings.
    pub findings: Vec<FindingRow>,
    /// Open findings by severity: critical, warning, notice.
    pub by_severity: [(Severity, &'static str, usize); 4],
    /// How much is really seen.
    pub seen: SeenRow,
    /// Every equipment.
    pub equipment: Vec<EquipmentRow>,
}

/// Duties by what is urgent about them.
#[derive(Clone, Debug, Default)]
pub struct Urgent {
    /// How many are late.
    pub overdue: usize,
    /// How many have their day within two weeks.
    pub soon: usize,
    /// How many nobody sees to.
    pub unassigned: usize,
    /// Declared hosts of which nobody has said whether they are 特定重要電子計算機.
    pub computers: usize,
    /// Those whose day comes first.
    pub next: Vec<DutyRow>,
}

impl Urgent {
    fn of(model: &Model, today: CalendarDate) -> Self {
        let due = |due| DutyQuery { due: Some(due), ..DutyQuery::default() };
        let count = |query: &DutyQuery| model.duties_wanted_total(query, today);
        let nobody = DutyQuery { settled: Some(false), owner: Some(String::new()), ..DutyQuery::default() };
        Self {
            overdue: count(&due(DutyDue::Overdue)),
            soon: count(&due(DutyDue::Soon)),
            unassigned: count(&nobody),
            computers: model.computers_undecided(),
            next: model.duties_wanted(&due(DutyDue::Dated), today, 0, ROWS_MAX),
        }
    }
}

impl Start {
    /// From rows and counts: open findings by severity, the gravest first.
    pub fn new(
        ctx: PageContext,
        (duties, urgent): (Vec<DutyRow>, Urgent),
        findings: Vec<FindingRow>,
        [gravest, critical, warning, notice]: [usize; 4],
        seen: SeenRow,
        equipment: Vec<EquipmentRow>,
    ) -> Self {
        let by_severity = [
            (Severity::Gravest, "gravest", gravest),
            (Severity::Critical, "critical", critical),
            (Severity::Warning, "warning", warning),
            (Severity::Notice, "notice", notice),
        ];
        Self { ctx, duties, urgent, findings, by_severity, seen, equipment }
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
        (
            (model.first_duties_waiting(ROWS_MAX), Urgent::of(model, today)),
            findings,
            counts,
            model.seen(),
            model.equipment(today),
        )
    });
    match rows {
        Ok((ctx, (duties, findings, counts, seen, equipment))) => {
            page(StatusCode::OK, &Start::new(ctx, duties, findings, counts, seen, equipment))
        }
        Err(fault) => fault,
    }
}
