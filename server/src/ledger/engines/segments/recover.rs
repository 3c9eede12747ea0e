//! Opening a folder of segments: are all files here and whole, where does the ledger end, what did a crash leave behind.
//! It does not append and knows nothing of what a line says. Invariant: nothing is thrown away. What a crash left half-written
//! is kept in a side file and reported; whatever else is wrong is named as damage and left exactly as it was found.

use super::files::Files;
use super::format::{
    FRAME_HEAD_BYTES, FrameHead, HEADER_BYTES, HeaderError, SegmentHeader, first_seq_of, segment_name,
};
use super::walk::{Index, Obstacle, Span, Walk};
use super::{OpenFault, TornTail};
use crate::ledger::chain::Head;
use crate::ledger::engine::EngineFault;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// What an append that was cut off can have left; a longer bad end was not left by one append.
const TORN_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How many bytes are summed up while looking for whole frames in a bad end. A bad end that needs more is left alone.
const SEARCH_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A segment as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub header: SegmentHeader,
    pub path: PathBuf,
    /// Its length; for the last one, the length of its whole frames.
    pub bytes: u64,
}

/// A ledger as it was found, ready to go on.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// In order; the last one is the one that grows. Empty for a new ledger.
    pub segments: Vec<Found>,
    pub head: Option<Head>,
    /// The index of the last segment.
    pub index: Index,
    /// Where the last append began in the last segment. What came before it was synced before it was made.
    pub last_append_offset: u64,
    pub torn: Vec<TornTail>,
}

/// Reads the folder, cuts what a crash left at the end, and says where the ledger stands.
pub(super) fn recover(files: &dyn Files, folder: &Path) -> Result<Recovered, OpenFault> {
    let mut recovered = Recovered::default();
    recovered.segments = list(files, folder, &mut recovered.torn)?;
    for pair in recovered.segments.windows(2) {
        if let [before, after] = pair {
            follows(before, after)?;
        }
    }
    if let Some(first) = recovered.segments.first().filter(|first| first.header.first_seq != 1) {
        let what = format!("the first file begins with entry {}; everything before is missing", first.header.first_seq);
        return Err(damaged(1, &first.path, what));
    }
    if let Some(last) = recovered.segments.last_mut() {
        let end = end_of(files, folder, last, &mut recovered.torn)?;
        recovered.head = Some(end.head);
        recovered.index = end.index;
        recovered.last_append_offset = end.last_append_offset;
    }
    Ok(recovered)
}

/// Every segment with its header, in order. A last one whose making was cut off is put aside.
fn list(files: &dyn Files, folder: &Path, torn: &mut Vec<TornTail>) -> Result<Vec<Found>, OpenFault> {
    let names = files.list(folder).map_err(|source| io_fault("listing", folder, source))?;
    let mut first_seqs: Vec<u64> = names.iter().filter_map(|name| first_seq_of(name)).collect();
    first_seqs.sort_unstable();
    let mut segments = Vec::new();
    for first_seq in &first_seqs {
        let path = folder.join(segment_name(*first_seq));
        let bytes = files.length(&path).map_err(|source| io_fault("measuring", &path, source))?;
        let head = read_part(files, &path, 0, bytes.min(HEADER_BYTES as u64))?;
        let what = match SegmentHeader::decode(&head) {
            Ok(header) if header.first_seq == *first_seq => {
                segments.push(Found { header, path, bytes });
                continue;
            }
            Ok(header) => format!("the file is named after entry {first_seq} and begins with {}", header.first_seq),
            Err(HeaderError::Version(version)) => format!("the file has format {version}; a later release wrote it"),
            // The header is on disk before the first frame follows it: nobody was promised anything in such a file.
            Err(HeaderError::Torn) if bytes <= HEADER_BYTES as u64 && Some(first_seq) == first_seqs.last() => {
                torn.push(put_aside(files, folder, &path, *first_seq, &head)?);
                files.remove(&path).map_err(|source| io_fault("removing", &path, source))?;
                files.sync_folder(folder).map_err(|source| io_fault("syncing", folder, source))?;
                continue;
            }
            Err(HeaderError::Torn) => "the header of the file is damaged".into(),
        };
        return Err(damaged(*first_seq, &path, what));
    }
    Ok(segments)
}

/// Whether a segment is the very next one, and the one before still has the length it was left with.
fn follows(before: &Found, after: &Found) -> Result<(), OpenFault> {
    if after.header.previous_first_seq != before.header.first_seq {
        let missing = segment_name(after.header.previous_first_seq);
        return Err(damaged(
            after.header.previous_first_seq,
            &after.path,
            format!("the file {missing} before it is missing"),
        ));
    }
    if after.header.previous_bytes != before.bytes {
        let what =
            format!("the file has {} bytes and had {} when it was left", before.bytes, after.header.previous_bytes);
        return Err(damaged(before.header.first_seq, &before.path, what));
    }
    Ok(())
}

struct End {
    head: Head,
    index: Index,
    last_append_offset: u64,
}

