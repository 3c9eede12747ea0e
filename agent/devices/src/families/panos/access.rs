//! How a PAN-OS firewall is managed, and which ports it leads inside.
//! It does not know what stands in front of the management port.
//! Invariant: an interface without a management profile offers nothing; the management port without `permitted-ip` is
//! never restricted.
//!
//! That addresses are restricted by adding them to `permitted-ip`: Palo Alto Networks, Knowledge Base, "How to Allow Specific IP
//! Addresses to Access the Management Interface"; that there is no restriction without it: CIS Palo Alto Firewall Benchmark, 1.2.1.

use super::places::{Config, Interface, Target};
use super::word;
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, From};
use crate::tree::At;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, WayIn, WayInSort};

/// A service of a management profile: its name there, ours, its port, and what App-ID calls it.
const SERVICES: [(&str, &str, u16, &[&str]); 5] = [
    ("https", "https", 443, &["web-browsing", "ssl", "paloalto-shared-services"]),
    ("http", "http", 80, &["web-browsing"]),
    ("ssh", "ssh", 22, &["ssh"]),
    ("telnet", "telnet", 23, &["telnet"]),
    ("userid-service", "user-id", 5007, &["paloalto-userid-agent"]),
];

/// Fills the management plane.
pub(super) fn management(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let users: Vec<At<'_, '_>> = config.all("mgt-config users").collect();
    let changes = |user: &&At<'_, '_>| {
        let readers = ["superreader", "devicereader", "vsysreader"];
        !readers.iter().any(|role| user.has(&format!("permissions role-based {role}")))
    };
    let changing = u32::try_from(users.iter().filter(changes).count()).ok();
    reading.administrators = changing.filter(|_| !users.is_empty() && config.elsewhere().is_none());
    let mut plane = port(config, reading);
    for (name, line) in &config.outside {
        let Some(interface) = config.interfaces.get(name) else { continue };
        let Some(profile) = interface.at.value("interface-management-profile") else { continue };
        for access in offered(config, (name, interface, *line), profile, reading) {
            plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
        }
    }
    let access = match plane {
        Some(plane) => plane,
        None if config.outside.is_empty() || config.elsewhere().is_some() => {
            config.elsewhere().map_or_else(nowhere, Access::unknown)
        }
        None => Access::nobody(absence(
            "外側のインターフェースに管理プロファイルがありません",
            "no interface outside has a management profile",
        )),
    };
    reading.management = access.restriction();
}

fn nowhere() -> Access {
    Access::unknown(absence(
        "外側のインターフェースがどれか、この設定から分かりません",
        "the configuration does not show which interface looks outside",
    ))
}

/// What a profile offers on an interface outside.
fn offered(
    config: &Config<'_, '_>,
    (name, interface, line): (&str, &Interface<'_, '_>, u32),
    profile: At<'_, '_>,
    reading: &mut DeviceReading,
) -> Vec<Access> {
    let known =
        config.all("network profiles interface-management-profile").find(|known| known.word() == profile.word());
    let Some(known) = known else {
        let shown = word(profile);
        return vec![Access::unknown(ground(
            line,
            format!("管理プロファイル {shown} がファイルにありません"),
            format!("the management profile {shown} is not in the file"),
        ))];
    };
    let mut found = Vec::new();
    for (key, technology, port, applications) in SERVICES {
        if !known.is(key, "yes") {
            continue;
        }
        let sources = permitted(known);
        let target =
            Target { zone: config.zone(name), addresses: config.own(name), ports: vec![("tcp", port)], applications };
        let access = config.reach(&target, Some((known.get("permitted-ip").unwrap_or(known), &sources)));
        let key = format!("interface {} {technology}", draft::word(name));
        let mut way = draft::way(&key, WayInSort::Management, technology, FarEnd::Unknown);
        way.enabled = draft::yes(ground(
            interface.at.line(),
            format!("管理プロファイル {} が {technology} を許しています", word(known)),
            format!("the management profile {} allows {technology}", word(known)),
        ));
        way.interface = Some(draft::word(name));
        way.restriction = access.clone().restriction();
        reading.ways_in.push(way);
        found.push(access);
    }
    found
}

