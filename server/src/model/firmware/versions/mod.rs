//! How makers number their firmware, one file per maker: the text of a version to numbers that can be compared.
//! It does not know advisories or devices.
//! Invariant: the order is partial and strict. Versions of different tracks, models or spellings are incomparable, and
//! what cannot be compared is never guessed.
//!
//! # Adding a maker
//!
//! 1. Write `versions/<maker>.rs` with `parse` and a table of what compares how, the maker's traps among them.
//! 2. Add its line to `PRODUCTS` in `model/firmware/products.rs`.

pub mod asa;
pub mod awplus;
pub mod bigip;
pub mod fitelnet;
pub mod fortios;
pub mod gaia;
pub mod generic;
pub mod ics;
pub mod ios;
pub mod iosxe;
pub mod junos;
pub mod nec_ix;
pub mod netscaler;
pub mod nxr;
pub mod panos;
pub mod scan;
pub mod si_r;
pub mod sonicos;
pub mod yamaha;

use std::cmp::Ordering;

/// The longest text that is read as a version, in bytes.
pub const VERSION_BYTES_MAX: usize = 200;

/// A version in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The numbers that are known, the most significant first.
    numbers: Vec<u32>,
    /// Numbers follow that are not known: `7.4` names a branch, not a version.
    open: bool,
    /// The track beside the numbers: a train, an edition, a letter. Empty for the ordinary one.
    track: String,
    /// From which number on another track means another order: 0 when the tracks have nothing to do with each other.
    track_from: usize,
    /// How many numbers name the branch for which a fix is made.
    branch: usize,
}

impl Version {
    /// A version whose numbers are all there; those missing up to `length` are 0.
    pub fn closed(mut numbers: Vec<u32>, length: usize, branch: usize) -> Self {
        while numbers.len() < length {
            numbers.push(0);
        }
        Self { numbers, open: false, track: String::new(), track_from: 0, branch }
    }

    /// A version of which only the first numbers are known.
    pub fn open(numbers: Vec<u32>, branch: usize) -> Self {
        Self { numbers, open: true, track: String::new(), track_from: 0, branch }
    }

    /// The same on a track, which is another order from a place of the numbers on.
    #[must_use]
    pub fn on_track(mut self, track: impl Into<String>, from: usize) -> Self {
        self.track = track.into();
        self.track_from = from;
        self
    }

    /// Which of two is newer; nothing where that cannot be told.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let differs = (0..self.numbers.len().max(other.numbers.len()))
            .map(|place| (place, self.numbers.get(place), other.numbers.get(place)))
            .find(|(_, own, others)| own != others);
        if self.track != other.track {
            // Before the place where tracks part, the numbers decide for both alike.
            let stands_alone = |own: &Self| !own.track.is_empty() && own.track_from == 0;
            if stands_alone(self) || stands_alone(other) {
                return None;
            }
            let parts = self.track_from.max(other.track_from);
            return match differs {
                Some((place, Some(own), Some(others))) if place < parts => Some(own.cmp(others)),
                _ => None,
            };
        }
        match differs {
            Some((_, Some(own), Some(others))) => Some(own.cmp(others)),
            // One goes on where the other is not known.
            Some(_) => None,
            None => (!self.open && !other.open).then_some(Ordering::Equal),
        }
    }

    /// Whether it is this one or newer. A bound that names a branch is reached by everything in the branch.
    pub fn reaches(&self, bound: &Self) -> Option<bool> {
        match self.compare(bound) {
            Some(order) => Some(order != Ordering::Less),
            None => self.lies_in(bound).filter(|inside| *inside),
        }
    }

    /// Whether it belongs to a branch.
    pub fn lies_in(&self, branch: &Self) -> Option<bool> {
        let begins = self.numbers.starts_with(&branch.numbers);
        if self.track != branch.track {
            // A branch without a train holds all its trains, and one that ends before tracks part holds all of them.
            let nested = !branch.track.is_empty() && self.track.starts_with(&branch.track);
            let before = branch.track.is_empty() && self.track_from >= branch.numbers.len() && self.track_from > 0;
            if branch.open && begins && (nested || before) {
                return Some(true);
            }
            return self.compare(branch).map(|_| false);
        }
        if begins && (branch.open || (!self.open && self.numbers.len() == branch.numbers.len())) {
            return Some(true);
        }
        let undecided = self.open && branch.numbers.starts_with(&self.numbers);
        (!undecided).then_some(false)
    }

    /// Whether it has nothing to do with another: on another track from the first number on.
    pub fn is_elsewhere(&self, other: &Self) -> bool {
        let nested = self.track.starts_with(&other.track) && !other.track.is_empty();
        self.track != other.track && self.track_from == 0 && other.track_from == 0 && !(nested && other.open)
    }

    /// Whether a fix is for the branch that this version belongs to.
    pub fn shares_branch(&self, fix: &Self) -> bool {
        let own = self.numbers.get(..self.branch);
        self.track == fix.track && own.is_some() && own == fix.numbers.get(..self.branch)
    }
}

/// How a maker's versions are read.
pub type Parse = fn(&str) -> Option<Version>;

/// Reads a version within the limit.
pub fn read(parse: Parse, text: &str) -> Option<Version> {
    let text = text.trim();
    if text.is_empty() || text.len() > VERSION_BYTES_MAX { None } else { parse(text) }
}

#[cfg(test)]
mod tests;
