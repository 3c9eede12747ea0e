//! What runs now: the executables of processes and the scripts of interpreters (proc(5): exe, cmdline, cwd, root, cgroup).
//! It does not know packages. Process numbers and command lines stay here.
//! Invariant: a process under another root is never taken for a program of the host, and what could not be looked into is said.

use super::command::{is_interpreter, script_of};
use crate::access::{AccessError, Host};
use crate::collect::{Gather, units};
use daicho_schemas::fact::observation::{ProgramPlace, ProgramSort, Starter, StarterSort};
use daicho_schemas::trouble::{Trouble, TroubleKind};

const PROC: &str = "/proc";
const PROCESSES_MAX: usize = 500_000;
const COMMAND_BYTES_MAX: usize = 64 * 1024;
const SMALL_BYTES_MAX: usize = 4_096;
/// What the kernel puts behind the path of an executable that is gone.
const DELETED: &str = " (deleted)";
/// Stands for bytes that are no text.
const NOT_TEXT: char = '\u{fffd}';
/// One program that is many, by the name with which it is called.
const BUSYBOX: &str = "busybox";

/// One thing that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// Its path; of the host with all links resolved.
    pub(crate) path: String,
    /// Where it is.
    pub(crate) place: ProgramPlace,
    /// Where its contents can be read.
    pub(crate) read_from: String,
    pub(crate) sort: ProgramSort,
    pub(crate) interpreter: Option<String>,
    pub(crate) starter: Option<Starter>,
}

/// Every executable and script that runs now.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Vec<Running> {
    if !host.is_live() {
        let text =
            "which programs run is only known on the running machine; those that something starts are looked for";
        gather.miss(Trouble::new(TroubleKind::NotObservable, PROC, text));
        return Vec::new();
    }
    let names = match host.list(PROC, PROCESSES_MAX) {
        Ok(listing) => listing.names,
        Err(error) => {
            gather.miss_access(&error);
            return Vec::new();
        }
    };
    gather.source(PROC);
    let processes: Vec<&String> = names.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).collect();
    if !processes.iter().any(|process| *process == "1") {
        let text = "processes of other accounts are hidden (the option hidepid of /proc); their programs are not known";
        gather.miss(Trouble::new(TroubleKind::NotPermitted, PROC, text));
    }
    let (mut running, mut closed) = (Vec::new(), false);
    for process in processes {
        match of_process(host, process) {
            Seen::Nothing => {}
            Seen::Closed => closed = true,
            Seen::Running(found) => running.extend(found),
        }
    }
    if closed {
        let text = "the executables of some processes may not be seen; run as root, or with CAP_SYS_PTRACE";
        gather.miss(Trouble::new(TroubleKind::NotPermitted, "/proc/*/exe", text));
    }
    running
}

/// What a look at one process gave.
pub(crate) enum Seen {
    /// A thread of the kernel, or a process that ended meanwhile.
    Nothing,
    /// It may not be looked into.
    Closed,
    /// Its executable, and the script that it runs.
    Running(Vec<Running>),
}

/// Looks at one process.
pub(crate) fn of_process(host: &dyn Host, process: &str) -> Seen {
    let exe = format!("{PROC}/{process}/exe");
    let target = match host.read_link(&exe) {
        Ok(target) => target,
        // Threads of the kernel have no command line, and nobody may look at what they do not have.
        Err(AccessError::NotPermitted { .. }) if !words(host, process).is_empty() => return Seen::Closed,
        Err(_) => return Seen::Nothing,
    };
    let (path, place) = place_of(host, process, &exe, &target);
    let starter = if place == ProgramPlace::OtherRoot { parent(host, process) } else { starter(host, process) };
    let mut found = Vec::new();
    if place == ProgramPlace::Host {
        found.extend(script(host, process, &path).map(|script| Running {
            path: script.clone(),
            place,
            read_from: script,
            sort: ProgramSort::Script,
            interpreter: Some(path.clone()),
            starter: starter.clone(),
        }));
    }
    // A path that is no text cannot be asked for.
    let read_from = if place == ProgramPlace::Host && !path.contains(NOT_TEXT) { path.clone() } else { exe };
    found.push(Running { path, place, read_from, sort: ProgramSort::Executable, interpreter: None, starter });
    Seen::Running(found)
}

