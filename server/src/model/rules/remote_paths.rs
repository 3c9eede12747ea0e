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
use daicho_schemas::ids::{DeviceId, EquipmentId, PlanId, RemotePathId, SupplierId};
use serde::Serialize;
use std::collections::BTreeSet;

/// Where the contract of a path stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    /// Nobody named one.
    Missing,
    /// The plan of entrustment stands, and nobody stated that its last day is over.
    Stands,
    /// Its last day is over.
    Ended,
    /// A path to a national network: none is asked for.
    NotApplicable,
}

/// The devices that a fact touches, by themselves or by their equipment, those that are gone too.
fn devices_of<'a>(facts: &'a Facts<'_>, touched: &'a Touched) -> BTreeSet<&'a DeviceId> {
    let of_equipment = touched.equipment.iter().flat_map(|id| facts.state.devices.of_equipment(id));
    touched.devices.iter().chain(of_equipment).collect()
}

/// The same, as what rules judge.
pub(super) fn devices_touched(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    devices_of(facts, touched).into_iter().cloned().map(Subject::Device).collect()
}

/// The ways in that a fact touches: of devices, of their equipment, and those that are gone.
pub(super) fn ways_touched(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let stand =
        devices_of(facts, touched).into_iter().filter_map(|id| facts.state.devices.get(id)).flat_map(|device| {
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

/// Where the contract of a recorded path stands.
pub(crate) fn contract_of(state: &State, path: &PathState) -> ContractState {
    match &path.recorded.contract {
        _ if path.recorded.national_network.is_some() => ContractState::NotApplicable,
        None => ContractState::Missing,
        Some(plan) => match state.declarations.plan_state(plan) {
            Some(plan) if runs(state, plan) => ContractState::Stands,
            _ => ContractState::Ended,
        },
    }
}

impl State {
    /// The paths of filed plans that enter here, with their plans.
    pub(crate) fn declared_at(&self, entry: &PathEntry) -> impl Iterator<Item = (&PlanId, &RemotePathId)> {
        let key = entry_key(entry);
        let filed = self.declarations.plans().filter(|plan| plan.filed());
        let all = filed.flat_map(|plan| plan.plan.remote_paths.iter().map(move |path| (plan, path)));
        let own = all.filter(move |(_, path)| entry_of(path) == key);
        own.map(|(plan, path)| (&plan.plan.plan_id, &path.remote_path_id))
    }

    /// Whether a filed plan declares the place where a recorded path enters.
    pub(crate) fn declares(&self, id: &RemotePathId) -> bool {
        self.remote_paths.get(id).is_some_and(|path| self.declared_at(&path.recorded.enters).next().is_some())
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
