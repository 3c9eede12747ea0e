//! From refusals and faults to HTTP: one status per code, one JSON form for all.
//! It does not know why anything was refused.
//! Invariant: the match over the codes is total; a new code does not compile until it has a status.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Seconds after which a busy or full server may be asked again, where nobody knows better.
const RETRY_AFTER_SECONDS: u64 = 15;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused {
    /// What is refused, and why.
    pub refusal: Refusal,
    /// When to come back, where that is known, in seconds.
    pub retry_after_seconds: Option<u64>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, retry_after_seconds: None }
    }
}

impl From<RefusalCode> for Refused {
    fn from(code: RefusalCode) -> Self {
        Refusal::from(code).into()
    }
}

/// A fault of ours that the other side can only wait out; the cause goes to the log, not to the other side.
pub fn fault(error: impl std::fmt::Display) -> Refused {
    tracing::error!(%error, "a request failed for a reason of ours");
    RefusalCode::Overloaded.into()
}

/// A request's body as axum reads it: within its limit, or not at all.
pub type Body = Result<Bytes, BytesRejection>;

/// The whole body; when it is over its limit or cut short, a refusal with this code.
pub fn whole(body: Body, code: RefusalCode) -> Result<Bytes, Refused> {
    body.map_err(|rejection| {
        let over = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let code = if over { RefusalCode::BodyTooLarge } else { code };
        Refusal::new(code).with(rejection.body_text()).into()
    })
}

/// The body as JSON of one shape.
pub fn json_of<T: DeserializeOwned>(body: Body) -> Result<T, Refused> {
    read_json(&whole(body, RefusalCode::RequestMalformed)?)
}

/// Bytes as JSON of one shape.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(error.to_string()).into())
}

/// The HTTP status of a refusal.
pub fn status(code: RefusalCode) -> StatusCode {
    use RefusalCode as Code;
    match code {
        Code::BatchMalformed
        | Code::RequestMalformed
        | Code::PlanMalformed
        | Code::SuppliersMalformed
        | Code::InventoryMalformed
        | Code::SpreadsheetMalformed
        | Code::ChangeMalformed
        | Code::AlertsMalformed
        | Code::DecisionMalformed
        | Code::FirmwareFileMalformed
        | Code::AsOfWrong
        | Code::CursorWrong => StatusCode::BAD_REQUEST,
        Code::BatchTooLarge | Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::CertificateMissing | Code::NotSignedIn => StatusCode::UNAUTHORIZED,
        Code::BatchSignatureWrong
        | Code::BatchForOtherAgent
        | Code::AgentUnknown
        | Code::AgentRevoked
        | Code::TokenUsed
        | Code::TokenExpired
        | Code::TokenUnknown
        | Code::NotAllowed => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::BatchNumberReused | Code::BatchOutOfOrder | Code::FullReportNeeded | Code::AgentAlreadyEnrolled => {
            StatusCode::CONFLICT
        }
        Code::BatchFromTheFuture | Code::ReportInconsistent | Code::SupplierUnknown | Code::PersonalDataInClear => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Code::DecisionContradicts | Code::DecisionEnded => StatusCode::CONFLICT,
        Code::DecisionSupplierUnknown => StatusCode::UNPROCESSABLE_ENTITY,
        Code::DutyMovedMeanwhile | Code::ComputerJudgedMeanwhile | Code::CheckAnsweredMeanwhile => StatusCode::CONFLICT,
        Code::TicketExists | Code::TicketChangedMeanwhile | Code::RemotePathMeanwhile | Code::FirmwarePackOlder => {
            StatusCode::CONFLICT
        }
        Code::DutyMoveImpossible
        | Code::DutyProhibited
        | Code::DutyDateWrong
        | Code::DutyReasonMissing
        | Code::DutyCautionUnread
        | Code::ComputerWrong
        | Code::ComputerExemptionWrong
        | Code::ComputerSubstituteWrong
        | Code::ComputerChangeDayWrong
        | Code::CheckAnswerWrong
        | Code::TicketMoveImpossible
        | Code::DeviceWrong
        | Code::DeviceNotRead
        | Code::RemotePathWrong
        | Code::NetworkTableWrong
        | Code::NetworkTableNotRead
        | Code::InventoryWrong
        | Code::InventoryNotRead
        | Code::CircuitsWrong
        | Code::FirmwarePackWrong
        | Code::PersonUnknown => StatusCode::UNPROCESSABLE_ENTITY,
        Code::AgentOverQuota => StatusCode::TOO_MANY_REQUESTS,
        Code::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        Code::LedgerReadOnly | Code::LedgerAway | Code::Overloaded | Code::AsOfPreparing => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = status(self.refusal.code);
        let mut response = (status, Json(json!({ "refusal": self.refusal }))).into_response();
        let unasked = status.is_server_error().then_some(RETRY_AFTER_SECONDS);
        if let Some(seconds) = self.retry_after_seconds.or(unasked) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
