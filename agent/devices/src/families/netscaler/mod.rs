//! NetScaler ADC and Gateway (Citrix ADC): `ns.conf`, `show ns runningConfig`, `show ns version`, `show ns hardware`.
//! It does not know which of its addresses the outside can route to, nor what an authentication server asks of people.
//! Invariant: rules that were written and never applied decide nothing; what no rule names is never a sure yes.
//!
//! Syntax and defaults: Citrix, "NetScaler Command Reference", `ns ip` (`-mgmtAccess` DISABLED, `-ssh` and `-gui` ENABLED),
//! `ns acl` (order by `-priority`, in force after `apply ns acls`), `vpn vserver` (`-authentication` ON, `-state` ENABLED).

mod access;
mod gateway;

use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark, weigh};
use crate::networks::{Networks, Say, inet, masked};
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, Firmware, GapSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use std::collections::{BTreeMap, BTreeSet};

/// The parser.
pub(crate) struct NetScaler;

/// `#NS13.1 Build 30.52`, `NetScaler NS13.1: Build 30.52.nc, Date: …`: the version as the maker's bulletins write it.
fn version(line: &str) -> Option<String> {
    let rest = line.strip_prefix("#NS").or_else(|| line.strip_prefix("NetScaler NS"))?;
    let (release, rest) = rest.split_once(" Build ")?;
    let release = release.trim_end_matches(':');
    let build = rest.split([',', ' ']).next()?.trim_end_matches(".nc");
    let dotted = |text: &str| text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    (dotted(release) && dotted(build)).then(|| format!("{release}-{build}"))
}

impl Family for NetScaler {
    fn id(&self) -> &'static str {
        "netscaler"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: [&str; 12] = [
            "set ns config ",
            "enable ns feature ",
            "enable ns mode ",
            "add ns ip ",
            "set ns ip ",
            "add ns acl ",
            "add vpn vserver ",
            "bind vpn vserver ",
            "add lb vserver ",
            "bind lb vserver ",
            "add authentication ",
            "set system user ",
        ];
        const SOME: [&str; 5] = ["add server ", "add service ", "bind system ", "add system user ", "set ns "];
        if version(line).is_some() { 5 } else { weigh(line, &SURE, &SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        if version(line).is_some() {
            return Some(if line.starts_with('#') { Mark::config() } else { Mark::status("show ns version") });
        }
        line.starts_with("Platform: NS").then(|| Mark::status("show ns hardware"))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("NetScaler (Citrix)".to_owned());
        status(&device.status, reading);
        if device.config.is_empty() {
            return;
        }
        let config = Config::of(&device.config);
        identify(&device.config, &config, reading);
        whole(&device.config, reading);
        let rules = access::Rules::of(&config);
        access::management(&config, &rules, reading);
        gateway::read(&config, &rules, reading);
        administrators(&config, reading);
        log(&config, reading);
        networks(&config, reading);
        let none = absence("VPN の設定がありません", "no VPN is configured");
        reading.vpn = draft::vpn_plane(&reading.ways_in, none);
    }
}

/// One command of the file, taken apart.
struct Statement<'l> {
    line: u32,
    words: Vec<&'l str>,
}

impl<'l> Statement<'l> {
    /// The word behind an option, which the device writes in any case of letters.
    fn option(&self, name: &str) -> Option<&'l str> {
        self.behind(name).first().copied()
    }

    /// Everything behind an option.
    fn behind(&self, name: &str) -> &[&'l str] {
        let at = self.words.iter().position(|word| word.eq_ignore_ascii_case(name));
        at.and_then(|at| self.words.get(at + 1..)).unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word.eq_ignore_ascii_case(name))
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.option(name).is_some_and(|is| is.eq_ignore_ascii_case(value))
    }

    /// The word at a place, unless it is an option.
    fn word(&self, at: usize) -> Option<&'l str> {
        self.words.get(at).copied().filter(|word| !word.starts_with('-'))
    }
}

/// Words between blanks; what stands in quotation marks is one.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = ['"', '\''].contains(&first);
        let inner = if quoted { rest.get(1..).unwrap_or_default() } else { rest };
        let mut escaped = false;
        let end = inner.find(|c: char| {
            let ends = if quoted { c == first && !escaped } else { c.is_whitespace() };
            escaped = c == '\\' && !escaped;
            ends
        });
        let (word, tail) = inner.split_at(end.unwrap_or(inner.len()));
        words.push(word);
        rest = tail.get(usize::from(quoted)..).unwrap_or_default().trim_start();
    }
    words
}

