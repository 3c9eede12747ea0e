//! A form of one plan as a printable page and as a spreadsheet: every field, its value, its source, what is missing.
//! It does not know how a form is filled in.
//! Invariant: page and spreadsheet show the same rows; a form that does not fit the plan is not found, never shown empty.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::Model;
use crate::model::duties::computers::obliged::FORM_FIRST;
use crate::model::regimes::{self, forms};
use crate::worksheet::{RowState, Worksheet, WorksheetRow, direct_word, fits, state_word, xlsx};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::ids::{EquipmentId, PlanId};
use daicho_schemas::regime::forms::Form;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which form, and for which day of filing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorksheetForm {
    /// `form-4-1`; the plan's first filing where nothing is said.
    pub form: String,
    /// The day of filing; today where nothing is said.
    pub on: String,
    /// What is changed, where the form asks.
    pub changed_item: String,
    /// When, where the form asks.
    pub changed_on: String,
}

impl WorksheetForm {
    fn given(&self) -> BTreeMap<String, String> {
        let given = [("changed_item", &self.changed_item), ("changed_on", &self.changed_on)];
        let given =
            given.into_iter().map(|(field, value)| (field.to_string(), value.trim().chars().take(2000).collect()));
        given.filter(|(_, value): &(_, String)| !value.is_empty()).collect()
    }
}

/// The page.
#[derive(Template)]
#[template(path = "worksheet.html")]
pub struct WorksheetPage {
    /// Shared.
    pub ctx: PageContext,
    /// The form, filled in.
    pub sheet: Worksheet,
    /// The page's own address, without a query.
    pub place: String,
    /// Where it hangs: address and key of the words.
    pub above: (String, &'static str),
    /// The forms that fit.
    pub forms: Vec<(String, Text)>,
    /// The question as it was sent.
    pub asked: WorksheetForm,
}

impl WorksheetPage {
    /// From rows. `kind` is the plan's.
    pub fn new(ctx: PageContext, sheet: Worksheet, kind: PlanKind, asked: WorksheetForm) -> Self {
        let of = |form: &Form| (form.form_id.clone(), form.name.clone());
        let forms = forms().forms.iter().filter(|form| fits(&form.form_id, kind)).map(of).collect();
        let id = sheet.plan_id.as_ref().map_or("", PlanId::as_str);
        let (place, above) = (format!("/plans/{id}/worksheet"), (format!("/plans#{id}"), "nav-plans"));
        Self { ctx, place, above, sheet, forms, asked }
    }

    /// ACD forms of an equipment, from rows.
    pub fn of_computers(ctx: PageContext, sheet: Worksheet, equipment: &EquipmentId, asked: WorksheetForm) -> Self {
        let forms = regimes::computers().into_iter().flat_map(|law| &law.forms);
        let forms = forms.map(|form| (form.form_id.clone(), form.name.clone())).collect();
        let (place, above) = (
            format!("/equipment/{equipment}/acd-worksheet"),
            (format!("/computers?equipment={equipment}"), "nav-computers"),
        );
        Self { ctx, place, above, sheet, forms, asked }
    }

