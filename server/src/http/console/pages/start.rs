//! The first page: what matters now. Duties, then findings, then how much is really seen, then the equipment.
//! It does not know roles; everybody sees the same.
//! Invariant: hosts that are not seen are said before anything may look fine.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page, waits};
use crate::model::rows::{DutyRow, EquipmentRow, FindingRow, FindingState, HostRow, Severity};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::decision::Hearing;
use std::sync::Arc;

/// Duties and findings shown in full on this page.
const ROWS_MAX: usize = 6;

/// How much is really seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Hosts with an agent that was not revoked.
    pub hosts: usize,
    /// Of these, hosts that are not heard.
    pub silent: usize,
    /// Of these, hosts that have never sent anything.
    pub never: usize,
    /// Of these, hosts where a collector could not look completely.
    pub troubled: usize,
    /// Hosts that plans declare and that are not heard.
    pub declared_not_heard: u64,
}

impl Seen {
    /// Counts rows.
    pub fn count(hosts: &[HostRow], equipment: &[EquipmentRow]) -> Self {
        let live = || hosts.iter().filter(|host| !host.revoked);
        Self {
            hosts: live().count(),
            silent: live().filter(|host| host.hearing == Hearing::Silent).count(),
            never: live().filter(|host| host.last_batch_at.is_none()).count(),
            troubled: live().filter(|host| host.collectors_troubled > 0).count(),
            declared_not_heard: equipment.iter().map(|row| row.hosts_declared.saturating_sub(row.hosts_heard)).sum(),
        }
    }

    /// Whether everything that should be seen is seen. Nothing at all is not everything.
    pub fn whole(&self) -> bool {
        self.hosts > 0 && self.silent + self.never + self.troubled == 0 && self.declared_not_heard == 0
    }
}

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
    pub seen: Seen,
    /// Every equipment.
    pub equipment: Vec<EquipmentRow>,
}

impl Start {
    /// From rows.
    pub fn new(
        ctx: PageContext,
        duties: Vec<DutyRow>,
        findings: Vec<FindingRow>,
        hosts: &[HostRow],
        equipment: Vec<EquipmentRow>,
    ) -> Self {
        let open = |severity: Severity| {
            findings.iter().filter(|row| row.state == FindingState::Open && row.severity == severity).count()
        };
        let by_severity = [
            (Severity::Critical, "critical", open(Severity::Critical)),
            (Severity::Warning, "warning", open(Severity::Warning)),
            (Severity::Notice, "notice", open(Severity::Notice)),
        ];
        let seen = Seen::count(hosts, &equipment);
        let findings = findings.into_iter().filter(|row| row.state == FindingState::Open).take(ROWS_MAX).collect();
        let duties = duties.into_iter().filter(waits).take(ROWS_MAX).collect();
        Self { ctx, duties, findings, by_severity, seen, equipment }
    }

    fn rows_max(&self) -> u64 {
        ROWS_MAX as u64
    }
}

/// `GET /`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let rows = visitor.read(&app, Section::Start, |model, today| {
        (model.duties(), model.findings(), model.hosts(), model.equipment(today))
    });
    match rows {
        Ok((ctx, (duties, findings, hosts, equipment))) => {
            page(StatusCode::OK, &Start::new(ctx, duties, findings, &hosts, equipment))
        }
        Err(fault) => fault,
    }
}
