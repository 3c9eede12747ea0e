//! What agents ask: join, renew, hand over a batch, say that nothing changed.
//! It does not judge a batch (`intake/batches.rs`) and does not know what is in one.
//! Invariant: a batch is answered with 200 only after it is on disk.

use super::admission::Entrance;
use super::answers::{Body, Refused, fault, json_of, whole};
use super::auth::AgentIdentity;
use super::{App, auth};
use crate::authority::{AgentSigningError, Authority};
use crate::intake;
use crate::intake::keeper::Receipt;
use crate::intake::submission::Submission;
use crate::ledger::entry::Author;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::wire::{
    Admitted, BatchAnswer, Certificate, CheckIn, CheckInAnswer, EnrollRequest, EnrollToken, RenewRequest,
};
use std::sync::Arc;

/// A host name given at enrolment is evidence only, and kept short. In bytes.
const HOSTNAME_BYTES_MAX: usize = 255;

/// `POST /agent/v1/enroll`: a token and a certificate request for a certificate.
pub async fn enroll(State(app): State<Arc<App>>, body: Body) -> Result<Json<Certificate>, Refused> {
    let request: EnrollRequest = json_of(body)?;
    let token = EnrollToken::parse(&request.token)
        .map_err(|error| Refusal::new(RefusalCode::TokenUnknown).with(error.to_string()))?;
    let known = app.model().token(&token.token_id).map(|state| state.secret_hash);
    // Both sides are hashes of 256 random bits: comparing them tells nothing about the secret.
    if known != Some(EnrollToken::secret_hash(&token.secret)) || token.ca_fingerprint != app.authority.fingerprint() {
        return Err(RefusalCode::TokenUnknown.into());
    }
    let (key, agent_id) = Authority::requested_agent(&request.csr_pem)?;
    let mut hostname = request.hostname;
    hostname.retain(|c| !c.is_control());
    if hostname.len() > HOSTNAME_BYTES_MAX {
        return Err(Refusal::new(RefusalCode::RequestMalformed).with("hostname: over 255 bytes").into());
    }
    let certificate = sign(&app, &request.csr_pem)?;
    let enrolled = AgentEnrolled {
        agent_id: agent_id.clone(),
        public_key: base64::engine::general_purpose::STANDARD.encode(key),
        token_id: token.token_id,
        hostname,
    };
    app.state(Author::Agent(agent_id.clone()), Fact::AgentEnrolled(enrolled)).await?;
    app.heard(&agent_id);
    Ok(Json(certificate))
}

/// `POST /agent/v1/renew`: the next certificate for an enrolled key. Whoever copies a request only gets a certificate for
/// a key that they do not hold.
pub async fn renew(State(app): State<Arc<App>>, body: Body) -> Result<Json<Certificate>, Refused> {
    let request: RenewRequest = json_of(body)?;
    let (_, agent_id) = Authority::requested_agent(&request.csr_pem)?;
    let agent = auth::enrolled(&app, agent_id).await?;
    app.heard(&agent.agent_id);
    Ok(Json(sign(&app, &request.csr_pem)?))
}

/// An agent that may send a batch now: decided from the head of its request, before a byte of the body is read.
pub struct BatchEntrance {
    agent: AgentIdentity,
    _entrance: Entrance,
}

impl FromRequestParts<Arc<App>> for BatchEntrance {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let agent = AgentIdentity::from_request_parts(parts, app).await?;
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let entrance = app.admission.enter(&agent.agent_id, announced, app.clock.now())?;
        Ok(Self { agent, _entrance: entrance })
    }
}

/// `POST /agent/v1/batches`: a signed batch, zstd-compressed. One at a time per agent, and only so many at once that
/// their unpacked bytes fit into memory.
pub async fn batches(
    State(app): State<Arc<App>>,
    BatchEntrance { agent, _entrance }: BatchEntrance,
    body: Body,
) -> Result<Json<BatchAnswer>, Refused> {
    let body = whole(body, RefusalCode::BatchMalformed).map_err(|refused| {
        let too_large = refused.refusal.code == RefusalCode::BodyTooLarge;
        if too_large { RefusalCode::BatchTooLarge.into() } else { refused }
    })?;
    let _place = app.admission.place()?;
    let submission = {
        let _room = app.unpacking.acquire().await.map_err(fault)?;
        // Unpacking and checking a signature is work for a processor, not for the thread that serves everybody.
        let (speaker, packed_bytes) = (agent.agent_id.clone(), body.len());
        let read = tokio::task::spawn_blocking(move || Submission::batch(&body, &speaker)).await.map_err(fault)?;
        let said_bytes = read.as_ref().map_or(packed_bytes, |submission| submission.draft.raw.get().len());
        app.admission.charge(&agent.agent_id, said_bytes, app.clock.now());
        read?
    };
    let number = submission.batch.as_ref().map(|batch| batch.number).unwrap_or_default();
    let admitted = app.door.admit(submission).await;
    app.admission.answered(admitted.as_ref().err().map(|refusal| refusal.code));
    let receipt = admitted?;
    app.heard(&agent.agent_id);
    let (entry_seq, admitted) = match receipt {
        Receipt::Appended { seq } => (seq, Admitted::Appended),
        Receipt::AlreadyThere { seq } => (seq, Admitted::AlreadyThere),
        Receipt::NothingNew => (0, Admitted::AlreadyThere),
    };
    Ok(Json(BatchAnswer { number, entry_seq, admitted }))
}

/// `POST /agent/v1/check-in`: nothing changed; do we speak of the same state?
pub async fn check_in(
    State(app): State<Arc<App>>,
    agent: AgentIdentity,
    body: Body,
) -> Result<Json<CheckInAnswer>, Refused> {
    let check_in: CheckIn = json_of(body)?;
    if intake::agents::knows_more(&app.model(), &agent.agent_id, &check_in) {
        app.door.catch_up().await;
        let known = app.model().agent(&agent.agent_id).map(|state| state.last_number).unwrap_or_default();
        if known < check_in.number {
            app.knows_a_later_batch(&agent.agent_id, check_in.number, known).await;
        }
    }
    let answer = intake::agents::checked_in(&app.model(), &agent.agent_id, &check_in);
    app.heard(&agent.agent_id);
    Ok(Json(answer))
}

fn sign(app: &App, csr_pem: &str) -> Result<Certificate, Refused> {
    app.authority.sign_agent(csr_pem, app.clock.now()).map_err(|error| match error {
        AgentSigningError::Refusal(refusal) => refusal.into(),
        AgentSigningError::Fault(failed) => fault(failed),
    })
}
