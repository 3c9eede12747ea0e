//! Who has which role in a plan, in the order of the forms: one walk over suppliers and contractors to the last tier.
//! It does not know their records. Invariant: everybody stands here in each role that the plan gives them; a role that the plan's
//! kind asks for and that names nobody stands here too.

use daicho_schemas::fact::declaration::{ContractorTier, DeclaredPart, Plan, PlanKind};
use daicho_schemas::fact::filing::Relief;
use daicho_schemas::fact::supplier::SupplierRole;
use daicho_schemas::ids::SupplierId;
use std::collections::BTreeSet;

/// One party in one role.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// In which role.
    pub role: SupplierRole,
    /// Who; absent where the plan does not say yet.
    pub supplier_id: Option<&'a SupplierId>,
    /// The part that it supplies, with its place in the plan.
    pub part: Option<(usize, &'a DeclaredPart)>,
    /// Its link in the chain of contractors.
    pub tier: Option<&'a ContractorTier>,
    /// How far from the operator: 1 for a contractor.
    pub depth: usize,
    /// The relief that the plan claims for it.
    pub relief: Option<&'a Relief>,
}

impl<'a> Party<'a> {
    fn new(role: SupplierRole, supplier_id: Option<&'a SupplierId>) -> Self {
        Self { role, supplier_id, part: None, tier: None, depth: 1, relief: None }
    }
}

/// Every party of a plan.
pub fn parties(plan: &Plan) -> Vec<Party<'_>> {
    match plan.plan_kind {
        PlanKind::Installation => {
            let equipment = Party::new(SupplierRole::EquipmentSupplier, plan.filing.equipment_supplier.as_ref());
            let parts = plan.parts.iter().enumerate().map(|(at, part)| Party {
                part: Some((at, part)),
                ..Party::new(SupplierRole::ComponentSupplier, Some(&part.supplier_id))
            });
            std::iter::once(equipment).chain(parts).collect()
        }
        PlanKind::Entrustment => {
            let mut all = Vec::new();
            // Whoever has no link in the chain is taken for a contractor of the operator's own.
            for id in &plan.contractors {
                let tier = plan.contractor_tiers.iter().find(|tier| tier.supplier_id == *id);
                if tier.is_none_or(|tier| tier.parent.is_none()) {
                    enter(plan, id, tier, 1, &mut all);
                }
            }
            if all.is_empty() {
                all.push(Party::new(SupplierRole::Contractor, None));
            }
            all
        }
    }
}

fn enter<'a>(
    plan: &'a Plan,
    id: &'a SupplierId,
    tier: Option<&'a ContractorTier>,
    depth: usize,
    all: &mut Vec<Party<'a>>,
) {
    // A chain that came back to itself is refused at import; here it only must not run for ever.
    if depth > plan.contractor_tiers.len() + 1 {
        return;
    }
    let role = if depth == 1 { SupplierRole::Contractor } else { SupplierRole::Subcontractor };
    let relief = plan.filing.reliefs.iter().find(|relief| relief.supplier_id == *id).filter(|_| depth > 1);
    all.push(Party { tier, depth, relief, ..Party::new(role, Some(id)) });
    for below in plan.contractor_tiers.iter().filter(|below| below.parent.as_ref() == Some(id)) {
        enter(plan, &below.supplier_id, Some(below), depth + 1, all);
    }
}

/// Who has which role in a plan, each once.
pub fn roles(plan: &Plan) -> BTreeSet<(SupplierRole, Option<&SupplierId>)> {
    parties(plan).into_iter().map(|party| (party.role, party.supplier_id)).collect()
}

/// Everybody whom a plan names, in each role.
pub fn parties_of(plan: &Plan) -> impl Iterator<Item = (SupplierRole, &SupplierId)> {
    roles(plan).into_iter().filter_map(|(role, id)| Some((role, id?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::plan;
    use serde_json::json;

    /// One company can be a contractor of the operator's own and work for another contractor, too.
    #[test]
    fn whoever_has_two_roles_stands_in_both_and_a_circle_ends() {
        let mut plan = plan("p", "tos").entrustment().build();
        let id = |text: &str| SupplierId::new(text).unwrap();
        assert_eq!(roles(&plan), [(SupplierRole::Contractor, None)].into(), "nobody is named yet");
        plan.contractors = ["a", "b", "c"].map(id).to_vec();
        let tiers = json!([{ "supplier_id": "a" }, { "supplier_id": "b" }, { "supplier_id": "b", "parent": "a" },
            { "supplier_id": "c", "parent": "b" }]);
        plan.contractor_tiers = serde_json::from_value(tiers).unwrap();
        let found: Vec<_> = parties_of(&plan).map(|(role, id)| (role.key(), id.as_str())).collect();
        assert_eq!(found, [("contractor", "a"), ("contractor", "b"), ("subcontractor", "b"), ("subcontractor", "c")]);
        let circle = json!([{ "supplier_id": "a" }, { "supplier_id": "b", "parent": "a" }, { "supplier_id": "a", "parent": "b" }]);
        plan.contractor_tiers = serde_json::from_value(circle).unwrap();
        assert!(parties(&plan).len() < 20, "it is refused at import, and ends here all the same");
    }
}
