//! What the ministry was told of the parties of a filed plan.
//! It does not know what a difference to it means, nor which of it was sent directly by a supplier.
//! Invariant: what was told is never forgotten by a later record; what was not said when the plan was filed is taken from the
//! first record that says it, so that a change after that is seen.

use super::{PlanState, SupplierState};
use crate::model::parties::parties_of;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{PlanId, SupplierId};
use imbl::OrdMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The records that stand of everybody whom a plan names.
pub(super) fn records_of(
    plan: &Plan,
    suppliers: &OrdMap<SupplierId, Arc<SupplierState>>,
) -> BTreeMap<SupplierId, Arc<SupplierRecord>> {
    let named = parties_of(plan).filter_map(|(_, id)| Some((id, suppliers.get(id)?)));
    named.map(|(id, state)| (id.clone(), Arc::new(state.record.clone()))).collect()
}

/// Takes from a new record what the filed plans that name it were not told before.
pub(super) fn said_later(plans: &mut OrdMap<PlanId, Arc<PlanState>>, record: &SupplierRecord) {
    let id = &record.supplier_id;
    let names = |plan: &PlanState| parties_of(plan.filed_version()).any(|(_, named)| named == id);
    let told = |plan: &PlanState| match plan.records_as_filed.get(id) {
        Some(told) => filled(told, record),
        None => Some(record.clone()),
    };
    let open = plans.iter().filter(|(_, plan)| plan.filed() && names(plan));
    let more: Vec<(PlanId, SupplierRecord)> =
        open.filter_map(|(plan_id, plan)| Some((plan_id.clone(), told(plan)?))).collect();
    for (plan_id, told) in more {
        if let Some(plan) = plans.get_mut(&plan_id) {
            Arc::make_mut(plan).records_as_filed.insert(id.clone(), Arc::new(told));
        }
    }
}

/// What was told, with what a later record says for the first time; nothing where that is nothing.
fn filled(told: &SupplierRecord, later: &SupplierRecord) -> Option<SupplierRecord> {
    let mut filled = told.clone();
    let mut any = false;
    fill(&mut filled.corporate_number, &later.corporate_number, &mut any);
    fill(&mut filled.country_of_law, &later.country_of_law, &mut any);
    fill(&mut filled.address_country, &later.address_country, &mut any);
    let (items, said) = (&mut filled.items, &later.items);
    fill(&mut items.representative, &said.representative, &mut any);
    fill(&mut items.address, &said.address, &mut any);
    fill(&mut items.holders, &said.holders, &mut any);
    fill(&mut items.officers, &said.officers, &mut any);
    fill(&mut items.foreign_revenue, &said.foreign_revenue, &mut any);
    fill(&mut items.manufacturing_sites, &said.manufacturing_sites, &mut any);
    any.then_some(filled)
}

fn fill<T: Clone>(told: &mut Option<T>, later: &Option<T>, any: &mut bool) {
    if told.is_none() && later.is_some() {
        told.clone_from(later);
        *any = true;
    }
}
