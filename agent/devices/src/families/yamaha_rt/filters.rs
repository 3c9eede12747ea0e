//! `ip filter` and `ip … secure filter`: who reaches a service of the router from outside.
//! It does not know which services run.
//! Invariant: a filter that is named and not in the file, or not understood, can only make an answer unknown.

use super::{Config, Context};
use crate::draft::{absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Span};
use crate::{blocks::after, draft};
use daicho_schemas::fact::device::{DeviceReading, GapSort};
use std::collections::{BTreeMap, BTreeSet};

/// Something that arrives at the router.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Tcp(u16),
    Udp(u16),
    Protocol(&'static str),
}

struct Rule<'l> {
    line: u32,
    action: &'l str,
    source: &'l str,
    destination: &'l str,
    protocol: &'l str,
    /// Whoever knocks picks the port from which he does: what rejects some of them rejects nobody.
    from_port: &'l str,
    port: &'l str,
}

/// An interface that looks outside.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    /// As the file names it: `pp 1`, `lan2`.
    pub(super) name: String,
    pub(super) line: u32,
    /// The words after the interface in `secure filter in`.
    filter: Option<(u32, String)>,
    filter_six: bool,
    six: Option<u32>,
    /// The descriptors of its address translation.
    pub(super) nat: Vec<String>,
}

/// The filters of a configuration and the interfaces they guard.
pub(super) struct Rules<'l> {
    rules: BTreeMap<&'l str, Rule<'l>>,
    pub(super) outside: Vec<Outside>,
    own: Vec<Span>,
    closed: BTreeMap<String, u32>,
    missing: BTreeSet<(u32, String)>,
}

impl<'l> Rules<'l> {
    pub(super) fn of(config: &Config<'l>) -> Self {
        let mut rules = BTreeMap::new();
        for (statement, rest) in config.all("ip filter") {
            let mut words = rest.split_whitespace();
            let (Some(id), Some(action), Some(source)) = (words.next(), words.next(), words.next()) else { continue };
            if !id.chars().all(|c| c.is_ascii_digit()) {
                continue;
            }
            let (destination, protocol) = (words.next().unwrap_or("*"), words.next().unwrap_or("*"));
            let (from_port, port) = (words.next().unwrap_or("*"), words.next().unwrap_or("*"));
            rules.insert(id, Rule { line: statement.line, action, source, destination, protocol, from_port, port });
        }
        let own = own_addresses(config);
        let closed = config.all("nat descriptor masquerade incoming").filter_map(|(statement, rest)| {
            let (id, how) = rest.split_once(' ')?;
            ["reject", "discard"].contains(&how.trim()).then(|| (id.to_owned(), statement.line))
        });
        let closed = closed.collect();
        let outside = outside(config);
        let missing = outside.iter().flat_map(|interface| interface.filter.iter()).flat_map(|(line, ids)| {
            ids.split_whitespace()
                .take_while(|id| *id != "dynamic")
                .filter(|id| !rules.contains_key(*id))
                .map(|id| (*line, draft::word(id)))
        });
        let missing = missing.collect();
        Self { rules, outside, own, closed, missing }
    }

    /// Names the filters that the file refers to and does not hold.
    pub(super) fn tell(&self, reading: &mut DeviceReading) {
        for (line, id) in self.missing.iter().take(50) {
            reading.gaps.push(draft::gap(
                GapSort::Elsewhere,
                Some(*line),
                format!("フィルタ {id} の内容がファイルにありません"),
                format!("filter {id} is named and not in the file"),
            ));
        }
    }

    /// Whether an address is one of the router's own.
    pub(super) fn is_own(&self, address: Span) -> bool {
        self.own.contains(&address)
    }

    /// From where a service of the router is reached over any interface that looks outside.
    pub(super) fn reach(&self, service: Service, maps: &BTreeSet<String>) -> Access {
        let all = self.outside.iter().map(|interface| self.over(interface, service, None, maps));
        all.reduce(Access::or).unwrap_or_else(|| {
            Access::unknown(absence(
                "外側のインターフェースがどれか、この設定から分かりません",
                "the configuration does not show which interface looks outside",
            ))
        })
    }

