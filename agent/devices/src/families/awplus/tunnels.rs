//! Tunnels, OpenVPN, forwarded ports and mobile lines.
//! It does not know keys, and looks at none.
//! Invariant: a tunnel that names one far end is restricted to it; one that takes anybody is what the firewall makes of it.

use super::Config;
use super::firewall::{Firewall, Service};
use crate::blocks::Block;
use crate::draft::{self, absence, ground};
use crate::reach::{Access, EVERYWHERE};
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeMap;

/// Adds all of them.
pub(super) fn read(config: &Config<'_, '_>, firewall: &Firewall<'_>, reading: &mut DeviceReading) {
    let mut reach = Reach { firewall, known: BTreeMap::new() };
    let peers = Peers::of(config);
    for (block, name) in config.heads("interface").filter(|(_, name)| name.starts_with("tunnel")).take(2000) {
        reading.ways_in.push(tunnel(&peers, &mut reach, block, name));
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

/// What the firewall leaves of a port, found once for each.
struct Reach<'f, 'l> {
    firewall: &'f Firewall<'l>,
    known: BTreeMap<u16, Access>,
}

impl Reach<'_, '_> {
    fn udp(&mut self, port: u16) -> Access {
        if self.known.len() > 20 {
            return Access::unknown(absence(
                "ポートの種類が多すぎるため判断しません",
                "there are too many ports to be judged",
            ));
        }
        self.known.entry(port).or_insert_with(|| self.firewall.reach(Service::Udp(port))).clone()
    }
}

/// IKE versions of profiles, and the profiles that peers have.
struct Peers<'l> {
    profiles: BTreeMap<&'l str, &'static str>,
    peers: BTreeMap<&'l str, &'l str>,
}

impl<'l> Peers<'l> {
    fn of(config: &Config<'_, 'l>) -> Self {
        let versions = config.heads("crypto isakmp profile").map(|(block, name)| {
            let version = block.find("version").and_then(|(_, rest)| rest.split(' ').next());
            let known = match version {
                Some("1") => "ipsec-ikev1",
                Some("2") => "ipsec-ikev2",
                _ => "ipsec",
            };
            (name, known)
        });
        let peers = config.all("crypto isakmp peer").filter_map(|(_, rest)| {
            let words: Vec<&str> = rest.split_whitespace().collect();
            match words.as_slice() {
                ["dynamic", "profile", profile, ..] => Some(("dynamic", *profile)),
                [_, peer, "profile", profile, ..] => Some((*peer, *profile)),
                _ => None,
            }
        });
        Self { profiles: versions.collect(), peers: peers.collect() }
    }

    /// Where both the peer and its profile are in the file.
    fn version(&self, far: &str) -> &'static str {
        self.peers.get(far).and_then(|profile| self.profiles.get(profile)).copied().unwrap_or("ipsec")
    }
}

fn tunnel(peers: &Peers<'_>, reach: &mut Reach<'_, '_>, block: &Block<'_>, name: &str) -> WayIn {
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
        return openvpn(reach, block, &key);
    }
    let technology = match (mode.split(' ').next().unwrap_or_default(), protected) {
        ("ipsec", _) => peers.version(destination.map_or("", |(_, far)| far)),
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
                .and(reach.udp(500))
        }
        FarEnd::Unknown => Access::unknown(ground(block.line, "相手が書かれていません", "no far end is named")),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    way
}

/// `tunnel mode openvpn tun`: people dial in; a RADIUS server knows them.
fn openvpn(reach: &mut Reach<'_, '_>, block: &Block<'_>, key: &str) -> WayIn {
    let mut way = draft::way(key, WayInSort::RemoteAccess, "openvpn", FarEnd::Anyone);
    way.enabled = running(block);
    way.interface = block.find("tunnel source").map(|(_, source)| draft::word(source));
    let port = block.find("tunnel openvpn port").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    let open = Access::anyone(ground(block.line, "どこからの相手でも受け付けます", "it takes callers from anywhere"));
    way.restriction = match (port, reach.firewall.protects()) {
        (Some(port), _) => open.and(reach.udp(port)),
        // Without its port it is not known which rules concern it; without a firewall none do.
        (None, false) => open.and(reach.udp(1194)),
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
