//! Who holds whom: the shares that suppliers' records name on a day, and the ways from a holder down to what it holds at last.
//! It does not know plans, and control is not judged: a way with its exact shares is for a person to read.
//! Invariant: it ends whatever the records say. Companies that hold each other are ordinary life: a way never passes one twice. The
//! door refuses a circle of linked records; records that come in any order, or as of a day, may still hold one.

use super::super::meaning::names::{Likeness, NameKey, spellings};
use super::super::views::declarations::Declarations;
use daicho_schemas::fact::supplier::{CountryCode, Holder, HolderParty, Ratio, Stated, SupplierRecord};
use daicho_schemas::ids::{HolderId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Ways in one answer; the suppliers that are reached are all named, however many ways there are.
pub const PATHS_MAX: usize = 1000;
/// Links in one way.
const LINKS_MAX: usize = 12;

/// One holding: somebody holds a share of a supplier on the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// The holder's id in the record of the supplier that is held.
    pub holder_id: HolderId,
    /// Its name; absent for a person, whose data is sealed.
    pub holder: Option<Text>,
    /// Its own record, where the holding names one.
    pub holder_supplier_id: Option<SupplierId>,
    /// Its 設立準拠法国等, where that is recorded.
    pub country_of_law: Option<CountryCode>,
    /// Of whom.
    pub supplier_id: SupplierId,
    /// The exact share of the votes on the day, as it was written.
    pub share: Ratio,
}

/// One way from a holder down to a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnershipPath {
    /// Where it ends.
    pub supplier_id: SupplierId,
    /// From the top down.
    pub links: Vec<Holding>,
    /// The shares multiplied, as an exact fraction; absent where it has too many digits. It is no measure of control.
    pub product: Option<String>,
    /// The same in percent, rounded down to four digits.
    pub product_percent: Option<String>,
}

/// A holder without a record of its own whose name is that of a supplier in question: not followed, for a person to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlikeHolder {
    /// The holding.
    pub holding: Holding,
    /// Whom it may be.
    pub may_be: SupplierId,
}

/// Every holding on a day.
pub(super) struct Ownership {
    holdings: Vec<Holding>,
    by_holder: BTreeMap<SupplierId, Vec<usize>>,
}