    /// The same over one interface; `towards` is the inner address of a port forward.
    pub(super) fn over(
        &self,
        interface: &Outside,
        service: Service,
        towards: Option<Span>,
        maps: &BTreeSet<String>,
    ) -> Access {
        let Some((line, ids)) = &interface.filter else { return self.unfiltered(interface, towards, maps) };
        let mut filters = Filters::default();
        let mut dynamic = false;
        for id in ids.split_whitespace() {
            if id == "dynamic" {
                dynamic = true;
                continue;
            }
            let Some(rule) = self.rules.get(id) else {
                filters.ask(true, false, &From::Span(EVERYWHERE), || missing(*line, id));
                continue;
            };
            if dynamic {
                continue;
            }
            self.ask(&mut filters, rule, service, towards);
        }
        if dynamic {
            filters.ask(true, false, &From::Span(EVERYWHERE), || {
                ground(*line, "内向きの動的フィルタがあります", "a dynamic filter lets connections in")
            });
        }
        let settled = filters.settled();
        let mut access = filters.end();
        let assumed = !settled && access.reach != reach::Reach::Anyone;
        if assumed {
            access.because.push(absence(
                "どのフィルタにも合わないものは破棄されるとして判断しました（メーカーの資料では未確認）",
                "what no filter fits is taken to be rejected, which was not confirmed in the maker's manual",
            ));
        }
        if access.because.len() == usize::from(assumed) {
            access.because.push(ground(
                *line,
                format!("{} の受信フィルタに、これを通すものがありません", interface.name),
                format!("no inbound filter of {} lets it through", interface.name),
            ));
        }
        match interface.six {
            Some(six) if !interface.filter_six && towards.is_none() => access.or(Access::unknown(ground(
                six,
                format!("{} は IPv6 でもつながり、IPv6 の受信フィルタがありません", interface.name),
                format!("{} speaks IPv6, too, and has no inbound filter for it", interface.name),
            ))),
            _ => access,
        }
    }

    fn unfiltered(&self, interface: &Outside, towards: Option<Span>, maps: &BTreeSet<String>) -> Access {
        let open = ground(
            interface.line,
            format!("{} に受信フィルタ（secure filter in）がありません", interface.name),
            format!("{} has no inbound filter (secure filter in)", interface.name),
        );
        let mapped = towards.is_some() || interface.nat.iter().any(|id| maps.contains(id));
        if interface.nat.is_empty() || mapped {
            return Access::anyone(open);
        }
        let mut access = match interface.nat.iter().find_map(|id| self.closed.get(id)) {
            Some(line) if interface.six.is_none() => Access::nobody(ground(
                *line,
                "アドレス変換が、外から始まる通信を捨てます",
                "address translation drops what begins outside",
            )),
            _ => Access::unknown(absence(
                format!("{} のアドレス変換が外からの通信をどう扱うか、書かれていません", interface.name),
                format!("how address translation of {} treats what begins outside is not written", interface.name),
            )),
        };
        access.because.insert(0, open);
        access
    }

    fn ask(&self, filters: &mut Filters, rule: &Rule<'_>, service: Service, towards: Option<Span>) {
        let pass = rule.action.starts_with("pass") || rule.action.starts_with("restrict");
        let known = pass || rule.action.starts_with("reject");
        let fits = worst([fits_service(rule, service), self.fits_destination(rule.destination, towards)]);
        if fits == Some(false) {
            return;
        }
        let certain = known && fits == Some(true) && (pass || rule.from_port == "*");
        for source in sources(rule.source) {
            filters.ask(pass || !known, certain, &source, || {
                draft::verdict(rule.line, known.then_some(pass), &draft::word(rule.source))
            });
        }
    }

    fn fits_destination(&self, destination: &str, towards: Option<Span>) -> Option<bool> {
        if destination == "*" {
            return Some(true);
        }
        let mut sure = true;
        for part in destination.split(',') {
            let Some(span) = reach::span(part) else {
                sure = false;
                continue;
            };
            let within = |inner: &Span| span.0 <= inner.0 && inner.1 <= span.1;
            match towards {
                Some(inner) if within(&inner) => return Some(true),
                Some(_) => {}
                None if self.own.iter().any(within) => return Some(true),
                None => sure = sure && private(span),
            }
        }
        if sure { Some(false) } else { None }
    }
}

