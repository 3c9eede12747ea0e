//! Who is asking: functions that return a typed proof of identity, or a refusal. No hidden middleware.
//! It does not know what the identity may do with a particular resource; handlers ask for a role.
//! Invariant: no proof is made except from a bearer token, a session or a client certificate that was checked.

use super::App;
use super::answers::Refused;
use super::tls::PeerCertificate;
use crate::intake;
use crate::ledger::entry::Author;
use crate::secrets;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::{AgentId, PersonId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign;
use std::sync::Arc;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The name of the session cookie. The prefix makes browsers insist on TLS, on this host and on the whole path.
pub const SESSION_COOKIE: &str = "__Host-daicho";

/// A person or script that proved who it is.
#[derive(Clone, Debug)]
pub struct StaffIdentity {
    /// Who.
    pub person_id: PersonId,
    /// What they may do.
    pub roles: Vec<Role>,
}

impl StaffIdentity {
    /// Goes on only with one of these roles; an administrator has them all.
    pub fn require(&self, any_of: &[Role]) -> Result<(), Refusal> {
        let allowed = self.roles.iter().any(|role| *role == Role::Admin || any_of.contains(role));
        if allowed {
            Ok(())
        } else {
            Err(Refusal::new(RefusalCode::NotAllowed).with(format!("needs one of {any_of:?}")))
        }
    }

    /// This person as the author of an entry.
    pub fn author(&self) -> Author {
        Author::Person(self.person_id.clone())
    }
}

/// An agent that proved to hold its key and may speak.
#[derive(Clone, Debug)]
pub struct AgentIdentity {
    /// Which agent.
    pub agent_id: AgentId,
}

/// A person or script that proved who it is by a bearer token, which no browser sends by itself: who may change things.
#[derive(Clone, Debug)]
pub struct BearerIdentity(pub StaffIdentity);

// Handlers name an identity among their arguments, before the body: nobody's bytes are read before they are known.

impl FromRequestParts<Arc<App>> for StaffIdentity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        Ok(staff(app, &parts.headers)?)
    }
}

impl FromRequestParts<Arc<App>> for BearerIdentity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let token = bearer(&parts.headers).ok_or(RefusalCode::NotSignedIn)?;
        Ok(Self(by_token(app, token)?))
    }
}

impl FromRequestParts<Arc<App>> for AgentIdentity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let peer = parts.extensions.get::<PeerCertificate>().ok_or(RefusalCode::CertificateMissing)?;
        Ok(agent(app, peer).await?)
    }
}

fn by_token(app: &App, token: &str) -> Result<StaffIdentity, Refusal> {
    let model = app.model();
    let (person_id, roles) =
        model.person_by_token_hash(&secrets::bearer_hash(token)).ok_or(RefusalCode::NotSignedIn)?;
    Ok(StaffIdentity { person_id: person_id.clone(), roles: roles.to_vec() })
}

/// The person behind a bearer token or a browser's session cookie.
pub fn staff(app: &App, headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    if let Some(token) = bearer(headers) {
        return by_token(app, token);
    }
    let session = cookie(headers, SESSION_COOKIE).ok_or(RefusalCode::NotSignedIn)?;
    let person_id = app
        .shared
        .session(&secrets::session_hash(session), app.clock.now())
        .map_err(|error| {
            tracing::error!(%error, "sessions cannot be read");
            RefusalCode::Overloaded
        })?
        .ok_or(RefusalCode::NotSignedIn)?;
    let roles = app.model().person_roles(&person_id).map(<[Role]>::to_vec).ok_or(RefusalCode::NotSignedIn)?;
    Ok(StaffIdentity { person_id, roles })
}

/// The agent behind a client certificate: enrolled here and not revoked.
pub async fn agent(app: &App, peer: &PeerCertificate) -> Result<AgentIdentity, Refusal> {
    let certificate = peer.0.as_ref().ok_or(RefusalCode::CertificateMissing)?;
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| RefusalCode::CertificateMissing)?;
    // TLS looked at the dates when the certificate was shown; a ticket may bring it back after they have passed.
    if parsed.validity().not_after.timestamp() < app.clock.now().micros() / 1_000_000 {
        return Err(Refusal::new(RefusalCode::CertificateMissing).with("the certificate has run out"));
    }
    let key: [u8; 32] = parsed
        .public_key()
        .subject_public_key
        .data
        .as_ref()
        .try_into()
        .map_err(|_| Refusal::new(RefusalCode::CertificateMissing).with("not an agent's certificate"))?;
    let agent_id = sign::agent_id(&key);
    let agent = enrolled(app, agent_id.clone()).await;
    if agent.as_ref().is_err_and(|refusal| refusal.code == RefusalCode::AgentUnknown) {
        app.certified_and_unknown(&agent_id).await;
    }
    agent
}

/// The agent that proved to hold the key of this id: enrolled and not revoked. An agent that joined at another instance a
/// moment ago is looked for before it is called unknown, because it would stop for good.
pub async fn enrolled(app: &App, agent_id: AgentId) -> Result<AgentIdentity, Refusal> {
    if app.model().agent(&agent_id).is_none() {
        app.door.catch_up().await;
    }
    intake::agents::may_speak(&app.model(), &agent_id)?;
    Ok(AgentIdentity { agent_id })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// A cookie's value.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}
