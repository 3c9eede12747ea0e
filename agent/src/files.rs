//! Files in the agent's own state folder: private, and written so that a power failure leaves the old or the new one.
//! It does not know what is in them, and it never touches anything outside the state folder.
//! Invariant: a file that exists under its own name is whole; half-written ones have another name.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use unix as here;
#[cfg(windows)]
use windows as here;

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

/// Where the agent keeps its key, its spool and its last acknowledged state, unless it is told another folder.
pub fn state_folder_default() -> PathBuf {
    here::state_folder_default()
}

/// Makes a folder that only the agent's account may enter; one that exists stays as it is.
pub fn make_private_folder(path: &Path) -> Result<(), FileFault> {
    here::make_folder(path).map_err(FileFault::at("create the folder", path))
}

/// Opens a private file of which lines are only ever added, and makes it where it is not there.
pub fn append_private(path: &Path) -> Result<File, FileFault> {
    let mut options = OpenOptions::new();
    let file = here::private(options.append(true).create(true)).open(path);
    file.map_err(FileFault::at("create", path))
}

/// Whether other accounts may read a file; none where this system does not tell.
pub fn others_may_read(found: &Metadata) -> Option<bool> {
    here::others_may_read(found)
}

/// Writes a private file: aside, fsynced, renamed, and the folder fsynced.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
    let aside = path.with_extension("new");
    let mut options = OpenOptions::new();
    here::private(options.write(true).create(true).truncate(true));
    let mut file = options.open(&aside).map_err(FileFault::at("create", &aside))?;
    file.write_all(bytes).map_err(FileFault::at("write", &aside))?;
    file.sync_all().map_err(FileFault::at("write to disk", &aside))?;
    drop(file);
    fs::rename(&aside, path).map_err(FileFault::at("rename into place", path))?;
    sync_folder_of(path)
}

/// Adds to the end of a file that is there; the bytes are on the disk when this returns. A power failure in between leaves any part of them.
pub fn append_synced(path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
    let mut file = OpenOptions::new().append(true).open(path).map_err(FileFault::at("open", path))?;
    file.write_all(bytes).map_err(FileFault::at("add to", path))?;
    file.sync_data().map_err(FileFault::at("write to disk", path))
}

/// Makes a rename or a removal in the file's folder durable.
pub fn sync_folder_of(path: &Path) -> Result<(), FileFault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    here::sync_folder(folder).map_err(FileFault::at("write to disk", folder))
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

/// Removes a folder of ours with all that is in it; no link in it is followed.
pub fn remove_folder(path: &Path) -> Result<(), FileFault> {
    fs::remove_dir_all(path).map_err(FileFault::at("remove", path))?;
    sync_folder_of(path)
}

/// The state folder, held by this process alone while this value lives (flock(2), LockFileEx).
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
        if !folder.exists() {
            make_private_folder(folder)?;
            here::close_folder(folder).map_err(FileFault::at("keep others out of", folder))?;
        }
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        let file = here::private(options.write(true).create(true).truncate(false)).open(&path);
        let file = file.map_err(FileFault::at("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(LockFault::Held(folder.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(FileFault { doing: "lock", path, source }.into()),
        }
    }
}

/// Lets one more account work in a folder and what is in it.
#[cfg(windows)]
pub(crate) fn admit(folder: &Path, account: &str) -> Result<(), FileFault> {
    here::admit(folder, account).map_err(FileFault::at("let the service into", folder))
}

/// Makes a folder into which only LocalSystem and Administrators may; one that exists is closed to others.
#[cfg(windows)]
pub(crate) fn make_closed_folder(folder: &Path) -> Result<(), FileFault> {
    make_private_folder(folder)?;
    here::close_folder(folder).map_err(FileFault::at("keep others out of", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // On Windows the state folder says it for all that is in it.
        let private = |path: &Path| others_may_read(&fs::metadata(path).unwrap()) != Some(true);
        assert!(private(&state) && private(&file));
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
