//! Components: every distinct one in a searchable list, and one with the places where it stands.
//! It does not know versions' order beyond their spelling.
//! Invariant: a cursor is the last row's own key, so a page never repeats or skips rows that did not change meanwhile.

use super::super::Model;
use super::super::meaning::Meaning;
use super::super::numbers::{HostNo, ItemNo};
use super::super::prepared::Label;
use super::super::rows::{ComponentDetail, ComponentPlace, ComponentRow, Page};
use super::super::views::assets::Item;
use super::super::views::drift::{Listed, Variant};
use super::Part;
use daicho_formats::purl;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::component::ComponentSort;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::AgentId;
use std::sync::Arc;

/// Other versions listed with one component.
const OTHER_VERSIONS_MAX: usize = 100;
/// Places shown with one component; their own list shows all.
const PLACES_MAX: usize = 500;

impl Model {
    /// One component.
    pub fn component_detail(&self, component_id: &str) -> Option<ComponentDetail> {
        let (no, item) = self.component(component_id)?;
        let row = self.component_row(no)?;
        let hosts = self.drift.sightings.hosts(no);
        Some(ComponentDetail {
            places: hosts.iter().take(PLACES_MAX).filter_map(|host| self.place(no, host)).collect(),
            other_versions: self.other_versions(no, item, &row),
            decisions: self.decisions_on(no),
            observation: item.observation()?,
            row,
        })
    }

    /// One page of the places where a component stands, in the order of enrolment. `None` when there is no such component, or
    /// the cursor is not one of this list.
    pub fn component_places(&self, component_id: &str, part: Part<'_>) -> Option<Page<ComponentPlace>> {
        let (no, _) = self.component(component_id)?;
        let first = match part.cursor {
            None => 0,
            Some(cursor) => self.state.agents.number(&AgentId::new(cursor).ok()?)? + 1,
        };
        let hosts = self.drift.sightings.hosts(no);
        let places = hosts.range(first..).filter_map(|host| self.place(no, host));
        Some(part.of(places, |place| place.agent_id.to_string()))
    }

    fn component(&self, component_id: &str) -> Option<(ItemNo, &Arc<Item>)> {
        let hash = Hash::try_from(component_id.to_string()).ok()?;
        let no = self.state.assets.items.find(&hash)?;
        Some((no, self.state.assets.items.get(no)?))
    }

    fn place(&self, item: ItemNo, host: HostNo) -> Option<ComponentPlace> {
        let row = self.drift.hosts.get(host)?;
        Some(ComponentPlace {
            agent_id: self.state.agents.by_number(host)?.agent_id.clone(),
            hostname: row.name.as_ref().map(|name| name.to_string()),
            equipment_id: row.equipment.first().cloned(),
            first_seen_at: self.state.assets.host(host)?.first_seen_at(item)?,
        })
    }

    fn other_versions(&self, no: ItemNo, item: &Item, row: &ComponentRow) -> Vec<ComponentRow> {
        let Some((_, label)) = &item.label else { return Vec::new() };
        let first = Listed { label: Arc::new(Label { name: label.name.clone(), version: None }), item: 0 };
        let named = self.listed_from(Some(&first), false).take_while(|listed| listed.label.name == label.name);
        named
            .filter(|listed| listed.item != no && listed.label.version != label.version)
            .filter_map(|listed| self.component_row(listed.item))
            .filter(|other| other.sort == row.sort && other.architecture == row.architecture)
            .take(OTHER_VERSIONS_MAX)
            .collect()
    }

