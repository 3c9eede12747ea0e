//! What an agent may ask beside handing over a batch, and who has fallen silent. Pure: the state and the time come in.
//! It does not know certificates or where the times of last hearing are kept.
//! Invariant: asking changes nothing, so every instance that knows the same entries gives the same answer.

use crate::model::Model;
use daicho_schemas::fact::decision::{CoverageChanged, Hearing};
use daicho_schemas::ids::AgentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{CheckIn, CheckInAnswer};

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

/// The agents whose hearing differs from what the ledger says. While the server itself was down nobody could be heard,
/// so silence counts from its start at the earliest.
pub fn coverage_changes(
    model: &Model,
    heard_at: impl Fn(&AgentId) -> Option<UtcMicros>,
    started_at: UtcMicros,
    now: UtcMicros,
    silent_after_seconds: i64,
) -> Vec<CoverageChanged> {
    let mut changes = Vec::new();
    for (agent_id, state) in model.agents() {
        if state.revoked.is_some() {
            continue;
        }
        // A time from when the clock was ahead must not keep a dead agent alive.
        let heard_at = heard_at(agent_id).map(|at| at.min(now));
        let last_heard_at = heard_at.unwrap_or(state.enrolled_at);
        let silent = now.seconds_since(last_heard_at.max(started_at)) > silent_after_seconds;
        let hearing = if silent { Hearing::Silent } else { Hearing::Heard };
        // An agent that is silent since before our own start is heard again only when it speaks.
        let spoke = heard_at.is_some_and(|at| at >= started_at);
        let known = model.hearing(agent_id);
        let turned = known != hearing && (hearing == Hearing::Silent || spoke);
        if turned {
            changes.push(CoverageChanged { agent_id: agent_id.clone(), hearing, last_heard_at });
        }
    }
    changes
}
