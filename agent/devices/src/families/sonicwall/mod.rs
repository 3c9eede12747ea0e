//! SonicWall SonicOS in its command line form: `show current-config`, `show version`, `show device`.
//! It does not know the exported `.exp` file, cloud management, and IPv6 rules.
//! Invariant: management or VPN that no access rule of the file speaks of is unknown, since the device makes such rules itself.
//!
//! Syntax and meaning: SonicWall, "SonicOS/X E-CLI Reference Guide".

mod rules;
mod vpn;

use crate::blocks::{Block, after};
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{Networks, Say, masked};
use crate::reach::Access;
use crate::split::Device;
use crate::text::{Line, is_prompt};
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, GapSort, SourceSort, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use rules::{Places, Target};
use std::collections::BTreeMap;

/// The parser.
pub(crate) struct SonicWall;

impl Family for SonicWall {
    fn id(&self) -> &'static str {
        "sonicwall"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "firmware-version \"SonicOS",
            "rom-version \"SonicROM",
            "Firmware Version: SonicOS",
            "ip-assignment WAN",
            "ip-assignment LAN",
            "access-rule ipv4 from ",
            "access-rule ipv6 from ",
            "nat-policy ipv4 ",
            "vpn policy site-to-site ",
            "vpn policy group-vpn ",
            "vpn policy tunnel-interface ",
            "ssl-vpn server",
            "ssl-vpn profile",
            "address-object ipv4 ",
            "address-group ipv4 ",
        ];
        const SOME: &[&str] =
            &["security-type ", "service-object ", "management https", "no management ", "interface X"];
        weigh(line, SURE, SOME)
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if line.starts_with("firmware-version \"SonicOS") {
            return Some(Mark::config());
        }
        line.starts_with("Firmware Version: SonicOS").then(|| Mark::status("show device"))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("SonicWall".to_owned());
        identify(device.config.iter().chain(&device.status), reading);
        let blocks = sections(&device.config);
        if !blocks.iter().any(|block| KINDS.iter().any(|(kind, _)| after(block.head, kind).is_some())) {
            // `show version` begins as a configuration does.
            reading.source.sort = SourceSort::StatusOutput;
            return;
        }
        end(&device.config, reading);
        if let Some((_, name)) = blocks.iter().find_map(|block| {
            block.find("firewall-name").or_else(|| after(block.head, "firewall-name").map(|name| (block.line, name)))
        }) {
            reading.identity.name = Some(draft::word(unquoted(name)));
        }
        let places = Places::of(&blocks);
        let outside = outside(&blocks);
        management(&blocks, &places, &outside, reading);
        vpn::read(&blocks, &places, &outside, reading);
        rules::forwards(&blocks, &places, &outside, reading);
        uplinks(&blocks, reading);
        networks(&blocks, reading);
        log(&blocks, reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

/// Statements that have a body, and which of its own statements have one. A copy may have lost its indentation.
const KINDS: [(&str, &[&str]); 13] = [
    ("interface", &["ip-assignment"]),
    ("zone", &[]),
    ("access-rule", &[]),
    ("nat-policy", &[]),
    ("vpn policy", &["auth-method"]),
    ("ssl-vpn", &[]),
    ("user local", &["user", "group"]),
    ("user local-users", &["user", "group"]),
    ("address-group", &[]),
    ("service-group", &[]),
    ("administration", &[]),
    ("address-object", &[]),
    ("service-object", &[]),
];

/// The topmost statements with all that stands under them, blocks within blocks laid flat.
fn sections<'l>(lines: &'l [Line<'_>]) -> Vec<Block<'l>> {
    let flat = !lines.iter().any(|line| line.text.starts_with([' ', '\t']) && !line.trimmed().is_empty());
    let mut blocks: Vec<Block<'l>> = Vec::new();
    // How many blocks are open in a copy without indentation, and which statements open more.
    let (mut depth, mut opens): (usize, &[&str]) = (0, &[]);
    for line in lines {
        let text = line.trimmed();
        if text.is_empty() || text.starts_with('!') || is_prompt(text) {
            continue;
        }
        if text == "exit" {
            depth = depth.saturating_sub(1);
            continue;
        }
        let inner = if flat { depth > 0 && !begins(text) } else { line.text.starts_with([' ', '\t']) };
        match blocks.last_mut() {
            Some(block) if inner => {
                depth += usize::from(opens.iter().any(|word| after(text, word).is_some()));
                block.body.push((line.number, text));
            }
            _ => {
                let kind = KINDS.iter().find(|(kind, _)| after(text, kind).is_some());
                (depth, opens) = kind.map_or((0, opens), |(_, opens)| (1, *opens));
                blocks.push(Block { line: line.number, head: text, body: Vec::new() });
            }
        }
    }
    blocks
}

/// Whether a line begins a statement of the topmost level, whatever stands before it.
fn begins(text: &str) -> bool {
    let starts = ["interface", "access-rule", "nat-policy", "vpn policy", "ssl-vpn server", "user local"];
    starts.iter().any(|start| after(text, start).is_some())
}

/// A name with or without its quotation marks.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or(rest),
        None => text.split(' ').next().unwrap_or(text),
    }
}

