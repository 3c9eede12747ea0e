//! Sockets that wait for others to speak first, and the processes that hold them (proc(5): /proc/net, /proc/PID/fd).
//! It sees the agent's own network namespace, does not know reachability from outside, and sends nothing.
//! Invariant: process numbers, ephemeral client ports and other volatile values never enter an observation.

pub(crate) mod table;

use super::owners::{self, Owners};
use super::programs::{self, running};
use super::{Collected, Collector, Gather, units};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{
    CarriedBy, ListeningSocket, Observation, ProgramPlace, SocketProcess, SocketProtocol,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use table::{Row, parse_table};

const PROC: &str = "/proc";
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// The kernel's own default, for when it does not say (ip-sysctl).
const PORT_RANGE_DEFAULT: (u16, u16) = (32_768, 60_999);
/// One table of sockets.
const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Processes, and open files of one process.
const PROCESSES_MAX: usize = 500_000;
const OPEN_FILES_MAX: usize = 1_100_000;

/// The kernel's four tables.
const TABLES: &[(SocketProtocol, &str)] = &[
    (SocketProtocol::Tcp, "/proc/net/tcp"),
    (SocketProtocol::Tcp6, "/proc/net/tcp6"),
    (SocketProtocol::Udp, "/proc/net/udp"),
    (SocketProtocol::Udp6, "/proc/net/udp6"),
];

/// Places beside the programs that hold sockets and the lists of packages.
const OWN_PLACES: &[&str] = &[
    "/proc/net/tcp",
    "/proc/net/tcp6",
    "/proc/net/udp",
    "/proc/net/udp6",
    PORT_RANGE,
    PROC,
    "/proc/*/fd",
    "/proc/*/fd/*",
    "/proc/*/comm",
    "/proc/*/exe",
    "/proc/*/root",
    "/proc/*/cgroup",
];

/// Collects listening sockets.
pub(crate) struct ListeningSocketsCollector;

impl Collector for ListeningSocketsCollector {
    fn id(&self) -> &'static str {
        "listening_sockets"
    }

    fn about(&self) -> Text {
        Text::new(
            "待ち受けている TCP・UDP ポートと、そのプロセス",
            "TCP and UDP ports that listen, and the processes behind them",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> =
            LazyLock::new(|| [OWN_PLACES, &owners::PLACES, &[programs::ANYWHERE]].concat());
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "sockets are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "/proc/net", text));
        }
        let mut candidates = Vec::new();
        let mut read_any = false;
        for (protocol, path) in TABLES {
            if let Some(rows) = read_table(&mut gather, host, path, *protocol) {
                read_any = true;
                candidates.extend(rows.into_iter().filter(|row| row.waits).map(|row| (*protocol, row)));
            }
        }
        if !read_any {
            let text = "the kernel's tables of sockets are not there";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, "/proc/net", text));
        }
        let wanted: BTreeSet<u64> = candidates.iter().map(|(_, row)| row.inode).filter(|inode| *inode != 0).collect();
        let holders = find_holders(&mut gather, host, &wanted, describe_wholly);
        let range = ephemeral_range(&mut gather, host);
        for socket in with_owners(&mut gather, host, merge(host, candidates, &holders, range)) {
            gather.item("/proc/net", Observation::ListeningSocket(socket));
        }
        gather.finish()
    }
}

pub(super) fn read_table(
    gather: &mut Gather,
    host: &dyn Host,
    path: &str,
    protocol: SocketProtocol,
) -> Option<Vec<Row>> {
    let reading = match host.read(path, TABLE_BYTES_MAX) {
        Ok(reading) => reading,
        // A kernel without IPv6 has no such table, and so no such sockets.
        Err(AccessError::Missing { .. }) if matches!(protocol, SocketProtocol::Tcp6 | SocketProtocol::Udp6) => {
            return None;
        }
        Err(error) => {
            gather.miss_access(&error);
            return None;
        }
    };
    gather.source(path);
    if reading.cut {
        let text = format!("the table is larger than {TABLE_BYTES_MAX} bytes; the rest was not read");
        gather.miss(Trouble::new(TroubleKind::TooLarge, path, text));
    }
    let (rows, bad_lines) = parse_table(&reading.bytes, protocol);
    if bad_lines {
        gather.miss(Trouble::new(TroubleKind::Malformed, path, "lines that make no sense were left out"));
    }
    Some(rows)
}

fn ephemeral_range(gather: &mut Gather, host: &dyn Host) -> (u16, u16) {
    let value = gather.value(host, PORT_RANGE).unwrap_or_default();
    let mut numbers = value.split_ascii_whitespace().map_while(|word| word.parse::<u16>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(first), Some(last)) => (first, last),
        _ => PORT_RANGE_DEFAULT,
    }
}

