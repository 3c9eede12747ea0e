//! What running programs hold: their executables, archives that they opened, environments and folders that they work in (proc(5)).
//! It does not know what a program does. Environments of processes are not read, they hold secrets; of a command line only words
//! that are paths of files that exist are used, and nothing else of it is kept.
//! Invariant: a process with another root (a container) is passed over: its paths mean other files.

use super::{Look, applications, executables, java, roots, walk};
use crate::access::AccessError;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

const PROC: &str = "/proc";
const PROCESSES_MAX: usize = 500_000;
const OPEN_FILES_MAX: usize = 1_100_000;
const COMMAND_BYTES_MAX: usize = 256 * 1024;
const MAPS_BYTES_MAX: usize = 8 * 1024 * 1024;
const MOUNTS_BYTES_MAX: usize = 1024 * 1024;
/// Ways that are remembered.
const SHOWN_MAX: usize = 20_000;

/// What a running program showed: a way to packages, whether or not it still runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    /// An executable.
    Program(String),
    /// A Java archive, or a folder of them.
    Archive(String),
    Archives(String),
    /// A virtual environment, if it is one.
    Environment(String),
    /// A folder of Python packages.
    Packages(String),
    /// The folder that a program works in.
    Folder(String),
}

/// Reads what the processes of a running machine hold, and what they held before while this agent ran: a service that stops does
/// not take its files away.
pub(super) fn read(look: &mut Look<'_>) {
    if !look.host.is_live() {
        return;
    }
    let processes = match look.host.list(PROC, PROCESSES_MAX) {
        Ok(listing) => listing.names,
        Err(error) => return look.no_access(&error),
    };
    look.gather.source(PROC);
    let mut shown = BTreeSet::new();
    let own_root = root_of(look, "self");
    let mut closed = false;
    for process in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let place = format!("{PROC}/{process}");
        match look.host.read_link(&format!("{place}/exe")) {
            Ok(program) => {
                if own_root.is_none() || root_of(look, process) == own_root {
                    held(look, &place, program.strip_suffix(" (deleted)").unwrap_or(&program), &mut shown);
                }
            }
            Err(AccessError::NotPermitted { .. }) => closed = true,
            // It ended meanwhile, or it is one of the kernel's own.
            Err(_) => {}
        }
    }
    if closed {
        let text = "some processes may not be looked into, so what they alone hold is not known; \
                    run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";
        look.gather.miss(Trouble::new(TroubleKind::NotPermitted, "/proc/*/exe", text));
    }
    let words = shown.iter().map(Shown::to_word).collect();
    let remembered = look.host.remembered(words, SHOWN_MAX);
    shown.extend(remembered.iter().filter_map(|word| Shown::of_word(word)));
    shown.iter().for_each(|one| one.read(look));
}

impl Shown {
    fn parts(&self) -> (char, &str) {
        match self {
            Self::Program(path) => ('p', path),
            Self::Archive(path) => ('a', path),
            Self::Archives(path) => ('s', path),
            Self::Environment(path) => ('e', path),
            Self::Packages(path) => ('k', path),
            Self::Folder(path) => ('f', path),
        }
    }

    /// The file or folder.
    pub(super) fn path(&self) -> &str {
        self.parts().1
    }

    /// One letter and the path, as the host remembers it.
    pub(super) fn to_word(&self) -> String {
        let (letter, path) = self.parts();
        format!("{letter}{path}")
    }

    fn of_word(word: &str) -> Option<Self> {
        let (letter, path) = word.split_at_checked(1)?;
        let path = path.to_owned();
        Some(match letter {
            "p" => Self::Program(path),
            "a" => Self::Archive(path),
            "s" => Self::Archives(path),
            "e" => Self::Environment(path),
            "k" => Self::Packages(path),
            "f" => Self::Folder(path),
            _ => return None,
        })
    }

    pub(super) fn read(&self, look: &mut Look<'_>) {
        match self {
            Self::Program(path) => executables::read(look, path),
            Self::Archive(path) => java::read(look, path),
            Self::Archives(folder) => {
                let entries = walk::entries(look, folder).unwrap_or_default();
                let archives = entries.into_iter().filter(|(name, _)| java::is_archive(name));
                archives.for_each(|(name, _)| java::read(look, &format!("{folder}/{name}")));
            }
            Self::Environment(folder) => roots::virtual_environment(look, folder),
            Self::Packages(folder) => super::python::read(look, folder),
            Self::Folder(folder) => roots::application(look, folder),
        }
    }
}

