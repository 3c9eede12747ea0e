//! sudoers(5): which line lets whom act as root, and whether for every command.
//! It does not know netgroups, plugins, rules of a directory (LDAP, SSSD) or of polkit.
//! Invariant: of a line only its place leaves; a rule that may not be meant for this host or user is named, never guessed at.

use super::passwd::{Groups, Line};
use super::people::People;
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::fact::observation::{ACCOUNT_RIGHTS_MAX, AccountRight};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const SUDOERS: &str = "/etc/sudoers";
const FILE_BYTES_MAX: usize = 1024 * 1024;
const FILES_MAX: usize = 200;
const RULES_MAX: usize = 20_000;

/// Whom a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Name(String),
    Uid(u32),
    Group(String),
    Gid(u32),
    Everyone,
    /// A netgroup or a group of a plugin.
    Elsewhere,
}

#[derive(Clone, Debug)]
struct Entry {
    negated: bool,
    who: Who,
}

#[derive(Debug)]
struct Rule {
    users: Vec<Entry>,
    every_command: bool,
    place: String,
}

/// The rules of the host.
#[derive(Debug, Default)]
pub(super) struct Sudoers {
    rules: Vec<Rule>,
    users: BTreeMap<String, Vec<Entry>>,
    /// Names of lists of commands that hold every command.
    everything: BTreeSet<String>,
    /// The password of the account that one becomes is asked for, so a rule for everyone gives nobody a right.
    asks_target: bool,
    files: usize,
    unread: bool,
}

impl Sudoers {
    /// Reads the rules; `None` where a file of them could not be read.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host, people: &People) -> Option<Self> {
        let mut own = Self::default();
        own.read_file(gather, host, people, SUDOERS);
        (!own.unread).then_some(own)
    }

    /// What an account may do by the rules.
    pub(super) fn rights(&self, gather: &mut Gather, line: &Line, groups: &Groups) -> Vec<AccountRight> {
        let own = self.rules.iter().filter(|rule| self.is_for(&rule.users, line, groups, 0));
        let rights: BTreeSet<_> =
            own.map(|rule| AccountRight { place: rule.place.clone(), every_command: rule.every_command }).collect();
        let more = rights.len().saturating_sub(ACCOUNT_RIGHTS_MAX);
        if more > 0 {
            let text = format!("{more} more rules than {ACCOUNT_RIGHTS_MAX} are for one account and are not listed");
            gather.remark(Trouble::new(TroubleKind::TooLarge, SUDOERS, text));
        }
        // Those that allow everything first: they must not be cut off.
        let (every, some): (Vec<_>, Vec<_>) = rights.into_iter().partition(|right| right.every_command);
        let mut rights: Vec<_> = every.into_iter().chain(some).take(ACCOUNT_RIGHTS_MAX).collect();
        rights.sort();
        rights
    }

    /// The last entry that fits decides (sudoers(5)).
    fn is_for(&self, users: &[Entry], line: &Line, groups: &Groups, depth: usize) -> bool {
        let fits = |entry: &&Entry| match &entry.who {
            Who::Name(name) if *name == line.name => true,
            Who::Name(name) => {
                let list = self.users.get(name).filter(|_| depth < 8);
                list.is_some_and(|list| self.is_for(list, line, groups, depth + 1))
            }
            Who::Uid(uid) => *uid == line.uid,
            Who::Group(group) => groups.is_in(line, group),
            Who::Gid(gid) => groups.is_in_number(line, *gid),
            Who::Everyone => !self.asks_target,
            Who::Elsewhere => false,
        };
        users.iter().rev().find(fits).is_some_and(|entry| !entry.negated)
    }

    fn read_file(&mut self, gather: &mut Gather, host: &dyn Host, people: &People, path: &str) {
        let place = people.hide(path);
        self.files += 1;
        if self.files > FILES_MAX {
            self.unread = true;
            return gather.miss(Trouble::new(TroubleKind::TooLarge, SUDOERS, "there are too many files of rules"));
        }
        let reading = match host.read(path, FILE_BYTES_MAX) {
            Ok(reading) if !reading.cut => reading,
            Ok(_) => {
                self.unread = true;
                return gather.miss_rest(&place);
            }
            Err(error) if error.is_missing() => return,
            Err(error) => {
                self.unread = true;
                let Trouble { kind, .. } = error.to_trouble();
                return gather.miss(Trouble::new(kind, place, "rules of sudo could not be read"));
            }
        };
        gather.source(place.as_str());
        for (number, line) in logical_lines(&String::from_utf8_lossy(&reading.bytes)) {
            if let Some(included) = included(&line, path) {
                match included {
                    Included::File(path) => self.read_file(gather, host, people, &path),
                    Included::Folder(folder) => self.read_folder(gather, host, people, &folder),
                }
                continue;
            }
            self.read_line(gather, &format!("{place}:{number}"), without_comment(&line));
        }
    }

    fn read_folder(&mut self, gather: &mut Gather, host: &dyn Host, people: &People, folder: &str) {
        match host.list(folder, FILES_MAX) {
            Ok(listing) => {
                if listing.cut {
                    self.unread = true;
                    gather.miss_rest(folder);
                }
                // sudo itself passes over these names (sudoers(5)).
                let read = listing.names.iter().filter(|name| !name.contains('.') && !name.ends_with('~'));
                read.for_each(|name| self.read_file(gather, host, people, &format!("{folder}/{name}")));
            }
            Err(error) if error.is_missing() => {}
            Err(error) => {
                self.unread = true;
                gather.miss_access(&error);
            }
        }
    }

    fn read_line(&mut self, gather: &mut Gather, place: &str, line: &str) {
        let line = line.trim();
        let first = line.split_ascii_whitespace().next().unwrap_or_default();
        if first.starts_with("Defaults") {
            let asks = line.split([' ', '\t', ',']).any(|word| matches!(word, "targetpw" | "rootpw" | "runaspw"));
            self.asks_target |= asks;
        } else if let Some(kind) = first.strip_suffix("_Alias") {
            let rest = line.get(first.len()..).unwrap_or_default();
            self.read_aliases(kind, rest);
        } else if let Some((who, what)) = split_at_equals(line) {
            if self.rules.len() >= RULES_MAX {
                self.unread = true;
                return gather.miss_rest(SUDOERS);
            }
            let (users, hosts) = users_and_hosts(who);
            if !hosts.split(',').any(|host| host.trim() == "ALL") {
                let text = "a rule is for hosts by name; whether it is meant for this one is not known";
                return gather.remark(Trouble::new(TroubleKind::NotObservable, place, text));
            }
            if users.iter().any(|entry| entry.who == Who::Elsewhere) {
                let text = "a rule is for a group of a directory elsewhere; who is in it is not known";
                gather.remark(Trouble::new(TroubleKind::NotObservable, place, text));
            }
            let every_command = self.allows_everything(what);
            self.rules.push(Rule { users, every_command, place: place.to_owned() });
        }
    }

    fn read_aliases(&mut self, kind: &str, rest: &str) {
        // `User_Alias A = x, y : B = z`
        for alias in rest.split(':') {
            let Some((name, members)) = alias.split_once('=') else { continue };
            let (name, members) = (name.trim().to_owned(), members.trim());
            if kind == "User" {
                self.users.insert(name, members.split(',').map(entry).collect());
            } else if matches!(kind, "Cmnd" | "Cmd") && members.split(',').any(|member| member.trim() == "ALL") {
                self.everything.insert(name);
            }
        }
    }

    /// Whether a rule allows every command as root: `(ALL:ALL) NOPASSWD: ALL`.
    fn allows_everything(&self, what: &str) -> bool {
        let mut as_root = true;
        let what = what.replace("\\:", "").replace("\\,", "").replace("\\=", "");
        let mut rest = what.as_str();
        while !rest.is_empty() {
            // A list of whom to become may hold commas.
            if let Some((runas, after)) = rest.trim_start().strip_prefix('(').and_then(|inner| inner.split_once(')')) {
                let users = runas.split(':').next().unwrap_or_default();
                as_root = users.split(',').any(|user| matches!(user.trim(), "ALL" | "root" | "#0"));
                rest = after;
                continue;
            }
            let (command, after) = rest.split_once(',').unwrap_or((rest, ""));
            let name = command.rsplit([':', '=']).next().unwrap_or_default().trim();
            if as_root && (name == "ALL" || self.everything.contains(name)) {
                return true;
            }
            rest = after;
        }
        false
    }
}

