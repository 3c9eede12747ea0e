//! A disk that fails on purpose: at the Nth operation it is full, broken, or loses power, and after the power cut it holds
//! any part of what was never synced. It does not know frames. Invariant: what was synced is never lost or changed by it,
//! so whatever is missing afterwards was lost by the engine.

use daicho::ledger::engines::segments::files::{Files, ReadFile, WriteFile};
use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No space: half of a write is there. Once; then there is space again.
    Full,
    /// The device fails: half of a write is there. Once.
    Broken,
    /// The power is gone: half of a write is under way, and nothing works any more.
    PowerCut,
    /// The system mounts the disk read-only, as it does after an error: nothing of this write is there, reading goes on, and
    /// nothing is taken until [`Disk::writable`].
    ReadOnly,
    /// A sync says that all is well and has written nothing, as a drive does that lies about its cache. Once.
    LostFlush,
}

/// What a power cut leaves of the changes since the last sync of each file, and of names since the last sync of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survives {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// Every change but the last of each file, and no names.
    AllButLast,
    /// Every change, the last write only in its first half.
    FirstHalf,
    /// Every change, the last write only in its second half: blocks may arrive in any order. The first half reads as zeros.
    SecondHalf,
    /// Each block of each change of each file, and each name, or not: whatever order the disk wrote them in. The number says
    /// which.
    Scattered(u64),
}

/// Every way a power cut can end.
pub const SURVIVES: [Survives; 11] = [
    Survives::Nothing,
    Survives::Everything,
    Survives::AllButLast,
    Survives::FirstHalf,
    Survives::SecondHalf,
    Survives::Scattered(1),
    Survives::Scattered(2),
    Survives::Scattered(3),
    Survives::Scattered(4),
    Survives::Scattered(5),
    Survives::Scattered(6),
];

/// What a disk writes whole or not at all; small, so that there are many of them in a small test.
const BLOCK_BYTES: usize = 64;

/// Coins that fall the same way in every run.
struct Coins(u64);

impl Coins {
    fn of(number: u64, place: &Path) -> Self {
        let start = place
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .fold(number, |sum, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte));
        Self(start | 1)
    }

    fn toss(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & 0x1_0000 != 0
    }
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { bytes: usize },
}

fn change(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, bytes } => {
            content.resize(content.len().max(offset + bytes.len()), 0);
            content[*offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        Change::Truncate { bytes } => content.truncate(*bytes),
    }
}

#[derive(Clone, Default)]
struct Node {
    durable: Vec<u8>,
    /// What a running system sees.
    visible: Vec<u8>,
    pending: Vec<Change>,
    /// Changes whose sync failed: the system shows them and believes them written, so no later sync writes them.
    limbo: Vec<Change>,
    name_durable: bool,
}

impl Node {
    fn take(&mut self, next: Change) {
        change(&mut self.visible, &next);
        self.pending.push(next);
    }

    fn sync(&mut self, failure: Option<Failure>) {
        if failure == Some(Failure::LostFlush) {
            // Believed to be clean, and never written: as after a failed sync, only that nobody was told.
            self.limbo.append(&mut self.pending);
            return;
        }
        if failure.is_some() {
            self.limbo.append(&mut self.pending);
            return;
        }
        self.pending.iter().for_each(|next| change(&mut self.durable, next));
        self.pending.clear();
        self.limbo.clear();
    }

    fn settled(self) -> Self {
        Self { visible: self.durable.clone(), durable: self.durable, name_durable: true, ..Self::default() }
    }

    /// Each block of each change arrives or not.
    fn scatter(&self, content: &mut Vec<u8>, changes: &[Change], coins: &mut Coins) {
        for next in changes {
            match next {
                Change::Write { offset, bytes } => {
                    for (at, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
                        if coins.toss() {
                            let (offset, bytes) = (offset + at * BLOCK_BYTES, block.to_vec());
                            change(content, &Change::Write { offset, bytes });
                        }
                    }
                }
                Change::Truncate { .. } if coins.toss() => change(content, next),
                Change::Truncate { .. } => {}
            }
        }
    }