/// A process's executable is the file at its path only where it is the very same file: a container, a changed root and a
/// private mount of a unit all show a path that means another file here, or none.
pub(crate) fn place_of(host: &dyn Host, process: &str, exe: &str, target: &str) -> (String, ProgramPlace) {
    let same = |a: &str, b: &str| matches!((host.stamp(a), host.stamp(b)), (Ok(a), Ok(b)) if a.file == b.file);
    match target.strip_suffix(DELETED) {
        None if target.contains(NOT_TEXT) && same(&format!("{PROC}/{process}/root"), "/") => {
            (target.to_owned(), ProgramPlace::Host)
        }
        None if same(exe, target) => (host.canonical(target).unwrap_or_else(|_| target.to_owned()), ProgramPlace::Host),
        Some(path) if same(&format!("{PROC}/{process}/root"), "/") => (path.to_owned(), ProgramPlace::Deleted),
        path => (path.unwrap_or(target).to_owned(), ProgramPlace::OtherRoot),
    }
}

fn words(host: &dyn Host, process: &str) -> Vec<String> {
    let Ok(reading) = host.read(&format!("{PROC}/{process}/cmdline"), COMMAND_BYTES_MAX) else { return Vec::new() };
    let words = reading.bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut words: Vec<String> = words.collect();
    words.pop();
    words
}

/// The script of an interpreter, where it is a file of the host.
fn script(host: &dyn Host, process: &str, program: &str) -> Option<String> {
    let is_busybox = |path: &str| path.rsplit('/').next() == Some(BUSYBOX);
    if !is_interpreter(program) && !is_busybox(program) {
        return None;
    }
    let mut words = words(host, process);
    if is_busybox(program) && words.first().is_some_and(|word| is_busybox(word)) {
        words.remove(0);
    }
    let called = if is_busybox(program) { words.first()?.clone() } else { program.to_owned() };
    let script = script_of(&called, &words)?;
    let path = if script.starts_with('/') {
        script.to_owned()
    } else {
        format!("{}/{script}", host.read_link(&format!("{PROC}/{process}/cwd")).ok()?)
    };
    let path = host.canonical(&path).ok()?;
    host.stamp(&path).is_ok_and(|stamp| stamp.is_file).then_some(path)
}

/// The unit under which it runs, or else the process that started it.
fn starter(host: &dyn Host, process: &str) -> Option<Starter> {
    let cgroup = host.read(&format!("{PROC}/{process}/cgroup"), SMALL_BYTES_MAX).ok();
    let cgroup = cgroup.map(|reading| String::from_utf8_lossy(&reading.bytes).into_owned()).unwrap_or_default();
    match units::of_group(&cgroup) {
        Some(name) => Some(Starter { sort: StarterSort::Unit, name, line: None }),
        None => parent(host, process),
    }
}

/// The process that started it, by its short name; the first process of the host starts what lost its own parent.
fn parent(host: &dyn Host, process: &str) -> Option<Starter> {
    let stat = host.read(&format!("{PROC}/{process}/stat"), SMALL_BYTES_MAX).ok()?;
    let stat = String::from_utf8_lossy(&stat.bytes).into_owned();
    // The name in brackets may hold anything; behind the last bracket stand the state and the parent's number.
    let number = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
    if matches!(number, "0" | "1" | "2") {
        return None;
    }
    let comm = host.read(&format!("{PROC}/{number}/comm"), 64).ok()?;
    let name = String::from_utf8_lossy(comm.bytes.trim_ascii()).into_owned();
    (!name.is_empty()).then_some(Starter { sort: StarterSort::Process, name, line: None })
}
