//! VPN of a FortiGate: SSL-VPN (Agentless VPN), IPsec to sites and for people, L2TP, PPTP, access proxies.
//! It does not know keys, and looks at none; users whom a directory knows are not counted.
//! Invariant: no `vpn ssl` in a file is no proof that nobody dials in: from 7.6.3 on it is IPsec that people use.

use super::access::{Places, Port};
use super::tree::{Object, Tree};
use crate::draft::{self, absence, ground};
use crate::reach::{Access, Filters};
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeSet;

/// Adds every VPN.
pub(super) fn read(tree: &Tree<'_>, places: &Places<'_, '_>, reading: &mut DeviceReading) {
    for settings in tree.settings("vpn ssl settings") {
        reading.ways_in.extend(ssl(tree, places, settings));
    }
    for path in ["vpn ipsec phase1-interface", "vpn ipsec phase1"] {
        for phase in tree.all(path).iter().take(2000) {
            reading.ways_in.push(ipsec(tree, places, path, phase));
        }
    }
    for (path, technology, port) in [("vpn l2tp", "l2tp-ipsec", Port::Udp(500)), ("vpn pptp", "pptp", Port::Tcp(1723))]
    {
        for settings in tree.settings(path) {
            // Settings without a switch are what every device prints.
            let Some((line, state)) = settings.one("status") else { continue };
            let mut way = draft::way(&named(path, settings), WayInSort::RemoteAccess, technology, FarEnd::Anyone);
            way.enabled = switched(line, state);
            way.restriction = everywhere(places, port).restriction();
            let groups: Vec<&str> = settings.one("usrgrp").map(|(_, group)| group).into_iter().collect();
            (way.users, way.second_factor) = people(tree, &groups, &[]);
            reading.ways_in.push(way);
        }
    }
}

/// The key, with the virtual domain where the file has some.
fn named(words: &str, object: &Object<'_>) -> String {
    let key = if object.name.is_empty() { words.to_owned() } else { format!("{words} {}", object.name) };
    if object.vdom.is_empty() { key } else { format!("vdom {} {key}", object.vdom) }
}

fn switched(line: u32, state: &str) -> Answered {
    match state {
        "enable" => draft::yes(ground(line, "有効です", "it is enabled")),
        "disable" => draft::no(ground(line, "無効です", "it is disabled")),
        _ => draft::unknown(ground(line, "有効かどうか読み取れません", "whether it is enabled is not understood")),
    }
}

/// Whatever interfaces outside leave of a port.
fn everywhere(places: &Places<'_, '_>, port: Port) -> Access {
    let over = places.outside.iter().map(|(name, line)| over(places, name, *line, port));
    over.reduce(Access::or).unwrap_or_else(|| {
        Access::unknown(absence(
            "外側のインターフェースがどれか、この設定から分かりません",
            "the configuration does not show which interface looks outside",
        ))
    })
}

fn over(places: &Places<'_, '_>, interface: &str, line: u32, port: Port) -> Access {
    let interface_name = draft::word(interface);
    let open = ground(line, format!("{interface_name} で待ち受けます"), format!("it listens on {interface_name}"));
    places.local_in(interface, port, Access::anyone(open))
}

fn ssl(tree: &Tree<'_>, places: &Places<'_, '_>, settings: &Object<'_>) -> Option<WayIn> {
    let rules: Vec<&Object<'_>> =
        tree.all("vpn ssl settings/authentication-rule").iter().filter(|rule| rule.vdom == settings.vdom).collect();
    let listens = settings.get("source-interface");
    if listens.is_none() && rules.is_empty() && settings.one("status").is_none() {
        return None;
    }
    let mut way = draft::way(&named("vpn ssl settings", settings), WayInSort::RemoteAccess, "ssl-vpn", FarEnd::Anyone);
    way.enabled = ssl_state(settings, listens.is_some());
    way.interface = listens.as_ref().map(|(_, names)| draft::word(&names.join(" ")));
    let port = settings.one("port").and_then(|(_, port)| port.parse().ok());
    let mut access = sources(places, settings, listens.as_ref().map_or(settings.line, |(line, _)| *line));
    if let (Some(port), Some((line, names))) = (port, &listens) {
        let over = names.iter().map(|name| over(places, name, *line, Port::Tcp(port))).reduce(Access::or);
        access = over.map_or(access.clone(), |over| access.and(over));
    }
    // Without its port it is not known which local-in policies concern it.
    if let (None, Some((line, names))) = (port, &listens)
        && names.iter().any(|name| places.has_local_in(name))
    {
        access = access.and(Access::unknown(ground(
            *line,
            "local-in ポリシーがあり、SSL-VPN のポートが書かれていないため、効くかどうか分かりません",
            "there are local-in policies, and without the port of SSL-VPN it is not known whether they apply",
        )));
    }
    way.restriction = access.restriction();
    let words = |key: &str| -> Vec<&str> {
        rules.iter().filter_map(|rule| rule.get(key)).flat_map(|(_, words)| words).collect()
    };
    (way.users, way.second_factor) = people(tree, &words("groups"), &words("users"));
    Some(way)
}

fn ssl_state(settings: &Object<'_>, listens: bool) -> Answered {
    if let Some((line, state)) = settings.one("status") {
        return switched(line, state);
    }
    let mut state = draft::unknown(draft::silent("set status"));
    if listens {
        let why = "待ち受けるインターフェースが書かれています";
        state.because.push(ground(settings.line, why, "an interface to listen on is written"));
    }
    state
}

