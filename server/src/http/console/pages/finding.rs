//! One finding: what happened, why it matters, what to do, on what evidence, with which duties, and its life so far.
//! It does not know rules.
//! Invariant: every claim on the page leads to the entry of the ledger that caused it.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::{DutyRow, FindingRow};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::ids::{AgentId, FindingId};
use daicho_schemas::text::Text;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "finding.html")]
pub struct Finding {
    /// Shared.
    pub ctx: PageContext,
    /// The finding.
    pub finding: FindingRow,
    /// The equipment's name.
    pub equipment_name: Option<Text>,
    /// The hosts it concerns: agent and host name.
    pub hosts: Vec<(AgentId, Option<String>)>,
    /// The duties that hang on it.
    pub duties: Vec<DutyRow>,
}

/// `GET /findings/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let rows = visitor.read(&app, Section::Findings, |model, _| {
        let finding = model.finding(&FindingId::new(id).ok()?)?;
        let named = |agent_id: &AgentId| (agent_id.clone(), model.hostname(agent_id));
        let hosts = finding.agent_ids.iter().map(named).collect();
        let duties = model.duties_of(&finding.finding_id);
        let equipment_name = finding.equipment_id.as_ref().and_then(|id| model.equipment_name(id));
        Some((finding, equipment_name, hosts, duties))
    });
    match rows {
        Ok((ctx, Some((finding, equipment_name, hosts, duties)))) => {
            page(StatusCode::OK, &Finding { ctx, finding, equipment_name, hosts, duties })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

impl Finding {
    fn hosts_left_out(&self) -> u64 {
        self.finding.hosts.saturating_sub(self.hosts.len() as u64)
    }
}
