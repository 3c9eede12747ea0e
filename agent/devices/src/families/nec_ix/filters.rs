//! Access lists of an IX, and the interfaces that they guard.
//! It does not know which servers run.
//! Invariant: a list that is named and not in the file lets perhaps anybody in.

use super::all;
use crate::blocks::{Block, after};
use crate::draft::{self, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From};
use daicho_schemas::fact::device::{Answered, DeviceReading, GapSort};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Something that arrives at the router.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Tcp(u16),
    Udp(u16),
}

/// An interface that looks outside.
pub(super) struct Outside<'l> {
    pub(super) name: &'l str,
    pub(super) line: u32,
    pub(super) enabled: Answered,
    /// `ip filter LIST SEQUENCE in`, in the order of the sequence.
    filters: Vec<(u32, u32, &'l str)>,
    napt: Option<u32>,
    /// What stands behind `ip napt`.
    pub(super) forwards: Vec<(u32, &'l str)>,
    six: Option<u32>,
}

/// Access lists by name, in the file's order, and the interfaces.
pub(super) struct Lists<'l> {
    lists: BTreeMap<&'l str, Vec<(u32, &'l str)>>,
    pub(super) outside: Vec<Outside<'l>>,
    pub(super) own: BTreeSet<Ipv4Addr>,
    missing: BTreeSet<(u32, String)>,
}

