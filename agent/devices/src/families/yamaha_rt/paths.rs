//! The other ways in: port forwards, names that follow the address, the maker's cloud, mobile lines.
//! It does not know access codes and PINs, and looks at none.
//! Invariant: a forward that only leads VPN packets to the router itself is not counted as one.

use super::filters::{Outside, Rules, Service, port};
use super::{Config, Context};
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access};
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::{BTreeMap, BTreeSet};

/// Adds them.
pub(super) fn read(config: &Config<'_>, rules: &Rules<'_>, reading: &mut DeviceReading) {
    let mut applied: BTreeMap<&str, &Outside> = BTreeMap::new();
    for interface in &rules.outside {
        for descriptor in &interface.nat {
            applied.entry(descriptor).or_insert(interface);
        }
    }
    for (known, rest) in config.all("nat descriptor masquerade static").take(5000) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        if let [descriptor, id, inner, protocol, rest @ ..] = words.as_slice() {
            let ports = rest.first().copied().unwrap_or("*");
            let forward = Forward { line: known.line, descriptor, id, inner, protocol, ports };
            reading.ways_in.extend(forward.way(rules, applied.get(descriptor).copied()));
        }
    }
    for (known, rest) in config.all("nat descriptor static").take(5000) {
        let mut words = rest.split_whitespace();
        let (Some(descriptor), Some(id), Some(pair)) = (words.next(), words.next(), words.next()) else { continue };
        let Some((outer, inner)) = pair.split_once('=') else { continue };
        let mut way = draft::way(
            &format!("nat descriptor static {descriptor} {id}"),
            WayInSort::PortForward,
            "ip",
            FarEnd::Unknown,
        );
        way.enabled = is_applied(known.line, applied.get(descriptor).copied());
        way.interface = applied.get(descriptor).map(|interface| interface.name.clone());
        way.inside = vec![draft::word(inner)];
        way.second_factor = draft::not_applicable();
        way.restriction.restricted = draft::unknown(ground(
            known.line,
            format!("{} へのすべてのポートが対象で、ポートごとの判断はしていません", draft::word(outer)),
            format!("it concerns every port of {}, which were not judged one by one", draft::word(outer)),
        ));
        reading.ways_in.push(way);
    }
    names(config, reading);
    clouds(config, reading);
    mobile(config, reading);
}

fn is_applied(line: u32, interface: Option<&Outside>) -> Answered {
    match interface {
        Some(interface) => draft::yes(ground(
            line,
            format!("この変換は {} で使われています", interface.name),
            format!("this translation is used on {}", interface.name),
        )),
        None => draft::unknown(ground(
            line,
            "この変換を使うインターフェースが見当たりません",
            "no interface is seen that uses this translation",
        )),
    }
}

struct Forward<'l> {
    line: u32,
    descriptor: &'l str,
    id: &'l str,
    inner: &'l str,
    protocol: &'l str,
    ports: &'l str,
}

impl Forward<'_> {
    fn way(&self, rules: &Rules<'_>, interface: Option<&Outside>) -> Option<WayIn> {
        // `8080=80`: the outer port and the one inside.
        let (outer, inside) = self.ports.split_once('=').unwrap_or((self.ports, self.ports));
        let inner = reach::span(self.inner)?;
        let vpn =
            ["500", "4500", "1701", "1723"].contains(&outer) || !["tcp", "udp", "tcp,udp"].contains(&self.protocol);
        if vpn && rules.is_own(inner) {
            return None;
        }
        let technology = format!("{}/{outer}", self.protocol);
        let key = format!("nat descriptor masquerade static {} {}", self.descriptor, self.id);
        let sort = if rules.is_own(inner) { WayInSort::Management } else { WayInSort::PortForward };
        let mut way = draft::way(&key, sort, &technology, FarEnd::Unknown);
        way.enabled = is_applied(self.line, interface);
        way.interface = interface.map(|interface| interface.name.clone());
        way.inside = vec![draft::word(&format!("{}:{inside}", self.inner))];
        way.second_factor = draft::not_applicable();
        // The filter of the outside interface sees the inner address and port.
        let number = port(inside.split('-').next().unwrap_or_default(), 0);
        let access = match (interface, number, self.protocol) {
            (Some(interface), Some(number), "tcp") => {
                rules.over(interface, Service::Tcp(number), Some(inner), &BTreeSet::new())
            }
            (Some(interface), Some(number), "udp") => {
                rules.over(interface, Service::Udp(number), Some(inner), &BTreeSet::new())
            }
            _ => Access::unknown(ground(
                self.line,
                "通るフィルタを特定できません",
                "which filter it passes is not clear",
            )),
        };
        way.restriction = access.restriction();
        Some(way)
    }
}

