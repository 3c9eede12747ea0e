//! Cisco IOS and IOS-XE routers: `show running-config`, `show version`, `show inventory`.
//! It does not know which server an image starts by itself: where a file says neither `ip http server` nor `no`, that is unknown.
//! Invariant: a line that takes logins without an access class is as open as the outside interfaces' lists.
//!
//! Syntax and meaning: Cisco, "IOS Command References" (security, IP addressing, system management).

mod outside;
mod vpn;

use super::cisco::{self, Lists, Service};
use crate::blocks::{Block, after, blocks};
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{self, Networks};
use crate::reach::Access;
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, GapSort, WayInSort};
use outside::Outside;

/// The parser.
pub(crate) struct CiscoIos;

fn is_train(line: &str) -> bool {
    after(line, "version").is_some_and(|version| {
        version.len() < 8 && version.contains('.') && version.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

impl Family for CiscoIos {
    fn id(&self) -> &'static str {
        "cisco_ios"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "Cisco IOS ",
            "ip nat inside",
            "ip http server",
            "no ip http server",
            "ip http secure-server",
            "crypto isakmp client ",
            "license udi ",
            "vpdn-group ",
        ];
        // Others write these, too.
        const SOME: &[&str] = &[
            "boot-start-marker",
            "crypto isakmp ",
            "crypto map ",
            "interface GigabitEthernet",
            "ip route 0.0.0.0",
            "aaa new-model",
            "ip access-list ",
            "line vty ",
            "line con 0",
            "service timestamps ",
        ];
        if is_train(line) { 5 } else { weigh(line, SURE, SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if is_train(line) {
            return Some(Mark::config());
        }
        if line.starts_with("Cisco IOS Software") || line.starts_with("Cisco IOS XE Software") {
            return Some(Mark { goes_on: true, ..Mark::status("show version") });
        }
        let text = line.strip_prefix("NAME: \"")?;
        let other = ["ASA", "FPR", "Firepower", "Nexus"].iter().any(|word| text.contains(word));
        (!other).then(|| Mark { goes_on: true, ..Mark::status("show inventory") })
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Cisco".to_owned());
        status(&device.status, reading);
        cisco::inventory(device.status.iter(), &mut reading.identity);
        if device.config.is_empty() {
            return;
        }
        let lines = without_banners(&device.config);
        let blocks = blocks(&lines, opens);
        let config = Config::of(&blocks);
        identify(&config, reading);
        whole(&config, &device.config, reading);
        vpn::read(&config, reading);
        outside::forwards(&config, reading);
        management(&config, reading);
        log(&config, reading);
        networks(&config, reading);
        config.lists.tell(reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

/// A banner is a text for people between two marks, and whatever stands in it is no statement.
fn without_banners<'l>(lines: &[Line<'l>]) -> Vec<Line<'l>> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut until: Option<String> = None;
    for line in lines {
        if let Some(mark) = &until {
            if line.text.contains(mark.as_str()) {
                until = None;
            }
            continue;
        }
        if let Some((_, rest)) = after(&line.text, "banner").and_then(|rest| rest.split_once(' ')) {
            let length = if rest.starts_with("^C") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
            let (mark, rest) = rest.split_at(length);
            until = (!mark.is_empty() && !rest.contains(mark)).then(|| mark.to_owned());
            continue;
        }
        kept.push(line.clone());
    }
    kept
}

fn opens(head: &str) -> bool {
    let sorts = [
        "interface ",
        "line ",
        "ip access-list ",
        "object-group ",
        "crypto isakmp policy ",
        "crypto isakmp client configuration group ",
        "crypto isakmp profile ",
        "crypto keyring ",
        "crypto ikev2 profile ",
        "crypto ikev2 keyring ",
        "crypto ikev2 proposal ",
        "crypto ikev2 policy ",
        "crypto ipsec profile ",
        "crypto ipsec transform-set ",
        "crypto dynamic-map ",
        "webvpn gateway ",
        "webvpn context ",
        "vpdn-group ",
        "controller ",
        "router ",
        "route-map ",
        "policy-map ",
        "class-map ",
        "zone-pair ",
        "crypto pki ",
    ];
    sorts.iter().any(|sort| head.starts_with(sort))
        || (head.starts_with("crypto map ") && head.contains(" ipsec-isakmp"))
}

/// A configuration with its interfaces and lists.
struct Config<'b, 'l> {
    blocks: &'b [Block<'l>],
    lists: Lists<'l>,
    outside: Vec<Outside<'l>>,
}

impl<'b, 'l> Config<'b, 'l> {
    fn of(blocks: &'b [Block<'l>]) -> Self {
        Self { blocks, lists: Lists::of(blocks, true), outside: outside::of(blocks) }
    }

    fn last(&self, words: &str) -> Option<(u32, &'l str)> {
        self.all(words).last()
    }

    fn all(&self, words: &str) -> impl Iterator<Item = (u32, &'l str)> {
        self.blocks.iter().filter_map(move |block| after(block.head, words).map(|rest| (block.line, rest)))
    }

    /// Blocks whose head begins so, with what follows.
    fn heads(&self, words: &str) -> impl Iterator<Item = (&'b Block<'l>, &'l str)> {
        self.blocks.iter().filter_map(move |block| after(block.head, words).map(|rest| (block, rest)))
    }

    /// From where a port of the router is reached over any interface outside.
    fn reach(&self, service: Service) -> Access {
        let up = self.outside.iter().filter(|interface| !interface.down);
        up.map(|interface| interface.over(self, service, None)).reduce(Access::or).unwrap_or_else(|| {
            Access::unknown(absence(
                "外側のインターフェースがどれか、この設定から分かりません",
                "the configuration does not show which interface looks outside",
            ))
        })
    }
}

/// Interfaces and static routes. A running configuration writes `shutdown` where it holds.
fn networks(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for (block, name) in config.heads("interface") {
        networks::block(&mut networks, name, block, Answer::No);
    }
    config.all("ip route").for_each(|(line, rest)| networks::route(&mut networks, line, rest));
    config.all("ipv6 route").for_each(|(line, rest)| networks::route_six(&mut networks, line, rest));
    networks.end(reading);
}

fn whole(config: &Config<'_, '_>, lines: &[Line<'_>], reading: &mut DeviceReading) {
    if config.last("end").is_none() {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            lines.last().map(|line| line.number),
            "設定の終わりの行（end）がありません。途中で切れている可能性があります",
            "the line with which a configuration ends (end) is missing; it may be cut off",
        ));
    }
}

