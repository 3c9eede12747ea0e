//! Planned changes: judged before they are made.
//! It does not keep them; a judgement is an answer and leaves nothing behind.
//! Invariant: nothing here writes to the ledger, so whoever may read may ask.

use crate::http::App;
use crate::http::answers::{Body, Refused, whole};
use crate::http::auth::StaffIdentity;
use crate::intake::changes::{check_change_declared, parse_change};
use crate::model::duties::planned::Judgement;
use axum::Json;
use axum::extract::State;
use daicho_schemas::refusal::RefusalCode;
use std::sync::Arc;

/// `POST /changes/judge`: a planned change (`daicho.change.v1`). Answers what the law asks, as of today in Japan.
pub(super) async fn judge(
    State(app): State<Arc<App>>,
    _staff: StaffIdentity,
    body: Body,
) -> Result<Json<Judgement>, Refused> {
    let body = whole(body, RefusalCode::ChangeMalformed)?;
    let change = parse_change(&body)?;
    let model = app.model();
    check_change_declared(&change, &body, model.declarations())?;
    Ok(Json(model.judge_change(&change, app.clock.now().date_in_japan())))
}