fn missing(line: u32, id: &str) -> daicho_schemas::fact::device::Ground {
    let id = draft::word(id);
    ground(
        line,
        format!("ここで使うフィルタ {id} の内容がファイルにありません"),
        format!("filter {id} is used here and not in the file"),
    )
}

/// A private address that is none of the router's is somebody else inside; a public one may be the router's own.
fn private(span: Span) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
        .iter()
        .filter_map(|prefix| reach::span(prefix))
        .any(|(start, end)| start <= span.0 && span.1 <= end)
}

fn own_addresses(config: &Config<'_>) -> Vec<Span> {
    let addresses = config.statements.iter().filter_map(|known| {
        let mut words = known.text.split_whitespace();
        let (ip, _, address) = (words.next()?, words.next()?, words.next()?);
        let value = words.next()?;
        let own = ip == "ip" && (address == "address" || (address == "secondary" && value != "address"));
        let value = if own { value } else { return None };
        reach::span(value.split('/').next()?)
    });
    addresses.take(500).collect()
}

fn outside(config: &Config<'_>) -> Vec<Outside> {
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for known in &config.statements {
        match known.context {
            Context::Pp(number)
                if number != "anonymous"
                    && ["pppoe use", "ppp ipcp ipaddress on", "mobile auto connect"]
                        .iter()
                        .any(|w| after(known.text, w).is_some()) =>
            {
                names.entry(format!("pp {number}")).or_insert(known.line);
            }
            _ => {}
        }
        let words: Vec<&str> = known.text.split_whitespace().take(5).collect();
        match words.as_slice() {
            ["ip", lan, "nat", "descriptor", ..] if is_port(lan) => {
                names.entry((*lan).to_owned()).or_insert(known.line)
            }
            ["ip", lan, "address", "dhcp", ..] if is_port(lan) => names.entry((*lan).to_owned()).or_insert(known.line),
            ["ip", "wan1", ..] => names.entry("wan1".to_owned()).or_insert(known.line),
            ["ngn", "type", lan, ..] if is_port(lan) => names.entry((*lan).to_owned()).or_insert(known.line),
            _ => continue,
        };
    }
    gateways(config, &mut names);
    names.into_iter().take(200).map(|(name, line)| describe(config, name, line)).collect()
}

/// `ip route default gateway pp 1`, `… dhcp lan2`, or an address in a LAN's network.
fn gateways(config: &Config<'_>, names: &mut BTreeMap<String, u32>) {
    for (known, rest) in config.all("ip route default gateway") {
        let mut words = rest.split_whitespace().peekable();
        while let Some(word) = words.next() {
            // A tunnel that is not encrypted and leads to everywhere is a line of a provider (DS-Lite, MAP-E).
            if let ("tunnel", Some(next)) = (word, words.peek()) {
                if config.within(Context::Tunnel(next), "ipsec tunnel").is_none() {
                    names.entry(format!("tunnel {next}")).or_insert(known.line);
                }
            } else if let (true, Some(next)) = (["pp", "dhcp"].contains(&word), words.peek()) {
                let name = if word == "pp" { format!("pp {next}") } else { (*next).to_owned() };
                names.entry(name).or_insert(known.line);
            } else if let Some(gateway) = reach::span(word) {
                let lan = config.statements.iter().find_map(|known| {
                    let words: Vec<&str> = known.text.split_whitespace().take(4).collect();
                    let ["ip", lan, "address", value] = words.as_slice() else { return None };
                    let (start, end) = reach::span(value)?;
                    (is_port(lan) && start <= gateway.0 && gateway.0 <= end).then(|| (*lan).to_owned())
                });
                if let Some(lan) = lan {
                    names.entry(lan).or_insert(known.line);
                }
            }
        }
    }
}

/// `lan2`, `lan1/2`, `vlan3`, `wan1`.
fn is_port(name: &str) -> bool {
    ["lan", "vlan", "wan"]
        .iter()
        .any(|sort| name.strip_prefix(sort).is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit())))
}

