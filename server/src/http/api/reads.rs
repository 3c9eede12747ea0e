//! The read side: rows of the model as JSON, of the present or as of a day in the past.
//! It does not compute anything; the model has. It does not know whether a server or a command asks.
//! Invariant: every list is paged in one way ([`Part`]), and a cursor that is not of the list is refused.

use crate::http::answers::Refused;
use crate::http::moment::Moment;
use crate::model::queries::Part;
use crate::model::queries::completeness::RoleRow;
use crate::model::queries::law::EquipmentLaw;
use crate::model::queries::radius::{Radius, RadiusQuery};
use crate::model::rows::{
    ComponentDetail, ComponentPlace, ComponentQuery, ComponentRow, EquipmentDetail, EquipmentRow, FindingRow,
    FindingState, HostDetail, HostRow, Page, PlanRow, SupplierRow,
};
use crate::past::Stand;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::routing::get;
use axum::{Json, Router};
use daicho_schemas::ids::{AgentId, EquipmentId, FindingId, PlanId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;

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

/// One page of a list, or the refusal of a cursor that is not one of it.
pub(super) fn page<T>(page: Option<Page<T>>) -> Answer<Page<T>> {
    page.map(Json).ok_or_else(|| RefusalCode::CursorWrong.into())
}

pub(super) fn found<T>(row: Option<T>) -> Answer<T> {
    row.map(Json).ok_or_else(|| RefusalCode::NotFound.into())
}

/// Everything that can be read of the present and of the past, one line per route. `as_of=` chooses the day.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Moment: FromRequestParts<S>,
{
    Router::new()
        .route("/as-of", get(as_of))
        .route("/equipment", get(equipment))
        .route("/equipment/{id}", get(equipment_detail))
        .route("/equipment/{id}/law", get(equipment_law))
        .route("/hosts", get(hosts))
        .route("/hosts/{id}", get(host_detail))
        .route("/components", get(components))
        .route("/components/{id}", get(component_detail))
        .route("/components/{id}/places", get(component_places))
        .route("/findings", get(findings))
        .route("/findings/{id}", get(finding))
        .route("/duties", get(super::duties::list))
        .route("/duties/{id}", get(super::duties::one))
        .route("/decisions", get(super::decisions::list))
        .route("/decisions/{id}", get(super::decisions::one))
        .route("/review", get(super::decisions::review))
        .route("/review/{id}", get(super::decisions::review_one))
        .route("/check-lists", get(super::check_lists::list))
        .route("/check-lists.xlsx", get(super::check_lists::spreadsheet))
        .route("/check-lists/sheet", get(super::check_lists::sheet))
        .route("/check-lists/sheet.html", get(super::check_lists::sheet_page))
        .route("/computers", get(super::computers::list))
        .route("/equipment/{id}/acd-worksheet", get(super::computers::worksheet))
        .route("/equipment/{id}/acd-worksheet.xlsx", get(super::computers::spreadsheet))
        .route("/devices", get(super::devices::list))
        .route("/devices/{id}", get(super::devices::one))
        .route("/paths", get(super::devices::paths))
        .route("/paths/{id}", get(super::devices::path))
        .route("/networks", get(super::networks::list))
        .route("/network-tables/{id}", get(super::networks::table))
        .route("/circuits", get(super::circuits::list))
        .route("/circuit-ledgers/{id}", get(super::circuits::one))
        .route("/remote-answers", get(super::devices::answers))
        .route("/tickets", get(super::tickets::list))
        .route("/tickets/{id}", get(super::tickets::one))
        .route("/firmware", get(super::firmware::sheet))
        .route("/firmware/packs/{id}", get(super::firmware::pack))
        .route("/firmware/verdict", get(super::firmware::verdict))
        .route("/suppliers", get(suppliers))
        .route("/plans", get(plans))
        .route("/plans/{id}/missing", get(plan_completeness))
        .route("/radius", get(radius))
}

/// Which state of the past the other routes read with the same `as_of`; `null` without one.
async fn as_of(moment: Moment) -> Json<Option<Stand>> {
    Json(moment.stand)
}

/// 特定重要設備.
async fn equipment(moment: Moment, query: Asked<ListQuery>) -> Answer<Page<EquipmentRow>> {
    page(moment.model.equipment_page(asked(query)?.part(), moment.today))
}

/// One 特定重要設備, with its drift.
async fn equipment_detail(moment: Moment, Path(id): Path<String>) -> Answer<EquipmentDetail> {
    let id = EquipmentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.equipment_detail(&id, moment.today))
}

/// The law behind one 特定重要設備 on the day: the rule of its business.
async fn equipment_law(moment: Moment, Path(id): Path<String>) -> Answer<EquipmentLaw> {
    let id = EquipmentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.equipment_law(&id, moment.today))
}

/// Hosts.
async fn hosts(moment: Moment, query: Asked<ListQuery>) -> Answer<Page<HostRow>> {
    let query = asked(query)?;
    page(moment.model.hosts_page(query.part(), query.equipment_id.as_ref()))
}

/// One host, with its coverage.
async fn host_detail(moment: Moment, Path(id): Path<String>) -> Answer<HostDetail> {
    let id = AgentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.host_detail(&id))
}

/// Distinct components.
async fn components(moment: Moment, query: Asked<ComponentQuery>) -> Answer<Page<ComponentRow>> {
    let query = asked(query)?;
    page(moment.model.components(&query))
}

/// One component, with the places where it stands.
async fn component_detail(moment: Moment, Path(id): Path<String>) -> Answer<ComponentDetail> {
    found(moment.model.component_detail(&id))
}

/// The places where one component stands.
async fn component_places(
    moment: Moment,
    Path(id): Path<String>,
    query: Asked<ListQuery>,
) -> Answer<Page<ComponentPlace>> {
    page(moment.model.component_places(&id, asked(query)?.part()))
}

/// What a supplier, a country or a product touches.
async fn radius(moment: Moment, query: Asked<RadiusQuery>) -> Answer<Radius> {
    let centre = asked(query)?.centre().map_err(|why| Refusal::new(RefusalCode::RequestMalformed).with(why))?;
    Ok(Json(moment.model.radius(&centre, moment.today)))
}

/// Findings.
async fn findings(moment: Moment, query: Asked<ListQuery>) -> Answer<Page<FindingRow>> {
    let query = asked(query)?;
    page(moment.model.findings_page(query.part(), query.state))
}

/// One finding.
async fn finding(moment: Moment, Path(id): Path<String>) -> Answer<FindingRow> {
    let id = FindingId::new(id).map_err(|_| RefusalCode::NotFound)?;
    found(moment.model.finding(&id))
}

/// Suppliers.
async fn suppliers(moment: Moment, query: Asked<ListQuery>) -> Answer<Page<SupplierRow>> {
    page(moment.model.suppliers_page(asked(query)?.part()))
}

/// Plans.
async fn plans(moment: Moment, query: Asked<ListQuery>) -> Answer<Page<PlanRow>> {
    page(moment.model.plans_page(asked(query)?.part(), moment.today))
}

/// The day of a filing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FilingQuery {
    /// Today in Japan where it is absent.
    #[serde(default)]
    on: Option<CalendarDate>,
}

/// What a plan's suppliers and contractors must give, and what is recorded of it.
async fn plan_completeness(moment: Moment, Path(id): Path<String>, query: Asked<FilingQuery>) -> Answer<Vec<RoleRow>> {
    let id = PlanId::new(id).map_err(|_| RefusalCode::NotFound)?;
    let on = asked(query)?.on.unwrap_or(moment.today);
    found(moment.model.plan_completeness(&id, on))
}
