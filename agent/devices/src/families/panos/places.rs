//! Where things stand in a PAN-OS configuration: interfaces, zones, address objects, security rules.
//! It does not know IPv6, users, devices or schedules: a rule that asks for them is not sure.
//! Invariant: an object that is not in the file may be anybody.

use super::{pushed, word};
use crate::draft::{self, absence};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Span};
use crate::tree::{At, Tree};
use daicho_schemas::fact::device::Ground;
use std::collections::{BTreeMap, BTreeSet};

/// Members that one group is opened up to, so that groups in circles end.
const MEMBERS_MAX: usize = 2000;

/// An interface with addresses.
pub(super) struct Interface<'a, 't> {
    pub(super) at: At<'a, 't>,
    /// Its addresses with their networks.
    pub(super) addresses: Vec<(u32, Span)>,
    /// Addresses that the file does not spell out.
    unclear: bool,
    /// It gets its address from somebody else.
    dynamic: bool,
    down: bool,
}

/// A configuration with what is looked up in it.
pub(super) struct Config<'a, 't> {
    /// Where settings of the device stand: the top, and the device entry of XML.
    bases: Vec<At<'a, 't>>,
    /// Where rules and objects stand, besides: virtual systems, and what they share.
    scopes: Vec<At<'a, 't>>,
    pub(super) interfaces: BTreeMap<&'t str, Interface<'a, 't>>,
    zones: BTreeMap<&'t str, &'t str>,
    /// Interfaces that look outside, with the line that shows it.
    pub(super) outside: BTreeMap<&'t str, u32>,
    pub(super) outer_zones: BTreeSet<&'t str>,
}

/// What something of the device itself listens on, or where a port leads to.
pub(super) struct Target<'s> {
    /// The zone it is in, where that is known.
    pub(super) zone: Option<&'s str>,
    /// The addresses it has, as rules see them.
    pub(super) addresses: Vec<Span>,
    /// `("tcp", 443)`.
    pub(super) ports: Vec<(&'s str, u16)>,
    /// The names under which App-ID knows it.
    pub(super) applications: &'s [&'s str],
}

impl<'a, 't> Config<'a, 't> {
    pub(super) fn of(tree: &'a Tree<'t>) -> Self {
        let mut top = tree.root();
        for name in ["response", "result", "config"] {
            top = top.named(name).unwrap_or(top);
        }
        let mut bases = vec![top];
        bases.extend(top.below("devices"));
        let mut scopes = bases.clone();
        for base in &bases {
            scopes.extend(base.below("vsys"));
            scopes.extend(base.named("shared"));
        }
        let mut config = Self {
            bases,
            scopes,
            interfaces: BTreeMap::new(),
            zones: BTreeMap::new(),
            outside: BTreeMap::new(),
            outer_zones: BTreeSet::new(),
        };
        config.interfaces = config.interfaces();
        let mut zones = BTreeMap::new();
        for zone in config.everywhere("zone") {
            for member in zone.below("network layer3").chain(zone.below("network tunnel")) {
                zones.insert(member.word(), zone.word());
            }
        }
        config.zones = zones;
        config.outside = config.outside();
        let outer = config.outside.keys().filter_map(|name| config.zones.get(name)).copied();
        config.outer_zones = outer.collect();
        config
    }

    /// Nothing of a firewall is in it.
    pub(super) fn is_empty(&self) -> bool {
        let parts = ["deviceconfig", "network", "mgt-config", "vsys", "rulebase", "shared"];
        !parts.iter().any(|part| self.bases.iter().any(|base| base.has(part)))
    }

    /// The parts that every firewall's configuration has are in it.
    pub(super) fn is_whole(&self) -> bool {
        let has = |part: &str| self.scopes.iter().any(|scope| scope.has(part));
        has("deviceconfig") && has("network") && (has("rulebase") || has("zone") || has("vsys"))
    }

