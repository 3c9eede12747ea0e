//! Cisco ASA, and FTD as far as its running configuration says: `show running-config`, `show version`, `show inventory`.
//! It does not know other contexts, nor what a manager of FTD holds.
//! Invariant: management is what `ssh`, `http` and `telnet` let in on interfaces outside; an interface that they do not name lets nobody in.
//!
//! Syntax and meaning: Cisco, "ASA Series Command Reference". That a list on an interface says what passes through the ASA and not
//! who reaches the ASA itself, for which there is `control-plane`: "ASA Series Firewall CLI Configuration Guide", chapter "Access
//! Rules". A list for `control-plane` has no implicit deny (the same chapter).

mod vpn;

use super::cisco::{self, Lists, Service};
use crate::blocks::{Block, after, blocks};
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{self, Networks, Say};
use crate::reach::{self, Access};
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, GapSort, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use std::collections::BTreeMap;

/// The parser.
pub(crate) struct CiscoAsa;

/// `ASA Version 9.12(4)67`, `NGFW Version 7.4.2`, and the line of `show version`.
fn version(line: &str) -> Option<&str> {
    let starts = ["ASA Version ", "NGFW Version ", "Cisco Adaptive Security Appliance Software Version "];
    let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
    rest.split([' ', ',']).next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

impl Family for CiscoAsa {
    fn id(&self) -> &'static str {
        "cisco_asa"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "ASA Version ",
            "nameif ",
            "security-level ",
            "tunnel-group ",
            "group-policy ",
            "anyconnect ",
            "asdm ",
            "policy-map global_policy",
            "crypto ikev1 enable",
            "crypto ikev2 enable",
        ];
        let list = line.starts_with("access-list ") && line.contains(" extended ");
        if version(line).is_some() { 5 } else { weigh(line, SURE, &["object network "]).max(u32::from(list)) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if version(line).is_some() {
            let config = !line.starts_with("Cisco");
            return Some(if config { Mark::config() } else { Mark::status("show version") });
        }
        let text = line.strip_prefix("Name: \"").or_else(|| line.strip_prefix("NAME: \""))?;
        let asa = ["ASA", "FPR", "Firepower", "Secure Firewall"].iter().any(|word| text.contains(word));
        asa.then(|| Mark { goes_on: true, ..Mark::status("show inventory") })
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        identify(device.config.iter().chain(&device.status), reading);
        if let Some(name) = device.status.iter().find_map(|line| cisco::up(line.trimmed())) {
            reading.identity.name.get_or_insert_with(|| draft::word(name));
        }
        cisco::inventory(device.status.iter(), &mut reading.identity);
        if device.config.is_empty() {
            return;
        }
        whole(&device.config, reading);
        let blocks = blocks(&device.config, opens);
        let config = Config::of(&blocks);
        if let Some((_, name)) = config.last("hostname") {
            reading.identity.name = Some(draft::word(name));
        }
        vpn::read(&config, reading);
        forwards(&config, reading);
        management(&config, reading);
        log(&config, reading);
        networks(&config, reading);
        config.lists.tell(reading);
        elsewhere(&config, &device.config, reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

fn opens(head: &str) -> bool {
    let sorts = [
        "interface ",
        "object network ",
        "object service ",
        "object-group ",
        "webvpn",
        "tunnel-group ",
        "group-policy ",
        "crypto ikev1 policy ",
        "crypto ikev2 policy ",
        "crypto ipsec profile ",
    ];
    sorts.iter().any(|sort| head.starts_with(sort))
        && !(head.starts_with("group-policy ") && head.contains(" internal"))
        && !(head.starts_with("tunnel-group ") && head.contains(" type "))
}

/// A configuration with its interfaces and lists.
struct Config<'b, 'l> {
    blocks: &'b [Block<'l>],
    lists: Lists<'l>,
    /// Interfaces that look outside, by the name that `nameif` gives them.
    outside: BTreeMap<&'l str, u32>,
    /// What stands behind `access-group`: a hundred thousand statements are not asked for every port forward.
    groups: Vec<(u32, Vec<&'l str>)>,
}

impl<'b, 'l> Config<'b, 'l> {
    fn of(blocks: &'b [Block<'l>]) -> Self {
        let interfaces = blocks.iter().filter(|block| block.head.starts_with("interface "));
        let outside = interfaces.filter(|block| block.find("shutdown").is_none()).filter_map(|block| {
            let (line, name) = block.find("nameif")?;
            let apart = block.find("management-only").is_some();
            let low = !apart && block.find("security-level").is_some_and(|(_, level)| level == "0");
            (low || name.to_ascii_lowercase().starts_with("outside")).then_some((name, line))
        });
        let groups = blocks.iter().filter_map(|block| Some((block.line, after(block.head, "access-group")?)));
        let groups = groups.map(|(line, rest)| (line, rest.split_whitespace().collect())).collect();
        Self { blocks, lists: Lists::of(blocks, false), outside: outside.collect(), groups }
    }

    fn last(&self, words: &str) -> Option<(u32, &'l str)> {
        self.all(words).last()
    }

    fn all(&self, words: &str) -> impl Iterator<Item = (u32, &'l str)> {
        self.blocks.iter().filter_map(move |block| after(block.head, words).map(|rest| (block.line, rest)))
    }

    fn block(&self, head: &str) -> Option<&'b Block<'l>> {
        self.blocks.iter().find(|block| block.head == head)
    }

    /// What guards the device's own ports on an interface: the list for the control plane, which has no implicit deny.
    fn control_plane(&self, interface: &str, service: Service, open: Access) -> Access {
        let list = self.groups.iter().find_map(|(line, words)| match words.as_slice() {
            [list, "in", "interface", name, "control-plane"] if *name == interface => Some((*line, *list)),
            _ => None,
        });
        match list {
            Some((line, list)) => open.and(self.lists.over(list, line, service, None, true)),
            None => open,
        }
    }
}

/// Interfaces by the name that `nameif` gives them, since every other statement speaks of them so; and static routes.
fn networks(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for block in config.blocks {
        let Some(port) = after(block.head, "interface") else { continue };
        let name = block.find("nameif").map_or(port, |(_, name)| name);
        networks::block(&mut networks, name, block, Answer::No);
        let own = networks.interface(name, block.line);
        block.find("vlan").into_iter().for_each(|(_, id)| own.vlan(id));
        if port.starts_with("Tunnel") {
            own.role(InterfaceRole::Tunnel);
        } else if block.find("management-only").is_some() {
            own.role(InterfaceRole::Management);
        } else if block.find("security-level").is_some_and(|(_, level)| level == "0") {
            own.role(InterfaceRole::Wan);
        }
    }
    for (line, rest) in config.all("route") {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let whole = |zero: &str| if zero == "0" { "0.0.0.0".to_owned() } else { zero.to_owned() };
        let [over, to, mask, hop, ..] = words.as_slice() else { continue };
        if let Some(to) = networks::masked(&whole(to), &whole(mask)).filter(|_| !over.eq_ignore_ascii_case("null0")) {
            networks.route(line, to, Some(hop), Some(over));
        }
    }
    for (line, rest) in config.all("ipv6 route") {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [over, to, hop, ..] = words.as_slice() else { continue };
        if let Some(to) = networks::inet(to) {
            networks.route(line, to, Some(hop), Some(over));
        }
    }
    networks.end(reading);
}

fn whole(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let mut tail =
        lines.iter().rev().map(Line::trimmed).filter(|line| !line.is_empty() && !crate::text::is_prompt(line));
    let ends = |line: &str| line == ": end" || line.starts_with("Cryptochecksum:") || line == "[OK]";
    // Who keeps configurations takes the last lines away, because they differ every time.
    let late = |line: &str| {
        ["service-policy ", "prompt ", "call-home", "no call-home", "  inspect "]
            .iter()
            .any(|word| line.starts_with(word))
    };
    if !tail.by_ref().take(3).any(|line| ends(line) || late(line)) {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            lines.last().map(|line| line.number),
            "設定の終わりの行（Cryptochecksum、: end）がありません。途中で切れている可能性があります",
            "the lines with which a configuration ends (Cryptochecksum, : end) are missing; it may be cut off",
        ));
    }
}

