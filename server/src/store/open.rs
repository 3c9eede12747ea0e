//! Opening sled so that neither a full disk nor a power cut nor its own panics stop the server.
//! It does not know what is kept in the store. Why each step is here: D-0003. Invariant: a store that cannot be trusted is moved
//! aside whole and reported; it is never repaired, and never silently taken for an empty one.

use super::{Store, StoreFault, caught};
use daicho_schemas::fact::decision::FaultReported;
use daicho_schemas::text::Text;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Free space below which the store is not opened.
pub const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;
/// sled's page cache; its own default is 1 GiB.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// How many broken stores are kept to be looked at.
const BROKEN_KEPT_MAX: usize = 3;
/// The key that every store of ours has, so that a store that lost everything is not taken for a new one.
const MARK: &[u8] = b"mark";
/// What stands behind it: the version of the store's layout. Another one is rebuilt.
const MARK_VALUE: &[u8] = b"daicho.store.v1";

/// A store that could not be trusted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where it was moved.
    pub moved_to: PathBuf,
    /// What was wrong with it.
    pub why: String,
}

impl Broken {
    /// The fact that people must know of.
    pub fn fault_reported(&self) -> FaultReported {
        // The name alone: where a server keeps its data is nobody's business who reads the ledger.
        let (moved_to, why) = (self.moved_to.file_name().unwrap_or_default().to_string_lossy(), &self.why);
        FaultReported {
            what: Text::new(
                format!("索引・セッションの保存領域が壊れていました（{why}）。台帳そのものは無事です。"),
                format!("The store of indexes and sessions was broken ({why}). The ledger itself is not affected."),
            ),
            done: Text::new(
                format!(
                    "{moved_to} に移し、台帳から作り直します。全員がサインインし直す必要があります。繰り返す場合はディスクと電源を調べてください。"
                ),
                format!(
                    "It was moved to {moved_to} and is being rebuilt from the ledger. Everyone has to sign in again. If this \
                     repeats, look at the disk and the power supply."
                ),
            ),
        }
    }
}

pub(super) fn open(folder: &Path) -> Result<(Store, Option<Broken>), StoreFault> {
    fs::create_dir_all(folder).map_err(|source| io_fault("making", folder, source))?;
    let lock = lock(folder)?;
    if let Some(free_bytes) = free_bytes(folder)
        && free_bytes < FREE_BYTES_MIN
    {
        return Err(StoreFault::LowSpace { folder: folder.to_path_buf(), free_bytes });
    }
    let why = if folder.join("suspect").exists() {
        "it failed while it was in use".to_string()
    } else {
        match open_sled(folder) {
            Ok(db) => return finish(folder, db, lock).map(|store| (store, None)),
            Err(fault) if fault.blames_files() => chain(&fault),
            Err(fault) => return Err(fault),
        }
    };
    let moved_to = move_aside(folder)?;
    let store = finish(folder, open_sled(folder)?, lock)?;
    Ok((store, Some(Broken { moved_to, why })))
}

/// Notes that the store's files cannot be trusted, so that the next start begins with empty ones.
pub(super) fn suspect(folder: &Path) {
    // Without the note the next start opens the same files and meets the same failure: nothing worse than now.
    let _ = File::create(folder.join("suspect")).and_then(|file| file.sync_all());
}