/// A configuration names the train only; the release stands in `show version`.
fn identify(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    if let Some((_, name)) = config.last("hostname") {
        reading.identity.name = Some(draft::word(name.trim_matches('"')));
    }
    let identity = &mut reading.identity;
    if let (Some((_, train)), true) = (config.last("version"), identity.firmware.is_empty()) {
        identity.firmware.push(Firmware { version: draft::word(train), build: None, running: Answer::Unknown });
    }
    if let Some((_, udi)) = config.last("license udi pid") {
        let words: Vec<&str> = udi.split_whitespace().collect();
        if let [model, "sn", serial, ..] = words.as_slice() {
            identity.model.get_or_insert_with(|| draft::word(model));
            identity.serial.get_or_insert_with(|| draft::word(serial));
        }
    }
}

/// `show version`.
fn status(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    for line in lines {
        let text = line.trimmed();
        if text.starts_with("Cisco IOS") || text.starts_with("IOS (tm)") {
            let version = text.split_once(", Version ").and_then(|(_, rest)| rest.split([',', ' ']).next());
            // The second line of IOS-XE writes the same release in another way.
            if let (Some(version), true) = (version, identity.firmware.is_empty()) {
                identity.firmware.push(Firmware { version: draft::word(version), build: None, running: Answer::Yes });
            }
        } else if let Some(serial) = text.strip_prefix("Processor board ID ") {
            identity.serial.get_or_insert_with(|| draft::word(serial.trim()));
        } else if text.to_ascii_lowercase().starts_with("cisco ") && text.contains(" bytes of memory") {
            let model = text.split_whitespace().nth(1).unwrap_or_default();
            identity.model.get_or_insert_with(|| draft::word(model));
        } else if let Some(name) = cisco::up(text) {
            identity.name.get_or_insert_with(|| draft::word(name));
        }
    }
}