fn elsewhere(config: &Config<'_, '_>, lines: &[Line<'_>], reading: &mut DeviceReading) {
    if let Some((line, _)) = config.last("config-url").or_else(|| config.last("context")) {
        reading.gaps.push(draft::gap(
            GapSort::Elsewhere,
            Some(line),
            "ほかのコンテキストの設定は別のファイルにあります",
            "the configurations of other contexts are in files of their own",
        ));
    }
    if let Some(line) = lines.iter().find(|line| line.trimmed().starts_with("NGFW Version ")) {
        reading.gaps.push(draft::gap(
            GapSort::Elsewhere,
            Some(line.number),
            "FTD の管理用の設定は管理装置（FMC など）にあります",
            "what manages FTD (FMC or the like) holds the rest of its settings",
        ));
        let why = ground(
            line.number,
            "FTD の管理アクセスはこの設定からは分かりません",
            "who manages FTD does not stand in this configuration",
        );
        reading.management = Access::unknown(why).restriction();
    }
}

fn identify<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    identity.maker = Some("Cisco".to_owned());
    for line in lines {
        let text = line.trimmed();
        let plain = text.trim_start_matches([':', ' ']);
        if let Some(version) = version(text) {
            if identity.firmware.is_empty() {
                identity.firmware.push(Firmware { version: draft::word(version), build: None, running: Answer::Yes });
            }
        } else if let Some(serial) = plain.strip_prefix("Serial Number: ") {
            identity.serial.get_or_insert_with(|| draft::word(serial.trim()));
        } else if let Some(model) = plain.strip_prefix("Hardware:").and_then(|rest| rest.split(',').next()) {
            identity.model.get_or_insert_with(|| draft::word(model.trim()));
        } else if let Some(date) = plain.strip_prefix("Written by ").and_then(|rest| rest.split_once(" at ")) {
            reading.source.written.get_or_insert_with(|| draft::word(date.1));
        }
    }
}