fn lock(folder: &Path) -> Result<File, StoreFault> {
    let path = folder.join("lock");
    let opened = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    let file = opened.map_err(|source| io_fault("opening", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreFault::InUse { folder: folder.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(io_fault("locking", &path, source)),
    }
}

/// Opens sled, and sees that it is the store that was there before and not an empty one: after a power cut sled 0.34 has
/// been seen to open empty, without an error.
fn open_sled(folder: &Path) -> Result<sled::Db, StoreFault> {
    let path = folder.join("sled");
    let made_mark = folder.join("made");
    drop_unfinished_snapshots(&path)?;
    let config = sled::Config::default()
        .path(&path)
        .cache_capacity(CACHE_BYTES)
        .mode(sled::Mode::LowSpace)
        .flush_every_ms(Some(500));
    let db = caught("opening", || {
        let db = open_unlocked(&config)?;
        db.first()?;
        db.last()?;
        Ok(db)
    })?;
    let mark = caught("reading the mark", || db.get(MARK))?;
    if mark.as_deref() == Some(MARK_VALUE) {
        return Ok(db);
    }
    if made_mark.exists() {
        let lost = sled::Error::Unsupported("it opened without what it held".into());
        return Err(StoreFault::Sled { doing: "opening", source: lost });
    }
    caught("marking", || db.insert(MARK, MARK_VALUE).and_then(|_| db.flush()))?;
    let synced = File::open(path.join("db")).and_then(|file| file.sync_all());
    synced.and_then(|()| sync_folder(&path)).map_err(|source| io_fault("syncing", &path, source))?;
    let made = File::create(&made_mark).and_then(|file| file.sync_all()).and_then(|()| sync_folder(folder));
    made.map_err(|source| io_fault("making", &made_mark, source))?;
    Ok(db)
}

/// Our own lock is held, so no other process has sled open. A handle that this process has just dropped may still be: sled's
/// background thread lets go of the file a moment later. That is waited for, not longer than a second.
fn open_unlocked(config: &sled::Config) -> sled::Result<sled::Db> {
    for _ in 0..100 {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
    config.open()
}

/// Opened on a full disk, sled leaves `snap.*.generating` without content and from then on calls the store corrupt. Such a
/// file is never needed.
fn drop_unfinished_snapshots(path: &Path) -> Result<(), StoreFault> {
    for name in names(path)? {
        if name.starts_with("snap.") && name.ends_with(".generating") {
            let file = path.join(name);
            fs::remove_file(&file).map_err(|source| io_fault("removing", &file, source))?;
        }
    }
    Ok(())
}

fn finish(folder: &Path, db: sled::Db, lock: File) -> Result<Store, StoreFault> {
    let path = folder.join("sled").join("db");
    let db_file = OpenOptions::new().write(true).open(&path).map_err(|source| io_fault("opening", &path, source))?;
    Ok(Store { db, folder: folder.to_path_buf(), db_file, dead: AtomicBool::new(false), lock })
}

/// Moves sled's folder to `sled.broken-<n>` and lets go of the oldest ones.
fn move_aside(folder: &Path) -> Result<PathBuf, StoreFault> {
    let number = |name: &str| name.strip_prefix("sled.broken-").and_then(|digits| digits.parse::<u64>().ok());
    let mut numbers: Vec<u64> = names(folder)?.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    let next = numbers.last().map_or(1, |last| last.saturating_add(1));
    let path_of = |number: u64| folder.join(format!("sled.broken-{number}"));
    let kept = numbers.len().min(BROKEN_KEPT_MAX - 1);
    for old in numbers.iter().take(numbers.len() - kept) {
        fs::remove_dir_all(path_of(*old)).map_err(|source| io_fault("removing", &path_of(*old), source))?;
    }
    let moved_to = path_of(next);
    for (from, to) in [("sled", Some(&moved_to)), ("made", None), ("suspect", None)] {
        let from = folder.join(from);
        let moved = to.map_or_else(|| fs::remove_file(&from), |to| fs::rename(&from, to));
        match moved {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(io_fault("moving aside", &from, source));
            }
            _ => {}
        }
    }
    sync_folder(folder).map_err(|source| io_fault("syncing", folder, source))?;
    Ok(moved_to)
}

fn names(folder: &Path) -> Result<Vec<String>, StoreFault> {
    let list = || -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|item| Ok(item?.file_name().to_string_lossy().into_owned())).collect()
    };
    match list() {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(|source| io_fault("listing", folder, source)),
    }
}

/// Returns when names that were made or changed in a folder are on disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
}

/// Bytes that this account may still use; `None` where the system does not say.
#[cfg(unix)]
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Bytes that this account may still use; `None` where the system does not say.
#[cfg(not(unix))]
pub(super) fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

/// A fault with everything that caused it, in one line.
fn chain(fault: &StoreFault) -> String {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(error) = cause {
        text.push_str(": ");
        text.extend(error.to_string().chars().take(200));
        cause = error.source();
    }
    text
}

fn io_fault(doing: &'static str, path: &Path, source: io::Error) -> StoreFault {
    StoreFault::Io { doing, path: path.to_path_buf(), source }
}
