//! Firewall filters, prefix lists and policies of Junos, for one service at a time.
//! It does not know IPv6: an interface that speaks it without a filter for it is unknown.
//! Invariant: a term that asks for something that is not understood is not sure; what the last term leaves is discarded.

use super::places::{Config, logical, looks_out};
use super::word;
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Span};
use crate::tree::At;

/// A service as filters see it.
#[derive(Clone, Copy)]
pub(super) struct Service {
    /// `tcp`, `udp`.
    pub(super) protocol: &'static str,
    pub(super) port: u16,
}

/// What the filters before the device's own services leave of one on an interface.
pub(super) fn own(config: &Config<'_, '_>, name: &str, line: u32, service: Service) -> Access {
    let mut access = Access::anyone(looks_out(name, line));
    let own = config.interfaces.get(&logical(name)).map(|interface| interface.at);
    let loopback = config.interfaces.get("lo0.0").map(|interface| interface.at);
    for at in [loopback, own].into_iter().flatten() {
        access = access.and(input(config, at, service).unwrap_or_else(|| Access { because: Vec::new(), ..open() }));
    }
    let six = config.interfaces.get(&logical(name)).is_some_and(|interface| interface.six);
    let guarded = [loopback, own].into_iter().flatten().any(|at| at.has("family inet6 filter"));
    if six && !guarded {
        access = access.or(Access::unknown(ground(
            line,
            format!("{} は IPv6 も話し、そのフィルタがありません", draft::word(name)),
            format!("{} speaks IPv6, too, and has no filter for it", draft::word(name)),
        )));
    }
    host_policies(config, name, access)
}

fn open() -> Access {
    Access::anyone(absence("フィルタがありません", "there is no filter"))
}

/// The filter on what comes in on an interface; `None` without one.
pub(super) fn input(config: &Config<'_, '_>, unit: At<'_, '_>, service: Service) -> Option<Access> {
    let place = unit.get("family inet filter")?;
    let names: Vec<At<'_, '_>> = match place.get("input") {
        // `input { F; }` and `input F;`; older ones write `input F { precedence 1; }` alike.
        Some(input) => input.children().take(1).collect(),
        None => place.below("input-list").collect(),
    };
    if names.is_empty() {
        return None;
    }
    let mut filters = Filters::default();
    for name in names {
        let filter = ["firewall family inet filter", "firewall filter"]
            .iter()
            .find_map(|path| config.root.get(path).and_then(|filters| filters.named(name.word())));
        let Some(filter) = filter else {
            config.lacks(name.line(), "firewall filter", name.word());
            let why = ground(
                name.line(),
                format!("フィルタ {} がファイルにありません", word(name)),
                format!("the filter {} is not in the file", word(name)),
            );
            return Some(Access::unknown(why));
        };
        for term in filter.below("term") {
            ask(config, &mut filters, term, service);
        }
    }
    Some(filters.end())
}

fn ask(config: &Config<'_, '_>, filters: &mut Filters, term: At<'_, '_>, service: Service) {
    let then = term.get("then");
    let does = |word: &str| then.is_some_and(|then| then.has(word));
    if does("next") {
        return;
    }
    let pass = !(does("discard") || does("reject"));
    let odd = term.has("filter") || does("routing-instance") || does("logical-system");
    let Some(fit) = fits(term.get("from"), service) else { return };
    for from in sources(config, term.get("from")) {
        filters.ask(pass, fit && !odd, &from, || draft::verdict(term.line(), Some(pass), &shown(&from)));
    }
}

fn shown(from: &From) -> String {
    match from {
        From::Span(span) => reach::shown(*span),
        From::Named(name) => name.clone(),
        From::Unclear => "?".to_owned(),
    }
}

/// Whether a term fits a new connection to a service: surely, perhaps, or not.
fn fits(from: Option<At<'_, '_>>, service: Service) -> Option<bool> {
    let Some(from) = from else { return Some(true) };
    let mut sure = true;
    for condition in from.children() {
        let values = || condition.children().map(At::word);
        let fits = match condition.word() {
            "source-address" | "source-prefix-list" => Some(true),
            "protocol" => {
                let number = if service.protocol == "tcp" { "6" } else { "17" };
                values().any(|value| value == service.protocol || value == number).then_some(true)
            }
            "destination-port" => port(values(), service.port),
            // Of either end, so the other end's port may be meant.
            "port" => port(values(), service.port).map(|_| false),
            // A new connection is not established.
            "tcp-established" => None,
            "tcp-initial" if service.protocol == "tcp" => Some(true),
            "icmp-type" | "icmp-code" => None,
            "destination-address" if values().any(|value| value == "0.0.0.0/0") => Some(true),
            _ => Some(false),
        };
        sure &= fits?;
    }
    Some(sure)
}

