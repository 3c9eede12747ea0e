//! Containers as found in four stores: the golden, damage, and what must not leave.
//! The database of containerd was written by containerd itself (`origin.md`).
//! Invariant tested: no word of a command, an environment or a label leaves, and a damaged store stops no other.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;

fn host() -> RecordedHost {
    golden::running(&ContainersCollector, "four_stores", Machine::default())
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let host = host();
    let collected = golden::check(&ContainersCollector, "four_stores", &host);
    assert_eq!((collected.outcome, &collected.troubles), (Outcome::Complete, &Vec::new()));
    let told = format!("{collected:?}");
    assert!(!told.contains("SECRET"), "{told}");
    let rancher = golden::running(&ContainersCollector, "rancher", Machine::default());
    golden::check(&ContainersCollector, "rancher", &rancher);
    golden::every_documented_place(&ContainersCollector, &[&host, &rancher]);
}

#[test]
fn a_damaged_store_is_named_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("var/lib/docker/containers/abc");
    fs::create_dir_all(&own).unwrap();
    let whole = br#"{"Name":"/web","Config":{"Image":"x","Env":["P=EXAMPLE-SECRET-1"]},"State":{"Running":true}}"#;
    for at in 0..whole.len() {
        let mut damaged = whole.to_vec();
        damaged[at] = b'"';
        fs::write(own.join("config.v2.json"), damaged).unwrap();
        let host = RecordedHost::running(folder.path(), Machine::default());
        let told = format!("{:?}", super::super::run(&ContainersCollector, &host));
        assert!(!told.contains("SECRET") && !told.contains("panicked"), "{at} {told}");
    }
}

/// A machine with this database of containerd.
fn with_database(bytes: &[u8]) -> (tempfile::TempDir, RecordedHost) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("var/lib/containerd/io.containerd.metadata.v1.bolt");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("meta.db"), bytes).unwrap();
    let host = RecordedHost::running(folder.path(), Machine::default());
    (folder, host)
}

fn database() -> Vec<u8> {
    let root = golden::fixtures("containers").join("four_stores/root");
    fs::read(root.join("var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db")).unwrap()
}

#[test]
fn a_database_that_is_cut_or_damaged_is_named_and_nothing_of_it_leaves() {
    let whole = database();
    for end in (0..whole.len()).step_by(1021) {
        let (_folder, host) = with_database(&whole[..end]);
        let collected = super::super::run(&ContainersCollector, &host);
        let told = format!("{collected:?}");
        assert!(!told.contains("SECRET") && !told.contains("error of its own"), "{end} {told}");
    }
    // Every byte of the pages that are in use, a few ways each.
    let used: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    for (at, byte) in used.iter().step_by(7).zip([0xff, 0, 1, 0x80, 2].into_iter().cycle()) {
        let mut damaged = whole.clone();
        damaged[*at] = byte;
        let (_folder, host) = with_database(&damaged);
        let told = format!("{:?}", super::super::run(&ContainersCollector, &host));
        assert!(!told.contains("error of its own"), "{at} {told}");
    }
}

#[test]
fn the_older_state_counts_where_the_newer_one_is_damaged() {
    let whole = database();
    let told = |bytes: &[u8]| {
        let (_folder, host) = with_database(bytes);
        let collected = super::super::run(&ContainersCollector, &host);
        (collected.outcome, collected.items.len())
    };
    assert_eq!(told(&whole), (Outcome::Complete, 4));
    // One of the first two pages holds each state; damage in one leaves the other.
    for page in [0, 4096] {
        let mut damaged = whole.clone();
        damaged[page + 16] ^= 1;
        assert_ne!(told(&damaged).0, Outcome::NotApplicable, "{page}");
    }
    let mut neither = whole;
    neither[16] ^= 1;
    neither[4096 + 16] ^= 1;
    assert_eq!(told(&neither), (Outcome::Failed, 0));
}

#[test]
fn a_tree_that_leads_in_circles_ends() {
    let mut bytes = database();
    // Every page claims to be a branch of itself.
    for page in 2..bytes.len() / 4096 {
        let at = page * 4096;
        bytes[at..at + 8].copy_from_slice(&u64::try_from(page).unwrap().to_le_bytes());
        bytes[at + 8..at + 16].copy_from_slice(&[1, 0, 200, 0, 0, 0, 0, 0]);
        for element in 0..200 {
            let element = at + 16 + element * 16;
            bytes[element + 8..element + 16].copy_from_slice(&u64::try_from(page).unwrap().to_le_bytes());
        }
    }
    let (_folder, host) = with_database(&bytes);
    assert_eq!(super::super::run(&ContainersCollector, &host).outcome, Outcome::Failed);
}