impl<'l> Lists<'l> {
    pub(super) fn of(blocks: &[Block<'l>]) -> Self {
        let mut lists: BTreeMap<&str, Vec<(u32, &str)>> = BTreeMap::new();
        for (line, rest) in all(blocks, "ip access-list") {
            if let Some((name, rule)) = rest.split_once(' ') {
                lists.entry(name).or_default().push((line, rule.trim()));
            }
        }
        let interfaces = blocks.iter().filter(|block| block.head.starts_with("interface "));
        let own = interfaces
            .flat_map(|block| block.all("ip address"))
            .filter_map(|(_, rest)| rest.split(['/', ' ']).next()?.parse().ok());
        let own = own.collect();
        let outside: Vec<Outside<'l>> = blocks.iter().filter_map(|block| outside(blocks, block)).take(200).collect();
        let named = outside.iter().flat_map(|interface| interface.filters.iter().map(|(_, line, name)| (*line, *name)));
        let served = ["ssh-server ip access-list", "http-server ip access-list", "telnet-server ip access-list"];
        let served = served.iter().filter_map(|words| super::last(blocks, words));
        let missing = named.chain(served).filter(|(_, name)| !lists.contains_key(name));
        let missing = missing.map(|(line, name)| (line, draft::word(name))).collect();
        Self { lists, outside, own, missing }
    }

    /// Names the lists that the file refers to and does not hold.
    pub(super) fn tell(&self, reading: &mut DeviceReading) {
        for (line, name) in self.missing.iter().take(50) {
            reading.gaps.push(draft::gap(
                GapSort::Elsewhere,
                Some(*line),
                format!("アクセスリスト {name} の内容がファイルにありません"),
                format!("access list {name} is named and not in the file"),
            ));
        }
    }

    /// What a list at a server lets in: by source alone.
    pub(super) fn sources(&self, name: &str, line: u32) -> Access {
        let mut filters = Filters::default();
        self.ask(&mut filters, name, line, None);
        let mut access = filters.end();
        access.because.push(ground(
            line,
            format!("アクセスリスト {} で接続元を限っています", draft::word(name)),
            format!("access list {} says from where", draft::word(name)),
        ));
        access
    }

    /// From where a service of the router is reached over any interface that looks outside.
    pub(super) fn reach(&self, service: Service) -> Access {
        let up = self
            .outside
            .iter()
            .filter(|interface| interface.enabled.answer != daicho_schemas::fact::device::Answer::No);
        up.map(|interface| self.over(interface, service, false)).reduce(Access::or).unwrap_or_else(|| {
            Access::unknown(draft::absence(
                "外側のインターフェースがどれか、この設定から分かりません",
                "the configuration does not show which interface looks outside",
            ))
        })
    }

    /// From where any of the ports for management is reached.
    pub(super) fn reach_any(&self) -> Access {
        let ports = [22, 23, 80].map(|port| self.reach(Service::Tcp(port)));
        ports.into_iter().reduce(Access::or).unwrap_or_else(|| Access::unknown(draft::silent("interface")))
    }

    /// The same over one interface. `forwarded`: address translation leads it inside.
    pub(super) fn over(&self, interface: &Outside<'_>, service: Service, forwarded: bool) -> Access {
        let name = draft::word(interface.name);
        if interface.filters.is_empty() {
            let open = ground(
                interface.line,
                format!("{name} に受信フィルタがありません"),
                format!("{name} has no inbound filter"),
            );
            let mapped = forwarded || interface.maps(service);
            return match interface.napt {
                Some(napt) if !mapped => Access::unknown(ground(
                    napt,
                    format!(
                        "{name} は NAPT を使い、受信フィルタがありません。ルータ宛の通信をどう扱うかは書かれていません"
                    ),
                    format!(
                        "{name} translates addresses and has no inbound filter; how it treats packets for the router is not written"
                    ),
                )),
                _ => Access::anyone(open),
            };
        }
        let mut filters = Filters::default();
        for (_, line, list) in &interface.filters {
            self.ask(&mut filters, list, *line, Some(service));
        }
        let mut access = filters.end();
        if let (Some((_, line, _)), true) = (interface.filters.first(), access.because.is_empty()) {
            let why = format!("{name} の受信フィルタに、これを通すものがありません");
            access.because.push(ground(*line, why, format!("no inbound filter of {name} lets it through")));
        }
        match interface.six {
            Some(six) if !forwarded => access.or(Access::unknown(ground(
                six,
                format!("{name} は IPv6 でもつながり、IPv6 の受信フィルタがありません"),
                format!("{name} speaks IPv6, too, and has no inbound filter for it"),
            ))),
            _ => access,
        }
    }

    fn ask(&self, filters: &mut Filters, name: &str, line: u32, service: Option<Service>) {
        let Some(rules) = self.lists.get(name) else {
            filters.ask(true, false, &From::Span(EVERYWHERE), || {
                let name = draft::word(name);
                ground(
                    line,
                    format!("アクセスリスト {name} の内容がファイルにありません"),
                    format!("access list {name} is not in the file"),
                )
            });
            return;
        };
        for (line, rule) in rules {
            rule_asks(filters, *line, rule, service);
            if filters.settled() {
                return;
            }
        }
    }
}

impl Outside<'_> {
    /// Whether address translation leads this service's packets to the router itself or inside.
    fn maps(&self, service: Service) -> bool {
        let (protocol, port) = match service {
            Service::Tcp(port) => ("tcp", port),
            Service::Udp(port) => ("udp", port),
        };
        self.forwards.iter().any(|(_, text)| {
            let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "none").collect();
            let named =
                matches!(words.as_slice(), ["service", name, _] if named_port(name) == Some(port.to_string().as_str()));
            named || words.windows(2).any(|pair| matches!(pair, [p, n] if *p == protocol && *n == port.to_string()))
        })
    }
}

/// Services that `ip napt service` knows by name.
pub(super) fn named_port(name: &str) -> Option<&'static str> {
    Some(match name {
        "ssh" => "22",
        "telnet" => "23",
        "http" | "www" => "80",
        "https" => "443",
        _ => return None,
    })
}

