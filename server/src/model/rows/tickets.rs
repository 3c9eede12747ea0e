//! The rows of tickets. They do not know how a ticket is judged or reconciled.
//! Invariant: what was not seen is never shown as gone or as done.

use super::DutyOutcome;
use crate::model::duties::planned::Judgement;
use crate::model::tickets::{How, Standing};
pub use crate::model::views::tickets::{Judged, Seen, TicketTurn};
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::ids::{AgentId, ChangeId, EquipmentId, PersonId, PlanId};
use daicho_schemas::planned::{Expected, PlannedChange};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde::{Deserialize, Serialize};

/// A ticket in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TicketRow {
    /// The operator's own id.
    pub change_id: ChangeId,
    /// 特定重要設備.
    pub equipment_id: EquipmentId,
    /// What is planned, in the operator's words.
    pub summary: String,
    /// What people said of it last.
    pub state: TicketState,
    /// The first day of its window, in Japan.
    pub planned_on: CalendarDate,
    /// The last day of its window, in Japan.
    pub planned_through: CalendarDate,
    /// It was stated that the window is over.
    pub window_ended: bool,
    /// Where it stands against what agents showed.
    pub standing: Standing,
    /// How many expected things were seen as planned, each on each of its hosts.
    pub met: usize,
    /// How many are expected.
    pub wanted: usize,
    /// How many things that were seen differ.
    pub differences: usize,
    /// Hosts on which something is missing and that cannot be seen, or not wholly.
    pub unmet: Vec<Unmet>,
    /// The window touches a prohibition period.
    pub prohibited: Option<ProhibitedWindow>,
    /// The day on which the version that stands was judged.
    pub judged_on: CalendarDate,
    /// The strictest outcome, as judged then.
    pub outcome: DutyOutcome,
    /// That rests on the statute and carries no caution.
    pub certain: bool,
    /// The first permitted day, as judged then, where something must be filed first.
    pub earliest_on: Option<CalendarDate>,
    /// The window does not begin before it; absent where nothing must be filed first.
    pub planned_day_is_possible: Option<bool>,
    /// Who stated the version that stands.
    pub by: Option<PersonId>,
    /// The entry of that version: what an amendment names.
    pub seq: u64,
    /// How many versions the ledger holds.
    pub versions: u64,
}

/// The ticket that planned what a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedBy {
    /// Which.
    pub change_id: ChangeId,
    /// As judged when it was stated, its window does not begin before the first permitted day.
    pub permitted: bool,
}

/// A prohibition period (経済安全保障推進法 52(3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProhibitedWindow {
    /// Whose.
    pub plan_id: PlanId,
    /// Its last day.
    pub through: CalendarDate,
}

/// A host on which something expected was not seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unmet {
    /// The host, as the ticket names it.
    pub host: String,
    /// Why, as far as that is known.
    pub cause: UnmetCause,
    /// Its agent, where one speaks for it.
    pub agent_id: Option<AgentId>,
    /// When the agent was last heard, where it is silent.
    pub silent_since: Option<UtcMicros>,
}

/// Why something was not seen on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmetCause {
    /// No agent speaks for it.
    NoAgent,
    /// Its agent is not heard.
    Silent,
    /// A collector could not look completely.
    LookedInPart,
    /// It is seen, and this is not there.
    NotSeen,
}

/// One ticket with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TicketDetail {
    /// The row of the list.
    #[serde(flatten)]
    pub row: TicketRow,
    /// The version that stands.
    pub change: PlannedChange,
    /// What else was said with it.
    pub note: String,
    /// What the law asked on the day on which that version was stated.
    pub judged: Judged,
    /// What it asks by what is declared now, as of today.
    pub judged_now: Judgement,
    /// Every expected thing on each of its hosts.
    #[serde(rename = "expected_on_hosts")]
    pub wanted: Vec<WantedRow>,
    /// What was seen and differs.
    #[serde(rename = "differing")]
    pub differences: Vec<DifferenceRow>,
    /// Things that were seen and are not kept, beyond the most that are.
    pub seen_more: u64,
    /// What people said of it, in order.
    pub turns: Vec<TicketTurn>,
}

/// One expected thing on one of its hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WantedRow {
    /// What is expected.
    pub expected: Expected,
    /// The host, as the ticket names it.
    pub host: String,
    /// What was seen, where it is as planned.
    pub seen: Option<Seen>,
    /// Why not, where nothing was.
    pub unmet: Option<Unmet>,
}

/// Something that was seen and differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DifferenceRow {
    /// In what it differs.
    pub how: How,
    /// What was seen.
    pub seen: Seen,
}
