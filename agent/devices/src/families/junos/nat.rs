//! Ports and addresses that a Junos device leads inside: destination and static NAT, and the policies behind them.
//! It does not know applications that come with the device, but for a few: another one may be any port.
//! Invariant: policies see the inside address, and what none of them fits is denied.

use super::places::Config;
use super::word;
use crate::draft::{self, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Span};
use crate::tree::At;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeSet;

/// Members that one set is opened up to.
const MEMBERS_MAX: usize = 2000;

/// Where a rule leads to, as policies see it.
struct Target<'t> {
    zone: Option<&'t str>,
    address: Option<Span>,
    protocol: Option<&'t str>,
    port: Option<u16>,
}

/// Adds every forward.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for sort in ["destination", "static"] {
        let sets = config.root.get(&format!("security nat {sort} rule-set"));
        for set in sets.into_iter().flat_map(At::children) {
            let Some(zones) = from(config, set) else { continue };
            for rule in set.get("rule").into_iter().flat_map(At::all).take(2000) {
                reading.ways_in.extend(forward(config, sort, &zones, set, rule));
            }
        }
    }
}

/// The zones outside from which a set of rules takes; `None` when it looks at the inside only.
fn from<'t>(config: &Config<'_, 't>, set: At<'_, 't>) -> Option<BTreeSet<&'t str>> {
    let outer = config.outer_zones();
    let mut zones: BTreeSet<&str> = set.below("from zone").map(At::word).collect();
    zones.extend(set.below("from interface").filter_map(|at| config.zone(at.word())).map(At::word));
    if zones.is_empty() || outer.is_empty() {
        return Some(if zones.is_empty() { outer } else { zones });
    }
    zones.retain(|zone| outer.contains(zone));
    (!zones.is_empty()).then_some(zones)
}

fn forward<'t>(
    config: &Config<'_, 't>,
    sort: &str,
    zones: &BTreeSet<&'t str>,
    set: At<'_, 't>,
    rule: At<'_, 't>,
) -> Option<WayIn> {
    let matches = rule.get("match");
    let first = |key: &str| matches.and_then(|at| at.first(key));
    let (protocol, outer) = (first("protocol"), first("destination-port"));
    let (inner, port) = if sort == "static" {
        let prefix = rule.get("then static-nat prefix")?;
        let inner = prefix.children().find(|at| reach::span(at.word()).is_some())?;
        (inner, prefix.first("mapped-port").or(inner.first("mapped-port")))
    } else {
        let name = rule.first("then destination-nat pool")?;
        let pool = config.root.get("security nat destination pool").and_then(|pools| pools.named(name.word()));
        let Some(pool) = pool else {
            config.lacks(name.line(), "NAT pool", name.word());
            return None;
        };
        let inner = pool.first("address")?;
        (inner, inner.first("port"))
    };
    let (named, number) = (protocol.map(At::word), outer.map(At::word));
    let technology = match (named, number) {
        (protocol, Some(port)) => format!("{}/{port}", protocol.unwrap_or("tcp")),
        (Some(protocol), None) => protocol.to_owned(),
        (None, None) => "ip".to_owned(),
    };
    let key = format!("nat {sort} {} {}", word(set), word(rule));
    let mut way = draft::way(&key, WayInSort::PortForward, &technology, FarEnd::Unknown);
    way.second_factor = draft::not_applicable();
    let address = reach::span(inner.word());
    let host = address.map_or_else(|| word(inner), reach::shown);
    let inside = port.or(outer).map(word);
    way.inside = vec![inside.as_ref().map_or(host.clone(), |port| format!("{host}:{port}"))];
    if rule.is_off() {
        way.enabled = draft::no(ground(rule.line(), "無効にしてあります（inactive）", "it is switched off (inactive)"));
        way.restriction.restricted = draft::not_applicable();
        return Some(way);
    }
    way.enabled = draft::yes(ground(rule.line(), "この規則が中へ導きます", "this rule leads inside"));
    let target = Target {
        zone: address.and_then(|address| config.zone_of(address)),
        address,
        protocol: named,
        port: inside.and_then(|port| port.parse().ok()),
    };
    let mut access = policies(config, zones, &target);
    let sources: Vec<At<'_, '_>> = matches.into_iter().flat_map(|at| at.below("source-address")).collect();
    if !sources.is_empty() {
        let mut filters = Filters::default();
        for source in &sources {
            let from = reach::span(source.word()).map_or(From::Unclear, From::Span);
            filters.ask(true, true, &from, || draft::verdict(source.line(), Some(true), &word(*source)));
        }
        access = filters.end().and(access);
    }
    way.restriction = access.restriction();
    if way.restriction.restricted.answer == Answer::Yes && way.restriction.sources.is_empty() {
        way.enabled = draft::no(ground(
            rule.line(),
            "外側からこれを通すポリシーがありません",
            "no policy lets anything from outside through to it",
        ));
        way.restriction.restricted = draft::not_applicable();
    }
    Some(way)
}

/// Who reaches a target from zones outside.
fn policies(config: &Config<'_, '_>, zones: &BTreeSet<&str>, target: &Target<'_>) -> Access {
    let permits = config.root.get("security policies default-policy permit-all");
    let over = zones.iter().map(|zone| {
        let mut filters = Filters::default();
        let pairs = config.root.get("security policies from-zone").and_then(|from| from.named(zone));
        for to in pairs.into_iter().flat_map(|from| from.below("to-zone")) {
            let sure = match target.zone {
                Some(zone) if zone == to.word() => true,
                Some(_) => continue,
                None => false,
            };
            for policy in to.below("policy") {
                ask(config, &mut filters, policy, target, sure);
            }
        }
        // Of both zones: one policy of its own order after those between two zones.
        for policy in config.root.below("security policies global policy") {
            ask(config, &mut filters, policy, target, !policy.has("match from-zone") && !policy.has("match to-zone"));
        }
        if let Some(permits) = permits {
            filters.ask(true, true, &From::Span(EVERYWHERE), || {
                ground(permits.line(), "どのポリシーにも合わないものを通します", "what no policy fits passes")
            });
        }
        filters.end()
    });
    over.reduce(Access::or).unwrap_or_else(|| {
        Access::unknown(draft::absence(
            "外側のゾーンがどれか、この設定から分かりません",
            "the configuration does not show which zone looks outside",
        ))
    })
}

