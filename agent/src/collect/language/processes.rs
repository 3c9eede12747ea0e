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

/// Reads what the processes of a running machine hold.
pub(super) fn read(look: &mut Look<'_>) {
    if !look.host.is_live() {
        return;
    }
    let processes = match look.host.list(PROC, PROCESSES_MAX) {
        Ok(listing) => listing.names,
        Err(error) => return look.no_access(&error),
    };
    look.gather.source(PROC);
    let own_root = root_of(look, "self");
    let mut closed = false;
    for process in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let place = format!("{PROC}/{process}");
        match look.host.read_link(&format!("{place}/exe")) {
            Ok(program) => {
                if own_root.is_none() || root_of(look, process) == own_root {
                    held(look, &place, program.strip_suffix(" (deleted)").unwrap_or(&program));
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

fn held(look: &mut Look<'_>, place: &str, program: &str) {
    executables::read(look, program);
    let name = program.rsplit('/').next().unwrap_or_default();
    let is = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
    let (java, python) = (is(&["java", "jsvc"]), is(&["python", "pypy", "uwsgi"]));
    if !java && !python && !is(&["node", "ruby", "php", "puma", "unicorn"]) {
        return;
    }
    let folder =
        look.host.read_link(&format!("{place}/cwd")).ok().filter(|folder| folder.starts_with('/') && folder != "/");
    if let Some(folder) = &folder {
        roots::application(look, folder);
    }
    let words = words(look, place);
    if java {
        class_path(look, &words, folder.as_deref());
        open_archives(look, place);
    }
    if python {
        environments(look, &words);
        mapped_packages(look, place);
    }
}

/// The words of a command line. They stay here: only paths that exist go on.
fn words(look: &Look<'_>, place: &str) -> Vec<String> {
    let reading = look.host.read(&format!("{place}/cmdline"), COMMAND_BYTES_MAX);
    let bytes = reading.map(|reading| reading.bytes).unwrap_or_default();
    bytes.split(|byte| *byte == 0).filter_map(|word| std::str::from_utf8(word).ok().map(str::to_owned)).collect()
}

/// Archives behind `-jar` and `-cp`, those of a folder where `*` stands for them.
fn class_path(look: &mut Look<'_>, words: &[String], folder: Option<&str>) {
    for pair in words.windows(2) {
        let [option, value] = pair else { continue };
        if !matches!(option.as_str(), "-jar" | "-cp" | "-classpath" | "--class-path" | "-p" | "--module-path") {
            continue;
        }
        for part in value.split(':') {
            let Some(path) = absolute(part, folder) else { continue };
            if let Some(folder) = path.strip_suffix("/*") {
                let entries = walk::entries(look, folder).unwrap_or_default();
                let archives = entries.into_iter().filter(|(name, _)| java::is_archive(name));
                archives.for_each(|(name, _)| java::read(look, &format!("{folder}/{name}")));
            } else if java::is_archive(&path) {
                java::read(look, &path);
            }
        }
    }
}

fn absolute(path: &str, folder: Option<&str>) -> Option<String> {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder?) };
    (!path.split('/').any(|name| matches!(name, ".." | "."))).then_some(path)
}

fn open_archives(look: &mut Look<'_>, place: &str) {
    let folder = format!("{place}/fd");
    let Ok(files) = look.host.list(&folder, OPEN_FILES_MAX) else { return };
    let targets = files.names.iter().filter_map(|name| look.host.read_link(&format!("{folder}/{name}")).ok());
    let archives: BTreeSet<String> = targets.filter(|path| path.starts_with('/') && java::is_archive(path)).collect();
    archives.iter().for_each(|path| java::read(look, path));
}

/// Environments whose programs are named first in a command line: `/srv/x/venv/bin/python`, `/srv/x/venv/bin/gunicorn`.
fn environments(look: &mut Look<'_>, words: &[String]) {
    for word in words.iter().take(3) {
        let folder = applications::parent(word);
        if let Some(environment) = folder.strip_suffix("/bin").filter(|folder| folder.starts_with('/')) {
            roots::virtual_environment(look, environment);
        }
    }
}

/// Folders of packages from which something is mapped.
fn mapped_packages(look: &mut Look<'_>, place: &str) {
    let Ok(maps) = look.host.read(&format!("{place}/maps"), MAPS_BYTES_MAX) else { return };
    let text = String::from_utf8_lossy(&maps.bytes);
    let paths = text.lines().filter_map(|line| line.find('/').and_then(|at| line.get(at..)));
    let folders: BTreeSet<&str> = paths.filter_map(of_packages).collect();
    folders.into_iter().for_each(|folder| super::python::read(look, folder));
}

fn of_packages(path: &str) -> Option<&str> {
    let ends = ["/site-packages/", "/dist-packages/"].into_iter();
    let end = ends.filter_map(|part| path.find(part).map(|at| at + part.len() - 1)).min()?;
    path.get(..end)
}
