//! The list of components and its search: every distinct component in order of name and version, or those that a query wants.
//! It does not know versions' order beyond their spelling.
//! Invariant: a cursor names a place in the order, so a page never repeats or skips rows that did not change meanwhile; one
//! page looks at a bounded number of components, and where it has not found enough, the next one goes on.

use super::super::Model;
use super::super::meaning::Meaning;
use super::super::prepared::Label;
use super::super::rows::{ComponentRow, DriftStatus, Page};
use super::super::views::drift::{EquipmentDrift, Listed, ORDERS};
use super::pages::page_items;
use daicho_schemas::ids::{AgentId, EquipmentId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::Arc;

/// The longest search text that is looked at, in characters.
const QUERY_CHARS_MAX: usize = 200;
/// Components that one page looks at before it leaves the rest to the next one.
const LOOKED_AT_MAX: usize = 20_000;
/// Components that one page compares with the words of a search.
const COMPARED_MAX: usize = 10_000;
/// Distinct meanings that are compared with the words before the components are.
const MEANINGS_MAX: usize = 5_000;

/// What to list of the components.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ComponentQuery {
    /// Words that must all be in name, version, product or supplier; case is ignored.
    #[serde(default)]
    pub q: Option<String>,
    /// Only on this host.
    #[serde(default)]
    pub agent_id: Option<AgentId>,
    /// Only on this equipment.
    #[serde(default)]
    pub equipment_id: Option<EquipmentId>,
    /// Only with this status.
    #[serde(default)]
    pub status: Option<DriftStatus>,
    /// Where to go on: what `next` said.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on a page.
    #[serde(default)]
    pub limit: Option<usize>,
}

type Wanted<'a> = Box<dyn Iterator<Item = &'a Listed> + 'a>;

impl Model {
    /// Distinct components, in order of name and version. `None` when the cursor is not one of this list. A page that has a
    /// `next` may hold fewer rows than were asked for, even none: then more was looked at than a page may cost.
    pub fn components(&self, query: &ComponentQuery) -> Option<Page<ComponentRow>> {
        let after = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => None,
            Some(cursor) => Some(decode(cursor)?),
        };
        let limit = page_items(query.limit);
        let own = query.agent_id.as_ref().map(|agent| self.listed_on(agent, after.as_ref()));
        let equipment = match &query.equipment_id {
            Some(id) => match self.drift.equipment.get(id) {
                Some(drift) => Some(&**drift),
                None => return Some(Page { items: Vec::new(), next: None }),
            },
            None => None,
        };
        let candidates: Wanted<'_> = match (&own, equipment, query.status) {
            (Some(own), ..) => Box::new(own.iter()),
            (None, Some(drift), _) => {
                let own: Wanted<'_> =
                    Box::new(drift.components.range(from(after.as_ref(), true)).map(|(listed, _)| listed));
                // What packages of its hosts carry is in none of its lines.
                let carried = self.listed_as(None, after.as_ref(), true);
                let carried: Wanted<'_> = Box::new(carried.filter(|listed| self.is_carried_on(listed, drift)));
                Box::new(Merged(vec![own.peekable(), carried.peekable()]))
            }
            (None, None, Some(status)) => self.listed_as(Some(status), after.as_ref(), true),
            (None, None, None) => self.listed_from(after.as_ref(), true),
        };
        let mut search = Search::new(self, query.q.as_deref().unwrap_or(""));
        let mut items = Vec::new();
        let mut last = None;
        for (looked_at, listed) in candidates.enumerate() {
            let enough = looked_at == LOOKED_AT_MAX || search.compared == COMPARED_MAX;
            let wanted = !enough && self.is_wanted(listed, equipment, query.status) && search.finds(self, listed);
            if enough || (wanted && items.len() == limit) {
                return Some(Page { items, next: last.map(encode) });
            }
            if wanted {
                items.extend(self.component_row(listed.item));
            }
            last = Some(listed);
        }
        Some(Page { items, next: None })
    }

    fn is_wanted(&self, listed: &Listed, equipment: Option<&EquipmentDrift>, status: Option<DriftStatus>) -> bool {
        equipment.is_none_or(|drift| drift.components.contains_key(listed) || self.is_carried_on(listed, drift))
            && (status.is_none() || self.drift.sightings.status(listed.item) == status)
    }

    /// Whether a package of a host of an equipment carries it there.
    fn is_carried_on(&self, listed: &Listed, equipment: &EquipmentDrift) -> bool {
        let mut variants = self.drift.sightings.of(listed.item).map(|(_, variant)| variant);
        variants.any(|variant| variant.meaning.carried && variant.hosts.meets(&equipment.members))
    }

    /// The components of one host in order.
    fn listed_on(&self, agent: &AgentId, after: Option<&Listed>) -> Vec<Listed> {
        let Some(host) = self.state.agents.number(agent) else { return Vec::new() };
        let items = self.state.assets.standing(host);
        let listed = items.iter().filter_map(|item| {
            let (_, label) = self.state.assets.items.get(item)?.label.as_ref()?;
            Some(Listed { label: Arc::clone(label), item })
        });
        let mut all: Vec<Listed> = listed.filter(|listed| after.is_none_or(|after| listed > after)).collect();
        all.sort();
        all
    }

    /// Every component in order, from a place on, that place excluded if `behind`.
    pub(super) fn listed_from(&self, place: Option<&Listed>, behind: bool) -> Wanted<'_> {
        let orders = ORDERS.iter().map(|status| self.listed_as(*status, place, behind).peekable()).collect();
        Box::new(Merged(orders))
    }

    fn listed_as(&self, status: Option<DriftStatus>, place: Option<&Listed>, behind: bool) -> Wanted<'_> {
        let (order, range) = (self.drift.sightings.listed(status), from(place, behind));
        Box::new(order.into_iter().flat_map(move |order| order.range(range.clone())))
    }
}

