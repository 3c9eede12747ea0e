//! `/api/v1/decisions` and `/api/v1/review`: what people decided about components, and what waits for them.
//! It does not judge what may be decided; `intake/components.rs` does.
//! Invariant: a table of decisions enters only if every line of it can.

use super::reads::{Answer, Asked, asked, found, page};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, Refused, fault, json_of};
use crate::http::auth::{BearerIdentity, StaffIdentity};
use crate::http::moment::Moment;
use crate::intake::components::{GroupDecision, LineOutcome, LineRow, compared, for_group};
use crate::model::queries::Part;
use crate::model::queries::decisions::{self, DecisionRow};
use crate::model::queries::review::ReviewRow;
use crate::model::rows::Page;
use crate::secrets;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::component::{ComponentDecided, ComponentDecisionWithdrawn};
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::DecisionId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Lines of one table of decisions.
const LINES_MAX: usize = 5000;
/// Decisions that are stated together.
const TOGETHER: usize = 200;

/// Where to go on in the list, and which decisions.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DecisionsQuery {
    /// What `next` said.
    #[serde(default)]
    cursor: Option<String>,
    /// Rows on a page.
    #[serde(default)]
    limit: Option<usize>,
    /// Those that were taken back or replaced, too.
    #[serde(default)]
    all: bool,
    /// Those that held on this day in Japan, as is known now.
    #[serde(default)]
    on: Option<CalendarDate>,
}

/// Decisions, newest first.
pub(super) async fn list(moment: Moment, query: Asked<DecisionsQuery>) -> Answer<Page<DecisionRow>> {
    let DecisionsQuery { cursor, limit, all, on } = asked(query)?;
    let wanted = match (on, all) {
        (Some(day), _) => decisions::Asked::On(day),
        (None, true) => decisions::Asked::Every,
        (None, false) => decisions::Asked::Standing,
    };
    page(moment.model.decisions_page(Part { cursor: cursor.as_deref(), limit }, wanted))
}

/// One decision.
pub(super) async fn one(moment: Moment, Path(id): Path<String>) -> Answer<DecisionRow> {
    found(moment.model.decision_row(&decision_id(id)?))
}

/// `POST /decisions`: a decision, as in `schemas/json/component_decided.v1.schema.json` without its id.
pub(super) async fn decide(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(&[Role::Compliance])?;
    entered(&app, &staff, identified(json_of(body)?)?).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    #[serde(default)]
    reason: String,
}

/// `POST /decisions/{id}/withdraw`: it never was so.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let Withdraw { reason } = json_of(body)?;
    let decision_id = decision_id(id)?;
    let taken = ComponentDecisionWithdrawn { decision_id: decision_id.clone(), reason };
    let seq = state(&app, &staff, Fact::ComponentDecisionWithdrawn(taken)).await?;
    Ok((StatusCode::OK, Json(json!({ "decision_id": decision_id, "entry_seq": seq }))))
}

/// A person's table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Decisions without ids.
    lines: Vec<Value>,
    /// Lines that differ from what stands replace it.
    #[serde(default)]
    replace: bool,
    /// Only say what would become of each line.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /decisions/table`: a person's table, line by line. If any line is refused, nothing enters.
pub(super) async fn table(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(&[Role::Compliance])?;
    let Table { lines, replace, dry_run } = json_of(body)?;
    if lines.len() > LINES_MAX {
        return Err(Refusal::new(RefusalCode::BodyTooLarge).with(format!("lines: at most {LINES_MAX}")).into());
    }
    let lines: Vec<ComponentDecided> = lines.into_iter().map(identified).collect::<Result<_, _>>()?;
    let rows = compared(&app.model(), &staff.author(), lines, replace, app.clock.now().date_in_japan());
    let whole = rows.iter().all(|row| row.outcome != LineOutcome::Refused);
    let mut entered = 0;
    if whole && !dry_run {
        entered = enter_all(&app, &staff, &rows).await?;
    }
    let status = if entered > 0 { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "lines": rows, "whole": whole, "entered": entered }))))
}

async fn enter_all(app: &Arc<App>, staff: &StaffIdentity, rows: &[LineRow]) -> Result<usize, Refused> {
    let new: Vec<&LineRow> = rows.iter().filter(|row| row.outcome != LineOutcome::Same).collect();
    for chunk in new.chunks(TOGETHER) {
        // Side by side, so that they share one write to disk.
        let mut stating = JoinSet::new();
        for decision in chunk.iter().map(|row| row.decision.clone()) {
            let (app, staff) = (Arc::clone(app), staff.clone());
            stating.spawn(async move { state(&app, &staff, Fact::ComponentDecided(decision)).await });
        }
        stating.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    Ok(new.len())
}

/// Where to go on in the queue.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ReviewQuery {
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

/// What waits for a decision, most hosts first.
pub(super) async fn review(moment: Moment, query: Asked<ReviewQuery>) -> Answer<Page<ReviewRow>> {
    let ReviewQuery { cursor, limit } = asked(query)?;
    page(moment.model.review_page(Part { cursor: cursor.as_deref(), limit }))
}

/// One group of the queue.
pub(super) async fn review_one(moment: Moment, Path(id): Path<String>) -> Answer<ReviewRow> {
    found(moment.model.review_row_of(&id))
}

/// `POST /review/{id}`: a person settles a group.
pub(super) async fn review_decide(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let said: GroupDecision = json_of(body)?;
    let model = app.model();
    let group = model.review_row_of(&id).ok_or(RefusalCode::NotFound)?;
    entered(&app, &staff, for_group(&model, &group, said, new_id()?)).await
}

async fn entered(app: &App, staff: &StaffIdentity, decision: ComponentDecided) -> Written {
    let model = app.model();
    // What says nothing new has no entry and no id of its own: the one that stands is named.
    let before = model.decision_about(&decision.components).map(|state| state.decision.decision_id.clone());
    let (id, replaces) = (decision.decision_id.clone(), decision.replaces.clone());
    let seq = state(app, staff, Fact::ComponentDecided(decision)).await?;
    let id = if seq.is_some() { Some(id) } else { before };
    let status = if seq.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "decision_id": id, "entry_seq": seq, "replaces": replaces }))))
}

/// A decision as somebody sent it, with an id of ours.
fn identified(mut body: Value) -> Result<ComponentDecided, Refused> {
    let malformed = |why: String| Refusal::new(RefusalCode::DecisionMalformed).with(why);
    let fields = body.as_object_mut().ok_or_else(|| malformed("it is no object".into()))?;
    if fields.insert("decision_id".into(), json!(new_id()?)).is_some() {
        return Err(malformed("decision_id: the server gives it".into()).into());
    }
    serde_json::from_value(body).map_err(|error| malformed(error.to_string()).into())
}

/// An id that nobody has used.
pub(in crate::http) fn new_id() -> Result<DecisionId, Refused> {
    let hex = secrets::random_hex::<6>().map_err(fault)?;
    DecisionId::new(format!("d{hex}")).map_err(fault)
}

fn decision_id(id: String) -> Result<DecisionId, RefusalCode> {
    DecisionId::new(id).map_err(|_| RefusalCode::NotFound)
}
