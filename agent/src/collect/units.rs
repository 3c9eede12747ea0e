//! systemd units by name: whether something on the host wants them started, which file counts, and what it says (systemd.unit(5)).
//! It does not know what any setting means to those who ask for it, nor whether a unit runs now.
//! Invariant: of a unit file only the settings that were asked for are looked at; a folder or file that cannot be read is named.

use super::Gather;
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::UnitState;
use std::collections::{BTreeMap, BTreeSet};

/// Where units lie; earlier folders go before later ones. `/lib` is `/usr/lib` on hosts of today.
const FOLDERS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where links of those who want a unit lie.
const WANTED_IN: &str = "/etc/systemd/system";
const NAMES_MAX: usize = 20_000;
const FILE_BYTES_MAX: usize = 256 * 1024;

/// Every place that is looked at.
pub(super) const PLACES: &[&str] = &[
    "/etc/systemd/system",
    "/etc/systemd/system/*",
    "/etc/systemd/system/*/*",
    "/run/systemd/system",
    "/run/systemd/system/*",
    "/run/systemd/system/*/*",
    "/usr/local/lib/systemd/system",
    "/usr/local/lib/systemd/system/*",
    "/usr/local/lib/systemd/system/*/*",
    "/usr/lib/systemd/system",
    "/usr/lib/systemd/system/*",
    "/usr/lib/systemd/system/*/*",
    "/lib/systemd/system",
    "/lib/systemd/system/*",
    "/lib/systemd/system/*/*",
];

/// What is known of a unit.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    wanted: bool,
    masked: bool,
}

impl State {
    /// Whether something on the host wants it started.
    pub(super) fn is_wanted(self) -> bool {
        self.wanted && !self.masked
    }

    /// Whether it cannot be started.
    pub(super) fn is_masked(self) -> bool {
        self.masked
    }

    /// As it is told. A unit that nothing wants may still be started by hand or by another unit.
    pub(super) fn told(self) -> Option<UnitState> {
        Some(match (self.masked, self.wanted) {
            (true, _) => UnitState::Masked,
            (false, true) => UnitState::Enabled,
            (false, false) => UnitState::Disabled,
        })
    }
}

/// A setting of a unit: its section and its name.
pub(super) type Setting = (&'static str, &'static str);

/// The units of a host.
#[derive(Default)]
pub(super) struct Units {
    states: BTreeMap<String, State>,
    /// The file that counts.
    files: BTreeMap<String, String>,
    /// Folders of parts that change it, the first in order first.
    parts: BTreeMap<String, Vec<String>>,
}

impl Units {
    /// Lists the folders.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Self {
        let mut units = Self::default();
        let mut seen = BTreeSet::new();
        for folder in FOLDERS {
            // `/lib/systemd/system` is `/usr/lib/systemd/system` where the two are one.
            if host.canonical(folder).is_ok_and(|real| !seen.insert(real)) {
                continue;
            }
            for name in gather.names(host, folder, NAMES_MAX) {
                let place = format!("{folder}/{name}");
                if is_unit(&name) {
                    let masked = *folder == WANTED_IN && is_masked(host, &place);
                    units.states.entry(name.clone()).or_default().masked |= masked;
                    units.files.entry(name).or_insert(place);
                } else if let Some(unit) = name.strip_suffix(".d").filter(|unit| is_unit(unit)) {
                    units.parts.entry(unit.to_owned()).or_default().push(place);
                } else if *folder == WANTED_IN && [".wants", ".requires"].iter().any(|end| name.ends_with(end)) {
                    for wanted in gather.names(host, &place, NAMES_MAX) {
                        units.states.entry(wanted).or_default().wanted = true;
                    }
                }
            }
        }
        units
    }

    /// What is known of each, by name.
    pub(super) fn into_states(self) -> BTreeMap<String, State> {
        self.states
    }

    /// What is known of each, by name.
    pub(super) fn states(&self) -> &BTreeMap<String, State> {
        &self.states
    }

    /// Units that have a file, templates among them, but for those that no one can start.
    pub(super) fn startable(&self, host: &dyn Host) -> Vec<String> {
        let files = self.files.iter().filter(|(_, place)| !is_masked(host, place));
        files.map(|(name, _)| name.clone()).collect()
    }

    /// The file that counts: of the unit itself, or of the template that it is an instance of.
    pub(super) fn place(&self, name: &str) -> Option<String> {
        self.files.get(name).or_else(|| self.files.get(&template(name)?)).cloned()
    }

    /// The file that counts, and the parts that change it in the order in which they do: of equal names the first in order.
    pub(super) fn places(&self, gather: &mut Gather, host: &dyn Host, name: &str) -> Vec<String> {
        let mut parts: BTreeMap<String, String> = BTreeMap::new();
        for unit in [Some(name.to_owned()), template(name)].into_iter().flatten() {
            for folder in self.parts.get(&unit).into_iter().flatten() {
                for part in gather.names(host, folder, NAMES_MAX) {
                    if part.ends_with(".conf") {
                        let place = format!("{folder}/{part}");
                        parts.entry(part).or_insert(place);
                    }
                }
            }
        }
        self.place(name).into_iter().chain(parts.into_values()).collect()
    }

    /// The values of some settings, in the order in which the unit's files say them.
    pub(super) fn said(
        &self,
        gather: &mut Gather,
        host: &dyn Host,
        name: &str,
        wanted: &[Setting],
    ) -> Vec<(&'static str, String)> {
        let mut values = Vec::new();
        for place in self.places(gather, host, name) {
            match host.read(&place, FILE_BYTES_MAX) {
                Ok(reading) => {
                    if reading.cut {
                        gather.miss_rest(&place);
                    }
                    say(&String::from_utf8_lossy(&reading.bytes), wanted, &mut values);
                }
                // A link that leads nowhere starts nothing; a special file is no unit.
                Err(AccessError::Missing { .. } | AccessError::Special { .. }) => {}
                Err(error) => gather.miss_access(&error),
            }
        }
        values
    }
}

