//! VPN of IOS: crypto maps, tunnel interfaces (GRE, VTI, DMVPN), Easy VPN, FlexVPN, WebVPN, L2TP and PPTP.
//! It does not know keys, and looks at none.
//! Invariant: a dynamic map, a multipoint tunnel and a virtual template take anybody who has the key.

use super::Config;
use super::cisco::Service;
use crate::blocks::Block;
use crate::draft::{self, absence, ground};
use crate::reach::Access;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeMap;

/// Adds every VPN.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    maps(config, reading);
    for (block, name) in config.heads("interface").filter(|(_, name)| name.starts_with("Tunnel")).take(2000) {
        reading.ways_in.push(tunnel(config, block, name));
    }
    people(config, reading);
}

fn peer(word: &str) -> FarEnd {
    let address = word.parse::<std::net::IpAddr>().is_ok();
    if address { FarEnd::Address(draft::word(word)) } else { FarEnd::Name(draft::word(word)) }
}

fn only(line: u32, peers: impl IntoIterator<Item = String>) -> Access {
    Access::named(peers, ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"))
}

fn anybody(config: &Config<'_, '_>, line: u32, service: Service) -> Access {
    Access::anyone(ground(line, "どこからの相手でも受け付けます", "it takes a far end from anywhere"))
        .and(config.reach(service))
}

fn running(block: &Block<'_>) -> Answered {
    match block.find("shutdown") {
        Some((line, _)) => draft::no(ground(line, "止めています（shutdown）", "it is shut down")),
        None => draft::yes(ground(block.line, "設定されています", "it is configured")),
    }
}

/// `crypto map VPN 10 ipsec-isakmp` with its peers, and the interface that has the map.
fn maps(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut applied: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    for (block, name) in config.heads("interface") {
        if let Some((line, map)) = block.find("crypto map") {
            applied.insert(map.split(' ').next().unwrap_or_default(), (line, name));
        }
    }
    for (block, rest) in config.heads("crypto map").take(2000) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [map, number, "ipsec-isakmp", tail @ ..] = words.as_slice() else { continue };
        let dynamic = tail.first() == Some(&"dynamic");
        let peers: Vec<(u32, &str)> =
            block.all("set peer").map(|(line, rest)| (line, rest.split(' ').next().unwrap_or_default())).collect();
        let people_come = dynamic && config.all(&format!("crypto map {map} client")).next().is_some();
        let far = match (dynamic, peers.first()) {
            (true, _) => FarEnd::Anyone,
            (false, Some((_, first))) => peer(first),
            (false, None) => FarEnd::Unknown,
        };
        let sort = if people_come { WayInSort::RemoteAccess } else { WayInSort::SiteToSite };
        let two = block.find("set ikev2-profile").is_some();
        let technology = if two {
            "ipsec-ikev2"
        } else if dynamic {
            "ipsec"
        } else {
            "ipsec-ikev1"
        };
        let mut way = draft::way(&format!("crypto map {map} {number}"), sort, technology, far);
        way.interface = applied.get(map).map(|(_, name)| draft::word(name));
        way.enabled = match applied.get(map) {
            Some((line, name)) => {
                draft::yes(ground(*line, format!("{name} で使われています"), format!("{name} uses it")))
            }
            None => draft::no(ground(
                block.line,
                "このマップを使うインターフェースがありません",
                "no interface uses this map",
            )),
        };
        way.restriction = match (dynamic, peers.first()) {
            (true, _) => anybody(config, block.line, Service::Udp(500)),
            (false, Some((line, _))) => only(*line, peers.iter().map(|(_, peer)| draft::word(peer))),
            (false, None) => Access::unknown(ground(block.line, "相手が書かれていません", "no far end is named")),
        }
        .restriction();
        if people_come {
            (way.users, way.second_factor) = known(config, block.line);
        } else {
            way.second_factor = draft::not_applicable();
        }
        reading.ways_in.push(way);
    }
}