    pub(super) fn component_row(&self, no: ItemNo) -> Option<ComponentRow> {
        let item = self.state.assets.items.get(no)?;
        let meaning = self.weakest_meaning(no)?;
        let (_, label) = item.label.as_ref()?;
        let observation = item.observation()?;
        let (sort, architecture) = match &observation {
            Observation::Package(package) => (package.ecosystem.as_str(), package.architecture.clone()),
            Observation::OperatingSystem(os) => ("os", os.architecture.clone()),
            Observation::Program(_) => (ComponentSort::Program.as_str(), None),
            Observation::LanguagePackage(package) => (package.ecosystem.as_str(), None),
            Observation::ToldComponent(_) => (ComponentSort::Told.as_str(), None),
            _ => ("hardware", None),
        };
        let purl = match &observation {
            Observation::Package(package) => purl::of_package(package, self.os_id(no)),
            Observation::LanguagePackage(package) => purl::of_language_package(package),
            Observation::ToldComponent(own) => own.purl.clone(),
            _ => None,
        };
        let carried_by = match &observation {
            Observation::LanguagePackage(package) if meaning.carried => Some(package.carrier().unwrap_or_default()),
            _ => None,
        };
        let sha256 = match &observation {
            Observation::Program(program) => program.sha256.clone(),
            _ => None,
        };
        Some(ComponentRow {
            component_id: item.hash.to_string(),
            name: label.name.clone(),
            version: label.version.clone(),
            architecture,
            sort: sort.into(),
            purl,
            carried_by,
            sha256,
            category: meaning.category,
            product: meaning.product.clone(),
            supplier: meaning.supplier.clone(),
            hosts: self.drift.sightings.of(no).map(|(_, variant)| variant.hosts.len()).sum(),
            status: self.drift.sightings.status(no),
        })
    }

    /// Of the meanings that one thing has on its hosts, the one we are least sure of.
    pub(super) fn weakest_meaning(&self, item: ItemNo) -> Option<&Arc<Meaning>> {
        let meanings = self.drift.sightings.of(item).map(|(_, variant)| &variant.meaning);
        meanings.min_by(|a, b| a.supplier.confidence.cmp(&b.supplier.confidence).then_with(|| a.cmp(b)))
    }

    /// The `ID` of the system on the first host that tells one.
    fn os_id(&self, item: ItemNo) -> Option<&str> {
        let told = |variant: &Variant| self.drift.setting(variant.setting).and_then(|setting| setting.os_id());
        let first = self.drift.sightings.of(item).filter(|(_, variant)| told(variant).is_some());
        first
            .min_by_key(|(_, variant)| variant.hosts.first())
            .map(|(_, variant)| variant.setting)
            .and_then(|setting| self.drift.setting(setting).and_then(|setting| setting.os_id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rows::ComponentQuery;
    use crate::model::testing::{Script, package};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::{Ecosystem, Package};

    #[test]
    fn package_urls_follow_the_specification() {
        let mut deb = package("bash", "5.2", "debian.org").package();
        let written = |package: &Package, os_id: Option<&str>| purl::of_package(package, os_id).unwrap_or_default();
        assert_eq!(written(&deb, Some("debian")), "pkg:deb/debian/bash@5.2?arch=amd64");
        deb.version = "1:2.0+dfsg-1~bpo".into();
        assert_eq!(written(&deb, None), "pkg:deb/bash@1:2.0%2Bdfsg-1~bpo?arch=amd64");
        deb.ecosystem = Ecosystem::Rpm;
        assert_eq!(written(&deb, Some("rhel")), "pkg:rpm/rhel/bash@2.0%2Bdfsg-1~bpo?arch=amd64&epoch=1");
        (deb.ecosystem, deb.architecture) = (Ecosystem::Pacman, Some("x86_64".into()));
        (deb.name, deb.version) = ("Bash".into(), "1:5.2-1".into());
        assert_eq!(written(&deb, Some("arch")), "pkg:alpm/arch/bash@1:5.2-1?arch=x86_64");
        (deb.ecosystem, deb.version) = (Ecosystem::Apk, "7.83.0-r0".into());
        assert_eq!(written(&deb, Some("alpine")), "pkg:apk/alpine/bash@7.83.0-r0?arch=x86_64");
        for untyped in [Ecosystem::Opkg, Ecosystem::Snap, Ecosystem::Flatpak, Ecosystem::Windows] {
            deb.ecosystem = untyped;
            assert_eq!(purl::of_package(&deb, Some("openwrt")), None);
        }
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
        let first = ComponentQuery { limit: Some(2), ..ComponentQuery::default() };
        let cursor = script.model.components(&first).unwrap().next;
        assert!(cursor.is_some(), "the cursor names b");
        let query = ComponentQuery { cursor, ..ComponentQuery::default() };
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
