//! Data of natural persons at a supplier: in clear in a file, sealed in the ledger.
//! It does not know keys or ciphers; `server/src/personal/` does.
//! Invariant: a sealed box names its key and holds nothing readable; without the key it can never be opened again.

use super::CountryCode;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person's data, or the box it is sealed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Personal<T> {
    /// Readable: in files, never in a ledger.
    Clear(T),
    /// Sealed: in a ledger.
    Sealed(SealedBox),
}

/// Data encrypted with a supplier's own key, which is kept outside the ledger and can be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedBox {
    /// Which key, in 32 hex digits.
    pub key_id: String,
    /// Nonce and AES-256-GCM ciphertext with its tag, base64.
    pub bytes: String,
    /// Nothing that the forms ask of this person is missing inside.
    pub complete: bool,
}

/// A natural person who holds votes: name and nationality (ord. 11(ii)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonIdentity {
    /// 氏名.
    pub name: String,
    /// 国籍.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<CountryCode>,
}

/// 役員: name, date of birth, nationality (ord. 11(iii)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficerIdentity {
    /// 氏名.
    pub name: String,
    /// 生年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<CalendarDate>,
    /// 国籍.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<CountryCode>,
}

impl<T> Personal<T> {
    /// The data, where it is readable.
    pub fn clear(&self) -> Option<&T> {
        match self {
            Self::Clear(data) => Some(data),
            Self::Sealed(_) => None,
        }
    }

    /// The box, where it is sealed.
    pub fn sealed(&self) -> Option<&SealedBox> {
        match self {
            Self::Clear(_) => None,
            Self::Sealed(sealed) => Some(sealed),
        }
    }
}
