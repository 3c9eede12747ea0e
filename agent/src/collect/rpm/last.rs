//! When rpm last installed something, by the times that it keeps with each package (`RPMTAG_INSTALLTIME`).
//! It does not know why, or by which package manager.
//! Invariant: where the database cannot be read to its end, no day is told: the newest one may be missing.

use super::header::{Header, INSTALLTIME, NAME};
use super::{database, each_package};
use crate::access::{ALWAYS_THE_SAME, Host, remembered_look};
use daicho_schemas::time::{CalendarDate, UtcMicros};

/// The day in Japan, and the database that says so; nothing where there is no database or it is empty.
pub(in crate::collect) fn last_installed(host: &dyn Host) -> Option<(CalendarDate, String)> {
    let found = remembered_look(host, "last installation by rpm", ALWAYS_THE_SAME, Option::is_some, |host| {
        database::files(host).into_iter().find_map(|place| Some((newest(host, &place)?, place)))
    });
    (*found).clone()
}

fn newest(host: &dyn Host, place: &str) -> Option<CalendarDate> {
    let (mut sound, mut last) = (true, 0);
    let each = |_, blob: Option<&[u8]>| match blob.and_then(|blob| Header::parse(blob).ok()) {
        // The keys that rpm trusts are no software.
        Some(header) if header.text(NAME) == Some(b"gpg-pubkey") => {}
        Some(header) => last = last.max(header.number(INSTALLTIME).unwrap_or(0)),
        None => sound = false,
    };
    each_package(host, place, each).ok()?;
    let at = UtcMicros::from_micros(i64::from(last) * 1_000_000).ok();
    at.filter(|_| sound && last > 0).map(UtcMicros::date_in_japan)
}