/// The list of a profile or of the management port; without one, everybody is let in.
fn permitted(at: At<'_, '_>) -> Vec<From> {
    let sources: Vec<From> = at.below("permitted-ip").map(source).collect();
    if sources.is_empty() { vec![From::Span(EVERYWHERE)] } else { sources }
}

fn source(ip: At<'_, '_>) -> From {
    match reach::span(ip.word()) {
        Some(span) => From::Span(span),
        None if ip.word() == "::/0" => From::Span(EVERYWHERE),
        None if ip.word().contains(':') => From::Named(word(ip)),
        None => From::Unclear,
    }
}

/// The management port: a network of its own, which may or may not be reachable from outside.
fn port(config: &Config<'_, '_>, reading: &mut DeviceReading) -> Option<Access> {
    let system = config.value("deviceconfig system hostname").or(config.value("deviceconfig system ip-address"));
    let anchor = system.or(config.all("deviceconfig system").next())?;
    let disabled = |service: &str| config.value(&format!("deviceconfig system service disable-{service}"));
    // Off is what the file switches off. That https and ssh are on without a word was not found in a text of the maker's.
    let off = ["https", "ssh"].iter().all(|service| disabled(service).is_some_and(|at| at.word() == "yes"))
        && !["http", "telnet"].iter().any(|service| disabled(service).is_some_and(|at| at.word() == "no"));
    if off {
        let line = disabled("https").map_or(anchor.line(), At::line);
        return Some(Access::nobody(ground(
            line,
            "管理ポートの https と ssh を止めています",
            "https and ssh of the management port are switched off",
        )));
    }
    let list: Vec<At<'_, '_>> = config.all("deviceconfig system permitted-ip").collect();
    if let Some(first) = list.first() {
        let mut filters = reach::Filters::default();
        for ip in &list {
            filters.ask(true, true, &source(*ip), || {
                let shown = word(*ip);
                ground(
                    first.line(),
                    format!("管理ポートは {shown} からだけ受け付けます（permitted-ip）"),
                    format!("the management port takes {shown} only (permitted-ip)"),
                )
            });
        }
        return Some(filters.end());
    }
    if let Some(why) = config.elsewhere() {
        return Some(Access::unknown(why));
    }
    let address = config.value("deviceconfig system ip-address");
    let public = address.and_then(|at| reach::span(at.word())).is_some_and(|(own, _)| reach::is_public(own));
    let line = address.unwrap_or(anchor).line();
    if public {
        let why = ground(
            line,
            "管理ポートは公開アドレスを持ち、接続元の限定（permitted-ip）がありません",
            "the management port has a public address and no restriction of sources (permitted-ip)",
        );
        let mut way = draft::way("management port", WayInSort::Management, "https", FarEnd::Unknown);
        let on = ["https", "ssh"].iter().filter_map(|service| disabled(service)).find(|at| at.word() == "no");
        way.enabled = match on {
            Some(at) => draft::yes(ground(at.line(), "https か ssh を使います", "https or ssh is switched on")),
            None => draft::unknown(draft::silent("disable-https / disable-ssh")),
        };
        way.restriction = Access::anyone(why.clone()).restriction();
        reading.ways_in.push(way);
        let access = Access::anyone(why);
        return Some(if on.is_some() { access } else { access.perhaps() });
    }
    Some(Access::unknown(ground(
        line,
        "管理ポートに接続元の限定（permitted-ip）がなく、その先の網はこの設定から分かりません",
        "the management port has no restriction of sources (permitted-ip), and the file does not show its network",
    )))
}

