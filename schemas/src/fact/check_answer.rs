//! What a person answered to an item of a check list, about an equipment or a plan, with what shows it.
//! It does not know the lists; the server's admission holds an answer against them.
//! Invariant: an answer is a person's word of a day; what agents see is never one.

use crate::ids::{EquipmentId, PlanId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Papers and records that one answer may name.
pub const EVIDENCE_MAX: usize = 50;
/// One of them, in bytes.
pub const EVIDENCE_BYTES_MAX: usize = 500;
/// A note, in bytes.
pub const NOTE_BYTES_MAX: usize = 4000;

/// What an answer is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckedThing {
    /// 特定重要設備.
    Equipment(EquipmentId),
    /// A plan.
    Plan(PlanId),
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckAnswer {
    /// はい.
    Yes,
    /// いいえ.
    No,
    /// It does not have to be answered here, and the note says why.
    NotApplicable,
    /// Somebody looked and could not tell. It is not a yes.
    Unknown,
}

/// Every answer, in the order in which people choose.
pub const CHECK_ANSWERS: &[CheckAnswer] =
    &[CheckAnswer::Yes, CheckAnswer::No, CheckAnswer::NotApplicable, CheckAnswer::Unknown];

impl CheckAnswer {
    /// The answer as machines see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotApplicable => "not_applicable",
            Self::Unknown => "unknown",
        }
    }

    /// The answer of a name that machines see.
    pub fn named(name: &str) -> Option<Self> {
        CHECK_ANSWERS.iter().copied().find(|answer| answer.as_str() == name)
    }
}

/// A person answered an item. It replaces what was answered before as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckAnswered {
    /// About what.
    pub about: CheckedThing,
    /// The list (`water-standard`).
    pub list_id: String,
    /// The item (`water-locked`).
    pub item_id: String,
    /// The answer.
    pub answer: CheckAnswer,
    /// The day of the answer, in Japan.
    pub on: CalendarDate,
    /// The last day on which it counts; absent while open. After it, it has to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<CalendarDate>,
    /// The day until which a "no" is to become a "yes" (目標日).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_on: Option<CalendarDate>,
    /// What is done, or why; needed for `no`, `not_applicable` and `unknown`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What shows it: a contract's clause, a test report, a certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The entry of the answer that this one replaces; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}
