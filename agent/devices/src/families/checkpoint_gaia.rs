//! Check Point Gaia: `show configuration`, `show version all`, `show asset all`, `fw ver`: the operating system of a gateway.
//! It does not know the security policy, VPN communities and remote access: they are in the management server.
//! Invariant: who reaches the VPN is unknown, and that management is open is never sure, since a policy stands before both.
//!
//! Syntax and meaning: Check Point, "Gaia Administration Guide" (allowed clients: who may reach Gaia Portal and SSH).

use crate::blocks::after;
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{DEFAULT, DEFAULT_SIX, Networks, Say, inet, masked};
use crate::reach::{self, Access, EVERYWHERE, Filters, From};
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, GapSort, Ground, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use std::collections::{BTreeMap, BTreeSet};

/// The parser.
pub(crate) struct CheckPointGaia;

impl Family for CheckPointGaia {
    fn id(&self) -> &'static str {
        "checkpoint_gaia"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "# Configuration of ",
            "# Language version: ",
            "add allowed-client ",
            "add rba ",
            "set rba ",
            "set expert-password",
            "set password-controls ",
            "set installer ",
            "set user admin ",
            "set static-route default nexthop gateway ",
            "add syslog log-remote-address ",
            "set net-access telnet ",
            "set web ssl-port ",
            "set core-dump ",
            "Product version Check Point",
            "This is Check Point's ",
            "Model: Check Point",
        ];
        const SOME: &[&str] = &["set interface ", "set hostname ", "set user ", "add user ", "set snmp ", "set ntp "];
        weigh(line, SURE, SOME)
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if let Some(name) = line.strip_prefix("# Configuration of ") {
            return Some(Mark { name: Some(name.trim().to_owned()), ..Mark::config() });
        }
        let sorts = [
            ("Product version Check Point", "show version all"),
            ("This is Check Point's ", "fw ver"),
            ("Model: Check Point", "show asset all"),
        ];
        sorts.iter().find(|(start, _)| line.starts_with(start)).map(|(_, sort)| Mark::status(sort))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Check Point".to_owned());
        identify(device.status.iter().chain(&device.config), reading);
        let config = Config::of(&device.config);
        if config.statements.is_empty() {
            return;
        }
        if let Some((_, name)) = config.last("set hostname") {
            reading.identity.name = Some(draft::word(name));
        }
        reading.gaps.push(draft::gap(
            GapSort::Elsewhere,
            None,
            "セキュリティポリシー、VPN、リモートアクセスは管理サーバにあり、このファイルにはありません",
            "the security policy, VPN and remote access are in the management server and not in this file",
        ));
        if let Some((line, _)) = config.all("set virtual-system").next() {
            reading.gaps.push(draft::gap(
                GapSort::NotUnderstood,
                Some(line),
                "仮想システム（VSX）ごとの設定は読み分けていません",
                "the settings of virtual systems (VSX) are not told apart",
            ));
        }
        management(&config, reading);
        tunnels(&config, reading);
        log(&config, reading);
        networks(&config, reading);
        reading.vpn = Access::unknown(policy()).restriction();
    }
}

/// Why what stands before the device itself is not known.
fn policy() -> Ground {
    absence(
        "ゲートウェイのポリシーは管理サーバにあり、このファイルからは分かりません",
        "the gateway's policy is in its management server; this file does not show it",
    )
}

/// The commands that make the configuration.
struct Config<'l> {
    statements: Vec<(u32, &'l str)>,
}

impl<'l> Config<'l> {
    fn of(lines: &'l [Line<'_>]) -> Self {
        let verbs = ["set ", "add ", "delete "];
        let statements = lines.iter().map(|line| (line.number, line.trimmed()));
        Self { statements: statements.filter(|(_, text)| verbs.iter().any(|verb| text.starts_with(verb))).collect() }
    }

    fn all<'b>(&'b self, words: &'b str) -> impl Iterator<Item = (u32, &'l str)> + 'b {
        self.statements.iter().filter_map(move |(line, text)| after(text, words).map(|rest| (*line, rest)))
    }

    fn last(&self, words: &str) -> Option<(u32, &'l str)> {
        self.all(words).last()
    }
}

