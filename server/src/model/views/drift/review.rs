//! What waits for a person's decision: variants on critical equipment whose supplier or category nobody has settled, by what one
//! decision would settle; and every variant by the words that decisions name.
//! It does not know hosts or who could be meant. Invariant: it is kept by the fold, variant by variant, and never walks the fleet.

use super::sightings::{Listed, ORDERS, Sightings, Variant, VariantNo};
use crate::model::meaning::Meaning;
use crate::model::numbers::NumberSet;
use crate::model::prepared::Label;
use crate::model::rows::Confidence;
use crate::model::views::decisions::{Vendor, spelled};
use daicho_schemas::fact::component::{ComponentSelector, ComponentSort, VendorPlace};
use daicho_schemas::fact::declaration::Category;
use imbl::OrdMap;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// What one decision would settle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenKey {
    /// The maker or vendor in the hosts' own words.
    pub vendor: Option<Arc<Vendor>>,
    /// What sort of thing.
    pub sort: ComponentSort,
    /// These words could be anyone's: only a decision about each component by name settles anything.
    pub weak: bool,
    /// Nobody is recorded as the supplier for sure; otherwise only what it is waits.
    pub supplier: bool,
}

impl OpenKey {
    /// The key of a variant for which a decision is missing.
    pub(super) fn of(variant: &Variant) -> Option<Self> {
        let meaning = &variant.meaning;
        if variant.covered + variant.undeclared == 0 {
            return None;
        }
        let claim = &meaning.supplier;
        let supplier = claim.supplier_id.is_none() || claim.confidence <= Confidence::Low;
        let category =
            variant.undeclared > 0 && meaning.decided.category.is_none() && meaning.category == Category::Application;
        let weak = supplier && claim.supplier_id.is_some();
        let key = || Self { vendor: meaning.vendor.clone(), sort: meaning.sort, weak, supplier };
        (supplier || category).then(key)
    }
}

type ByVendor = (Option<Arc<Vendor>>, ComponentSort);

/// Variants by what waits for a decision, and by vendor.
#[derive(Clone, Debug, Default)]
pub(super) struct Review {
    open: OrdMap<OpenKey, NumberSet>,
    by_vendor: OrdMap<ByVendor, NumberSet>,
}

impl Review {
    /// A variant of this meaning is there, or no more.
    pub(super) fn known(&mut self, meaning: &Meaning, no: VariantNo, more: bool) {
        keep(&mut self.by_vendor, (meaning.vendor.clone(), meaning.sort), no, more);
    }

    /// A variant waits for something else than before.
    pub(super) fn turned(&mut self, no: VariantNo, before: Option<OpenKey>, after: Option<OpenKey>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            keep(&mut self.open, before, no, false);
        }
        if let Some(after) = after {
            keep(&mut self.open, after, no, true);
        }
    }
}

fn keep<K: Ord + Clone>(sets: &mut OrdMap<K, NumberSet>, key: K, no: VariantNo, more: bool) {
    let set = sets.entry(key.clone()).or_default();
    if more {
        set.insert(no);
    } else {
        set.remove(no);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

impl Sightings {
    /// What waits for a decision, with its variants, in order of keys.
    pub fn open(&self) -> impl Iterator<Item = (&OpenKey, &NumberSet)> {
        self.review.open.iter()
    }

    /// The variants that any of some selectors may mean: all of those that it means, and few others.
    pub(super) fn selected(&self, about: &[ComponentSelector]) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        for selector in about {
            match (&selector.vendor, &selector.name) {
                (Some(words), _) => self.of_vendor(&spelled(words), &mut all),
                (None, Some(name)) => self.of_name(name, &mut all),
                (None, None) => all.extend(self.iter().map(|(no, _)| no)),
            }
        }
        all
    }

    fn of_vendor(&self, key: &str, all: &mut RoaringBitmap) {
        let place = VendorPlace::PackageOrigin;
        let first = Vendor { key: key.to_string(), place, words: String::new() };
        let own = self.review.by_vendor.range((Some(Arc::new(first)), ComponentSort::Deb)..);
        let own = own.take_while(|((vendor, _), _)| vendor.as_ref().is_some_and(|vendor| vendor.key == key));
        own.for_each(|(_, variants)| variants.add_to(all));
    }

    /// Packages by the name in their label; systems, machines and applications by their sort, for their label is another name.
    fn of_name(&self, name: &str, all: &mut RoaringBitmap) {
        let first = Listed { label: Arc::new(Label { name: name.to_string(), version: None }), item: 0 };
        for order in ORDERS.iter().filter_map(|status| self.listed(*status)) {
            let named = order.range(first.clone()..).take_while(|listed| listed.label.name == name);
            all.extend(named.flat_map(|listed| self.of(listed.item)).map(|(no, _)| no));
        }
        let whole = |sort: ComponentSort| {
            matches!(sort, ComponentSort::Os | ComponentSort::Hardware | ComponentSort::Application)
        };
        let others = self.review.by_vendor.iter().filter(|((_, sort), _)| whole(*sort));
        others.for_each(|(_, variants)| variants.add_to(all));
    }
}
