//! Papers that go with a filing: made within 3 months before it, or valid on its day (ord. 9(2)).
//! It does not keep the papers; it knows that they were seen, and their days.
//! Invariant: a paper without any date is never said to be usable.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How old a paper may be on the day of filing, in months.
pub const PAPER_MONTHS: u32 = 3;

/// A 登記事項証明書, or a proof of an officer's name, birth date and nationality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// The day it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<CalendarDate>,
    /// The last day of its validity, where it has one (passport, residence card).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<CalendarDate>,
}

impl Paper {
    /// The last day on which it may go with a filing; nothing where it has no date.
    pub fn usable_through(&self) -> Option<CalendarDate> {
        let by_age = self.issued_on.map(|day| day.plus_months(PAPER_MONTHS));
        by_age.max(self.valid_through)
    }

    /// Whether it may go with a filing on this day.
    pub fn usable_on(&self, filing_on: CalendarDate) -> bool {
        let made = self.issued_on.is_none_or(|day| day <= filing_on);
        made && self.usable_through().is_some_and(|through| filing_on <= through)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_paper_is_young_enough_or_still_valid() {
        let registry = Paper { issued_on: Some(day("2026-08-31")), valid_through: None };
        assert!(registry.usable_on(day("2026-11-30")) && !registry.usable_on(day("2026-12-01")));
        assert!(!registry.usable_on(day("2026-08-30")), "not made yet");
        let passport = Paper { issued_on: Some(day("2020-01-01")), valid_through: Some(day("2030-01-01")) };
        assert!(passport.usable_on(day("2030-01-01")) && !passport.usable_on(day("2030-01-02")));
        assert!(!Paper { issued_on: None, valid_through: None }.usable_on(day("2026-11-21")));
    }
}
