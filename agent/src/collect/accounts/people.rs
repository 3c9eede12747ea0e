//! Which names on this host are people's, so that a path or a file's name that carries one is told without it.
//! It does not know accounts of a directory elsewhere: their names are not on the host.
//! Invariant: what leaves [`People::hide`] holds no name of a local person.

use super::passwd::{self, Entry, Line};
use super::{LOGIN_DEFS, PASSWD, PASSWD_BYTES_MAX};
use crate::access::Host;
use daicho_schemas::fact::observation::AccountSort;
use std::collections::BTreeMap;

/// The accounts of people and of the system, by name.
#[derive(Debug, Default)]
pub(in crate::collect) struct People {
    accounts: BTreeMap<String, (u32, AccountSort)>,
}

impl People {
    /// From the lines of passwd(5).
    pub(super) fn of(lines: &[Line]) -> Self {
        Self { accounts: lines.iter().map(|line| (line.name.clone(), (line.uid, line.sort))).collect() }
    }

    /// Reads the host's; nobody where passwd(5) cannot be read, which the `accounts` collector names.
    pub(in crate::collect) fn read(host: &dyn Host) -> Self {
        let read = |path| host.read(path, PASSWD_BYTES_MAX).ok().map(|reading| reading.bytes);
        let first = passwd::first_person(read(LOGIN_DEFS).as_deref());
        let bytes = read(PASSWD).unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| match passwd::entry(line, first) {
            Entry::Account(line) => Some(line),
            _ => None,
        });
        Self::of(&lines.collect::<Vec<_>>())
    }

    /// An account as it may be told: the name of a system account, the number of any other that is local.
    pub(in crate::collect) fn told(&self, name: &str) -> String {
        match self.accounts.get(name) {
            Some((_, AccountSort::System)) => name.to_owned(),
            Some((uid, AccountSort::Person)) => format!("uid:{uid}"),
            // A number is told as such; a name that is not in passwd(5) may be anybody's.
            None if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) => format!("uid:{name}"),
            None => "*".to_owned(),
        }
    }

    /// A path in which every component that carries the name of a person is `*`.
    pub(in crate::collect) fn hide(&self, path: &str) -> String {
        let hide = |component: &str| if self.is_named_in(component) { "*".to_owned() } else { component.to_owned() };
        path.split('/').map(hide).collect::<Vec<_>>().join("/")
    }

    fn is_named_in(&self, component: &str) -> bool {
        let mut people = self.accounts.iter().filter(|(_, (_, sort))| *sort == AccountSort::Person);
        people.any(|(name, _)| stands_in(name, component))
    }
}

/// Whether a name stands in a text by itself: no letter or digit touches it.
fn stands_in(name: &str, text: &str) -> bool {
    let (name, text) = (name.to_lowercase(), text.to_lowercase());
    text.match_indices(&name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_hidden_wherever_the_name_stands_by_itself() {
        let line = |text: &str| match passwd::entry(text.as_bytes(), 1000) {
            Entry::Account(line) => line,
            other => panic!("{other:?}"),
        };
        let people = People::of(&[
            line("root:x:0:0::/root:/bin/sh"),
            line("taro.example:x:1000:1000::/home/taro.example:/bin/sh"),
            line("op:x:1001:1001::/home/op:/bin/sh"),
        ]);
        for (path, told) in [
            ("/home/taro.example/bin/x", "/home/*/bin/x"),
            ("/etc/sudoers.d/90-taro.example", "/etc/sudoers.d/*"),
            ("/etc/sudoers.d/Op", "/etc/sudoers.d/*"),
            ("/opt/tool/bin", "/opt/tool/bin"),
            ("/root/x", "/root/x"),
        ] {
            assert_eq!(people.hide(path), told, "{path}");
        }
        assert_eq!(["root", "op", "stranger", "33"].map(|name| people.told(name)), ["root", "uid:1001", "*", "uid:33"]);
    }
}
