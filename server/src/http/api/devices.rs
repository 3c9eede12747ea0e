//! `/api/v1/devices`, `/paths`, `/remote-answers`: what opens ways in from outside, who comes in, and what vendors answered.
//! It does not read configurations: whoever hands one in reads it first, so that no secret of a device comes here.
//! Invariant: a record or an answer names the one it replaces, so that two people never write past each other.

use super::reads::{Answer, Asked, asked, found, page};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::intake::devices::ROLES;
use crate::model::queries::Part;
use crate::model::queries::devices::{DeviceDetail, DeviceRow};
use crate::model::queries::remote_paths::{PathQuery, PathRow, PathsOnly};
use crate::model::rows::Page;
use crate::model::views::remote_paths::{AnswerState, PathState};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device_read::DeviceRead;
use daicho_schemas::fact::remote_path::{RemoteMaintenanceAnswered, RemotePathRecorded};
use daicho_schemas::ids::{DeviceId, EquipmentId, RemotePathId, SupplierId};
use daicho_schemas::refusal::RefusalCode;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Where to go on in a list, and what of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DevicesQuery {
    /// What `next` said.
    #[serde(default)]
    cursor: Option<String>,
    /// Rows on a page.
    #[serde(default)]
    limit: Option<usize>,
    /// Leading to this equipment.
    #[serde(default)]
    equipment_id: Option<EquipmentId>,
    /// Paths only: of this vendor.
    #[serde(default)]
    supplier_id: Option<SupplierId>,
    /// Paths only: `findings`, `undeclared`, `without_contract`, `unrestricted`, `removed`.
    #[serde(default)]
    only: Option<PathsOnly>,
    /// Paths only: words that must all be in what enters, or where.
    #[serde(default)]
    q: Option<String>,
}

/// `GET /devices`: devices, recorded ones first.
pub(super) async fn list(moment: Moment, query: Asked<DevicesQuery>) -> Answer<Page<DeviceRow>> {
    let DevicesQuery { cursor, limit, equipment_id, .. } = asked(query)?;
    page(moment.model.devices_page(Part { cursor: cursor.as_deref(), limit }, equipment_id.as_ref(), moment.today))
}

/// `GET /devices/{id}`: one device with its readings and ways in.
pub(super) async fn one(moment: Moment, Path(id): Path<String>) -> Answer<DeviceDetail> {
    let id = DeviceId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.device_detail(&id, moment.today))
}

/// `GET /paths`: every way in from outside, as it is seen, said and declared.
pub(super) async fn paths(moment: Moment, query: Asked<DevicesQuery>) -> Answer<Page<PathRow>> {
    let DevicesQuery { cursor, limit, equipment_id, supplier_id, only, q } = asked(query)?;
    let wanted = PathQuery { equipment_id, supplier_id, only, q };
    page(moment.model.paths_page(Part { cursor: cursor.as_deref(), limit }, &wanted, moment.today))
}

/// `GET /paths/{id}`: the record of one path.
pub(super) async fn path(moment: Moment, Path(id): Path<String>) -> Answer<PathState> {
    let id = RemotePathId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.remote_path_state(&id).cloned())
}

/// `GET /remote-answers`: what vendors answered.
pub(super) async fn answers(moment: Moment, query: Asked<DevicesQuery>) -> Answer<Vec<AnswerState>> {
    Ok(Json(moment.model.remote_answers(asked(query)?.equipment_id.as_ref())))
}

/// `POST /devices`: what a person read of a device (`device_read.v1`).
pub(super) async fn read(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let read: DeviceRead = json_of(body)?;
    let id = read.device_id.clone();
    let seq = state(&app, &staff, Fact::DeviceRead(read)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "device_id": id, "entry_seq": seq }))))
}

/// `POST /paths`: a person's record of a path (`remote_path.v1`).
pub(super) async fn record(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let said: RemotePathRecorded = json_of(body)?;
    let id = said.remote_path_id.clone();
    let seq = state(&app, &staff, Fact::RemotePath(said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "remote_path_id": id, "entry_seq": seq }))))
}

/// `POST /remote-answers`: a vendor's own answer (`remote_maintenance_answered.v1`).
pub(super) async fn answer(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let said: RemoteMaintenanceAnswered = json_of(body)?;
    let id = said.supplier_id.clone();
    let seq = state(&app, &staff, Fact::RemoteMaintenanceAnswered(said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "supplier_id": id, "entry_seq": seq }))))
}