/// Rules of NAT that lead from outside to something inside.
pub(super) fn forwards(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for base in ["pre-rulebase", "rulebase", "post-rulebase"] {
        for rule in config.everywhere(&format!("{base} nat rules")).take(2000) {
            let outer = rule.below("from").any(|from| from.word() == "any" || config.outer_zones.contains(from.word()));
            let to = rule.get("destination-translation").or(rule.get("dynamic-destination-translation"));
            if let (Some(to), true) = (to, outer || config.outer_zones.is_empty()) {
                let inner = to.value("translated-address");
                let public: Vec<&str> = rule.below("destination").map(At::word).collect();
                reading.ways_in.push(forward(config, rule, inner, to.value("translated-port"), &public));
            }
            let both = rule.get("source-translation static-ip").filter(|at| at.is("bi-directional", "yes"));
            if let Some(public) = both.and_then(|at| at.value("translated-address")) {
                let inner = rule.below("source").next();
                reading.ways_in.push(forward(config, rule, inner, None, &[public.word()]));
            }
        }
    }
}

fn forward<'a, 't>(
    config: &Config<'a, 't>,
    rule: At<'a, 't>,
    inner: Option<At<'a, 't>>,
    port: Option<At<'a, 't>>,
    public: &[&'t str],
) -> WayIn {
    let service = rule.value("service").filter(|service| service.word() != "any");
    let ports = service.and_then(|service| config.ports(service.word()));
    let technology = match (service, ports.as_deref()) {
        (None, _) => "ip".to_owned(),
        (_, Some([(protocol, low, high)])) if low == high => format!("{protocol}/{low}"),
        (_, Some([(protocol, low, high)])) => format!("{protocol}/{low}-{high}"),
        (Some(service), _) => word(service),
    };
    let mut way = draft::way(&format!("nat {}", word(rule)), WayInSort::PortForward, &technology, FarEnd::Unknown);
    way.second_factor = draft::not_applicable();
    let resolved = inner.map(|inner| config.sources(std::iter::once(inner.word()))).unwrap_or_default();
    let span = resolved.iter().find_map(|from| if let From::Span(span) = from { Some(*span) } else { None });
    let outer = ports.as_deref().and_then(|ports| ports.first()).map(|(_, port, _)| port.to_string());
    let number = port.map(word).or(outer);
    if let Some(inner) = inner {
        let host = span.map_or_else(|| word(inner), reach::shown);
        way.inside = vec![number.map_or(host.clone(), |number| format!("{host}:{number}"))];
    }
    if rule.is("disabled", "yes") {
        way.enabled = draft::no(ground(rule.line(), "無効です", "it is disabled"));
        way.restriction.restricted = draft::not_applicable();
        return way;
    }
    way.enabled = draft::yes(ground(rule.line(), "この規則が中へ導きます", "this rule leads inside"));
    let addresses = config.sources(public.iter().copied()).into_iter();
    let addresses = addresses.filter_map(|from| if let From::Span(span) = from { Some(span) } else { None });
    let sources = config.sources(rule.below("source").map(At::word));
    let target = Target {
        zone: span.and_then(|span| config.zone_of(span)),
        addresses: addresses.filter(|span| *span != EVERYWHERE).collect(),
        ports: ports.unwrap_or_default().into_iter().map(|(protocol, low, _)| (protocol, low)).collect(),
        applications: &[],
    };
    let both = rule.has("source-translation static-ip");
    let own: Option<(At<'_, '_>, &[From])> = if both || sources.is_empty() { None } else { Some((rule, &sources)) };
    way.restriction = config.reach(&target, own).restriction();
    if way.restriction.restricted.answer == Answer::Yes && way.restriction.sources.is_empty() {
        way.enabled = draft::no(ground(
            rule.line(),
            "外側からこれを通すセキュリティ規則がありません",
            "no security rule lets anything from outside through to it",
        ));
        way.restriction.restricted = draft::not_applicable();
    }
    way
}
