//! The parties of a filing in the order of the form: suppliers of equipment and parts, contractors tier by tier.
//! It does not know their data.
//! Invariant: everybody whom the plan names in a role stands here once per role; a role that nobody fills stands here as unnamed.

use daicho_schemas::fact::declaration::{ContractorTier, DeclaredPart, Plan, PlanKind};
use daicho_schemas::fact::filing::Relief;
use daicho_schemas::ids::SupplierId;
use daicho_schemas::regime::forms::Role;

/// One party in one role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Party<'a> {
    /// In which role.
    pub(super) role: Role,
    /// Who; absent where the plan does not say yet.
    pub(super) supplier_id: Option<&'a SupplierId>,
    /// The part that it supplies, with its place in the plan.
    pub(super) part: Option<(usize, &'a DeclaredPart)>,
    /// Its link in the chain of contractors.
    pub(super) tier: Option<&'a ContractorTier>,
    /// How far from the operator: 1 for a contractor.
    pub(super) depth: usize,
    /// The relief that the plan claims for it.
    pub(super) relief: Option<&'a Relief>,
}

impl<'a> Party<'a> {
    fn new(role: Role, supplier_id: Option<&'a SupplierId>) -> Self {
        Self { role, supplier_id, part: None, tier: None, depth: 1, relief: None }
    }
}

/// Every party of a plan.
pub(super) fn parties(plan: &Plan) -> Vec<Party<'_>> {
    match plan.plan_kind {
        PlanKind::Installation => {
            let equipment = Party::new(Role::EquipmentSupplier, plan.filing.equipment_supplier.as_ref());
            let parts = plan.parts.iter().enumerate().map(|(at, part)| Party {
                part: Some((at, part)),
                ..Party::new(Role::ComponentSupplier, Some(&part.supplier_id))
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
                all.push(Party::new(Role::Contractor, None));
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
    let role = if depth == 1 { Role::Contractor } else { Role::Subcontractor };
    let relief = plan.filing.reliefs.iter().find(|relief| relief.supplier_id == *id).filter(|_| depth > 1);
    all.push(Party { tier, depth, relief, ..Party::new(role, Some(id)) });
    for below in plan.contractor_tiers.iter().filter(|below| below.parent.as_ref() == Some(id)) {
        enter(plan, &below.supplier_id, Some(below), depth + 1, all);
    }
}