    fn after_power_cut(&self, path: &Path, survives: Survives) -> Vec<u8> {
        let mut content = self.durable.clone();
        let changes = [self.limbo.as_slice(), &self.pending].concat();
        if let Survives::Scattered(number) = survives {
            self.scatter(&mut content, &changes, &mut Coins::of(number, path));
            return content;
        }
        let Some((last, before)) = changes.split_last() else { return content };
        if survives == Survives::Nothing {
            return content;
        }
        before.iter().for_each(|next| change(&mut content, next));
        let last = match (survives, last.clone()) {
            (Survives::Everything, whole) => whole,
            (Survives::FirstHalf, Change::Write { offset, mut bytes }) => {
                bytes.truncate(bytes.len() / 2);
                Change::Write { offset, bytes }
            }
            (Survives::SecondHalf, Change::Write { offset, mut bytes }) => {
                // A file that already reached this far keeps its old bytes there; a hole reads as zeros.
                let half = bytes.len() / 2;
                let old = content.get(offset..).unwrap_or_default();
                for (at, byte) in bytes.iter_mut().take(half).enumerate() {
                    *byte = old.get(at).copied().unwrap_or(0);
                }
                Change::Write { offset, bytes }
            }
            _ => return content,
        };
        change(&mut content, &last);
        content
    }
}

