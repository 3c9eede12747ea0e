//! `account.v1`: a local account of a host: whether it can still be used, when it last was, and whether it may administer.
//! It does not know whose account it is; an account of a person is told by its number alone (docs/decisions/0028-accounts.md).
//! Invariant: no password, no hash or part of one, no key and no person's name stands in it; times are days.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lines that make one account an administrator; more are counted in a trouble of the report.
pub const ACCOUNT_RIGHTS_MAX: usize = 16;

/// Whose account it is, as far as its number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountSort {
    /// Of the operating system, a package or a service: its number is below the first number of people (login.defs(5); on Windows 1000).
    System,
    /// Of a person, or made like one.
    Person,
}

/// What the account's password allows (shadow(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasswordState {
    /// There is one.
    Set,
    /// There is one, and it was locked.
    Locked,
    /// There is none that could ever fit.
    Disabled,
    /// None is asked for.
    Empty,
    /// The host did not let the agent look.
    Unreadable,
}

/// Which record tells the last login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginRecord {
    /// `/var/log/lastlog`: one line for each account, for ever.
    Lastlog,
    /// The database of lastlog2, which replaces it.
    Lastlog2,
    /// `wtmp`: every login, of late only.
    Wtmp,
    /// The accounts' own database of Windows (SAM): the last one of each account on this host.
    Sam,
}

/// The last login, as the host's records tell it. Jobs, `su` and `sudo` leave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "known")]
pub enum LastLogin {
    /// On this day in Japan.
    On {
        /// The day.
        on: CalendarDate,
        /// Which record says so.
        by: LoginRecord,
    },
    /// A record that keeps every account's last login, and is still written, has none.
    Never {
        /// Which record.
        by: LoginRecord,
    },
    /// No record that would tell could be read. This is not "never".
    Unknown,
}

/// A line that lets the account act as another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRight {
    /// File and line: `/etc/sudoers:27`; on Windows the group, by its key. A file that is named after a person is told as `/etc/sudoers.d/*`.
    pub place: String,
    /// Whether it allows every command.
    pub every_command: bool,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its number (UID); on Windows the last number of its SID (RID).
    pub uid: u32,
    /// Which of several entries with this number, beginning with 2; absent for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u32>,
    /// Its name; of system accounts only. One of Windows has the name that its number has everywhere, whatever it was renamed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whose it is.
    pub sort: AccountSort,
    /// Whether it has a shell that lets a person in.
    pub has_shell: bool,
    /// What its password allows.
    pub password: PasswordState,
    /// The day on which the password was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_changed_on: Option<CalendarDate>,
    /// After how many days the password has to be changed; absent where it never has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_days_max: Option<u32>,
    /// From this day on nobody can log in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<CalendarDate>,
    /// The last login.
    pub last_login: LastLogin,
    /// How many SSH keys open it; absent where not every place of keys could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_keys: Option<u32>,
    /// What lets it administer, sorted, at most [`ACCOUNT_RIGHTS_MAX`]; absent where the rules could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<Vec<AccountRight>>,
}

impl Account {
    /// The name of a system account, the number of any other.
    pub fn key(&self) -> String {
        let entry = self.entry.map(|entry| format!(":{entry}")).unwrap_or_default();
        match &self.name {
            Some(name) => format!("name:{name}"),
            None => format!("uid:{}{entry}", self.uid),
        }
    }

    /// Whether a person could log in with it on a day: by a password or by a key. `None` where the host did not tell enough.
    pub fn can_log_in(&self, on: CalendarDate) -> Option<bool> {
        if !self.has_shell || self.expires_on.is_some_and(|end| end <= on) {
            return Some(false);
        }
        match self.password {
            PasswordState::Set | PasswordState::Empty => Some(true),
            PasswordState::Locked | PasswordState::Disabled => self.ssh_keys.map(|keys| keys > 0),
            PasswordState::Unreadable => None,
        }
    }

    /// Whether it may do everything. `None` where the rules could not be read.
    pub fn is_administrator(&self) -> Option<bool> {
        if self.uid == 0 {
            return Some(true);
        }
        self.rights.as_ref().map(|rights| rights.iter().any(|right| right.every_command))
    }
}
