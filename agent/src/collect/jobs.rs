//! Jobs that something else than systemd starts, as their tables and folders say: crontab(5), anacrontab(5), run-parts(8), at(1),
//! inittab(5).
//! It does not know whether cron itself runs, nor what a job does.
//! Invariant: a table that bears an account's name is told as its reader tells that account; a table that cannot be read is named.

use super::Gather;
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::JobSort;
use daicho_schemas::trouble::Trouble;
use std::collections::BTreeSet;

const NAMES_MAX: usize = 20_000;
const TABLE_BYTES_MAX: usize = 1024 * 1024;

/// Tables that bear the names of accounts: Debian's, SUSE's, Red Hat's, Alpine's.
const OWN_TABLES: &[&str] = &["/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron", "/etc/crontabs"];
/// Names in the third one that are folders and no tables.
const NOT_TABLES: &[&str] = &["crontabs", "atjobs", "atspool", "lastrun", "tabs"];
/// Folders of which every script is run, and when.
const RUN_FOLDERS: &[(&str, &str)] = &[
    ("/etc/cron.hourly", "hourly"),
    ("/etc/cron.daily", "daily"),
    ("/etc/cron.weekly", "weekly"),
    ("/etc/cron.monthly", "monthly"),
    ("/etc/periodic/15min", "15min"),
    ("/etc/periodic/hourly", "hourly"),
    ("/etc/periodic/daily", "daily"),
    ("/etc/periodic/weekly", "weekly"),
    ("/etc/periodic/monthly", "monthly"),
];
const AT: &[&str] = &["/var/spool/cron/atjobs", "/var/spool/at"];
/// Where one of these is, cron and run-parts take only names of letters, digits, `_` and `-`.
const STRICT: &[&str] = &["/etc/debian_version", "/etc/alpine-release"];
/// What packages and editors leave, which others pass over.
const LEFTOVERS: &[&str] = &["~", ",", ".rpmsave", ".rpmorig", ".rpmnew", ".swp", ".cfsaved"];

