//! The repository checks itself: headers, lengths, borders, lists, names in documents, generated files.
//! It does not know what the code does.
//! Invariant: a rule that is written down in ARCHITECTURE.md or CONTRIBUTING.md and can be checked is checked here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking; clippy knows test functions and not what they call"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SOURCE_LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn files_below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("fixtures") && !path.ends_with("target") {
                waiting.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<PathBuf> {
    ["schemas", "agent", "server", "tests"].iter().flat_map(|folder| files_below(folder, ".rs")).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Every file says what it is, what it does not know, and which invariant it keeps.
#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> =
        sources().iter().filter(|path| !read(path).starts_with("//!")).map(|path| shown(path)).collect();
    assert_none("files without a `//!` header", &silent);
}

/// A file that one can still read at one sitting.
#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for path in sources() {
        let name = shown(&path);
        let max = if name.starts_with("tests/") || name.contains("/tests") { TEST_LINES_MAX } else { SOURCE_LINES_MAX };
        let lines = read(&path).lines().count();
        if lines > max {
            long.push(format!("{name}: {lines} lines, at most {max}"));
        }
    }
    assert_none("files that are too long", &long);
}

/// The borders of ARCHITECTURE.md: who may not know whom.
#[test]
fn borders_hold() {
    let borders: &[(&str, &[&str])] = &[
        ("schemas/src", &["std::fs", "std::net", "tokio", "std::process", "SystemTime", "std::env"]),
        (
            "server/src/model",
            &[
                "std::fs",
                "std::net",
                "tokio",
                "crate::http",
                "crate::clock",
                "crate::store",
                "ledger::engine",
                "SystemTime",
                "HashMap",
            ],
        ),
        ("server/src/ledger/engines", &["fact::", "Fact::", "crate::model", "crate::http", "crate::intake"]),
        ("server/src/ledger", &["crate::http", "crate::intake", "crate::model"]),
        ("server/src/intake", &["axum", "crate::http"]),
        ("server/src/output", &["crate::http"]),
        (
            "agent/src/collect",
            &["std::fs", "std::process", "std::net::Tcp", "std::env", "crate::submit", "crate::spool"],
        ),
        ("agent/src/spool", &["reqwest", "crate::submit", "crate::access"]),
        (
            "schemas/formats/src",
            &[
                "std::fs",
                "std::net::Tcp",
                "std::net::Udp",
                "tokio",
                "std::process",
                "SystemTime",
                "std::env",
                "HashMap",
            ],
        ),
    ];
    let mut broken = Vec::new();
    for (folder, banned) in borders {
        for path in files_below(folder, ".rs") {
            if ["golden.rs", "tests.rs"].iter().any(|end| shown(&path).ends_with(end)) {
                continue;
            }
            let text = read(&path);
            // Tests at the end of a file may read fixtures and use other parts as oracles.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
                for word in banned.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{}:{}: `{word}` has no place in {folder}", shown(&path), number + 1));
                }
            }
        }
    }
    assert_none("broken borders", &broken);
}

/// Lists are explicit: every file of a listed folder is in its list, and what has fixtures or examples has them.
#[test]
fn lists_are_complete() {
    let lists = [
        ("agent/src/collect", "agent/src/collect/mod.rs"),
        ("agent/devices/src/families", "agent/devices/src/families/mod.rs"),
        ("server/src/model/rules", "server/src/model/rules/mod.rs"),
        ("server/src/model/views", "server/src/model/views/mod.rs"),
        ("schemas/src/fact/observation", "schemas/src/fact/observation/mod.rs"),
    ];
    let mut missing = Vec::new();
    for (folder, list) in lists {
        let text = read(&root().join(list));
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            if stem != "mod" && !text.contains(&format!("mod {stem};")) {
                missing.push(format!("{folder}/{stem} is not in {list}"));
            }
        }
    }
    for collector in daicho_agent::collect::COLLECTORS {
        // Windows machines are recorded as a whole.
        let own = match collector.platforms() {
            [daicho_agent::access::Platform::Windows] => "windows",
            _ => collector.id(),
        };
        let folder = root().join("agent/fixtures").join(own);
        if !folder.is_dir() {
            missing.push(format!("{} has no fixtures", collector.id()));
        }
        let table = read(&root().join("agent/README.md"));
        if !table.contains(&format!("`{}`", collector.id())) {
            missing.push(format!("{} has no row in agent/README.md", collector.id()));
        }
    }
    assert_none("what is missing from a list", &missing);
}

