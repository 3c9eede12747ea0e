//! Walking over the frames of one segment, and the sparse index of where they stand.
//! It does not know other segments, nor what is done about a frame that is wrong.
//! Invariant: it never looks behind the end it was given, so a reader cannot see a frame that nobody was promised.

use super::files::{Files, ReadFile};
use super::format::{FRAME_HEAD_BYTES, FrameHead, HEADER_BYTES};
use super::pack;
use crate::ledger::chain::Head;
use crate::ledger::engine::Frame;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// How much is read from a segment at once.
const READ_BYTES: usize = 128 * 1024;
/// The index keeps a place at least this often.
const INDEX_EVERY_ENTRIES: u64 = 64;
/// The index keeps a place at least this often.
const INDEX_EVERY_BYTES: u64 = 1024 * 1024;

/// Some frame starts of one segment: a read starts at most 64 frames and about 1 MiB too early.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(Vec<Place>);

#[derive(Clone, Copy, Debug)]
struct Place {
    seq: u64,
    offset: u64,
}

impl Index {
    /// Notes where a frame starts, if the last place noted is far enough behind.
    pub(super) fn note(&mut self, seq: u64, offset: u64) {
        let due = self.0.last().is_none_or(|last| {
            seq.saturating_sub(last.seq) >= INDEX_EVERY_ENTRIES
                || offset.saturating_sub(last.offset) >= INDEX_EVERY_BYTES
        });
        if due {
            self.0.push(Place { seq, offset });
        }
    }

    /// The last known frame start that is not behind `seq`: its number and offset.
    pub(super) fn start(&self, first_seq: u64, seq: u64) -> (u64, u64) {
        let behind = self.0.partition_point(|place| place.seq <= seq);
        let place = behind.checked_sub(1).and_then(|at| self.0.get(at));
        place.map_or((first_seq, HEADER_BYTES as u64), |place| (place.seq, place.offset))
    }
}

/// Why a walk cannot go on.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// The system would not read.
    Io(io::Error),
    /// The bytes from the walk's offset on are not the next frame.
    Bad(&'static str),
    /// A whole frame stands there, with a number that is not the next one.
    Number(u64),
}

/// A walk over frames, from a known frame start to a given end.
pub(super) struct Walk {
    input: BufReader<Box<dyn ReadFile>>,
    /// Where the next frame starts.
    pub offset: u64,
    /// The number that the next frame must have.
    pub seq: u64,
    end: u64,
    version: u32,
}

/// The part of a file to walk over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The version of the file's format.
    pub version: u32,
    /// The number of the first entry, and where its frame starts.
    pub start: (u64, u64),
    /// Where to stop.
    pub end: u64,
}

/// A line as it is stored, checked.
pub(super) struct Stored {
    head: FrameHead,
    bytes: Vec<u8>,
}

/// What a packed line that cannot be unpacked is called.
const NOT_PACKED: Obstacle = Obstacle::Bad("a packed line cannot be unpacked");

impl Stored {
    /// How long the line is.
    pub(super) fn line_bytes(&self) -> Result<usize, Obstacle> {
        if self.head.packed { pack::line_bytes(&self.bytes).ok_or(NOT_PACKED) } else { Ok(self.bytes.len()) }
    }

    fn frame(self) -> Result<Frame, Obstacle> {
        let Self { head, bytes } = self;
        let line = if head.packed { pack::unpack(&bytes).ok_or(NOT_PACKED)? } else { bytes };
        Ok(Frame { seq: head.seq, hash: head.hash, line })
    }
}

impl Walk {
    /// Starts at a frame start.
    pub(super) fn start(files: &dyn Files, path: &Path, span: Span) -> io::Result<Self> {
        let Span { version, start: (seq, offset), end } = span;
        let mut input = BufReader::with_capacity(READ_BYTES, files.read(path)?);
        input.seek(SeekFrom::Start(offset))?;
        Ok(Self { input, offset, seq, end, version })
    }

    /// What stands before the next line; `None` at the end. The walk stays before that line.
    pub(super) fn head(&mut self) -> Result<Option<FrameHead>, Obstacle> {
        let left = self.end.saturating_sub(self.offset);
        if left == 0 {
            return Ok(None);
        }
        let mut bytes = [0; FRAME_HEAD_BYTES];
        if left < bytes.len() as u64 {
            return Err(Obstacle::Bad("a frame is cut short"));
        }
        self.fill(&mut bytes)?;
        let head =
            FrameHead::decode(&bytes, self.version).ok_or(Obstacle::Bad("a frame promises a line that is too long"))?;
        if head.frame_bytes() > left {
            return Err(Obstacle::Bad("a frame is cut short"));
        }
        Ok(Some(head))
    }

    /// What is stored behind `head`, checked. The walk stays before it.
    pub(super) fn stored(&mut self, head: FrameHead) -> Result<Stored, Obstacle> {
        let mut bytes = vec![0; head.stored_bytes as usize];
        self.fill(&mut bytes)?;
        if head.fits(&bytes) { Ok(Stored { head, bytes }) } else { Err(Obstacle::Bad("the checksum does not fit")) }
    }

    /// Goes past what is stored, and gives the frame.
    pub(super) fn take(&mut self, stored: Stored) -> Result<Frame, Obstacle> {
        let head = stored.head;
        let frame = stored.frame()?;
        self.pass(&head)?;
        Ok(frame)
    }

    /// Goes past the next frame when its checksum fits, and says which entry it was and whether it began an append;
    /// `None` at the end. Nothing is unpacked.
    pub(super) fn check(&mut self) -> Result<Option<(Head, bool)>, Obstacle> {
        let Some(head) = self.head()? else { return Ok(None) };
        self.stored(head)?;
        self.pass(&head)?;
        Ok(Some((Head { seq: head.seq, hash: head.hash }, head.before == 0)))
    }

    /// Goes past the line behind `head` without reading it.
    pub(super) fn skip(&mut self, head: &FrameHead) -> Result<(), Obstacle> {
        self.input.seek_relative(i64::from(head.stored_bytes)).map_err(Obstacle::Io)?;
        self.pass(head)
    }

    fn pass(&mut self, head: &FrameHead) -> Result<(), Obstacle> {
        if head.seq != self.seq {
            return Err(Obstacle::Number(head.seq));
        }
        self.offset += head.frame_bytes();
        self.seq = self.seq.saturating_add(1);
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Obstacle> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            // The file is shorter than it was promised to be.
            io::ErrorKind::UnexpectedEof => Obstacle::Bad("a frame is cut short"),
            _ => Obstacle::Io(error),
        })
    }
}
