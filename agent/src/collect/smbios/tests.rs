//! Samples of tables, and tables with every byte damaged.
//! It does not know real firmware beyond the samples.
//! Invariant tested: no panic, no endless walk, no credential.

use super::table::{machine, parts};
use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;

fn sample(name: &str) -> RecordedHost {
    golden::running(&SmbiosCollector, name, Machine::default())
}

fn tables() -> Vec<u8> {
    std::fs::read(golden::fixtures("smbios").join("rack_server/root").join(TABLES.trim_start_matches('/'))).unwrap()
}

#[test]
fn samples_give_their_goldens_from_documented_places_only() {
    let expected = [
        ("rack_server", Outcome::Complete, 8),
        ("kvm_guest", Outcome::Complete, 2),
        ("arm_board", Outcome::NotApplicable, 0),
    ];
    for (name, outcome, count) in expected {
        let host = sample(name);
        let collected = golden::check(&SmbiosCollector, name, &host);
        assert_eq!((collected.outcome, collected.items.len()), (outcome, count), "{name}");
        golden::every_documented_place(&SmbiosCollector, &[&host]);
    }
}

/// What a hypervisor hands to a guest's start stands among the maker's texts, and can be a password.
#[test]
fn settings_and_credentials_do_not_leave_the_parser() {
    assert!(tables().windows(16).any(|bytes| bytes == b"EXAMPLE-SECRET-1"), "the sample holds one");
    let said = format!("{:?}", SmbiosCollector.collect(&sample("rack_server")));
    assert!(!said.contains("SECRET") && !said.contains("credential"), "{said}");
    assert!(said.contains("1[0A6B]"), "the maker's own words do: {said}");
}

#[test]
fn without_the_right_nothing_is_claimed() {
    let collected = SmbiosCollector.collect(&sample("rack_server").without_permission_for(&[TABLES]));
    assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotPermitted));
}

/// Any byte changed, and the tables cut at any place: parts or fewer parts, and a cut is seen.
#[test]
fn damaged_tables_come_to_an_end() {
    let bytes = tables();
    for at in 0..bytes.len() {
        for byte in [0, 1, 3, 4, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = byte;
            parts(&damaged, TABLES);
            machine(&damaged, TABLES);
        }
        let (_, is_sound) = parts(&bytes[..at], TABLES);
        assert!(!is_sound || at + 2 >= bytes.len(), "cut at {at}");
    }
    // Structures without end, and texts without end.
    for endless in [[1, 4, 0, 0, 0, 0].repeat(30_000), vec![b'a'; 100_000], vec![0; 100_000]] {
        assert!(!parts(&endless, TABLES).1);
    }
}
