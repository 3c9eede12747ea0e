//! How many SSH keys open an account, from where sshd looks for them (sshd_config(5)).
//! It does not know whose keys they are, what they may do, or keys that a command or a certificate brings.
//! Invariant: a number leaves, no key, comment or home; where sshd looks elsewhere too, there is no number.

use super::passwd::Line;
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::trouble::Trouble;

pub(super) const SSHD: &str = "/etc/ssh/sshd_config";
pub(super) const SSHD_PARTS: &str = "/etc/ssh/sshd_config.d";
const FILE_BYTES_MAX: usize = 1024 * 1024;
const PARTS_MAX: usize = 500;
/// sshd's own, where nothing else is set.
const PLACES_UNSAID: &[&str] = &[".ssh/authorized_keys", ".ssh/authorized_keys2"];
/// A home is looked into no deeper than this, so that the places which are read can be listed.
const HOME_DEPTH_MAX: usize = 4;

/// Where sshd looks; `None` where that cannot be said in full.
pub(super) struct Places(Option<Vec<String>>);

impl Places {
    /// Reads sshd's settings.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Self {
        let mut files = match host.list(SSHD_PARTS, PARTS_MAX) {
            Ok(listing) => listing.names.iter().map(|name| format!("{SSHD_PARTS}/{name}")).collect(),
            Err(error) if error.is_missing() => Vec::new(),
            Err(_) => return Self(None),
        };
        files.retain(|file| file.ends_with(".conf"));
        // The parts are included at the top where they are, and the first word counts.
        files.push(SSHD.to_owned());
        let mut said: Option<Vec<String>> = None;
        for file in files {
            match host.read(&file, FILE_BYTES_MAX) {
                Ok(reading) => {
                    gather.source(file.as_str());
                    match settings(&String::from_utf8_lossy(&reading.bytes)) {
                        Settings::Elsewhere => return Self(None),
                        Settings::Files(files) => drop(said.get_or_insert(files)),
                        Settings::Unsaid => {}
                    }
                }
                Err(error) if error.is_missing() => {}
                Err(error) => {
                    gather.remark(error.to_trouble());
                    return Self(None);
                }
            }
        }
        Self(Some(said.unwrap_or_else(|| PLACES_UNSAID.iter().map(|place| (*place).to_owned()).collect())))
    }

    /// How many keys open an account.
    pub(super) fn count(&self, gather: &mut Gather, host: &dyn Host, line: &Line) -> Option<u32> {
        // A home that is not there may be one that is not mounted now.
        if line.home.starts_with("/home/") && line.home.matches('/').count() == 2 && !host.exists(&line.home) {
            return None;
        }
        let mut count = 0_usize;
        for pattern in self.0.as_ref()? {
            let (path, told) = place(pattern, line)?;
            match host.read(&path, FILE_BYTES_MAX) {
                Ok(reading) if !reading.cut => {
                    gather.source(told);
                    count += reading.bytes.split(|byte| *byte == b'\n').filter(|key| is_key(key)).count();
                }
                Ok(_) => return None,
                Err(error) if error.is_missing() => {}
                Err(error) => {
                    let Trouble { kind, .. } = error.to_trouble();
                    gather.miss(Trouble::new(kind, told, "the keys of an account could not be read"));
                    return None;
                }
            }
        }
        u32::try_from(count).ok()
    }
}

fn is_key(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    !line.is_empty() && !line.starts_with(b"#")
}

enum Settings {
    Files(Vec<String>),
    /// Keys come from a command, or from other places for some.
    Elsewhere,
    Unsaid,
}

fn settings(text: &str) -> Settings {
    let mut found = Settings::Unsaid;
    let mut for_some = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        let Some(word) = words.next() else { continue };
        let values: Vec<String> = words.map(|word| word.trim_matches('"').to_owned()).collect();
        match word.to_ascii_lowercase().as_str() {
            "match" => for_some = true,
            "authorizedkeyscommand" if values.first().is_some_and(|value| value != "none") => {
                return Settings::Elsewhere;
            }
            "authorizedkeysfile" if for_some => return Settings::Elsewhere,
            "authorizedkeysfile" if matches!(found, Settings::Unsaid) => {
                found = Settings::Files(values.into_iter().filter(|value| value != "none").collect());
            }
            _ => {}
        }
    }
    found
}

/// The file of a pattern for an account, and how it is told: without the account.
fn place(pattern: &str, line: &Line) -> Option<(String, String)> {
    let depth = line.home.split('/').filter(|part| !part.is_empty()).count();
    let is_plain = |path: &str| path.starts_with('/') && !path.split('/').any(|part| matches!(part, "." | ".."));
    if !is_plain(&line.home) || depth > HOME_DEPTH_MAX {
        return None;
    }
    let home = line.home.trim_end_matches('/');
    let uid = line.uid.to_string();
    let fill = |home: &str, name: &str| {
        let filled = pattern.replace("%h", home).replace("%u", name).replace("%U", &uid).replace("%%", "%");
        if filled.starts_with('/') { filled } else { format!("{home}/{filled}") }
    };
    let path = fill(home, &line.name);
    // Elsewhere than at home, only sshd's own folder is looked into.
    let is_listed = path.starts_with(&format!("{home}/.ssh/authorized_keys")) || path.starts_with("/etc/ssh/");
    let parent = home.rsplit_once('/').map_or("", |(parent, _)| parent);
    let told = if home == "/root" { fill(home, "root") } else { fill(&format!("{parent}/*"), "*") };
    (is_plain(&path) && is_listed).then_some((path, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_sshd_looks_elsewhere_there_is_no_number() {
        assert!(matches!(settings("AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys"), Settings::Elsewhere));
        assert!(matches!(settings("Match User a\n AuthorizedKeysFile /x"), Settings::Elsewhere));
        assert!(matches!(settings("#AuthorizedKeysFile x\nAuthorizedKeysCommand none"), Settings::Unsaid));
        match settings("authorizedkeysfile=%h/.ssh/authorized_keys /etc/ssh/keys/%u\nAuthorizedKeysFile other") {
            Settings::Files(files) => assert_eq!(files, ["%h/.ssh/authorized_keys", "/etc/ssh/keys/%u"]),
            _ => panic!("the first one counts"),
        }
    }
}
