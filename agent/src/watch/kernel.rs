//! What the kernel announces of its network: links, addresses, routes and rules that come and go (rtnetlink(7), multicast),
//! policies of IPsec, and devices and modules that are put in and out (uevents, netlink(7) `NETLINK_KOBJECT_UEVENT`).
//! It does not read what changed: an announcement says which table or folder to look at again, and no more.
//! Invariant: it only listens; where it cannot, the schedule remains, and the log says so.

use crate::access::LiveHost;
use crate::access::netlink::messages;
use crate::collect::ipsec::kernel_has_ipsec;
use netlink_sys::protocols::{NETLINK_KOBJECT_UEVENT, NETLINK_ROUTE, NETLINK_XFRM};
use netlink_sys::{AsyncSocket as _, AsyncSocketExt as _, TokioSocket};
use std::collections::BTreeSet;
use std::io;

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
/// The kernel's own uevents; group 2 is what udev makes of them.
const DEVICE_GROUPS: &[u32] = &[1];
/// Subsystems of uevents (`lib/kobject_uevent.c`), with what each is about.
const DEVICES: &[(&str, &str)] = &[
    ("usb", "netlink:devices/usb"),
    ("pci", "netlink:devices/pci"),
    ("block", "netlink:devices/block"),
    ("module", "netlink:modules"),
];
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
    devices: Option<Ear>,
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
        let devices = Ear::new(NETLINK_KOBJECT_UEVENT, DEVICE_GROUPS);
        let devices = devices.inspect_err(|error| {
            tracing::info!(%error, "devices that are put in and out cannot be heard; only the schedule looks");
        });
        let routes = Ear::new(NETLINK_ROUTE, GROUPS)?;
        let mut announcements = Self { routes, ipsec: Ipsec::NotThere, devices: devices.ok() };
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
        loop {
            let ipsec = match &mut self.ipsec {
                Ipsec::Heard(ear) => Some(ear),
                Ipsec::NotThere | Ipsec::NotTold => None,
            };
            let (mut about, of_routes) = tokio::select! {
                heard = self.routes.hear() => (tables(heard?), true),
                heard = hear_if_any(ipsec) => (heard.map(|_| BTreeSet::from([IPSEC_POLICIES]))?, false),
                heard = hear_if_any(self.devices.as_mut()) => (devices(heard?), false),
            };
            // Programs that set up IPsec also touch routes or rules, and were not announced before.
            if of_routes && self.look_for_ipsec() {
                about.insert(IPSEC_POLICIES);
            }
            if !about.is_empty() {
                return Ok(about);
            }
        }
    }
}

/// Hears nothing for ever where there is no ear.
async fn hear_if_any(ear: Option<&mut Ear>) -> io::Result<Option<&[u8]>> {
    match ear {
        Some(ear) => ear.hear().await,
        None => std::future::pending().await,
    }
}

/// What a uevent is about: `ACTION@PATH`, then `KEY=VALUE`, each ended by a zero. Only what comes and goes counts, not what a device
/// reports of itself while it is there, and nothing without a device behind it (loop, device-mapper).
fn devices(datagram: Option<&[u8]>) -> BTreeSet<&'static str> {
    let Some(datagram) = datagram else { return DEVICES.iter().map(|(_, about)| *about).collect() };
    let value = |key: &str| {
        let of_key =
            |field: &[u8]| field.strip_prefix(key.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned());
        datagram.split(|byte| *byte == 0).find_map(of_key)
    };
    let comes_or_goes = matches!(value("ACTION=").as_deref(), Some("add" | "remove" | "bind" | "unbind"));
    let is_virtual = value("DEVPATH=").is_some_and(|path| path.starts_with("/devices/virtual/"));
    let subsystem = value("SUBSYSTEM=").filter(|_| comes_or_goes && !is_virtual);
    DEVICES.iter().filter(|(name, _)| subsystem.as_deref() == Some(*name)).map(|(_, about)| *about).collect()
}

fn tables(datagram: Option<&[u8]>) -> BTreeSet<&'static str> {
    let Some(datagram) = datagram else { return MEANINGS.iter().map(|(_, table)| *table).collect() };
    let kinds = messages(datagram).map(|message| message.kind);
    kinds.filter_map(|kind| MEANINGS.iter().find_map(|(of, table)| (*of == kind).then_some(*table))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(fields: &[&str]) -> Vec<&'static str> {
        devices(Some(fields.join("\0").as_bytes())).into_iter().collect()
    }

    #[test]
    fn what_is_put_in_and_out_is_heard_and_nothing_else() {
        let stick = "DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-2";
        assert_eq!(about(&["add@/x", "ACTION=add", stick, "SUBSYSTEM=usb", ""]), ["netlink:devices/usb"]);
        assert_eq!(about(&["remove@/x", "ACTION=remove", stick, "SUBSYSTEM=usb"]), ["netlink:devices/usb"]);
        assert_eq!(
            about(&["add@/module/x", "ACTION=add", "DEVPATH=/module/x", "SUBSYSTEM=module"]),
            ["netlink:modules"]
        );
        let silent: [&[&str]; 5] = [
            &["change@/x", "ACTION=change", stick, "SUBSYSTEM=usb"],
            &["add@/x", "ACTION=add", "DEVPATH=/devices/virtual/block/loop0", "SUBSYSTEM=block"],
            &["add@/x", "ACTION=add", stick, "SUBSYSTEM=input"],
            &["add@/x"],
            &[""],
        ];
        for fields in silent {
            assert!(about(fields).is_empty(), "{fields:?}");
        }
        assert_eq!(devices(None).len(), DEVICES.len(), "what was lost may have been about any of them");
    }
}
