//! A machine of which everything that is read is counted, and which shows nothing more once a budget is spent.
//! It does not know who reads or why. What SQLite reads of a database by itself is not counted, its time and memory are.
//! Invariant: once the budget is spent nothing more is read, and [`Metered::cost`] says so, whatever the reader made of the errors.

use super::{
    AccessError, AnyPlace, Digest, Entries, Host, KernelTable, Listing, Machine, Memory, PROCESSES, Platform,
    ProcessSeen, READ_AHEAD_BYTES, Reading, RegistryKey, Stamp,
};
use daicho_schemas::fact::observation::{PackageDigestSort, Program};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Memory is looked at again after so many bytes or so many accesses.
const MEMORY_EVERY_BYTES: u64 = 4 * 1024 * 1024;
const MEMORY_EVERY_ACCESSES: u64 = 512;

/// What one look of one collector may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// From its beginning to its end.
    pub time: Duration,
    /// Read from files, folders' names and kernel tables not counted.
    pub bytes: u64,
    /// By how much the process may grow meanwhile, in bytes.
    pub memory_bytes: u64,
}

impl Budget {
    /// Enough for what reads some files: five minutes (a busy host gives an agent of low priority little), 4 GiB, and half of the memory
    /// that the packaged unit gives the whole agent.
    pub const USUAL: Self = Self { time: Duration::from_secs(300), bytes: 4 << 30, memory_bytes: 128 << 20 };
}

/// Which part of a budget was spent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// [`Budget::time`].
    Time,
    /// [`Budget::bytes`].
    Bytes,
    /// [`Budget::memory_bytes`].
    Memory,
}

/// What one look used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// From its beginning to its end.
    pub time: Duration,
    /// Processor time of its thread; absent where the system does not tell. The kernel counts it in steps of some milliseconds.
    pub processor: Option<Duration>,
    /// Bytes read.
    pub bytes: u64,
    /// How often something was asked of the machine.
    pub accesses: u64,
    /// By how many bytes it raised the most that the process ever had in memory; absent where the system does not tell.
    pub memory_bytes: Option<u64>,
    /// What it ran out of.
    pub spent: Option<Spent>,
}

/// What is counted.
#[derive(Debug)]
struct Meter {
    budget: Budget,
    begun: Instant,
    processor_before: Option<Duration>,
    memory_before: Option<Resident>,
    bytes: AtomicU64,
    accesses: AtomicU64,
    memory_looked_at: AtomicU64,
    spent: OnceLock<Spent>,
}

/// A machine that is counted.
pub struct Metered<'a> {
    host: &'a dyn Host,
    meter: Arc<Meter>,
}

impl<'a> Metered<'a> {
    /// Begins to count, on the thread that is going to read.
    pub fn new(host: &'a dyn Host, budget: Budget) -> Self {
        Self::since(host, budget, Resident::now())
    }

    fn since(host: &'a dyn Host, budget: Budget, memory_before: Option<Resident>) -> Self {
        let meter = Meter {
            budget,
            begun: Instant::now(),
            processor_before: processor(),
            memory_before,
            bytes: AtomicU64::new(0),
            accesses: AtomicU64::new(0),
            memory_looked_at: AtomicU64::new(0),
            spent: OnceLock::new(),
        };
        Self { host, meter: Arc::new(meter) }
    }

    /// What was used until now.
    pub fn cost(&self) -> Cost {
        let meter = &self.meter;
        let now = Resident::now();
        // What was used since the last access counts too.
        meter.judge(|| now);
        let peak = |before: Resident| Some(now?.peak.saturating_sub(before.peak));
        Cost {
            time: meter.begun.elapsed(),
            processor: meter.processor_before.and_then(|before| Some(processor()?.saturating_sub(before))),
            bytes: meter.bytes.load(Ordering::Relaxed),
            accesses: meter.accesses.load(Ordering::Relaxed),
            memory_bytes: meter.memory_before.and_then(peak),
            spent: meter.spent.get().copied(),
        }
    }

    fn access<T>(&self, path: &str, read: impl FnOnce(&dyn Host) -> Result<T, AccessError>) -> Result<T, AccessError> {
        self.meter.may_read().map_err(|source| AccessError::from_io(path, source))?;
        read(self.host)
    }

    fn counted(&self, reading: Reading) -> Reading {
        self.meter.read(reading.bytes.len());
        reading
    }
}

