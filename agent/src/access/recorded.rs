//! A folder that plays a machine and notes every access, for tests and for machines that were recorded elsewhere.
//! It does not know collectors; what it notes is compared with their documented places by their tests.
//! Invariant: it reads exactly as [`LiveHost`] reads an image, so that nothing is only true in tests.

mod registry_text;

use super::{
    AccessError, AnyPlace, DEVICE_FOLDER_DEFAULT, DEVICE_FOLDER_WINDOWS, Digest, Entries, Host, KernelTable, Listing,
    LiveHost, Machine, Memory, PROCESSES, Platform, ProcessSeen, Reading, RegistryKey, Stamp,
};
use daicho_schemas::fact::observation::{PackageDigestSort, Program};
use registry_text::RecordedRegistry;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A recorded registry beside the machine's files. A machine that has one is a Windows.
const REGISTRY: &str = "/registry.reg";

/// A recorded machine.
#[derive(Debug)]
pub struct RecordedHost {
    files: LiveHost,
    live: bool,
    machine: Machine,
    accesses: Mutex<BTreeSet<String>>,
    closed: BTreeSet<String>,
    registry: OnceLock<Option<Result<RecordedRegistry, String>>>,
}

impl RecordedHost {
    /// A running machine as it was recorded: its `/proc` and `/sys` lie in the folder too.
    pub fn running(folder: impl Into<PathBuf>, machine: Machine) -> Self {
        Self {
            files: LiveHost::new(folder),
            live: true,
            machine,
            accesses: Mutex::default(),
            closed: BTreeSet::new(),
            registry: OnceLock::new(),
        }
    }

    /// A mounted image: `/proc` and `/sys` say nothing about it.
    pub fn image(folder: impl Into<PathBuf>) -> Self {
        Self { live: false, ..Self::running(folder, Machine::default()) }
    }

    /// Plays an account that may not read these paths.
    #[must_use]
    pub fn without_permission_for(mut self, paths: &[&str]) -> Self {
        self.closed.extend(paths.iter().map(|path| (*path).to_owned()));
        self
    }

    /// Hands over which programs were seen running before.
    pub fn remember_programs(&self, programs: Vec<Program>) {
        self.files.remember_programs(programs);
    }

    /// Every path that was asked for so far.
    pub fn accesses(&self) -> BTreeSet<String> {
        self.accesses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn recorded_registry(&self) -> Option<&Result<RecordedRegistry, String>> {
        let read = || {
            let reading = self.files.read(REGISTRY, usize::MAX / 2).ok()?;
            let text = String::from_utf8(reading.bytes).map_err(|_| "the recorded registry is not UTF-8".to_owned());
            Some(text.and_then(|text| RecordedRegistry::parse(&text)))
        };
        self.registry.get_or_init(read).as_ref()
    }

    fn note(&self, path: &str) -> Result<(), AccessError> {
        self.accesses.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        if self.closed.contains(path) {
            return Err(AccessError::NotPermitted { path: path.to_owned() });
        }
        Ok(())
    }
}

impl Host for RecordedHost {
    fn read(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.note(path)?;
        self.files.read(path, bytes_max)
    }

    fn read_end(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.note(path)?;
        self.files.read_end(path, bytes_max)
    }

    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, AccessError> {
        self.note(path)?;
        self.files.open(path)
    }

    fn list(&self, path: &str, names_max: usize) -> Result<Listing, AccessError> {
        self.note(path)?;
        self.files.list(path, names_max)
    }

    fn open_anywhere(&self, path: &str) -> Result<Box<dyn AnyPlace>, AccessError> {
        self.note(path)?;
        self.files.open_anywhere(path)
    }

    fn entries(&self, path: &str, names_max: usize) -> Result<Entries, AccessError> {
        self.note(path)?;
        self.files.entries(path, names_max)
    }

    fn read_link(&self, path: &str) -> Result<String, AccessError> {
        self.note(path)?;
        self.files.read_link(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.note(path).is_err() || self.files.exists(path)
    }

    fn real_path(&self, path: &str) -> Result<PathBuf, AccessError> {
        self.note(path)?;
        self.files.real_path(path)
    }

    fn canonical(&self, path: &str) -> Result<String, AccessError> {
        self.note(path)?;
        self.files.canonical(path)
    }

    fn stamp(&self, path: &str) -> Result<Stamp, AccessError> {
        self.note(path)?;
        self.files.stamp(path)
    }

    fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Result<Reading, AccessError> {
        self.note(path)?;
        self.files.read_at(path, offset, bytes_max)
    }

    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<Digest>, AccessError> {
        self.note(path)?;
        self.files.digest(path, sort, bytes_max)
    }

    fn seen_programs(&self) -> Vec<Program> {
        self.files.seen_programs()
    }

    fn remembered(&self, words: BTreeSet<String>, words_max: usize) -> BTreeSet<String> {
        self.files.remembered(words, words_max)
    }

    fn memory(&self) -> Option<&Memory> {
        self.files.memory()
    }

    fn is_live(&self) -> bool {
        self.live
    }

    /// A recorded answer lies beside the machine's files as `netlink/TABLE`: hexadecimal digits, `#` begins a comment.
    fn kernel_table(&self, table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError> {
        let place = table.to_string();
        self.note(&place)?;
        if !self.live {
            return Err(AccessError::Missing { path: place });
        }
        let Reading { bytes: written, .. } =
            self.files.read(&format!("/{}", place.replace(':', "/")), usize::MAX / 2)?;
        let lines = written.split(|byte| *byte == b'\n').map(|line| line.split(|byte| *byte == b'#').next());
        let digits: Vec<u8> = lines.flatten().flatten().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let Ok(mut bytes) = hex::decode(digits) else { return Err(AccessError::Special { path: place }) };
        let cut = bytes.len() > bytes_max;
        bytes.truncate(bytes_max);
        Ok(Reading { bytes, cut })
    }

    fn device_folder(&self) -> &str {
        if self.platform() == Platform::Windows { DEVICE_FOLDER_WINDOWS } else { DEVICE_FOLDER_DEFAULT }
    }

    /// Recorded processes lie beside the machine's files as `processes.json`.
    fn processes(&self) -> Result<Vec<ProcessSeen>, AccessError> {
        self.note(PROCESSES)?;
        if !self.live {
            return Err(AccessError::Missing { path: PROCESSES.to_owned() });
        }
        let reading = self.files.read("/processes.json", usize::MAX / 2)?;
        serde_json::from_slice(&reading.bytes).map_err(|_| AccessError::Special { path: PROCESSES.to_owned() })
    }

    fn machine(&self) -> Machine {
        self.machine.clone()
    }

    /// A recorded registry lies beside the machine's files as `registry.reg`; else hives among them are read.
    fn registry(&self, key: &str) -> Result<RegistryKey, AccessError> {
        self.note(key)?;
        let path = || key.to_owned();
        match self.recorded_registry() {
            None => self.files.registry(key),
            Some(Ok(registry)) => registry.key(key).ok_or_else(|| AccessError::Missing { path: path() }),
            Some(Err(why)) => Err(AccessError::Unreadable { path: path(), source: std::io::Error::other(why.clone()) }),
        }
    }

    fn platform(&self) -> Platform {
        if self.recorded_registry().is_some() { Platform::Windows } else { self.files.platform() }
    }
}
