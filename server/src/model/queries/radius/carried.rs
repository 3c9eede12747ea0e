//! Packages of programming languages that packages of the hosts carry (D-0026), in the blast radius of a product: they are in no line of
//! an equipment, for they are judged with what carries them.
//! It does not know suppliers or plans. Invariant: what is on no member of an equipment is not on that equipment.

use super::super::super::Model;
use super::super::super::prepared::Label;
use super::super::super::views::drift::Listed;
use super::{Centre, SeenTouch};
use daicho_schemas::fact::observation::{CarriedBy, Observation};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Model {
    /// What carried packages of a name stand on which equipment, by what carries them; their hosts are added to `hosts`.
    pub(super) fn carried_of(&self, centre: &Centre, hosts: &mut RoaringBitmap) -> Vec<SeenTouch> {
        let Centre::Product(name) = centre else { return Vec::new() };
        let mut carriers: BTreeMap<String, BTreeSet<Listed>> = BTreeMap::new();
        for name in BTreeSet::from([name.to_string(), name.to_ascii_lowercase()]) {
            let first = Listed { label: Arc::new(Label { name: name.clone(), version: None }), item: 0 };
            let order = self.drift.sightings.listed(None).into_iter().flat_map(|order| order.range(first.clone()..));
            for listed in order.take_while(|listed| listed.label.name == name) {
                let observation = self.state.assets.items.get(listed.item).and_then(|item| item.observation());
                if let Some(Observation::LanguagePackage(package)) = observation
                    && package.carried_by != CarriedBy::Nobody
                {
                    carriers.entry(package.carrier().unwrap_or_default()).or_default().insert(listed.clone());
                }
            }
        }
        let mut found = Vec::new();
        for (carrier, components) in carriers {
            let mut all = RoaringBitmap::new();
            components.iter().for_each(|listed| all |= self.drift.sightings.hosts(listed.item));
            for (id, drift) in &self.drift.equipment {
                let on = &all & &drift.members;
                let Some(equipment) = self.state.declarations.equipment_described(id).filter(|_| !on.is_empty()) else {
                    continue;
                };
                let meaning = components.first().and_then(|listed| self.weakest_meaning(listed.item));
                let (Some(meaning), Some(listed)) = (meaning, components.first()) else { continue };
                found.push(SeenTouch {
                    equipment_id: equipment.equipment_id.clone(),
                    equipment_name: equipment.name.clone(),
                    place: equipment.place.clone(),
                    product: listed.label.name.clone(),
                    category: meaning.category,
                    supplier_id: None,
                    covered_by: None,
                    carried_by: Some(carrier.clone()),
                    components: components.len() as u64,
                    hosts: on.len(),
                });
                *hosts |= on;
            }
        }
        found
    }
}
