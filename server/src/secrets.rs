//! Randomness and secrets: the one place that makes them.
//! It does not keep them; the ledger and the store only ever see hashes.
//! Invariant: every secret has 256 bits from the operating system.

use daicho_schemas::canonical::Hash;

/// The operating system gave no randomness; nothing secret may be made without it.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes: {0}")]
pub struct NoRandomness(String);

/// 256 random bits as 64 hex digits.
pub fn new_secret() -> Result<String, NoRandomness> {
    random_hex::<32>()
}

/// `N` random bytes as hex digits.
pub fn random_hex<const N: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(hex::encode(bytes))
}

/// The hash under which a bearer token is known.
pub fn bearer_hash(token: &str) -> Hash {
    Hash::of("daicho.bearer.v1", &[token.as_bytes()])
}

/// The hash under which a browser's session is known.
pub fn session_hash(token: &str) -> Hash {
    Hash::of("daicho.session.v1", &[token.as_bytes()])
}

/// The hash under which a one-time sign-in code is known.
pub fn code_hash(code: &str) -> Hash {
    Hash::of("daicho.sign-in-code.v1", &[code.as_bytes()])
}

/// The hash under which a calendar's token is known.
pub fn calendar_hash(token: &str) -> Hash {
    Hash::of("daicho.calendar.v1", &[token.as_bytes()])
}
