//! Access rules, address and service objects, and NAT of SonicOS.
//! It does not know users, schedules and countries: a rule that asks for them is not sure.
//! Invariant: where rules do not say their order, no rejection is counted on, and no permission behind one is sure.

use super::unquoted;
use crate::blocks::{Block, after};
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Reach};
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::{BTreeMap, BTreeSet};

/// Members that one group is opened up to.
const MEMBERS_MAX: usize = 2000;

/// What rules speak of.
pub(super) struct Target<'s> {
    /// The zone, where it is known; the device's own services are in WAN.
    pub(super) zone: Option<&'s str>,
    /// The destination by its name, where a rule has to name it.
    pub(super) destination: Option<&'s str>,
    /// The service by its name.
    pub(super) service: &'s str,
    pub(super) protocol: &'s str,
    pub(super) port: Option<u16>,
}

impl<'s> Target<'s> {
    /// A service of the device itself.
    pub(super) fn own(service: &'s str, protocol: &'s str, port: u16) -> Self {
        Self { zone: Some("WAN"), destination: None, service, protocol, port: Some(port) }
    }
}

/// A rule: what its head and its body say.
struct Rule<'l> {
    line: u32,
    from: &'l str,
    to: &'l str,
    pass: bool,
    source: &'l str,
    destination: &'l str,
    service: &'l str,
    /// Its place, when somebody chose one.
    place: Option<u32>,
    /// It asks for nothing else.
    plain: bool,
}

/// Rules and objects of a configuration.
pub(super) struct Places<'b, 'l> {
    addresses: BTreeMap<&'l str, &'b Block<'l>>,
    groups: BTreeMap<&'l str, &'b Block<'l>>,
    services: BTreeMap<&'l str, &'b Block<'l>>,
    service_groups: BTreeMap<&'l str, &'b Block<'l>>,
    rules: Vec<Rule<'l>>,
    /// Whether all rules say their order.
    ordered: bool,
}

impl<'b, 'l> Places<'b, 'l> {
    pub(super) fn of(blocks: &'b [Block<'l>]) -> Self {
        let by_name = |kind: &str| {
            let of_kind = blocks.iter().filter_map(|block| Some((unquoted(after(block.head, kind)?), block)));
            of_kind.collect::<BTreeMap<_, _>>()
        };
        let mut rules: Vec<Rule<'l>> = blocks.iter().filter_map(rule).collect();
        let ordered = rules.iter().all(|rule| rule.place.is_some());
        if ordered {
            rules.sort_by_key(|rule| rule.place);
        }
        Self {
            addresses: by_name("address-object ipv4"),
            groups: by_name("address-group ipv4"),
            services: by_name("service-object"),
            service_groups: by_name("service-group"),
            rules,
            ordered,
        }
    }

    /// Who reaches something from the zone WAN.
    pub(super) fn reach(&self, target: &Target<'_>) -> Access {
        let mut filters = Filters::default();
        let mut rejected = None;
        let mut seen = false;
        for rule in &self.rules {
            let from = rule.from.eq_ignore_ascii_case("WAN") || rule.from.eq_ignore_ascii_case("any");
            let to = target.zone.is_none_or(|zone| rule.to.eq_ignore_ascii_case(zone) || rule.to == "any");
            if !from || !to {
                continue;
            }
            let Some(serves) = self.serves(rule.service, target) else { continue };
            let leads = match target.destination {
                // All addresses of the device itself: a rule may name one of several.
                None => true,
                Some(_) if rule.destination == "any" => true,
                Some(name) => {
                    if named(rule.destination) != name {
                        continue;
                    }
                    true
                }
            };
            seen = true;
            if !rule.pass && !self.ordered {
                rejected = Some(rule.line);
                continue;
            }
            let sure = serves && leads && rule.plain && target.zone.is_some();
            for from in self.sources(rule.source) {
                filters.ask(rule.pass, sure, &from, || {
                    draft::verdict(rule.line, Some(rule.pass), &draft::word(named(rule.source)))
                });
            }
        }
        if !seen {
            return Access::unknown(absence(
                format!("{} を通す、または拒むアクセスルールが見当たりません", draft::word(target.service)),
                format!("no access rule is seen that speaks of {}", draft::word(target.service)),
            ));
        }
        let access = filters.end();
        match rejected {
            Some(line) if access.reach == Reach::Anyone => Access::unknown(ground(
                line,
                "拒むルールとの順序が、この設定から分かりません",
                "the order of this rejection and what lets others through is not in the file",
            )),
            _ => access,
        }
    }

    /// Whether a rule's service is the one asked for: surely, perhaps, or not.
    fn serves(&self, service: &str, target: &Target<'_>) -> Option<bool> {
        if service == "any" || named(service) == target.service {
            return Some(true);
        }
        let mut waiting = vec![named(service)];
        let mut seen = BTreeSet::new();
        let mut perhaps = false;
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) || seen.len() > MEMBERS_MAX {
                continue;
            }
            if name == target.service {
                return Some(true);
            }
            if let Some(group) = self.service_groups.get(name) {
                waiting.extend(group.all("service-object").chain(group.all("service-group")).map(|(_, m)| unquoted(m)));
                continue;
            }
            let ports = self.services.get(name).map(|service| ports(service));
            match ports.or_else(|| known(name).map(Some)) {
                Some(Some((protocol, low, high))) => {
                    let fits = target.port.is_none_or(|port| low <= port && port <= high);
                    if protocol.eq_ignore_ascii_case(target.protocol) && fits {
                        return Some(target.port.is_some());
                    }
                }
                Some(None) => perhaps = true,
                // A service that comes with the device and is another one by its name.
                None => perhaps |= !OTHERS.contains(&name),
            }
        }
        perhaps.then_some(false)
    }

    /// Whom `name "X"`, `group "X"`, `any` stand for.
    fn sources(&self, text: &str) -> Vec<From> {
        if text == "any" {
            return vec![From::Span(EVERYWHERE)];
        }
        let mut waiting = vec![named(text)];
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) || seen.len() > MEMBERS_MAX {
                continue;
            }
            if let Some(group) = self.groups.get(name) {
                let members = group.all("address-object ipv4").chain(group.all("address-group ipv4"));
                waiting.extend(members.map(|(_, member)| unquoted(member)));
            } else {
                found.push(self.addresses.get(name).and_then(|object| address(object)).unwrap_or(From::Unclear));
            }
        }
        if seen.len() > MEMBERS_MAX || found.is_empty() { vec![From::Unclear] } else { found }
    }

    /// The zone of an address object.
    fn zone(&self, name: &str) -> Option<&'l str> {
        let object = self.addresses.get(name)?;
        let (_, zone) = statements(object).find_map(|(line, text)| Some((line, words(text, "zone")?)))?;
        Some(unquoted(zone))
    }
}

