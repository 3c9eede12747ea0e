//! Programs that no package owns and that run or are started by the host, and owned ones that differ from their package.
//! It does not know suppliers or plans. What starts a program is told by name and line; no command line leaves.
//! Invariant: "no package owns it" is only said where every file list was read; what runs for a moment stays stated while its
//! file is there unchanged (docs/decisions/0025-programs.md).

mod changed;
pub(crate) mod command;
pub(crate) mod elf;
mod jobs;
pub(crate) mod pe;
pub(crate) mod running;
mod units;
pub(crate) mod windows;

#[cfg(test)]
#[cfg(unix)]
mod tests;

use super::owners::{self, Owner, Owners};
use super::{Collected, Collector, Gather};
use crate::access::{self, AccessError, Digest, Host};
use changed::Suspect;
use command::Named;
use daicho_schemas::fact::observation::{
    ChangedFilePart, Observation, Ownership, PROGRAM_STARTERS_MAX, PackageDigestSort, Program, ProgramPlace,
    ProgramSort, ProgramToldBy, Starter, StarterSort,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use running::Running;
use std::collections::{BTreeMap, BTreeSet};

/// Programs that are looked at.
const PROGRAMS_MAX: usize = 20_000;
/// A larger file is not read; its size is told.
const PROGRAM_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Bytes that one look reads of programs; the next look goes on, since what was read is remembered.
const LOOK_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Where a bare name is looked for.
const PATH: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Where the programs themselves may be: anywhere.
pub(super) const ANYWHERE: &str = "/**";

/// Collects programs of no package and changed files.
pub(crate) struct ProgramsCollector;

impl Collector for ProgramsCollector {
    fn id(&self) -> &'static str {
        "programs"
    }

    fn about(&self) -> Text {
        Text::new(
            "パッケージに属さないプログラム（実行中、または自動で起動されるもの）と、パッケージの内容と異なるファイル",
            "programs that no package owns (running, or started by the host), and files that differ from their package",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: std::sync::LazyLock<Vec<&'static str>> = std::sync::LazyLock::new(|| {
            [OWN_PLACES, super::units::PLACES, super::jobs::PLACES, &owners::PLACES, &[ANYWHERE]].concat()
        });
        &PLACES
    }

    fn may_follow(&self) -> bool {
        true
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "/etc/systemd/system",
            "/usr/lib/systemd/system",
            "/etc/cron.d",
            "/etc/crontab",
            "/etc/cron.hourly",
            "/etc/cron.daily",
            "/var/spool/cron/crontabs",
            "/etc/init.d",
            "/var/lib/dpkg",
            "/usr/lib/sysimage/rpm",
            "/var/lib/rpm",
            PROCESS_STARTS,
        ]
    }

    /// Above what it reads of programs before it ends by itself, and the lists of packages.
    fn budget(&self) -> access::Budget {
        access::Budget { bytes: 2 * LOOK_BYTES_MAX, ..access::Budget::USUAL }
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let running = running::read(&mut gather, host);
        let units = units::read(&mut gather, host);
        let mut started = jobs::read(&mut gather, host);
        started.extend(units.started);
        if !host.is_live() && started.is_empty() && units.files.is_empty() {
            let text = "nothing on this image starts programs, and what runs is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "/proc", text));
        }
        let mut look = Look { gather, host, budget: Budget::default(), found: BTreeMap::new(), fileless: Vec::new() };
        started.into_iter().for_each(|(named, starters)| look.started(&named, starters));
        running.into_iter().for_each(|one| look.running(one));
        host.seen_programs().iter().for_each(|program| look.remembered(program));
        look.state(&units.files);
        look.gather.finish()
    }
}

/// The words that name files, and what an ELF or PE file tells, in bytes that may be anything: for those who try to break it.
pub fn take_apart(bytes: &[u8]) -> Vec<String> {
    let told = elf::read(&mut |offset, bytes_max| {
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        rest.get(..bytes_max.min(rest.len())).unwrap_or_default().to_vec()
    });
    let of_windows = pe::read(&mut |offset, bytes_max| {
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        rest.get(..bytes_max.min(rest.len())).unwrap_or_default().to_vec()
    });
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<String> = text.split('\0').map(str::to_owned).collect();
    let lines = text.lines().flat_map(|line| {
        let unit = command::of_words(&command::unit_words(line), Some("/opt"));
        unit.into_iter().chain(jobs::of_any_line(line))
    });
    let named = lines.chain(command::of_words(&words, None)).map(|named| named.word);
    let signer = of_windows.and_then(|told| told.signer);
    named.chain(told.and_then(|told| told.build_id)).chain(signer).collect()
}

