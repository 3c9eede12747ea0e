//! One ticket: what was planned, what the law asked and asks, what agents saw, and the forms with which people go on.
//! It does not judge or reconcile. Invariant: a refused form keeps what was typed, and nothing here says "done" but a person.

use super::trouble;
use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::model::rows::TicketDetail;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::ticket::{TICKET_STATES, TicketMoved, TicketState};
use daicho_schemas::ids::ChangeId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "ticket.html")]
pub struct Ticket {
    /// Shared.
    pub ctx: PageContext,
    /// The ticket.
    pub ticket: TicketDetail,
    /// The equipment's name.
    pub equipment_name: Option<Text>,
    /// What was typed, where it was refused.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

/// What the form of this page says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// From where to where: `open:done`.
    pub step: String,
    /// The day that is spoken of.
    pub on: String,
    /// Why.
    pub reason: String,
}

impl Ticket {
    /// The steps that are possible, with their words.
    fn steps(&self) -> Vec<(String, String)> {
        let from = self.ticket.row.state;
        let to =
            TICKET_STATES.iter().filter(|to| **to != from && (from == TicketState::Open || **to == TicketState::Open));
        to.map(|to| (format!("{}:{}", from.as_str(), to.as_str()), self.ctx.ticket_step(*to))).collect()
    }

    fn on(&self) -> String {
        if self.typed.on.is_empty() { self.ctx.today.to_string() } else { self.typed.on.clone() }
    }
}

/// `GET /tickets/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    render(&app, &visitor, &id, Typed::default(), None)
}

/// `POST /tickets/{id}`: a step. Done, it leads back to the page; refused, the page says why.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    match enter(&app, &visitor, &id, &headers, &typed).await {
        Ok(()) => see_other(&format!("/tickets/{id}")),
        Err(refusal) => render(&app, &visitor, &id, typed, Some(refusal)),
    }
}

fn render(app: &App, visitor: &Visitor, id: &str, typed: Typed, refusal: Option<Refusal>) -> Response {
    let rows = visitor.read(app, Section::Tickets, |model, today| {
        let ticket = model.ticket_detail(&ChangeId::new(id).ok()?, today)?;
        let name = model.equipment_name(&ticket.row.equipment_id);
        Some((ticket, name))
    });
    match rows {
        Ok((ctx, Some((ticket, equipment_name)))) => {
            let status = forms::status(refusal.as_ref());
            let complaint = refusal.map(|refusal| ctx.complaint(&refusal));
            page(status, &Ticket { ctx, ticket, equipment_name, typed, complaint })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

async fn enter(app: &App, visitor: &Visitor, id: &str, headers: &HeaderMap, typed: &Typed) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let wrong = |field: &str| Refusal::new(RefusalCode::RequestMalformed).with(field);
    let (from, to) = typed.step.split_once(':').ok_or_else(|| wrong("step"))?;
    let moved = TicketMoved {
        change_id: ChangeId::new(id).map_err(|_| RefusalCode::NotFound)?,
        from: TicketState::named(from).ok_or_else(|| wrong("from"))?,
        to: TicketState::named(to).ok_or_else(|| wrong("to"))?,
        on: forms::typed(RefusalCode::RequestMalformed, "on", &typed.on)?.ok_or_else(|| wrong("on"))?,
        reason: forms::words(&typed.reason),
    };
    app.state(visitor.person().author(), Fact::TicketMoved(moved)).await.map(|_| ())
}
