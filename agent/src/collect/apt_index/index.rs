//! One index of a repository, however apt packed it, read piece by piece.
//! It does not know what is installed; it is told which names matter.
//! Invariant: memory stays under one stanza and one piece, however large the index is or claims to be.

use crate::collect::deb822::for_each_stanza;
use crate::collect::unpack::Packing;
use std::io::{self, BufRead};

/// One package's stanza; the largest real ones have some 30 kB.
const STANZA_BYTES_MAX: usize = 1024 * 1024;
/// One index after decompression; Debian's main has 60 MB.
const INDEX_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes taken from the decoder at once.
const PIECE_BYTES: usize = 256 * 1024;
/// What an index says of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct IndexRow<'a> {
    pub(in crate::collect) name: &'a [u8],
    pub(in crate::collect) architecture: &'a [u8],
    pub(in crate::collect) version: &'a [u8],
    pub(in crate::collect) maintainer: &'a [u8],
}

/// Why an index could not be read to its end. What was read before counts.
#[derive(Debug, thiserror::Error)]
pub(in crate::collect) enum IndexError {
    #[error("the index is damaged or could not be read to its end")]
    Read(#[from] io::Error),
    #[error("a stanza of the index is larger than {STANZA_BYTES_MAX} bytes")]
    Stanza,
    #[error("the index is larger than {INDEX_BYTES_MAX} bytes")]
    Index,
}

/// Walks an index and calls `each` for every package whose name is `wanted`.
pub(in crate::collect) fn for_each_row(
    reader: Box<dyn BufRead>,
    packing: Packing,
    wanted: impl Fn(&[u8]) -> bool,
    mut each: impl FnMut(&IndexRow<'_>),
) -> Result<(), IndexError> {
    let mut unpacked = packing.unpacked(reader)?;
    let mut waiting = Vec::new();
    let mut total: u64 = 0;
    loop {
        let before = waiting.len();
        waiting.resize(before + PIECE_BYTES, 0);
        let read = unpacked.read(waiting.get_mut(before..).unwrap_or_default())?;
        waiting.truncate(before + read);
        total = total.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if total > INDEX_BYTES_MAX {
            return Err(IndexError::Index);
        }
        if read == 0 {
            stanza(&waiting, &wanted, &mut each);
            return Ok(());
        }
        let done = whole_stanzas(&waiting, before, &wanted, &mut each);
        waiting.drain(..done);
        if waiting.len() > STANZA_BYTES_MAX {
            return Err(IndexError::Stanza);
        }
    }
}

/// Handles every stanza that ends in these bytes and says where the rest begins. Bytes before `searched` hold no end.
fn whole_stanzas(
    bytes: &[u8],
    searched: usize,
    wanted: &impl Fn(&[u8]) -> bool,
    each: &mut impl FnMut(&IndexRow<'_>),
) -> usize {
    let mut start = 0;
    // The blank line may lie across the border between two pieces.
    let from = searched.saturating_sub(1);
    for end in memchr::memmem::find_iter(bytes.get(from..).unwrap_or_default(), b"\n\n") {
        let end = from + end + 1;
        stanza(bytes.get(start..end).unwrap_or_default(), wanted, each);
        start = end + 1;
    }
    start.min(bytes.len())
}

fn stanza(bytes: &[u8], wanted: &impl Fn(&[u8]) -> bool, each: &mut impl FnMut(&IndexRow<'_>)) {
    // Nearly every stanza of a repository begins with its name, and nearly none is installed: one look is enough.
    if let Some(rest) = bytes.strip_prefix(b"Package: ") {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if !wanted(rest.get(..end).unwrap_or_default().trim_ascii()) {
            return;
        }
    }
    for_each_stanza(bytes, &["Package", "Version", "Architecture", "Maintainer"], |stanza| {
        let (Some(name), Some(version)) = (stanza.get("Package"), stanza.get("Version")) else { return };
        let Some(architecture) = stanza.get("Architecture") else { return };
        if wanted(name) {
            each(&IndexRow { name, architecture, version, maintainer: stanza.get("Maintainer").unwrap_or_default() });
        }
    });
}
