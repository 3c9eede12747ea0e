//! The last state that the server acknowledged, in sled: small values, one key per observation.
//! It does not know batches in flight, and it is never the only copy of anything: losing it costs one full report.
//! Invariant: a database that does not open is moved aside and started anew; it can neither stop nor mislead the agent.
//!
//! sled is opened for the moment of reading or writing and closed again: an open one wakes up twice a second for ever.

use super::difference::{Known, Said};
use crate::files::{self, FileFault};
use daicho_schemas::batch::Items;
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::CollectorId;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// sled's cache; its default is 1 GB.
const CACHE_BYTES: u64 = 8 << 20;
/// The key of the acknowledged number.
const NUMBER_KEY: &[u8] = b"n";
/// Before the keys of collectors and of observations.
const COLLECTOR_PREFIX: u8 = b'c';
const ITEM_PREFIX: u8 = b'i';
/// A handle that was just closed gives its lock back a little later: its threads end first.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE_MS: u64 = 20;
/// Databases moved aside that are kept for a look.
const BROKEN_KEPT: usize = 3;

/// What the server acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// The last acknowledged batch; 0 for none.
    pub number: u64,
    /// The state after it, by collector.
    pub collectors: BTreeMap<CollectorId, Known>,
}

/// The database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// sled said so.
    #[error("the database of the acknowledged state failed")]
    Sled(#[from] sled::Error),
    /// sled stopped with an error of its own.
    #[error("the database of the acknowledged state is damaged")]
    Panicked,
    /// It holds something that this release did not write.
    #[error("the database of the acknowledged state holds something unknown")]
    Content,
    /// A file around it.
    #[error(transparent)]
    File(#[from] FileFault),
}

/// The folder of the database.
#[derive(Debug)]
pub(super) struct AcknowledgedStore {
    folder: PathBuf,
}

impl AcknowledgedStore {
    /// In the agent's state folder.
    pub(super) fn new(state: &Path) -> Self {
        Self { folder: state.join("acknowledged") }
    }

    /// Reads everything. A database that cannot be read is moved aside; then nothing is known, and `true` says so.
    pub(super) fn load(&self) -> Result<(Acknowledged, bool), FileFault> {
        match self.with_database(read_all) {
            Ok(acknowledged) => Ok((acknowledged, false)),
            Err(fault) => {
                tracing::warn!(fault = %chain(&fault), "the acknowledged state was moved aside; the next report is full");
                self.move_aside()?;
                Ok((Acknowledged::default(), true))
            }
        }
    }

    /// Writes what changed between two states, and the number, in one step. On a fault the database is moved aside: what
    /// it holds is no longer known to be the acknowledged state.
    pub(super) fn advance(&self, before: &Acknowledged, after: &Acknowledged) -> Result<(), FileFault> {
        if let Err(fault) = self.with_database(|database| write_changes(database, before, after)) {
            tracing::warn!(fault = %chain(&fault), "the acknowledged state could not be kept and was moved aside");
            self.move_aside()?;
            if let Err(fault) = self.with_database(|database| write_changes(database, &Acknowledged::default(), after))
            {
                tracing::warn!(fault = %chain(&fault), "the acknowledged state is not kept; the next start reports in full");
            }
        }
        Ok(())
    }

    fn with_database<T>(&self, work: impl Fn(&sled::Db) -> Result<T, StoreFault>) -> Result<T, StoreFault> {
        files::make_private_folder(&self.folder)?;
        self.remove_unfinished_snapshots()?;
        // sled panics on some damage; nothing of ours is half-changed when it does.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let database = self.open()?;
            let result = work(&database)?;
            database.flush()?;
            Ok(result)
        }));
        let result = outcome.unwrap_or(Err(StoreFault::Panicked))?;
        // sled's own flush does not reach the disk on Linux.
        let file = self.folder.join("db");
        // Windows flushes only what may be written to.
        let opened = OpenOptions::new().write(true).open(&file);
        opened.and_then(|opened| opened.sync_all()).map_err(FileFault::at("write to disk", &file))?;
        Ok(result)
    }

    fn open(&self) -> Result<sled::Db, StoreFault> {
        let config = sled::Config::new()
            .path(&self.folder)
            .cache_capacity(CACHE_BYTES)
            .mode(sled::Mode::LowSpace)
            .flush_every_ms(Some(500));
        for _ in 1..LOCK_TRIES {
            match config.open() {
                Err(sled::Error::Io(error)) if error.to_string().contains("lock") => {
                    std::thread::sleep(Duration::from_millis(LOCK_PAUSE_MS));
                }
                result => return Ok(result?),
            }
        }
        Ok(config.open()?)
    }

    /// What an interrupted sled leaves behind, and then cannot open.
    fn remove_unfinished_snapshots(&self) -> Result<(), FileFault> {
        let entries = fs::read_dir(&self.folder).map_err(FileFault::at("list", &self.folder))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn move_aside(&self) -> Result<(), FileFault> {
        let mut slots = (0..BROKEN_KEPT).map(|slot| self.folder.with_extension(format!("broken-{slot}")));
        let free = slots.find(|slot| !slot.exists());
        let target = match free {
            Some(target) => target,
            None => {
                let target = self.folder.with_extension("broken-0");
                fs::remove_dir_all(&target).map_err(FileFault::at("remove", &target))?;
                target
            }
        };
        if self.folder.exists() {
            fs::rename(&self.folder, &target).map_err(FileFault::at("move aside", &self.folder))?;
        }
        files::sync_folder_of(&self.folder)
    }
}

/// An error with all its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

