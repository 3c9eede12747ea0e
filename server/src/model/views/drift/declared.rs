//! How the drift follows declarations: a plan changes one equipment, a supplier record what components mean.
//! It does not know why somebody declared anything.
//! Invariant: each variant is judged once, however many hosts have it; hosts and components that mean the same are left alone.

use super::lines::LineNo;
use super::moves::touched_line;
use super::{Drift, EquipmentDrift, HostDrift, Listed, Touched, VariantNo};
use crate::model::cover::CoverParts;
use crate::model::meaning::{Marks, Meaning};
use crate::model::numbers::{HostNo, ItemNo};
use crate::model::state::State;
use crate::model::views::declarations::host_key;
use daicho_schemas::fact::component::ComponentSelector;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::ids::{EquipmentId, SupplierId};
use imbl::OrdMap;
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Moved = Vec<(ItemNo, VariantNo)>;

impl Drift {
    /// A supplier record is new or another one: every variant is understood again, and those that mean something else move.
    pub fn supplier_changed(&mut self, state: &State, supplier: Option<&SupplierId>, touched: &mut Touched) {
        touched.supplier = supplier.cloned();
        self.marks = Arc::new(Marks::of(&state.declarations));
        self.contexts_anew(state);
        let all = self.sightings.iter().map(|(no, _)| no).collect();
        self.judge_anew(state, all, touched);
    }

    /// What is decided about some components is something else now: their variants are understood again, and those of hosts
    /// whose system or machine means something else.
    pub fn decisions_changed(&mut self, state: &State, about: &[ComponentSelector], touched: &mut Touched) {
        let mut concerned = self.sightings.selected(about);
        let settings = self.contexts_anew(state);
        if !settings.is_empty() {
            concerned.extend(self.sightings.iter().filter(|(_, one)| settings.contains(one.setting)).map(|(no, _)| no));
        }
        self.judge_anew(state, concerned, touched);
    }

    /// What the settings of hosts mean by the records and decisions that stand. Answers those that mean something else now.
    pub(super) fn contexts_anew(&mut self, state: &State) -> RoaringBitmap {
        let mut other = RoaringBitmap::new();
        for (no, setting) in self.settings.iter() {
            let context = setting.context(&self.marks, &state.decisions);
            if self.contexts.get(&no).is_none_or(|before| **before != context) {
                self.contexts.insert(no, Arc::new(context));
                other.insert(no);
            }
        }
        other
    }

    fn judge_anew(&mut self, state: &State, concerned: RoaringBitmap, touched: &mut Touched) {
        let changed = self.understood_anew(state, concerned);
        if changed.is_empty() {
            return;
        }
        touched.meanings = true;
        let all: Vec<EquipmentId> = self.equipment.keys().cloned().collect();
        let mut moved: BTreeMap<EquipmentId, (Moved, BTreeSet<LineNo>)> = BTreeMap::new();
        for id in &all {
            let Some(mut drift) = self.equipment.remove(id) else { continue };
            let equipment = Arc::make_mut(&mut drift);
            let here = changed.iter().filter(|(_, no, _)| equipment.line_of(*no).is_some());
            let here: Moved = here.map(|(item, no, _)| (*item, *no)).collect();
            let lines = self.unplaced(state, equipment, &here);
            for line in &lines {
                touched_line(touched, id, equipment, *line);
            }
            self.equipment.insert(id.clone(), drift);
            moved.insert(id.clone(), (here, lines));
        }
        let items: BTreeSet<ItemNo> = changed.iter().map(|(item, ..)| *item).collect();
        for (_, no, meaning) in changed {
            self.sightings.rejudge(no, meaning);
        }
        for (id, (here, mut lines)) in moved {
            let Some(mut drift) = self.equipment.remove(&id) else { continue };
            let equipment = Arc::make_mut(&mut drift);
            lines.extend(self.put_in(state, equipment, &here));
            for line in lines {
                equipment.recount(line, &self.sightings);
                touched_line(touched, &id, equipment, line);
                equipment.settle(line);
            }
            self.equipment.insert(id, drift);
        }
        self.list(state, items);
    }

    /// Of some variants, those that mean something else by the marks and decisions that stand now.
    fn understood_anew(&mut self, state: &State, concerned: RoaringBitmap) -> Vec<(ItemNo, VariantNo, Meaning)> {
        let mut changed = Vec::new();
        for no in concerned {
            let Some(variant) = self.sightings.get(no) else { continue };
            let (item, before) = (variant.item, Arc::clone(&variant.meaning));
            let after = self.understand(state, item, variant.origin, variant.setting);
            changed.extend(after.filter(|after| *after != *before).map(|after| (item, no, after)));
        }
        changed
    }

    fn unplaced(&mut self, state: &State, equipment: &mut EquipmentDrift, out: &Moved) -> BTreeSet<LineNo> {
        let mut lines = BTreeSet::new();
        for (item, no) in out {
            let Some(meaning) = self.sightings.get(*no).map(|variant| Arc::clone(&variant.meaning)) else { continue };
            let Some(listed) = Self::listed(state, *item) else { continue };
            if let Some((line, status)) = equipment.unplace(*no, &meaning, &listed) {
                self.sightings.count(*no, status, false);
                lines.insert(line);
            }
        }
        lines
    }

