//! One way in from outside: what shows it beside what was recorded of it, the form in which people record it, and the one for the vendor's
//! own answer.
//! It does not judge. Invariant: a refused form keeps what was typed, a record replaces the one that was seen and no other, and no duty
//! ends by it.

mod typed;

use super::trouble;
use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::model::Model;
use crate::model::queries::remote_paths::{PathRow, entry_named, path_key};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::sync::Arc;
pub use typed::Typed;

/// What is escaped of a key in an address.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b':');

/// Which path.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PathOneQuery {
    /// Where it enters, as the list names it: `device:gw:tunnel 1`, `software:tos-1:ExampleDesk`.
    pub at: String,
    /// Or its parts: `interface` or `software`,
    pub kind: String,
    /// the host,
    pub host: String,
    /// and the interface or software on it.
    pub name: String,
}

impl PathOneQuery {
    fn key(&self) -> String {
        if self.at.is_empty() {
            format!("{}:{}:{}", self.kind, self.host.trim(), self.name.trim())
        } else {
            self.at.clone()
        }
    }
}

/// What can be chosen in the forms.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// 特定重要設備.
    pub equipment: Vec<(EquipmentId, Text)>,
    /// Those of whom there is a record.
    pub suppliers: Vec<(SupplierId, Text)>,
    /// The plans of entrustment.
    pub contracts: Vec<(PlanId, Text)>,
}

/// The page.
#[derive(Template)]
#[template(path = "path.html")]
pub struct Path {
    /// Shared.
    pub ctx: PageContext,
    /// The path.
    pub row: PathRow,
    /// What can be chosen.
    pub choices: Choices,
    /// What the forms show.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

impl Path {
    fn today(&self) -> String {
        self.ctx.today.to_string()
    }

    fn is(&self, one: &impl ToString, chosen: &str) -> bool {
        one.to_string() == chosen
    }

    /// The answers to choose from, with their words.
    fn answers(&self) -> [(&'static str, String); 4] {
        [
            ("unknown", self.ctx.t("unknown")),
            ("yes", self.ctx.t("answer-yes")),
            ("no", self.ctx.t("answer-no")),
            ("not_applicable", self.ctx.t("answer-not-applicable")),
        ]
    }

    /// The national networks to choose from, with their names.
    fn networks(&self) -> [(&'static str, String); 4] {
        [
            ("online_eligibility", self.ctx.t("network-online-eligibility")),
            ("receipt_online", self.ctx.t("network-receipt-online")),
            ("regional_medical", self.ctx.t("network-regional-medical")),
            ("other", self.ctx.t("network-other")),
        ]
    }

    /// How a vendor may have answered, with the words.
    fn hows(&self) -> [(&'static str, String); 4] {
        [
            ("form", self.ctx.t("answer-how-form")),
            ("letter", self.ctx.t("answer-how-letter")),
            ("meeting", self.ctx.t("answer-how-meeting")),
            ("telephone", self.ctx.t("answer-how-telephone")),
        ]
    }
}

/// The path as rows show it, whether or not anything shows it yet.
fn shown(model: &Model, query: &PathOneQuery, today: CalendarDate) -> Option<(PathRow, Choices)> {
    let row = model.path_at(&entry_named(&query.key())?, today);
    let plans = model.plans(today).into_iter().filter(|row| row.plan.plan_kind == PlanKind::Entrustment);
    let choices = Choices {
        equipment: model.equipment_names(),
        suppliers: model.suppliers().into_iter().map(|row| (row.record.supplier_id, row.record.name)).collect(),
        contracts: plans.map(|row| (row.plan_id.clone(), row.plan.equipment.name.clone())).collect(),
    };
    Some((row, choices))
}

/// `GET /paths/one`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PathOneQuery>) -> Response {
    render(&app, &visitor, &query, None)
}

/// `POST /paths/one`: a record, or a vendor's answer. Done, it leads back to the page; refused, the page says why.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    let query = PathOneQuery { at: typed.at.clone(), ..Default::default() };
    match enter(&app, &visitor, &headers, &typed).await {
        Ok(key) => see_other(&format!("/paths/one?at={}", utf8_percent_encode(&key, ESCAPED))),
        Err(refusal) => render(&app, &visitor, &query, Some((typed, refusal))),
    }
}

async fn enter(app: &App, visitor: &Visitor, headers: &HeaderMap, typed: &Typed) -> Result<String, Refusal> {
    forms::ours(headers, &typed.form)?;
    let (entry, fact) = typed.fact(&app.model())?;
    app.state(visitor.person().author(), fact).await?;
    Ok(path_key(&entry))
}

fn render(app: &App, visitor: &Visitor, query: &PathOneQuery, refused: Option<(Typed, Refusal)>) -> Response {
    let rows = visitor.read(app, Section::Paths, |model, today| {
        let (row, choices) = shown(model, query, today)?;
        Some((Typed::of(&row, today), row, choices))
    });
    match rows {
        Ok((ctx, Some((stands, row, choices)))) => {
            let status = forms::status(refused.as_ref().map(|(_, refusal)| refusal));
            let (typed, complaint) = refused.map(|(typed, refusal)| (typed, ctx.complaint(&refusal))).unzip();
            let typed = typed.map_or(stands.clone(), |typed: Typed| typed.beside(stands));
            page(status, &Path { ctx, row, choices, typed, complaint })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
