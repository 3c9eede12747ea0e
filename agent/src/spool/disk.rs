//! What the spool asks of a disk, so that the simulation can play one that loses power at any moment.
//! It does not know batches. The real one is `files`; nothing else is behind it.
//! Invariant: when a call has returned, what it did survives a power failure.

use super::acknowledged::{Acknowledged, AcknowledgedStore};
use crate::files::{self, FileFault};
use std::fmt::Debug;
use std::fs;
use std::path::Path;

/// A file in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// How long ago it was written; 0 when the clock went back.
    pub age_seconds: u64,
}

/// A disk with the agent's state folder on it.
pub trait Disk: Debug {
    /// Makes a folder; one that exists stays as it is.
    fn make_folder(&self, path: &Path) -> Result<(), FileFault>;

    /// The files of a folder whose names are text, in any order.
    fn list(&self, folder: &Path) -> Result<Vec<Listed>, FileFault>;

    /// Reads a file of at most `bytes_max` bytes; nothing when it does not exist.
    fn read(&self, path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, FileFault>;

    /// Writes a file: the old bytes or the new ones are there afterwards, whatever happens.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault>;

    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FileFault>;

    /// Removes a file; one that is gone already is fine.
    fn remove(&self, path: &Path) -> Result<(), FileFault>;

    /// Reads what the server acknowledged. `true` says that it is damaged: then it is a state from before, or none.
    fn load_acknowledged(&self) -> Result<(Acknowledged, bool), FileFault>;

    /// Keeps what the server acknowledged, in one step from one state to the next. It may be lost, but never be another state.
    fn keep_acknowledged(&self, before: &Acknowledged, after: &Acknowledged) -> Result<(), FileFault>;
}

/// The disk of this machine.
#[derive(Debug)]
pub struct RealDisk {
    acknowledged: AcknowledgedStore,
}

impl RealDisk {
    /// With what is acknowledged in this state folder.
    pub fn new(state: &Path) -> Self {
        Self { acknowledged: AcknowledgedStore::new(state) }
    }
}

impl Disk for RealDisk {
    fn make_folder(&self, path: &Path) -> Result<(), FileFault> {
        files::make_private_folder(path)
    }

    fn list(&self, folder: &Path) -> Result<Vec<Listed>, FileFault> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).map_err(FileFault::at("list", folder))? {
            let entry = entry.map_err(FileFault::at("list", folder))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(metadata) = entry.metadata() else { continue };
            let age = metadata.modified().ok().and_then(|written| written.elapsed().ok());
            found.push(Listed { name, bytes: metadata.len(), age_seconds: age.map_or(0, |age| age.as_secs()) });
        }
        Ok(found)
    }

    fn read(&self, path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, FileFault> {
        files::read_limited(path, bytes_max)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
        files::write_private(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        fs::rename(from, to).map_err(FileFault::at("rename", from))?;
        files::sync_folder_of(to)?;
        files::sync_folder_of(from)
    }

    fn remove(&self, path: &Path) -> Result<(), FileFault> {
        files::remove(path)?;
        files::sync_folder_of(path)
    }

    fn load_acknowledged(&self) -> Result<(Acknowledged, bool), FileFault> {
        Ok(self.acknowledged.load())
    }

    fn keep_acknowledged(&self, before: &Acknowledged, after: &Acknowledged) -> Result<(), FileFault> {
        self.acknowledged.advance(before, after)
    }
}
