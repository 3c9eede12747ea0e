//! Revenue from foreign governments (ord. 11(iv)): to be stated if in any one of the last 3 fiscal years that ended on or before
//! the day 2 months before filing at least 25 % of all revenue came from foreign governments etc. of the same country.
//! It does not know the supplier. Invariant: a year we were not told of never counts as a year without such revenue.

use super::{CountryCode, Ratio};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How many fiscal years are looked at.
pub const REVENUE_YEARS: usize = 3;
/// How long before filing a year must have ended, in months.
const ENDED_MONTHS_BEFORE: u32 = 2;

/// One fiscal year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FiscalYear {
    /// Its last day.
    pub ended_on: CalendarDate,
    /// Revenue from foreign governments etc., per country. Empty: none in this year.
    #[serde(default)]
    pub from_governments: Vec<ForeignRevenue>,
}

/// Revenue from the government, agencies, local governments, central bank, parties or other political bodies of one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignRevenue {
    /// Which country.
    pub country: CountryCode,
    /// Its share of the year's total revenue.
    pub share: Ratio,
    /// The names of the counterparties.
    #[serde(default)]
    pub counterparties: Vec<String>,
}

/// What the test says on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevenueTest<'a> {
    /// To be stated: these years and countries reach 25 %.
    Reached(Vec<(&'a FiscalYear, &'a ForeignRevenue)>),
    /// All three years are known, and none reaches it.
    NotReached,
    /// No known year reaches it, and this many of the three years are not known.
    Unknown(usize),
}

/// The years that count for a filing on a day: the last three that ended early enough, the latest first.
pub fn years_that_count(years: &[FiscalYear], filing_on: CalendarDate) -> Vec<&FiscalYear> {
    let ended_by = filing_on.minus_months(ENDED_MONTHS_BEFORE);
    let mut counting: Vec<&FiscalYear> = years.iter().filter(|year| year.ended_on <= ended_by).collect();
    counting.sort_by_key(|year| std::cmp::Reverse(year.ended_on));
    counting.truncate(REVENUE_YEARS);
    // The last three years end within three years; a month more for years of 53 weeks.
    let oldest = ended_by.minus_months(12 * 3 + 1);
    counting.retain(|year| year.ended_on > oldest);
    counting
}

/// The 25 % test for a filing on a day.
pub fn revenue_test(years: &[FiscalYear], filing_on: CalendarDate) -> RevenueTest<'_> {
    let mut counting = years_that_count(years, filing_on);
    // A year that ended within the last twelve months before the day is the latest one. If we do not know it, the third of those
    // that we know may be the fourth in truth.
    let ended_by = filing_on.minus_months(ENDED_MONTHS_BEFORE);
    if counting.first().is_none_or(|year| year.ended_on.plus_months(12) <= ended_by) {
        counting.truncate(REVENUE_YEARS - 1);
    }
    let countries = counting.iter().flat_map(|year| year.from_governments.iter().map(move |from| (*year, from)));
    let reached: Vec<_> = countries.filter(|(_, from)| from.share.cmp_fraction(1, 4) != Ordering::Less).collect();
    let known = counting.len();
    match () {
        () if !reached.is_empty() => RevenueTest::Reached(reached),
        () if known == REVENUE_YEARS => RevenueTest::NotReached,
        () => RevenueTest::Unknown(REVENUE_YEARS - known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDate {
        text.parse().unwrap()
    }

    fn year(ended_on: &str, shares: &[(&str, &str)]) -> FiscalYear {
        let from = shares.iter().map(|(country, share)| ForeignRevenue {
            country: CountryCode::try_from((*country).to_string()).unwrap(),
            share: Ratio::try_from((*share).to_string()).unwrap(),
            counterparties: vec!["Ministry".into()],
        });
        FiscalYear { ended_on: day(ended_on), from_governments: from.collect() }
    }

    #[test]
    fn a_year_counts_from_two_months_after_its_end() {
        let years = ["2023-03-31", "2024-03-31", "2025-03-31", "2026-03-31"].map(|end| year(end, &[]));
        let ends =
            |on: &str| years_that_count(&years, day(on)).iter().map(|y| y.ended_on.to_string()).collect::<Vec<_>>();
        assert_eq!(ends("2026-05-30"), ["2025-03-31", "2024-03-31", "2023-03-31"]);
        assert_eq!(ends("2026-05-31"), ["2026-03-31", "2025-03-31", "2024-03-31"]);
    }

    #[test]
    fn a_quarter_from_one_country_in_any_one_year_is_enough() {
        let mut years = vec![year("2024-03-31", &[]), year("2025-03-31", &[("US", "24.99%"), ("FR", "24.99%")])];
        assert_eq!(revenue_test(&years, day("2026-06-01")), RevenueTest::Unknown(1));
        years.push(year("2026-03-31", &[]));
        assert_eq!(revenue_test(&years, day("2026-06-01")), RevenueTest::NotReached);
        years[0].from_governments = year("2024-03-31", &[("US", "1/4")]).from_governments;
        assert!(matches!(revenue_test(&years, day("2026-06-01")), RevenueTest::Reached(found) if found.len() == 1));
        assert_eq!(revenue_test(&years, day("2027-06-01")), RevenueTest::Unknown(1), "the year that ended 2027-03-31");
        assert_eq!(revenue_test(&[], day("2026-06-01")), RevenueTest::Unknown(3));
    }
}