/// Which processes hold which sockets, and whether every process could be looked into.
#[derive(Default)]
pub(super) struct Holders {
    pub(super) by_inode: BTreeMap<u64, BTreeSet<SocketProcess>>,
    all_seen: bool,
}

/// How a process is told by its number.
type Describe = fn(&mut Gather, &dyn Host, &str) -> Option<SocketProcess>;

pub(super) fn find_holders(
    gather: &mut Gather,
    host: &dyn Host,
    wanted: &BTreeSet<u64>,
    describe: Describe,
) -> Holders {
    let mut holders = Holders { all_seen: true, ..Holders::default() };
    let processes = match host.list(PROC, PROCESSES_MAX) {
        Ok(listing) => listing.names,
        Err(error) => {
            gather.miss_access(&error);
            return Holders::default();
        }
    };
    for process in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let folder = format!("{PROC}/{process}/fd");
        match host.list(&folder, OPEN_FILES_MAX) {
            Ok(listing) => {
                let files = listing.names.iter().map(|name| format!("{folder}/{name}"));
                let inodes: BTreeSet<u64> = files.filter_map(|file| socket_inode(host, &file, wanted)).collect();
                if inodes.is_empty() {
                    continue;
                }
                let holder = describe(gather, host, process);
                for inode in inodes {
                    holders.by_inode.entry(inode).or_default().extend(holder.clone());
                }
            }
            // It ended between the listing and now.
            Err(AccessError::Missing { .. }) => {}
            Err(_) => holders.all_seen = false,
        }
    }
    if !holders.all_seen {
        // How many is volatile, so it stays out: two looks at an unchanged host give the same bytes.
        let text = "the open files of some processes may not be read, so some sockets lack their process; \
                    run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";
        gather.miss(Trouble::new(TroubleKind::NotPermitted, "/proc/*/fd", text));
    }
    holders
}

/// The inode behind `socket:[12345]`, if it is one of those that matter.
fn socket_inode(host: &dyn Host, file: &str, wanted: &BTreeSet<u64>) -> Option<u64> {
    let target = host.read_link(file).ok()?;
    let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
    wanted.contains(&inode).then_some(inode)
}

/// A process by its name and program.
pub(super) fn describe(gather: &mut Gather, host: &dyn Host, process: &str) -> Option<SocketProcess> {
    // The place of a text is given without the process number: it would change the trouble from run to run.
    let comm = host.read(&format!("{PROC}/{process}/comm"), 64).ok()?;
    let name = gather.text("/proc/*/comm", comm.bytes.trim_ascii());
    let executable = host.read_link(&format!("{PROC}/{process}/exe")).ok().map(|path| {
        // A program that was replaced while it runs is still the program of that path.
        let path = path.strip_suffix(" (deleted)").unwrap_or(&path).to_owned();
        gather.text("/proc/*/exe", path.as_bytes())
    });
    Some(SocketProcess { name, executable, ..SocketProcess::default() })
}

/// The same with the unit under which it runs. Of a program that is none of the host's files nobody here knows the package.
fn describe_wholly(gather: &mut Gather, host: &dyn Host, process: &str) -> Option<SocketProcess> {
    let told = describe(gather, host, process)?;
    let cgroup = host.read(&format!("{PROC}/{process}/cgroup"), 4_096).map(|reading| reading.bytes).unwrap_or_default();
    let unit =
        units::of_group(&String::from_utf8_lossy(&cgroup)).map(|unit| gather.text("/proc/*/cgroup", unit.as_bytes()));
    let exe = format!("{PROC}/{process}/exe");
    let place = host.read_link(&exe).map(|target| running::place_of(host, process, &exe, &target).1);
    let is_foreign = place.is_ok_and(|place| place == ProgramPlace::OtherRoot);
    Some(SocketProcess { unit, carried_by: is_foreign.then_some(CarriedBy::Unknown), ..told })
}

/// Sockets with what brought the programs that hold them.
fn with_owners(gather: &mut Gather, host: &dyn Host, mut sockets: Vec<ListeningSocket>) -> Vec<ListeningSocket> {
    let processes = || sockets.iter().flat_map(|socket| &socket.processes);
    let paths = processes().filter(|process| process.carried_by.is_none()).filter_map(|one| one.executable.clone());
    let owners = Owners::of(host, &paths.collect(), "owners of listening programs");
    owners.sources().for_each(|place| gather.source(place));
    for process in sockets.iter_mut().flat_map(|socket| &mut socket.processes) {
        let asked = process.executable.as_deref().filter(|_| process.carried_by.is_none());
        process.carried_by = asked.map(|path| owners.of_path(path).told()).or(process.carried_by.take());
    }
    sockets
}