    /// A plan is new or another one: its equipment is grouped anew, and what it claims and declares counts from here on.
    pub fn plan_changed(&mut self, state: &State, before: Option<&Plan>, after: Option<&Plan>, touched: &mut Touched) {
        let plans = [before, after];
        let concerned: BTreeSet<&EquipmentId> =
            plans.iter().flatten().map(|plan| &plan.equipment.equipment_id).collect();
        for (plan, more) in plans.iter().zip([false, true]).filter_map(|(plan, more)| Some((plan.as_ref()?, more))) {
            self.declare(plan, more);
            for path in &plan.remote_paths {
                touched.hosts.extend(self.hosts.of_name(&host_key(&path.host)));
                touched.devices.extend(path.device.iter().map(|way| way.device_id.clone()));
            }
        }
        let mut moved = BTreeSet::new();
        for id in &concerned {
            touched.equipment.insert(EquipmentId::clone(id));
            moved.extend(self.dissolve(state, id, touched));
        }
        let names: BTreeSet<String> =
            plans.iter().flatten().flat_map(|plan| &plan.equipment.hosts).map(|name| host_key(name)).collect();
        let hosts: BTreeSet<HostNo> = names.iter().flat_map(|name| self.hosts.of_name(name)).collect();
        for host in hosts {
            self.claimed_anew(state, host, touched);
        }
        for id in &concerned {
            if state.declarations.plans_of(id).next().is_some() {
                moved.extend(self.group(state, id, touched));
            } else {
                self.equipment.remove(*id);
            }
        }
        self.list(state, moved);
    }

    /// What a plan claims and declares counts, or no more.
    pub(super) fn declare(&mut self, plan: &Plan, more: bool) {
        self.hosts.claim(plan, more);
        if !plan.dates.filed() {
            return;
        }
        for path in &plan.remote_paths {
            match &path.device {
                Some(way) => count(&mut self.ways_in, way.clone(), more),
                None if path.interface.is_empty() => {
                    count(&mut self.software, (host_key(&path.host), path.software.to_lowercase()), more);
                }
                None => count(&mut self.paths, (host_key(&path.host), path.interface.clone()), more),
            }
        }
    }

    /// Takes every line of an equipment apart. Answers the items that were in them.
    fn dissolve(&mut self, state: &State, id: &EquipmentId, touched: &mut Touched) -> BTreeSet<ItemNo> {
        let mut drift = self.equipment.remove(id).unwrap_or_default();
        let equipment = Arc::make_mut(&mut drift);
        for line in equipment.line_numbers().collect::<Vec<_>>() {
            touched_line(touched, id, equipment, line);
        }
        let item = |no: VariantNo| self.sightings.get(no).map(|variant| (variant.item, no));
        let placed: Moved = equipment.placed().filter_map(item).collect();
        self.unplaced(state, equipment, &placed);
        equipment.clear();
        self.equipment.insert(id.clone(), drift);
        placed.into_iter().map(|(item, _)| item).collect()
    }

    /// Says anew to which equipment a host belongs. Lines follow when the equipment is grouped.
    fn claimed_anew(&mut self, state: &State, host: HostNo, touched: &mut Touched) {
        let Some(row) = self.hosts.get(host).cloned() else { return };
        let equipment = self.hosts.equipment_of(state, host, row.name.as_ref().map(|_| &*row.key));
        if equipment == row.equipment {
            return;
        }
        touched.hosts.insert(host);
        for (ids, other, more) in [(&row.equipment, &equipment, false), (&equipment, &row.equipment, true)] {
            for id in ids.difference(other) {
                self.member(id, host, &row, more);
            }
        }
        self.hosts.put(host, HostDrift { equipment, ..row });
    }

    pub(super) fn member(&mut self, id: &EquipmentId, host: HostNo, row: &HostDrift, more: bool) {
        let Some(mut drift) = self.equipment.remove(id) else { return };
        let equipment = Arc::make_mut(&mut drift);
        if more {
            equipment.members.insert(host);
        } else {
            equipment.members.remove(host);
        }
        if row.seen.heard() {
            equipment.hear(&row.key, more);
        }
        self.equipment.insert(id.clone(), drift);
    }

    /// Groups the components of an equipment's members into lines, by the plans that stand. Answers the items in them.
    pub(super) fn group(&mut self, state: &State, id: &EquipmentId, touched: &mut Touched) -> BTreeSet<ItemNo> {
        let mut drift = self.equipment.remove(id).unwrap_or_default();
        let equipment = Arc::make_mut(&mut drift);
        equipment.parts = Arc::new(CoverParts::of(&state.declarations, id));
        let declared = state.declarations.hosts_of(id).into_iter().map(|name| (host_key(&name), name));
        equipment.declared = Arc::new(declared.collect());
        let members = &equipment.members;
        let here = self.sightings.iter().filter(|(_, variant)| variant.hosts.meets(members));
        let here: Moved = here.map(|(no, variant)| (variant.item, no)).collect();
        for line in self.put_in(state, equipment, &here) {
            equipment.recount(line, &self.sightings);
            touched_line(touched, id, equipment, line);
        }
        self.equipment.insert(id.clone(), drift);
        here.into_iter().map(|(item, _)| item).collect()
    }

    /// Enters items where they belong in the list now.
    pub(super) fn list(&mut self, state: &State, items: BTreeSet<ItemNo>) {
        for item in items {
            if let Some(Listed { label, .. }) = Self::listed(state, item) {
                self.sightings.list(item, &label);
            }
        }
    }
}

/// Counts something once more, or once less.
fn count<K: Ord + Clone>(counts: &mut OrdMap<K, u32>, key: K, more: bool) {
    let count = counts.get(&key).copied().unwrap_or(0);
    match if more { count + 1 } else { count.saturating_sub(1) } {
        0 => counts.remove(&key),
        count => counts.insert(key, count),
    };
}
