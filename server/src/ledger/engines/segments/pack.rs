//! Lines packed with zstd where that is smaller, and back within limits. It does not know frames on disk or what a line says.
//! Invariant: what is unpacked is exactly the line that was packed, and never longer than an entry may be.

use crate::ledger::engine::Frame;
use daicho_schemas::limits::ENTRY_BYTES_MAX;
use std::borrow::Cow;
use std::thread;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

/// The quickest level that is no other format: a first report becomes a twelfth, and packing is no longer than hashing.
const LEVEL: i32 = 1;
/// Shorter lines gain a few bytes at most.
const LINE_BYTES_MIN: usize = 512;
/// Below this many bytes of lines one thread is done before another has begun.
const SHARED_BYTES_MIN: usize = 1024 * 1024;
/// More threads than this would take the machine from those who read.
const THREADS_MAX: usize = 4;

/// The lines of an append as they are stored: borrowed where packing would not make one smaller.
pub(super) fn pack(frames: &[Frame]) -> Vec<Cow<'_, [u8]>> {
    let bytes: usize = frames.iter().map(|frame| frame.line.len()).sum();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(frames.len());
    if bytes < SHARED_BYTES_MIN || threads < 2 {
        return pack_some(frames);
    }
    thread::scope(|scope| {
        let parts = frames.chunks(frames.len().div_ceil(threads));
        let packing: Vec<_> = parts.map(|part| (part, scope.spawn(|| pack_some(part)))).collect();
        // A thread that failed packed nothing: its lines are stored as they are.
        let packed = packing.into_iter().map(|(part, packing)| packing.join().unwrap_or_else(|_| plain(part)));
        packed.collect::<Vec<_>>().concat()
    })
}

/// The lines as they are.
pub(super) fn plain(frames: &[Frame]) -> Vec<Cow<'_, [u8]>> {
    frames.iter().map(|frame| Cow::Borrowed(frame.line.as_slice())).collect()
}

fn pack_some(frames: &[Frame]) -> Vec<Cow<'_, [u8]>> {
    let Ok(mut compressor) = Compressor::new(LEVEL) else { return plain(frames) };
    let mut pack = |line: &[u8]| {
        if line.len() < LINE_BYTES_MIN {
            return None;
        }
        compressor.compress(line).ok().filter(|packed| packed.len() < line.len())
    };
    frames.iter().map(|frame| pack(&frame.line).map_or(Cow::Borrowed(frame.line.as_slice()), Cow::Owned)).collect()
}

/// How long the line is that was packed into these bytes; `None` when they are not one whole packed line.
pub(super) fn line_bytes(packed: &[u8]) -> Option<usize> {
    let whole = zstd_safe::find_frame_compressed_size(packed).is_ok_and(|bytes| bytes == packed.len());
    let bytes = zstd_safe::get_frame_content_size(packed).ok()??;
    let bytes = usize::try_from(bytes).ok()?;
    (whole && bytes <= ENTRY_BYTES_MAX).then_some(bytes)
}

/// The line that was packed into these bytes.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let bytes = line_bytes(packed)?;
    let line = Decompressor::new().ok()?.decompress(packed, bytes).ok()?;
    (line.len() == bytes).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::canonical::Hash;

    fn frame(line: Vec<u8>) -> Frame {
        Frame { seq: 1, hash: Hash::ZERO, line }
    }

    #[test]
    fn every_line_comes_back_and_only_what_shrinks_is_packed() {
        let noise: Vec<u8> = (0..400_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let lengths = [0, 1, LINE_BYTES_MIN - 1, LINE_BYTES_MIN, 5000, 400_000, SHARED_BYTES_MIN];
        let mut frames: Vec<Frame> = lengths.iter().map(|length| frame(vec![b'a'; *length])).collect();
        frames.push(frame(noise[..600].to_vec()));
        for frames in [&frames[..4], &frames[4..], &frames] {
            let packed = pack(frames);
            assert_eq!(packed.len(), frames.len());
            for (stored, frame) in packed.iter().zip(frames) {
                match stored {
                    Cow::Borrowed(plain) => assert_eq!(*plain, frame.line),
                    Cow::Owned(packed) => {
                        assert!(packed.len() < frame.line.len() && frame.line.len() >= LINE_BYTES_MIN);
                        assert_eq!(line_bytes(packed), Some(frame.line.len()));
                        assert_eq!(unpack(packed).unwrap(), frame.line);
                    }
                }
            }
        }
        assert!(matches!(pack(&frames)[4], Cow::Owned(_)), "what shrinks is packed");
    }

    /// A frame that promises more than an entry may be, two frames, a cut one, and bytes that are none.
    #[test]
    fn what_was_not_packed_here_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; ENTRY_BYTES_MAX + 1], 1).unwrap();
        let good = zstd::bulk::compress(&[7; 1000], 1).unwrap();
        let streamed = zstd::stream::encode_all(&[7; 1000][..], 1).unwrap();
        let two = [good.clone(), good.clone()].concat();
        for (what, bytes) in [
            ("too long", &bomb[..]),
            ("two", &two),
            ("cut", &good[..good.len() - 1]),
            ("none", b"line"),
            ("empty", b""),
        ] {
            assert_eq!(unpack(bytes), None, "{what}");
        }
        assert_eq!(unpack(&good), Some(vec![7; 1000]));
        assert_eq!(unpack(&streamed), None, "a length that is not said cannot be kept to");
    }
}
