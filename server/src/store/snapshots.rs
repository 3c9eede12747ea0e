//! The model's snapshot in a file of its own: blocks that each carry a hash, written aside, synced, then renamed.
//! It does not know what the bytes mean. Invariant: what comes back is what was put, byte for byte, or reading fails before
//! anything else is given; the last whole snapshot stays until the next one is on disk.
//!
//! ```text
//! daicho.snapshot.v2\n  number of the last entry  its hash  version of the fold
//! length of a block     hash of the block         the block, at most 1 MiB   … until an empty block
//! ```

use super::open::{free_bytes, sync_folder};
use crate::ledger::chain::Head;
use crate::ledger::engine::{EngineFault, NewSnapshot, Snapshot, SnapshotShelf};
use daicho_schemas::canonical::Hash;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 19] = b"daicho.snapshot.v2\n";
/// Bytes in a block; a longer one was not written by us.
const BLOCK_BYTES_MAX: usize = 1024 * 1024;
/// What a snapshot leaves free on the disk, in bytes: the ledger needs space more than a restart needs speed.
const LEFT_FREE_BYTES: u64 = 256 * 1024 * 1024;

/// The snapshots of one ledger, in a folder of their own.
pub struct SnapshotFiles {
    folder: PathBuf,
}

impl SnapshotFiles {
    /// Snapshots in a folder, which is made when the first one is kept.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("snapshot")
    }

    fn write(&self, aside: &Path, snapshot: &NewSnapshot<'_>) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let before = fs::metadata(self.path()).map_or(0, |metadata| metadata.len());
        if free_bytes(&self.folder).is_some_and(|free| free < before.saturating_add(LEFT_FREE_BYTES)) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "too little space is left beside the ledger"));
        }
        let stand = Stand { head: snapshot.head, fold_version: snapshot.fold_version };
        let mut file = File::create(aside)?;
        file.write_all(&stand.to_bytes())?;
        let mut blocks = Blocks { file, folder: &self.folder, stand, number: 0, block: Vec::new() };
        (snapshot.write)(&mut blocks)?;
        let file = blocks.finish()?;
        file.sync_all()?;
        fs::rename(aside, self.path())?;
        sync_folder(&self.folder)
    }

    fn read(&self) -> io::Result<Option<Snapshot>> {
        let file = match File::open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut file = BufReader::with_capacity(BLOCK_BYTES_MAX, file);
        let mut head = [0; STAND_BYTES];
        if file.read_exact(&mut head).is_err() {
            return Ok(None);
        }
        let Some(stand) = Stand::from_bytes(&head) else { return Ok(None) };
        let bytes = Unpacked { file, stand, number: 0, block: Vec::new(), at: 0, ended: false };
        Ok(Some(Snapshot { head: stand.head, fold_version: stand.fold_version, bytes: Box::new(bytes) }))
    }
}

/// Which state the blocks hold.
#[derive(Clone, Copy)]
struct Stand {
    head: Head,
    fold_version: u32,
}

const STAND_BYTES: usize = MAGIC.len() + 8 + 32 + 4;

impl Stand {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.head.seq.to_le_bytes());
        bytes.extend_from_slice(&self.head.hash.0);
        bytes.extend_from_slice(&self.fold_version.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (hash, rest) = rest.split_first_chunk::<32>()?;
        let (fold_version, _) = rest.split_first_chunk::<4>()?;
        let head = Head { seq: u64::from_le_bytes(*seq), hash: Hash(*hash) };
        Some(Self { head, fold_version: u32::from_le_bytes(*fold_version) })
    }

    /// A block's hash also says of which snapshot it is, and where it stands there.
    fn hash(&self, number: u64, block: &[u8]) -> Hash {
        let (seq, fold_version) = (self.head.seq.to_le_bytes(), self.fold_version.to_le_bytes());
        let parts = [&seq[..], &self.head.hash.0, &fold_version, &number.to_le_bytes(), block];
        Hash::of("daicho.snapshot-block.v2", &parts)
    }
}

/// Bytes on their way into blocks.
struct Blocks<'a> {
    file: File,
    folder: &'a Path,
    stand: Stand,
    number: u64,
    block: Vec<u8>,
}

impl Blocks<'_> {
    fn put(&mut self) -> io::Result<()> {
        if free_bytes(self.folder).is_some_and(|free| free < LEFT_FREE_BYTES) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "too little space is left beside the ledger"));
        }
        let length = u32::try_from(self.block.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&self.stand.hash(self.number, &self.block).0)?;
        self.file.write_all(&self.block)?;
        self.number += 1;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<File> {
        if !self.block.is_empty() {
            self.put()?;
        }
        self.put()?;
        Ok(self.file)
    }
}

