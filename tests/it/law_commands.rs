//! The commands on the law, from outside: its test cases, a lawyer's changed file, a draft from a template, designation.
//! It does not test rows or criteria one by one; the files carry their cases.
//! Invariant: what a lawyer breaks is seen, a draft is one that other commands take, and nothing is overwritten.

use harness::executables::{command, executables};
use std::path::Path;
use std::process::Output;

fn daicho(folder: &Path, arguments: &[&str]) -> Output {
    command(&executables().daicho).current_dir(folder).args(["--lang", "en"]).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_lawyer_sees_what_a_changed_row_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let all = daicho(folder.path(), &["regimes", "test"]);
    assert_eq!(all.status.code(), Some(0), "{}", told(&all));
    assert!(told(&all).contains(" 0 failed; 0 problems"));

    let clocks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/regimes/jp-espa/clocks.v1.json");
    let text = std::fs::read_to_string(clocks).unwrap();
    std::fs::write(folder.path().join("changed.json"), text.replacen("\"2026-12-30\"", "\"2026-12-31\"", 1)).unwrap();
    let changed = daicho(folder.path(), &["regimes", "test", "changed.json"]);
    assert_eq!(changed.status.code(), Some(3));
    assert!(told(&changed).contains("expected: 2026-12-31"), "{}", told(&changed));

    // A row of the decision table among all others: with its phase taken away, its own cases find another row or none.
    let rows =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/regimes/jp-espa/rows/installation-introduced.json");
    let text_of_rows = std::fs::read_to_string(rows).unwrap();
    std::fs::write(folder.path().join("rows.json"), &text_of_rows).unwrap();
    assert_eq!(daicho(folder.path(), &["regimes", "test", "rows.json"]).status.code(), Some(0));
    std::fs::write(folder.path().join("rows.json"), text_of_rows.replacen("\"introduced\"", "\"draft\"", 1)).unwrap();
    assert_eq!(daicho(folder.path(), &["regimes", "test", "rows.json"]).status.code(), Some(3));

    std::fs::write(folder.path().join("torn.json"), text.get(..500).unwrap()).unwrap();
    assert_eq!(daicho(folder.path(), &["regimes", "test", "torn.json"]).status.code(), Some(2));
}

#[test]
fn a_draft_from_a_template_is_taken_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let new = ["equipment", "new", "--template", "tos", "--id", "tos-1", "--name", "TOS", "--host", "tos-db-1"];
    let drafted = daicho(folder.path(), &new);
    assert_eq!(drafted.status.code(), Some(0), "{}", String::from_utf8_lossy(&drafted.stderr));
    assert!(told(&drafted).contains("Left to answer"));
    let listed = daicho(folder.path(), &["acd", "list", "--plan", "tos-1.plan.json"]);
    assert_eq!(listed.status.code(), Some(3));
    assert!(told(&listed).contains("tos-db-1 — host of the equipment; no inventory"), "{}", told(&listed));
    assert_eq!(daicho(folder.path(), &new).status.code(), Some(1), "the file is there already");
}

#[test]
fn designation_denies_only_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |arguments: &[&str]| {
        let output = daicho(folder.path(), &[&["designation", "--business", "port"], arguments].concat());
        (output.status.code(), told(&output))
    };
    let (code, text) = ask(&["port_containers_per_year=799999", "handles_containers_at_wharf=yes"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("not fulfilled"), "{text}");
    let (code, text) = ask(&["port_containers_per_year=799999"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("unknown") && !text.contains("not fulfilled"), "{text}");
    assert_eq!(ask(&["--on", "2025-03-31"]).0, Some(2), "the port was not a sector yet");
}
