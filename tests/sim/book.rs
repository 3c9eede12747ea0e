//! The ledger's place: one server's disk, or the database that several share, with the accidents of each.
//! It knows frames and nothing in them. What `Book` holds survives every process; a `Handle` lives as long as its process.
//! Invariant: without a mutant it does what the engines' contract allows, and every sort of bad ending that it allows.

use crate::chaos::{PerMille, strikes};
use crate::mutant::Mutant;
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine, EngineFault, Frame, NewSnapshot, Snapshot};
use fastrand::Rng;
use std::io::{self, Cursor};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often appends and snapshots go wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// An append fails, tears or dies.
    pub append_fails: PerMille,
    /// The disk is full for a while.
    pub disk_full: PerMille,
    /// A snapshot is missing, old or damaged when it is read.
    pub snapshot_bad: PerMille,
}

struct Inner {
    frames: Vec<Frame>,
    snapshots: Vec<Kept>,
    /// The state in the snapshot that was kept last, as it was handed in: only a mutant needs it.
    state_before: Option<Vec<u8>>,
    rng: Rng,
    rates: Rates,
    /// Appends that still find no space.
    full_for: u32,
}

/// A snapshot that was kept.
#[derive(Clone)]
struct Kept {
    head: Head,
    fold_version: u32,
    bytes: Vec<u8>,
}

impl Kept {
    fn open(self) -> Snapshot {
        Snapshot { head: self.head, fold_version: self.fold_version, bytes: Box::new(Cursor::new(self.bytes)) }
    }
}

/// What is on the disk, or in the database.
pub struct Book {
    inner: Mutex<Inner>,
    shared: bool,
    mutant: Option<Mutant>,
}

impl Book {
    /// An empty one.
    pub fn new(shared: bool, rng: Rng, mutant: Option<Mutant>) -> Arc<Self> {
        let inner = Inner {
            frames: Vec::new(),
            snapshots: Vec::new(),
            state_before: None,
            rng,
            rates: Rates::default(),
            full_for: 0,
        };
        Arc::new(Self { inner: Mutex::new(inner), shared, mutant })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how often things go wrong; with all zero, a full disk has space again.
    pub fn set_rates(&self, rates: Rates) {
        let mut inner = self.lock();
        inner.rates = rates;
        if rates.disk_full == 0 {
            inner.full_for = 0;
        }
    }

    /// How many entries there are.
    pub fn length(&self) -> usize {
        self.lock().frames.len()
    }

    /// The entries behind the first `skipped` ones.
    pub fn frames_behind(&self, skipped: usize) -> Vec<Frame> {
        self.lock().frames.get(skipped..).unwrap_or_default().to_vec()
    }

    /// The frame with this number.
    pub fn frame(&self, seq: u64) -> Option<Frame> {
        let at = usize::try_from(seq).ok()?.checked_sub(1)?;
        self.lock().frames.get(at).cloned()
    }

    /// The fault that was put in on purpose, if any.
    pub fn mutant(&self) -> Option<Mutant> {
        self.mutant
    }

    /// A process opens it.
    pub fn open(self: &Arc<Self>) -> Handle {
        Handle { book: Arc::clone(self), state: Mutex::default() }
    }
}

#[derive(Default)]
struct HandleState {
    poisoned: bool,
    died: bool,
    /// Acknowledged but not on disk: only a mutant has any.
    unwritten: Vec<Frame>,
}

/// One process's way to the ledger.
pub struct Handle {
    book: Arc<Book>,
    state: Mutex<HandleState>,
}

enum Fate {
    Done,
    Full,
    /// The first frames are there, the caller hears of a failure.
    Broken(usize),
    /// The first frames are there, the caller is dead.
    Dies(usize),
}

impl Handle {
    fn state(&self) -> MutexGuard<'_, HandleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the process died while it appended: nothing that it said afterwards was ever said.
    pub fn died(&self) -> bool {
        self.state().died
    }

    /// Whether it takes nothing more.
    pub fn is_poisoned(&self) -> bool {
        self.state().poisoned
    }