fn identify<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    let (mut version, mut build, mut take) = (None, None, None);
    for line in lines {
        let text = line.trimmed();
        if let Some(rest) = text.strip_prefix("Product version Check Point ") {
            version = rest.split(' ').rfind(|word| is_release(word)).or(version);
        } else if let Some(rest) = text.strip_prefix("This is Check Point's software version ") {
            let mut parts = rest.split(" - Build ");
            version = parts.next().map(str::trim).filter(|word| is_release(word)).or(version);
            build = build.or(parts.next().map(str::trim));
        } else if let Some(rest) = text.strip_prefix("OS build ") {
            build = Some(rest.trim());
        } else if let Some(rest) = text.strip_prefix("Model: ") {
            identity.model.get_or_insert_with(|| draft::word(rest.trim().trim_start_matches("Check Point ")));
        } else if let Some(rest) = text.strip_prefix("Serial Number: ") {
            identity.serial.get_or_insert_with(|| draft::word(rest.trim()));
        } else if let Some(rest) = text.strip_prefix("# Exported by ") {
            reading.source.written = rest.split_once(" on ").map(|(_, time)| draft::word(time));
        } else if text.contains("Jumbo Hotfix Accumulator") {
            // The take decides what is fixed.
            take = take.or(number_after(text, "Take ").or(number_after(text, "Take: ")));
        }
    }
    if let Some(version) = version {
        let version = take.map_or_else(|| version.to_owned(), |take| format!("{version} take {take}"));
        let build = build.map(draft::word).filter(|build| !build.is_empty());
        identity.firmware = vec![Firmware { version: draft::word(&version), build, running: Answer::Yes }];
    }
}

/// `R81.20`, `R77.30`.
fn is_release(word: &str) -> bool {
    word.strip_prefix('R').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    })
}

fn number_after(text: &str, words: &str) -> Option<u32> {
    let rest = text.get(text.find(words)? + words.len()..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..digits)?.parse().ok()
}

/// `add allowed-client host any-host`, `… host ipv4-address A`, `… network ipv4-address A mask-length N`.
fn management(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut admins: BTreeSet<&str> = BTreeSet::new();
    for (_, rest) in config.all("add rba user").chain(config.all("set rba user")) {
        let (name, roles) = rest.split_once(" roles ").unwrap_or((rest, ""));
        if roles.split(',').any(|role| !role.trim().is_empty() && role.trim() != "monitorRole") {
            admins.insert(name);
        }
    }
    // The account that comes with the device has its role without a command.
    admins.extend(config.all("set user admin").next().map(|_| "admin"));
    reading.administrators = u32::try_from(admins.len()).ok().filter(|admins| *admins > 0);
    let mut clients: BTreeMap<&str, u32> = BTreeMap::new();
    for (line, text) in &config.statements {
        if let Some(rest) = after(text, "add allowed-client") {
            clients.insert(rest, *line);
        } else if let Some(rest) = after(text, "delete allowed-client") {
            clients.remove(rest);
        }
    }
    let mut filters = Filters::default();
    for (rest, line) in &clients {
        let from = client(rest);
        let shown = match &from {
            From::Span(span) => reach::shown(*span),
            From::Named(name) => name.clone(),
            From::Unclear => "?".to_owned(),
        };
        filters.ask(true, true, &from, || {
            ground(
                *line,
                format!("Gaia は {shown} からの Portal と SSH を受け付けます（allowed-client）"),
                format!("Gaia takes its portal and SSH from {shown} (allowed-client)"),
            )
        });
    }
    let access = match clients.is_empty() {
        true => Access::unknown(draft::silent("add allowed-client")),
        false => filters.end(),
    };
    reading.management = access.and(Access::unknown(policy())).restriction();
}

fn client(rest: &str) -> From {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let span = match words.as_slice() {
        ["host", "any-host"] => Some(EVERYWHERE),
        ["host", "ipv4-address", address] => reach::span(address),
        ["network", "ipv4-address", address, "mask-length", bits] => reach::span(&format!("{address}/{bits}")),
        ["host", "ipv6-address", address] | ["network", "ipv6-address", address, ..] => {
            return From::Named(draft::word(address));
        }
        _ => None,
    };
    span.map_or(From::Unclear, From::Span)
}