/// Takes up what one file says. An empty value takes back what its setting said before.
fn say(text: &str, wanted: &[Setting], values: &mut Vec<(&'static str, String)>) {
    let mut section = "";
    let text = text.replace("\\\n", " ");
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            continue;
        }
        let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else { continue };
        let Some((_, key)) = wanted.iter().find(|one| **one == (section, key)) else { continue };
        if value.is_empty() {
            values.retain(|(other, _)| other != key);
        } else {
            values.push((key, value.to_owned()));
        }
    }
}

fn is_masked(host: &dyn Host, place: &str) -> bool {
    host.read_link(place).is_ok_and(|target| target == "/dev/null")
}

/// `getty@.service` of `getty@tty1.service`.
fn template(name: &str) -> Option<String> {
    let (before, rest) = name.split_once('@')?;
    let (instance, end) = rest.rsplit_once('.')?;
    (!instance.is_empty()).then(|| format!("{before}@.{end}"))
}

/// Whether a name is one of a unit that starts something.
pub(super) fn is_unit(name: &str) -> bool {
    [".service", ".socket", ".timer", ".path"].iter().any(|end| name.ends_with(end))
}

/// The unit of the host's systemd that a process's control group (`/proc/PID/cgroup`, cgroups(7)) names. What runs in a container
/// that has units of its own is not one of them, and neither is a unit of somebody's session.
pub(super) fn of_group(cgroup: &str) -> Option<String> {
    let of_systemd = |line: &&str| line.starts_with("0::") || line.contains(":name=systemd:");
    cgroup.lines().filter(of_systemd).find_map(|line| {
        let path = line.splitn(3, ':').nth(2)?;
        let unit = path.split('/').find(|part| part.ends_with(".service") || part.ends_with(".scope"))?;
        unit.ends_with(".service").then(|| settled(unit))
    })
}

/// A unit's name without what is only of the moment or of one account: `user@1000.service`, and what systemd-run and a socket
/// that starts one instance for each peer make up (systemd.socket(5): `Accept=`, `0-192.0.2.1:22-198.51.100.7:5050`).
fn settled(unit: &str) -> String {
    let Some((template, instance)) = unit.strip_suffix(".service").and_then(|name| name.split_once('@')) else {
        return if unit.starts_with("run-") { "run-*.service".to_owned() } else { unit.to_owned() };
    };
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = instance.split('-').collect();
    let of_a_peer = parts.len() >= 3
        && parts.first().is_some_and(is_number)
        && (instance.contains(':') || parts.iter().all(is_number));
    let of_an_account = template.starts_with("user") && is_number(&instance);
    if of_a_peer || of_an_account { format!("{template}@*.service") } else { unit.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &[Setting] = &[("Service", "ExecStart"), ("Service", "User"), ("Timer", "OnCalendar")];

    #[test]
    fn only_what_is_asked_for_is_taken_and_an_empty_value_takes_back() {
        let mut values = Vec::new();
        say(
            "[Unit]\nUser=no\n[Service]\nExecStart=/a x \\\n  y\nExecStart=/b\nUser = root\n[Timer]\nOnCalendar=daily\n",
            WANTED,
            &mut values,
        );
        let strings =
            |values: &[(&str, String)]| values.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
        assert_eq!(strings(&values), ["ExecStart=/a x    y", "ExecStart=/b", "User=root", "OnCalendar=daily"]);
        say("[Service]\nExecStart=\n#ExecStart=/d\nExecStart=/c\nEnvironment=EXAMPLE-SECRET-1\n", WANTED, &mut values);
        assert_eq!(strings(&values), ["User=root", "OnCalendar=daily", "ExecStart=/c"]);
    }

    #[test]
    fn an_instance_has_a_template_and_a_template_has_none() {
        assert_eq!(template("getty@tty1.service").as_deref(), Some("getty@.service"));
        assert_eq!((template("getty@.service"), template("ssh.service")), (None, None));
    }

    #[test]
    fn a_group_names_the_hosts_own_unit_or_none() {
        for (cgroup, unit) in [
            ("0::/system.slice/ssh.service\n", Some("ssh.service")),
            ("4:memory:/x.service\n1:name=systemd:/system.slice/nginx.service/worker\n", Some("nginx.service")),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", Some("user@*.service")),
            ("0::/user.slice/user-1000.slice/session-3.scope\n", None),
            ("0::/system.slice/docker-0123.scope/system.slice/ssh.service\n", None),
            (
                "0::/system.slice/system-sshd.slice/sshd@0-192.0.2.1:22-198.51.100.7:5050.service\n",
                Some("sshd@*.service"),
            ),
            ("0::/system.slice/run-r12.service\n", Some("run-*.service")),
            ("0::/system.slice/postgresql@15-main.service\n", Some("postgresql@15-main.service")),
            ("0::/system.slice/getty@tty1.service\n", Some("getty@tty1.service")),
            ("0::/\n", None),
            ("", None),
        ] {
            assert_eq!(of_group(cgroup).as_deref(), unit, "{cgroup}");
        }
    }
}
