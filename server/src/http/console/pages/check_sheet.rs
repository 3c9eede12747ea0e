//! A check list on paper: for an inspection with the answers that stand, or for one vendor to fill in (事業者確認用).
//! It does not know the lists nor what stands on a sheet (`model/queries/printed_sheet.rs`).
//! Invariant: what nobody answered is an empty field, signatures are never filled in, and the edition stands on the sheet.

use super::check_lists::thing;
use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::queries::check_answers::CheckRow;
use crate::model::queries::devices::DeviceRow;
use crate::model::queries::printed_sheet::{PrintedSheet, SheetContent};
use crate::model::queries::remote_paths::PathRow;
use crate::worksheet::answer_word;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::ids::SupplierId;
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// Grounds of one item that are printed; the page of the list holds all.
const GROUNDS_MAX: usize = 4;

/// Which sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SheetQuery {
    /// `equipment:tos`, `plan:plan-1`.
    pub about: String,
    /// Which list.
    pub list: String,
    /// For which vendor; for an inspection where none is named.
    pub vendor: String,
}

/// The sheet within the console, to be printed from the browser.
#[derive(Template)]
#[template(path = "check_sheet.html")]
pub struct SheetPage {
    /// Shared.
    pub ctx: PageContext,
    /// What stands on it.
    pub sheet: PrintedSheet,
    /// About what, as a query says it.
    pub about: String,
}

/// The same as a file that stands for itself.
#[derive(Template)]
#[template(path = "check_sheet_file.html")]
pub struct SheetFile {
    ctx: PageContext,
    sheet: PrintedSheet,
    style: &'static str,
}

impl SheetFile {
    /// The file.
    pub fn new(ctx: PageContext, sheet: PrintedSheet) -> Self {
        Self { ctx, sheet, style: include_str!("../../../../assets/sheet.css") }
    }
}

impl PageContext {
    /// The title of a sheet: what it is for.
    fn sheet_purpose(&self, sheet: &PrintedSheet) -> String {
        match &sheet.content {
            SheetContent::Inspection(_) => self.t("sheet-inspection"),
            SheetContent::Vendor(own) => self.say(&own.part.name).to_string(),
        }
    }

    /// The fields of an answer as they are printed: a box each, the one that was answered filled in.
    fn sheet_boxes(&self, row: Option<&CheckRow>) -> Vec<String> {
        let answered = row.filter(|row| !row.is_open()).and_then(|row| row.answer.as_ref());
        let answered = answered.map(|state| state.answered.answer);
        let boxed = |answer: CheckAnswer| {
            let shape = if answered == Some(answer) { "☑" } else { "☐" };
            format!("{shape} {}", self.say(&answer_word(answer)))
        };
        [CheckAnswer::Yes, CheckAnswer::No, CheckAnswer::NotApplicable].into_iter().map(boxed).collect()
    }

    /// An answer in words.
    fn sheet_word(&self, answer: &CheckAnswer) -> String {
        self.say(&answer_word(*answer)).to_string()
    }

    /// Why an item is open, where it is.
    fn sheet_open(&self, row: &CheckRow) -> Option<String> {
        let key = match row.answer.as_ref().map(|state| state.answered.answer) {
            _ if !row.is_open() => return None,
            None => "check-unanswered",
            Some(_) if row.expired => "check-expired",
            Some(CheckAnswer::Unknown) => "unknown",
            Some(_) => "check-denied",
        };
        Some(self.t(key))
    }

    /// The first grounds.
    fn sheet_grounds<'a>(&'a self, texts: &'a [Text]) -> impl Iterator<Item = &'a str> {
        texts.iter().take(GROUNDS_MAX).map(|text| self.say(text))
    }

    /// A device in one line.
    fn sheet_device(&self, row: &DeviceRow) -> String {
        let made = [row.maker.as_deref(), row.model.as_deref(), row.serial.as_deref()];
        made.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The firmware that runs, or was last read.
    fn sheet_firmware(&self, row: &DeviceRow) -> String {
        row.firmware.first().map_or_else(|| self.t("unknown"), |firmware| firmware.version.clone())
    }

    /// What a path is for, as recorded.
    fn sheet_path_purpose<'a>(&self, row: &'a PathRow) -> &'a str {
        row.said.as_ref().map_or("", |said| said.recorded.purpose.as_str())
    }
}

/// `GET /check-lists/sheet`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<SheetQuery>) -> Response {
    let sheet = visitor.read(&app, Section::CheckLists, |model, today| {
        let vendor = match query.vendor.trim() {
            "" => None,
            id => Some(SupplierId::new(id).ok()?),
        };
        model.printed_sheet(&query.list, &thing(&query.about)?, vendor.as_ref(), today)
    });
    match sheet {
        Ok((ctx, Some(sheet))) => page(StatusCode::OK, &SheetPage { ctx, sheet, about: query.about }),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
