//! What is Windows' own about the running machine: volumes, links of its sorts, file numbers, its registry.
//! It does not know collectors.
//! Invariant: a link is followed to a letter's volume of this machine only, so that reading never asks the network; streams, devices
//! and files that another place would have to send first are not opened.

use crate::access::registry::{
    REGISTRY_KEY_BYTES_MAX, REGISTRY_KEYS_MAX, REGISTRY_VALUE_BYTES_MAX, REGISTRY_VALUES_MAX, SLASH_IN_NAME,
    instant_of_filetime,
};
use crate::access::{
    AccessError, EntrySort, KernelTable, PROCESSES, Platform, ProcessSeen, Reading, RegistryKey, RegistryValue, Stamp,
};
use daicho_schemas::time::UtcMicros;
use std::fs::{self, DirEntry, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf, Prefix};
use std::sync::OnceLock;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use winapi_util::file::information;
use winreg::enums::{HKEY_LOCAL_MACHINE, HKEY_USERS, KEY_READ, KEY_WOW64_64KEY};
use winreg::{HKEY, RegKey, RegKeyMetadata};

/// The system that this agent was built for.
pub(super) const PLATFORM: Platform = Platform::Windows;

/// Links followed for one path before it counts as a loop; Windows' own limit ("Symbolic Link Programming Considerations").
const LINKS_MAX: usize = 63;
/// Names walked for one path, links included.
const NAMES_MAX: usize = 4096;
/// `FILE_FLAG_BACKUP_SEMANTICS`: a folder can be opened with it, to ask what it is (CreateFileW).
const FOLDERS_TOO: u32 = 0x0200_0000;
/// `FILE_ATTRIBUTE_OFFLINE`, `…_RECALL_ON_OPEN` and `…_RECALL_ON_DATA_ACCESS`: the contents lie elsewhere, and opening would fetch them
/// (File Attribute Constants).
const ELSEWHERE: u32 = 0x1000 | 0x4_0000 | 0x40_0000;
/// `winreg` hands over names of at most 2,048 units, and must not be asked for longer ones.
const VALUE_NAME_UNITS_MAX: u32 = 2_000;

/// Where configurations of devices are laid for the agent, unless it is told another folder.
pub(super) const DEVICE_FOLDER: &str = crate::access::DEVICE_FOLDER_WINDOWS;

/// Our own path for a path of the running machine: every link on the way is resolved here, name by name.
pub(super) fn locate(path: &str, follow_last: bool) -> Result<PathBuf, AccessError> {
    let special = || AccessError::Special { path: path.to_owned() };
    let (mut volume, names) = split(path).ok_or_else(special)?;
    let mut waiting: Vec<String> = names.into_iter().rev().collect();
    let mut inside: Vec<String> = Vec::new();
    let (mut links_left, mut names_left) = (LINKS_MAX, NAMES_MAX);
    while let Some(name) = waiting.pop() {
        names_left = names_left.checked_sub(1).ok_or_else(special)?;
        match name.as_str() {
            "" | "." => continue,
            ".." => {
                inside.pop();
                continue;
            }
            name if !is_name(name) => return Err(special()),
            _ => inside.push(name),
        }
        let here = verbatim(volume, &inside);
        let found = fs::symlink_metadata(&here).map_err(|source| AccessError::from_io(path, source))?;
        if !found.file_type().is_symlink() || (waiting.is_empty() && !follow_last) {
            continue;
        }
        links_left = links_left.checked_sub(1).ok_or_else(special)?;
        let target = fs::read_link(&here).map_err(|source| AccessError::from_io(path, source))?;
        inside.pop();
        let (elsewhere, names) = split_target(&target).ok_or_else(special)?;
        match elsewhere {
            Target::Volume(other) => {
                volume = other;
                inside.clear();
            }
            Target::Root => inside.clear(),
            Target::Here => {}
        }
        waiting.extend(names.into_iter().rev());
    }
    Ok(verbatim(volume, &inside))
}

/// The running machine's own path for one of ours without links.
pub(super) fn name_of(ours: &Path) -> Option<String> {
    let mut components = ours.components();
    let Component::Prefix(prefix) = components.next()? else { return None };
    let (Prefix::Disk(volume) | Prefix::VerbatimDisk(volume)) = prefix.kind() else { return None };
    let volume = char::from(volume.to_ascii_uppercase());
    let names: Option<Vec<&str>> = components
        .filter(|component| *component != Component::RootDir)
        .map(|component| component.as_os_str().to_str())
        .collect();
    let names = names?.join("/");
    Some(if volume == system_volume() { format!("/{names}") } else { format!("{volume}:/{names}") })
}