struct Config<'l> {
    /// By the first two words: a file may have a hundred thousand commands, and many questions are asked.
    statements: BTreeMap<String, Vec<Statement<'l>>>,
}

impl<'l> Config<'l> {
    fn of(lines: &'l [Line<'_>]) -> Self {
        let verbs = ["add", "set", "bind", "enable", "disable", "apply", "link", "unset", "unbind"];
        let lines = lines.iter().map(|line| (line.number, line.trimmed().trim_start_matches("> ")));
        let mut statements: BTreeMap<String, Vec<Statement<'l>>> = BTreeMap::new();
        for (line, text) in lines.filter(|(_, text)| verbs.iter().any(|verb| text.split(' ').next() == Some(*verb))) {
            let words = words(text);
            let [verb, object, ..] = words.as_slice() else { continue };
            let head = format!("{verb} {object}").to_ascii_lowercase();
            statements.entry(head).or_default().push(Statement { line, words });
        }
        Self { statements }
    }

    /// Commands that begin with these words.
    fn all(&self, head: &str) -> impl Iterator<Item = &Statement<'l>> {
        let head = head.to_ascii_lowercase();
        let third = head.split(' ').nth(2).map(str::to_owned);
        let two = head.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ");
        let known = self.statements.get(&two).map(Vec::as_slice).unwrap_or_default().iter();
        known.filter(move |statement| {
            let word = statement.words.get(2).copied().unwrap_or_default();
            third.as_ref().is_none_or(|third| word.eq_ignore_ascii_case(third))
        })
    }

    fn last(&self, head: &str) -> Option<&Statement<'l>> {
        self.all(head).last()
    }

    /// The line that switches a feature on.
    fn feature(&self, name: &str) -> Option<u32> {
        self.all("enable ns feature").find(|statement| statement.has(name)).map(|statement| statement.line)
    }
}

fn identify(lines: &[Line<'_>], config: &Config<'_>, reading: &mut DeviceReading) {
    for line in lines.iter().take(50) {
        let text = line.trimmed();
        if let Some(version) = version(text).filter(|_| reading.identity.firmware.is_empty()) {
            // The file names what wrote it; after an upgrade that is not yet what runs.
            let running = Answer::Unknown;
            reading.identity.firmware.push(Firmware { version: draft::word(&version), build: None, running });
        } else if let Some((_, date)) = text.strip_prefix("# Last modified ").and_then(|rest| rest.split_once(", ")) {
            reading.source.written.get_or_insert_with(|| draft::word(date));
        }
    }
    if let Some(name) = config.last("set ns hostName").and_then(|statement| statement.word(3)) {
        reading.identity.name = Some(draft::word(name));
    }
}

/// Addresses are of the appliance and not of a port, so each is an interface of its own: the one for management, and those that
/// `add ns ip` makes. A VLAN that an address is bound to is its own.
fn networks(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for statement in config.all("set ns config") {
        if let (Some(own), Some(mask)) = (statement.option("-IPAddress"), statement.option("-netmask")) {
            let interface = networks.interface("NSIP", statement.line);
            interface.address(masked(own, mask));
            interface.role(InterfaceRole::Management);
        }
    }
    let named = |address: &str| format!("ns ip {address}");
    for statement in config.all("add ns ip") {
        let (Some(own), Some(mask)) = (statement.word(3), statement.word(4)) else { continue };
        let interface = networks.interface(&named(own), statement.line);
        interface.address(masked(own, mask));
        interface.shut_down = if statement.is("-state", "DISABLED") { Answer::Yes } else { Answer::Unknown };
    }
    for statement in config.all("add ns ip6") {
        let Some(own) = statement.word(3) else { continue };
        let interface = networks.interface(&named(own), statement.line);
        interface.address(inet(own));
    }
    for statement in config.all("bind vlan") {
        if let (Some(id), Some(own)) = (statement.word(2), statement.option("-IPAddress")) {
            networks.interface(&named(own), statement.line).vlan(id);
        }
    }
    for statement in config.all("add route") {
        if let (Some(to), Some(mask), Some(hop)) = (statement.word(2), statement.word(3), statement.word(4)) {
            let to = masked(to, mask).filter(|_| hop.parse::<std::net::IpAddr>().is_ok());
            to.into_iter().for_each(|to| networks.route(statement.line, to, Some(hop), None));
        }
    }
    networks.end(reading);
}

/// `show ns version` and `show ns hardware`.
fn status(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    for line in lines {
        let text = line.trimmed();
        if let Some(version) = version(text) {
            identity.firmware = vec![Firmware { version: draft::word(&version), build: None, running: Answer::Yes }];
        } else if let Some(platform) = text.strip_prefix("Platform: ") {
            let model = platform.split(' ').next().unwrap_or_default();
            identity.model.get_or_insert_with(|| draft::word(model));
        } else if let Some(serial) = text.strip_prefix("Serial no: ") {
            identity.serial.get_or_insert_with(|| draft::word(serial.trim()));
        }
    }
}

/// No line says "end"; these are what the appliance writes last.
fn whole(lines: &[Line<'_>], reading: &mut DeviceReading) {
    const LATE: [&str; 5] = ["set videooptimization ", "set qos parameters", "set ptp ", "set ip6TunnelParam", "Done"];
    let mut tail = lines
        .iter()
        .rev()
        .map(Line::trimmed)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with('>'));
    if !tail.next().is_some_and(|last| LATE.iter().any(|late| last.starts_with(late))) {
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            lines.last().map(|line| line.number),
            "設定の末尾にふつうある行がなく、途中で切れている可能性があります",
            "the lines with which such a configuration usually ends are not there; it may be cut off",
        ));
    }
}

