//! What IOS and ASA have in common: access lists with objects and groups, asked for a service; inventories.
//! It does not know which list guards what.
//! Invariant: an object, a group or a port that is not understood lets perhaps anybody in.

use crate::blocks::{Block, after};
use crate::draft::{self, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From};
use crate::text::Line;
use daicho_schemas::fact::device::{DeviceIdentity, DeviceReading, GapSort};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// What somebody knocks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Tcp(u16),
    Udp(u16),
    /// Any port at all, of a host that is published whole.
    Any,
    /// Only the source counts: a list at a line or a server.
    Source,
}

/// Access lists by name, with objects and names resolved.
pub(super) struct Lists<'l> {
    lists: BTreeMap<&'l str, Vec<(u32, &'l str)>>,
    objects: BTreeMap<&'l str, Vec<&'l str>>,
    names: BTreeMap<&'l str, &'l str>,
    /// The device's own addresses.
    pub(super) own: BTreeSet<Ipv4Addr>,
    /// Whether masks are turned round (IOS) or not (ASA).
    wildcards: bool,
    used: RefCell<BTreeSet<(u32, String)>>,
    /// What was asked already, with its answer; thousands of port forwards ask a list the same.
    answered: RefCell<BTreeMap<Question, Access>>,
    /// Rules that may still be asked.
    left: Cell<usize>,
}

/// A list at a line, for a service, towards an inner address, and what happens at its end.
type Question = (String, u32, Service, Option<Ipv4Addr>, bool);

/// Rules that are asked for one device: thousands of port forwards through a list of a hundred thousand rules must end.
const ASKED_MAX: usize = 3_000_000;

const MEMBERS_MAX: usize = 5000;

