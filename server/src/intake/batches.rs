//! May this batch enter: is the agent known, is the number new, does the difference start from what we have.
//! It does not check signatures (the submission did) and does not interpret observations.
//! Invariant: a batch enters once, behind all earlier ones of its agent, and only if its digests are true.

use super::Verdict;
use super::submission::Submission;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::views::agents::signed_batch_hash;
use daicho_schemas::batch::{Applied, Batch, apply_report, standing, state_digest};
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::AgentId;
use daicho_schemas::limits::{BATCH_REPORTS_MAX, CLOCK_AHEAD_SECONDS_MAX, STANDING_ITEMS_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeMap;

/// Decides about one batch.
pub fn admit(model: &Model, submission: &Submission, now: UtcMicros) -> Result<Verdict, Refusal> {
    let (Author::Agent(agent_id), Some(batch), Fact::Batch(signed)) =
        (&submission.draft.author, &submission.batch, &submission.draft.fact)
    else {
        return Err(Refusal::new(RefusalCode::BatchMalformed));
    };
    let agent = model.agent(agent_id).ok_or(RefusalCode::AgentUnknown)?;
    if let Some(reason) = &agent.revoked {
        return Err(Refusal::new(RefusalCode::AgentRevoked).with(reason.clone()));
    }
    let hash = signed_batch_hash(signed).ok_or(RefusalCode::BatchMalformed)?;
    if let Some(known) = agent.recent.get(&batch.number) {
        let seq = known.seq;
        return if known.hash == hash {
            Ok(Verdict::AlreadyThere { seq })
        } else {
            Err(Refusal::new(RefusalCode::BatchNumberReused).with(format!("number {}, entry {seq}", batch.number)))
        };
    }
    if batch.number <= agent.last_number {
        let detail = format!("number {}, the ledger has {}", batch.number, agent.last_number);
        return Err(Refusal::new(RefusalCode::BatchOutOfOrder).with(detail));
    }
    check_dates(batch, now)?;
    check_states(model, agent_id, batch)?;
    Ok(Verdict::Append)
}

/// Collectors are few and have fixed names; an agent that invents new ones all the time would grow without end.
fn check_growth(model: &Model, agent_id: &AgentId, batch: &Batch) -> Result<(), Refusal> {
    let fresh = batch.reports.iter().filter(|report| model.agreed_items(agent_id, &report.collector).is_none()).count();
    let collectors = model.collectors_of(agent_id) + fresh;
    if collectors > BATCH_REPORTS_MAX {
        return Err(Refusal::new(RefusalCode::BatchTooLarge).with(format!("{collectors} collectors")));
    }
    Ok(())
}

fn check_dates(batch: &Batch, now: UtcMicros) -> Result<(), Refusal> {
    if batch.finished_at < batch.started_at {
        return Err(Refusal::new(RefusalCode::BatchMalformed).with("finished before it started"));
    }
    if batch.finished_at > now.plus_seconds(CLOCK_AHEAD_SECONDS_MAX) {
        let ahead = batch.finished_at.seconds_since(now);
        return Err(Refusal::new(RefusalCode::BatchFromTheFuture).with(format!("{ahead} seconds ahead")));
    }
    Ok(())
}

fn check_states(model: &Model, agent_id: &AgentId, batch: &Batch) -> Result<(), Refusal> {
    let nothing = BTreeMap::new();
    check_growth(model, agent_id, batch)?;
    let mut bases_missing = Vec::new();
    for report in &batch.reports {
        let known = model.agreed_items(agent_id, &report.collector).unwrap_or(&nothing);
        let applied = apply_report(known, report)
            .map_err(|error| Refusal::new(RefusalCode::BatchMalformed).with(error.to_string()))?;
        match applied {
            Applied::OtherBase => bases_missing.push(report.collector.to_string()),
            Applied::State(state) if state_digest(&report.collector, &state) != report.digest => {
                return Err(Refusal::new(RefusalCode::ReportInconsistent).with(report.collector.to_string()));
            }
            Applied::State(state) => {
                let before = model.standing_items(agent_id, &report.collector).unwrap_or(&nothing);
                let stands = standing(before, &state, report.outcome).len();
                if stands > STANDING_ITEMS_MAX {
                    let detail =
                        format!("{}: {stands} items would stand, at most {STANDING_ITEMS_MAX}", report.collector);
                    return Err(Refusal::new(RefusalCode::BatchTooLarge).with(detail));
                }
            }
        }
    }
    if bases_missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::new(RefusalCode::FullReportNeeded).with(bases_missing.join(", ")))
    }
}