/// Walks the last segment to its end and cuts what an unfinished append left there.
fn end_of(files: &dyn Files, folder: &Path, last: &mut Found, torn: &mut Vec<TornTail>) -> Result<End, OpenFault> {
    let first_seq = last.header.first_seq;
    let head = Head { seq: first_seq.saturating_sub(1), hash: last.header.hash_before };
    let mut end = End { head, index: Index::default(), last_append_offset: 0 };
    let span = Span { version: last.header.version, start: (first_seq, HEADER_BYTES as u64), end: last.bytes };
    let mut walk = Walk::start(files, &last.path, span).map_err(|source| io_fault("reading", &last.path, source))?;
    let obstacle = loop {
        let offset = walk.offset;
        match walk.check() {
            Ok(None) => return Ok(end),
            Ok(Some((head, begins_append))) => {
                end.index.note(head.seq, offset);
                end.head = head;
                if begins_append {
                    end.last_append_offset = offset;
                }
            }
            Err(obstacle) => break obstacle,
        }
    };
    let wanted_seq = end.head.seq.saturating_add(1);
    match obstacle {
        Obstacle::Io(source) => Err(io_fault("reading", &last.path, source)),
        Obstacle::Number(found) => {
            Err(damaged(wanted_seq, &last.path, format!("entry {found} stands where this one belongs")))
        }
        Obstacle::Bad(what) => {
            let torn_end = cut(files, folder, last, (wanted_seq, walk.offset), what)?;
            torn.push(torn_end);
            Ok(end)
        }
    }
}

/// Keeps the bytes from an offset on in a side file and cuts them off, unless they were promised to somebody.
fn cut(
    files: &dyn Files,
    folder: &Path,
    last: &mut Found,
    (wanted_seq, offset): (u64, u64),
    what: &str,
) -> Result<TornTail, OpenFault> {
    let tail_bytes = last.bytes - offset;
    if tail_bytes > TORN_BYTES_MAX {
        return Err(damaged(wanted_seq, &last.path, format!("{what}, and {tail_bytes} bytes follow")));
    }
    let tail = read_part(files, &last.path, offset, tail_bytes)?;
    if let Some(proof) = promised(&tail, wanted_seq, last.header.version) {
        return Err(damaged(wanted_seq, &last.path, format!("{what}, and {proof}")));
    }
    let torn = put_aside(files, folder, &last.path, wanted_seq, &tail)?;
    let cut = files.append(&last.path).and_then(|mut file| file.truncate(offset));
    cut.map_err(|source| io_fault("cutting", &last.path, source))?;
    last.bytes = offset;
    Ok(torn)
}

/// Looks for proof that a bad end was acknowledged once: a whole frame of a later append, which was only made after the
/// bad one had been synced. Blocks of one append may reach the disk in any order, so whole frames of the same append
/// prove nothing.
fn promised(tail: &[u8], wanted_seq: u64, version: u32) -> Option<String> {
    let mut searched: u64 = 0;
    let entries_max = (tail.len() / FRAME_HEAD_BYTES) as u64;
    for offset in 1..tail.len() {
        let rest = tail.get(offset..)?;
        let Some(head) = FrameHead::decode(rest, version) else { continue };
        if head.seq.abs_diff(wanted_seq) > entries_max || head.frame_bytes() > rest.len() as u64 {
            continue;
        }
        searched += head.frame_bytes();
        if searched > SEARCH_BYTES_MAX {
            return Some("what follows cannot be told from whole entries".into());
        }
        let stored = rest.get(FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + head.stored_bytes as usize)?;
        if head.fits(stored) && (head.seq <= wanted_seq || head.group_first_seq() > wanted_seq) {
            return Some(format!("a whole entry {} stands behind it", head.seq));
        }
    }
    None
}

/// Copies bytes into a new side file, durably.
fn put_aside(
    files: &dyn Files,
    folder: &Path,
    path: &Path,
    from_seq: u64,
    bytes: &[u8],
) -> Result<TornTail, OpenFault> {
    let names = files.list(folder).map_err(|source| io_fault("listing", folder, source))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = (1..=u32::MAX).map(|n| format!("{name}.torn-{n}")).find(|name| !names.contains(name));
    let kept_in = folder.join(free.unwrap_or_default());
    let written = files.create(&kept_in).and_then(|mut file| {
        file.write_at(0, bytes)?;
        file.sync()
    });
    written
        .and_then(|()| files.sync_folder(folder))
        .map_err(|source| io_fault("keeping a torn end in", &kept_in, source))?;
    Ok(TornTail { segment: path.to_path_buf(), kept_in, from_seq, bytes: bytes.len() as u64 })
}

/// A part of a file; a file that is shorter gives less.
pub(super) fn read_part(files: &dyn Files, path: &Path, offset: u64, bytes: u64) -> Result<Vec<u8>, OpenFault> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = files.read(path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut part = Vec::new();
        file.take(bytes).read_to_end(&mut part)?;
        Ok(part)
    };
    read().map_err(|source| io_fault("reading", path, source))
}

fn io_fault(doing: &'static str, path: &Path, source: io::Error) -> OpenFault {
    OpenFault::Engine(super::stop(doing, path, source))
}

fn damaged(seq: u64, path: &Path, what: String) -> OpenFault {
    OpenFault::Engine(EngineFault::Damaged { seq, path: path.to_path_buf(), what })
}
