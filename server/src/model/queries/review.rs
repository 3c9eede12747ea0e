//! The review queue: what stands on critical equipment and waits for a person's decision, by what one decision would settle,
//! most hosts first, with proposals.
//! It does not decide anything. Invariant: a proposal judges nothing; whatever nobody has settled is in the queue.

use super::super::Model;
use super::super::meaning::names::{Likeness, NameKey, Names};
use super::super::numbers::NumberSet;
use super::super::rows::{Page, SupplierClaim};
use super::super::views::drift::{OpenKey, Variant};
use super::Part;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::component::{ComponentSelector, ComponentSort};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::{DecisionId, EquipmentId, SupplierId};
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Components that a group names.
const EXAMPLES_MAX: usize = 10;
/// Proposals with one group.
const PROPOSALS_MAX: usize = 5;

/// What one decision would settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Derived from what it applies to.
    pub group_id: String,
    /// To what a decision would apply.
    pub components: ComponentSelector,
    /// Nobody is recorded as the supplier for sure.
    pub supplier_open: bool,
    /// What it is rests on nothing but that it is a package, and no part covers it.
    pub category_open: bool,
    /// What is taken for now: the claim, with the mark it rests on.
    pub supplier: SupplierClaim,
    /// What it is taken for now.
    pub category: Category,
    /// On how many hosts of critical equipment.
    pub hosts: u64,
    /// How many distinct components.
    pub components_total: u64,
    /// Some of them, by name and version.
    pub examples: Vec<String>,
    /// On which equipment.
    pub equipment: Vec<EquipmentId>,
    /// Who could be meant, the likeliest first.
    pub proposals: Vec<SupplierProposal>,
    /// The decision that stands about the very same components and leaves something open.
    pub decision_id: Option<DecisionId>,
}

/// A supplier that could be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierProposal {
    /// Which.
    pub supplier_id: SupplierId,
    /// Its name.
    pub name: Text,
    /// Why it is proposed.
    pub why: ProposalWhy,
    /// The spelling or decision on which that rests.
    pub by: String,
}

/// Why a supplier is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalWhy {
    /// A person decided so of the same words elsewhere.
    DecidedElsewhere,
    /// Its name is the same, widths, legal forms and variants put aside.
    SameName,
    /// Its name is alike, the legal form is missing or another one.
    AlikeName,
}

/// A group before it is a row: what it applies to, and which variants.
struct Group<'a> {
    components: ComponentSelector,
    key: &'a OpenKey,
    variants: Vec<&'a Variant>,
    hosts: u64,
}

impl Model {
    /// One page of the review queue. `None`: the cursor is not one of this list.
    pub fn review_page(&self, part: Part<'_>) -> Option<Page<ReviewRow>> {
        let groups = self.review_groups();
        let first = match part.cursor {
            None => 0,
            Some(cursor) => groups.iter().position(|group| group_id(&group.components) == cursor)? + 1,
        };
        let names = self.names();
        let rows = groups.iter().skip(first).map(|group| self.review_row(group, &names));
        Some(part.of(rows, |row| row.group_id.clone()))
    }

    /// The rows of a page from a place on.
    pub fn review_from(&self, skip: usize, take: usize) -> Vec<ReviewRow> {
        let names = self.names();
        self.review_groups().iter().skip(skip).take(take).map(|group| self.review_row(group, &names)).collect()
    }

    /// One group of the queue.
    pub fn review_row_of(&self, id: &str) -> Option<ReviewRow> {
        let groups = self.review_groups();
        let group = groups.iter().find(|group| group_id(&group.components) == id)?;
        Some(self.review_row(group, &self.names()))
    }

    /// How many groups wait.
    pub fn review_total(&self) -> usize {
        self.review_groups().len()
    }

    /// Every supplier's id and name, in order of ids.
    pub fn supplier_names(&self) -> impl Iterator<Item = (SupplierId, Text)> {
        self.state.declarations.suppliers().map(|(id, state)| (id.clone(), state.record.name.clone()))
    }

