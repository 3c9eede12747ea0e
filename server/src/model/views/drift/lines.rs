//! The lines of one equipment: its components grouped by supplier, product, category and covering part.
//! It does not know how a meaning comes about, nor other equipment.
//! Invariant: a variant is in one line as long as a member has it, and a line's hosts are the members that have any of it.

use super::sightings::{Listed, Sightings, Variant, VariantNo};
use crate::model::cover::CoverParts;
use crate::model::meaning::{Meaning, SupplierKey};
use crate::model::numbers::{HostNo, Table, number, place};
use crate::model::rows::{Confidence, DriftStatus, SupplierClaim};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::{PartId, PlanId};
use imbl::{OrdMap, Vector};
use roaring::RoaringBitmap;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A line of more variants is long.
const LONG_LINE: u64 = 64;

/// The number of a line on its equipment.
pub(super) type LineNo = u32;

/// What makes a line: components that agree in all of this are one line. The order puts a supplier's lines together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    /// Who supplies it.
    pub supplier: SupplierKey,
    /// What a plan would call it.
    pub product: String,
    /// What it is.
    pub category: Category,
    /// The part that covers it; absent when none does.
    pub cover: Option<(PlanId, PartId)>,
    /// The supplier is recorded, but rests on a mark that anyone could have written: kept apart, so that it is seen.
    pub weak: bool,
    /// No part covers it, and a person decided that it is no part of the equipment.
    pub outside: bool,
}

impl LineKey {
    /// How its components stand.
    pub fn status(&self) -> DriftStatus {
        match (&self.cover, self.outside) {
            (Some(_), _) => DriftStatus::Covered,
            (None, true) => DriftStatus::NotPart,
            (None, false) => DriftStatus::Undeclared,
        }
    }
}

/// One line: which components, on which hosts, by which claims.
#[derive(Clone, Debug)]
pub struct Line {
    /// What makes it.
    pub key: Arc<LineKey>,
    /// Distinct components in order, each with the number of its variants here.
    pub components: OrdMap<Listed, u32>,
    /// The hosts.
    pub hosts: RoaringBitmap,
    variants: RoaringBitmap,
    claims: OrdMap<ByClaim, u32>,
}

impl Line {
    fn new(key: Arc<LineKey>) -> Self {
        let (components, claims) = (OrdMap::new(), OrdMap::new());
        Self { key, components, hosts: RoaringBitmap::new(), variants: RoaringBitmap::new(), claims }
    }

    /// The weakest claim in the line: a line is only as sure as its least sure component.
    pub fn claim(&self) -> Option<&SupplierClaim> {
        self.claims.get_min().map(|(meaning, _)| &meaning.0.supplier)
    }
}

/// A meaning in the order of its claim: the weakest first.
#[derive(Clone, Debug)]
struct ByClaim(Arc<Meaning>);

impl Ord for ByClaim {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |meaning: &Self| meaning.0.supplier.confidence;
        key(self).cmp(&key(other)).then_with(|| self.0.supplier.cmp(&other.0.supplier))
    }
}

impl PartialOrd for ByClaim {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByClaim {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ByClaim {}

/// The drift of one equipment.
#[derive(Clone, Debug, Default)]
pub struct EquipmentDrift {
    /// The hosts that belong to it.
    pub members: RoaringBitmap,
    /// The host names that its plans list: as names are compared, and as first declared.
    pub declared: Arc<BTreeMap<String, String>>,
    /// Its components in order, with how they stand.
    pub components: OrdMap<Listed, Stand>,
    /// Names whose host is heard, with the number of agents that speak for it.
    pub(super) heard: OrdMap<Arc<str>, u32>,
    pub(super) parts: Arc<CoverParts>,
    lines: Table<Arc<Line>>,
    by_key: OrdMap<Arc<LineKey>, LineNo>,
    /// The line of each variant that a member has, by the variant's number.
    placed: Vector<Option<LineNo>>,
    covered: u64,
    undeclared: u64,
}

/// How a component stands on one equipment: how many of its variants are in lines that a part covers, that are no part of
/// it, and in others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// In covered lines.
    pub covered: u32,
    /// In lines that no part covers.
    pub undeclared: u32,
    /// In lines that are no part of it.
    pub not_part: u32,
}

impl EquipmentDrift {
    /// Its lines, in order of their keys.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.by_key.values().filter_map(|no| self.lines.get(*no)).map(|line| &**line)
    }

