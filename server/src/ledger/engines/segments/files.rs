//! The few file operations that the segments engine needs, and the real machine behind them.
//! It does not know frames or what a file is for. Invariant: this is the engine's only way to the disk, so a test that plays a
//! failing disk here has played every failure there is.

use std::any::Any;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::Path;

/// A file that is being read, from anywhere in it.
pub trait ReadFile: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadFile for T {}

/// A file that is being written.
pub trait WriteFile: Send {
    /// Puts all bytes at an offset; after an error it is unknown how many of them are there.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when content and length are on disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file, and returns when the cut is on disk.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
}

/// What an engine may do to a folder of files.
pub trait Files: Send + Sync {
    /// Makes a folder with its parents, durably.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// Takes the lock that one process at a time can hold; it is held until the value is dropped. `None`: somebody holds it.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;
    /// The names of the files in a folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// A file's length in bytes.
    fn length(&self, path: &Path) -> io::Result<u64>;
    /// Opens a file to read.
    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>>;
    /// Makes a file that is not there yet. It is not durable before [`Files::sync_folder`].
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;
    /// Opens a file that is there, to grow it.
    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;
    /// Removes a file. It may come back before [`Files::sync_folder`].
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Returns when the folder's names are on disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The machine's own files.
pub struct RealFiles;

impl Files for RealFiles {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.make_folder(parent)?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => self.sync_folder(parent),
            None => self.sync_folder(Path::new(".")),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(Locked(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|item| Ok(item?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(File::open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(OpenOptions::new().write(true).create_new(true).open(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(OpenOptions::new().write(true).open(path)?))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Windows has no handle on a folder that could be synced; NTFS journals names by itself.
        if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
    }
}

impl WriteFile for File {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync(2) also writes the metadata that reading needs: a grown length is on disk when it returns.
        self.sync_data()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)?;
        self.sync_all()
    }
}

/// A lock that is given back when this is dropped, also while a program that is just being started has a copy of the handle.
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // What fails here is given back when the handle is closed.
        let _unlocked = self.0.unlock();
    }
}
