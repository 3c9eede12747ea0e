//! Entries as rows: numbers, hashes and compressed lines. What the columns mean is drawn in `migrations/V1__ledger.sql`.
//! It does not know sessions. Invariant: a row whose bytes are not what was written is damage at that entry, never a guess.

use super::fault::DatabaseFault;
use crate::ledger::chain::Head;
use crate::ledger::engine::Frame;
use daicho_schemas::canonical::Hash;
use daicho_schemas::limits::ENTRY_BYTES_MAX;
use std::io::Read as _;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// The head, the last entry, and the hash of the entry with the given number.
pub(super) const HEAD: &str = "SELECT head.seq, head.hash, last.seq, last.hash, \
    (SELECT hash FROM entries WHERE seq = $1 AND month = \
        (SELECT month FROM volumes WHERE first_seq <= $1 ORDER BY first_seq DESC LIMIT 1)) \
    FROM head LEFT JOIN LATERAL (SELECT seq, hash FROM entries WHERE month = \
        (SELECT month FROM volumes ORDER BY month DESC LIMIT 1) ORDER BY seq DESC LIMIT 1) AS last ON true";

/// Entries of one month from a number on, as far as they fit. The month is found first, so that one partition is looked at.
pub(super) const FRAMES: &str = "SELECT seq, hash, line_bytes, line FROM ( \
        SELECT seq, hash, line_bytes, line, \
            sum(line_bytes) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place \
        FROM (SELECT * FROM entries WHERE seq >= $1 AND month = \
            (SELECT month FROM volumes WHERE first_seq <= $1 ORDER BY first_seq DESC LIMIT 1) \
            ORDER BY seq LIMIT $2) AS next \
    ) AS counted WHERE place = 1 OR bytes <= $3 ORDER BY seq";

/// How hard lines are compressed: what the agents' batches are compressed with, too.
const LEVEL: i32 = 3;

/// A line as it is stored: compressed, and a checksum of that behind it, because a few bits of a compressed line mean nothing.
pub(super) fn packed(line: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stored = zstd::bulk::compress(line, LEVEL)?;
    stored.extend(crc32fast::hash(&stored).to_le_bytes());
    Ok(stored)
}

fn unpacked(stored: &[u8], line_bytes: i32) -> Result<Vec<u8>, String> {
    let wanted = usize::try_from(line_bytes).ok().filter(|wanted| *wanted <= ENTRY_BYTES_MAX);
    let wanted = wanted.ok_or_else(|| format!("its length cannot be {line_bytes}"))?;
    let broken = |error: std::io::Error| format!("its compressed line cannot be read: {error}");
    let whole = stored.split_last_chunk().filter(|(line, checksum)| crc32fast::hash(line).to_le_bytes() == **checksum);
    let Some((stored, _)) = whole else { return Err("its compressed line is not what was written".into()) };
    let mut decoder = zstd::stream::read::Decoder::with_buffer(stored).map_err(broken)?.single_frame();
    let mut line = Vec::with_capacity(wanted);
    decoder.by_ref().take(wanted as u64 + 1).read_to_end(&mut line).map_err(broken)?;
    if line.len() != wanted || !decoder.finish().is_empty() {
        return Err(format!("its line is not {wanted} bytes long"));
    }
    Ok(line)
}

/// A row of [`FRAMES`] as the frame that must stand at `seq`.
pub(super) fn frame(row: &Row, seq: u64) -> Result<Frame, DatabaseFault> {
    let damaged = |what: String| DatabaseFault::Damaged { seq, what };
    let found: i64 = column(row, 0)?;
    if u64::try_from(found) != Ok(seq) {
        return Err(damaged("it is not there".into()));
    }
    let hash = hash(&column::<Vec<u8>>(row, 1)?).ok_or_else(|| damaged("its hash has another length".into()))?;
    let line = unpacked(column(row, 3)?, column(row, 2)?).map_err(damaged)?;
    Ok(Frame { seq, hash, line })
}

/// A row of [`HEAD`] as the head, if it is the last entry.
pub(super) fn head_of(row: &Row) -> Result<Head, DatabaseFault> {
    let here = head(row, 0)?.ok_or_else(no_head)?;
    let last = head(row, 2)?.unwrap_or(Head::EMPTY);
    if here == last {
        return Ok(here);
    }
    let seq = here.seq.min(last.seq) + u64::from(here.seq != last.seq);
    let what = format!("the head names entry {} and the last entry is {}, or their hashes differ", here.seq, last.seq);
    Err(DatabaseFault::Damaged { seq, what })
}

/// A number and a hash in two columns.
pub(super) fn head(row: &Row, at: usize) -> Result<Option<Head>, DatabaseFault> {
    let (seq, bytes): (Option<i64>, Option<Vec<u8>>) = (column(row, at)?, column(row, at + 1)?);
    let Some((seq, bytes)) = seq.zip(bytes) else { return Ok(None) };
    let head = u64::try_from(seq).ok().zip(hash(&bytes)).map(|(seq, hash)| Head { seq, hash });
    head.map(Some).ok_or_else(no_head)
}

fn hash(bytes: &[u8]) -> Option<Hash> {
    Some(Hash(bytes.try_into().ok()?))
}

/// The one row that says where the ledger ends is not there or cannot be read.
pub(super) fn no_head() -> DatabaseFault {
    DatabaseFault::Damaged { seq: 1, what: "the table `head` does not say where the ledger ends".into() }
}

/// A number as the database counts.
pub(super) fn number(seq: u64) -> Result<i64, DatabaseFault> {
    i64::try_from(seq).map_err(|_| DatabaseFault::Damaged { seq, what: "no ledger is that long".into() })
}

/// A column of a type that the tables give it.
pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, DatabaseFault> {
    row.try_get(at).map_err(|error| DatabaseFault::Tables { place: "daicho".into(), what: error.to_string() })
}
