//! A package database of SQLite together with its write-ahead log, put together in memory (sqlite.org/fileformat.html, "WAL").
//! It does not write, lock or check-point anything. Only whole commits count, as far as their checksums hold.
//! Invariant: where database or log changed while they were read, there is no answer rather than a mixture of two.

use crate::access::{AccessError, Host};
use rusqlite::{Connection, MAIN_DB};
use std::io::{Cursor, SeekFrom};

/// Database and log are held in memory, so neither may be larger.
const BYTES_MAX: usize = 256 * 1024 * 1024;
/// The fronts of the log and of each of its frames.
const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::collect) enum JournalError {
    /// A file could not be read.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Reading failed half-way.
    #[error("the database or its log could not be read to its end")]
    Read(#[from] std::io::Error),
    /// It would not fit.
    #[error("the database or its log has more than {BYTES_MAX} bytes")]
    TooLarge,
    /// Somebody is writing.
    #[error("the database was being changed while it was read")]
    Changing,
    /// The two do not belong together.
    #[error("the log is not one of this database")]
    Malformed,
    /// SQLite says no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Opens the database as it stands with every whole commit of its log.
pub(in crate::collect) fn with_log(host: &dyn Host, database: &str, log: &str) -> Result<Connection, JournalError> {
    let before = host.read(log, BYTES_MAX)?;
    let mut pages = host.read(database, BYTES_MAX)?;
    let mut again = host.open_anywhere(log)?;
    let mut header = [0; LOG_HEADER_BYTES];
    let length = again.seek(SeekFrom::End(0))?;
    again.seek(SeekFrom::Start(0))?;
    again.read_exact(&mut header)?;
    if before.cut || pages.cut {
        return Err(JournalError::TooLarge);
    }
    if u64::try_from(before.bytes.len()).ok() != Some(length) || !before.bytes.starts_with(&header) {
        return Err(JournalError::Changing);
    }
    apply(&mut pages.bytes, &before.bytes).ok_or(JournalError::Malformed)?;
    // Bytes 18 and 19: "this database has a log beside it". This one has it inside now.
    if let Some(versions) = pages.bytes.get_mut(18..20) {
        versions.fill(1);
    }
    let mut connection = Connection::open_in_memory()?;
    let length = pages.bytes.len();
    connection.deserialize_read_exact(MAIN_DB, Cursor::new(pages.bytes), length, true)?;
    Ok(connection)
}

/// Puts every whole commit of the log over the pages. None where the log is not one of SQLite's.
fn apply(pages: &mut Vec<u8>, log: &[u8]) -> Option<()> {
    let (header, frames) = log.split_at_checked(LOG_HEADER_BYTES)?;
    let big_endian = match number(header, 0)? {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return None,
    };
    let page_bytes = usize::try_from(number(header, 8)?).ok()?;
    if !(512..=65_536).contains(&page_bytes) || !page_bytes.is_power_of_two() {
        return None;
    }
    let mut sum = checksum((0, 0), header.get(..24)?, big_endian);
    if sum != (number(header, 24)?, number(header, 28)?) {
        return None;
    }
    let salts = header.get(16..24)?;
    let mut waiting: Vec<(usize, &[u8])> = Vec::new();
    for frame in frames.chunks_exact(FRAME_HEADER_BYTES + page_bytes) {
        let (front, page) = frame.split_at_checked(FRAME_HEADER_BYTES)?;
        sum = checksum(checksum(sum, front.get(..8)?, big_endian), page, big_endian);
        // What stands behind is of an earlier round of the log, or was never finished.
        if front.get(8..16) != Some(salts) || sum != (number(front, 16)?, number(front, 20)?) {
            break;
        }
        waiting.push((usize::try_from(number(front, 0)?).ok()?, page));
        let pages_after = usize::try_from(number(front, 4)?).ok()?;
        if pages_after == 0 {
            continue;
        }
        let size = pages_after.checked_mul(page_bytes).filter(|size| *size <= 2 * BYTES_MAX)?;
        pages.resize(size, 0);
        for (number, page) in waiting.drain(..) {
            let start = number.checked_sub(1)?.checked_mul(page_bytes)?;
            if let Some(place) = pages.get_mut(start..start.checked_add(page_bytes)?) {
                place.copy_from_slice(page);
            }
        }
    }
    Some(())
}

/// SQLite's running sum over pairs of 32-bit numbers.
fn checksum((mut first, mut second): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let value = |four: &[u8; 4]| if big_endian { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
    for pair in bytes.chunks_exact(8) {
        let (Some(a), Some(b)) = (pair.first_chunk::<4>(), pair.last_chunk::<4>()) else { break };
        first = first.wrapping_add(value(a)).wrapping_add(second);
        second = second.wrapping_add(value(b)).wrapping_add(first);
    }
    (first, second)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}