fn end(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let last = lines.iter().rev().map(Line::trimmed).find(|line| !line.is_empty() && !line.starts_with('#'));
    let begins = lines.iter().any(|line| line.trimmed().starts_with("firmware-version "));
    if !begins || !last.is_some_and(is_prompt) {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            lines.last().map(|line| line.number),
            "設定のうち一部だけか、途中で切れている可能性があります（この形式には終わりの行がありません）",
            "it may be a part of a configuration, or cut off (this form has no last line)",
        ));
    }
}

fn identify<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    for line in lines {
        let text = line.trimmed().trim_start_matches(['!', ' ']);
        let value = |keys: [&str; 2]| {
            let rest = keys.iter().find_map(|key| text.strip_prefix(key))?;
            let value = if rest.starts_with('"') { unquoted(rest) } else { rest.trim() };
            (!value.is_empty()).then(|| draft::word(value))
        };
        if let Some(version) = value(["firmware-version ", "Firmware Version: "]) {
            let begins = ["SonicOS Enhanced ", "SonicOS Standard ", "SonicOSX ", "SonicOS "];
            let plain = begins.iter().find_map(|begin| version.strip_prefix(begin)).unwrap_or(&version).to_owned();
            if identity.firmware.is_empty() {
                identity.firmware.push(Firmware { version: plain, build: None, running: Answer::Yes });
            }
        } else if let Some(model) = value(["model ", "Model: "]).or(value(["product-name ", "Product Name: "])) {
            identity.model.get_or_insert(model);
        } else if let Some(serial) = value(["serial-number ", "Serial Number: "]) {
            identity.serial.get_or_insert(serial);
        } else if let Some(time) = value(["system-time ", "System Time: "]) {
            reading.source.written.get_or_insert(time);
        }
    }
}

/// Interfaces of the zone WAN, with the line that shows it.
fn outside<'l>(blocks: &[Block<'l>]) -> BTreeMap<&'l str, u32> {
    let mut outside = BTreeMap::new();
    for block in blocks {
        let Some(name) = after(block.head, "interface").filter(|name| !name.starts_with("ipv6 ")) else { continue };
        let name = unquoted(name.strip_prefix("ipv4 ").unwrap_or(name));
        let wan = block.find("ip-assignment WAN").or_else(|| block.find("zone WAN"));
        if let (Some((line, _)), None) = (wan, block.find("shutdown-port")) {
            outside.insert(name, line);
        }
    }
    outside
}

/// `management https`, `management http https ssh`, `no management ssh` of an interface.
fn offers(block: &Block<'_>, service: &str) -> Option<u32> {
    let refused = block.all("no management").any(|(_, rest)| rest == service);
    let line = block.all("management").find(|(_, rest)| rest.split(' ').any(|word| word == service));
    line.map(|(line, _)| line).filter(|_| !refused)
}

