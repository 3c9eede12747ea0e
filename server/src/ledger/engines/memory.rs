//! The reference engine: a vector. What it does is what the contract means; tests and short-lived ledgers use it.
//! It does not know files; everything is gone with the process. Invariant: it promises nothing that `segments` does not.

use super::misnumbered;
use crate::ledger::chain::Head;
use crate::ledger::engine::{Appended, Engine, EngineFault, Frame, NewSnapshot, Snapshot, SnapshotShelf};
use std::io::{self, Cursor};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// A ledger that lives as long as the process.
#[derive(Default)]
pub struct Memory {
    book: RwLock<Book>,
    shelf: MemoryShelf,
}

#[derive(Default)]
struct Book {
    frames: Vec<Frame>,
    poisoned: bool,
}

impl Book {
    fn head(&self) -> Head {
        self.frames.last().map_or(Head::EMPTY, |frame| Head { seq: frame.seq, hash: frame.hash })
    }
}

impl Memory {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Engine for Memory {
    fn append(&self, expected: Head, frames: &[Frame]) -> Result<Appended, EngineFault> {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        if book.poisoned {
            return Err(EngineFault::Poisoned);
        }
        let head = book.head();
        if head != expected {
            return Ok(Appended::Moved(head));
        }
        if let Some(what) = misnumbered(expected, frames) {
            book.poisoned = true;
            let source = io::Error::new(io::ErrorKind::InvalidInput, what);
            return Err(EngineFault::Stop { doing: "appending to", path: PathBuf::from("memory"), source });
        }
        book.frames.extend_from_slice(frames);
        Ok(Appended::Done(book.head()))
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let skipped = usize::try_from(from_seq.saturating_sub(1)).unwrap_or(usize::MAX);
        let (mut bytes, mut any) = (0_usize, false);
        let fits = |frame: &&Frame| {
            bytes = bytes.saturating_add(frame.line.len());
            !std::mem::replace(&mut any, true) || bytes <= bytes_max
        };
        Ok(book.frames.iter().skip(skipped).take(frames_max).take_while(fits).cloned().collect())
    }

    fn head(&self) -> Head {
        self.book.read().unwrap_or_else(PoisonError::into_inner).head()
    }

    fn put_snapshot(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        self.shelf.put(snapshot)
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        super::fitting(self, self.shelf.get()?)
    }
}

/// A shelf that lives as long as the process: for tests, and for who only looks.
#[derive(Default)]
pub struct MemoryShelf(Mutex<Option<Kept>>);

#[derive(Clone)]
struct Kept {
    head: Head,
    fold_version: u32,
    bytes: Vec<u8>,
}

impl MemoryShelf {
    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SnapshotShelf for MemoryShelf {
    fn put(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        let &NewSnapshot { head, fold_version, write } = snapshot;
        let mut bytes = Vec::new();
        write(&mut bytes).map_err(|source| EngineFault::Stop {
            doing: "keeping a snapshot in",
            path: PathBuf::from("memory"),
            source,
        })?;
        *self.lock() = Some(Kept { head, fold_version, bytes });
        Ok(())
    }

    fn get(&self) -> Result<Option<Snapshot>, EngineFault> {
        let kept = self.lock().clone();
        Ok(kept.map(|Kept { head, fold_version, bytes }| Snapshot {
            head,
            fold_version,
            bytes: Box::new(Cursor::new(bytes)),
        }))
    }
}
