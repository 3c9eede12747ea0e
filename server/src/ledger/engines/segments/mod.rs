//! The embedded engine: plain files that only grow, a checksummed frame per entry, one sync per append.
//! It does not know what a line says, and keeps snapshots on a shelf that it is given. Why plain files: D-0003; every byte of
//! them: `docs/ledger-format.md`. Invariant: what `append` acknowledged is on disk, and no reader sees anything else.

pub mod files;
mod format;
mod looking;
mod pack;
mod recover;
mod walk;
mod writer;

use super::super::chain::Head;
use super::super::engine::{Appended, Engine, EngineFault, Frame, NewSnapshot, Snapshot, SnapshotShelf};
use daicho_schemas::text::Text;
use files::{Files, RealFiles};
use format::{HEADER_BYTES, SegmentHeader};
pub use looking::Looking;
use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use walk::{Index, Obstacle, Span, Walk};
use writer::{Writer, Written};

/// When a file would grow over this, the next one is begun. An append is never split, so a single large one may be over it.
pub const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// Another process has it open.
    #[error("another process has the ledger in {folder} open: only one may; stop it first")]
    InUse {
        /// The ledger's folder.
        folder: PathBuf,
    },
    /// The disk failed, is full, or what is on it is not what was written.
    #[error(transparent)]
    Engine(#[from] EngineFault),
}

/// What was found on opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Where the ledger ends.
    pub head: Head,
    /// What unfinished appends had left; nobody was promised any of it. Empty after an orderly stop.
    pub torn: Vec<TornTail>,
}

/// The half-written end of a file, as a crash or a power cut leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file it was cut from.
    pub segment: PathBuf,
    /// Where the cut bytes are kept.
    pub kept_in: PathBuf,
    /// The number that the first entry in it had or would have had.
    pub from_seq: u64,
    /// How many bytes were cut.
    pub bytes: u64,
}

impl TornTail {
    /// What was found.
    pub fn what(&self) -> Text {
        let (segment, seq, bytes) = (self.segment.display(), self.from_seq, self.bytes);
        Text::new(
            format!(
                "前回、書き込みの途中で停止していました：{segment} の末尾 {bytes} バイト（記録 {seq} 以降）が完了していません。"
            ),
            format!(
                "The last stop came in the middle of a write: {bytes} bytes at the end of {segment} (from entry {seq} on) are unfinished."
            ),
        )
    }

    /// What was done about it, and what a person should look at.
    pub fn done(&self) -> Text {
        let kept_in = self.kept_in.display();
        Text::new(
            format!(
                "その部分を {kept_in} に移しました。受理を返した記録は含まれないはずです。停電や強制終了の心当たりがなければ、ディスクを調べてください。"
            ),
            format!(
                "They were moved to {kept_in}. Nothing that was acknowledged should be among them. If there was no power failure \
                 and nothing was killed, look at the disk."
            ),
        )
    }
}

/// A ledger in a folder of files.
pub struct Segments {
    files: Arc<dyn Files>,
    published: RwLock<Published>,
    writer: Mutex<Writer>,
    shelf: Arc<dyn SnapshotShelf>,
    /// Held until the engine is dropped.
    _lock: Box<dyn Any + Send + Sync>,
}

/// What readers may see. Locked for moments only, never while the disk works.
struct Published {
    head: Head,
    segments: Vec<Segment>,
}

struct Segment {
    header: SegmentHeader,
    path: Arc<Path>,
    /// Its length as far as it was acknowledged.
    bytes: u64,
    /// Absent for an older file that nobody has read yet.
    index: Option<Index>,
}

/// One segment as a reader takes it out of [`Published`].
struct View {
    version: u32,
    first_seq: u64,
    path: Arc<Path>,
    bytes: u64,
    start: Option<(u64, u64)>,
    /// What the next file says about the end of this one; the ledger's head for the last one.
    end: Head,
}

/// What one read has gathered so far.
struct ReadBatch {
    frames: Vec<Frame>,
    bytes: usize,
    wanted_seq: u64,
    frames_max: usize,
    bytes_max: usize,
}

impl ReadBatch {
    /// Whether a line of this length still fits; the first one always does.
    fn takes(&mut self, line_bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(line_bytes);
        self.frames.is_empty() || self.bytes <= self.bytes_max
    }
}

