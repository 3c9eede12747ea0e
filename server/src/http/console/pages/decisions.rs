//! The decisions about components: those that stand, those that held on a day, or all of them; and the form that takes one back.
//! It does not know what a decision means (`model/views/decisions.rs`).
//! Invariant: what was taken back or replaced is shown as such, with who did it and why.

use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::http::console::paging::Listing;
use crate::model::queries::decisions::{Asked, DecisionRow};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::component::ComponentDecisionWithdrawn;
use daicho_schemas::ids::DecisionId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use serde::Deserialize;
use std::sync::Arc;

/// Which decisions; what cannot be read means: those that stand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecisionsQuery {
    /// `all` for those that ended, too.
    pub show: String,
    /// Those that held on this day.
    pub on: String,
    /// The page's number.
    pub page: String,
}

impl DecisionsQuery {
    fn asked(&self) -> Asked {
        match (self.on.parse(), self.show.as_str()) {
            (Ok(day), _) => Asked::On(day),
            (Err(_), "all") => Asked::Every,
            (Err(_), _) => Asked::Standing,
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "decisions.html")]
pub struct Decisions {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: DecisionsQuery,
    /// The decisions, newest first.
    pub list: Listing<DecisionRow>,
    /// What was typed, where it was refused.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

/// What the form says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// Which decision.
    pub decision_id: String,
    /// Why.
    pub reason: String,
}

impl Decisions {
    /// What a decision applies to, in the hosts' own words.
    fn components(&self, row: &DecisionRow) -> String {
        let of = &row.state.decision.components;
        let said =
            [of.sort.map(|sort| sort.as_str()), of.vendor.as_deref(), of.name.as_deref(), of.versions.as_deref()];
        said.into_iter().flatten().collect::<Vec<_>>().join(" / ")
    }

    /// What it says, but for the supplier.
    fn said(&self, row: &DecisionRow) -> String {
        let decision = &row.state.decision;
        let part =
            decision.part_of_equipment.map(|part| self.ctx.t(if part { "decision-part" } else { "review-outside" }));
        let category = decision.category.map(|category| self.ctx.category(&category));
        [category, part].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn typed_for(&self, row: &DecisionRow) -> bool {
        self.typed.decision_id == row.state.decision.decision_id.as_str()
    }
}

/// `GET /decisions`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<DecisionsQuery>) -> Response {
    render(&app, &visitor, query, Typed::default(), None)
}

/// `POST /decisions`: a person takes one back. Done, it leads back to the list; refused, the page says why.
pub async fn withdraw(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    match enter(&app, &visitor, &headers, &typed).await {
        Ok(()) => see_other("/decisions"),
        Err(refusal) => render(&app, &visitor, DecisionsQuery::default(), typed, Some(refusal)),
    }
}

fn render(app: &App, visitor: &Visitor, query: DecisionsQuery, typed: Typed, refusal: Option<Refusal>) -> Response {
    let rows = visitor.read(app, Section::Components, |model, _| {
        let asked = query.asked();
        let some = |skip, take| model.decisions_from(asked, skip, take);
        Listing::of(model.decisions_total(asked), query.page.parse().ok(), some)
    });
    match rows {
        Ok((ctx, list)) => {
            let status = forms::status(refusal.as_ref());
            let complaint = refusal.map(|refusal| ctx.complaint(&refusal));
            page(status, &Decisions { ctx, query, list, typed, complaint })
        }
        Err(fault) => fault,
    }
}

async fn enter(app: &App, visitor: &Visitor, headers: &HeaderMap, typed: &Typed) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let decision_id = DecisionId::new(typed.decision_id.as_str()).map_err(|_| RefusalCode::NotFound)?;
    let reason = forms::words(&typed.reason);
    let fact = Fact::ComponentDecisionWithdrawn(ComponentDecisionWithdrawn { decision_id, reason });
    app.state(visitor.person().author(), fact).await.map(|_| ())
}
