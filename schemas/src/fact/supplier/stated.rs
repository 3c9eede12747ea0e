//! A value of a supplier and how we came by it: known to us, or sent by the supplier to the ministry directly.
//! It does not know which values a role must give.
//! Invariant: a known value says where it came from and for which day; what the supplier submitted directly is never "missing".

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value and its state. An absent value is an absent field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stated<T> {
    /// We have it.
    Known(Known<T>),
    /// The supplier sent it to the minister directly, not through the operator: we have not seen it.
    SubmittedDirectly(SubmittedDirectly),
}

/// A value that we have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Known<T> {
    /// The value.
    pub value: T,
    /// Where it came from: a paper, an answer, a public register.
    pub source: String,
    /// The day it speaks about.
    pub as_of: CalendarDate,
    /// The last day on which it may be used, where its source sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<CalendarDate>,
}

/// What the supplier sent to the minister directly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmittedDirectly {
    /// The day the supplier says it was sent.
    pub on: CalendarDate,
    /// The receipt or other proof that the supplier gave us; empty where it gave none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipt: String,
}

impl<T> Stated<T> {
    /// A known value without an end.
    pub fn known(value: T, source: impl Into<String>, as_of: CalendarDate) -> Self {
        Self::Known(Known { value, source: source.into(), as_of, valid_through: None })
    }

    /// The value, where we have it.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(&known.value),
            Self::SubmittedDirectly(_) => None,
        }
    }

    /// The value to be changed in place, where we have it.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(known) => Some(&mut known.value),
            Self::SubmittedDirectly(_) => None,
        }
    }
}
