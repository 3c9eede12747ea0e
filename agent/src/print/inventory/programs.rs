//! Programs of no package and changed files as rows of the inventory.
//! It does not judge them. Invariant: what is not known of a package is said to be unknown.

use super::or_dash;
use daicho_schemas::fact::observation::{Observation, Ownership, ProgramPlace};

/// A row, where it is one of these.
pub(super) fn row(item: &Observation) -> Option<[String; 4]> {
    match item {
        Observation::Program(program) => {
            let package = match (program.place, program.ownership) {
                (ProgramPlace::OtherRoot, _) => "(another root)",
                (ProgramPlace::Deleted, _) => "(file is gone)",
                (ProgramPlace::Host, Ownership::NoPackage) => "none",
                (ProgramPlace::Host, Ownership::Unknown) => "unknown",
            };
            let starters = program.started_by.iter().map(|starter| match starter.line {
                Some(line) => format!("{}:{line}", starter.name),
                None => starter.name.clone(),
            });
            let starters = starters.collect::<Vec<_>>().join(", ");
            Some([program.path.clone(), package.into(), or_dash(&program.sha256), starters])
        }
        Observation::ChangedFile(file) => {
            let package = format!("changed since {}", file.package);
            Some([file.path.clone(), package, file.sha256.clone(), String::new()])
        }
        _ => None,
    }
}
