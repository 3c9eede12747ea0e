//! What the kernel announces of its network: links, addresses, routes and rules that come and go (rtnetlink(7), multicast),
//! and policies of IPsec. It does not read what changed: an announcement says which table to look at again, and no more.
//! Invariant: it only listens; where it cannot, the schedule remains, and the log says so.

use crate::access::LiveHost;
use crate::access::netlink::messages;
use crate::collect::kernel_has_ipsec;
use netlink_sys::protocols::{NETLINK_ROUTE, NETLINK_XFRM};
use netlink_sys::{AsyncSocket as _, AsyncSocketExt as _, TokioSocket};
use std::collections::BTreeSet;
use std::io;

/// Begins the name of every place that is a table of the kernel.
pub(crate) const TABLES: &str = "netlink:";

/// Groups of `include/uapi/linux/rtnetlink.h`: links, addresses, routes and rules of both families. Neighbours are not
/// among them: they are announced all day long.
const GROUPS: &[u32] = &[1, 5, 7, 8, 9, 11, 19];
/// Message types of the same header, with the table that each is about.
const MEANINGS: &[(u16, &str)] = &[
    (16, "netlink:links"),
    (17, "netlink:links"),
    (20, "netlink:addresses"),
    (21, "netlink:addresses"),
    (24, "netlink:routes"),
    (25, "netlink:routes"),
    (32, "netlink:rules"),
    (33, "netlink:rules"),
];
/// Policies of IPsec (`XFRMNLGRP_POLICY` of `include/uapi/linux/xfrm.h`). Not its associations: those are announced with their
/// keys, and come with policies.
const IPSEC_GROUPS: &[u32] = &[4];
/// What an announcement of that group is about.
pub(crate) const IPSEC_POLICIES: &str = "netlink:ipsec-policies";
const DATAGRAM_BYTES_MAX: usize = 64 * 1024;
/// `ENOBUFS`: more was announced than we took.
const OVERRUN: i32 = 105;

/// One kind of announcements.
struct Ear {
    socket: TokioSocket,
    datagram: Vec<u8>,
}

impl Ear {
    fn new(protocol: isize, groups: &[u32]) -> io::Result<Self> {
        let mut socket = TokioSocket::new(protocol)?;
        socket.socket_mut().bind_auto()?;
        for group in groups {
            socket.socket_mut().add_membership(*group)?;
        }
        Ok(Self { socket, datagram: Vec::with_capacity(DATAGRAM_BYTES_MAX) })
    }

    /// Waits for an announcement: its bytes, or none where more was announced than we took.
    async fn hear(&mut self) -> io::Result<Option<&[u8]>> {
        self.datagram.clear();
        match self.socket.recv(&mut self.datagram).await {
            Ok(()) => Ok(Some(&self.datagram)),
            Err(error) if error.raw_os_error() == Some(OVERRUN) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Listens. To be made inside a runtime.
pub(super) struct Announcements {
    routes: Ear,
    ipsec: Ipsec,
}

/// Whether IPsec can be heard.
enum Ipsec {
    /// The kernel has none yet, and a socket of its own would make it load one.
    NotThere,
    Heard(Ear),
    /// The kernel tells it to `CAP_NET_ADMIN` only.
    NotTold,
}

impl Announcements {
    /// Begins to listen.
    pub(super) fn new() -> io::Result<Self> {
        let mut announcements = Self { routes: Ear::new(NETLINK_ROUTE, GROUPS)?, ipsec: Ipsec::NotThere };
        announcements.look_for_ipsec();
        Ok(announcements)
    }

    /// True where IPsec is heard from now on.
    fn look_for_ipsec(&mut self) -> bool {
        let is_new = matches!(self.ipsec, Ipsec::NotThere) && matches!(kernel_has_ipsec(&LiveHost::new("/")), Ok(true));
        if is_new {
            self.ipsec = Ear::new(NETLINK_XFRM, IPSEC_GROUPS).map_or_else(
                |error| {
                    tracing::info!(%error, "policies of IPsec cannot be heard; only the schedule looks");
                    Ipsec::NotTold
                },
                Ipsec::Heard,
            );
        }
        is_new
    }

    /// Waits for announcements, and says which tables they are about.
    ///
    /// # Errors
    /// When the socket can no longer be read.
    pub(super) async fn next(&mut self) -> io::Result<BTreeSet<&'static str>> {
        let Ipsec::Heard(ipsec) = &mut self.ipsec else {
            let mut tables = tables(self.routes.hear().await?);
            // Programs that set up IPsec also touch routes or rules, and were not announced before.
            if self.look_for_ipsec() {
                tables.insert(IPSEC_POLICIES);
            }
            return Ok(tables);
        };
        tokio::select! {
            heard = self.routes.hear() => Ok(tables(heard?)),
            heard = ipsec.hear() => heard.map(|_| BTreeSet::from([IPSEC_POLICIES])),
        }
    }
}

fn tables(datagram: Option<&[u8]>) -> BTreeSet<&'static str> {
    let Some(datagram) = datagram else { return MEANINGS.iter().map(|(_, table)| *table).collect() };
    let kinds = messages(datagram).map(|message| message.kind);
    kinds.filter_map(|kind| MEANINGS.iter().find_map(|(of, table)| (*of == kind).then_some(*table))).collect()
}
