//! What was given up and not yet acknowledged as told, in a file of its own.
//! It does not decide what is given up, nor which batch tells of it.
//! Invariant: a loss is on disk before its batch goes, and stays there until the server has the batch that tells of it: that
//! one may be lost, too.

use super::SpoolFault;
use super::batch_file::EncodeError;
use super::disk::Disk;
use super::limits::merge_lost;
use daicho_schemas::batch::Lost;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A note of what is lost; a few hundred bytes.
const BYTES_MAX: usize = 16 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Note {
    #[serde(flatten)]
    lost: Lost,
    /// The batch that tells of all this; absent while none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_in: Option<u64>,
}

/// The note of what is lost.
#[derive(Debug)]
pub(super) struct Losses {
    disk: Rc<dyn Disk>,
    path: PathBuf,
    note: Option<Note>,
}

impl Losses {
    /// Reads the note; one that makes no sense is none.
    pub(super) fn open(disk: Rc<dyn Disk>, state: &Path) -> Result<Self, SpoolFault> {
        let path = state.join("lost.json");
        let note = disk.read(&path, BYTES_MAX)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Self { disk, path, note })
    }

    /// What no batch in the spool tells of.
    pub(super) fn untold(&self) -> Option<&Lost> {
        self.note.as_ref().filter(|note| note.told_in.is_none()).map(|note| &note.lost)
    }

    /// Notes a loss. Called before the batch leaves the spool: after a crash in between a batch may be told as lost and sent
    /// all the same, but none is ever gone in silence.
    pub(super) fn lose(&mut self, first_number: u64, last_number: u64, reason: &str) -> Result<(), SpoolFault> {
        let lost = Lost { first_number, last_number, reason: reason.into() };
        let lost = merge_lost(self.note.take().map(|note| note.lost), lost);
        self.keep(Note { lost, told_in: None })
    }

    /// A batch that told of a loss is lost itself: the loss must be told anew.
    pub(super) fn lose_all(&mut self, lost: Option<Lost>) -> Result<(), SpoolFault> {
        lost.map_or(Ok(()), |lost| self.lose(lost.first_number, lost.last_number, &lost.reason))
    }

    /// This batch, which is on disk, tells of everything.
    pub(super) fn told_in(&mut self, number: u64) -> Result<(), SpoolFault> {
        match self.note.take() {
            Some(note) => self.keep(Note { told_in: Some(number), ..note }),
            None => Ok(()),
        }
    }

    /// Where the batch that told of it is gone from the spool without an answer, the loss is told anew.
    pub(super) fn retell_unless_in(&mut self, waiting: &[u64]) {
        if let Some(note) = &mut self.note {
            note.told_in = note.told_in.filter(|number| waiting.contains(number));
        }
    }

    /// The server has this batch: what it told of needs no note any more.
    pub(super) fn acknowledged(&mut self, number: u64) -> Result<(), SpoolFault> {
        if self.note.as_ref().is_some_and(|note| note.told_in == Some(number)) {
            self.disk.remove(&self.path)?;
            self.note = None;
        }
        Ok(())
    }

    /// Memory first: what the disk does not take is still known while this process lives.
    fn keep(&mut self, note: Note) -> Result<(), SpoolFault> {
        let json = serde_json::to_vec(&note).map_err(EncodeError::from)?;
        self.note = Some(note);
        Ok(self.disk.write(&self.path, &json)?)
    }
}
