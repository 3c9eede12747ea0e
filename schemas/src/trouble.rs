//! Trouble: the host would not tell. It is data, travels in the batch and is shown to people.
//! It does not know Refusals (what the server will not take) or Faults (our own disk and network).
//! Invariant: what could not be read is named; silence never stands for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a place could not be read as hoped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// The account of the agent may not read it.
    NotPermitted,
    /// It should be there and is not.
    Missing,
    /// It was there before and has vanished as a whole: nothing it held is taken for gone.
    SourceVanished,
    /// Reading failed half-way.
    Unreadable,
    /// It was read, and a part of it makes no sense; the rest was kept.
    Malformed,
    /// It is larger than the limit; what was read up to there was kept.
    TooLarge,
    /// Two items claim the same identity; the later one was kept.
    Duplicate,
    /// It cannot be known here: a recorded machine, a mounted image, another platform.
    NotObservable,
    /// The collector was stopped: it had used up its time, bytes or memory. Nothing of that look counts.
    Stopped,
}

/// One thing that the host would not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// Why.
    pub kind: TroubleKind,
    /// Where: a path, with a line or stanza where one is known.
    pub place: String,
    /// What happened, in one sentence, without secrets.
    pub text: String,
}

impl Trouble {
    /// One trouble at one place.
    pub fn new(kind: TroubleKind, place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, place: place.into(), text: text.into() }
    }
}
