//! Reverse tunnels of OpenSSH that run now: clients that open a port elsewhere (`ssh -R`, `-w`, autossh), and sessions of sshd that
//! hold a port here for somebody elsewhere.
//! It does not know tunnels that a configuration file of ssh or a shared connection opens: no command line names them.
//! Invariant: of a command line only the far end's name is taken, of a session only the port; options, accounts and titles of
//! processes stay out.

use crate::access::Host;
use crate::collect::Gather;
use crate::collect::configured_tunnels::ssh::reverse_of;
use crate::collect::listening_sockets::table::parse_table;
use daicho_schemas::fact::observation::SocketProtocol;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// A command line; those of ssh have a few hundred bytes.
const COMMAND_BYTES_MAX: usize = 64 * 1024;
const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;
const OPEN_FILES_MAX: usize = 4096;
/// Where sshd listens for X11: `X11DisplayOffset` 10 and 1,000 displays, by default (sshd_config(5), channels.c).
const X11_PORTS: RangeInclusive<u16> = 6010..=7009;
const TABLES: [(SocketProtocol, &str); 2] =
    [(SocketProtocol::Tcp, "/proc/net/tcp"), (SocketProtocol::Tcp6, "/proc/net/tcp6")];

/// Which processes may be of interest, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Processes {
    clients: Vec<String>,
    sessions: Vec<String>,
}

impl Processes {
    /// Notes a process by its number in `/proc` and its name.
    pub(super) fn note(&mut self, process: &str, name: &str) {
        match name {
            "ssh" | "autossh" => self.clients.push(process.to_owned()),
            // Since OpenSSH 9.8 sessions are a program of their own.
            "sshd" | "sshd-session" => self.sessions.push(process.to_owned()),
            _ => {}
        }
    }
}

/// Every tunnel that is seen, in the words of the evidence: `ssh -R gate.example`.
pub(super) fn clients(host: &dyn Host, processes: &Processes) -> BTreeSet<String> {
    let commands = processes.clients.iter().filter_map(|process| words(host, process));
    let ends = commands.filter_map(|words| reverse_of(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    ends.map(|end| end.map_or_else(|| "ssh -R".to_owned(), |end| format!("ssh -R {end}"))).collect()
}

/// The words of a command line; none of a process that ended, or that may not be looked at.
fn words(host: &dyn Host, process: &str) -> Option<Vec<String>> {
    let reading = host.read(&format!("/proc/{process}/cmdline"), COMMAND_BYTES_MAX).ok()?;
    let words = reading.bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    Some(words.collect())
}

/// Ports that sessions of sshd hold here: `sshd 127.0.0.1:8022`. The daemon itself holds the ports at which people log in.
pub(super) fn sessions(gather: &mut Gather, host: &dyn Host, processes: &Processes) -> BTreeSet<String> {
    let sessions = processes.sessions.iter().filter(|process| is_session(host, process));
    let held: BTreeSet<u64> = sessions.flat_map(|process| sockets(host, process)).collect();
    if held.is_empty() {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for (protocol, place) in TABLES {
        let Ok(reading) = host.read(place, TABLE_BYTES_MAX) else { continue };
        gather.source(place);
        let (rows, _) = parse_table(&reading.bytes, protocol);
        let own = rows.into_iter().filter(|row| row.waits && held.contains(&row.inode));
        let own = own.filter(|row| !(row.address.is_loopback() && X11_PORTS.contains(&row.port)));
        found.extend(own.map(|row| format!("sshd {}", std::net::SocketAddr::new(row.address, row.port))));
    }
    found
}

/// Whether a process of sshd serves somebody. The title of a session is `sshd: NAME@TERMINAL` or `sshd-session: …`; that of the daemon
/// names its program, or ends in `[listener]` and how many are logging in.
fn is_session(host: &dyn Host, process: &str) -> bool {
    let title = words(host, process).and_then(|words| words.into_iter().next()).unwrap_or_default();
    let after = title.strip_prefix("sshd: ").or_else(|| title.strip_prefix("sshd-session: "));
    after.is_some_and(|after| !after.contains("[listener]"))
}

fn sockets(host: &dyn Host, process: &str) -> Vec<u64> {
    let folder = format!("/proc/{process}/fd");
    let files = host.list(&folder, OPEN_FILES_MAX).map(|listing| listing.names).unwrap_or_default();
    let inode = |name: &String| {
        let target = host.read_link(&format!("{folder}/{name}")).ok()?;
        target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    files.iter().filter_map(inode).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Processes with their names and command lines.
    fn host(folder: &std::path::Path, all: &[(&str, &str, &[&str])]) -> (RecordedHost, Processes) {
        let mut processes = Processes::default();
        for (process, name, words) in all {
            let own = folder.join("proc").join(process);
            fs::create_dir_all(own.join("fd")).unwrap();
            fs::write(own.join("cmdline"), words.join("\0") + "\0").unwrap();
            processes.note(process, name);
        }
        (RecordedHost::running(folder, Machine::default()), processes)
    }

    #[test]
    fn a_client_that_opens_a_port_elsewhere_is_told_by_its_far_end_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (host, processes) = host(
            folder.path(),
            &[
                (
                    "10",
                    "ssh",
                    &["ssh", "-N", "-R", "8022:localhost:22", "-i", "/EXAMPLE-SECRET-1", "someone@gate.example"],
                ),
                ("11", "autossh", &["/usr/lib/autossh/autossh", "-M", "0", "-R9:a:9", "gate.example"]),
                (
                    "12",
                    "ssh",
                    &["ssh", "-o", "RemoteForward 8022 localhost:22", "-o", "User=EXAMPLE-SECRET-1", "192.0.2.7"],
                ),
                ("13", "ssh", &["ssh", "plain.example", "uptime"]),
                ("14", "bash", &["bash", "-c", "ssh -R 1:a:1 shell.example"]),
            ],
        );
        let found: Vec<_> = clients(&host, &processes).into_iter().collect();
        assert_eq!(found, ["ssh -R 192.0.2.7", "ssh -R gate.example"]);
    }

    #[test]
    fn a_port_held_by_a_session_is_told_and_those_of_the_daemon_and_of_x11_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (host, processes) = host(
            folder.path(),
            &[
                ("20", "sshd", &["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"]),
                ("21", "sshd-session", &["sshd-session: someone [priv]"]),
                ("22", "sshd-session", &["sshd-session: someone@notty"]),
                ("23", "sshd", &["/usr/sbin/sshd", "-D"]),
            ],
        );
        for (process, inode) in [("20", 1), ("22", 2), ("22", 3), ("22", 4), ("23", 5)] {
            let place = folder.path().join(format!("proc/{process}/fd/{inode}"));
            symlink(format!("socket:[{inode}]"), place).unwrap();
        }
        fs::create_dir_all(folder.path().join("proc/net")).unwrap();
        let row = |n: u32, port: u16, inode: u32| {
            format!("{n}: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 {inode} 1\n")
        };
        let table = format!("head\n{}{}{}{}", row(0, 22, 1), row(1, 8022, 2), row(2, 6011, 3), row(3, 22, 5));
        fs::write(folder.path().join("proc/net/tcp"), table).unwrap();
        let found = sessions(&mut Gather::new(), &host, &processes);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["sshd 127.0.0.1:8022"]);
    }
}
