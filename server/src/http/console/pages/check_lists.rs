//! The check lists: about which thing, how much is open, item by item the answer, what is seen beside it, and the form to answer.
//! It does not know the lists (the regime's file does), nor what may be answered (`intake/check_answers.rs`).
//! Invariant: what is open is counted and comes with its question; a refused form keeps what was typed.

use super::trouble;
use super::worksheet::written;
use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::model::Model;
use crate::model::queries::check_answers::{CheckRow, CheckSheet};
use crate::worksheet::answer_word;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::check_answer::{CHECK_ANSWERS, CheckAnswer, CheckAnswered, CheckedThing};
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::sync::Arc;

/// What to show.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CheckListsQuery {
    /// `equipment:tos`, `plan:plan-1`; the first equipment where nothing is said.
    pub about: String,
    /// Which list; all of them as a table where nothing is said.
    pub list: String,
}

/// What a form of this page says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// About what.
    pub about: String,
    /// Which list.
    pub list: String,
    /// Which item.
    pub item: String,
    /// The answer.
    pub answer: String,
    /// The day of it.
    pub on: String,
    /// Its last day.
    pub valid_through: String,
    /// The day on which a no becomes a yes.
    pub target_on: String,
    /// What is done, or why.
    pub note: String,
    /// What shows it, one a line.
    pub evidence: String,
    /// The entry of the answer that was seen.
    pub replaces: String,
}

/// The page.
#[derive(Template)]
#[template(path = "check_lists.html")]
pub struct CheckLists {
    /// Shared.
    pub ctx: PageContext,
    /// What can be asked about.
    pub things: Vec<(CheckedThing, Text)>,
    /// What is asked about; absent where there is nothing.
    pub about: Option<CheckedThing>,
    /// Every list about it.
    pub sheets: Vec<CheckSheet>,
    /// The list that is shown item by item.
    pub list: String,
    /// What was typed, where it was refused.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
    /// The vendors who can be sent a sheet.
    pub vendors: Vec<(SupplierId, Text)>,
}

/// A thing as a query says it.
fn spelled(about: &CheckedThing) -> String {
    match about {
        CheckedThing::Equipment(id) => format!("equipment:{id}"),
        CheckedThing::Plan(id) => format!("plan:{id}"),
    }
}

/// A thing of a query.
pub(super) fn thing(text: &str) -> Option<CheckedThing> {
    match text.split_once(':')? {
        ("equipment", id) => EquipmentId::new(id).ok().map(CheckedThing::Equipment),
        ("plan", id) => PlanId::new(id).ok().map(CheckedThing::Plan),
        _ => None,
    }
}

impl CheckLists {
    fn spelled(&self, about: &CheckedThing) -> String {
        spelled(about)
    }

    fn is_about(&self, about: &CheckedThing) -> bool {
        self.about.as_ref() == Some(about)
    }

    fn asked(&self) -> String {
        self.about.as_ref().map_or_else(String::new, spelled)
    }

    fn shown(&self) -> Option<&CheckSheet> {
        self.sheets.iter().find(|sheet| sheet.list.list_id == self.list)
    }

    fn answers(&self) -> &'static [CheckAnswer] {
        CHECK_ANSWERS
    }

    fn word(&self, answer: &CheckAnswer) -> String {
        self.ctx.say(&answer_word(*answer)).to_string()
    }

    /// Where an item stands: tone, shape, words.
    fn state(&self, row: &CheckRow) -> (&'static str, &'static str, String) {
        match row.answer.as_ref().map(|state| state.answered.answer) {
            None => ("unknown", "?", self.ctx.t("check-unanswered")),
            Some(_) if row.expired => ("warn", "▲", self.ctx.t("check-expired")),
            Some(_) if row.is_denied() => ("alarm", "◆", self.ctx.t("check-denied")),
            Some(answer @ CheckAnswer::Yes) => ("good", "●", self.word(&answer)),
            Some(answer @ CheckAnswer::No) => ("alarm", "◆", self.word(&answer)),
            Some(answer @ CheckAnswer::NotApplicable) => ("quiet", "○", self.word(&answer)),
            Some(answer @ CheckAnswer::Unknown) => ("unknown", "?", self.word(&answer)),
        }
    }

    fn today(&self) -> String {
        self.ctx.today.to_string()
    }

    fn typed_here(&self, row: &CheckRow) -> bool {
        self.typed.item == row.item.item_id
    }

    /// What a field of an item's form shows: what was typed there, or else what stands.
    fn field(&self, row: &CheckRow, field: &str) -> String {
        let typed = &self.typed;
        if self.typed_here(row) {
            let text = match field {
                "on" => &typed.on,
                "valid_through" => &typed.valid_through,
                "target_on" => &typed.target_on,
                "note" => &typed.note,
                "evidence" => &typed.evidence,
                _ => &typed.answer,
            };
            return text.clone();
        }
        let day = |day: Option<CalendarDate>| day.map_or_else(String::new, |day| day.to_string());
        let Some(stands) = row.answer.as_ref().map(|state| &state.answered) else {
            return if field == "on" { self.today() } else { String::new() };
        };
        match field {
            "on" => self.today(),
            "valid_through" => day(stands.valid_through.filter(|last| *last >= self.ctx.today)),
            "target_on" => day(stands.target_on),
            "note" => stands.note.clone(),
            "evidence" => stands.evidence.join("\n"),
            _ => stands.answer.as_str().into(),
        }
    }

    fn replaces(&self, row: &CheckRow) -> String {
        row.answer.as_ref().map_or_else(String::new, |state| state.seq.to_string())
    }
}

