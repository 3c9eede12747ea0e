//! Programs and changed files for scripted ledgers. They do not know files: digests are written by hand.
//! Invariant: what a test does not set is the same in every test.

use super::Script;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{
    ChangedFile, ChangedFilePart, Observation, Ownership, PackageDigestSort, Program, ProgramPlace, ProgramSort,
};

/// A program of no package, seen running, whose digest repeats two digits.
pub(crate) fn program(path: &str, digits: &str) -> Observation {
    Observation::Program(Program {
        path: path.into(),
        place: ProgramPlace::Host,
        sort: ProgramSort::Executable,
        ownership: Ownership::NoPackage,
        sha256: Some(digits.repeat(32)),
        size_bytes: Some(1_000),
        build_id: None,
        name: None,
        version: None,
        told_by: None,
        signed_by: None,
        interpreter: None,
        seen_running: true,
        started_by: Vec::new(),
    })
}

/// The same of which it is not known whose it is, or which runs in a container.
pub(crate) fn program_elsewhere(path: &str, place: ProgramPlace) -> Observation {
    let Observation::Program(program) = program(path, "ee") else { unreachable!("a program") };
    Observation::Program(Program { place, ownership: Ownership::Unknown, ..program })
}

/// A program that is not what its package put there.
pub(crate) fn changed_file(path: &str) -> Observation {
    Observation::ChangedFile(ChangedFile {
        path: path.into(),
        part: ChangedFilePart::Program,
        ecosystem: "deb".into(),
        package: "example".into(),
        expected_sort: PackageDigestSort::Md5,
        expected: "0a".repeat(16),
        sha256: "cd".repeat(32),
        size_bytes: 1_000,
    })
}

impl Script {
    /// A look at programs.
    pub(crate) fn programs(&mut self, outcome: Outcome, items: Vec<Observation>) {
        self.report("programs", outcome, items);
    }
}
