//! Which rule of the law stood behind an equipment's business on a day: criterion, 特定重要設備 and what it rests on.
//! It does not judge figures or changes. Invariant: a business that no rule names on that day is said to have none, not skipped.

use super::super::Model;
use super::super::regimes::sectors;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::regime::sectors::BusinessRule;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;

/// The law behind one equipment on one day.
#[derive(Clone, Debug, Serialize)]
pub struct EquipmentLaw {
    /// Which.
    pub equipment_id: EquipmentId,
    /// The day, in Japan.
    pub on: CalendarDate,
    /// The business, as the plan names it.
    pub business: String,
    /// The rule of that business on that day, with its articles, days and confidence; absent where this release knows none.
    pub rule: Option<&'static BusinessRule>,
}

impl Model {
    /// The law behind an equipment on a day, by the business that the plan received last names.
    pub fn equipment_law(&self, id: &EquipmentId, on: CalendarDate) -> Option<EquipmentLaw> {
        let plan = self.state.declarations.plans_of(id).max_by_key(|state| state.seq)?;
        let business = plan.plan.operator.business.clone();
        Some(EquipmentLaw { equipment_id: id.clone(), on, rule: rule_of(&business, on), business })
    }
}

/// The rule of a business by its id, or by its name with or without 事業 behind it.
fn rule_of(business: &str, on: CalendarDate) -> Option<&'static BusinessRule> {
    let plain = |name: &str| name.trim().trim_end_matches("事業").to_string();
    let law = sectors()?;
    let all = law.sectors.iter().flat_map(|sector| &sector.businesses);
    let named = |rule: &&BusinessRule| rule.business_id == business || plain(&rule.name.ja) == plain(business);
    let id = &all.into_iter().find(named)?.business_id;
    law.rule_on(id, on).map(|(_, rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trucking_has_its_old_rule_until_the_day_before_the_new_one() {
        let rule = |business: &str, on: &str| rule_of(business, on.parse().unwrap()).map(|rule| rule.rule_id.as_str());
        for business in ["一般貨物自動車運送事業", "一般貨物自動車運送", "trucking"] {
            assert_eq!(rule(business, "2025-06-12"), Some("trucking-until-2025-06-12"));
            assert_eq!(rule(business, "2025-06-13"), Some("trucking"));
        }
        assert_eq!(rule("事業", "2026-01-01"), None);
        assert_eq!(rule("", "2026-01-01"), None);
    }
}
