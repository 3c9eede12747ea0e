//! Juniper Junos (SRX, EX and their kin): the configuration in braces and as `display set`, `show version`, `show chassis hardware`.
//! It does not know logical systems, tenants, and what Mist or Space push.
//! Invariant: what is `inactive:` lets nobody in and restricts nobody.
//!
//! Syntax and meaning: Juniper, "CLI User Guide" (groups, inactive statements), "Security Zones" (host-inbound-traffic: what is not
//! named is dropped; an interface's own list takes the place of its zone's), "Routing Policies, Firewall Filters, and
//! Traffic Policers" (a filter ends with a discard; a term without an ending action accepts).

mod filters;
mod management;
mod nat;
mod networks;
mod places;
mod vpn;

use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::reach::Access;
use crate::split::Device;
use crate::text::{Line, is_prompt};
use crate::tree::{self, At, Tree};
use daicho_schemas::fact::device::{Answer, DeviceReading, Firmware, GapSort};
use places::Config;

/// The parser.
pub(crate) struct Junos;

impl Family for Junos {
    fn id(&self) -> &'static str {
        "junos"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "set security zones security-zone ",
            "set security ike gateway ",
            "set security policies from-zone ",
            "set system services ",
            "set system root-authentication ",
            "set system syslog host ",
            "set firewall family inet ",
            "set policy-options ",
            "set routing-options ",
            "security-zone ",
            "host-inbound-traffic {",
            "system-services {",
            "root-authentication {",
            "from-zone ",
            "routing-options {",
            "policy-options {",
            "family inet {",
            "JUNOS ",
            "Junos: ",
            "## Last commit: ",
            "## Last changed: ",
        ];
        const SOME: &[&str] = &[
            "set interfaces ",
            "set system host-name ",
            "set groups ",
            "set apply-groups ",
            "unit 0 {",
            "protocols {",
            "host-name ",
        ];
        let secret = line.ends_with("## SECRET-DATA");
        if secret || version(line).is_some() || model(line).is_some() { 5 } else { weigh(line, SURE, SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if version(line).is_some() {
            return Some(Mark::config());
        }
        if let Some(model) = model(line) {
            return Some(Mark { model: Some(model.to_owned()), ..Mark::status("show version") });
        }
        (line == "Hardware inventory:").then(|| Mark::status("show chassis hardware"))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Juniper Networks".to_owned());
        let config = !device.config.is_empty();
        if config {
            let mut tree = tree::from_text(&device.config);
            tree.apply_groups();
            written(&device.config, reading);
            fill(&tree, &device.config, reading);
        }
        status(device.status.iter().chain(&device.config), reading);
    }
}

/// `version 22.4R3-S2.11;` and `set version 22.4R3-S2.11`.
fn version(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("set version ").or_else(|| line.strip_prefix("version ")?.strip_suffix(';'))?;
    let rest = rest.trim_matches('"');
    let train = rest.find(|c: char| c.is_ascii_alphabetic()).and_then(|at| rest.get(..at))?;
    let numbers = train.split('.').count() == 2 && train.split('.').all(|n| !n.is_empty() && n.len() < 3);
    (numbers && train.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !rest.contains(' ')).then_some(rest)
}

/// `Model: srx345`, of `show version`.
fn model(line: &str) -> Option<&str> {
    let model = line.strip_prefix("Model: ")?.trim();
    let makes = ["srx", "vsrx", "ex", "mx", "vmx", "qfx", "acx", "ptx", "nfx", "ctp", "j2", "j4", "j6", "ssg"];
    let digits = model.bytes().any(|byte| byte.is_ascii_digit()) || model.contains("srx");
    (digits && !model.contains(' ') && makes.iter().any(|make| model.starts_with(make))).then_some(model)
}

/// A word of the file, fit for a reading.
fn word(at: At<'_, '_>) -> String {
    draft::word(at.word())
}

fn written(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let heading = lines.iter().take(20).find_map(|line| {
        let text = line.trimmed();
        text.strip_prefix("## Last commit: ").or(text.strip_prefix("## Last changed: "))
    });
    if let Some(rest) = heading {
        reading.source.written = Some(draft::word(rest.split(" by ").next().unwrap_or(rest)));
    }
}

/// The order of the topmost statements is the device's own; these come last.
const LAST: [&str; 13] = [
    "vlans",
    "poe",
    "applications",
    "access",
    "firewall",
    "routing-options",
    "routing-instances",
    "protocols",
    "policy-options",
    "switch-options",
    "ethernet-switching-options",
    "wlan",
    "event-options",
];

fn whole(tree: &Tree<'_>, config: &Config<'_, '_>, lines: &[Line<'_>], reading: &mut DeviceReading) {
    let last = lines.iter().rev().map(Line::trimmed).find(|line| !line.is_empty() && !line.starts_with('#'));
    let prompt = last.is_some_and(|line| is_prompt(line) || line.starts_with("[edit") || line.starts_with("{master"));
    let seen =
        tree.root().has("system") && tree.root().has("interfaces") && (!config.speaks_of_zones() || config.zoned);
    if !seen || !(prompt || LAST.contains(&tree.last)) {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            lines.last().map(|line| line.number),
            "設定の最後に来るはずの部分がありません。途中で切れている可能性があります",
            "the parts that come last in a configuration are missing; it may be cut off",
        ));
    }
}

