//! Walks a file of stanzas (pieces of lines with an empty line behind each) piece by piece.
//! It does not know what stands in a stanza.
//! Invariant: memory stays under one stanza, however large the file is; a stanza that never ends is told apart from a whole one.

use std::io::{self, BufRead, Read as _};

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of the file, in bytes; what stands behind is not read.
    pub(crate) file_bytes_max: u64,
    /// Of one stanza, in bytes; a larger one is skipped and named.
    pub(crate) stanza_bytes_max: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A stanza and the number of its first line, counted from 1.
    Whole(&'a [u8], usize),
    /// The file ended before an empty line: this stanza may be the beginning of a longer one.
    Unended(&'a [u8], usize),
    /// The stanza that begins at this line is larger than the limit.
    TooLarge(usize),
}

/// Walks the file. `Ok(true)` says that there was more than the limit.
pub(crate) fn for_each_piece(
    reader: impl BufRead,
    limits: Limits,
    mut each: impl FnMut(Piece<'_>),
) -> io::Result<bool> {
    let mut reader = reader.take(limits.file_bytes_max.saturating_add(1));
    let mut walk = Walk { stanza: Vec::new(), first_line: 0, too_large: false };
    let mut line = 0_usize;
    // Whether the next bytes begin a line: a line that is longer than a stanza may be comes in several parts.
    let mut begins = true;
    loop {
        let before = walk.stanza.len();
        let room = limits.stanza_bytes_max.saturating_sub(before).saturating_add(1);
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        let read = reader.by_ref().take(room).read_until(b'\n', &mut walk.stanza)?;
        if reader.limit() == 0 {
            return Ok(true);
        }
        if read == 0 {
            walk.end(&mut each);
            return Ok(false);
        }
        line += usize::from(begins);
        let part = walk.stanza.get(before..).unwrap_or_default();
        let ends = part.ends_with(b"\n");
        if begins && ends && part.trim_ascii().is_empty() {
            walk.stanza.truncate(before);
            walk.whole(&mut each);
        } else {
            walk.keep(line, limits.stanza_bytes_max);
        }
        begins = ends;
    }
}

/// The stanza that is being read.
struct Walk {
    stanza: Vec<u8>,
    /// 0 while none has begun.
    first_line: usize,
    too_large: bool,
}

impl Walk {
    fn keep(&mut self, line: usize, bytes_max: usize) {
        if self.first_line == 0 {
            self.first_line = line;
        }
        self.too_large |= self.stanza.len() > bytes_max;
        if self.too_large {
            self.stanza.clear();
        }
    }

    fn whole(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        if self.first_line != 0 {
            let piece = Piece::Whole(&self.stanza, self.first_line);
            each(if self.too_large { Piece::TooLarge(self.first_line) } else { piece });
        }
        self.stanza.clear();
        (self.first_line, self.too_large) = (0, false);
    }

    fn end(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        if self.first_line != 0 {
            let piece = Piece::Unended(&self.stanza, self.first_line);
            each(if self.too_large { Piece::TooLarge(self.first_line) } else { piece });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &'static [u8], file_bytes_max: u64, stanza_bytes_max: usize) -> (Vec<String>, bool) {
        let mut found = Vec::new();
        let limits = Limits { file_bytes_max, stanza_bytes_max };
        let cut = for_each_piece(bytes, limits, |piece| {
            found.push(match piece {
                Piece::Whole(bytes, line) => format!("{line} {}", String::from_utf8_lossy(bytes)),
                Piece::Unended(bytes, line) => format!("{line} unended {}", String::from_utf8_lossy(bytes)),
                Piece::TooLarge(line) => format!("{line} too large"),
            });
        });
        (found, cut.unwrap())
    }

    #[test]
    fn stanzas_are_told_apart_and_know_their_lines() {
        let (found, cut) = pieces(b"\n\na\nb\n \nc\n\nd", 100, 100);
        assert_eq!((found, cut), (vec!["3 a\nb\n".into(), "6 c\n".into(), "8 unended d".into()], false));
        assert_eq!(pieces(b"", 100, 100), (vec![], false));
    }

    #[test]
    fn a_stanza_over_the_limit_is_skipped_and_the_next_one_kept() {
        let (found, cut) = pieces(b"a\n\n0123456789\n0123456789\n\nb\n\n", 100, 8);
        assert_eq!((found, cut), (vec!["1 a\n".into(), "3 too large".into(), "6 b\n".into()], false));
        assert_eq!(pieces(b"0123456789", 100, 4).0, ["1 too large"]);
        // A line feed at the very border of a part is no empty line.
        assert_eq!(pieces(b"01234\n56\n\nb\n\n", 100, 4).0, ["1 too large", "4 b\n"]);
    }

    #[test]
    fn a_file_over_the_limit_is_cut_and_its_last_stanza_left_out() {
        assert_eq!(pieces(b"a\n\nbcdef\n\n", 6, 100), (vec!["1 a\n".into()], true));
        assert!(!pieces(b"a\n\n", 3, 100).1);
    }
}
