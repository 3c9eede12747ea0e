//! Local accounts: whether each can still be used, when it last was, and what makes it an administrator (passwd(5), shadow(5),
//! sudoers(5), records of logins, SSH keys).
//! It does not know accounts of a directory elsewhere, nor whose an account is.
//! Invariant: no password, hash, key or person's name leaves; an account of a person is a number (docs/decisions/0028-accounts.md).

mod keys;
mod logins;
mod passwd;
mod people;
mod sudoers;

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Account, AccountRight, AccountSort, Observation, PasswordState};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use keys::Places;
use logins::Logins;
use passwd::{Entry, Groups, Line, Shadow};
pub(in crate::collect) use people::People;
use std::collections::BTreeMap;
use sudoers::Sudoers;

const PASSWD: &str = "/etc/passwd";
const SHADOW: &str = "/etc/shadow";
const GROUP: &str = "/etc/group";
const LOGIN_DEFS: &str = "/etc/login.defs";
const SWITCH: &str = "/etc/nsswitch.conf";
/// Hosts with every student of a university have some 10 MB.
const PASSWD_BYTES_MAX: usize = 32 * 1024 * 1024;
const SETTINGS_BYTES_MAX: usize = 1024 * 1024;
/// Services of nsswitch.conf(5) whose accounts are on the host itself.
const LOCAL_SERVICES: &[&str] = &["files", "compat", "systemd", "altfiles", "db", "extrausers", "usrfiles"];

/// Collects local accounts.
pub(crate) struct AccountsCollector;

impl Collector for AccountsCollector {
    fn id(&self) -> &'static str {
        "accounts"
    }

    fn about(&self) -> Text {
        Text::new(
            "ローカルアカウント（ロック、最終利用日、管理者権限。パスワードやハッシュ、人の名前は送らない）",
            "local accounts: locked or not, last use, administrators; never a password, a hash or a person's name",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            PASSWD,
            SHADOW,
            GROUP,
            LOGIN_DEFS,
            SWITCH,
            sudoers::SUDOERS,
            "/etc/sudoers.d",
            "/etc/sudoers.d/*",
            logins::LASTLOG,
            logins::LASTLOG_READER,
            logins::LASTLOG2,
            "/var/log/wtmp",
            "/var/log/wtmp.1",
            keys::SSHD,
            keys::SSHD_PARTS,
            "/etc/ssh/sshd_config.d/*.conf",
            "/home/*",
            "/.ssh/authorized_keys*",
            "/*/.ssh/authorized_keys*",
            "/*/*/.ssh/authorized_keys*",
            "/*/*/*/.ssh/authorized_keys*",
            "/*/*/*/*/.ssh/authorized_keys*",
            "/etc/ssh/*/*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PASSWD, SHADOW, GROUP, sudoers::SUDOERS, "/etc/sudoers.d"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let passwd = match host.read(PASSWD, PASSWD_BYTES_MAX) {
            Ok(reading) => reading,
            Err(error) if error.is_missing() => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(PASSWD);
        if passwd.cut {
            gather.miss_rest(PASSWD);
        }
        let first_person = passwd::first_person(optional(&mut gather, host, LOGIN_DEFS).as_deref());
        let lines = read_lines(&mut gather, &passwd.bytes, first_person);
        say_elsewhere(&mut gather, host);
        let people = People::of(&lines);
        let known = Known {
            shadow: read_shadow(&mut gather, host),
            groups: Groups::read(&optional(&mut gather, host, GROUP).unwrap_or_default()),
            sudoers: Sudoers::read(&mut gather, host, &people),
            logins: Logins::read(&mut gather, host, &lines),
            places: Places::read(&mut gather, host),
        };
        let mut entries: BTreeMap<u32, u32> = BTreeMap::new();
        for line in &lines {
            let entry = entries.entry(line.uid).and_modify(|entry| *entry += 1).or_insert(1);
            let account = known.account(&mut gather, host, line, *entry);
            gather.item(PASSWD, Observation::Account(account));
        }
        gather.finish_failed_when_empty()
    }
}

/// What is known beside passwd(5).
struct Known {
    shadow: Option<BTreeMap<String, Shadow>>,
    groups: Groups,
    sudoers: Option<Sudoers>,
    logins: Logins,
    places: Places,
}

