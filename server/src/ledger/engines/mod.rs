//! The engines, one file or folder each. To add one: write it, list it here, give it a line in `tests/it/engine_contract.rs`.
//! No engine knows a kind of fact. Invariant: every engine passes the same contract suite, so any ledger moves to any engine.

pub mod memory;
pub mod postgres;
pub mod segments;

use super::chain::Head;
use super::engine::{Engine, EngineFault, Frame, Snapshot};
use daicho_schemas::limits::ENTRY_BYTES_MAX;

/// What is wrong with a group that a caller wants to append, if anything. A caller that gets this far is a bug.
fn misnumbered(expected: Head, frames: &[Frame]) -> Option<String> {
    for (wanted, frame) in (expected.seq.saturating_add(1)..).zip(frames) {
        if frame.seq != wanted {
            return Some(format!("entry {} stands where entry {wanted} belongs", frame.seq));
        }
        if frame.line.len() > ENTRY_BYTES_MAX {
            return Some(format!("entry {wanted} is longer than an entry may be"));
        }
    }
    None
}

/// The snapshot, if it was made from this very ledger: one that names an entry which this ledger does not have is dropped.
fn fitting(engine: &dyn Engine, snapshot: Option<Snapshot>) -> Result<Option<Snapshot>, EngineFault> {
    let Some(snapshot) = snapshot else { return Ok(None) };
    Ok(engine.holds(snapshot.head)?.then_some(snapshot))
}
