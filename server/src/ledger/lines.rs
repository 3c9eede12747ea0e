//! An exported ledger as lines: each entry's bytes, then one line feed, nothing else (`docs/ledger-format.md`).
//! It does not know what a line says. Invariant: it holds one line at a time, never more than an entry may be long.

use daicho_schemas::limits::ENTRY_BYTES_MAX;
use std::io::{self, BufRead, Read as _};

/// Reads an export line by line.
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    at: Place,
    read_bytes: u64,
}

/// A place in an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: u64,
    /// Where the line begins, in bytes from the start of the file.
    pub byte_offset: u64,
}

/// One line as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it stands.
    pub place: Place,
    /// Its bytes without the line feed. Of a line that is too long, only the beginning.
    pub bytes: &'a [u8],
    /// Whether a line feed ends it; only the last line of a cut file has none, or a line that is too long.
    pub ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// Starts at the beginning of an export.
    pub fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: Place { line: 0, byte_offset: 0 }, read_bytes: 0 }
    }

    /// The next line; `None` at the end of the file. After a line that is too long there is nothing more to be had.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let bytes_max = ENTRY_BYTES_MAX as u64 + 1;
        self.buffer.clear();
        self.at = Place { line: self.at.line + 1, byte_offset: self.read_bytes };
        self.read_bytes += self.input.by_ref().take(bytes_max).read_until(b'\n', &mut self.buffer)? as u64;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let ended = self.buffer.last() == Some(&b'\n');
        let bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        Ok(Some(Line { place: self.at, bytes, ended }))
    }
}
