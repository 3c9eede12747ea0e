//! Files for somebody who only looks: a ledger can be verified and exported while a server writes it.
//! It does not know frames. Invariant: nothing on the disk changes; what recovery would cut or put aside stays as it is.
//!
//! A server that is appending leaves an unfinished end for moments. Recovery sees it like a torn one, and stops before it.

use super::files::{Files, ReadFile, RealFiles, WriteFile};
use super::{OpenFault, OpenReport, SEGMENT_BYTES_MAX, Segments};
use crate::ledger::chain::Head;
use crate::ledger::engine::{Appended, Engine, EngineFault, Frame, NewSnapshot, Snapshot};
use crate::ledger::engines::memory::MemoryShelf;
use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A ledger in a folder of files, to be read only: as far as it was whole at the moment of opening.
pub struct Looking(Segments);

impl Looking {
    /// Opens the ledger in a folder, whether or not a server has it open.
    pub fn open(folder: &Path) -> Result<(Self, OpenReport), OpenFault> {
        let shelf = Arc::new(MemoryShelf::default());
        let (segments, report) = Segments::open_with(Arc::new(LookingFiles), folder, shelf, SEGMENT_BYTES_MAX)?;
        Ok((Self(segments), report))
    }
}

impl Engine for Looking {
    /// Always refused: somebody who only looks has nothing to say.
    fn append(&self, _expected: Head, _frames: &[Frame]) -> Result<Appended, EngineFault> {
        Err(EngineFault::Poisoned)
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        self.0.read(from_seq, frames_max, bytes_max)
    }

    fn head(&self) -> Head {
        self.0.head()
    }

    fn put_snapshot(&self, _snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        Ok(())
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        Ok(None)
    }
}

/// The machine's own files, without the means to change them.
struct LookingFiles;

/// Takes what recovery wants to put aside, and forgets it.
struct Forgetting;

impl Files for LookingFiles {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() { Ok(()) } else { Err(io::Error::new(io::ErrorKind::NotFound, "there is no ledger here")) }
    }

    fn lock(&self, _path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Ok(Some(Box::new(())))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        RealFiles.list(folder)
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        RealFiles.length(path)
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        RealFiles.read(path)
    }

    fn create(&self, _path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(Forgetting))
    }

    fn append(&self, _path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(Forgetting))
    }

    fn remove(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for Forgetting {
    fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }
}
