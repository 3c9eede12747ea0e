//! Lists of rules of a NetScaler, and from where its management addresses are reached.
//! It does not know networks in front of it: a management address that is private and that no rule guards is unknown.
//! Invariant: what no rule names is left open, and nobody is told that it is closed.

use super::{Config, Statement};
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From};
use daicho_schemas::fact::device::{DeviceReading, FarEnd, WayInSort};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Rules that are looked at; an appliance holds 10,000.
const RULES_MAX: usize = 10_000;
/// Rules that are asked in one file, all servers and addresses together.
const ASKED_MAX: usize = 2_000_000;

/// One rule, taken apart once: thousands of virtual servers ask it.
struct Rule {
    line: u32,
    pass: bool,
    /// Whether it is understood and holds for whatever fits it.
    certain: bool,
    sources: Vec<From>,
    protocol: bool,
    port: Option<Part<u16>>,
    to: Option<Part<u32>>,
}

/// A range, and whether the rule means everything else. A range that is not understood may be any.
struct Part<T> {
    not: bool,
    range: Option<(T, T)>,
}

impl<T: PartialOrd + Copy> Part<T> {
    fn fits(&self, value: Option<T>) -> Option<bool> {
        let ((low, high), value) = (self.range?, value?);
        Some((low <= value && value <= high) != self.not)
    }
}

impl Rule {
    fn of(rule: &Statement<'_>, action: &str, applied: bool) -> Self {
        const NARROW: [&str; 7] = ["-vlan", "-vxlan", "-interface", "-srcMac", "-TTL", "-td", "-icmpType"];
        let pass = !action.eq_ignore_ascii_case("DENY");
        let known = !pass || action.eq_ignore_ascii_case("ALLOW");
        // Whoever knocks picks the port from which he does: what rejects some of them rejects nobody.
        let narrow = NARROW.iter().any(|option| rule.has(option)) || (!pass && rule.has("-srcPort"));
        let port = |value: &str| {
            let (low, high) = value.split_once('-').unwrap_or((value, value));
            Some((low.parse().ok()?, high.parse().ok()?))
        };
        Self {
            line: rule.line,
            pass,
            certain: applied && known && !narrow,
            sources: sources(rule),
            protocol: is_tcp(rule),
            port: compared(rule, "-destPort").map(|(not, value)| Part { not, range: port(value) }),
            to: compared(rule, "-destIP").map(|(not, value)| Part { not, range: reach::span(value) }),
        }
    }

    fn ask(&self, filters: &mut Filters, to: Option<Ipv4Addr>, port: u16) {
        let port = self.port.as_ref().map_or(Some(true), |part| part.fits(Some(port)));
        let to = self.to.as_ref().map_or(Some(true), |part| part.fits(to.map(u32::from)));
        if !self.protocol || port == Some(false) || to == Some(false) {
            return;
        }
        let certain = self.certain && port.is_some() && to.is_some();
        for source in &self.sources {
            filters.ask(self.pass, certain, source, || {
                let shown = match source {
                    From::Span(span) if *span == EVERYWHERE => "any".to_owned(),
                    From::Span(span) => reach::shown(*span),
                    _ => "?".to_owned(),
                };
                draft::verdict(self.line, Some(self.pass), &shown)
            });
        }
    }
}

/// Rules in the order in which the appliance asks them: the simple ones, which only ever deny, come first.
pub(super) struct Rules {
    rules: Vec<Rule>,
    first: Option<u32>,
    applied: bool,
    too_many: bool,
    asked: Cell<usize>,
}

