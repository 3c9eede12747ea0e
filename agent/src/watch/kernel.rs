//! What the kernel announces of its network: links, addresses, routes and rules that come and go (rtnetlink(7), multicast).
//! It does not read what changed: an announcement says which table to look at again, and no more.
//! Invariant: it only listens; where it cannot, the schedule remains, and the log says so.

use crate::access::netlink::messages;
use netlink_sys::protocols::NETLINK_ROUTE;
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
const DATAGRAM_BYTES_MAX: usize = 64 * 1024;
/// `ENOBUFS`: more was announced than we took.
const OVERRUN: i32 = 105;

/// Listens. To be made inside a runtime.
pub(super) struct Announcements {
    socket: TokioSocket,
    datagram: Vec<u8>,
}

impl Announcements {
    /// Begins to listen.
    pub(super) fn new() -> io::Result<Self> {
        let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
        socket.socket_mut().bind_auto()?;
        for group in GROUPS {
            socket.socket_mut().add_membership(*group)?;
        }
        Ok(Self { socket, datagram: Vec::with_capacity(DATAGRAM_BYTES_MAX) })
    }

    /// Waits for announcements, and says which tables they are about.
    ///
    /// # Errors
    /// When the socket can no longer be read.
    pub(super) async fn next(&mut self) -> io::Result<BTreeSet<&'static str>> {
        self.datagram.clear();
        match self.socket.recv(&mut self.datagram).await {
            Ok(()) => Ok(tables(&self.datagram)),
            Err(error) if error.raw_os_error() == Some(OVERRUN) => {
                Ok(MEANINGS.iter().map(|(_, table)| *table).collect())
            }
            Err(error) => Err(error),
        }
    }
}

fn tables(datagram: &[u8]) -> BTreeSet<&'static str> {
    let kinds = messages(datagram).map(|message| message.kind);
    kinds.filter_map(|kind| MEANINGS.iter().find_map(|(of, table)| (*of == kind).then_some(*table))).collect()
}