/// `permit tcp src any sport any dest 192.0.2.1/32 dport eq 443`.
fn rule_asks(filters: &mut Filters, line: u32, rule: &str, service: Option<Service>) {
    let mut words = rule.split_whitespace();
    let (Some(action), Some(protocol)) = (words.next(), words.next()) else { return };
    let pass = action == "permit";
    let known = pass || action == "deny";
    let words: Vec<&str> = words.collect();
    let part =
        |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1..)).unwrap_or_default();
    let from = match part("src") {
        ["any", ..] | [] => From::Span(EVERYWHERE),
        [source, ..] => reach::span(source).map_or_else(|| From::Named(draft::word(source)), From::Span),
    };
    let fits = match service {
        None => Some(["ip", "tcp"].contains(&protocol)).filter(|fits| *fits),
        Some(service) => fits(protocol, part("dport"), service),
    };
    if fits == Some(false) {
        return;
    }
    // A destination other than any may be the router or not; a source port is whoever knocks' to choose.
    let elsewhere = service.is_some() && !matches!(part("dest"), ["any", ..] | []);
    let picked = !pass && !matches!(part("sport"), ["any", ..] | []);
    let certain = known && fits == Some(true) && !elsewhere && !picked;
    filters.ask(pass || !known, certain, &from, || {
        let source = part("src").first().map_or_else(|| "any".to_owned(), |source| draft::word(source));
        draft::verdict(line, known.then_some(pass), &source)
    });
}

fn fits(protocol: &str, port: &[&str], service: Service) -> Option<bool> {
    let wanted = match (protocol, service) {
        ("ip", _) => return Some(true),
        ("tcp" | "6", Service::Tcp(wanted)) | ("udp" | "17", Service::Udp(wanted)) => wanted,
        _ => return Some(false),
    };
    match port {
        [] | ["any", ..] => Some(true),
        ["eq", port, ..] => port.parse::<u16>().ok().map(|port| port == wanted),
        ["range", low, high, ..] => {
            let (low, high) = (low.parse::<u16>().ok()?, high.parse::<u16>().ok()?);
            Some(low <= wanted && wanted <= high)
        }
        ["lt", port, ..] => port.parse::<u16>().ok().map(|port| wanted < port),
        ["gt", port, ..] => port.parse::<u16>().ok().map(|port| wanted > port),
        _ => None,
    }
}

fn outside<'l>(blocks: &[Block<'l>], block: &Block<'l>) -> Option<Outside<'l>> {
    let name = after(block.head, "interface")?;
    if ["Tunnel", "Loopback", "Null", "BVI"].iter().any(|sort| name.starts_with(sort)) {
        return None;
    }
    let signs = [
        "encapsulation pppoe",
        "ip napt enable",
        "ip address dhcp",
        "ip address ipcp",
        "ipv6 address autoconfig",
        "ipv6 address dhcp",
    ];
    let sign = signs.iter().find_map(|words| block.find(words)).map(|(line, _)| line);
    let route = all(blocks, "ip route default").find(|(_, rest)| {
        let hop = rest.split(' ').next().unwrap_or_default();
        let gateway = reach::span(hop);
        let near = |(_, own): (u32, &str)| reach::span(own.split(' ').next().unwrap_or_default());
        hop == name
            || block
                .all("ip address")
                .filter_map(near)
                .any(|own| gateway.is_some_and(|(to, _)| own.0 <= to && to <= own.1))
    });
    let mobile = name.starts_with("MobileEthernet").then_some(block.line);
    sign.or(route.map(|(line, _)| line)).or(mobile)?;
    let mut filters: Vec<(u32, u32, &str)> = block
        .all("ip filter")
        .filter_map(|(line, rest)| {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let [list, sequence, "in", ..] = words.as_slice() else { return None };
            Some((sequence.parse().ok()?, line, *list))
        })
        .collect();
    filters.sort_unstable();
    let six = block.find("ipv6 enable").or_else(|| block.find("ipv6 address")).map(|(line, _)| line);
    let guarded = block.all("ipv6 filter").any(|(_, rest)| rest.ends_with(" in"));
    Some(Outside {
        name,
        line: block.line,
        enabled: super::tunnels::enabled(block),
        filters,
        napt: block.find("ip napt enable").map(|(line, _)| line),
        forwards: block.all("ip napt").filter(|(_, rest)| !rest.starts_with("enable")).collect(),
        six: six.filter(|_| !guarded),
    })
}
