//! Instants and calendar dates, as values.
//! This file does not know what time it is: nothing here reads a clock.
//! Invariant: one instant has one spelling (`2026-11-21T03:49:34.000000Z`), so equal times are equal bytes.

use chrono::{DateTime, Datelike as _, Days, FixedOffset, Months, NaiveDate, Timelike as _, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Japan has used one offset without summer time since 1951; every legal date is counted in it.
const JAPAN_OFFSET_SECONDS: i32 = 9 * 3600;

/// An instant in microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 with six digits and `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct UtcMicros(i64);

/// The text was not an instant or a date of the one accepted spelling.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is not {wanted}")]
pub struct TimeError {
    text: String,
    wanted: &'static str,
}

impl UtcMicros {
    /// From microseconds since the epoch; refused outside the years 1970 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimeError> {
        const YEAR_10000_MICROS: i64 = 253_402_300_800_000_000;
        if (0..YEAR_10000_MICROS).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(TimeError { text: micros.to_string(), wanted: "an instant of the years 1970 to 9999" })
        }
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// This instant moved by some seconds; stops at the ends of the range instead of wrapping.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = self.0.saturating_add(seconds.saturating_mul(1_000_000)).max(0);
        Self::from_micros(moved).unwrap_or(self)
    }

    /// Whole seconds from `earlier` to this instant; negative when `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).div_euclid(1_000_000)
    }

    /// The calendar date in Japan at this instant: the date that legal clocks count in.
    pub fn date_in_japan(self) -> CalendarDate {
        let date = match (FixedOffset::east_opt(JAPAN_OFFSET_SECONDS), self.datetime()) {
            (Some(japan), Some(utc)) => utc.with_timezone(&japan).date_naive(),
            _ => NaiveDate::default(),
        };
        CalendarDate(date)
    }

    /// `2026-11-21 12:49:34` in Japan, for people.
    pub fn for_people_in_japan(self) -> String {
        match (FixedOffset::east_opt(JAPAN_OFFSET_SECONDS), self.datetime()) {
            (Some(japan), Some(utc)) => utc.with_timezone(&japan).format("%Y-%m-%d %H:%M:%S").to_string(),
            _ => self.to_string(),
        }
    }

    fn datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }
}

impl fmt::Display for UtcMicros {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.datetime() {
            // By hand: every entry has several of these, and a format string is read anew each time.
            Some(utc) => {
                let (date, time, micros) = (utc.date_naive(), utc.time(), utc.timestamp_subsec_micros());
                let (year, month, day) = (date.year(), date.month(), date.day());
                let (hour, minute, second) = (time.hour(), time.minute(), time.second());
                write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
            }
            None => write!(out, "{}us", self.0),
        }
    }
}

impl FromStr for UtcMicros {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wanted = "an instant such as 2026-11-21T03:49:34.000000Z";
        let refused = || TimeError { text: text.chars().take(40).collect(), wanted };
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| refused())?;
        let instant = Self::from_micros(parsed.timestamp_micros()).map_err(|_| refused())?;
        // One instant, one spelling: otherwise equal facts could have different hashes.
        if instant.to_string() == text { Ok(instant) } else { Err(refused()) }
    }
}

impl From<UtcMicros> for String {
    fn from(instant: UtcMicros) -> Self {
        instant.to_string()
    }
}

impl TryFrom<String> for UtcMicros {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

/// A day of the calendar, without a time and without a zone. Written `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct CalendarDate(NaiveDate);

impl CalendarDate {
    /// The date some days later (earlier when negative); stays put at the ends of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let moved = if days >= 0 {
            self.0.checked_add_days(Days::new(days.unsigned_abs()))
        } else {
            self.0.checked_sub_days(Days::new(days.unsigned_abs()))
        };
        Self(moved.unwrap_or(self.0))
    }

    /// How many days this date lies behind an earlier one; negative when `earlier` is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }

    /// The date some months later; the last day of the month where the day does not exist.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).unwrap_or(self.0))
    }

    /// The date some months earlier; the last day of the month where the day does not exist.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        Self(self.0.checked_sub_months(Months::new(months)).unwrap_or(self.0))
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for CalendarDate {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refused = || TimeError { text: text.chars().take(40).collect(), wanted: "a date such as 2026-11-21" };
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| refused())?;
        let date = Self(date);
        if date.to_string() == text { Ok(date) } else { Err(refused()) }
    }
}

impl From<CalendarDate> for String {
    fn from(date: CalendarDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for CalendarDate {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_one_spelling() {
        let instant: UtcMicros = "2026-11-21T03:49:34.000001Z".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-11-21T03:49:34.000001Z");
        for other in ["2026-11-21T03:49:34Z", "2026-11-21T12:49:34.000001+09:00", "2026-11-21 03:49:34.000001Z", ""] {
            assert!(other.parse::<UtcMicros>().is_err(), "{other}");
        }
    }

    #[test]
    fn the_day_turns_at_midnight_in_japan() {
        let before: UtcMicros = "2026-11-20T14:59:59.999999Z".parse().unwrap();
        let after: UtcMicros = "2026-11-20T15:00:00.000000Z".parse().unwrap();
        assert_eq!(before.date_in_japan().to_string(), "2026-11-20");
        assert_eq!(after.date_in_japan().to_string(), "2026-11-21");
    }

    #[test]
    fn months_end_where_the_day_does_not_exist() {
        let date: CalendarDate = "2026-10-31".parse().unwrap();
        assert_eq!(date.plus_months(4).to_string(), "2027-02-28");
        assert_eq!(date.plus_days(-31).to_string(), "2026-09-30");
        assert_eq!(date.minus_months(1).to_string(), "2026-09-30");
        assert!("2026-02-30".parse::<CalendarDate>().is_err());
    }
}
