//! What the rules of devices and remote paths share: which subjects a fact touches, who declares a path, whose contract runs.
//! It does not know days: that one is over was stated by an entry.
//! Invariant: a path that was removed, or that leads to a national network, is nobody's finding.

use super::Facts;
use crate::model::findings::Subject;
use crate::model::state::State;
use crate::model::views::declarations::PlanState;
use crate::model::views::devices::Device;
use crate::model::views::drift::Touched;
use crate::model::views::remote_paths::{PathState, entry_key};
use daicho_schemas::fact::declaration::{DeclaredRemotePath, PlanKind};
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::{DeviceId, EquipmentId, RemotePathId, SupplierId};
use std::collections::BTreeSet;

/// The ways in that a fact touches: of devices, of their equipment, and those that are gone.
pub(super) fn ways_touched(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let devices = &facts.state.devices;
    let of_equipment = touched.equipment.iter().flat_map(|id| devices.of_equipment(id));
    let ids: BTreeSet<&DeviceId> = touched.devices.iter().chain(of_equipment).collect();
    let stand = ids.into_iter().filter_map(|id| devices.get(id)).flat_map(|device| {
        let keys: Vec<(DeviceId, String)> =
            device.ways().into_keys().map(|key| (device.id.clone(), key.to_string())).collect();
        keys
    });
    stand.chain(touched.ways.iter().cloned()).map(|(device, key)| Subject::WayIn(device, key)).collect()
}

/// Where a declared path enters.
pub(crate) fn entry_of(path: &DeclaredRemotePath) -> PathEntry {
    match &path.device {
        Some(way) => PathEntry::DeviceWayIn { device_id: way.device_id.clone(), way_in: way.way_in.clone() },
        None if path.interface.is_empty() => {
            entry_key(&PathEntry::Software { host: path.host.clone(), software: path.software.clone() })
        }
        None => entry_key(&PathEntry::HostInterface { host: path.host.clone(), interface: path.interface.clone() }),
    }
}

/// The record of the path that enters here and is there.
pub(crate) fn standing_record<'a>(state: &'a State, entry: &PathEntry) -> Option<&'a PathState> {
    let key = entry_key(entry);
    let own = state.remote_paths.entering(&key).find(|own| own.stands());
    // The iterator borrows the key; the record does not.
    own.and_then(|own| state.remote_paths.get(&own.recorded.remote_path_id))
}

/// Whether a plan stands for an entrustment of which nobody stated that its last day is over.
pub(crate) fn runs(state: &State, plan: &PlanState) -> bool {
    let dates = &plan.plan.dates;
    plan.plan.plan_kind == PlanKind::Entrustment
        && !state.remote_paths.has_ended(&plan.plan.plan_id, dates.entrusted_through)
}

/// The entrustment to somebody on an equipment that runs.
pub(crate) fn contract_with<'a>(
    state: &'a State,
    equipment: &'a EquipmentId,
    supplier: &SupplierId,
) -> Option<&'a PlanState> {
    let named = |plan: &&PlanState| {
        let own = &plan.plan;
        own.contractors.contains(supplier) || own.remote_paths.iter().any(|path| path.supplier_id == *supplier)
    };
    state.declarations.plans_of(equipment).filter(named).find(|plan| runs(state, plan))
}

impl State {
    /// Whether a filed plan declares the place where a recorded path enters.
    pub(crate) fn declares(&self, id: &RemotePathId) -> bool {
        let Some(path) = self.remote_paths.get(id) else { return false };
        let entry = entry_key(&path.recorded.enters);
        let filed = self.declarations.plans().filter(|plan| plan.filed());
        filed.flat_map(|plan| &plan.plan.remote_paths).any(|declared| entry_of(declared) == entry)
    }
}

/// The suppliers who maintain an equipment, as far as plans, records and devices say.
pub(crate) fn maintainers(state: &State, equipment: &EquipmentId) -> BTreeSet<SupplierId> {
    let plans = state.declarations.plans_of(equipment).filter(|plan| plan.filed());
    let mut all: BTreeSet<SupplierId> = BTreeSet::new();
    for plan in plans {
        if runs(state, plan) {
            all.extend(plan.plan.contractors.iter().cloned());
        }
        all.extend(plan.plan.remote_paths.iter().map(|path| path.supplier_id.clone()));
    }
    let records = state.remote_paths.iter().filter(|path| path.stands() && path.recorded.national_network.is_none());
    let here = records.filter(|path| path.recorded.equipment_id.as_ref() == Some(equipment));
    all.extend(here.filter_map(|path| path.recorded.supplier_id.clone()));
    let devices = state.devices.of_equipment(equipment).filter_map(|id| state.devices.recorded(id));
    all.extend(devices.filter_map(|device| match &device.owner {
        Some(HeldBy::Supplier(id)) => Some(id.clone()),
        Some(HeldBy::Operator) | None => None,
    }));
    all
}

/// What people call a device: its name, else maker and model, else its id.
pub(crate) fn name_of(device: &Device<'_>) -> String {
    let identity = device.identity();
    let made: Vec<String> = [identity.maker, identity.model].into_iter().flatten().collect();
    match identity.name {
        Some(name) => name,
        None if made.is_empty() => device.id.to_string(),
        None => format!("{} ({})", device.id, made.join(" ")),
    }
}
