//! The decisions that people took about components: which stand, which held on a day, and what they say of one component.
//! It does not know hosts, records or plans; it compares words.
//! Invariant: the decision that names a component most closely speaks; where two that are equally close differ, neither does.

use crate::ledger::entry::Author;
use crate::model::cover::glob_matches;
use crate::model::findings::At;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::component::{
    ComponentDecided, ComponentDecisionWithdrawn, ComponentSelector, ComponentSort, VendorPlace,
};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::{DecisionId, SupplierId};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A maker or vendor in a host's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vendor {
    /// The words as they are compared.
    pub key: String,
    /// Where they were read.
    pub place: VendorPlace,
    /// The words as they stand there.
    pub words: String,
}

impl Vendor {
    /// From words; nothing where there are none.
    pub fn of(place: VendorPlace, words: &str) -> Option<Arc<Self>> {
        let key = spelled(words);
        (!key.is_empty()).then(|| Arc::new(Self { key, place, words: words.to_string() }))
    }
}

/// How a vendor's words are compared.
pub fn spelled(words: &str) -> String {
    words.trim().to_ascii_lowercase()
}

/// A component as decisions see it.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// What sort of thing.
    pub sort: ComponentSort,
    /// Its maker or vendor in the host's own words.
    pub vendor: Option<&'a Vendor>,
    /// Its name: see [`ComponentSelector::name`].
    pub name: &'a str,
    /// Its version.
    pub version: Option<&'a str>,
}

/// A decision with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionState {
    /// What was decided.
    pub decision: ComponentDecided,
    /// The entry.
    pub seq: u64,
    /// When the server received it.
    pub decided_at: UtcMicros,
    /// Who decided.
    pub by: String,
    /// Who took it back, when, why and in which entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
    /// The decision that replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<DecisionId>,
}

/// How a decision was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The entry.
    pub seq: u64,
    /// When the server received it.
    pub at: UtcMicros,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl DecisionState {
    /// Whether it speaks of today.
    pub fn stands(&self) -> bool {
        self.withdrawn.is_none() && self.replaced_by.is_none()
    }
}

/// What decisions say of one matter of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<'a, T> {
    /// Nothing.
    Nothing,
    /// This, by this decision.
    One(T, &'a DecisionState),
    /// Different things, by decisions that are equally close.
    Several(Vec<&'a DecisionId>),
}

/// What decisions say of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken<'a> {
    /// Who supplies it.
    pub supplier: Said<'a, &'a SupplierId>,
    /// What it is.
    pub category: Said<'a, Category>,
    /// Whether it is part of the equipment.
    pub part: Said<'a, bool>,
}

/// Every decision, and those that stand by what they apply to.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    all: OrdMap<DecisionId, Arc<DecisionState>>,
    /// Those that stand: by name, or by vendor where they give no name.
    by_name: OrdSet<(String, DecisionId)>,
    by_vendor: OrdSet<(String, DecisionId)>,
}

impl Decisions {
    /// A person decided. Answers whether that is new: an id is used once.
    pub(crate) fn decided(&mut self, decision: &ComponentDecided, author: &Author, at: At) -> bool {
        if self.all.contains_key(&decision.decision_id) {
            return false;
        }
        let state = DecisionState {
            decision: decision.clone(),
            seq: at.seq,
            decided_at: at.received_at,
            by: person(author),
            withdrawn: None,
            replaced_by: None,
        };
        // What it names, and what stands about the very same components: somebody who asks about a past day leaves out the
        // decisions that do not speak of it, and the one it names may be among them.
        let about = self.about(&decision.components).map(|state| state.decision.decision_id.clone());
        for before in decision.replaces.iter().chain(&about) {
            self.end(before, |state| state.replaced_by = Some(decision.decision_id.clone()));
        }
        self.enter(Arc::new(state));
        true
    }

    /// A person took a decision back.
    pub(crate) fn withdrawn(&mut self, taken: &ComponentDecisionWithdrawn, author: &Author, at: At) {
        let (by, reason) = (person(author), taken.reason.clone());
        let withdrawn = Withdrawn { seq: at.seq, at: at.received_at, by, reason };
        self.end(&taken.decision_id, |state| state.withdrawn = Some(withdrawn));
    }

    fn end(&mut self, id: &DecisionId, how: impl FnOnce(&mut DecisionState)) {
        let Some(state) = self.all.get_mut(id).filter(|state| state.stands()) else { return };
        how(Arc::make_mut(state));
        let state = Arc::clone(state);
        let (index, key) = self.index(&state.decision.components);
        index.remove(&(key, id.clone()));
    }

    fn enter(&mut self, state: Arc<DecisionState>) {
        let id = state.decision.decision_id.clone();
        if state.stands() {
            let (index, key) = self.index(&state.decision.components);
            index.insert((key, id.clone()));
        }
        self.all.insert(id, state);
    }

    fn index(&mut self, selector: &ComponentSelector) -> (&mut OrdSet<(String, DecisionId)>, String) {
        match (&selector.name, &selector.vendor) {
            (Some(name), _) => (&mut self.by_name, name.clone()),
            (None, vendor) => (&mut self.by_vendor, spelled(vendor.as_deref().unwrap_or_default())),
        }
    }

    /// One decision.
    pub fn get(&self, id: &DecisionId) -> Option<&DecisionState> {
        self.all.get(id).map(|state| &**state)
    }

