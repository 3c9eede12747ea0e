//! `/api/v1/networks`: the network segments that are known, and how each is observed; tables that people hand in, and names of
//! hardware addresses.
//! It does not judge what may enter; `intake/networks.rs` does. Invariant: what nobody observes is in the list, and says so.

use super::reads::{Answer, Asked, asked, found};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::intake::devices::ROLES;
use crate::model::queries::networks::{NetworkQuery, NetworkSheet};
use crate::model::views::network_tables::TableState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::network_table::{NeighbourNamed, NetworkTableRead};
use daicho_schemas::ids::NetworkTableId;
use daicho_schemas::refusal::RefusalCode;
use serde_json::json;
use std::sync::Arc;

/// `GET /networks?equipment_id=…&observed=not_observed|declared|by_table|silent|by_agents`.
pub(super) async fn list(moment: Moment, query: Asked<NetworkQuery>) -> Answer<NetworkSheet> {
    Ok(Json(moment.model.networks(&asked(query)?)))
}

/// `GET /network-tables/{id}`: a table as it stands.
pub(super) async fn table(moment: Moment, Path(id): Path<String>) -> Answer<TableState> {
    let id = NetworkTableId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.network_tables().get(&id).cloned())
}

/// `POST /network-tables`: a table that was read where its file lies (`network_table_read.v1`).
pub(super) async fn read(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let read: NetworkTableRead = json_of(body)?;
    let id = read.table_id.clone();
    let seq = state(&app, &staff, Fact::NetworkTableRead(read)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "table_id": id, "entry_seq": seq }))))
}

/// `POST /neighbours`: what a hardware address belongs to (`neighbour_named.v1`).
pub(super) async fn name(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let said: NeighbourNamed = json_of(body)?;
    let mac = said.mac.clone();
    let seq = state(&app, &staff, Fact::NeighbourNamed(said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "mac": mac, "entry_seq": seq }))))
}
