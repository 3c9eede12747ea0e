//! Seeds that every change must pass, and mutants that the simulation must catch.
//! They do not search: `cargo run --release -p daicho-sim -- --seeds N` does. Invariant under test: a check that cannot fail
//! proves nothing, so each fault that is put in on purpose is seen.

use crate::mutant::Mutant;
use crate::run;

/// Seeds that run with every change.
const SEEDS: u64 = 200;
/// Seeds that once showed something: see `docs/simulation.md`.
const FOUND: [u64; 17] =
    [217, 354, 366, 517, 593, 667, 701, 757, 912, 954, 969, 1092, 1267, 2114, 12_426, 50_803, 57_301];
/// Seeds after which a mutant must have been caught.
const SEEDS_PER_MUTANT: u64 = 1000;

#[test]
fn the_first_seeds_and_those_that_once_failed_go_well() {
    for seed in (0..SEEDS).chain(FOUND) {
        if let Err(failure) = run(seed, None, None) {
            panic!("{failure}");
        }
    }
}

#[test]
fn every_mutant_is_caught() {
    for mutant in Mutant::ALL {
        let caught = (0..SEEDS_PER_MUTANT).any(|seed| run(seed, None, Some(mutant)).is_err());
        assert!(caught, "{mutant:?} was not caught in {SEEDS_PER_MUTANT} seeds");
    }
}
