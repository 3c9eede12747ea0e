//! Every typed id, from one macro and in one list.
//! An id knows its own spelling and nothing of what it points to.
//! Invariant: an id that exists is well-formed; a badly formed one stops at the border, with the reason.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The text does not fit the rule of an id.
#[derive(Debug, thiserror::Error)]
#[error(
    "'{text}' is not a {kind}: 1 to {max} characters of a-z, A-Z, 0-9, '.', '_' and '-', starting with a letter or digit"
)]
pub struct IdError {
    text: String,
    kind: &'static str,
    max: usize,
}

/// The longest id, in bytes.
pub const ID_BYTES_MAX: usize = 80;

fn well_formed(text: &str) -> bool {
    let fits = (1..=ID_BYTES_MAX).contains(&text.len());
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    fits && starts && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(into = "String", try_from = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the spelling.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                if well_formed(&text) {
                    Ok(Self(text))
                } else {
                    Err(IdError { text: text.chars().take(ID_BYTES_MAX).collect(), kind: stringify!($name), max: ID_BYTES_MAX })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    )+};
}

ids! {
    /// An agent: `agent-` and the first 32 hex digits of the SHA-256 of its public key ([`crate::sign`]).
    AgentId,
    /// A collector, by the name of its file: `dpkg`.
    CollectorId,
    /// 特定重要設備: chosen by the operator, for instance `tos`.
    EquipmentId,
    /// A filed or drafted plan (導入等計画書): chosen by the operator.
    PlanId,
    /// 構成設備 as filed: chosen by the operator, unique within its plan.
    PartId,
    /// A legal entity that supplies or maintains: chosen by the operator.
    SupplierId,
    /// A holder of a supplier's votes: chosen by the operator, unique within the supplier.
    HolderId,
    /// A planned change: chosen by the operator, its ticket number for instance.
    ChangeId,
    /// A person's decision about components; made by the server.
    DecisionId,
    /// A network device that opens ways in from outside: chosen by the operator.
    DeviceId,
    /// A declared way in from outside: chosen by the operator, unique within its plan.
    RemotePathId,
    /// The life of one rule's verdict on one subject; derived from both.
    FindingId,
    /// What the law asks because of a finding; derived from the finding and the table row.
    DutyId,
    /// A rule, by the name of its file: `undeclared_component`.
    RuleId,
    /// A one-time enrolment token, without its secret.
    TokenId,
    /// A person or a script that may sign in.
    PersonId,
    /// A table of a switch, a router or a DHCP server: chosen by the operator.
    NetworkTableId,
    /// A list of lines (回線台帳): chosen by the operator.
    CircuitLedgerId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_spellings_are_refused_at_the_border() {
        assert!(EquipmentId::new("tos-1.main_A").is_ok());
        for bad in ["", "-tos", "to s", "tos\n", "港", &"x".repeat(81)] {
            assert!(EquipmentId::new(bad).is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<PlanId>("\"../etc\"").is_err());
    }
}
