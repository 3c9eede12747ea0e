//! Updates: when packages were last changed, which security updates the host itself knows to be missing, and what installs them alone.
//! It does not ask any repository: what the host's copies of the lists do not say is not known.
//! Invariant: a count says of which day its list is; a host without such a list has no count, not zero.

use super::{Look, Seen};
use crate::collect::sqlite::open_tables;
use crate::collect::{apt_index, rpm};
use daicho_schemas::fact::observation::{ProtectionAspect, ProtectionState};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;
use std::path::Path;

/// The end of a log; the last change stands there.
const LOG_BYTES_MAX: usize = 1024 * 1024;
const YUM: &str = "/var/lib/yum/history";
const NAMES_MAX: usize = 10_000;

/// How a line of a package manager's log tells the day of a change.
type Day = fn(&str) -> Option<CalendarDate>;

/// Logs by package manager, the current one first: an older one is only read where that says nothing.
const LOGS: &[(&str, &[&str], Day)] = &[
    ("dpkg", &["/var/log/dpkg.log", "/var/log/dpkg.log.1"], dpkg),
    ("zypper", &["/var/log/zypp/history"], zypper),
    ("pacman", &["/var/log/pacman.log"], pacman),
];

/// Databases of transactions: place, table, and how to ask for the seconds of the last one.
const DATABASES: &[(&str, &str, &str, &str)] = &[
    ("dnf", "/var/lib/dnf/history.sqlite", "trans", "SELECT max(dt_begin) FROM trans"),
    ("dnf", "/usr/lib/sysimage/libdnf5/transaction_history.sqlite", "trans", "SELECT max(dt_begin) FROM trans"),
];

pub(super) fn collect(look: &mut Look<'_>) {
    installed(look);
    pending(look);
    apt_automatic(look);
    dnf_automatic(look);
}

fn installed(look: &mut Look<'_>) {
    let mut zypper = false;
    for (subject, places, day) in LOGS {
        let found = places.iter().find_map(|place| Some((last_in_log(look, place, *day)?, (*place).to_owned())));
        if let Some(found) = found {
            zypper |= *subject == "zypper";
            put_installed(look, subject, found);
        }
    }
    for (subject, place, table, question) in DATABASES {
        if let Some(on) = last_in_database(look, place, table, question) {
            return put_installed(look, subject, (on, (*place).to_owned()));
        }
    }
    // One file for each year; the last one counts.
    let names = look.host.list(YUM, NAMES_MAX).map(|listing| listing.names).unwrap_or_default();
    let last = names.iter().rfind(|name| name.starts_with("history-") && name.ends_with(".sqlite"));
    let place = last.map(|name| format!("{YUM}/{name}"));
    let question = "SELECT max(timestamp) FROM trans_beg";
    if let Some((on, place)) =
        place.and_then(|place| Some((last_in_database(look, &place, "trans_beg", question)?, place)))
    {
        return put_installed(look, "yum", (on, place));
    }
    // Without a history, the packages themselves tell: what was removed leaves no trace then.
    if !zypper && let Some(found) = rpm::last_installed(look.host) {
        look.gather.source(&found.1);
        put_installed(look, "rpm", found);
    }
}

fn put_installed(look: &mut Look<'_>, subject: &str, (on, place): (CalendarDate, String)) {
    let seen = Seen { on: Some(on), read_from: [place].into(), ..Seen::default() };
    look.put(ProtectionAspect::UpdatesInstalled, subject, seen);
}

fn last_in_log(look: &mut Look<'_>, place: &str, day: Day) -> Option<CalendarDate> {
    match look.host.read_end(place, LOG_BYTES_MAX) {
        Ok(reading) => {
            look.gather.source(place);
            String::from_utf8_lossy(&reading.bytes).lines().rev().find_map(day)
        }
        Err(error) if error.is_missing() => None,
        Err(error) => {
            look.gather.remark(error.to_trouble());
            None
        }
    }
}