    /// The lines of one supplier.
    pub fn lines_of<'a>(&'a self, supplier: &'a SupplierKey) -> impl Iterator<Item = &'a Line> {
        let first = LineKey {
            supplier: supplier.clone(),
            product: String::new(),
            category: Category::ServerHardware,
            cover: None,
            weak: false,
            outside: false,
        };
        let own = self.by_key.range(Arc::new(first)..).take_while(move |(key, _)| key.supplier == *supplier);
        own.filter_map(|(_, no)| self.lines.get(*no)).map(|line| &**line)
    }

    /// Whether a part of a plan that counts names a supplier.
    pub fn names(&self, supplier: &SupplierKey) -> bool {
        supplier.recorded().is_some_and(|id| self.parts.names(id))
    }

    /// Distinct components that a part covers, and those that none covers.
    pub fn counts(&self) -> (u64, u64) {
        (self.covered, self.undeclared)
    }

    /// How many declared hosts are heard.
    pub fn hosts_heard(&self) -> usize {
        self.heard.len()
    }

    pub(super) fn line_key(&self, line: LineNo) -> Option<&Arc<LineKey>> {
        self.lines.get(line).map(|line| &line.key)
    }

    pub(super) fn placed(&self) -> impl Iterator<Item = VariantNo> {
        self.placed.iter().enumerate().filter(|(_, line)| line.is_some()).map(|(at, _)| number(at))
    }

    pub(super) fn line_numbers(&self) -> impl Iterator<Item = LineNo> {
        self.by_key.values().copied()
    }

    /// The line of a variant that is placed.
    pub(super) fn line_of(&self, variant: VariantNo) -> Option<LineNo> {
        self.placed.get(place(variant)).copied().flatten()
    }

    fn key_of(&self, variant: &Variant, name: &str) -> LineKey {
        let meaning = &variant.meaning;
        let cover = self.parts.cover(meaning, name);
        LineKey {
            supplier: SupplierKey::of(&meaning.supplier),
            product: meaning.product.clone(),
            category: meaning.category,
            outside: cover.is_none() && meaning.decided.outside.is_some(),
            cover,
            weak: meaning.supplier.supplier_id.is_some() && meaning.supplier.confidence <= Confidence::Low,
        }
    }

    /// Puts a variant into the line where it belongs. Answers the line, and how it stands.
    pub(super) fn place(&mut self, no: VariantNo, variant: &Variant, listed: &Listed) -> (LineNo, DriftStatus) {
        let key = self.key_of(variant, &listed.label.name);
        let status = key.status();
        let line_no = match self.by_key.get(&key) {
            Some(line) => *line,
            None => {
                let key = Arc::new(key);
                let line = self.lines.insert(Arc::new(Line::new(Arc::clone(&key))));
                self.by_key.insert(key, line);
                line
            }
        };
        if let Some(line) = self.lines.get_mut(line_no).map(Arc::make_mut) {
            line.variants.insert(no);
            *line.components.entry(listed.clone()).or_insert(0) += 1;
            *line.claims.entry(ByClaim(Arc::clone(&variant.meaning))).or_insert(0) += 1;
        }
        while self.placed.len() <= place(no) {
            self.placed.push_back(None);
        }
        self.placed.set(place(no), Some(line_no));
        self.stand(listed, status, true);
        (line_no, status)
    }

    /// Takes a variant out of its line. `meaning` is the one it was placed with. Answers the line, and how it stands.
    /// The line stays until it is settled.
    pub(super) fn unplace(
        &mut self,
        no: VariantNo,
        meaning: &Arc<Meaning>,
        listed: &Listed,
    ) -> Option<(LineNo, DriftStatus)> {
        let line_no = self.placed.get_mut(place(no))?.take()?;
        let line = Arc::make_mut(self.lines.get_mut(line_no)?);
        line.variants.remove(no);
        fewer(&mut line.components, listed);
        fewer(&mut line.claims, &ByClaim(Arc::clone(meaning)));
        let status = line.key.status();
        self.stand(listed, status, false);
        Some((line_no, status))
    }

