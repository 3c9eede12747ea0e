//! What people did about a duty: where it stands now, who sees to it, which dates the ministry set.
//! It does not know which duties there are, nor which move is possible; the server's admission does.
//! Invariant: only a person's word moves a duty, and every move says from where to where, on which day, by which reason.

use crate::canonical::Hash;
use crate::ids::{DutyId, PersonId, PlanId};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a duty is in its life, in the order of a filing. Whether its cause is still observed is told beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyState {
    /// It was found, and no person has judged it yet.
    #[default]
    Open,
    /// A person has judged it: something is to be filed or reported.
    Judged,
    /// The paper is being written.
    Drafted,
    /// It was sent to the ministry (提出日).
    Submitted,
    /// The ministry accepted it (受理日): from this day the period counts.
    Accepted,
    /// The period is over: the change may be made.
    Cleared,
    /// Nothing remains to be done.
    Done,
    /// A person decided that nothing is to be filed, and said why.
    NotNeeded,
}

/// Every state, in the order of a filing.
pub const DUTY_STATES: &[DutyState] = &[
    DutyState::Open,
    DutyState::Judged,
    DutyState::Drafted,
    DutyState::Submitted,
    DutyState::Accepted,
    DutyState::Cleared,
    DutyState::Done,
    DutyState::NotNeeded,
];

impl DutyState {
    /// The state as machines see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Judged => "judged",
            Self::Drafted => "drafted",
            Self::Submitted => "submitted",
            Self::Accepted => "accepted",
            Self::Cleared => "cleared",
            Self::Done => "done",
            Self::NotNeeded => "not_needed",
        }
    }

    /// The state of a name that machines see.
    pub fn named(name: &str) -> Option<Self> {
        DUTY_STATES.iter().copied().find(|state| state.as_str() == name)
    }

    /// Whether a person has settled it.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::NotNeeded)
    }
}

/// A person moved a duty on, or back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyMoved {
    /// Which duty.
    pub duty_id: DutyId,
    /// Where the person saw it: a move from elsewhere is refused, so that two people do not move it at once.
    pub from: DutyState,
    /// Where it goes.
    pub to: DutyState,
    /// The day that is spoken of, in Japan: 提出日 for `submitted`, 受理日 for `accepted`, the day of the decision otherwise.
    pub on: CalendarDate,
    /// Why, in a person's words; needed for `judged`, `not_needed` and for every move back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The ministry's receipt or reference number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The plan under which it was filed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// The person has read what this duty's statement of the law does not rest on. Needed for `not_needed` below statute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub caution_read: bool,
}

/// Who sees to a duty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyOwner {
    /// Somebody who may sign in.
    Person(PersonId),
    /// Anybody else, by a name that people know: a department, a law firm.
    Name(String),
}

impl DutyOwner {
    /// The owner for people.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Person(id) => id.as_str(),
            Self::Name(name) => name,
        }
    }
}

/// A person said who sees to a duty, and until when. It replaces what was said before as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyAssigned {
    /// Which duty.
    pub duty_id: DutyId,
    /// Who; absent for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<DutyOwner>,
    /// The day until which the operator itself wants to have filed; no day of the law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_on: Option<CalendarDate>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Which date of a filing the ministry set, or an answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyDate {
    /// The last day of the prohibition period as shortened or extended (経済安全保障推進法 52(3) to (5)).
    ProhibitedThrough,
    /// The day on which a recommendation (勧告) was received (52(6)).
    RecommendedOn,
    /// The day on which it was answered (様式第六, 52(7)).
    AnsweredOn,
}

/// A person entered a date that the ministry set, or took it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyDated {
    /// Which duty.
    pub duty_id: DutyId,
    /// Which date.
    pub date: DutyDate,
    /// The day; absent takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<CalendarDate>,
    /// Where it stands: the ministry's notice, a number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A person may read the deadlines as a calendar with a token of its own, or may no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarShared {
    /// Whose calendar.
    pub person_id: PersonId,
    /// SHA-256 of the token (purpose `daicho.calendar.v1`); absent from when on none is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_hash: Option<Hash>,
}

/// What sort of day a deadline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// The last day that the row of the table gives.
    Law,
    /// The last day to answer a recommendation: 10 days, the day it was received included (52(7)).
    Answer,
    /// The day that the operator set itself.
    Target,
    /// The first day on which the change may be made: nothing is late after it.
    Permitted,
}

/// A reminder of one day of one duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    /// Which duty.
    pub duty_id: DutyId,
    /// What sort of day.
    pub deadline: DeadlineKind,
    /// The day.
    pub due_on: CalendarDate,
    /// Which of the reminders of this day it is: at most so many days before it; negative so many days after it.
    pub days_before: i32,
    /// Who sees to the duty, as far as anybody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<DutyOwner>,
    /// What the duty is about, as people saw it.
    pub subject: Text,
    /// The duty in one sentence, as people saw it.
    pub title: Text,
}

/// Deadlines that people were reminded of: proof of what was known on any day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// The day in Japan on which people were reminded.
    pub on: CalendarDate,
    /// At least one.
    pub reminders: Vec<Reminder>,
}
