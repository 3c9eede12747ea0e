//! Every sample gives what its `expected.json` says. It does not know whether that is true: `truth.rs` does.
//! Invariant: `DAICHO_GOLDEN=write` is the only way in which a golden changes.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A folder below `fixtures/<family>/`.
pub(crate) struct Sample {
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// All samples, in order.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    for family in folders(&fixtures()) {
        for folder in folders(&family) {
            let input = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .find(|path| path.file_stem().is_some_and(|stem| stem == "input"))
                .unwrap_or_else(|| panic!("{} has no input", folder.display()));
            let last = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
            samples.push(Sample {
                name: format!("{}/{}", last(&family), last(&folder)),
                family: last(&family),
                bytes: std::fs::read(input).unwrap(),
                folder,
            });
        }
    }
    assert!(!samples.is_empty());
    samples
}

/// What comes out of a sample, for a golden.
pub(crate) fn outcome(bytes: &[u8]) -> Value {
    match daicho_devices::read(bytes) {
        Ok(readings) => serde_json::to_value(readings).unwrap(),
        Err(refused) => json!({ "refused": refused.code, "text": refused.text, "remedy": refused.remedy }),
    }
}

#[test]
fn samples_give_what_is_expected() {
    let write = std::env::var("DAICHO_GOLDEN").is_ok_and(|value| value == "write");
    let mut wrong = Vec::new();
    for sample in all() {
        assert!(sample.folder.join("origin.md").exists(), "{} does not say where it comes from", sample.name);
        let out = outcome(&sample.bytes);
        let golden = sample.folder.join("expected.json");
        if write {
            std::fs::write(&golden, serde_json::to_string_pretty(&out).unwrap() + "\n").unwrap();
        }
        // Read, not compared as text: the order of keys hangs on the features of `serde_json` in the build.
        let kept = std::fs::read_to_string(&golden).unwrap_or_default();
        if serde_json::from_str::<Value>(&kept).ok() != Some(out) {
            wrong.push(sample.name);
        }
    }
    assert!(wrong.is_empty(), "not what expected.json says (DAICHO_GOLDEN=write writes it anew): {wrong:?}");
}

/// A sample is recognised as what its folder says; `refused` and `several` are folders of their own.
#[test]
fn samples_are_of_their_family() {
    let known = daicho_devices::families();
    for sample in all().iter().filter(|sample| known.contains(&sample.family.as_str())) {
        let readings = daicho_devices::read(&sample.bytes).unwrap_or_else(|why| panic!("{}: {why}", sample.name));
        assert!(readings.iter().all(|reading| reading.family == sample.family), "{}", sample.name);
    }
    for family in known {
        assert!(fixtures().join(family).exists(), "{family} has no samples");
    }
}