fn tunnel(config: &Config<'_, '_>, block: &Block<'_>, name: &str) -> WayIn {
    let mode = block.find("tunnel mode").map_or("gre ip", |(_, mode)| mode);
    let protected = block.find("tunnel protection ipsec").is_some();
    let technology = match (mode.split(' ').next().unwrap_or_default(), protected) {
        ("ipsec", _) => "ipsec",
        ("gre", true) => "gre-ipsec",
        ("gre", false) => "gre",
        ("ipip" | "ipv6ip", _) => "ipip",
        _ => "unknown",
    };
    let multipoint = mode.contains("multipoint");
    let servers: Vec<(u32, &str)> =
        block.all("ip nhrp nhs").map(|(line, rest)| (line, rest.split(' ').next().unwrap_or_default())).collect();
    let destination =
        block.find("tunnel destination").map(|(line, rest)| (line, rest.split(' ').next().unwrap_or_default()));
    let (far, access) = match (destination, multipoint) {
        (Some((line, "dynamic")), _) => (
            FarEnd::Unknown,
            Access::unknown(ground(line, "相手は動的に決まります", "the far end is found at run time")),
        ),
        (Some((line, far)), _) => (peer(far), only(line, [draft::word(far)])),
        (None, true) => {
            let far = servers.first().map_or(FarEnd::Anyone, |(_, hub)| peer(hub));
            let service = if protected { Service::Udp(500) } else { Service::Any };
            (far, anybody(config, block.line, service))
        }
        (None, false) => {
            (FarEnd::Unknown, Access::unknown(ground(block.line, "相手が書かれていません", "no far end is named")))
        }
    };
    let mut way = draft::way(&format!("interface {name}"), WayInSort::SiteToSite, technology, far);
    way.enabled = running(block);
    way.interface = block.find("tunnel source").map(|(_, name)| draft::word(name));
    way.restriction = access.restriction();
    way.second_factor = draft::not_applicable();
    way
}

/// Everything that people dial in by.
fn people(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut add = |key: &str, technology: &str, enabled: Answered, line: u32, service: Service| {
        let mut way = draft::way(key, WayInSort::RemoteAccess, technology, FarEnd::Anyone);
        way.enabled = enabled;
        way.restriction = anybody(config, line, service).restriction();
        (way.users, way.second_factor) = known(config, line);
        reading.ways_in.push(way);
    };
    for (block, name) in config.heads("crypto isakmp client configuration group") {
        let on = draft::yes(ground(block.line, "接続グループがあります", "a group of clients is configured"));
        add(
            &format!("crypto isakmp client configuration group {name}"),
            "ipsec-ikev1",
            on,
            block.line,
            Service::Udp(500),
        );
    }
    for (block, name) in config.heads("crypto ikev2 profile") {
        let template = block.find("virtual-template").is_some();
        let eap = block.all("authentication remote").any(|(_, how)| how.contains("eap") || how.contains("anyconnect"));
        if template || eap {
            let on = draft::yes(ground(block.line, "接続を受け付けるプロファイルです", "this profile takes callers"));
            add(&format!("crypto ikev2 profile {name}"), "ipsec-ikev2", on, block.line, Service::Udp(500));
        }
    }
    for (block, name) in config.heads("webvpn gateway") {
        let on = match block.find("inservice") {
            Some((line, _)) => draft::yes(ground(line, "動いています（inservice）", "it is in service")),
            None => draft::no(ground(block.line, "inservice がありません", "there is no `inservice`")),
        };
        let port =
            block.find("ip address").and_then(|(_, rest)| rest.split(' ').next_back()?.parse().ok()).unwrap_or(443);
        add(&format!("webvpn gateway {name}"), "ssl-vpn", on, block.line, Service::Tcp(port));
    }
    let dial_in = config.all("vpdn enable").next().is_some();
    for (block, name) in config.heads("vpdn-group") {
        if block.find("accept-dialin").is_none() {
            continue;
        }
        let pptp = block.all("protocol").any(|(_, protocol)| protocol == "pptp");
        let on = if dial_in {
            draft::yes(ground(block.line, "着信を受け付けます（accept-dialin）", "it takes callers (accept-dialin)"))
        } else {
            draft::no(ground(block.line, "vpdn enable がありません", "there is no `vpdn enable`"))
        };
        let (technology, service) = if pptp { ("pptp", Service::Tcp(1723)) } else { ("l2tp", Service::Udp(1701)) };
        add(&format!("vpdn-group {name}"), technology, on, block.line, service);
    }
}

/// Users whom the router itself knows. Whether a server elsewhere is asked, `aaa` says.
fn known(config: &Config<'_, '_>, line: u32) -> (Option<u32>, Answered) {
    let server = ["radius", "tacacs", "ldap"].iter().any(|kind| config.all("aaa").any(|(_, rest)| rest.contains(kind)));
    if server {
        return (
            None,
            draft::unknown(ground(
                line,
                "外部の認証サーバが求めるものは分かりません",
                "what the authentication server asks is not known",
            )),
        );
    }
    let names = config.all("username").filter_map(|(_, rest)| rest.split(' ').next());
    let names = names.collect::<std::collections::BTreeSet<_>>().len();
    if names == 0 {
        return (None, draft::unknown(absence("利用者の登録が見当たりません", "no users are seen")));
    }
    let why = absence(
        "ルータに登録した名前とパスワードだけで認証します",
        "a name and a password that the router holds are all it asks",
    );
    (u32::try_from(names).ok(), draft::answered(Answer::No, why))
}
