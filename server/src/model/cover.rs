//! Which declared part covers a component: the same supplier, a category that fits, and the names that the part lists.
//! It does not know hosts, counts or phases; it sees one component and the parts of one equipment.
//! Invariant: a supplier that is not recorded is never covered, and a part that names products goes before one that does not.

use super::meaning::Meaning;
use super::views::declarations::Declarations;
use daicho_schemas::fact::declaration::{Category, DeclaredPart};
use daicho_schemas::ids::{EquipmentId, PartId, PlanId, SupplierId};
use std::collections::BTreeMap;

/// The declared parts of one equipment, by supplier.
#[derive(Clone, Debug, Default)]
pub struct CoverParts {
    by_supplier: BTreeMap<SupplierId, Vec<CoverPart>>,
}

#[derive(Clone, Debug)]
struct CoverPart {
    plan_id: PlanId,
    part_id: PartId,
    category: Category,
    covers: Vec<String>,
}

impl CoverParts {
    /// The parts of every plan of the equipment that counts.
    pub fn of(declarations: &Declarations, equipment: &EquipmentId) -> Self {
        let mut parts = Self::default();
        for state in declarations.covering_plans_of(equipment) {
            for part in &state.plan.parts {
                parts.by_supplier.entry(part.supplier_id.clone()).or_default().push(CoverPart {
                    plan_id: state.plan.plan_id.clone(),
                    part_id: part.part_id.clone(),
                    category: part.category,
                    covers: part.covers.clone(),
                });
            }
        }
        for list in parts.by_supplier.values_mut() {
            list.sort_by_key(|part| (part.covers.is_empty(), part.plan_id.clone(), part.part_id.clone()));
        }
        parts
    }

    /// Whether any of them names a supplier.
    pub fn names(&self, supplier: &SupplierId) -> bool {
        self.by_supplier.contains_key(supplier)
    }

    /// The part that covers a component of this meaning and name.
    pub fn cover(&self, meaning: &Meaning, name: &str) -> Option<(PlanId, PartId)> {
        let parts = self.by_supplier.get(meaning.supplier.supplier_id.as_ref()?)?;
        let fits = |part: &&CoverPart| covers(part.category, &part.covers, meaning.category, &meaning.product, name);
        parts.iter().find(fits).map(|part| (part.plan_id.clone(), part.part_id.clone()))
    }
}

/// Whether a part of a supplier covers a component of the same supplier.
pub fn part_covers(part: &DeclaredPart, category: Category, product: &str, name: &str) -> bool {
    covers(part.category, &part.covers, category, product, name)
}

/// Categories must agree. A host does not tell middleware from other applications, nor which packages of a distribution
/// the operator files as such, so there the operator's word decides: a middleware part covers an application of its
/// supplier, and a part that names products may take them out of the operating system.
fn covers(filed: Category, names: &[String], seen: Category, product: &str, name: &str) -> bool {
    let named = names.iter().any(|glob| glob_matches(glob, product) || glob_matches(glob, name));
    match (filed, seen) {
        (Category::Application | Category::Middleware, Category::OperatingSystem) => {
            names.iter().any(|glob| glob_matches(glob, name))
        }
        (Category::Application | Category::Middleware, Category::Application) => named || names.is_empty(),
        _ => filed == seen && (named || names.is_empty()),
    }
}

/// `*` stands for any run of characters; everything else for itself, without regard to ASCII case. Linear in practice:
/// it goes back to the last star only.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.chars().map(|c| c.to_ascii_lowercase()).collect();
    let text: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
    let (mut g, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(c) if text.get(t) == Some(c) => {
                g += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    g = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    glob.iter().skip(g).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_and_nothing_else_is_special() {
        for (glob, text, fits) in [
            ("postgresql*", "PostgreSQL-15", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("lib?", "libc", false),
            ("[a]", "a", false),
            ("abc", "abcd", false),
            ("", "x", false),
            ("*港*", "神戸港TOS", true),
        ] {
            assert_eq!(glob_matches(glob, text), fits, "{glob} {text}");
        }
        assert!(!glob_matches(&"*a".repeat(500), &"a".repeat(400)), "many stars end in reasonable time");
    }

    #[test]
    fn an_unnamed_application_part_does_not_swallow_the_operating_system() {
        let os = Category::OperatingSystem;
        assert!(!covers(Category::Application, &[], os, "Debian GNU/Linux", "bash"));
        assert!(!covers(Category::Middleware, &["Debian*".into()], os, "Debian GNU/Linux", "bash"));
        assert!(covers(Category::Middleware, &["postgresql*".into()], os, "Debian GNU/Linux", "postgresql-15"));
        assert!(covers(Category::Middleware, &[], Category::Application, "tos-db", "tos-db"));
        assert!(!covers(os, &[], Category::Application, "tos-db", "tos-db"));
    }
}
