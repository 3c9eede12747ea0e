//! Programs of no package and changed files, chosen by bytes.
//! It does not know admission. Invariant: a choice is well-formed; whether its words and digests make sense is left to chance.

use super::choices::Choices;
use daicho_schemas::fact::observation::{
    ChangedFile, ChangedFilePart, Observation, Ownership, PackageDigestSort, Program, ProgramPlace, ProgramSort,
    Starter, StarterSort,
};

/// What an agent shows of programs.
pub(super) fn observation(choices: &mut Choices) -> Observation {
    let path = if choices.rarely(3) { choices.text() } else { ["/opt/x/run", "/usr/sbin/x"][choices.below(2)].into() };
    let digest = |choices: &mut Choices| match choices.below(4) {
        0 => choices.text(),
        n => ["ab", "cd", "ef"][n - 1].repeat(32),
    };
    if choices.below(3) == 0 {
        return Observation::ChangedFile(ChangedFile {
            path,
            part: [ChangedFilePart::Program, ChangedFilePart::Unit][choices.below(2)],
            ecosystem: choices.text(),
            package: choices.text(),
            expected_sort: [PackageDigestSort::Md5, PackageDigestSort::Sha256][choices.below(2)],
            expected: digest(choices),
            sha256: digest(choices),
            size_bytes: u64::from(choices.byte()) << 56,
        });
    }
    Observation::Program(Program {
        path,
        place: [ProgramPlace::Host, ProgramPlace::Deleted, ProgramPlace::OtherRoot][choices.below(3)],
        sort: [ProgramSort::Executable, ProgramSort::Script][choices.below(2)],
        ownership: [Ownership::NoPackage, Ownership::Unknown][choices.below(2)],
        sha256: (!choices.rarely(4)).then(|| digest(choices)),
        size_bytes: Some(u64::from(choices.byte()) << 56),
        build_id: choices.maybe(),
        name: choices.maybe(),
        version: choices.maybe(),
        told_by: None,
        interpreter: choices.maybe(),
        seen_running: choices.rarely(2),
        started_by: vec![Starter { sort: StarterSort::Cron, name: choices.text(), line: Some(u32::MAX) }],
    })
}