    fn stand(&mut self, listed: &Listed, status: DriftStatus, more: bool) {
        let mut stand = self.components.get(listed).copied().unwrap_or_default();
        let mut uncounted = 0;
        let (of_status, distinct) = match status {
            DriftStatus::Covered => (&mut stand.covered, &mut self.covered),
            DriftStatus::NotPart => (&mut stand.not_part, &mut uncounted),
            _ => (&mut stand.undeclared, &mut self.undeclared),
        };
        if more {
            *distinct += u64::from(*of_status == 0);
            *of_status += 1;
        } else {
            *of_status = of_status.saturating_sub(1);
            *distinct = distinct.saturating_sub(u64::from(*of_status == 0));
        }
        if stand == Stand::default() {
            self.components.remove(listed);
        } else {
            self.components.insert(listed.clone(), stand);
        }
    }

    /// A host has something of these lines.
    pub(super) fn enter(&mut self, host: HostNo, lines: &BTreeSet<LineNo>) {
        for line in lines {
            if let Some(line) = self.lines.get_mut(*line)
                && !line.hosts.contains(host)
            {
                Arc::make_mut(line).hosts.insert(host);
            }
        }
    }

    /// Whether a line holds so many variants that a host's own are looked through instead.
    pub(super) fn is_long(&self, line: LineNo) -> bool {
        self.lines.get(line).is_some_and(|line| line.variants.len() > LONG_LINE)
    }

    /// Whether a host has anything of a line. `own` are the variants on the host, if the line is long.
    pub(super) fn has(&self, host: HostNo, line_no: LineNo, sightings: &Sightings, own: &[VariantNo]) -> bool {
        let Some(line) = self.lines.get(line_no) else { return false };
        if line.variants.len() <= LONG_LINE {
            let here = |no| sightings.get(no).is_some_and(|variant| variant.hosts.contains(host));
            line.variants.iter().any(here)
        } else {
            own.iter().any(|no| line.variants.contains(*no))
        }
    }

    /// A host has nothing of a line any more.
    pub(super) fn exit(&mut self, host: HostNo, line: LineNo) {
        if let Some(line) = self.lines.get_mut(line)
            && line.hosts.contains(host)
        {
            Arc::make_mut(line).hosts.remove(host);
        }
    }

    /// Says anew which members have anything of a line, after many variants have moved.
    pub(super) fn recount(&mut self, line_no: LineNo, sightings: &Sightings) {
        let Some(line) = self.lines.get(line_no) else { return };
        let mut hosts = RoaringBitmap::new();
        for variant in line.variants.iter().filter_map(|no| sightings.get(no)) {
            variant.hosts.add_within(&self.members, &mut hosts);
        }
        if let Some(line) = self.lines.get_mut(line_no).map(Arc::make_mut) {
            line.hosts = hosts;
        }
    }

    /// Forgets a line that holds nothing.
    pub(super) fn settle(&mut self, line_no: LineNo) {
        if self.lines.get(line_no).is_some_and(|line| line.variants.is_empty())
            && let Some(line) = self.lines.remove(line_no)
        {
            self.by_key.remove(&line.key);
        }
    }

    /// Forgets every line.
    pub(super) fn clear(&mut self) {
        self.lines = Table::default();
        self.by_key = OrdMap::new();
        self.placed = Vector::new();
        self.components = OrdMap::new();
        (self.covered, self.undeclared) = (0, 0);
    }

    /// A member that is heard goes by this name, or no more.
    pub(super) fn hear(&mut self, name: &Arc<str>, more: bool) {
        if more {
            *self.heard.entry(Arc::clone(name)).or_insert(0) += 1;
        } else {
            fewer(&mut self.heard, name);
        }
    }
}

fn fewer<K: Ord + Clone>(counts: &mut OrdMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}