impl Meter {
    /// Counts one access; an error once something is spent.
    fn may_read(&self) -> io::Result<()> {
        let accesses = self.accesses.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let read = bytes.saturating_sub(self.memory_looked_at.load(Ordering::Relaxed));
        let looks = read > MEMORY_EVERY_BYTES || accesses % MEMORY_EVERY_ACCESSES == MEMORY_EVERY_ACCESSES - 1;
        if looks {
            self.memory_looked_at.store(bytes, Ordering::Relaxed);
        }
        self.judge(|| if looks { Resident::now() } else { None });
        match self.spent.get() {
            Some(_) => Err(io::Error::other("the look was stopped")),
            None => Ok(()),
        }
    }

    fn read(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// `memory` is asked for where the rest is not spent.
    fn judge(&self, memory: impl FnOnce() -> Option<Resident>) {
        let Budget { time, bytes, memory_bytes } = self.budget;
        let grown = |now: Resident| Some(now.resident.saturating_sub(self.memory_before?.resident));
        let spent = if self.bytes.load(Ordering::Relaxed) > bytes {
            Spent::Bytes
        } else if self.begun.elapsed() > time {
            Spent::Time
        } else if memory().and_then(grown).is_some_and(|grown| grown > memory_bytes) {
            Spent::Memory
        } else {
            return;
        };
        // What was spent first stays said.
        let _said_before = self.spent.set(spent);
    }
}

/// Processor time of this thread (proc(5): the first number of schedstat, in nanoseconds).
fn processor() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Memory of this process (proc(5): VmRSS and VmHWM of status), in bytes.
#[derive(Clone, Copy, Debug)]
struct Resident {
    resident: u64,
    peak: u64,
}

impl Resident {
    fn now() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/status").ok()?;
        let field = |name: &str| {
            let kilobytes = text.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix(" kB")?;
            kilobytes.parse::<u64>().ok()?.checked_mul(1024)
        };
        Some(Self { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
    }
}

/// A file whose bytes are counted as they are read.
struct Counted<R> {
    file: R,
    meter: Arc<Meter>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.meter.may_read()?;
        let read = self.file.read(buffer)?;
        self.meter.read(read);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Host for Metered<'_> {
    fn read(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.access(path, |host| host.read(path, bytes_max)).map(|reading| self.counted(reading))
    }

    fn read_end(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.access(path, |host| host.read_end(path, bytes_max)).map(|reading| self.counted(reading))
    }

    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, AccessError> {
        // Counted below the buffer: piece by piece, and not line by line.
        let file = self.access(path, |host| host.open_anywhere(path))?;
        let file = Counted { file, meter: Arc::clone(&self.meter) };
        Ok(Box::new(BufReader::with_capacity(READ_AHEAD_BYTES, file)))
    }

    fn list(&self, path: &str, names_max: usize) -> Result<Listing, AccessError> {
        self.access(path, |host| host.list(path, names_max))
    }

    fn open_anywhere(&self, path: &str) -> Result<Box<dyn AnyPlace>, AccessError> {
        let file = self.access(path, |host| host.open_anywhere(path))?;
        Ok(Box::new(Counted { file, meter: Arc::clone(&self.meter) }))
    }

    fn entries(&self, path: &str, names_max: usize) -> Result<Entries, AccessError> {
        self.access(path, |host| host.entries(path, names_max))
    }

    fn read_link(&self, path: &str) -> Result<String, AccessError> {
        self.access(path, |host| host.read_link(path))
    }

    fn exists(&self, path: &str) -> bool {
        // What may not be looked at counts as there.
        self.meter.may_read().is_err() || self.host.exists(path)
    }

    fn real_path(&self, path: &str) -> Result<PathBuf, AccessError> {
        self.access(path, |host| host.real_path(path))
    }

    fn canonical(&self, path: &str) -> Result<String, AccessError> {
        self.access(path, |host| host.canonical(path))
    }

    fn stamp(&self, path: &str) -> Result<Stamp, AccessError> {
        self.access(path, |host| host.stamp(path))
    }

    fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Result<Reading, AccessError> {
        self.access(path, |host| host.read_at(path, offset, bytes_max)).map(|reading| self.counted(reading))
    }

    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<Digest>, AccessError> {
        let digest = self.access(path, |host| host.digest(path, sort, bytes_max))?;
        let read = digest.as_ref().map_or(0, |digest| digest.bytes_read);
        self.meter.read(usize::try_from(read).unwrap_or(usize::MAX));
        Ok(digest)
    }

