//! Headers in the oldest database: one file `Packages`, a hash table of Berkeley DB (EL 5 to 8), of either byte order.
//! It reads the pages itself (Berkeley DB's `dbinc/db_page.h` says how they lie) and knows no other tables, no journal, no lock.
//! Invariant: every offset, length and page number is checked, and no page is followed more often than there are pages.

use super::database::DatabaseError;
use crate::access::AnyPlace;
use std::io::SeekFrom;

/// The file's own mark of a hash table, in its byte order.
const MAGIC: u32 = 0x0006_1561;
/// Versions of hash tables that lie as described here: Berkeley DB 3.1 to 5.3.
const VERSIONS: std::ops::RangeInclusive<u32> = 7..=10;
/// The front of every page.
const PAGE_HEADER_BYTES: usize = 26;
/// The front of the first page, as far as it is read.
const META_BYTES: usize = 72;
/// Types of pages: hash (unsorted and sorted), overflow, hash meta.
const PAGE_HASH_UNSORTED: u8 = 2;
const PAGE_OVERFLOW: u8 = 7;
const PAGE_HASH_META: u8 = 8;
const PAGE_HASH: u8 = 13;
/// Types of items: in place, on overflow pages.
const ITEM_INLINE: u8 = 1;
const ITEM_OVERFLOW: u8 = 3;
/// `DBMETA_CHKSUM`: pages have longer fronts. rpm never asks for it.
const FLAG_CHECKSUM: u8 = 1;

/// Calls `each` with every package's number and header; with no header where it makes no sense or is over the limit.
pub(super) fn each_header(
    file: Box<dyn AnyPlace>,
    header_bytes_max: usize,
    each: &mut dyn FnMut(i64, Option<&[u8]>),
) -> Result<(), DatabaseError> {
    let mut table = Table::open(file)?;
    let mut page = vec![0; table.page_bytes];
    for number in 1..=table.last_page {
        table.page(number, &mut page)?;
        if !matches!(page.get(25), Some(&PAGE_HASH | &PAGE_HASH_UNSORTED)) {
            continue;
        }
        let entries = table.u16(&page, 20).ok_or(DatabaseError::Malformed)?;
        for pair in 0..entries / 2 {
            let Some((key, item)) = table.pair(&page, usize::from(pair)) else {
                each(0, None);
                continue;
            };
            // Key 0 holds the highest number that was given out, and no package.
            let Some(key) = table.u32(key, 0).filter(|key| *key != 0) else { continue };
            let header = table.header(item, header_bytes_max)?;
            each(i64::from(key), header.as_deref());
        }
    }
    if table.is_short { Err(DatabaseError::Short) } else { Ok(()) }
}

struct Table {
    file: Box<dyn AnyPlace>,
    big_endian: bool,
    page_bytes: usize,
    last_page: u32,
    /// The file ends before the last page that it claims to have.
    is_short: bool,
    /// Overflow pages that may still be followed: each belongs to one item.
    overflow_left: u32,
}

impl Table {
    fn open(mut file: Box<dyn AnyPlace>) -> Result<Self, DatabaseError> {
        let mut meta = [0; META_BYTES];
        file.read_exact(&mut meta).map_err(|_| DatabaseError::Short)?;
        let length = file.seek(SeekFrom::End(0))?;
        let big_endian = meta.get(12..16) == Some(&MAGIC.to_be_bytes());
        let mut table = Self { file, big_endian, page_bytes: 0, last_page: 0, is_short: false, overflow_left: 0 };
        let number = |at| table.u32(&meta, at).unwrap_or_default();
        let (magic, version, page_bytes, last_page) = (number(12), number(16), number(20), number(32));
        let plain = meta.get(24) == Some(&0) && meta.get(26).is_some_and(|flags| flags & FLAG_CHECKSUM == 0);
        if magic != MAGIC || meta.get(25) != Some(&PAGE_HASH_META) {
            return Err(DatabaseError::OtherFormat);
        }
        if !VERSIONS.contains(&version) || !plain {
            return Err(DatabaseError::OtherVersion);
        }
        if !(512..=65_536).contains(&page_bytes) || !page_bytes.is_power_of_two() {
            return Err(DatabaseError::Malformed);
        }
        let there = (length / u64::from(page_bytes)).checked_sub(1).ok_or(DatabaseError::Short)?;
        table.is_short = there < u64::from(last_page);
        table.page_bytes = usize::try_from(page_bytes).map_err(|_| DatabaseError::Malformed)?;
        table.last_page = last_page.min(u32::try_from(there).unwrap_or(u32::MAX));
        table.overflow_left = table.last_page;
        Ok(table)
    }

    fn page(&mut self, number: u32, page: &mut [u8]) -> Result<(), DatabaseError> {
        let at = u64::from(number) * u64::try_from(self.page_bytes).unwrap_or(u64::MAX);
        self.file.seek(SeekFrom::Start(at))?;
        Ok(self.file.read_exact(page)?)
    }

    /// The key and the item of a pair: items lie from the end of the page towards its front, in the order of the index.
    fn pair<'a>(&self, page: &'a [u8], pair: usize) -> Option<(&'a [u8], &'a [u8])> {
        let place = |entry: usize| Some(usize::from(self.u16(page, PAGE_HEADER_BYTES + 2 * entry)?));
        let end = if pair == 0 { page.len() } else { place(2 * pair - 1)? };
        let (key, item) = (place(2 * pair)?, place(2 * pair + 1)?);
        let key_bytes = page.get(key..end)?.split_first().filter(|(sort, _)| **sort == ITEM_INLINE)?.1;
        Some((key_bytes, page.get(item..key)?))
    }

    /// The bytes of an item, wherever they are. None where they make no sense.
    fn header(&mut self, item: &[u8], bytes_max: usize) -> Result<Option<Vec<u8>>, DatabaseError> {
        match item.first() {
            Some(&ITEM_INLINE) => Ok(item.get(1..).filter(|bytes| bytes.len() <= bytes_max).map(<[u8]>::to_vec)),
            Some(&ITEM_OVERFLOW) => {
                let (Some(first), Some(length)) = (self.u32(item, 4), self.u32(item, 8)) else { return Ok(None) };
                match usize::try_from(length) {
                    Ok(length) if length <= bytes_max => self.overflow(first, length),
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    fn overflow(&mut self, first: u32, length: usize) -> Result<Option<Vec<u8>>, DatabaseError> {
        let mut bytes = Vec::new();
        let mut next = first;
        let mut page = vec![0; self.page_bytes];
        while bytes.len() < length {
            if next == 0 || next > self.last_page {
                return Ok(None);
            }
            self.overflow_left = self.overflow_left.checked_sub(1).ok_or(DatabaseError::Malformed)?;
            self.page(next, &mut page)?;
            let used = self.u16(&page, 22).map_or(0, usize::from);
            let part = page.get(PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + used);
            match part.filter(|part| !part.is_empty() && page.get(25) == Some(&PAGE_OVERFLOW)) {
                Some(part) => bytes.extend_from_slice(part),
                None => return Ok(None),
            }
            next = self.u32(&page, 16).unwrap_or_default();
        }
        Ok((bytes.len() == length).then_some(bytes))
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self.big_endian { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) })
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self.big_endian { u16::from_be_bytes(*two) } else { u16::from_le_bytes(*two) })
    }
}