/// The volume of a path and the names on it: `/Windows` is on the system volume, `D:/data` on its own.
fn split(path: &str) -> Option<(char, Vec<String>)> {
    let (volume, names) = match path.strip_prefix('/') {
        Some(names) => (system_volume(), names),
        None => {
            let (volume, names) = path.split_once(":/")?;
            let mut letters = volume.chars();
            let volume = letters.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
            (letters.next().is_none().then_some(volume)?, names)
        }
    };
    Some((volume, names.split('/').map(str::to_owned).collect()))
}

/// Where a link leads from.
enum Target {
    Volume(char),
    Root,
    Here,
}

/// Where a link points; none where that is no volume with a letter: another machine, a volume by its number, a device.
fn split_target(target: &Path) -> Option<(Target, Vec<String>)> {
    let mut from = Target::Here;
    let mut names = Vec::new();
    for component in target.components() {
        match component {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::Disk(volume) | Prefix::VerbatimDisk(volume) => {
                    from = Target::Volume(char::from(volume.to_ascii_uppercase()));
                }
                _ => return None,
            },
            Component::RootDir if matches!(from, Target::Here) => from = Target::Root,
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir => names.push("..".to_owned()),
            Component::Normal(name) => names.push(name.to_str()?.to_owned()),
        }
    }
    Some((from, names))
}

/// What may stand between two separators: no stream (`:`), no separator of Windows, no wildcard, nothing that is not printed.
fn is_name(name: &str) -> bool {
    !name.chars().any(|letter| matches!(letter, ':' | '\\' | '*' | '?' | '"' | '<' | '>' | '|') || letter.is_control())
}

