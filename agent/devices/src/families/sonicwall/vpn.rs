//! VPN of a SonicWall: policies to sites, the group policy for clients, SSL-VPN, and the users of the device.
//! It does not know keys, and looks at none; users whom LDAP or RADIUS knows are not counted.
//! Invariant: a policy whose gateway is 0.0.0.0 takes anybody.

use super::rules::{Places, Target};
use super::unquoted;
use crate::blocks::{Block, after};
use crate::draft::{self, absence, ground};
use crate::reach::Access;
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeMap;

/// A user of the device.
pub(super) struct Person<'l> {
    line: u32,
    statements: Vec<&'l str>,
}

impl Person<'_> {
    pub(super) fn is_of(&self, group: &str) -> bool {
        self.statements.iter().any(|text| {
            let rest = after(text, "member-of").or_else(|| text.split_once(" member-of ").map(|(_, rest)| rest));
            rest.is_some_and(|rest| unquoted(rest).eq_ignore_ascii_case(group))
        })
    }
}

/// The users of `user local`.
pub(super) fn people<'l>(blocks: &[Block<'l>]) -> Vec<Person<'l>> {
    let mut people: Vec<Person<'l>> = Vec::new();
    for block in blocks.iter().filter(|block| block.head.starts_with("user local")) {
        let mut open = false;
        for (line, text) in &block.body {
            if after(text, "user").is_some() {
                people.push(Person { line: *line, statements: vec![*text] });
                open = true;
            } else if after(text, "group").is_some() || after(text, "no user").is_some() {
                open = false;
            } else if let (true, Some(person)) = (open, people.last_mut()) {
                person.statements.push(*text);
            }
        }
    }
    people
}