fn read_all(database: &sled::Db) -> Result<Acknowledged, StoreFault> {
    let mut acknowledged = Acknowledged::default();
    if let Some(number) = database.get(NUMBER_KEY)? {
        acknowledged.number = u64::from_be_bytes(number.as_ref().try_into().map_err(|_| StoreFault::Content)?);
    }
    for entry in database.scan_prefix([COLLECTOR_PREFIX]) {
        let (key, value) = entry?;
        let id = collector_id(key.get(1..).unwrap_or_default())?;
        let said: Said = serde_json::from_slice(&value).map_err(|_| StoreFault::Content)?;
        acknowledged.collectors.insert(id, Known { items: Items::new(), said });
    }
    for entry in database.scan_prefix([ITEM_PREFIX]) {
        let (key, value) = entry?;
        let key = key.get(1..).unwrap_or_default();
        let end = memchr::memchr(0, key).ok_or(StoreFault::Content)?;
        let id = collector_id(key.get(..end).unwrap_or_default())?;
        let item_key =
            key.get(end + 1..).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(StoreFault::Content)?;
        let hash = Hash(value.as_ref().try_into().map_err(|_| StoreFault::Content)?);
        let known = acknowledged.collectors.get_mut(&id).ok_or(StoreFault::Content)?;
        known.items.insert(item_key.to_owned(), hash);
    }
    Ok(acknowledged)
}

fn collector_id(bytes: &[u8]) -> Result<CollectorId, StoreFault> {
    std::str::from_utf8(bytes).ok().and_then(|text| CollectorId::new(text).ok()).ok_or(StoreFault::Content)
}

fn write_changes(database: &sled::Db, before: &Acknowledged, after: &Acknowledged) -> Result<(), StoreFault> {
    let mut batch = sled::Batch::default();
    batch.insert(NUMBER_KEY, &after.number.to_be_bytes());
    for (id, known) in &after.collectors {
        let earlier = before.collectors.get(id);
        if earlier.is_none_or(|earlier| earlier.said != known.said) {
            let said = serde_json::to_vec(&known.said).map_err(|_| StoreFault::Content)?;
            batch.insert([&[COLLECTOR_PREFIX], id.as_str().as_bytes()].concat(), said);
        }
        for (key, hash) in &known.items {
            if earlier.and_then(|earlier| earlier.items.get(key)) != Some(hash) {
                batch.insert(item_key(id, key), &hash.0);
            }
        }
        for key in earlier.into_iter().flat_map(|earlier| earlier.items.keys()) {
            if !known.items.contains_key(key) {
                batch.remove(item_key(id, key));
            }
        }
    }
    Ok(database.apply_batch(batch)?)
}

fn item_key(id: &CollectorId, key: &str) -> Vec<u8> {
    [&[ITEM_PREFIX], id.as_str().as_bytes(), &[0], key.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::batch::Outcome;

    fn state(number: u64, items: &[(&str, u8)]) -> Acknowledged {
        let items = items.iter().map(|(key, byte)| ((*key).to_owned(), Hash([*byte; 32]))).collect();
        let known = Known { items, said: Said { outcome: Outcome::Complete, hash: Hash([9; 32]) } };
        Acknowledged { number, collectors: [(CollectorId::new("dpkg").unwrap(), known)].into() }
    }

    #[test]
    fn what_was_acknowledged_is_read_back_after_every_step() {
        let folder = tempfile::tempdir().unwrap();
        let store = AcknowledgedStore::new(folder.path());
        assert_eq!(store.load().unwrap(), (Acknowledged::default(), false));
        let first = state(1, &[("deb:a:amd64", 1), ("deb:b:amd64", 2)]);
        let second = state(2, &[("deb:b:amd64", 3), ("deb:c:", 4)]);
        store.advance(&Acknowledged::default(), &first).unwrap();
        assert_eq!(store.load().unwrap(), (first.clone(), false));
        store.advance(&first, &second).unwrap();
        assert_eq!(store.load().unwrap(), (second, false));
    }

    /// Whatever a power failure makes of the database, the agent starts, knows nothing, and can keep the next state.
    #[test]
    fn a_damaged_database_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let store = AcknowledgedStore::new(folder.path());
        let first = state(1, &[("deb:a:amd64", 1)]);
        for damage in 0..5 {
            store.advance(&Acknowledged::default(), &first).unwrap();
            let file = folder.path().join("acknowledged").join(if damage == 4 { "conf" } else { "db" });
            let length = fs::metadata(&file).unwrap().len();
            let bytes = match damage {
                0 => vec![0xff; 4096],
                1 => b"not a database".to_vec(),
                2 => vec![0x5a; usize::try_from(length).unwrap()],
                _ => vec![1],
            };
            fs::write(&file, bytes).unwrap();
            fs::write(folder.path().join("acknowledged/snap.000.generating"), "half").unwrap();
            let (read, _) = store.load().unwrap();
            assert!(read == first || read == Acknowledged::default(), "damage {damage}: {read:?}");
            store.advance(&read, &first).unwrap();
            assert_eq!(store.load().unwrap().0, first, "damage {damage}");
        }
        let kept = fs::read_dir(folder.path()).unwrap().count();
        assert!(kept <= 1 + BROKEN_KEPT, "{kept}");
    }

    #[test]
    fn foreign_content_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = AcknowledgedStore::new(folder.path());
        store
            .with_database(|database| {
                database.insert("idpkg", "no zero byte")?;
                Ok(())
            })
            .unwrap();
        assert_eq!(store.load().unwrap(), (Acknowledged::default(), true));
        assert_eq!(store.load().unwrap(), (Acknowledged::default(), false));
    }
}
