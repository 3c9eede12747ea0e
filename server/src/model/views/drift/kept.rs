//! The drift in a snapshot: what would take long to find again, which is where each variant stands.
//! It does not know how a snapshot is kept.
//! Invariant: everything else is said anew from the other views, so a snapshot never holds a judgement.

use super::hosts::{HostDrift, HostWays, Seen};
use super::{Drift, Sightings, Touched, Variant};
use crate::model::meaning::{Decided, Marks, Meaning, unknown_claim};
use crate::model::numbers::{HostNo, ItemNo, NumberSet, Table, number};
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use crate::model::state::State;
use crate::model::views::declarations::host_key;
use daicho_schemas::fact::component::ComponentSort;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::EquipmentId;
use imbl::Vector;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Keep for NumberSet {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        match self {
            Self::None => out.byte(0),
            Self::One(host) => {
                out.byte(1)?;
                out.number(*host)
            }
            Self::Many(hosts) => {
                out.byte(2)?;
                hosts.keep(out)
            }
        }
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        match from.byte()? {
            0 => Ok(Self::None),
            1 => Ok(Self::One(from.number()?)),
            2 => Ok(Self::Many(Keep::back(from)?)),
            _ => Err(SnapshotError::Broken),
        }
    }
}

/// A host as a snapshot keeps it: its numbers of settings, its name, its interfaces and tools, its system, how many components it
/// has.
type HostKept = ((u32, u32), (Option<String>, ((Vec<String>, Vec<String>), (Option<ItemNo>, u32))));

impl Drift {
    pub(crate) fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.settings.keep(out)?;
        out.count(self.hosts.iter().count())?;
        for row in self.hosts.iter() {
            let name = row.name.as_ref().map(|name| name.to_string());
            let components = u32::try_from(row.components).unwrap_or(u32::MAX);
            let ways = (Vec::clone(&row.ways.interfaces), Vec::clone(&row.ways.tools));
            let kept: HostKept = ((row.software, row.machine), (name, (ways, (row.system, components))));
            kept.keep(out)?;
        }
        let slots = self.sightings.table().slots();
        out.count(slots.len())?;
        for slot in slots {
            out.flag(slot.is_some())?;
            let Some(Variant { item, origin, setting, hosts, .. }) = slot else { continue };
            ((*item, *origin), *setting).keep(out)?;
            hosts.keep(out)?;
        }
        Ok(())
    }

    pub(crate) fn back(from: &mut In<'_>, state: &State) -> Result<Self, SnapshotError> {
        let mut drift = Self { settings: Keep::back(from)?, ..Self::default() };
        drift.marks = Arc::new(Marks::of(&state.declarations));
        drift.contexts_anew(state);
        for plan in state.declarations.plans() {
            drift.declare(&plan.plan, true);
            drift.equipment.insert(plan.plan.equipment.equipment_id.clone(), Arc::default());
        }
        drift.hosts_back(from, state)?;
        drift.sightings = Sightings::from_table(variants_back(from)?);
        drift.judge_all(state);
        Ok(drift)
    }

    fn hosts_back(&mut self, from: &mut In<'_>, state: &State) -> Result<(), SnapshotError> {
        let mut rows = Vec::new();
        for at in 0..from.count()? {
            let ((software, machine), (name, (ways, (system, components)))) = HostKept::back(from)?;
            let key = name.as_ref().map(|name| Arc::<str>::from(host_key(name)));
            self.hosts.rename(number(at), None, key.as_ref());
            rows.push((software, machine, name, key, ways, (system, components)));
        }
        // A host's equipment depends on the names of the others: all of them are known now.
        for (at, (software, machine, name, key, (interfaces, tools), (system, components))) in
            rows.into_iter().enumerate()
        {
            let host: HostNo = number(at);
            let agent_id = || state.agents.by_number(host).map_or("", |agent| agent.agent_id.as_str());
            let row = HostDrift {
                equipment: self.hosts.equipment_of(state, host, key.as_deref()),
                key: key.unwrap_or_else(|| Arc::from(host_key(agent_id()))),
                name: name.map(Arc::from),
                software,
                machine,
                ways: HostWays { interfaces: Arc::new(interfaces), tools: Arc::new(tools) },
                system,
                components: u64::from(components),
                seen: Seen::of(state, host),
            };
            for id in row.equipment.iter() {
                self.member(id, host, &row, true);
            }
            self.hosts.put(host, row);
            // Where it stands follows from what stands on it, and is not kept.
            self.places.look(state, host);
        }
        Ok(())
    }

    fn judge_all(&mut self, state: &State) {
        let all: Vec<_> =
            self.sightings.iter().map(|(no, variant)| (no, variant.item, variant.origin, variant.setting)).collect();
        let mut items: BTreeSet<ItemNo> = BTreeSet::new();
        for (no, item, origin, setting) in all {
            items.insert(item);
            if let Some(meaning) = self.understand(state, item, origin, setting) {
                self.sightings.understand(no, meaning);
            }
        }
        for id in self.equipment.keys().cloned().collect::<Vec<EquipmentId>>() {
            self.group(state, &id, &mut Touched::default());
        }
        self.list(state, items);
    }
}

fn variants_back(from: &mut In<'_>) -> Result<Table<Variant>, SnapshotError> {
    let meaning = Arc::new(Meaning {
        category: Category::Auxiliary,
        product: String::new(),
        supplier: unknown_claim(""),
        sort: ComponentSort::Deb,
        vendor: None,
        decided: Decided::default(),
        carried: false,
    });
    let mut slots = Vector::new();
    for _ in 0..from.count()? {
        if !from.flag()? {
            slots.push_back(None);
            continue;
        }
        let ((item, origin), setting) = Keep::back(from)?;
        let (hosts, meaning) = (Keep::back(from)?, Arc::clone(&meaning));
        slots.push_back(Some(Variant {
            item,
            origin,
            setting,
            hosts,
            meaning,
            covered: 0,
            undeclared: 0,
            not_part: 0,
        }));
    }
    Ok(Table::from_slots(slots))
}
