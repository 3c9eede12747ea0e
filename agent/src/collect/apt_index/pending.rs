//! Installed packages of which a security repository lists a newer version, by the host's own copies of its lists.
//! It does not know other repositories' updates, held packages, or what appeared after the day of the list.
//! Invariant: a list that could not be read to its end makes no count: the answer is nothing then.

use super::index;
use super::{FILES_MAX, LISTS, first_of, is_index, read_installed, says_nothing_new};
use crate::access::{ALWAYS_THE_SAME, Host, remembered_look};
use crate::collect::Gather;
use crate::collect::unpack::Packing;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What stands in the name of a list of a security repository: `…_dists_bookworm-security_main_…`.
const SECURITY: &str = "-security_";
const RELEASE_BYTES_MAX: usize = 64 * 1024;

/// What is missing.
#[derive(Clone)]
pub(in crate::collect) struct Pending {
    /// Names of packages, each once.
    pub(in crate::collect) names: BTreeSet<String>,
    /// The day of the oldest list that was compared with.
    pub(in crate::collect) list_on: Option<CalendarDate>,
    /// The lists.
    pub(in crate::collect) read_from: BTreeSet<String>,
}

/// Compares what is installed with every list of a security repository; `None` where there is none, or one could not be read.
pub(in crate::collect) fn pending_security(gather: &mut Gather, host: &dyn Host) -> Option<Pending> {
    let lasts = |(found, _): &(Option<Pending>, BTreeSet<String>)| found.is_some();
    let look = |host: &dyn Host| {
        let mut sources = BTreeSet::new();
        (compared(&mut sources, host), sources)
    };
    let answer = remembered_look(host, "pending security updates of apt", ALWAYS_THE_SAME, lasts, look);
    let (found, sources) = &*answer;
    sources.iter().for_each(|place| gather.source(place));
    found.clone()
}

fn compared(sources: &mut BTreeSet<String>, host: &dyn Host) -> Option<Pending> {
    // What is wrong with these places is said by the collector of origins.
    let names = host.list(LISTS, FILES_MAX).ok()?.names;
    let lists: Vec<&String> = names.iter().filter(|name| is_index(name) && name.contains(SECURITY)).collect();
    if lists.is_empty() {
        return None;
    }
    let installed = read_installed(host).ok()?;
    let lists = lists.into_iter().filter(|name| !says_nothing_new(name, &names, &installed));
    let mut found = Pending { names: BTreeSet::new(), list_on: None, read_from: BTreeSet::new() };
    let mut undated = false;
    for name in lists {
        let place = format!("{LISTS}/{name}");
        let packing = Packing::of(name).ok()?;
        let reader = host.open(&place).ok()?;
        sources.insert(place.clone());
        let wanted = |name: &[u8]| first_of(&installed, name).is_some();
        index::for_each_row(reader, packing, wanted, |row| {
            let Some(first) = first_of(&installed, row.name) else { return };
            let own = installed.iter().skip(first).take_while(|package| package.name == row.name);
            let fits = |architecture: &[u8]| row.architecture == architecture || row.architecture == b"all";
            let mut own = own.filter(|package| fits(&package.architecture));
            if own.any(|package| compare(row.version, &package.version) == Ordering::Greater) {
                found.names.insert(String::from_utf8_lossy(row.name).into_owned());
            }
        })
        .ok()?;
        match list_day(host, &names, name) {
            Some(on) => found.list_on = Some(found.list_on.map_or(on, |other| other.min(on))),
            None => undated = true,
        }
        found.read_from.insert(place);
    }
    if undated {
        found.list_on = None;
    }
    Some(found)
}

