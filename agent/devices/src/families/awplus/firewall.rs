//! Interfaces that look outside, and what the firewall's rules let through to the device itself.
//! It does not know applications that deep inspection finds, nor what happens to what no rule names.
//! Invariant: an entity or an application that is not in the file makes a rule uncertain.

use super::Config;
use crate::blocks::after;
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Span};
use std::collections::BTreeMap;

/// What somebody knocks at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Tcp(u16),
    Udp(u16),
}

/// One part of an entity: `ip subnet 0.0.0.0/0 interface ppp0`, `ip address dynamic interface ppp0`.
struct Part<'l> {
    span: Option<Span>,
    interface: Option<&'l str>,
}

/// What an application of the file is: its protocol and ports.
struct Application<'l> {
    protocol: Option<&'l str>,
    port: Option<&'l str>,
}

pub(super) struct Firewall<'l> {
    protects: bool,
    rules: Vec<(u32, u32, &'l str)>,
    entities: BTreeMap<String, Vec<Part<'l>>>,
    applications: BTreeMap<&'l str, Application<'l>>,
    outside: BTreeMap<&'l str, u32>,
    own: Vec<Span>,
    listed: Option<u32>,
    too_many: Option<u32>,
}

/// Rules that are looked at; a firewall with more is not judged.
const RULES_MAX: usize = 10_000;

impl<'l> Firewall<'l> {
    pub(super) fn of(config: &Config<'_, 'l>) -> Self {
        let block = config.blocks.iter().find(|block| block.head == "firewall");
        let mut rules: Vec<(u32, u32, &str)> = Vec::new();
        for (line, rest) in block.iter().flat_map(|block| block.all("rule")) {
            let Some((number, rule)) = rest.split_once(' ') else { continue };
            rules.extend(number.parse().ok().map(|number| (number, line, rule)));
        }
        rules.sort_unstable();
        let outside = outside(config);
        let interfaces = || config.heads("interface").filter(|(_, name)| outside.contains_key(name));
        let own = interfaces().flat_map(|(block, _)| block.find("ip address")).filter_map(|(_, rest)| {
            let address = rest.split(['/', ' ']).next()?;
            reach::span(address)
        });
        let listed = interfaces().find_map(|(block, _)| {
            ["access-group", "ip access-group"].iter().find_map(|words| block.find(words)).map(|(line, _)| line)
        });
        let too_many = rules.get(RULES_MAX).map(|(_, line, _)| *line);
        Self {
            too_many,
            protects: block.is_some_and(|block| block.find("protect").is_some()),
            rules,
            entities: entities(config),
            applications: applications(config),
            own: own.take(200).collect(),
            listed,
            outside,
        }
    }

    pub(super) fn is_outside(&self, interface: &str) -> bool {
        self.outside.contains_key(interface)
    }

    /// Whether the firewall is on.
    pub(super) fn protects(&self) -> bool {
        self.protects
    }

    /// The protocol and port of an application, as they are written in a reading.
    pub(super) fn technology(&self, application: &str) -> String {
        match self.applications.get(application) {
            Some(Application { protocol: Some(protocol), port: Some(port) }) => format!("{protocol}/{port}"),
            _ => application.to_owned(),
        }
    }

    /// The addresses of an entity; `None` when it is not in the file or is more than addresses.
    pub(super) fn spans(&self, entity: &str) -> Option<Vec<Span>> {
        if entity == "any" {
            return Some(vec![EVERYWHERE]);
        }
        self.entities.get(entity)?.iter().map(|part| part.span).collect()
    }

    /// From where a port of the device is reached from outside.
    pub(super) fn reach(&self, service: Service) -> Access {
        let Some((interface, line)) = self.outside.iter().next() else {
            return Access::unknown(absence(
                "外側のインターフェースがどれか、この設定から分かりません",
                "the configuration does not show which interface looks outside",
            ));
        };
        if let Some(line) = self.listed {
            return Access::unknown(ground(
                line,
                "外側のインターフェースにアクセスリストがあります。その中身は判断していません",
                "there is an access list on an interface outside; it was not judged",
            ));
        }
        if !self.protects {
            return Access::anyone(ground(
                *line,
                format!("{interface} は外側につながり、ファイアウォール（protect）が有効ではありません"),
                format!("{interface} looks outside, and the firewall (protect) is not on"),
            ));
        }
        if let Some(line) = self.too_many {
            return Access::unknown(ground(
                line,
                "ルールが多すぎるため判断しません",
                "there are too many rules to be judged",
            ));
        }
        let mut filters = Filters::default();
        for (_, line, rule) in &self.rules {
            self.ask(&mut filters, *line, rule, service);
        }
        filters.ask(true, false, &From::Span(EVERYWHERE), || {
            absence(
                "ファイアウォールのどのルールにも合わないものの扱いは確認できていません",
                "what the firewall does with what no rule fits is not known to us",
            )
        });
        filters.end()
    }

