//! `outbox/…`: how far each channel has delivered the ledger's notices, as a small file per channel, apart from sled.
//! It does not know channels. Invariant: it cannot be rebuilt, so it is written aside, synced and renamed; what is lost or
//! damaged of it repeats notices, and never skips one.

use super::open::sync_folder;
use super::{Store, StoreFault};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The places of channels.
pub struct Outboxes {
    folder: PathBuf,
}

impl Store {
    /// How far channels have delivered.
    pub fn outboxes(&self) -> Outboxes {
        Outboxes { folder: self.folder.join("outbox") }
    }
}

impl Outboxes {
    /// The last entry that a channel has delivered; `None` for a channel that is new, 0 for one whose place cannot be read.
    pub fn get(&self, channel: &str) -> Result<Option<u64>, StoreFault> {
        let path = self.folder.join(channel);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(place(&bytes).unwrap_or_else(|| {
                tracing::error!(
                    path = %path.display(),
                    "the place of a channel is damaged: its notices are sent again from the first; a receiver knows them by their keys"
                );
                0
            }))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreFault::Io { doing: "reading", path, source }),
        }
    }

    /// Keeps a channel's place, and returns when it is on disk.
    pub fn put(&self, channel: &str, seq: u64) -> Result<(), StoreFault> {
        let path = self.folder.join(channel);
        self.replace(&path, seq).map_err(|source| StoreFault::Io { doing: "writing", path, source })
    }

    fn replace(&self, path: &Path, seq: u64) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let aside = path.with_extension("new");
        let mut file = File::create(&aside)?;
        file.write_all(format!("{seq}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        sync_folder(&self.folder)
    }
}

fn place(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_a_new_channel_has_none_and_a_damaged_one_repeats_all() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _broken) = Store::open(folder.path()).unwrap();
        assert_eq!(store.outboxes().get("webhook").unwrap(), None);
        store.outboxes().put("webhook", 41).unwrap();
        store.outboxes().put("webhook", 42).unwrap();
        assert_eq!(store.outboxes().get("webhook").unwrap(), Some(42));
        for damaged in ["", "4", "x42\n", "-1\n"] {
            fs::write(folder.path().join("outbox/webhook"), damaged).unwrap();
            assert_eq!(store.outboxes().get("webhook").unwrap(), Some(0), "{damaged:?}");
        }
    }
}
