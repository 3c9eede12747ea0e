//! Tunnels, OpenVPN, forwarded ports and mobile lines.
//! It does not know keys, and looks at none.
//! Invariant: a tunnel that names one far end is restricted to it; one that takes anybody is what the firewall makes of it.

use super::Config;
use super::firewall::{Firewall, Service};
use crate::blocks::Block;
use crate::draft::{self, absence, ground};
use crate::reach::{Access, EVERYWHERE};
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, WayIn, WayInSort};

/// Adds all of them.
pub(super) fn read(config: &Config<'_, '_>, firewall: &Firewall<'_>, reading: &mut DeviceReading) {
    for (block, name) in config.heads("interface").filter(|(_, name)| name.starts_with("tunnel")).take(2000) {
        reading.ways_in.push(tunnel(config, firewall, block, name));
    }
    for (block, name) in config.heads("interface").filter(|(_, name)| name.starts_with("cellular")) {
        let mut way = draft::way(&format!("interface {name}"), WayInSort::MobileUplink, "lte", FarEnd::Unknown);
        way.enabled = running(block);
        way.interface = Some(draft::word(name));
        way.restriction.restricted = draft::unknown(absence(
            "モバイル回線側の制限は、契約とフィルタによります",
            "who reaches it over the mobile line depends on its contract and filters",
        ));
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
    if let Some(nat) = config.blocks.iter().find(|block| block.head == "nat") {
        for (line, rule) in nat.all("rule").take(2000) {
            reading.ways_in.extend(forward(firewall, nat, line, rule));
        }
    }
}

fn running(block: &Block<'_>) -> Answered {
    match block.find("shutdown") {
        Some((line, _)) => draft::no(ground(line, "止めています（shutdown）", "it is shut down")),
        None => draft::yes(ground(block.line, "設定されています", "it is configured")),
    }
}

/// The IKE version of the profile that a peer has, where both are in the file.
fn version(config: &Config<'_, '_>, far: &str) -> &'static str {
    let profile = config.all("crypto isakmp peer").find_map(|(_, rest)| {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words.as_slice() {
            [_, peer, "profile", profile, ..] if *peer == far => Some(*profile),
            ["dynamic", "profile", profile, ..] if far == "dynamic" => Some(*profile),
            _ => None,
        }
    });
    let block = profile.and_then(|profile| config.heads("crypto isakmp profile").find(|(_, name)| *name == profile));
    match block.and_then(|(block, _)| block.find("version")).and_then(|(_, rest)| rest.split(' ').next()) {
        Some("1") => "ipsec-ikev1",
        Some("2") => "ipsec-ikev2",
        _ => "ipsec",
    }
}