/// Stands for what the kernel shows of processes that begin.
pub(crate) const PROCESS_STARTS: &str = "/proc/loadavg";

/// Places beside the programs themselves and the lists of packages.
const OWN_PLACES: &[&str] = &[
    "/proc",
    "/proc/*/exe",
    "/proc/*/cmdline",
    "/proc/*/cwd",
    "/proc/*/root",
    "/proc/*/cgroup",
    "/proc/*/stat",
    "/proc/*/comm",
    "/etc/init.d",
    "/etc/init.d/*",
    "/etc/rc.d/init.d",
    "/etc/rc.d/init.d/*",
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/etc/prelink.cache",
    "/var/lib/dpkg/updates",
    "/var/lib/dpkg/tmp.ci",
    "/var/lib/pacman/db.lck",
];

/// How much of programs one look may still read.
struct Budget {
    bytes_left: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes_left: LOOK_BYTES_MAX }
    }
}

/// What a look at a file's contents gave.
enum Looked {
    Digest {
        hex: String,
        size_bytes: u64,
    },
    /// It is there and was not read; a trouble says why.
    Unread {
        size_bytes: Option<u64>,
    },
    /// It is not there.
    Gone,
}

impl Budget {
    fn digest(&mut self, gather: &mut Gather, host: &dyn Host, path: &str, sort: PackageDigestSort) -> Looked {
        // Where a process shows its executable, the number stays out of the report.
        let told = if path.starts_with("/proc/") { "/proc/*/exe" } else { path };
        let size_bytes = match host.stamp(path) {
            Ok(stamp) => stamp.size_bytes,
            Err(AccessError::Missing { .. }) => return Looked::Gone,
            Err(error) => return unread(gather, &error, told, None),
        };
        let limit = PROGRAM_BYTES_MAX.min(self.bytes_left);
        match host.digest(path, sort, limit) {
            Ok(Some(Digest { hex, bytes_read })) => {
                self.bytes_left = self.bytes_left.saturating_sub(bytes_read);
                Looked::Digest { hex, size_bytes }
            }
            Ok(None) => {
                let text = "the file is larger than the limit of one file or of one look; its digest is not known";
                gather.miss(Trouble::new(TroubleKind::TooLarge, told, text));
                Looked::Unread { size_bytes: Some(size_bytes) }
            }
            Err(AccessError::Missing { .. }) => Looked::Gone,
            Err(error) => unread(gather, &error, told, Some(size_bytes)),
        }
    }
}

fn unread(gather: &mut Gather, error: &AccessError, told: &str, size_bytes: Option<u64>) -> Looked {
    let trouble = error.to_trouble();
    gather.miss(Trouble::new(trouble.kind, told, "the file may not be or cannot be read; its digest is not known"));
    Looked::Unread { size_bytes }
}

/// The file that a word of a command stands for, all links resolved; a bare name is looked for in the usual folders.
pub(super) fn find(host: &dyn Host, word: &str, needs_permission: bool) -> Option<String> {
    let paths: Vec<String> = match word.starts_with('/') {
        true => vec![word.to_owned()],
        false => PATH.iter().map(|folder| format!("{folder}/{word}")).collect(),
    };
    paths.into_iter().find_map(|path| {
        let stamp = host.stamp(&path).ok()?;
        let may_be_started = stamp.is_file && (!needs_permission || stamp.is_executable);
        may_be_started.then(|| host.canonical(&path).ok()).flatten()
    })
}

/// What is known of a file of the host before its owner is.
#[derive(Default)]
struct Candidate {
    script: bool,
    interpreter: Option<String>,
    seen_running: bool,
    starters: BTreeSet<Starter>,
}

/// One look at all programs.
struct Look<'a> {
    gather: Gather,
    host: &'a dyn Host,
    budget: Budget,
    found: BTreeMap<String, Candidate>,
    /// What runs and is no file of the host.
    fileless: Vec<Running>,
}