impl Segments {
    /// Opens the ledger in a folder, or makes an empty one.
    pub fn open(folder: &Path, shelf: Arc<dyn SnapshotShelf>) -> Result<(Self, OpenReport), OpenFault> {
        Self::open_with(Arc::new(RealFiles), folder, shelf, SEGMENT_BYTES_MAX)
    }

    /// The same on other files and with another size of a segment: for tests.
    pub fn open_with(
        files: Arc<dyn Files>,
        folder: &Path,
        shelf: Arc<dyn SnapshotShelf>,
        segment_bytes_max: u64,
    ) -> Result<(Self, OpenReport), OpenFault> {
        files.make_folder(folder).map_err(|source| stop("making", folder, source))?;
        let lock_path = folder.join("lock");
        let lock = files.lock(&lock_path).map_err(|source| stop("locking", &lock_path, source))?;
        let lock = lock.ok_or_else(|| OpenFault::InUse { folder: folder.to_path_buf() })?;
        let recovered = recover::recover(&*files, folder)?;
        let head = recovered.head.unwrap_or(Head::EMPTY);
        let writer = Writer::start(Arc::clone(&files), folder, &recovered, segment_bytes_max)?;
        let last = recovered.segments.len().saturating_sub(1);
        let mut index = Some(recovered.index);
        let segments = recovered.segments.into_iter().enumerate().map(|(at, found)| Segment {
            header: found.header,
            path: found.path.into(),
            bytes: found.bytes,
            index: if at == last { index.take() } else { None },
        });
        let published = RwLock::new(Published { head, segments: segments.collect() });
        let report = OpenReport { head, torn: recovered.torn };
        Ok((Self { files, published, writer: Mutex::new(writer), shelf, _lock: lock }, report))
    }

    /// The segment that holds an entry.
    fn view(&self, seq: u64) -> Option<View> {
        let published = self.published.read().unwrap_or_else(PoisonError::into_inner);
        if seq > published.head.seq {
            return None;
        }
        let behind = published.segments.partition_point(|segment| segment.header.first_seq <= seq);
        let segment = published.segments.get(behind.checked_sub(1)?)?;
        let SegmentHeader { version, first_seq, .. } = segment.header;
        let end = published.segments.get(behind).map_or(published.head, |next| Head {
            seq: next.header.first_seq.saturating_sub(1),
            hash: next.header.hash_before,
        });
        let start = segment.index.as_ref().map(|index| index.start(first_seq, seq));
        Some(View { version, first_seq, path: Arc::clone(&segment.path), bytes: segment.bytes, start, end })
    }

    /// Walks an older segment once, from end to end, so that later reads need not. Where a frame is damaged the index ends;
    /// the read that gets there says so.
    fn index(&self, view: &View) -> Result<(), EngineFault> {
        let mut walk = self.walk(view, (view.first_seq, HEADER_BYTES as u64))?;
        let mut index = Index::default();
        let mut end = None;
        loop {
            let offset = walk.offset;
            match walk.check() {
                Ok(Some((head, _))) => {
                    index.note(head.seq, offset);
                    end = Some(head);
                }
                Ok(None) if end == Some(view.end) => break,
                Err(Obstacle::Io(source)) => return Err(stop("reading", &view.path, source)),
                // A read of the entries before the damage gets there and says so.
                Err(Obstacle::Bad(_) | Obstacle::Number(_)) if walk.seq <= view.end.seq => break,
                // All entries are there and something else is, too: no read would ever get to it.
                Ok(None) | Err(Obstacle::Bad(_) | Obstacle::Number(_)) => {
                    let what = "the file does not end with the entry that the next file follows".into();
                    return Err(EngineFault::Damaged { seq: view.end.seq, path: view.path.to_path_buf(), what });
                }
            }
        }
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = published.segments.iter_mut().find(|segment| segment.header.first_seq == view.first_seq)
        {
            segment.index.get_or_insert(index);
        }
        Ok(())
    }