/// `netvolante-dns hostname host pp 1 NAME`, `netvolante-dns use pp auto`.
fn names(config: &Config<'_>, reading: &mut DeviceReading) {
    for (known, rest) in config.all("netvolante-dns hostname host").take(50) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let Some(name) = words.iter().rev().find(|word| word.contains('.') && !word.contains('=')) else { continue };
        let place = match words.as_slice() {
            ["pp", number, ..] if number.chars().all(|c| c.is_ascii_digit()) => format!("pp {number}"),
            [place, ..] => (*place).to_owned(),
            [] => continue,
        };
        let mut way = draft::way(
            &format!("netvolante-dns {place}"),
            WayInSort::DynamicDns,
            "NetVolante DNS",
            FarEnd::Name(draft::word(name)),
        );
        let off = config.all("netvolante-dns use").find(|(_, rest)| rest.ends_with(" off"));
        way.enabled = match off {
            Some((known, _)) => draft::no(ground(known.line, "登録を止めています", "it is switched off")),
            None => {
                draft::yes(ground(known.line, "外側のアドレスに名前が付いています", "the outside address has a name"))
            }
        };
        way.restriction.restricted = draft::not_applicable();
        way.second_factor = draft::not_applicable();
        way.interface = Some(draft::word(&place));
        reading.ways_in.push(way);
    }
}

/// Yamaha Network Organizer: a manager at the maker reads and changes the router.
fn clouds(config: &Config<'_>, reading: &mut DeviceReading) {
    let switch = config.last("yno use");
    let code = config.last("yno access code");
    let Some((line, on)) =
        switch.map(|(line, rest)| (line, rest.starts_with("on"))).or(code.map(|(line, _)| (line, false)))
    else {
        return;
    };
    let mut way =
        draft::way("yno", WayInSort::CloudManager, "YNO", FarEnd::Name("Yamaha Network Organizer".to_owned()));
    way.enabled = match (switch, on) {
        (Some(_), true) => draft::yes(ground(line, "YNO の管理を受けます", "it is managed by YNO")),
        (Some(_), false) => draft::no(ground(line, "YNO を使いません", "YNO is switched off")),
        (None, _) => {
            draft::unknown(ground(line, "アクセスコードだけがあります", "there is an access code and no switch"))
        }
    };
    way.restriction.restricted =
        draft::unknown(absence("接続元は事業者のクラウドで決まります", "the maker's cloud decides who comes in by it"));
    way.second_factor = draft::unknown(absence("クラウド側の設定です", "it is set in the cloud"));
    reading.ways_in.push(way);
}

/// `mobile use usb1 on`, `wan1 bind …`, `pp bind mobile1`.
fn mobile(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut lines: BTreeMap<String, Answered> = BTreeMap::new();
    for (known, rest) in config.all("mobile use").take(20) {
        let mut words = rest.split_whitespace();
        let (Some(place), state) = (words.next(), words.next()) else { continue };
        let on = match state {
            Some("on") => draft::yes(ground(known.line, "モバイル回線を使います", "a mobile line is used")),
            _ => draft::no(ground(known.line, "モバイル回線を使いません", "the mobile line is switched off")),
        };
        lines.insert(draft::word(place), on);
    }
    for (known, rest) in config.all("wan1 bind").take(20) {
        let on = draft::yes(ground(known.line, "モバイル回線につながっています", "it is bound to a mobile line"));
        lines.entry(draft::word(rest.split(' ').next().unwrap_or_default())).or_insert(on);
    }
    for (known, rest) in config.all("pp bind") {
        if let (Context::Pp(_), true) = (known.context, rest.starts_with("usb") || rest.starts_with("mobile")) {
            let on = draft::unknown(ground(
                known.line,
                "モバイル回線への割り当てがあります",
                "a line is bound to a mobile modem",
            ));
            lines.entry(draft::word(rest.split(' ').next().unwrap_or_default())).or_insert(on);
        }
    }
    for (place, on) in lines {
        let mut way = draft::way(&format!("mobile {place}"), WayInSort::MobileUplink, "lte", FarEnd::Unknown);
        way.enabled = on;
        way.interface = Some(place);
        way.restriction.restricted = draft::unknown(absence(
            "モバイル回線側の制限は、契約とフィルタによります",
            "who reaches it over the mobile line depends on its contract and filters",
        ));
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
}
