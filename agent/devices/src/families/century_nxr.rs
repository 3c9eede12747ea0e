//! Century Systems FutureNet NXR, VXR, WXR: tunnels and mobile lines of a `show config`.
//! It does not know which servers for management run, nor the filters of an interface: what it says of them is unknown.
//! Invariant: a tunnel is restricted to the remote address of its policy, and to nobody when the policy is not in the file.
//!
//! Syntax and meaning: Century Systems, "FutureNet NXRシリーズ ユーザーズガイド CLI編", nodes on IPsec, tunnels and PPP.

use crate::blocks::{Block, after, blocks, by_name};
use crate::draft::{self, absence, ground};
use crate::families::{Family, weigh};
use crate::networks::{self, Networks, Say};
use crate::reach::Access;
use crate::split::Device;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, WayIn, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use std::collections::BTreeMap;

/// The parser.
pub(crate) struct CenturyNxr;

const OPENS: [&str; 6] =
    ["interface ", "ipsec local policy ", "ipsec isakmp policy ", "ipsec tunnel policy ", "l2tpv3 tunnel ", "l2tp "];

impl Family for CenturyNxr {
    fn id(&self) -> &'static str {
        "century_nxr"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "ipsec local policy ",
            "ipsec isakmp policy ",
            "ipsec tunnel policy ",
            "set key-exchange isakmp ",
            "ip spi-filter",
            "tunnel protection ipsec policy ",
        ];
        weigh(line, SURE, &["ip masquerade"])
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Century Systems".to_owned());
        let blocks = blocks(&device.config, |head| OPENS.iter().any(|open| head.starts_with(open)));
        if let Some(name) = blocks.iter().find_map(|block| after(block.head, "hostname")) {
            reading.identity.name = Some(draft::word(name));
        }
        let known = Known::of(&blocks);
        for block in blocks.iter().filter(|block| block.head.starts_with("ipsec tunnel policy ")).take(2000) {
            reading.ways_in.push(tunnel(&known, block));
        }
        for block in blocks.iter().filter(|block| block.head.starts_with("interface ")) {
            reading.ways_in.extend(other(block));
        }
        networks(&blocks, reading);
        draft::only_tunnels(
            reading,
            "この機種では、トンネルとモバイル回線以外（管理アクセス、フィルタ、転送）は読んでいません",
            "of this family only tunnels and mobile lines are read: not management, filters or forwards",
        );
    }
}

fn named(far: &str) -> FarEnd {
    match far {
        "any" => FarEnd::Anyone,
        far if far.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(far)),
        "" => FarEnd::Unknown,
        far => FarEnd::Name(draft::word(far)),
    }
}

/// Blocks that others refer to by number.
struct Known<'b, 'l> {
    policies: BTreeMap<&'l str, &'b Block<'l>>,
    /// Tunnel policies that an interface uses: the line that says so, and the interface.
    used: BTreeMap<&'l str, (u32, &'l str)>,
}

impl<'b, 'l> Known<'b, 'l> {
    fn of(blocks: &'b [Block<'l>]) -> Self {
        let mut used = BTreeMap::new();
        for interface in blocks.iter().filter(|block| block.head.starts_with("interface ")) {
            let uses = interface.find("tunnel protection ipsec policy").or_else(|| interface.find("ipsec policy"));
            if let Some((line, rest)) = uses {
                used.entry(rest.split(' ').next().unwrap_or_default()).or_insert((line, interface.head));
            }
        }
        Self { policies: by_name(blocks, "ipsec isakmp policy"), used }
    }
}

/// `ipsec tunnel policy N` → `set key-exchange isakmp M` → `ipsec isakmp policy M` → `remote address ip X`.
fn tunnel(known: &Known<'_, '_>, block: &Block<'_>) -> WayIn {
    let number = block.find("set key-exchange isakmp").map(|(_, number)| number.split(' ').next().unwrap_or_default());
    let policy = number.and_then(|number| known.policies.get(number));
    let remote = ["remote address ip", "remote address ipv6"];
    let remote = policy.and_then(|policy| remote.iter().find_map(|words| policy.find(words)));
    let far = remote.map_or(FarEnd::Unknown, |(_, far)| named(far.split(' ').next().unwrap_or_default()));
    let technology = match policy.and_then(|policy| policy.find("version")) {
        Some((_, "2")) => "ipsec-ikev2",
        Some((_, "1")) => "ipsec-ikev1",
        _ => "ipsec",
    };
    let mut way = draft::way(block.head, WayInSort::SiteToSite, technology, far.clone());
    let policy_number = after(block.head, "ipsec tunnel policy").unwrap_or_default();
    let used = known.used.get(policy_number).copied();
    way.enabled = match used {
        Some((line, interface)) => draft::yes(ground(
            line,
            format!("{} で使われています", draft::word(interface)),
            format!("{} uses it", draft::word(interface)),
        )),
        None => draft::unknown(ground(
            block.line,
            "使うインターフェースが見当たりません",
            "no interface is seen that uses it",
        )),
    };
    way.restriction = match (far, remote) {
        (FarEnd::Address(far) | FarEnd::Name(far), Some((line, _))) => Access::named(
            [far],
            ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        _ => Access::unknown(ground(
            block.line,
            "相手を特定できないか、どこからでも受け付けます",
            "the far end is not clear, or anybody is taken",
        )),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    way
}

/// Tunnels without IPsec, and mobile lines.
fn other(block: &Block<'_>) -> Option<WayIn> {
    let name = after(block.head, "interface")?;
    if let Some((line, far)) = block.find("tunnel destination").filter(|_| name.starts_with("tunnel")) {
        let technology = match block.find("tunnel mode").map(|(_, mode)| mode.split(' ').next().unwrap_or_default()) {
            Some("gre") => "gre",
            Some("ipip") => "ipip",
            _ => "unknown",
        };
        let far = named(far.split(' ').next().unwrap_or_default());
        let mut way = draft::way(block.head, WayInSort::SiteToSite, technology, far);
        way.enabled = draft::yes(ground(block.line, "設定されています", "it is configured"));
        way.restriction =
            Access::unknown(ground(line, "フィルタは読んでいません", "filters are not read")).restriction();
        way.second_factor = draft::not_applicable();
        return Some(way);
    }
    let modem = block.find("mobile").or_else(|| block.find("modem"))?;
    let mut way = draft::way(block.head, WayInSort::MobileUplink, "lte", FarEnd::Unknown);
    way.enabled = draft::unknown(ground(modem.0, "モバイル回線の設定があります", "a mobile line is configured"));
    way.interface = Some(draft::word(name));
    way.restriction.restricted = draft::unknown(absence(
        "モバイル回線側の制限は、契約とフィルタによります",
        "who reaches it over the mobile line depends on its contract and filters",
    ));
    way.second_factor = draft::not_applicable();
    Some(way)
}

/// Interfaces and static routes. What holds without `shutdown` was not read in the manual.
fn networks(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for block in blocks {
        if let Some(name) = after(block.head, "interface") {
            networks::block(&mut networks, name, block, Answer::Unknown);
            if block.find("ip masquerade").is_some() {
                networks.interface(name, block.line).role(InterfaceRole::Wan);
            }
        } else if let Some(rest) = after(block.head, "ip route") {
            networks::route(&mut networks, block.line, rest);
        } else if let Some(rest) = after(block.head, "ipv6 route") {
            networks::route_six(&mut networks, block.line, rest);
        }
    }
    networks.end(reading);
}