/// Services that come with the device and that no way in of ours is.
const OTHERS: [&str; 12] = [
    "Ping",
    "Ping 0",
    "Ping 8",
    "HTTP Management",
    "HTTPS Management",
    "SSH Management",
    "SNMP",
    "SSLVPN",
    "IKE",
    "NTP",
    "Ping6",
    "ICMP",
];

fn known(name: &str) -> Option<(&'static str, u16, u16)> {
    Some(match name {
        "HTTPS" => ("tcp", 443, 443),
        "HTTP" => ("tcp", 80, 80),
        "SSH" => ("tcp", 22, 22),
        "Telnet" => ("tcp", 23, 23),
        "Terminal Services TCP" => ("tcp", 3389, 3389),
        "SMTP (Send E-Mail)" => ("tcp", 25, 25),
        _ => return None,
    })
}

/// `name "X"` and `group "X"` without the word in front.
fn named(text: &str) -> &str {
    unquoted(after(text, "name").or_else(|| after(text, "group")).unwrap_or(text))
}

/// The head without its first word and the body alike.
fn statements<'b, 'l>(block: &'b Block<'l>) -> impl Iterator<Item = (u32, &'l str)> + 'b {
    std::iter::once((block.line, block.head)).chain(block.body.iter().copied())
}

/// What follows a word anywhere in a line: in a head, several statements stand in one line.
fn words<'l>(text: &'l str, key: &str) -> Option<&'l str> {
    if let Some(rest) = after(text, key) {
        return Some(rest);
    }
    let at = text.find(&format!(" {key} "))?;
    text.get(at + key.len() + 2..).map(str::trim_start)
}

/// What a rule says of something: its body before its head.
fn says<'l>(block: &Block<'l>, key: &str) -> Option<&'l str> {
    block.find(key).map(|(_, rest)| rest).or_else(|| words(block.head, key))
}

/// `any`, `name "X"`, `group "X"` at the beginning of a text.
fn choice(text: &str) -> &str {
    if after(text, "any").is_some() || after(text, "original").is_some() {
        return text.split(' ').next().unwrap_or(text);
    }
    let (kind, rest) = text.split_once(' ').unwrap_or(("", text));
    let length = match rest.strip_prefix('"').and_then(|inner| inner.find('"')) {
        Some(end) => end + 2,
        None => rest.find(' ').unwrap_or(rest.len()),
    };
    text.get(..kind.len() + 1 + length).unwrap_or(text)
}

fn rule<'l>(block: &Block<'l>) -> Option<Rule<'l>> {
    let head = after(block.head, "access-rule ipv4")?;
    if block.find("no enable").is_some() {
        return None;
    }
    let asks = |key: &str, usual: &[&str]| block.all(key).any(|(_, rest)| !usual.contains(&rest));
    let plain = !asks("users included", &["all"])
        && !asks("users excluded", &["none"])
        && !asks("schedule", &["always-on", "name \"Always on\""])
        && block.find("geo-ip-filter").is_none()
        && !asks("source port", &["any"]);
    Some(Rule {
        line: block.line,
        from: unquoted(words(head, "from")?),
        to: unquoted(words(head, "to")?),
        pass: says(block, "action")?.starts_with("allow"),
        source: says(block, "source address").map_or("", choice),
        destination: says(block, "destination address").map_or("any", choice),
        service: says(block, "service").map_or("", choice),
        place: block.find("priority manual").and_then(|(_, rest)| rest.parse().ok()),
        plain,
    })
}

