//! The one door to the machine: every byte that a collector sees comes through [`Host`].
//! It does not know what any file means, and it offers no way to write, to run a program or to ask the network;
//! the kernel's own tables of the network are asked of the kernel.
//! Invariant: nothing outside the root is ever read, no special file is opened, and every reading has a limit.

mod confine;
mod digests;
mod hives;
mod kernel;
mod live;
mod memory;
mod metered;
pub(crate) mod netlink;
mod recorded;
pub mod registry;
pub(crate) mod windows_paths;

pub use kernel::KernelTable;
pub use live::{DEVICE_FOLDER_HERE, LiveHost};
pub use memory::{ALWAYS_THE_SAME, Asked, Memory, remembered_file, remembered_look};
pub use metered::{Budget, Cost, Metered, Spent};
pub use recorded::RecordedHost;
pub use registry::{Platform, RegistryKey, RegistryValue};

use daicho_schemas::fact::observation::{PackageDigestSort, Program};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read, Seek};
use std::path::PathBuf;

/// Bytes asked of the operating system at once when a file is read piece by piece.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// The first bytes of a file, and whether there was more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// At most as many bytes as were asked for.
    pub bytes: Vec<u8>,
    /// The file is longer than the limit.
    pub cut: bool,
}

/// The names in a folder, sorted, and whether there were more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Names without their folder. Names that are not UTF-8 are left out and counted.
    pub names: Vec<String>,
    /// There are more names than were asked for.
    pub cut: bool,
    /// How many names were not UTF-8.
    pub unreadable_names: usize,
}

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntrySort {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A link, wherever it points.
    Link,
    /// A pipe, a device, a socket.
    Special,
}

/// What lies in a folder, sorted, and whether there was more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Names without their folder, each with what it is. Names that are not UTF-8 are left out and counted.
    pub entries: Vec<(String, EntrySort)>,
    /// There are more names than were asked for.
    pub cut: bool,
    /// How many names were not UTF-8.
    pub unreadable_names: usize,
}

/// A plain file that can be read at any place.
pub trait AnyPlace: Read + Seek + Send {}

impl<T: Read + Seek + Send> AnyPlace for T {}

/// What only a running machine can say of itself, beside its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The processor's maker as it spells itself: `GenuineIntel`.
    pub cpu_maker: Option<String>,
    /// The processor's model as it spells itself.
    pub cpu_model: Option<String>,
    /// Logical processors.
    pub cpu_count: Option<u64>,
    /// Main memory in bytes.
    pub memory_bytes: Option<u64>,
    /// The architecture as the kernel names it: `x86_64`.
    pub architecture: Option<String>,
}

/// The place of [`Host::processes`], as reports and the list of places name it.
pub const PROCESSES: &str = "windows:processes";

/// A process of a running Windows, which tells of them by a call and not by files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
pub struct ProcessSeen {
    /// Its number; it stays out of every report.
    pub number: u32,
    /// The number of the one that started it, if that is known. Another process may have it by now.
    pub parent: Option<u32>,
    /// Its short name: `svchost.exe`.
    pub name: String,
    /// The machine's own path of its executable; absent for what is no file of a lettered volume, and where it may not be asked for.
    pub path: Option<String>,
}

/// Why a place could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nothing is there.
    #[error("{path} does not exist")]
    Missing {
        /// The place, as the collector named it.
        path: String,
    },
    /// The account of the agent may not read it.
    #[error("{path} may not be read by this account")]
    NotPermitted {
        /// The place, as the collector named it.
        path: String,
    },
    /// A pipe, a device, a socket, a folder where a file should be, or a loop of links: never opened.
    #[error("{path} is not a plain file or folder and was not opened")]
    Special {
        /// The place, as the collector named it.
        path: String,
    },
    /// Reading failed.
    #[error("{path} could not be read")]
    Unreadable {
        /// The place, as the collector named it.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl AccessError {
    /// Sorts an error of the operating system.
    pub fn from_io(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            // A component that is a file where a folder should be means the same to a reader: nothing is there.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing { path },
            io::ErrorKind::PermissionDenied => Self::NotPermitted { path },
            _ => Self::Unreadable { path, source },
        }
    }

    /// Whether nothing is there, as opposed to: it is there and cannot be read.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// The same as data for the report. The operating system's own words stay out: they differ between machines.
    pub fn to_trouble(&self) -> Trouble {
        let (kind, path) = match self {
            Self::Missing { path } => (TroubleKind::Missing, path),
            Self::NotPermitted { path } => (TroubleKind::NotPermitted, path),
            Self::Special { path } | Self::Unreadable { path, .. } => (TroubleKind::Unreadable, path),
        };
        Trouble::new(kind, path.clone(), self.to_string())
    }
}