fn management(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut plane: Option<Access> = None;
    let mut add = |access: Access| plane = Some(plane.take().map_or(access.clone(), |plane: Access| plane.or(access)));
    let mut lines = 0;
    for (block, name) in config.heads("line vty") {
        lines += 1;
        let Some((access, technology)) = vty(config, block) else { continue };
        let mut way = draft::way(&format!("line vty {name}"), WayInSort::Management, technology, FarEnd::Unknown);
        way.enabled = draft::yes(ground(block.line, "ログインを受け付ける行です", "this line takes logins"));
        way.restriction = access.clone().restriction();
        way.second_factor = draft::unknown(absence("認証の設定によります", "it depends on how logins are proved"));
        reading.ways_in.push(way);
        add(access);
    }
    if lines == 0 {
        add(Access::unknown(draft::silent("line vty")));
    }
    for (words, technology, port) in [("ip http server", "http", 80), ("ip http secure-server", "https", 443)] {
        let off = config.last(&format!("no {words}")).is_some();
        let Some((line, _)) = config.last(words) else {
            if !off {
                add(Access::unknown(draft::silent(words)).and(config.reach(Service::Tcp(port))));
            }
            continue;
        };
        let access = config.reach(Service::Tcp(port));
        let access = match config.last("ip http access-class") {
            Some((at, list)) => {
                let list = list.split(' ').find(|word| *word != "ipv4").unwrap_or_default();
                config.lists.over(list, at, Service::Source, None, false).and(access)
            }
            None => {
                Access::anyone(ground(line, "ip http access-class がありません", "there is no `ip http access-class`"))
                    .and(access)
            }
        };
        let mut way = draft::way(words, WayInSort::Management, technology, FarEnd::Unknown);
        way.enabled = draft::yes(ground(line, format!("{technology} が有効です"), format!("{technology} is enabled")));
        way.restriction = access.clone().restriction();
        way.second_factor = draft::unknown(absence("認証の設定によります", "it depends on how logins are proved"));
        reading.ways_in.push(way);
        add(access);
    }
    for (line, rest) in config.all("snmp-server community") {
        // SECRET [view NAME] [RO|RW] [ipv6 LIST] [LIST]: what stands behind RO or RW is the list.
        let tail = rest.split_whitespace().skip_while(|word| !["RO", "RW", "ro", "rw"].contains(word)).nth(1);
        let reach = config.reach(Service::Udp(161));
        add(match tail {
            Some(list) if list != "ipv6" => config.lists.over(list, line, Service::Source, None, false).and(reach),
            _ => Access::anyone(ground(line, "SNMP に接続元のリストがありません", "SNMP has no list of sources"))
                .and(reach),
        });
    }
    reading.management = plane.unwrap_or_else(|| Access::unknown(draft::silent("line vty"))).restriction();
    let names = config.all("username").filter_map(|(_, rest)| rest.split(' ').next());
    let names = names.collect::<std::collections::BTreeSet<_>>().len();
    reading.administrators = u32::try_from(names).ok().filter(|names| *names > 0);
}

/// Who reaches a line, and how; `None` for a line that takes nobody.
fn vty<'l>(config: &Config<'_, 'l>, block: &Block<'l>) -> Option<(Access, &'static str)> {
    let transport = block.find("transport input");
    let (technology, ports) = match transport.map(|(_, how)| how) {
        Some("none") => return None,
        Some("ssh") => ("ssh", [22_u16].as_slice()),
        Some("telnet") => ("telnet", [23].as_slice()),
        Some(_) => ("telnet", [22, 23].as_slice()),
        None => ("telnet", [22, 23].as_slice()),
    };
    let reach = ports.iter().map(|port| config.reach(Service::Tcp(*port))).reduce(Access::or)?;
    let reach = if transport.is_none() { reach.perhaps() } else { reach };
    let class = block.all("access-class").find(|(_, rest)| rest.split(' ').any(|word| word == "in"));
    let access = match class {
        Some((line, rest)) => {
            let list = rest.split(' ').next().unwrap_or_default();
            let four = config.lists.over(list, line, Service::Source, None, false).and(reach);
            match config.outside.iter().find_map(|interface| interface.six) {
                Some(six) if block.find("ipv6 access-class").is_none() => four.or(Access::unknown(ground(
                    six,
                    "IPv6 でもつながり、この行に IPv6 のアクセスクラスがありません",
                    "IPv6 is spoken outside, too, and this line has no access class for it",
                ))),
                _ => four,
            }
        }
        None => {
            Access::anyone(ground(block.line, "access-class がありません", "there is no `access-class`")).and(reach)
        }
    };
    Some((access, technology))
}

fn log(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let is_host = |word: &str| word.parse::<std::net::IpAddr>().is_ok();
    let named = config
        .all("logging host")
        .filter_map(|(line, rest)| Some((line, rest.split(' ').find(|word| *word != "ipv6")?)));
    let old = config.all("logging").filter(|(_, rest)| is_host(rest.split(' ').next().unwrap_or_default()));
    let hosts: Vec<(u32, &str)> = named.chain(old).collect();
    reading.log_targets =
        hosts.iter().map(|(_, host)| draft::word(host.split(' ').next().unwrap_or_default())).collect();
    reading.logs_elsewhere = match hosts.first() {
        Some((line, _)) => draft::yes(ground(*line, "syslog の送り先があります", "it sends syslog to another host")),
        None => draft::no(absence("syslog の送り先がありません", "no host is named for syslog")),
    };
}