impl Rules {
    pub(super) fn of(config: &Config<'_>) -> Self {
        let mut extended: Vec<_> = config
            .all("add ns acl")
            .filter(|rule| !rule.is("-state", "DISABLED") && !rule.has("-established"))
            .collect();
        let priority = |rule: &Statement<'_>| rule.option("-priority").and_then(|text| text.parse().ok());
        extended.sort_by_cached_key(|rule| (priority(rule).unwrap_or(u32::MAX), rule.line));
        let applied = config.last("apply ns acls").is_some() || extended.iter().any(|rule| rule.has("-kernelstate"));
        let simple = config.all("add ns simpleacl").take(RULES_MAX).map(|rule| Rule::of(rule, "DENY", true));
        let first = extended.first().map(|rule| rule.line);
        let too_many = extended.len() > RULES_MAX;
        let extended = extended.iter().take(RULES_MAX);
        let extended = extended.map(|rule| Rule::of(rule, rule.word(4).unwrap_or_default(), applied));
        let rules: Vec<Rule> = simple.chain(extended).collect();
        Self { first: first.or(rules.first().map(|rule| rule.line)), rules, applied, too_many, asked: Cell::new(0) }
    }

    /// From where a port of one of its addresses is reached.
    pub(super) fn reach(&self, line: u32, to: Option<Ipv4Addr>, port: u16) -> Access {
        let Some(first) = self.first else {
            let open = "受信を絞るアクセスリスト（ns acl）がありません";
            return Access::anyone(ground(line, open, "there is no access list (ns acl) that restricts who comes in"));
        };
        self.asked.set(self.asked.get() + self.rules.len());
        if self.too_many || self.asked.get() > ASKED_MAX {
            return Access::unknown(ground(
                first,
                "アクセスリストが長すぎるため判断しません",
                "the access list is too long to be judged",
            ));
        }
        let mut filters = Filters::default();
        for rule in &self.rules {
            rule.ask(&mut filters, to, port);
            if filters.settled() {
                break;
            }
        }
        filters.ask(true, false, &From::Span(EVERYWHERE), || {
            absence(
                "アクセスリストに合わないものを通すかどうかは確認できていません",
                "whether what no rule of the access list fits passes is not known to us",
            )
        });
        let mut access = filters.end();
        access.because.push(match self.applied {
            true => ground(first, "ここから始まるアクセスリストが効きます", "the access list from here on applies"),
            false => ground(
                first,
                "アクセスリストが適用（apply ns acls）されたか、この設定から分かりません",
                "whether the access list was applied (apply ns acls) is not shown",
            ),
        });
        access
    }
}

/// `-srcIP = 192.0.2.1-192.0.2.9`, `-srcIP != …`, `-destPort = 443`: whether it is turned round, and the value.
fn compared<'l>(rule: &Statement<'l>, option: &str) -> Option<(bool, &'l str)> {
    match rule.behind(option) {
        [sign, value, ..] if ["=", "EQ", "eq"].contains(sign) => Some((false, value)),
        [sign, value, ..] if ["!=", "NEQ", "neq"].contains(sign) => Some((true, value)),
        [value, ..] => Some((false, value)),
        [] => None,
    }
}

fn sources(rule: &Statement<'_>) -> Vec<From> {
    if rule.has("-srcIPDataset") || rule.has("-srcIPdataset") {
        return vec![From::Unclear];
    }
    let Some((not, value)) = compared(rule, "-srcIP") else { return vec![From::Span(EVERYWHERE)] };
    let Some((low, high)) = reach::span(value) else { return vec![From::Unclear] };
    if !not {
        return vec![From::Span((low, high))];
    }
    let below = low.checked_sub(1).map(|end| (0, end));
    let above = high.checked_add(1).map(|start| (start, u32::MAX));
    below.into_iter().chain(above).map(From::Span).collect()
}

fn is_tcp(rule: &Statement<'_>) -> bool {
    let named = rule.option("-protocol").map(|name| name.eq_ignore_ascii_case("TCP"));
    named.or(rule.option("-protocolNumber").map(|number| number == "6")).unwrap_or(true)
}

/// An address at which the appliance is managed.
#[derive(Default)]
struct Managed<'c, 'l> {
    line: u32,
    statements: Vec<&'c Statement<'l>>,
    on: bool,
}

