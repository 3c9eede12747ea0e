//! Who this agent is: its key, and the certificate that a server gave for it.
//! It does not know how a certificate is asked for.
//! Invariant: the key is made here, never leaves the state folder, and is the identity; the certificate may be renewed.

use crate::files::{self, FileFault};
use daicho_schemas::ids::AgentId;
use daicho_schemas::time::UtcMicros;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use std::path::Path;

const KEY_BYTES_MAX: usize = 4 * 1024;
const IDENTITY_BYTES_MAX: usize = 256 * 1024;

/// Why there is no usable identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// Our disk.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The operating system gave no randomness.
    #[error("the operating system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// The key file is damaged.
    #[error("the key file in the state folder is damaged; empty the folder and enrol anew")]
    Key,
    /// The key could not be used for a request.
    #[error("the request for a certificate could not be made")]
    Request(#[from] rcgen::Error),
    /// `enroll` was not run here.
    #[error("this agent is not enrolled yet: run `daicho-agent enroll --server https://HOST:PORT --token TOKEN`")]
    NotEnrolled,
    /// The identity file is damaged.
    #[error("the identity file in the state folder is damaged; enrol anew")]
    Damaged(#[source] serde_json::Error),
}

/// What enrolment gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The server's address: `https://HOST:PORT`.
    pub server: String,
    /// The HTTP proxy to reach it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// This agent.
    pub agent_id: AgentId,
    /// The client certificate in PEM.
    pub certificate_pem: String,
    /// The CA that the server's and our certificates come from, in PEM.
    pub ca_pem: String,
    /// When the certificate was obtained, by this host's clock.
    pub obtained_at: UtcMicros,
    /// From when on it is refused.
    pub expires_at: UtcMicros,
}

impl Identity {
    /// Reads it from a state folder.
    pub fn load(state: &Path) -> Result<Self, IdentityFault> {
        let bytes = files::read_limited(&state.join("identity.json"), IDENTITY_BYTES_MAX)?;
        serde_json::from_slice(&bytes.ok_or(IdentityFault::NotEnrolled)?).map_err(IdentityFault::Damaged)
    }

    /// Keeps it in a state folder.
    pub fn save(&self, state: &Path) -> Result<(), IdentityFault> {
        let json = serde_json::to_vec_pretty(self).map_err(IdentityFault::Damaged)?;
        Ok(files::write_private(&state.join("identity.json"), &json)?)
    }

    /// The same server is reached at another address now. Its authority stays, so nobody else can pass for it.
    pub fn move_server(state: &Path, server: String) -> Result<(), IdentityFault> {
        let mut identity = Self::load(state)?;
        if identity.server == server {
            return Ok(());
        }
        identity.server = server;
        identity.save(state)
    }

    /// From when on the certificate should be renewed: with a third of its life left, earlier by up to a twelfth of it, so
    /// that agents enrolled together do not all come at once. `jitter` is a number of 0 to 999.
    pub fn renew_at(&self, jitter: u64) -> UtcMicros {
        let life = self.expires_at.seconds_since(self.obtained_at).max(0);
        let jitter = i64::try_from(jitter.min(999)).unwrap_or(0);
        self.expires_at.plus_seconds(-(life / 3) - (life / 12).saturating_mul(jitter) / 1000)
    }
}

/// The agent's key, made on first use.
pub fn load_or_make_key(state: &Path) -> Result<SigningKey, IdentityFault> {
    files::make_private_folder(state)?;
    let path = state.join("agent.key");
    if let Some(der) = files::read_limited(&path, KEY_BYTES_MAX)? {
        return SigningKey::from_pkcs8_der(&der).map_err(|_| IdentityFault::Key);
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(IdentityFault::Random)?;
    let key = SigningKey::from_bytes(&seed);
    files::write_private(&path, &pkcs8(&key)?)?;
    Ok(key)
}

/// The agent's key, which must be there.
pub fn load_key(state: &Path) -> Result<SigningKey, IdentityFault> {
    let der = files::read_limited(&state.join("agent.key"), KEY_BYTES_MAX)?.ok_or(IdentityFault::NotEnrolled)?;
    SigningKey::from_pkcs8_der(&der).map_err(|_| IdentityFault::Key)
}

/// The key as PKCS#8 (RFC 5958), as TLS wants it.
pub(super) fn pkcs8(key: &SigningKey) -> Result<Vec<u8>, IdentityFault> {
    Ok(key.to_pkcs8_der().map_err(|_| IdentityFault::Key)?.as_bytes().to_vec())
}

/// A PKCS#10 request for this key. Only the key in it counts; the name is for people who look at it.
pub(super) fn certificate_request(key: &SigningKey, agent: &AgentId) -> Result<String, IdentityFault> {
    let der = pkcs8(key)?;
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(der), &PKCS_ED25519)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, agent.as_str());
    Ok(params.serialize_request(&pair)?.pem()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load_key(folder.path()), Err(IdentityFault::NotEnrolled)));
        let key = load_or_make_key(folder.path()).unwrap();
        assert_eq!(load_or_make_key(folder.path()).unwrap().to_bytes(), key.to_bytes());
        assert_eq!(load_key(folder.path()).unwrap().to_bytes(), key.to_bytes());
        std::fs::write(folder.path().join("agent.key"), "x").unwrap();
        assert!(
            matches!(load_or_make_key(folder.path()), Err(IdentityFault::Key)),
            "a damaged key is not replaced in silence"
        );
    }

    #[test]
    fn renewal_is_due_with_a_third_left_or_a_little_earlier() {
        let at: UtcMicros = "2026-11-21T00:00:00.000000Z".parse().unwrap();
        let identity = Identity {
            server: "https://server.example".into(),
            proxy: None,
            agent_id: AgentId::new("agent-x").unwrap(),
            certificate_pem: String::new(),
            ca_pem: String::new(),
            obtained_at: at,
            expires_at: at.plus_seconds(24 * 3600),
        };
        assert_eq!(identity.renew_at(0), at.plus_seconds(16 * 3600));
        assert!(
            identity.renew_at(999) > at.plus_seconds(14 * 3600 - 1) && identity.renew_at(999) < identity.renew_at(0)
        );
        let folder = tempfile::tempdir().unwrap();
        identity.save(folder.path()).unwrap();
        assert_eq!(Identity::load(folder.path()).unwrap(), identity);
    }
}