impl<'l> Lists<'l> {
    pub(super) fn of(blocks: &[Block<'l>], wildcards: bool) -> Self {
        let mut lists: BTreeMap<&str, Vec<(u32, &str)>> = BTreeMap::new();
        let mut objects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut names = BTreeMap::new();
        for block in blocks {
            let words: Vec<&str> = block.head.split_whitespace().take(4).collect();
            match words.as_slice() {
                ["access-list", name, ..] => {
                    let rule = block.head.split_once(name).map_or("", |(_, rule)| rule.trim());
                    lists.entry(name).or_default().push((block.line, rule));
                }
                ["ip", "access-list", "standard" | "extended", name] => {
                    lists.entry(name).or_default().extend(block.body.iter().copied());
                }
                ["object" | "object-group", "network", name, ..] => {
                    objects.entry(name).or_default().extend(block.body.iter().map(|(_, text)| *text));
                }
                ["name", address, name, ..] => {
                    names.insert(*name, *address);
                }
                _ => {}
            }
        }
        let interfaces = blocks.iter().filter(|block| block.head.starts_with("interface "));
        let own = interfaces.flat_map(|block| block.all("ip address"));
        let own = own.filter_map(|(_, rest)| rest.split(' ').next()?.parse().ok()).collect();
        Self {
            lists,
            objects,
            names,
            own,
            wildcards,
            used: Default::default(),
            answered: Default::default(),
            left: Cell::new(ASKED_MAX),
        }
    }

    /// Names the lists that were asked for and are not in the file.
    pub(super) fn tell(&self, reading: &mut DeviceReading) {
        for (line, name) in self.used.borrow().iter().take(50) {
            reading.gaps.push(draft::gap(
                GapSort::Elsewhere,
                Some(*line),
                format!("アクセスリスト {name} の内容がファイルにありません"),
                format!("access list {name} is named and not in the file"),
            ));
        }
    }

    /// What a list makes of a service. `implicit`: what happens at its end.
    pub(super) fn over(
        &self,
        name: &str,
        line: u32,
        service: Service,
        towards: Option<Ipv4Addr>,
        implicit: bool,
    ) -> Access {
        let question = (name.to_owned(), line, service, towards, implicit);
        if let Some(known) = self.answered.borrow().get(&question) {
            return known.clone();
        }
        let access = self.walk(name, line, service, towards, implicit);
        self.answered.borrow_mut().insert(question, access.clone());
        access
    }

    fn walk(&self, name: &str, line: u32, service: Service, towards: Option<Ipv4Addr>, implicit: bool) -> Access {
        let shown = draft::word(name);
        let Some(rules) = self.lists.get(name) else {
            self.used.borrow_mut().insert((line, shown.clone()));
            return Access::unknown(ground(
                line,
                format!("アクセスリスト {shown} の内容がファイルにありません"),
                format!("access list {shown} is not in the file"),
            ));
        };
        let mut filters = Filters::default();
        for (at, rule) in rules {
            let Some(left) = self.left.get().checked_sub(1) else {
                return Access::unknown(ground(
                    line,
                    format!("規則が多すぎるため、アクセスリスト {shown} は判断していません"),
                    format!("there are too many rules to ask; access list {shown} was not judged"),
                ));
            };
            self.left.set(left);
            self.ask(&mut filters, *at, rule, service, towards);
            if filters.settled() {
                break;
            }
        }
        if implicit {
            filters.ask(true, true, &From::Span(EVERYWHERE), || {
                ground(
                    line,
                    format!("アクセスリスト {shown} に合わないものは通ります"),
                    format!("what list {shown} does not fit passes"),
                )
            });
        }
        let mut access = filters.end();
        access.because.push(ground(
            line,
            format!("アクセスリスト {shown} が効きます"),
            format!("access list {shown} applies"),
        ));
        access
    }

    fn ask(&self, filters: &mut Filters, line: u32, rule: &str, service: Service, towards: Option<Ipv4Addr>) {
        let mut words = rule.split_whitespace().peekable();
        while words.peek().is_some_and(|word| *word == "extended" || *word == "standard" || word.parse::<u32>().is_ok())
        {
            words.next();
        }
        let words: Vec<&str> = words.collect();
        let (pass, rest) = match words.as_slice() {
            ["permit", rest @ ..] => (true, rest),
            ["deny", rest @ ..] => (false, rest),
            ["remark" | "line", ..] | [] => return,
            _ => {
                let unclear = || ground(line, "この行を読み取れません", "this line is not understood");
                return filters.ask(true, false, &From::Span(EVERYWHERE), unclear);
            }
        };
        if rest.contains(&"inactive") {
            return;
        }
        // A standard list has a source and no protocol.
        let standard = rest
            .first()
            .is_some_and(|word| ["any", "host", "object-group"].contains(word) || word.parse::<Ipv4Addr>().is_ok());
        let standard = standard && !matches!(rest, ["object-group", _, next, ..] if self.is_address(next));
        let (protocol, rest) = match (standard, rest) {
            (true, rest) => ("ip", rest),
            (false, ["object" | "object-group", _, rest @ ..]) => ("?", rest),
            (false, [protocol, rest @ ..]) => (*protocol, rest),
            (false, []) => return,
        };
        let (sources, rest) = self.address(rest, standard);
        let (from_port, rest) = ports(rest);
        let (destinations, rest) =
            if standard { (vec![From::Span(EVERYWHERE)], rest) } else { self.address(rest, false) };
        let (port, rest) = ports(rest);
        // Only what belongs to a connection that began inside.
        if rest.contains(&"established") {
            return;
        }
        let fits = fits(protocol, port, service, pass);
        let fits_there = self.fits_there(&destinations, service, towards);
        if fits == Some(false) || fits_there == Some(false) {
            return;
        }
        let sure = fits == Some(true)
            && fits_there == Some(true)
            && (pass || from_port.is_empty())
            && !rest.contains(&"time-range");
        for source in sources {
            filters.ask(pass, sure, &source, || {
                let shown = match &source {
                    From::Span(span) if *span == EVERYWHERE => "any".to_owned(),
                    From::Span(span) => reach::shown(*span),
                    From::Named(name) => name.clone(),
                    From::Unclear => "?".to_owned(),
                };
                draft::verdict(line, Some(pass), &shown)
            });
        }
    }

    /// An address and a mask as they are written in a reading; names are resolved.
    pub(super) fn named(&self, address: &str, mask: &str) -> Option<String> {
        let span = self.plain(address).zip(mask.parse().ok()).and_then(|(a, m)| reach::masked(a, m))?;
        Some(if span == EVERYWHERE { "0.0.0.0/0".to_owned() } else { reach::shown(span) })
    }

    /// The address of an object that is one host. Its parts may stand in different places of a file.
    pub(super) fn host_of(&self, object: &str) -> Option<&'l str> {
        self.objects.get(object)?.iter().find_map(|text| text.strip_prefix("host "))
    }

