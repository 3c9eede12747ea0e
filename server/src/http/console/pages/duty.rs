//! One duty: what the law asks, by which article, by when, with which data, how sure that is; what people did about it, and
//! the forms with which they go on.
//! It does not know the law, which comes from the regime's table, nor which step is possible (`intake/duties.rs`).
//! Invariant: what rests on less than the statute is marked before it is stated; a refused form keeps what was typed.

use super::trouble;
use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::intake::duties::possible;
use crate::model::Model;
use crate::model::rows::{DutyRow, DutyState, DutyTurn, FindingRow, PlanRow};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::duty::{DutyAssigned, DutyDate, DutyDated, DutyMoved, DutyOwner};
use daicho_schemas::ids::{DutyId, PersonId, PlanId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "duty.html")]
pub struct Duty {
    /// Shared.
    pub ctx: PageContext,
    /// The duty, and what stands around it.
    pub shown: Shown,
    /// What was typed, where it was refused.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

/// What the page shows.
pub struct Shown {
    /// The duty.
    pub duty: DutyRow,
    /// The finding it hangs on.
    pub finding: Option<FindingRow>,
    /// The plan that was judged.
    pub plan: Option<PlanRow>,
    /// The equipment's name.
    pub equipment_name: Option<Text>,
    /// What people did about it, in order.
    pub history: Vec<DutyTurn>,
    /// Where it can go.
    pub possible: Vec<DutyState>,
    /// The last day of the prohibition period that runs, and the last one to which it can be extended.
    pub prohibited: Option<(CalendarDate, CalendarDate)>,
}

/// What a form of this page says. Which one it is stands in `act`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// `move`, `assign` or `date`.
    pub act: String,
    /// From where to where: `open:judged`.
    pub step: String,
    /// The day that is spoken of.
    pub on: String,
    /// Why.
    pub reason: String,
    /// Receipt number.
    pub reference: String,
    /// The plan it was filed under.
    pub plan_id: String,
    /// Ticked: the caution was read.
    pub caution_read: String,
    /// Who sees to it.
    pub owner: String,
    /// The operator's own day.
    pub target_on: String,
    /// What else is to be said.
    pub note: String,
    /// Which date of the ministry.
    pub date: String,
}

impl Duty {
    /// What to show in a field of a form: what was typed there, or else what stands.
    fn typed_or(&self, act: &str, typed: &str, stands: &str) -> String {
        if self.typed.act == act { typed.into() } else { stands.into() }
    }

    fn today(&self) -> String {
        self.ctx.today.to_string()
    }

    /// The step as a form says it: from where the page showed it to where it goes.
    fn step(&self, to: &DutyState) -> String {
        format!("{}:{}", self.shown.duty.state.as_str(), to.as_str())
    }

    /// The steps that are possible, those ahead first.
    fn steps(&self) -> Vec<(String, String, bool)> {
        let now = self.shown.duty.state;
        let (ahead, back): (Vec<&DutyState>, Vec<&DutyState>) =
            self.shown.possible.iter().partition(|to| !now.is_settled() && **to > now);
        // That nothing is to be filed is chosen by a person, never offered first.
        let next = ahead.first().filter(|to| ***to != DutyState::NotNeeded && self.typed.act != "move");
        let chosen = next.map_or_else(|| self.typed.step.clone(), |to| self.step(to));
        let option = |to: &&DutyState, key: &str| {
            let value = self.step(to);
            let picked = value == chosen;
            (value, self.ctx.tx(key, self.ctx.duty_state_word(to)), picked)
        };
        let ahead = ahead.iter().map(|to| option(to, "duty-move-on"));
        ahead.chain(back.iter().map(|to| option(to, "duty-move-back"))).collect()
    }

    fn owner_now(&self) -> String {
        self.shown.duty.life.owner.as_ref().map_or_else(String::new, |owner| owner.as_str().into())
    }

    fn target_now(&self) -> String {
        self.shown.duty.life.target_on.map_or_else(String::new, |on| on.to_string())
    }
}

