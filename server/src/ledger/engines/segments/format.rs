//! The bytes of a segment file: its header and its frames. The format is drawn in `docs/ledger-format.md` and nowhere else.
//! It does not know files, groups on disk or what a line says. Invariant: whatever the bytes are, decoding never panics, and
//! nothing counts as a frame unless its checksum fits.

use crate::ledger::engine::Frame;
use daicho_schemas::canonical::Hash;
use daicho_schemas::limits::ENTRY_BYTES_MAX;

/// The first bytes of every segment. The line break shows a copy that was made in text mode.
const MAGIC: [u8; 8] = *b"DAICHO\r\n";
/// The version of the format.
const VERSION: u32 = 1;
/// A segment's header.
pub(super) const HEADER_BYTES: usize = 72;
/// What stands before the line in a frame.
pub(super) const FRAME_HEAD_BYTES: usize = 52;

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
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
        bytes.extend_from_slice(&VERSION.to_le_bytes());
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
                first_seq: first_seq?,
                hash_before,
                previous_first_seq: previous.0,
                previous_bytes: previous.1,
            })
        })();
        match (header, version) {
            (Some(header), Some(VERSION)) => Ok(header),
            (Some(_), Some(version)) => Err(HeaderError::Version(version)),
            _ => Err(HeaderError::Torn),
        }
    }
}

/// What stands before the line in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Bytes of the line that follows.
    pub line_bytes: u32,
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
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let (line_bytes, crc, seq) = (cursor.u32()?, cursor.u32()?, cursor.u64()?);
        let (before, hash) = (cursor.u32()?, Hash(cursor.take::<32>()?));
        (line_bytes as usize <= ENTRY_BYTES_MAX).then_some(Self { line_bytes, crc, seq, before, hash })
    }

    /// Whether the checksum fits this line.
    pub(super) fn fits(&self, line: &[u8]) -> bool {
        line.len() == self.line_bytes as usize
            && frame_crc(self.line_bytes, self.seq, self.before, &self.hash, line) == self.crc
    }

    /// The number of the first entry of the append that this frame belongs to.
    pub(super) fn group_first_seq(&self) -> u64 {
        self.seq.saturating_sub(u64::from(self.before))
    }

    /// Bytes of the whole frame.
    pub(super) fn frame_bytes(&self) -> u64 {
        FRAME_HEAD_BYTES as u64 + u64::from(self.line_bytes)
    }
}

/// Writes all frames of one append behind each other; `None` when one does not fit the format's numbers.
pub(super) fn encode_group(frames: &[Frame]) -> Option<Vec<u8>> {
    let bytes_total: usize = frames.iter().map(|frame| FRAME_HEAD_BYTES + frame.line.len()).sum();
    let mut bytes = Vec::with_capacity(bytes_total);
    for (before, frame) in frames.iter().enumerate() {
        let (line_bytes, before) = (u32::try_from(frame.line.len()).ok()?, u32::try_from(before).ok()?);
        let crc = frame_crc(line_bytes, frame.seq, before, &frame.hash, &frame.line);
        bytes.extend_from_slice(&line_bytes.to_le_bytes());
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(&frame.seq.to_le_bytes());
        bytes.extend_from_slice(&before.to_le_bytes());
        bytes.extend_from_slice(&frame.hash.0);
        bytes.extend_from_slice(&frame.line);
    }
    Some(bytes)
}

fn frame_crc(line_bytes: u32, seq: u64, before: u32, hash: &Hash, line: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&line_bytes.to_le_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(&before.to_le_bytes());
    hasher.update(&hash.0);
    hasher.update(line);
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
        SegmentHeader { first_seq: 7, hash_before: Hash([9; 32]), previous_first_seq: 1, previous_bytes: 4096 }
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
        bytes[8] = 2;
        let crc = crc32fast::hash(&bytes[..HEADER_BYTES - 4]);
        bytes[HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Version(2)));
    }

    #[test]
    fn every_flipped_bit_of_a_frame_is_seen() {
        let frames = [Frame { seq: 3, hash: Hash([5; 32]), line: b"line".to_vec() }];
        let bytes = encode_group(&frames).unwrap();
        let fits = |bytes: &[u8]| {
            FrameHead::decode(bytes).is_some_and(|head| {
                bytes
                    .get(FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + head.line_bytes as usize)
                    .is_some_and(|line| head.fits(line))
            })
        };
        assert!(fits(&bytes));
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut bent = bytes.clone();
                bent[place] ^= 1 << bit;
                assert!(!fits(&bent), "byte {place}, bit {bit}");
            }
        }
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
