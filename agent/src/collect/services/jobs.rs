//! Jobs that something else than systemd starts: cron, anacron, at, inittab, scripts of SysV.
//! It does not know what a job does: of a line only schedule, account and program are taken.
//! Invariant: a variable's value, an argument and a person's name never leave; a table that cannot be read is named.

use super::super::accounts::People;
use super::super::units;
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::fact::observation::{JobSort, Observation, ScheduledJob};
use daicho_schemas::trouble::Trouble;
use std::collections::{BTreeMap, BTreeSet};

const FILE_BYTES_MAX: usize = 1024 * 1024;
const NAMES_MAX: usize = 20_000;
const FOLDERS: [(&str, &str); 4] = [
    ("/etc/cron.hourly", "hourly"),
    ("/etc/cron.daily", "daily"),
    ("/etc/cron.weekly", "weekly"),
    ("/etc/cron.monthly", "monthly"),
];
/// Debian's, and that of others.
const TABLES: [&str; 2] = ["/var/spool/cron/crontabs", "/var/spool/cron"];
/// Names in the second one that are folders and no tables.
const NOT_TABLES: [&str; 6] = ["crontabs", "atjobs", "atspool", "lastrun", "tabs", ".placeholder"];
const AT: [&str; 2] = ["/var/spool/cron/atjobs", "/var/spool/at"];
const LEVELS: [&str; 5] = ["/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"];
const LOCAL: [&str; 2] = ["/etc/rc.local", "/etc/rc.d/rc.local"];

struct Look<'a> {
    gather: &'a mut Gather,
    host: &'a dyn Host,
    people: &'a People,
}

pub(super) fn read(gather: &mut Gather, host: &dyn Host, people: &People, units: &BTreeMap<String, units::State>) {
    let mut look = Look { gather, host, people };
    look.table("/etc/crontab", "/etc/crontab", None);
    for name in look.names("/etc/cron.d") {
        // cron passes over these, as run-parts(8) does.
        if !name.contains('.') && !name.ends_with('~') {
            let place = format!("/etc/cron.d/{name}");
            look.table(&place, &people.hide(&place), None);
        }
    }
    for folder in TABLES {
        for name in look.names(folder).iter().filter(|name| !NOT_TABLES.contains(&name.as_str())) {
            let account = people.told(name);
            look.table(&format!("{folder}/{name}"), &format!("{folder}/{account}"), Some(account));
        }
    }
    for (folder, schedule) in FOLDERS {
        for name in look.names(folder).iter().filter(|name| !name.contains('.') && !name.ends_with('~')) {
            look.put(JobSort::CronFolder, &format!("{folder}/{name}"), Some(schedule), Some("root"), None);
        }
    }
    look.anacron();
    for folder in AT {
        // Jobs have names of their queue, number and minute; `.SEQ` is no job.
        for name in look.names(folder).iter().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())) {
            look.put(JobSort::At, &format!("{folder}/{name}"), None, None, None);
        }
    }
    look.inittab();
    look.scripts(units);
}