/// `ssh 198.51.100.0 255.255.255.0 outside` and the like, on every interface that looks outside.
fn management(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut plane: Option<Access> = None;
    for service in ["ssh", "http", "telnet"] {
        let server = config.last("http server enable");
        if service == "http" && server.is_none() {
            continue;
        }
        for (outside, line) in &config.outside {
            let mut access: Option<Access> = None;
            for (line, rest) in config.all(service) {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let from = match words.as_slice() {
                    [address, mask, name] if name == outside => config.lists.named(address, mask),
                    [six, name] if name == outside && six.contains(':') => Some((*six).to_owned()),
                    _ => continue,
                };
                let part = allowed(service, outside, line, from);
                access = Some(access.map_or(part.clone(), |access| access.or(part)));
            }
            let Some(access) = access else { continue };
            let mut way = draft::way(
                &format!("{service} {outside}"),
                WayInSort::Management,
                if service == "http" { "https" } else { service },
                FarEnd::Unknown,
            );
            way.enabled =
                draft::yes(ground(*line, format!("{outside} で受け付けます"), format!("{outside} accepts it")));
            way.interface = Some(draft::word(outside));
            way.restriction = access.clone().restriction();
            way.second_factor =
                draft::unknown(absence("認証サーバの設定によります", "the authentication server decides"));
            reading.ways_in.push(way);
            plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
        }
    }
    let access = match plane {
        Some(plane) => plane,
        None if config.outside.is_empty() => Access::unknown(absence(
            "外側のインターフェースがどれか、この設定から分かりません",
            "the configuration does not show which interface looks outside",
        )),
        None => Access::nobody(absence(
            "外側のインターフェースで ssh、http、telnet を許していません",
            "no interface outside lets ssh, http or telnet in",
        )),
    };
    reading.management = access.restriction();
    let names = config.all("username").filter(|(_, rest)| rest.contains(" privilege 15")).count();
    reading.administrators = u32::try_from(names).ok().filter(|names| *names > 0);
}

fn allowed(service: &str, outside: &str, line: u32, from: Option<String>) -> Access {
    let Some(from) = from else {
        return Access::unknown(ground(line, "接続元を読み取れません", "the source is not understood"));
    };
    let why = ground(
        line,
        format!("{outside} で {service} を {from} から許しています"),
        format!("{service} is let in on {outside} from {from}"),
    );
    let wide = reach::span(&from).is_some_and(|(start, end)| end - start >= 1 << 31) || from == "::/0";
    if wide { Access::anyone(why) } else { Access::named([from], why) }
}

