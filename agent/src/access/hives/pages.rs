//! The bytes of a hive as its cells see them: the file, read page by page, with what its logs say laid over it.
//! It does not know cells or keys.
//! Invariant: however large a hive is, at most [`KEPT_BYTES_MAX`] of it and [`super::log::LOG_BYTES_MAX`] per log are held.

use super::super::AnyPlace;
use std::collections::BTreeMap;
use std::io::SeekFrom;
use std::sync::Arc;

/// A hive's own header (regf); offsets of cells are counted from its end.
pub(super) const BASE_BLOCK_BYTES: u64 = 4096;
/// Bytes read at once.
const PAGE_BYTES: usize = 16 * 1024;
/// Bytes of pages that are kept for the next question.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What logs count in.
pub(super) const SECTOR_BYTES: usize = 512;

/// The bins of a hive, from their beginning.
pub(super) struct Pages {
    file: Box<dyn AnyPlace>,
    kept: BTreeMap<u64, Arc<[u8]>>,
    /// What the logs say, by the number of the sector.
    over: BTreeMap<u32, [u8; SECTOR_BYTES]>,
}

impl Pages {
    /// Over an open file.
    pub(super) fn new(file: Box<dyn AnyPlace>) -> Self {
        Self { file, kept: BTreeMap::new(), over: BTreeMap::new() }
    }

    /// Lays the sectors of a log over the file, from a byte that is a multiple of the sector. A last piece of a sector is left out.
    pub(super) fn lay_over(&mut self, offset: u32, bytes: &[u8]) {
        let first = offset / 512;
        self.kept.clear();
        for (number, sector) in (first..).zip(bytes.as_chunks::<SECTOR_BYTES>().0) {
            self.over.insert(number, *sector);
        }
    }

    /// Bytes from an offset on; none where the hive is shorter.
    pub(super) fn read(&mut self, offset: u32, length: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length);
        let mut at = u64::from(offset);
        while bytes.len() < length {
            let size = PAGE_BYTES as u64;
            let page = self.page(at / size)?;
            let within = usize::try_from(at % size).ok()?;
            let wanted = length - bytes.len();
            let piece = page.get(within..)?;
            let piece = piece.get(..wanted).unwrap_or(piece);
            if piece.is_empty() {
                return None;
            }
            bytes.extend_from_slice(piece);
            at = at.checked_add(piece.len() as u64)?;
        }
        Some(bytes)
    }

    fn page(&mut self, number: u64) -> Option<Arc<[u8]>> {
        if let Some(page) = self.kept.get(&number) {
            return Some(Arc::clone(page));
        }
        let begin = number.checked_mul(PAGE_BYTES as u64)?;
        let mut page = read_some(&mut self.file, BASE_BLOCK_BYTES.checked_add(begin)?, PAGE_BYTES)?;
        let first = u32::try_from(begin / SECTOR_BYTES as u64).ok()?;
        let sectors = u32::try_from(PAGE_BYTES / SECTOR_BYTES).ok()?;
        for (sector, bytes) in self.over.range(first..first.checked_add(sectors)?) {
            let at = usize::try_from(sector - first).ok()? * SECTOR_BYTES;
            if page.len() < at + SECTOR_BYTES {
                // The log makes the hive longer than its file.
                page.resize(at + SECTOR_BYTES, 0);
            }
            page.get_mut(at..at + SECTOR_BYTES)?.copy_from_slice(bytes);
        }
        if self.kept.len() >= KEPT_BYTES_MAX / PAGE_BYTES {
            self.kept.clear();
        }
        let page: Arc<[u8]> = page.into();
        self.kept.insert(number, Arc::clone(&page));
        Some(page)
    }

    /// The header, whole.
    pub(super) fn base_block(&mut self) -> Option<Vec<u8>> {
        read_some(&mut self.file, 0, 4096).filter(|block| block.len() == 4096)
    }
}

/// Bytes from an offset on, fewer at the end of the file.
fn read_some(file: &mut Box<dyn AnyPlace>, offset: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    bytes.truncate(filled);
    Some(bytes)
}