    /// Every decision, those that were taken back or replaced too, in order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &DecisionState> {
        self.all.values().map(|state| &**state)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The decision that stands about the very same components.
    pub fn about(&self, selector: &ComponentSelector) -> Option<&DecisionState> {
        let key = match &selector.name {
            Some(name) => name.clone(),
            None => spelled(selector.vendor.as_deref().unwrap_or_default()),
        };
        self.of_key(selector.name.is_some(), &key).find(|state| plain(&state.decision.components) == plain(selector))
    }

    /// The decisions that stand about all of a vendor, wherever its words were read.
    pub fn of_vendor<'a, 'k>(&'a self, key: &'k str) -> impl Iterator<Item = &'a DecisionState> + use<'a, 'k> {
        self.of_key(false, key)
    }

    /// Whether a decision held on a day, as is known now: it was not taken back, was so already, and none that replaced it
    /// was.
    pub fn held(&self, state: &DecisionState, on: CalendarDate) -> bool {
        let began = |state: &DecisionState| state.decision.speaks_of(on);
        let next = |state: &DecisionState| self.get(state.replaced_by.as_ref()?);
        let mut later = std::iter::successors(next(state), |state| next(state)).take(self.all.len());
        state.withdrawn.is_none() && began(state) && !later.any(began)
    }

    fn of_key<'a, 'k>(&'a self, named: bool, key: &'k str) -> impl Iterator<Item = &'a DecisionState> + use<'a, 'k> {
        let index = if named { &self.by_name } else { &self.by_vendor };
        let first = index.range((std::ops::Bound::Included(key_only(key)), std::ops::Bound::Unbounded));
        first.take_while(move |(other, _)| other == key).filter_map(|(_, id)| self.get(id))
    }

    /// What the decisions that stand say of a component.
    pub fn of(&self, component: &Described<'_>) -> Spoken<'_> {
        let vendor = component.vendor.map(|vendor| vendor.key.as_str()).unwrap_or_default();
        let named = self.of_key(true, component.name);
        let all: Vec<&DecisionState> = named
            .chain(self.of_key(false, vendor))
            .filter(|state| applies(&state.decision.components, component))
            .collect();
        Spoken {
            supplier: closest(&all, |decision| decision.supplier_id.as_ref()),
            category: closest(&all, |decision| decision.category),
            part: closest(&all, |decision| decision.part_of_equipment),
        }
    }
}

/// Who decided, for people.
fn person(author: &Author) -> String {
    match author {
        Author::Person(id) => id.to_string(),
        other => other.to_string(),
    }
}

/// The first pair of a key, whatever ids there are: an id begins with a letter or digit, and the lowest of them is 0.
fn key_only(key: &str) -> (String, DecisionId) {
    (key.to_string(), DecisionId::new("0").unwrap_or_else(|_| unreachable!("'0' is an id")))
}

/// Of the decisions that speak of a matter, what the closest one says.
fn closest<'a, T: PartialEq>(
    all: &[&'a DecisionState],
    say: impl Fn(&'a ComponentDecided) -> Option<T>,
) -> Said<'a, T> {
    let speak =
        all.iter().filter_map(|state| Some((closeness(&state.decision.components), say(&state.decision)?, *state)));
    let mut speak: Vec<_> = speak.collect();
    let Some(best) = speak.iter().map(|(close, ..)| *close).max() else { return Said::Nothing };
    speak.retain(|(close, ..)| *close == best);
    let differ = speak.windows(2).any(|pair| matches!(pair, [(_, a, _), (_, b, _)] if a != b));
    if differ {
        return Said::Several(speak.iter().map(|(_, _, state)| &state.decision.decision_id).collect());
    }
    speak.pop().map_or(Said::Nothing, |(_, said, state)| Said::One(said, state))
}

/// How closely a selector names a component: first by name, then by version, vendor and sort.
fn closeness(selector: &ComponentSelector) -> (bool, bool, bool, bool, bool) {
    let ComponentSelector { sort, vendor, vendor_place, name, versions } = selector;
    (name.is_some(), versions.is_some(), vendor.is_some(), vendor_place.is_some(), sort.is_some())
}

/// A selector as selectors are compared.
pub fn plain(selector: &ComponentSelector) -> ComponentSelector {
    ComponentSelector { vendor: selector.vendor.as_deref().map(spelled), ..selector.clone() }
}

/// Whether a selector means a component.
pub fn applies(selector: &ComponentSelector, component: &Described<'_>) -> bool {
    let vendor = |wanted: &String| component.vendor.is_some_and(|vendor| vendor.key == spelled(wanted));
    let version = |glob: &String| component.version.is_some_and(|version| glob_matches(glob, version));
    selector.sort.is_none_or(|sort| sort == component.sort)
        && selector.vendor.as_ref().is_none_or(vendor)
        && selector.vendor_place.is_none_or(|place| component.vendor.is_some_and(|vendor| vendor.place == place))
        && selector.name.as_ref().is_none_or(|name| name == component.name)
        && selector.versions.as_ref().is_none_or(version)
}

impl Keep for Decisions {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.count(self.all.len())?;
        self.all.values().try_for_each(|state| out.json(&**state))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut decisions = Self::default();
        for _ in 0..from.count()? {
            decisions.enter(Arc::new(from.json()?));
        }
        Ok(decisions)
    }
}

#[cfg(test)]
mod tests;
