//! What cron and others (`collect/jobs.rs`) and scripts at the start of the host start.
//! It does not know when, nor whether cron itself runs.
//! Invariant: of a line only the files that it starts and its number leave; the accounts in names of tables are `*`.

use super::command::{Named, is_literal, of_shell};
use crate::access::{AccessError, Host};
use crate::collect::Gather;
use crate::collect::jobs::{self, Telling};
use daicho_schemas::fact::observation::{JobSort, Starter, StarterSort};

const NAMES_MAX: usize = 10_000;
const SCRIPT_BYTES_MAX: usize = 1024 * 1024;

/// Scripts at the start of the host.
const RC_FOLDERS: &[&str] = &["/etc/init.d", "/etc/rc.d/init.d"];
const RC_FILES: &[&str] = &["/etc/rc.local", "/etc/rc.d/rc.local"];

/// Files that jobs and scripts start, with the line that does.
pub(super) type Started = Vec<(Named, Vec<Starter>)>;

/// Reads every table and script.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Started {
    let mut started = Started::new();
    let telling = Telling { account: &|_| "*".to_owned(), path: &str::to_owned };
    for job in jobs::read(gather, host, &telling) {
        let sort = match job.sort {
            JobSort::Cron | JobSort::CronFolder | JobSort::Anacron => StarterSort::Cron,
            JobSort::Inittab | JobSort::RcScript => StarterSort::RcScript,
            // at(1) hands its job to a shell, once; the others are of Windows.
            JobSort::At | JobSort::RunKey | JobSort::Task => continue,
        };
        match job.command {
            Some(command) => {
                let starter = Starter { sort, name: job.told, line: job.line };
                started.extend(of_shell(&command).into_iter().map(|named| (named, vec![starter.clone()])));
            }
            None => {
                let folder = job.path.rsplit_once('/').map_or("/", |(folder, _)| folder).to_owned();
                let file = Named { word: job.path, needs_permission: true };
                started.push((file, vec![Starter { sort, name: folder, line: None }]));
            }
        }
    }
    let scripts = RC_FOLDERS.iter().flat_map(|folder| {
        let names = gather.names(host, folder, NAMES_MAX);
        names.into_iter().map(move |name| format!("{folder}/{name}")).collect::<Vec<_>>()
    });
    for place in scripts.chain(RC_FILES.iter().map(|place| (*place).to_owned())).collect::<Vec<_>>() {
        let starter = Starter { sort: StarterSort::RcScript, name: place.clone(), line: None };
        started.push((Named { word: place.clone(), needs_permission: true }, vec![starter]));
        script(gather, host, &place, &mut started);
    }
    started
}

/// The lines of a script at the start of the host.
fn script(gather: &mut Gather, host: &dyn Host, place: &str, started: &mut Started) {
    let text = match host.read(place, SCRIPT_BYTES_MAX) {
        Ok(reading) => {
            gather.source(place);
            if reading.cut {
                gather.miss_rest(place);
            }
            String::from_utf8_lossy(&reading.bytes).into_owned()
        }
        Err(AccessError::Missing { .. } | AccessError::Special { .. }) => return,
        Err(error) => return gather.miss_access(&error),
    };
    for (number, line) in (1..).zip(text.lines()) {
        let starter = Starter { sort: StarterSort::RcScript, name: place.to_owned(), line: Some(number) };
        // A bare name in a script may be one of its own functions.
        let named = of_script_line(line).into_iter().filter(|named| named.word.starts_with('/'));
        started.extend(named.map(|named| (named, vec![starter.clone()])));
    }
}

/// The files that a line starts in any of the tables.
pub(super) fn of_any_line(line: &str) -> Vec<Named> {
    let commands = jobs::commands_of_any_line(line);
    commands.iter().flat_map(|command| of_shell(command)).chain(of_script_line(line)).collect()
}

/// The files that a line of a script starts, or keeps in a variable for later: `DAEMON=/opt/x/bin/xd`.
fn of_script_line(line: &str) -> Vec<Named> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Vec::new();
    }
    let kept = line.split_once('=').filter(|(name, _)| {
        name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9')) && !name.is_empty()
    });
    let kept = kept
        .map(|(_, value)| value.trim_matches(['"', '\'']))
        .filter(|value| value.starts_with('/') && is_literal(value) && !value.contains([' ', ';', '"', '\'']));
    match kept {
        Some(path) => vec![Named { word: path.to_owned(), needs_permission: true }],
        None => of_shell(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_keeps_its_program_in_a_variable_or_calls_it() {
        let words = |line: &str| of_script_line(line).into_iter().map(|named| named.word).collect::<Vec<_>>();
        assert_eq!(words("DAEMON=\"/opt/x/bin/xd\""), ["/opt/x/bin/xd"]);
        assert_eq!(words("  /opt/x/start.sh &"), ["/opt/x/start.sh"]);
        assert_eq!(words("CONF=/etc/$NAME"), Vec::<String>::new());
        assert!(words("daemon --pidfile=/run/x /opt/d $ARGS").contains(&"/opt/d".into()));
    }
}
