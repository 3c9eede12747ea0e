//! Which names on this host are people's, so that a path or a file's name that carries one is told without it.
//! It does not know accounts of a directory elsewhere: their names are not on the host.
//! Invariant: what leaves [`People::hide`] holds no name of a local person.

use super::passwd::Line;
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

    /// A path in which every component that carries the name of a person is `*`.
    pub(in crate::collect) fn hide(&self, path: &str) -> String {
        let hide = |component: &str| if self.is_named_in(component) { "*".to_owned() } else { component.to_owned() };
        path.split('/').map(hide).collect::<Vec<_>>().join("/")
    }

    fn is_named_in(&self, component: &str) -> bool {
        let people = self.accounts.iter().filter(|(_, (_, sort))| *sort == AccountSort::Person);
        people.into_iter().any(|(name, _)| stands_in(name, component))
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
    use super::super::passwd::{self, Entry};
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
    }
}
