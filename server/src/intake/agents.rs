//! What an agent may ask beside handing over a batch, and who has fallen silent. Pure: the state and the time come in.
//! It does not know certificates or where the times of last hearing are kept.
//! Invariant: asking changes nothing, so every instance that knows the same entries gives the same answer.

use crate::model::Model;
use daicho_schemas::fact::decision::{CoverageChanged, Hearing};
use daicho_schemas::ids::AgentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{CheckIn, CheckInAnswer};
use std::collections::BTreeMap;

/// Whether an agent is enrolled here and not revoked.
pub fn may_speak(model: &Model, agent_id: &AgentId) -> Result<(), Refusal> {
    let state = model.agent(agent_id).ok_or(RefusalCode::AgentUnknown)?;
    match &state.revoked {
        Some(reason) => Err(Refusal::new(RefusalCode::AgentRevoked).with(reason.clone())),
        None => Ok(()),
    }
}

/// Whether an agent saw a batch acknowledged that is not known here: another instance took it, or this ledger was set back.
pub fn knows_more(model: &Model, agent_id: &AgentId, check_in: &CheckIn) -> bool {
    model.agent(agent_id).is_none_or(|state| state.last_number < check_in.number)
}

/// The answer to an agent that says which state it believes the server has.
pub fn checked_in(model: &Model, agent_id: &AgentId, check_in: &CheckIn) -> CheckInAnswer {
    let number = model.agent(agent_id).map(|state| state.last_number).unwrap_or_default();
    let full_wanted = number != check_in.number || model.check_in_digest(agent_id) != check_in.digest;
    CheckInAnswer { number, full_wanted }
}

/// Since when a server listens for agents, by a clock that may be set while it does.
#[derive(Clone, Debug)]
pub struct Listening {
    since: UtcMicros,
    looked_at: UtcMicros,
    /// Times of hearing that lay in the future when they were first seen, and when that was, where it says something. They
    /// stay wrong when the clock has caught up with them.
    ahead: BTreeMap<AgentId, (UtcMicros, Option<UtcMicros>)>,
    /// Nothing was looked at yet by the clock as it goes now.
    first_look: bool,
}

impl Listening {
    /// A server that listens from now on.
    pub fn from(now: UtcMicros) -> Self {
        Self { since: now, looked_at: now, ahead: BTreeMap::new(), first_look: true }
    }

    /// The agents whose hearing differs from what the ledger says. While the server itself was down nobody could be heard,
    /// so silence counts from its start at the earliest; and from now, when the clock was set back, or when it shows that
    /// nobody looked for so long that every agent would seem silent.
    pub fn changes(
        &mut self,
        model: &Model,
        heard_at: impl Fn(&AgentId) -> Option<UtcMicros>,
        now: UtcMicros,
        silent_after_seconds: i64,
    ) -> Vec<CoverageChanged> {
        if now < self.looked_at || now.seconds_since(self.looked_at) > silent_after_seconds {
            self.since = now;
            self.first_look = true;
        }
        self.looked_at = now;
        let mut changes = Vec::new();
        for (agent_id, state) in model.agents() {
            // What another tool told has an age, and no agent that could be heard.
            if state.revoked.is_some() || state.told.is_some() {
                continue;
            }
            let heard_at = heard_at(agent_id).and_then(|at| self.heard(agent_id, at, now));
            // An enrolment that seems to come from the future says nothing either: nobody was heard before we listened.
            let last_heard_at = heard_at.or(Some(state.enrolled_at).filter(|at| *at <= now)).unwrap_or(self.since);
            let silent = now.seconds_since(last_heard_at.max(self.since)) > silent_after_seconds;
            let hearing = if silent { Hearing::Silent } else { Hearing::Heard };
            // An agent that is silent since before our own start is heard again only when it speaks.
            let spoke = heard_at.is_some_and(|at| at >= self.since);
            let known = model.hearing(agent_id);
            if known != hearing && (hearing == Hearing::Silent || spoke) {
                changes.push(CoverageChanged { agent_id: agent_id.clone(), hearing, last_heard_at });
            }
        }
        self.first_look = false;
        changes
    }