/// Which file system is the root of a process: device and folder on it.
fn root_of(look: &Look<'_>, process: &str) -> Option<(String, String)> {
    let reading = look.host.read(&format!("{PROC}/{process}/mountinfo"), MOUNTS_BYTES_MAX).ok()?;
    let text = String::from_utf8_lossy(&reading.bytes);
    let mut roots = text.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(2);
        let (device, folder, point) = (fields.next()?, fields.next()?, fields.next()?);
        (point == "/").then(|| (device.to_owned(), folder.to_owned()))
    });
    // Of several mounts on the root, the last one is seen.
    roots.next_back()
}

fn held(look: &Look<'_>, place: &str, program: &str, shown: &mut BTreeSet<Shown>) {
    shown.insert(Shown::Program(program.to_owned()));
    let name = program.rsplit('/').next().unwrap_or_default();
    let is = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
    let (java, python) = (is(&["java", "jsvc"]), is(&["python", "pypy", "uwsgi"]));
    if !java && !python && !is(&["node", "ruby", "php", "puma", "unicorn"]) {
        return;
    }
    let folder = look.host.read_link(&format!("{place}/cwd")).ok();
    let folder = folder.filter(|folder| folder.starts_with('/') && folder != "/");
    shown.extend(folder.clone().map(Shown::Folder));
    let words = words(look, place);
    if java {
        shown.extend(class_path(&words, folder.as_deref()));
        shown.extend(open_archives(look, place));
    }
    if python {
        shown.extend(environments(&words));
        shown.extend(mapped_packages(look, place));
    }
}

/// The words of a command line. They stay here: only paths that exist go on.
fn words(look: &Look<'_>, place: &str) -> Vec<String> {
    let reading = look.host.read(&format!("{place}/cmdline"), COMMAND_BYTES_MAX);
    let bytes = reading.map(|reading| reading.bytes).unwrap_or_default();
    bytes.split(|byte| *byte == 0).filter_map(|word| std::str::from_utf8(word).ok().map(str::to_owned)).collect()
}

/// Archives behind `-jar` and `-cp`, those of a folder where `*` stands for them.
pub(super) fn class_path(words: &[String], folder: Option<&str>) -> BTreeSet<Shown> {
    const OPTIONS: [&str; 6] = ["-jar", "-cp", "-classpath", "--class-path", "-p", "--module-path"];
    let pairs = words.iter().zip(words.iter().skip(1)).filter(|(option, _)| OPTIONS.contains(&option.as_str()));
    let paths = pairs.flat_map(|(_, value)| value.split(':')).filter_map(|part| absolute(part, folder));
    let shown = paths.filter_map(|path| match path.strip_suffix("/*") {
        Some(folder) => Some(Shown::Archives(folder.to_owned())),
        None => java::is_archive(&path).then_some(Shown::Archive(path)),
    });
    shown.collect()
}

fn absolute(path: &str, folder: Option<&str>) -> Option<String> {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder?) };
    (!path.split('/').any(|name| matches!(name, ".." | "."))).then_some(path)
}

fn open_archives(look: &Look<'_>, place: &str) -> BTreeSet<Shown> {
    let folder = format!("{place}/fd");
    let files = look.host.list(&folder, OPEN_FILES_MAX).map(|files| files.names).unwrap_or_default();
    let targets = files.iter().filter_map(|name| look.host.read_link(&format!("{folder}/{name}")).ok());
    targets.filter(|path| path.starts_with('/') && java::is_archive(path)).map(Shown::Archive).collect()
}

/// Environments whose programs are named first in a command line: `/srv/x/venv/bin/python`, `/srv/x/venv/bin/gunicorn`.
pub(super) fn environments(words: &[String]) -> BTreeSet<Shown> {
    let folders = words.iter().take(3).filter_map(|word| applications::parent(word).strip_suffix("/bin"));
    folders.filter(|folder| folder.starts_with('/')).map(|folder| Shown::Environment(folder.to_owned())).collect()
}

/// Folders of packages from which something is mapped.
fn mapped_packages(look: &Look<'_>, place: &str) -> BTreeSet<Shown> {
    let Ok(maps) = look.host.read(&format!("{place}/maps"), MAPS_BYTES_MAX) else { return BTreeSet::new() };
    let text = String::from_utf8_lossy(&maps.bytes);
    let paths = text.lines().filter_map(|line| line.find('/').and_then(|at| line.get(at..)));
    paths.filter_map(of_packages).map(|folder| Shown::Packages(folder.to_owned())).collect()
}

fn of_packages(path: &str) -> Option<&str> {
    let ends = ["/site-packages/", "/dist-packages/"].into_iter();
    let end = ends.filter_map(|part| path.find(part).map(|at| at + part.len() - 1)).min()?;
    path.get(..end)
}
