//! Network segments: who observes each, who was seen in it that is nobody's, and which ones nobody observes.
//! It does not judge. Invariant: a segment without an agent says "not observed" before anything else, and no list of neighbours looks
//! complete.

use super::trouble;
use crate::http::App;
use crate::http::console::fragments::{Badge, Tone};
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::queries::networks::{NetworkQuery, NetworkSheet, Observed, Whose};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::network_table::NeighbourIs;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// What to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NetworksQuery {
    /// Of this equipment.
    pub equipment: String,
}

/// The page.
#[derive(Template)]
#[template(path = "networks.html")]
pub struct Networks {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: NetworksQuery,
    /// The segments.
    pub sheet: NetworkSheet,
    /// The equipment to choose from.
    pub equipment: Vec<(EquipmentId, Text)>,
}

impl Networks {
    fn is_chosen(&self, id: &EquipmentId) -> bool {
        id.as_str() == self.query.equipment
    }

    fn observed(&self, observed: &Observed) -> Badge {
        let (tone, key) = match observed {
            Observed::NotObserved => (Tone::Unknown, "network-not-observed"),
            Observed::Declared => (Tone::Unknown, "network-declared"),
            Observed::ByTable => (Tone::Warn, "network-by-table"),
            Observed::Silent => (Tone::Warn, "network-silent"),
            Observed::ByAgents => (Tone::Note, "network-by-agents"),
        };
        Badge { tone, label: self.ctx.t(key) }
    }

    fn whose(&self, whose: &Whose) -> String {
        match whose {
            Whose::Host(name) => self.ctx.tx("network-host", name),
            Whose::Device(id) | Whose::Said(NeighbourIs::Device(id)) => self.ctx.tx("network-device", id),
            Whose::Said(NeighbourIs::Host(name) | NeighbourIs::Other(name)) => self.ctx.tx("network-said", name),
        }
    }
}

/// `GET /networks`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<NetworksQuery>) -> Response {
    let rows = visitor.read(&app, Section::Networks, |model, _| {
        let equipment_id = match query.equipment.as_str() {
            "" => None,
            id => Some(EquipmentId::new(id).ok()?),
        };
        let sheet = model.networks(&NetworkQuery { equipment_id, observed: None });
        Some((sheet, model.equipment_names()))
    });
    match rows {
        Ok((ctx, Some((sheet, equipment)))) => page(StatusCode::OK, &Networks { ctx, query, sheet, equipment }),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
