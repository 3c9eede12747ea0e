//! The last login of each account: lastlog, the database of lastlog2, and wtmp (utmp(5)).
//! It does not know from where anybody came: terminals and addresses in these records are not looked at.
//! Invariant: a day leaves and nothing else; "never" is said only of a record that would know and is still written.

use super::passwd::Line;
use crate::access::Host;
use crate::collect::Gather;
use crate::collect::sqlite::open_tables;
use daicho_schemas::fact::observation::{LastLogin, LoginRecord};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

pub(super) const LASTLOG: &str = "/var/log/lastlog";
/// What shows that the host's programs still write lastlog: releases that stopped took its reader away.
pub(super) const LASTLOG_READER: &str = "/usr/bin/lastlog";
pub(super) const LASTLOG2: &str = "/var/lib/lastlog/lastlog2.db";
pub(super) const WTMP: [&str; 2] = ["/var/log/wtmp.1", "/var/log/wtmp"];

/// `struct lastlog`: seconds (4), line (32), host (256).
const LASTLOG_BYTES: usize = 292;
/// The file has a place for every number up to the highest; of numbers above this one nothing is read.
const LASTLOG_UID_MAX: u32 = 200_000;
/// `struct utmp` of x86-64, i386, ppc64 and s390x.
const UTMP_BYTES: usize = 384;
const UTMP_RECORDS_MAX: usize = 40_000;
const USER_PROCESS: i16 = 7;
/// Rows of lastlog2: one for each account that ever logged in, directories elsewhere included.
const LASTLOG2_ROWS_MAX: i64 = 200_000;

/// What the host's records say.
#[derive(Default)]
pub(super) struct Logins {
    by_uid: BTreeMap<u32, CalendarDate>,
    lastlog2: Option<BTreeMap<String, CalendarDate>>,
    wtmp: BTreeMap<String, CalendarDate>,
    /// The lowest number of which lastlog was not read.
    lastlog_read_below: u32,
    lastlog_is_written: bool,
}

impl Logins {
    /// Reads every record that there is.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host, lines: &[Line]) -> Self {
        let mut own = Self::default();
        own.read_lastlog(gather, host, lines);
        own.read_lastlog2(gather, host);
        for place in WTMP {
            own.read_wtmp(gather, host, place);
        }
        // A record that lags behind another one is no longer written.
        let newest = own.by_uid.values().max();
        own.lastlog_is_written = host.exists(LASTLOG_READER) && newest.is_some() && newest >= own.wtmp.values().max();
        own
    }

    /// The last login of an account.
    pub(super) fn of(&self, line: &Line) -> LastLogin {
        let found = [
            (self.by_uid.get(&line.uid), LoginRecord::Lastlog),
            (self.lastlog2.as_ref().and_then(|rows| rows.get(&line.name)), LoginRecord::Lastlog2),
            (self.wtmp.get(&line.name), LoginRecord::Wtmp),
        ];
        // Of records that agree the first one counts.
        let latest = found.into_iter().filter_map(|(on, by)| Some((*on?, std::cmp::Reverse(by)))).max();
        if let Some((on, by)) = latest {
            return LastLogin::On { on, by: by.0 };
        }
        if self.lastlog2.as_ref().is_some_and(|rows| !rows.is_empty()) {
            return LastLogin::Never { by: LoginRecord::Lastlog2 };
        }
        if self.lastlog_is_written && line.uid < self.lastlog_read_below {
            return LastLogin::Never { by: LoginRecord::Lastlog };
        }
        LastLogin::Unknown
    }

    fn read_lastlog(&mut self, gather: &mut Gather, host: &dyn Host, lines: &[Line]) {
        let mut reader = match host.open(LASTLOG) {
            Ok(reader) => reader,
            Err(error) if error.is_missing() => return,
            Err(error) => return gather.remark(error.to_trouble()),
        };
        gather.source(LASTLOG);
        let wanted = |uid: &u32| *uid <= LASTLOG_UID_MAX;
        let highest = lines.iter().filter(|line| line.has_shell).map(|line| line.uid).filter(wanted).max();
        let Some(highest) = highest else { return };
        let mut record = [0; LASTLOG_BYTES];
        for uid in 0..=highest {
            match read_whole(&mut reader, &mut record) {
                Ok(true) => {}
                // The file ends with the highest number that ever logged in.
                Ok(false) => {
                    self.lastlog_read_below = highest.saturating_add(1);
                    return;
                }
                Err(_) => return gather.remark(unreadable(LASTLOG)),
            }
            if let Some(on) = lastlog_day(&record) {
                self.by_uid.insert(uid, on);
            }
            self.lastlog_read_below = uid.saturating_add(1);
        }
    }

    fn read_lastlog2(&mut self, gather: &mut Gather, host: &dyn Host) {
        let ours = match host.real_path(LASTLOG2) {
            Ok(ours) => ours,
            Err(error) if error.is_missing() => return,
            Err(error) => return gather.remark(error.to_trouble()),
        };
        gather.source(LASTLOG2);
        match lastlog2_rows(&ours) {
            Ok(rows) => self.lastlog2 = Some(rows),
            Err(_) => gather.remark(unreadable(LASTLOG2)),
        }
    }

    fn read_wtmp(&mut self, gather: &mut Gather, host: &dyn Host, place: &str) {
        let reading = match host.read_end(place, UTMP_BYTES * UTMP_RECORDS_MAX) {
            Ok(reading) => reading,
            Err(error) if error.is_missing() => return,
            Err(error) => return gather.remark(error.to_trouble()),
        };
        gather.source(place);
        match wtmp_logins(&reading.bytes) {
            Some(logins) => {
                for (name, on) in logins {
                    let own = self.wtmp.entry(name).or_insert(on);
                    *own = on.max(*own);
                }
            }
            None => {
                let text = "the record of logins has another form than this release reads, or is damaged";
                gather.remark(Trouble::new(TroubleKind::Malformed, place, text));
            }
        }
    }
}