fn ask(config: &Config<'_, '_>, filters: &mut Filters, policy: At<'_, '_>, target: &Target<'_>, mut sure: bool) {
    let Some(matches) = policy.get("match") else { return };
    let destinations = sources(config, matches, "destination-address");
    let everywhere = destinations.contains(&From::Span(EVERYWHERE));
    let spans = destinations.iter().filter_map(|from| if let From::Span(span) = from { Some(*span) } else { None });
    let spans: Vec<Span> = spans.collect();
    match target.address {
        _ if everywhere => {}
        Some((start, end)) if spans.iter().any(|(low, high)| *low <= start && end <= *high) => {}
        Some((start, end)) => {
            let near = spans.iter().any(|(low, high)| *low <= end && start <= *high);
            if !near && spans.len() == destinations.len() {
                return;
            }
            sure = false;
        }
        None => sure = false,
    }
    match serves(config, matches, target) {
        Some(fits) => sure &= fits,
        None => return,
    }
    sure &= !matches.has("destination-address-excluded") && !policy.has("scheduler-name");
    let identity = matches.below("source-identity").any(|at| at.word() != "any") || matches.has("dynamic-application");
    let pass = policy.has("then permit");
    let excluded = matches.has("source-address-excluded");
    let from = if excluded { vec![From::Unclear] } else { sources(config, matches, "source-address") };
    let shown = draft::word(&matches.below("source-address").map(word).collect::<Vec<_>>().join(" "));
    for from in from {
        filters.ask(pass, sure && !identity, &from, || draft::verdict(policy.line(), Some(pass), &shown));
    }
}

/// Address books: the global one and those of zones.
fn sources(config: &Config<'_, '_>, matches: At<'_, '_>, key: &str) -> Vec<From> {
    let zones = config.root.below("security zones security-zone").filter_map(|zone| zone.get("address-book"));
    let books: Vec<At<'_, '_>> = config.root.below("security address-book").chain(zones).collect();
    let mut waiting: Vec<&str> = matches.below(key).map(At::word).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) || seen.len() > MEMBERS_MAX {
            continue;
        }
        let set = books.iter().find_map(|book| book.get("address-set")?.named(name));
        let address = books.iter().find_map(|book| book.get("address")?.named(name));
        match (name, address, set) {
            ("any" | "any-ipv4" | "any-ipv6", ..) => found.push(From::Span(EVERYWHERE)),
            (_, Some(address), _) => {
                let prefix = address.first("ip-prefix").or(address.children().next());
                let dns = address.first("dns-name").map(|at| From::Named(word(at)));
                let span = prefix.and_then(|at| reach::span(at.word())).map(From::Span);
                found.push(span.or(dns).unwrap_or(From::Unclear));
            }
            (_, None, Some(set)) => {
                waiting.extend(set.below("address").chain(set.below("address-set")).map(At::word));
            }
            (_, None, None) => found.push(From::Unclear),
        }
    }
    if seen.len() > MEMBERS_MAX || found.is_empty() { vec![From::Unclear] } else { found }
}

/// Whether a policy's applications include the target's port.
fn serves(config: &Config<'_, '_>, matches: At<'_, '_>, target: &Target<'_>) -> Option<bool> {
    let mut waiting: Vec<&str> = matches.below("application").map(At::word).collect();
    let mut seen = BTreeSet::new();
    let mut perhaps = waiting.is_empty();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) || seen.len() > MEMBERS_MAX {
            continue;
        }
        if name == "any" {
            return Some(true);
        }
        let set = config.root.get("applications application-set").and_then(|sets| sets.named(name));
        if let Some(set) = set {
            waiting.extend(set.below("application").map(At::word));
            continue;
        }
        let own = config.root.get("applications application").and_then(|all| all.named(name));
        let known = own.and_then(|own| {
            let (low, high) =
                own.first("destination-port").map(|at| at.word().split_once('-').unwrap_or((at.word(), at.word())))?;
            Some((own.first("protocol")?.word(), low.parse::<u16>().ok()?, high.parse::<u16>().ok()?))
        });
        let known = known.or(match name {
            "junos-ssh" => Some(("tcp", 22, 22)),
            "junos-telnet" => Some(("tcp", 23, 23)),
            "junos-http" => Some(("tcp", 80, 80)),
            "junos-https" => Some(("tcp", 443, 443)),
            "junos-smtp" => Some(("tcp", 25, 25)),
            "junos-ftp" => Some(("tcp", 21, 21)),
            "junos-ms-rdp" | "junos-rdp" => Some(("tcp", 3389, 3389)),
            _ => None,
        });
        match (known, target.port) {
            (Some((protocol, low, high)), Some(port)) => {
                let same = target.protocol.is_none_or(|own| own == protocol);
                if same && low <= port && port <= high {
                    return Some(true);
                }
            }
            (None, _) if name == "junos-ping" || name.starts_with("junos-icmp") => {}
            // A forward of everything: this application is a part of it.
            (Some(_), None) if target.protocol.is_none() => return Some(true),
            _ => perhaps = true,
        }
    }
    perhaps.then_some(false)
}
