//! Furukawa FITELnet F and FX: tunnels of a `show running-config`.
//! It does not know which servers for management run, nor the filters of an interface: what it says of them is unknown.
//! Invariant: a tunnel is restricted to the peer of its profile, and to nobody when the profile is not in the file.
//!
//! Syntax and meaning: Furukawa Electric, "FITELnet コマンドリファレンス", chapters on IPsec; indentation means nothing, `exit` closes a block.

use crate::blocks::{Block, after, blocks, by_name};
use crate::draft::{self, ground};
use crate::families::{Family, weigh};
use crate::networks::{self, Networks};
use crate::reach::Access;
use crate::split::Device;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayInSort};
use std::collections::BTreeMap;

/// The parser.
pub(crate) struct Fitelnet;

const OPENS: [&str; 10] = [
    "interface ",
    "crypto isakmp profile ",
    "crypto isakmp policy ",
    "crypto ipsec policy ",
    "crypto ipsec selector ",
    "crypto map ",
    "ether-ip tunnel-profile ",
    "ip dhcp server-profile ",
    "access-list ",
    "line ",
];

impl Family for Fitelnet {
    fn id(&self) -> &'static str {
        "fitelnet"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "crypto ipsec selector ",
            "set security-association always-up",
            "set isakmp-profile ",
            "local-key ascii ",
            "tunnel mode ipsec map ",
            "set security-association transform-keysize",
        ];
        weigh(line, SURE, &["crypto isakmp ", "crypto ipsec ", "crypto map "])
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Furukawa Electric".to_owned());
        // Samples of the maker are set in differently from block to block, so indentation is not trusted.
        let mut lines = device.config.clone();
        for line in &mut lines {
            line.text = line.text.trim().to_owned().into();
        }
        let blocks = blocks(&lines, |head| OPENS.iter().any(|open| head.starts_with(open)));
        if let Some(name) = blocks.iter().find_map(|block| after(block.head, "hostname")) {
            reading.identity.name = Some(draft::word(name));
        }
        let known = Known::of(&blocks);
        for block in blocks.iter().filter(|block| block.head.starts_with("interface Tunnel")).take(2000) {
            reading.ways_in.push(tunnel(&known, block));
        }
        networks(&blocks, reading);
        draft::only_tunnels(
            reading,
            "この機種では、トンネル以外（管理アクセス、フィルタ、転送）は読んでいません",
            "of this family only tunnels are read: not management, filters or forwards",
        );
    }
}

/// Blocks that others refer to by name.
struct Known<'b, 'l> {
    maps: BTreeMap<&'l str, &'b Block<'l>>,
    profiles: BTreeMap<&'l str, &'b Block<'l>>,
    ether: BTreeMap<&'l str, &'b Block<'l>>,
}

impl<'b, 'l> Known<'b, 'l> {
    fn of(blocks: &'b [Block<'l>]) -> Self {
        Self {
            maps: by_name(blocks, "crypto map"),
            profiles: by_name(blocks, "crypto isakmp profile"),
            ether: by_name(blocks, "ether-ip tunnel-profile"),
        }
    }
}

fn running(block: &Block<'_>) -> Answered {
    match block.find("shutdown") {
        Some((line, _)) => draft::no(ground(line, "止めています（shutdown）", "it is shut down")),
        None => draft::yes(ground(block.line, "設定されています", "it is configured")),
    }
}

/// `interface Tunnel 1` → `tunnel mode ipsec map M` → `crypto map M` → `set isakmp-profile P` → `set peer`, or
/// `tunnel mode ether-ip tunnel-profile P` → `ether-ip tunnel-profile P` → `tunnel destination`.
fn tunnel(known: &Known<'_, '_>, block: &Block<'_>) -> daicho_schemas::fact::device::WayIn {
    let map = block.find("tunnel mode ipsec map").map(|(_, map)| map);
    let crypto = map.and_then(|map| known.maps.get(map));
    let profile = crypto.and_then(|crypto| crypto.find("set isakmp-profile"));
    let profile = profile.and_then(|(_, name)| known.profiles.get(name));
    let ether = block.find("tunnel mode ether-ip tunnel-profile").map(|(_, name)| name);
    let peer = match ether {
        Some(name) => known.ether.get(name).and_then(|profile| profile.find("tunnel destination")),
        None => profile.and_then(|profile| profile.find("set peer")),
    };
    let two = profile.and_then(|profile| profile.find("ike-version"));
    let technology = match (map, two) {
        (None, _) if ether.is_some() => "etherip",
        (None, _) => "unknown",
        (_, Some((_, "2"))) => "ipsec-ikev2",
        (_, Some((_, "1"))) => "ipsec-ikev1",
        _ => "ipsec",
    };
    let far = match peer.map(|(_, peer)| peer.split(' ').next().unwrap_or_default()) {
        Some("any") => FarEnd::Anyone,
        Some(peer) if peer.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(peer)),
        Some(peer) if !peer.is_empty() => FarEnd::Name(draft::word(peer)),
        _ => FarEnd::Unknown,
    };
    let mut way = draft::way(block.head, WayInSort::SiteToSite, technology, far.clone());
    way.enabled = running(block);
    way.restriction = match (far, peer) {
        (FarEnd::Address(far) | FarEnd::Name(far), Some((line, _))) => Access::named(
            [far],
            ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        _ => Access::unknown(ground(block.line, "相手を特定できません", "the far end is not clear")),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    way
}

/// Interfaces and static routes. What holds without `shutdown` was not read in the manual.
fn networks(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for block in blocks {
        if let Some(name) = after(block.head, "interface") {
            networks::block(&mut networks, name, block, Answer::Unknown);
        } else if let Some(rest) = after(block.head, "ip route") {
            networks::route(&mut networks, block.line, rest);
        } else if let Some(rest) = after(block.head, "ipv6 route") {
            networks::route_six(&mut networks, block.line, rest);
        }
    }
    networks.end(reading);
}
