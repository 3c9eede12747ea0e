//! Fujitsu (Fsas Technologies) Si-R: tunnels and dial-in of a `show running-config`, `show system information`.
//! It does not know the servers for management, filters and forwards: their statements were not found in a text of the maker's.
//! Invariant: a tunnel is restricted to its `tunnel remote`, and to nobody when the file names none.
//!
//! Syntax and meaning: as people who run such devices publish it; of the maker's own "Si-Rシリーズ コマンドリファレンス" only the beginning could be read.
//! Every statement stands in a line of its own with its numbers; order and indentation mean nothing.

use crate::blocks::after;
use crate::draft::{self, absence, ground};
use crate::families::{Family, Mark};
use crate::networks::{DEFAULT, Networks, Say, inet};
use crate::reach::Access;
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, Firmware, WayIn, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;
use std::collections::BTreeMap;

/// The parser.
pub(crate) struct SiR;

impl Family for SiR {
    fn id(&self) -> &'static str {
        "si_r"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: [&str; 6] =
            ["serverinfo ", "consoleinfo ", "telnetinfo ", "password admin set", "proxydns ", "routemanage "];
        if access_point(line).is_some() || SURE.iter().any(|words| line.starts_with(words)) {
            5
        } else {
            let numbered = |word: &str| {
                let number = after(line, word).and_then(|rest| rest.split(' ').next());
                number.is_some_and(|number| number.parse::<u16>().is_ok())
            };
            u32::from(numbered("remote") || numbered("lan"))
        }
    }

    fn mark(&self, line: &str) -> Option<Mark> {
        line.starts_with("System : Si-R").then(|| Mark::status("show system information"))
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        reading.identity.maker = Some("Fsas Technologies (Fujitsu)".to_owned());
        status(&device.status, reading);
        if device.config.is_empty() {
            return;
        }
        let mut points: BTreeMap<(u32, u32), Point<'_>> = BTreeMap::new();
        for line in &device.config {
            let text = line.trimmed();
            if let Some((key, rest)) = access_point(text) {
                points
                    .entry(key)
                    .or_insert_with(|| Point { line: line.number, ..Point::default() })
                    .take(line.number, rest);
            } else if let Some(name) = after(text, "sysname") {
                reading.identity.name = Some(draft::word(name.trim_matches('"')));
            } else if let Some(how) = after(text, "answer accept") {
                reading.ways_in.extend(dial_in(line.number, how));
            }
        }
        for (key, point) in points.iter().take(2000) {
            reading.ways_in.extend(point.way(*key));
        }
        networks(&device.config, reading);
        draft::only_tunnels(
            reading,
            "この機種では、トンネルと着信以外（管理アクセス、フィルタ、転送）は読んでいません",
            "of this family only tunnels and dial-in are read: not management, filters or forwards",
        );
    }
}

/// `remote 10 ap 0 …`: the two numbers, and what follows. The first may be left out, and is 0 then.
fn access_point(line: &str) -> Option<((u32, u32), &str)> {
    let rest = after(line, "remote")?;
    let (number, rest) = match after(rest, "ap") {
        Some(rest) => (0, rest),
        None => {
            let (number, rest) = rest.split_once(' ')?;
            (number.parse().ok()?, after(rest, "ap")?)
        }
    };
    let (point, rest) = rest.split_once(' ')?;
    Some(((number, point.parse().ok()?), rest))
}

/// What the file says of one access point. Keys are not looked at.
#[derive(Default)]
struct Point<'l> {
    line: u32,
    datalink: Option<&'l str>,
    ipsec: Option<&'l str>,
    mode: Option<&'l str>,
    remote: Option<(u32, &'l str)>,
    local: bool,
}

impl<'l> Point<'l> {
    fn take(&mut self, line: u32, rest: &'l str) {
        let first = |rest: &'l str| rest.split(' ').next().unwrap_or_default();
        if let Some(kind) = after(rest, "datalink type") {
            (self.datalink, self.line) = (Some(first(kind)), line);
        } else if let Some(kind) = after(rest, "ipsec type") {
            self.ipsec = Some(first(kind));
        } else if let Some(mode) = after(rest, "ike mode") {
            self.mode = Some(first(mode));
        } else if let Some(far) = after(rest, "tunnel remote") {
            self.remote = Some((line, first(far)));
        } else if after(rest, "tunnel local").is_some() {
            self.local = true;
        }
    }

    fn way(&self, (number, point): (u32, u32)) -> Option<WayIn> {
        let technology = match (self.datalink?, self.ipsec, self.mode) {
            // Main and aggressive mode are those of IKEv1.
            ("ipsec", _, Some("main" | "aggressive")) => "ipsec-ikev1",
            ("ipsec", Some("ikev2"), _) => "ipsec-ikev2",
            ("ipsec", ..) => "ipsec",
            ("ip", ..) if self.local || self.remote.is_some() => "ipip",
            _ => return None,
        };
        let far = match self.remote {
            Some((_, far)) if far.parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(draft::word(far)),
            Some((_, far)) if !far.is_empty() => FarEnd::Name(draft::word(far)),
            _ => FarEnd::Unknown,
        };
        let key = format!("remote {number} ap {point}");
        let mut way = draft::way(&key, WayInSort::SiteToSite, technology, far.clone());
        way.enabled = draft::yes(ground(self.line, "設定されています", "it is configured"));
        way.restriction = match (far, self.remote) {
            (FarEnd::Address(far) | FarEnd::Name(far), Some((line, _))) => Access::named(
                [far],
                ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
            ),
            _ => Access::unknown(ground(self.line, "相手が書かれていません", "no far end is named")),
        }
        .restriction();
        way.second_factor = draft::not_applicable();
        Some(way)
    }
}

