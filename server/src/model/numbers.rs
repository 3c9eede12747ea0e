//! Dense numbers for things that stand often: hosts, observations, keys; and sets of such numbers.
//! It does not know what is numbered.
//! Invariant: a number follows from the order of appearance alone, and a free one is used again lowest first, so the same
//! entries give the same numbers. Everything here is shared between copies until one of them changes it.

use imbl::{OrdMap, Vector};
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The number of a host: the place of its agent in the order of enrolment. It is never free again.
pub type HostNo = u32;
/// The number of a distinct observation while it stands anywhere.
pub type ItemNo = u32;

/// So many numbers are looked up one by one.
const FEW: u64 = 16;

/// A place in a vector. Numbers are 32 bits wide, places as wide as the machine.
pub(crate) fn place(no: u32) -> usize {
    usize::try_from(no).unwrap_or(usize::MAX)
}

/// The number of a place.
pub(crate) fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Rows by number.
#[derive(Clone, Debug)]
pub struct Table<T: Clone> {
    rows: Vector<Option<T>>,
    free: RoaringBitmap,
}

impl<T: Clone> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vector::new(), free: RoaringBitmap::new() }
    }
}

impl<T: Clone> Table<T> {
    /// Gives a row the lowest free number.
    pub fn insert(&mut self, row: T) -> u32 {
        if let Some(no) = self.free.min() {
            self.free.remove(no);
            if let Some(slot) = self.rows.get_mut(place(no)) {
                *slot = Some(row);
            }
            return no;
        }
        self.rows.push_back(Some(row));
        number(self.rows.len() - 1)
    }

    /// One row.
    pub fn get(&self, no: u32) -> Option<&T> {
        self.rows.get(place(no))?.as_ref()
    }

    /// One row, to be changed.
    pub fn get_mut(&mut self, no: u32) -> Option<&mut T> {
        self.rows.get_mut(place(no))?.as_mut()
    }

    /// Frees a number.
    pub fn remove(&mut self, no: u32) -> Option<T> {
        let row = self.rows.get_mut(place(no))?.take()?;
        self.free.insert(no);
        Some(row)
    }

    /// Every row, in order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter().enumerate().filter_map(|(at, row)| row.as_ref().map(|row| (number(at), row)))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len() - usize::try_from(self.free.len()).unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every place, free ones too: what a snapshot keeps.
    pub(crate) fn slots(&self) -> impl ExactSizeIterator<Item = Option<&T>> {
        self.rows.iter().map(Option::as_ref)
    }

    /// A table with these places.
    pub(crate) fn from_slots(rows: Vector<Option<T>>) -> Self {
        let free = rows.iter().enumerate().filter(|(_, row)| row.is_none()).map(|(at, _)| number(at)).collect();
        Self { rows, free }
    }
}

/// Values that are held by many and kept once, by number, with the count of those who hold them.
#[derive(Clone, Debug)]
pub struct Interned<T: Ord> {
    rows: Table<Held<T>>,
    by_value: OrdMap<Arc<T>, u32>,
}

#[derive(Debug)]
struct Held<T> {
    value: Arc<T>,
    holders: u32,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), holders: self.holders }
    }
}

impl<T: Ord> Default for Interned<T> {
    fn default() -> Self {
        Self { rows: Table::default(), by_value: OrdMap::new() }
    }
}

impl<T: Ord + Clone> Interned<T> {
    /// The number of a value that is kept.
    pub fn find(&self, value: &T) -> Option<u32> {
        self.by_value.get(value).copied()
    }

    /// One more holder of a value.
    pub fn hold(&mut self, value: &T) -> u32 {
        if let Some(no) = self.find(value) {
            self.hold_again(no);
            return no;
        }
        self.keep(value.clone())
    }

    /// One more holder of a value that is kept.
    pub fn hold_again(&mut self, no: u32) {
        if let Some(held) = self.rows.get_mut(no) {
            held.holders += 1;
        }
    }

    fn keep(&mut self, value: T) -> u32 {
        let value = Arc::new(value);
        let no = self.rows.insert(Held { value: Arc::clone(&value), holders: 1 });
        self.by_value.insert(value, no);
        no
    }

    /// One holder less; a value that nobody holds is forgotten. Answers whether it was.
    pub fn release(&mut self, no: u32) -> bool {
        let Some(held) = self.rows.get_mut(no) else { return false };
        held.holders = held.holders.saturating_sub(1);
        if held.holders > 0 {
            return false;
        }
        if let Some(held) = self.rows.remove(no) {
            self.by_value.remove(&*held.value);
        }
        true
    }

    /// One value.
    pub fn get(&self, no: u32) -> Option<&Arc<T>> {
        self.rows.get(no).map(|held| &held.value)
    }

    /// Every value, in order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Arc<T>)> {
        self.rows.iter().map(|(no, held)| (no, &held.value))
    }

    /// Values from one on, in order.
    pub(crate) fn from(&self, first: T) -> impl Iterator<Item = (&Arc<T>, u32)> {
        self.by_value.range(Arc::new(first)..).map(|(value, no)| (value, *no))
    }

    /// Every place, free ones too, with the count of holders.
    pub(crate) fn slots(&self) -> impl ExactSizeIterator<Item = Option<(&T, u32)>> {
        self.rows.slots().map(|row| row.map(|held| (&*held.value, held.holders)))
    }

    /// Values with these places and counts of holders.
    pub(crate) fn from_slots(slots: impl Iterator<Item = Option<(T, u32)>>) -> Self {
        let mut by_value = OrdMap::new();
        let mut rows = Vector::new();
        for (at, slot) in slots.enumerate() {
            rows.push_back(slot.map(|(value, holders)| {
                let value = Arc::new(value);
                by_value.insert(Arc::clone(&value), number(at));
                Held { value, holders }
            }));
        }
        Self { rows: Table::from_slots(rows), by_value }
    }
}