/// `host 192.0.2.1`, `network 192.0.2.0 255.255.255.0` or `/24`, `range 192.0.2.1 192.0.2.9`, `domain example.jp`.
fn address(object: &Block<'_>) -> Option<From> {
    let find = |key: &str| statements(object).find_map(|(_, text)| words(text, key));
    if let Some(host) = find("host") {
        return reach::span(unquoted(host)).map(From::Span);
    }
    let pair = |rest: &'_ str| {
        let mut parts = rest.split(' ').filter(|part| !part.is_empty());
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    if let Some((start, mask)) = find("network").and_then(pair) {
        let text = if mask.starts_with('/') { format!("{start}{mask}") } else { format!("{start}/{mask}") };
        return reach::span(&text).map(From::Span);
    }
    if let Some((start, end)) = find("range").and_then(pair) {
        return reach::span(&format!("{start}-{end}")).map(From::Span);
    }
    find("domain").map(|name| From::Named(draft::word(unquoted(name))))
}

/// `TCP 3389 3389`, on the head or in the body.
fn ports<'l>(service: &Block<'l>) -> Option<(&'l str, u16, u16)> {
    statements(service).find_map(|(_, text)| {
        let at = ["TCP", "UDP", "tcp", "udp"].iter().find_map(|protocol| Some((*protocol, words(text, protocol)?)))?;
        let mut parts = at.1.split(' ');
        let low = parts.next()?.parse().ok()?;
        Some((at.0, low, parts.next().and_then(|high| high.parse().ok()).unwrap_or(low)))
    })
}

/// NAT policies that lead from outside to something inside.
pub(super) fn forwards(
    blocks: &[Block<'_>],
    places: &Places<'_, '_>,
    outside: &BTreeMap<&str, u32>,
    reading: &mut DeviceReading,
) {
    for block in blocks.iter().filter(|block| block.head.starts_with("nat-policy ipv4 ")).take(2000) {
        let inbound = says(block, "inbound").map_or("any", unquoted);
        let to = says(block, "translated-destination").map_or("original", choice);
        if to == "original" || !(inbound == "any" || outside.contains_key(inbound)) {
            continue;
        }
        reading.ways_in.push(forward(block, places, inbound, to));
    }
}

fn forward(block: &Block<'_>, places: &Places<'_, '_>, inbound: &str, to: &str) -> WayIn {
    let service = says(block, "service").map_or("any", choice);
    let inner = says(block, "translated-service").map(choice).filter(|inner| *inner != "original").unwrap_or(service);
    let port = |text: &str| {
        let name = named(text);
        places.services.get(name).and_then(|service| ports(service)).or(known(name))
    };
    let (outer, inner) = (port(service), port(inner));
    let technology = match outer {
        Some((protocol, low, high)) if low == high => format!("{}/{low}", protocol.to_ascii_lowercase()),
        Some((protocol, low, high)) => format!("{}/{low}-{high}", protocol.to_ascii_lowercase()),
        None if service == "any" => "ip".to_owned(),
        None => named(service).to_owned(),
    };
    let public = says(block, "destination").map_or("any", choice);
    let key = format!("nat-policy {} {} {}", named(public), named(service), named(to));
    let mut way = draft::way(&key, WayInSort::PortForward, &technology, FarEnd::Unknown);
    way.interface = (inbound != "any").then(|| draft::word(inbound));
    way.second_factor = draft::not_applicable();
    let host = match places.addresses.get(named(to)).and_then(|object| address(object)) {
        Some(From::Span(span)) => reach::shown(span),
        _ => draft::word(named(to)),
    };
    way.inside = vec![inner.map_or(host.clone(), |(_, port, _)| format!("{host}:{port}"))];
    if let Some((line, _)) = block.find("no enable") {
        way.enabled = draft::no(ground(line, "無効です", "it is disabled"));
        way.restriction.restricted = draft::not_applicable();
        return way;
    }
    way.enabled = draft::yes(ground(block.line, "この変換が中へ導きます", "this policy leads inside"));
    let target = Target {
        zone: places.zone(named(to)),
        destination: (public != "any").then(|| named(public)),
        service: named(service),
        protocol: outer.map_or("", |(protocol, ..)| protocol),
        port: outer.map(|(_, port, _)| port),
    };
    way.restriction = places.reach(&target).restriction();
    if way.restriction.restricted.answer == Answer::Yes && way.restriction.sources.is_empty() {
        // Rules that reject say nothing about rules that were not printed.
        way.restriction.restricted.answer = Answer::Unknown;
    }
    way
}