/// What a walk starts from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'a> {
    /// A supplier, down to those that it holds.
    Supplier(&'a SupplierId),
    /// One holding, and down from whom it is of.
    Holding(usize),
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Below {
    pub(super) suppliers: BTreeSet<SupplierId>,
    pub(super) paths: Vec<OwnershipPath>,
    pub(super) cut: bool,
}

impl Ownership {
    pub(super) fn on(declarations: &Declarations, day: CalendarDate) -> Self {
        let holdings: Vec<Holding> =
            declarations.suppliers().flat_map(|(_, state)| holdings_of(&state.record, day)).collect();
        let mut by_holder: BTreeMap<SupplierId, Vec<usize>> = BTreeMap::new();
        for (at, holding) in holdings.iter().enumerate() {
            if let Some(id) = &holding.holder_supplier_id {
                by_holder.entry(id.clone()).or_default().push(at);
            }
        }
        Self { holdings, by_holder }
    }

    /// The holdings of which something is true.
    pub(super) fn which(&self, holds: impl Fn(&Holding) -> bool) -> Vec<usize> {
        self.holdings.iter().enumerate().filter(|(_, holding)| holds(holding)).map(|(at, _)| at).collect()
    }

    /// The holdings of a holder that is asked for by its id in a record, its supplier id, or its name in any spelling.
    pub(super) fn named(&self, asked: &str, declarations: &Declarations) -> Vec<usize> {
        let key = NameKey::of(asked);
        let same = |name: &str| NameKey::of(name).likeness(&key) == Some(Likeness::Same);
        let of_record = |record: &SupplierRecord| record.supplier_id.as_str() == asked || spellings(record).any(same);
        let records: BTreeSet<&SupplierId> =
            declarations.suppliers().filter(|(_, state)| of_record(&state.record)).map(|(id, _)| id).collect();
        self.which(|holding| {
            holding.holder_id.as_str() == asked
                || holding.holder_supplier_id.as_ref().is_some_and(|id| records.contains(id) || id.as_str() == asked)
                || holding.holder.as_ref().is_some_and(|name| same(&name.ja) || same(&name.en))
        })
    }

    /// Whom a holding is of.
    pub(super) fn held(&self, at: usize) -> Option<&SupplierId> {
        self.holdings.get(at).map(|holding| &holding.supplier_id)
    }

    /// Everything below some starts: every supplier, and the shortest ways first as far as an answer holds them.
    pub(super) fn below(&self, starts: &[Start<'_>]) -> Below {
        let mut below = Below { suppliers: self.reached(starts), ..Below::default() };
        let mut ways: VecDeque<Vec<usize>> = VecDeque::new();
        let mut room = PATHS_MAX;
        let first = starts.iter().flat_map(|start| self.first(*start));
        for way in first {
            push(&mut ways, vec![way], &mut room, &mut below.cut);
        }
        while let Some(way) = ways.pop_front() {
            let links: Vec<Holding> = way.iter().filter_map(|at| self.holdings.get(*at)).cloned().collect();
            let Some(end) = links.last().map(|link| link.supplier_id.clone()) else { continue };
            for next in self.by_holder.get(&end).into_iter().flatten() {
                let passed = self.held(*next).is_none_or(|held| {
                    links.iter().any(|link| link.supplier_id == *held || link.holder_supplier_id.as_ref() == Some(held))
                });
                if passed {
                    continue;
                }
                if way.len() >= LINKS_MAX {
                    below.cut = true;
                    break;
                }
                push(&mut ways, [way.as_slice(), &[*next]].concat(), &mut room, &mut below.cut);
            }
            below.paths.push(path(end, links));
        }
        below
    }

    fn first(&self, start: Start<'_>) -> Vec<usize> {
        match start {
            Start::Holding(at) => vec![at],
            Start::Supplier(id) => self.by_holder.get(id).cloned().unwrap_or_default(),
        }
    }

    fn reached(&self, starts: &[Start<'_>]) -> BTreeSet<SupplierId> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<usize> = starts.iter().flat_map(|start| self.first(*start)).collect();
        while let Some(at) = next.pop() {
            let Some(held) = self.held(at) else { continue };
            if reached.insert(held.clone()) {
                next.extend(self.by_holder.get(held).into_iter().flatten());
            }
        }
        reached
    }

    /// Holders without a record of their own that are named like one of these suppliers.
    pub(super) fn alike<'a>(&self, suppliers: impl Iterator<Item = &'a SupplierRecord>) -> Vec<AlikeHolder> {
        let mut keys: BTreeMap<NameKey, &SupplierId> = BTreeMap::new();
        for record in suppliers {
            keys.extend(spellings(record).map(|name| (NameKey::of(name), &record.supplier_id)));
        }
        let unlinked = self.holdings.iter().filter(|holding| holding.holder_supplier_id.is_none());
        let alike = |holding: &Holding| {
            let name = holding.holder.as_ref()?;
            let may_be = [&name.ja, &name.en].into_iter().find_map(|name| keys.get(&NameKey::of(name)))?;
            (**may_be != holding.supplier_id)
                .then(|| AlikeHolder { holding: holding.clone(), may_be: SupplierId::clone(may_be) })
        };
        unlinked.filter_map(alike).take(PATHS_MAX).collect()
    }
}

fn push(ways: &mut VecDeque<Vec<usize>>, way: Vec<usize>, room: &mut usize, cut: &mut bool) {
    match room.checked_sub(1) {
        Some(left) => {
            *room = left;
            ways.push_back(way);
        }
        None => *cut = true,
    }
}

/// Whether a supplier's holders are on record: known to be listed, or known to be none.
pub(super) fn are_known(record: &SupplierRecord) -> bool {
    record.items.holders.as_ref().and_then(Stated::value).is_some()
}

fn holdings_of(record: &SupplierRecord, day: CalendarDate) -> Vec<Holding> {
    let holders = record.items.holders.as_ref().and_then(Stated::value).map_or(&[][..], Vec::as_slice);
    let holding = |holder: &Holder| {
        let share = holder.share_on(day).filter(|share| !share.is_zero())?.clone();
        let (name, country_of_law, holder_supplier_id) = match &holder.party {
            HolderParty::Entity { name, country_of_law, supplier_id } => {
                (Some(name.clone()), country_of_law.clone(), supplier_id.clone())
            }
            HolderParty::Person(_) => (None, None, None),
        };
        Some(Holding {
            holder_id: holder.holder_id.clone(),
            holder: name,
            holder_supplier_id,
            country_of_law,
            supplier_id: record.supplier_id.clone(),
            share,
        })
    };
    holders.iter().filter_map(holding).collect()
}

fn path(supplier_id: SupplierId, links: Vec<Holding>) -> OwnershipPath {
    let product = product(links.iter().map(|link| link.share.fraction()));
    let percent = product.and_then(|(part, whole)| part.checked_mul(1_000_000).map(|parts| parts / whole));
    OwnershipPath {
        supplier_id,
        links,
        product: product.map(|(part, whole)| format!("{part}/{whole}")),
        product_percent: percent.map(|parts| format!("{}.{:04}%", parts / 10_000, parts % 10_000)),
    }
}

/// Fractions multiplied, in lowest terms.
fn product(fractions: impl Iterator<Item = (u64, u64)>) -> Option<(u128, u128)> {
    let mut all: (u128, u128) = (1, 1);
    for (part, whole) in fractions {
        let next = (all.0.checked_mul(part.into())?, all.1.checked_mul(whole.into())?);
        let common = common_divisor(next.0, next.1).max(1);
        all = (next.0 / common, next.1 / common);
    }
    Some(all)
}

fn common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
