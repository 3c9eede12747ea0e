//! VPN of an ASA: WebVPN and AnyConnect, IPsec to sites and for people.
//! It does not know keys, and looks at none.
//! Invariant: a dynamic map takes anybody; who is named as peer is taken and nobody else.

use super::{Config, Service};
use crate::draft::{self, absence, ground};
use crate::reach::Access;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeMap;

/// Adds every VPN.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    web(config, reading);
    maps(config, reading);
    for block in config.blocks.iter().filter(|block| block.head.starts_with("interface Tunnel")).take(2000) {
        let Some((line, far)) = block.find("tunnel destination") else { continue };
        let mut way = draft::way(block.head, WayInSort::SiteToSite, "ipsec", peer(far));
        way.enabled = match block.find("shutdown") {
            Some((line, _)) => draft::no(ground(line, "止めています（shutdown）", "it is shut down")),
            None => draft::yes(ground(block.line, "設定されています", "it is configured")),
        };
        way.interface = block.find("tunnel source interface").map(|(_, name)| draft::word(name));
        way.restriction = only(line, &[draft::word(far)]).restriction();
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}

fn only(line: u32, peers: &[String]) -> Access {
    let why = ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other");
    Access::named(peers.iter().cloned(), why)
}

fn peer(word: &str) -> FarEnd {
    let address = word.parse::<std::net::IpAddr>().is_ok();
    if address { FarEnd::Address(draft::word(word)) } else { FarEnd::Name(draft::word(word)) }
}

/// `webvpn` / ` enable outside`.
fn web(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let Some(block) = config.block("webvpn") else { return };
    for (line, rest) in block.all("enable") {
        let Some(interface) = rest.split(' ').next().filter(|name| !name.is_empty()) else { continue };
        let mut way = draft::way(&format!("webvpn {interface}"), WayInSort::RemoteAccess, "ssl-vpn", FarEnd::Anyone);
        way.enabled =
            draft::yes(ground(line, format!("{interface} で有効です"), format!("it is enabled on {interface}")));
        way.interface = Some(draft::word(interface));
        let port = block.find("port").and_then(|(_, port)| port.parse().ok()).unwrap_or(443);
        let open = ground(line, format!("{interface} で待ち受けます"), format!("it listens on {interface}"));
        way.restriction = config.control_plane(interface, Service::Tcp(port), Access::anyone(open)).restriction();
        (way.users, way.second_factor) = people(config);
        reading.ways_in.push(way);
    }
}

struct Entry<'l> {
    line: u32,
    peers: Vec<&'l str>,
    dynamic: bool,
    two: bool,
}