    /// Reads frames of one segment from `wanted_seq` on into the batch, and says whether the batch is full.
    fn read_segment(&self, view: &View, start: (u64, u64), batch: &mut ReadBatch) -> Result<bool, EngineFault> {
        let mut walk = self.walk(view, start)?;
        let mut step = |walk: &mut Walk| -> Result<Option<bool>, Obstacle> {
            let Some(head) = walk.head()? else { return Ok(None) };
            if walk.seq < batch.wanted_seq {
                return walk.skip(&head).map(|()| Some(false));
            }
            let stored = walk.stored(head)?;
            if !batch.takes(stored.line_bytes()?) {
                return Ok(Some(true));
            }
            batch.frames.push(walk.take(stored)?);
            batch.wanted_seq = walk.seq;
            Ok(Some(batch.frames.len() >= batch.frames_max))
        };
        loop {
            match step(&mut walk) {
                Ok(Some(true)) => return Ok(true),
                Ok(Some(false)) => {}
                Ok(None) if walk.seq > view.end.seq => return Ok(false),
                Ok(None) => return Err(damage(view, walk.seq, Obstacle::Bad("the file ends too early"))),
                Err(obstacle) => return Err(damage(view, walk.seq, obstacle)),
            }
        }
    }

    fn walk(&self, view: &View, start: (u64, u64)) -> Result<Walk, EngineFault> {
        let span = Span { version: view.version, start, end: view.bytes };
        Walk::start(&*self.files, &view.path, span).map_err(|source| stop("reading", &view.path, source))
    }

    fn publish(&self, head: Head, written: Written) {
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((header, path)) = written.begun {
            let index = Some(Index::default());
            published.segments.push(Segment { header, path: path.into(), bytes: HEADER_BYTES as u64, index });
        }
        if let Some(segment) = published.segments.last_mut() {
            segment.bytes = written.bytes;
            let index = segment.index.get_or_insert_default();
            written.places.iter().for_each(|(seq, offset)| index.note(*seq, *offset));
        }
        published.head = head;
    }
}

impl Engine for Segments {
    fn append(&self, expected: Head, frames: &[Frame]) -> Result<Appended, EngineFault> {
        // A panic while the lock was held leaves the file in an unknown state, exactly as a failed write does.
        let mut writer = self.writer.lock().map_err(|_| EngineFault::Poisoned)?;
        writer.ready()?;
        let head = self.head();
        if head != expected {
            return Ok(Appended::Moved(head));
        }
        let Some(last) = frames.last() else { return Ok(Appended::Done(head)) };
        let written = writer.write(head, frames)?;
        let head = Head { seq: last.seq, hash: last.hash };
        self.publish(head, written);
        Ok(Appended::Done(head))
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        let mut batch = ReadBatch { frames: Vec::new(), bytes: 0, wanted_seq: from_seq.max(1), frames_max, bytes_max };
        while batch.frames.len() < frames_max {
            let Some(view) = self.view(batch.wanted_seq) else { break };
            let read = match view.start {
                None => self.index(&view).map(|()| false),
                Some(start) => self.read_segment(&view, start, &mut batch),
            };
            match read {
                Ok(false) => {}
                Ok(true) => break,
                // What stands before a damaged place can be read; the next call, which begins there, tells of the damage.
                Err(_) if !batch.frames.is_empty() => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(batch.frames)
    }

    fn head(&self) -> Head {
        self.published.read().unwrap_or_else(PoisonError::into_inner).head
    }

    fn put_snapshot(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        self.shelf.put(snapshot)
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        super::fitting(self, self.shelf.get()?)
    }
}

fn damage(view: &View, seq: u64, obstacle: Obstacle) -> EngineFault {
    let what = match obstacle {
        Obstacle::Io(source) => return stop("reading", &view.path, source),
        Obstacle::Bad(what) => what.into(),
        Obstacle::Number(found) => format!("entry {found} stands where this one belongs"),
    };
    EngineFault::Damaged { seq, path: view.path.to_path_buf(), what }
}

/// A failure of the disk, with its path; a full disk is told from a broken one.
fn stop(doing: &'static str, path: &Path, source: io::Error) -> EngineFault {
    let path = path.to_path_buf();
    if is_full(&source) { EngineFault::DiskFull { path } } else { EngineFault::Stop { doing, path, source } }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests;