    fn is_address(&self, word: &str) -> bool {
        ["any", "any4", "any6", "host", "object", "object-group", "interface"].contains(&word)
            || self.plain(word).is_some()
    }

    fn plain(&self, word: &str) -> Option<Ipv4Addr> {
        self.names.get(word).copied().unwrap_or(word).parse().ok()
    }

    /// One address of a rule, and what follows it.
    fn address<'w>(&self, words: &'w [&'w str], standard: bool) -> (Vec<From>, &'w [&'w str]) {
        match words {
            ["any" | "any4", rest @ ..] => (vec![From::Span(EVERYWHERE)], rest),
            ["any6", rest @ ..] => (vec![From::Named("any6".to_owned())], rest),
            ["host", host, rest @ ..] => (vec![self.host(host)], rest),
            ["object" | "object-group", name, rest @ ..] => (self.members(name), rest),
            ["interface", name, rest @ ..] => (vec![From::Named(draft::word(name))], rest),
            [address, mask, rest @ ..] if !standard || mask.parse::<Ipv4Addr>().is_ok() => {
                (vec![self.masked(address, mask)], rest)
            }
            [address, rest @ ..] if standard => (vec![self.host(address)], rest),
            _ => (vec![From::Unclear], &[]),
        }
    }

    fn host(&self, word: &str) -> From {
        match self.plain(word) {
            Some(address) => From::Span((address.into(), address.into())),
            None => From::Named(draft::word(word)),
        }
    }

    fn masked(&self, address: &str, mask: &str) -> From {
        let span = self.plain(address).zip(mask.parse().ok()).and_then(|(address, mask)| {
            if self.wildcards { reach::wildcard(address, mask) } else { reach::masked(address, mask) }
        });
        span.or_else(|| reach::span(address)).map_or(From::Unclear, From::Span)
    }

    /// What an object or a group of networks stands for.
    fn members(&self, name: &str) -> Vec<From> {
        let mut waiting = vec![name.to_owned()];
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some(body) = self.objects.get(name.as_str()) else {
                return vec![From::Unclear];
            };
            for text in body {
                let words: Vec<&str> = text.trim_start_matches("network-object ").split_whitespace().collect();
                match words.as_slice() {
                    ["group-object" | "object", inner, ..] => waiting.push((*inner).to_owned()),
                    ["host", host, ..] => found.push(self.host(host)),
                    ["range", low, high, ..] => {
                        found.push(reach::span(&format!("{low}-{high}")).map_or(From::Unclear, From::Span));
                    }
                    ["fqdn", .., name] => found.push(From::Named(draft::word(name))),
                    ["any" | "any4", ..] => found.push(From::Span(EVERYWHERE)),
                    ["subnet", address, mask, ..] | [address, mask] if self.plain(address).is_some() => {
                        let span = self.plain(address).zip(mask.parse().ok()).and_then(|(a, m)| reach::masked(a, m));
                        found.push(span.map_or(From::Unclear, From::Span));
                    }
                    ["description" | "nat", ..] => {}
                    _ => found.push(From::Unclear),
                }
            }
            if seen.len() + found.len() > MEMBERS_MAX {
                return vec![From::Unclear];
            }
        }
        if found.is_empty() { vec![From::Unclear] } else { found }
    }