fn fill(tree: &Tree<'_>, lines: &[Line<'_>], reading: &mut DeviceReading) {
    reading.gaps.extend(tree.gaps.iter().cloned());
    let config = Config::of(tree);
    whole(tree, &config, lines, reading);
    if let Some(version) = tree.root().first("version") {
        let version = word(version);
        reading.identity.firmware.push(Firmware { version, build: None, running: Answer::Unknown });
    }
    if let Some(name) = tree.root().first("system host-name") {
        reading.identity.name = Some(word(name));
    }
    for part in ["logical-systems", "tenants"] {
        if let Some(at) = tree.root().get(part) {
            reading.gaps.push(draft::gap(
                GapSort::NotUnderstood,
                Some(at.line()),
                format!("{part} の中は読んでいません"),
                format!("what stands under `{part}` is not read"),
            ));
        }
    }
    vpn::read(&config, reading);
    nat::read(&config, reading);
    management::read(&config, reading);
    networks::read(tree.root(), reading);
    log(tree, reading);
    config.tell(reading);
    let none = absence("VPN の設定がありません", "no VPN is configured");
    reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    // A group may give a name, too, which the device's own takes the place of.
    let groups = tree.root().below("groups").flat_map(|group| group.below("system host-name")).map(At::word);
    let groups: Vec<&str> = groups.collect();
    let mut names = tree.root().below("system host-name").filter(|name| !groups.contains(&name.word()));
    if let (Some(_), Some(second)) = (names.next(), names.next()) {
        draft::mixed(reading, second.line());
    }
}

/// `system syslog host …` and `security log stream … host …`.
fn log(tree: &Tree<'_>, reading: &mut DeviceReading) {
    let root = tree.root();
    let local = |host: &At<'_, '_>| !["other-routing-engine", "scc-master"].contains(&host.word());
    let streams = root.below("security log stream").filter_map(|stream| {
        let host = stream.get("host")?;
        host.first("ipaddr").or(host.children().find(|at| at.word().contains('.') || at.word().contains(':')))
    });
    let hosts: Vec<At<'_, '_>> = root.below("system syslog host").filter(local).chain(streams).collect();
    reading.log_targets = hosts.iter().map(|host| word(*host)).collect();
    reading.logs_elsewhere = match hosts.first() {
        Some(host) => draft::yes(ground(host.line(), "syslog の送り先があります", "it sends syslog to another host")),
        None => draft::no(absence("syslog の送り先がありません", "no host is named for syslog")),
    };
    if reading.ways_in.iter().any(|way| way.key.starts_with("outbound-ssh")) && hosts.is_empty() {
        let why =
            absence("管理側がログを集めるかどうか分かりません", "whether its manager collects the log is not known");
        reading.logs_elsewhere = draft::unknown(why);
    }
}

/// `show version`: `Hostname:`, `Model:`, `Junos:`; `show chassis hardware`: the row of the chassis.
fn status<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    let mut column = None;
    let mut running = None;
    for line in lines {
        let text = line.trimmed();
        if let Some(name) = text.strip_prefix("Hostname: ") {
            identity.name.get_or_insert_with(|| draft::word(name.trim()));
        } else if let Some(model) = model(text) {
            identity.model = Some(draft::word(model));
        } else if let Some(version) = text.strip_prefix("Junos: ") {
            running = Some(version.trim());
        } else if let (Some(suite), None) = (software(text), running) {
            running = Some(suite);
        } else if text.starts_with("Item ") {
            column = line.text.find("Serial number").zip(line.text.find("Description"));
        } else if let (true, Some((serial, description))) = (text.starts_with("Chassis "), column) {
            let cell = |from: usize, to: Option<usize>| {
                let cell = line.text.get(from..to.unwrap_or(line.text.len()).min(line.text.len()))?.trim();
                (!cell.is_empty()).then(|| draft::word(cell))
            };
            identity.serial = identity.serial.take().or(cell(serial, Some(description)));
            identity.model = identity.model.take().or(cell(description, None));
            column = None;
        }
    }
    if let Some(version) = running {
        identity.firmware = vec![Firmware { version: draft::word(version), build: None, running: Answer::Yes }];
    }
}

/// `JUNOS Software Release [12.1X46-D40.2]`, `JUNOS Base OS boot [12.3R9.4]`.
fn software(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("JUNOS ")?;
    let known = ["Software Release [", "Base OS boot [", "Base OS Software Suite [", "EX  Software Suite ["];
    known.iter().find_map(|start| rest.strip_prefix(start))?.strip_suffix(']')
}

/// Why a part that is missing leaves a question open.
fn unclear(line: u32, ja: &str, en: &str) -> Access {
    Access::unknown(ground(line, ja, en))
}
