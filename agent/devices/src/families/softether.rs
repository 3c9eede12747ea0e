//! SoftEther VPN Server and Bridge (PacketiX): `vpn_server.config`, `vpn_bridge.config`.
//! It does not know the host's packet filter, nor `adminip.txt`: from where a listener is reached is unknown.
//! Invariant: relaying through NAT is a way in of its own; with it a server is reached without any open port.
//!
//! Syntax and keys: SoftEther VPN source (`Cedar/Server.c`, `Mayaqua/Cfg.c`), Apache-2.0.

use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{Networks, Say, masked};
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, GapSort, Restriction, WayInSort};

/// The parser.
pub(crate) struct SoftEther;

impl Family for SoftEther {
    fn id(&self) -> &'static str {
        "softether"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "declare ServerConfiguration",
            "declare VirtualHUB",
            "declare ListenerList",
            "declare SecurityAccountDatabase",
            "bool DisableNatTraversal ",
            "bool DisableSSTPServer ",
            "declare CascadeList",
        ];
        weigh(line, SURE, &["declare "])
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        (line == "declare root").then(Mark::config)
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("SoftEther".to_owned());
        let tree = Tree::of(&device.config);
        if !tree.closed {
            reading.gaps.push(draft::gap(
                GapSort::CutOff,
                device.config.last().map(|line| line.number),
                "括弧が閉じないままファイルが終わっています",
                "the file ends within a block",
            ));
        }
        listeners(&tree, reading);
        switches(&tree, reading);
        cascades(&tree, reading);
        log(&tree, reading);
        networks(&tree, reading);
        reading.management = elsewhere(
            "管理接続の接続元は adminip.txt にあります",
            "from where it is administered stands in adminip.txt",
        );
        let none = absence("VPN の待ち受けがありません", "it listens for no VPN");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

fn elsewhere(ja: &str, en: &str) -> Restriction {
    Restriction { restricted: draft::unknown(absence(ja, en)), sources: Vec::new() }
}

fn host() -> Restriction {
    elsewhere("ホストのパケットフィルタがファイルにありません", "the host's packet filter is not in the file")
}

struct Item<'l> {
    line: u32,
    /// The blocks around it, `/` between them.
    path: std::rc::Rc<str>,
    key: &'l str,
    value: &'l str,
}

struct Tree<'l> {
    items: Vec<Item<'l>>,
    paths: std::collections::BTreeMap<std::rc::Rc<str>, u32>,
    closed: bool,
}

/// Blocks within blocks.
const DEPTH_MAX: usize = 32;

impl<'l> Tree<'l> {
    fn of(lines: &'l [Line<'_>]) -> Self {
        let mut tree = Self { items: Vec::new(), paths: Default::default(), closed: false };
        let mut path: Vec<std::rc::Rc<str>> = Vec::new();
        let mut skipped = 0_usize;
        let mut opened = 0_usize;
        for line in lines {
            let text = line.trimmed();
            if let Some(name) = text.strip_prefix("declare ") {
                if path.len() >= DEPTH_MAX {
                    skipped += 1;
                    continue;
                }
                let full = path.last().map_or(name.to_owned(), |above| format!("{above}/{name}"));
                let full: std::rc::Rc<str> = full.into();
                tree.paths.entry(full.clone()).or_insert(line.number);
                path.push(full);
                opened += 1;
            } else if text == "}" {
                if skipped > 0 {
                    skipped -= 1;
                } else {
                    path.pop();
                }
            } else if let (Some(here), 0) = (path.last(), skipped) {
                let mut words = text.splitn(3, ' ');
                let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
                if ["bool", "uint", "uint64", "string"].contains(&kind) {
                    let value = words.next().unwrap_or_default();
                    tree.items.push(Item { line: line.number, path: here.clone(), key, value });
                }
            }
        }
        tree.closed = path.is_empty() && opened > 0;
        tree
    }

    fn get(&self, path: &str, key: &str) -> Option<(u32, &'l str)> {
        self.items.iter().find(|item| &*item.path == path && item.key == key).map(|item| (item.line, item.value))
    }

    /// The blocks right below a path, with their names.
    fn below<'t>(&'t self, path: &'t str) -> impl Iterator<Item = (&'t str, u32)> {
        self.paths.iter().filter_map(move |(known, line)| {
            let name = known.strip_prefix(path)?.strip_prefix('/')?;
            (!name.contains('/')).then_some((name, *line))
        })
    }
}

fn switch(line: u32, value: &str, on: &str) -> Answered {
    match value {
        value if value == on => draft::yes(ground(line, "有効です", "it is enabled")),
        "true" | "false" => draft::no(ground(line, "無効です", "it is switched off")),
        _ => draft::unknown(ground(line, "読み取れません", "it is not understood")),
    }
}

/// Users of all hubs, and whether a password is all that is asked (`AuthType` 1).
fn people(tree: &Tree<'_>) -> (Option<u32>, Answered) {
    let users = tree.paths.keys().filter(|path| {
        let mut parts = path.rsplit('/').skip(1);
        parts.next() == Some("UserList") && parts.next() == Some("SecurityAccountDatabase")
    });
    let users: Vec<&std::rc::Rc<str>> = users.collect();
    if users.is_empty() {
        return (None, draft::unknown(absence("利用者の登録が見当たりません", "no users are seen")));
    }
    let bare = users.iter().find_map(|path| tree.get(path, "AuthType").filter(|(_, kind)| *kind == "1"));
    let second = match bare {
        Some((line, _)) => {
            draft::no(ground(line, "パスワードだけの利用者がいます", "there is a user with a password only"))
        }
        None => draft::unknown(absence("利用者の認証方式は判断していません", "how users are proved was not judged")),
    };
    (u32::try_from(users.len()).ok(), second)
}

