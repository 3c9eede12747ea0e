//! `/api/v1/computers`: what is proposed and decided of an equipment's computers, a decision, and the forms as spreadsheets.
//! It does not judge what may be decided; `intake/computers.rs` does.
//! Invariant: a decision names what it replaces, so that two people never decide past each other.

use super::reads::{Answer, Asked, asked, found};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, Refused, fault, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::model::duties::computers::obliged::FORM_FIRST;
use crate::model::queries::computers::ComputerList;
use crate::worksheet::{Worksheet, xlsx};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::computer::ComputerJudged;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::text::Language;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Of which equipment.
#[derive(Debug, Deserialize)]
pub(super) struct ComputersQuery {
    /// The equipment.
    equipment_id: EquipmentId,
}

/// Which form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FormQuery {
    /// `acd-form-1` or `acd-form-2`; the first where nothing is said.
    form: Option<String>,
    /// The day of filing; today where nothing is said.
    on: Option<CalendarDate>,
    /// `en` for English.
    lang: Option<String>,
}

/// `GET /computers?equipment_id=…`.
pub(super) async fn list(moment: Moment, query: Asked<ComputersQuery>) -> Answer<ComputerList> {
    found(moment.model.computers_of(&asked(query)?.equipment_id))
}

/// `POST /computers`: a person's decision (`computer_judged.v1`).
pub(super) async fn judge(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(&[Role::Compliance])?;
    let judged: ComputerJudged = json_of(body)?;
    let (equipment_id, computers) = (judged.equipment_id.clone(), judged.computers.len());
    let seq = state(&app, &staff, Fact::ComputerJudged(judged)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "equipment_id": equipment_id, "computers": computers, "entry_seq": seq }))))
}

fn sheet(moment: &Moment, id: String, query: &FormQuery) -> Result<Worksheet, Refused> {
    let id = EquipmentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    let (form, on) = (query.form.as_deref().unwrap_or(FORM_FIRST), query.on.unwrap_or(moment.today));
    moment.model.computers_worksheet(&id, form, on).ok_or_else(|| RefusalCode::NotFound.into())
}

/// `GET /equipment/{id}/acd-worksheet`: the form, filled in as far as it can be.
pub(super) async fn worksheet(moment: Moment, Path(id): Path<String>, query: Asked<FormQuery>) -> Answer<Worksheet> {
    sheet(&moment, id, &asked(query)?).map(Json)
}

/// `GET /equipment/{id}/acd-worksheet.xlsx`: the same as a spreadsheet.
pub(super) async fn spreadsheet(
    moment: Moment,
    Path(id): Path<String>,
    query: Asked<FormQuery>,
) -> Result<Response, Refused> {
    let query = asked(query)?;
    written(&sheet(&moment, id, &query)?, query.lang.as_deref())
}

/// A worksheet as a spreadsheet, in Japanese where English is not asked for.
pub(super) fn written(sheet: &Worksheet, lang: Option<&str>) -> Result<Response, Refused> {
    let language = if lang == Some("en") { Language::En } else { Language::Ja };
    let bytes = xlsx::write(sheet, language).map_err(fault)?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(([(CONTENT_TYPE, kind)], bytes).into_response())
}
