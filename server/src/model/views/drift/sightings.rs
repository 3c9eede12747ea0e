//! The sightings: every component in each of its variants, with the hosts where it stands. A variant is an item, the origin
//! that the host's index gives for it, and the setting of the host: all that its meaning can depend on.
//! It does not know equipment; it counts in how many of them a variant is covered and in how many it is not.
//! Invariant: each variant is understood once, however many hosts have it; a variant without a host is gone.

use super::review::{OpenKey, Review};
use crate::model::meaning::Meaning;
use crate::model::numbers::{HostNo, ItemNo, NumberSet, Table, place};
use crate::model::prepared::Label;
use crate::model::rows::DriftStatus;
use daicho_schemas::ids::SupplierId;
use imbl::{OrdMap, OrdSet, Vector};
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The number of a variant.
pub type VariantNo = u32;

/// A component as it stands on hosts that are alike in what it means there.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What was observed.
    pub item: ItemNo,
    /// The repository that lists it, by the host's index.
    pub origin: Option<ItemNo>,
    /// The setting, by number.
    pub setting: u32,
    /// The hosts.
    pub hosts: NumberSet,
    /// What it means there.
    pub meaning: Arc<Meaning>,
    /// Equipment on which a part covers it.
    pub covered: u32,
    /// Equipment on which no part covers it.
    pub undeclared: u32,
    /// Equipment of which a person decided that it is no part.
    pub not_part: u32,
}

/// A component in a list: by name, version and number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Name and version.
    pub label: Arc<Label>,
    /// Which item.
    pub item: ItemNo,
}

/// Every component in each of its variants.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    variants: Table<Variant>,
    by_item: Vector<OfItem>,
    /// Each distinct meaning once, with the number of variants that have it.
    meanings: OrdMap<Arc<Meaning>, u32>,
    /// Distinct components per supplier.
    supplied: OrdMap<SupplierId, u64>,
    /// Components in order: undeclared somewhere, no part of the equipment, covered everywhere, on no equipment.
    order: [OrdSet<Listed>; 4],
    pub(super) review: Review,
}

#[derive(Clone, Debug, Default)]
struct OfItem {
    variants: Variants,
    /// In which order it is listed.
    listed: Option<usize>,
}

/// The variants of one item: most items have one.
#[derive(Clone, Debug, Default)]
enum Variants {
    #[default]
    None,
    One(VariantNo),
    Many(Arc<Vec<VariantNo>>),
}

impl Variants {
    fn as_slice(&self) -> &[VariantNo] {
        match self {
            Self::None => &[],
            Self::One(no) => std::slice::from_ref(no),
            Self::Many(all) => all,
        }
    }

    fn from_vec(all: Vec<VariantNo>) -> Self {
        match all.as_slice() {
            [] => Self::None,
            [one] => Self::One(*one),
            _ => Self::Many(Arc::new(all)),
        }
    }
}

/// The orders of the list, by what they hold.
pub const ORDERS: [Option<DriftStatus>; 4] =
    [Some(DriftStatus::Undeclared), Some(DriftStatus::NotPart), Some(DriftStatus::Covered), None];

impl Sightings {
    /// One variant.
    pub fn get(&self, no: VariantNo) -> Option<&Variant> {
        self.variants.get(no)
    }