fn listeners(tree: &Tree<'_>, reading: &mut DeviceReading) {
    for (name, line) in tree.below("root/ListenerList").take(500) {
        let path = format!("root/ListenerList/{name}");
        let Some((_, port)) = tree.get(&path, "Port") else { continue };
        let technology = format!("tcp/{port}");
        let mut way =
            draft::way(&format!("listener {technology}"), WayInSort::RemoteAccess, "softether", FarEnd::Anyone);
        way.enabled = match tree.get(&path, "Enabled") {
            Some((line, value)) => switch(line, value, "true"),
            None => {
                draft::unknown(ground(line, "有効かどうか書かれていません", "whether it is enabled is not written"))
            }
        };
        way.restriction = host();
        (way.users, way.second_factor) = people(tree);
        reading.ways_in.push(way);
    }
}

/// What the server does besides: OpenVPN, SSTP, L2TP, relaying, a name.
fn switches(tree: &Tree<'_>, reading: &mut DeviceReading) {
    const SERVER: &str = "root/ServerConfiguration";
    let ways = [
        (SERVER, "DisableOpenVPNServer", "false", "openvpn", "openvpn"),
        (SERVER, "DisableSSTPServer", "false", "sstp", "sstp"),
        (SERVER, "DisableNatTraversal", "false", "nat traversal", "softether"),
        ("root/IPsec", "L2TP_IPsec", "true", "l2tp", "l2tp-ipsec"),
        ("root/IPsec", "L2TP_Raw", "true", "l2tp raw", "l2tp"),
        ("root/IPsec", "EtherIP_IPsec", "true", "etherip", "etherip-ipsec"),
    ];
    for (path, key, on, name, technology) in ways {
        let Some((line, value)) = tree.get(path, key) else { continue };
        let mut way = draft::way(name, WayInSort::RemoteAccess, technology, FarEnd::Anyone);
        way.enabled = switch(line, value, on);
        way.restriction = host();
        (way.users, way.second_factor) = people(tree);
        reading.ways_in.push(way);
    }
    if let Some((line, value)) = tree.get("root/DDnsClient", "Disabled") {
        let mut way = draft::way("ddns", WayInSort::DynamicDns, "SoftEther DDNS", FarEnd::Unknown);
        way.enabled = switch(line, value, "false");
        way.restriction.restricted = draft::not_applicable();
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}

/// Connections of a hub to another server.
fn cascades(tree: &Tree<'_>, reading: &mut DeviceReading) {
    for (hub, _) in tree.below("root/VirtualHUB").take(500) {
        let list = format!("root/VirtualHUB/{hub}/CascadeList");
        for (name, line) in tree.below(&list).take(500) {
            let option = format!("{list}/{name}/ClientOption");
            let far = tree.get(&option, "Hostname").map(|(_, far)| far.split('/').next().unwrap_or_default());
            let end = match far {
                Some(far) if far.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(far)),
                Some(far) if !far.is_empty() && far != "$" => FarEnd::Name(draft::word(far)),
                _ => FarEnd::Unknown,
            };
            let mut way =
                draft::way(&format!("hub {hub} cascade {name}"), WayInSort::SiteToSite, "softether", end.clone());
            way.enabled = match tree.get(&format!("{list}/{name}"), "Online") {
                Some((line, value)) => switch(line, value, "true"),
                None => {
                    draft::unknown(ground(line, "有効かどうか書かれていません", "whether it is enabled is not written"))
                }
            };
            way.restriction = match end {
                FarEnd::Address(far) | FarEnd::Name(far) => {
                    let why =
                        ground(line, "こちらから書かれた相手につなぎます", "it connects to the far end named here");
                    crate::reach::Access::named([far], why).restriction()
                }
                _ => elsewhere("相手が書かれていません", "no far end is named"),
            };
            way.second_factor = draft::not_applicable();
            reading.ways_in.push(way);
        }
    }
}

/// SecureNAT: the address that a hub has in its own network. Bridges and the switch between hubs have none here.
fn networks(tree: &Tree<'_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for (hub, line) in tree.below("root/VirtualHUB").take(500) {
        let nat = format!("root/VirtualHUB/{hub}/SecureNAT");
        let host = format!("{nat}/VirtualHost");
        let value = |key: &str| tree.get(&host, key).map(|(_, value)| value);
        let (Some(own), Some(mask)) = (value("VirtualHostIp"), value("VirtualHostIpSubnetMask")) else { continue };
        let interface = networks.interface(&format!("hub {hub} SecureNAT"), line);
        interface.address(masked(own, mask));
        interface.shut_down = match tree.get(&nat, "Disabled") {
            Some((_, "true")) => Answer::Yes,
            Some((_, "false")) => Answer::No,
            _ => Answer::Unknown,
        };
    }
    networks.end(reading);
}

fn log(tree: &Tree<'_>, reading: &mut DeviceReading) {
    const PATH: &str = "root/ServerConfiguration/SyslogSettings";
    reading.logs_elsewhere = match (tree.get(PATH, "SaveType"), tree.get(PATH, "HostName")) {
        (Some((line, "0")), _) => draft::no(ground(line, "syslog へ送りません", "it sends nothing to syslog")),
        (Some((line, _)), Some((_, host))) if host != "$" && !host.is_empty() => {
            reading.log_targets.push(draft::word(host));
            draft::yes(ground(line, "syslog の送り先があります", "it sends syslog to another host"))
        }
        _ => draft::unknown(draft::silent("SyslogSettings")),
    };
}
