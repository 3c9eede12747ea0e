//! `/api/v1/tickets`: planned changes that are kept, with what the law asks and what agents saw.
//! It does not judge or reconcile; the model does, and `intake/tickets.rs` says what may be said.
//! Invariant: who amends or moves a ticket names the version or state that they saw.

use super::reads::{Answer, Asked, asked, found, page};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::intake::changes::{check_change_declared, parse_change};
use crate::intake::tickets::ROLES;
use crate::model::queries::Part;
use crate::model::rows::{Page, TicketDetail, TicketRow};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::ticket::{TicketMoved, TicketState, TicketStated};
use daicho_schemas::ids::{ChangeId, EquipmentId};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Where to go on in the list, and which tickets.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TicketsQuery {
    /// What `next` said.
    #[serde(default)]
    cursor: Option<String>,
    /// Rows on a page.
    #[serde(default)]
    limit: Option<usize>,
    /// `open`, `done` or `withdrawn`.
    #[serde(default)]
    state: Option<TicketState>,
    /// Of this equipment.
    #[serde(default)]
    equipment_id: Option<EquipmentId>,
}

/// Tickets: open ones first, the nearest window first.
pub(super) async fn list(moment: Moment, query: Asked<TicketsQuery>) -> Answer<Page<TicketRow>> {
    let TicketsQuery { cursor, limit, state, equipment_id } = asked(query)?;
    page(moment.model.tickets_page(Part { cursor: cursor.as_deref(), limit }, state, equipment_id.as_ref()))
}

/// One ticket.
pub(super) async fn one(moment: Moment, Path(id): Path<String>) -> Answer<TicketDetail> {
    found(moment.model.ticket_detail(&change_id(id)?, moment.today))
}

/// A ticket as it is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    /// `daicho.change.v1`.
    change: Box<RawValue>,
    /// The entry of the version that is amended; absent opens a ticket.
    amends_seq: Option<u64>,
    #[serde(default)]
    note: String,
}

/// `POST /tickets`: a person opens a ticket, or amends one. What must wait is shown and not refused.
pub(super) async fn open(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let Open { change, amends_seq, note } = json_of(body)?;
    let bytes = change.get().as_bytes();
    let change = parse_change(bytes)?;
    // Asked again at the door; here the bytes are at hand, and a refusal can name the line.
    check_change_declared(&change, bytes, app.model().declarations())?;
    let id = change.change_id.clone();
    let seq = state(&app, &staff, Fact::TicketStated(TicketStated { change, amends_seq, note })).await?;
    let ticket = app.model().ticket_row(&id);
    Ok((StatusCode::CREATED, Json(json!({ "change_id": id, "entry_seq": seq, "ticket": ticket }))))
}

/// Where a ticket goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    from: TicketState,
    to: TicketState,
    /// Today, where it is not said.
    on: Option<CalendarDate>,
    #[serde(default)]
    reason: String,
}

/// `POST /tickets/{id}/moves`: it was done, is withdrawn, or is planned again.
pub(super) async fn moves(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(ROLES)?;
    let Move { from, to, on, reason } = json_of(body)?;
    let (change_id, on) = (change_id(id)?, on.unwrap_or_else(|| app.clock.now().date_in_japan()));
    let moved = TicketMoved { change_id: change_id.clone(), from, to, on, reason };
    let seq = state(&app, &staff, Fact::TicketMoved(moved)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "change_id": change_id, "state": to, "entry_seq": seq }))))
}

fn change_id(id: String) -> Result<ChangeId, RefusalCode> {
    ChangeId::new(id).map_err(|_| RefusalCode::NotFound)
}
