//! Small real ledgers for tests: entries that are linked, hashed and, where an agent speaks, signed.
//! It does not know engines. Invariant: the same arguments give the same bytes, so a failure can be looked at again.

use daicho::ledger::chain::Head;
use daicho::ledger::engine::Frame;
use daicho::ledger::entry::{Author, Entry, EntryDraft};
use daicho_schemas::batch::{BATCH_FORMAT, Batch};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{CoverageChanged, Hearing, LedgerOpened};
use daicho_schemas::ids::AgentId;
use daicho_schemas::sign::{SignedBatch, agent_id};
use daicho_schemas::time::UtcMicros;
use ed25519_dalek::SigningKey;
use serde_json::value::RawValue;

/// The one agent of these ledgers.
pub(crate) fn agent_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Its id.
pub(crate) fn agent() -> AgentId {
    agent_id(&agent_key().verifying_key().to_bytes())
}

/// One minute after another.
pub(crate) fn minute(number: u64) -> UtcMicros {
    let start: UtcMicros = "2026-11-21T00:00:00.000000Z".parse().unwrap();
    start.plus_seconds(60 * i64::try_from(number).unwrap())
}

/// A batch without reports, signed.
pub(crate) fn batch(number: u64, speaks_for: AgentId) -> SignedBatch {
    let (started_at, finished_at) = (minute(number), minute(number));
    let format = BATCH_FORMAT.to_string();
    let batch = Batch { format, agent_id: speaks_for, number, started_at, finished_at, reports: vec![], lost: None };
    let raw = RawValue::from_string(serde_json::to_string(&batch).unwrap()).unwrap();
    SignedBatch::sign(raw, &agent_key())
}

/// A fact behind a head, as a frame.
pub(crate) fn frame(head: Head, author: Author, fact: Fact) -> Frame {
    let raw = fact.to_raw().unwrap();
    let (entry, line) = Entry::link(head, minute(head.seq), &EntryDraft { author, fact, raw }).unwrap();
    Frame { seq: entry.seq, hash: entry.entry_hash, line }
}

/// The head after a frame.
pub(crate) fn head_of(frame: &Frame) -> Head {
    Head { seq: frame.seq, hash: frame.hash }
}

/// The next `count` entries behind a head: the opening, then by turns a signed batch and a turning point of coverage.
/// `note` makes two ledgers differ.
pub(crate) fn frames(head: Head, count: usize, note: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for _ in 0..count {
        let head = frames.last().map_or(head, head_of);
        let (author, fact) = match head.seq {
            0 => (Author::Server, Fact::LedgerOpened(LedgerOpened { ledger_id: format!("{note:0>32}") })),
            seq if seq % 3 == 1 => (Author::Agent(agent()), Fact::Batch(batch(seq, agent()))),
            seq => {
                let hearing = if seq % 2 == 0 { Hearing::Heard } else { Hearing::Silent };
                let agent_id = AgentId::new(format!("agent-{note}{seq}")).unwrap();
                let fact = CoverageChanged { agent_id, hearing, last_heard_at: minute(seq) };
                (Author::Server, Fact::CoverageChanged(fact))
            }
        };
        frames.push(frame(head, author, fact));
    }
    frames
}