    pub(super) fn value(&self, path: &str) -> Option<At<'a, 't>> {
        self.bases.iter().find_map(|base| base.value(path))
    }

    /// What stands under some words of the device.
    pub(super) fn all<'p>(&'p self, path: &'p str) -> impl Iterator<Item = At<'a, 't>> + 'p {
        self.bases.iter().flat_map(move |base| base.below(path))
    }

    /// What stands under some words, in virtual systems, too.
    pub(super) fn everywhere<'p>(&'p self, path: &'p str) -> impl Iterator<Item = At<'a, 't>> + 'p {
        self.scopes.iter().flat_map(move |scope| scope.below(path))
    }

    pub(super) fn panoramas(&self) -> impl Iterator<Item = At<'a, 't>> {
        let system = self.bases.iter().filter_map(|base| base.get("deviceconfig system"));
        system.flat_map(|system| {
            let inner = system.get("panorama local-panorama");
            ["panorama-server", "panorama-server-2"]
                .into_iter()
                .filter_map(move |key| system.value(key).or(inner.and_then(|inner| inner.value(key))))
        })
    }

    /// Why what is absent is not denied: a Panorama pushes rules and templates.
    pub(super) fn elsewhere(&self) -> Option<Ground> {
        self.panoramas().next().map(|server| pushed(server.line()))
    }

    /// The first place under log settings and log forwarding where a word stands.
    pub(super) fn sends(&self, key: &str) -> Option<At<'a, 't>> {
        fn find<'a, 't>(at: At<'a, 't>, key: &str, depth: usize) -> Option<At<'a, 't>> {
            at.named(key).or_else(|| at.children().find_map(|child| find(child, key, depth.checked_sub(1)?)))
        }
        self.scopes.iter().filter_map(|scope| scope.named("log-settings")).find_map(|at| find(at, key, 6))
    }