/// One observation per protocol, address and port: several sockets may share them (SO_REUSEPORT).
fn merge(
    host: &dyn Host,
    candidates: Vec<(SocketProtocol, Row)>,
    holders: &Holders,
    range: (u16, u16),
) -> Vec<ListeningSocket> {
    let mut merged: BTreeMap<String, ListeningSocket> = BTreeMap::new();
    for (protocol, row) in candidates {
        let owners = holders.by_inode.get(&row.inode);
        let udp = matches!(protocol, SocketProtocol::Udp | SocketProtocol::Udp6);
        let ephemeral = (range.0..=range.1).contains(&row.port);
        if udp && ephemeral && !held_by_the_kernel(host, protocol, &row, owners.is_some(), holders.all_seen) {
            continue;
        }
        let processes = owners.map(|owners| owners.iter().cloned().collect()).unwrap_or_default();
        let socket = ListeningSocket { protocol, address: row.address.to_string(), port: row.port, processes };
        match merged.get_mut(&socket.key()) {
            Some(known) => {
                known.processes.extend(socket.processes);
                known.processes.sort();
                known.processes.dedup();
            }
            None => drop(merged.insert(socket.key(), socket)),
        }
    }
    merged.into_values().collect()
}

/// Whether no process holds the socket: WireGuard, L2TP and VXLAN listen in the kernel. When some processes could not be
/// looked into, only what has no inode at all is surely the kernel's; anything else is most likely a client's port.
fn held_by_the_kernel(host: &dyn Host, protocol: SocketProtocol, row: &Row, owned: bool, all_seen: bool) -> bool {
    if row.inode == 0 {
        return true;
    }
    if owned || !all_seen {
        return false;
    }
    // A client that ended since the table was read looks the same; its socket is gone by now.
    let Some((_, path)) = TABLES.iter().find(|(other, _)| *other == protocol) else { return false };
    let again = host.read(path, TABLE_BYTES_MAX).map(|reading| parse_table(&reading.bytes, protocol).0);
    again.is_ok_and(|rows| rows.iter().any(|other| other.inode == row.inode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn gateway() -> RecordedHost {
        golden::running(&ListeningSocketsCollector, "gateway", Machine::default())
    }

    fn keys(collected: &Collected) -> Vec<String> {
        collected.items.iter().map(Observation::key).collect()
    }

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = gateway();
        let collected = golden::check(&ListeningSocketsCollector, "gateway", &host);
        assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
        golden::every_documented_place(&ListeningSocketsCollector, &[&host]);
    }

    /// A program under another root bears a path that means another file here, or none.
    #[test]
    fn a_process_has_its_package_and_its_unit() {
        let collected = ListeningSocketsCollector.collect(&gateway());
        let processes: BTreeSet<SocketProcess> = collected
            .items
            .into_iter()
            .flat_map(|item| match item {
                Observation::ListeningSocket(socket) => socket.processes,
                other => panic!("{}", other.kind()),
            })
            .collect();
        let of = |name: &str| processes.iter().find(|one| one.name == name).unwrap();
        let told = |name: &str| (of(name).carried_by.clone(), of(name).unit.as_deref());
        let package = |name: &str| Some(CarriedBy::Package { ecosystem: "deb".into(), name: name.into() });
        assert_eq!(told("nginx"), (package("nginx"), Some("nginx.service")));
        assert_eq!(told("sshd"), (package("openssh-server"), Some("ssh.service")), "replaced while it runs");
        assert_eq!(told("postgres"), (Some(CarriedBy::Nobody), Some("postgresql@15-main.service")));
        assert_eq!(told("chronyd"), (Some(CarriedBy::Unknown), None), "a container's, with units of its own");
    }

    /// Kernel tunnels inside the ephemeral range are listed, a client's UDP port there is not.
    #[test]
    fn the_kernels_own_ports_are_told_from_clients() {
        let found = keys(&ListeningSocketsCollector.collect(&gateway()));
        assert!(found.contains(&"udp:[0.0.0.0]:51820".into()), "WireGuard: {found:?}");
        assert!(!found.iter().any(|key| key.ends_with(":45000")), "a client's port: {found:?}");
        assert!(!found.iter().any(|key| key.ends_with(":40022")), "an established connection: {found:?}");
    }

    #[test]
    fn processes_that_may_not_be_looked_into_make_it_partial_in_one_trouble() {
        let host = gateway().without_permission_for(&["/proc/610/fd", "/proc/700/fd"]);
        let collected = ListeningSocketsCollector.collect(&host);
        assert_eq!(collected.outcome, Outcome::Partial);
        let kinds: Vec<_> = collected.troubles.iter().map(|trouble| trouble.kind).collect();
        assert_eq!(kinds, [TroubleKind::NotPermitted]);
        assert!(keys(&collected).contains(&"tcp:[0.0.0.0]:22".into()), "the socket is still listed");
    }

    #[test]
    fn an_image_says_nothing_about_sockets() {
        let image = RecordedHost::image(golden::fixtures("listening_sockets").join("gateway/root"));
        let collected = ListeningSocketsCollector.collect(&image);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotObservable));
    }
}