fn port<'v>(values: impl Iterator<Item = &'v str>, wanted: u16) -> Option<bool> {
    let mut perhaps = None;
    for value in values {
        let (low, high) = value.split_once('-').unwrap_or((value, value));
        match (number(low), number(high)) {
            (Some(low), Some(high)) if low <= wanted && wanted <= high => return Some(true),
            (Some(_), Some(_)) => {}
            _ => perhaps = Some(false),
        }
    }
    perhaps
}

/// Names of ports as Junos writes them.
fn number(name: &str) -> Option<u16> {
    Some(match name {
        "ssh" => 22,
        "telnet" => 23,
        "http" => 80,
        "https" => 443,
        "ftp" => 21,
        "ftp-data" => 20,
        "smtp" => 25,
        "domain" => 53,
        "dhcp" | "bootps" => 67,
        "bootpc" => 68,
        "tftp" => 69,
        "ntp" => 123,
        "snmp" => 161,
        "snmptrap" => 162,
        "bgp" => 179,
        "ldap" => 389,
        "syslog" => 514,
        "radius" => 1812,
        "radacct" => 1813,
        "tacacs" => 49,
        "ldp" => 646,
        name => return name.parse().ok(),
    })
}

/// Whom a term asks about: `source-address` and `source-prefix-list` together, without what is `except`.
fn sources(config: &Config<'_, '_>, from: Option<At<'_, '_>>) -> Vec<From> {
    let (mut wanted, mut without, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut named = false;
    let Some(from) = from else { return vec![From::Span(EVERYWHERE)] };
    for address in from.below("source-address") {
        let except = address.has("except");
        named |= !except;
        take(address.word(), except, &mut wanted, &mut without, &mut others);
    }
    for list in from.below("source-prefix-list") {
        let except = list.has("except");
        named |= !except;
        let Some(known) = config.root.get("policy-options prefix-list").and_then(|lists| lists.named(list.word()))
        else {
            config.lacks(list.line(), "prefix-list", list.word());
            return vec![From::Unclear];
        };
        for prefix in known.children() {
            if prefix.word() == "apply-path" {
                // It follows other parts of the configuration: addresses of interfaces, peers, servers.
                return vec![From::Unclear];
            }
            take(prefix.word(), except, &mut wanted, &mut without, &mut others);
        }
    }
    if !named {
        if wanted.is_empty() && others.contains(&From::Unclear) {
            return vec![From::Unclear];
        }
        wanted.push(EVERYWHERE);
    }
    let spans = wanted.into_iter().flat_map(|span| less(span, &without));
    spans.map(From::Span).chain(others).collect()
}

fn take(text: &str, except: bool, wanted: &mut Vec<Span>, without: &mut Vec<Span>, others: &mut Vec<From>) {
    match (reach::span(text), except) {
        (Some(span), false) => wanted.push(span),
        (Some(span), true) => without.push(span),
        (None, _) if text == "::/0" && !except => {}
        (None, true) if text.contains(':') => {}
        (None, false) if text.contains(':') => others.push(From::Named(draft::word(text))),
        (None, _) => others.push(From::Unclear),
    }
}

/// A span without narrower ones: the longest prefix decides.
fn less(span: Span, without: &[Span]) -> Vec<Span> {
    let mut holes: Vec<Span> = without
        .iter()
        .copied()
        .filter(|(low, high)| span.0 <= *low && *high <= span.1 && (*low, *high) != span)
        .collect();
    holes.sort_unstable();
    let mut parts = Vec::new();
    let mut next = u64::from(span.0);
    for (low, high) in holes {
        if let Some(last) = low.checked_sub(1).filter(|last| u64::from(*last) >= next) {
            parts.push((u32::try_from(next).unwrap_or(u32::MAX), last));
        }
        next = next.max(u64::from(high) + 1);
    }
    if next <= u64::from(span.1) {
        parts.push((u32::try_from(next).unwrap_or(u32::MAX), span.1));
    }
    parts
}

/// Policies towards the device itself (`to-zone junos-host`): what none of them fits is not known to us.
fn host_policies(config: &Config<'_, '_>, interface: &str, access: Access) -> Access {
    let Some(zone) = config.zone(interface) else { return access };
    let host = config.root.get("security policies from-zone").and_then(|zones| zones.named(zone.word()));
    let Some(policy) = host.and_then(|zone| zone.first("to-zone junos-host policy")) else { return access };
    access.and(Access::unknown(ground(
        policy.line(),
        "装置自身へのポリシー（junos-host）があり、その効果は判断していません",
        "there are policies towards the device itself (junos-host); what they leave is not judged",
    )))
}
