//! May this batch enter: is the agent known, is the number new, does the difference start from what we have.
//! It does not check signatures (the submission did) and does not interpret observations.
//! Invariant: a batch enters once, behind all earlier ones of its agent, and only if its digests are true.

use super::Verdict;
use super::submission::Submission;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::prepared::PreparedBatch;
use crate::model::views::assets::Checked;
use daicho_schemas::ids::AgentId;
use daicho_schemas::limits::{BATCH_REPORTS_MAX, CLOCK_AHEAD_SECONDS_MAX, STANDING_ITEMS_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;

/// Decides about one batch.
pub fn admit(model: &Model, submission: &Submission, now: UtcMicros) -> Result<Verdict, Refusal> {
    let (Author::Agent(agent_id), Some(batch)) = (&submission.draft.author, &submission.batch) else {
        return Err(Refusal::new(RefusalCode::BatchMalformed));
    };
    let agent = model.agent(agent_id).ok_or(RefusalCode::AgentUnknown)?;
    if let Some(reason) = &agent.revoked {
        return Err(Refusal::new(RefusalCode::AgentRevoked).with(reason.clone()));
    }
    if let Some(known) = agent.recent(batch.number) {
        let seq = known.seq;
        return if known.hash == batch.hash {
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
fn check_growth(model: &Model, agent_id: &AgentId, batch: &PreparedBatch) -> Result<(), Refusal> {
    let fresh = batch.reports.iter().filter(|report| !model.has_reported(agent_id, &report.collector)).count();
    let collectors = model.collectors_of(agent_id) + fresh;
    if collectors > BATCH_REPORTS_MAX {
        return Err(Refusal::new(RefusalCode::BatchTooLarge).with(format!("{collectors} collectors")));
    }
    Ok(())
}

fn check_dates(batch: &PreparedBatch, now: UtcMicros) -> Result<(), Refusal> {
    if batch.finished_at < batch.started_at {
        return Err(Refusal::new(RefusalCode::BatchMalformed).with("finished before it started"));
    }
    if batch.finished_at > now.plus_seconds(CLOCK_AHEAD_SECONDS_MAX) {
        let ahead = batch.finished_at.seconds_since(now);
        return Err(Refusal::new(RefusalCode::BatchFromTheFuture).with(format!("{ahead} seconds ahead")));
    }
    Ok(())
}

fn check_states(model: &Model, agent_id: &AgentId, batch: &PreparedBatch) -> Result<(), Refusal> {
    check_growth(model, agent_id, batch)?;
    let mut bases_missing = Vec::new();
    for report in &batch.reports {
        let collector = &report.collector;
        if let Some(error) = &report.malformed {
            return Err(Refusal::new(RefusalCode::BatchMalformed).with(error.clone()));
        }
        match model.check_report(agent_id, report).ok_or(RefusalCode::AgentUnknown)? {
            Checked::OtherBase => bases_missing.push(collector.to_string()),
            Checked::OtherDigest => {
                return Err(Refusal::new(RefusalCode::ReportInconsistent).with(collector.to_string()));
            }
            Checked::Fits { stands } if stands > STANDING_ITEMS_MAX => {
                let detail = format!("{collector}: {stands} items would stand, at most {STANDING_ITEMS_MAX}");
                return Err(Refusal::new(RefusalCode::BatchTooLarge).with(detail));
            }
            Checked::Fits { .. } => {}
        }
    }
    if bases_missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::new(RefusalCode::FullReportNeeded).with(bases_missing.join(", ")))
    }
}
