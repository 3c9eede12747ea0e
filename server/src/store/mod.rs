//! Beside the ledger, in sled: indexes, last-heard times, sign-in codes and web sessions. Every key begins with the
//! name of its part; the parts stand below in the order in which a server comes to need them.
//! It does not know the ledger's files, and nothing here is the only copy of a fact. Invariant: losing all of it costs time and
//! makes people sign in again, never a fact; a failure here is told to the caller and never stops the ledger.

mod open;

pub mod snapshots;

pub mod by_subject;

pub mod heard;

pub mod outbox;

pub mod codes;

pub mod sessions;

pub mod shared;

pub mod in_database;

pub use open::{Broken, FREE_BYTES_MIN};

use crate::ledger::engines::postgres::DatabaseFault;
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The store failed. Nothing that is true was lost; what the store was asked to do may not have been done.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// Too little space to open sled safely: opened on a full disk, sled 0.34 leaves a file with which it never opens again.
    #[error(
        "{folder} has {free_bytes} bytes free and the store needs {FREE_BYTES_MIN} to open: free some space and start again"
    )]
    LowSpace {
        /// The store's folder.
        folder: PathBuf,
        /// What is free.
        free_bytes: u64,
    },
    /// Another process has it open.
    #[error("another process has the store in {folder} open: only one may; stop it first")]
    InUse {
        /// The store's folder.
        folder: PathBuf,
    },
    /// A file operation of our own failed.
    #[error("{doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// sled failed. The store takes nothing more until it is opened anew.
    #[error("{doing} in the store")]
    Sled {
        /// What was being done.
        doing: &'static str,
        /// What sled said.
        #[source]
        source: sled::Error,
    },
    /// sled panicked. The store takes nothing more until it is opened anew.
    #[error("{doing} in the store: sled panicked: {what}")]
    Panicked {
        /// What was being done.
        doing: &'static str,
        /// What the panic said.
        what: String,
    },
    /// An earlier operation failed; the store must be opened anew.
    #[error("an earlier operation of the store failed; it must be opened anew")]
    Dead,
    /// The database that several servers share failed.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// A value could not be written as JSON.
    #[error("a value of the store has no JSON form")]
    Json(#[from] serde_json::Error),
}

impl StoreFault {
    /// Whether sled's own files are to blame, so that the next start should begin with empty ones.
    fn blames_files(&self) -> bool {
        match self {
            Self::Panicked { .. } => true,
            Self::Sled { source: sled::Error::Io(error), .. } => {
                matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData)
            }
            Self::Sled { .. } => true,
            _ => false,
        }
    }
}

/// The store. Share it behind an `Arc`.
pub struct Store {
    db: sled::Db,
    folder: PathBuf,
    /// sled's own file: what sled calls flushed is on disk only after this was synced, too.
    db_file: File,
    dead: AtomicBool,
    /// Held until the store is dropped.
    lock: File,
}

impl Drop for Store {
    fn drop(&mut self) {
        // Said aloud: a program that is just being started by another thread has a copy of this handle for a moment longer.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the store's lock is given back only when this process ends");
        }
    }
}

impl Store {
    /// Opens the store in a folder, or makes an empty one.
    ///
    /// A store that does not open is moved aside and an empty one is made; the second value says so, and the caller enters it
    /// into the ledger ([`Broken::fault_reported`]) and feeds the index again.
    pub fn open(folder: &Path) -> Result<(Self, Option<Broken>), StoreFault> {
        open::open(folder)
    }

    /// Returns when everything so far is on disk, power failure included. Call it about once a second, and on an orderly stop.
    pub fn flush(&self) -> Result<(), StoreFault> {
        self.call("flushing", |db| db.flush().map(drop))?;
        self.db_file.sync_all().map_err(|source| {
            // Pages whose sync failed may be lost and called clean: as with any failed write, the handle is done.
            self.dead.store(true, Ordering::SeqCst);
            StoreFault::Io { doing: "syncing", path: self.folder.join("sled/db"), source }
        })
    }

    /// The one way to sled. It catches sled's panics, and after any failure lets nothing more through: sled 0.34 keeps a
    /// global error, and a tree that was damaged once answers anything.
    fn call<T>(&self, doing: &'static str, act: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreFault> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(StoreFault::Dead);
        }
        let fault = match caught(doing, || act(&self.db)) {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        self.dead.store(true, Ordering::SeqCst);
        if fault.blames_files() {
            open::suspect(&self.folder);
        }
        Err(fault)
    }
}

/// Runs sled's code, with its errors and its panics as faults.
fn caught<T>(doing: &'static str, act: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreFault> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(source)) => Err(StoreFault::Sled { doing, source }),
        Err(panic) => Err(StoreFault::Panicked { doing, what: words(&*panic) }),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").chars().take(200).collect()
}

/// A person's right that ends at an instant: what stands behind the hash of a code or of a session's token.
#[derive(Serialize, Deserialize)]
struct Pass {
    person_id: PersonId,
    expires_at: UtcMicros,
}

impl Pass {
    /// The person, while the pass is good. A value that cannot be read is no pass.
    fn holder(value: &[u8], now: UtcMicros) -> Option<PersonId> {
        let pass: Self = serde_json::from_slice(value).ok()?;
        (now < pass.expires_at).then_some(pass.person_id)
    }
}

/// The key of a part's item.
fn key(part: &[u8], item: &[u8]) -> Vec<u8> {
    [part, item].concat()
}

impl Store {
    /// Keeps a pass under the hash of its secret.
    fn put_pass(&self, part: &[u8], secret: &Hash, pass: &Pass) -> Result<(), StoreFault> {
        let value = serde_json::to_vec(pass)?;
        self.call("keeping a pass", |db| db.insert(key(part, &secret.0), value).map(drop))
    }

    /// Drops the passes of a part that have ended, or that `gone` names, and says how many those were.
    fn drop_passes(&self, part: &[u8], gone: impl Fn(&Pass) -> bool) -> Result<usize, StoreFault> {
        self.call("dropping passes", |db| {
            let mut batch = sled::Batch::default();
            let mut dropped = 0;
            for item in db.scan_prefix(part) {
                let (key, value) = item?;
                if serde_json::from_slice::<Pass>(&value).map_or(true, |pass| gone(&pass)) {
                    batch.remove(key);
                    dropped += 1;
                }
            }
            db.apply_batch(batch).map(|()| dropped)
        })
    }
}

#[cfg(test)]
mod tests;