impl Write for Blocks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK_BYTES_MAX - self.block.len());
        self.block.extend(bytes.iter().take(taken));
        if self.block.len() == BLOCK_BYTES_MAX {
            self.put()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes on their way out of blocks: a block is given only after its hash was checked.
struct Unpacked {
    file: BufReader<File>,
    stand: Stand,
    number: u64,
    block: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Unpacked {
    fn next(&mut self) -> io::Result<()> {
        let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let (mut length, mut hash) = ([0; 4], [0; 32]);
        self.file.read_exact(&mut length)?;
        self.file.read_exact(&mut hash)?;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
        if length > BLOCK_BYTES_MAX {
            return Err(damaged("a block is longer than blocks are"));
        }
        self.block.resize(length, 0);
        self.at = 0;
        self.file.read_exact(&mut self.block)?;
        if self.stand.hash(self.number, &self.block).0 != hash {
            self.block.clear();
            return Err(damaged("a block is not what was written"));
        }
        self.number += 1;
        self.ended = length == 0;
        if self.ended && self.file.read(&mut [0])? > 0 {
            return Err(damaged("something stands behind the end"));
        }
        Ok(())
    }
}

impl Read for Unpacked {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() && !self.ended {
            self.next()?;
        }
        let given = self.block.get(self.at..).map_or(Ok(0), |mut left| left.read(bytes))?;
        self.at += given;
        Ok(given)
    }
}

impl SnapshotShelf for SnapshotFiles {
    fn put(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        let aside = self.folder.join("snapshot.new");
        self.write(&aside, snapshot).map_err(|source| {
            // What is there of it is of no use to anybody, and takes space.
            let _removed = fs::remove_file(&aside);
            EngineFault::Stop { doing: "keeping a snapshot in", path: self.folder.clone(), source }
        })
    }

    fn get(&self) -> Result<Option<Snapshot>, EngineFault> {
        let stop = |source| EngineFault::Stop { doing: "reading a snapshot from", path: self.folder.clone(), source };
        self.read().map_err(stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn head(seq: u64) -> Head {
        Head { seq, hash: Hash::of("test", &[&seq.to_be_bytes()]) }
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from((at * 7 + at / 251) % 251).unwrap()).collect()
    }

    fn put(shelf: &SnapshotFiles, seq: u64, bytes: &[u8]) -> Result<(), EngineFault> {
        let write = |out: &mut dyn Write| bytes.chunks(70_001).try_for_each(|some| out.write_all(some));
        shelf.put(&NewSnapshot { head: head(seq), fold_version: 2, write: &write })
    }

    fn got(shelf: &SnapshotFiles) -> io::Result<Option<(Head, Vec<u8>)>> {
        let Some(mut snapshot) = shelf.get().unwrap() else { return Ok(None) };
        assert_eq!(snapshot.fold_version, 2);
        let mut bytes = Vec::new();
        snapshot.bytes.read_to_end(&mut bytes)?;
        Ok(Some((snapshot.head, bytes)))
    }

    #[test]
    fn a_snapshot_comes_back_whole_and_replaces_the_one_before() {
        let folder = TempDir::new().unwrap();
        let shelf = SnapshotFiles::new(&folder.path().join("snapshots"));
        assert_eq!(got(&shelf).unwrap(), None);
        for (seq, length) in [(1, 5_000_001), (2, 0), (3, BLOCK_BYTES_MAX), (4, BLOCK_BYTES_MAX + 1), (5, 10)] {
            put(&shelf, seq, &bytes(length)).unwrap();
            assert_eq!(got(&shelf).unwrap(), Some((head(seq), bytes(length))), "{length} bytes");
        }
        assert_eq!(fs::read_dir(&shelf.folder).unwrap().count(), 1, "nothing else is left");
    }

    /// Any byte changed, any length lost, blocks exchanged or added: never a snapshot that is almost right.
    #[test]
    fn a_damaged_snapshot_is_no_snapshot() {
        let folder = TempDir::new().unwrap();
        let shelf = SnapshotFiles::new(folder.path());
        put(&shelf, 9, &bytes(2 * BLOCK_BYTES_MAX + 3000)).unwrap();
        let whole = fs::read(shelf.path()).unwrap();
        let refused = |what: &str, damaged: &[u8]| {
            fs::write(shelf.path(), damaged).unwrap();
            assert!(!matches!(got(&shelf), Ok(Some(_))), "{what}");
        };
        let places = (0..120).chain((120..whole.len()).step_by(150_001)).chain(whole.len() - 40..whole.len());
        for at in places {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            // The fold's version is not the shelf's to judge, but its change must not go unseen either.
            let version = STAND_BYTES - 4..STAND_BYTES;
            if !version.contains(&at) {
                refused(&format!("byte {at} changed"), &damaged);
            }
        }
        for length in (0..whole.len()).step_by(100_003).chain([whole.len() - 1, whole.len() - 36]) {
            refused(&format!("cut at {length}"), &whole[..length]);
        }
        refused("more behind the end", &[&whole[..], b"x"].concat());
        let block = 36 + BLOCK_BYTES_MAX;
        let (start, rest) = whole.split_at(STAND_BYTES);
        let (one, rest) = rest.split_at(block);
        let (two, end) = rest.split_at(block);
        refused("blocks exchanged", &[start, two, one, end].concat());
        refused("a block twice", &[start, one, one, two, end].concat());
        fs::write(shelf.path(), &whole).unwrap();
        assert!(matches!(got(&shelf), Ok(Some(_))), "and the whole one is taken");
    }

    #[test]
    fn a_snapshot_that_fails_half_way_leaves_the_one_before() {
        let folder = TempDir::new().unwrap();
        let shelf = SnapshotFiles::new(folder.path());
        put(&shelf, 1, &bytes(3_000_000)).unwrap();
        let write = |out: &mut dyn Write| {
            out.write_all(&bytes(2_000_000))?;
            Err(io::Error::other("no more"))
        };
        assert!(shelf.put(&NewSnapshot { head: head(2), fold_version: 2, write: &write }).is_err());
        assert_eq!(got(&shelf).unwrap(), Some((head(1), bytes(3_000_000))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "what was written of it is gone");
    }
}
