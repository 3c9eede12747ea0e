//! The real machine, or a mounted image of one under `--root`.
//! It does not know which collector asks or why.
//! Invariant: special files are never opened, and with a root other than `/` every link resolves inside it.

mod netlink;

use super::digests::{self, Digests};
use super::{
    AccessError, AnyPlace, DEVICE_FOLDER_DEFAULT, Entries, EntrySort, Host, KernelTable, Listing, Machine, Reading,
    Stamp, confine,
};
use daicho_schemas::fact::observation::{PackageDigestSort, Program};
use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, System};

/// Bytes asked of the operating system at once when a file is read piece by piece.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// A machine under one root.
#[derive(Clone, Debug)]
pub struct LiveHost {
    root: PathBuf,
    device_folder: String,
    digests: Arc<Digests>,
    seen_programs: Arc<Mutex<Vec<Program>>>,
    remembered: Arc<Mutex<BTreeSet<String>>>,
}

impl LiveHost {
    /// The machine whose files lie under `root`: `/` for the running one.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            device_folder: DEVICE_FOLDER_DEFAULT.to_owned(),
            digests: Arc::default(),
            seen_programs: Arc::default(),
            remembered: Arc::default(),
        }
    }

    /// The same, with another folder for configurations of devices: a path of the machine.
    pub fn with_device_folder(self, device_folder: impl Into<String>) -> Self {
        Self { device_folder: device_folder.into(), ..self }
    }

    /// Hands over which programs were seen running before, for [`Host::seen_programs`].
    pub fn remember_programs(&self, programs: Vec<Program>) {
        *self.seen_programs.lock().unwrap_or_else(PoisonError::into_inner) = programs;
    }

    /// Our own path for a path of the machine.
    fn locate(&self, path: &str, follow_last: bool) -> Result<PathBuf, AccessError> {
        if self.is_live() {
            // The kernel resolves links itself, and nothing lies outside of `/`.
            return Ok(PathBuf::from(path));
        }
        confine::resolve(&self.root, path, follow_last)
    }

    fn open_plain(&self, path: &str) -> Result<(File, Metadata), AccessError> {
        let ours = self.locate(path, true)?;
        let io = |source| AccessError::from_io(path, source);
        // Looked at first: opening a pipe would wait for its other end, opening a device may do anything.
        let found = fs::metadata(&ours).map_err(io)?;
        if !found.is_file() {
            return Err(AccessError::Special { path: path.to_owned() });
        }
        let file = File::open(&ours).map_err(io)?;
        let opened = file.metadata().map_err(io)?;
        // A file replaced by rename in between is another plain file, which is fine; a pipe in its place is not.
        if !opened.is_file() {
            return Err(AccessError::Special { path: path.to_owned() });
        }
        Ok((file, opened))
    }
}

