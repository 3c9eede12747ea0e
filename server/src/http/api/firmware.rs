//! `/api/v1/firmware`: what is known about firmware, a pack of it, the verdict on a version, and a pack that comes in.
//! It does not read downloaded files (`firmware/`) or judge what may enter (`intake/firmware.rs`).
//! Invariant: a question about a version that nothing is known of gets `unknown`, with the reason.

use super::reads::{Answer, Asked, asked, found};
use super::writes::{Written, state};
use crate::http::App;
use crate::http::answers::{Body, whole};
use crate::http::auth::BearerIdentity;
use crate::http::moment::Moment;
use crate::intake::firmware::{ROLES, parse_pack};
use crate::model::firmware::verdict::{Judged, Verdict};
use crate::model::queries::firmware::FirmwareSheet;
use crate::model::views::firmware::PackState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device::{Answer as Known, Firmware};
use daicho_schemas::refusal::RefusalCode;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// `GET /firmware`: every pack and every product line.
pub(super) async fn sheet(moment: Moment) -> Json<FirmwareSheet> {
    Json(moment.model.firmware_sheet(moment.today))
}

/// `GET /firmware/packs/{id}`: one pack, whole.
pub(super) async fn pack(moment: Moment, Path(id): Path<String>) -> Answer<PackState> {
    found(moment.model.firmware_pack(&id).cloned())
}

/// A version to judge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VerdictQuery {
    maker: Option<String>,
    model: Option<String>,
    /// The parser that read it: `fortios`, `yamaha_rt`.
    family: Option<String>,
    version: Option<String>,
    /// It is known to run. Absent: not known.
    running: Option<bool>,
}

/// `GET /firmware/verdict?maker=…&model=…&version=…`.
pub(super) async fn verdict(moment: Moment, query: Asked<VerdictQuery>) -> Answer<Verdict> {
    let VerdictQuery { maker, model, family, version, running } = asked(query)?;
    let running = running.map_or(Known::Unknown, |running| if running { Known::Yes } else { Known::No });
    let firmware = version.map(|version| Firmware { version, build: None, running }).into_iter().collect();
    Ok(Json(moment.model.firmware_verdict(&Judged { family, maker, model, firmware }, moment.today)))
}

/// `POST /firmware/packs`: a pack (`daicho.firmware_pack.v1`). One of the same id takes its place.
pub(super) async fn import(State(app): State<Arc<App>>, BearerIdentity(staff): BearerIdentity, body: Body) -> Written {
    staff.require(ROLES)?;
    let pack = parse_pack(&whole(body, RefusalCode::FirmwarePackWrong)?)?;
    let pack_id = pack.pack_id.clone();
    let seq = state(&app, &staff, Fact::FirmwareKnowledge(pack)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "pack_id": pack_id, "entry_seq": seq }))))
}