/// Every place that is looked at.
pub(super) const PLACES: &[&str] = &[
    "/etc/debian_version",
    "/etc/alpine-release",
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/cron.d/*",
    "/var/spool/cron/crontabs",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/tabs",
    "/var/spool/cron",
    "/var/spool/cron/*",
    "/etc/crontabs",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/periodic/15min",
    "/etc/periodic/hourly",
    "/etc/periodic/daily",
    "/etc/periodic/weekly",
    "/etc/periodic/monthly",
    "/etc/anacrontab",
    "/var/spool/cron/atjobs",
    "/var/spool/at",
    "/etc/inittab",
];

/// How a reader tells names that may be people's.
pub(super) struct Telling<'a> {
    /// An account.
    pub(super) account: &'a dyn Fn(&str) -> String,
    /// A path.
    pub(super) path: &'a dyn Fn(&str) -> String,
}

/// One job.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) sort: JobSort,
    /// The table or script.
    pub(super) path: String,
    /// The same as it may be told.
    pub(super) told: String,
    /// Where in the table, from one.
    pub(super) line: Option<u32>,
    pub(super) schedule: Option<String>,
    /// As it is written.
    pub(super) account: Option<String>,
    /// In a shell's words; of a script of a folder none.
    pub(super) command: Option<String>,
}

/// Reads every table and folder.
pub(super) fn read(gather: &mut Gather, host: &dyn Host, telling: &Telling<'_>) -> Vec<Job> {
    let is_strict = STRICT.iter().any(|place| host.exists(place));
    let mut look = Look { gather, host, telling, found: Vec::new() };
    look.table("/etc/crontab", None);
    for name in look.names("/etc/cron.d").iter().filter(|name| is_run(name, is_strict)) {
        look.table(&format!("/etc/cron.d/{name}"), None);
    }
    let mut seen = BTreeSet::new();
    for folder in OWN_TABLES {
        // Alpine's is a link to its place below /etc.
        if host.canonical(folder).is_ok_and(|real| !seen.insert(real)) {
            continue;
        }
        for name in look.names(folder) {
            if !NOT_TABLES.contains(&name.as_str()) && !name.starts_with('.') {
                look.table(&format!("{folder}/{name}"), Some((folder, &name)));
            }
        }
    }
    for (folder, schedule) in RUN_FOLDERS {
        for name in look.names(folder).iter().filter(|name| is_run(name, is_strict)) {
            look.script(JobSort::CronFolder, format!("{folder}/{name}"), Some(schedule), Some("root"));
        }
    }
    look.lines(ANACRON, JobSort::Anacron, anacron);
    for folder in AT {
        // Jobs have names of their queue, number and minute; `.SEQ` is no job.
        for name in look.names(folder).iter().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())) {
            look.script(JobSort::At, format!("{folder}/{name}"), None, None);
        }
    }
    look.lines(INITTAB, JobSort::Inittab, inittab);
    look.found
}

const ANACRON: &str = "/etc/anacrontab";
const INITTAB: &str = "/etc/inittab";

/// Whether cron and run-parts(8) take up a file of this name.
fn is_run(name: &str, is_strict: bool) -> bool {
    if is_strict {
        return name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    }
    !name.starts_with(['.', '#']) && !LEFTOVERS.iter().any(|end| name.ends_with(end))
}

struct Look<'a> {
    gather: &'a mut Gather,
    host: &'a dyn Host,
    telling: &'a Telling<'a>,
    found: Vec<Job>,
}

impl Look<'_> {
    fn names(&mut self, folder: &str) -> Vec<String> {
        self.gather.names(self.host, folder, NAMES_MAX)
    }

    /// A table of cron. One that bears an account's name has no account in its lines.
    fn table(&mut self, path: &str, own: Option<(&str, &str)>) {
        let Some((folder, account)) = own else {
            let told = (self.telling.path)(path);
            return self.told_lines(path, &told, JobSort::Cron, system);
        };
        let told = format!("{folder}/{}", (self.telling.account)(account));
        self.told_lines(path, &told, JobSort::Cron, |line| {
            let (schedule, command) = schedule(line)?;
            Some(Parts { schedule, account: Some(account.to_owned()), command: without_input(command) })
        });
    }

    fn lines(&mut self, path: &str, sort: JobSort, parts: impl Fn(&str) -> Option<Parts>) {
        self.told_lines(path, path, sort, parts);
    }

    fn told_lines(&mut self, path: &str, told: &str, sort: JobSort, parts: impl Fn(&str) -> Option<Parts>) {
        let reading = match self.host.read(path, TABLE_BYTES_MAX) {
            Ok(reading) => reading,
            Err(AccessError::Missing { .. } | AccessError::Special { .. }) => return,
            Err(error) => {
                let Trouble { kind, .. } = error.to_trouble();
                return self.gather.miss(Trouble::new(kind, told, "a table of jobs could not be read"));
            }
        };
        self.gather.source(told);
        if reading.cut {
            self.gather.miss_rest(told);
        }
        for (number, line) in (1..).zip(String::from_utf8_lossy(&reading.bytes).lines().map(str::trim)) {
            let Some(Parts { schedule, account, command }) = parts(line).filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let (path, told) = (path.to_owned(), told.to_owned());
            let (schedule, command) = (Some(schedule), Some(command));
            self.found.push(Job { sort, path, told, line: Some(number), schedule, account, command });
        }
    }

    fn script(&mut self, sort: JobSort, path: String, schedule: Option<&str>, account: Option<&str>) {
        let (schedule, account) = (schedule.map(str::to_owned), account.map(str::to_owned));
        let told = (self.telling.path)(&path);
        self.found.push(Job { sort, path, told, line: None, schedule, account, command: None });
    }
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    schedule: String,
    account: Option<String>,
    command: String,
}

/// A line that names its account, of crontab(5).
fn system(line: &str) -> Option<Parts> {
    let (schedule, rest) = schedule(line)?;
    let (account, command) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    Some(Parts { schedule, account: Some(account.to_owned()), command: without_input(command) })
}

/// anacrontab(5): `1 5 cron.daily nice run-parts /etc/cron.daily`.
fn anacron(line: &str) -> Option<Parts> {
    let mut rest = line;
    let mut field = || {
        let (field, behind) = rest.trim_start().split_once([' ', '\t'])?;
        rest = behind;
        Some(field)
    };
    let (period, delay, _) = (field()?, field()?, field()?);
    let is_period = period.starts_with(|c: char| c.is_ascii_digit() || c == '@') && delay.parse::<u32>().is_ok();
    is_period.then(|| Parts {
        schedule: period.to_owned(),
        account: Some("root".to_owned()),
        command: rest.trim_start().to_owned(),
    })
}

/// inittab(5): `id:levels:action:process`.
fn inittab(line: &str) -> Option<Parts> {
    let mut fields = line.splitn(4, ':').skip(2);
    let (action, process) = (fields.next()?, fields.next()?);
    // `+` keeps the job out of the records of logins.
    let command = process.trim_start_matches('+');
    let is_job = !command.is_empty() && !matches!(action, "off" | "initdefault");
    is_job.then(|| Parts { schedule: action.to_owned(), account: Some("root".to_owned()), command: command.to_owned() })
}

/// The schedule at the front of a line of crontab(5), and the rest; `None` of lines that set a variable.
fn schedule(line: &str) -> Option<(String, &str)> {
    let count = match line.chars().next()? {
        '@' => 1,
        first if first.is_ascii_digit() || matches!(first, '*' | '-' | '~') => 5,
        _ => return None,
    };
    let mut rest = line;
    let mut fields = Vec::new();
    for _ in 0..count {
        let (field, after) = rest.split_once([' ', '\t'])?;
        fields.push(field);
        rest = after.trim_start();
    }
    let is_field = |field: &&str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-~@?#LW".contains(c));
    fields.iter().all(is_field).then(|| (fields.join(" "), rest))
}

/// A percent sign ends the command and begins its input (crontab(5)).
fn without_input(command: &str) -> String {
    let mut signs = command.match_indices('%');
    let end = signs.find(|(at, _)| !command.get(..*at).is_some_and(|before| before.ends_with('\\')));
    end.and_then(|(at, _)| command.get(..at)).unwrap_or(command).to_owned()
}

/// The command of a line in any of the tables, for those who try to break it.
pub(super) fn commands_of_any_line(line: &str) -> Vec<String> {
    let own = |line: &str| schedule(line).map(|(_, command)| without_input(command));
    let parts = [system(line), anacron(line), inittab(line)].into_iter().flatten().map(|parts| parts.command);
    parts.chain(own(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_its_own_fields_before_the_command() {
        let command = |parts: Option<Parts>| parts.map(|parts| parts.command);
        for (line, wanted) in [
            ("*/5 * * * * root /opt/x -p EXAMPLE-SECRET-1", Some("/opt/x -p EXAMPLE-SECRET-1")),
            ("@reboot root /opt/x", Some("/opt/x")),
            ("0 3 * * 1-5\tapp /opt/y%input /opt/z", Some("/opt/y")),
            ("0 3 * * * app date +\\%d; /opt/y", Some("date +\\%d; /opt/y")),
            ("PATH=/usr/bin:/opt/x", None),
            ("MAILTO = a b c d e f /opt/x", None),
            ("1 2 3", None),
            ("1 2 3 4 x=y root z", None),
            ("@reboot", None),
        ] {
            assert_eq!(command(system(line)).as_deref(), wanted, "{line}");
        }
        assert_eq!(command(anacron("1 5 job.daily /opt/z  a")).as_deref(), Some("/opt/z  a"));
        assert_eq!(command(anacron("START_HOURS_RANGE=3-22")), None);
        assert_eq!(command(inittab("x:345:respawn:+/opt/x a:b")).as_deref(), Some("/opt/x a:b"));
        assert_eq!(command(inittab("id:3:initdefault:")), None);
    }

    #[test]
    fn names_are_passed_over_as_the_hosts_own_cron_does() {
        for (name, strict, lax) in [
            ("logrotate", true, true),
            ("0yum-daily.cron", false, true),
            (".placeholder", false, false),
            ("x.rpmsave", false, false),
            ("x~", false, false),
        ] {
            assert_eq!((is_run(name, true), is_run(name, false)), (strict, lax), "{name}");
        }
    }
}
