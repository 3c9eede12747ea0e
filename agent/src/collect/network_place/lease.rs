//! Which DHCP server gave the host its addresses, from the leases that DHCP clients keep (systemd-networkd, dhclient).
//! It does not know lifetimes, and a client that keeps its lease elsewhere stays unseen.
//! Invariant: of a lease only the server and the interface are read.

use super::{file, part};
use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::fact::observation::{NetworkPlace, PlacePart};
use std::net::IpAddr;

const NETWORKD: &str = "/run/systemd/netif/leases";
const DHCLIENT: &str = "/var/lib/dhcp";
const LEASES_MAX: usize = 1000;

/// The servers, by interface where the lease says which.
pub(super) fn servers(gather: &mut Gather, host: &dyn Host) -> Vec<NetworkPlace> {
    let mut found = Vec::new();
    for name in list(gather, host, NETWORKD) {
        let text = file(gather, host, &format!("{NETWORKD}/{name}")).unwrap_or_default();
        let server = text.lines().find_map(|line| line.strip_prefix("SERVER_ADDRESS="));
        found.extend(server.and_then(server_part));
    }
    for name in list(gather, host, DHCLIENT).iter().filter(|name| name.starts_with("dhclient")) {
        let text = file(gather, host, &format!("{DHCLIENT}/{name}")).unwrap_or_default();
        // The file grows with every lease; the last one of an interface counts.
        let mut last = std::collections::BTreeMap::new();
        let mut interface = None;
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("interface ") {
                interface = Some(name.trim_matches(|mark| matches!(mark, '"' | ';')).to_owned());
            } else if let Some(server) = line.strip_prefix("option dhcp-server-identifier ") {
                last.insert(interface.clone(), server.trim_end_matches(';').to_owned());
            }
        }
        let parts = last
            .into_iter()
            .filter_map(|(interface, server)| Some(NetworkPlace { interface, ..server_part(&server)? }));
        found.extend(parts);
    }
    found
}

fn server_part(server: &str) -> Option<NetworkPlace> {
    let server: IpAddr = server.trim().parse().ok()?;
    Some(part(PlacePart::DhcpServer, server.to_string()))
}

fn list(gather: &mut Gather, host: &dyn Host, folder: &str) -> Vec<String> {
    match host.list(folder, LEASES_MAX) {
        Ok(listing) => listing.names,
        Err(error) if error.is_missing() => Vec::new(),
        Err(error) => {
            gather.miss_access(&error);
            Vec::new()
        }
    }
}