fn last_in_database(look: &mut Look<'_>, place: &str, table: &str, question: &str) -> Option<CalendarDate> {
    let ours = match look.host.real_path(place) {
        Ok(ours) => ours,
        Err(error) if error.is_missing() => return None,
        Err(error) => {
            look.gather.remark(error.to_trouble());
            return None;
        }
    };
    look.gather.source(place);
    match last_transaction(&ours, table, question) {
        Ok(on) => on,
        Err(_) => {
            let text = "the history of transactions could not be read; when packages were last changed is not known";
            look.gather.remark(Trouble::new(TroubleKind::Unreadable, place, text));
            None
        }
    }
}

fn last_transaction(ours: &Path, table: &str, question: &str) -> Result<Option<CalendarDate>, rusqlite::Error> {
    let database = open_tables(ours, &[table])?;
    let seconds: Option<i64> = database.query_row(question, [], |row| row.get(0))?;
    let at = seconds.and_then(|seconds| UtcMicros::from_micros(seconds.checked_mul(1_000_000)?).ok());
    Ok(at.map(UtcMicros::date_in_japan))
}

/// `2026-11-05 04:38:11 upgrade libc6:amd64 2.36-9 2.36-10`, by the host's own clock.
fn dpkg(line: &str) -> Option<CalendarDate> {
    let mut words = line.split_ascii_whitespace();
    let day = words.next()?;
    words.next()?;
    matches!(words.next()?, "install" | "upgrade").then(|| day.parse().ok())?
}

/// `2026-11-05 04:38:11|install|libexample|1.0-1|x86_64|…`
fn zypper(line: &str) -> Option<CalendarDate> {
    let mut fields = line.split('|');
    let day = fields.next()?.split_ascii_whitespace().next()?;
    (fields.next()?.trim() == "install").then(|| day.parse().ok())?
}

/// `[2026-11-05T04:38:11+0900] [ALPM] upgraded libexample (1-1 -> 1-2)`
fn pacman(line: &str) -> Option<CalendarDate> {
    let (time, rest) = line.strip_prefix('[')?.split_once(']')?;
    let told = rest.trim_start().strip_prefix("[ALPM] ")?;
    ["installed ", "upgraded "].iter().any(|word| told.starts_with(word)).then(|| time.get(..10)?.parse().ok())?
}

fn pending(look: &mut Look<'_>) {
    if let Some(found) = apt_index::pending_security(&mut look.gather, look.host) {
        put_pending(look, "apt", found.list_on, found.names, found.read_from);
    }
    for found in rpm::pending_security(&mut look.gather, look.host) {
        put_pending(look, &found.subject, found.list_on, found.names, [found.read_from].into());
    }
}

fn put_pending(
    look: &mut Look<'_>,
    subject: &str,
    on: Option<CalendarDate>,
    names: BTreeSet<String>,
    read_from: BTreeSet<String>,
) {
    let count = Some(u64::try_from(names.len()).unwrap_or(u64::MAX));
    look.put(ProtectionAspect::UpdatesPending, subject, Seen { on, count, names, read_from, ..Seen::default() });
}

/// unattended-upgrades: there, switched on by apt.conf(5), and started by its timer.
fn apt_automatic(look: &mut Look<'_>) {
    const PROGRAM: &str = "/usr/bin/unattended-upgrade";
    const TIMER: &str = "apt-daily-upgrade.timer";
    if !look.host.exists(PROGRAM) {
        return;
    }
    let mut seen = Seen { read_from: [PROGRAM.to_owned()].into(), ..Seen::default() };
    let mut said = None;
    let mut files = look.parts("/etc/apt/apt.conf.d", &[""]);
    // apt passes over names with another ending, and reads its own file last.
    files.retain(|file| file.rsplit('/').next().is_some_and(|name| !name.contains('.') || name.ends_with(".conf")));
    files.push("/etc/apt/apt.conf".to_owned());
    for file in files {
        let Some(value) = look.text(&file).as_deref().and_then(switched) else { continue };
        seen.read_from.insert(file);
        said = Some(value);
    }
    let starts = look.units.get(TIMER).map(|timer| timer.is_wanted());
    seen.state = Some(match (said, starts) {
        (Some(Switch::On), Some(true)) => ProtectionState::Enabled,
        // Without systemd a job of cron starts it; whether that runs is not looked at.
        (Some(Switch::On), None) | (Some(Switch::Unclear), _) => ProtectionState::Present,
        (Some(Switch::On), Some(false)) | (Some(Switch::Off) | None, _) => ProtectionState::Disabled,
    });
    look.put(ProtectionAspect::UpdatesAutomatic, "unattended-upgrades", seen);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Switch {
    On,
    Off,
    /// Written in another of apt.conf's forms.
    Unclear,
}

fn switched(text: &str) -> Option<Switch> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.starts_with('#'));
    let own: Vec<&str> =
        lines.filter(|line| line.contains("Unattended-Upgrade ") || line.contains("Unattended-Upgrade\t")).collect();
    let line = own.last()?;
    let value = line.strip_prefix("APT::Periodic::Unattended-Upgrade").map(|rest| rest.trim().trim_end_matches(';'));
    Some(match value.map(|value| value.trim_matches('"')) {
        Some("0" | "") => Switch::Off,
        Some(value) if value.parse::<u32>().is_ok() || value == "always" => Switch::On,
        _ => Switch::Unclear,
    })
}

