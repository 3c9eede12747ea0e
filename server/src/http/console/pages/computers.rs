//! The computers of サイバー対処能力強化法: what is proposed, what a person decided, what is to be notified, and the form to decide.
//! It does not know the law (the regime's file does), nor what may be decided (`intake/computers.rs`).
//! Invariant: a proposal is shown as a question; what nobody decided stands first, and a refused form keeps what was typed.

mod form;

pub use form::{ProductField, Typed};

use super::trouble;
use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::http::console::paging::Listing;
use crate::model::Model;
use crate::model::queries::computers::{ComputerList, ComputerRow};
use crate::model::regimes;
use crate::model::rows::DutyRow;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::regime::computers::ComputersFile;
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// Which computers to show.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ComputersQuery {
    /// Of which equipment; the first one where nothing is said.
    pub equipment: String,
    /// The one to decide about, by name; empty for all.
    pub one: String,
    /// The page's number.
    pub page: String,
}

/// The page.
#[derive(Template)]
#[template(path = "computers.html")]
pub struct Computers {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: ComputersQuery,
    /// Every equipment: id, name.
    pub equipment: Vec<(EquipmentId, Text)>,
    /// The computers on this page.
    pub list: Listing<ComputerRow>,
    /// How many nobody decided about.
    pub undecided: usize,
    /// Hosts of no equipment that were not looked at.
    pub not_looked_at: usize,
    /// What was typed, or what is offered.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

impl Computers {
    /// From rows: `typed` is what was refused.
    pub fn new(
        ctx: PageContext,
        query: ComputersQuery,
        equipment: Vec<(EquipmentId, Text)>,
        found: ComputerList,
        typed: Option<Typed>,
        complaint: Option<Complaint>,
    ) -> Self {
        let ComputerList { mut rows, not_looked_at } = found;
        let undecided = rows.iter().filter(|row| row.proposed.declared && row.decided.is_none()).count();
        if !query.one.is_empty() {
            rows.retain(|row| row.name == query.one);
        }
        let typed = typed.unwrap_or_else(|| Typed::offered(&rows, &query.one));
        let list = Listing::of(rows.len(), query.page.parse().ok(), |skip, take| {
            rows.into_iter().skip(skip).take(take).collect()
        });
        Self { ctx, query, equipment, list, undecided, not_looked_at, typed, complaint }
    }

    fn law(&self) -> Option<&'static ComputersFile> {
        regimes::computers()
    }

    fn is_one(&self) -> bool {
        !self.query.one.is_empty()
    }

    fn today(&self) -> String {
        self.ctx.today.to_string()
    }

    /// Where a decision stands: shape and words.
    fn state(&self, row: &ComputerRow) -> (&'static str, &'static str, String) {
        match &row.decided {
            None => ("unknown", "?", self.ctx.t("computer-undecided")),
            Some(state) if state.judged.in_scope => ("good", "●", self.ctx.t("computer-in-scope")),
            Some(_) => ("quiet", "○", self.ctx.t("computer-out-of-scope")),
        }
    }

    /// Why a host may be meant, in words, by category.
    fn signs(&self, row: &ComputerRow) -> Vec<(String, String)> {
        let name = |id: &str| {
            let scope = self.law().and_then(|law| law.scope.iter().find(|scope| scope.scope_id == id));
            scope.map_or_else(|| id.to_string(), |scope| self.ctx.say(&scope.name).to_string())
        };
        row.proposed.signs.iter().map(|sign| (name(sign.scope_id), self.ctx.say(&sign.seen).to_string())).collect()
    }

    /// The category by which it was decided.
    fn category(&self, row: &ComputerRow) -> String {
        let id = row.decided.as_ref().and_then(|state| state.judged.scope_id.as_deref()).unwrap_or_default();
        let scope = self.law().and_then(|law| law.scope.iter().find(|scope| scope.scope_id == id));
        scope.map_or_else(String::new, |scope| self.ctx.say(&scope.name).to_string())
    }

    /// A duty's next day.
    fn day(&self, duty: &DutyRow) -> String {
        self.ctx.next_day(duty).map_or_else(String::new, |day| day.on.to_string())
    }

    /// A row as the form's box says it: name and the decision that was seen.
    fn pick(&self, row: &ComputerRow) -> String {
        form::pick(row)
    }

    fn picked(&self, row: &ComputerRow) -> bool {
        self.is_one() || self.typed.computers.contains(&form::pick(row))
    }

    /// What fits: the sentence for an empty list.
    fn nothing(&self) -> &'static str {
        if self.equipment.is_empty() { "computers-no-equipment" } else { "computers-none" }
    }
}

/// `GET /computers`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<ComputersQuery>) -> Response {
    render(&app, &visitor, query, None)
}

/// `POST /computers`: decisions about the computers that were chosen. Done, it leads back to the list; refused, the page says why.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let Ok(Form(pairs)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    let typed = Typed::of(&pairs);
    let query = ComputersQuery { equipment: typed.equipment.clone(), one: typed.one.clone(), page: String::new() };
    match enter(&app, &visitor, &headers, &typed).await {
        Ok(()) => see_other(&format!("/computers?equipment={}", typed.equipment)),
        Err(refusal) => render(&app, &visitor, query, Some((typed, refusal))),
    }
}

async fn enter(app: &App, visitor: &Visitor, headers: &HeaderMap, typed: &Typed) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let id = EquipmentId::new(typed.equipment.as_str()).map_err(|_| RefusalCode::NotFound)?;
    let found = app.model().computers_of(&id).ok_or(RefusalCode::NotFound)?;
    for judged in typed.decisions(&id, &found.rows)? {
        app.state(visitor.person().author(), Fact::ComputerJudged(judged)).await?;
    }
    Ok(())
}

fn render(app: &App, visitor: &Visitor, query: ComputersQuery, refused: Option<(Typed, Refusal)>) -> Response {
    let rows = visitor.read(app, Section::Computers, |model, _| read(model, &query));
    match rows {
        Ok((ctx, Some((equipment, found)))) => {
            let status = forms::status(refused.as_ref().map(|(_, refusal)| refusal));
            let (typed, complaint) = refused.map(|(typed, refusal)| (typed, ctx.complaint(&refusal))).unzip();
            let query = ComputersQuery { equipment: found.0.map_or_else(String::new, |id| id.to_string()), ..query };
            page(status, &Computers::new(ctx, query, equipment, found.1, typed, complaint))
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

type Found = (Vec<(EquipmentId, Text)>, (Option<EquipmentId>, ComputerList));

/// The equipment to choose from, and the computers of the one that is asked for.
fn read(model: &Model, query: &ComputersQuery) -> Option<Found> {
    let equipment = model.equipment_names();
    let asked = match query.equipment.as_str() {
        "" => equipment.first().map(|(id, _)| id.clone()),
        id => Some(EquipmentId::new(id).ok()?),
    };
    let list = match &asked {
        None => ComputerList::default(),
        Some(id) => model.computers_of(id)?,
    };
    Some((equipment, (asked, list)))
}