/// `source-address` of the settings, and what its negation makes of it.
fn sources(places: &Places<'_, '_>, settings: &Object<'_>, line: u32) -> Access {
    let Some((line, names)) = settings.get("source-address") else {
        return Access::anyone(ground(
            line,
            "接続元アドレスの限定（source-address）がありません",
            "there is no restriction of sources (source-address)",
        ));
    };
    if settings.is("source-address-negate", "enable") {
        return Access::unknown(ground(
            line,
            "接続元は「以外」で書かれています",
            "the sources are written as all but some",
        ));
    }
    let mut filters = Filters::default();
    let shown = draft::word(&names.join(" "));
    for from in places.sources(&names) {
        filters.ask(true, true, &from, || {
            ground(line, format!("接続元アドレスは {shown} です"), format!("its sources (source-address) are {shown}"))
        });
    }
    let access = filters.end();
    // An object that holds nothing lets nobody in, which nobody configures: it is not in the file.
    if access.reach == crate::reach::Reach::Nobody {
        return Access::unknown(ground(
            line,
            format!("{shown} の中身を読み取れません"),
            format!("what {shown} holds is not understood"),
        ));
    }
    access
}

fn ipsec(tree: &Tree<'_>, places: &Places<'_, '_>, path: &str, phase: &Object<'_>) -> WayIn {
    let sort = phase.one("type");
    let gateway = phase.one("remote-gw").filter(|(_, address)| *address != "0.0.0.0").or(phase.one("remote-gw6"));
    let name = phase.one("remotegw-ddns");
    let (far, line) = match (sort, gateway, name) {
        (Some((line, "dynamic")), ..) => (FarEnd::Anyone, line),
        (_, _, Some((line, name))) => (FarEnd::Name(draft::word(name)), line),
        (_, Some((line, address)), _) => (FarEnd::Address(draft::word(address)), line),
        _ => (FarEnd::Unknown, phase.line),
    };
    let group = phase.one("authusrgrp").map(|(_, group)| group);
    let people_come = far == FarEnd::Anyone
        && (group.is_some()
            || phase.is("mode-cfg", "enable")
            || phase.one("xauthtype").is_some()
            || phase.is("eap", "enable"));
    let technology = match phase.one("ike-version") {
        Some((_, "2")) => "ipsec-ikev2",
        Some((_, "1")) | None => "ipsec-ikev1",
        _ => "ipsec",
    };
    let sort = if people_come { WayInSort::RemoteAccess } else { WayInSort::SiteToSite };
    let mut way = draft::way(&named(path.trim_start_matches("vpn ipsec "), phase), sort, technology, far.clone());
    let interface = phase.one("interface");
    way.interface = interface.map(|(_, name)| draft::word(name));
    way.enabled = match places.interfaces.get(phase.name).and_then(|tunnel| tunnel.one("status")) {
        Some((line, "down")) => {
            draft::no(ground(line, "トンネルのインターフェースを止めています", "the tunnel's interface is down"))
        }
        _ => draft::yes(ground(phase.line, "設定されています", "it is configured")),
    };
    way.restriction = match (&far, interface) {
        (FarEnd::Address(far) | FarEnd::Name(far), _) => Access::named(
            [far.clone()],
            ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        (FarEnd::Anyone, Some((line, name))) => over(places, name, line, Port::Udp(500)),
        (FarEnd::Anyone, None) => everywhere(places, Port::Udp(500)),
        (FarEnd::Unknown, _) => Access::unknown(ground(phase.line, "相手が書かれていません", "no far end is named")),
    }
    .restriction();
    if people_come {
        let groups: Vec<&str> = group.into_iter().collect();
        (way.users, way.second_factor) = people(tree, &groups, &[]);
    } else {
        way.second_factor = draft::not_applicable();
    }
    way
}

/// How many people these groups and names are, and whether all of them have a second factor.
fn people(tree: &Tree<'_>, groups: &[&str], users: &[&str]) -> (Option<u32>, Answered) {
    let mut names: BTreeSet<&str> = users.iter().copied().collect();
    for group in groups {
        let Some(object) = tree.all("user group").iter().find(|object| object.name == *group) else {
            return (
                None,
                draft::unknown(absence(
                    "利用者のグループがファイルにありません",
                    "the group of users is not in the file",
                )),
            );
        };
        names.extend(object.get("member").map(|(_, members)| members).unwrap_or_default());
    }
    if names.is_empty() {
        return (None, draft::unknown(absence("利用者の登録が見当たりません", "no users are seen")));
    }
    let mut bare = None;
    for name in &names {
        let Some(user) = tree.all("user local").iter().find(|user| user.name == *name) else {
            let why = absence("利用者は外部の認証サーバが知っています", "a server elsewhere knows the users");
            return (None, draft::unknown(why));
        };
        if user.one("two-factor").is_none_or(|(_, kind)| kind == "disable") && !user.is("status", "disable") {
            bare = Some(user.line);
        }
        if user.one("type").is_some_and(|(_, kind)| kind != "password") {
            return (
                u32::try_from(names.len()).ok(),
                draft::unknown(ground(user.line, "外部で認証する利用者がいます", "some users are proved elsewhere")),
            );
        }
    }
    let second = match bare {
        Some(line) => draft::no(ground(line, "二要素のない利用者がいます", "there is a user without a second factor")),
        None => draft::answered(
            Answer::Yes,
            absence("すべての利用者に二要素が付いています", "every user has a second factor"),
        ),
    };
    (u32::try_from(names.len()).ok(), second)
}
