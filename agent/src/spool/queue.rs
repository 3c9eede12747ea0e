//! The two folders of the spool: `spool/` with what waits and `refused/` with what the server would not take.
//! It does not look into batches; it moves files.
//! Invariant: a file under a batch's name is whole and on disk, and both folders stay within their limits.

use super::batch_file::{file_name, number_of};
use super::disk::{Disk, Listed, RealDisk};
use super::limits::{Entry, SpoolLimits, give_up};
use crate::files::FileFault;
use daicho_schemas::limits::BATCH_WIRE_BYTES_MAX;
use daicho_schemas::refusal::RefusalCode;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::rc::Rc;

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
    disk: Rc<dyn Disk>,
    waiting: PathBuf,
    refused: PathBuf,
    limits: SpoolLimits,
}

impl Queue {
    /// In a state folder.
    pub fn open(disk: Rc<dyn Disk>, state: &Path, limits: SpoolLimits) -> Result<Self, FileFault> {
        let queue = Self { disk, waiting: state.join("spool"), refused: state.join("refused"), limits };
        queue.disk.make_folder(&queue.waiting)?;
        queue.disk.make_folder(&queue.refused)?;
        Ok(queue)
    }

    /// Looks at a state folder that may be another process's, without touching it.
    pub fn counts_of(state: &Path) -> Counts {
        let disk = RealDisk::new(state);
        let waiting = entries(&disk, &state.join("spool")).unwrap_or_default();
        Counts {
            batches: waiting.len(),
            bytes: waiting.iter().map(|entry| entry.bytes).sum(),
            oldest_age_seconds: waiting.first().map(|entry| entry.age_seconds),
            refused: entries(&disk, &state.join("refused")).unwrap_or_default().len(),
        }
    }

    /// The numbers that wait, oldest first.
    pub fn numbers(&self) -> Result<Vec<u64>, FileFault> {
        Ok(entries(self.disk.as_ref(), &self.waiting)?.into_iter().map(|entry| entry.number).collect())
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        entries(self.disk.as_ref(), &self.waiting).is_ok_and(|entries| entries.is_empty())
    }

    /// The highest number in either folder.
    pub fn highest_number(&self) -> Result<Option<u64>, FileFault> {
        let both = [entries(self.disk.as_ref(), &self.waiting)?, entries(self.disk.as_ref(), &self.refused)?];
        Ok(both.iter().flatten().map(|entry| entry.number).max())
    }

    /// The bytes of a waiting batch; what is larger than any batch is read as far as it may be, and fails to decode.
    pub fn read(&self, number: u64) -> Result<Option<Vec<u8>>, FileFault> {
        match self.disk.read(&self.waiting.join(file_name(number)), BATCH_WIRE_BYTES_MAX) {
            Err(fault) if fault.source.kind() == std::io::ErrorKind::FileTooLarge => Ok(Some(Vec::new())),
            result => result,
        }
    }

    /// Adds a batch; it is on disk when this returns.
    pub fn put(&self, number: u64, bytes: &[u8]) -> Result<(), FileFault> {
        self.disk.write(&self.waiting.join(file_name(number)), bytes)
    }

    /// Which batches must go so that `bytes` more fit.
    pub fn over_limits(&self, bytes: u64) -> Result<Vec<(u64, &'static str)>, FileFault> {
        Ok(give_up(&entries(self.disk.as_ref(), &self.waiting)?, bytes, self.limits))
    }

    /// Takes a batch out.
    pub fn remove(&self, number: u64) -> Result<(), FileFault> {
        self.disk.remove(&self.waiting.join(file_name(number)))
    }

    /// Moves a batch to `refused/`, with a note beside it.
    pub fn refuse(&self, note: &RefusedNote) -> Result<(), FileFault> {
        let (from, to) = (self.waiting.join(file_name(note.number)), self.refused.join(file_name(note.number)));
        let json = serde_json::to_vec_pretty(note).unwrap_or_default();
        self.disk.write(&to.with_extension("json"), &json)?;
        self.disk.rename(&from, &to)?;
        self.bound_refused()
    }

    fn bound_refused(&self) -> Result<(), FileFault> {
        let kept = entries(self.disk.as_ref(), &self.refused)?;
        let mut bytes: u64 = kept.iter().map(|entry| entry.bytes).sum();
        let mut files = kept.len();
        for entry in kept {
            if files <= REFUSED_FILES_MAX && bytes <= REFUSED_BYTES_MAX {
                break;
            }
            let path = self.refused.join(file_name(entry.number));
            self.disk.remove(&path)?;
            self.disk.remove(&path.with_extension("json"))?;
            files -= 1;
            bytes = bytes.saturating_sub(entry.bytes);
        }
        Ok(())
    }
}

/// The batches of a folder, oldest number first. Anything else in it is left alone.
fn entries(disk: &dyn Disk, folder: &Path) -> Result<Vec<Entry>, FileFault> {
    let listed = disk.list(folder)?.into_iter();
    let entry = |file: Listed| {
        number_of(&file.name).map(|number| Entry { number, bytes: file.bytes, age_seconds: file.age_seconds })
    };
    let mut found: Vec<Entry> = listed.filter_map(entry).collect();
    found.sort_by_key(|entry| entry.number);
    Ok(found)
}
