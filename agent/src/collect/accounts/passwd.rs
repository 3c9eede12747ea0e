//! passwd(5), shadow(5), group(5) and login.defs(5): which accounts there are, and which of them are people's.
//! It does not know who may administer or who came in.
//! Invariant: of a password field only its state leaves this file; a name stays in memory unless the account is the system's.

use daicho_schemas::fact::observation::{AccountSort, PasswordState};
use daicho_schemas::time::CalendarDate;
use std::collections::{BTreeMap, BTreeSet};

/// The first number of people where login.defs does not say; so low that no person is taken for the system.
const FIRST_PERSON_UNSAID: u32 = 500;
/// No distribution begins later; a host that says so would have its people taken for the system.
const FIRST_PERSON_MAX: u32 = 1000;
/// Numbers below are given out by distributions and never to people.
const GIVEN_OUT_BELOW: u32 = 100;
/// The account that owns nothing (65534; 65533 and 60001 elsewhere).
const NOBODY: &[&str] = &["nobody", "nfsnobody", "nobody4", "noaccess"];
/// Programs in the place of a shell that let nobody in.
const NO_SHELLS: &[&str] = &["nologin", "false", "true", "sync", "halt", "shutdown", "null"];
/// crypt(3): the shortest result, of DES. Anything shorter can never fit.
const HASH_BYTES_MIN: usize = 13;
/// shadow(5) of most hosts writes this for "never".
const DAYS_NEVER: u32 = 99_999;

/// One line of passwd(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Line {
    pub(in crate::collect) name: String,
    pub(in crate::collect) uid: u32,
    pub(super) gid: u32,
    pub(super) home: String,
    pub(super) has_shell: bool,
    /// `None`: in the shadow file.
    pub(super) password: Option<PasswordState>,
    pub(in crate::collect) sort: AccountSort,
}

/// What one line of passwd(5) is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Account(Line),
    /// `+` or `-`: accounts of a directory elsewhere.
    Elsewhere,
    Nothing,
    Malformed,
}

/// The first number of people, as login.defs(5) says.
pub(super) fn first_person(login_defs: Option<&[u8]>) -> u32 {
    let text = login_defs.map(String::from_utf8_lossy).unwrap_or_default();
    let mut said = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some("UID_MIN")).then(|| words.next()?.parse::<u32>().ok()).flatten()
    });
    said.next_back().map_or(FIRST_PERSON_UNSAID, |said| said.min(FIRST_PERSON_MAX))
}

/// Reads one line.
pub(super) fn entry(line: &[u8], first_person: u32) -> Entry {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches('\r');
    if line.trim().is_empty() || line.starts_with('#') {
        return Entry::Nothing;
    }
    if line.starts_with(['+', '-']) {
        return Entry::Elsewhere;
    }
    let fields: Vec<&str> = line.split(':').collect();
    let [name, password, uid, gid, _, home, shell] = fields.as_slice() else { return Entry::Malformed };
    let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse()) else { return Entry::Malformed };
    if name.is_empty() {
        return Entry::Malformed;
    }
    let has_shell = has_shell(shell);
    let password = (*password != "x").then(|| password_state(password.as_bytes()));
    let sort = sort_of(name, uid, home, has_shell, first_person);
    Entry::Account(Line { name: (*name).into(), uid, gid, home: (*home).into(), has_shell, password, sort })
}

fn has_shell(shell: &str) -> bool {
    // An empty field means /bin/sh (passwd(5)).
    let program = shell.trim().rsplit('/').next().unwrap_or_default();
    !NO_SHELLS.contains(&program)
}

/// Hosts that were carried over from an older release have people below the first number that they say today.
fn sort_of(name: &str, uid: u32, home: &str, has_shell: bool, first_person: u32) -> AccountSort {
    let is_lived_in = has_shell && home.starts_with("/home/") && uid >= GIVEN_OUT_BELOW;
    let is_nobody = NOBODY.contains(&name) && !has_shell;
    if is_nobody || (uid < first_person && !is_lived_in) { AccountSort::System } else { AccountSort::Person }
}

/// What a password field allows. The field itself goes nowhere.
fn password_state(field: &[u8]) -> PasswordState {
    let unlocked = field.iter().position(|byte| *byte != b'!').and_then(|start| field.get(start..)).unwrap_or_default();
    let could_fit = unlocked.len() >= HASH_BYTES_MIN && !unlocked.starts_with(b"*");
    match (field.first(), could_fit) {
        (None, _) => PasswordState::Empty,
        (Some(b'!'), true) => PasswordState::Locked,
        (_, true) => PasswordState::Set,
        (_, false) => PasswordState::Disabled,
    }
}

/// What shadow(5) says of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shadow {
    pub(super) password: PasswordState,
    pub(super) changed_on: Option<CalendarDate>,
    pub(super) days_max: Option<u32>,
    pub(super) expires_on: Option<CalendarDate>,
}

