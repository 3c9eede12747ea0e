//! YAMAHA RTX, NVR, FWX, vRX: `show config`, a configuration fetched as a file, `show environment`.
//! It does not know which default a firmware has unless the manual says it for all; where it does not, the answer is unknown.
//! Invariant: indentation means nothing here; the context is the last `tunnel select` or `pp select`.
//!
//! Syntax and meaning: Yamaha, "コマンドリファレンス" (RTX/NVR), chapters on filters, IPsec, L2TP, NAT and access.

mod filters;
mod management;
mod networks;
mod paths;
mod tunnels;

use crate::families::{Family, Mark, weigh};
use crate::split::Device;
use crate::text::{Line, is_prompt, rejoin};
use crate::{blocks::after, draft};
use daicho_schemas::fact::device::{Answer, DeviceReading, Firmware, GapSort};
use filters::Rules;

/// The parser.
pub(crate) struct YamahaRt;

/// Words with which a statement of a configuration begins. One that is not among them may be the rest of a broken line.
const FIRST_WORDS: [&str; 74] = [
    "administrator",
    "alarm",
    "alias",
    "analog",
    "audit",
    "auth",
    "bgp",
    "bridge",
    "cloud",
    "console",
    "cooperation",
    "dashboard",
    "date",
    "description",
    "dhcp",
    "diagnosis",
    "disconnect",
    "dns",
    "ethernet",
    "external-memory",
    "fr",
    "heartbeat",
    "heartbeat2",
    "http",
    "httpd",
    "ip",
    "ipsec",
    "ipv6",
    "isdn",
    "l2tp",
    "lan",
    "leased",
    "line",
    "line-masquerade",
    "load",
    "login",
    "lua",
    "mail",
    "map",
    "mobile",
    "monitor",
    "nat",
    "netvolante-dns",
    "ngn",
    "no",
    "ntp",
    "ntpdate",
    "operation",
    "ospf",
    "pki",
    "pp",
    "ppp",
    "pppoe",
    "pptp",
    "provider",
    "qos",
    "queue",
    "radius",
    "rip",
    "rotate",
    "save",
    "schedule",
    "security",
    "sip",
    "snmp",
    "snmpv2c",
    "snmpv3",
    "speed",
    "sshd",
    "statistics",
    "switch",
    "syslog",
    "system",
    "telnetd",
];
const MORE_FIRST_WORDS: [&str; 17] = [
    "tcp",
    "terminate",
    "tftp",
    "timezone",
    "tunnel",
    "upnp",
    "url",
    "usbhost",
    "user",
    "vlan",
    "vrrp",
    "wan1",
    "wins",
    "wwan",
    "yno",
    "sftpd",
    "sntpd",
];

fn begins(line: &str) -> bool {
    let first = line.trim_start().split(' ').next().unwrap_or_default();
    line.trim_start().starts_with('#') || FIRST_WORDS.contains(&first) || MORE_FIRST_WORDS.contains(&first)
}

/// `RTX1210 Rev.14.01.42 (Fri Jul  5 11:17:45 2024)`: the model and the revision.
fn revision(line: &str) -> Option<(&str, &str)> {
    let (model, rest) = line.trim_start_matches('#').trim().split_once(" Rev.")?;
    let made = |maker: &str| {
        model.strip_prefix(maker).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let known = ["RTX", "NVR", "FWX", "vRX", "RTV", "RT", "SRT", "NetVolante"].iter().any(|maker| made(maker));
    let version = rest.split([' ', '(', '\t']).next()?;
    let dotted = version.split('.').count() >= 3 && version.starts_with(|c: char| c.is_ascii_digit());
    (known && dotted && !model.contains(':') && model.len() < 24).then_some((model.trim(), version))
}

impl Family for YamahaRt {
    fn id(&self) -> &'static str {
        "yamaha_rt"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "pp select ",
            "tunnel select ",
            "nat descriptor ",
            "ipsec ike ",
            "ipsec sa policy ",
            "telnetd host",
            "httpd host",
            "netvolante-dns",
            "pp bind ",
            "pppoe use ",
            "user attribute ",
            "yno ",
        ];
        const SOME: &[&str] = &[
            "tunnel encapsulation",
            "ip pp ",
            "ip lan1 ",
            "ip lan2 ",
            "dns private ",
            "dhcp scope ",
            "sshd ",
            "ip filter ",
        ];
        if revision(line).is_some() { 5 } else { weigh(line, SURE, SOME) }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        let (model, _) = revision(line)?;
        let sort = if line.starts_with('#') { Mark::CONFIG } else { "show environment" };
        Some(Mark { sort, model: Some(model.to_owned()), ..Mark::default() })
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        let (config, broken) = rejoin(&device.config, begins);
        let (status, broken_too) = rejoin(&device.status, |line| begins(line) || line.contains(": "));
        if let Some(line) = broken.or(broken_too) {
            reading.gaps.push(draft::gap(
                GapSort::Residue,
                Some(line),
                "80 桁で折り返された行をつないで読みました",
                "lines that a terminal of 80 columns broke were put together again",
            ));
        }
        identify(config.iter().chain(&status), reading);
        if device.config.is_empty() {
            return;
        }
        let config = Config::of(&config, reading);
        if !config.ends_as_usual() {
            reading.gaps.push(draft::gap(
                GapSort::CutOff,
                config.statements.last().map(|known| known.line),
                "設定の末尾にふつうある行がなく、途中で切れている可能性があります",
                "the lines with which such a configuration usually ends are not there; it may be cut off",
            ));
        }
        let rules = Rules::of(&config);
        paths::read(&config, &rules, reading);
        tunnels::read(&config, &rules, reading);
        management::read(&config, &rules, reading);
        networks::read(&config, reading);
        rules.tell(reading);
        reading.vpn =
            draft::vpn_plane(&reading.ways_in, draft::absence("VPN の設定がありません", "no VPN is configured"));
    }
}

