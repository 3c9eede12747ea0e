//! Network segments: who observes each, who was seen in it that is nobody's, and which ones nobody observes; below them the lines of
//! the operator's own lists, and which of them nothing explains.
//! It does not judge. Invariant: a segment without an agent says "not observed" before anything else, and no list of neighbours looks
//! complete.

use super::trouble;
use crate::http::App;
use crate::http::console::fragments::{Badge, Tone};
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::queries::circuits::{CircuitQuery, CircuitSheet, CircuitStand, Explains, sort_text};
use crate::model::queries::networks::{NetworkQuery, NetworkSheet, Observed, Whose};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::circuit::{CircuitIs, CircuitSort};
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
    /// The lines of the lists of lines.
    pub circuits: CircuitSheet,
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

    fn stand(&self, stand: &CircuitStand) -> Badge {
        let (tone, key) = match stand {
            CircuitStand::Unexplained => (Tone::Warn, "circuit-unexplained"),
            CircuitStand::Missing => (Tone::Warn, "circuit-missing"),
            CircuitStand::Explained => (Tone::Note, "circuit-explained"),
            CircuitStand::ToCome => (Tone::Note, "circuit-to-come"),
            CircuitStand::Ended => (Tone::Note, "circuit-ended"),
        };
        Badge { tone, label: self.ctx.t(key) }
    }

    fn count(&self, total: &u64) -> usize {
        usize::try_from(*total).unwrap_or(usize::MAX)
    }

    fn count_of(&self, total: &u32) -> usize {
        usize::try_from(*total).unwrap_or(usize::MAX)
    }

    fn sort(&self, sort: &CircuitSort) -> String {
        self.ctx.say(&sort_text(*sort)).to_string()
    }

    fn explains(&self, one: &Explains) -> String {
        match one {
            Explains::Device(id) | Explains::Person(CircuitIs::Device(id)) => self.ctx.tx("network-device", id),
            Explains::Host(name) | Explains::Person(CircuitIs::Host(name)) => self.ctx.tx("network-host", name),
            Explains::Person(CircuitIs::Other(words)) => self.ctx.tx("network-said", words),
            Explains::Person(CircuitIs::Ended(day)) => self.ctx.tx("circuit-ended-on", day),
            Explains::RemotePath(name) => self.ctx.tx("circuit-by-path", name),
            Explains::Segment(network) => self.ctx.tx("circuit-by-segment", network),
            Explains::Contract(plan) => self.ctx.tx("circuit-by-contract", plan),
        }
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
        let circuits = model.circuit_sheet(&CircuitQuery { equipment_id: equipment_id.clone(), stand: None });
        let sheet = model.networks(&NetworkQuery { equipment_id, observed: None });
        Some((sheet, circuits, model.equipment_names()))
    });
    match rows {
        Ok((ctx, Some((sheet, circuits, equipment)))) => {
            page(StatusCode::OK, &Networks { ctx, query, sheet, circuits, equipment })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