    fn lists(&self) -> [(&'static str, &[WorksheetRow]); 2] {
        [("worksheet-fields", &self.sheet.rows), ("worksheet-attachments", &self.sheet.attachments)]
    }

    fn state(&self, row: &WorksheetRow) -> String {
        self.ctx.say(&state_word(row.state)).to_string()
    }

    fn direct(&self, row: &WorksheetRow) -> String {
        self.ctx.say(&direct_word(row.direct)).to_string()
    }

    fn shape(&self, row: &WorksheetRow) -> (&'static str, &'static str) {
        match row.state {
            RowState::Stated => ("good", "●"),
            RowState::SubmittedDirectly | RowState::NotNeeded => ("quiet", "○"),
            RowState::Unusable | RowState::Erased => ("warn", "▲"),
            RowState::Missing => ("alarm", "◆"),
        }
    }

    /// Whether a row begins a block or speaks of another party than the row before.
    fn begins(&self, rows: &[WorksheetRow], at: &usize) -> bool {
        let at = *at;
        let Some(before) = at.checked_sub(1).and_then(|before| rows.get(before)) else { return true };
        rows.get(at).is_some_and(|row| row.about != before.about || (row.about.is_none() && row.block != before.block))
    }
}

/// Takes a form and a day apart; the plan's first form and today where they are not said.
fn question(asked: &WorksheetForm, kind: PlanKind, today: CalendarDate) -> Option<(String, CalendarDate)> {
    let form = match (asked.form.trim(), kind) {
        ("", PlanKind::Installation) => "form-4-1".to_string(),
        ("", PlanKind::Entrustment) => "form-4-2".to_string(),
        (form, _) => form.to_string(),
    };
    let on = match asked.on.trim() {
        "" => today,
        on => on.parse().ok()?,
    };
    Some((form, on))
}

fn answer(
    app: &App,
    visitor: Visitor,
    id: &str,
    asked: &WorksheetForm,
) -> Result<(PageContext, Option<(Worksheet, PlanKind)>), Response> {
    visitor.read(app, Section::Plans, |model, today| {
        let id = PlanId::new(id).ok()?;
        let kind = model.plan(&id)?.plan_kind;
        let (form, on) = question(asked, kind, today)?;
        Some((model.worksheet(forms(), &form, &id, on, asked.given())?, kind))
    })
}

/// `GET /plans/{id}/worksheet`.
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<WorksheetForm>,
) -> Response {
    match answer(&app, visitor, &id, &asked) {
        Ok((ctx, Some((sheet, kind)))) => page(StatusCode::OK, &WorksheetPage::new(ctx, sheet, kind, asked)),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

/// `GET /equipment/{id}/acd-worksheet`.
pub async fn show_computers(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<WorksheetForm>,
) -> Response {
    let sheet = visitor.read(&app, Section::Computers, |model, today| of_computers(model, &id, &asked, today));
    match sheet {
        Ok((ctx, Some((sheet, id)))) => page(StatusCode::OK, &WorksheetPage::of_computers(ctx, sheet, &id, asked)),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

/// `GET /equipment/{id}/acd-worksheet.xlsx`.
pub async fn download_computers(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<WorksheetForm>,
) -> Response {
    let sheet = visitor.read(&app, Section::Computers, |model, today| of_computers(model, &id, &asked, today));
    match sheet {
        Ok((ctx, Some((sheet, id)))) => written(&ctx, id.as_str(), &sheet),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

fn of_computers(
    model: &Model,
    id: &str,
    asked: &WorksheetForm,
    today: CalendarDate,
) -> Option<(Worksheet, EquipmentId)> {
    let id = EquipmentId::new(id).ok()?;
    let form = if asked.form.trim().is_empty() { FORM_FIRST } else { asked.form.trim() };
    let on = if asked.on.trim().is_empty() { today } else { asked.on.trim().parse().ok()? };
    Some((model.computers_worksheet(&id, form, on)?, id))
}

/// A worksheet as a file. Ids are of letters, digits and few signs, so they can stand in a header as they are.
pub(super) fn written(ctx: &PageContext, id: &str, sheet: &Worksheet) -> Response {
    match xlsx::write(sheet, ctx.language) {
        Ok(bytes) => {
            let name = format!("attachment; filename=\"{id}-{}.xlsx\"", sheet.form_id);
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_string();
            ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], bytes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a worksheet could not be written");
            trouble::fault(ctx)
        }
    }
}

/// `GET /plans/{id}/worksheet.xlsx`.
pub async fn download(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<WorksheetForm>,
) -> Response {
    match answer(&app, visitor, &id, &asked) {
        Ok((ctx, Some((sheet, _)))) => written(&ctx, &id, &sheet),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
