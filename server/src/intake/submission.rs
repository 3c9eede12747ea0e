//! A Submission: something that asks to enter, read and checked as far as that is possible without knowing the ledger.
//! It does not know what is in the ledger already; `admit` asks that.
//! Invariant: a batch that got this far is signed by the agent it speaks for, and its bytes are the signed ones.

use crate::ledger::entry::{Author, EntryDraft};
use crate::model::prepared::PreparedBatch;
use crate::model::views::decisions::plain;
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, Outcome};
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::fact::{Fact, FactError};
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::limits::{BATCH_BYTES_MAX, BATCH_REPORTS_MAX, REPORT_ITEMS_MAX, REPORT_TROUBLES_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign::SignedBatch;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::io::Read as _;

/// Something that asks to enter the ledger.
#[derive(Debug)]
pub struct Submission {
    /// What would become an entry: who states it, the fact, its exact bytes.
    pub draft: EntryDraft,
    /// For a batch: what the signed bytes say, made ready for admission and fold.
    pub batch: Option<Box<PreparedBatch>>,
}

impl Submission {
    /// Something that a person or this server states.
    pub fn stated(author: Author, fact: Fact) -> Result<Self, FactError> {
        let raw = fact.to_raw()?;
        Ok(Self { draft: EntryDraft { author, fact, raw }, batch: None })
    }

    /// A batch as it came over the wire: zstd, JSON, signature, speaker, limits.
    pub fn batch(compressed: &[u8], speaker: &AgentId) -> Result<Self, Refusal> {
        let json = unpack(compressed)?;
        let raw: Box<RawValue> = serde_json::from_str::<Box<RawValue>>(json.trim()).map_err(malformed)?;
        // One entry is one line: JSON that is spread over lines is valid JSON, but it was not written by an agent.
        if raw.get().bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(Refusal::new(RefusalCode::BatchMalformed).with("line break in the batch"));
        }
        let signed: SignedBatch = serde_json::from_str(raw.get()).map_err(malformed)?;
        let signer =
            signed.verify().map_err(|error| Refusal::new(RefusalCode::BatchSignatureWrong).with(error.to_string()))?;
        let batch: Batch = serde_json::from_str(signed.batch.get()).map_err(malformed)?;
        if signer != *speaker || batch.agent_id != *speaker {
            let detail = format!("speaker {speaker}, signer {signer}, batch {}", batch.agent_id);
            return Err(Refusal::new(RefusalCode::BatchForOtherAgent).with(detail));
        }
        check_shape(&batch)?;
        let batch = PreparedBatch::of(&signed, batch).map_err(malformed)?;
        let draft = EntryDraft { author: Author::Agent(signer), fact: Fact::Batch(signed), raw };
        Ok(Self { draft, batch: Some(Box::new(batch)) })
    }

    /// What it is about: two submissions that share a subject never enter in one group, so that the second one is judged
    /// with the first one known.
    pub fn subjects(&self) -> Vec<String> {
        match &self.draft.fact {
            Fact::Batch(_) => vec![self.draft.author.to_string()],
            // A token is used once, and a key enrols once.
            Fact::AgentEnrolled(enrolled) => {
                vec![format!("token:{}", enrolled.token_id), format!("agent:{}", enrolled.agent_id)]
            }
            Fact::AgentRevoked(revoked) => vec![format!("agent:{}", revoked.agent_id)],
            Fact::CoverageChanged(change) => vec![format!("agent:{}", change.agent_id)],
            Fact::TokenIssued(token) => vec![format!("token:{}", token.token_id)],
            Fact::AccessGranted(access) => vec![format!("person:{}", access.person_id)],
            Fact::Supplier(record) => vec![format!("supplier:{}", record.supplier_id)],
            Fact::PersonalDataErased(erased) => vec![format!("supplier:{}", erased.supplier_id)],
            Fact::Plan(_) => vec!["plans".into()],
            Fact::ComponentDecided(decided) => {
                let replaced = decided.replaces.iter().map(|id| format!("decision:{id}"));
                std::iter::once(format!("components:{:?}", plain(&decided.components))).chain(replaced).collect()
            }
            Fact::ComponentDecisionWithdrawn(taken) => vec![format!("decision:{}", taken.decision_id)],
            Fact::Notices(_) => vec!["notices".into()],
            Fact::DutyMoved(moved) => vec![format!("duty:{}", moved.duty_id)],
            Fact::DutyAssigned(assigned) => vec![format!("duty:{}", assigned.duty_id)],
            Fact::DutyDated(dated) => vec![format!("duty:{}", dated.duty_id)],
            Fact::CalendarShared(shared) => vec![format!("person:{}", shared.person_id)],
            Fact::Reminders(_) => vec!["reminders".into()],
            // What a plan shows decides about them, so it may not change meanwhile.
            Fact::ComputerJudged(judged) => vec![format!("computers:{}", judged.equipment_id), "plans".into()],
            Fact::CheckAnswered(answered) => vec![format!("check:{}", answered.item_id), "plans".into()],
            Fact::TicketStated(stated) => vec![format!("ticket:{}", stated.change.change_id)],
            Fact::TicketMoved(moved) => vec![format!("ticket:{}", moved.change_id)],
            Fact::WindowsEnded(ended) => ended.change_ids.iter().map(|id| format!("ticket:{id}")).collect(),
            // What a plan or a reading shows decides about them, so neither may change meanwhile.
            Fact::DeviceRead(_) => vec!["devices".into(), "plans".into()],
            Fact::RemotePath(_) => vec!["remote_paths".into(), "devices".into(), "plans".into()],
            Fact::RemoteMaintenanceAnswered(_) | Fact::RemoteDaysEnded(_) => {
                vec!["remote_paths".into(), "plans".into()]
            }
            Fact::InventoryTold(told) => vec![format!("told:{}", told.host.trim().to_lowercase())],
            Fact::NetworkTableRead(_) => vec!["network_tables".into()],
            Fact::NeighbourNamed(_) => vec!["network_tables".into(), "devices".into()],
            Fact::CircuitLedgerRead(_) => vec!["circuits".into()],
            Fact::CircuitSettled(_) => vec!["circuits".into(), "devices".into()],
            // How many there may be is counted over all of them.
            Fact::FirmwareKnowledge(_) => vec!["firmware".into()],
            Fact::LedgerOpened(_) | Fact::FaultReported(_) => vec!["ledger".into()],
        }
    }
}