impl Look<'_> {
    fn names(&mut self, folder: &str) -> Vec<String> {
        match self.host.list(folder, NAMES_MAX) {
            Ok(listing) => {
                self.gather.source(folder);
                if listing.cut {
                    self.gather.miss_rest(folder);
                }
                listing.names
            }
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => {
                self.gather.miss_access(&error);
                Vec::new()
            }
        }
    }

    /// The lines of a file that say something, by number. `told` stands for the file where its name is a person's.
    fn lines(&mut self, place: &str, told: &str) -> Vec<(usize, String)> {
        let reading = match self.host.read(place, FILE_BYTES_MAX) {
            Ok(reading) => reading,
            Err(error) if error.is_missing() => return Vec::new(),
            Err(error) => {
                let Trouble { kind, .. } = error.to_trouble();
                self.gather.miss(Trouble::new(kind, told, "a table of jobs could not be read"));
                return Vec::new();
            }
        };
        self.gather.source(told);
        if reading.cut {
            self.gather.miss_rest(told);
        }
        let text = String::from_utf8_lossy(&reading.bytes);
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned()));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect()
    }

    /// crontab(5). Without an account every line names its own.
    fn table(&mut self, place: &str, told: &str, account: Option<String>) {
        for (number, line) in self.lines(place, told) {
            let Some((schedule, rest)) = schedule(&line) else { continue };
            let (user, command) = match &account {
                Some(account) => (account.clone(), rest),
                None => {
                    let (user, command) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
                    (self.people.told(user), command)
                }
            };
            let executable = program(command);
            let place = format!("{told}:{number}");
            self.put(JobSort::Cron, &place, Some(&schedule), Some(&user), executable.as_deref());
        }
    }

    /// anacrontab(5): `1 5 cron.daily nice run-parts /etc/cron.daily`.
    fn anacron(&mut self) {
        const PLACE: &str = "/etc/anacrontab";
        for (number, line) in self.lines(PLACE, PLACE) {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [period, delay, _, command @ ..] = words.as_slice() else { continue };
            if !period.starts_with(|c: char| c.is_ascii_digit() || c == '@') || delay.parse::<u32>().is_err() {
                continue;
            }
            let executable = program(&command.join(" "));
            self.put(JobSort::Anacron, &format!("{PLACE}:{number}"), Some(period), Some("root"), executable.as_deref());
        }
    }

    /// inittab(5): `id:levels:action:process`.
    fn inittab(&mut self) {
        const PLACE: &str = "/etc/inittab";
        for (number, line) in self.lines(PLACE, PLACE) {
            let fields: Vec<&str> = line.splitn(4, ':').collect();
            let [_, _, action, process] = fields.as_slice() else { continue };
            if process.is_empty() || matches!(*action, "off" | "initdefault") {
                continue;
            }
            let executable = program(process);
            self.put(JobSort::Inittab, &format!("{PLACE}:{number}"), Some(action), Some("root"), executable.as_deref());
        }
    }

    /// Scripts that a run level starts, where systemd has no unit of the same name.
    fn scripts(&mut self, units: &BTreeMap<String, units::State>) {
        let mut scripts = BTreeSet::new();
        for folder in LEVELS {
            for name in self.names(folder) {
                let digits =
                    name.strip_prefix('S').filter(|rest| rest.get(..2).is_some_and(|two| two.parse::<u8>().is_ok()));
                let script = digits.and_then(|rest| rest.get(2..)).filter(|script| !script.is_empty());
                scripts.extend(
                    script.filter(|script| !units.contains_key(&format!("{script}.service"))).map(str::to_owned),
                );
            }
        }
        for script in scripts {
            self.put(JobSort::RcScript, &format!("/etc/init.d/{script}"), None, Some("root"), None);
        }
        if let Some(place) = LOCAL.into_iter().find(|place| self.host.exists(place)) {
            self.put(JobSort::RcScript, place, None, Some("root"), None);
        }
    }

    fn put(
        &mut self,
        sort: JobSort,
        place: &str,
        schedule: Option<&str>,
        account: Option<&str>,
        program: Option<&str>,
    ) {
        let place = self.people.hide(place);
        let executable = program.map(|program| self.people.hide(program));
        let mut text = |value: &str| self.gather.text(&place, value.as_bytes());
        let job = ScheduledJob {
            sort,
            place: text(&place),
            schedule: schedule.map(&mut text),
            account: account.map(&mut text),
            executable: executable.as_deref().map(&mut text),
        };
        self.gather.item("jobs", Observation::ScheduledJob(job));
    }
}

/// The schedule at the front of a line of crontab(5), and the rest; `None` of lines that set a variable.
fn schedule(line: &str) -> Option<(String, &str)> {
    let count = match line.chars().next()? {
        '@' => 1,
        first if first.is_ascii_digit() || matches!(first, '*' | '-') => 5,
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

/// The program at the front of a shell's command, past variables; `None` where something else stands there.
fn program(command: &str) -> Option<String> {
    let word = command.split_ascii_whitespace().find(|word| !is_variable(word))?;
    let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c));
    is_plain.then(|| word.to_owned())
}

fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_schedule_and_a_program_and_its_secrets_stay() {
        let told = |line: &str| schedule(line).map(|(schedule, rest)| (schedule, program(rest)));
        for (line, when, what) in [
            ("17 * * * * cd / && run-parts --report /etc/cron.hourly", "17 * * * *", Some("cd")),
            ("*/5 1-3 * jan,feb mon-fri /usr/bin/x", "*/5 1-3 * jan,feb mon-fri", Some("/usr/bin/x")),
            ("@reboot TOKEN=EXAMPLE-SECRET-1 /usr/bin/x EXAMPLE-SECRET-2", "@reboot", Some("/usr/bin/x")),
            ("1 2 3 4 5 (cd /x; y)", "1 2 3 4 5", None),
            ("1 2 3 4 5 \"$SECRET\"", "1 2 3 4 5", None),
        ] {
            assert_eq!(told(line), Some((when.to_owned(), what.map(str::to_owned))), "{line}");
        }
        for line in ["PATH=/bin", "SHELL = /bin/sh", "1 2 3", "1 2 3 4 x=y z", "@reboot"] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
