//! What cron (crontab(5), anacrontab(5)) and scripts at the start of the host start.
//! It does not know when, nor whether cron itself runs.
//! Invariant: of a line only the files that it starts and its number leave; the accounts in names of tables are `*`.

use super::command::{Named, is_literal, of_shell};
use crate::access::{AccessError, Host};
use crate::collect::Gather;
use daicho_schemas::fact::observation::{Starter, StarterSort};

const NAMES_MAX: usize = 10_000;
const TABLE_BYTES_MAX: usize = 1024 * 1024;

/// Tables whose lines name an account before the command, and folders of such tables.
const SYSTEM_TABLES: &[&str] = &["/etc/crontab"];
const SYSTEM_FOLDERS: &[&str] = &["/etc/cron.d"];
/// Folders of tables that bear the names of accounts (Debian, SUSE; Red Hat).
const OWN_FOLDERS: &[&str] = &["/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron"];
const ANACRON: &str = "/etc/anacrontab";
/// Folders of which every file is run.
const RUN_FOLDERS: &[&str] = &["/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"];
/// Scripts at the start of the host.
const RC_FOLDERS: &[&str] = &["/etc/init.d", "/etc/rc.d/init.d"];
const RC_FILES: &[&str] = &["/etc/rc.local", "/etc/rc.d/rc.local"];

/// Files that jobs and scripts start, with the line that does.
pub(super) type Started = Vec<(Named, Vec<Starter>)>;

/// How the lines of a table begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Five fields of time and an account.
    System,
    /// Five fields of time.
    Own,
    /// Period, delay and a name.
    Anacron,
    /// A script: no fields.
    Script,
}

/// Reads every table and script.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Started {
    let mut started = Started::new();
    for place in SYSTEM_TABLES {
        table(gather, host, (place, place), Form::System, &mut started);
    }
    for folder in SYSTEM_FOLDERS {
        for name in names(gather, host, folder) {
            let place = format!("{folder}/{name}");
            table(gather, host, (&place, &place), Form::System, &mut started);
        }
    }
    for folder in OWN_FOLDERS {
        for name in names(gather, host, folder) {
            table(gather, host, (&format!("{folder}/{name}"), &format!("{folder}/*")), Form::Own, &mut started);
        }
    }
    table(gather, host, (ANACRON, ANACRON), Form::Anacron, &mut started);
    for folder in RUN_FOLDERS {
        for name in names(gather, host, folder).into_iter().filter(|name| !name.starts_with('.')) {
            let starter = Starter { sort: StarterSort::Cron, name: (*folder).to_owned(), line: None };
            let file = Named { word: format!("{folder}/{name}"), needs_permission: true };
            started.push((file, vec![starter]));
        }
    }
    let scripts = RC_FOLDERS.iter().flat_map(|folder| {
        let names = names(gather, host, folder);
        names.into_iter().map(move |name| format!("{folder}/{name}")).collect::<Vec<_>>()
    });
    for place in scripts.chain(RC_FILES.iter().map(|place| (*place).to_owned())).collect::<Vec<_>>() {
        let starter = Starter { sort: StarterSort::RcScript, name: place.clone(), line: None };
        started.push((Named { word: place.clone(), needs_permission: true }, vec![starter]));
        table(gather, host, (&place, &place), Form::Script, &mut started);
    }
    started
}

fn names(gather: &mut Gather, host: &dyn Host, folder: &str) -> Vec<String> {
    match host.list(folder, NAMES_MAX) {
        Ok(listing) => {
            gather.source(folder);
            if listing.cut {
                gather.miss_rest(folder);
            }
            listing.names
        }
        Err(error) if error.is_missing() => Vec::new(),
        Err(error) => {
            gather.miss_access(&error);
            Vec::new()
        }
    }
}