fn unreadable(place: &str) -> Trouble {
    Trouble::new(TroubleKind::Unreadable, place, "the record of logins could not be read to its end")
}

/// Fills a record; false where the file ends before or in it.
fn read_whole(reader: &mut impl Read, record: &mut [u8]) -> std::io::Result<bool> {
    match reader.read_exact(record) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The day of a record of lastlog; none of an account that never logged in, and of what is no such record.
fn lastlog_day(record: &[u8; LASTLOG_BYTES]) -> Option<CalendarDate> {
    let (seconds, rest) = record.split_first_chunk::<4>()?;
    let terminal = rest.get(..32)?;
    let is_text = terminal.iter().all(|byte| *byte == 0 || byte.is_ascii_graphic());
    is_text.then(|| day(u32::from_le_bytes(*seconds)))?
}

/// Seconds since 1970, unsigned, so that they last until 2106.
fn day(seconds: u32) -> Option<CalendarDate> {
    let at = UtcMicros::from_micros(i64::from(seconds) * 1_000_000).ok()?;
    (seconds > 0).then(|| at.date_in_japan())
}

/// The newest login of each name. `None` where these are no records of this form.
fn wtmp_logins(bytes: &[u8]) -> Option<BTreeMap<String, CalendarDate>> {
    let (records, rest) = bytes.as_chunks::<UTMP_BYTES>();
    if !rest.is_empty() {
        return None;
    }
    let mut logins: BTreeMap<String, CalendarDate> = BTreeMap::new();
    for record in records {
        let sort = i16::from_le_bytes(*record.first_chunk::<2>()?);
        if !(0..=10).contains(&sort) {
            return None;
        }
        if sort != USER_PROCESS {
            continue;
        }
        let name = record.get(44..76)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let seconds = record.get(340..).and_then(|rest| rest.first_chunk::<4>())?;
        if let (Ok(name), Some(on)) = (std::str::from_utf8(name), day(u32::from_le_bytes(*seconds))) {
            let own = logins.entry(name.to_owned()).or_insert(on);
            *own = on.max(*own);
        }
    }
    Some(logins)
}

fn lastlog2_rows(ours: &Path) -> Result<BTreeMap<String, CalendarDate>, rusqlite::Error> {
    let database = open_tables(ours, &["Lastlog2"])?;
    let mut query = database.prepare("SELECT Name, Time FROM Lastlog2 LIMIT ?1")?;
    let rows = query.query_map([LASTLOG2_ROWS_MAX], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let mut last = BTreeMap::new();
    for row in rows {
        let (name, seconds) = row?;
        if let Some(on) = u32::try_from(seconds).ok().and_then(day) {
            last.insert(name, on);
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(sort: i16, name: &str, seconds: u32) -> Vec<u8> {
        let mut record = vec![0; UTMP_BYTES];
        record[..2].copy_from_slice(&sort.to_le_bytes());
        record[44..44 + name.len()].copy_from_slice(name.as_bytes());
        record[340..344].copy_from_slice(&seconds.to_le_bytes());
        record
    }

    #[test]
    fn the_newest_login_of_each_name_counts_and_other_records_do_not() {
        let records =
            [login(USER_PROCESS, "a", 1_793_849_400), login(8, "a", 1_800_000_000), login(USER_PROCESS, "a", 5)];
        let logins = wtmp_logins(&records.concat()).unwrap();
        assert_eq!(logins.get("a").unwrap().to_string(), "2026-11-05");
        assert_eq!(wtmp_logins(&records.concat()[1..]), None, "another form is not guessed at");
        assert_eq!(wtmp_logins(&login(77, "a", 5)), None);
    }

    #[test]
    fn a_record_that_is_no_text_is_no_login() {
        let mut record = [0; LASTLOG_BYTES];
        record[..4].copy_from_slice(&1_793_849_400_u32.to_le_bytes());
        record[4..9].copy_from_slice(b"pts/0");
        assert_eq!(lastlog_day(&record).unwrap().to_string(), "2026-11-05");
        record[9] = 0xff;
        assert_eq!(lastlog_day(&record), None);
    }
}
