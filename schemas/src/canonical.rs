//! Values to canonical bytes, and the hashes over them. The written rule is `docs/decisions/0002-canonical-bytes.md`.
//! It does not know what a value means or where its bytes go.
//! Invariant: equal values give equal bytes on every machine and in every release (RFC 8785, and no floating point).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// SHA-256, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct Hash(pub [u8; 32]);

/// The text was not 64 lower-case hex digits.
#[derive(Debug, thiserror::Error)]
#[error("a hash is 64 lower-case hex digits")]
pub struct HashError;

/// A value could not be written as canonical bytes.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The serializer refused the value.
    #[error("the value has no JSON form")]
    Json(#[from] serde_json::Error),
    /// Floating point has no place in what is hashed.
    #[error("the value holds a number that is not an integer of at most 53 bits")]
    Number,
}

impl Hash {
    /// The hash before the first entry of a ledger.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 over a purpose, a zero byte and the parts: bytes hashed for one purpose never pass for another.
    pub fn of(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(purpose.as_bytes());
        hasher.update([0]);
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The first 16 hex digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(16).collect()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hash({self})")
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = HashError;

    fn try_from(text: String) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| HashError)?;
        if hex::encode(bytes) == text { Ok(Self(bytes)) } else { Err(HashError) }
    }
}

/// The canonical bytes of a value: RFC 8785 (sorted keys, no spaces), integers of at most 53 bits, no floats.
pub fn canonical_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value)?;
    if !numbers_are_safe(&value) {
        return Err(CanonicalError::Number);
    }
    Ok(serde_json_canonicalizer::to_vec(&value)?)
}

/// The hash of a value's canonical bytes, for one purpose.
pub fn content_hash<T: Serialize>(purpose: &str, value: &T) -> Result<Hash, CanonicalError> {
    Ok(Hash::of(purpose, &[&canonical_bytes(value)?]))
}

fn numbers_are_safe(value: &serde_json::Value) -> bool {
    const SAFE_MAX: u64 = (1 << 53) - 1;
    match value {
        serde_json::Value::Number(number) => {
            number.as_u64().is_some_and(|n| n <= SAFE_MAX)
                || number.as_i64().is_some_and(|n| n.unsigned_abs() <= SAFE_MAX)
        }
        serde_json::Value::Array(items) => items.iter().all(numbers_are_safe),
        serde_json::Value::Object(fields) => fields.values().all(numbers_are_safe),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_spaces_gone() {
        let value: serde_json::Value = serde_json::from_str(r#"{ "b": [1, "港"], "a": null }"#).unwrap();
        assert_eq!(canonical_bytes(&value).unwrap(), r#"{"a":null,"b":[1,"港"]}"#.as_bytes());
    }

    #[test]
    fn floats_and_huge_integers_are_refused() {
        assert!(matches!(canonical_bytes(&1.5), Err(CanonicalError::Number)));
        assert!(matches!(canonical_bytes(&u64::MAX), Err(CanonicalError::Number)));
    }

    #[test]
    fn the_purpose_is_part_of_the_hash() {
        assert_ne!(Hash::of("a", &[b"x"]), Hash::of("b", &[b"x"]));
        let hash = Hash::of("a", &[b"x"]);
        assert_eq!(Hash::try_from(hash.to_string()).unwrap(), hash);
        assert!(Hash::try_from(hash.to_string().to_uppercase()).is_err());
    }
}