    fn fate(&self, inner: &mut Inner, frames: usize) -> Fate {
        if inner.full_for > 0 {
            inner.full_for -= 1;
            return Fate::Full;
        }
        if !self.book.shared && strikes(&mut inner.rng, inner.rates.disk_full) {
            inner.full_for = inner.rng.u32(0..6);
            return Fate::Full;
        }
        if strikes(&mut inner.rng, inner.rates.append_fails) {
            // A transaction is there or not; of an append to a file, any number of first frames may be.
            let there =
                if self.book.shared { frames * usize::from(inner.rng.bool()) } else { inner.rng.usize(0..=frames) };
            return if inner.rng.bool() { Fate::Dies(there) } else { Fate::Broken(there) };
        }
        Fate::Done
    }
}

fn stop(doing: &'static str) -> EngineFault {
    EngineFault::Stop { doing, path: PathBuf::from("simulated"), source: io::Error::other("on purpose") }
}

fn head_of(frames: &[Frame]) -> Head {
    frames.last().map_or(Head::EMPTY, |frame| Head { seq: frame.seq, hash: frame.hash })
}

impl Engine for Handle {
    fn append(&self, expected: Head, frames: &[Frame]) -> Result<Appended, EngineFault> {
        let mut state = self.state();
        if state.poisoned || state.died {
            return Err(EngineFault::Poisoned);
        }
        let mut inner = self.book.lock();
        if self.book.mutant == Some(Mutant::AcknowledgedTooEarly) {
            let waits = std::mem::take(&mut state.unwritten);
            inner.frames.extend(waits);
            if head_of(&inner.frames) == expected && inner.rng.u32(0..8) == 0 {
                state.unwritten = frames.to_vec();
                return Ok(Appended::Done(head_of(frames)));
            }
        }
        let head = head_of(&inner.frames);
        if head != expected && self.book.mutant != Some(Mutant::HeadNotCompared) {
            return Ok(Appended::Moved(head));
        }
        let (there, answer) = match self.fate(&mut inner, frames.len()) {
            Fate::Done => (frames.len(), Ok(Appended::Done(head_of(frames)))),
            Fate::Full => (0, Err(EngineFault::DiskFull { path: PathBuf::from("simulated") })),
            Fate::Broken(there) => {
                // A database's connection is made anew; a file whose end is unknown must be opened anew.
                state.poisoned = !self.book.shared;
                (there, Err(stop("appending to")))
            }
            Fate::Dies(there) => {
                state.died = true;
                (there, Err(stop("appending to")))
            }
        };
        inner.frames.extend(frames.iter().take(there).cloned());
        answer
    }

    fn read(&self, from_seq: u64, frames_max: usize, _bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        let state = self.state();
        let inner = self.book.lock();
        let skipped = usize::try_from(from_seq.saturating_sub(1)).unwrap_or(usize::MAX);
        Ok(inner.frames.iter().chain(&state.unwritten).skip(skipped).take(frames_max).cloned().collect())
    }

    fn head(&self) -> Head {
        let state = self.state();
        let inner = self.book.lock();
        if state.unwritten.is_empty() { head_of(&inner.frames) } else { head_of(&state.unwritten) }
    }

    fn put_snapshot(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        let mut inner = self.book.lock();
        let rate = inner.rates.snapshot_bad / 4;
        if strikes(&mut inner.rng, rate) {
            return Err(stop("keeping a snapshot in"));
        }
        let mut bytes = Vec::new();
        (snapshot.write)(&mut bytes).map_err(|_| stop("keeping a snapshot in"))?;
        if self.book.mutant == Some(Mutant::SnapshotForgets) {
            // The head of now with the state of before.
            if let Some(before) = inner.state_before.replace(bytes.clone()) {
                bytes = before;
            }
        }
        inner.snapshots.push(Kept { head: snapshot.head, fold_version: snapshot.fold_version, bytes });
        Ok(())
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        let inner = &mut *self.book.lock();
        if !strikes(&mut inner.rng, inner.rates.snapshot_bad) {
            return Ok(inner.snapshots.last().cloned().map(Kept::open));
        }
        let any = inner.rng.usize(0..inner.snapshots.len().max(1));
        let old = inner.snapshots.get(any).cloned();
        let given = match inner.rng.u32(0..5) {
            0 => return Err(stop("reading a snapshot from")),
            1 => None,
            2 => old.map(|snapshot| Kept { fold_version: snapshot.fold_version.wrapping_sub(1), ..snapshot }),
            3 => old.map(|mut snapshot| {
                snapshot.bytes.truncate(snapshot.bytes.len() / 2);
                snapshot
            }),
            _ => old,
        };
        Ok(given.map(Kept::open))
    }
}
