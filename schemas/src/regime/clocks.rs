//! The clocks of the law with their counting rule: from which day, whether that day counts, which day is the last.
//! It does not know a single plan, nor what day it is.
//! Invariant: a rule that counts carries an example, and the example is computed in a test.

use super::{Basis, Head, Row};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the file format.
pub const CLOCKS_FORMAT: &str = "daicho.regime-clocks.v1";

/// Every clock of a regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClocksFile {
    /// Always [`CLOCKS_FORMAT`].
    pub format: String,
    /// About the file.
    pub head: Head,
    /// The clocks.
    pub clocks: Vec<ClockRule>,
}

/// One clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// Unique in the regime.
    pub clock_id: String,
    /// What it is for.
    pub name: Text,
    /// How the law words it, and what that means.
    pub wording: Text,
    /// The day it counts from: `accepted_on`, `received_on`.
    pub from: String,
    /// How it counts.
    pub count: Count,
    /// What it rests on.
    pub basis: Basis,
    /// Examples; a counting rule has at least one.
    pub tests: Vec<ClockTest>,
}

/// How a clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Count {
    /// A period in days; gives its last day.
    Days {
        /// How many.
        number: u32,
        /// Whether the day it counts from is day 1 (起算).
        first_day_counts: bool,
    },
    /// A period in months; gives its last day.
    Months {
        /// How many.
        number: u32,
        /// Whether the day it counts from is day 1 (起算).
        first_day_counts: bool,
    },
    /// The latest day, some days before an event.
    DaysAhead {
        /// How many.
        number: u32,
    },
    /// The earliest day, some months before an event.
    MonthsBack {
        /// How many.
        number: u32,
    },
    /// One day for everybody.
    Fixed {
        /// The last day.
        on: CalendarDate,
    },
    /// Before the event, without a number.
    Before,
    /// 遅滞なく: without a number.
    WithoutDelay,
    /// The text was not seen, or depends on more than a day: a person must look.
    Ask,
}

/// An example of a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockTest {
    /// What the case shows.
    pub name: String,
    /// The day it counts from.
    pub from: CalendarDate,
    /// The day that must come out.
    pub expect: CalendarDate,
}

impl Count {
    /// The day that the clock gives, where it gives one. A period that began on a day the last month does not have ends on
    /// the last day of that month.
    pub fn day(self, from: CalendarDate) -> Option<CalendarDate> {
        match self {
            Self::Days { number, first_day_counts } => {
                Some(from.plus_days(i64::from(number) - i64::from(first_day_counts)))
            }
            Self::Months { number, first_day_counts } => {
                let later = from.plus_months(number);
                let same_day = later.minus_months(number) == from;
                Some(if first_day_counts && same_day { later.plus_days(-1) } else { later })
            }
            Self::DaysAhead { number } => Some(from.plus_days(-i64::from(number))),
            Self::MonthsBack { number } => Some(from.minus_months(number)),
            Self::Fixed { on } => Some(on),
            Self::Before | Self::WithoutDelay | Self::Ask => None,
        }
    }

    /// Whether it gives a day at all.
    pub fn gives_a_day(self) -> bool {
        !matches!(self, Self::Before | Self::WithoutDelay | Self::Ask)
    }
}

impl ClockRule {
    pub(super) fn row(&self, list: &'static str) -> Row {
        Row::new(list, &self.clock_id, &self.name, &self.basis, self)
    }
}

impl ClocksFile {
    pub(super) fn rows(&self) -> Vec<Row> {
        self.clocks.iter().map(|clock| clock.row("clocks")).collect()
    }
}
