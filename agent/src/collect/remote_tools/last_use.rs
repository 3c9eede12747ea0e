//! The last day on which a tool's own note says that it was used.
//! It does not know who used it: of a line only what tells its sort and the day is looked at.
//! Invariant: nothing of the note but one day leaves; a note of another form says nothing, and its end alone is read.

use super::files;
use super::list::{Log, LogForm};
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::time::{CalendarDate, UtcMicros};

/// The end of a note; the last use stands there.
const LOG_BYTES_MAX: usize = 1024 * 1024;
const CONNECTED_SINCE: &str = "Connected Since (time_t)";

/// The latest day in any of the files.
pub(super) fn read(gather: &mut Gather, host: &dyn Host, log: &Log) -> Option<CalendarDate> {
    let places: Vec<String> = log.files.iter().flat_map(|pattern| files(gather, host, pattern)).collect();
    let mut latest = None;
    for place in places {
        match host.read_end(&place, LOG_BYTES_MAX) {
            Ok(reading) => {
                gather.source(place.as_str());
                latest = latest.max(last_day(&reading.bytes, log.form));
            }
            Err(error) if error.is_missing() => {}
            // The tool is told all the same, without its last use.
            Err(error) => gather.remark(error.to_trouble()),
        }
    }
    latest
}

fn last_day(bytes: &[u8], form: LogForm) -> Option<CalendarDate> {
    // AnyDesk on Windows writes UTF-16: every other byte is zero there, and marks in between are no text here.
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| byte.is_ascii() && *byte != 0).collect();
    let text = String::from_utf8(text).unwrap_or_default();
    match form {
        LogForm::AnydeskConnectionTrace => text.lines().filter_map(anydesk).max(),
        LogForm::XrdpSesman => text.lines().filter_map(xrdp).max(),
        LogForm::OpenvpnStatus => openvpn(&text),
    }
}

fn anydesk(line: &str) -> Option<CalendarDate> {
    line.trim_start().strip_prefix("Incoming")?.trim_start().get(..10)?.parse().ok()
}

/// `[20261105-04:38:11] [INFO ] ++ created session (access granted): …`, by the host's own clock.
fn xrdp(line: &str) -> Option<CalendarDate> {
    let (time, rest) = line.strip_prefix('[')?.split_once(']')?;
    let told = rest.trim_start().split_once(']').map(|(_, told)| told.trim_start())?;
    let begins = ["++ created session", "++ reconnected session"].iter().any(|words| told.starts_with(words));
    let (year, month, day) = (time.get(..4)?, time.get(4..6)?, time.get(6..8)?);
    (begins && time.get(8..9) == Some("-")).then(|| format!("{year}-{month}-{day}").parse().ok())?
}

/// The newest client that is connected, by the columns that the heading names (versions 2 and 3: with commas, or tabs).
fn openvpn(text: &str) -> Option<CalendarDate> {
    let mut latest = None;
    let mut column = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split(if line.contains('\t') { '\t' } else { ',' }).collect();
        match words.as_slice() {
            ["HEADER", "CLIENT_LIST", names @ ..] => column = names.iter().position(|name| *name == CONNECTED_SINCE),
            ["CLIENT_LIST", values @ ..] => {
                let seconds = column.and_then(|at| values.get(at)?.parse::<i64>().ok());
                let at = seconds.and_then(|seconds| UtcMicros::from_micros(seconds.checked_mul(1_000_000)?).ok());
                latest = latest.max(at.map(UtcMicros::date_in_japan));
            }
            _ => {}
        }
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(form: LogForm, text: &[u8]) -> Option<String> {
        last_day(text, form).map(|day| day.to_string())
    }

    #[test]
    fn the_latest_day_is_read_and_other_lines_say_nothing() {
        let text = b"Incoming    2026-03-02, 03:46    User    someone@ad\nOutgoing 2027-01-01, 00:00\n\nIncoming\t\t2026-11-05, 04:38\tToken\nIncoming nonsense\n";
        assert_eq!(day(LogForm::AnydeskConnectionTrace, text).as_deref(), Some("2026-11-05"));
        assert_eq!(day(LogForm::AnydeskConnectionTrace, b"\xff\xfe garbage"), None);
    }

    #[test]
    fn sessions_of_xrdp_are_told_from_attempts() {
        let text = b"[20261105-04:38:11] [INFO ] ++ created session (access granted): username someone, ip 192.0.2.7:5 - socket: 12\n[20261106-01:00:00] [INFO ] ++ reconnected session: username someone, display :10.0\n[20261230-01:00:00] [INFO ] A connection received from ::1 port 41062\n[20261231-01:00:00] [ERROR] login failed for ++ created session\n[2026] [INFO ] ++ created session\n";
        assert_eq!(day(LogForm::XrdpSesman, text).as_deref(), Some("2026-11-06"));
    }

    #[test]
    fn the_newest_client_of_openvpn_counts_by_the_named_column() {
        let text = b"TITLE,OpenVPN 2.6.3\nTIME,2026-11-07 00:00:00,1794063600\nHEADER,CLIENT_LIST,Common Name,Real Address,Connected Since,Connected Since (time_t),Username\nCLIENT_LIST,a,192.0.2.7:1,x,1793849400,UNDEF\nCLIENT_LIST,b,192.0.2.8:1,x,1793800000,UNDEF\nCLIENT_LIST,short\nEND\n";
        assert_eq!(day(LogForm::OpenvpnStatus, text).as_deref(), Some("2026-11-05"));
        let tabs = String::from_utf8_lossy(text).replace(',', "\t");
        assert_eq!(day(LogForm::OpenvpnStatus, tabs.as_bytes()).as_deref(), Some("2026-11-05"));
        assert_eq!(
            day(LogForm::OpenvpnStatus, b"CLIENT_LIST,a,192.0.2.7:1,x,1793849400\n"),
            None,
            "no heading, no column"
        );
        assert_eq!(day(LogForm::OpenvpnStatus, b"OpenVPN CLIENT LIST\nUpdated,Thu Nov  5 2026\n"), None);
    }
}