    /// `permit any from private to public.wan no-state-enforcement log`.
    fn ask(&self, filters: &mut Filters, line: u32, rule: &str, service: Service) {
        let words: Vec<&str> = rule.split_whitespace().collect();
        let [action, application, "from", source, "to", destination, ..] = words.as_slice() else {
            let unclear = || draft::verdict(line, None, "?");
            return filters.ask(true, false, &From::Span(EVERYWHERE), unclear);
        };
        if *action == "log" {
            return;
        }
        let pass = *action == "permit";
        let known = pass || ["deny", "reject"].contains(action);
        let fits = [self.serves(application, service), self.is_own(destination)];
        if fits.contains(&Some(false)) {
            return;
        }
        let certain = known && !fits.contains(&None);
        let spans = self.spans(source).map(|spans| spans.into_iter().map(From::Span).collect());
        for from in spans.unwrap_or_else(|| vec![From::Named(draft::word(source))]) {
            filters.ask(pass || !known, certain, &from, || {
                draft::verdict(line, known.then_some(pass), &draft::word(source))
            });
        }
    }

    fn serves(&self, application: &str, service: Service) -> Option<bool> {
        if application == "any" {
            return Some(true);
        }
        let (named, wanted) = match service {
            Service::Tcp(port) => ("tcp", port),
            Service::Udp(port) => ("udp", port),
        };
        let Some(own) = self.applications.get(application) else {
            let known = [("ssh", Service::Tcp(22)), ("telnet", Service::Tcp(23)), ("http", Service::Tcp(80))];
            let known = known.iter().find(|(name, _)| *name == application);
            let others = ["https", "dns", "ping", "ftp", "smtp", "ntp", "isakmp", "esp"].contains(&application);
            return known.map(|(_, is)| *is == service).or(others.then_some(false));
        };
        match own.protocol {
            Some(protocol) if protocol != named => Some(false),
            Some(_) => match own.port {
                None => Some(true),
                Some(port) => port.parse::<u16>().ok().map(|port| port == wanted),
            },
            None => None,
        }
    }

    /// Whether an entity holds the device's own address outside: a private one that it does not have there is somebody else.
    fn is_own(&self, entity: &str) -> Option<bool> {
        if entity == "any" {
            return Some(true);
        }
        let parts = self.entities.get(entity)?;
        let mut unclear = parts.is_empty();
        for part in parts {
            let bound = part.interface.is_some_and(|interface| self.is_outside(interface));
            match part.span {
                None if bound => return Some(true),
                Some((low, high)) => {
                    let holds = self.own.iter().any(|(start, end)| low <= *start && *end <= high);
                    if holds || ((low, high) == EVERYWHERE && (bound || part.interface.is_none())) {
                        return Some(true);
                    }
                    unclear = unclear || (bound || !is_private((low, high)));
                }
                None => unclear = unclear || part.interface.is_none(),
            }
        }
        if unclear { None } else { Some(false) }
    }
}

fn is_private((low, high): Span) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
        .iter()
        .filter_map(|prefix| reach::span(prefix))
        .any(|(start, end)| start <= low && high <= end)
}

/// An address from a provider, a cellular line, or where the default route goes.
fn outside<'l>(config: &Config<'_, 'l>) -> BTreeMap<&'l str, u32> {
    let routes: Vec<&str> = config.all("ip route").filter_map(|(_, rest)| rest.strip_prefix("0.0.0.0/0 ")).collect();
    let found = config.heads("interface").filter_map(|(block, name)| {
        if ["tunnel", "lo"].iter().any(|sort| name.starts_with(sort)) {
            return None;
        }
        let own = block.find("ip address").map(|(_, rest)| rest);
        let given = own.is_some_and(|own| own.starts_with("negotiated") || own.starts_with("dhcp"));
        let near = routes.iter().any(|route| {
            let hop = route.split(' ').next().unwrap_or_default();
            let inside = |span: Span| reach::span(hop).is_some_and(|(to, _)| span.0 <= to && to <= span.1);
            hop == name || own.and_then(|own| reach::span(own.split(' ').next()?)).is_some_and(inside)
        });
        (given || near || name.starts_with("cellular")).then_some((name, block.line))
    });
    found.take(200).collect()
}

/// `zone public` / `network wan` / `host ppp0`: a zone holds its networks, a network its subnets.
fn entities<'l>(config: &Config<'_, 'l>) -> BTreeMap<String, Vec<Part<'l>>> {
    let mut entities: BTreeMap<String, Vec<Part<'l>>> = BTreeMap::new();
    for (block, zone) in config.heads("zone") {
        let (mut network, mut host) = (None, None);
        entities.entry(zone.to_owned()).or_default();
        for (_, text) in &block.body {
            if let Some(name) = after(text, "network") {
                (network, host) = (Some(name), None);
            } else if let Some(name) = after(text, "host") {
                host = Some(name);
            }
            let Some(network) = network else { continue };
            let inner = format!("{zone}.{network}");
            if let Some(rest) = after(text, "ip subnet") {
                entities.entry(zone.to_owned()).or_default().push(part(rest));
                entities.entry(inner).or_default().push(part(rest));
            } else if let (Some(rest), Some(host)) = (after(text, "ip address"), host) {
                entities.entry(format!("{inner}.{host}")).or_default().push(part(rest));
            }
        }
    }
    entities
}

fn part(rest: &str) -> Part<'_> {
    let mut words = rest.split_whitespace();
    let span = words.next().and_then(reach::span);
    Part { span, interface: words.skip_while(|word| *word != "interface").nth(1) }
}

fn applications<'l>(config: &Config<'_, 'l>) -> BTreeMap<&'l str, Application<'l>> {
    let all = config.heads("application").map(|(block, name)| {
        let of = |words: &str| block.find(words).map(|(_, rest)| rest);
        (name, Application { protocol: of("protocol"), port: of("dport") })
    });
    all.collect()
}