/// Adds every VPN.
pub(super) fn read(
    blocks: &[Block<'_>],
    places: &Places<'_, '_>,
    outside: &BTreeMap<&str, u32>,
    reading: &mut DeviceReading,
) {
    for block in blocks {
        let Some(rest) = after(block.head, "vpn policy") else { continue };
        let (sort, name) = rest.split_once(' ').unwrap_or((rest, ""));
        match sort {
            "site-to-site" | "tunnel-interface" => reading.ways_in.push(policy(block, places, sort, unquoted(name))),
            "group-vpn" => {
                let key = format!("vpn policy group-vpn {}", unquoted(name));
                let mut way = draft::way(&key, WayInSort::RemoteAccess, "ipsec-ikev1", FarEnd::Anyone);
                way.enabled = enabled(block);
                way.restriction = places.reach(&Target::own("IKE", "udp", 500)).restriction();
                let why = absence("利用者と要素は判断していません", "users and factors were not judged");
                way.second_factor = draft::unknown(why);
                reading.ways_in.push(way);
            }
            _ => {}
        }
    }
    reading.ways_in.extend(ssl(blocks, places, outside));
}

fn enabled(block: &Block<'_>) -> Answered {
    match (block.find("no enable"), block.find("enable")) {
        (Some((line, _)), _) => draft::no(ground(line, "無効です", "it is disabled")),
        (_, Some((line, _))) => draft::yes(ground(line, "有効です", "it is enabled")),
        _ => draft::unknown(ground(block.line, "有効かどうか書かれていません", "whether it is enabled is not written")),
    }
}

fn policy(block: &Block<'_>, places: &Places<'_, '_>, sort: &str, name: &str) -> WayIn {
    let gateway = block.find("gateway primary").map(|(line, gateway)| (line, unquoted(gateway)));
    let far = match gateway {
        Some((_, "0.0.0.0" | "::")) => FarEnd::Anyone,
        Some((_, gateway)) if gateway.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(gateway)),
        Some((_, gateway)) if !gateway.is_empty() => FarEnd::Name(draft::word(gateway)),
        _ => FarEnd::Unknown,
    };
    let technology = match block.find("proposal ike exchange").map(|(_, exchange)| exchange) {
        Some("ikev2") => "ipsec-ikev2",
        Some("main" | "aggressive") => "ipsec-ikev1",
        _ => "ipsec",
    };
    let mut way = draft::way(&format!("vpn policy {sort} {name}"), WayInSort::SiteToSite, technology, far.clone());
    way.enabled = enabled(block);
    way.interface = block.find("bound-to interface").map(|(_, name)| draft::word(unquoted(name)));
    way.inside = block
        .all("network local")
        .filter_map(|(_, rest)| Some(draft::word(unquoted(after(rest, "name").or_else(|| after(rest, "group"))?))))
        .collect();
    let second = block.find("gateway secondary").map(|(_, gateway)| unquoted(gateway));
    let second = second.filter(|gateway| !gateway.is_empty() && *gateway != "0.0.0.0");
    way.restriction = match (&far, gateway) {
        (FarEnd::Address(far) | FarEnd::Name(far), Some((line, _))) => Access::named(
            std::iter::once(far.clone()).chain(second.map(draft::word)),
            ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        (FarEnd::Anyone, _) => places.reach(&Target::own("IKE", "udp", 500)),
        _ => Access::unknown(ground(block.line, "相手が書かれていません", "no far end is named")),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    way
}

/// SSL-VPN: `ssl-vpn server`, and the zones that offer it.
fn ssl(blocks: &[Block<'_>], places: &Places<'_, '_>, outside: &BTreeMap<&str, u32>) -> Option<WayIn> {
    let server = blocks.iter().find(|block| after(block.head, "ssl-vpn server").is_some())?;
    let mut way = draft::way("ssl-vpn server", WayInSort::RemoteAccess, "ssl-vpn", FarEnd::Anyone);
    let wan = blocks.iter().find(|block| after(block.head, "zone").is_some_and(|name| unquoted(name) == "WAN"));
    let said = |words: [&str; 3]| words.iter().find_map(|words| wan.and_then(|zone| zone.find(words)));
    let here = ["access WAN", "access zone WAN", "zone WAN", "enable zone WAN"];
    let here = here.iter().find_map(|words| server.find(words));
    way.enabled = match (
        said(["no sslvpn-access", "no ssl-vpn-access", "no ssl-vpn access"]),
        said(["sslvpn-access", "ssl-vpn-access", "ssl-vpn access"]).or(here),
    ) {
        (Some((line, _)), None) => {
            draft::no(ground(line, "ゾーン WAN では使えません", "the zone WAN does not offer it"))
        }
        (_, Some((line, _))) => draft::yes(ground(line, "ゾーン WAN で使えます", "the zone WAN offers it")),
        (None, None) => draft::unknown(ground(
            server.line,
            "どのゾーンで使えるかが書かれていません",
            "which zones offer it is not written",
        )),
    };
    let port = server.find("port").and_then(|(_, port)| port.parse().ok()).unwrap_or(4433);
    way.interface = outside.keys().next().filter(|_| outside.len() == 1).map(|name| draft::word(name));
    way.restriction = places.reach(&Target::own("SSLVPN", "tcp", port)).restriction();
    let all = people(blocks);
    let people: Vec<&Person<'_>> = all.iter().filter(|person| person.is_of("SSLVPN Services")).collect();
    let elsewhere = blocks.iter().any(|block| {
        let method = block.find("authentication-method").or_else(|| block.find("authentication method"));
        method.is_some_and(|(_, how)| how.trim() != "local" && !how.trim().starts_with("local-users"))
    });
    way.users = u32::try_from(people.len()).ok().filter(|users| *users > 0 && !elsewhere);
    let bare = people.iter().find(|person| person.statements.contains(&"no one-time-password"));
    way.second_factor = match bare {
        Some(person) => {
            draft::no(ground(person.line, "二要素のない利用者がいます", "there is a user without a second factor"))
        }
        None => draft::unknown(absence("利用者の要素は判断していません", "the factors of users were not judged")),
    };
    Some(way)
}
