//! How the drift follows what moves: items that come to a host or leave it, and hosts that come to equipment or leave it.
//! It does not know why something moves.
//! Invariant: the work grows with what moves, not with what stands.

use super::lines::LineNo;
use super::{Changed, Drift, EquipmentDrift, HostDrift, Listed, Touched, VariantNo};
use crate::model::numbers::{HostNo, ItemNo};
use crate::model::prepared::Sort;
use crate::model::state::State;
use crate::model::views::assets::Item;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::EquipmentId;
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Packages of one report whose origins are looked up one by one; for more, the host's origins are gathered first.
const LOOK_UPS_MAX: usize = 32;

impl Drift {
    /// Items came to a host or left it, or its setting is another one. The host stays on its equipment.
    pub(super) fn items_moved(
        &mut self,
        state: &State,
        host: HostNo,
        changed: &Changed,
        (software, machine): (u32, u32),
        touched: &mut Touched,
    ) {
        let Some(row) = self.hosts.get(host).cloned() else { return };
        let moved = self.affected(state, host, changed, (row.software != software, row.machine != machine));
        let origins = Origins::of(state, host, moved.len() as usize);
        let (mut out, mut into) = (Vec::new(), Vec::new());
        for no in moved {
            let Some(item) = state.assets.items.get(no).filter(|item| item.sort.is_component()) else { continue };
            // What only came now had no variant on the host.
            let before = if changed.came.contains(no) { None } else { self.sightings.on(no, host) };
            let after = state.assets.host(host).is_some_and(|assets| assets.has(no)).then(|| {
                let setting = if item.sort == Sort::Hardware { machine } else { software };
                let origin = if item.sort == Sort::Package { origins.for_package(state, host, item) } else { None };
                (origin, setting)
            });
            let same = before.and_then(|before| self.sightings.get(before)).zip(after);
            if same.is_some_and(|(before, after)| (before.origin, before.setting) == after) {
                continue;
            }
            out.extend(before.map(|before| (no, before)));
            into.extend(after.map(|(origin, setting)| (no, origin, setting)));
        }
        let into = self.variants_of(state, into);
        for (_, variant) in &out {
            self.sightings.leave(*variant, host);
        }
        for (_, variant) in &into {
            self.sightings.come(*variant, host);
        }
        let components = row.components.saturating_sub(out.len() as u64) + into.len() as u64;
        for id in row.equipment.iter() {
            self.lines_moved(state, host, id, &out, &into, touched);
        }
        self.drop_variants(&out);
        for (item, _) in out.iter().chain(&into) {
            if let Some(Listed { label, .. }) = Self::listed(state, *item) {
                self.sightings.list(*item, &label);
            }
        }
        self.hosts.put(host, HostDrift { components, ..row });
    }

    /// The items whose variant on the host may be another one now.
    fn affected(&self, state: &State, host: HostNo, changed: &Changed, (soft, hard): (bool, bool)) -> RoaringBitmap {
        let mut moved = &changed.came | &changed.went;
        let items = &state.assets.items;
        if soft || hard {
            let concerned = |sort: Sort| {
                (soft && matches!(sort, Sort::System | Sort::Package | Sort::Language))
                    || (hard && sort == Sort::Hardware)
            };
            let all = state.assets.standing(host).into_iter();
            moved.extend(all.filter(|no| items.get(*no).is_some_and(|item| concerned(item.sort))));
        }
        if soft {
            return moved;
        }
        // Packages whose repository is another one now mean something else although they did not change themselves.
        let mut packages = RoaringBitmap::new();
        for no in &moved {
            let Some(item) = items.get(no).filter(|item| item.sort == Sort::Origin) else { continue };
            let key = items.key_text(item.key);
            // rpm packages have their version behind the same beginning.
            let versions = format!("{key}:");
            let keys: Vec<u32> = std::iter::once(item.key).chain(items.keys_from(&versions)).collect();
            for collector in state.assets.host(host).into_iter().flat_map(|assets| &assets.collectors) {
                for key in keys.iter().copied() {
                    packages.extend(items.under(&collector.items, key));
                }
            }
        }
        moved | packages
    }