enum Included {
    File(String),
    Folder(String),
}

/// `@include`, `@includedir`, and the same with the `#` of old.
fn included(line: &str, from: &str) -> Option<Included> {
    let rest = line.trim_start().strip_prefix(['@', '#'])?;
    let (word, path) = rest.split_once(char::is_whitespace)?;
    let path = path.trim().trim_matches('"');
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let path = path.trim_end_matches('/').to_owned();
    match word {
        // `%h` stands for the host's name; such files are of networks of old and are not looked for.
        "include" => Some(Included::File(path)),
        "includedir" => Some(Included::Folder(path)),
        _ => None,
    }
}

/// Lines with those joined that a backslash continues, with the number of the first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let (line, continues) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match lines.last_mut().filter(|_| open) {
            Some((_, before)) => before.push_str(line),
            None => lines.push((at + 1, line.to_owned())),
        }
        open = continues;
    }
    lines
}

/// `#` begins a comment, but `#1000` is a number of an account.
fn without_comment(line: &str) -> &str {
    let begins = |(at, _): &(usize, &str)| {
        let rest = line.get(at + 1..).unwrap_or_default();
        let before = line.get(..*at).unwrap_or_default();
        !rest.starts_with(|next: char| next.is_ascii_digit()) && !before.ends_with(['\\', '%'])
    };
    let end = line.match_indices('#').find(begins).map_or(line.len(), |(at, _)| at);
    line.get(..end).unwrap_or_default()
}