fn from(place: Option<&Listed>, behind: bool) -> (Bound<Listed>, Bound<Listed>) {
    let start = match place.cloned() {
        None => Bound::Unbounded,
        Some(place) if behind => Bound::Excluded(place),
        Some(place) => Bound::Included(place),
    };
    (start, Bound::Unbounded)
}

/// Several orders as one.
struct Merged<'a>(Vec<Peekable<Wanted<'a>>>);

impl<'a> Iterator for Merged<'a> {
    type Item = &'a Listed;

    fn next(&mut self) -> Option<&'a Listed> {
        let next = self.0.iter_mut().filter_map(|order| order.peek().copied().map(|listed| (listed, order)));
        next.min_by(|(a, _), (b, _)| a.cmp(b)).and_then(|(_, order)| order.next())
    }
}

/// The words of a search, and what has been compared with them.
struct Search {
    words: Vec<String>,
    by_meaning: BTreeMap<*const Meaning, Vec<bool>>,
    /// No meaning has any of the words: names and versions alone decide.
    labels_only: bool,
    compared: usize,
}

impl Search {
    fn new(model: &Model, text: &str) -> Self {
        let text: String = text.chars().take(QUERY_CHARS_MAX).collect();
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut by_meaning = BTreeMap::new();
        let few = model.drift.sightings.meanings().len() <= MEANINGS_MAX;
        if few && !words.is_empty() {
            let all = model.drift.sightings.meanings();
            by_meaning = all.map(|meaning| (Arc::as_ptr(meaning), words_in(&words, meaning))).collect();
        }
        let labels_only = few && !by_meaning.values().flatten().any(|found| *found);
        Self { words, by_meaning, labels_only, compared: 0 }
    }

    /// Whether every word is in name, version, product or supplier.
    fn finds(&mut self, model: &Model, listed: &Listed) -> bool {
        if self.words.is_empty() {
            return true;
        }
        self.compared += 1;
        let Label { name, version } = &*listed.label;
        let in_label =
            |word: &String| contains(name, word) || version.as_ref().is_some_and(|version| contains(version, word));
        let missing: Vec<bool> = self.words.iter().map(|word| !in_label(word)).collect();
        if self.labels_only || !missing.contains(&true) {
            return !missing.contains(&true);
        }
        let Some(meaning) = model.weakest_meaning(listed.item) else { return false };
        let words = &self.words;
        let in_meaning = self.by_meaning.entry(Arc::as_ptr(meaning)).or_insert_with(|| words_in(words, meaning));
        missing.iter().zip(in_meaning.iter()).all(|(missing, in_meaning)| !missing || *in_meaning)
    }
}

fn words_in(words: &[String], meaning: &Meaning) -> Vec<bool> {
    let name = &meaning.supplier.name;
    let texts = [meaning.product.as_str(), &name.ja, &name.en];
    words.iter().map(|word| texts.iter().any(|text| contains(text, word))).collect()
}

/// Whether a text contains a word of lower case, whatever its own case.
fn contains(text: &str, word: &str) -> bool {
    if text.is_ascii() {
        text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    } else {
        text.to_lowercase().contains(word)
    }
}

/// A cursor is the last row's number, name and version, each readable back.
fn encode(listed: &Listed) -> String {
    let version = listed.label.version.as_ref().map(|version| format!(".{}", hex::encode(version)));
    format!("{:08x}{}{}", listed.item, hex::encode(&listed.label.name), version.unwrap_or_default())
}

fn decode(cursor: &str) -> Option<Listed> {
    let (number, rest) = cursor.split_at_checked(8)?;
    let item = u32::from_str_radix(number, 16).ok()?;
    let text = |digits: &str| String::from_utf8(hex::decode(digits).ok()?).ok();
    let (name, version) = match rest.split_once('.') {
        None => (text(rest)?, None),
        Some((name, version)) => (text(name)?, Some(text(version)?)),
    };
    Some(Listed { label: Arc::new(Label { name, version }), item })
}