/// What a file is and when it was touched, without its contents: equal stamps are the same contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The device and the number of the file on it.
    pub file: (u64, u64),
    /// The size.
    pub size_bytes: u64,
    /// When its contents changed: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// When anything of it changed: seconds and nanoseconds.
    pub changed: (i64, i64),
    /// A plain file.
    pub is_file: bool,
    /// Somebody may run it.
    pub is_executable: bool,
}

/// The digest of a file's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Hexadecimal digits, lower case.
    pub hex: String,
    /// How much was read for it now: nothing where it was known from before.
    pub bytes_read: u64,
}

/// Where configurations of devices are laid for the agent, unless it is told another folder.
pub const DEVICE_FOLDER_DEFAULT: &str = "/etc/daicho/devices.d";
/// The same on Windows.
pub const DEVICE_FOLDER_WINDOWS: &str = "/ProgramData/Daicho/devices.d";

/// A machine as collectors may see it. Paths are absolute, begin with `/` and mean the machine's own root; on Windows that is the system
/// volume (`/Windows/System32`), and another volume is `D:/…`.
pub trait Host: Send + Sync {
    /// Reads a plain file, at most `bytes_max` bytes of it.
    fn read(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError>;

    /// Reads the last bytes of a plain file, at most `bytes_max`. `cut` says that there was more before them.
    fn read_end(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError>;

    /// Opens a plain file for reading piece by piece. The caller keeps the limit.
    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, AccessError>;

    /// Lists a folder: names in order, at most `names_max` of them.
    fn list(&self, path: &str, names_max: usize) -> Result<Listing, AccessError>;

    /// Opens a plain file for reading at any place. The caller keeps the limit.
    fn open_anywhere(&self, path: &str) -> Result<Box<dyn AnyPlace>, AccessError>;

    /// Lists a folder with what each name stands for: names in order, at most `names_max` of them.
    fn entries(&self, path: &str, names_max: usize) -> Result<Entries, AccessError>;

    /// Where a link points, as it is written there.
    fn read_link(&self, path: &str) -> Result<String, AccessError>;

    /// Whether something is there. What may not be looked at counts as there.
    fn exists(&self, path: &str) -> bool;

    /// The path with which another library can open a plain file itself (SQLite). All links are resolved.
    fn real_path(&self, path: &str) -> Result<PathBuf, AccessError>;

    /// The machine's own path of a file or folder with all links resolved.
    fn canonical(&self, path: &str) -> Result<String, AccessError>;

    /// What a file or folder is, all links resolved.
    fn stamp(&self, path: &str) -> Result<Stamp, AccessError>;

    /// Reads a part of a plain file, at most `bytes_max` bytes of it. `cut` says that there is more behind.
    fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Result<Reading, AccessError>;

    /// The digest of a plain file's contents; none where it has more than `bytes_max` bytes. A file is read
    /// once, and again only when its stamp is another one.
    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<Digest>, AccessError>;

    /// Programs that this agent saw running before, so that one that runs for a moment only is not forgotten.
    fn seen_programs(&self) -> Vec<Program>;

    /// Whether this is the running machine, so that `/proc` and `/sys` speak of it.
    fn is_live(&self) -> bool;

    /// Asks the kernel for a table of its network: netlink messages one behind the other, at most `bytes_max` bytes of
    /// them. Missing on an image, and where the kernel has no such thing.
    fn kernel_table(&self, table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError>;

    /// Remembers words about this machine for as long as the agent runs, at most so many, and answers all of them. What is not the
    /// running machine remembers nothing.
    fn remembered(&self, words: BTreeSet<String>, words_max: usize) -> BTreeSet<String>;

    /// What earlier looks gave ([`remembered_look`]); nothing on a machine that is looked at once.
    fn memory(&self) -> Option<&Memory>;

    /// Where configurations of devices are laid for the agent.
    fn device_folder(&self) -> &str;

    /// What only a running machine can say; nothing on an image.
    fn machine(&self) -> Machine;

    /// Reads one key of the registry: `HKLM/SOFTWARE/…`, `HKLM/SYSTEM/…`, `HKU/SID/…`, see [`registry`]. Missing on a machine that has no
    /// such key, and on one that has no registry.
    fn registry(&self, key: &str) -> Result<RegistryKey, AccessError>;

    /// The processes that run now, by their numbers. Missing on an image, and on a system that tells of processes by files.
    fn processes(&self) -> Result<Vec<ProcessSeen>, AccessError>;

    /// Which operating system the machine is of.
    fn platform(&self) -> Platform;
}
