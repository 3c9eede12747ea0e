//! Setting the clock: chrony, systemd-timesyncd, ntpd, OpenNTPD and PTP, whether they run, and the servers they are set to.
//! It does not know whether a server answers or how far the clock is off.
//! Invariant: servers are those of the settings; what a DHCP server hands out is not among them.

use super::{Look, Seen};
use daicho_schemas::fact::observation::{ProtectionAspect, ProtectionState};
use std::collections::BTreeSet;

struct Program {
    subject: &'static str,
    name: &'static str,
    units: &'static [&'static str],
    processes: &'static [&'static str],
    files: &'static [&'static str],
    /// Folders whose parts belong to the settings, with the ending of the parts.
    folders: &'static [(&'static str, &'static str)],
}

const PROGRAMS: &[Program] = &[
    Program {
        subject: "chrony",
        name: "chrony",
        units: &["chrony.service", "chronyd.service"],
        processes: &["chronyd"],
        files: &["/etc/chrony/chrony.conf", "/etc/chrony.conf"],
        folders: &[("/etc/chrony/conf.d", ".conf"), ("/etc/chrony/sources.d", ".sources"), ("/etc/chrony.d", ".conf")],
    },
    Program {
        subject: "systemd-timesyncd",
        name: "systemd-timesyncd",
        units: &["systemd-timesyncd.service"],
        processes: &["systemd-timesyncd"],
        files: &["/etc/systemd/timesyncd.conf"],
        folders: &[("/etc/systemd/timesyncd.conf.d", ".conf")],
    },
    Program {
        subject: "ntpd",
        name: "ntpd",
        units: &["ntp.service", "ntpd.service", "ntpsec.service"],
        processes: &["ntpd"],
        files: &["/etc/ntp.conf", "/etc/ntpsec/ntp.conf"],
        folders: &[],
    },
    Program {
        subject: "openntpd",
        name: "OpenNTPD",
        units: &["openntpd.service"],
        // Its process has the name of the other ntpd.
        processes: &[],
        files: &["/etc/openntpd/ntpd.conf"],
        folders: &[],
    },
    Program {
        subject: "ptp4l",
        name: "linuxptp",
        units: &["ptp4l.service"],
        processes: &["ptp4l"],
        files: &[],
        folders: &[],
    },
];

pub(super) fn collect(look: &mut Look<'_>) {
    for program in PROGRAMS {
        let mut seen = Seen { name: Some(program.name.into()), ..Seen::default() };
        let mut files: Vec<String> = program.files.iter().map(|file| (*file).to_owned()).collect();
        for (folder, ending) in program.folders {
            files.extend(look.parts(folder, &[ending]));
        }
        for file in files {
            let Some(text) = look.text(&file) else { continue };
            seen.names.extend(servers(&text));
            seen.read_from.insert(file);
        }
        let units = program.units.iter().filter(|unit| look.units.contains_key(**unit));
        seen.read_from.extend(units.map(|unit| (*unit).to_owned()));
        let there = (!seen.read_from.is_empty()).then_some(ProtectionState::Present);
        seen.state = look.state(program.units, program.processes).or(there);
        if seen.state.is_some() {
            look.put(ProtectionAspect::TimeSynchronisation, program.subject, seen);
        }
    }
}

/// Servers and clocks by the words of ntp.conf(5) and chrony.conf(5), and by those of timesyncd.conf(5).
fn servers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';', '!', '%'])) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["server" | "servers" | "pool" | "peer", name, ..] => drop(found.insert((*name).to_owned())),
            ["refclock", driver, ..] => drop(found.insert(format!("refclock {driver}"))),
            _ => {
                let names = line.strip_prefix("NTP=").or_else(|| line.strip_prefix("FallbackNTP="));
                found.extend(names.unwrap_or_default().split_ascii_whitespace().map(str::to_owned));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_in_the_words_of_each_program() {
        let text = "# server commented\npool 2.pool.example iburst maxsources 4\nserver 192.0.2.1 key 1\nrefclock PHC /dev/ptp0\nNTP=a.example b.example\n#NTP=c.example\nFallbackNTP=\nserver\n";
        let found: Vec<_> = servers(text).into_iter().collect();
        assert_eq!(found, ["192.0.2.1", "2.pool.example", "a.example", "b.example", "refclock PHC"]);
    }
}