/// `lan 0 ip address 192.168.1.1/24 3`, `lan 0 vlan 2`, `remote 0 name to-maker`, `remote 0 ip route 0 192.168.2.0/24 1 1`,
/// `lan 0 ip route 0 default 192.168.1.254 1 1`: behind a LAN's route stands the next hop, behind a remote's none.
fn networks(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let mut networks = Networks::new();
    for line in lines {
        let words: Vec<&str> = line.trimmed().split_whitespace().collect();
        let [sort @ ("lan" | "remote"), rest @ ..] = words.as_slice() else { continue };
        let (number, rest) = match rest {
            [number, rest @ ..] if number.parse::<u32>().is_ok() => (*number, rest),
            rest => ("0", rest),
        };
        let name = format!("{sort} {number}");
        match rest {
            ["ip", "address", prefix, ..] if *sort == "lan" => {
                networks.interface(&name, line.number).address(inet(prefix));
            }
            ["vlan", id, ..] if *sort == "lan" => networks.interface(&name, line.number).vlan(id),
            ["name", ..] => {
                let text = line.trimmed().split_once(" name ").map_or("", |(_, text)| text);
                networks.interface(&name, line.number).describe(text);
            }
            ["ap", _, "datalink", "type", "ipsec" | "ip", ..] => {
                networks.interface(&name, line.number).role(InterfaceRole::Tunnel);
            }
            ["ip", "route", _, to, hop, ..] => {
                let to = if *to == "default" { Some(DEFAULT) } else { inet(to) };
                let hop = Some(*hop).filter(|hop| *sort == "lan" && hop.contains('.'));
                if let Some(to) = to {
                    networks.route(line.number, to, hop, Some(&name));
                }
            }
            _ => {}
        }
    }
    networks.end(reading);
}

/// `answer accept enable`: calls of whoever shows no number, or one that is not registered, are taken.
fn dial_in(line: u32, how: &str) -> Option<WayIn> {
    let mut way = draft::way("answer accept", WayInSort::RemoteAccess, "isdn", FarEnd::Anyone);
    way.enabled = match how {
        "enable" => draft::yes(ground(line, "不特定の相手からの着信を受け付けます", "it takes calls of whoever calls")),
        "disable" => return None,
        _ => draft::unknown(ground(line, "この行を読み取れません", "this line is not understood")),
    };
    way.restriction.restricted = draft::no(ground(
        line,
        "発信者番号で相手を限っていません",
        "the number of the caller does not restrict who comes in",
    ));
    way.second_factor = draft::unknown(absence("認証の設定によります", "it depends on how callers are proved"));
    Some(way)
}

/// `show system information`: two banks of firmware, of which one runs.
fn status(lines: &[Line<'_>], reading: &mut DeviceReading) {
    let identity = &mut reading.identity;
    let (mut runs, mut banks): (Option<&str>, Vec<(&str, &str)>) = (None, Vec::new());
    for line in lines {
        let Some((name, value)) = line.trimmed().split_once(" : ") else { continue };
        match name.trim() {
            "System" => identity.model = Some(draft::word(value)),
            "Serial No." => identity.serial = Some(draft::word(value)),
            "Firm Ver." => {
                let version = version(value);
                identity.firmware.insert(0, Firmware { version, build: None, running: Answer::Yes });
            }
            "Running-firmware" => runs = Some(value.trim()),
            name @ ("Firmware1 Ver." | "Firmware2 Ver.") => banks.push((name, value)),
            "MAC" => identity.macs.extend(value.split('-').next().and_then(mac)),
            "Running-config" => reading.source.written = Some(draft::word(value)),
            _ => {}
        }
    }
    for (name, value) in banks {
        let own = name.trim_end_matches(" Ver.").to_ascii_lowercase();
        if runs.is_some_and(|runs| runs != own) {
            identity.firmware.push(Firmware { version: version(value), build: None, running: Answer::No });
        }
    }
}

/// `V20.54 NY0115 Wed Nov 15 …`: the version with its edition.
fn version(text: &str) -> String {
    draft::word(&text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// `68847ebdabf7` as it stands in a reading.
fn mac(digits: &str) -> Option<String> {
    let digits = digits.trim();
    let fits = digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit());
    let pairs = (0..6).filter_map(|pair| digits.get(pair * 2..pair * 2 + 2));
    fits.then(|| pairs.collect::<Vec<_>>().join(":").to_lowercase())
}
