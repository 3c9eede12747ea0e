//! What unit files say of their program, account and times (systemd.unit(5), systemd.service(5), systemd.timer(5)).
//! It does not know whether a unit is wanted or runs.
//! Invariant: of a command line the first word is taken and nothing else; settings that are not asked for are not looked at.

use crate::access::Host;
use crate::collect::Gather;
use std::collections::{BTreeMap, BTreeSet};

/// Where units lie; earlier folders go before later ones.
const FOLDERS: [&str; 4] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const NAMES_MAX: usize = 20_000;
const FILE_BYTES_MAX: usize = 256 * 1024;
const PARTS_MAX: usize = 100;
const TIMES_MAX: usize = 16;
/// What says when a timer starts its service.
const TIMES: [&str; 6] =
    ["OnCalendar", "OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec"];

/// Whether a name is one of a unit that starts something.
pub(super) fn is_unit(name: &str) -> bool {
    [".service", ".socket", ".timer", ".path"].iter().any(|end| name.ends_with(end))
}

/// What a unit says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) executable: Option<String>,
    pub(super) user: Option<String>,
    pub(super) times: Vec<String>,
    pub(super) is_oneshot: bool,
}

/// The unit files of a host, and the folders of parts that change them.
#[derive(Debug, Default)]
pub(super) struct UnitFiles {
    /// The folder whose file counts.
    files: BTreeMap<String, &'static str>,
    parts: BTreeMap<String, BTreeSet<&'static str>>,
}

impl UnitFiles {
    /// Lists the folders; what cannot be listed was named by the reader of units.
    pub(super) fn read(host: &dyn Host) -> Self {
        let mut own = Self::default();
        for folder in FOLDERS {
            for name in host.list(folder, NAMES_MAX).map(|listing| listing.names).unwrap_or_default() {
                if is_unit(&name) {
                    own.files.entry(name).or_insert(folder);
                } else if let Some(unit) = name.strip_suffix(".d").filter(|unit| is_unit(unit)) {
                    own.parts.entry(unit.to_owned()).or_default().insert(folder);
                }
            }
        }
        own
    }

    /// The file that counts: of the unit itself, or of the template that it is an instance of.
    pub(super) fn place(&self, name: &str) -> Option<String> {
        let own = |name: String| self.files.get(&name).map(|folder| format!("{folder}/{name}"));
        own(name.to_owned()).or_else(|| own(template(name)?))
    }

    /// What the unit says, with the parts that change it.
    pub(super) fn said(&self, gather: &mut Gather, host: &dyn Host, name: &str) -> Said {
        let mut said = Said::default();
        let mut places: Vec<String> = self.place(name).into_iter().collect();
        for unit in template(name).iter().map(String::as_str).chain([name]) {
            // Among folders the names of parts decide; what is below /etc is read last here and counts.
            for folder in self.parts.get(unit).into_iter().flatten().rev() {
                let parts = format!("{folder}/{unit}.d");
                let names = host.list(&parts, PARTS_MAX).map(|listing| listing.names).unwrap_or_default();
                places
                    .extend(names.iter().filter(|name| name.ends_with(".conf")).map(|name| format!("{parts}/{name}")));
            }
        }
        for place in places {
            match host.read(&place, FILE_BYTES_MAX) {
                Ok(reading) => said.take(&String::from_utf8_lossy(&reading.bytes)),
                // A link into nowhere is a unit that cannot be started.
                Err(error) if error.is_missing() => {}
                Err(error) => gather.miss_access(&error),
            }
        }
        said
    }
}

/// `getty@.service` of `getty@tty1.service`.
fn template(name: &str) -> Option<String> {
    let (before, rest) = name.split_once('@')?;
    let (instance, end) = rest.rsplit_once('.')?;
    (!instance.is_empty()).then(|| format!("{before}@.{end}"))
}

impl Said {
    fn take(&mut self, text: &str) {
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                continue;
            }
            let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim_end(), value.trim())) else {
                continue;
            };
            match (section, key) {
                // An empty value takes back what was said before.
                ("Service", "ExecStart") if value.is_empty() => self.executable = None,
                ("Service", "ExecStart") if self.executable.is_none() => self.executable = program(value),
                ("Service", "User") => self.user = (!value.is_empty()).then(|| value.to_owned()),
                ("Service", "Type") => self.is_oneshot = value == "oneshot",
                ("Timer", key) if TIMES.contains(&key) && value.is_empty() => {
                    self.times.retain(|time| !time.starts_with(&format!("{key}=")));
                }
                ("Timer", key) if TIMES.contains(&key) && self.times.len() < TIMES_MAX => {
                    self.times.push(format!("{key}={value}"));
                }
                _ => {}
            }
        }
    }
}

/// The first word of a command line, without the marks before it (systemd.service(5)) and without its quotes.
fn program(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['@', '-', ':', '+', '!', '|']);
    let word = match line.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next()?,
        None => line.split_ascii_whitespace().next()?,
    };
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_taken_and_nothing_behind_it() {
        for (line, wanted) in [
            ("/usr/sbin/x --password=EXAMPLE-SECRET-1", Some("/usr/sbin/x")),
            ("-!/usr/sbin/x", Some("/usr/sbin/x")),
            ("@/usr/sbin/x EXAMPLE-SECRET-1", Some("/usr/sbin/x")),
            ("\"/opt/with blank/x\" EXAMPLE-SECRET-1", Some("/opt/with blank/x")),
            ("", None),
        ] {
            assert_eq!(program(line).as_deref(), wanted, "{line}");
        }
    }

    #[test]
    fn later_files_change_earlier_ones_and_an_empty_value_takes_back() {
        let mut said = Said::default();
        said.take("[Unit]\nUser=no\n[Service]\nType=oneshot\nExecStart=/a x\nExecStart=/b\nUser=root\n[Timer]\nOnCalendar=daily\n");
        said.take("[Service]\nExecStart=\nExecStart=/c\nEnvironment=EXAMPLE-SECRET-1\n[Timer]\nOnCalendar=\nOnCalendar=hourly\n");
        let (executable, user) = (Some("/c".into()), Some("root".into()));
        assert_eq!(said, Said { executable, user, times: vec!["OnCalendar=hourly".into()], is_oneshot: true });
        assert_eq!(template("getty@tty1.service").as_deref(), Some("getty@.service"));
        assert_eq!((template("getty@.service"), template("ssh.service")), (None, None));
    }
}
