//! Countries as two capital letters.
//! It does not know which codes ISO 3166-1 has assigned: ledgers written before that was checked stay readable, and the door
//! checks it (`server/src/intake/`). Invariant: a code that exists is two capital letters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A country as ISO 3166-1 alpha-2, upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct CountryCode(String);

/// The text is not a country code.
#[derive(Debug, thiserror::Error)]
#[error("a country is two capital letters of ISO 3166-1 (JP, US); '{0}' does not fit")]
pub struct CountryCodeError(String);

impl TryFrom<String> for CountryCode {
    type Error = CountryCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err(CountryCodeError(text.chars().take(20).collect()))
        }
    }
}

impl CountryCode {
    /// The two letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CountryCode> for String {
    fn from(country: CountryCode) -> Self {
        country.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
