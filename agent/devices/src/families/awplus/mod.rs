//! AlliedWare Plus (Allied Telesis AR and x series): `show running-config`, `show system`.
//! It does not know what the firewall does with what no rule names, nor access lists of switch ports and of `vty`.
//! Invariant: a service that is on is restricted by the hosts of its users or by rules of the firewall, or it is not restricted.
//!
//! Syntax and defaults: Allied Telesis, "AlliedWare Plus コマンドリファレンス" 5.5.4, 運用・管理 / Secure Shell (the SSH server is off by
//! default), "Software Reference" 5.2.1, Secure Shell (a user of `ssh server allow-users` may be tied to hosts), "Command Reference for
//! AR2050V" 5.4.7, Firewall Commands (`rule`: in the order of numbers; `log` decides nothing).

mod firewall;
mod tunnels;

use crate::blocks::{Block, after, blocks};
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{self, Networks};
use crate::reach::Access;
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, Firmware, GapSort, WayInSort};
use firewall::{Firewall, Service};
use std::collections::BTreeSet;

/// The parser.
pub(crate) struct AwPlus;

/// `rule 10 permit any from private to public`.
fn is_rule(line: &str) -> bool {
    after(line, "rule").is_some_and(|rest| rest.contains(" from ") && rest.starts_with(|c: char| c.is_ascii_digit()))
}