    fn interfaces(&self) -> BTreeMap<&'t str, Interface<'a, 't>> {
        let mut found = BTreeMap::new();
        for sort in ["ethernet", "aggregate-ethernet"] {
            for port in self.all(&format!("network interface {sort}")) {
                let Some(layer3) = port.named("layer3") else { continue };
                found.insert(port.word(), self.interface(layer3, port.is("link-state", "down")));
                for unit in layer3.below("units") {
                    found.insert(unit.word(), self.interface(unit, port.is("link-state", "down")));
                }
            }
        }
        for sort in ["loopback", "vlan", "tunnel"] {
            for base in &self.bases {
                let Some(at) = base.get(&format!("network interface {sort}")) else { continue };
                found.insert(at.word(), self.interface(at, false));
                for unit in at.below("units") {
                    found.insert(unit.word(), self.interface(unit, false));
                }
            }
        }
        found
    }

    fn interface(&self, at: At<'a, 't>, down: bool) -> Interface<'a, 't> {
        let on = |key: &str| at.named(key).is_some_and(|inner| !inner.is("enable", "no"));
        let mut interface =
            Interface { at, addresses: Vec::new(), unclear: false, dynamic: on("dhcp-client") || on("pppoe"), down };
        for ip in at.below("ip") {
            let text = self.object("address", ip.word()).and_then(|object| object.value("ip-netmask"));
            let text = text.map_or(ip.word(), At::word);
            let own = text.split('/').next().and_then(reach::span);
            match (own, reach::span(text)) {
                (Some((own, _)), Some(network)) => interface.addresses.push((own, network)),
                _ => interface.unclear = true,
            }
        }
        interface
    }

    fn object(&self, kind: &str, name: &str) -> Option<At<'a, 't>> {
        self.scopes.iter().filter_map(|scope| scope.named(kind)).find_map(|kind| kind.named(name))
    }

    /// The address with its prefix length that an address object holds.
    pub(super) fn netmask(&self, name: &str) -> Option<&'t str> {
        self.object("address", name)?.value("ip-netmask").map(At::word)
    }

    /// The addresses that something listens on, as one address each; none when one of them is not known.
    pub(super) fn own(&self, name: &str) -> Vec<Span> {
        let Some(interface) = self.interfaces.get(name) else { return Vec::new() };
        if interface.unclear || interface.dynamic {
            return Vec::new();
        }
        interface.addresses.iter().map(|(own, _)| (*own, *own)).collect()
    }

    pub(super) fn zone(&self, interface: &str) -> Option<&'t str> {
        self.zones.get(interface).copied()
    }

    /// The zone of the network that an address is in.
    pub(super) fn zone_of(&self, (start, _): Span) -> Option<&'t str> {
        let inside = |interface: &Interface<'_, '_>| {
            interface.addresses.iter().any(|(_, (low, high))| low < high && *low <= start && start <= *high)
        };
        self.interfaces.iter().find(|(_, interface)| inside(interface)).and_then(|(name, _)| self.zone(name))
    }

    /// A default route, an address from a provider, a public address, a zone with such a name.
    fn outside(&self) -> BTreeMap<&'t str, u32> {
        let mut outside = BTreeMap::new();
        let live = |name: &str| !name.starts_with("tunnel") && self.interfaces.get(name).is_some_and(|i| !i.down);
        for (name, interface) in &self.interfaces {
            let zone = self.zone(name).map(str::to_ascii_lowercase).unwrap_or_default();
            let inner = ["trust", "inside", "lan", "dmz", "internal"].contains(&zone.as_str());
            let outer = ["untrust", "outside", "internet", "wan", "external"].iter().any(|word| zone.starts_with(word));
            let public = interface.addresses.iter().any(|(own, _)| reach::is_public(*own));
            if live(name) && (outer || interface.dynamic || (public && !inner)) {
                outside.insert(*name, interface.at.line());
            }
        }
        for router in self.all("network virtual-router").chain(self.all("network logical-router")) {
            for route in router.below("routing-table ip static-route") {
                if !route.is("destination", "0.0.0.0/0") {
                    continue;
                }
                let hop = route.value("nexthop ip-address").and_then(|hop| reach::span(hop.word()));
                let over = route.value("interface").map(At::word).or_else(|| {
                    let (hop, _) = hop?;
                    let near = |i: &Interface<'_, '_>| i.addresses.iter().any(|(_, (a, b))| *a <= hop && hop <= *b);
                    self.interfaces.iter().find(|(_, interface)| near(interface)).map(|(name, _)| *name)
                });
                if let Some(name) = over.filter(|name| live(name)) {
                    outside.entry(name).or_insert(route.line());
                }
            }
        }
        outside
    }

    /// What a name in a rule stands for.
    pub(super) fn sources(&self, names: impl Iterator<Item = &'t str>) -> Vec<From> {
        let mut waiting: Vec<&str> = names.collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) || seen.len() > MEMBERS_MAX {
                continue;
            }
            if name == "any" {
                found.push(From::Span(EVERYWHERE));
            } else if let Some(object) = self.object("address", name) {
                found.push(address(object));
            } else if let Some(group) = self.object("address-group", name) {
                match group.named("static") {
                    Some(members) => waiting.extend(members.children().map(At::word)),
                    // Members follow tags, which the file does not know.
                    None => found.push(From::Unclear),
                }
            } else if let Some(span) = reach::span(name) {
                found.push(From::Span(span));
            } else if name.contains(':') {
                found.push(if name == "::/0" { From::Span(EVERYWHERE) } else { From::Named(draft::word(name)) });
            } else {
                // A country, an external list, an object of a Panorama.
                found.push(From::Unclear);
            }
        }
        if seen.len() > MEMBERS_MAX { vec![From::Unclear] } else { found }
    }

    /// Who reaches a target from outside, by the security rules of all virtual systems.
    pub(super) fn reach(&self, target: &Target<'_>, own: Option<(At<'a, 't>, &[From])>) -> Access {
        if let Some(why) = self.elsewhere() {
            return Access::unknown(why);
        }
        let over = self.outer_zones.iter().map(|zone| self.over_zone(zone, target, own));
        over.reduce(Access::or).unwrap_or_else(|| {
            Access::unknown(absence(
                "外側のゾーンがどれか、この設定から分かりません",
                "the configuration does not show which zone looks outside",
            ))
        })
    }

    fn over_zone(&self, zone: &str, target: &Target<'_>, own: Option<(At<'a, 't>, &[From])>) -> Access {
        let mut filters = Filters::default();
        for base in ["pre-rulebase", "rulebase", "post-rulebase"] {
            for rule in self.everywhere(&format!("{base} security rules")) {
                let Some(certain) = self.fits(rule, zone, target) else { continue };
                let pass = rule.is("action", "allow");
                let negated = rule.is("negate-source", "yes");
                let sources = self.sources(rule.below("source").map(At::word));
                let sources = if negated || sources.is_empty() { vec![From::Unclear] } else { sources };
                let shown = rule.below("source").map(word).collect::<Vec<_>>().join(" ");
                for from in sources {
                    filters.ask(pass, certain, &from, || draft::verdict(rule.line(), Some(pass), &draft::word(&shown)));
                }
            }
        }
        let denied = self.everywhere("rulebase default-security-rules rules").any(|rule| {
            rule.word() == "intrazone-default" && rule.value("action").is_some_and(|action| action.word() != "allow")
        });
        match target.zone {
            // Within a zone everything passes that no rule rejects.
            Some(own) if own == zone && !denied => filters.ask(true, true, &From::Span(EVERYWHERE), || {
                let zone = draft::word(zone);
                absence(
                    format!("ゾーン {zone} の中の通信は、拒む規則がなければ通ります"),
                    format!("within zone {zone} everything passes that no rule rejects"),
                )
            }),
            Some(_) => {}
            None => filters.ask(true, false, &From::Span(EVERYWHERE), || {
                absence("行き先のゾーンが分かりません", "the zone that it is in is not known")
            }),
        }
        let mut access = filters.end();
        if let Some((at, sources)) = own {
            let mut filters = Filters::default();
            for from in sources {
                filters.ask(true, true, from, || draft::verdict(at.line(), Some(true), &shown(from)));
            }
            access = filters.end().and(access);
        }
        access
    }

    /// Whether a rule fits: surely, perhaps, or not at all.
    fn fits(&self, rule: At<'a, 't>, zone: &str, target: &Target<'_>) -> Option<bool> {
        let has = |key: &str, name: &str| rule.below(key).any(|at| at.word() == "any" || at.word() == name);
        if rule.is("disabled", "yes") || !has("from", zone) {
            return None;
        }
        let mut certain = match target.zone {
            Some(zone) if has("to", zone) => true,
            Some(_) => return None,
            None => has("to", "any"),
        };
        let same = target.zone.map(|own| own == zone);
        match (rule.value("rule-type").map(At::word), same) {
            (Some("intrazone"), Some(false)) | (Some("interzone"), Some(true)) => return None,
            (Some("intrazone" | "interzone"), None) => certain = false,
            _ => {}
        }
        certain &= self.leads(rule, target)? & self.serves(rule, target)?;
        certain &= application(rule, target)?;
        let asks = ["source-user", "source-hip", "destination-hip", "hip-profiles", "category"];
        let more = asks.iter().any(|key| rule.below(key).any(|at| at.word() != "any"));
        Some(certain && !more && !rule.has("schedule"))
    }

    fn leads(&self, rule: At<'a, 't>, target: &Target<'_>) -> Option<bool> {
        let destinations = self.sources(rule.below("destination").map(At::word));
        if destinations.contains(&From::Span(EVERYWHERE)) {
            return Some(true);
        }
        if target.addresses.is_empty() || rule.is("negate-destination", "yes") {
            return Some(false);
        }
        let mut perhaps = destinations.is_empty();
        for destination in &destinations {
            match destination {
                From::Span((low, high)) => {
                    let inside = |(start, end): &Span| low <= start && end <= high;
                    if target.addresses.iter().all(inside) {
                        return Some(true);
                    }
                    perhaps |= target.addresses.iter().any(|(start, end)| start <= high && low <= end);
                }
                _ => perhaps = true,
            }
        }
        perhaps.then_some(false)
    }

    fn serves(&self, rule: At<'a, 't>, target: &Target<'_>) -> Option<bool> {
        let mut perhaps = rule.below("service").next().is_none() || target.ports.is_empty();
        let mut waiting: Vec<&str> = rule.below("service").map(At::word).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) || seen.len() > MEMBERS_MAX {
                continue;
            }
            if name == "any" || name == "application-default" {
                return Some(true);
            }
            if let Some(group) = self.object("service-group", name) {
                waiting.extend(group.below("members").map(At::word));
                continue;
            }
            match self.ports(name) {
                Some(ports) => {
                    let in_it = |(protocol, port): &(&str, u16)| {
                        ports.iter().any(|(p, low, high)| p == protocol && low <= port && port <= high)
                    };
                    if !target.ports.is_empty() && target.ports.iter().all(in_it) {
                        return Some(true);
                    }
                    perhaps |= target.ports.iter().any(in_it);
                }
                None => perhaps = true,
            }
        }
        perhaps.then_some(false)
    }

    /// The ports of a service, with the two that come with the device.
    pub(super) fn ports(&self, name: &str) -> Option<Vec<(&'t str, u16, u16)>> {
        let Some(service) = self.object("service", name) else {
            return match name {
                "service-http" => Some(vec![("tcp", 80, 80), ("tcp", 8080, 8080)]),
                "service-https" => Some(vec![("tcp", 443, 443)]),
                _ => None,
            };
        };
        let mut ports = Vec::new();
        for protocol in service.below("protocol") {
            let text = protocol.below("port").map(At::word).collect::<Vec<_>>().join(",");
            for range in text.split(',').map(str::trim).filter(|range| !range.is_empty()) {
                let (low, high) = range.split_once('-').unwrap_or((range, range));
                ports.push((protocol.word(), low.parse().ok()?, high.parse().ok()?));
            }
        }
        Some(ports)
    }
}