/// `add vpn tunnel 10 type numbered local A remote B peer NAME`: interfaces of VPN that Gaia itself knows of.
fn tunnels(config: &Config<'_>, reading: &mut DeviceReading) {
    for (line, rest) in config.all("add vpn tunnel").take(2000) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let value = |key: &str| words.iter().zip(words.iter().skip(1)).find(|(word, _)| **word == key).map(|(_, v)| *v);
        let Some(number) = words.first() else { continue };
        let far = value("peer").map_or(FarEnd::Unknown, |peer| FarEnd::Name(draft::word(peer)));
        let mut way = draft::way(&format!("vpn tunnel {number}"), WayInSort::SiteToSite, "ipsec", far);
        way.interface = value("dev").map(draft::word);
        let off = config.last(&format!("set interface vpnt{number} state")).filter(|(_, state)| *state == "off");
        way.enabled = match off {
            Some((line, _)) => draft::no(ground(line, "インターフェースを止めています", "its interface is off")),
            None => draft::yes(ground(line, "設定されています", "it is configured")),
        };
        way.restriction = Access::unknown(policy()).restriction();
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}

/// `set interface eth0 ipv4-address A mask-length N`, `set static-route 10.0.0.0/8 nexthop gateway address A on`.
fn networks(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for (line, text) in &config.statements {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["set", "interface", name, "state", state @ ("on" | "off"), ..] => {
                let answer = if *state == "on" { Answer::No } else { Answer::Yes };
                networks.interface(name, *line).shut_down = answer;
            }
            ["set", "interface", name, "comments", ..] => {
                let text = text.split_once(" comments ").map_or("", |(_, text)| text);
                networks.interface(name, *line).describe(text);
            }
            [
                "set",
                "interface",
                name,
                "ipv4-address" | "ipv6-address",
                own,
                "mask-length" | "subnet-mask",
                mask,
                ..,
            ] => {
                networks.interface(name, *line).address(masked(own, mask));
            }
            ["add", "interface", name, "vlan", id, ..] => networks.interface(&format!("{name}.{id}"), *line).vlan(id),
            ["add", "interface", name, "loopback", own, ..] => networks.interface(name, *line).address(inet(own)),
            ["add", "dhcp", "client", "interface", name, ..] => networks.interface(name, *line).address(None),
            ["set", "management", "interface", name, ..] => {
                networks.interface(name, *line).role(InterfaceRole::Management);
            }
            ["add", "vpn", "tunnel", number, ..] => {
                networks.interface(&format!("vpnt{number}"), *line).role(InterfaceRole::Tunnel);
            }
            ["set", "static-route" | "ipv6" | "ipv6-static-route", rest @ ..] => {
                gaia_route(&mut networks, *line, text.starts_with("set ipv6"), rest);
            }
            _ => {}
        }
    }
    networks.end(reading);
}

fn gaia_route(networks: &mut Networks, line: u32, six: bool, rest: &[&str]) {
    let rest = rest.strip_prefix(&["static-route"]).unwrap_or(rest);
    let [to, "nexthop", "gateway", how, hop, end @ ..] = rest else { return };
    let to = match *to {
        "default" if six => Some(DEFAULT_SIX),
        "default" => Some(DEFAULT),
        to => inet(to),
    };
    let hops = if *how == "address" { (Some(*hop), None) } else { (None, Some(*hop)) };
    if let (Some(to), true) = (to, end.last() != Some(&"off")) {
        networks.route(line, to, hops.0, hops.1);
    }
}

/// The log of the operating system; the log of connections goes where the policy says.
fn log(config: &Config<'_>, reading: &mut DeviceReading) {
    let gone: Vec<&str> =
        config.all("delete syslog log-remote-address").filter_map(|(_, rest)| rest.split(' ').next()).collect();
    let hosts: Vec<(u32, &str)> = config
        .all("add syslog log-remote-address")
        .filter_map(|(line, rest)| Some((line, rest.split(' ').next()?)))
        .filter(|(_, host)| !gone.contains(host))
        .collect();
    reading.log_targets = hosts.iter().map(|(_, host)| draft::word(host)).collect();
    reading.logs_elsewhere = match hosts.first() {
        Some((line, _)) => draft::yes(ground(*line, "syslog の送り先があります", "it sends syslog to another host")),
        None => draft::unknown(absence(
            "OS の syslog の送り先がなく、接続のログの送り先はポリシーにあります",
            "no host is named for the system's syslog; where the log of connections goes stands in the policy",
        )),
    };
}
