//! strongSwan and Libreswan: `ipsec.conf`, `swanctl.conf`.
//! It does not know the host's packet filter; files that are included are elsewhere.
//! Invariant: `right=%any` and a missing `remote_addrs` take anybody.
//!
//! Syntax and meaning: the manual pages ipsec.conf(5) (`auto` is ignore unless written) and swanctl.conf(5) (`remote_addrs`
//! is %any unless written, `version` 0 takes IKEv1 and IKEv2).

use crate::draft::{self, absence, ground};
use crate::families::{Family, weigh};
use crate::reach::Access;
use crate::split::Device;
use crate::text::Line;
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, GapSort, WayIn, WayInSort};
use std::collections::BTreeMap;

/// The parser.
pub(crate) struct StrongSwan;

impl Family for StrongSwan {
    fn id(&self) -> &'static str {
        "strongswan"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "conn ",
            "config setup",
            "leftsubnet=",
            "rightsubnet=",
            "keyexchange=",
            "connections {",
            "remote_addrs",
            "local_addrs",
            "remote_ts",
            "local_ts",
            "leftauth=",
        ];
        const SOME: &[&str] = &["left=", "right=", "auto=", "children {", "secrets {", "esp_proposals"];
        weigh(line, SURE, SOME)
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        let braces = device.config.iter().any(|line| line.trimmed().starts_with("connections"));
        let ways = if braces { swanctl(&device.config, reading) } else { ipsec_conf(&device.config) };
        reading.ways_in.extend(ways);
        let included = device.config.iter().find(|line| line.trimmed().starts_with("include "));
        if let Some(line) = included {
            reading.gaps.push(draft::gap(
                GapSort::Elsewhere,
                Some(line.number),
                "読み込む別のファイルがあります",
                "other files are included",
            ));
        }
        reading.management = Access::unknown(absence(
            "OS の管理は、このファイルにはありません",
            "how the host is managed is not in the file",
        ))
        .restriction();
        reading.logs_elsewhere =
            draft::unknown(absence("ログの送り先はホストの設定です", "where its log goes is set on the host"));
        reading.vpn =
            draft::vpn_plane(&reading.ways_in, absence("接続の設定がありません", "no connection is configured"));
    }
}

/// A connection as both files know it.
#[derive(Default)]
struct Connection<'l> {
    line: u32,
    name: String,
    settings: BTreeMap<&'l str, (u32, &'l str)>,
    /// Networks on this side, as they are written.
    inside: Vec<&'l str>,
}

/// How both files name the same things.
struct Words {
    remote: &'static str,
    version: &'static str,
    remote_auth: &'static str,
}

impl Connection<'_> {
    fn way(&self, words: &Words, enabled: Answered, users: Option<u32>) -> WayIn {
        let (line, far) = self.settings.get(words.remote).copied().unwrap_or((self.line, "%any"));
        let ends: Vec<&str> = far.split(',').map(str::trim).filter(|end| !end.is_empty()).collect();
        let anyone = ends.is_empty()
            || ends
                .iter()
                .any(|end| end.starts_with("%any") || end.starts_with("0.0.0.0/0") || *end == "%defaultroute");
        let first = ends.first().copied().unwrap_or_default().trim_start_matches('%');
        let end = match anyone {
            true => FarEnd::Anyone,
            false if first.split('/').next().is_some_and(|part| part.parse::<std::net::IpAddr>().is_ok()) => {
                FarEnd::Address(draft::word(first))
            }
            false => FarEnd::Name(draft::word(first)),
        };
        let auth = self.settings.get(words.remote_auth).map(|(_, how)| *how).unwrap_or_default();
        let people = auth.starts_with("eap")
            || auth.starts_with("xauth")
            || self.settings.contains_key("pools")
            || self.settings.contains_key("rightsourceip");
        let version = self.settings.get(words.version).map(|(_, version)| *version).unwrap_or_default();
        let technology = match version {
            "1" | "ikev1" => "ipsec-ikev1",
            "2" | "ikev2" => "ipsec-ikev2",
            _ => "ipsec",
        };
        let sort = if people { WayInSort::RemoteAccess } else { WayInSort::SiteToSite };
        let mut way = draft::way(&format!("conn {}", self.name), sort, technology, end);
        way.enabled = enabled;
        way.restriction = if anyone {
            Access::unknown(ground(
                line,
                "どこからの相手でも受け付けます。ホストのフィルタはファイルにありません",
                "it takes a far end from anywhere; the host's filter is not in the file",
            ))
        } else {
            let why = ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other");
            Access::named(ends.iter().take(50).map(|end| draft::word(end.trim_start_matches('%'))), why)
        }
        .restriction();
        way.users = users.filter(|_| people);
        let networks = self.inside.iter().flat_map(|text| text.split([',', ' ']));
        let mut networks: Vec<&str> = networks.filter(|text| crate::networks::inet(text).is_some()).take(50).collect();
        networks.sort_unstable();
        networks.dedup();
        way.inside = networks.into_iter().map(draft::word).collect();
        way.second_factor = if people {
            draft::unknown(absence("認証の段数は判断していません", "how many proofs are asked was not judged"))
        } else {
            draft::not_applicable()
        };
        way
    }
}

