//! The names of the processes that run (`/proc/*/comm`).
//! It does not know programs, arguments or owners of processes.
//! Invariant: only names are read; where processes cannot be seen, that is said and nothing counts as not running.

use super::Gather;
use crate::access::{AccessError, Host};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

const PROC: &str = "/proc";
const PROCESSES_MAX: usize = 500_000;
/// The kernel keeps so many bytes of a process's name (`TASK_COMM_LEN` less one).
const COMM_BYTES: usize = 15;

/// Names of processes that run.
#[derive(Debug, Default)]
pub(super) struct Running(BTreeSet<String>);

impl Running {
    /// Looks at every process once.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Self {
        let mut names = BTreeSet::new();
        if !host.is_live() {
            let text = "which processes run is only known on the running machine";
            gather.miss(Trouble::new(TroubleKind::NotObservable, PROC, text));
            return Self(names);
        }
        let processes = match host.list(PROC, PROCESSES_MAX) {
            Ok(listing) => listing.names,
            Err(error) => {
                gather.miss_access(&error);
                return Self(names);
            }
        };
        gather.source(PROC);
        for process in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
            match host.read(&format!("{PROC}/{process}/comm"), 64) {
                Ok(reading) => {
                    names.insert(String::from_utf8_lossy(reading.bytes.trim_ascii()).into_owned());
                }
                // It ended between the listing and now (a process that ends while it is read says "no such process").
                Err(AccessError::Missing { .. } | AccessError::Unreadable { .. }) => {}
                Err(error) => gather.miss_access(&error),
            }
        }
        Self(names)
    }

    /// Whether a process of this name was seen.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name.get(..COMM_BYTES).unwrap_or(name))
    }
}