/// A set of numbers that is often a single one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum NumberSet {
    /// Nothing.
    #[default]
    None,
    /// One.
    One(u32),
    /// Several.
    Many(Arc<RoaringBitmap>),
}

impl NumberSet {
    /// Adds a number.
    pub fn insert(&mut self, no: u32) {
        match self {
            Self::None => *self = Self::One(no),
            Self::One(other) if *other == no => {}
            Self::One(other) => *self = Self::Many(Arc::new([*other, no].into_iter().collect())),
            Self::Many(all) => {
                Arc::make_mut(all).insert(no);
            }
        }
    }

    /// Takes a number out.
    pub fn remove(&mut self, no: u32) {
        match self {
            Self::One(other) if *other == no => *self = Self::None,
            Self::None | Self::One(_) => {}
            Self::Many(all) => {
                Arc::make_mut(all).remove(no);
                match (all.min(), all.max()) {
                    (Some(first), Some(last)) if first == last => *self = Self::One(first),
                    (None, _) => *self = Self::None,
                    _ => {}
                }
            }
        }
    }

    /// Whether a number is in it.
    pub fn contains(&self, no: u32) -> bool {
        match self {
            Self::None => false,
            Self::One(other) => *other == no,
            Self::Many(all) => all.contains(no),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Many(all) => all.len(),
        }
    }

    /// Whether any of these numbers is in it.
    pub fn meets(&self, others: &RoaringBitmap) -> bool {
        match self {
            Self::None => false,
            Self::One(no) => others.contains(*no),
            Self::Many(own) => !own.is_disjoint(others),
        }
    }

    /// Those of its numbers that are among others, in order.
    pub fn among(&self, others: &RoaringBitmap) -> Vec<u32> {
        match self {
            Self::None => Vec::new(),
            Self::One(no) => others.contains(*no).then_some(*no).into_iter().collect(),
            Self::Many(own) if own.len() < FEW => own.iter().filter(|no| others.contains(*no)).collect(),
            Self::Many(own) => (&**own & others).into_iter().collect(),
        }
    }

    /// The first number of which something holds.
    pub fn find(&self, holds: impl Fn(u32) -> bool) -> Option<u32> {
        match self {
            Self::None => None,
            Self::One(no) => holds(*no).then_some(*no),
            Self::Many(all) => all.iter().find(|no| holds(*no)),
        }
    }

    /// Adds its numbers to others.
    pub fn add_to(&self, all: &mut RoaringBitmap) {
        match self {
            Self::None => {}
            Self::One(no) => {
                all.insert(*no);
            }
            Self::Many(own) => *all |= &**own,
        }
    }

    /// Adds those of its numbers that are among `within` to others.
    pub fn add_within(&self, within: &RoaringBitmap, all: &mut RoaringBitmap) {
        match self {
            Self::None => {}
            Self::One(no) if !within.contains(*no) => {}
            Self::One(no) => {
                all.insert(*no);
            }
            Self::Many(own) => *all |= &**own & within,
        }
    }

    /// The first number.
    pub fn first(&self) -> Option<u32> {
        match self {
            Self::None => None,
            Self::One(no) => Some(*no),
            Self::Many(all) => all.min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_is_given_first() {
        let mut table = Table::default();
        let numbers: Vec<u32> = ["a", "b", "c", "d"].into_iter().map(|word| table.insert(word)).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
        assert_eq!((table.remove(2), table.remove(0), table.remove(0)), (Some("c"), Some("a"), None));
        assert_eq!((table.insert("e"), table.insert("f"), table.insert("g")), (0, 2, 4));
        assert_eq!(table.iter().collect::<Vec<_>>(), [(0, &"e"), (1, &"b"), (2, &"f"), (3, &"d"), (4, &"g")]);
    }

    #[test]
    fn a_value_is_kept_as_long_as_somebody_holds_it() {
        let mut words = Interned::default();
        let (a, b) = (words.hold(&"a".to_string()), words.hold(&"b".to_string()));
        assert_eq!(words.hold(&"a".to_string()), a);
        assert!(!words.release(a));
        assert!(words.release(a) && words.get(a).is_none() && words.find(&"a".to_string()).is_none());
        assert_eq!((words.hold(&"c".to_string()), words.find(&"b".to_string())), (a, Some(b)));
    }

    #[test]
    fn a_set_says_the_same_however_it_is_kept() {
        let mut set = NumberSet::default();
        let mut kept = RoaringBitmap::new();
        for (step, host) in [3, 9, 3, 70_000, 9, 70_000, 3].into_iter().enumerate() {
            if step < 4 {
                set.insert(host)
            } else {
                set.remove(host)
            }
            if step < 4 {
                kept.insert(host)
            } else {
                kept.remove(host)
            };
            let mut all = RoaringBitmap::new();
            set.add_to(&mut all);
            assert_eq!((&all, set.len(), set.first()), (&kept, kept.len(), kept.min()));
            let others: RoaringBitmap = [9, 10, 70_000].into_iter().collect();
            assert_eq!(set.among(&others), (&kept & &others).into_iter().collect::<Vec<_>>());
            assert_eq!(set.meets(&others), !kept.is_disjoint(&others));
        }
        assert!(set.is_empty());
    }
}