    /// The numbers of variants that a host comes to; new ones are understood.
    fn variants_of(&mut self, state: &State, wanted: Vec<(ItemNo, Option<ItemNo>, u32)>) -> Vec<(ItemNo, VariantNo)> {
        let mut found = Vec::with_capacity(wanted.len());
        for (item, origin, setting) in wanted {
            if let Some(known) = self.sightings.find(item, origin, setting) {
                found.push((item, known));
            } else if let Some(meaning) = self.understand(state, item, origin, setting) {
                self.settings.hold_again(setting);
                found.push((item, self.sightings.add(item, origin, setting, meaning)));
            }
        }
        found
    }

    fn drop_variants(&mut self, out: &[(ItemNo, VariantNo)]) {
        for (_, variant) in out {
            if let Some(setting) = self.sightings.drop_empty(*variant) {
                self.release_setting(setting);
            }
        }
    }

    /// The variants on a host.
    fn own(&self, state: &State, host: HostNo) -> Vec<(ItemNo, VariantNo)> {
        let all = state.assets.standing(host);
        all.iter().filter_map(|item| self.sightings.on(item, host).map(|variant| (item, variant))).collect()
    }

    /// Brings the lines of one equipment up to date with variants that one of its hosts has left and come to.
    fn lines_moved(
        &mut self,
        state: &State,
        host: HostNo,
        id: &EquipmentId,
        out: &[(ItemNo, VariantNo)],
        into: &[(ItemNo, VariantNo)],
        touched: &mut Touched,
    ) {
        let Some(mut drift) = self.equipment.remove(id) else { return };
        let equipment = Arc::make_mut(&mut drift);
        let left = self.taken_out(state, equipment, out);
        let entered = self.put_in(state, equipment, into);
        equipment.enter(host, &entered);
        for line in left.difference(&entered).copied() {
            let own = if equipment.is_long(line) { self.own_numbers(state, host) } else { Vec::new() };
            if !equipment.has(host, line, &self.sightings, &own) {
                equipment.exit(host, line);
            }
            touched_line(touched, id, equipment, line);
            equipment.settle(line);
        }
        for line in entered {
            touched_line(touched, id, equipment, line);
        }
        self.equipment.insert(id.clone(), drift);
    }

    fn own_numbers(&self, state: &State, host: HostNo) -> Vec<VariantNo> {
        self.own(state, host).into_iter().map(|(_, variant)| variant).collect()
    }

    /// Takes variants out of their lines that no member has any more. Answers the lines of all of them.
    pub(super) fn taken_out(
        &mut self,
        state: &State,
        equipment: &mut EquipmentDrift,
        out: &[(ItemNo, VariantNo)],
    ) -> BTreeSet<LineNo> {
        let mut lines = BTreeSet::new();
        for (item, no) in out {
            let Some(line) = equipment.line_of(*no) else { continue };
            lines.insert(line);
            let Some(variant) = self.sightings.get(*no).filter(|variant| !variant.hosts.meets(&equipment.members))
            else {
                continue;
            };
            let Some(listed) = Self::listed(state, *item) else { continue };
            if let Some((_, status)) = equipment.unplace(*no, &Arc::clone(&variant.meaning), &listed) {
                self.sightings.count(*no, status, false);
            }
        }
        lines
    }

    /// Puts variants into their lines. Answers the lines of all of them.
    pub(super) fn put_in(
        &mut self,
        state: &State,
        equipment: &mut EquipmentDrift,
        into: &[(ItemNo, VariantNo)],
    ) -> BTreeSet<LineNo> {
        let mut lines = BTreeSet::new();
        for (item, no) in into {
            if let Some(line) = equipment.line_of(*no) {
                lines.insert(line);
                continue;
            }
            // What a package of the host carries is judged with that package.
            let Some(variant) = self.sightings.get(*no).filter(|variant| !variant.meaning.carried) else { continue };
            let Some(listed) = Self::listed(state, *item) else { continue };
            let (line, status) = equipment.place(*no, variant, &listed);
            self.sightings.count(*no, status, true);
            lines.insert(line);
        }
        lines
    }

