//! What is known about firmware: every pack with its day, every product line known or not, and the verdict on a version that
//! somebody types in. It does not know downloaded files; the command line brings them in.
//! Invariant: old data is called old, and a product of which nothing is known stands there as unknown.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::firmware::verdict::{Judged, Verdict};
use crate::model::queries::firmware::FirmwareSheet;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::device::{Answer, Firmware as Bank};
use serde::Deserialize;
use std::sync::Arc;

/// A version that somebody asks about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FirmwareQuery {
    /// The maker.
    pub maker: String,
    /// The model.
    pub model: String,
    /// The version.
    pub version: String,
}

/// The page.
#[derive(Template)]
#[template(path = "firmware.html")]
pub struct Firmware {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: FirmwareQuery,
    /// What is known.
    pub sheet: FirmwareSheet,
    /// The verdict on what was asked.
    pub verdict: Option<Verdict>,
}

impl FirmwareQuery {
    /// The question, where there is one.
    pub fn judged(&self) -> Option<Judged> {
        let word = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
        let version = word(&self.version)?;
        let firmware = vec![Bank { version, build: None, running: Answer::Yes }];
        Some(Judged { family: None, maker: word(&self.maker), model: word(&self.model), firmware })
    }
}

/// `GET /firmware`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<FirmwareQuery>) -> Response {
    let read = visitor.read(&app, Section::None, |model, today| {
        let verdict = query.judged().map(|judged| model.firmware_verdict(&judged, today));
        (model.firmware_sheet(today), verdict)
    });
    match read {
        Ok((ctx, (sheet, verdict))) => page(StatusCode::OK, &Firmware { ctx, query, sheet, verdict }),
        Err(fault) => fault,
    }
}
