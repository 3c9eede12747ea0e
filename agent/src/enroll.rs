//! Joining a server with a one-time token.
//! It does not collect anything but the host's name, and it never prints the token.
//! Invariant: the key is on disk before it is shown to anyone, and the identity only once the server gave it.

use crate::access::{Host as _, LiveHost, Platform};
use crate::clock::Clock;
use crate::files::{LockFault, StateLock};
use crate::submit::{
    Answer, ClientFault, Enrolment, Identity, IdentityFault, certificate_again, enroll, fingerprint_of_pem,
    load_or_make_key,
};
use daicho_schemas::ids::AgentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign::agent_id;
use daicho_schemas::wire::{Certificate, EnrollToken};
use ed25519_dalek::SigningKey;
use std::path::Path;

/// A host name; longer ones do not exist (hostname(7)).
const HOSTNAME_BYTES_MAX: usize = 255;

/// Why the agent did not join.
#[derive(Debug, thiserror::Error)]
pub enum EnrollFault {
    /// Another process holds the state folder.
    #[error(transparent)]
    Lock(#[from] LockFault),
    /// The key or identity could not be kept.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    /// The server was not reached, or is not the one that the token names.
    #[error(transparent)]
    Client(#[from] ClientFault),
    /// The server said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Something answered that is not a Daicho server.
    #[error("this does not answer as a Daicho server does: {0}")]
    Unclear(String),
}

/// Joins, and keeps the identity in the state folder.
pub async fn join(
    state: &Path,
    server: &str,
    proxy: Option<&str>,
    token: &EnrollToken,
    clock: Clock,
) -> Result<AgentId, EnrollFault> {
    let _lock = StateLock::take(state)?;
    let key = load_or_make_key(state)?;
    let agent = agent_id(&key.verifying_key().to_bytes());
    let enrolment = Enrolment { server, proxy, token, hostname: hostname() };
    match certificate(state, &enrolment, &key, &agent).await? {
        Answer::Yes(certificate) => {
            let identity = Identity {
                server: server.to_owned(),
                proxy: proxy.map(str::to_owned),
                agent_id: agent.clone(),
                certificate_pem: certificate.certificate_pem,
                ca_pem: certificate.ca_pem,
                obtained_at: clock(),
                expires_at: certificate.expires_at,
            };
            identity.save(state)?;
            Ok(agent)
        }
        Answer::Refused { refusal, .. } => Err(EnrollFault::Refused(refusal)),
        Answer::Unclear { why, .. } => Err(EnrollFault::Unclear(why)),
    }
}

/// Enrols. When the server knows the key or the token already, its first answer may have been lost on the way here: then the
/// certificate is asked for once more, and only if that is refused too, the server's first refusal stands.
async fn certificate(
    state: &Path,
    enrolment: &Enrolment<'_>,
    key: &SigningKey,
    agent: &AgentId,
) -> Result<Answer<Certificate>, ClientFault> {
    let first = enroll(enrolment, key, agent).await?;
    let Answer::Refused { refusal, .. } = &first else { return Ok(first) };
    let known_there = matches!(refusal.code, RefusalCode::AgentAlreadyEnrolled | RefusalCode::TokenUsed);
    if !known_there || has_certificate(state, enrolment.token) {
        return Ok(first);
    }
    Ok(match certificate_again(enrolment, key, agent).await? {
        Answer::Refused { .. } => first,
        again => again,
    })
}

/// Whether this server's answer arrived here before. Then none was lost; the state folder may be a copied one, and what the
/// refusal advises is right.
fn has_certificate(state: &Path, token: &EnrollToken) -> bool {
    let Ok(identity) = Identity::load(state) else { return false };
    fingerprint_of_pem(&identity.ca_pem).is_ok_and(|ca| ca == token.ca_fingerprint)
}

fn hostname() -> String {
    let host = LiveHost::new("/");
    if host.platform() == Platform::Windows {
        let key = host.registry("HKLM/SYSTEM/CurrentControlSet/Services/Tcpip/Parameters").unwrap_or_default();
        return key.text("Hostname").unwrap_or_default().to_owned();
    }
    let reading = host.read("/proc/sys/kernel/hostname", HOSTNAME_BYTES_MAX);
    reading.map_or_else(|_| String::new(), |reading| String::from_utf8_lossy(reading.bytes.trim_ascii()).into_owned())
}

#[cfg(test)]
mod tests;
