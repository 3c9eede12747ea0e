//! `/api/v1/circuits` and `/api/v1/circuit-ledgers`: the operator's own lists of lines, and what people say of single lines.
//! It does not judge what may enter; `intake/circuits.rs` does. Invariant: a line that nothing explains is in the list, and says so.

use super::reads::{Answer, Asked, asked, found};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::intake::devices::ROLES;
use crate::model::queries::circuits::{CircuitQuery, CircuitSheet};
use crate::model::views::circuits::EditionState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::circuit::{CircuitLedgerRead, CircuitSettled};
use daicho_schemas::ids::CircuitLedgerId;
use daicho_schemas::refusal::RefusalCode;
use serde_json::json;
use std::sync::Arc;

/// `GET /circuits?equipment_id=…&stand=unexplained|missing|explained|to_come|ended`.
pub(super) async fn list(moment: Moment, query: Asked<CircuitQuery>) -> Answer<CircuitSheet> {
    Ok(Json(moment.model.circuit_sheet(&asked(query)?)))
}

/// `GET /circuit-ledgers/{id}`: the newest edition of a list, and what is otherwise than in the one before.
pub(super) async fn one(moment: Moment, Path(id): Path<String>) -> Answer<EditionState> {
    let id = CircuitLedgerId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.circuits().edition(&id).cloned())
}

/// `POST /circuit-ledgers`: an edition that was read where its file lies (`circuit_ledger_read.v1`).
pub(super) async fn read(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let read: CircuitLedgerRead = json_of(body)?;
    let id = read.circuit_ledger_id.clone();
    let seq = state(&app, &staff, Fact::CircuitLedgerRead(read)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "circuit_ledger_id": id, "entry_seq": seq }))))
}

/// `POST /circuits/settle`: what a line is (`circuit_settled.v1`).
pub(super) async fn settle(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let said: CircuitSettled = json_of(body)?;
    let (id, key) = (said.circuit_ledger_id.clone(), said.key.clone());
    let seq = state(&app, &staff, Fact::CircuitSettled(said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "circuit_ledger_id": id, "key": key, "entry_seq": seq }))))
}