/// The management address itself, and others that were opened for management.
pub(super) fn management(config: &Config<'_>, rules: &Rules, reading: &mut DeviceReading) {
    let mut places: BTreeMap<Ipv4Addr, Managed<'_, '_>> = BTreeMap::new();
    let own = config
        .all("set ns config")
        .find_map(|statement| Some((statement.line, statement.option("-IPAddress")?.parse::<Ipv4Addr>().ok()?)));
    if let Some((line, address)) = own {
        places.insert(address, Managed { line, statements: Vec::new(), on: true });
    }
    for statement in config.all("add ns ip").chain(config.all("set ns ip")) {
        let Some(address) = statement.word(3).and_then(|word| word.parse().ok()) else { continue };
        let place = places.entry(address).or_insert_with(|| Managed { line: statement.line, ..Managed::default() });
        place.on = place.on || statement.is("-mgmtAccess", "ENABLED") || statement.is("-type", "CLIP");
        place.on = place.on && !statement.is("-mgmtAccess", "DISABLED") && !statement.is("-state", "DISABLED");
        place.statements.push(statement);
    }
    let mut plane: Option<Access> = None;
    let mut add = |part: Access| plane = Some(plane.take().map_or(part.clone(), |plane: Access| plane.or(part)));
    for (address, place) in places.iter().filter(|(_, place)| place.on).take(200) {
        for (service, option, port) in [("https", "-gui", 443), ("ssh", "-ssh", 22), ("telnet", "-telnet", 23)] {
            let written =
                place.statements.iter().rev().find_map(|statement| Some((statement.line, statement.option(option)?)));
            let enabled = match written {
                Some((_, state)) if state.eq_ignore_ascii_case("DISABLED") => continue,
                Some((line, _)) => {
                    draft::yes(ground(line, format!("{service} を許しています"), format!("{service} is allowed")))
                }
                // Releases differ in whether telnet is on when nothing is written.
                None if service == "telnet" => draft::unknown(draft::silent(option)),
                None => draft::yes(ground(
                    place.line,
                    "管理用のアドレスです。止める設定がありません",
                    "it is an address for management, and nothing switches this off",
                )),
            };
            let access = from_outside(rules, place.line, *address, port);
            let sure = enabled.answer != daicho_schemas::fact::device::Answer::Unknown;
            add(if sure { access.clone() } else { access.clone().perhaps() });
            if sure {
                let key = format!("ns ip {address} {service}");
                let mut way = draft::way(&key, WayInSort::Management, service, FarEnd::Unknown);
                way.enabled = enabled;
                way.restriction = access.restriction();
                way.second_factor =
                    draft::unknown(absence("認証の設定によります", "it depends on how logins are proved"));
                reading.ways_in.push(way);
            }
        }
    }
    for six in config.all("add ns ip6").filter(|six| six.is("-mgmtAccess", "ENABLED")) {
        add(Access::unknown(ground(
            six.line,
            "IPv6 のアドレスでも管理できます。接続元の判断はしていません",
            "it is managed at an IPv6 address, too; from where that is reached was not judged",
        )));
    }
    let unseen = || absence("管理用のアドレスが書かれていません", "no address for management is written");
    let plane = if own.is_some() { plane } else { None };
    let nobody =
        || Access::nobody(absence("管理のサービスはすべて止めています", "every service for management is off"));
    reading.management = match (plane, own) {
        (Some(plane), _) => plane,
        (None, Some(_)) => nobody(),
        (None, None) => Access::unknown(unseen()),
    }
    .restriction();
}

/// An address that the outside cannot route to may be guarded by something that stands elsewhere.
fn from_outside(rules: &Rules, line: u32, address: Ipv4Addr, port: u16) -> Access {
    let access = rules.reach(line, Some(address), port);
    if access.reach != reach::Reach::Anyone || !(address.is_private() || address.is_link_local()) {
        return access;
    }
    access.and(Access::unknown(ground(
        line,
        "管理用のアドレスはプライベートアドレスです。外から届くかどうかは、前段の機器によります",
        "the address for management is private; whether the outside reaches it depends on what stands in front",
    )))
}