    fn names(&self) -> Names<'_> {
        let mut names = Names::default();
        self.state.declarations.suppliers().for_each(|(_, state)| names.add(&state.record));
        names
    }

    fn review_groups(&self) -> Vec<Group<'_>> {
        let mut members = RoaringBitmap::new();
        self.drift.equipment.values().for_each(|drift| members |= &drift.members);
        let mut all: Vec<Group<'_>> =
            self.drift.sightings.open().flat_map(|(key, variants)| self.groups_of(key, variants)).collect();
        for group in &mut all {
            let mut hosts = RoaringBitmap::new();
            group.variants.iter().for_each(|variant| variant.hosts.add_within(&members, &mut hosts));
            group.hosts = hosts.len();
        }
        all.sort_by_cached_key(|group| (!group.key.supplier, Reverse(group.hosts), group.components.clone()));
        all
    }

    /// The variants of one key by what one decision would settle: all of a vendor, or those of one name.
    fn groups_of<'a>(&'a self, key: &'a OpenKey, variants: &'a NumberSet) -> Vec<Group<'a>> {
        let mut numbers = RoaringBitmap::new();
        variants.add_to(&mut numbers);
        let mut found: BTreeMap<Option<String>, Vec<&Variant>> = BTreeMap::new();
        for variant in numbers.iter().filter_map(|no| self.drift.sightings.get(no)) {
            let named = key.weak || key.vendor.is_none();
            let name = named.then(|| self.decided_name(variant)).flatten();
            found.entry(name).or_default().push(variant);
        }
        let group = |(name, variants)| {
            let vendor = key.vendor.as_deref();
            let components = ComponentSelector {
                sort: Some(key.sort),
                vendor: vendor.map(|vendor| vendor.words.trim().to_string()),
                vendor_place: vendor.map(|vendor| vendor.place),
                name,
                versions: None,
            };
            Group { components, key, variants, hosts: 0 }
        };
        found.into_iter().map(group).collect()
    }

    /// The name by which decisions call a component.
    fn decided_name(&self, variant: &Variant) -> Option<String> {
        match variant.meaning.sort {
            ComponentSort::Os | ComponentSort::Hardware | ComponentSort::Application => {
                Some(variant.meaning.product.clone())
            }
            ComponentSort::Deb
            | ComponentSort::Rpm
            | ComponentSort::Program
            | ComponentSort::Told
            | ComponentSort::Apk
            | ComponentSort::Pacman
            | ComponentSort::Opkg
            | ComponentSort::Snap
            | ComponentSort::Flatpak
            | ComponentSort::Windows
            | ComponentSort::WindowsUpdate
            | ComponentSort::Appx => {
                self.state.assets.items.get(variant.item)?.label.as_ref().map(|(_, label)| label.name.clone())
            }
        }
    }

    fn review_row(&self, group: &Group<'_>, names: &Names<'_>) -> ReviewRow {
        let items: BTreeSet<u32> = group.variants.iter().map(|variant| variant.item).collect();
        let lines: BTreeSet<String> =
            items.iter().filter_map(|item| Some(self.state.assets.items.get(*item)?.line())).collect();
        let weakest =
            group.variants.iter().min_by_key(|variant| (variant.meaning.supplier.confidence, &variant.meaning));
        let meaning = weakest.map(|variant| &variant.meaning);
        let mut hosts = RoaringBitmap::new();
        group.variants.iter().for_each(|variant| variant.hosts.add_to(&mut hosts));
        let equipment = self.drift.equipment.iter().filter(|(_, drift)| !drift.members.is_disjoint(&hosts));
        let category_open = meaning.is_some_and(|meaning| meaning.decided.category.is_none());
        ReviewRow {
            group_id: group_id(&group.components),
            components: group.components.clone(),
            supplier_open: group.key.supplier,
            category_open: category_open && group.variants.iter().any(|variant| variant.undeclared > 0),
            supplier: meaning
                .map(|meaning| meaning.supplier.clone())
                .unwrap_or_else(|| super::super::meaning::unknown_claim("")),
            category: meaning.map_or(Category::Auxiliary, |meaning| meaning.category),
            hosts: group.hosts,
            components_total: items.len() as u64,
            examples: lines.into_iter().take(EXAMPLES_MAX).collect(),
            equipment: equipment.map(|(id, _)| id.clone()).collect(),
            proposals: if group.key.supplier { self.proposals(group, names) } else { Vec::new() },
            decision_id: self.decision_about(&group.components).map(|state| state.decision.decision_id.clone()),
        }
    }

    fn proposals(&self, group: &Group<'_>, names: &Names<'_>) -> Vec<SupplierProposal> {
        let Some(vendor) = group.key.vendor.as_deref() else { return Vec::new() };
        let mut found: BTreeMap<SupplierId, SupplierProposal> = BTreeMap::new();
        let mut propose = |supplier_id: &SupplierId, name: &Text, why: ProposalWhy, by: &str| {
            let proposal =
                SupplierProposal { supplier_id: supplier_id.clone(), name: name.clone(), why, by: by.to_string() };
            let stands = found.entry(supplier_id.clone()).or_insert_with(|| proposal.clone());
            if why < stands.why {
                *stands = proposal;
            }
        };
        for state in self.state.decisions.of_vendor(&vendor.key) {
            if let Some(record) = state.decision.supplier_id.as_ref().and_then(|id| self.supplier_record(id)) {
                let by = state.decision.decision_id.as_str();
                propose(&record.supplier_id, &record.name, ProposalWhy::DecidedElsewhere, by);
            }
        }
        // A maintainer's name stands before its address.
        let words = vendor.words.split('<').next().unwrap_or_default();
        for alike in names.alike(&NameKey::of(words)) {
            let why = match alike.likeness {
                Likeness::Same => ProposalWhy::SameName,
                Likeness::Perhaps => ProposalWhy::AlikeName,
            };
            propose(&alike.record.supplier_id, &alike.record.name, why, alike.spelling);
        }
        let mut all: Vec<SupplierProposal> = found.into_values().collect();
        all.sort_by(|a, b| (a.why, &a.supplier_id).cmp(&(b.why, &b.supplier_id)));
        all.truncate(PROPOSALS_MAX);
        all
    }
}

/// A group's id follows from what it applies to, as selectors are compared.
fn group_id(components: &ComponentSelector) -> String {
    let json = serde_json::to_vec(components).unwrap_or_default();
    format!("g-{}", Hash::of("daicho.review-group.v1", &[&json]).short())
}