/// A name of App-ID decides by what is spoken: the same name fits, a few others surely do not.
fn application(rule: At<'_, '_>, target: &Target<'_>) -> Option<bool> {
    const OTHERS: [&str; 12] =
        ["ping", "icmp", "ping6", "traceroute", "dns", "ntp", "bgp", "ospf", "snmp", "syslog", "smtp", "ftp"];
    let mut names = rule.below("application").map(At::word).peekable();
    let mut perhaps = names.peek().is_none();
    for name in names {
        if name == "any" {
            return Some(true);
        }
        // A rule that lets one name of several pass lets some of the service pass; that one rejects it is not sure.
        let known = OTHERS.contains(&name);
        let fits = if target.applications.is_empty() { !known } else { target.applications.contains(&name) };
        if fits && rule.is("action", "allow") {
            return Some(true);
        }
        perhaps |= !known || target.applications.is_empty();
    }
    perhaps.then_some(false)
}

fn address(object: At<'_, '_>) -> From {
    if let Some(text) = object.value("ip-netmask").or(object.value("ip-range")) {
        return match reach::span(text.word()) {
            Some(span) => From::Span(span),
            None if text.word().contains(':') => From::Named(word(text)),
            None => From::Unclear,
        };
    }
    object.value("fqdn").map_or(From::Unclear, |name| From::Named(word(name)))
}

fn shown(from: &From) -> String {
    match from {
        From::Span(span) => reach::shown(*span),
        From::Named(name) => name.clone(),
        From::Unclear => "?".to_owned(),
    }
}