    /// Every variant, in order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = (VariantNo, &Variant)> {
        self.variants.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.variants.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.variants.is_empty()
    }

    /// The variants of an item, in order of numbers.
    pub fn of(&self, item: ItemNo) -> impl Iterator<Item = (VariantNo, &Variant)> {
        let all = self.by_item.get(place(item)).map_or(&[][..], |of| of.variants.as_slice());
        all.iter().filter_map(|no| self.variants.get(*no).map(|variant| (*no, variant)))
    }

    /// The variant of an item that stands on a host.
    pub fn on(&self, item: ItemNo, host: HostNo) -> Option<VariantNo> {
        self.of(item).find(|(_, variant)| variant.hosts.contains(host)).map(|(no, _)| no)
    }

    /// The hosts of an item.
    pub fn hosts(&self, item: ItemNo) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        self.of(item).for_each(|(_, variant)| variant.hosts.add_to(&mut all));
        all
    }

    /// The variant of these parts, if any host has it.
    pub fn find(&self, item: ItemNo, origin: Option<ItemNo>, setting: u32) -> Option<VariantNo> {
        let same = |(_, variant): &(VariantNo, &Variant)| variant.origin == origin && variant.setting == setting;
        self.of(item).find(same).map(|(no, _)| no)
    }

    /// A new variant, for hosts that come.
    pub(super) fn add(&mut self, item: ItemNo, origin: Option<ItemNo>, setting: u32, meaning: Meaning) -> VariantNo {
        let meaning = self.understood(item, meaning);
        let variant =
            Variant { item, origin, setting, hosts: NumberSet::None, meaning, covered: 0, undeclared: 0, not_part: 0 };
        let meaning = Arc::clone(&variant.meaning);
        let no = self.variants.insert(variant);
        self.review.known(&meaning, no, true);
        self.enter(item, no);
        no
    }

    /// A variant as a snapshot kept it; what it means is said later.
    pub(super) fn add_kept(&mut self, item: ItemNo, no: VariantNo) {
        self.enter(item, no);
    }

    fn enter(&mut self, item: ItemNo, no: VariantNo) {
        while self.by_item.len() <= place(item) {
            self.by_item.push_back(OfItem::default());
        }
        let Some(of) = self.by_item.get_mut(place(item)) else { return };
        let mut all = of.variants.as_slice().to_vec();
        let at = all.partition_point(|known| *known < no);
        all.insert(at, no);
        of.variants = Variants::from_vec(all);
    }

    /// A host comes to a variant.
    pub(super) fn come(&mut self, no: VariantNo, host: HostNo) {
        if let Some(variant) = self.variants.get_mut(no) {
            variant.hosts.insert(host);
        }
    }

    /// A host leaves a variant.
    pub(super) fn leave(&mut self, no: VariantNo, host: HostNo) {
        if let Some(variant) = self.variants.get_mut(no) {
            variant.hosts.remove(host);
        }
    }

    /// Forgets a variant that no host has. Answers its setting, which it held.
    pub(super) fn drop_empty(&mut self, no: VariantNo) -> Option<u32> {
        if !self.get(no)?.hosts.is_empty() {
            return None;
        }
        let variant = self.variants.remove(no)?;
        self.review.known(&variant.meaning, no, false);
        self.review.turned(no, OpenKey::of(&variant), None);
        if let Some(of) = self.by_item.get_mut(place(variant.item)) {
            let all = of.variants.as_slice().iter().copied().filter(|known| *known != no).collect();
            of.variants = Variants::from_vec(all);
        }
        self.forget(variant.item, &variant.meaning);
        Some(variant.setting)
    }

    /// A variant means something else now. Answers whether it does.
    pub(super) fn rejudge(&mut self, no: VariantNo, meaning: Meaning) -> bool {
        let Some(variant) = self.variants.get(no) else { return false };
        if *variant.meaning == meaning {
            return false;
        }
        let (item, before) = (variant.item, Arc::clone(&variant.meaning));
        let meaning = self.understood(item, meaning);
        if let Some(variant) = self.variants.get_mut(no) {
            let was_open = OpenKey::of(variant);
            variant.meaning = meaning;
            self.review.turned(no, was_open, OpenKey::of(variant));
        }
        self.forget(item, &before);
        true
    }

    fn understood(&mut self, item: ItemNo, meaning: Meaning) -> Arc<Meaning> {
        if let Some(supplier) = &meaning.supplier.supplier_id
            && !self.supplies(item, supplier)
        {
            *self.supplied.entry(supplier.clone()).or_insert(0) += 1;
        }
        match self.meanings.get_key_value_mut(&meaning) {
            Some((known, count)) => {
                *count += 1;
                Arc::clone(known)
            }
            None => {
                let meaning = Arc::new(meaning);
                self.meanings.insert(Arc::clone(&meaning), 1);
                meaning
            }
        }
    }

    /// A variant of an item has this meaning no more.
    fn forget(&mut self, item: ItemNo, meaning: &Arc<Meaning>) {
        if let Some(supplier) = &meaning.supplier.supplier_id
            && !self.supplies(item, supplier)
            && let Some(count) = self.supplied.get_mut(supplier)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.supplied.remove(supplier);
            }
        }
        if let Some(count) = self.meanings.get_mut(meaning) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.meanings.remove(meaning);
            }
        }
    }

    /// Whether a supplier supplies an item, on some host.
    fn supplies(&self, item: ItemNo, supplier: &SupplierId) -> bool {
        self.of(item).any(|(_, variant)| variant.meaning.supplier.supplier_id.as_ref() == Some(supplier))
    }

    /// Distinct components tied to a supplier.
    pub fn supplied_by(&self, supplier: &SupplierId) -> u64 {
        self.supplied.get(supplier).copied().unwrap_or(0)
    }

    /// Every distinct meaning, in order.
    pub fn meanings(&self) -> impl ExactSizeIterator<Item = &Arc<Meaning>> {
        self.meanings.keys()
    }

    /// A variant is placed on one more equipment, or one fewer.
    pub(super) fn count(&mut self, no: VariantNo, status: DriftStatus, more: bool) {
        let Some(variant) = self.variants.get_mut(no) else { return };
        let was_open = OpenKey::of(variant);
        let count = match status {
            DriftStatus::Covered => &mut variant.covered,
            DriftStatus::NotPart => &mut variant.not_part,
            _ => &mut variant.undeclared,
        };
        *count = if more { *count + 1 } else { count.saturating_sub(1) };
        self.review.turned(no, was_open, OpenKey::of(variant));
    }

    /// Where a component stands against the plans, over all equipment; `undeclared` wins.
    pub fn status(&self, item: ItemNo) -> Option<DriftStatus> {
        let (mut covered, mut undeclared, mut not_part) = (0, 0, 0);
        for (_, variant) in self.of(item) {
            covered += variant.covered;
            undeclared += variant.undeclared;
            not_part += variant.not_part;
        }
        match (undeclared, not_part, covered) {
            (0, 0, 0) => None,
            (0, 0, _) => Some(DriftStatus::Covered),
            (0, ..) => Some(DriftStatus::NotPart),
            _ => Some(DriftStatus::Undeclared),
        }
    }

    /// Enters an item where it belongs in the list now.
    pub(super) fn list(&mut self, item: ItemNo, label: &Arc<Label>) {
        let stands = self.of(item).next().is_some();
        let status = self.status(item);
        let wanted = ORDERS.iter().position(|order| *order == status).filter(|_| stands);
        let Some(of) = self.by_item.get_mut(place(item)) else { return };
        let before = std::mem::replace(&mut of.listed, wanted);
        if before == wanted {
            return;
        }
        let listed = Listed { label: Arc::clone(label), item };
        if let Some(order) = before.and_then(|at| self.order.get_mut(at)) {
            order.remove(&listed);
        }
        if let Some(order) = wanted.and_then(|at| self.order.get_mut(at)) {
            order.insert(listed);
        }
    }

    /// The components of one status in order; on no equipment where none is given.
    pub fn listed(&self, status: Option<DriftStatus>) -> Option<&OrdSet<Listed>> {
        ORDERS.iter().position(|order| *order == status).and_then(|at| self.order.get(at))
    }

    /// The tables of a snapshot.
    pub(super) fn table(&self) -> &Table<Variant> {
        &self.variants
    }

    /// Begins with the variants of a snapshot.
    pub(super) fn from_table(variants: Table<Variant>) -> Self {
        let mut all = Self { variants, ..Self::default() };
        let numbers: Vec<(ItemNo, VariantNo)> = all.variants.iter().map(|(no, variant)| (variant.item, no)).collect();
        for (item, no) in numbers {
            all.add_kept(item, no);
        }
        all
    }

    /// What a variant of a snapshot means.
    pub(super) fn understand(&mut self, no: VariantNo, meaning: Meaning) {
        let Some(item) = self.variants.get(no).map(|variant| variant.item) else { return };
        let meaning = self.understood(item, meaning);
        self.review.known(&meaning, no, true);
        if let Some(variant) = self.variants.get_mut(no) {
            variant.meaning = meaning;
        }
    }
}
