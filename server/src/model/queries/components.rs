//! Components: every distinct one in a searchable list, and one with the places where it stands.
//! It does not know versions' order beyond their spelling.
//! Invariant: a cursor is the last row's own key, so a page never repeats or skips rows that did not change meanwhile.

use super::super::Model;
use super::super::meaning::{Meaning, name_and_version};
use super::super::rows::{ComponentDetail, ComponentPlace, ComponentQuery, ComponentRow, DriftStatus, Page};
use super::super::views::assets::Item;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package};
use daicho_schemas::ids::AgentId;
use daicho_schemas::limits::PAGE_ITEMS_MAX;
use std::ops::Bound;

/// Rows on a page where nobody says how many.
const PAGE_ITEMS_DEFAULT: usize = 100;
/// The longest search text that is looked at, in characters.
const QUERY_CHARS_MAX: usize = 200;
/// Other versions listed with one component.
const OTHER_VERSIONS_MAX: usize = 100;

impl Model {
    /// Distinct components, in order of name and version. `None` when the cursor is not one of this list.
    pub fn components(&self, query: &ComponentQuery) -> Option<Page<ComponentRow>> {
        let from = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => Bound::Unbounded,
            Some(cursor) => Bound::Excluded(decode(cursor)?),
        };
        let limit = query.limit.unwrap_or(PAGE_ITEMS_DEFAULT).clamp(1, PAGE_ITEMS_MAX);
        let words = words(query.q.as_deref().unwrap_or(""));
        let mut items = Vec::new();
        let mut last = None;
        for key in self.drift.order.range((from, Bound::Unbounded)) {
            let Some(row) = self.wanted(&key.2, query, &words) else { continue };
            if items.len() == limit {
                return Some(Page { items, next: last.map(encode) });
            }
            items.push(row);
            last = Some(key);
        }
        Some(Page { items, next: None })
    }

    /// One component.
    pub fn component_detail(&self, component_id: &str) -> Option<ComponentDetail> {
        let hash = Hash::try_from(component_id.to_string()).ok()?;
        let item = self.state.assets.item(&hash)?;
        let row = self.component_row(&hash, item)?;
        let places = item.places.iter().map(|(agent, place)| {
            let host = self.drift.hosts.get(agent);
            ComponentPlace {
                agent_id: agent.clone(),
                hostname: host.and_then(|host| self.state.hostname(agent, &host.context)),
                equipment_id: host.and_then(|host| host.equipment.first().cloned()),
                first_seen_at: place.first_seen_at,
            }
        });
        Some(ComponentDetail {
            places: places.collect(),
            other_versions: self.other_versions(&hash, &row),
            observation: item.observation.clone(),
            row,
        })
    }

    fn other_versions(&self, hash: &Hash, row: &ComponentRow) -> Vec<ComponentRow> {
        let first = (row.name.clone(), String::new(), Hash::ZERO);
        let named = self.drift.order.range(first..).take_while(|(name, _, _)| *name == row.name);
        named
            .filter(|(_, _, other)| other != hash)
            .filter_map(|(_, _, other)| self.component_row(other, self.state.assets.item(other)?))
            .filter(|other| {
                other.sort == row.sort && other.architecture == row.architecture && other.version != row.version
            })
            .take(OTHER_VERSIONS_MAX)
            .collect()
    }

    fn wanted(&self, hash: &Hash, query: &ComponentQuery, words: &[String]) -> Option<ComponentRow> {
        let item = self.state.assets.item(hash)?;
        if query.agent_id.as_ref().is_some_and(|agent| !item.places.contains_key(agent)) {
            return None;
        }
        if let Some(equipment) = &query.equipment_id {
            let members = &self.drift.equipment.get(equipment)?.members;
            if !item.places.keys().any(|agent| members.contains(agent)) {
                return None;
            }
        }
        let row = self.component_row(hash, item)?;
        if query.status.is_some() && row.status != query.status {
            return None;
        }
        let text = [
            &row.name,
            row.version.as_deref().unwrap_or(""),
            &row.product,
            &row.supplier.name.ja,
            &row.supplier.name.en,
        ]
        .join("\n")
        .to_lowercase();
        words.iter().all(|word| text.contains(word)).then_some(row)
    }

    fn component_row(&self, hash: &Hash, item: &Item) -> Option<ComponentRow> {
        let meaning = self.weakest_meaning(hash, item)?;
        let (name, version) = name_and_version(&item.observation);
        let (sort, architecture) = match &item.observation {
            Observation::Package(package) => (package.ecosystem.as_str(), package.architecture.clone()),
            Observation::OperatingSystem(os) => ("os", os.architecture.clone()),
            _ => ("hardware", None),
        };
        let purl = match &item.observation {
            Observation::Package(package) => Some(purl(package, self.os_id(item))),
            _ => None,
        };
        Some(ComponentRow {
            component_id: hash.to_string(),
            name: name.clone(),
            version,
            architecture,
            sort: sort.into(),
            purl,
            category: meaning.category,
            product: meaning.product.clone(),
            supplier: meaning.supplier.clone(),
            hosts: item.places.len() as u64,
            status: self.status(hash, item, &name),
        })
    }

    /// Of the meanings that one thing has on its hosts, the one we are least sure of.
    fn weakest_meaning(&self, hash: &Hash, item: &Item) -> Option<&Meaning> {
        let judged = item.places.keys().filter_map(|agent| self.drift.hosts.get(agent)?.judged.get(hash));
        judged
            .map(|meaning| &**meaning)
            .min_by(|a, b| a.supplier.confidence.cmp(&b.supplier.confidence).then_with(|| a.cmp(b)))
    }

    fn status(&self, hash: &Hash, item: &Item, name: &str) -> Option<DriftStatus> {
        let mut covered = false;
        for agent in item.places.keys() {
            let Some(host) = self.drift.hosts.get(agent) else { continue };
            let Some(meaning) = host.judged.get(hash) else { continue };
            for drift in host.equipment.iter().filter_map(|id| self.drift.equipment.get(id)) {
                match drift.cover(meaning, name) {
                    None => return Some(DriftStatus::Undeclared),
                    Some(_) => covered = true,
                }
            }
        }
        covered.then_some(DriftStatus::Covered)
    }

    fn os_id(&self, item: &Item) -> Option<&str> {
        let os_id = |agent: &AgentId| self.drift.hosts.get(agent)?.context.os_id.as_deref();
        item.places.keys().find_map(os_id)
    }
}

fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(QUERY_CHARS_MAX).collect();
    text.split_whitespace().map(str::to_lowercase).collect()
}

/// A cursor is the hash of the last row and its name and version, each readable back.
fn encode(key: &(String, String, Hash)) -> String {
    let (name, version, hash) = key;
    format!("{hash}{}.{}", hex::encode(name), hex::encode(version))
}

fn decode(cursor: &str) -> Option<(String, String, Hash)> {
    let (hash, rest) = cursor.split_at_checked(64)?;
    let (name, version) = rest.split_once('.')?;
    let text = |digits: &str| String::from_utf8(hex::decode(digits).ok()?).ok();
    Some((text(name)?, text(version)?, Hash::try_from(hash.to_string()).ok()?))
}

/// A package URL (https://github.com/package-url/purl-spec): the distribution is the namespace; rpm's epoch is a qualifier.
fn purl(package: &Package, os_id: Option<&str>) -> String {
    let namespace = os_id.map(|id| format!("{}/", encoded(&id.to_lowercase()))).unwrap_or_default();
    let (epoch, version) = match (package.ecosystem, package.version.split_once(':')) {
        (Ecosystem::Rpm, Some((epoch, version))) => (Some(epoch), version),
        _ => (None, package.version.as_str()),
    };
    let mut qualifiers = Vec::new();
    qualifiers.extend(package.architecture.as_deref().map(|arch| format!("arch={}", encoded(arch))));
    qualifiers.extend(epoch.map(|epoch| format!("epoch={}", encoded(epoch))));
    let question = if qualifiers.is_empty() { "" } else { "?" };
    let name = encoded(&package.name);
    format!(
        "pkg:{}/{namespace}{name}@{}{question}{}",
        package.ecosystem.as_str(),
        encoded(version),
        qualifiers.join("&")
    )
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The key of a component in the list, for tests of cursors.
#[cfg(test)]
pub(crate) fn cursor_of(hash: &Hash, observation: &Observation) -> String {
    encode(&super::super::views::drift::order_key(hash, observation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{Script, package};
    use daicho_schemas::batch::Outcome;

    #[test]
    fn package_urls_follow_the_specification() {
        let mut deb = package("bash", "5.2", "debian.org").package();
        assert_eq!(purl(&deb, Some("debian")), "pkg:deb/debian/bash@5.2?arch=amd64");
        deb.version = "1:2.0+dfsg-1~bpo".into();
        assert_eq!(purl(&deb, None), "pkg:deb/bash@1:2.0%2Bdfsg-1~bpo?arch=amd64");
        deb.ecosystem = Ecosystem::Rpm;
        assert_eq!(purl(&deb, Some("rhel")), "pkg:rpm/rhel/bash@2.0%2Bdfsg-1~bpo?arch=amd64&epoch=1");
    }

    #[test]
    fn pages_meet_without_gap_or_overlap_and_a_bad_cursor_is_refused() {
        let mut script = Script::with_agent("tos-1");
        let packages: Vec<_> = (0..25).map(|n| package(&format!("p{n:02}"), "1", "x.example")).collect();
        script.dpkg(Outcome::Complete, &packages);
        let mut names = Vec::new();
        let mut query = ComponentQuery { limit: Some(10), ..ComponentQuery::default() };
        loop {
            let page = script.model.components(&query).unwrap();
            names.extend(page.items.into_iter().map(|row| row.name));
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(names, (0..25).map(|n| format!("p{n:02}")).collect::<Vec<_>>());
        for bad in ["x", "00.00", &"zz".repeat(40), &"é".repeat(64)] {
            query.cursor = Some(bad.to_string());
            assert!(script.model.components(&query).is_none(), "{bad}");
        }
        query.cursor = None;
        query.limit = Some(0);
        assert_eq!(script.model.components(&query).unwrap().items.len(), 1);
    }

    #[test]
    fn a_cursor_outlives_the_row_it_names() {
        let mut script = Script::with_agent("tos-1");
        let (a, b, c) =
            (package("a", "1", "x.example"), package("b", "1", "x.example"), package("c", "1", "x.example"));
        script.dpkg(Outcome::Complete, &[a.clone(), b.clone(), c.clone()]);
        let observation = Observation::Package(b.package());
        let hash = daicho_schemas::batch::item_hash(&observation).unwrap();
        let query = ComponentQuery { cursor: Some(cursor_of(&hash, &observation)), ..ComponentQuery::default() };
        script.dpkg(Outcome::Complete, &[a, c]);
        let rows = script.model.components(&query).unwrap().items;
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn every_word_must_be_somewhere_in_name_version_product_or_supplier() {
        let mut script = Script::with_agent("tos-1");
        script.dpkg(Outcome::Complete, &[package("bash", "5.2", "x.example"), package("dash", "0.5", "y.example")]);
        let find = |q: &str| {
            let query = ComponentQuery { q: Some(q.into()), ..ComponentQuery::default() };
            let rows = script.model.components(&query).unwrap().items;
            rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
        };
        assert_eq!(find("BASH"), ["bash"]);
        assert_eq!(find("ash example"), ["bash", "dash"]);
        assert_eq!(find("ash 0.5"), ["dash"]);
        assert_eq!(find("nothing"), Vec::<String>::new());
    }
}