fn management(
    blocks: &[Block<'_>],
    places: &Places<'_, '_>,
    outside: &BTreeMap<&str, u32>,
    reading: &mut DeviceReading,
) {
    let mut plane: Option<Access> = None;
    for block in blocks {
        let Some(name) = after(block.head, "interface") else { continue };
        let name = unquoted(name.strip_prefix("ipv4 ").unwrap_or(name));
        if !outside.contains_key(name) {
            continue;
        }
        for (service, rule, port) in
            [("https", "HTTPS Management", 443), ("http", "HTTP Management", 80), ("ssh", "SSH Management", 22)]
        {
            let Some(line) = offers(block, service) else { continue };
            let name = draft::word(name);
            let access = places.reach(&Target::own(rule, "tcp", port));
            let key = format!("interface {name} {service}");
            let mut way = draft::way(&key, WayInSort::Management, service, FarEnd::Unknown);
            way.enabled = draft::yes(ground(
                line,
                format!("{name} で {service} を許しています"),
                format!("{name} allows {service}"),
            ));
            way.interface = Some(name);
            way.restriction = access.clone().restriction();
            reading.ways_in.push(way);
            plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
        }
    }
    let access = match plane {
        Some(plane) => plane,
        None if outside.is_empty() => Access::unknown(absence(
            "外側のインターフェースがどれか、この設定から分かりません",
            "the configuration does not show which interface looks outside",
        )),
        None => Access::nobody(absence(
            "ゾーン WAN のインターフェースで管理を許していません",
            "no interface of the zone WAN allows management",
        )),
    };
    reading.management = access.restriction();
    let people = vpn::people(blocks);
    let admins = people.iter().filter(|person| person.is_of("SonicWALL Administrators"));
    let admins = u32::try_from(admins.count()).unwrap_or(u32::MAX);
    // The account that comes with the device is one of them.
    reading.administrators = (!people.is_empty()).then(|| admins.saturating_add(1));
}

/// Cellular modems are interfaces of their own: `U0`, `U1`.
fn uplinks(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    for block in blocks {
        let Some(name) = after(block.head, "interface").map(unquoted) else { continue };
        let modem =
            name.strip_prefix('U').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        if !modem || block.body.is_empty() {
            continue;
        }
        let mut way = draft::way(&format!("interface {name}"), WayInSort::MobileUplink, "lte", FarEnd::Unknown);
        way.interface = Some(draft::word(name));
        // Every model with the port prints it, with a modem in it or without.
        way.enabled = draft::unknown(ground(
            block.line,
            "モバイル回線の口があります。使われているかは分かりません",
            "there is a port for a mobile line; whether it is in use is not known",
        ));
        way.restriction.restricted = draft::unknown(absence(
            "モバイル回線側の制限は、契約とフィルタによります",
            "who reaches it over the mobile line depends on its contract and filters",
        ));
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}

/// Interfaces. Static routes of this maker are policies over address objects, and are not read.
fn networks(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for block in blocks {
        let Some(name) = after(block.head, "interface").filter(|_| !block.body.is_empty()) else { continue };
        let name = name.strip_prefix("ipv4 ").or_else(|| name.strip_prefix("ipv6 ")).unwrap_or(name);
        let own = networks.interface(name, block.line);
        name.split_once(" vlan ").into_iter().for_each(|(_, id)| own.vlan(id));
        for (_, text) in &block.body {
            let words: Vec<&str> = text.split_whitespace().collect();
            match words.as_slice() {
                ["ip-assignment", zone, how, ..] => {
                    match *zone {
                        "WAN" => own.role(InterfaceRole::Wan),
                        "LAN" => own.role(InterfaceRole::Lan),
                        _ => {}
                    }
                    if ["dhcp", "pppoe", "pptp", "l2tp"].contains(how) {
                        own.address(None);
                    }
                }
                ["ip", address, "netmask", mask, ..] => own.address(masked(address, mask)),
                ["comment", ..] => own.describe(text.split_once(' ').map_or("", |(_, text)| text)),
                ["shutdown-port"] => own.shut_down = Answer::Yes,
                ["no", "shutdown-port"] => own.shut_down = Answer::No,
                _ => {}
            }
        }
    }
    networks.end(reading);
}

/// Hosts for syslog, wherever a statement names one.
fn log(blocks: &[Block<'_>], reading: &mut DeviceReading) {
    let mut first = None;
    let statements = blocks.iter().flat_map(|block| {
        let inner = block.head.starts_with("log");
        std::iter::once((block.line, block.head, false)).chain(block.body.iter().map(move |(l, t)| (*l, *t, inner)))
    });
    for (line, text, inner) in statements {
        let rest = after(text, "syslog-server")
            .or_else(|| after(text, "log syslog-server"))
            .or_else(|| after(text, "server").filter(|_| inner));
        let Some(rest) = rest else { continue };
        let words = ["ipv4", "host", "name", "address-object", "address"];
        let mut host = rest;
        while let Some(short) = words.iter().find_map(|word| after(host, word)) {
            host = short;
        }
        let host = unquoted(host);
        if !host.is_empty() {
            first.get_or_insert(line);
            reading.log_targets.push(draft::word(host));
        }
    }
    reading.logs_elsewhere = match first {
        Some(line) => draft::yes(ground(line, "syslog の送り先があります", "it sends syslog to another host")),
        None => draft::unknown(draft::silent("syslog-server")),
    };
}
