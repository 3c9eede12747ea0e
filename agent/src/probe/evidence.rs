//! What this host sees of the targets before anything is sent: neighbours, open sessions, link errors, the stop file.
//! It does not judge; `rules` does. It reads through the one door, and asks the network nothing.
//! Invariant: a place that cannot be read is named, so that nobody takes silence for safety.

use super::rules::is_refused_port;
use crate::access::Host;
use crate::collect::parse_socket_end;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

const ARP: &str = "/proc/net/arp";
const SOCKETS: [&str; 4] = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"];
const NET: &str = "/sys/class/net";
/// A table of the kernel, in bytes: a million sockets have 150 MB, and such a host is no place to probe from.
const TABLE_BYTES_MAX: usize = 16 * 1024 * 1024;
const NUMBER_BYTES_MAX: usize = 64;
const INTERFACES_MAX: usize = 10_000;
const TCP_LISTEN: &str = "0A";
/// Counters that rise when a link or its other end suffers (Documentation/ABI/testing/sysfs-class-net-statistics).
const COUNTERS: [&str; 5] = ["rx_errors", "tx_errors", "collisions", "tx_carrier_errors", "rx_crc_errors"];

/// A hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// `aa:bb:cc:dd:ee:ff`; all zero means that the kernel does not know it yet.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut words = text.split(':');
        for byte in &mut bytes {
            *byte = u8::from_str_radix(words.next().filter(|word| word.len() == 2)?, 16).ok()?;
        }
        (words.next().is_none() && bytes != [0; 6]).then_some(Self(bytes))
    }

    /// The one inside an IPv6 address that was made from it (RFC 4291 appendix A).
    pub fn of_eui64(address: IpAddr) -> Option<Self> {
        let IpAddr::V6(six) = address else { return None };
        let [.., a, b, c, 0xff, 0xfe, d, e, f] = six.octets() else { return None };
        Some(Self([a ^ 2, b, c, d, e, f]))
    }
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Neighbours and their hardware addresses.
    pub neighbours: BTreeMap<IpAddr, Mac>,
    /// Addresses with which this host has a session on a port of controllers, printers or medical devices.
    pub controllers_spoken_to: BTreeSet<IpAddr>,
    /// Errors of all links since they came up.
    pub link_errors: u64,
    /// A stop file is there, or it cannot be told.
    pub stopped: bool,
    /// What could not be read.
    pub unreadable: Vec<String>,
}

impl Evidence {
    /// Looks.
    pub fn look(host: &dyn Host, stop_files: &[&Path]) -> Self {
        let stopped = stop_files.iter().any(|file| !matches!(file.try_exists(), Ok(false)));
        let mut seen = Self { stopped, ..Self::default() };
        match host.read(ARP, TABLE_BYTES_MAX) {
            Ok(reading) if !reading.cut => seen.neighbours = neighbours(&String::from_utf8_lossy(&reading.bytes)),
            // Without IPv4 in the kernel there is no such table.
            Err(error) if error.is_missing() && host.exists("/proc/net") => {}
            _ => seen.unreadable.push(ARP.into()),
        }
        for place in SOCKETS {
            match host.read(place, TABLE_BYTES_MAX) {
                Ok(reading) if !reading.cut => {
                    seen.controllers_spoken_to.extend(sessions(&String::from_utf8_lossy(&reading.bytes)));
                }
                Err(error) if error.is_missing() && place.ends_with('6') => {}
                _ => seen.unreadable.push(place.into()),
            }
        }
        seen.link_errors = link_errors(host);
        seen
    }
}

/// `IP address  HW type  Flags  HW address  Mask  Device` (proc(5)).
fn neighbours(table: &str) -> BTreeMap<IpAddr, Mac> {
    let rows = table.lines().skip(1).filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        Some((words.next()?.parse().ok()?, Mac::parse(words.nth(2)?)?))
    });
    rows.collect()
}

