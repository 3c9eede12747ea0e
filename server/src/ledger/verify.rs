//! The walk over everything: each entry's hash, the chain, each fact's form, and the signature of every batch.
//! It does not know where a ledger is kept or what a fact means in law; it needs no server and no secret.
//! Invariant: it stops at the first bad place and names the entry; what it calls whole was looked at byte by byte.

use super::chain::{ChainError, Head, follow};
use super::engine::{Engine, EngineFault};
use super::entry::{Author, Entry, EntryError};
use super::lines::{Line, Lines, Place};
use daicho_schemas::batch::{BATCH_FORMAT, Batch};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::{Fact, FactError};
use daicho_schemas::ids::AgentId;
use daicho_schemas::sign::{SignatureError, SignedBatch};
use std::io::{self, BufRead};

mod folder;
mod words;

pub use folder::verify_folder;

/// Entries read from an engine at once.
const READ_ENTRIES: usize = 256;
/// Bytes read from an engine at once.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// What is wrong with an entry. [`Wrong::text`] says it in words, and what it means.
#[derive(Debug)]
pub enum Wrong {
    /// The line is not an entry whose bytes fit its hash.
    Entry(EntryError),
    /// The entry does not follow the one before.
    Chain(ChainError),
    /// The fact does not fit its kind.
    Fact(FactError),
    /// The batch's signature does not fit.
    Signature(SignatureError),
    /// What was signed is not a batch.
    Batch(String),
    /// The key, the batch and the entry do not name the same agent.
    Author {
        /// Whose key signed it.
        signed_by: AgentId,
        /// Who speaks in the batch.
        batch: AgentId,
        /// Who stated it, says the entry.
        entry: Author,
    },
    /// The engine keeps the line under another number or hash than the line itself says.
    Frame,
    /// The engine cannot read what was written.
    Damaged(String),
    /// Behind the last whole entry stands something that is none.
    Unfinished {
        /// How much.
        bytes: u64,
        /// At the end of which file.
        file: String,
    },
    /// The engine says that there is such an entry, and does not give it.
    NotThere,
    /// The line ends with a carriage return before its line feed.
    CarriageReturn,
    /// The file holds nothing.
    Empty,
    /// Every entry is right, and the head that somebody noted is none of them.
    NotedHeadMissing {
        /// What was noted.
        noted: Hash,
    },
}

/// The first bad place.
#[derive(Debug)]
pub struct BadPlace {
    /// The entry that stands or belongs there.
    pub seq: u64,
    /// Where it stands in the file; absent for an engine, and where something is missing at the end.
    pub place: Option<Place>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// Where the head that somebody noted elsewhere was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotedHead {
    /// None was given: a ledger whose last entries were cut off looks whole.
    NotGiven,
    /// It is the last entry: nothing was changed and nothing is missing.
    Last,
    /// It is an earlier entry: nothing up to there was changed, and the ledger has grown since.
    Earlier {
        /// Which entry.
        seq: u64,
    },
    /// It was not met.
    Missing,
}

/// What the walk saw.
#[derive(Debug)]
pub struct Report {
    /// The last entry that is right; everything before it is right, too.
    pub head: Head,
    /// How many entries are right.
    pub entries: u64,
    /// How many of them are batches with a signature that fits.
    pub batches: u64,
    /// Where the head that somebody noted was met.
    pub noted: NotedHead,
    /// The last line of the file has no line feed. The entry is whole; the file may have been cut exactly there.
    pub final_newline_missing: bool,
    /// The first bad place; absent when everything is right.
    pub bad: Option<BadPlace>,
}

/// Checks entries one by one, in order.
#[derive(Debug)]
pub struct Checker {
    head: Head,
    entries: u64,
    batches: u64,
    noted: Option<Hash>,
    noted_seq: Option<u64>,
}

impl Checker {
    /// Starts before the first entry. `noted` is a head that somebody wrote down earlier, on paper or on another machine.
    pub fn new(noted: Option<Hash>) -> Self {
        Self { head: Head::EMPTY, entries: 0, batches: 0, noted, noted_seq: None }
    }

    /// The last entry that was right.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Checks the next entry's line.
    pub fn check(&mut self, line: &[u8]) -> Result<Entry, Wrong> {
        self.check_kept(line, None)
    }

    /// Checks the next entry's line, and that it is the one that an engine says it is.
    fn check_kept(&mut self, line: &[u8], kept_as: Option<Head>) -> Result<Entry, Wrong> {
        let entry = Entry::parse(line).map_err(Wrong::Entry)?;
        let head = follow(self.head, &entry).map_err(Wrong::Chain)?;
        if kept_as.is_some_and(|kept| kept != head) {
            return Err(Wrong::Frame);
        }
        if let Fact::Batch(signed) = entry.parse_fact().map_err(Wrong::Fact)? {
            check_batch(&signed, &entry.author)?;
            self.batches += 1;
        }
        self.head = head;
        self.entries += 1;
        if self.noted == Some(head.hash) {
            self.noted_seq = Some(head.seq);
        }
        Ok(entry)
    }