/// The form that Windows takes as it is: of any length, and `CON` is a file's name in it and no device.
fn verbatim(volume: char, names: &[String]) -> PathBuf {
    PathBuf::from(format!(r"\\?\{volume}:\{}", names.join(r"\")))
}

/// The volume on which Windows itself lies.
fn system_volume() -> char {
    static VOLUME: OnceLock<char> = OnceLock::new();
    *VOLUME.get_or_init(|| {
        let key = open(HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Windows NT\CurrentVersion");
        let root: Option<String> = key.and_then(|key| key.get_value("SystemRoot")).ok();
        let letter = root.as_deref().and_then(|root| root.chars().next()).filter(char::is_ascii_alphabetic);
        letter.unwrap_or('C').to_ascii_uppercase()
    })
}

/// Whether it is a file that may be opened and read.
pub(super) fn is_plain(found: &Metadata) -> bool {
    found.is_file() && found.file_attributes() & ELSEWHERE == 0
}

/// What a name in a folder stands for.
pub(super) fn sort_of(entry: &DirEntry) -> EntrySort {
    let elsewhere = entry.metadata().is_ok_and(|found| found.is_file() && !is_plain(&found));
    if elsewhere { EntrySort::Special } else { super::sort_of_type(entry.file_type().ok()) }
}

/// The stamp of what lies at a path of ours.
pub(super) fn stamp_at(ours: &Path) -> io::Result<Stamp> {
    stamp(&OpenOptions::new().access_mode(0).custom_flags(FOLDERS_TOO).open(ours)?)
}

/// The stamp of an open file. Windows tells no time of change but that of the contents, which a program may set; the time of
/// creation stands in for it.
pub(super) fn stamp(file: &File) -> io::Result<Stamp> {
    let (found, sort) = (information(file)?, file.metadata()?);
    let time = |ticks: Option<u64>| {
        let ticks = ticks.unwrap_or_default();
        let part = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        (part(ticks / 10_000_000), part(ticks % 10_000_000))
    };
    Ok(Stamp {
        file: (found.volume_serial_number(), found.file_index()),
        size_bytes: found.file_size(),
        modified: time(found.last_write_time()),
        changed: time(found.creation_time()),
        is_file: sort.is_file(),
        is_executable: sort.is_file(),
    })
}

/// Windows has no netlink.
pub(super) fn kernel_table(table: &KernelTable, _bytes_max: usize) -> Result<Reading, AccessError> {
    Err(AccessError::Missing { path: table.to_string() })
}

fn open(root: HKEY, key: &str) -> io::Result<RegKey> {
    // What 64-bit programs see, whoever asks: the keys of 32-bit ones have names of their own there.
    RegKey::predef(root).open_subkey_with_flags(key, KEY_READ | KEY_WOW64_64KEY)
}

/// Opens one key by its name in reports.
fn open_named(key: &str) -> Result<RegKey, AccessError> {
    let missing = || AccessError::Missing { path: key.to_owned() };
    let (root, below) = key.split_once('/').unwrap_or((key, ""));
    let root = match root.to_ascii_uppercase().as_str() {
        "HKLM" => HKEY_LOCAL_MACHINE,
        "HKU" => HKEY_USERS,
        _ => return Err(missing()),
    };
    if below.contains('\\') {
        return Err(missing());
    }
    let below = below.replace('/', r"\").replace(SLASH_IN_NAME, "/");
    match open(root, &below) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && root == HKEY_USERS && !is_loaded(&below) => {
            let source = io::Error::other("the profile of this account is not loaded");
            Err(AccessError::Unreadable { path: key.to_owned(), source })
        }
        opened => opened.map_err(|source| AccessError::from_io(key, source)),
    }
}

/// Reads one key. The settings of an account whose profile is not loaded are not in the running registry, and that is said.
pub(super) fn registry(key: &str) -> Result<RegistryKey, AccessError> {
    let opened = open_named(key)?;
    read_key(&opened).map_err(|source| AccessError::from_io(key, source))
}

/// When a key, or one directly below it, was last written.
pub(super) fn registry_written(key: &str) -> Result<Option<UtcMicros>, AccessError> {
    let about = open_named(key)?.query_info().map_err(|source| AccessError::from_io(key, source))?;
    Ok(written_at(&about))
}

fn written_at(about: &RegKeyMetadata) -> Option<UtcMicros> {
    let time = &about.last_write_time;
    let ticks = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    instant_of_filetime(ticks)
}

/// Whether the account that a key under `HKU` begins with has a profile that is loaded.
fn is_loaded(below: &str) -> bool {
    let account = below.split('\\').next().unwrap_or_default();
    account.is_empty() || open(HKEY_USERS, account).is_ok()
}

fn read_key(opened: &RegKey) -> io::Result<RegistryKey> {
    let about = opened.query_info()?;
    let mut key = RegistryKey::default();
    key.written_at = written_at(&about);
    for name in opened.enum_keys_os_string() {
        if key.keys.len() >= REGISTRY_KEYS_MAX {
            key.cut = true;
            break;
        }
        match name?.into_string() {
            Ok(name) => key.keys.push(name.replace('/', &SLASH_IN_NAME.to_string())),
            Err(_) => key.unreadable_names = key.unreadable_names.saturating_add(1),
        }
    }
    read_values(opened, about.max_value_name_len, about.max_value_len, &mut key);
    key.sort();
    Ok(key)
}

fn read_values(opened: &RegKey, name_units_max: u32, bytes_max: u32, key: &mut RegistryKey) {
    let small = |bytes: usize| bytes <= REGISTRY_VALUE_BYTES_MAX;
    // A value is handed over whole or not at all, and one of the largest that a key here holds may be any of them.
    if name_units_max > VALUE_NAME_UNITS_MAX
        || !usize::try_from(bytes_max).is_ok_and(|bytes| bytes <= REGISTRY_KEY_BYTES_MAX)
    {
        key.cut = true;
        return;
    }
    let mut bytes_left = REGISTRY_KEY_BYTES_MAX;
    for value in opened.enum_values_os_string() {
        // A type that Windows itself does not name is one of a program's own.
        let Ok((name, value)) = value else {
            key.cut = true;
            continue;
        };
        let Ok(name) = name.into_string() else {
            key.unreadable_names = key.unreadable_names.saturating_add(1);
            continue;
        };
        let Some(left) = bytes_left.checked_sub(value.bytes.len()).filter(|_| key.values.len() < REGISTRY_VALUES_MAX)
        else {
            key.cut = true;
            return;
        };
        bytes_left = left;
        let size_bytes = u64::try_from(value.bytes.len()).unwrap_or(u64::MAX);
        let value = if small(value.bytes.len()) {
            RegistryValue::of(value.vtype as u32, &value.bytes)
        } else {
            RegistryValue::TooLarge { size_bytes }
        };
        key.values.push((name, value));
    }
}

/// The processes that run now. Nothing is asked of their use of the processor.
pub(super) fn processes() -> Result<Vec<ProcessSeen>, AccessError> {
    let failed = || AccessError::Unreadable {
        path: PROCESSES.to_owned(),
        source: io::Error::other("the list of processes could not be read"),
    };
    let mut system = System::new().map_err(|_| failed())?;
    let what = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let seen = system.processes().values().map(|process| ProcessSeen {
        number: process.pid().as_u32(),
        parent: process.parent().map(sysinfo::Pid::as_u32),
        name: process.name().to_string_lossy().into_owned(),
        path: process.exe().and_then(name_of),
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort_unstable();
    // We ourselves run.
    if seen.is_empty() { Err(failed()) } else { Ok(seen) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Host as _, LiveHost};

    fn host() -> LiveHost {
        LiveHost::new("/")
    }

    #[test]
    fn paths_mean_the_system_volume_or_one_with_a_letter() {
        let names = |path| split(path).map(|(volume, names)| (volume, names.join("|")));
        assert_eq!(names("/Windows/System32"), Some((system_volume(), "Windows|System32".into())));
        assert_eq!(names("d:/data"), Some(('D', "data".into())));
        for odd in ["data", "dd:/x", ":/x", "1:/x", "D:x", ""] {
            assert_eq!(names(odd), None, "{odd}");
        }
        assert_eq!(name_of(Path::new(r"\\?\D:\data\x")).as_deref(), Some("D:/data/x"));
        assert_eq!(name_of(Path::new(r"\\server\share\x")), None);
        assert!(split_target(Path::new(r"\\?\UNC\server\share")).is_none(), "reading must not ask the network");
        assert!(split_target(Path::new(r"\\?\Volume{11111111-1111-1111-1111-111111111111}\x")).is_none());
        assert!(matches!(split_target(Path::new(r"..\x")), Some((Target::Here, names)) if names == ["..", "x"]));
        assert!(matches!(split_target(Path::new(r"\x")), Some((Target::Root, names)) if names == ["x"]));
    }

    #[test]
    fn the_running_machine_is_read_and_streams_and_devices_are_not() {
        let host = host();
        assert_eq!(host.platform(), Platform::Windows);
        let canonical = host.canonical("/WINDOWS/.//System32/..").unwrap();
        assert!(canonical.eq_ignore_ascii_case("/Windows"), "{canonical}");
        assert!(host.list("/Windows/System32", 100_000).unwrap().names.len() > 10);
        assert!(host.stamp("/Windows").is_ok_and(|stamp| !stamp.is_file));
        for odd in
            ["/Windows/win.ini:stream", "/Windows/win.ini::$DATA", r"/Windows\System32", "/a*", "/pipe|x", "/a\nb"]
        {
            assert!(matches!(host.read(odd, 1), Err(AccessError::Special { .. })), "{odd}");
        }
        for nothing in ["/CON", "/Windows/NUL", "//./pipe/x", "//server/share/x"] {
            assert!(!host.exists(nothing), "{nothing}");
        }
        let itself = name_of(&fs::canonicalize(std::env::current_exe().unwrap()).unwrap()).unwrap();
        assert_eq!(host.read(&itself, 2).unwrap().bytes, b"MZ");
        assert_eq!(host.stamp(&itself).unwrap(), host.stamp(&itself).unwrap());
    }

    #[test]
    fn the_registry_is_read_without_regard_to_case_and_what_is_not_there_is_missing() {
        let host = host();
        let key = host.registry("HKLM/software/MICROSOFT/Windows NT/CurrentVersion").unwrap();
        assert!(key.text("SystemRoot").is_some());
        assert!(!key.keys.is_empty());
        assert!(key.written_at.is_some());
        assert!(host.registry("HKLM/SOFTWARE/Daicho test: nothing").unwrap_err().is_missing());
        assert!(host.registry("HKCR/x").unwrap_err().is_missing());
        assert!(host.registry(r"HKLM/SOFTWARE\Microsoft").unwrap_err().is_missing());
        let of_nobody = host.registry("HKU/S-1-5-21-1-2-3-4/Software").unwrap_err();
        assert!(!of_nobody.is_missing(), "a profile that is not loaded is not an empty one");
    }

    #[test]
    fn this_process_is_among_those_that_run() {
        let seen = host().processes().unwrap();
        let own = seen.iter().find(|process| process.number == std::process::id()).unwrap();
        let path = own.path.as_deref().unwrap();
        assert!(path.to_lowercase().ends_with(&own.name.to_lowercase()), "{own:?}");
    }
}
