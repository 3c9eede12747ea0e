//! When a snapshot of the model is kept, and on which thread: beside the door, from a copy that costs little, one at a time.
//! It does not know what a snapshot holds or where it goes. Invariant: nothing that enters waits for a snapshot, except the
//! last one when the door closes; what a snapshot lacks is only time at the next start.

use crate::ledger::chain::Head;
use crate::ledger::engine::{Engine, EngineFault, NewSnapshot};
use crate::model::{FOLD_VERSION, Model};
use std::io::{self, BufWriter, Write as _};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Entries that are folded again at a start, at most about so many: a few seconds.
const TAIL_ENTRIES_MAX: u64 = 20_000;
/// Bytes of entries that are folded again at a start, at most about so many: a few seconds.
const TAIL_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// After a snapshot nothing is written for so many times as long as it took, so that it never takes much of the machine.
const REST_FACTOR: u32 = 3;
/// After one that failed, nothing is tried for so long.
const REST_AFTER_FAULT: Duration = Duration::from_secs(60);

type Kept = (Result<(), EngineFault>, Head, Duration);

/// What is kept, and what is folded beyond it.
pub(super) struct Snapshots {
    kept: Head,
    entries: u64,
    bytes: u64,
    writing: Option<JoinHandle<Kept>>,
    rest_until: Option<Instant>,
}

impl Snapshots {
    /// Begins with a model that stands at `head`: from the snapshot on, everything was just folded.
    pub(super) fn new(engine: &dyn Engine, head: Head) -> Self {
        let snapshot = engine.get_snapshot().ok().flatten().filter(|snapshot| snapshot.fold_version == FOLD_VERSION);
        let kept = snapshot.map_or(Head::EMPTY, |snapshot| snapshot.head);
        Self { kept, entries: head.seq.saturating_sub(kept.seq), bytes: 0, writing: None, rest_until: None }
    }

    /// Entries of so many bytes were folded.
    pub(super) fn folded(&mut self, entries: usize, bytes: usize) {
        self.entries += entries as u64;
        self.bytes += bytes as u64;
    }

    /// Begins to keep a snapshot where one is due. `model` makes the copy that is written.
    pub(super) fn keep_if_due(&mut self, engine: &Arc<dyn Engine>, head: Head, model: impl FnOnce() -> Model) {
        if self.writing.as_ref().is_some_and(JoinHandle::is_finished) {
            self.collect();
        }
        let due = self.entries >= TAIL_ENTRIES_MAX || self.bytes >= TAIL_BYTES_MAX;
        if !due || self.writing.is_some() || self.rest_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        (self.entries, self.bytes) = (0, 0);
        let (engine, model) = (Arc::clone(engine), model());
        let thread = std::thread::Builder::new().name("snapshot".into());
        match thread.spawn(move || write(&*engine, &model, head)) {
            Ok(writing) => self.writing = Some(writing),
            Err(error) => {
                tracing::warn!(%error, "no snapshot can be written; a restart will take longer");
                self.rest_until = Some(Instant::now() + REST_AFTER_FAULT);
            }
        }
    }

    /// Keeps a last snapshot, and returns when it is on disk.
    pub(super) fn keep_last(&mut self, engine: &dyn Engine, head: Head, model: impl FnOnce() -> Model) {
        self.collect();
        if head != self.kept {
            self.note(write(engine, &model(), head));
        }
    }

    /// Waits for the one that is being written, if any.
    fn collect(&mut self) {
        match self.writing.take().map(JoinHandle::join) {
            None => {}
            Some(Ok(kept)) => self.note(kept),
            Some(Err(_)) => tracing::error!("writing a snapshot failed; a restart will take longer"),
        }
    }

    fn note(&mut self, (kept, head, took): Kept) {
        let rest = match kept {
            Ok(()) => {
                tracing::info!(seq = head.seq, milliseconds = took.as_millis(), "a snapshot was kept");
                self.kept = head;
                took * REST_FACTOR
            }
            Err(fault) => {
                let cause = std::error::Error::source(&fault).map(ToString::to_string);
                tracing::warn!(%fault, cause, "no snapshot was kept; a restart will take longer");
                REST_AFTER_FAULT
            }
        };
        self.rest_until = Some(Instant::now() + rest);
    }
}

fn write(engine: &dyn Engine, model: &Model, head: Head) -> Kept {
    let start = Instant::now();
    let write = |out: &mut dyn io::Write| {
        // A model is written in very small pieces.
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        model.write_snapshot(&mut out).map_err(io::Error::other)?;
        out.flush()
    };
    let kept = engine.put_snapshot(&NewSnapshot { head, fold_version: FOLD_VERSION, write: &write });
    (kept, head, start.elapsed())
}