    /// Checks the next line of an export.
    pub fn check_line(&mut self, line: &Line<'_>) -> Result<Entry, BadPlace> {
        let checked = match line.bytes {
            [.., b'\r'] => Err(Wrong::CarriageReturn),
            bytes => self.check(bytes),
        };
        checked.map_err(|wrong| BadPlace { seq: self.head.seq + 1, place: Some(line.place), wrong })
    }

    /// What was seen, with the bad place at which the walk stopped.
    pub fn report(self, bad: Option<BadPlace>, final_newline_missing: bool) -> Report {
        let noted = match (self.noted, self.noted_seq) {
            (None, _) => NotedHead::NotGiven,
            (Some(_), Some(seq)) if seq == self.head.seq => NotedHead::Last,
            (Some(_), Some(seq)) => NotedHead::Earlier { seq },
            (Some(_), None) => NotedHead::Missing,
        };
        let missing = self.noted.filter(|_| noted == NotedHead::Missing);
        let seq = self.head.seq + 1;
        let bad = bad
            .or_else(|| missing.map(|noted| BadPlace { seq, place: None, wrong: Wrong::NotedHeadMissing { noted } }));
        Report { head: self.head, entries: self.entries, batches: self.batches, noted, final_newline_missing, bad }
    }
}

/// The signature fits, and key, batch and entry name the same agent.
fn check_batch(signed: &SignedBatch, author: &Author) -> Result<(), Wrong> {
    let signed_by = signed.verify().map_err(Wrong::Signature)?;
    let batch: Batch = serde_json::from_str(signed.batch.get()).map_err(|error| Wrong::Batch(error.to_string()))?;
    if batch.format != BATCH_FORMAT {
        return Err(Wrong::Batch(format!("its format is not {BATCH_FORMAT}")));
    }
    if batch.agent_id != signed_by || *author != Author::Agent(signed_by.clone()) {
        return Err(Wrong::Author { signed_by, batch: batch.agent_id, entry: author.clone() });
    }
    Ok(())
}

/// Walks a ledger where it is kept, up to the head it has now. `progress` hears the number of entries so far.
///
/// Only a failure of the disk is an error; what is wrong with the ledger is in the report.
pub fn verify_engine(
    engine: &dyn Engine,
    noted: Option<Hash>,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, EngineFault> {
    let end = engine.head();
    let mut checker = Checker::new(noted);
    while checker.head.seq < end.seq {
        let seq = checker.head.seq + 1;
        let bad = |seq, wrong| Some(BadPlace { seq, place: None, wrong });
        let frames = match engine.read(seq, READ_ENTRIES, READ_BYTES) {
            Err(EngineFault::Damaged { seq, path, what }) => {
                let wrong = Wrong::Damaged(format!("{what} ({})", path.display()));
                return Ok(checker.report(bad(seq, wrong), false));
            }
            read => read?,
        };
        if frames.is_empty() {
            return Ok(checker.report(bad(seq, Wrong::NotThere), false));
        }
        for frame in frames.iter().take_while(|frame| frame.seq <= end.seq) {
            let (seq, kept_as) = (checker.head.seq + 1, Head { seq: frame.seq, hash: frame.hash });
            if let Err(wrong) = checker.check_kept(&frame.line, Some(kept_as)) {
                return Ok(checker.report(bad(seq, wrong), false));
            }
        }
        progress(checker.entries);
    }
    Ok(checker.report(None, false))
}

/// Walks an export. `progress` hears the number of entries so far.
///
/// Only a failure to read the file is an error; what is wrong with the ledger is in the report.
pub fn verify_export(input: impl BufRead, noted: Option<Hash>, progress: &mut dyn FnMut(u64)) -> io::Result<Report> {
    let mut lines = Lines::new(input);
    let mut checker = Checker::new(noted);
    let mut final_newline_missing = false;
    while let Some(line) = lines.next_line()? {
        final_newline_missing = !line.ended;
        if let Err(bad) = checker.check_line(&line) {
            return Ok(checker.report(Some(bad), false));
        }
        progress(checker.entries);
    }
    let empty = BadPlace { seq: 1, place: None, wrong: Wrong::Empty };
    let bad = (checker.entries == 0).then_some(empty);
    Ok(checker.report(bad, final_newline_missing))
}
