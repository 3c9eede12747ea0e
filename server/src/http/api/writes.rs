//! The write side: plans, suppliers, tokens, revocations, sign-in codes. Each becomes an entry with its actor.
//! It does not read files or judge declarations; `intake/` does.
//! Invariant: a body that is refused changes nothing, also when only its last row is wrong; and no browser can be made to
//! write here, because a session cookie is not enough.

use super::people;
use crate::http::App;
use crate::http::answers::{Body, Refused, fault, json_of, read_json, whole};
use crate::http::auth::{BearerIdentity, StaffIdentity};
use crate::http::session::{CODE_SECONDS, beside};
use crate::intake::declarations::{check_circles, parse_plan, parse_suppliers};
use crate::intake::keeper::Receipt;
use crate::secrets;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{AgentRevoked, Role, TokenIssued};
use daicho_schemas::ids::{AgentId, TokenId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::wire::EnrollToken;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// How long an enrolment token waits when nothing else is asked, in seconds: a day.
const TOKEN_SECONDS_DEFAULT: i64 = 24 * 3600;
/// How long an enrolment token may wait at most, in seconds: a month.
const TOKEN_SECONDS_MAX: i64 = 31 * 24 * 3600;

/// Supplier records that are stated together.
const SUPPLIERS_TOGETHER: usize = 200;

pub(super) type Written = Result<(StatusCode, Json<Value>), Refused>;

/// `POST /plans`: a plan file. A plan of the same id becomes its next version.
pub(super) async fn plan(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(&[Role::Compliance])?;
    let body = whole(body, RefusalCode::PlanMalformed)?;
    let plan = parse_plan(&body)?;
    let plan_id = plan.plan_id.clone();
    let seq = state(&app, &staff, Fact::Plan(plan)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "plan_id": plan_id, "entry_seq": seq }))))
}

/// `POST /suppliers`: a supplier file. A record of the same id becomes its next version; an equal one says nothing new.
pub(super) async fn suppliers(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let body = whole(body, RefusalCode::SuppliersMalformed)?;
    let file = parse_suppliers(&body)?;
    let model = app.model();
    check_circles(&file, &body, |id| model.holders_of(id))?;
    let file = people::sealed(&app, file).await?;
    let mut entered = Vec::new();
    for records in file.suppliers.chunks(SUPPLIERS_TOGETHER) {
        // Side by side, so that they share one write to disk: all of them enter or none.
        let mut stating = JoinSet::new();
        for (place, record) in records.iter().cloned().enumerate() {
            let (app, staff) = (Arc::clone(&app), staff.clone());
            stating.spawn(async move { (place, state(&app, &staff, Fact::Supplier(record)).await) });
        }
        let mut answers = stating.join_all().await;
        answers.sort_by_key(|(place, _)| *place);
        for (record, (_, seq)) in records.iter().zip(answers) {
            entered.push(json!({ "supplier_id": record.supplier_id, "entry_seq": seq? }));
        }
    }
    Ok((StatusCode::CREATED, Json(json!({ "suppliers": entered }))))
}

/// What kind of token is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TokenRequest {
    seconds: Option<i64>,
}

/// `POST /tokens`: a one-time enrolment token for one agent. It is shown once and never again.
pub(super) async fn token(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(&[Role::Operator])?;
    let body = whole(body, RefusalCode::RequestMalformed)?;
    let request: TokenRequest = if body.is_empty() { TokenRequest::default() } else { read_json(&body)? };
    let seconds = request.seconds.unwrap_or(TOKEN_SECONDS_DEFAULT);
    if !(1..=TOKEN_SECONDS_MAX).contains(&seconds) {
        let detail = format!("seconds: 1 to {TOKEN_SECONDS_MAX}");
        return Err(Refusal::new(RefusalCode::RequestMalformed).with(detail).into());
    }
    let (secret, name) = (secret()?, secrets::random_hex::<6>().map_err(fault)?);
    let name = format!("t{name}");
    let token_id = TokenId::new(name).map_err(fault)?;
    let expires_at = app.clock.now().plus_seconds(seconds);
    let issued = TokenIssued { token_id: token_id.clone(), secret_hash: EnrollToken::secret_hash(&secret), expires_at };
    state(&app, &staff, Fact::TokenIssued(issued)).await?;
    let token = EnrollToken { ca_fingerprint: app.authority.fingerprint(), token_id, secret };
    Ok((StatusCode::CREATED, Json(json!({ "token": token.to_text(), "expires_at": expires_at }))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeRequest {
    reason: String,
}

/// `POST /agents/{id}/revoke`: from this moment the agent is refused.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Operator, Role::Security])?;
    let request: RevokeRequest = json_of(body)?;
    let reason = reason(request.reason)?;
    let agent_id = AgentId::new(id).map_err(|_| RefusalCode::NotFound)?;
    let revoked = AgentRevoked { agent_id: agent_id.clone(), reason };
    let seq = state(&app, &staff, Fact::AgentRevoked(revoked)).await?;
    Ok((StatusCode::OK, Json(json!({ "agent_id": agent_id, "entry_seq": seq }))))
}

/// A person's reason for what cannot be undone.
pub(super) fn reason(words: String) -> Result<String, Refusal> {
    if words.trim().is_empty() || words.len() > 1000 {
        let detail = "reason: 1 to 1000 bytes; it stays in the ledger";
        return Err(Refusal::new(RefusalCode::RequestMalformed).with(detail));
    }
    Ok(words)
}

/// `POST /sign-in-codes`: a one-time code that opens a browser session for the caller.
pub(super) async fn sign_in_code(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity) -> Written {
    let code = secret()?;
    let expires_at = app.clock.now().plus_seconds(CODE_SECONDS);
    let hash = secrets::code_hash(&code);
    beside(&app, move |shared| shared.put_code(&hash, &staff.person_id, expires_at)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "path": format!("/sign-in/{code}"), "expires_at": expires_at }))))
}

/// States something in a person's name; the entry, unless it says nothing new.
pub(super) async fn state(app: &App, staff: &StaffIdentity, fact: Fact) -> Result<Option<u64>, Refused> {
    Ok(match app.state(staff.author(), fact).await? {
        Receipt::Appended { seq } | Receipt::AlreadyThere { seq } => Some(seq),
        Receipt::NothingNew => None,
    })
}

fn secret() -> Result<String, Refused> {
    secrets::new_secret().map_err(fault)
}