/// Who it is: the heading of `show config`, `show environment`.
fn identify<'l>(lines: impl Iterator<Item = &'l Line<'l>>, reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    identity.maker = Some("Yamaha".to_owned());
    for line in lines {
        let text = line.trimmed().trim_start_matches('#').trim();
        if let Some((model, version)) = revision(line.trimmed()) {
            identity.model.get_or_insert_with(|| draft::word(model));
            if identity.firmware.is_empty() {
                identity.firmware.push(Firmware { version: draft::word(version), build: None, running: Answer::Yes });
            }
        } else if text.starts_with("main:") || text.starts_with("MAC Address") {
            let serial = text.split_whitespace().find_map(|word| word.strip_prefix("serial="));
            if let Some(serial) = serial.filter(|serial| serial.chars().all(|c| c.is_ascii_alphanumeric())) {
                identity.serial.get_or_insert_with(|| draft::word(serial));
            }
            identity.macs.extend(text.split([' ', ',', '=']).filter(|word| is_mac(word)).map(str::to_lowercase));
        } else if let Some(date) = text.strip_prefix("Reporting Date:") {
            reading.source.written.get_or_insert_with(|| draft::word(date.trim()));
        }
    }
    identity.macs.sort();
    identity.macs.dedup();
}

fn is_mac(word: &str) -> bool {
    word.len() == 17
        && word.split(':').filter(|part| part.len() == 2).count() == 6
        && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
}

/// First words of what the router prints last, behind interfaces, tunnels, filters and translations.
const LATE: [&str; 26] = [
    "telnetd",
    "tftp",
    "dhcp",
    "dns",
    "schedule",
    "l2tp",
    "pptp",
    "httpd",
    "sshd",
    "sftpd",
    "statistics",
    "upnp",
    "snmp",
    "analog",
    "alarm",
    "dashboard",
    "operation",
    "external-memory",
    "usbhost",
    "switch",
    "lua",
    "sip",
    "system",
    "wwan-module",
    "diagnosis",
    "yno",
];

/// Where a statement stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Context<'l> {
    Top,
    Pp(&'l str),
    Tunnel(&'l str),
}

struct Statement<'l> {
    line: u32,
    context: Context<'l>,
    text: &'l str,
}

/// The statements that hold, in the file's order.
struct Config<'l> {
    statements: Vec<Statement<'l>>,
    /// The context in which the file ends: what stands there may go on.
    last: Context<'l>,
}

/// `no …` statements that are obeyed; a stored configuration has none.
const TAKEN_BACK_MAX: usize = 500;

impl<'l> Config<'l> {
    fn of(lines: &'l [Line<'_>], reading: &mut DeviceReading) -> Self {
        let mut context = Context::Top;
        let mut statements: Vec<Statement<'l>> = Vec::new();
        let mut taken_back = 0;
        for line in lines {
            let text = line.trimmed();
            if text.is_empty() || text.starts_with('#') || is_prompt(text) {
                continue;
            }
            if let Some(number) = after(text, "pp select") {
                context = if number == "none" { Context::Top } else { Context::Pp(number) };
            } else if let Some(number) = after(text, "tunnel select") {
                context = if number == "none" { Context::Top } else { Context::Tunnel(number) };
            } else if let Some(taken) = after(text, "no") {
                taken_back += 1;
                if taken_back == TAKEN_BACK_MAX {
                    reading.gaps.push(draft::gap(
                        GapSort::TooLarge,
                        Some(line.number),
                        "「no」で始まる行が多すぎるため、ここから先は反映していません",
                        "there are too many lines that begin with `no`; from here on they were not obeyed",
                    ));
                }
                if taken_back < TAKEN_BACK_MAX {
                    statements.retain(|known| !(after(known.text, taken).is_some() && known.context == context));
                }
            } else {
                statements.push(Statement { line: line.number, context, text });
            }
            if text.starts_with("pp select") || text.starts_with("tunnel select") {
                statements.push(Statement { line: line.number, context, text });
            }
        }
        Self { statements, last: context }
    }

    /// There is no line that says "end": a file that stops elsewhere may lack its rest.
    fn ends_as_usual(&self) -> bool {
        let last = self.statements.last().and_then(|known| known.text.split_whitespace().next());
        last.is_some_and(|word| LATE.contains(&word))
    }

    /// Statements that begin with these words, with what follows them.
    fn all<'c>(&'c self, words: &'c str) -> impl Iterator<Item = (&'c Statement<'l>, &'l str)> + 'c {
        self.statements.iter().filter_map(move |known| after(known.text, words).map(|rest| (known, rest)))
    }

    /// The last one, which holds.
    fn last(&self, words: &str) -> Option<(u32, &'l str)> {
        self.statements.iter().rev().find_map(|known| after(known.text, words).map(|rest| (known.line, rest)))
    }

    /// The last one in a context.
    fn within(&self, context: Context<'_>, words: &str) -> Option<(u32, &'l str)> {
        let here = self.statements.iter().rev().filter(|known| known.context == context);
        here.into_iter().find_map(|known| after(known.text, words).map(|rest| (known.line, rest)))
    }
}
