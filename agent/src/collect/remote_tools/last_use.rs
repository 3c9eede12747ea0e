//! The last day on which a tool's own note says that it was used.
//! It does not know who used it: the line is read up to the day and no further.
//! Invariant: nothing of the note but one day leaves; a note of another form says nothing.

use super::list::{Log, LogForm};
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::time::CalendarDate;

const LOG_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The latest day in any of the files.
pub(super) fn read(gather: &mut Gather, host: &dyn Host, log: &Log) -> Option<CalendarDate> {
    let mut latest = None;
    for place in &log.files {
        match host.read(place, LOG_BYTES_MAX) {
            Ok(reading) => {
                gather.source(place.as_str());
                if reading.cut {
                    gather.miss_rest(place);
                }
                latest = latest.max(days(&reading.bytes, log.form).max());
            }
            Err(error) if error.is_missing() => {}
            Err(error) => gather.miss_access(&error),
        }
    }
    latest
}

fn days(bytes: &[u8], form: LogForm) -> impl Iterator<Item = CalendarDate> {
    let text = match form {
        // Windows writes UTF-16; the marks in between are not text here, and every other byte is zero.
        LogForm::AnydeskConnectionTrace => bytes.iter().copied().filter(|byte| byte.is_ascii() && *byte != 0).collect(),
    };
    let text = String::from_utf8(text).unwrap_or_default();
    let days: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Incoming")?.trim_start().get(..10)?.parse().ok())
        .collect();
    days.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_day_is_read_and_other_lines_say_nothing() {
        let text = b"Incoming    2026-03-02, 03:46    User    someone@ad\nOutgoing 2027-01-01, 00:00\n\nIncoming\t\t2026-11-05, 04:38\tToken\nIncoming nonsense\n";
        let latest = days(text, LogForm::AnydeskConnectionTrace).max();
        assert_eq!(latest.map(|day| day.to_string()).as_deref(), Some("2026-11-05"));
        assert_eq!(days(b"\xff\xfe garbage", LogForm::AnydeskConnectionTrace).max(), None);
    }
}