/// dnf-automatic and yum-cron: what their settings say, and whether something starts them.
fn dnf_automatic(look: &mut Look<'_>) {
    const PROGRAMS: [(&str, &str, &[&str]); 2] = [
        ("dnf-automatic", "/etc/dnf/automatic.conf", &["dnf-automatic.timer", "dnf5-automatic.timer"]),
        ("yum-cron", "/etc/yum/yum-cron.conf", &["yum-cron.service"]),
    ];
    const ALWAYS: &str = "dnf-automatic-install.timer";
    for (subject, file, starters) in PROGRAMS {
        let Some(text) = look.text(file) else { continue };
        let applies =
            text.lines().rev().find_map(|line| line.split_once('=').filter(|(key, _)| key.trim() == "apply_updates"));
        let applies = applies
            .is_some_and(|(_, value)| matches!(value.trim().to_lowercase().as_str(), "yes" | "true" | "1" | "on"));
        let wanted = |unit: &str| look.units.get(unit).is_some_and(|own| own.is_wanted());
        let known = starters.iter().any(|unit| look.units.contains_key(*unit));
        let state = if (subject == "dnf-automatic" && wanted(ALWAYS))
            || (applies && starters.iter().any(|unit| wanted(unit)))
        {
            ProtectionState::Enabled
        } else if applies && !known {
            ProtectionState::Present
        } else {
            ProtectionState::Disabled
        };
        let seen = Seen { state: Some(state), read_from: [file.to_owned()].into(), ..Seen::default() };
        look.put(ProtectionAspect::UpdatesAutomatic, subject, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_change_is_told_from_other_lines() {
        let told = |day: Option<CalendarDate>| day.map(|day| day.to_string());
        let day = Some("2026-11-05".to_owned());
        assert_eq!(told(dpkg("2026-11-05 04:38:11 upgrade libc6:amd64 2.36-9 2.36-10")), day);
        assert_eq!(told(dpkg("2026-11-06 04:38:11 remove libc6:amd64 2.36-9 <none>")), None);
        assert_eq!(told(zypper("2026-11-05 04:38:11|install|libexample|1.0-1|x86_64||repo|0")), day);
        assert_eq!(told(zypper("# 2026-11-06 04:38:11 command")), None);
        assert_eq!(told(pacman("[2026-11-05T04:38:11+0900] [ALPM] upgraded libexample (1-1 -> 1-2)")), day);
        assert_eq!(told(pacman("[2026-11-06T04:38:11+0900] [PACMAN] Running 'pacman -Sy'")), None);
    }

    #[test]
    fn a_switch_in_another_form_is_unclear_and_not_off() {
        assert_eq!(switched("APT::Periodic::Unattended-Upgrade \"1\";"), Some(Switch::On));
        assert_eq!(switched("APT::Periodic::Unattended-Upgrade \"0\";"), Some(Switch::Off));
        assert_eq!(switched("// APT::Periodic::Unattended-Upgrade \"1\";"), None);
        assert_eq!(switched("APT { Periodic { Unattended-Upgrade \"1\"; } }"), Some(Switch::Unclear));
        assert_eq!(switched("Unattended-Upgrade::Mail \"x\";"), None);
    }
}