fn tunnel(config: &Config<'_, '_>, firewall: &Firewall<'_>, block: &Block<'_>, name: &str) -> WayIn {
    let mode = block.find("tunnel mode").map_or("", |(_, mode)| mode);
    let protected = block.find("tunnel protection ipsec").is_some();
    let destination =
        block.find("tunnel destination").map(|(line, rest)| (line, rest.split(' ').next().unwrap_or_default()));
    let far = match destination.map(|(_, far)| far) {
        Some("dynamic") => FarEnd::Anyone,
        Some(far) if far.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(far)),
        Some(far) if !far.is_empty() => FarEnd::Name(draft::word(far)),
        _ => FarEnd::Unknown,
    };
    let key = format!("interface {name}");
    if mode.starts_with("openvpn") {
        return openvpn(firewall, block, &key);
    }
    let technology = match (mode.split(' ').next().unwrap_or_default(), protected) {
        ("ipsec", _) => version(config, destination.map_or("", |(_, far)| far)),
        ("gre", true) => "gre-ipsec",
        ("gre", false) => "gre",
        ("l2tp", true) => "l2tpv3-ipsec",
        ("l2tp", false) => "l2tpv3",
        ("ds-lite" | "map-e" | "lw4o6" | "ipv6" | "6to4", _) => "ipip",
        _ => "unknown",
    };
    let mut way = draft::way(&key, WayInSort::SiteToSite, technology, far.clone());
    way.enabled = running(block);
    way.interface = block.find("tunnel source").map(|(_, source)| draft::word(source));
    let line = destination.map_or(block.line, |(line, _)| line);
    way.restriction = match far {
        FarEnd::Address(far) | FarEnd::Name(far) => Access::named(
            [far],
            ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        FarEnd::Anyone => {
            Access::anyone(ground(line, "どこからの相手でも受け付けます", "it takes a far end from anywhere"))
                .and(firewall.reach(Service::Udp(500)))
        }
        FarEnd::Unknown => Access::unknown(ground(block.line, "相手が書かれていません", "no far end is named")),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    way
}

/// `tunnel mode openvpn tun`: people dial in; a RADIUS server knows them.
fn openvpn(firewall: &Firewall<'_>, block: &Block<'_>, key: &str) -> WayIn {
    let mut way = draft::way(key, WayInSort::RemoteAccess, "openvpn", FarEnd::Anyone);
    way.enabled = running(block);
    way.interface = block.find("tunnel source").map(|(_, source)| draft::word(source));
    let port = block.find("tunnel openvpn port").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    let open = Access::anyone(ground(block.line, "どこからの相手でも受け付けます", "it takes callers from anywhere"));
    way.restriction = match (port, firewall.protects()) {
        (Some(port), _) => open.and(firewall.reach(Service::Udp(port))),
        // Without its port it is not known which rules concern it; without a firewall none do.
        (None, false) => open.and(firewall.reach(Service::Udp(1194))),
        (None, true) => open.and(Access::unknown(draft::silent("tunnel openvpn port"))),
    }
    .restriction();
    way.second_factor = draft::unknown(absence(
        "利用者と認証は RADIUS サーバによります",
        "a RADIUS server knows the users and what it asks",
    ));
    way
}

/// `rule 20 portfwd http from public with dst dmz.servers.web dport 8080`.
fn forward(firewall: &Firewall<'_>, nat: &Block<'_>, line: u32, rule: &str) -> Option<WayIn> {
    let words: Vec<&str> = rule.split_whitespace().collect();
    let [number, "portfwd", application, "from", source, rest @ ..] = words.as_slice() else { return None };
    let behind = |word: &str| rest.iter().position(|is| *is == word).and_then(|at| rest.get(at + 1)).copied();
    let entity = behind("dst")?;
    let technology = firewall.technology(application);
    let mut way = draft::way(&format!("nat rule {number}"), WayInSort::PortForward, &technology, FarEnd::Unknown);
    way.enabled = match nat.find("enable") {
        Some((line, _)) => draft::yes(ground(line, "アドレス変換が有効です", "address translation is enabled")),
        None => {
            draft::unknown(ground(nat.line, "アドレス変換を有効にする行（enable）がありません", "no line enables it"))
        }
    };
    let inner = match firewall.spans(entity).as_deref() {
        Some([(start, end)]) if start == end => std::net::Ipv4Addr::from(*start).to_string(),
        _ => entity.to_owned(),
    };
    way.inside = vec![draft::word(&behind("dport").map_or(inner.clone(), |port| format!("{inner}:{port}")))];
    let open = match firewall.spans(source) {
        Some(spans) if spans.contains(&EVERYWHERE) => Access::anyone(ground(
            line,
            "変換の対象となる送信元に限定がありません",
            "the translation takes whatever source there is",
        )),
        Some(spans) => Access::named(
            spans.into_iter().map(crate::reach::shown),
            ground(line, "変換の対象となる送信元が限られています", "the translation takes the sources named here"),
        ),
        None => Access::unknown(ground(line, "送信元の範囲を読み取れません", "its sources are not understood")),
    };
    way.restriction = match firewall.protects() {
        true => open.and(Access::unknown(absence(
            "ファイアウォールがこの転送を通すかどうかは判断していません",
            "whether the firewall lets this through was not judged",
        ))),
        false => open,
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    Some(way)
}
