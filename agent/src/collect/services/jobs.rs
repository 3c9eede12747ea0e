//! Jobs that something else than systemd starts: those of `collect/jobs.rs`, and scripts of SysV.
//! It does not know what a job does: of a line only schedule, account and program are taken.
//! Invariant: a variable's value, an argument and a person's name never leave; a table that cannot be read is named.

use super::super::accounts::People;
use super::super::jobs::{self, Job, Telling};
use super::super::units::State;
use super::Found;
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::fact::observation::{JobSort, Observation, ScheduledJob};
use std::collections::{BTreeMap, BTreeSet};

const NAMES_MAX: usize = 20_000;
const LEVELS: [&str; 5] = ["/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"];
const LOCAL: [&str; 2] = ["/etc/rc.local", "/etc/rc.d/rc.local"];

pub(super) fn read(
    gather: &mut Gather,
    host: &dyn Host,
    people: &People,
    units: &BTreeMap<String, State>,
    found: &mut Vec<Found>,
) {
    let telling = Telling { account: &|name| people.told(name), path: &|path| people.hide(path) };
    let mut all = jobs::read(gather, host, &telling);
    all.extend(scripts(gather, host, people, units));
    for Job { sort, path, told, line, schedule, account, command } in all {
        let place = line.map_or_else(|| told.clone(), |line| format!("{told}:{line}"));
        let executable = command.as_deref().and_then(program);
        // Nobody's name is root, and passwd(5) need not be readable.
        let account = account.map(|name| if name == "root" { name } else { people.told(&name) });
        let mut text = |value: &str| gather.text(&place, value.as_bytes());
        let job = ScheduledJob {
            sort,
            place: text(&place),
            schedule: schedule.as_deref().map(&mut text),
            account: account.as_deref().map(&mut text),
            executable: executable.as_ref().map(|program| text(&people.hide(program))),
            executable_carried_by: None,
            carried_by: None,
        };
        found.push(Found { item: Observation::ScheduledJob(job), executable, place: Some(path) });
    }
}

/// Scripts that a run level starts, where systemd has no unit of the same name.
fn scripts(gather: &mut Gather, host: &dyn Host, people: &People, units: &BTreeMap<String, State>) -> Vec<Job> {
    let mut scripts = BTreeSet::new();
    for folder in LEVELS {
        for name in gather.names(host, folder, NAMES_MAX) {
            let digits =
                name.strip_prefix('S').filter(|rest| rest.get(..2).is_some_and(|two| two.parse::<u8>().is_ok()));
            let script = digits.and_then(|rest| rest.get(2..)).filter(|script| !script.is_empty());
            scripts
                .extend(script.filter(|script| !units.contains_key(&format!("{script}.service"))).map(str::to_owned));
        }
    }
    let local = LOCAL.into_iter().find(|place| host.exists(place)).map(str::to_owned);
    let places = scripts.into_iter().map(|script| format!("/etc/init.d/{script}")).chain(local);
    let job = |path: String| Job {
        sort: JobSort::RcScript,
        told: people.hide(&path),
        path,
        line: None,
        schedule: None,
        account: Some("root".to_owned()),
        command: None,
    };
    places.map(job).collect()
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
    fn of_a_command_the_program_is_taken_and_its_secrets_stay() {
        for (command, what) in [
            ("cd / && run-parts --report /etc/cron.hourly", Some("cd")),
            ("/usr/bin/x", Some("/usr/bin/x")),
            ("TOKEN=EXAMPLE-SECRET-1 /usr/bin/x EXAMPLE-SECRET-2", Some("/usr/bin/x")),
            ("(cd /x; y)", None),
            ("\"$SECRET\"", None),
        ] {
            assert_eq!(program(command).as_deref(), what, "{command}");
        }
    }
}
