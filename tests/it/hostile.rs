//! Everything that a stranger can hand in, fed with seeds and with thousands of changed copies of them.
//! It does not search for new paths as a fuzzer does (`tests/fuzz/`); it keeps the targets alive and what was found fixed.
//! Invariant: the changes follow from a fixed number, so a failure comes back; `DAICHO_HOSTILE` sets how many per target.

use harness::dice::Dice;
use harness::hostile::{TARGETS, Target};
use std::path::{Path, PathBuf};

/// What is changed, and how: the same every time.
struct Chance(Dice);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(bound as u64)).unwrap()
    }

    /// A changed copy: bytes set, left out, put in, doubled, cut, or a piece of another input.
    fn changed(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len().max(1)).min(bytes.len());
            let to = (at + self.below(16)).min(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..to)),
                2 => drop(bytes.splice(at..at, std::iter::repeat_n(b"0\"{[\xff\0"[self.below(6)], 1 + self.below(9)))),
                3 => {
                    let piece = bytes[at..to].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                4 => {
                    let from = self.below(other.len());
                    let piece = other.get(from..(from + self.below(40)).min(other.len())).unwrap_or_default();
                    drop(bytes.splice(at..to, piece.iter().copied()));
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = u8::try_from(self.below(256)).unwrap();
                    }
                }
            }
        }
        bytes
    }
}

fn rounds() -> usize {
    std::env::var("DAICHO_HOSTILE").ok().map_or(600, |rounds| rounds.parse().unwrap())
}

/// Inputs that once broke something, by target.
fn found(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/found").join(target.name);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn feed(target: &Target) {
    let inputs = [(target.seeds)(), found(target)].concat();
    inputs.iter().for_each(|input| (target.feed)(input));
    let mut chance = Chance(Dice(1));
    for round in 0..rounds() {
        let (one, other) = (chance.below(inputs.len()), chance.below(inputs.len()));
        let input = chance.changed(&inputs[one], &inputs[other]);
        let fed = std::panic::catch_unwind(|| (target.feed)(&input));
        assert!(fed.is_ok(), "{}, round {round}: {:?}", target.name, String::from_utf8_lossy(&input));
    }
}

/// Goal: nothing that a stranger hands in breaks an invariant. Method: each target by itself, so that a failure names it.
#[test]
fn whatever_is_handed_in_nothing_breaks() {
    TARGETS.iter().for_each(feed);
}

/// Writes the seeds where cargo-fuzz looks for them, when asked to (`DAICHO_FUZZ_CORPUS=folder`).
#[test]
fn seeds_are_inputs() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        let Some(folder) = std::env::var_os("DAICHO_FUZZ_CORPUS") else { continue };
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().chain(&found(target)).enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}

/// Every target has its file for cargo-fuzz.
#[test]
fn every_target_can_be_fuzzed() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
    }
}
