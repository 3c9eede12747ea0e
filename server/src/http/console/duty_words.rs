//! The life of a duty in words: its days, how near they are, and what people did about it.
//! It does not know which step is possible.
//! Invariant: a day says what sort of day it is, and one that the operator set is never shown as one of the law.

use super::fragments::{Badge, Tone};
use super::layout::PageContext;
use crate::i18n::deadline_key;
use crate::model::duties::deadlines::DeadlineKind;
use crate::model::duties::lists::SOON_DAYS;
use crate::model::rows::{Deadline, DutyAct, DutyRow, DutyState};
use daicho_schemas::fact::duty::{DutyDate, DutyOwner};

impl PageContext {
    /// A state as plain words.
    pub fn duty_state_word(&self, state: &DutyState) -> String {
        self.duty_state(state).label
    }

    /// Late ones, loudly only where there are some.
    pub fn overdue(&self, n: &usize) -> Badge {
        Badge { tone: if *n > 0 { Tone::Alarm } else { Tone::Quiet }, label: self.t("duties-overdue") }
    }

    /// What sort of day it is.
    pub fn deadline_kind(&self, kind: &DeadlineKind) -> String {
        self.t(deadline_key(*kind))
    }

    /// How near a day is.
    pub fn nearness(&self, day: &Deadline) -> Badge {
        let ahead = day.on.days_since(self.today);
        let days = ahead.unsigned_abs();
        let (tone, label) = match (day.is_due(), ahead) {
            (_, 0) => (if day.is_due() { Tone::Warn } else { Tone::Good }, self.t("duty-day-today")),
            (true, ..0) => (Tone::Alarm, self.tn("duty-day-late", days)),
            (false, ..0) => (Tone::Good, self.t("duty-day-reached")),
            (true, 1..=SOON_DAYS) => (Tone::Warn, self.tn("duty-day-ahead", days)),
            _ => (Tone::Note, self.tn("duty-day-ahead", days)),
        };
        Badge { tone, label }
    }

    /// The day of a duty that comes first.
    pub fn next_day<'a>(&self, duty: &'a DutyRow) -> Option<&'a Deadline> {
        duty.life.deadlines.first()
    }

    /// Who sees to it, or the words for nobody.
    pub fn owner(&self, duty: &DutyRow) -> String {
        duty.life.owner.as_ref().map_or_else(|| self.t("duty-owner-none"), |owner| owner.as_str().to_string())
    }

    /// What was done, in short.
    pub fn act(&self, act: &DutyAct) -> String {
        match act {
            DutyAct::Moved(moved) => {
                format!("{} → {}", self.duty_state_word(&moved.from), self.duty_state_word(&moved.to))
            }
            DutyAct::Assigned(said) => {
                let owner = said
                    .owner
                    .as_ref()
                    .map_or_else(|| self.t("duty-owner-none"), |owner: &DutyOwner| owner.as_str().into());
                self.tx("duty-act-assigned", owner)
            }
            DutyAct::Dated(said) => self.duty_date(&said.date),
        }
    }

    /// Which of the ministry's dates.
    pub fn duty_date(&self, date: &DutyDate) -> String {
        self.t(match date {
            DutyDate::ProhibitedThrough => "duty-date-prohibited-through",
            DutyDate::RecommendedOn => "duty-date-recommended-on",
            DutyDate::AnsweredOn => "duty-date-answered-on",
        })
    }

    /// The day that was spoken of.
    pub fn act_day(&self, act: &DutyAct) -> String {
        match act {
            DutyAct::Moved(moved) => moved.on.to_string(),
            DutyAct::Assigned(said) => said.target_on.map_or_else(String::new, |on| self.tx("duty-act-target", on)),
            DutyAct::Dated(said) => said.on.map_or_else(|| self.t("duty-act-taken-back"), |on| on.to_string()),
        }
    }

    /// What the person said to it: reason, number, plan.
    pub fn act_words(&self, act: &DutyAct) -> String {
        match act {
            DutyAct::Moved(moved) => {
                let number = moved.reference.as_ref().map(|number| self.tx("duty-act-reference", number));
                let plan = moved.plan_id.as_ref().map(|plan| self.tx("duty-act-plan", plan));
                let caution = moved.caution_read.then(|| self.t("duty-act-caution-read"));
                let reason = Some(moved.reason.clone()).filter(|reason| !reason.trim().is_empty());
                [reason, number, plan, caution].into_iter().flatten().collect::<Vec<_>>().join(" / ")
            }
            DutyAct::Assigned(said) => said.note.clone(),
            DutyAct::Dated(said) => said.note.clone(),
        }
    }
}
