//! Century Systems FutureNet NXR, VXR, WXR: tunnels and mobile lines of a `show config`.
//! It does not know which servers for management run, nor the filters of an interface: what it says of them is unknown.
//! Invariant: a tunnel is restricted to the remote address of its policy, and to nobody when the policy is not in the file.
//!
//! Syntax and meaning: Century Systems, "FutureNet NXRシリーズ ユーザーズガイド CLI編", nodes on IPsec, tunnels and PPP.

use crate::blocks::{Block, after, blocks};
use crate::draft::{self, absence, ground};
use crate::families::{Family, weigh};
use crate::reach::Access;
use crate::split::Device;
use daicho_schemas::fact::device::{DeviceReading, FarEnd, WayIn, WayInSort};

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
        for block in blocks.iter().filter(|block| block.head.starts_with("ipsec tunnel policy ")).take(2000) {
            reading.ways_in.push(tunnel(&blocks, block));
        }
        for block in blocks.iter().filter(|block| block.head.starts_with("interface ")) {
            reading.ways_in.extend(other(block));
        }
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

/// `ipsec tunnel policy N` → `set key-exchange isakmp M` → `ipsec isakmp policy M` → `remote address ip X`.
fn tunnel(blocks: &[Block<'_>], block: &Block<'_>) -> WayIn {
    let number = block.find("set key-exchange isakmp").map(|(_, number)| number.split(' ').next().unwrap_or_default());
    let policy =
        number.and_then(|number| blocks.iter().find(|block| after(block.head, "ipsec isakmp policy") == Some(number)));
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
    let used = blocks.iter().filter(|block| block.head.starts_with("interface ")).find_map(|interface| {
        let uses = interface.find("tunnel protection ipsec policy").or_else(|| interface.find("ipsec policy"))?;
        (uses.1.split(' ').next() == Some(policy_number)).then_some((uses.0, interface.head))
    });
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
