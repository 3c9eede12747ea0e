//! What this agent remembers of programs that it saw running, so that one that runs for a moment is not told and taken back.
//! It does not look at files: the collector does, and tells again what is there unchanged (docs/decisions/0025-programs.md).
//! Invariant: a program with a file is remembered as long as the collector tells it; one without for some days after it was seen.

use crate::collect::Collected;
use crate::files;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{Observation, PROGRAM_STARTERS_MAX, Program};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const COLLECTOR: &str = "programs";
const FILE: &str = "programs.json";
/// What has no file is told for so many days after it was last seen: what cron starts every day does not come and go.
const FILELESS_DAYS: i64 = 7;
/// Programs that are remembered; of more, those seen last.
const REMEMBERED_MAX: usize = 4_096;
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    on: CalendarDate,
    program: Program,
}

/// Every program that was seen running, by its key.
#[derive(Debug)]
pub(super) struct SeenPrograms {
    file: PathBuf,
    known: BTreeMap<String, Known>,
}

impl SeenPrograms {
    /// What was remembered in a state folder; nothing where that cannot be read.
    pub(super) fn load(state: &Path) -> Self {
        let file = state.join(FILE);
        let bytes = files::read_limited(&file, FILE_BYTES_MAX).ok().flatten();
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, known }
    }

    /// Those that the collector is to look for again.
    pub(super) fn with_files(&self) -> Vec<Program> {
        let programs = self.known.values().map(|known| &known.program);
        programs.filter(|program| program.place.is_host()).cloned().collect()
    }

    /// Notes what was seen on a day, and adds what has no file and was seen lately.
    pub(super) fn complete(&mut self, collected: &mut [(CollectorId, Collected)], today: CalendarDate) {
        let own = collected.iter_mut().find(|(id, _)| id.as_str() == COLLECTOR);
        let Some((_, own)) = own.filter(|(_, own)| matches!(own.outcome, Outcome::Complete | Outcome::Partial)) else {
            return;
        };
        let before = self.known.clone();
        let mut seen = BTreeSet::new();
        for program in own.items.iter_mut().filter_map(program_of) {
            let key = program.key();
            if let Some(known) = self.known.get(&key).filter(|_| !program.place.is_host()) {
                // Who started it adds up: the next look may find another parent.
                let all: BTreeSet<_> = program.started_by.iter().chain(&known.program.started_by).cloned().collect();
                program.started_by = all.into_iter().take(PROGRAM_STARTERS_MAX).collect();
            }
            // A file is looked at anew every time, so its day says nothing and would be written every day.
            let on = self.known.get(&key).filter(|_| program.place.is_host()).map_or(today, |known| known.on);
            self.known.insert(key.clone(), Known { on, program: program.clone() });
            seen.insert(key);
        }
        self.known.retain(|key, known| {
            let lately = !known.program.place.is_host() && today.days_since(known.on) < FILELESS_DAYS;
            seen.contains(key) || lately
        });
        let lately = self.known.iter().filter(|(key, _)| !seen.contains(*key));
        own.items.extend(lately.map(|(_, known)| Observation::Program(known.program.clone())));
        own.items.sort_by_key(Observation::key);
        self.forget_the_oldest();
        if self.known != before {
            self.save();
        }
    }

    fn forget_the_oldest(&mut self) {
        let mut days: Vec<(CalendarDate, String)> =
            self.known.iter().map(|(key, known)| (known.on, key.clone())).collect();
        let more = days.len().saturating_sub(REMEMBERED_MAX);
        days.sort_unstable();
        days.iter().take(more).for_each(|(_, key)| drop(self.known.remove(key)));
    }

    /// A disk that does not take it is said in the log: what only ran for a moment is then forgotten at the next start.
    fn save(&self) {
        let json = serde_json::to_vec(&self.known).unwrap_or_default();
        if let Err(fault) = files::write_private(&self.file, &json) {
            tracing::warn!(fault = %crate::spool::chain(&fault), "which programs were seen running could not be kept");
        }
    }
}

/// A program that was seen running.
fn program_of(item: &mut Observation) -> Option<&mut Program> {
    match item {
        Observation::Program(program) if program.seen_running => Some(program),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::fact::observation::{Ownership, ProgramPlace, ProgramSort, Starter, StarterSort};

    fn program(path: &str, place: ProgramPlace, parent: &str) -> Observation {
        Observation::Program(Program {
            path: path.into(),
            place,
            sort: ProgramSort::Executable,
            ownership: Ownership::NoPackage,
            sha256: Some("ab".repeat(32)),
            size_bytes: Some(1),
            build_id: None,
            name: None,
            version: None,
            told_by: None,
            signed_by: None,
            interpreter: None,
            seen_running: true,
            started_by: vec![Starter { sort: StarterSort::Process, name: parent.into(), line: None }],
        })
    }

    /// A look on a day after a restart: the paths that are told, and the parents of each.
    fn look(state: &Path, day: &str, outcome: Outcome, seen: &[Observation]) -> Vec<String> {
        let own = Collected { outcome, sources: Vec::new(), troubles: Vec::new(), items: seen.to_vec() };
        let mut collected = vec![(CollectorId::new(COLLECTOR).unwrap(), own)];
        SeenPrograms::load(state).complete(&mut collected, day.parse().unwrap());
        let words = |item: &mut Observation| {
            let program = program_of(item)?;
            let parents: Vec<&str> = program.started_by.iter().map(|one| one.name.as_str()).collect();
            Some(format!("{} by {}", program.path, parents.join("+")))
        };
        collected.remove(0).1.items.iter_mut().filter_map(words).collect()
    }

    #[test]
    fn what_has_no_file_is_told_for_some_days_and_its_parents_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let memory = |parent| [program("/memfd:x", ProgramPlace::Deleted, parent)];
        assert_eq!(look(state, "2026-11-01", Outcome::Complete, &memory("bash")), ["/memfd:x by bash"]);
        assert_eq!(look(state, "2026-11-02", Outcome::Complete, &memory("cron")), ["/memfd:x by bash+cron"]);
        assert_eq!(look(state, "2026-11-03", Outcome::Complete, &[]), ["/memfd:x by bash+cron"]);
        assert_eq!(look(state, "2026-11-05", Outcome::Failed, &[]), Vec::<String>::new(), "nothing was looked at");
        assert_eq!(look(state, "2026-11-08", Outcome::Partial, &[]), ["/memfd:x by bash+cron"]);
        assert_eq!(look(state, "2026-11-09", Outcome::Complete, &[]), Vec::<String>::new());
    }

    #[test]
    fn what_has_a_file_is_remembered_while_the_collector_tells_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let file = [program("/opt/x", ProgramPlace::Host, "bash")];
        look(state, "2026-11-01", Outcome::Complete, &file);
        assert_eq!(SeenPrograms::load(state).with_files().len(), 1);
        let written = std::fs::metadata(state.join(FILE)).unwrap().modified().unwrap();
        look(state, "2026-11-02", Outcome::Complete, &file);
        assert_eq!(
            std::fs::metadata(state.join(FILE)).unwrap().modified().unwrap(),
            written,
            "nothing new, nothing written"
        );
        assert_eq!(look(state, "2026-11-03", Outcome::Complete, &[]), Vec::<String>::new());
        assert!(SeenPrograms::load(state).with_files().is_empty(), "its file is gone or another one");
    }
}