/// `GET /check-lists`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<CheckListsQuery>) -> Response {
    render(&app, &visitor, &query, None)
}

/// `GET /check-lists.xlsx`.
pub async fn download(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<CheckListsQuery>) -> Response {
    let sheet = visitor.read(&app, Section::CheckLists, |model, today| {
        model.check_list_worksheet(&query.list, &thing(&query.about)?, today)
    });
    match sheet {
        Ok((ctx, Some(sheet))) => written(&ctx, &query.about.replace(':', "-"), &sheet),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

/// `POST /check-lists`: an answer. Done, it leads back to the list; refused, the page says why.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    let query = CheckListsQuery { about: typed.about.clone(), list: typed.list.clone() };
    match enter(&app, &visitor, &headers, &typed).await {
        // All three were read as ids by now, so they can stand in an address as they are.
        Ok(()) => see_other(&format!("/check-lists?about={}&list={}#{}", typed.about, typed.list, typed.item)),
        Err(refusal) => render(&app, &visitor, &query, Some((typed, refusal))),
    }
}

async fn enter(app: &App, visitor: &Visitor, headers: &HeaderMap, typed: &Typed) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let fact = Fact::CheckAnswered(answered(typed)?);
    app.state(visitor.person().author(), fact).await.map(|_| ())
}

fn answered(typed: &Typed) -> Result<CheckAnswered, Refusal> {
    let wrong = |field: &str| Refusal::new(RefusalCode::CheckAnswerWrong).with(field);
    let day = |field: &str, text: &str| forms::typed(RefusalCode::CheckAnswerWrong, field, text);
    let evidence = typed.evidence.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(CheckAnswered {
        about: thing(&typed.about).ok_or_else(|| wrong("about"))?,
        list_id: typed.list.clone(),
        item_id: typed.item.clone(),
        answer: CheckAnswer::named(&typed.answer).ok_or_else(|| wrong("answer: choose one"))?,
        on: day("on", &typed.on)?.ok_or_else(|| wrong("on"))?,
        valid_through: day("valid_through", &typed.valid_through)?,
        target_on: day("target_on", &typed.target_on)?,
        note: forms::words(&typed.note),
        evidence: evidence.map(str::to_string).collect(),
        replaces: forms::typed(RefusalCode::CheckAnswerWrong, "replaces", &typed.replaces)?,
    })
}

fn render(app: &App, visitor: &Visitor, query: &CheckListsQuery, refused: Option<(Typed, Refusal)>) -> Response {
    let rows = visitor.read(app, Section::CheckLists, |model, today| read(model, query, today));
    match rows {
        Ok((ctx, Some((things, about, sheets, vendors)))) => {
            let status = forms::status(refused.as_ref().map(|(_, refusal)| refusal));
            let (typed, complaint) = refused.map(|(typed, refusal)| (typed, ctx.complaint(&refusal))).unzip();
            let list = query.list.clone();
            let typed = typed.unwrap_or_default();
            page(status, &CheckLists { ctx, things, about, sheets, list, typed, complaint, vendors })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

type Found = (Vec<(CheckedThing, Text)>, Option<CheckedThing>, Vec<CheckSheet>, Vec<(SupplierId, Text)>);

fn read(model: &Model, query: &CheckListsQuery, today: CalendarDate) -> Option<Found> {
    let things = model.check_things();
    let about = match query.about.as_str() {
        "" => things.first().map(|(about, _)| about.clone()),
        text => Some(thing(text)?),
    };
    let sheets = match &about {
        None => Vec::new(),
        Some(about) => model.check_sheets(about, today)?,
    };
    let known = query.list.is_empty() || sheets.iter().any(|sheet| sheet.list.list_id == query.list);
    let equipment = about.as_ref().and_then(|about| model.equipment_of(about));
    let vendors = equipment.map(|id| model.vendors_of(&id)).unwrap_or_default();
    known.then_some((things, about, sheets, vendors))
}
