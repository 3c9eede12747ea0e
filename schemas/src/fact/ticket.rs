//! What people state of a ticket: a planned change that is kept, the steps of its life, and that its window is over.
//! It does not know what the law asks, nor what agents saw; the model brings the three together.
//! Invariant: only a person's word ends a ticket; that its window is over is stated by the server and ends nothing.

use crate::ids::ChangeId;
use crate::planned::PlannedChange;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// It is planned.
    #[default]
    Open,
    /// A person says that it was done.
    Done,
    /// A person says that it will not be done.
    Withdrawn,
}

/// Every state, in the order of a ticket's life.
pub const TICKET_STATES: &[TicketState] = &[TicketState::Open, TicketState::Done, TicketState::Withdrawn];

impl TicketState {
    /// The state as machines see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name that machines see.
    pub fn named(name: &str) -> Option<Self> {
        TICKET_STATES.iter().copied().find(|state| state.as_str() == name)
    }
}

/// A person opened a ticket for a planned change, or amended it. The version stated last stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketStated {
    /// The planned change; its `change_id` is the ticket's.
    pub change: PlannedChange,
    /// The entry of the version that the person saw and amends; absent opens a ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends_seq: Option<u64>,
    /// What else is to be said: who does it, why it was amended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A person said that a ticket was done, is withdrawn, or is planned again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketMoved {
    /// Which ticket.
    pub change_id: ChangeId,
    /// Where the person saw it: a move from elsewhere is refused, so that two people do not move it at once.
    pub from: TicketState,
    /// Where it goes.
    pub to: TicketState,
    /// The day that is spoken of, in Japan: the day on which it was done, or of the decision.
    pub on: CalendarDate,
    /// Why, in a person's words; needed for `withdrawn` and for a step back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// The last day of tickets' windows is over: what was expected and is not there by now was not seen in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowsEnded {
    /// The day in Japan on which this is stated.
    pub on: CalendarDate,
    /// Whose, at least one, in order.
    pub change_ids: Vec<ChangeId>,
}