    fn registry(&self, key: &str) -> Result<RegistryKey, AccessError> {
        let found = self.access(key, |host| host.registry(key))?;
        self.meter.read(found.size_bytes());
        Ok(found)
    }

    fn processes(&self) -> Result<Vec<ProcessSeen>, AccessError> {
        self.access(PROCESSES, |host| host.processes())
    }

    fn platform(&self) -> Platform {
        self.host.platform()
    }

    fn memory(&self) -> Option<&Memory> {
        self.host.memory()
    }

    fn seen_programs(&self) -> Vec<Program> {
        self.host.seen_programs()
    }

    fn is_live(&self) -> bool {
        self.host.is_live()
    }

    fn kernel_table(&self, table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError> {
        let reading = self.access(&table.to_string(), |host| host.kernel_table(table, bytes_max));
        reading.map(|reading| self.counted(reading))
    }

    fn remembered(&self, words: BTreeSet<String>, words_max: usize) -> BTreeSet<String> {
        self.host.remembered(words, words_max)
    }

    fn device_folder(&self) -> &str {
        self.host.device_folder()
    }

    fn machine(&self) -> Machine {
        self.host.machine()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;

    fn with_file(bytes: usize) -> (tempfile::TempDir, RecordedHost) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), vec![b'x'; bytes]).unwrap();
        let host = RecordedHost::image(folder.path());
        (folder, host)
    }

    #[test]
    fn every_way_of_reading_is_counted() {
        let (_folder, host) = with_file(100);
        let metered = Metered::new(&host, Budget::USUAL);
        metered.read("/file", 10).unwrap();
        metered.read_end("/file", 20).unwrap();
        metered.read_at("/file", 50, 30).unwrap();
        let mut text = String::new();
        metered.open("/file").unwrap().read_to_string(&mut text).unwrap();
        metered.open_anywhere("/file").unwrap().read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(metered.cost().bytes, 10 + 20 + 30 + 200);
        // What is known already is not read again.
        for _ in 0..2 {
            metered.digest("/file", PackageDigestSort::Sha256, 100).unwrap().unwrap();
        }
        assert_eq!((metered.cost().bytes, metered.cost().spent), (360, None));
    }

    #[test]
    fn after_a_budget_is_spent_nothing_is_read_and_that_stays_said() {
        let (_folder, host) = with_file(100);
        let metered = Metered::new(&host, Budget { bytes: 150, ..Budget::USUAL });
        let mut open = metered.open("/file").unwrap();
        metered.read("/file", 100).unwrap();
        metered.read("/file", 100).unwrap();
        assert!(matches!(metered.read("/file", 100), Err(AccessError::Unreadable { .. })));
        assert!(open.read(&mut [0; 10]).is_err(), "what was open already");
        assert!(metered.list("/", 10).is_err());
        assert!(metered.exists("/nothing"), "nobody may take it for gone");
        assert_eq!((metered.cost().bytes, metered.cost().spent), (200, Some(Spent::Bytes)));

        let metered = Metered::new(&host, Budget { time: Duration::ZERO, ..Budget::USUAL });
        assert!(metered.read("/file", 1).is_err());
        assert_eq!(metered.cost().spent, Some(Spent::Time));
    }

    #[test]
    fn a_process_that_grows_too_much_is_stopped() {
        let (_folder, host) = with_file(100);
        if Resident::now().is_none() {
            eprintln!("skipped: this system does not tell a process's memory");
            return;
        }
        // As if this whole process had come since.
        let before = Resident { resident: 0, peak: 0 };
        let metered = Metered::since(&host, Budget { memory_bytes: 4096, ..Budget::USUAL }, Some(before));
        assert_eq!(metered.cost().spent, Some(Spent::Memory));
        assert!(metered.read("/file", 1).is_err());
        let metered = Metered::since(&host, Budget { memory_bytes: 4096, ..Budget::USUAL }, Some(before));
        let reads = (0..MEMORY_EVERY_ACCESSES + 1).filter(|_| metered.read("/file", 1).is_ok()).count();
        assert_eq!(reads, usize::try_from(MEMORY_EVERY_ACCESSES).unwrap() - 1);
        assert!(metered.cost().memory_bytes.unwrap() > 4096);
    }
}
