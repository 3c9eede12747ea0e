//! Tunnel interfaces of an IX, and whom they take.
//! It does not know keys, and looks at none.
//! Invariant: a tunnel whose map or peer is not in the file has a far end that is unknown.

use super::filters::{Lists, Service};
use super::{all, draft};
use crate::blocks::{Block, after};
use crate::draft::{absence, ground};
use crate::reach::Access;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayIn, WayInSort};

/// Adds every tunnel interface.
pub(super) fn read(blocks: &[Block<'_>], lists: &Lists<'_>, reading: &mut DeviceReading) {
    for block in blocks.iter().filter(|block| block.head.starts_with("interface Tunnel")).take(2000) {
        let way = way(blocks, lists, block);
        // An interface that was made and never given a sort is nothing that anybody can come in by.
        if way.technology != "unknown" || way.enabled.answer != Answer::No {
            reading.ways_in.push(way);
        }
    }
}

/// `no shutdown` or `shutdown`; both are printed.
pub(super) fn enabled(block: &Block<'_>) -> Answered {
    if let Some((line, _)) = block.find("no shutdown") {
        return draft::yes(ground(line, "有効にしています（no shutdown）", "it is enabled (no shutdown)"));
    }
    match block.find("shutdown") {
        Some((line, _)) => draft::no(ground(line, "止めています（shutdown）", "it is shut down")),
        None => draft::unknown(ground(
            block.line,
            "shutdown も no shutdown もありません",
            "neither `shutdown` nor `no shutdown` is there",
        )),
    }
}

fn way(blocks: &[Block<'_>], lists: &Lists<'_>, block: &Block<'_>) -> WayIn {
    let name = after(block.head, "interface").unwrap_or_default();
    let mode = block.find("tunnel mode").map_or("", |(_, mode)| mode);
    let ipsec = block.find("ipsec policy").is_some();
    let first = mode.split(' ').next().unwrap_or_default();
    let (sort, technology) = match first {
        "ipsec" => (WayInSort::SiteToSite, "ipsec-ikev1"),
        "ipsec-ikev2" => (WayInSort::SiteToSite, "ipsec-ikev2"),
        "l2tp-lns" => (WayInSort::RemoteAccess, if mode.contains("ipsec") || ipsec { "l2tp-ipsec" } else { "l2tp" }),
        "l2tpv3" => (WayInSort::SiteToSite, if ipsec { "l2tpv3-ipsec" } else { "l2tpv3" }),
        "gre" => (WayInSort::SiteToSite, if ipsec { "gre-ipsec" } else { "gre" }),
        "ether-ip" => {
            (WayInSort::SiteToSite, if ipsec || mode.contains("ipsec") { "etherip-ipsec" } else { "etherip" })
        }
        "4-over-6" | "6-over-4" | "map-e" | "ds-lite" | "4-over-4" => (WayInSort::SiteToSite, "ipip"),
        _ => (WayInSort::SiteToSite, "unknown"),
    };
    let (far, line) = far_end(blocks, block, first);
    let mut way = draft::way(&format!("interface {name}"), sort, technology, far.clone());
    way.enabled = enabled(block);
    way.interface = outgoing(block).map(draft::word);
    way.restriction = match &far {
        FarEnd::Address(far) | FarEnd::Name(far) => Access::named(
            [far.clone()],
            ground(
                line,
                "このトンネルは書かれた相手とだけつながります",
                "this tunnel takes the far end named here and no other",
            ),
        ),
        FarEnd::Anyone => {
            let anyone = ground(line, "どこからの相手でも受け付けます", "it takes a far end from anywhere");
            Access::anyone(anyone).and(lists.reach(Service::Udp(500)))
        }
        FarEnd::Unknown => Access::unknown(ground(line, "相手が書かれていません", "no far end is named")),
    }
    .restriction();
    if sort == WayInSort::RemoteAccess {
        (way.users, way.second_factor) = people(blocks, block);
    } else {
        way.second_factor = draft::not_applicable();
    }
    way
}

fn outgoing<'l>(block: &Block<'l>) -> Option<&'l str> {
    let named = ["ikev2 outgoing-interface", "tunnel adjust-outgoing-interface", "tunnel source"];
    named.iter().find_map(|words| block.find(words)).and_then(|(_, rest)| rest.split(' ').next())
}

fn named(word: &str) -> FarEnd {
    match word {
        "any" => FarEnd::Anyone,
        word if word.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(word)),
        word => FarEnd::Name(draft::word(word)),
    }
}

/// The far end of a tunnel, and the line that shows it.
fn far_end(blocks: &[Block<'_>], block: &Block<'_>, mode: &str) -> (FarEnd, u32) {
    let own = ["ikev2 peer-fqdn-ipv4", "ikev2 peer-fqdn-ipv6", "ikev2 peer", "tunnel destination"];
    if let Some((line, rest)) = own.iter().find_map(|words| block.find(words)) {
        return (rest.split(' ').find(|word| *word != "fqdn").map_or(FarEnd::Unknown, named), line);
    }
    let policies = ["ipsec policy tunnel", "ipsec policy transport"];
    let Some((line, map)) = policies.iter().find_map(|words| block.find(words)) else {
        return (FarEnd::Unknown, block.line);
    };
    let map = map.split(' ').next().unwrap_or_default();
    let is = |rest: &str| rest.split(' ').next() == Some(map);
    if let Some((line, _)) = all(blocks, "ipsec dynamic-map").find(|(_, rest)| is(rest)) {
        return (FarEnd::Anyone, line);
    }
    let Some((line, rest)) = all(blocks, "ipsec autokey-map").find(|(_, rest)| is(rest)) else {
        // L2TP of people without a map of its own takes whoever has the key.
        return (if mode == "l2tp-lns" { FarEnd::Anyone } else { FarEnd::Unknown }, line);
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let peer = words.iter().position(|word| *word == "peer" || word.starts_with("peer-fqdn"));
    (peer.and_then(|at| words.get(at + 1)).map_or(FarEnd::Unknown, |word| named(word)), line)
}

/// The users of the PPP profile that is bound to an interface.
fn people(blocks: &[Block<'_>], block: &Block<'_>) -> (Option<u32>, Answered) {
    let profile = block.find("ppp binding").map(|(_, rest)| rest);
    let profile = profile.and_then(|name| blocks.iter().find(|block| after(block.head, "ppp profile") == Some(name)));
    let Some(profile) = profile else {
        return (None, draft::unknown(absence("利用者の登録が見当たりません", "no users are seen")));
    };
    if let Some((line, _)) = profile.body.iter().find(|(_, text)| text.contains("radius")) {
        return (
            None,
            draft::unknown(ground(*line, "利用者は RADIUS サーバが知っています", "a RADIUS server knows the users")),
        );
    }
    let names: std::collections::BTreeSet<&str> =
        profile.all("authentication password").filter_map(|(_, rest)| rest.split(' ').next()).collect();
    if names.is_empty() {
        return (None, draft::unknown(ground(profile.line, "利用者の登録が見当たりません", "no users are seen")));
    }
    let why = ground(
        profile.line,
        "ルータに登録した名前とパスワードだけで認証します",
        "a name and a password that the router holds are all it asks",
    );
    (u32::try_from(names.len()).ok(), draft::no(why))
}
