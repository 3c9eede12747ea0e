//! A planned change judged by form: what the law asks, by which article, from which day, what is missing, whom to ask; and
//! then made a ticket.
//! It does not judge, and judging writes nothing. Invariant: what was typed stays, judged or refused.

use crate::http::App;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::intake::changes::{check_change_declared, parse_change};
use crate::model::Model;
use crate::model::duties::planned::Judgement;
use crate::model::rows::ProhibitedWindow;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::change::Change;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::ticket::TicketStated;
use daicho_schemas::ids::{ChangeId, EquipmentId, SupplierId};
use daicho_schemas::planned::{CHANGE_FORMAT, PlannedChange};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Suppliers that can be chosen from.
const SUPPLIERS_MAX: usize = 500;

/// The page.
#[derive(Template)]
#[template(path = "change.html")]
pub struct ChangePage {
    /// Shared.
    pub ctx: PageContext,
    /// What was typed.
    pub typed: Typed,
    /// What can be chosen from.
    pub choices: Choices,
    /// What the law asks, where it was judged.
    pub judged: Option<Judgement>,
    /// The window touches a prohibition period.
    pub prohibited: Option<ProhibitedWindow>,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

/// What can be chosen from.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Equipment with their names.
    pub equipment: Vec<(EquipmentId, Text)>,
    /// Suppliers with their names.
    pub suppliers: Vec<(SupplierId, Text)>,
    /// Hosts that plans list.
    pub hosts: Vec<String>,
}

impl Choices {
    fn of(model: &Model, equipment: &str) -> Self {
        let names = model.declarations().equipment().into_iter();
        let own = EquipmentId::new(equipment).ok();
        let suppliers = model.declarations().suppliers().take(SUPPLIERS_MAX);
        Self {
            equipment: names.map(|(id, state)| (id.clone(), state.plan.equipment.name.clone())).collect(),
            suppliers: suppliers.map(|(id, state)| (id.clone(), state.record.name.clone())).collect(),
            hosts: own.map(|id| model.declarations().hosts_of(&id)).unwrap_or_default(),
        }
    }
}

/// What the form says. One thing that changes, and up to two that agents will see; a file can say more.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// `judge` or `open`.
    pub act: String,
    /// The ticket's number.
    pub change_id: String,
    /// What is planned.
    pub summary: String,
    /// Which equipment.
    pub equipment_id: String,
    /// The first day.
    pub planned_on: String,
    /// The last day.
    pub planned_through: String,
    /// The day of acceptance to reckon with.
    pub accepted_on: String,
    /// Why it is urgent.
    pub emergency: String,
    /// The word of the change.
    pub change: String,
    /// What it is done to.
    pub subject: String,
    /// As it is.
    pub before: String,
    /// As it will be.
    pub after: String,
    /// The supplier as it will be.
    pub supplier_id: String,
    /// What agents will see first: a sort of sight, the hosts, the name and the version.
    pub sight: String,
    /// Hosts, with commas or blanks between.
    pub hosts: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The component that goes, where it replaces one.
    pub goes: String,
    /// What else is to be said.
    pub note: String,
}

impl Typed {
    /// The file that says the same.
    fn file(&self) -> Value {
        let mut file = json!({ "format": CHANGE_FORMAT, "change_id": self.change_id.trim() });
        put(&mut file, "summary", &self.summary);
        put(&mut file, "equipment_id", &self.equipment_id);
        put(&mut file, "planned_on", &self.planned_on);
        put(&mut file, "planned_through", &self.planned_through);
        put(&mut file, "accepted_on", &self.accepted_on);
        let mut item = Value::Object(Map::new());
        put(&mut item, "change", &self.change);
        put(&mut item, "subject", &self.subject);
        put(&mut item, "before", &self.before);
        put(&mut item, "after", &self.after);
        put(&mut item, "supplier_id", &self.supplier_id);
        let mut more = vec![("changes", json!([item])), ("expected", self.expected())];
        if !self.emergency.trim().is_empty() {
            more.push(("emergency", json!({ "reason": self.emergency.trim() })));
        }
        if let Some(file) = file.as_object_mut() {
            file.extend(more.into_iter().map(|(key, value)| (key.to_string(), value)));
        }
        file
    }

