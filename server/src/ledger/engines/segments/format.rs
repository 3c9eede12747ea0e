//! The bytes of a segment file: its header and its frames. The format is drawn in `docs/ledger-format.md` and nowhere else.
//! It does not know files, groups on disk or what a line says. Invariant: whatever the bytes are, decoding never panics, and
//! nothing counts as a frame unless its checksum fits.

use super::pack;
use crate::ledger::engine::Frame;
use daicho_schemas::canonical::Hash;
use daicho_schemas::limits::ENTRY_BYTES_MAX;
use std::borrow::Cow;

/// The first bytes of every segment. The line break shows a copy that was made in text mode.
const MAGIC: [u8; 8] = *b"DAICHO\r\n";
/// The first version: every line is stored as it is.
const VERSION_PLAIN: u32 = 1;
/// The version that new files get: a line may be stored packed. A file keeps the version it began with.
pub(super) const VERSION: u32 = 2;
/// In a frame's first number: the line is stored packed.
const PACKED: u32 = 1 << 31;
/// A segment's header.
pub(super) const HEADER_BYTES: usize = 72;
/// What stands before the line in a frame.
pub(super) const FRAME_HEAD_BYTES: usize = 52;

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The version of the format that its frames have.
    pub version: u32,
    /// The number of its first entry.
    pub first_seq: u64,
    /// The hash of the entry before.
    pub hash_before: Hash,
    /// The segment before this one: the number of its first entry; 0 for none.
    pub previous_first_seq: u64,
    /// The segment before this one: its length when it was left for ever; 0 for none.
    pub previous_bytes: u64,
}

/// Why a header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// Cut short, or its checksum does not fit.
    Torn,
    /// Whole, and of a version that this release does not know.
    Version(u32),
}

impl SegmentHeader {
    /// The header as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&self.first_seq.to_le_bytes());
        bytes.extend_from_slice(&self.hash_before.0);
        bytes.extend_from_slice(&self.previous_first_seq.to_le_bytes());
        bytes.extend_from_slice(&self.previous_bytes.to_le_bytes());
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header from the first bytes of a file.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let mut cursor = Cursor(bytes);
        let whole = bytes.get(..HEADER_BYTES - 4).ok_or(HeaderError::Torn)?;
        let (magic, version) = (cursor.take::<8>(), cursor.u32());
        let (first_seq, hash_before) = (cursor.u64(), cursor.take::<32>());
        let (previous_first_seq, previous_bytes, crc) = (cursor.u64(), cursor.u64(), cursor.u32());
        let header = (|| {
            (magic? == MAGIC && crc? == crc32fast::hash(whole)).then_some(())?;
            let hash_before = Hash(hash_before?);
            let previous = (previous_first_seq?, previous_bytes?);
            Some(Self {
                version: version?,
                first_seq: first_seq?,
                hash_before,
                previous_first_seq: previous.0,
                previous_bytes: previous.1,
            })
        })();
        match header {
            Some(header) if (VERSION_PLAIN..=VERSION).contains(&header.version) => Ok(header),
            Some(header) => Err(HeaderError::Version(header.version)),
            None => Err(HeaderError::Torn),
        }
    }
}

/// What stands before the line in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Bytes that follow: the line, as it is or packed.
    pub stored_bytes: u32,
    /// Whether the line is stored packed.
    pub packed: bool,
    /// CRC-32 over everything else in the frame.
    pub crc: u32,
    /// The entry's number.
    pub seq: u64,
    /// How many frames of the same append stand before this one.
    pub before: u32,
    /// The entry's hash.
    pub hash: Hash,
}

impl FrameHead {
    /// Reads what stands before a line; `None` when the bytes are too few or promise a line that is too long.
    pub(super) fn decode(bytes: &[u8], version: u32) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let (length, crc, seq) = (cursor.u32()?, cursor.u32()?, cursor.u64()?);
        let (before, hash) = (cursor.u32()?, Hash(cursor.take::<32>()?));
        let packed = length & PACKED != 0;
        let stored_bytes = length & !PACKED;
        let fits = stored_bytes as usize <= ENTRY_BYTES_MAX && (!packed || version > VERSION_PLAIN);
        fits.then_some(Self { stored_bytes, packed, crc, seq, before, hash })
    }

    /// Whether the checksum fits these stored bytes.
    pub(super) fn fits(&self, stored: &[u8]) -> bool {
        let length = self.stored_bytes | if self.packed { PACKED } else { 0 };
        stored.len() == self.stored_bytes as usize
            && frame_crc(length, self.seq, self.before, &self.hash, stored) == self.crc
    }

    /// The number of the first entry of the append that this frame belongs to.
    pub(super) fn group_first_seq(&self) -> u64 {
        self.seq.saturating_sub(u64::from(self.before))
    }

    /// Bytes of the whole frame.
    pub(super) fn frame_bytes(&self) -> u64 {
        FRAME_HEAD_BYTES as u64 + u64::from(self.stored_bytes)
    }
}

