//! The far ends of WireGuard interfaces, as the kernel lists them (generic netlink, `WG_CMD_GET_DEVICE`).
//! It does not know when a peer was last heard, nor the port it speaks from: both change all the time.
//! Invariant: attributes that hold keys are not looked at, but a peer's public key, of which only a SHA-256 leaves.

use super::tunnels::{LINKS_BYTES_MAX, links};
use super::{Collected, Collector, Gather};
use crate::access::netlink::{address_of, attribute, attributes, messages, number16};
use crate::access::{Host, KernelTable};
use daicho_schemas::fact::observation::{Observation, TUNNEL_INSIDE_MAX, Tunnel, TunnelSource};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The peers of one interface: a server of 10,000 peers answers about 3 MB.
const PEERS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// `struct genlmsghdr`.
const GENERIC_BYTES: usize = 4;

/// `include/uapi/linux/wireguard.h`.
mod wg {
    pub(super) const DEVICE_PEERS: u16 = 8;
    pub(super) const PEER_PUBLIC_KEY: u16 = 1;
    pub(super) const PEER_ENDPOINT: u16 = 4;
    pub(super) const PEER_ALLOWED_IPS: u16 = 9;
    pub(super) const ALLOWED_FAMILY: u16 = 1;
    pub(super) const ALLOWED_ADDRESS: u16 = 2;
    pub(super) const ALLOWED_PREFIX: u16 = 3;
}

/// Collects WireGuard's peers.
pub(crate) struct WireguardPeersCollector;

impl Collector for WireguardPeersCollector {
    fn id(&self) -> &'static str {
        "wireguard_peers"
    }

    fn about(&self) -> Text {
        Text::new("WireGuard の相手（鍵は読み取らない）", "the peers of WireGuard interfaces, without keys")
    }

    fn places(&self) -> &'static [&'static str] {
        &["netlink:links", "netlink:wireguard/*"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:links", "netlink:routes"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let place = KernelTable::Links.to_string();
        if !host.is_live() {
            let text = "peers of WireGuard are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, place, text));
        }
        let reading = match host.kernel_table(&KernelTable::Links, LINKS_BYTES_MAX) {
            Ok(reading) => reading,
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(&place);
        if reading.cut {
            gather.miss_rest(&place);
        }
        for link in links(&reading.bytes).filter(|link| link.kind == "wireguard") {
            collect_interface(&mut gather, host, &link.name);
        }
        gather.finish()
    }
}

fn collect_interface(gather: &mut Gather, host: &dyn Host, interface: &str) {
    let table = KernelTable::WireguardPeers(interface.to_owned());
    let place = table.to_string();
    let not_permitted =
        "WireGuard is present and its peers are not readable: the kernel tells them to CAP_NET_ADMIN only";
    let Some(bytes) = gather.kernel_table(host, &table, PEERS_BYTES_MAX, Some(not_permitted)) else { return };
    // A peer with many prefixes is told in several messages.
    let mut peers: BTreeMap<String, Peer> = BTreeMap::new();
    for message in messages(&bytes) {
        let device = message.body.get(GENERIC_BYTES..).unwrap_or_default();
        let listed = attribute(device, wg::DEVICE_PEERS).unwrap_or_default();
        for (_, peer) in attributes(listed) {
            let Some(key) = attribute(peer, wg::PEER_PUBLIC_KEY).filter(|key| key.len() == 32) else { continue };
            let known = peers.entry(hex::encode(Sha256::digest(key))).or_default();
            known.remote = known.remote.take().or_else(|| attribute(peer, wg::PEER_ENDPOINT).and_then(endpoint));
            let allowed = attributes(attribute(peer, wg::PEER_ALLOWED_IPS).unwrap_or_default());
            known.inside.extend(allowed.filter_map(|(_, value)| prefix(value)));
        }
    }
    for (peer, Peer { remote, inside }) in peers {
        let inside = gather.first_of(&place, inside, TUNNEL_INSIDE_MAX);
        let tunnel = Tunnel {
            interface: Some(interface.to_owned()),
            tunnel_kind: "wireguard".into(),
            local: None,
            remote,
            peer: Some(peer),
            number: None,
            inside,
            source: TunnelSource::WireguardPeer,
        };
        gather.item(&place, Observation::Tunnel(tunnel));
    }
}

#[derive(Default)]
struct Peer {
    remote: Option<String>,
    inside: BTreeSet<String>,
}

/// The address in a `struct sockaddr_in` or `sockaddr_in6`.
fn endpoint(value: &[u8]) -> Option<String> {
    let family = number16(value)?;
    let field = value.get(if family == 2 { 4 } else { 8 }..)?;
    address_of(family, field).map(|address| address.to_string())
}

fn prefix(value: &[u8]) -> Option<String> {
    let family = number16(attribute(value, wg::ALLOWED_FAMILY)?)?;
    let field = attribute(value, wg::ALLOWED_ADDRESS)?;
    let bits = attribute(value, wg::ALLOWED_PREFIX)?.first()?;
    let any = if family == 2 { "0.0.0.0" } else { "::" };
    let address = address_of(family, field).map_or_else(|| any.to_owned(), |address| address.to_string());
    Some(format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn server() -> RecordedHost {
        golden::running(&WireguardPeersCollector, "server", Machine::default())
    }

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = server();
        let collected = golden::check(&WireguardPeersCollector, "server", &host);
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 2));
        golden::every_documented_place(&WireguardPeersCollector, &[&host]);
    }

    /// The recorded answer holds a private and a preshared key, both recognisable.
    #[test]
    fn no_key_leaves() {
        let host = server();
        let raw = host.kernel_table(&KernelTable::WireguardPeers("wg0".into()), PEERS_BYTES_MAX).unwrap().bytes;
        let said = format!("{:?}", WireguardPeersCollector.collect(&host));
        for secret in ["EXAMPLE-SECRET-PRIVATE-KEY-00001", "EXAMPLE-SECRET-PRESHARED-KEY-001"] {
            assert!(raw.windows(secret.len()).any(|window| window == secret.as_bytes()), "the sample holds {secret}");
            assert!(!said.contains(secret) && !said.contains(&hex::encode(secret)), "{secret}");
            assert!(!said.contains(&hex::encode(Sha256::digest(secret))), "{secret}");
        }
    }

    #[test]
    fn without_the_capability_the_peers_are_unknown_and_not_none() {
        let host = server().without_permission_for(&["netlink:wireguard/wg0"]);
        let collected = WireguardPeersCollector.collect(&host);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Partial, TroubleKind::NotPermitted));
    }
}
