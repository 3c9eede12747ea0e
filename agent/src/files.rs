//! Files in the agent's own state folder: private, and written so that a power failure leaves the old or the new one.
//! It does not know what is in them, and it never touches anything outside the state folder.
//! Invariant: a file that exists under its own name is whole; half-written ones have another name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Our own disk failed us.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub struct FileFault {
    /// What was tried.
    pub doing: &'static str,
    /// Where.
    pub path: PathBuf,
    /// What the operating system said.
    #[source]
    pub source: io::Error,
}

impl FileFault {
    /// For `map_err`.
    pub(crate) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { doing, path, source }
    }
}

/// Makes a folder that only the agent's account may enter; one that exists stays as it is.
pub fn make_private_folder(path: &Path) -> Result<(), FileFault> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(FileFault::at("create the folder", path))
}

/// Writes a private file: aside, fsynced, renamed, and the folder fsynced.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
    let aside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&aside).map_err(FileFault::at("create", &aside))?;
    file.write_all(bytes).map_err(FileFault::at("write", &aside))?;
    file.sync_all().map_err(FileFault::at("write to disk", &aside))?;
    drop(file);
    fs::rename(&aside, path).map_err(FileFault::at("rename into place", path))?;
    sync_folder_of(path)
}

/// Makes a rename or a removal in the file's folder durable.
pub fn sync_folder_of(path: &Path) -> Result<(), FileFault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let sync = File::open(folder).and_then(|folder| folder.sync_all());
    sync.map_err(FileFault::at("write to disk", folder))
}

/// Reads a file of at most `bytes_max` bytes; nothing when it does not exist.
pub fn read_limited(path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, FileFault> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(FileFault::at("open", path))?,
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(FileFault::at("read", path))?;
    if bytes.len() > bytes_max {
        let source = io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than the agent ever writes it");
        return Err(FileFault { doing: "read", path: path.to_owned(), source });
    }
    Ok(Some(bytes))
}

/// Removes a file; one that is gone already is fine.
pub fn remove(path: &Path) -> Result<(), FileFault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(FileFault::at("remove", path)),
    }
}

/// The state folder, held by this process alone while this value lives (flock(2)).
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

/// Why the state folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockFault {
    /// Another process holds it.
    #[error("another daicho-agent is using {}; stop it first", .0.display())]
    Held(PathBuf),
    /// The lock file could not be made.
    #[error(transparent)]
    File(#[from] FileFault),
}

impl StateLock {
    /// Takes the folder, or says who cannot.
    pub fn take(folder: &Path) -> Result<Self, LockFault> {
        make_private_folder(folder)?;
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(FileFault::at("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(LockFault::Held(folder.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(FileFault { doing: "lock", path, source }.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn files_and_folders_are_private_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        make_private_folder(&state).unwrap();
        let file = state.join("key");
        write_private(&file, b"one").unwrap();
        write_private(&file, b"two").unwrap();
        assert_eq!(read_limited(&file, 3).unwrap().unwrap(), b"two");
        assert!(read_limited(&file, 2).is_err());
        assert!(read_limited(&state.join("none"), 2).unwrap().is_none());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&file)), (0o700, 0o600));
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "nothing is left aside");
    }

    #[test]
    fn one_process_holds_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = StateLock::take(folder.path()).unwrap();
        assert!(matches!(StateLock::take(folder.path()), Err(LockFault::Held(_))));
        drop(held);
        StateLock::take(folder.path()).unwrap();
    }
}
