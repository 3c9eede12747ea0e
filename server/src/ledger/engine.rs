//! What every engine promises. Engines know bytes, numbers and hashes, never kinds of facts.
//! This trait does not know admission, meaning or people.
//! Invariant: append and read, nothing else; there is deliberately no update and no delete.

use super::chain::Head;
use daicho_schemas::canonical::Hash;
use daicho_schemas::text::Text;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// One entry as an engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The entry's number.
    pub seq: u64,
    /// The entry's hash.
    pub hash: Hash,
    /// The entry's line, without a line break.
    pub line: Vec<u8>,
}

/// The state of the model at one place of the ledger, as it comes back. Disposable: losing it costs time, never truth.
pub struct Snapshot {
    /// The place in the ledger.
    pub head: Head,
    /// Which fold made it; another version means: rebuild.
    pub fold_version: u32,
    /// The state's bytes. Reading fails where they are not what was kept.
    pub bytes: Box<dyn Read + Send>,
}

/// A snapshot that is to be kept. Its bytes are made while they are written: it never stands in memory as a whole.
pub struct NewSnapshot<'a> {
    /// The place in the ledger.
    pub head: Head,
    /// Which fold makes it.
    pub fold_version: u32,
    /// Writes the state's bytes.
    pub write: &'a dyn Fn(&mut dyn Write) -> io::Result<()>,
}

/// How an append ended; the list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The frames are on disk, power failure included; this is the new head.
    Done(Head),
    /// Somebody else appended first: nothing was written; this is the head now.
    Moved(Head),
}

/// Our own disk or database failed. `Retry` may succeed later; after `Stop` the engine refuses every further append
/// until it is opened anew, because what a failed write left behind is not known.
#[derive(Debug, thiserror::Error)]
pub enum EngineFault {
    /// No space: nothing was written, what was acknowledged is safe, appends may succeed once there is space.
    #[error("no space left for {path}")]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// The engine takes nothing more until it is opened anew.
    #[error("{doing} {path}")]
    Stop {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be used now; it may be back at any moment, and the engine goes on by itself then.
    #[error("{what}")]
    Away {
        /// Which database, and what is wrong with it.
        what: String,
        /// An append was under way and nobody said how it ended: it may stand or not. Doing it again is safe, because it
        /// enters behind the head that it expects or not at all.
        unsure: bool,
    },
    /// The database lacks an entry that this instance knows: an older copy, or a replica that was promoted without it.
    /// Nothing more is appended until a person has decided.
    #[error("the database does not have entry {seq} as it was acknowledged: it is an older copy or another ledger")]
    OtherLedger {
        /// The entry that is not there.
        seq: u64,
    },
    /// A newer release has changed the database in a way that this one cannot live with.
    #[error("a newer release of Daicho has taken over the database: upgrade this instance")]
    Outdated,
    /// An earlier append failed; the engine must be opened anew.
    #[error("an earlier write failed; the ledger must be opened anew")]
    Poisoned,
    /// What is on disk is not what was written: the first bad place is named.
    #[error("the ledger is damaged at entry {seq} ({path}): {what}")]
    Damaged {
        /// The first entry that cannot be read.
        seq: u64,
        /// In which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Keeps the entries of one ledger. One contract suite (`tests/it/engine_contract.rs`) runs on every engine.
pub trait Engine: Send + Sync {
    /// Appends frames behind `expected`, all or none, and returns when they are on disk.
    /// The caller has linked them; the engine checks that the numbers follow each other.
    fn append(&self, expected: Head, frames: &[Frame]) -> Result<Appended, EngineFault>;

    /// Frames from `from_seq` on, in order: at most `frames_max`, and at most about `bytes_max` bytes but at least one.
    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault>;

    /// The end of the ledger.
    fn head(&self) -> Head;

    /// Whether a head that somebody remembers is an entry of this ledger; the head of an empty one is part of all.
    fn holds(&self, head: Head) -> Result<bool, EngineFault> {
        if head == Head::EMPTY {
            return Ok(true);
        }
        let there = self.read(head.seq, 1, 1)?;
        Ok(there.first().is_some_and(|frame| frame.seq == head.seq && frame.hash == head.hash))
    }

    /// Keeps a snapshot, and returns when it is on disk; an older one may be dropped. Appends do not wait for it.
    fn put_snapshot(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault>;

    /// The newest snapshot that is whole, if any.
    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault>;

    /// From now on calls `tell` with the head each time somebody else may have moved it, from a thread of the engine.
    /// An engine that has one writer only never calls it.
    fn follow(&self, _tell: Arc<dyn Fn(Head) + Send + Sync>) {}

    /// What keeps this engine from taking entries now, as far as it knows; in words for people.
    fn trouble(&self) -> Option<Text> {
        None
    }
}

/// Who speaks for all instances of a ledger: watches for silence, sends what is to be sent.
pub trait Leadership: Send + Sync {
    /// Whether this instance leads, as far as it knows. For a moment two may believe it; the ledger's order decides what was
    /// said first.
    fn leads(&self) -> bool;
}

/// The only instance of its ledger.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Leadership for Alone {
    fn leads(&self) -> bool {
        true
    }
}

/// Where an engine that has no place of its own puts its snapshots: files beside the ledger, or memory.
pub trait SnapshotShelf: Send + Sync {
    /// Keeps a snapshot; an older one may be dropped.
    fn put(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault>;

    /// The newest snapshot that is whole, if any. A damaged one is `None`: it can be made again.
    fn get(&self) -> Result<Option<Snapshot>, EngineFault>;
}
