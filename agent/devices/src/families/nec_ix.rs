//! NEC UNIVERGE IX: `show running-config`, `show version`.
//! It does not know what address translation does to packets for the router itself, so without a filter that is unknown.
//! Invariant: a server that is switched on without an access list is restricted by filters of outside interfaces or not at all.
//!
//! Syntax and meaning: NEC Platforms, "UNIVERGE IX シリーズ コマンドリファレンスマニュアル", chapters on access lists, NAPT, IPsec,
//! IKEv2, PPP and L2TP, and on the servers; an SSH server looks at an access list's source only (機能説明書).

mod filters;
mod tunnels;

use crate::blocks::{Block, after, blocks};
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{self, Networks, Say};
use crate::reach::{Access, Reach};
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, GapSort, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use filters::{Lists, Outside, Service};

/// The parser.
pub(crate) struct NecIx;

/// `IX Series IX2215 (magellan-sec) Software, Version 10.7.18, RELEASE SOFTWARE`: model and version.
fn software(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start_matches('!').trim().strip_prefix("IX Series ")?;
    let (model, rest) = rest.split_once(' ')?;
    let (_, version) = rest.split_once("Software, Version ")?;
    let version = version.split([',', ' ']).next()?;
    (model.len() < 24 && version.starts_with(|c: char| c.is_ascii_digit())).then_some((model, version))
}

impl Family for NecIx {
    fn id(&self) -> &'static str {
        "nec_ix"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "interface GigaEthernet",
            "interface MobileEthernet",
            "interface USB-Serial",
            "device GigaEthernet",
            "ike policy ",
            "ipsec autokey-map ",
            "ipsec dynamic-map ",
            "ikev2 authentication ",
            "nm ip enable",
            "nm account ",
            "ip napt ",
            "ssh-server ip ",
            "http-server ip ",
            "telnet-server ip ",
        ];
        const SOME: &[&str] = &[
            "ppp profile ",
            "proxy-dns ",
            "ip ufs-cache",
            "interface Tunnel",
            "interface Null0.0",
            "ppp binding ",
            "ikev2 ",
        ];
        // With a blank before its number it is an interface of another maker's.
        if line.starts_with("interface GigaEthernet ") {
            return 0;
        }
        if software(line).is_some() { 5 } else { weigh(line, SURE, SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        let (model, _) = software(line)?;
        let sort = if line.starts_with('!') { Mark::CONFIG } else { "show version" };
        Some(Mark { sort, model: Some(model.to_owned()), ..Mark::default() })
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        identify(device.config.iter().chain(&device.status), reading);
        if device.config.is_empty() {
            return;
        }
        let blocks = blocks(&device.config, opens);
        if let Some((_, name)) = last(&blocks, "hostname") {
            reading.identity.name = Some(draft::word(name));
        }
        whole(&blocks, reading);
        let lists = Lists::of(&blocks);
        tunnels::read(&blocks, &lists, reading);
        forwards(&lists, reading);
        servers(&blocks, &lists, reading);
        cloud(&blocks, reading);
        mobile(&blocks, reading);
        log(&blocks, reading);
        networks(&blocks, reading);
        lists.tell(reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

/// Heads that have statements under them.
fn opens(head: &str) -> bool {
    let sorts = [
        "interface ",
        "device ",
        "ppp profile ",
        "ip dhcp profile ",
        "ikev2 default-profile",
        "ikev2 profile ",
        "route-map ",
        "ddns profile ",
    ];
    sorts.iter().any(|sort| head.starts_with(sort))
}

/// The last statement of the outermost level that begins with these words.
fn last<'l>(blocks: &[Block<'l>], words: &str) -> Option<(u32, &'l str)> {
    blocks.iter().rev().find_map(|block| after(block.head, words).map(|rest| (block.line, rest)))
}

/// All of them.
fn all<'l, 'b>(blocks: &'b [Block<'l>], words: &'b str) -> impl Iterator<Item = (u32, &'l str)> + 'b {
    blocks.iter().filter_map(move |block| after(block.head, words).map(|rest| (block.line, rest)))
}

/// Interfaces come last in a configuration, the Null interface among them; and every tunnel that is spoken of is there.
fn whole(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let interfaces: Vec<&str> = all(blocks, "interface").map(|(_, name)| name).collect();
    let tunnel = |word: &&str| word.starts_with("Tunnel") && word.ends_with(|c: char| c.is_ascii_digit());
    let missing =
        blocks.iter().find(|block| block.head.split(' ').filter(tunnel).any(|name| !interfaces.contains(&name)));
    let open = blocks.last().is_some_and(|block| {
        let silent = block.find("no shutdown").is_none() && block.find("shutdown").is_none();
        block.head.starts_with("interface Tunnel") && silent
    });
    if !interfaces.contains(&"Null0.0") || missing.is_some() || open {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            missing.or(blocks.last()).map(|block| block.line),
            "設定の末尾にあるはずのインターフェースがありません。途中で切れている可能性があります",
            "interfaces that stand at the end of a configuration are missing; it may be cut off",
        ));
    }
}

