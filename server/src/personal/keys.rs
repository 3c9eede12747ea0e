//! The keys: one file per supplier in a folder of the data folder, readable by its owner only.
//! It does not know what was sealed. Invariant: a key file is synced before it is used, and its removal is synced before it is told.
//! Copies of the folder in backups hold the keys too: whoever erases has to erase them there as well.

use crate::authority::{AuthorityFault, write_private};
use crate::secrets::{NoRandomness, random_hex};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::SupplierId;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The keys could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// A file operation failed.
    #[error("{doing} {path}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A key could not be written.
    #[error("a key for people's data could not be written")]
    Write(#[from] AuthorityFault),
    /// A key file is not one of ours. It is left alone: another one in its place would make what it sealed unreadable.
    #[error("{path} is no key file: restore it from a backup")]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// A supplier's key.
#[derive(Clone)]
pub struct Key {
    /// Its id: 32 hex digits, random.
    pub id: String,
    /// The 256 bits.
    pub(super) bytes: [u8; 32],
}

/// What a key file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    supplier_id: SupplierId,
    key_id: String,
    key: String,
}

/// The folder of keys.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    /// Two that want a supplier's first key at once must get the same one.
    making: Mutex<()>,
}

impl Keys {
    /// The keys in `people-keys` of a data folder. The folder is made when the first key is.
    pub fn below(data: &Path) -> Self {
        Self { folder: data.join("people-keys"), making: Mutex::default() }
    }

    /// A supplier's key, where there is one.
    pub fn get(&self, supplier: &SupplierId) -> Result<Option<Key>, KeyFault> {
        let path = self.path(supplier);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyFault::File { doing: "read", path, source }),
        };
        let broken = || KeyFault::Broken { path: path.clone() };
        let file: KeyFile = serde_json::from_slice(&bytes).map_err(|_| broken())?;
        let key = hex::decode(&file.key).ok().and_then(|key| <[u8; 32]>::try_from(key).ok());
        match key.filter(|_| file.supplier_id == *supplier) {
            Some(bytes) => Ok(Some(Key { id: file.key_id, bytes })),
            None => Err(broken()),
        }
    }

    /// A supplier's key, made and synced where there is none.
    pub fn get_or_make(&self, supplier: &SupplierId) -> Result<Key, KeyFault> {
        let _alone = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = self.get(supplier)? {
            return Ok(key);
        }
        std::fs::create_dir_all(&self.folder).map_err(|source| self.fault("create", source))?;
        let file = KeyFile { supplier_id: supplier.clone(), key_id: random_hex::<16>()?, key: random_hex::<32>()? };
        let path = self.path(supplier);
        let bytes = serde_json::to_vec(&file).map_err(|_| KeyFault::Broken { path: path.clone() })?;
        write_private(&path, &bytes)?;
        self.get(supplier)?.ok_or(KeyFault::Broken { path })
    }

    /// Removes a supplier's key for ever, and answers its id. Doing it twice does no harm.
    pub fn erase(&self, supplier: &SupplierId) -> Result<Option<String>, KeyFault> {
        let path = self.path(supplier);
        let id = self.get(supplier)?.map(|key| key.id);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyFault::File { doing: "remove", path, source }),
        }
        if cfg!(unix) {
            std::fs::File::open(&self.folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|source| self.fault("sync", source))?;
        }
        Ok(id)
    }

    fn fault(&self, doing: &'static str, source: io::Error) -> KeyFault {
        KeyFault::File { doing, path: self.folder.clone(), source }
    }

    /// Named by a hash: ids may differ in case only, and not every file system does.
    fn path(&self, supplier: &SupplierId) -> PathBuf {
        let hash = Hash::of("daicho.people-key-file.v1", &[supplier.as_str().as_bytes()]);
        self.folder.join(format!("{hash}.json"))
    }
}