/// `nsroot` is always there; who a directory proves is not counted.
fn administrators(config: &Config<'_>, reading: &mut DeviceReading) {
    let policies = gateway::Policies::of(config);
    let proved_elsewhere =
        |statement: &Statement<'_>| statement.word(3).is_some_and(|name| policies.kind(name).is_some());
    if config.all("bind system global").any(proved_elsewhere) || config.last("set system user").is_none() {
        return;
    }
    let mut names: BTreeSet<&str> = config.all("add system user").filter_map(|statement| statement.word(3)).collect();
    names.insert("nsroot");
    reading.administrators = u32::try_from(names.len()).ok();
}

/// A server for the log counts when a policy that leads there is bound.
fn log(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut targets: Vec<(u32, &str, bool)> = Vec::new();
    let places = ["bind system global", "bind audit syslogGlobal", "bind audit nslogGlobal"];
    let binds = places.iter().flat_map(|head| config.all(head));
    let bound: BTreeSet<&str> = binds.flat_map(|bind| bind.words.iter().copied()).collect();
    let policies = config.all("add audit syslogPolicy").chain(config.all("add audit nslogPolicy"));
    let used: BTreeSet<&str> = policies
        .filter(|policy| policy.word(3).is_some_and(|name| bound.contains(name)))
        .filter_map(|policy| policy.words.last().copied())
        .collect();
    for action in config.all("add audit syslogAction").chain(config.all("add audit nslogAction")) {
        let (Some(name), Some(server)) = (action.word(3), action.word(4)) else { continue };
        targets.push((action.line, server, used.contains(name)));
    }
    for statement in config.all("set audit syslogParams").chain(config.all("set audit nslogParams")) {
        targets.extend(statement.option("-serverIP").map(|server| (statement.line, server, true)));
    }
    targets.retain(|(_, server, _)| *server != "127.0.0.1");
    let bound = targets.iter().find(|(.., bound)| *bound);
    reading.logs_elsewhere = match (bound, targets.first()) {
        (Some((line, ..)), _) => {
            draft::yes(ground(*line, "syslog の送り先があります", "it sends syslog to another host"))
        }
        (None, Some((line, ..))) => draft::unknown(ground(
            *line,
            "送り先の定義はありますが、使うポリシーの適用が見当たりません",
            "a server is defined, and no policy that uses it is seen to be bound",
        )),
        (None, None) => draft::no(absence("syslog の送り先がありません", "no host is named for syslog")),
    };
    reading.log_targets =
        targets.iter().filter(|(.., bound)| *bound).map(|(_, server, _)| draft::word(server)).collect();
}