/// One table: where it is, and the name under which it is told.
fn table(gather: &mut Gather, host: &dyn Host, (place, told): (&str, &str), form: Form, started: &mut Started) {
    let text = match host.read(place, TABLE_BYTES_MAX) {
        Ok(reading) => {
            gather.source(told);
            if reading.cut {
                gather.miss_rest(told);
            }
            String::from_utf8_lossy(&reading.bytes).into_owned()
        }
        Err(AccessError::Missing { .. } | AccessError::Special { .. }) => return,
        Err(error) => {
            let mut trouble = error.to_trouble();
            told.clone_into(&mut trouble.place);
            trouble.text = trouble.text.replace(place, told);
            return gather.miss(trouble);
        }
    };
    let sort = if form == Form::Script { StarterSort::RcScript } else { StarterSort::Cron };
    for (number, line) in text.lines().enumerate() {
        let starter = || Starter {
            sort,
            name: told.to_owned(),
            line: u32::try_from(number).ok().and_then(|number| number.checked_add(1)),
        };
        for named in of_line(line, form) {
            // A bare name in a script may be one of its own functions.
            if form == Form::Script && !named.word.starts_with('/') {
                continue;
            }
            started.push((named, vec![starter()]));
        }
    }
}

/// The files that a line starts in any of the tables.
pub(super) fn of_any_line(line: &str) -> Vec<Named> {
    [Form::System, Form::Own, Form::Anacron, Form::Script].into_iter().flat_map(|form| of_line(line, form)).collect()
}

/// The files that a line starts.
fn of_line(line: &str, form: Form) -> Vec<Named> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Vec::new();
    }
    if form == Form::Script {
        // What a script keeps in a variable for later: `DAEMON=/opt/x/bin/xd`.
        let kept = line.split_once('=').filter(|(name, _)| {
            name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9')) && !name.is_empty()
        });
        let kept = kept
            .map(|(_, value)| value.trim_matches(['"', '\'']))
            .filter(|value| value.starts_with('/') && is_literal(value) && !value.contains([' ', ';', '"', '\'']));
        return match kept {
            Some(path) => vec![Named { word: path.to_owned(), needs_permission: true }],
            None => of_shell(line),
        };
    }
    let fields = match (form, line.starts_with('@')) {
        (Form::System, false) => 6,
        (Form::System, true) => 2,
        (Form::Own, false) => 5,
        (Form::Own, true) => 1,
        (Form::Anacron | Form::Script, _) => 3,
    };
    let mut rest = line;
    for _ in 0..fields {
        let Some((field, behind)) = rest.trim_start().split_once([' ', '\t']) else { return Vec::new() };
        // A setting: `PATH=…`, `MAILTO=…`.
        if field.contains('=') || behind.trim_start().starts_with('=') {
            return Vec::new();
        }
        rest = behind;
    }
    // A percent sign ends the command and begins its input (crontab(5)).
    let end = rest.match_indices('%').find(|(at, _)| !rest.get(..*at).is_some_and(|before| before.ends_with('\\')));
    of_shell(end.and_then(|(at, _)| rest.get(..at)).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str, form: Form) -> Vec<String> {
        of_line(line, form).into_iter().map(|named| named.word).collect()
    }

    #[test]
    fn each_table_has_its_own_fields_before_the_command() {
        assert_eq!(words("*/5 * * * * root /opt/x -p EXAMPLE-SECRET-1", Form::System), ["/opt/x"]);
        assert_eq!(words("@reboot root /opt/x", Form::System), ["/opt/x"]);
        assert_eq!(words("0 3 * * 1-5 /opt/y%input /opt/z", Form::Own), ["/opt/y"]);
        assert_eq!(words("@daily\t/opt/y", Form::Own), ["/opt/y"]);
        assert_eq!(words("1 5 job.daily /opt/z", Form::Anacron), ["/opt/z"]);
        for line in ["PATH=/usr/bin:/opt/x", "MAILTO = a b c d e f /opt/x", "# 0 3 * * * root /opt/x", "", "1 2 3"] {
            assert!(words(line, Form::System).is_empty(), "{line}");
            assert!(words(line, Form::Own).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_script_keeps_its_program_in_a_variable_or_calls_it() {
        assert_eq!(words("DAEMON=\"/opt/x/bin/xd\"", Form::Script), ["/opt/x/bin/xd"]);
        assert_eq!(words("  /opt/x/start.sh &", Form::Script), ["/opt/x/start.sh"]);
        assert_eq!(words("CONF=/etc/$NAME", Form::Script), Vec::<String>::new());
        assert!(words("daemon --pidfile=/run/x /opt/d $ARGS", Form::Script).contains(&"/opt/d".into()));
    }
}