/// The fuzz targets are a workspace of their own, so no other check would read their manifest.
#[test]
fn every_fuzz_target_can_be_built_by_its_name() {
    let folder = root().join("tests/fuzz");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    #[expect(clippy::disallowed_methods, reason = "cargo itself says which targets it would build")]
    let mut metadata = std::process::Command::new(cargo);
    metadata.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(&folder);
    let output = metadata.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = metadata["packages"][0]["targets"].as_array().unwrap().iter();
    let named: BTreeSet<_> =
        named.filter(|target| target["kind"][0] == "bin").map(|target| target["name"].as_str().unwrap()).collect();
    let files = files_below("tests/fuzz/fuzz_targets", "rs");
    let files: BTreeSet<_> = files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(named, files);
    // What cargo only notices when it builds: crates that are not where the manifest says.
    for path in read(&folder.join("Cargo.toml"))
        .lines()
        .filter_map(|line| line.split_once("path = \"../../")?.1.split('"').next().map(str::to_owned))
    {
        assert!(root().join(&path).join("Cargo.toml").is_file(), "tests/fuzz/Cargo.toml names {path}");
    }
}

/// Paths and types that documents name exist.
#[test]
fn documents_name_what_exists() {
    let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "tests/README.md", "agent/README.md"];
    let decisions = files_below("docs", ".md");
    let code: String = sources().iter().map(|path| read(path)).collect();
    let mut wrong = Vec::new();
    for document in documents.iter().map(|name| root().join(name)).chain(decisions) {
        for word in read(&document).split('`').skip(1).step_by(2) {
            let is_path = word.contains('/')
                && ["agent/", "server/", "schemas/", "tests/", "docs/", ".ci/"]
                    .iter()
                    .any(|start| word.starts_with(start));
            let is_type = word.chars().next().is_some_and(char::is_uppercase)
                && word.chars().all(|c| c.is_ascii_alphanumeric())
                && word.chars().any(|c| c.is_lowercase());
            if is_path && !word.contains(['<', '*', ' ']) && !root().join(word).exists() {
                wrong.push(format!("{}: `{word}` does not exist", shown(&document)));
            }
            if is_type && !code.contains(word) {
                wrong.push(format!("{}: no code knows `{word}`", shown(&document)));
            }
        }
    }
    assert_none("what documents name and does not exist", &wrong);
}

/// Words that this project does not use, because they mean two things or nothing.
#[test]
fn vocabulary_holds() {
    let own = shown(&root().join("tests/tidy/main.rs"));
    let banned = [
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("XX", "X"),
        concat!("time", "stamp:"),
        concat!("whitel", "ist"),
        concat!("blackl", "ist"),
    ];
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| shown(path) != own) {
        for (number, line) in read(&path).lines().enumerate() {
            for word in banned.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}:{}: {word}", shown(&path), number + 1));
            }
        }
    }
    assert_none("words that we do not use", &found);
}

/// Every golden vector has its hash, and nothing else lies there.
#[test]
fn golden_vectors_come_in_pairs() {
    let names = |ending: &str| -> BTreeSet<String> {
        files_below("schemas/golden", ending)
            .iter()
            .map(|path| shown(path).trim_end_matches(ending).to_string())
            .collect()
    };
    assert_eq!(names(".json"), names(".hash"));
}
