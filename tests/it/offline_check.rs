//! The product without a server: an inventory of a made-up root, a plan, suppliers, and a verdict with an exit code.
//! It does not test every row of drift; the model does.
//! Invariant: exit 0 is "nothing to do", 3 "something found", 2 "bad input".

use harness::executables::{command, executables};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

const OS_RELEASE: &str = "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";

fn stanza(name: &str, maintainer: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nMaintainer: {maintainer}\nArchitecture: amd64\nVersion: 1.0\n\n"
    )
}

fn make_root(root: &Path, status: &str) {
    for folder in ["etc", "var/lib/dpkg"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("etc/os-release"), OS_RELEASE).unwrap();
    std::fs::write(root.join("etc/hostname"), "tos-1\n").unwrap();
    std::fs::write(root.join("var/lib/dpkg/status"), status).unwrap();
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (plan, suppliers) = daicho::example::example_files("tos-1", OS_RELEASE);
        std::fs::write(folder.path().join("plan.json"), serde_json::to_vec_pretty(&plan).unwrap()).unwrap();
        std::fs::write(folder.path().join("suppliers.json"), serde_json::to_vec_pretty(&suppliers).unwrap()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn inventory(&self, name: &str, status: &str) -> PathBuf {
        let root = self.path(&format!("{name}-root"));
        make_root(&root, status);
        let output = command(&executables().agent)
            .args(["inventory", "--format", "json", "--root"])
            .arg(&root)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let path = self.path(name);
        std::fs::write(&path, output.stdout).unwrap();
        path
    }

    fn check(&self, inventories: &[&Path]) -> Output {
        command(&executables().daicho)
            .args(["check", "--format", "json", "--plan"])
            .arg(self.path("plan.json"))
            .arg("--suppliers")
            .arg(self.path("suppliers.json"))
            .args(inventories)
            .output()
            .unwrap()
    }
}

fn products(answer: &Value, status: &str) -> Vec<String> {
    let lines = answer["drift"].as_array().unwrap().iter();
    lines.filter(|line| line["status"] == status).map(|line| line["product"].as_str().unwrap().to_string()).collect()
}

/// A package from somebody whom no plan names is found offline, with its duty, and the exit code says so.
#[test]
fn a_foreign_package_is_found_without_a_server() {
    let desk = Desk::new();
    let foreign = stanza("crane-link", "Foreign Vendor <ops@foreign.example>");
    let status = [stanza("bash", "Example <example@debian.org>"), foreign].concat();
    let inventory = desk.inventory("host.json", &status);
    let output = desk.check(&[&inventory]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(products(&answer, "covered").iter().any(|product| product.contains("Debian")), "{answer}");
    assert!(products(&answer, "undeclared").contains(&"crane-link".to_string()), "{answer}");
    let duties = answer["duties"].as_array().unwrap();
    assert!(duties.iter().any(|duty| duty["outcome"] == "report" && !duty["question"].is_null()), "{duties:?}");
}

/// Bad input is named on standard error and is exit 2, whatever else was good.
#[test]
fn bad_input_is_exit_two() {
    let desk = Desk::new();
    let good = desk.inventory("host.json", &stanza("bash", "Example <example@debian.org>"));
    let bad = desk.path("bad.json");
    let text = std::fs::read_to_string(&good).unwrap();
    std::fs::write(&bad, &text[..text.len() / 2]).unwrap();
    let output = desk.check(&[&good, &bad]);
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("bad.json"), "{complaint}");
    let missing = desk.check(&[&desk.path("missing.json")]);
    assert_eq!(missing.status.code(), Some(2));
}

/// The same host read twice gives the same bytes, on a made-up root and on this very host.
#[test]
fn two_inventories_are_the_same_bytes() {
    let desk = Desk::new();
    let status = stanza("bash", "Example <example@debian.org>");
    let first = std::fs::read(desk.inventory("one.json", &status)).unwrap();
    let second = std::fs::read(desk.inventory("one.json", &status)).unwrap();
    assert_eq!(first, second);
}

/// A newcomer's way: files for this host from `daicho example`, which never overwrites, and a check that takes them.
#[test]
fn the_example_files_are_taken_by_the_check() {
    let desk = Desk::new();
    let inventory = desk.inventory("host.json", &stanza("bash", "Example <example@debian.org>"));
    let folder = desk.path("example");
    let example = || command(&executables().daicho).arg("example").arg(&folder).output().unwrap();
    assert!(example().status.success());
    assert_eq!(example().status.code(), Some(1), "what is there is not overwritten");
    let (plan, suppliers) = (folder.join("plan.json"), folder.join("suppliers.json"));
    let mut check = command(&executables().daicho);
    check.arg("check").arg("--plan").arg(plan).arg("--suppliers").arg(suppliers).arg(inventory);
    let output = check.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
}
