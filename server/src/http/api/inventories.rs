//! `POST /api/v1/told-inventories`: what another tool says of a host (`inventory_told.v1`), read where its file lies.
//! It does not judge what may enter; `intake/inventories.rs` does. Invariant: the answer names the host under which it stands.

use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, json_of};
use crate::http::auth::BearerIdentity;
use crate::intake::devices::ROLES;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::inventory_told::InventoryTold;
use serde_json::json;
use std::sync::Arc;

pub(super) async fn told(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let told: InventoryTold = json_of(body)?;
    let host = InventoryTold::host_id(&told.host).ok();
    let seq = state(&app, &staff, Fact::InventoryTold(told)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "agent_id": host, "entry_seq": seq }))))
}
