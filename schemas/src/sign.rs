//! Who said it: an agent's key, its id, and the signature over a batch's exact bytes (Ed25519, RFC 8032).
//! It does not know where a key is kept or how a certificate is made.
//! Invariant: the agent's id is derived from its key, so a signed batch proves its author to anyone, without our server.

use crate::canonical::Hash;
use crate::ids::AgentId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What is put before the bytes that are signed, so that no other signature of the same key fits.
const SIGNED_PURPOSE: &[u8] = b"daicho.batch.v1\0";

/// A batch as it travels and as it stays in the ledger: the exact bytes, the key, the signature.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBatch {
    /// The batch, byte for byte as the agent wrote it.
    pub batch: Box<RawValue>,
    /// The agent's Ed25519 public key, 32 bytes in Base64.
    pub public_key: String,
    /// Ed25519 over the purpose and the bytes of `batch`, 64 bytes in Base64.
    pub signature: String,
}

/// The shape of [`SignedBatch`] for the JSON Schema: `batch` is shown as what it holds.
#[derive(JsonSchema)]
#[schemars(rename = "SignedBatch", deny_unknown_fields)]
pub struct SignedBatchShape {
    /// The batch, byte for byte as the agent wrote it.
    pub batch: crate::batch::Batch,
    /// The agent's Ed25519 public key, 32 bytes in Base64.
    pub public_key: String,
    /// Ed25519 over the purpose and the bytes of `batch`, 64 bytes in Base64.
    pub signature: String,
}

/// Why a signed batch proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key is not an Ed25519 key in Base64.
    #[error("the public key is not an Ed25519 key")]
    Key,
    /// The signature is not 64 bytes in Base64, or does not fit the bytes and the key.
    #[error("the signature does not fit the batch and the key")]
    Signature,
}

/// The id of the agent that holds the private half of this key.
pub fn agent_id(public_key: &[u8; 32]) -> AgentId {
    let digits: String = Hash::of("daicho.agent.v1", &[public_key]).to_string().chars().take(32).collect();
    // 32 hex digits behind a fixed prefix always fit the rule of an id.
    AgentId::new(format!("agent-{digits}")).unwrap_or_else(|_| unreachable!("hex digits fit an id"))
}

impl SignedBatch {
    /// Signs the exact bytes of a batch.
    pub fn sign(batch: Box<RawValue>, key: &SigningKey) -> Self {
        let signature = key.sign(&signed_bytes(&batch));
        Self {
            batch,
            public_key: BASE64.encode(key.verifying_key().to_bytes()),
            signature: BASE64.encode(signature.to_bytes()),
        }
    }

    /// Checks the signature and says which agent made it.
    pub fn verify(&self) -> Result<AgentId, SignatureError> {
        let key: [u8; 32] = decode(&self.public_key).ok_or(SignatureError::Key)?;
        let verifying = VerifyingKey::from_bytes(&key).map_err(|_| SignatureError::Key)?;
        let signature: [u8; 64] = decode(&self.signature).ok_or(SignatureError::Signature)?;
        verifying
            .verify_strict(&signed_bytes(&self.batch), &Signature::from_bytes(&signature))
            .map_err(|_| SignatureError::Signature)?;
        Ok(agent_id(&key))
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn signed_bytes(batch: &RawValue) -> Vec<u8> {
    [SIGNED_PURPOSE, batch.get().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> SignedBatch {
        let key = SigningKey::from_bytes(&[7; 32]);
        SignedBatch::sign(RawValue::from_string(r#"{"number":1}"#.into()).unwrap(), &key)
    }

    #[test]
    fn a_signature_names_its_author() {
        let key = SigningKey::from_bytes(&[7; 32]);
        assert_eq!(signed().verify().unwrap(), agent_id(&key.verifying_key().to_bytes()));
    }

    #[test]
    fn another_batch_or_another_key_does_not_fit() {
        let mut other = signed();
        other.batch = RawValue::from_string(r#"{"number":2}"#.into()).unwrap();
        assert_eq!(other.verify(), Err(SignatureError::Signature));
        let mut other = signed();
        other.public_key = BASE64.encode(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
        assert_eq!(other.verify(), Err(SignatureError::Signature));
        other.public_key = "x".into();
        assert_eq!(other.verify(), Err(SignatureError::Key));
    }
}