impl Family for AwPlus {
    fn id(&self) -> &'static str {
        "awplus"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: [&str; 8] = [
            "ssh server allow-users ",
            "service telnet",
            "no service telnet",
            "no service ssh",
            "atmf ",
            "crypto isakmp peer ",
            "tunnel mode openvpn ",
            "ip subnet ",
        ];
        const SOME: [&str; 7] = [
            "service ssh",
            "service http",
            "zone ",
            "interface vlan",
            "interface tunnel",
            "interface eth",
            "log host ",
        ];
        let board = line.starts_with("Base ") && line.contains(" AT-");
        if board || is_rule(line) { 5 } else { weigh(line, &SURE, &SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        (line.starts_with("Board ") && line.contains("Board Name") && line.contains("Serial number"))
            .then(|| Mark::status("show system"))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Allied Telesis".to_owned());
        status(&device.status, reading);
        if device.config.is_empty() {
            return;
        }
        let blocks = blocks(&device.config, opens);
        let config = Config { blocks: &blocks };
        if let Some((_, name)) = config.last("hostname") {
            reading.identity.name = Some(draft::word(name));
        }
        if config.last("end").is_none() {
            reading.gaps.push(draft::gap(
                GapSort::CutOff,
                device.config.last().map(|line| line.number),
                "設定の終わりの行（end）がありません。途中で切れている可能性があります",
                "the line with which a configuration ends (end) is missing; it may be cut off",
            ));
        }
        let firewall = Firewall::of(&config);
        tunnels::read(&config, &firewall, reading);
        management(&config, &firewall, reading);
        log(&config, reading);
        networks(&config, reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

fn opens(head: &str) -> bool {
    let sorts = ["interface ", "zone ", "application ", "crypto ipsec profile ", "crypto isakmp profile ", "line "];
    ["firewall", "nat"].contains(&head) || sorts.iter().any(|sort| head.starts_with(sort))
}

struct Config<'b, 'l> {
    blocks: &'b [Block<'l>],
}

impl<'b, 'l> Config<'b, 'l> {
    fn all(&self, words: &str) -> impl Iterator<Item = (u32, &'l str)> {
        self.blocks.iter().filter_map(move |block| after(block.head, words).map(|rest| (block.line, rest)))
    }

    fn last(&self, words: &str) -> Option<(u32, &'l str)> {
        self.all(words).last()
    }

    /// Blocks whose head begins so, with what follows.
    fn heads(&self, words: &str) -> impl Iterator<Item = (&'b Block<'l>, &'l str)> {
        self.blocks.iter().filter_map(move |block| after(block.head, words).map(|rest| (block, rest)))
    }
}

/// Interfaces and static routes. What holds without `shutdown` was not read in the manual.
fn networks(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for (block, name) in config.heads("interface") {
        networks::block(&mut networks, name, block, Answer::Unknown);
    }
    config.all("ip route").for_each(|(line, rest)| networks::route(&mut networks, line, rest));
    config.all("ipv6 route").for_each(|(line, rest)| networks::route_six(&mut networks, line, rest));
    networks.end(reading);
}

/// `show system`: the board, and the software that runs.
fn status(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    let mut name = false;
    for line in lines {
        let text = line.trimmed();
        let words: Vec<&str> = text.split_whitespace().collect();
        if let ["Base", _, model, .., serial] = words.as_slice() {
            identity.model.get_or_insert_with(|| draft::word(model));
            identity.serial.get_or_insert_with(|| draft::word(serial));
        } else if let Some(version) = text.strip_prefix("Software version").and_then(|rest| rest.split_once(':')) {
            let version = draft::word(version.1.trim());
            identity.firmware = vec![Firmware { version, build: None, running: Answer::Yes }];
        } else if name && !text.is_empty() && !text.starts_with("System Contact") {
            identity.name = Some(draft::word(text));
        }
        name = text == "System Name";
    }
}

/// SSH, telnet and the web pages; SNMP; and who may change the device.
fn management(config: &Config<'_, '_>, firewall: &Firewall<'_>, reading: &mut DeviceReading) {
    let mut plane: Option<Access> = None;
    let mut add = |part: Access| plane = Some(plane.take().map_or(part.clone(), |plane: Access| plane.or(part)));
    for (name, port) in [("ssh", 22), ("telnet", 23), ("http", 80)] {
        let on = switched(config, name);
        if on.answer == Answer::No {
            continue;
        }
        let own = if name == "ssh" { ssh_hosts(config) } else { vty(config, name) };
        let access = own.and(firewall.reach(Service::Tcp(port)));
        if on.answer == Answer::Yes {
            add(access.clone());
            let mut way = draft::way(&format!("service {name}"), WayInSort::Management, name, FarEnd::Unknown);
            way.enabled = on;
            way.restriction = access.restriction();
            way.second_factor = draft::unknown(absence("認証の設定によります", "it depends on how logins are proved"));
            reading.ways_in.push(way);
        } else {
            let mut access = access.perhaps();
            access.because.extend(on.because);
            add(access);
        }
    }
    if let Some((line, _)) = config.last("snmp-server community") {
        let open =
            ground(line, "SNMP が動いています。接続元の判断はしていません", "SNMP runs; who may ask was not judged");
        add(Access::unknown(open).and(firewall.reach(Service::Udp(161))));
    }
    let none = || absence("管理用のサービスはすべて止まっています", "every service for management is switched off");
    reading.management = plane.unwrap_or_else(|| Access::nobody(none())).restriction();
    let names: BTreeSet<&str> = config
        .all("username")
        .filter(|(_, rest)| rest.contains(" privilege 15"))
        .filter_map(|(_, rest)| rest.split(' ').next())
        .collect();
    reading.administrators = u32::try_from(names.len()).ok().filter(|names| *names > 0);
}

fn switched(config: &Config<'_, '_>, name: &str) -> Answered {
    let (on, off) = (config.last(&format!("service {name}")), config.last(&format!("no service {name}")));
    match (on, off) {
        (Some((line, _)), None) => {
            draft::yes(ground(line, format!("{name} が動いています"), format!("{name} is switched on")))
        }
        (None, Some((line, _))) => {
            draft::no(ground(line, format!("{name} を止めています"), format!("{name} is switched off")))
        }
        (None, None) if name == "ssh" => draft::no(absence(
            "service ssh がなく、初期設定では動きません",
            "there is no `service ssh`, and it is off by default",
        )),
        _ => draft::unknown(draft::silent(&format!("service {name}"))),
    }
}

/// `ssh server allow-users NAME [HOST]`: one user without a host comes from anywhere.
fn ssh_hosts(config: &Config<'_, '_>) -> Access {
    let mut sum: Option<Access> = None;
    for (line, rest) in config.all("ssh server allow-users") {
        let part = match rest.split_whitespace().nth(1) {
            Some(host) if !host.trim_matches(['*', '.']).is_empty() => Access::named(
                [draft::word(host)],
                ground(line, "この利用者は接続元を限っています", "this user is tied to where he comes from"),
            ),
            _ => Access::anyone(ground(
                line,
                "この利用者には接続元の限定がありません",
                "this user is not tied to where he comes from",
            )),
        };
        sum = Some(sum.map_or(part.clone(), |sum| sum.or(part)));
    }
    sum.unwrap_or_else(|| Access::unknown(draft::silent("ssh server allow-users"))).and(vty(config, "ssh"))
}

/// A list for management is named and not judged: it can only make an answer unknown.
fn vty(config: &Config<'_, '_>, name: &str) -> Access {
    let listed = config.last("vty access-class").filter(|_| name != "http");
    match listed {
        Some((line, _)) => Access::unknown(ground(
            line,
            "管理用のアクセスリスト（vty access-class）があります。その中身は判断していません",
            "there is an access list for management (vty access-class); it was not judged",
        )),
        None => Access::anyone(absence(
            format!("{name} に接続元のアクセスリストがありません"),
            format!("no access list says who may reach {name}"),
        )),
    }
}

fn log(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let hosts: Vec<(u32, &str)> = config
        .all("log host")
        .filter_map(|(line, rest)| Some((line, rest.split(' ').next().filter(|host| host.contains(['.', ':']))?)))
        .collect();
    reading.log_targets = hosts.iter().map(|(_, host)| draft::word(host)).collect();
    reading.logs_elsewhere = match hosts.first() {
        Some((line, _)) => draft::yes(ground(*line, "syslog の送り先があります", "it sends syslog to another host")),
        None => draft::no(absence("syslog の送り先がありません", "no host is named for syslog")),
    };
}
