//! The logs beside a hive (`SYSTEM.LOG1`): what Windows had promised to write and had not yet written.
//! Both formats, by the public description of the format (<https://github.com/msuhanov/regf>). It does not know cells or keys.
//! Invariant: nothing of a log counts that its checksum or hash does not vouch for; a hive whose log cannot be used is told as such.

use super::pages::{Pages, SECTOR_BYTES};
use std::collections::BTreeMap;

/// Bytes of one log that are read at most; Windows keeps them below the size of the hive, and large ones at some ten MB.
pub(super) const LOG_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Windows' own seed for the hashes of log entries.
const MARVIN_SEED: u64 = 14_219_357_686_671_994_754;

/// What the header of a hive or of a log says.
#[derive(Clone, Copy, Debug)]
pub(super) struct BaseBlock {
    pub(super) sequence_begun: u32,
    pub(super) sequence_ended: u32,
    pub(super) written: u64,
    pub(super) minor: u32,
    pub(super) file_sort: u32,
    pub(super) root: u32,
    pub(super) data_bytes: u32,
    pub(super) is_sound: bool,
}

impl BaseBlock {
    /// None where this is no hive and no log of one, by signature and version.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let words = bytes.get(..508)?.as_chunks::<4>().0;
        let sum = words.iter().fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
        let sum = match sum {
            0 => 1,
            u32::MAX => u32::MAX - 1,
            sum => sum,
        };
        let (major, minor) = (number(20)?, number(24)?);
        (bytes.starts_with(b"regf") && major == 1 && minor <= 6).then_some(Self {
            sequence_begun: number(4)?,
            sequence_ended: number(8)?,
            written: u64::from(number(12)?) | u64::from(number(16)?) << 32,
            minor,
            file_sort: number(28)?,
            root: number(36)?,
            data_bytes: number(40)?,
            is_sound: number(508)? == sum,
        })
    }

    /// Whether the hive was left in the middle of writing.
    pub(super) fn is_dirty(&self) -> bool {
        !self.is_sound || self.sequence_begun != self.sequence_ended
    }
}

/// Lays what the logs of a dirty hive say over it. Answers the header that counts then; none where no log could be used.
pub(super) fn replay(pages: &mut Pages, base: BaseBlock, logs: &[Vec<u8>]) -> Option<BaseBlock> {
    let headed: Vec<_> = logs.iter().filter_map(|log| Some((BaseBlock::parse(log)?, log))).collect();
    let sound = || headed.iter().filter(|(head, _)| head.is_sound);
    if let Some((head, log)) = sound().find(|(head, _)| {
        head.file_sort == 1
            && head.sequence_begun == head.sequence_ended
            && (!base.is_sound || head.written == base.written)
    }) {
        lay_bitmap(pages, log, head.data_bytes)?;
        return Some(BaseBlock { is_sound: true, ..*head });
    }
    let mut entries = BTreeMap::new();
    for (_, log) in sound().filter(|(head, _)| head.file_sort == 6) {
        collect_entries(log, &mut entries);
    }
    // A header that is no good comes back from the log; whatever the log holds is newer than it.
    let newest_head =
        sound().filter(|(head, _)| head.file_sort == 6).map(|(head, _)| *head).max_by_key(|head| head.sequence_begun);
    let mut counts = if base.is_sound { base } else { newest_head? };
    let mut next = None;
    for (sequence, entry) in entries.range(counts.sequence_begun..) {
        if next.is_some_and(|next| next != *sequence) {
            break;
        }
        for (offset, page) in entry.pages() {
            pages.lay_over(offset, page);
        }
        counts = BaseBlock { data_bytes: entry.data_bytes, ..counts };
        next = sequence.checked_add(1);
    }
    next.map(|_| counts)
}

/// The old format: a bitmap of sectors, then those sectors.
fn lay_bitmap(pages: &mut Pages, log: &[u8], data_bytes: u32) -> Option<()> {
    let vector = log.get(SECTOR_BYTES..)?.strip_prefix(b"DIRT")?;
    let bitmap_bytes = usize::try_from(data_bytes / 512).ok()?.div_ceil(8);
    let bitmap = vector.get(..bitmap_bytes)?;
    let begin = SECTOR_BYTES + (4 + bitmap_bytes).next_multiple_of(SECTOR_BYTES);
    let mut sectors = log.get(begin..)?.as_chunks::<SECTOR_BYTES>().0.iter();
    for (number, byte) in (0u32..).step_by(8).zip(bitmap) {
        for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
            pages.lay_over(number.checked_add(bit)?.checked_mul(512)?, sectors.next()?);
        }
    }
    Some(())
}

/// One entry of a log of the new format.
struct Entry<'a> {
    data_bytes: u32,
    references: &'a [[u8; 8]],
    contents: &'a [u8],
}

impl<'a> Entry<'a> {
    fn pages(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        let mut rest = self.contents;
        self.references.iter().map_while(move |reference| {
            let [a, b, c, d, e, f, g, h] = *reference;
            let length = usize::try_from(u32::from_le_bytes([e, f, g, h])).ok()?;
            let (page, after) = rest.split_at_checked(length)?;
            rest = after;
            Some((u32::from_le_bytes([a, b, c, d]), page))
        })
    }
}

fn collect_entries<'a>(log: &'a [u8], entries: &mut BTreeMap<u32, Entry<'a>>) {
    let mut rest = log.get(SECTOR_BYTES..).unwrap_or_default();
    while let Some((sequence, size, entry)) = parse_entry(rest) {
        entries.insert(sequence, entry);
        rest = rest.get(size..).unwrap_or_default();
    }
}

fn parse_entry(bytes: &[u8]) -> Option<(u32, usize, Entry<'_>)> {
    let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let size = usize::try_from(number(4)?).ok().filter(|size| *size >= SECTOR_BYTES && size % SECTOR_BYTES == 0)?;
    let (head, body) = bytes.get(..size)?.split_at_checked(40)?;
    let data_bytes = number(16).filter(|bytes| bytes % 4096 == 0)?;
    let is_sound = head.starts_with(b"HvLE") && marvin(body) == long(24)? && marvin(head.get(..32)?) == long(32)?;
    let (references, contents) = body.split_at_checked(usize::try_from(number(20)?).ok()?.checked_mul(8)?)?;
    let references = references.as_chunks::<8>().0;
    is_sound.then_some((number(12)?, size, Entry { data_bytes, references, contents }))
}

/// The hash of a part of a log.
pub(super) fn marvin(bytes: &[u8]) -> u64 {
    marvin_with(MARVIN_SEED, bytes)
}

/// Marvin32, all 64 bits of it.
pub(super) fn marvin_with(seed: u64, bytes: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
    let mut state = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    let mut take = |word: u32| {
        let (mut low, mut high) = state;
        low = low.wrapping_add(word);
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
        state = (low, high);
    };
    let (words, rest) = bytes.as_chunks::<4>();
    words.iter().for_each(|word| take(u32::from_le_bytes(*word)));
    let mut last = [0; 4];
    for (place, byte) in last.iter_mut().zip(rest.iter().chain([&0x80])) {
        *place = *byte;
    }
    take(u32::from_le_bytes(last));
    take(0);
    u64::from(state.0) | u64::from(state.1) << 32
}
