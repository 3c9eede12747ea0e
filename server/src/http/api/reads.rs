//! The read side: rows of the model as JSON.
//! It does not compute anything; the model has.
//! Invariant: every list is paged in one way ([`Part`]), and a cursor that is not of the list is refused.

use crate::http::App;
use crate::http::answers::Refused;
use crate::http::auth::StaffIdentity;
use crate::model::queries::Part;
use crate::model::queries::completeness::RoleRow;
use crate::model::queries::radius::{Radius, RadiusQuery};
use crate::model::rows::{
    ComponentDetail, ComponentPlace, ComponentQuery, ComponentRow, EquipmentDetail, EquipmentRow, FindingRow,
    FindingState, HostDetail, HostRow, Page, PlanRow, SupplierRow,
};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use daicho_schemas::ids::{AgentId, EquipmentId, FindingId, PlanId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::sync::Arc;

pub(super) type Answer<T> = Result<Json<T>, Refused>;
pub(super) type Asked<T> = Result<Query<T>, QueryRejection>;

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
    /// Hosts only: those of this equipment.
    #[serde(default)]
    equipment_id: Option<EquipmentId>,
}

impl ListQuery {
    fn part(&self) -> Part<'_> {
        Part { cursor: self.cursor.as_deref(), limit: self.limit }
    }
}

pub(super) fn asked<T>(query: Asked<T>) -> Result<T, Refused> {
    query
        .map(|Query(query)| query)
        .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(error.body_text()).into())
}

pub(super) fn today(app: &App) -> CalendarDate {
    app.clock.now().date_in_japan()
}

/// One page of a list, or the refusal of a cursor that is not one of it.
pub(super) fn page<T>(page: Option<Page<T>>) -> Answer<Page<T>> {
    page.map(Json).ok_or_else(|| RefusalCode::CursorWrong.into())
}

pub(super) fn found<T>(row: Option<T>) -> Answer<T> {
    row.map(Json).ok_or_else(|| RefusalCode::NotFound.into())
}

/// 特定重要設備.
pub(super) async fn equipment(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<EquipmentRow>> {
    page(app.model().equipment_page(asked(query)?.part(), today(&app)))
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
    let query = asked(query)?;
    page(app.model().hosts_page(query.part(), query.equipment_id.as_ref()))
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
    page(app.model().components(&query))
}

/// One component, with the places where it stands.
pub(super) async fn component_detail(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
) -> Answer<ComponentDetail> {
    found(app.model().component_detail(&id))
}

/// The places where one component stands.
pub(super) async fn component_places(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
    query: Asked<ListQuery>,
) -> Answer<Page<ComponentPlace>> {
    page(app.model().component_places(&id, asked(query)?.part()))
}

/// What a supplier, a country or a product touches.
pub(super) async fn radius(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<RadiusQuery>,
) -> Answer<Radius> {
    let centre = asked(query)?.centre().map_err(|why| Refusal::new(RefusalCode::RequestMalformed).with(why))?;
    Ok(Json(app.model().radius(&centre)))
}

/// Findings.
pub(super) async fn findings(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<FindingRow>> {
    let query = asked(query)?;
    page(app.model().findings_page(query.part(), query.state))
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

/// Suppliers.
pub(super) async fn suppliers(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<SupplierRow>> {
    page(app.model().suppliers_page(asked(query)?.part()))
}

/// Plans.
pub(super) async fn plans(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    query: Asked<ListQuery>,
) -> Answer<Page<PlanRow>> {
    page(app.model().plans_page(asked(query)?.part(), today(&app)))
}

/// The day of a filing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FilingQuery {
    /// Today in Japan where it is absent.
    #[serde(default)]
    on: Option<CalendarDate>,
}

/// What a plan's suppliers and contractors must give, and what is recorded of it.
pub(super) async fn plan_completeness(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    Path(id): Path<String>,
    query: Asked<FilingQuery>,
) -> Answer<Vec<RoleRow>> {
    let id = PlanId::new(id).map_err(|_| RefusalCode::NotFound)?;
    let on = asked(query)?.on.unwrap_or_else(|| today(&app));
    found(app.model().plan_completeness(&id, on))
}