impl Known {
    fn account(&self, gather: &mut Gather, host: &dyn Host, line: &Line, entry: u32) -> Account {
        let shadow = self.shadow.as_ref().and_then(|shadow| shadow.get(&line.name));
        let in_shadow = match (&self.shadow, shadow) {
            (None, _) => PasswordState::Unreadable,
            (Some(_), Some(shadow)) => shadow.password,
            // Nothing to compare with: no password fits.
            (Some(_), None) => PasswordState::Disabled,
        };
        let rights = self.sudoers.as_ref().map(|rules| self.rights(gather, rules, line));
        let is_person = line.sort == AccountSort::Person;
        Account {
            uid: line.uid,
            entry: (entry > 1 && is_person).then_some(entry),
            name: (!is_person).then(|| gather.text(PASSWD, line.name.as_bytes())),
            sort: line.sort,
            has_shell: line.has_shell,
            password: line.password.unwrap_or(in_shadow),
            password_changed_on: shadow.and_then(|shadow| shadow.changed_on),
            password_days_max: shadow.and_then(|shadow| shadow.days_max),
            expires_on: shadow.and_then(|shadow| shadow.expires_on),
            last_login: self.logins.of(line),
            ssh_keys: self.places.count(gather, host, line),
            rights,
        }
    }

    fn rights(&self, gather: &mut Gather, rules: &Sudoers, line: &Line) -> Vec<AccountRight> {
        rules.rights(gather, line, &self.groups)
    }
}

/// A file without which the answer has less in it, but misses no account.
fn optional(gather: &mut Gather, host: &dyn Host, path: &str) -> Option<Vec<u8>> {
    match host.read(path, PASSWD_BYTES_MAX) {
        Ok(reading) => {
            gather.source(path);
            if reading.cut {
                gather.miss_rest(path);
            }
            Some(reading.bytes)
        }
        Err(error) if error.is_missing() => None,
        Err(error) => {
            gather.miss_access(&error);
            None
        }
    }
}

fn read_lines(gather: &mut Gather, bytes: &[u8], first_person: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut malformed, mut elsewhere) = (0_usize, false);
    for line in bytes.split(|byte| *byte == b'\n') {
        match passwd::entry(line, first_person) {
            Entry::Account(line) => lines.push(line),
            Entry::Elsewhere => elsewhere = true,
            Entry::Nothing => {}
            Entry::Malformed => malformed += 1,
        }
    }
    if elsewhere {
        let text = "accounts of a directory elsewhere may log in here, too; they are not listed";
        gather.remark(Trouble::new(TroubleKind::NotObservable, PASSWD, text));
    }
    if malformed > 0 {
        let text = format!("{malformed} lines are no accounts and were left out");
        gather.miss(Trouble::new(TroubleKind::Malformed, PASSWD, text));
    }
    lines
}

/// The shadow file, which an account without the right to it may not read. Accounts are listed all the same.
fn read_shadow(gather: &mut Gather, host: &dyn Host) -> Option<BTreeMap<String, Shadow>> {
    let reading = match host.read(SHADOW, PASSWD_BYTES_MAX) {
        Ok(reading) => reading,
        Err(error) => {
            let Trouble { kind, .. } = error.to_trouble();
            let text = "whether passwords are locked, and when they were changed, could not be read";
            gather.miss(Trouble::new(kind, SHADOW, text));
            return None;
        }
    };
    gather.source(SHADOW);
    if reading.cut {
        gather.miss_rest(SHADOW);
        return None;
    }
    let (accounts, malformed) = passwd::shadow(&reading.bytes);
    if malformed > 0 {
        let text = format!("{malformed} lines are of no account and were left out");
        gather.miss(Trouble::new(TroubleKind::Malformed, SHADOW, text));
    }
    Some(accounts)
}

/// Accounts that a directory brings (LDAP, SSSD, Winbind) are not on the host, and are said to be missing.
fn say_elsewhere(gather: &mut Gather, host: &dyn Host) {
    let Ok(reading) = host.read(SWITCH, SETTINGS_BYTES_MAX) else { return };
    gather.source(SWITCH);
    let text = String::from_utf8_lossy(&reading.bytes);
    let services = text.lines().filter_map(|line| line.trim_start().strip_prefix("passwd:")).flat_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_ascii_whitespace().filter(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    });
    let elsewhere: Vec<&str> = services.filter(|service| !LOCAL_SERVICES.contains(service)).collect();
    if !elsewhere.is_empty() {
        let text =
            format!("accounts come from a directory elsewhere, too ({}); they are not listed", elsewhere.join(", "));
        gather.remark(Trouble::new(TroubleKind::NotObservable, SWITCH, text));
    }
}

#[cfg(test)]
mod tests;