fn describe(config: &Config<'_>, name: String, line: u32) -> Outside {
    let find = |words: &str| match name.split_once(' ') {
        Some(("pp", number)) => config.within(Context::Pp(number), &words.replace('@', "pp")),
        Some((_, number)) => config.within(Context::Tunnel(number), &words.replace('@', "tunnel")),
        None => config.last(&words.replace('@', &name)),
    };
    let filter = find("ip @ secure filter in").map(|(line, ids)| (line, ids.to_owned()));
    let six = ["ipv6 @ address", "ipv6 @ prefix", "ipv6 @ dhcp service client"];
    let taken = |known: &&super::Statement<'_>| {
        known.text.starts_with("ipv6 ") && known.text.contains(&format!("-prefix@{name}::"))
    };
    let six = six.iter().find_map(|words| find(words)).map(|(line, _)| line);
    let six = six.or_else(|| config.statements.iter().find(taken).map(|known| known.line));
    let nat = find("ip @ nat descriptor").map(|(_, ids)| ids.split_whitespace().map(str::to_owned).collect());
    let filter_six = find("ipv6 @ secure filter in").is_some();
    Outside { name, line, filter, filter_six, six, nat: nat.unwrap_or_default() }
}

fn worst<const N: usize>(parts: [Option<bool>; N]) -> Option<bool> {
    if parts.contains(&Some(false)) {
        Some(false)
    } else if parts.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn sources(source: &str) -> Vec<From> {
    let one = |part: &str| match reach::span(part) {
        _ if part == "*" => From::Span(EVERYWHERE),
        Some(span) => From::Span(span),
        None if part.contains(|c: char| c.is_ascii_alphabetic()) => From::Named(draft::word(part)),
        None => From::Unclear,
    };
    source.split(',').take(100).map(one).collect()
}

/// Whether a filter's protocol and ports are those of a service: surely, surely not, or not known.
fn fits_service(rule: &Rule<'_>, service: Service) -> Option<bool> {
    let mut best = Some(false);
    for protocol in rule.protocol.split(',') {
        let ports = || ports(rule.port, service);
        let fits = match (protocol, service) {
            ("*", _) => ports(),
            ("tcp" | "tcpsyn" | "6", Service::Tcp(_)) | ("udp" | "17", Service::Udp(_)) => ports(),
            // These pass only what belongs to a connection that began inside.
            ("established" | "tcpfin" | "tcprst", _) => Some(false),
            ("esp" | "50", Service::Protocol("esp")) | ("gre" | "47", Service::Protocol("gre")) => Some(true),
            (
                "tcp" | "udp" | "6" | "17" | "icmp" | "1" | "icmp-info" | "icmp-error" | "esp" | "50" | "gre" | "47"
                | "ah" | "51" | "tcpsyn",
                _,
            ) => Some(false),
            _ => None,
        };
        best = match (best, fits) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, _) | (_, None) => None,
            _ => Some(false),
        };
    }
    best
}

fn ports(ports: &str, service: Service) -> Option<bool> {
    let wanted = match service {
        Service::Tcp(port) | Service::Udp(port) => port,
        Service::Protocol(_) => return if ports == "*" { Some(true) } else { None },
    };
    let mut unclear = false;
    for part in ports.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        if part == "*" {
            return Some(true);
        }
        match (port(low, 0), port(high, u16::MAX)) {
            (Some(low), Some(high)) if low <= wanted && wanted <= high => return Some(true),
            (Some(_), Some(_)) => {}
            _ => unclear = true,
        }
    }
    if unclear { None } else { Some(false) }
}

/// Names of ports as the command reference lists them; an open end of a range is its limit.
pub(super) fn port(text: &str, open: u16) -> Option<u16> {
    Some(match text {
        "" => open,
        "ftp" => 21,
        "ftpdata" => 20,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "time" => 37,
        "whois" => 43,
        "domain" => 53,
        "dhcps" => 67,
        "dhcpc" => 68,
        "tftp" => 69,
        "gopher" => 70,
        "finger" => 79,
        "www" => 80,
        "pop3" => 110,
        "sunrpc" => 111,
        "ident" => 113,
        "nntp" => 119,
        "ntp" => 123,
        "netbios_ns" => 137,
        "netbios_dgm" => 138,
        "netbios_ssn" => 139,
        "snmp" => 161,
        "snmptrap" => 162,
        "https" => 443,
        "syslog" => 514,
        "printer" => 515,
        "rip" => 520,
        "submission" => 587,
        "ms-sql-s" => 1433,
        "radius" => 1812,
        "ms-rpc" | "epmap" => 135,
        number => number.parse().ok()?,
    })
}