/// `conn NAME` with settings set in below it; `conn %default` and `also=` lend theirs.
fn ipsec_conf(lines: &[Line<'_>]) -> Vec<WayIn> {
    let mut connections: Vec<Connection<'_>> = Vec::new();
    let mut open = false;
    for line in lines {
        let text = line.trimmed();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(name) = text.strip_prefix("conn ") {
            connections.push(Connection { line: line.number, name: name.trim().to_owned(), ..Connection::default() });
            open = true;
        } else if let (Some((key, value)), true, Some(connection)) =
            (text.split_once('='), open, connections.last_mut())
        {
            connection.settings.insert(key.trim(), (line.number, value.trim().trim_matches('"')));
        } else {
            open = false;
        }
    }
    let words = Words { remote: "right", version: "keyexchange", remote_auth: "rightauth" };
    let lend = |name: &str| connections.iter().find(|known| known.name == name).map(|known| known.settings.clone());
    let ways = connections.iter().filter(|connection| connection.name != "%default").take(2000).map(|connection| {
        let mut whole = Connection {
            line: connection.line,
            name: connection.name.clone(),
            settings: connection.settings.clone(),
            inside: Vec::new(),
        };
        let also = connection.settings.get("also").map(|(_, name)| *name);
        for lent in [also, Some("%default")].into_iter().flatten().filter_map(lend) {
            for (key, value) in lent {
                whole.settings.entry(key).or_insert(value);
            }
        }
        whole.inside.extend(whole.settings.get("leftsubnet").map(|(_, networks)| *networks));
        let enabled = match whole.settings.get("auto") {
            Some((line, "start" | "add" | "route" | "ondemand" | "up")) => {
                draft::yes(ground(*line, "起動時に読み込まれます", "it is loaded at start"))
            }
            Some((line, "ignore")) => {
                draft::no(ground(*line, "読み込まれません（auto=ignore）", "it is not loaded (auto=ignore)"))
            }
            Some((line, _)) => {
                draft::unknown(ground(*line, "auto の値を読み取れません", "the value of `auto` is not understood"))
            }
            None => draft::no(ground(
                connection.line,
                "auto がなく、起動時に読み込まれません",
                "without `auto` it is not loaded at start",
            )),
        };
        whole.way(&words, enabled, None)
    });
    ways.collect()
}

/// `connections { NAME { remote_addrs = … children { … } } }`.
fn swanctl(lines: &[Line<'_>], reading: &mut DeviceReading) -> Vec<WayIn> {
    let mut path: Vec<&str> = Vec::new();
    let mut connections: Vec<Connection<'_>> = Vec::new();
    let (mut users, mut deep) = (0_u32, 0_usize);
    for line in lines {
        let text = line.trimmed().split('#').next().unwrap_or_default().trim();
        if let Some(name) = text.strip_suffix('{') {
            if path.len() >= 16 {
                deep += 1;
                continue;
            }
            path.push(name.trim());
            match path.as_slice() {
                ["connections", name] => {
                    connections.push(Connection {
                        line: line.number,
                        name: (*name).to_owned(),
                        ..Connection::default()
                    });
                }
                ["secrets", name] if name.starts_with("eap") || name.starts_with("xauth") => users += 1,
                _ => {}
            }
        } else if text == "}" {
            if deep > 0 {
                deep -= 1;
            } else {
                path.pop();
            }
        } else if let (Some((key, value)), Some(connection)) = (text.split_once('='), connections.last_mut()) {
            let (key, value) = (key.trim(), (line.number, value.trim()));
            match path.as_slice() {
                ["connections", _] => drop(connection.settings.insert(key, value)),
                ["connections", _, "children", _] if key == "local_ts" => connection.inside.push(value.1),
                ["connections", _, remote] if remote.starts_with("remote") && key == "auth" => {
                    connection.settings.insert("remote auth", value);
                }
                _ => {}
            }
        }
    }
    if !path.is_empty() {
        let last = lines.last().map(|line| line.number);
        reading.gaps.push(draft::gap(
            GapSort::CutOff,
            last,
            "括弧が閉じないままファイルが終わっています",
            "the file ends within a block",
        ));
    }
    let words = Words { remote: "remote_addrs", version: "version", remote_auth: "remote auth" };
    let users = (users > 0).then_some(users);
    let ways = connections.iter().take(2000).map(|connection| {
        let loaded = ground(connection.line, "設定されています", "it is configured");
        connection.way(&words, draft::yes(loaded), users)
    });
    ways.collect()
}