#[derive(Default)]
struct State {
    nodes: BTreeMap<PathBuf, Node>,
    /// Removed files whose names may come back.
    ghosts: BTreeMap<PathBuf, Node>,
    operations: usize,
    plan: Option<(usize, Failure)>,
    off: bool,
    read_only: bool,
    locked: bool,
    /// Reads until one fails, and how many bytes a read gives at most.
    reads_left: Option<usize>,
    read_bytes_max: Option<usize>,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// A disk that holds these files, all of them safe.
    pub fn holding(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Self {
        let node = |durable| Node { durable, ..Node::default() }.settled();
        let nodes = files.into_iter().map(|(path, bytes)| (path, node(bytes))).collect();
        Self(Arc::new(Mutex::new(State { nodes, ..State::default() })))
    }

    /// Fails the `at`th changing operation from now, counted from 0.
    pub fn fail(&self, at: usize, failure: Failure) {
        let mut state = self.state();
        state.plan = Some((state.operations + at, failure));
    }

    /// Takes changes again after [`Failure::ReadOnly`].
    pub fn writable(&self) {
        self.state().read_only = false;
    }

    /// Fails the `at`th look at a file's length or content from now, counted from 0. Once.
    pub fn fail_read(&self, at: usize) {
        self.state().reads_left = Some(at);
    }

    /// Whether the planned failure of a read has happened.
    pub fn read_failed(&self) -> bool {
        self.state().reads_left.is_none()
    }

    /// Lets each read give a few bytes at most, and interrupts every other one, as systems may.
    pub fn read_shortly(&self, bytes_max: usize) {
        self.state().read_bytes_max = Some(bytes_max);
    }

    fn looked(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.reads_left.as_mut() {
            Some(0) => {
                state.reads_left = None;
                Err(io::Error::other("the device cannot be read"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether the planned failure has happened.
    pub fn failed(&self) -> bool {
        self.state().plan.is_none()
    }

    /// The disk as the next start finds it, after the power was cut now.
    pub fn after_power_cut(&self, survives: Survives) -> Self {
        let state = self.state();
        let mut nodes = BTreeMap::new();
        let keeps_name = |path: &Path| match survives {
            Survives::Nothing | Survives::AllButLast => false,
            Survives::Scattered(number) => Coins::of(number, path).toss(),
            _ => true,
        };
        for (path, node) in &state.nodes {
            if node.name_durable || keeps_name(path) {
                let durable = node.after_power_cut(path, survives);
                nodes.insert(path.clone(), Node { durable, ..Node::default() }.settled());
            }
        }
        for (path, node) in &state.ghosts {
            if !keeps_name(path) {
                nodes.entry(path.clone()).or_insert_with(|| node.clone().settled());
            }
        }
        Self(Arc::new(Mutex::new(State { nodes, ..State::default() })))
    }

    /// A file's content as a running system sees it.
    pub fn content(&self, path: &Path) -> Vec<u8> {
        self.state().nodes.get(path).map(|node| node.visible.clone()).unwrap_or_default()
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().nodes.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts a changing operation and says how it fails, if it does.
    fn step(state: &mut State) -> Option<Failure> {
        if state.off {
            return Some(Failure::PowerCut);
        }
        if state.read_only {
            return Some(Failure::ReadOnly);
        }
        let now = state.operations;
        state.operations += 1;
        let (_, failure) = state.plan.take_if(|(at, _)| *at == now)?;
        state.off = failure == Failure::PowerCut;
        state.read_only = failure == Failure::ReadOnly;
        Some(failure)
    }

    fn stepped(state: &mut State) -> io::Result<()> {
        match Self::step(state) {
            // Names are not what such a drive loses here: only what syncs of files promise.
            None | Some(Failure::LostFlush) => Ok(()),
            Some(failure) => Err(error(failure)),
        }
    }
}

fn error(failure: Failure) -> io::Error {
    match failure {
        Failure::Full => io::ErrorKind::StorageFull.into(),
        Failure::ReadOnly => io::ErrorKind::ReadOnlyFilesystem.into(),
        Failure::Broken | Failure::PowerCut | Failure::LostFlush => io::Error::other("the device failed"),
    }
}

/// A drive that lies about a flush tells nothing.
fn told(failure: Option<Failure>) -> io::Result<()> {
    match failure {
        None | Some(Failure::LostFlush) => Ok(()),
        Some(failure) => Err(error(failure)),
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

struct Lock(Disk);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}

struct Handle {
    disk: Disk,
    path: PathBuf,
}

impl Files for Disk {
    fn make_folder(&self, _folder: &Path) -> io::Result<()> {
        Self::stepped(&mut self.state())
    }

    fn lock(&self, _path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let taken = std::mem::replace(&mut self.state().locked, true);
        Ok((!taken).then(|| Box::new(Lock(self.clone())) as Box<dyn Any + Send + Sync>))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let name = |path: &PathBuf| Some(path.strip_prefix(folder).ok()?.to_string_lossy().into_owned());
        Ok(self.state().nodes.keys().filter_map(name).collect())
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        self.looked()?;
        Ok(self.state().nodes.get(path).ok_or_else(missing)?.visible.len() as u64)
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let content = Cursor::new(self.state().nodes.get(path).ok_or_else(missing)?.visible.clone());
        Ok(Box::new(Reading { disk: self.clone(), content, interrupted: false }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut state = self.state();
        Self::stepped(&mut state)?;
        if state.nodes.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.nodes.insert(path.to_path_buf(), Node::default());
        Ok(Box::new(Handle { disk: self.clone(), path: path.to_path_buf() }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.state().nodes.get(path).ok_or_else(missing)?;
        Ok(Box::new(Handle { disk: self.clone(), path: path.to_path_buf() }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        Self::stepped(&mut state)?;
        let node = state.nodes.remove(path).ok_or_else(missing)?;
        if node.name_durable {
            state.ghosts.insert(path.to_path_buf(), node);
        }
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        Self::stepped(&mut state)?;
        state.nodes.values_mut().for_each(|node| node.name_durable = true);
        state.ghosts.clear();
        Ok(())
    }
}

struct Reading {
    disk: Disk,
    content: Cursor<Vec<u8>>,
    interrupted: bool,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes_max = self.disk.state().read_bytes_max;
        let Some(bytes_max) = bytes_max else {
            self.disk.looked()?;
            return self.content.read(into);
        };
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let bytes = into.len().min(bytes_max);
        self.content.read(&mut into[..bytes])
    }
}

impl Seek for Reading {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

impl WriteFile for Handle {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let off = state.off;
        let failure = Disk::step(&mut state);
        let arrived = match failure {
            None | Some(Failure::LostFlush) => bytes,
            Some(Failure::ReadOnly) => return Err(error(Failure::ReadOnly)),
            Some(_) if off => &[],
            Some(_) => &bytes[..bytes.len() / 2],
        };
        let node = state.nodes.get_mut(&self.path).ok_or_else(missing)?;
        node.take(Change::Write { offset: usize::try_from(offset).unwrap(), bytes: arrived.to_vec() });
        told(failure)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        let failure = Disk::step(&mut state);
        state.nodes.get_mut(&self.path).ok_or_else(missing)?.sync(failure);
        told(failure)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let failure = Disk::step(&mut state);
        let node = state.nodes.get_mut(&self.path).ok_or_else(missing)?;
        if failure == Some(Failure::ReadOnly) {
            return told(failure);
        }
        node.take(Change::Truncate { bytes: usize::try_from(bytes).unwrap() });
        node.sync(failure);
        told(failure)
    }
}
