//! A ledger's files as an accident, or somebody with a copy, may have left them: bytes changed, cut, put in, checksums put
//! right again. It does not use the engine's own encoder: frames are found here by what `docs/ledger-format.md` says.
//! Invariant: opening takes nothing away; what opens can be read, appended to and opened again; memory follows the files.

use super::choices::Choices;
use crate::disk::Disk;
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine as _, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::Segments;
use daicho::ledger::verify::verify_engine;
use daicho_schemas::canonical::Hash;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

const SEGMENT_BYTES_MAX: u64 = 3000;
const HEADER_BYTES: usize = 72;

type Held = BTreeMap<PathBuf, Vec<u8>>;

fn open_on(disk: &Disk) -> Result<(Segments, daicho::ledger::engines::segments::OpenReport), String> {
    let files = Arc::new(disk.clone());
    let shelf = Arc::new(MemoryShelf::default());
    Segments::open_with(files, Path::new("ledger"), shelf, SEGMENT_BYTES_MAX).map_err(|fault| format!("{fault:?}"))
}

fn frames(head: Head, lengths: &[usize]) -> Vec<Frame> {
    let frame = |(seq, length): (u64, &usize)| {
        // Half of the lines compress well, half do not.
        let line: Vec<u8> = match seq % 2 {
            0 => vec![b'a'; *length],
            _ => (0..*length).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect(),
        };
        Frame { seq, hash: Hash::of("test", &[&seq.to_be_bytes(), &line]), line }
    };
    (head.seq + 1..).zip(lengths).map(frame).collect()
}

fn held(disk: &Disk) -> Held {
    disk.paths().into_iter().map(|path| (path.clone(), disk.content(&path))).collect()
}

/// A ledger of three files.
fn whole() -> &'static Held {
    static WHOLE: OnceLock<Held> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let disk = Disk::default();
        let (engine, _) = open_on(&disk).unwrap();
        for lengths in [&[300, 10, 0][..], &[700], &[900, 900], &[1500], &[64, 64, 64], &[400]] {
            engine.append(engine.head(), &frames(engine.head(), lengths)).unwrap();
        }
        held(&disk)
    })
}

/// By the first byte: the files of a whole ledger, changed as the choices say; or one file with these very bytes.
pub(super) fn open(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else { return };
    let files = if mode % 4 == 0 { [(path(1), rest.to_vec())].into() } else { changed(rest) };
    let disk = Disk::holding(files.clone());
    let opened = open_on(&disk);
    assert_nothing_lost(&files, &held(&disk));
    let Ok((engine, report)) = opened else { return };
    assert_eq!(report.head, engine.head());
    let readable = verify_engine(&engine, None, &mut |_| {});
    assert!(readable.is_ok());
    let there = engine.read(1, usize::MAX, usize::MAX);
    let group = frames(engine.head(), &[5, 70]);
    let head = Head { seq: group[1].seq, hash: group[1].hash };
    assert_eq!(engine.append(engine.head(), &group).unwrap(), Appended::Done(head));
    drop(engine);
    let (engine, report) = open_on(&disk).expect("what was opened opens again");
    assert_eq!((report.head, report.torn.len()), (head, 0));
    if let Ok(mut there) = there
        && there.last().map_or(0, |frame| frame.seq) + 2 == head.seq
    {
        there.extend(group);
        assert_eq!(engine.read(1, usize::MAX, usize::MAX).unwrap(), there);
    }
}

/// Every byte that was there is there, in its file or in the side file that was cut from it.
fn assert_nothing_lost(before: &Held, after: &Held) {
    for (path, bytes) in before {
        let mut kept = after.get(path).cloned().unwrap_or_default();
        let aside = format!("{}.torn-1", path.display());
        kept.extend(after.get(Path::new(&aside)).into_iter().flatten());
        assert_eq!(&kept, bytes, "{path:?} is not what it was");
    }
}

fn path(first_seq: u64) -> PathBuf {
    PathBuf::from(format!("ledger/{first_seq:020}.seg"))
}

fn changed(bytes: &[u8]) -> Held {
    let mut choices = Choices(bytes);
    let mut files = whole().clone();
    while !choices.is_empty() {
        let paths: Vec<PathBuf> = files.keys().cloned().collect();
        let Some(path) = paths.get(choices.below(8) % paths.len().max(1)) else { break };
        let Some(file) = files.get_mut(path) else { break };
        let at = (choices.below(255) * 256 + choices.below(255)) % file.len().max(1);
        match choices.below(8) {
            0 => file.truncate(at),
            1 => {
                let more = choices.text();
                file.splice(at.min(file.len())..at.min(file.len()), more.bytes());
            }
            2 => file.extend(std::iter::repeat_n(choices.byte(), at % 200)),
            3 => {
                files.remove(path);
            }
            4 => mend_header(file),
            5 => mend_frame(file, choices.below(12)),
            6 => put_in_frame(file, &mut choices),
            _ => {
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= choices.byte();
                }
            }
        }
    }
    files
}

/// Where frames start, as their lengths say.
fn frame_starts(file: &[u8]) -> Vec<usize> {
    let head_bytes = 52;
    let mut starts = Vec::new();
    let mut at = HEADER_BYTES;
    while let Some(length) = file.get(at..at + 4) {
        starts.push(at);
        let length = u32::from_le_bytes(length.try_into().unwrap()) & 0x7fff_ffff;
        at = at.saturating_add(head_bytes + length as usize);
    }
    starts
}

/// Changes a field of a frame's head, so that a mended frame says something else.
fn put_in_frame(file: &mut [u8], choices: &mut Choices) {
    let starts = frame_starts(file);
    let Some(start) = starts.get(choices.below(12)).copied() else { return };
    let field = [0, 3, 8, 16, 20, 52][choices.below(6)];
    if let Some(byte) = file.get_mut(start + field) {
        *byte = choices.byte();
    }
    mend_at(file, start);
}

fn mend_header(file: &mut [u8]) {
    if file.len() >= HEADER_BYTES {
        let sum = crc32(&[&file[..HEADER_BYTES - 4]]).to_le_bytes();
        file[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&sum);
    }
}

fn mend_frame(file: &mut [u8], which: usize) {
    if let Some(start) = frame_starts(file).get(which).copied() {
        mend_at(file, start);
    }
}

/// Puts the checksum of the frame that starts here right.
fn mend_at(file: &mut [u8], start: usize) {
    let Some(length) = file.get(start..start + 4) else { return };
    let length = (u32::from_le_bytes(length.try_into().unwrap()) & 0x7fff_ffff) as usize;
    let Some(frame) = file.get_mut(start..start + 52 + length) else { return };
    let sum = crc32(&[&frame[..4], &frame[8..]]).to_le_bytes();
    frame[4..8].copy_from_slice(&sum);
}

/// As the format's text says, bit by bit.
fn crc32(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let first = whole().values().next().unwrap();
    let mut seeds = vec![[&[0], first.as_slice()].concat()];
    seeds.extend((0..8).map(|what| vec![1, 1, 1, 40, what, 17, 2, 0, 90, 5, 3]));
    seeds.extend((0..6).map(|field| vec![1, 0, 0, 80, 6, 1, field, 200]));
    seeds
}