fn shown(model: &Model, id: &str, today: CalendarDate) -> Option<Shown> {
    let duty = model.duty(&DutyId::new(id).ok()?)?;
    Some(Shown {
        finding: model.finding(&duty.finding_id),
        plan: duty.plan_id.as_ref().and_then(|id| model.plan_row(id, today)),
        equipment_name: model.equipment_name(&duty.equipment_id),
        history: model.duty_turns(&duty.duty_id).to_vec(),
        possible: possible(&duty, today),
        prohibited: model.duty_prohibited(&duty),
        duty,
    })
}

/// `GET /duties/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    render(&app, &visitor, &id, Typed::default(), None)
}

/// `POST /duties/{id}`: one of the page's forms. Done, it leads back to the page; refused, the page says why.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    match enter(&app, &visitor, &id, &headers, &typed).await {
        Ok(()) => see_other(&format!("/duties/{id}")),
        Err(refusal) => render(&app, &visitor, &id, typed, Some(refusal)),
    }
}

fn render(app: &App, visitor: &Visitor, id: &str, typed: Typed, refusal: Option<Refusal>) -> Response {
    let rows = visitor.read(app, Section::Duties, |model, today| shown(model, id, today));
    match rows {
        Ok((ctx, Some(shown))) => {
            let status = forms::status(refusal.as_ref());
            let complaint = refusal.map(|refusal| ctx.complaint(&refusal));
            page(status, &Duty { ctx, shown, typed, complaint })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

async fn enter(app: &App, visitor: &Visitor, id: &str, headers: &HeaderMap, typed: &Typed) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let fact = fact(&app.model(), id, typed)?;
    app.state(visitor.person().author(), fact).await.map(|_| ())
}

/// What a form says, as a fact.
fn fact(model: &Model, id: &str, typed: &Typed) -> Result<Fact, Refusal> {
    let duty_id = DutyId::new(id).map_err(|_| RefusalCode::NotFound)?;
    match typed.act.as_str() {
        "move" => {
            let (from, to) = typed.step.split_once(':').ok_or_else(|| wrong("step"))?;
            Ok(Fact::DutyMoved(DutyMoved {
                duty_id,
                from: DutyState::named(from).ok_or_else(|| wrong("from"))?,
                to: DutyState::named(to).ok_or_else(|| wrong("to"))?,
                on: day("on", &typed.on)?.ok_or_else(|| wrong("on"))?,
                reason: forms::words(&typed.reason),
                reference: forms::filled(&typed.reference).map(str::to_string),
                plan_id: forms::filled(&typed.plan_id).map(PlanId::new).transpose().map_err(|_| wrong("plan_id"))?,
                caution_read: !typed.caution_read.is_empty(),
            }))
        }
        "assign" => Ok(Fact::DutyAssigned(DutyAssigned {
            duty_id,
            owner: forms::filled(&typed.owner).map(|owner| owner_of(model, owner)),
            target_on: day("target_on", &typed.target_on)?,
            note: forms::words(&typed.note),
        })),
        "date" => Ok(Fact::DutyDated(DutyDated {
            duty_id,
            date: match typed.date.as_str() {
                "prohibited_through" => DutyDate::ProhibitedThrough,
                "recommended_on" => DutyDate::RecommendedOn,
                "answered_on" => DutyDate::AnsweredOn,
                _ => return Err(wrong("date")),
            },
            on: day("on", &typed.on)?,
            note: forms::words(&typed.note),
        })),
        _ => Err(wrong("act")),
    }
}

/// Somebody who may sign in by their id, anybody else by name.
fn owner_of(model: &Model, owner: &str) -> DutyOwner {
    match PersonId::new(owner) {
        Ok(id) if model.person_roles(&id).is_some() => DutyOwner::Person(id),
        _ => DutyOwner::Name(owner.into()),
    }
}

fn day(field: &str, text: &str) -> Result<Option<CalendarDate>, Refusal> {
    forms::typed(RefusalCode::RequestMalformed, field, text)
}

fn wrong(field: &str) -> Refusal {
    Refusal::new(RefusalCode::RequestMalformed).with(field)
}
