//! The two folders of the spool: `spool/` with what waits and `refused/` with what the server would not take.
//! It does not look into batches; it moves files.
//! Invariant: a file under a batch's name is whole and on disk, and both folders stay within their limits.

use super::batch_file::{file_name, number_of};
use super::limits::{Entry, SpoolLimits, give_up};
use crate::files::{self, FileFault};
use daicho_schemas::limits::BATCH_WIRE_BYTES_MAX;
use daicho_schemas::refusal::RefusalCode;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// What `refused/` may hold; the oldest goes first.
const REFUSED_FILES_MAX: usize = 100;
const REFUSED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why a batch stands in `refused/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedNote {
    /// Its number.
    pub number: u64,
    /// The server's code; absent when the file was damaged here.
    pub code: Option<RefusalCode>,
    /// What happened and what to do.
    pub text: String,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Batches that wait.
    pub batches: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The age of the oldest, in seconds.
    pub oldest_age_seconds: Option<u64>,
    /// Batches in `refused/`.
    pub refused: usize,
}

/// Both folders.
#[derive(Debug)]
pub struct Queue {
    waiting: PathBuf,
    refused: PathBuf,
    limits: SpoolLimits,
}

impl Queue {
    /// In a state folder.
    pub fn open(state: &Path, limits: SpoolLimits) -> Result<Self, FileFault> {
        let queue = Self { waiting: state.join("spool"), refused: state.join("refused"), limits };
        files::make_private_folder(&queue.waiting)?;
        files::make_private_folder(&queue.refused)?;
        Ok(queue)
    }

    /// Looks at a state folder that may be another process's, without touching it.
    pub fn counts_of(state: &Path) -> Counts {
        let waiting = entries(&state.join("spool")).unwrap_or_default();
        Counts {
            batches: waiting.len(),
            bytes: waiting.iter().map(|entry| entry.bytes).sum(),
            oldest_age_seconds: waiting.first().map(|entry| entry.age_seconds),
            refused: entries(&state.join("refused")).unwrap_or_default().len(),
        }
    }

    /// The numbers that wait, oldest first.
    pub fn numbers(&self) -> Result<Vec<u64>, FileFault> {
        Ok(entries(&self.waiting)?.into_iter().map(|entry| entry.number).collect())
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        entries(&self.waiting).is_ok_and(|entries| entries.is_empty())
    }

    /// The highest number in either folder.
    pub fn highest_number(&self) -> Result<Option<u64>, FileFault> {
        let both = [entries(&self.waiting)?, entries(&self.refused)?];
        Ok(both.iter().flatten().map(|entry| entry.number).max())
    }

    /// The bytes of a waiting batch; what is larger than any batch is read as far as it may be, and fails to decode.
    pub fn read(&self, number: u64) -> Result<Option<Vec<u8>>, FileFault> {
        match files::read_limited(&self.waiting.join(file_name(number)), BATCH_WIRE_BYTES_MAX) {
            Err(fault) if fault.source.kind() == std::io::ErrorKind::FileTooLarge => Ok(Some(Vec::new())),
            result => result,
        }
    }

    /// Adds a batch; it is on disk when this returns.
    pub fn put(&self, number: u64, bytes: &[u8]) -> Result<(), FileFault> {
        files::write_private(&self.waiting.join(file_name(number)), bytes)
    }

    /// Which batches must go so that `bytes` more fit.
    pub fn over_limits(&self, bytes: u64) -> Result<Vec<(u64, &'static str)>, FileFault> {
        Ok(give_up(&entries(&self.waiting)?, bytes, self.limits))
    }

    /// Takes a batch out.
    pub fn remove(&self, number: u64) -> Result<(), FileFault> {
        let path = self.waiting.join(file_name(number));
        files::remove(&path)?;
        files::sync_folder_of(&path)
    }

    /// Moves a batch to `refused/`, with a note beside it.
    pub fn refuse(&self, note: &RefusedNote) -> Result<(), FileFault> {
        let (from, to) = (self.waiting.join(file_name(note.number)), self.refused.join(file_name(note.number)));
        let json = serde_json::to_vec_pretty(note).unwrap_or_default();
        files::write_private(&to.with_extension("json"), &json)?;
        fs::rename(&from, &to).map_err(FileFault::at("move to refused", &from))?;
        files::sync_folder_of(&to)?;
        files::sync_folder_of(&from)?;
        self.bound_refused()
    }

    fn bound_refused(&self) -> Result<(), FileFault> {
        let kept = entries(&self.refused)?;
        let mut bytes: u64 = kept.iter().map(|entry| entry.bytes).sum();
        let mut files = kept.len();
        for entry in kept {
            if files <= REFUSED_FILES_MAX && bytes <= REFUSED_BYTES_MAX {
                break;
            }
            let path = self.refused.join(file_name(entry.number));
            files::remove(&path)?;
            files::remove(&path.with_extension("json"))?;
            files -= 1;
            bytes = bytes.saturating_sub(entry.bytes);
        }
        Ok(())
    }
}

/// The batches of a folder, oldest number first. Anything else in it is left alone.
fn entries(folder: &Path) -> Result<Vec<Entry>, FileFault> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(FileFault::at("list", folder))? {
        let entry = entry.map_err(FileFault::at("list", folder))?;
        let Some(number) = entry.file_name().to_str().and_then(number_of) else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        let age = metadata.modified().ok().and_then(|written| written.elapsed().ok());
        found.push(Entry { number, bytes: metadata.len(), age_seconds: age.map_or(0, |age| age.as_secs()) });
    }
    found.sort_by_key(|entry| entry.number);
    Ok(found)
}
