//! Packages of programs that do not run now and are started by a unit or a job: archives on their command lines, environments,
//! the folders that they work in.
//! It does not know whether a unit or job is wanted, and of a command only paths of files that exist are used.
//! Invariant: what lies in the distribution's own folders is left to the collectors of packages.

use super::processes::{Shown, class_path, environments};
use super::{Look, java};
use crate::collect::Gather;
use crate::collect::jobs::{self, Telling};
use crate::collect::programs::command::{is_interpreter, split, unit_words};
use crate::collect::units::Units;
use daicho_schemas::trouble::Trouble;
use std::collections::BTreeSet;

/// Folders whose programs come with packages; their own sources of packages are walked anyway.
const OF_PACKAGES: &[&str] = &["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/"];

/// Reads what units and jobs start.
pub(super) fn read(look: &mut Look<'_>) {
    let mut gather = Gather::new();
    let mut shown = BTreeSet::new();
    let units = Units::read(&mut gather, look.host);
    for name in units.startable(look.host).iter().filter(|name| name.ends_with(".service")) {
        let said = units.said(&mut gather, look.host, name, &[("Service", "ExecStart"), ("Service", FOLDER)]);
        let folder = said.iter().rev().find(|(key, _)| *key == FOLDER).map(|(_, folder)| folder.as_str());
        let folder = folder.filter(|folder| folder.starts_with('/') && !folder.contains(['%', '$']));
        for (_, line) in said.iter().filter(|(key, _)| *key == "ExecStart") {
            of_command(&unit_words(line), folder, &mut shown);
        }
    }
    let telling = Telling { account: &|_| "*".to_owned(), path: &str::to_owned };
    for command in jobs::read(&mut gather, look.host, &telling).into_iter().filter_map(|job| job.command) {
        split(&command).iter().for_each(|words| of_command(words, None, &mut shown));
    }
    let troubles: Vec<Trouble> = gather.finish().troubles;
    troubles.into_iter().for_each(|trouble| look.gather.miss(trouble));
    shown.iter().for_each(|one| one.read(look));
}

const FOLDER: &str = "WorkingDirectory";

/// What one command shows. A word with blanks in it may be a command of its own (`sh -c "…"`).
fn of_command(words: &[String], folder: Option<&str>, shown: &mut BTreeSet<Shown>) {
    for words in words.iter().filter(|word| word.contains(' ')).flat_map(|word| split(word)) {
        of_words(&words, folder, shown);
    }
    of_words(words, folder, shown);
}

fn of_words(words: &[String], folder: Option<&str>, shown: &mut BTreeSet<Shown>) {
    let is_own =
        |path: &str| path.starts_with('/') && !OF_PACKAGES.iter().any(|above| format!("{path}/").starts_with(above));
    let mut found = class_path(words, folder);
    found.extend(environments(words));
    found.extend(words.iter().filter(|word| java::is_archive(word)).cloned().map(Shown::Archive));
    found.extend(words.first().cloned().map(Shown::Program));
    if words.iter().take(3).any(|word| is_interpreter(word)) {
        found.extend(folder.map(|folder| Shown::Folder(folder.to_owned())));
    }
    shown.extend(found.into_iter().filter(|one| is_own(one.path())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_shows_archives_environments_and_folders_outside_of_the_distributions() {
        let of = |line: &str, folder: Option<&str>| {
            let mut shown = BTreeSet::new();
            of_command(&unit_words(line), folder, &mut shown);
            shown.iter().map(Shown::to_word).collect::<Vec<_>>()
        };
        assert_eq!(of("/usr/bin/java -Dp=EXAMPLE-SECRET-1 -jar /data/app/app.jar", None), ["a/data/app/app.jar"]);
        assert_eq!(
            of("/usr/bin/java -cp lib/*:/usr/share/java/x.jar X", Some("/data/app")),
            ["s/data/app/lib", "f/data/app"]
        );
        assert_eq!(of("/bin/sh -c 'exec java -jar /data/a.jar'", None), ["a/data/a.jar"]);
        assert_eq!(of("/home/app/venv/bin/python -m app", None), ["p/home/app/venv/bin/python", "e/home/app/venv"]);
        assert_eq!(of("/usr/sbin/sshd -D", Some("/")), Vec::<String>::new());
    }
}
