//! Which file lists can name an asked path: the last components of the paths in each list, as numbers, remembered while the list is as it was.
//! So the next question, of this look or of a later one, opens only the lists in which something that it asks for may stand.
//! It does not know packages, and it keeps no path.
//! Invariant: a list that names an asked path is never passed over; one that does not may be read for nothing.

use super::each_line;
use crate::access::{Host, remembered_file};

/// What the numbers of a list are called in the memory.
const KIND: &str = "names in a file list";

/// Last components that are asked for, as numbers, in order.
pub(super) struct Wanted(Vec<u32>);

impl Wanted {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut numbers: Vec<u32> = names.map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }

    /// Whether a list has to be read: it may name something asked for, or cannot be read, and then the reading says why.
    pub(super) fn may_stand_in(&self, host: &dyn Host, list: &str) -> bool {
        // Where nothing is remembered, numbers would cost what they save.
        if host.memory().is_none() {
            return true;
        }
        let numbers = remembered_file(host, KIND, list, |_| true, || numbers_in(host, list));
        numbers.is_none_or(|numbers| numbers.iter().any(|number| self.0.binary_search(number).is_ok()))
    }
}

/// The last component of a listed path.
pub(super) fn last_component(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).and_then(|at| path.get(at + 1..)).unwrap_or(path)
}

/// None where it cannot be read to its end.
fn numbers_in(host: &dyn Host, list: &str) -> Option<Box<[u32]>> {
    let mut numbers = Vec::new();
    each_line(list, host.open(list).ok()?, |line| numbers.push(number(last_component(line)))).ok()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers.into_boxed_slice())
}

/// FNV-1a of 32 bits (RFC 9923). Two names of one number cost a reading for nothing.
fn number(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |number, byte| (number ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
