//! The one place that grows a segment: one write and one sync per append, a new file when the old one is long enough.
//! It does not know readers; what it wrote becomes visible when the engine publishes it.
//! Invariant: after a failed sync, or a failed write that could not be taken back, it never touches the file again.

use super::files::{Files, WriteFile};
use super::format::{HEADER_BYTES, SegmentHeader, VERSION, encode_group, segment_name};
use super::recover::{Recovered, read_part};
use super::{OpenFault, is_full, stop};
use crate::ledger::chain::Head;
use crate::ledger::engine::{EngineFault, Frame};
use crate::ledger::engines::misnumbered;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The growing end of the ledger.
pub(super) struct Writer {
    files: Arc<dyn Files>,
    folder: PathBuf,
    segment_bytes_max: u64,
    /// The file that grows; absent in a new ledger.
    tail: Option<Tail>,
    /// The file that grows, while no append to it has succeeded yet and readers do not know it.
    begun: Option<(SegmentHeader, PathBuf)>,
    poisoned: bool,
}

struct Tail {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    /// The version of its format.
    version: u32,
    /// The number of its first entry.
    first_seq: u64,
    /// Its length as far as it was acknowledged.
    bytes: u64,
}

/// What one append did, for those who read.
pub(super) struct Written {
    /// The file that was begun for it, if one was.
    pub begun: Option<(SegmentHeader, PathBuf)>,
    /// The length of the growing file now.
    pub bytes: u64,
    /// Where each entry starts in it.
    pub places: Vec<(u64, u64)>,
}

impl Writer {
    /// Goes on where the ledger was found to end.
    ///
    /// The last append is written once more, byte for byte, and synced: after a failed sync the system may show bytes
    /// that never reached the disk and may call them clean, so that a sync alone would not write them. From here on they
    /// are seen by readers, so from here on they must be safe.
    pub(super) fn start(
        files: Arc<dyn Files>,
        folder: &Path,
        recovered: &Recovered,
        segment_bytes_max: u64,
    ) -> Result<Self, OpenFault> {
        let mut tail = None;
        if let Some(last) = recovered.segments.last() {
            let offset = recovered.last_append_offset;
            let bytes = read_part(&*files, &last.path, offset, last.bytes - offset)?;
            let again = |mut file: Box<dyn WriteFile>| {
                file.write_at(offset, &bytes)?;
                file.sync()?;
                Ok(file)
            };
            let file =
                files.append(&last.path).and_then(again).map_err(|source| stop("syncing", &last.path, source))?;
            files.sync_folder(folder).map_err(|source| stop("syncing", folder, source))?;
            let SegmentHeader { version, first_seq, .. } = last.header;
            tail = Some(Tail { file, path: last.path.clone(), version, first_seq, bytes: last.bytes });
        }
        Ok(Self { files, folder: folder.to_path_buf(), segment_bytes_max, tail, begun: None, poisoned: false })
    }

    /// Whether it still takes anything.
    pub(super) fn ready(&self) -> Result<(), EngineFault> {
        if self.poisoned { Err(EngineFault::Poisoned) } else { Ok(()) }
    }

    /// Writes one group behind `head` and returns when it is on disk.
    pub(super) fn write(&mut self, head: Head, frames: &[Frame]) -> Result<Written, EngineFault> {
        // Poisoned until this ends well, or ends in a way that is known to have left nothing behind.
        self.poisoned = true;
        let wrong =
            |what: String| stop("appending to", &self.folder, io::Error::new(io::ErrorKind::InvalidInput, what));
        if let Some(what) = misnumbered(head, frames) {
            return Err(wrong(what));
        }
        let encode = |version| encode_group(frames, version).ok_or_else(|| wrong("the group is too large".to_string()));
        let version = self.tail.as_ref().map_or(VERSION, |tail| tail.version);
        let mut group = encode(version)?;
        let full = self.tail.as_ref().is_none_or(|tail| {
            let bytes = tail.bytes.saturating_add(group.bytes.len() as u64);
            tail.bytes > HEADER_BYTES as u64 && bytes > self.segment_bytes_max
        });
        if full && version != VERSION {
            group = encode(VERSION)?;
        }
        if full {
            self.begin(head)?;
        }
        let Some(tail) = self.tail.as_mut() else { return Err(EngineFault::Poisoned) };
        if let Err(source) = tail.file.write_at(tail.bytes, &group.bytes) {
            self.poisoned = !(is_full(&source) && tail.file.truncate(tail.bytes).is_ok());
            return Err(given_up(self.poisoned, "appending to", &tail.path, source));
        }
        if let Err(source) = tail.file.sync() {
            return Err(given_up(true, "syncing", &tail.path, source));
        }
        let places = group.places.iter().map(|(seq, offset)| (*seq, tail.bytes + offset)).collect();
        tail.bytes += group.bytes.len() as u64;
        self.poisoned = false;
        Ok(Written { begun: self.begun.take(), bytes: tail.bytes, places })
    }

    /// Begins the next file behind `head`, durably. Where the disk is full, nothing of it is left.
    fn begin(&mut self, head: Head) -> Result<(), EngineFault> {
        let (previous_first_seq, previous_bytes) =
            self.tail.as_ref().map_or((0, 0), |tail| (tail.first_seq, tail.bytes));
        let first_seq = head.seq.saturating_add(1);
        let header =
            SegmentHeader { version: VERSION, first_seq, hash_before: head.hash, previous_first_seq, previous_bytes };
        let path = self.folder.join(segment_name(first_seq));
        let mut file = match self.files.create(&path) {
            Ok(file) => file,
            Err(source) => {
                // Nothing was made. Out of file handles is a passing state, like a full disk.
                self.poisoned = !(is_full(&source) || is_out_of_handles(&source));
                return Err(given_up(self.poisoned, "making", &path, source));
            }
        };
        if let Err(source) = file.write_at(0, &header.encode()) {
            drop(file);
            let gone = || self.files.remove(&path).and_then(|()| self.files.sync_folder(&self.folder)).is_ok();
            self.poisoned = !(is_full(&source) && gone());
            return Err(given_up(self.poisoned, "appending to", &path, source));
        }
        if let Err(source) = file.sync().and_then(|()| self.files.sync_folder(&self.folder)) {
            return Err(given_up(true, "syncing", &path, source));
        }
        self.tail = Some(Tail { file, path: path.clone(), version: VERSION, first_seq, bytes: HEADER_BYTES as u64 });
        self.begun = Some((header, path));
        Ok(())
    }
}

/// EMFILE and ENFILE: this process, or the machine, has too many files open.
fn is_out_of_handles(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24)) && cfg!(unix)
}

/// A failed write as the caller learns it: a full disk is only called that when nothing of the write was left behind.
fn given_up(poisoned: bool, doing: &'static str, path: &Path, source: io::Error) -> EngineFault {
    let path = path.to_path_buf();
    if poisoned { EngineFault::Stop { doing, path, source } } else { EngineFault::DiskFull { path } }
}