fn malformed(error: serde_json::Error) -> Refusal {
    Refusal::new(RefusalCode::BatchMalformed).with(error.to_string())
}

fn unpack(compressed: &[u8]) -> Result<String, Refusal> {
    let broken = |error: std::io::Error| Refusal::new(RefusalCode::BatchMalformed).with(error.to_string());
    let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed).map_err(broken)?.single_frame();
    let mut json = Vec::new();
    let bytes_max = BATCH_BYTES_MAX as u64;
    decoder.by_ref().take(bytes_max + 1).read_to_end(&mut json).map_err(broken)?;
    if json.len() > BATCH_BYTES_MAX {
        return Err(Refusal::new(RefusalCode::BatchTooLarge).with(format!("over {BATCH_BYTES_MAX} bytes")));
    }
    if !decoder.finish().is_empty() {
        return Err(Refusal::new(RefusalCode::BatchMalformed).with("bytes behind the batch"));
    }
    String::from_utf8(json).map_err(|_| Refusal::new(RefusalCode::BatchMalformed).with("not UTF-8"))
}

fn check_shape(batch: &Batch) -> Result<(), Refusal> {
    let wrong = |detail: String| Err(Refusal::new(RefusalCode::BatchMalformed).with(detail));
    if batch.format != BATCH_FORMAT {
        return wrong(format!("format '{}'", batch.format.chars().take(40).collect::<String>()));
    }
    if batch.number == 0 || batch.number >= 1 << 53 {
        return wrong(format!("number {}", batch.number));
    }
    if batch.reports.len() > BATCH_REPORTS_MAX {
        return Err(Refusal::new(RefusalCode::BatchTooLarge).with(format!("{} reports", batch.reports.len())));
    }
    let collectors: BTreeSet<&CollectorId> = batch.reports.iter().map(|report| &report.collector).collect();
    if collectors.len() != batch.reports.len() {
        return wrong("one collector reports twice".into());
    }
    batch.reports.iter().try_for_each(check_report)
}

fn check_report(report: &CollectorReport) -> Result<(), Refusal> {
    let (put, gone) = match &report.body {
        Body::Full { items } => (items, 0),
        Body::Delta { put, gone, .. } => (put, gone.len()),
    };
    check_items(&report.collector, report.outcome, put, gone, report.troubles.len())
}

/// Whether one source's items can be taken in: how many, each once, and none where it says that it could not look.
pub(super) fn check_items(
    collector: &CollectorId,
    outcome: Outcome,
    put: &[Observation],
    gone: usize,
    troubles: usize,
) -> Result<(), Refusal> {
    if put.len() + gone > REPORT_ITEMS_MAX || troubles > REPORT_TROUBLES_MAX {
        let detail = format!("{collector}: {} items, {troubles} troubles", put.len() + gone);
        return Err(Refusal::new(RefusalCode::BatchTooLarge).with(detail));
    }
    let keys: BTreeSet<String> = put.iter().map(Observation::key).collect();
    if keys.len() != put.len() {
        return Err(Refusal::new(RefusalCode::ReportInconsistent).with(format!("{collector}: one item twice")));
    }
    for item in put {
        let kept = match item {
            Observation::DeviceConfiguration(own) => own.check(),
            Observation::DeviceProbed(own) => own.check(),
            _ => continue,
        };
        kept.map_err(|what| {
            Refusal::new(RefusalCode::BatchMalformed).with(format!("{collector}: {}: {what}", item.kind()))
        })?;
    }
    if matches!(outcome, Outcome::Failed | Outcome::NotApplicable) && !put.is_empty() {
        let detail = format!("{collector}: lists items it says it could not read");
        return Err(Refusal::new(RefusalCode::ReportInconsistent).with(detail));
    }
    // Only somebody who saw everything may say that something is gone.
    if gone > 0 && outcome != Outcome::Complete {
        let detail = format!("{collector}: says that items are gone without a complete look");
        return Err(Refusal::new(RefusalCode::ReportInconsistent).with(detail));
    }
    Ok(())
}
