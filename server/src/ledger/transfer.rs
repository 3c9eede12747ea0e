//! The way out and in: a ledger as lines, the same from every engine, and into every engine with the same head hash.
//! It does not know files or people; the caller gives a reader or a writer. Invariant: nothing enters an engine here that was
//! not checked as `verify` checks it, and memory holds one group of entries at most.

use super::chain::Head;
use super::engine::{Appended, Engine, EngineFault, Frame};
use super::lines::Lines;
use super::verify::{BadPlace, Checker, NotedHead, Wrong};
use daicho_schemas::canonical::Hash;
use std::io::{self, BufRead, Write};

/// Entries read or appended at once.
const GROUP_ENTRIES: usize = 1000;
/// Bytes read or appended at once; a single larger entry goes alone.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// A ledger could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Engine(#[from] EngineFault),
    /// The ledger says that it has more entries than it gives.
    #[error("entry {seq} should be there and is not")]
    NotThere {
        /// The first entry that is missing.
        seq: u64,
    },
    /// The export cannot be written.
    #[error("the export cannot be written")]
    Write(#[source] io::Error),
}

/// A ledger could not be read in. What was read in before stays: a later import of a whole file goes on behind it.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// The ledger cannot take it.
    #[error("the ledger cannot take the entries")]
    Engine(#[from] EngineFault),
    /// The file cannot be read.
    #[error("the export cannot be read")]
    Read(#[source] io::Error),
    /// The file is wrong at this place; everything before it is in the ledger.
    #[error("{}", .0.text().en)]
    Bad(BadPlace),
    /// The ledger already has entries, and they are not the beginning of this file.
    #[error(
        "the ledger already has entries that are not the beginning of this file (they differ at or before entry {seq}): import into an empty folder"
    )]
    OtherLedger {
        /// The last entry that both have a number for.
        seq: u64,
    },
    /// Somebody else appended meanwhile.
    #[error("somebody else appended to the ledger meanwhile: stop the server and import again")]
    Moved,
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The ledger's head now.
    pub head: Head,
    /// Entries of the file that the ledger had already.
    pub entries_there: u64,
    /// Entries of the file that are new.
    pub entries_appended: u64,
    /// The last line of the file has no line feed: it may have been cut exactly there.
    pub final_newline_missing: bool,
    /// Where a head that somebody noted was met.
    pub noted: NotedHead,
}

/// Writes every entry up to the head the ledger has now, one line each. `progress` hears the last number written.
///
/// The lines are the stored bytes; they are checked when they are read (`verify`, [`import`]).
pub fn export(engine: &dyn Engine, out: impl Write, progress: &mut dyn FnMut(u64)) -> Result<Head, ExportFault> {
    export_to(engine, engine.head().seq, out, progress)
}

/// The same up to an entry. Says the head there.
pub fn export_to(
    engine: &dyn Engine,
    last_seq: u64,
    mut out: impl Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Head, ExportFault> {
    let mut end = Head::EMPTY;
    let mut next_seq = 1;
    while next_seq <= last_seq {
        let frames = engine.read(next_seq, GROUP_ENTRIES, GROUP_BYTES)?;
        if frames.first().is_none_or(|frame| frame.seq != next_seq) {
            return Err(ExportFault::NotThere { seq: next_seq });
        }
        for frame in frames.iter().take_while(|frame| frame.seq <= last_seq) {
            out.write_all(&frame.line).and_then(|()| out.write_all(b"\n")).map_err(ExportFault::Write)?;
            end = Head { seq: frame.seq, hash: frame.hash };
            next_seq = frame.seq + 1;
        }
        progress(next_seq - 1);
    }
    out.flush().map_err(ExportFault::Write)?;
    Ok(end)
}

/// Reads an export into a ledger: an empty one, or one that holds the beginning of it and then goes on behind its head.
///
/// `noted` is a head that somebody wrote down; when the file does not hold it, that is a [`BadPlace`] at its end.
/// `progress` hears the last number checked.
pub fn import(
    engine: &dyn Engine,
    input: impl BufRead,
    noted: Option<Hash>,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported, ImportFault> {
    let mut lines = Lines::new(input);
    let mut checker = Checker::new(noted);
    let mut group = Group { engine, there: engine.head(), head: engine.head(), frames: Vec::new(), bytes: 0 };
    let mut final_newline_missing = false;
    while let Some(line) = lines.next_line().map_err(ImportFault::Read)? {
        final_newline_missing = !line.ended;
        match checker.check_line(&line) {
            Ok(entry) => {
                group.take(Frame { seq: entry.seq, hash: entry.entry_hash, line: line.bytes.to_vec() })?;
            }
            Err(bad) => {
                group.append()?;
                return Err(ImportFault::Bad(bad));
            }
        }
        progress(checker.head().seq);
    }
    group.append()?;
    let last = checker.head();
    if last == Head::EMPTY {
        return Err(ImportFault::Bad(BadPlace { seq: 1, place: None, wrong: Wrong::Empty }));
    }
    if last.seq < group.there.seq && !has(engine, last)? {
        return Err(ImportFault::OtherLedger { seq: last.seq });
    }
    let report = checker.report(None, final_newline_missing);
    if let Some(bad) = report.bad {
        return Err(ImportFault::Bad(bad));
    }
    let entries_there = group.there.seq.min(last.seq);
    let entries_appended = report.entries - entries_there;
    Ok(Imported { head: engine.head(), entries_there, entries_appended, final_newline_missing, noted: report.noted })
}

fn has(engine: &dyn Engine, head: Head) -> Result<bool, EngineFault> {
    let frames = engine.read(head.seq, 1, 1)?;
    Ok(frames.first().is_some_and(|frame| frame.seq == head.seq && frame.hash == head.hash))
}

/// Entries on their way into an engine.
struct Group<'a> {
    engine: &'a dyn Engine,
    /// The head that the engine had at first.
    there: Head,
    /// The head behind which the next group goes.
    head: Head,
    frames: Vec<Frame>,
    bytes: usize,
}

impl Group<'_> {
    fn take(&mut self, frame: Frame) -> Result<(), ImportFault> {
        if frame.seq <= self.there.seq {
            // The hash stands for everything before it, so the last common number decides for all.
            let same = frame.seq < self.there.seq || frame.hash == self.there.hash;
            return if same { Ok(()) } else { Err(ImportFault::OtherLedger { seq: frame.seq }) };
        }
        let line_bytes = frame.line.len();
        if self.frames.len() >= GROUP_ENTRIES || self.bytes.saturating_add(line_bytes) > GROUP_BYTES {
            self.append()?;
        }
        self.bytes = self.bytes.saturating_add(line_bytes);
        self.frames.push(frame);
        Ok(())
    }

    fn append(&mut self) -> Result<(), ImportFault> {
        if self.frames.is_empty() {
            return Ok(());
        }
        match self.engine.append(self.head, &self.frames)? {
            Appended::Done(head) => self.head = head,
            Appended::Moved(_) => return Err(ImportFault::Moved),
        }
        self.frames.clear();
        self.bytes = 0;
        Ok(())
    }
}
