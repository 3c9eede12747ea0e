//! The read side: rows of the model as JSON.
//! It does not compute anything; the model has.
//! Invariant: every list is paged in one way ([`page`]), and a cursor that is not of the list is refused.

use crate::http::App;
use crate::http::answers::Refused;
use crate::http::auth::StaffIdentity;
use crate::model::rows::{
    ComponentDetail, ComponentQuery, ComponentRow, DutyRow, EquipmentDetail, EquipmentRow, FindingRow, FindingState,
    HostDetail, HostRow, Page, PlanRow, SupplierRow,
};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use daicho_schemas::ids::{AgentId, DutyId, EquipmentId, FindingId};
use daicho_schemas::limits::PAGE_ITEMS_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::sync::Arc;

type Answer<T> = Result<Json<T>, Refused>;
type Asked<T> = Result<Query<T>, QueryRejection>;

/// Where to go on in a list, and what of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    /// What `next` said.
    #[serde(default)]
    cursor: Option<String>,
    /// Rows on a page.
    #[serde(default)]
    limit: Option<usize>,
    /// Findings only: `open` or `closed`.
    #[serde(default)]
    state: Option<FindingState>,
}

fn asked<T>(query: Asked<T>) -> Result<T, Refused> {
    query
        .map(|Query(query)| query)
        .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(error.body_text()).into())
}

fn today(app: &App) -> CalendarDate {
    app.clock.now().date_in_japan()
}

/// One page of a list whose rows have a unique key: the cursor is the last key of the page before.
fn page<T>(rows: Vec<T>, query: &ListQuery, key: impl Fn(&T) -> String) -> Answer<Page<T>> {
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE_ITEMS_MAX);
    let start = match &query.cursor {
        None => 0,
        Some(cursor) => rows.iter().position(|row| key(row) == *cursor).ok_or(RefusalCode::CursorWrong)? + 1,
    };
    let more = rows.len() > start + limit;
    let items: Vec<T> = rows.into_iter().skip(start).take(limit).collect();
    let next = items.last().filter(|_| more).map(key);
    Ok(Json(Page { items, next }))
}

fn found<T>(row: Option<T>) -> Answer<T> {
    row.map(Json).ok_or_else(|| RefusalCode::NotFound.into())
}

/// 特定重要設備.
pub(super) async fn equipment(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<EquipmentRow>> {
    let rows = app.model().equipment(today(&app));
    page(rows, &asked(query)?, |row| row.equipment_id.to_string())
}

/// One 特定重要設備, with its drift.
pub(super) async fn equipment_detail(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
) -> Answer<EquipmentDetail> {
    let id = EquipmentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(app.model().equipment_detail(&id, today(&app)))
}

/// Hosts.
pub(super) async fn hosts(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<HostRow>> {
    let rows = app.model().hosts();
    page(rows, &asked(query)?, |row| row.agent_id.to_string())
}

/// One host, with its coverage.
pub(super) async fn host_detail(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
) -> Answer<HostDetail> {
    let id = AgentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(app.model().host_detail(&id))
}

/// Distinct components.
pub(super) async fn components(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ComponentQuery>,
) -> Answer<Page<ComponentRow>> {
    let query = asked(query)?;
    app.model().components(&query).map(Json).ok_or_else(|| RefusalCode::CursorWrong.into())
}

/// One component, with the places where it stands.
pub(super) async fn component_detail(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
) -> Answer<ComponentDetail> {
    found(app.model().component_detail(&id))
}

/// Findings.
pub(super) async fn findings(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<FindingRow>> {
    let query = asked(query)?;
    let mut rows = app.model().findings();
    rows.retain(|row| query.state.is_none_or(|state| row.state == state));
    page(rows, &query, |row| row.finding_id.to_string())
}

/// One finding.
pub(super) async fn finding(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
) -> Answer<FindingRow> {
    let id = FindingId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(app.model().finding(&id))
}

/// Duties.
pub(super) async fn duties(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<DutyRow>> {
    let rows = app.model().duties();
    page(rows, &asked(query)?, |row| row.duty_id.to_string())
}

/// One duty.
pub(super) async fn duty(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
) -> Answer<DutyRow> {
    let id = DutyId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(app.model().duty(&id))
}

/// Suppliers.
pub(super) async fn suppliers(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<SupplierRow>> {
    let rows = app.model().suppliers();
    page(rows, &asked(query)?, |row| row.record.supplier_id.to_string())
}

/// Plans.
pub(super) async fn plans(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<PlanRow>> {
    let rows = app.model().plans(today(&app));
    page(rows, &asked(query)?, |row| row.plan_id.to_string())
}