    fn fits_there(&self, destinations: &[From], service: Service, towards: Option<Ipv4Addr>) -> Option<bool> {
        if matches!(service, Service::Source) {
            return Some(true);
        }
        let mut unclear = false;
        for destination in destinations {
            let From::Span((low, high)) = destination else {
                unclear = true;
                continue;
            };
            let within = |address: &Ipv4Addr| (*low..=*high).contains(&u32::from(*address));
            let fits = match towards {
                Some(inner) => within(&inner),
                None => (*low, *high) == EVERYWHERE || self.own.iter().any(within),
            };
            if fits {
                return Some(true);
            }
            // With an address that the provider gives, this may be the device's own.
            unclear = unclear || (towards.is_none() && self.own.len() < 2);
        }
        if unclear { None } else { Some(false) }
    }
}

fn fits(protocol: &str, port: &[&str], service: Service, pass: bool) -> Option<bool> {
    let (named, wanted) = match service {
        Service::Source => return Some(["ip", "tcp", "udp"].contains(&protocol)).filter(|fits| *fits),
        Service::Any => return if pass || protocol == "ip" { Some(true) } else { Some(false) },
        Service::Tcp(port) => ("tcp", port),
        Service::Udp(port) => ("udp", port),
    };
    match protocol {
        "ip" => Some(true),
        "?" => None,
        other if other != named => Some(false),
        _ => match port {
            [] => Some(true),
            ["eq", ports @ ..] => {
                let numbers: Vec<Option<u16>> = ports.iter().map(|port| number(port)).collect();
                if numbers.contains(&Some(wanted)) {
                    Some(true)
                } else if numbers.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            ["neq", port] => number(port).map(|port| port != wanted),
            ["lt", port] => number(port).map(|port| wanted < port),
            ["gt", port] => number(port).map(|port| wanted > port),
            ["range", low, high] => number(low).zip(number(high)).map(|(low, high)| low <= wanted && wanted <= high),
            _ => None,
        },
    }
}

/// The words of a port, and what follows them.
fn ports<'w>(words: &'w [&'w str]) -> (&'w [&'w str], &'w [&'w str]) {
    let length = match words {
        ["eq", ..] => 1 + words.iter().skip(1).take_while(|word| number(word).is_some()).count().max(1),
        ["neq" | "lt" | "gt", ..] => 2,
        ["range", ..] => 3,
        // A group of ports, where what follows is no second address.
        ["object-group", _] => 2,
        _ => 0,
    };
    let length = length.min(words.len());
    words.split_at(length)
}

/// Names of ports as IOS and ASA list them.
pub(super) fn number(word: &str) -> Option<u16> {
    Some(match word {
        "ftp" => 21,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" => 53,
        "bootps" => 67,
        "bootpc" => 68,
        "tftp" => 69,
        "www" | "http" => 80,
        "pop3" => 110,
        "ntp" => 123,
        "snmp" => 161,
        "snmptrap" => 162,
        "https" => 443,
        "isakmp" => 500,
        "syslog" => 514,
        "pptp" => 1723,
        "non500-isakmp" => 4500,
        word => word.parse().ok()?,
    })
}

/// `PID: ASA5515 , VID: V03 , SN: FTX1930101U`: the first of an inventory is the device itself.
pub(super) fn inventory<'l>(lines: impl Iterator<Item = &'l Line<'l>>, identity: &mut DeviceIdentity) {
    for line in lines {
        let Some(rest) = after(line.trimmed(), "PID:") else { continue };
        let mut parts = rest.split(',').map(str::trim);
        let model = parts.next().unwrap_or_default();
        let serial = parts.find_map(|part| part.strip_prefix("SN:")).map(str::trim).unwrap_or_default();
        if !model.is_empty() {
            identity.model.get_or_insert_with(|| draft::word(model));
            if !serial.is_empty() {
                identity.serial.get_or_insert_with(|| draft::word(serial));
            }
            return;
        }
    }
}

/// `asa1 up 41 days 19 hours`, `rt1 uptime is 3 weeks`: the name in the output of `show version`.
pub(super) fn up(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(" up ").or_else(|| line.split_once(" uptime is "))?;
    let unit = ["year", "week", "day", "hour", "min", "sec"].iter().any(|unit| rest.contains(unit));
    let plain = !name.is_empty() && name.len() < 64 && !name.contains([' ', '"']);
    (plain && unit && rest.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}
