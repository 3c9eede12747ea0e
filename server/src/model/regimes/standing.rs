//! Whether the law for a business is in force on a day, from the sectors that this build carries.
//! It does not know plans or designations. Invariant: a business that the sectors do not name is not said to be out of force.

use super::sectors;
use daicho_schemas::time::CalendarDate;

/// Whether the sectors name a business, and none of its rules holds on a day: enacted and not in force yet, or not yet at that time.
/// `business` as a plan writes it: the name that the order gives it, with or without 事業 at its end.
pub fn not_in_force(business: &str, on: CalendarDate) -> bool {
    let rules = sectors().into_iter().flat_map(|file| file.rules()).map(|(_, rule)| rule);
    let mut own = rules.filter(|rule| plain(&rule.name.ja) == plain(business)).peekable();
    own.peek().is_some() && !own.any(|rule| rule.basis.holds_on(on))
}

fn plain(name: &str) -> &str {
    name.trim().trim_end_matches("事業")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(business: &str, day: &str) -> bool {
        not_in_force(business, day.parse().unwrap())
    }

    #[test]
    fn each_business_has_its_day_and_what_is_unknown_is_not_excused() {
        assert!(on("医療に係る事業（病院）", "2026-11-21"), "enacted, not in force");
        assert!(on("一般港湾運送事業", "2025-03-31") && !on("一般港湾運送事業", "2025-04-01"));
        assert!(on("一般港湾運送", "2025-03-31") && !on("一般港湾運送", "2025-04-01"), "without 事業");
        for day in ["2025-06-12", "2025-06-13"] {
            assert!(!on("一般貨物自動車運送事業", day), "an old and a new rule, no gap between them");
        }
        assert!(!on("宇宙港の運営", "2026-11-21") && !on("", "2026-11-21"));
    }
}
