//! WireGuard: a file of `wg-quick` or `wg showconf`.
//! It does not know the host's packet filter, nor whether anything starts this file.
//! Invariant: an endpoint is where a peer was last thought to be, and no restriction: whoever has the key may come from anywhere.
//!
//! Syntax: the manual pages wg(8) and wg-quick(8).

use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark};
use crate::networks::{Networks, Say, inet};
use crate::reach::{self, Access};
use crate::split::Device;
use daicho_schemas::fact::device::{DeviceReading, FarEnd, GapSort, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;

/// The parser.
pub(crate) struct WireGuard;

/// `Key = value`, in any case.
fn pair(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim().to_ascii_lowercase(), value.split('#').next().unwrap_or_default().trim()))
}

impl Family for WireGuard {
    fn id(&self) -> &'static str {
        "wireguard"
    }

    fn weight(&self, line: &str) -> u32 {
        let known = ["privatekey", "publickey", "allowedips", "presharedkey", "persistentkeepalive", "listenport"];
        match pair(line) {
            Some((key, _)) if known.contains(&key.as_str()) => 5,
            _ => u32::from(line == "[Peer]"),
        }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        line.eq_ignore_ascii_case("[interface]").then(Mark::config)
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        let mut peers: Vec<Peer<'_>> = Vec::new();
        let mut port = None;
        let mut own = Own::default();
        for line in &device.config {
            let text = line.trimmed();
            if text.eq_ignore_ascii_case("[peer]") {
                peers.push(Peer { line: line.number, key: None, endpoint: None, allowed: Vec::new() });
                continue;
            }
            let Some((key, value)) = pair(text).filter(|_| !text.starts_with('#')) else { continue };
            match (key.as_str(), peers.last_mut()) {
                ("listenport", None) => port = value.parse::<u16>().ok(),
                ("address", None) => own.addresses.extend(value.split(',').map(|text| (line.number, text))),
                ("table", None) => own.table_off |= value.eq_ignore_ascii_case("off"),
                // A key is 32 bytes in base64; whatever else stands here is not shown.
                ("publickey", Some(peer)) => {
                    peer.key = Some(value).filter(|value| value.len() == 44 && value.ends_with('='))
                }
                ("endpoint", Some(peer)) => peer.endpoint = Some((line.number, value)),
                ("allowedips", Some(peer)) => peer.allowed.extend(value.split(',').map(str::trim)),
                _ => {}
            }
        }
        if peers.is_empty() || peers.iter().any(|peer| peer.key.is_none() || peer.allowed.is_empty()) {
            reading.gaps.push(draft::gap(
                GapSort::CutOff,
                device.config.last().map(|line| line.number),
                "相手（Peer）が欠けているか、途中で切れています",
                "a peer is missing or cut off",
            ));
        }
        for (index, peer) in peers.iter().enumerate().take(2000) {
            reading.ways_in.push(peer.way(index, port));
        }
        own.networks(&peers, reading);
        reading.management.restricted = draft::not_applicable();
        reading.logs_elsewhere = draft::not_applicable();
        reading.vpn = draft::vpn_plane(&reading.ways_in, absence("相手の設定がありません", "no peer is configured"));
    }
}

/// What wg-quick does besides: addresses of the interface, and a route to whatever its peers may send from.
#[derive(Default)]
struct Own<'l> {
    addresses: Vec<(u32, &'l str)>,
    table_off: bool,
}

impl Own<'_> {
    fn networks(&self, peers: &[Peer<'_>], reading: &mut DeviceReading) {
        let Some((first, _)) = self.addresses.first() else { return };
        // The file's own name is the interface's, and is not in it.
        const NAME: &str = "[Interface]";
        let mut networks = Networks::new();
        let own = networks.interface(NAME, *first);
        own.role(InterfaceRole::Tunnel);
        self.addresses.iter().filter_map(|(_, text)| inet(text)).for_each(|found| own.address(Some(found)));
        for peer in peers.iter().filter(|_| !self.table_off) {
            for to in peer.allowed.iter().filter_map(|text| inet(text)) {
                networks.route(peer.line, to, None, Some(NAME));
            }
        }
        networks.end(reading);
    }
}

struct Peer<'l> {
    line: u32,
    key: Option<&'l str>,
    endpoint: Option<(u32, &'l str)>,
    allowed: Vec<&'l str>,
}

impl Peer<'_> {
    fn way(&self, index: usize, port: Option<u16>) -> daicho_schemas::fact::device::WayIn {
        let far = match self.endpoint.and_then(|(_, end)| end.rsplit_once(':')) {
            Some((host, _)) if host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok() => {
                FarEnd::Address(draft::word(host.trim_matches(['[', ']'])))
            }
            Some((host, _)) => FarEnd::Name(draft::word(host)),
            None => FarEnd::Anyone,
        };
        // One address behind it is a person's machine; a network is a site.
        let network = self.allowed.iter().any(|allowed| match reach::span(allowed) {
            Some((low, high)) => low != high,
            None => !allowed.ends_with("/128"),
        });
        let sort = if network || self.endpoint.is_some() { WayInSort::SiteToSite } else { WayInSort::RemoteAccess };
        let key = self.key.map_or_else(|| format!("peer {}", index + 1), |key| format!("peer {key}"));
        let mut way = draft::way(&key, sort, "wireguard", far);
        way.enabled = draft::unknown(absence(
            "このファイルが起動時に使われるかは書かれていません",
            "whether anything starts this file is not in it",
        ));
        way.restriction = Access::unknown(ground(
            self.line,
            match port {
                Some(port) => format!(
                    "鍵を持つ相手はどこからでも届きえます（udp/{port}）。ホストのフィルタはファイルにありません"
                ),
                None => "鍵を持つ相手はどこからでも届きえます。ホストのフィルタはファイルにありません".to_owned(),
            },
            "whoever has the key may come from anywhere; the host's filter is not in the file",
        ))
        .restriction();
        way.inside = self.allowed.iter().take(50).map(|allowed| draft::word(allowed)).collect();
        way.second_factor = if sort == WayInSort::RemoteAccess {
            draft::no(ground(self.line, "鍵だけで認証します", "a key is all it asks"))
        } else {
            draft::not_applicable()
        };
        way
    }
}
