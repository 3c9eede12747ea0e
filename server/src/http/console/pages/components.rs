//! The list of components with its search: where is X, who supplies it, was it declared.
//! It does not know how the model searches; it hands the query over and shows one page.
//! Invariant: a query that cannot be understood shows why, and never a list that looks like an answer to it.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::{ComponentQuery, ComponentRow, DriftStatus, EquipmentRow, Page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::ids::{AgentId, EquipmentId};
use serde::Deserialize;
use std::sync::Arc;

/// Rows on one page.
const COMPONENTS_ROWS_MAX: usize = 100;
/// The longest search that is handed over, in characters.
const SEARCH_CHARS_MAX: usize = 200;

/// The form as a browser sends it: empty fields are empty texts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ComponentsForm {
    /// Words to find.
    pub q: String,
    /// A status, by its name in the interface.
    pub status: String,
    /// An equipment's id.
    pub equipment_id: String,
    /// A host's agent.
    pub agent_id: String,
    /// Where to go on.
    pub cursor: String,
}

impl ComponentsForm {
    /// The query; `None` when a field holds what it cannot hold.
    pub fn query(&self) -> Option<ComponentQuery> {
        let status = match self.status.as_str() {
            "" => None,
            "covered" => Some(DriftStatus::Covered),
            "undeclared" => Some(DriftStatus::Undeclared),
            "not_part" => Some(DriftStatus::NotPart),
            "not_seen" => Some(DriftStatus::NotSeen),
            "not_observable" => Some(DriftStatus::NotObservable),
            _ => return None,
        };
        let q: String = self.q.trim().chars().take(SEARCH_CHARS_MAX).collect();
        Some(ComponentQuery {
            q: Some(q).filter(|q| !q.is_empty()),
            agent_id: given(&self.agent_id).map(AgentId::new).transpose().ok()?,
            equipment_id: given(&self.equipment_id).map(EquipmentId::new).transpose().ok()?,
            status,
            cursor: given(&self.cursor).map(Into::into),
            limit: Some(COMPONENTS_ROWS_MAX),
        })
    }

    /// Whether anything is left out.
    pub fn filters(&self) -> bool {
        [&self.q, &self.status, &self.equipment_id, &self.agent_id].iter().any(|field| !field.trim().is_empty())
    }
}

fn given(field: &str) -> Option<&str> {
    Some(field.trim()).filter(|field| !field.is_empty())
}

/// The page.
#[derive(Template)]
#[template(path = "components.html")]
pub struct Components {
    /// Shared.
    pub ctx: PageContext,
    /// The form as it was sent.
    pub form: ComponentsForm,
    /// The rows; absent when query or cursor make no sense.
    pub rows: Option<Page<ComponentRow>>,
    /// Every equipment, to choose from.
    pub equipment: Vec<EquipmentRow>,
}

/// `GET /components`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(form): Query<ComponentsForm>) -> Response {
    let rows = visitor.read(&app, Section::Components, |model, today| {
        (form.query().and_then(|query| model.components(&query)), model.equipment(today))
    });
    match rows {
        Ok((ctx, (rows, equipment))) => {
            let status = if rows.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            page(status, &Components { ctx, form, rows, equipment })
        }
        Err(fault) => fault,
    }
}