/// One append as bytes.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// All its frames behind each other.
    pub bytes: Vec<u8>,
    /// The number of each entry, and where in the bytes its frame starts.
    pub places: Vec<(u64, u64)>,
}

/// Writes all frames of one append behind each other; `None` when one does not fit the format's numbers.
pub(super) fn encode_group(frames: &[Frame], version: u32) -> Option<Group> {
    let stored = if version > VERSION_PLAIN { pack::pack(frames) } else { pack::plain(frames) };
    let bytes_total = stored.iter().map(|stored| FRAME_HEAD_BYTES + stored.len()).sum();
    let mut group = Group { bytes: Vec::with_capacity(bytes_total), places: Vec::with_capacity(frames.len()) };
    for (before, (frame, stored)) in frames.iter().zip(&stored).enumerate() {
        let (length, before) = (u32::try_from(stored.len()).ok()?, u32::try_from(before).ok()?);
        let length = length | if matches!(stored, Cow::Owned(_)) { PACKED } else { 0 };
        group.places.push((frame.seq, group.bytes.len() as u64));
        let crc = frame_crc(length, frame.seq, before, &frame.hash, stored);
        group.bytes.extend_from_slice(&length.to_le_bytes());
        group.bytes.extend_from_slice(&crc.to_le_bytes());
        group.bytes.extend_from_slice(&frame.seq.to_le_bytes());
        group.bytes.extend_from_slice(&before.to_le_bytes());
        group.bytes.extend_from_slice(&frame.hash.0);
        group.bytes.extend_from_slice(stored);
    }
    Some(group)
}

fn frame_crc(length: u32, seq: u64, before: u32, hash: &Hash, stored: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(&before.to_le_bytes());
    hasher.update(&hash.0);
    hasher.update(stored);
    hasher.finalize()
}

/// The file name of the segment that begins with this entry.
pub(super) fn segment_name(first_seq: u64) -> String {
    format!("{first_seq:020}.seg")
}

/// The first entry's number, if the name is a segment's.
pub(super) fn first_seq_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    let seq = digits.parse().ok()?;
    (segment_name(seq) == name).then_some(seq)
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            version: VERSION,
            first_seq: 7,
            hash_before: Hash([9; 32]),
            previous_first_seq: 1,
            previous_bytes: 4096,
        }
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_seen() {
        let bytes = header().encode();
        assert_eq!((bytes.len(), SegmentHeader::decode(&bytes)), (HEADER_BYTES, Ok(header())));
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut bent = bytes.clone();
                bent[place] ^= 1 << bit;
                assert_eq!(SegmentHeader::decode(&bent), Err(HeaderError::Torn), "byte {place}, bit {bit}");
            }
            assert_eq!(SegmentHeader::decode(&bytes[..place]), Err(HeaderError::Torn));
        }
    }

    #[test]
    fn a_header_of_a_later_version_is_not_taken_for_a_torn_one() {
        let mut bytes = header().encode();
        bytes[8] = 3;
        let crc = crc32fast::hash(&bytes[..HEADER_BYTES - 4]);
        bytes[HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Version(3)));
    }

    #[test]
    fn every_flipped_bit_of_a_frame_is_seen() {
        for (line, packed, version) in [
            (b"line".to_vec(), false, VERSION),
            (vec![b'a'; 2000], true, VERSION),
            (vec![b'a'; 2000], false, VERSION_PLAIN),
        ] {
            let frames = [Frame { seq: 3, hash: Hash([5; 32]), line }];
            let bytes = encode_group(&frames, version).unwrap().bytes;
            let fits = |bytes: &[u8]| {
                FrameHead::decode(bytes, version).is_some_and(|head| {
                    let end = FRAME_HEAD_BYTES + head.stored_bytes as usize;
                    bytes.get(FRAME_HEAD_BYTES..end).is_some_and(|stored| head.fits(stored))
                })
            };
            assert!(fits(&bytes));
            assert_eq!(FrameHead::decode(&bytes, version).unwrap().packed, packed);
            for place in 0..bytes.len() {
                for bit in 0..8 {
                    let mut bent = bytes.clone();
                    bent[place] ^= 1 << bit;
                    assert!(!fits(&bent), "byte {place}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn the_first_format_has_no_packed_lines() {
        let frames = [Frame { seq: 3, hash: Hash([5; 32]), line: vec![b'a'; 2000] }];
        let bytes = encode_group(&frames, VERSION).unwrap().bytes;
        assert!(FrameHead::decode(&bytes, VERSION).is_some());
        assert_eq!(FrameHead::decode(&bytes, VERSION_PLAIN), None);
    }

    #[test]
    fn only_twenty_digits_name_a_segment() {
        assert_eq!(first_seq_of(&segment_name(u64::MAX)), Some(u64::MAX));
        assert_eq!(first_seq_of(&segment_name(1)), Some(1));
        for other in ["1.seg", "+0000000000000000001.seg", "00000000000000000001.seg.torn-1", "lock", ""] {
            assert_eq!(first_seq_of(other), None, "{other}");
        }
    }
}