/// At the first `=` that is not escaped.
fn split_at_equals(line: &str) -> Option<(&str, &str)> {
    let (at, _) = line.match_indices('=').find(|(at, _)| !line.get(..*at).unwrap_or_default().ends_with('\\'))?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

/// `a, %b ALL` to the users and the hosts: users go on as long as commas join them.
fn users_and_hosts(who: &str) -> (Vec<Entry>, &str) {
    let mut users = Vec::new();
    let mut rest = who.trim_start();
    loop {
        let quoted = rest.strip_prefix('"').and_then(|inner| inner.split_once('"'));
        let (user, after) = match quoted {
            Some((user, after)) => (user, after),
            None => {
                // Blanks may stand behind `!`.
                let marks = rest.len() - rest.trim_start_matches(['!', ' ', '\t']).len();
                let end = rest.get(marks..).and_then(|name| name.find([' ', '\t', ','])).map(|end| end + marks);
                rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""))
            }
        };
        users.push(entry(user));
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return (users, after),
        }
    }
}

fn entry(text: &str) -> Entry {
    let text = text.trim();
    let name = text.trim_start_matches(['!', ' ', '\t']).trim_matches('"');
    let negated = text.matches('!').count() % 2 == 1;
    let number = |digits: &str| digits.parse::<u32>().ok();
    let who = if name == "ALL" {
        Who::Everyone
    } else if name.starts_with('+') || name.starts_with("%:") {
        Who::Elsewhere
    } else if let Some(group) = name.strip_prefix('%') {
        match group.strip_prefix('#').and_then(number) {
            Some(gid) => Who::Gid(gid),
            None => Who::Group(group.replace('\\', "")),
        }
    } else {
        match name.strip_prefix('#').and_then(number) {
            Some(uid) => Who::Uid(uid),
            None => Who::Name(name.replace('\\', "")),
        }
    };
    Entry { negated, who }
}

#[cfg(test)]
mod tests {
    use super::super::passwd;
    use super::*;

    fn rights(text: &str, account: &str) -> Vec<(String, bool)> {
        let mut own = Sudoers::default();
        let mut gather = Gather::new();
        for (number, line) in logical_lines(text) {
            own.read_line(&mut gather, &format!("f:{number}"), without_comment(&line));
        }
        let groups = Groups::read(b"wheel:x:10:op\nops:x:300:\n");
        let passwd::Entry::Account(line) = passwd::entry(account.as_bytes(), 1000) else { panic!("{account}") };
        own.rights(&mut gather, &line, &groups).into_iter().map(|right| (right.place, right.every_command)).collect()
    }

    const OP: &str = "op:x:1001:300::/home/op:/bin/sh";

    #[test]
    fn who_may_do_everything_is_told_from_who_may_do_something() {
        for (rule, wanted) in [
            ("%wheel ALL=(ALL) ALL", Some(true)),
            ("%wheel\tALL=(ALL:ALL) NOPASSWD: ALL", Some(true)),
            ("%ops ALL = NOPASSWD: /usr/bin/systemctl restart app, /bin/ls", Some(false)),
            ("op ALL=(postgres) ALL", Some(false)),
            ("op ALL=(postgres) ALL, (root) ALL", Some(true)),
            ("op ALL=(postgres, root) ALL", Some(true)),
            ("op ALL=/bin/true \\: ALL", Some(false)),
            ("#1001 ALL=ALL", Some(true)),
            ("%#300 ALL=ALL", Some(true)),
            ("root, op, other ALL=(ALL) ALL # all of them", Some(true)),
            ("ALL, !op ALL=(ALL) ALL", None),
            ("ALL,! op ALL=(ALL) ALL", None),
            ("ALL ALL=(ALL) ALL", Some(true)),
            ("Defaults targetpw\nALL ALL=(ALL) ALL", None),
            ("User_Alias A = x, B : B = op\nA ALL=(ALL) \\\n  ALL", Some(true)),
            ("Cmnd_Alias EVERY = ALL\nop ALL=EVERY", Some(true)),
            ("op web1=(ALL) ALL", None),
            ("+netgroup ALL=(ALL) ALL", None),
            ("# op ALL=(ALL) ALL", None),
            ("op", None),
        ] {
            let found = rights(rule, OP);
            assert_eq!(found.first().map(|(_, every)| *every), wanted, "{rule}");
        }
        assert_eq!(rights("\n\nop ALL=(ALL) \\\n ALL", OP), [("f:3".to_owned(), true)], "the first line counts");
    }

    #[test]
    fn files_are_named_absolutely_and_by_both_signs() {
        let told = |line| match included(line, "/etc/sudoers") {
            Some(Included::File(path)) => format!("file {path}"),
            Some(Included::Folder(path)) => format!("folder {path}"),
            None => "nothing".to_owned(),
        };
        assert_eq!(told("@includedir /etc/sudoers.d"), "folder /etc/sudoers.d");
        assert_eq!(told("#includedir sudoers.d/"), "folder /etc/sudoers.d");
        assert_eq!(told("#include \"/etc/other\""), "file /etc/other");
        assert_eq!(told("# include this"), "nothing");
    }
}
