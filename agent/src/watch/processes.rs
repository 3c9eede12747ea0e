//! Notices that a program runs which did not run before: by the number of the process that began last (`/proc/loadavg`), read every
//! two seconds, and only where that moved, by the names in `/proc`.
//! It does not collect: a program that was not seen before asks for a look. One that lives shorter can be missed.
//! Invariant: memory is bounded, and where nothing began nothing but one short file is read.

use crate::access::Host;
use crate::collect::programs::PROCESS_STARTS;
use crate::collect::programs::running::{Seen, of_process};
use std::collections::BTreeSet;
use std::time::Duration;

/// Between two looks (docs/decisions/0032-an-agent-at-rest.md).
pub(super) const EVERY: Duration = Duration::from_secs(2);
const LOADAVG_BYTES_MAX: usize = 256;
const PROCESSES_MAX: usize = 500_000;
/// Programs that are known; of more, all are forgotten and looked at anew.
const PROGRAMS_MAX: usize = 16_384;

/// What was seen.
pub(super) struct Processes<H> {
    host: H,
    /// The number of the process that began last.
    last: Vec<u8>,
    processes: BTreeSet<String>,
    /// Those that were new at the last look: a process that has just begun may still be its parent's program.
    young: BTreeSet<String>,
    programs: BTreeSet<String>,
}

impl<H: Host> Processes<H> {
    /// Everything that runs now is known.
    pub(super) fn new(host: H) -> Self {
        let (last, processes, young, programs) = Default::default();
        let mut all = Self { host, last, processes, young, programs };
        all.news();
        all
    }

    /// Whether a program runs that was not seen before.
    pub(super) fn news(&mut self) -> bool {
        let last = self.host.read(PROCESS_STARTS, LOADAVG_BYTES_MAX).map(|reading| reading.bytes).unwrap_or_default();
        let last = last.rsplit(|byte| *byte == b' ').next().unwrap_or_default().to_vec();
        if last == self.last && self.young.is_empty() {
            return false;
        }
        let mut fresh = std::mem::take(&mut self.young);
        if last != self.last {
            self.last = last;
            let Ok(listing) = self.host.list("/proc", PROCESSES_MAX) else { return false };
            let is_process = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
            let processes: BTreeSet<String> = listing.names.into_iter().filter(is_process).collect();
            self.young = processes.difference(&self.processes).cloned().collect();
            fresh.extend(self.young.iter().cloned());
            self.processes = processes;
        }
        let mut news = false;
        for process in fresh {
            news |= self.is_news(&process);
        }
        news
    }

    fn is_news(&mut self, process: &str) -> bool {
        let Seen::Running(found) = of_process(&self.host, process) else { return false };
        let mut news = false;
        for one in found {
            // Another file at a path is another program.
            let file = self.host.stamp(&one.read_from).map(|stamp| (stamp.file, stamp.modified)).ok();
            if self.programs.len() >= PROGRAMS_MAX {
                self.programs.clear();
            }
            news |= self.programs.insert(format!("{:?} {file:?} {}", one.place, one.path));
        }
        news
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_a_program_that_was_not_seen_before_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let begin = |process: &str, program: &str| {
            fs::create_dir_all(root.join("proc").join(process)).unwrap();
            let exe = root.join("proc").join(process).join("exe");
            let _none_yet = fs::remove_file(&exe);
            symlink(program, exe).unwrap();
            fs::write(root.join("proc/loadavg"), format!("0.00 0.00 0.00 1/9 {process}\n")).unwrap();
        };
        fs::create_dir_all(root.join("bin")).unwrap();
        for name in ["sh", "old", "new"] {
            fs::write(root.join("bin").join(name), name).unwrap();
        }
        begin("1", "/bin/sh");
        begin("2", "/bin/old");
        let mut processes = Processes::new(RecordedHost::running(root, Machine::default()));
        assert!(!processes.news());
        begin("3", "/bin/old");
        assert!(!processes.news(), "it is known");
        begin("4", "/bin/sh");
        assert!(!processes.news());
        // The shell that was seen there has become another program since, and no other process began.
        let exe = root.join("proc/4/exe");
        fs::remove_file(&exe).unwrap();
        symlink("/bin/new", exe).unwrap();
        assert!(processes.news());
        assert!(!processes.news());
        // Another file at a known path.
        fs::write(root.join("bin/swap"), "other").unwrap();
        fs::rename(root.join("bin/swap"), root.join("bin/old")).unwrap();
        begin("5", "/bin/old");
        assert!(processes.news());
    }
}
