//! When to look at everything: crontab(5) in, the next instant out.
//! It does not wait, and it does not know what runs then.
//! Invariant: what people mean by five fields is what happens; what has two meanings is refused, not guessed.

use chrono::DateTime;
use chrono_tz::Tz;
use daicho_schemas::time::UtcMicros;
use std::str::FromStr as _;

/// Days of the week as the `cron` crate spells them. Its numbers begin at 1 for Sunday, crontab's at 0.
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// A schedule; real ones have under 30 bytes.
const SCHEDULE_BYTES_MAX: usize = 200;

/// A schedule was not understood.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Not five fields.
    #[error("a schedule has five fields as in crontab(5), for instance '*/15 * * * *'; this one has {0}")]
    Fields(usize),
    /// Day of month and day of week are both restricted: cron programs differ in what that means.
    #[error("restrict the day of the month or the day of the week, not both: cron programs differ in what that means")]
    BothDays,
    /// A field makes no sense.
    #[error("the schedule is not understood: {0}")]
    Field(String),
    /// The zone is not in the IANA database.
    #[error("'{0}' is no time zone such as UTC or Asia/Tokyo")]
    Zone(String),
    /// It never comes.
    #[error("this schedule never comes due")]
    Never,
}

/// A schedule in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: cron::Schedule,
    zone: Tz,
}

impl Schedule {
    /// Reads five fields and a zone.
    pub fn parse(text: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = zone.parse().map_err(|_| ScheduleError::Zone(zone.chars().take(40).collect()))?;
        let six = six_fields(text)?;
        let cron = cron::Schedule::from_str(&six).map_err(|error| ScheduleError::Field(error.to_string()))?;
        let schedule = Self { cron, zone };
        let epoch = UtcMicros::from_micros(0).map_err(|_| ScheduleError::Never)?;
        schedule.next_after(epoch).ok_or(ScheduleError::Never)?;
        Ok(schedule)
    }

    /// The first due instant after this one.
    pub fn next_after(&self, now: UtcMicros) -> Option<UtcMicros> {
        let now = DateTime::from_timestamp_micros(now.micros())?.with_timezone(&self.zone);
        UtcMicros::from_micros(self.cron.after(&now).next()?.timestamp_micros()).ok()
    }
}

/// Seconds in front, and days of the week by name.
fn six_fields(text: &str) -> Result<String, ScheduleError> {
    if text.len() > SCHEDULE_BYTES_MAX {
        return Err(ScheduleError::Field(format!("it is longer than {SCHEDULE_BYTES_MAX} bytes")));
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(ScheduleError::Fields(fields.len()));
    };
    if day != "*" && weekday != "*" {
        return Err(ScheduleError::BothDays);
    }
    Ok(format!("0 {minute} {hour} {day} {month} {}", weekdays(weekday)?))
}

fn weekdays(field: &str) -> Result<String, ScheduleError> {
    if field == "*" {
        return Ok(field.into());
    }
    let mut chosen = [false; 7];
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| (1..=7).contains(step))),
            None => (item, Some(1)),
        };
        let wrong =
            || ScheduleError::Field(format!("'{}' is no day of the week", item.chars().take(20).collect::<String>()));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((first, last)) => (weekday(first).ok_or_else(wrong)?, weekday(last).ok_or_else(wrong)?),
            None => (weekday(range).ok_or_else(wrong)?, weekday(range).ok_or_else(wrong)?),
        };
        // `fri-sun` and `5-7` both go over the end of the week.
        let last = if last < first { last + 7 } else { last };
        for day in (first..=last).step_by(step.ok_or_else(wrong)?) {
            if let Some(chosen) = chosen.get_mut(day % 7) {
                *chosen = true;
            }
        }
    }
    let names: Vec<&str> = DAYS.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(name, _)| *name).collect();
    Ok(names.join(","))
}

fn weekday(text: &str) -> Option<usize> {
    match text.parse::<usize>() {
        Ok(number) => (number <= 7).then_some(number),
        Err(_) => DAYS.iter().position(|name| name.eq_ignore_ascii_case(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, zone: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule, zone).unwrap();
        // A Friday.
        let mut now: UtcMicros = "2026-11-20T12:00:00.000000Z".parse().unwrap();
        (0..count)
            .map(|_| {
                now = schedule.next_after(now).unwrap();
                now.to_string().chars().take(16).collect()
            })
            .collect()
    }

    #[test]
    fn five_fields_mean_what_crontab_says() {
        assert_eq!(next("*/15 * * * *", "UTC", 2), ["2026-11-20T12:15", "2026-11-20T12:30"]);
        assert_eq!(next("30 6 * * 1-5", "UTC", 2), ["2026-11-23T06:30", "2026-11-24T06:30"]);
        assert_eq!(next("0 0 * * 0", "UTC", 2), ["2026-11-22T00:00", "2026-11-29T00:00"]);
        assert_eq!(next("0 0 * * 7", "UTC", 1), next("0 0 * * sun", "UTC", 1));
        assert_eq!(next("0 0 * * 5-7", "UTC", 3), ["2026-11-21T00:00", "2026-11-22T00:00", "2026-11-27T00:00"]);
        assert_eq!(next("0 9 1 * *", "Asia/Tokyo", 1), ["2026-12-01T00:00"]);
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused() {
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "0 0 13 * 5",
            "61 * * * *",
            "0 0 * * 8",
            "0 0 * * mon-",
            "0 0 30 2 *",
            "@hourly",
            "0 0 * * 1/0",
        ] {
            assert!(Schedule::parse(bad, "UTC").is_err(), "{bad}");
        }
        assert!(matches!(Schedule::parse("* * * * *", "Mars"), Err(ScheduleError::Zone(_))));
    }
}