    /// A host is understood anew: it leaves equipment, comes to other, or goes by another name or hearing there.
    pub(super) fn move_host(&mut self, state: &State, host: HostNo, row: HostDrift, touched: &mut Touched) {
        let before = self.hosts.get(host).cloned();
        touched.names.extend(before.iter().filter(|before| before.key != row.key).map(|before| before.key.to_string()));
        let nothing = BTreeSet::new();
        let were = before.as_ref().map_or(&nothing, |row| &row.equipment);
        touched.membership |= *were != *row.equipment;
        let own = if *were == *row.equipment { Vec::new() } else { self.own(state, host) };
        for id in were {
            let Some(mut drift) = self.equipment.remove(id) else { continue };
            let equipment = Arc::make_mut(&mut drift);
            if let Some(before) = before.as_ref().filter(|row| row.seen.heard()) {
                equipment.hear(&before.key, false);
            }
            if !row.equipment.contains(id) {
                equipment.members.remove(host);
                for line in self.taken_out(state, equipment, &own) {
                    equipment.exit(host, line);
                    touched_line(touched, id, equipment, line);
                    equipment.settle(line);
                }
            }
            self.equipment.insert(id.clone(), drift);
        }
        for id in row.equipment.iter() {
            let Some(mut drift) = self.equipment.remove(id) else { continue };
            let equipment = Arc::make_mut(&mut drift);
            if row.seen.heard() {
                equipment.hear(&row.key, true);
            }
            if !were.contains(id) {
                equipment.members.insert(host);
                let lines = self.put_in(state, equipment, &own);
                equipment.enter(host, &lines);
                for line in lines {
                    touched_line(touched, id, equipment, line);
                }
            }
            self.equipment.insert(id.clone(), drift);
        }
        for (item, _) in own {
            if let Some(Listed { label, .. }) = Self::listed(state, item) {
                self.sightings.list(item, &label);
            }
        }
        self.hosts.put(host, row);
    }
}

/// A line has changed: its product is judged again.
pub(super) fn touched_line(touched: &mut Touched, id: &EquipmentId, equipment: &EquipmentDrift, line: LineNo) {
    if let Some(key) = equipment.line_key(line) {
        touched.products.insert((id.clone(), key.supplier.clone(), key.product.clone()));
    }
}

/// The origins that a host's indexes give, looked up or gathered.
struct Origins(Option<BTreeMap<u32, ItemNo>>);

impl Origins {
    fn of(state: &State, host: HostNo, packages: usize) -> Self {
        if packages <= LOOK_UPS_MAX {
            return Self(None);
        }
        let items = &state.assets.items;
        let mut all = BTreeMap::new();
        for collector in state.assets.host(host).into_iter().flat_map(|assets| &assets.collectors) {
            for no in &collector.items {
                if let Some(item) = items.get(no).filter(|item| item.sort == Sort::Origin) {
                    all.entry(item.key).or_insert(no);
                }
            }
        }
        Self(Some(all))
    }

    /// The repository that lists a package: the first collector's word counts.
    fn for_package(&self, state: &State, host: HostNo, package: &Item) -> Option<ItemNo> {
        let items = &state.assets.items;
        let key = origin_key(items.key_text(package.key), package).map_or(Some(package.key), |key| items.key(&key))?;
        if let Some(all) = &self.0 {
            return all.get(&key).copied();
        }
        let collectors = state.assets.host(host).into_iter().flat_map(|assets| &assets.collectors);
        let mut found = collectors.flat_map(|collector| items.under(&collector.items, key));
        found.find(|no| items.get(*no).is_some_and(|item| item.sort == Sort::Origin))
    }
}

/// The key under which an origin speaks of an rpm package, whose own key has its version behind. A dpkg package's is its own.
fn origin_key(key: &str, package: &Item) -> Option<String> {
    if !key.starts_with("rpm:") {
        return None;
    }
    let Observation::Package(package) = package.observation()? else { return None };
    let architecture = package.architecture.as_deref().unwrap_or("");
    Some(format!("{}:{}:{architecture}", package.ecosystem.as_str(), package.name))
}
