//! With whom the host's processes hold connections (proc(5): /proc/net/tcp, /proc/PID/fd).
//! It does not know which of them last: one look cannot tell. The running agent keeps what it sees until several looks agree, and
//! only that is told (`run/long_sessions.rs`).
//! Invariant: one row for each peer and service, not for each connection; a service with many peers is one row.

use super::listening_sockets::{describe, find_holders, read_table};
use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{Observation, Session, SessionDirection, SocketProcess, SocketProtocol};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const TABLES: &[(SocketProtocol, &str)] =
    &[(SocketProtocol::Tcp, "/proc/net/tcp"), (SocketProtocol::Tcp6, "/proc/net/tcp6")];
/// Peers of one service that are told apart; more are "many".
pub(crate) const PEERS_MAX: usize = 16;
/// Rows of one look.
const SESSIONS_MAX: usize = 1_024;

/// Collects connections.
pub(crate) struct SessionsCollector;

impl Collector for SessionsCollector {
    fn id(&self) -> &'static str {
        "sessions"
    }

    fn about(&self) -> Text {
        Text::new(
            "長く、または繰り返し続く TCP 接続の相手とプロセス（常駐エージェントのみ）",
            "peers and processes of TCP connections that last or come again (running agent only)",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &["/proc/net/tcp", "/proc/net/tcp6", "/proc", "/proc/*/fd", "/proc/*/fd/*", "/proc/*/comm", "/proc/*/exe"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn needs_several_looks(&self) -> bool {
        true
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "connections are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "/proc/net", text));
        }
        let tables = TABLES.iter().map(|(protocol, path)| read_table(&mut gather, host, path, *protocol));
        let rows: Vec<_> = tables.collect::<Vec<_>>().into_iter().flatten().flatten().collect();
        if gather.has_read_nothing() {
            let text = "the kernel's tables of sockets are not there";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, "/proc/net", text));
        }
        let listening: BTreeSet<u16> = rows.iter().filter(|row| row.waits).map(|row| row.port).collect();
        let others = rows.iter().filter_map(|row| {
            let (remote, remote_port) = row.established?;
            let remote = remote.to_canonical();
            (!remote.is_loopback() && remote != row.address.to_canonical()).then_some((row, remote, remote_port))
        });
        let others: Vec<_> = others.collect();
        // Who holds them is looked for only where there is one: it means looking into every process.
        let wanted = others.iter().map(|(row, ..)| row.inode).filter(|inode| *inode != 0).collect::<BTreeSet<u64>>();
        let holders = if wanted.is_empty() { None } else { Some(find_holders(&mut gather, host, &wanted, describe)) };
        let mut peers: Peers = BTreeMap::new();
        for (row, remote, remote_port) in others {
            let holder = holders.as_ref().and_then(|holders| holders.by_inode.get(&row.inode)?.first().cloned());
            let service = match listening.contains(&row.port) {
                true => (SessionDirection::Inbound, row.port),
                false => (SessionDirection::Outbound, remote_port),
            };
            peers.entry((service.0, service.1, holder)).or_default().insert(remote);
        }
        for session in sessions(peers).into_iter().take(SESSIONS_MAX) {
            gather.item("/proc/net", Observation::Session(session));
        }
        gather.finish()
    }
}

/// Peers by direction, service and process.
type Peers = BTreeMap<(SessionDirection, u16, Option<SocketProcess>), BTreeSet<IpAddr>>;

fn sessions(peers: Peers) -> Vec<Session> {
    let rows = peers.into_iter().flat_map(|((direction, service_port, process), remotes)| {
        let told: Vec<Option<String>> = match remotes.len() > PEERS_MAX {
            true => vec![None],
            false => remotes.into_iter().map(|remote| Some(remote.to_string())).collect(),
        };
        told.into_iter().map(move |remote| Session { direction, remote, service_port, process: process.clone() })
    });
    rows.collect()
}

/// What a single look may tell: that it looked.
pub(super) fn of_one_look(collected: Collected) -> Collected {
    if collected.outcome == Outcome::Failed {
        return collected;
    }
    let text = "one look cannot tell a connection that lasts from one that ends at once; the running agent tells those that \
                several looks saw";
    let mut troubles = collected.troubles;
    troubles.push(Trouble::new(TroubleKind::NotObservable, "/proc/net", text));
    troubles.sort();
    Collected { outcome: Outcome::Partial, items: Vec::new(), troubles, ..collected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;

    fn gateway() -> RecordedHost {
        golden::running(&SessionsCollector, "gateway", Machine::default())
    }

    fn keys(collected: &Collected) -> Vec<String> {
        collected.items.iter().map(Observation::key).collect()
    }

    /// Connections of one peer are one row, the host's own are none, and who spoke first is told by who listens.
    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = gateway();
        let collected = golden::check(&SessionsCollector, "gateway", &host);
        assert_eq!((collected.outcome, collected.troubles.clone()), (Outcome::Complete, Vec::new()));
        golden::every_documented_place(&SessionsCollector, &[&host]);
        assert_eq!(
            keys(&collected),
            ["in [198.51.100.9] 22 /usr/sbin/sshd", "out [198.51.100.20] 8883 /opt/example/bin/collector"]
        );
    }

    #[test]
    fn one_look_tells_no_session() {
        let collected = of_one_look(SessionsCollector.collect(&gateway()));
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Partial, 0));
        assert_eq!(collected.troubles[0].kind, TroubleKind::NotObservable);
    }

    #[test]
    fn a_busy_service_is_one_row() {
        let remotes = (0..=PEERS_MAX).map(|n| IpAddr::from([192, 0, 2, u8::try_from(n).unwrap()])).collect();
        let told = sessions(BTreeMap::from([((SessionDirection::Inbound, 443, None), remotes)]));
        assert_eq!(told.iter().map(Session::key).collect::<Vec<_>>(), ["in [*] 443 "]);
    }
}
