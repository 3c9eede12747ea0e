//! The words of tickets: their states, their steps, how they stand against what agents saw, and why something was not seen.
//! It does not know pages. Invariant: every match is total, and what was not seen is never said to be done or gone.

use super::fragments::{Badge, Tone};
use super::layout::PageContext;
use crate::model::rows::{Seen, TicketRow, Unmet, UnmetCause};
use crate::model::tickets::{How, Standing};
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::planned::{Expected, Sight};

impl PageContext {
    fn ticket_badge(&self, tone: Tone, key: &str) -> Badge {
        Badge { tone, label: self.t(key) }
    }

    /// Where a ticket is in its life.
    pub fn ticket_state(&self, state: &TicketState) -> Badge {
        match state {
            TicketState::Open => self.ticket_badge(Tone::Note, "ticket-open"),
            TicketState::Done => self.ticket_badge(Tone::Good, "ticket-done"),
            TicketState::Withdrawn => self.ticket_badge(Tone::Quiet, "ticket-withdrawn"),
        }
    }

    /// A step of a ticket, as a person chooses it.
    pub fn ticket_step(&self, to: TicketState) -> String {
        match to {
            TicketState::Open => self.t("ticket-to-open"),
            TicketState::Done => self.t("ticket-to-done"),
            TicketState::Withdrawn => self.t("ticket-to-withdrawn"),
        }
    }

    /// How a ticket stands against what agents saw. Of a withdrawn one nothing is awaited.
    pub fn standing(&self, row: &TicketRow) -> Badge {
        if row.state == TicketState::Withdrawn {
            return self.ticket_badge(Tone::Quiet, "standing-withdrawn");
        }
        match row.standing {
            Standing::NothingToSee => self.ticket_badge(Tone::Unknown, "standing-nothing-to-see"),
            Standing::NotSeenYet => self.ticket_badge(Tone::Unknown, "standing-not-seen-yet"),
            Standing::SeenInPart => self.ticket_badge(Tone::Note, "standing-seen-in-part"),
            Standing::Reconciled => self.ticket_badge(Tone::Good, "standing-reconciled"),
            Standing::Differs => self.ticket_badge(Tone::Alarm, "standing-differs"),
            Standing::Unseen => self.ticket_badge(Tone::Warn, "standing-unseen"),
        }
    }

    /// How something that was seen stands to its ticket.
    pub fn how(&self, how: &How) -> String {
        self.say(&how.text()).to_string()
    }

    /// What is expected, in one line.
    pub fn expected(&self, expected: &Expected) -> String {
        let sort = self.sight(expected.sight);
        let what: Vec<&str> =
            [expected.name.as_str(), expected.version.as_deref().unwrap_or_default()].into_iter().collect();
        let what = what.join(" ");
        let what = what.trim();
        if what.is_empty() { sort } else { format!("{sort}: {what}") }
    }

    /// What was seen, in one line.
    pub fn seen_line(&self, seen: &Seen) -> String {
        format!("{}: {}", self.sight(seen.sight), seen.line())
    }

    fn sight(&self, sight: Sight) -> String {
        match sight {
            Sight::ComponentAppears => self.t("sight-component-appears"),
            Sight::ComponentGoes => self.t("sight-component-goes"),
            Sight::InterfaceAppears => self.t("sight-interface-appears"),
            Sight::HostAppears => self.t("sight-host-appears"),
        }
    }

    /// Why something was not seen.
    pub fn unmet(&self, unmet: &Unmet) -> String {
        match (unmet.cause, unmet.silent_since) {
            (UnmetCause::NoAgent, _) => self.t("unmet-no-agent"),
            (UnmetCause::Silent, Some(at)) => self.tx("unmet-silent-since", self.when(&at)),
            (UnmetCause::Silent, None) => self.t("unmet-silent"),
            (UnmetCause::LookedInPart, _) => self.t("unmet-looked-in-part"),
            (UnmetCause::NotSeen, _) => self.t("unmet-not-seen"),
        }
    }
}
