//! `/api/v1/duties`: the list, one duty with its life, and what a person says about it.
//! It does not judge what may be said; `intake/duties.rs` does.
//! Invariant: what is said names where it starts from, so that two people never move one duty at once.

use super::reads::{Answer, Asked, asked, found, page};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, fault, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::intake::duties::possible;
use crate::model::Model;
use crate::model::queries::Part;
use crate::model::rows::{DutyDue, DutyQuery, DutyRow, DutyState, DutyTurn, Page};
use crate::secrets;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::duty::{CalendarShared, DutyAssigned, DutyDate, DutyDated, DutyMoved, DutyOwner};
use daicho_schemas::ids::{DutyId, PlanId};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Where to go on in the list, and which duties.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DutiesQuery {
    /// What `next` said.
    #[serde(default)]
    cursor: Option<String>,
    /// Rows on a page.
    #[serde(default)]
    limit: Option<usize>,
    /// In this state.
    #[serde(default)]
    state: Option<DutyState>,
    /// Settled by a person, or not.
    #[serde(default)]
    settled: Option<bool>,
    /// A person's id or a name; empty for duties that nobody sees to.
    #[serde(default)]
    owner: Option<String>,
    /// `overdue`, `soon`, `dated` or `undated`.
    #[serde(default)]
    due: Option<DutyDue>,
}

/// One duty with its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct DutyDetail {
    /// The row of the list.
    #[serde(flatten)]
    row: DutyRow,
    /// What people did about it, in order.
    history: Vec<DutyTurn>,
    /// The last day of the prohibition period, once it was accepted and a period runs.
    prohibited_to: Option<CalendarDate>,
    /// The last day to which the minister may extend it.
    prohibited_to_max: Option<CalendarDate>,
    /// Where it can go today.
    possible: Vec<DutyState>,
}

impl DutyDetail {
    fn of(model: &Model, id: &DutyId, today: CalendarDate) -> Option<Self> {
        let row = model.duty(id)?;
        let (prohibited_to, prohibited_to_max) = model.duty_prohibited(&row).unzip();
        let possible = possible(&row, today);
        Some(Self { history: model.duty_turns(id).to_vec(), prohibited_to, prohibited_to_max, possible, row })
    }
}

/// Duties.
pub(super) async fn list(moment: Moment, query: Asked<DutiesQuery>) -> Answer<Page<DutyRow>> {
    let DutiesQuery { cursor, limit, state, settled, owner, due } = asked(query)?;
    let wanted = DutyQuery { state, settled, owner, due };
    page(moment.model.duties_page(Part { cursor: cursor.as_deref(), limit }, &wanted, moment.today))
}

/// One duty.
pub(super) async fn one(moment: Moment, Path(id): Path<String>) -> Answer<DutyDetail> {
    found(DutyDetail::of(&moment.model, &duty_id(id)?, moment.today))
}

/// Where a duty goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    from: DutyState,
    to: DutyState,
    /// Today, where it is not said.
    on: Option<CalendarDate>,
    #[serde(default)]
    reason: String,
    reference: Option<String>,
    plan_id: Option<PlanId>,
    #[serde(default)]
    caution_read: bool,
}

/// `POST /duties/{id}/moves`: a person moves it on, or back.
pub(super) async fn moves(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let Move { from, to, on, reason, reference, plan_id, caution_read } = json_of(body)?;
    let (duty_id, on) = (duty_id(id)?, on.unwrap_or_else(|| app.clock.now().date_in_japan()));
    let moved = DutyMoved { duty_id: duty_id.clone(), from, to, on, reason, reference, plan_id, caution_read };
    let seq = state(&app, &staff, Fact::DutyMoved(moved)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "duty_id": duty_id, "state": to, "entry_seq": seq }))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Assign {
    owner: Option<DutyOwner>,
    target_on: Option<CalendarDate>,
    #[serde(default)]
    note: String,
}

/// `POST /duties/{id}/assign`: who sees to it, and until when. What is not said is taken away.
pub(super) async fn assign(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let Assign { owner, target_on, note } = json_of(body)?;
    let duty_id = duty_id(id)?;
    let said = DutyAssigned { duty_id: duty_id.clone(), owner, target_on, note };
    let seq = state(&app, &staff, Fact::DutyAssigned(said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "duty_id": duty_id, "entry_seq": seq }))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateSaid {
    date: DutyDate,
    on: Option<CalendarDate>,
    #[serde(default)]
    note: String,
}

/// `POST /duties/{id}/dates`: a date that the ministry set, or that it is taken back.
pub(super) async fn dates(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let DateSaid { date, on, note } = json_of(body)?;
    let duty_id = duty_id(id)?;
    let said = DutyDated { duty_id: duty_id.clone(), date, on, note };
    let seq = state(&app, &staff, Fact::DutyDated(said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "duty_id": duty_id, "entry_seq": seq }))))
}

/// `POST /calendar-link`: the address of the caller's own calendar. It is shown once; one that was made before ends.
pub(super) async fn calendar_link(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity) -> Written {
    let token = secrets::new_secret().map_err(fault)?;
    let (person_id, token_hash) = (staff.person_id.clone(), Some(secrets::calendar_hash(&token)));
    let seq = state(&app, &staff, Fact::CalendarShared(CalendarShared { person_id, token_hash })).await?;
    let path = format!("/calendar.ics?token={token}");
    Ok((StatusCode::CREATED, Json(json!({ "path": path, "entry_seq": seq }))))
}

/// `DELETE /calendar-link`: from now on the address opens nothing.
pub(super) async fn calendar_link_taken_back(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
) -> Written {
    let shared = CalendarShared { person_id: staff.person_id.clone(), token_hash: None };
    let seq = state(&app, &staff, Fact::CalendarShared(shared)).await?;
    Ok((StatusCode::OK, Json(json!({ "entry_seq": seq }))))
}

fn duty_id(id: String) -> Result<DutyId, RefusalCode> {
    DutyId::new(id).map_err(|_| RefusalCode::NotFound)
}