impl Host for LiveHost {
    fn read(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        let (file, metadata) = self.open_plain(path)?;
        // Files of /proc and /sys say 0 here; the limit holds for both.
        let expected = usize::try_from(metadata.len()).unwrap_or(usize::MAX).min(bytes_max);
        let mut bytes = Vec::with_capacity(expected.saturating_add(1));
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|source| AccessError::from_io(path, source))?;
        let cut = bytes.len() > bytes_max;
        bytes.truncate(bytes_max);
        Ok(Reading { bytes, cut })
    }

    fn read_end(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        let (mut file, metadata) = self.open_plain(path)?;
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let start = metadata.len().saturating_sub(limit);
        let io = |source| AccessError::from_io(path, source);
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        let mut bytes = Vec::new();
        // What is written to it meanwhile is left for the next look.
        file.take(limit).read_to_end(&mut bytes).map_err(io)?;
        Ok(Reading { bytes, cut: start > 0 })
    }

    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, AccessError> {
        let (file, _) = self.open_plain(path)?;
        Ok(Box::new(BufReader::with_capacity(READ_AHEAD_BYTES, file)))
    }

    fn open_anywhere(&self, path: &str) -> Result<Box<dyn AnyPlace>, AccessError> {
        let (file, _) = self.open_plain(path)?;
        Ok(Box::new(file))
    }

    fn list(&self, path: &str, names_max: usize) -> Result<Listing, AccessError> {
        let Entries { entries, cut, unreadable_names } = self.entries(path, names_max)?;
        Ok(Listing { names: entries.into_iter().map(|(name, _)| name).collect(), cut, unreadable_names })
    }

    fn entries(&self, path: &str, names_max: usize) -> Result<Entries, AccessError> {
        let ours = self.locate(path, true)?;
        let io = |source| AccessError::from_io(path, source);
        let mut listing = Entries { entries: Vec::new(), cut: false, unreadable_names: 0 };
        for entry in fs::read_dir(&ours).map_err(io)? {
            if listing.entries.len() >= names_max {
                listing.cut = true;
                break;
            }
            let entry = entry.map_err(io)?;
            let Ok(name) = entry.file_name().into_string() else {
                listing.unreadable_names = listing.unreadable_names.saturating_add(1);
                continue;
            };
            // Most file systems tell the sort with the name; one that vanished meanwhile is of no sort that is opened.
            let sort = entry.file_type().map_or(EntrySort::Special, |sort| match sort {
                sort if sort.is_dir() => EntrySort::Folder,
                sort if sort.is_file() => EntrySort::File,
                sort if sort.is_symlink() => EntrySort::Link,
                _ => EntrySort::Special,
            });
            listing.entries.push((name, sort));
        }
        listing.entries.sort_unstable();
        Ok(listing)
    }

    fn read_link(&self, path: &str) -> Result<String, AccessError> {
        let ours = self.locate(path, false)?;
        let target = fs::read_link(ours).map_err(|source| AccessError::from_io(path, source))?;
        Ok(target.to_string_lossy().into_owned())
    }

    fn exists(&self, path: &str) -> bool {
        let found = self
            .locate(path, true)
            .and_then(|ours| fs::metadata(ours).map(drop).map_err(|source| AccessError::from_io(path, source)));
        !matches!(found, Err(AccessError::Missing { .. }))
    }

    fn real_path(&self, path: &str) -> Result<PathBuf, AccessError> {
        // Opened once here, so that the checks for plain files hold for whoever opens it next.
        self.open_plain(path)?;
        let ours = self.locate(path, true)?;
        fs::canonicalize(ours).map_err(|source| AccessError::from_io(path, source))
    }

    fn canonical(&self, path: &str) -> Result<String, AccessError> {
        let ours = self.locate(path, true)?;
        let found = fs::canonicalize(ours).map_err(|source| AccessError::from_io(path, source))?;
        let root = fs::canonicalize(&self.root).map_err(|source| AccessError::from_io(path, source))?;
        let inside = found.strip_prefix(root).ok().and_then(Path::to_str);
        inside.map(|inside| format!("/{inside}")).ok_or_else(|| AccessError::Special { path: path.to_owned() })
    }

    fn stamp(&self, path: &str) -> Result<Stamp, AccessError> {
        let ours = self.locate(path, true)?;
        let found = fs::metadata(ours).map_err(|source| AccessError::from_io(path, source))?;
        Ok(stamp_of(&found))
    }

    fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Result<Reading, AccessError> {
        let (mut file, metadata) = self.open_plain(path)?;
        let io = |source| AccessError::from_io(path, source);
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(io)?;
        Ok(Reading { bytes, cut: metadata.len() > offset.saturating_add(limit) })
    }

    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<String>, AccessError> {
        let (file, metadata) = self.open_plain(path)?;
        let stamp = stamp_of(&metadata);
        if stamp.size_bytes > bytes_max {
            return Ok(None);
        }
        if let Some(known) = self.digests.get(stamp, sort) {
            return Ok(Some(known));
        }
        let io = |source| AccessError::from_io(path, source);
        let digest = digests::of(&file, sort, bytes_max).map_err(io)?;
        // Kept only where nobody wrote to it meanwhile.
        if let Some(digest) = &digest
            && stamp_of(&file.metadata().map_err(io)?) == stamp
        {
            self.digests.keep(stamp, sort, digest);
        }
        Ok(digest)
    }

    fn seen_programs(&self) -> Vec<Program> {
        self.seen_programs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    fn kernel_table(&self, table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError> {
        if !self.is_live() {
            return Err(AccessError::Missing { path: table.to_string() });
        }
        netlink::read(table, bytes_max)
    }

    fn remembered(&self, words: BTreeSet<String>, words_max: usize) -> BTreeSet<String> {
        let mut known = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        for word in words {
            if known.len() < words_max {
                known.insert(word);
            }
        }
        known.clone()
    }

    fn device_folder(&self) -> &str {
        &self.device_folder
    }

    fn machine(&self) -> Machine {
        if !self.is_live() {
            return Machine::default();
        }
        let Ok(mut system) = System::new() else {
            return Machine::default();
        };
        system.refresh_cpu_list(CpuRefreshKind::nothing());
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let words = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let first = system.cpus().first();
        Machine {
            cpu_maker: first.and_then(|cpu| words(cpu.vendor_id())),
            cpu_model: first.and_then(|cpu| words(cpu.brand())),
            cpu_count: u64::try_from(system.cpus().len()).ok().filter(|count| *count > 0),
            memory_bytes: Some(system.total_memory()).filter(|bytes| *bytes > 0),
            architecture: words(&System::cpu_arch()),
        }
    }
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

#[cfg(test)]
mod tests;
