//! The real machine, or a mounted image of one under `--root`.
//! It does not know which collector asks or why.
//! Invariant: special files are never opened, and with a root other than `/` every link resolves inside it.

#[cfg(unix)]
mod netlink;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use super::confine;
use super::digests::{self, Digests};
use super::hives::{self, Hives};
use super::{
    AccessError, AnyPlace, Digest, Entries, EntrySort, Host, KernelTable, Listing, Machine, Memory, PROCESSES,
    Platform, ProcessSeen, READ_AHEAD_BYTES, Reading, RegistryKey, Stamp,
};
use daicho_schemas::fact::observation::{PackageDigestSort, Program};
#[cfg(windows)]
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeSet;
use std::fs::{self, File, FileType, Metadata};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, System};
#[cfg(unix)]
use unix as here;
#[cfg(windows)]
use windows as here;

/// Where configurations of devices are laid for the agent on the machine that it runs on, unless it is told another folder.
pub const DEVICE_FOLDER_HERE: &str = here::DEVICE_FOLDER;

/// A machine under one root.
#[derive(Clone, Debug)]
pub struct LiveHost {
    root: PathBuf,
    device_folder: String,
    digests: Arc<Digests>,
    seen_programs: Arc<Mutex<Vec<Program>>>,
    remembered: Arc<Mutex<BTreeSet<String>>>,
    hives: Arc<Hives>,
    platform: OnceLock<Platform>,
    memory: Option<Arc<Memory>>,
}

impl LiveHost {
    /// The machine whose files lie under `root`: `/` for the running one.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            device_folder: DEVICE_FOLDER_HERE.to_owned(),
            digests: Arc::default(),
            seen_programs: Arc::default(),
            remembered: Arc::default(),
            hives: Arc::default(),
            platform: OnceLock::new(),
            memory: None,
        }
    }

    /// The same, with another folder for configurations of devices: a path of the machine.
    pub fn with_device_folder(self, device_folder: impl Into<String>) -> Self {
        Self { device_folder: device_folder.into(), ..self }
    }

    /// The same, for an agent that looks again and again: what did not change is not read again.
    pub fn with_memory(self) -> Self {
        Self { memory: Some(Arc::new(Memory::new())), ..self }
    }

    #[cfg(test)]
    #[cfg(unix)]
    pub(crate) fn with_memory_by(self, clock: fn() -> std::time::Duration) -> Self {
        Self { memory: Some(Arc::new(Memory::by(clock))), ..self }
    }

    /// The folder of ours that stands for a root: what is watched.
    pub fn folder_of(root: &Path) -> PathBuf {
        let folder = if root == Path::new("/") { here::locate("/", true).ok() } else { root.canonicalize().ok() };
        folder.unwrap_or_else(|| root.to_owned())
    }

    /// When a key of the running registry, or one directly below it, was last written; nothing else of it is read.
    #[cfg(windows)]
    pub(crate) fn registry_written(&self, key: &str) -> Result<Option<UtcMicros>, AccessError> {
        here::registry_written(key)
    }

    /// Hands over which programs were seen running before, for [`Host::seen_programs`].
    pub fn remember_programs(&self, programs: Vec<Program>) {
        *self.seen_programs.lock().unwrap_or_else(PoisonError::into_inner) = programs;
    }

    /// Our own path for a path of the machine.
    fn locate(&self, path: &str, follow_last: bool) -> Result<PathBuf, AccessError> {
        if self.is_live() {
            return here::locate(path, follow_last);
        }
        confine::resolve(&self.root, path, follow_last, self.platform() == Platform::Windows)
    }

    fn open_plain(&self, path: &str) -> Result<(File, Metadata), AccessError> {
        let ours = self.locate(path, true)?;
        let io = |source| AccessError::from_io(path, source);
        // Looked at first: opening a pipe would wait for its other end, opening a device may do anything.
        let found = fs::metadata(&ours).map_err(io)?;
        if !here::is_plain(&found) {
            return Err(AccessError::Special { path: path.to_owned() });
        }
        let file = File::open(&ours).map_err(io)?;
        let opened = file.metadata().map_err(io)?;
        // A file replaced by rename in between is another plain file, which is fine; a pipe in its place is not.
        if !here::is_plain(&opened) {
            return Err(AccessError::Special { path: path.to_owned() });
        }
        Ok((file, opened))
    }
}

impl Host for LiveHost {
    fn registry(&self, key: &str) -> Result<RegistryKey, AccessError> {
        if self.is_live() {
            return here::registry(key);
        }
        if self.platform() != Platform::Windows {
            return Err(AccessError::Missing { path: key.to_owned() });
        }
        self.hives.registry(self, key)
    }

    fn platform(&self) -> Platform {
        let of_image = || match confine::resolve(&self.root, hives::CONFIG, true, true) {
            Ok(folder) if folder.is_dir() => Platform::Windows,
            _ => Platform::Linux,
        };
        if self.is_live() { here::PLATFORM } else { *self.platform.get_or_init(of_image) }
    }

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
            let sort = here::sort_of(&entry);
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
        if self.is_live() {
            return here::name_of(&found).ok_or_else(|| AccessError::Special { path: path.to_owned() });
        }
        let root = fs::canonicalize(&self.root).map_err(|source| AccessError::from_io(path, source))?;
        let inside = found.strip_prefix(root).ok().and_then(Path::to_str);
        inside
            .map(|inside| format!("/{}", inside.replace(MAIN_SEPARATOR, "/")))
            .ok_or_else(|| AccessError::Special { path: path.to_owned() })
    }

    fn stamp(&self, path: &str) -> Result<Stamp, AccessError> {
        let ours = self.locate(path, true)?;
        here::stamp_at(&ours).map_err(|source| AccessError::from_io(path, source))
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

    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<Digest>, AccessError> {
        let (file, _) = self.open_plain(path)?;
        let io = |source| AccessError::from_io(path, source);
        let stamp = here::stamp(&file).map_err(io)?;
        if stamp.size_bytes > bytes_max {
            return Ok(None);
        }
        if let Some(known) = self.digests.get(stamp, sort) {
            return Ok(Some(Digest { hex: known, bytes_read: 0 }));
        }
        let digest = digests::of(&file, sort, bytes_max).map_err(io)?;
        // Kept only where nobody wrote to it meanwhile.
        if let Some(digest) = &digest
            && here::stamp(&file).map_err(io)? == stamp
        {
            self.digests.keep(stamp, sort, digest);
        }
        Ok(digest.map(|hex| Digest { hex, bytes_read: stamp.size_bytes }))
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
        here::kernel_table(table, bytes_max)
    }

    fn processes(&self) -> Result<Vec<ProcessSeen>, AccessError> {
        if !self.is_live() {
            return Err(AccessError::Missing { path: PROCESSES.to_owned() });
        }
        here::processes()
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

    fn memory(&self) -> Option<&Memory> {
        self.memory.as_deref()
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

/// The sort of what a file system says of a name.
fn sort_of_type(sort: Option<FileType>) -> EntrySort {
    match sort {
        Some(sort) if sort.is_symlink() => EntrySort::Link,
        Some(sort) if sort.is_dir() => EntrySort::Folder,
        Some(sort) if sort.is_file() => EntrySort::File,
        _ => EntrySort::Special,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
