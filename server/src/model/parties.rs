//! Who has which role in a plan: one walk over suppliers and contractors to the last tier.
//! It does not know their records. Invariant: everybody in a role stands here once; a role that the plan's kind asks for and that
//! names nobody stands here too.

use daicho_schemas::fact::declaration::{Plan, PlanKind};
use daicho_schemas::fact::supplier::SupplierRole;
use daicho_schemas::ids::SupplierId;
use std::collections::BTreeSet;

/// Who has which role in a plan, each once, in the order of the forms.
pub fn roles(plan: &Plan) -> BTreeSet<(SupplierRole, Option<&SupplierId>)> {
    match plan.plan_kind {
        PlanKind::Installation => {
            let parts = plan.parts.iter().map(|part| (SupplierRole::ComponentSupplier, Some(&part.supplier_id)));
            [(SupplierRole::EquipmentSupplier, plan.filing.equipment_supplier.as_ref())]
                .into_iter()
                .chain(parts)
                .collect()
        }
        PlanKind::Entrustment if plan.contractors.is_empty() => [(SupplierRole::Contractor, None)].into(),
        PlanKind::Entrustment => {
            let below = plan.contractor_tiers.iter().filter(|tier| tier.parent.is_some());
            let below: BTreeSet<&SupplierId> = below.map(|tier| &tier.supplier_id).collect();
            let role = |id: &SupplierId| match below.contains(id) {
                true => SupplierRole::Subcontractor,
                false => SupplierRole::Contractor,
            };
            plan.contractors.iter().map(|id| (role(id), Some(id))).collect()
        }
    }
}

/// Everybody whom a plan names, in each role.
pub fn parties_of(plan: &Plan) -> impl Iterator<Item = (SupplierRole, &SupplierId)> {
    roles(plan).into_iter().filter_map(|(role, id)| Some((role, id?)))
}
