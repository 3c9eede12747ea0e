//! Palo Alto Networks PAN-OS: the configuration as XML, as `set` lines and in braces, and `show system info`.
//! It does not know what Panorama pushed, nor the configurations of firewalls within a Panorama.
//! Invariant: with a Panorama in the file, what the file does not say is not denied, since rules and templates come from there.
//!
//! Syntax and meaning: Palo Alto Networks, "PAN-OS Administrator's Guide" (interface management profiles, permitted IP
//! addresses, default security rules) and "CLI Quick Start".

mod access;
mod networks;
mod places;
mod vpn;

use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::reach::Access;
use crate::split::Device;
use crate::text::{Line, is_prompt};
use crate::tree::{self, At, Tree};
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, GapSort, SourceSort, WayInSort};
use places::Config;

/// The parser.
pub(crate) struct PanOs;

impl Family for PanOs {
    fn id(&self) -> &'static str {
        "panos"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "set deviceconfig system ",
            "set deviceconfig setting ",
            "set mgt-config ",
            "set network interface ethernet ethernet",
            "set network profiles interface-management-profile ",
            "set network ike gateway ",
            "set network virtual-router ",
            "set rulebase ",
            "set vsys vsys",
            "set global-protect ",
            "set shared ",
            "deviceconfig {",
            "mgt-config {",
            "interface-management-profile {",
            "global-protect-gateway {",
            "sw-version: ",
            "<mgt-config>",
            "<deviceconfig>",
            "<sw-version>",
        ];
        const SOME: &[&str] =
            &["permitted-ip {", "rulebase {", "set network ", "set zone ", "virtual-router {", "vsys {"];
        let words = ["urldb=\"paloalto", "<deviceconfig>", "<sw-version>"];
        let xml = line.starts_with('<') && words.iter().any(|word| line.contains(word));
        if xml || is_config(line) { 5 } else { weigh(line, SURE, SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if is_config(line) {
            return Some(Mark::config());
        }
        let name = line.strip_prefix("hostname: ")?.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        (!name.is_empty() && name.len() < 64 && name.chars().all(plain)).then(|| Mark::status("show system info"))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Palo Alto Networks".to_owned());
        status(&device.status, reading);
        if device.config.is_empty() {
            return;
        }
        if device.config.iter().any(|line| line.text.contains("<config") || line.text.contains("<response")) {
            let text = tree::joined(&device.config);
            fill(&tree::from_xml(&text, &device.config), &device.config, reading);
        } else {
            fill(&tree::from_text(&device.config), &device.config, reading);
        }
    }
}

/// `<config version="10.1.0" urldb="paloaltonetworks" detail-version="10.1.6">`.
fn is_config(line: &str) -> bool {
    line.starts_with("<config ") && line.contains("version=\"") && !line.contains("xmlns")
}

/// A word of the file, fit for a reading.
fn word(at: At<'_, '_>) -> String {
    draft::word(&tree::plain(at.word()))
}

/// `set` lines end where the prompt comes back, or nowhere; and a whole configuration has all of its parts.
fn end(tree: &Tree<'_>, config: &Config<'_, '_>, lines: &[Line<'_>], reading: &mut DeviceReading) {
    let last = lines.iter().rev().map(Line::trimmed).find(|line| !line.is_empty() && !line.starts_with('#'));
    let open = tree.flat && !last.is_some_and(|line| is_prompt(line) || line.starts_with("[edit"));
    if open || !config.is_whole() {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            lines.last().map(|line| line.number),
            "設定のうち一部だけか、途中で切れている可能性があります（set 形式には終わりの行がありません）",
            "it may be a part of a configuration, or cut off (lines with `set` have no end that one could see)",
        ));
    }
}

