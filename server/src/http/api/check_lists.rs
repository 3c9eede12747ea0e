//! `/api/v1/check-lists`: every list about an equipment or a plan with its answers, and an answer.
//! It does not judge what may be answered; `intake/check_answers.rs` does.
//! Invariant: an answer names the one it replaces, so that two people never answer past each other.

use super::computers::written;
use super::reads::{Answer, Asked, asked, found};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, Refused, json_of};
use crate::http::auth::BearerIdentity;
use crate::http::console::layout::{PageContext, page};
use crate::http::console::pages::check_sheet::SheetFile;
use crate::http::moment::Moment;
use crate::model::queries::check_answers::CheckSheet;
use crate::model::queries::printed_sheet::PrintedSheet;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::check_answer::{CheckAnswered, CheckedThing};
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// About what, and which list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChecksQuery {
    equipment_id: Option<EquipmentId>,
    plan_id: Option<PlanId>,
    list_id: Option<String>,
    /// For which vendor a sheet is.
    vendor: Option<SupplierId>,
    lang: Option<String>,
}

impl ChecksQuery {
    fn about(&self) -> Result<CheckedThing, Refused> {
        match (&self.equipment_id, &self.plan_id) {
            (Some(id), None) => Ok(CheckedThing::Equipment(id.clone())),
            (None, Some(id)) => Ok(CheckedThing::Plan(id.clone())),
            _ => Err(Refusal::new(RefusalCode::RequestMalformed).with("give equipment_id or plan_id").into()),
        }
    }
}

/// `GET /check-lists?equipment_id=…` or `?plan_id=…`, and `&list_id=…` for one list.
pub(super) async fn list(moment: Moment, query: Asked<ChecksQuery>) -> Answer<Vec<CheckSheet>> {
    let query = asked(query)?;
    let about = query.about()?;
    let (model, today) = (&moment.model, moment.today);
    found(match &query.list_id {
        None => model.check_sheets(&about, today),
        Some(id) => model.check_sheet(id, &about, today).map(|sheet| vec![sheet]),
    })
}

/// `GET /check-lists.xlsx?…&list_id=…`: one list as a spreadsheet; `lang=en` for English.
pub(super) async fn spreadsheet(moment: Moment, query: Asked<ChecksQuery>) -> Result<Response, Refused> {
    let query = asked(query)?;
    let list = query.list_id.as_deref().unwrap_or_default();
    let sheet = moment.model.check_list_worksheet(list, &query.about()?, moment.today).ok_or(RefusalCode::NotFound)?;
    written(&sheet, query.lang.as_deref())
}

fn printed(moment: &Moment, query: &ChecksQuery) -> Result<PrintedSheet, Refused> {
    let list = query.list_id.as_deref().unwrap_or_default();
    let sheet = moment.model.printed_sheet(list, &query.about()?, query.vendor.as_ref(), moment.today);
    sheet.ok_or_else(|| RefusalCode::NotFound.into())
}

/// `GET /check-lists/sheet?…&list_id=…`: what stands on the sheet for an inspection; `&vendor=…`: on that vendor's.
pub(super) async fn sheet(moment: Moment, query: Asked<ChecksQuery>) -> Answer<PrintedSheet> {
    Ok(Json(printed(&moment, &asked(query)?)?))
}

/// `GET /check-lists/sheet.html?…`: the same as a page that stands for itself, to be printed; `lang=en` for English.
pub(super) async fn sheet_page(moment: Moment, query: Asked<ChecksQuery>) -> Result<Response, Refused> {
    let query = asked(query)?;
    let language = if query.lang.as_deref() == Some("en") { Language::En } else { Language::Ja };
    let ctx = PageContext::on_paper(language, moment.today, moment.stand.clone());
    Ok(page(StatusCode::OK, &SheetFile::new(ctx, printed(&moment, &query)?)))
}

/// `POST /check-answers`: a person's answer (`check_answered.v1`).
pub(super) async fn answer(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(&[Role::Compliance])?;
    let answered: CheckAnswered = json_of(body)?;
    let item_id = answered.item_id.clone();
    let seq = state(&app, &staff, Fact::CheckAnswered(answered)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "item_id": item_id, "entry_seq": seq }))))
}