/// Entries of the crypto maps that an interface has.
fn maps(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut entries: BTreeMap<(&str, u32), Entry<'_>> = BTreeMap::new();
    let mut applied: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    for (line, rest) in config.all("crypto map").take(20_000) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words.as_slice() {
            [map, "interface", name, ..] => {
                applied.insert(map, (line, name));
            }
            [map, number, tail @ ..] => {
                let Ok(number) = number.parse() else { continue };
                let entry = entries.entry((map, number)).or_insert(Entry {
                    line,
                    peers: Vec::new(),
                    dynamic: false,
                    two: false,
                });
                match tail {
                    ["set", "peer", peers @ ..] => {
                        entry.peers.extend(peers);
                        entry.line = line;
                    }
                    ["ipsec-isakmp", "dynamic", ..] => entry.dynamic = true,
                    ["set", "ikev2", ..] => entry.two = true,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    for ((map, number), entry) in entries {
        reading.ways_in.push(way(config, map, number, &entry, applied.get(map).copied()));
    }
}

fn way(config: &Config<'_, '_>, map: &str, number: u32, entry: &Entry<'_>, applied: Option<(u32, &str)>) -> WayIn {
    let people_come = entry.dynamic && remote_groups(config).next().is_some();
    let far = match (entry.dynamic, entry.peers.first()) {
        (true, _) => FarEnd::Anyone,
        (false, Some(first)) => peer(first),
        (false, None) => FarEnd::Unknown,
    };
    let sort = if people_come { WayInSort::RemoteAccess } else { WayInSort::SiteToSite };
    let technology = if entry.dynamic {
        "ipsec"
    } else if entry.two {
        "ipsec-ikev2"
    } else {
        "ipsec-ikev1"
    };
    let mut way = draft::way(&format!("crypto map {map} {number}"), sort, technology, far);
    way.interface = applied.map(|(_, name)| draft::word(name));
    way.enabled = match applied {
        None => {
            draft::no(ground(entry.line, "このマップを使うインターフェースがありません", "no interface uses this map"))
        }
        Some((line, name)) => {
            let on = ["crypto ikev1 enable", "crypto ikev2 enable", "crypto isakmp enable", "isakmp enable"];
            let ike =
                on.iter().find_map(|words| config.all(words).find(|(_, rest)| rest.split(' ').next() == Some(name)));
            match ike {
                Some((line, _)) => {
                    draft::yes(ground(line, format!("{name} で IKE が有効です"), format!("IKE is enabled on {name}")))
                }
                None => draft::unknown(ground(
                    line,
                    format!("{name} で IKE を有効にする行がありません"),
                    format!("no line enables IKE on {name}"),
                )),
            }
        }
    };
    way.restriction = if entry.dynamic {
        let open = ground(
            entry.line,
            "動的マップはどこからの相手でも受け付けます",
            "a dynamic map takes a far end from anywhere",
        );
        let open = Access::anyone(open);
        applied.map_or(open.clone(), |(_, name)| config.control_plane(name, Service::Udp(500), open))
    } else if entry.peers.is_empty() {
        Access::unknown(ground(entry.line, "相手が書かれていません", "no far end is named"))
    } else {
        only(entry.line, &entry.peers.iter().map(|peer| draft::word(peer)).collect::<Vec<_>>())
    }
    .restriction();
    if people_come {
        (way.users, way.second_factor) = people(config);
    } else {
        way.second_factor = draft::not_applicable();
    }
    way
}

/// Tunnel groups of people.
fn remote_groups<'l>(config: &Config<'_, 'l>) -> impl Iterator<Item = (u32, &'l str)> {
    config.all("tunnel-group").filter_map(|(line, rest)| {
        let mut words = rest.split_whitespace();
        let (name, sort, kind) = (words.next()?, words.next()?, words.next()?);
        (sort == "type" && ["remote-access", "webvpn", "ipsec-ra"].contains(&kind)).then_some((line, name))
    })
}

/// Users whom the device knows, and whether every group asks for a second factor.
fn people(config: &Config<'_, '_>) -> (Option<u32>, Answered) {
    let (mut local, mut bare, mut unclear) = (true, None, false);
    let mut groups = 0;
    for (line, name) in remote_groups(config) {
        groups += 1;
        let general = config.block(&format!("tunnel-group {name} general-attributes"));
        let web = config.block(&format!("tunnel-group {name} webvpn-attributes"));
        let server = general.and_then(|block| block.find("authentication-server-group"));
        let second = general.is_some_and(|block| block.find("secondary-authentication-server-group").is_some());
        let certificate = web
            .and_then(|block| block.find("authentication"))
            .is_some_and(|(_, rest)| rest.contains("aaa") && rest.contains("certificate"));
        let saml = web.and_then(|block| block.find("authentication")).is_some_and(|(_, rest)| rest.contains("saml"));
        // Without a line that names it, which server proves people is not known to us.
        let elsewhere = saml || !server.is_some_and(|(_, rest)| rest.split(' ').any(|word| word == "LOCAL"));
        local = local && !elsewhere;
        if !second && !certificate {
            if elsewhere { unclear = true } else { bare = Some(line) }
        }
    }
    let users = config
        .all("username")
        .filter_map(|(_, rest)| rest.split(' ').next())
        .collect::<std::collections::BTreeSet<_>>();
    let users = (local && groups > 0 && !users.is_empty()).then(|| u32::try_from(users.len()).unwrap_or(u32::MAX));
    let second = match (groups, bare, unclear) {
        (0, ..) => draft::unknown(absence("接続グループ（tunnel-group）が見当たりません", "no tunnel group is seen")),
        (_, Some(line), _) => draft::no(ground(
            line,
            "この接続グループは名前とパスワードだけを求めます",
            "this tunnel group asks for a name and a password only",
        )),
        (_, None, true) => draft::unknown(absence(
            "外部の認証サーバが求めるものは分かりません",
            "what the authentication server asks is not known",
        )),
        _ => draft::answered(
            Answer::Yes,
            absence("すべての接続グループが二つの要素を求めます", "every tunnel group asks for two factors"),
        ),
    };
    (users, second)
}
