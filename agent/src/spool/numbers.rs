//! The highest batch number ever used, in a file of its own.
//! It does not know what a number was used for.
//! Invariant: a number is on disk before it is used, so that no loss of other state can make it be used twice.

use super::disk::Disk;
use crate::files::FileFault;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Longer than any number.
const BYTES_MAX: usize = 64;

/// The high-water mark.
#[derive(Debug)]
pub(super) struct Numbers {
    disk: Rc<dyn Disk>,
    path: PathBuf,
    highest: u64,
}

impl Numbers {
    /// Reads the mark. A mark that makes no sense counts as none: the other witnesses (`raise`) say more then.
    pub(super) fn open(disk: Rc<dyn Disk>, state: &Path) -> Result<Self, FileFault> {
        let path = state.join("number");
        let bytes = disk.read(&path, BYTES_MAX).or_else(|fault| match fault.source.kind() {
            std::io::ErrorKind::FileTooLarge => Ok(None),
            _ => Err(fault),
        })?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let highest = text.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Ok(Self { disk, path, highest })
    }

    /// The highest number known to be used.
    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    /// Somebody else knows of a higher number: a file in the spool, the acknowledged state, the server.
    pub(super) fn raise(&mut self, seen: u64) {
        self.highest = self.highest.max(seen);
    }

    /// A number that was never used, on disk before it is given out.
    pub(super) fn next(&mut self) -> Result<u64, FileFault> {
        let next = self.highest.saturating_add(1);
        self.disk.write(&self.path, format!("{next}\n").as_bytes())?;
        self.highest = next;
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::*;

    fn open(state: &Path) -> Numbers {
        Numbers::open(Rc::new(RealDisk::new(state)), state).unwrap()
    }

    #[test]
    fn numbers_only_rise_whatever_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let mut numbers = open(folder.path());
        assert_eq!((numbers.next().unwrap(), numbers.next().unwrap()), (1, 2));
        let mut again = open(folder.path());
        assert_eq!(again.next().unwrap(), 3);
        again.raise(10);
        again.raise(5);
        assert_eq!(again.next().unwrap(), 11);
        for damage in ["", "x", "-1", &"9".repeat(100)] {
            std::fs::write(folder.path().join("number"), damage).unwrap();
            let mut damaged = open(folder.path());
            damaged.raise(11);
            assert_eq!(damaged.next().unwrap(), 12, "{damage}");
        }
    }
}
