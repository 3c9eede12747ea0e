//! What a program of no package means, and what people call it: its path, its digest, and the words of the file itself.
//! It does not know what starts it. A name in the file is the file's word, which anyone can write, so it names no supplier.
//! Invariant: the supplier is unknown until a person decides; of what may be a package's or a container's nothing is judged.

use super::{Marks, Meaning, decided, unknown_claim};
use crate::model::views::decisions::Decisions;
use daicho_schemas::fact::observation::{Ownership, Program, ProgramPlace};

/// Digits of the digest that lists show; decisions compare all of them.
const DIGITS_SHOWN: usize = 16;

/// Whether it is a component of its host: no package owns it, and it is not under another root.
pub(crate) fn is_component(program: &Program) -> bool {
    program.ownership == Ownership::NoPackage && program.place != ProgramPlace::OtherRoot
}

/// The version that the file tells, and the beginning of its digest.
pub(crate) fn shown_version(program: &Program) -> Option<String> {
    version(program, DIGITS_SHOWN)
}

fn version(program: &Program, digits: usize) -> Option<String> {
    let digest = program.sha256.as_ref().map(|digest| format!("sha256:{}", digest.get(..digits).unwrap_or(digest)));
    let words: Vec<String> = program.version.clone().into_iter().chain(digest).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// What it means.
pub(super) fn meaning(program: &Program, decisions: &Decisions, marks: &Marks) -> Option<Meaning> {
    if !is_component(program) {
        return None;
    }
    let own = match &program.name {
        Some(name) => format!("; the file calls itself \"{name}\", which anyone can write"),
        None => String::new(),
    };
    let by_marks =
        unknown_claim(format!("no package owns this program, so no repository or vendor vouches for it{own}"));
    let digest = version(program, usize::MAX);
    Some(decided::program(by_marks, &program.path, digest.as_deref(), marks, decisions))
}

#[cfg(test)]
mod tests {
    use crate::model::rows::Confidence;
    use crate::model::testing::{Script, plan, program, supplier};
    use daicho_schemas::batch::Outcome;
    use serde_json::json;

    fn script() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("acme"));
        script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
        script.os("debian");
        script.programs(Outcome::Complete, vec![program("/opt/acme/run", "ab")]);
        script
    }

    fn claim(script: &Script) -> (Option<String>, Confidence) {
        let rows = script.model.components(&Default::default()).expect("a list").items;
        let row = rows.into_iter().find(|row| row.sort == "program").expect("a program");
        (row.supplier.supplier_id.map(|id| id.to_string()), row.supplier.confidence)
    }

    #[test]
    fn nobody_supplies_it_until_a_person_decides_by_path_or_by_digest() {
        let mut script = script();
        assert_eq!(claim(&script), (None, Confidence::Unknown));
        assert_eq!(script.open("undeclared_component").len(), 2, "the system and the program");
        let path =
            json!({ "sort": "program", "name": "/opt/acme/run", "versions": format!("sha256:{}", "ab".repeat(32)) });
        script.decide("d1", path, json!({ "supplier_id": "acme" }));
        assert_eq!(claim(&script), (Some("acme".into()), Confidence::Decided));
        // Another file at that path is not what was decided about.
        script.programs(Outcome::Complete, vec![program("/opt/acme/run", "cd")]);
        assert_eq!(claim(&script), (None, Confidence::Unknown));
        script.decide("d2", json!({ "name": "/opt/acme/run" }), json!({ "part_of_equipment": false }));
        assert_eq!(script.open("undeclared_component").len(), 1, "only the system is left");
    }
}