    /// What a noted time says. One from when the clock was ahead must not keep a dead agent alive, now or when that time has
    /// come; one that another server noted, whose clock is ahead of ours, is new to us now.
    fn heard(&mut self, agent_id: &AgentId, at: UtcMicros, now: UtcMicros) -> Option<UtcMicros> {
        match self.ahead.get(agent_id) {
            Some((known, heard_at)) if *known == at => *heard_at,
            _ if at <= now => Some(at),
            _ => {
                let heard_at = (!self.first_look).then_some(now);
                self.ahead.insert(agent_id.clone(), (at, heard_at));
                heard_at
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::Script;

    const SILENT_AFTER: i64 = 1800;

    fn start() -> UtcMicros {
        "2026-11-21T12:00:00.000000Z".parse().unwrap()
    }

    /// Looks every five minutes until so many seconds after the start, and gives the first change.
    fn first_change(script: &Script, heard_at: Option<UtcMicros>, seconds: i64) -> Option<CoverageChanged> {
        let mut listening = Listening::from(start());
        (0..=seconds / 300).find_map(|look| {
            let now = start().plus_seconds(look * 300);
            listening.changes(&script.model, |_| heard_at, now, SILENT_AFTER).pop()
        })
    }

    #[test]
    fn an_agent_that_enrolled_by_a_clock_that_was_ahead_is_missed_all_the_same() {
        let mut script = Script::with_agent("tos-01");
        script.on("2026-11-23");
        script.enrol("tos-02");
        let change = first_change(&script, None, 3600).unwrap();
        assert_eq!(change.hearing, Hearing::Silent);
        assert!(change.last_heard_at <= start().plus_seconds(3600), "{change:?}");
        let mut listening = Listening::from(start());
        let silent = listening.changes(&script.model, |_| None, start().plus_seconds(1700), SILENT_AFTER);
        assert!(silent.is_empty(), "too early: {silent:?}");
        let silent = listening.changes(&script.model, |_| None, start().plus_seconds(1801), SILENT_AFTER);
        assert_eq!(silent.len(), 2, "both, also the one that seems to enrol in two days");
    }

    #[test]
    fn a_time_of_hearing_from_the_future_keeps_nobody_alive() {
        let script = Script::with_agent("tos-01");
        let ahead = start().plus_seconds(7200);
        let change = first_change(&script, Some(ahead), 3600).unwrap();
        assert_eq!(change.hearing, Hearing::Silent);
    }

    #[test]
    fn nobody_is_heard_because_the_clock_caught_up_with_a_wrong_time() {
        let mut script = Script::with_agent("tos-01");
        script.hearing(Hearing::Silent);
        let ahead = start().plus_seconds(1000);
        assert_eq!(first_change(&script, Some(ahead), 3600), None);
        // When it really speaks, it is heard.
        let mut listening = Listening::from(start());
        assert_eq!(listening.changes(&script.model, |_| Some(ahead), start().plus_seconds(300), SILENT_AFTER), []);
        let spoken = start().plus_seconds(900);
        let heard = listening.changes(&script.model, |_| Some(spoken), start().plus_seconds(900), SILENT_AFTER);
        assert_eq!(heard.first().map(|change| change.hearing), Some(Hearing::Heard));
    }

    /// Another server's clock is an hour ahead, and it hears the agent every ten minutes.
    #[test]
    fn an_agent_that_another_server_hears_is_heard_whatever_that_ones_clock_says() {
        let script = Script::with_agent("tos-01");
        let mut listening = Listening::from(start());
        for look in 0..40 {
            let now = start().plus_seconds(look * 300);
            let noted = start().plus_seconds(3600 + look / 2 * 600);
            assert_eq!(listening.changes(&script.model, |_| Some(noted), now, SILENT_AFTER), [], "look {look}");
        }
        let later = start().plus_seconds(39 * 300 + 1900);
        let noted = start().plus_seconds(3600 + 19 * 600);
        let silent = (1..=7).find_map(|look| {
            let now = start().plus_seconds(39 * 300 + look * 300);
            listening.changes(&script.model, |_| Some(noted), now, SILENT_AFTER).pop()
        });
        assert!(silent.is_some_and(|change| change.hearing == Hearing::Silent && change.last_heard_at <= later));
    }

    #[test]
    fn a_clock_that_is_set_calls_nobody_silent_who_had_no_time_to_speak() {
        let script = Script::with_agent("tos-01");
        let mut listening = Listening::from(start());
        let heard = Some(start());
        let forward = start().plus_seconds(86_400);
        assert_eq!(listening.changes(&script.model, |_| heard, forward, SILENT_AFTER), []);
        let back = start().plus_seconds(-86_400);
        assert_eq!(listening.changes(&script.model, |_| heard, back, SILENT_AFTER), []);
        // It is silent when that time has passed by the clock as it goes now.
        assert_eq!(listening.changes(&script.model, |_| heard, back.plus_seconds(1000), SILENT_AFTER), []);
        let silent = listening.changes(&script.model, |_| heard, back.plus_seconds(1801), SILENT_AFTER);
        assert_eq!(silent.first().map(|change| change.hearing), Some(Hearing::Silent));
    }
}
