//! What agent and server say to each other besides the batch itself.
//! It does not know HTTP methods or TLS; paths are named here because both sides must spell them alike.
//! Invariant: an answer that acknowledges a batch is only ever made after the batch is on disk.

use crate::canonical::Hash;
use crate::ids::{AgentId, CollectorId};
use crate::time::UtcMicros;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST`, no client certificate: [`EnrollRequest`] to [`Certificate`].
pub const PATH_ENROLL: &str = "/agent/v1/enroll";
/// `POST`, no client certificate: [`RenewRequest`] to [`Certificate`]. The request is signed with the agent's key, which is
/// proof enough; so an agent whose certificate ran out while its host was switched off comes back by itself.
pub const PATH_RENEW: &str = "/agent/v1/renew";
/// `POST`, client certificate: a zstd-compressed [`crate::sign::SignedBatch`] to [`BatchAnswer`].
pub const PATH_BATCHES: &str = "/agent/v1/batches";
/// `POST`, client certificate: [`CheckIn`] to [`CheckInAnswer`].
pub const PATH_CHECK_IN: &str = "/agent/v1/check-in";

/// How an enrolment token is written: `daicho1_<64 hex digits of the CA certificate's SHA-256>_<token id>_<secret>`.
pub const TOKEN_PREFIX: &str = "daicho1";

/// An enrolment token, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollToken {
    /// SHA-256 of the CA certificate (DER) that the server must show.
    pub ca_fingerprint: Hash,
    /// Which token.
    pub token_id: crate::ids::TokenId,
    /// Its secret, 64 hex digits.
    pub secret: String,
}

/// The text is not an enrolment token.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is not an enrolment token: it has four parts joined by '_' and begins with 'daicho1'; copy the whole line that `daicho agent token` printed"
)]
pub struct TokenError;

impl EnrollToken {
    /// The token as people copy it.
    pub fn to_text(&self) -> String {
        format!("{TOKEN_PREFIX}_{}_{}_{}", self.ca_fingerprint, self.token_id, self.secret)
    }

    /// Takes a copied token apart.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let mut parts = text.trim().split('_');
        let (Some(TOKEN_PREFIX), Some(ca), Some(id), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError);
        };
        let ca_fingerprint = Hash::try_from(ca.to_string()).map_err(|_| TokenError)?;
        let token_id = crate::ids::TokenId::new(id).map_err(|_| TokenError)?;
        if secret.len() != 64 || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(TokenError);
        }
        Ok(Self { ca_fingerprint, token_id, secret: secret.to_string() })
    }

    /// The hash of the secret, as the ledger keeps it.
    pub fn secret_hash(secret: &str) -> Hash {
        Hash::of("daicho.token.v1", &[secret.as_bytes()])
    }
}

/// An agent asks to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrollRequest {
    /// The token, as copied.
    pub token: String,
    /// A PKCS#10 request in PEM, signed by the agent's Ed25519 key. Only its key is used.
    pub csr_pem: String,
    /// The host's name, as evidence only.
    pub hostname: String,
}

/// An agent asks for its next certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// A PKCS#10 request in PEM, signed by the enrolled key.
    pub csr_pem: String,
}

/// A client certificate for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The agent's id, derived from its key.
    pub agent_id: AgentId,
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The CA's certificate in PEM.
    pub ca_pem: String,
    /// From when on the certificate is refused.
    pub expires_at: UtcMicros,
}

/// How a batch entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Admitted {
    /// It is a new entry.
    Appended,
    /// The very same batch was there already.
    AlreadyThere,
}

/// The batch is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchAnswer {
    /// The batch's number.
    pub number: u64,
    /// Its place in the ledger.
    pub entry_seq: u64,
    /// New or already there.
    pub admitted: Admitted,
}

/// Nothing changed: the agent is alive and says which state it believes the server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// The last batch number the agent saw acknowledged; 0 for none.
    pub number: u64,
    /// [`check_in_digest`] over the acknowledged state.
    pub digest: Hash,
}

/// What the server answers to a check-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInAnswer {
    /// The last batch number the server has of this agent; 0 for none.
    pub number: u64,
    /// The two sides speak of different states: send a full report of every collector.
    pub full_wanted: bool,
}

/// One digest over every collector's acknowledged digest, in order of the collectors' names.
pub fn check_in_digest<'a>(digests: impl IntoIterator<Item = (&'a CollectorId, &'a Hash)>) -> Hash {
    let mut bytes = Vec::new();
    for (collector, digest) in digests {
        bytes.extend_from_slice(collector.as_str().as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&digest.0);
    }
    Hash::of("daicho.check-in.v1", &[&bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_copying_and_nothing_less_does() {
        let token = EnrollToken {
            ca_fingerprint: Hash::of("test", &[]),
            token_id: crate::ids::TokenId::new("t1").unwrap(),
            secret: "ab".repeat(32),
        };
        assert_eq!(EnrollToken::parse(&format!(" {}\n", token.to_text())).unwrap(), token);
        let text = token.to_text();
        for bad in ["", "daicho1", &text[1..], &text[..text.len() - 1], &format!("{text}_x")] {
            assert!(EnrollToken::parse(bad).is_err(), "{bad}");
        }
    }
}