fn identify<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    identity.maker = Some("NEC Platforms".to_owned());
    for line in lines {
        let text = line.trimmed();
        if let Some((model, version)) = software(text) {
            identity.model.get_or_insert_with(|| draft::word(model));
            if identity.firmware.is_empty() {
                identity.firmware.push(Firmware { version: draft::word(version), build: None, running: Answer::Yes });
            }
        } else if let Some(time) = text.strip_prefix("! Current time ") {
            reading.source.written.get_or_insert_with(|| draft::word(time));
        }
    }
}

/// Telnet, SSH, the web pages, SNMP; and who may change the router.
fn servers(blocks: &[Block<'_>], lists: &Lists<'_>, reading: &mut DeviceReading) {
    let mut plane: Option<Access> = None;
    for (name, service) in [("telnet", Service::Tcp(23)), ("ssh", Service::Tcp(22)), ("http", Service::Tcp(80))] {
        let Some((line, _)) = last(blocks, &format!("{name}-server ip enable")) else { continue };
        let port = last(blocks, &format!("{name}-server ip port")).and_then(|(_, port)| port.parse().ok());
        let filters = lists.reach(port.map_or(service, Service::Tcp));
        let access = match last(blocks, &format!("{name}-server ip access-list")) {
            Some((line, list)) => lists.sources(list, line).and(filters),
            None => {
                let open = ground(
                    line,
                    format!("{name} サーバが動き、接続元のアクセスリストがありません"),
                    format!("the {name} server runs without an access list"),
                );
                Access::anyone(open).and(filters)
            }
        };
        let mut way = draft::way(&format!("{name}-server"), WayInSort::Management, name, FarEnd::Unknown);
        way.enabled = draft::yes(ground(
            line,
            format!("{name} サーバを有効にしています"),
            format!("the {name} server is enabled"),
        ));
        way.restriction = access.clone().restriction();
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
        plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
    }
    for name in ["telnet", "ssh", "http"] {
        if let Some((line, _)) = last(blocks, &format!("{name}-server ipv6 enable")) {
            let why = ground(
                line,
                "IPv6 でも動いています。接続元の判断はしていません",
                "it runs over IPv6, too; from where it is reached was not judged",
            );
            plane = Some(plane.map_or(Access::unknown(why.clone()), |plane| plane.or(Access::unknown(why))));
        }
    }
    if let Some((line, _)) = last(blocks, "snmp-agent ip enable") {
        let why = ground(
            line,
            "SNMP が動いています。接続元の判断はしていません",
            "SNMP runs; from where it is reached was not judged",
        );
        let access = Access::unknown(why).and(lists.reach(Service::Udp(161)));
        plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
    }
    // That a server runs only once it is enabled is what operators write, not what was read in the manual; the answer says so.
    let silent: Vec<&str> =
        ["telnet", "ssh", "http"].into_iter().filter(|name| says_nothing_of(blocks, name)).collect();
    if let Some(plane) = plane.as_mut().filter(|plane| plane.reach != Reach::Anyone && !silent.is_empty()) {
        let names = silent.join(", ");
        plane.because.push(absence(
            format!("{names} のサーバは設定に現れないため、動いていないとして判断しました（メーカーの資料では未確認）"),
            format!("{names}: no statement enables such a server, so it is taken not to run, which was not confirmed in the maker's manual"),
        ));
    }
    let none = || Access::unknown(draft::silent("telnet-server / ssh-server / http-server")).and(lists.reach_any());
    reading.management = plane.unwrap_or_else(none).restriction();
    let users: std::collections::BTreeSet<&str> = all(blocks, "username")
        .filter(|(_, rest)| rest.split(' ').next_back() == Some("administrator"))
        .filter_map(|(_, rest)| rest.split(' ').next())
        .collect();
    reading.administrators = (!users.is_empty()).then(|| u32::try_from(users.len()).unwrap_or(u32::MAX));
}

/// Interfaces and static routes. A tunnel's line is written `tunnel mode`; `ppp binding` makes an interface a provider's line.
fn networks(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for block in blocks {
        if let Some(name) = after(block.head, "interface") {
            networks::block(&mut networks, name, block, Answer::Unknown);
            let line = block.find("ip napt enable").or_else(|| block.find("encapsulation pppoe"));
            if line.is_some() {
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

/// Whether no statement of the file enables or refuses a server.
fn says_nothing_of(blocks: &[Block<'_>], name: &str) -> bool {
    let words = ["", "no "].map(|no| format!("{no}{name}-server ip enable"));
    words.iter().all(|words| last(blocks, words).is_none())
}

/// NetMeister: a manager at the maker reads and changes the router; and the names it gives.
fn cloud(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let enabled = ["nm ip enable", "nm ipv6 enable"].iter().find_map(|words| last(blocks, words));
    let account = last(blocks, "nm account");
    if let Some((line, _)) = enabled.or(account) {
        let far = FarEnd::Name("NetMeister".to_owned());
        let mut way = draft::way("nm", WayInSort::CloudManager, "NetMeister", far);
        way.enabled = match (enabled, account) {
            (Some(_), _) => draft::yes(ground(line, "NetMeister の管理を受けます", "it is managed by NetMeister")),
            _ => draft::unknown(ground(
                line,
                "NetMeister の登録だけがあります",
                "there is an account of NetMeister and no switch",
            )),
        };
        way.restriction.restricted = draft::unknown(absence(
            "接続元は事業者のクラウドで決まります",
            "the maker's cloud decides who comes in by it",
        ));
        way.second_factor = draft::unknown(absence("クラウド側の設定です", "it is set in the cloud"));
        reading.ways_in.push(way);
    }
    if let Some((line, name)) = last(blocks, "nm ddns hostname") {
        let mut way = draft::way("nm ddns", WayInSort::DynamicDns, "NetMeister DDNS", FarEnd::Name(draft::word(name)));
        way.enabled = draft::yes(ground(line, "外側のアドレスに名前が付いています", "the outside address has a name"));
        way.restriction.restricted = draft::not_applicable();
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}

fn mobile(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let lines = blocks.iter().filter(|block| {
        block.head.starts_with("interface MobileEthernet")
            || (block.head.starts_with("interface USB-Serial") && block.find("no shutdown").is_some())
    });
    for block in lines {
        let name = after(block.head, "interface").unwrap_or_default();
        let mut way = draft::way(&format!("interface {name}"), WayInSort::MobileUplink, "lte", FarEnd::Unknown);
        way.enabled = tunnels::enabled(block);
        way.interface = Some(draft::word(name));
        way.restriction.restricted = draft::unknown(absence(
            "モバイル回線側の制限は、契約とフィルタによります",
            "who reaches it over the mobile line depends on its contract and filters",
        ));
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}

fn log(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let hosts = ["syslog ip host", "syslog ipv6 host"].iter().find_map(|words| last(blocks, words));
    match hosts {
        Some((line, rest)) => {
            reading.log_targets = rest.split(' ').take(1).map(draft::word).collect();
            reading.logs_elsewhere =
                draft::yes(ground(line, "syslog の送り先があります", "it sends syslog to another host"));
        }
        None if last(blocks, "syslog").is_some() => {
            reading.logs_elsewhere =
                draft::unknown(absence("syslog の設定を読み取れません", "its statements on syslog are not understood"));
        }
        None => {
            reading.logs_elsewhere = draft::no(absence("syslog の送り先がありません", "no host is named for syslog"));
        }
    }
}

/// `ip napt static INNER tcp 3389`, `ip napt service NAME INNER [none] [tcp 3389]`.
fn forwards(lists: &Lists<'_>, reading: &mut DeviceReading) {
    for interface in &lists.outside {
        for (line, text) in interface.forwards.iter().take(2000) {
            reading.ways_in.extend(forward(lists, interface, *line, text));
        }
    }
}

fn forward(
    lists: &Lists<'_>,
    outside: &Outside<'_>,
    line: u32,
    text: &str,
) -> Option<daicho_schemas::fact::device::WayIn> {
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "none").collect();
    let (inner, protocol, port) = match words.as_slice() {
        ["static", inner, protocol, port, ..] => (*inner, *protocol, *port),
        ["static", inner, protocol] => (*inner, *protocol, "any"),
        ["service", _, inner, protocol, port, ..] => (*inner, *protocol, *port),
        ["service", name, inner] => (*inner, "tcp", filters::named_port(name)?),
        _ => return None,
    };
    let own = inner.parse::<std::net::Ipv4Addr>().map_or(true, |address| lists.own.contains(&address));
    let vpn = ["500", "4500", "1701", "1723"].contains(&port) || !["tcp", "udp"].contains(&protocol);
    if own && vpn {
        return None;
    }
    let sort = if own { WayInSort::Management } else { WayInSort::PortForward };
    let key = format!("interface {} ip napt {protocol} {port} {inner}", outside.name);
    let mut way = draft::way(&key, sort, &format!("{protocol}/{port}"), FarEnd::Unknown);
    way.enabled = outside.enabled.clone();
    way.interface = Some(draft::word(outside.name));
    way.inside = vec![draft::word(&format!("{inner}:{port}"))];
    way.second_factor = draft::not_applicable();
    let service = match (protocol, port.parse()) {
        ("tcp", Ok(port)) => Some(Service::Tcp(port)),
        ("udp", Ok(port)) => Some(Service::Udp(port)),
        _ => None,
    };
    let access = service.map(|service| lists.over(outside, service, true));
    let unclear =
        || Access::unknown(ground(line, "通るフィルタを特定できません", "which filter it passes is not clear"));
    way.restriction = access.unwrap_or_else(unclear).restriction();
    Some(way)
}