/// Accounts of shadow(5) by name, and how many lines were none.
pub(super) fn shadow(bytes: &[u8]) -> (BTreeMap<String, Shadow>, usize) {
    let (mut accounts, mut malformed) = (BTreeMap::new(), 0);
    for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"+") || line.starts_with(b"-") {
            continue;
        }
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let (Some(name), Some(password)) = (fields.first(), fields.get(1)) else {
            malformed += 1;
            continue;
        };
        let number = |at: usize| std::str::from_utf8(fields.get(at)?).ok()?.trim().parse::<u32>().ok();
        let own = Shadow {
            password: password_state(password),
            // 0 means: to be changed at the next login; when it was last changed is not said then.
            changed_on: number(2).filter(|days| *days > 0).and_then(day),
            days_max: number(4).filter(|days| *days < DAYS_NEVER),
            expires_on: number(7).and_then(day),
        };
        accounts.insert(String::from_utf8_lossy(name).into_owned(), own);
    }
    (accounts, malformed)
}

/// Days since 1970 as a date; beyond the year 2200 it is no date that anybody meant.
fn day(days: u32) -> Option<CalendarDate> {
    let epoch: CalendarDate = "1970-01-01".parse().ok()?;
    (days <= 84_000).then(|| epoch.plus_days(i64::from(days)))
}

/// Groups by name.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<String, (u32, BTreeSet<String>)>);

impl Groups {
    /// Reads group(5).
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut groups = BTreeMap::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, gid, members] = fields.as_slice() else { continue };
            let Ok(gid) = gid.parse() else { continue };
            let members = members.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
            groups.insert((*name).to_owned(), (gid, members.collect()));
        }
        Self(groups)
    }

    /// Whether an account is in the group of this name, by the list of members or as its own group.
    pub(super) fn is_in(&self, account: &Line, group: &str) -> bool {
        self.0.get(group).is_some_and(|(gid, members)| *gid == account.gid || members.contains(&account.name))
    }

    /// [`Self::is_in`] by the group's number.
    pub(super) fn is_in_number(&self, account: &Line, number: u32) -> bool {
        account.gid == number || self.0.values().any(|(gid, members)| *gid == number && members.contains(&account.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_password_is_told_and_nothing_of_it() {
        for (field, state) in [
            ("", PasswordState::Empty),
            ("*", PasswordState::Disabled),
            ("!", PasswordState::Disabled),
            ("!!", PasswordState::Disabled),
            ("!*", PasswordState::Disabled),
            ("*LK*", PasswordState::Disabled),
            ("!locked", PasswordState::Disabled),
            ("$6$EXAMPLE$SECRET1", PasswordState::Set),
            ("!$6$EXAMPLE$SECRET1", PasswordState::Locked),
            ("!!$6$EXAMPLE$SECRET1", PasswordState::Locked),
            ("EXAMPLESECRET", PasswordState::Set),
        ] {
            assert_eq!(password_state(field.as_bytes()), state, "{field}");
        }
    }

    #[test]
    fn people_are_told_from_the_system_and_a_doubt_is_a_person() {
        let sort = |line: &str, first| match entry(line.as_bytes(), first) {
            Entry::Account(line) => line.sort,
            other => panic!("{line}: {other:?}"),
        };
        for (line, first, wanted) in [
            ("root:x:0:0:root:/root:/bin/bash", 1000, AccountSort::System),
            ("postgres:x:115:120::/var/lib/postgresql:/bin/bash", 1000, AccountSort::System),
            ("someone:x:1000:1000:Some One:/home/someone:/bin/bash", 1000, AccountSort::Person),
            ("someone:x:501:501::/home/someone:/bin/bash", 1000, AccountSort::Person),
            ("someone:x:501:501::/data/someone:/bin/bash", 500, AccountSort::Person),
            ("mailonly:x:1002:1002::/home/mailonly:/usr/sbin/nologin", 1000, AccountSort::Person),
            ("nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin", 1000, AccountSort::System),
            ("nobody:x:65534:65534:nobody:/nonexistent:/bin/bash", 1000, AccountSort::Person),
        ] {
            assert_eq!(sort(line, first), wanted, "{line}");
        }
        assert_eq!(first_person(Some(b"# UID_MIN 5\nUID_MIN\t\t 1000\nSYS_UID_MIN 100\n")), 1000);
        assert_eq!((first_person(Some(b"UID_MIN 60000")), first_person(None)), (1000, 500));
    }

    #[test]
    fn days_are_dates_and_never_is_no_date() {
        let (accounts, malformed) = shadow(b"a:!:20544:0:90:7:::\nb:*:0:0:99999:7::20544:\nnonsense\n");
        let a = accounts.get("a").unwrap();
        assert_eq!((a.changed_on.map(|day| day.to_string()), a.days_max), (Some("2026-04-01".into()), Some(90)));
        let b = accounts.get("b").unwrap();
        assert_eq!((b.changed_on, b.days_max, b.expires_on), (None, None, a.changed_on));
        assert_eq!(malformed, 1);
    }

    #[test]
    fn lines_of_other_forms_are_told_apart() {
        assert_eq!(entry(b"+@admins::::::", 1000), Entry::Elsewhere);
        assert_eq!(entry(b"# comment", 1000), Entry::Nothing);
        assert_eq!(entry(b"a:x:-1:0::/:/bin/sh", 1000), Entry::Malformed);
        assert_eq!(entry(b"\xff\x00", 1000), Entry::Malformed);
    }
}
