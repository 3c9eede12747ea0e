//! Headers in the database of SUSE: one file `Packages.db` in rpm's own format (rpm's `lib/backend/ndb/rpmpkg.c` says how it lies).
//! It knows no index tables, no journal, no lock, and as rpm itself does when it reads, it does not compute checksums.
//! Invariant: every offset and length is checked, and no block is read for two packages.

use super::database::DatabaseError;
use crate::access::AnyPlace;
use std::io::SeekFrom;

/// Marks, as they stand in the file.
const MAGIC: &[u8; 4] = b"RpmP";
const SLOT_MAGIC: &[u8; 4] = b"Slot";
const HEAD_MAGIC: &[u8; 4] = b"BlbS";
const TAIL_MAGIC: &[u8; 4] = b"BlbE";
/// Pages of slots, slots and blocks, in bytes.
const PAGE_BYTES: usize = 4096;
const SLOT_BYTES: usize = 16;
const BLOCK_BYTES: u64 = 16;
/// The file's own front takes the place of the first slots.
const FRONT_BYTES: usize = 32;
/// Before and behind every header.
const HEAD_BYTES: u64 = 16;
const TAIL_BYTES: u64 = 12;

/// Calls `each` with every package's number and header; with no header where it makes no sense or is over the limit.
pub(super) fn each_header(
    mut file: Box<dyn AnyPlace>,
    header_bytes_max: usize,
    each: &mut dyn FnMut(i64, Option<&[u8]>),
) -> Result<(), DatabaseError> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut front = [0; FRONT_BYTES];
    file.read_exact(&mut front).map_err(|_| DatabaseError::Short)?;
    if front.first_chunk::<4>() != Some(MAGIC) {
        return Err(DatabaseError::OtherFormat);
    }
    if number(&front, 4) != Some(0) {
        return Err(DatabaseError::OtherVersion);
    }
    let pages = u64::from(number(&front, 12).unwrap_or_default());
    let page_bytes = u64::try_from(PAGE_BYTES).unwrap_or(u64::MAX);
    let slots_end = pages * page_bytes;
    if slots_end > length {
        return Err(DatabaseError::Short);
    }
    // Blocks that may still be read: each belongs to one package.
    let mut blocks_left = length / BLOCK_BYTES;
    let mut page = vec![0; PAGE_BYTES];
    for at in 0..pages {
        file.seek(SeekFrom::Start(at * page_bytes))?;
        file.read_exact(&mut page)?;
        let first = if at == 0 { FRONT_BYTES } else { 0 };
        for slot in page.get(first..).unwrap_or_default().chunks_exact(SLOT_BYTES) {
            if slot.first_chunk::<4>() != Some(SLOT_MAGIC) {
                return Err(DatabaseError::Malformed);
            }
            let fields = (number(slot, 4), number(slot, 8), number(slot, 12));
            let (Some(package), Some(block), Some(blocks)) = fields else { return Err(DatabaseError::Malformed) };
            if block == 0 {
                continue;
            }
            blocks_left = blocks_left.checked_sub(u64::from(blocks)).ok_or(DatabaseError::Malformed)?;
            let (start, size) = (u64::from(block) * BLOCK_BYTES, u64::from(blocks) * BLOCK_BYTES);
            let inside = start >= slots_end && start.saturating_add(size) <= length;
            let header = if inside { header(&mut file, package, start, size, header_bytes_max)? } else { None };
            each(i64::from(package), header.as_deref());
        }
    }
    Ok(())
}

fn header(
    file: &mut Box<dyn AnyPlace>,
    package: u32,
    start: u64,
    size: u64,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let Some(room) = size.checked_sub(HEAD_BYTES + TAIL_BYTES) else { return Ok(None) };
    file.seek(SeekFrom::Start(start))?;
    let mut head = [0; 16];
    file.read_exact(&mut head)?;
    let length = number(&head, 12).unwrap_or_default();
    let fits = u64::from(length) <= room && usize::try_from(length).is_ok_and(|length| length <= bytes_max);
    if head.first_chunk::<4>() != Some(HEAD_MAGIC) || number(&head, 4) != Some(package) || !fits {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    let mut tail = [0; 12];
    file.seek(SeekFrom::Start(start + size - TAIL_BYTES))?;
    file.read_exact(&mut tail)?;
    let sound = number(&tail, 4) == Some(length) && tail.last_chunk::<4>() == Some(TAIL_MAGIC);
    Ok(sound.then_some(bytes))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}
