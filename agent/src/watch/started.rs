//! Notices that a program runs on Windows which did not run before: by the numbers of processes, looked at every two seconds.
//! It does not collect: a program that was not seen before asks for a look. One that lives shorter can be missed.
//! Invariant: memory is bounded, and only a process that is new is asked for its executable.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// Between two looks.
pub(super) const EVERY: Duration = Duration::from_secs(2);
/// Programs that are known; of more, all are forgotten and looked at anew.
const PROGRAMS_MAX: usize = 16_384;

/// What was seen.
pub(super) struct Started {
    system: System,
    programs: BTreeSet<PathBuf>,
}

impl Started {
    /// Everything that runs now is known. None where the list of processes cannot be read.
    pub(super) fn new() -> Option<Self> {
        let mut all = Self { system: System::new().ok()?, programs: BTreeSet::new() };
        all.news();
        Some(all)
    }

    /// Whether a program runs that was not seen before.
    pub(super) fn news(&mut self) -> bool {
        let what = ProcessRefreshKind::nothing().with_exe(UpdateKind::OnlyIfNotSet);
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        if self.programs.len() >= PROGRAMS_MAX {
            self.programs.clear();
        }
        let mut news = false;
        for program in self.system.processes().values().filter_map(|process| process.exe()) {
            if !self.programs.contains(program) {
                news |= self.programs.insert(program.to_owned());
            }
        }
        news
    }
}