fn fill(tree: &Tree<'_>, lines: &[Line<'_>], reading: &mut DeviceReading) {
    reading.gaps.extend(tree.gaps.iter().cloned());
    let config = Config::of(tree);
    if let Some(system) = tree.root().get("response result system").or(tree.root().get("result system")) {
        facts(|key| system.value(key).map(word), reading);
        if config.is_empty() {
            reading.source.sort = SourceSort::StatusOutput;
            return;
        }
    }
    end(tree, &config, lines, reading);
    if let Some(name) = config.value("deviceconfig system hostname") {
        reading.identity.name = Some(word(name));
    }
    if let (Some(version), true) = (config.value("@detail-version"), reading.identity.firmware.is_empty()) {
        let version = word(version);
        reading.identity.firmware.push(Firmware { version, build: None, running: Answer::Unknown });
    }
    let templates = config.all("template").next().or(config.all("device-group").next());
    if let Some(inner) = templates {
        reading.gaps.push(draft::gap(
            GapSort::NotUnderstood,
            Some(inner.line()),
            "Panorama の設定です。テンプレートと装置グループの中（各ファイアウォールの設定）は読んでいません",
            "this is the configuration of a Panorama; templates and device groups, which are of the firewalls, are not read",
        ));
    }
    panorama(&config, reading);
    access::management(&config, reading);
    vpn::read(&config, reading);
    access::forwards(&config, reading);
    networks::read(&config, reading);
    log(&config, reading);
    let none = absence("VPN の設定がありません", "no VPN is configured");
    reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    let silent = reading.vpn.restricted.answer == Answer::NotApplicable;
    if let (true, Some(why)) = (silent, config.elsewhere().or(templates.map(|at| at.line()).map(pushed))) {
        reading.vpn = Access::unknown(why).restriction();
    }
    let mut names = config.all("deviceconfig system hostname");
    if let (Some(_), Some(second)) = (names.next(), names.next()) {
        draft::mixed(reading, second.line());
    }
}

fn pushed(line: u32) -> daicho_schemas::fact::device::Ground {
    ground(
        line,
        "Panorama から配られる設定はこのファイルにありません",
        "what Panorama pushes to the firewalls is not in this file",
    )
}

/// `show system info`: `hostname: fw1`, `serial: 0123…`, `sw-version: 10.1.6-h3`.
fn status(lines: &[Line<'_>], reading: &mut DeviceReading) {
    if !lines.iter().any(|line| line.trimmed().starts_with("sw-version: ")) {
        return;
    }
    let find = |key: &str| {
        let value = lines.iter().find_map(|line| line.trimmed().strip_prefix(key)?.strip_prefix(':'));
        value.map(|value| draft::word(value.trim())).filter(|value| !value.is_empty())
    };
    facts(find, reading);
}

fn facts(find: impl Fn(&str) -> Option<String>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    identity.name = find("hostname").or(identity.name.take());
    identity.model = find("model").or(identity.model.take());
    identity.serial = find("serial").filter(|serial| serial != "unknown").or(identity.serial.take());
    identity.macs.extend(find("mac-address").map(|mac| mac.to_ascii_lowercase()).filter(|mac| mac.len() == 17));
    if let Some(version) = find("sw-version") {
        identity.firmware = vec![Firmware { version, build: None, running: Answer::Yes }];
    }
}

/// Who manages it from elsewhere.
fn panorama(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for server in config.panoramas() {
        let key = format!("panorama {}", word(server));
        let far = match word(server) {
            name if name.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(name),
            name => FarEnd::Name(name),
        };
        let mut way = draft::way(&key, WayInSort::CloudManager, "Panorama", far);
        way.enabled = draft::yes(ground(server.line(), "Panorama が管理します", "a Panorama manages it"));
        way.restriction =
            Access::unknown(absence("接続元は管理側で決まります", "the manager decides who comes in by it"))
                .restriction();
        reading.ways_in.push(way);
        reading.gaps.push(draft::gap(
            GapSort::Elsewhere,
            Some(server.line()),
            "Panorama から配られる規則とテンプレートは、このファイルにあるとは限りません",
            "rules and templates that Panorama pushes need not be in this file",
        ));
    }
}

/// Servers for syslog, and whether anything is sent there.
fn log(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let mut first = None;
    for profile in config.everywhere("log-settings syslog") {
        for server in profile.below("server") {
            if let Some(address) = server.value("server") {
                first.get_or_insert(address.line());
                reading.log_targets.push(word(address));
            }
        }
    }
    let sends = config.sends("send-syslog").or(config.sends("using-syslog-setting"));
    let manager = config.sends("send-to-panorama").filter(|to| to.has("yes"));
    if manager.is_some() {
        reading.log_targets.extend(config.panoramas().map(word));
    }
    reading.logs_elsewhere = match (first, sends, manager) {
        (Some(line), Some(_), _) => {
            draft::yes(ground(line, "syslog の送り先があります", "it sends syslog to another host"))
        }
        (_, _, Some(to)) => draft::yes(ground(to.line(), "ログを Panorama へ送ります", "it sends its log to Panorama")),
        (Some(line), None, _) => draft::unknown(ground(
            line,
            "syslog サーバは登録されていますが、送る設定が見当たりません",
            "a server for syslog is known, and nothing is seen that sends to it",
        )),
        _ => match config.elsewhere() {
            Some(why) => draft::unknown(why),
            None => draft::no(absence("syslog の送り先がありません", "no host is named for syslog")),
        },
    };
}