/// The day of the release file that belongs to a list (`Date: Thu, 05 Nov 2026 08:12:33 UTC`).
fn list_day(host: &dyn Host, names: &[String], list: &str) -> Option<CalendarDate> {
    let stem = |name: &str| {
        let stem = name.strip_suffix("_InRelease").or_else(|| name.strip_suffix("_Release"))?;
        list.strip_prefix(stem)?.starts_with('_').then_some(stem.len())
    };
    let (_, name) = names.iter().filter_map(|name| Some((stem(name)?, name))).max()?;
    let bytes = host.read(&format!("{LISTS}/{name}"), RELEASE_BYTES_MAX).ok()?.bytes;
    let text = String::from_utf8_lossy(&bytes);
    let date = text.lines().find_map(|line| line.strip_prefix("Date:"))?.trim().replace("UTC", "+0000");
    let at = chrono::DateTime::parse_from_rfc2822(&date).ok()?;
    UtcMicros::from_micros(at.timestamp_micros()).ok().map(UtcMicros::date_in_japan)
}

/// Which of two versions of Debian packages is the newer one (deb-version(7)).
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    let epoch = |text: &[u8]| text.iter().copied().skip_while(|byte| *byte == b'0').collect::<Vec<_>>();
    let (a, b) = (epoch(left.0), epoch(right.0));
    let epochs = a.len().cmp(&b.len()).then(a.cmp(&b));
    epochs.then_with(|| compare_part(left.1, right.1)).then_with(|| compare_part(left.2, right.2))
}

/// Epoch, upstream version and revision.
fn parts(version: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (epoch, rest) = match version.iter().position(|byte| *byte == b':') {
        Some(at) => (version.get(..at).unwrap_or_default(), version.get(at + 1..).unwrap_or_default()),
        None => (&[][..], version),
    };
    match rest.iter().rposition(|byte| *byte == b'-') {
        Some(at) => (epoch, rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
        None => (epoch, rest, &[]),
    }
}

/// By turns what is no digit, in the order of [`rank`], and what is, as a number.
fn compare_part(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        loop {
            let (a, b) = (rank(left), rank(right));
            if a != b {
                return a.cmp(&b);
            }
            if a == END {
                break;
            }
            left = left.get(1..).unwrap_or_default();
            right = right.get(1..).unwrap_or_default();
        }
        let (a, b) = (digits(&mut left), digits(&mut right));
        let order = a.len().cmp(&b.len()).then_with(|| a.cmp(b));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// The rank of a digit or of the end.
const END: u16 = 1;

/// `~` goes before the end, the end before letters, letters before all else.
fn rank(text: &[u8]) -> u16 {
    match text.first() {
        Some(b'~') => 0,
        None => END,
        Some(byte) if byte.is_ascii_digit() => END,
        Some(byte) if byte.is_ascii_alphabetic() => u16::from(*byte) + 2,
        Some(byte) => u16::from(*byte) + 258,
    }
}

/// Takes the digits at the front, without leading zeros.
fn digits<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    *text = rest;
    let zeros = number.iter().position(|byte| *byte != b'0').unwrap_or(number.len());
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        for (newer, older) in [
            ("1.10", "1.9"),
            ("1:0", "9"),
            ("1.0", "1.0~rc1"),
            ("1.0+deb12u2", "1.0+deb12u1"),
            ("1.0+deb12u10", "1.0+deb12u9"),
            ("1.0-2", "1.0-1"),
            ("1.0-1.1", "1.0-1"),
            ("1.0a", "1.0"),
            ("1.0.1", "1.0a"),
            ("2.36-9+deb12u10", "2.36-9"),
            ("1.0~rc1", "1.0~~"),
        ] {
            assert_eq!(compare(newer.as_bytes(), older.as_bytes()), Ordering::Greater, "{newer} {older}");
            assert_eq!(compare(older.as_bytes(), newer.as_bytes()), Ordering::Less, "{older} {newer}");
        }
        for (one, same) in [("1.0", "1.0"), ("0:1.0", "1.0"), ("1.0-0", "1.0"), ("1.00", "1.0"), ("", "0")] {
            assert_eq!(compare(one.as_bytes(), same.as_bytes()), Ordering::Equal, "{one} {same}");
        }
    }
}