fn log(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let hosts: Vec<(u32, &str)> =
        config.all("logging host").filter_map(|(line, rest)| Some((line, rest.split(' ').nth(1)?))).collect();
    reading.log_targets = hosts.iter().map(|(_, host)| draft::word(host)).collect();
    reading.logs_elsewhere = match (hosts.first(), config.last("logging enable")) {
        (Some((line, _)), Some(_)) => {
            draft::yes(ground(*line, "syslog の送り先があります", "it sends syslog to another host"))
        }
        (Some((line, _)), None) => draft::unknown(ground(
            *line,
            "送り先はありますが logging enable がありません",
            "a host is named and there is no `logging enable`",
        )),
        (None, _) => draft::no(absence("syslog の送り先がありません", "no host is named for syslog")),
    };
}

/// `nat (inside,outside) static interface service tcp 3389 3389` within an object, or the old `static (inside,outside) …`.
fn forwards(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for block in config.blocks.iter().filter(|block| block.head.starts_with("object network ")) {
        let Some((line, rest)) = block.find("nat") else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [pair, "static", _, rest @ ..] = words.as_slice() else { continue };
        let ports = match rest {
            ["service", protocol, inner, outer, ..] => Some((*protocol, *inner, *outer)),
            _ => None,
        };
        let object = after(block.head, "object network").unwrap_or_default();
        let inner = config.lists.host_of(object).unwrap_or_default();
        push_forward(config, reading, (line, block.head), pair, inner, ports);
    }
    for (line, rest) in config.all("static").take(2000) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words.as_slice() {
            [pair, protocol @ ("tcp" | "udp"), outer_address, outer, inner, port, ..] => {
                let key = format!("static {pair} {protocol} {outer_address} {outer}");
                push_forward(config, reading, (line, &key), pair, inner, Some((protocol, port, outer)));
            }
            [pair, outer, inner, ..] if pair.starts_with('(') => {
                push_forward(config, reading, (line, &format!("static {pair} {outer}")), pair, inner, None);
            }
            _ => {}
        }
    }
}

fn push_forward(
    config: &Config<'_, '_>,
    reading: &mut DeviceReading,
    (line, key): (u32, &str),
    pair: &str,
    inner: &str,
    ports: Option<(&str, &str, &str)>,
) {
    let outside = pair.trim_matches(['(', ')']).split(',').next_back().unwrap_or_default();
    if !config.outside.contains_key(outside) && outside != "any" {
        return;
    }
    let technology = ports.map_or("ip".to_owned(), |(protocol, _, outer)| format!("{protocol}/{outer}"));
    let mut way = draft::way(key, WayInSort::PortForward, &technology, FarEnd::Unknown);
    way.enabled = draft::yes(ground(line, "アドレス変換が設定されています", "the translation is configured"));
    way.interface = Some(draft::word(outside));
    way.inside = vec![draft::word(&ports.map_or(inner.to_owned(), |(_, port, _)| format!("{inner}:{port}")))];
    way.second_factor = draft::not_applicable();
    let service = match ports {
        Some(("tcp", port, _)) => cisco::number(port).map(Service::Tcp),
        Some(("udp", port, _)) => cisco::number(port).map(Service::Udp),
        _ => Some(Service::Any),
    };
    let list = config.groups.iter().find_map(|(line, words)| match words.as_slice() {
        [list, "in", "interface", name] if *name == outside => Some((*line, *list)),
        [list, "global"] => Some((*line, *list)),
        _ => None,
    });
    let access = match (list, service, inner.parse().ok()) {
        (Some((at, list)), Some(service), Some(inner)) => config.lists.over(list, at, service, Some(inner), false),
        (None, ..) => Access::nobody(ground(
            line,
            format!("{outside} に受信のアクセスリストがなく、外からは通りません"),
            format!("{outside} has no inbound list, and nothing passes from outside"),
        )),
        _ => Access::unknown(ground(line, "通るアクセスリストを特定できません", "which list it passes is not clear")),
    };
    way.restriction = access.restriction();
    reading.ways_in.push(way);
}
