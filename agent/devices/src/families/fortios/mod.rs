//! Fortinet FortiOS: a backup, `show`, `show full-configuration`, `get system status`.
//! It does not know what a FortiManager pushes later, nor what an address object holds that is not in the file.
//! Invariant: one administrator without trusted hosts is an open management plane wherever an interface outside offers it.
//!
//! Defaults of settings that a backup leaves out are those of Fortinet's "FortiOS 7.4 CLI Reference": `trusthost` any,
//! `allowaccess` none, actions of policies `deny`, `syslogd status` disable, local-in policies without an implicit deny.

mod access;
mod networks;
mod tree;
mod uplinks;
mod vpn;

use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, WayInSort};
use tree::Tree;

/// The parser.
pub(crate) struct FortiOs;

impl Family for FortiOs {
    fn id(&self) -> &'static str {
        "fortios"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "#config-version=FG",
            "#config-version=FW",
            "config system global",
            "config system interface",
            "config firewall ",
            "config vpn ",
            "config system admin",
            "Version: Forti",
            "config system accprofile",
        ];
        const SOME: &[&str] = &["set vdom ", "set uuid ", "config user ", "config log "];
        weigh(line.trim_start_matches("# "), SURE, &[]).max(weigh(line, &[], SOME))
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if let Some((model, ..)) = version_line(line) {
            let sort = if line.starts_with('#') { "commented system status" } else { "get system status" };
            return Some(Mark { sort, model: Some(model.to_owned()), ..Mark::default() });
        }
        let (model, ..) = header(line)?;
        Some(Mark { model: Some(model), ..Mark::config() })
    }

    fn sealed(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(b"#FGBK")
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        let all = || device.config.iter().chain(&device.status);
        identify(all(), reading);
        if device.config.is_empty() {
            return;
        }
        let tree = Tree::of(&device.config);
        reading.gaps.extend(tree.gaps.iter().cloned());
        let hostname = tree.settings("system global").find_map(|global| global.one("hostname"));
        if let Some((_, name)) = hostname {
            reading.identity.name = Some(draft::word(name));
        }
        let places = access::Places::of(&tree);
        vpn::read(&tree, &places, reading);
        uplinks::read(&tree, &places, reading);
        access::management(&tree, &places, reading);
        networks::read(&tree, reading);
        log(&tree, reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

/// `#config-version=FGT60F-7.4.8-FW-build2795-250523:…`: the model, the version and the build.
fn header(line: &str) -> Option<(String, &str, &str)> {
    let rest = line.strip_prefix("#config-version=")?;
    let mut parts = rest.split(':').next()?.split('-');
    let (code, version) = (parts.next()?, parts.next()?);
    let build = parts.find_map(|part| part.strip_prefix("build")).unwrap_or_default();
    let starts = [
        ("FGVM", "FortiGate-VM"),
        ("FGR", "FortiGateRugged-"),
        ("FGT", "FortiGate-"),
        ("FWF", "FortiWiFi-"),
        ("FG", "FortiGate-"),
    ];
    let model = starts.iter().find_map(|(short, long)| code.strip_prefix(short).map(|rest| format!("{long}{rest}")));
    Some((model.unwrap_or_else(|| code.to_owned()), version, build))
}

/// `Version: FortiGate-60F v7.4.8,build2795,250523 (GA.M)`.
fn version_line(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.trim_start_matches('#').trim_start().strip_prefix("Version: Forti")?;
    let whole = line.get(line.find("Forti")?..)?;
    let (model, _) = whole.split_once(" v")?;
    let (_, numbers) = rest.split_once(" v")?;
    let mut numbers = numbers.split([',', ' ']);
    let version = numbers.next()?;
    let build = numbers.find_map(|part| part.strip_prefix("build")).unwrap_or_default();
    (version.starts_with(|c: char| c.is_ascii_digit()) && model.len() < 60).then_some((model, version, build))
}

fn identify<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    identity.maker = Some("Fortinet".to_owned());
    for line in lines {
        let text = line.trimmed();
        let firmware = |version: &str, build: &str| Firmware {
            version: draft::word(version),
            build: (!build.is_empty()).then(|| draft::word(build)),
            running: Answer::Yes,
        };
        if let Some((model, version, build)) = version_line(text) {
            identity.model = Some(draft::word(model));
            identity.firmware = vec![firmware(version, build)];
        } else if let Some((model, version, build)) = header(text) {
            identity.model.get_or_insert_with(|| draft::word(&model));
            if identity.firmware.is_empty() {
                identity.firmware.push(firmware(version, build));
            }
        }
        let plain = text.trim_start_matches('#').trim_start();
        if let Some(serial) = plain.strip_prefix("Serial-Number: ") {
            identity.serial.get_or_insert_with(|| draft::word(serial.trim()));
        } else if let Some(name) = plain.strip_prefix("Hostname: ") {
            identity.name.get_or_insert_with(|| draft::word(name.trim()));
        } else if let Some(time) = plain.strip_prefix("System time: ") {
            reading.source.written.get_or_insert_with(|| draft::word(time.trim()));
        }
    }
}

const LOGS: [&str; 8] = [
    "log syslogd setting",
    "log syslogd2 setting",
    "log syslogd3 setting",
    "log syslogd4 setting",
    "log fortianalyzer setting",
    "log fortianalyzer2 setting",
    "log fortianalyzer-cloud setting",
    "log fortiguard setting",
];

fn log(tree: &Tree<'_>, reading: &mut DeviceReading) {
    let on = LOGS.iter().flat_map(|path| tree.settings(path)).filter(|setting| setting.is("status", "enable"));
    let mut grounds = Vec::new();
    for setting in on {
        reading.log_targets.extend(setting.one("server").map(|(_, server)| draft::word(server)));
        let line = setting.one("status").map_or(setting.line, |(line, _)| line);
        grounds.push(ground(line, "ログの送り先が有効です", "a destination for its log is enabled"));
    }
    reading.logs_elsewhere = match grounds.is_empty() {
        false => daicho_schemas::fact::device::Answered { answer: Answer::Yes, because: grounds },
        true => draft::no(absence("ログの送り先はどれも有効ではありません", "no destination for its log is enabled")),
    };
}

/// A way in by the maker's or an operator's manager.
fn manager(key: &str, technology: &str, far: FarEnd) -> daicho_schemas::fact::device::WayIn {
    let mut way = draft::way(key, WayInSort::CloudManager, technology, far);
    way.second_factor = draft::unknown(absence("管理側の設定です", "it is set at the manager"));
    way
}