/// The far ends of sessions on ports of controllers. A local port counts when something listens there: others are
/// taken at random by the kernel.
fn sessions(table: &str) -> BTreeSet<IpAddr> {
    let rows: Vec<_> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (local, remote) = (parse_socket_end(words.nth(1)?)?, parse_socket_end(words.next()?)?);
            Some((local.1, remote, words.next()? == TCP_LISTEN))
        })
        .collect();
    let served: BTreeSet<u16> = rows.iter().filter(|(_, _, listens)| *listens).map(|(port, ..)| *port).collect();
    let controllers = rows.iter().filter(|(local, (_, remote), _)| {
        *remote != 0 && (is_refused_port(*remote) || (is_refused_port(*local) && served.contains(local)))
    });
    controllers.map(|(_, (address, _), _)| address.to_canonical()).collect()
}

fn link_errors(host: &dyn Host) -> u64 {
    let names = host.list(NET, INTERFACES_MAX).map(|listing| listing.names).unwrap_or_default();
    let counters = names.iter().flat_map(|name| COUNTERS.map(|counter| format!("{NET}/{name}/statistics/{counter}")));
    counters
        .filter_map(|place| {
            let reading = host.read(&place, NUMBER_BYTES_MAX).ok()?;
            String::from_utf8(reading.bytes).ok()?.trim().parse::<u64>().ok()
        })
        .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use std::fs;

    fn recorded(files: &[(&str, &str)]) -> (tempfile::TempDir, RecordedHost) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let host = RecordedHost::running(folder.path(), Machine::default());
        (folder, host)
    }

    const ARP_TABLE: &str = "IP address       HW type     Flags       HW address            Mask     Device\n\
        192.0.2.10       0x1         0x2         00:00:0a:01:02:03     *        eth0\n\
        192.0.2.11       0x1         0x0         00:00:00:00:00:00     *        eth0\nrubbish\n";

    #[test]
    fn neighbours_sessions_and_link_errors_are_read() {
        let heading = "  sl  local_address rem_address   st\n";
        // 192.0.2.9:502 (a Modbus controller), 192.0.2.8:443 from our port 44818 at random, and our own 104 served to 192.0.2.7.
        let tcp = format!(
            "{heading}   0: 010200C0:9999 090200C0:01F6 01 0\n   1: 010200C0:AF12 080200C0:01BB 01 0\n   \
             2: 00000000:0068 00000000:0000 0A 0\n   3: 010200C0:0068 070200C0:C000 01 0\n"
        );
        let (_folder, host) = recorded(&[
            ("proc/net/arp", ARP_TABLE),
            ("proc/net/tcp", &tcp),
            ("proc/net/udp", heading),
            ("sys/class/net/eth0/statistics/rx_errors", "3\n"),
            ("sys/class/net/eth0/statistics/collisions", "4\n"),
        ]);
        let seen = Evidence::look(&host, &[]);
        assert_eq!(seen.unreadable, Vec::<String>::new());
        assert_eq!(seen.neighbours.len(), 1);
        assert_eq!(seen.neighbours[&"192.0.2.10".parse().unwrap()], Mac([0, 0, 0x0a, 1, 2, 3]));
        if cfg!(target_endian = "little") {
            let found: Vec<String> = seen.controllers_spoken_to.iter().map(ToString::to_string).collect();
            assert_eq!(found, ["192.0.2.7", "192.0.2.9"]);
        }
        assert_eq!(seen.link_errors, 7);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_a_stop_file_is_seen() {
        let (folder, host) = recorded(&[("proc/net/arp", ARP_TABLE)]);
        let seen = Evidence::look(&host, &[&folder.path().join("none")]);
        assert_eq!(seen.unreadable, ["/proc/net/tcp", "/proc/net/udp"]);
        assert!(!seen.stopped);
        assert!(Evidence::look(&host, &[&folder.path().join("proc")]).stopped);
    }

    #[test]
    fn an_ipv6_address_shows_the_hardware_address_it_was_made_from() {
        let made = Mac::of_eui64("2001:db8::200:aff:fe01:203".parse().unwrap());
        assert_eq!(made, Some(Mac([0, 0, 0x0a, 1, 2, 3])));
        assert_eq!(Mac::of_eui64("2001:db8::1".parse().unwrap()), None);
    }
}