    fn expected(&self) -> Value {
        let split = |c: char| c == ',' || c == '、' || c.is_whitespace();
        let hosts: Vec<&str> = self.hosts.split(split).filter(|host| !host.is_empty()).collect();
        let mut all = Vec::new();
        if !self.sight.is_empty() {
            let mut one = json!({ "sight": self.sight, "hosts": hosts });
            put(&mut one, "name", &self.name);
            put(&mut one, "version", &self.version);
            if self.sight == "component_appears" {
                put(&mut one, "supplier_id", &self.supplier_id);
            }
            all.push(one);
        }
        if !self.goes.trim().is_empty() {
            all.push(json!({ "sight": "component_goes", "hosts": hosts, "name": self.goes.trim() }));
        }
        Value::Array(all)
    }
}

fn put(file: &mut Value, key: &str, words: &str) {
    if let Some(file) = file.as_object_mut()
        && !words.trim().is_empty()
    {
        file.insert(key.into(), forms::words(words).into());
    }
}

impl ChangePage {
    /// Every word for a change, with what it means.
    fn changes(&self) -> Vec<(String, String, bool)> {
        let word = |change: Change| {
            let word = change.word().into_owned();
            let chosen = word == self.typed.change;
            (word, self.ctx.say(&change.text()).to_string(), chosen)
        };
        Change::all().map(word).collect()
    }

    fn sights(&self) -> Vec<(&'static str, String, bool)> {
        let all = [
            ("component_appears", self.ctx.t("sight-component-appears")),
            ("component_goes", self.ctx.t("sight-component-goes")),
            ("interface_appears", self.ctx.t("sight-interface-appears")),
            ("host_appears", self.ctx.t("sight-host-appears")),
        ];
        all.map(|(word, text)| (word, text, word == self.typed.sight)).into()
    }
}

/// `GET /changes`: the empty form; its fields can be filled from the address.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(typed): Query<Typed>) -> Response {
    render(&app, &visitor, Typed { act: String::new(), form: String::new(), ..typed }, None, None)
}

/// `POST /changes`: judged, and nothing is kept; or made a ticket.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    let change = match read(&app, &typed) {
        Ok(change) => change,
        Err(refusal) => return render(&app, &visitor, typed, None, Some(refusal)),
    };
    if typed.act != "open" {
        return render(&app, &visitor, typed, Some(&change), None);
    }
    let id = change.change_id.clone();
    match enter(&app, &visitor, &headers, &typed, change.clone()).await {
        Ok(()) => see_other(&format!("/tickets/{id}")),
        Err(refusal) => render(&app, &visitor, typed, Some(&change), Some(refusal)),
    }
}

/// What was typed, as a planned change. A judgement needs no number; a ticket does.
fn read(app: &App, typed: &Typed) -> Result<PlannedChange, Refusal> {
    let mut typed = typed.clone();
    if typed.act != "open" && typed.change_id.trim().is_empty() {
        typed.change_id = "x".into();
    }
    ChangeId::new(typed.change_id.trim())
        .map_err(|error| Refusal::new(RefusalCode::ChangeMalformed).with(format!("change_id: {error}")))?;
    let bytes = typed.file().to_string().into_bytes();
    let change = parse_change(&bytes)?;
    check_change_declared(&change, &bytes, app.model().declarations())?;
    Ok(change)
}

async fn enter(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    typed: &Typed,
    change: PlannedChange,
) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let note = forms::words(&typed.note);
    let stated = Fact::TicketStated(TicketStated { change, amends_seq: None, note });
    app.state(visitor.person().author(), stated).await.map(|_| ())
}

fn render(
    app: &App,
    visitor: &Visitor,
    typed: Typed,
    change: Option<&PlannedChange>,
    refusal: Option<Refusal>,
) -> Response {
    let rows = visitor.read(app, Section::Tickets, |model, today| {
        let judged = change.map(|change| model.judge_change(change, today));
        let prohibited = change.and_then(|change| model.prohibited_window(change));
        (Choices::of(model, &typed.equipment_id), judged, prohibited)
    });
    match rows {
        Ok((ctx, (choices, judged, prohibited))) => {
            let status = forms::status(refusal.as_ref());
            let complaint = refusal.map(|refusal| ctx.complaint(&refusal));
            page(status, &ChangePage { ctx, typed, choices, judged, prohibited, complaint })
        }
        Err(fault) => fault,
    }
}
