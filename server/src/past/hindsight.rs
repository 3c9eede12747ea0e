//! Later entries that speak of an earlier time: a record made for that day, a report that was on its way, a step taken then.
//! It does not undo what the ledger knew; it adds to it. Which kinds speak of the past, and by which of their days, is said here.
//! Invariant: an entry that does not say of itself that it speaks of that time adds nothing.

use crate::ledger::chain::{self, Head};
use crate::ledger::engine::Engine;
use crate::ledger::entry::Entry;
use crate::model::prepared::PreparedBatch;
use crate::model::{Event, Model};
use anyhow::Context as _;
use daicho_schemas::fact::Fact;
use daicho_schemas::time::UtcMicros;

/// Entries, and bytes beyond the first one, that are read at once.
const READ_ENTRIES: usize = 1000;
const READ_BYTES: usize = 64 * 1024 * 1024;

/// Takes in what the entries behind `from`, up to `to_seq`, say of the time until `end`. How many they are.
///
/// They are folded as if they had come in at `end`: what follows from them is judged by the law of that day.
pub(super) fn add(
    engine: &dyn Engine,
    model: &mut Model,
    (from, to_seq): (Head, u64),
    end: UtcMicros,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<u64> {
    let (mut head, mut added) = (from, 0);
    while head.seq < to_seq {
        let frames = engine.read(head.seq + 1, READ_ENTRIES, READ_BYTES)?;
        anyhow::ensure!(!frames.is_empty(), "entry {} is missing", head.seq + 1);
        for frame in frames.iter().take_while(|frame| frame.seq <= to_seq) {
            let entry = Entry::parse(&frame.line).with_context(|| format!("entry {}", frame.seq))?;
            head = chain::follow(head, &entry)?;
            let fact = entry.parse_fact().with_context(|| format!("entry {}", entry.seq))?;
            if speaks_of(model, &fact, end) {
                let event = Event { seq: entry.seq, received_at: end, author: &entry.author, fact: &fact };
                model.apply(&event);
                added += 1;
            }
        }
        progress(head.seq);
    }
    Ok(added)
}

/// Whether a fact that entered later says of itself that it speaks of the time until `end`.
fn speaks_of(model: &Model, fact: &Fact, end: UtcMicros) -> bool {
    let day = end.date_in_japan();
    match fact {
        // Of two records the one for the later day stands, whichever was entered first.
        Fact::Supplier(record) => {
            let known = model.declarations().supplier_state(&record.supplier_id);
            record.as_of <= day && known.is_none_or(|known| known.record.as_of <= record.as_of)
        }
        // A version of a plan that was known says nothing of when it began to hold: what was known stands.
        Fact::Plan(plan) => {
            plan.dates.submitted_on.is_some_and(|on| on <= day) && model.plan_row(&plan.plan_id, day).is_none()
        }
        Fact::Batch(signed) => PreparedBatch::read(signed).is_ok_and(|batch| batch.finished_at <= end),
        Fact::DutyMoved(moved) => moved.on <= day,
        Fact::CheckAnswered(answered) => answered.on <= day,
        Fact::DeviceRead(read) => read.taken_on <= day,
        Fact::NetworkTableRead(read) => {
            let known = model.network_tables().get(&read.table_id);
            read.taken_on <= day && known.is_none_or(|known| known.read.taken_on <= read.taken_on)
        }
        // Without the tool's own time it counts from when it was received.
        Fact::InventoryTold(told) => told.said_at.is_some_and(|at| at <= end),
        Fact::NeighbourNamed(said) => said.on <= day,
        Fact::CircuitLedgerRead(read) => {
            let known = model.circuits().edition(&read.circuit_ledger_id);
            read.as_of <= day && known.is_none_or(|known| known.as_of <= read.as_of)
        }
        Fact::CircuitSettled(said) => said.on <= day,
        Fact::RemotePath(said) => said.on <= day,
        Fact::RemoteMaintenanceAnswered(said) => said.on <= day,
        // A source speaks of its day; of two packs the one for the later day stands.
        Fact::FirmwareKnowledge(pack) => {
            let known = model.firmware_pack(&pack.pack_id);
            pack.as_of <= day && known.is_none_or(|known| known.pack.as_of <= pack.as_of)
        }
        Fact::ComponentDecided(decided) => decided.speaks_of(day),
        // It never was so, on no day.
        Fact::ComponentDecisionWithdrawn(taken) => model.decision(&taken.decision_id).is_some(),
        // What was erased cannot be read today, whatever day is asked about.
        Fact::PersonalDataErased(_) => true,
        _ => false,
    }
}
