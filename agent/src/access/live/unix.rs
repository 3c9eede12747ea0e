//! What is Unix's own about the running machine: paths as they are, inodes, permissions, and no registry.
//! It does not know collectors.
//! Invariant: every function has its sibling of the same name for Windows (`windows.rs`), and nothing above the door knows which is there.

use crate::access::{AccessError, EntrySort, PROCESSES, Platform, ProcessSeen, RegistryKey, Stamp};
use std::fs::{DirEntry, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The system that this agent was built for.
pub(super) const PLATFORM: Platform = Platform::Linux;

/// Where configurations of devices are laid for the agent, unless it is told another folder.
pub(super) const DEVICE_FOLDER: &str = crate::access::DEVICE_FOLDER_DEFAULT;

/// Our own path for a path of the running machine. The kernel resolves links itself, and nothing lies outside of `/`.
pub(super) fn locate(path: &str, _follow_last: bool) -> Result<PathBuf, AccessError> {
    Ok(PathBuf::from(path))
}

/// The running machine's own path for one of ours without links.
pub(super) fn name_of(ours: &Path) -> Option<String> {
    ours.to_str().map(str::to_owned)
}

/// Whether it is a file that may be opened and read.
pub(super) fn is_plain(found: &Metadata) -> bool {
    found.is_file()
}

/// What a name in a folder stands for. Most file systems tell it with the name; one that vanished meanwhile is of no sort that is opened.
pub(super) fn sort_of(entry: &DirEntry) -> EntrySort {
    super::sort_of_type(entry.file_type().ok())
}

/// The stamp of what lies at a path of ours.
pub(super) fn stamp_at(ours: &Path) -> io::Result<Stamp> {
    Ok(stamp_of(&ours.metadata()?))
}

/// The stamp of an open file.
pub(super) fn stamp(file: &File) -> io::Result<Stamp> {
    Ok(stamp_of(&file.metadata()?))
}

fn stamp_of(found: &Metadata) -> Stamp {
    Stamp {
        file: (found.dev(), found.ino()),
        size_bytes: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
        is_file: found.is_file(),
        is_executable: found.is_file() && found.mode() & 0o111 != 0,
    }
}

/// The kernel's tables of the network.
pub(super) use super::netlink::read as kernel_table;

/// There is no registry.
pub(super) fn registry(key: &str) -> Result<RegistryKey, AccessError> {
    Err(AccessError::Missing { path: key.to_owned() })
}

/// They are told by files.
pub(super) fn processes() -> Result<Vec<ProcessSeen>, AccessError> {
    Err(AccessError::Missing { path: PROCESSES.to_owned() })
}