impl Look<'_> {
    /// Something starts it, if it is there.
    fn started(&mut self, named: &Named, starters: Vec<Starter>) {
        let Some(path) = find(self.host, &named.word, named.needs_permission) else { return };
        if let Some(candidate) = self.candidate(path) {
            candidate.script |= !named.needs_permission;
            candidate.starters.extend(starters);
        }
    }

    fn running(&mut self, one: Running) {
        if one.place != ProgramPlace::Host || one.read_from != one.path {
            return self.fileless.push(one);
        }
        let Some(candidate) = self.candidate(one.path) else { return };
        candidate.seen_running = true;
        candidate.script |= one.sort == ProgramSort::Script;
        candidate.interpreter = candidate.interpreter.take().or(one.interpreter);
        candidate.starters.extend(one.starter);
    }

    /// What was seen running before and is the same file still.
    fn remembered(&mut self, program: &Program) {
        if program.place != ProgramPlace::Host || program.sha256.is_none() {
            return;
        }
        let sort = PackageDigestSort::Sha256;
        let mut unsaid = Gather::new();
        match self.budget.digest(&mut unsaid, self.host, &program.path, sort) {
            Looked::Digest { hex, .. } if Some(&hex) == program.sha256.as_ref() => {}
            _ => return,
        }
        let Some(candidate) = self.candidate(program.path.clone()) else { return };
        candidate.seen_running = true;
        candidate.script |= program.sort == ProgramSort::Script;
        candidate.interpreter = program.interpreter.clone().or(candidate.interpreter.take());
        // Tables and timers are read anew at every look; who was its parent, nobody else remembers.
        let ran_under =
            |one: &&Starter| matches!(one.sort, StarterSort::Process | StarterSort::Unit) && one.line.is_none();
        candidate.starters.extend(program.started_by.iter().filter(ran_under).cloned());
    }

    fn candidate(&mut self, path: String) -> Option<&mut Candidate> {
        if self.found.len() >= PROGRAMS_MAX && !self.found.contains_key(&path) {
            let text = format!("there are more than {PROGRAMS_MAX} programs; the rest was not looked at");
            self.gather.miss(Trouble::new(TroubleKind::TooLarge, "/proc", text));
            return None;
        }
        Some(self.found.entry(path).or_default())
    }

    fn state(&mut self, unit_files: &BTreeSet<String>) {
        let units: BTreeSet<String> = unit_files.iter().filter_map(|path| self.host.canonical(path).ok()).collect();
        let deleted =
            self.fileless.iter().filter(|one| one.place != ProgramPlace::OtherRoot).map(|one| one.path.clone());
        let asked = self.found.keys().cloned().chain(units.iter().cloned()).chain(deleted).collect();
        let owners = Owners::of(self.host, &asked, "owners of programs");
        owners.sources().for_each(|place| self.gather.source(place));
        owners.troubles().iter().for_each(|trouble| self.gather.miss(trouble.clone()));
        let mut suspects = Vec::new();
        let mut suspect = |path: &str, part, owner: &Owner| {
            if let Owner::Owned(owned) = owner {
                suspects.push(Suspect { path: path.to_owned(), part, owned: owned.clone() });
            }
        };
        for path in &units {
            suspect(path, ChangedFilePart::Unit, owners.of_path(path));
        }
        for (path, candidate) in std::mem::take(&mut self.found) {
            match owners.of_path(&path) {
                Owner::Unowned => self.state_file(path, candidate, Ownership::NoPackage),
                Owner::Unknown => self.state_file(path, candidate, Ownership::Unknown),
                owner => suspect(&path, ChangedFilePart::Program, owner),
            }
        }
        changed::state(&mut self.gather, self.host, suspects, &mut self.budget);
        self.state_fileless(&owners);
    }

    /// A file of the host that no package owns.
    fn state_file(&mut self, path: String, candidate: Candidate, ownership: Ownership) {
        let Candidate { script, interpreter, seen_running, starters } = candidate;
        let sort = if script { ProgramSort::Script } else { ProgramSort::Executable };
        let one =
            Running { read_from: path.clone(), path, place: ProgramPlace::Host, sort, interpreter, starter: None };
        if let Some(program) = self.program(&one, ownership, seen_running, starters) {
            self.gather.item(&one.path, Observation::Program(program));
        }
    }

    /// What runs and is no file of the host: of several processes with the same contents and path, one.
    fn state_fileless(&mut self, owners: &Owners) {
        let mut programs: BTreeMap<String, Program> = BTreeMap::new();
        for one in std::mem::take(&mut self.fileless) {
            let ownership = match (one.place, owners.of_path(&one.path)) {
                (ProgramPlace::OtherRoot, _) | (_, Owner::Unknown) => Ownership::Unknown,
                (_, Owner::Unowned) => Ownership::NoPackage,
                // Its package was upgraded or removed while it ran.
                (_, Owner::Owned(_)) => continue,
            };
            let starters = one.starter.clone().into_iter().collect();
            let Some(program) = self.program(&one, ownership, true, starters) else { continue };
            match programs.get_mut(&program.key()) {
                None => drop(programs.insert(program.key(), program)),
                Some(known) => {
                    known.started_by.extend(program.started_by);
                    known.started_by.sort();
                    known.started_by.dedup();
                    known.started_by.truncate(PROGRAM_STARTERS_MAX);
                }
            }
        }
        for program in programs.into_values() {
            self.gather.item("/proc/*/exe", Observation::Program(program));
        }
    }

    /// A program with what its file tells; nothing where the file is gone by now.
    fn program(
        &mut self,
        one: &Running,
        ownership: Ownership,
        seen_running: bool,
        starters: BTreeSet<Starter>,
    ) -> Option<Program> {
        let is_deleted = one.place == ProgramPlace::Deleted;
        let looked = self.budget.digest(&mut self.gather, self.host, &one.read_from, PackageDigestSort::Sha256);
        let (sha256, size_bytes) = match looked {
            Looked::Digest { hex, size_bytes } => (Some(hex), Some(size_bytes)),
            Looked::Unread { size_bytes } => (None, size_bytes),
            Looked::Gone if is_deleted => (None, None),
            Looked::Gone => return None,
        };
        let start = self.host.read_at(&one.read_from, 0, 4).map(|reading| reading.bytes).unwrap_or_default();
        let sort = match start.as_slice() {
            [b'#', b'!', ..] => ProgramSort::Script,
            b"\x7fELF" => ProgramSort::Executable,
            _ => one.sort,
        };
        let (build_id, words) = self.told(&one.read_from);
        let (name, version, told_by) = match words {
            Some(((name, version), by)) => (Some(name), version, Some(by)),
            None => (None, None, None),
        };
        let texts: BTreeSet<Starter> = starters
            .into_iter()
            .map(|starter| Starter {
                name: self.gather.text("what starts programs", starter.name.as_bytes()),
                ..starter
            })
            .collect();
        let more = texts.len().saturating_sub(PROGRAM_STARTERS_MAX);
        if more > 0 {
            let text = format!("{more} more than {PROGRAM_STARTERS_MAX} start one program and are not listed");
            self.gather.remark(Trouble::new(TroubleKind::TooLarge, one.path.as_str(), text));
        }
        Some(Program {
            path: self.gather.text("paths of programs", one.path.as_bytes()),
            place: one.place,
            sort,
            ownership,
            sha256,
            size_bytes,
            build_id,
            name,
            version,
            told_by,
            signed_by: None,
            interpreter: one.interpreter.clone(),
            seen_running,
            started_by: texts.into_iter().take(PROGRAM_STARTERS_MAX).collect(),
        })
    }

    /// What the file tells of itself. Where the package note and Go both speak, the note is about what was shipped.
    fn told(&self, path: &str) -> (Option<String>, Option<Words>) {
        let mut piece = |offset: u64, bytes_max: usize| {
            self.host.read_at(path, offset, bytes_max).map(|reading| reading.bytes).unwrap_or_default()
        };
        let Some(told) = elf::read(&mut piece) else { return (None, None) };
        let package = told.package.map(|words| (words, ProgramToldBy::PackageNote));
        let go = told.go.map(|words| (words, ProgramToldBy::GoBuildInfo));
        (told.build_id, package.or(go))
    }
}

/// Name and version, and what tells them.
type Words = ((String, Option<String>), ProgramToldBy);
