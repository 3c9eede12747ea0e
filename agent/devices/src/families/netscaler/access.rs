//! Lists of rules of a NetScaler, and from where its management addresses are reached.
//! It does not know networks in front of it: a management address that is private and that no rule guards is unknown.
//! Invariant: what no rule names is left open, and nobody is told that it is closed.

use super::{Config, Statement};
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Span};
use daicho_schemas::fact::device::{DeviceReading, FarEnd, WayInSort};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Rules in the order in which the appliance asks them.
pub(super) struct Rules<'c, 'l> {
    simple: Vec<&'c Statement<'l>>,
    extended: Vec<&'c Statement<'l>>,
    applied: bool,
}

impl<'c, 'l> Rules<'c, 'l> {
    pub(super) fn of(config: &'c Config<'l>) -> Self {
        let mut extended: Vec<_> = config.all("add ns acl").filter(|rule| !rule.is("-state", "DISABLED")).collect();
        let priority = |rule: &Statement<'_>| rule.option("-priority").and_then(|text| text.parse().ok());
        extended.sort_by_key(|rule| (priority(rule).unwrap_or(u32::MAX), rule.line));
        let applied = config.last("apply ns acls").is_some() || extended.iter().any(|rule| rule.has("-kernelstate"));
        Self { simple: config.all("add ns simpleacl").collect(), extended, applied }
    }

    /// From where a port of one of its addresses is reached.
    pub(super) fn reach(&self, line: u32, to: Option<Ipv4Addr>, port: u16) -> Access {
        if self.simple.is_empty() && self.extended.is_empty() {
            let open = "受信を絞るアクセスリスト（ns acl）がありません";
            return Access::anyone(ground(line, open, "there is no access list (ns acl) that restricts who comes in"));
        }
        let mut filters = Filters::default();
        for rule in &self.simple {
            // These only ever deny one source.
            let source = rule.option("-srcIP").and_then(reach::span);
            let certain = !rule.has("-TTL") && !rule.has("-td") && fits_port(rule, port) == Some(true);
            if let Some(span) = source {
                filters.ask(false, certain, &From::Span(span), || draft::verdict(rule.line, Some(false), "-"));
            }
        }
        for rule in &self.extended {
            self.ask(&mut filters, rule, to, port);
        }
        filters.ask(true, false, &From::Span(EVERYWHERE), || {
            absence(
                "アクセスリストに合わないものを通すかどうかは確認できていません",
                "whether what no rule of the access list fits passes is not known to us",
            )
        });
        let mut access = filters.end();
        let first = self.extended.first().or(self.simple.first()).map_or(line, |rule| rule.line);
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

    fn ask(&self, filters: &mut Filters, rule: &Statement<'_>, to: Option<Ipv4Addr>, port: u16) {
        let action = rule.word(4).unwrap_or_default().to_ascii_uppercase();
        let pass = action != "DENY";
        if rule.has("-established") {
            return;
        }
        let fits = [fits_protocol(rule), fits_port(rule, port), fits_address(rule, to)];
        if fits.contains(&Some(false)) {
            return;
        }
        const NARROW: [&str; 7] = ["-vlan", "-vxlan", "-interface", "-srcMac", "-TTL", "-td", "-icmpType"];
        let narrow = NARROW.iter().any(|option| rule.has(option)) || (!pass && rule.has("-srcPort"));
        let known = ["ALLOW", "DENY"].contains(&action.as_str());
        let certain = self.applied && known && !narrow && !fits.contains(&None);
        for source in sources(rule) {
            filters.ask(pass, certain, &source, || {
                let shown = match &source {
                    From::Span(span) if *span == EVERYWHERE => "any".to_owned(),
                    From::Span(span) => reach::shown(*span),
                    _ => "?".to_owned(),
                };
                draft::verdict(rule.line, known.then_some(pass), &shown)
            });
        }
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

fn fits_protocol(rule: &Statement<'_>) -> Option<bool> {
    let named = rule.option("-protocol").map(|name| name.eq_ignore_ascii_case("TCP"));
    Some(named.or(rule.option("-protocolNumber").map(|number| number == "6")).unwrap_or(true))
}

fn fits_port(rule: &Statement<'_>, port: u16) -> Option<bool> {
    let Some((not, value)) = compared(rule, "-destPort") else { return Some(true) };
    let (low, high) = value.split_once('-').unwrap_or((value, value));
    let (low, high): (u16, u16) = (low.parse().ok()?, high.parse().ok()?);
    Some((low..=high).contains(&port) != not)
}

fn fits_address(rule: &Statement<'_>, to: Option<Ipv4Addr>) -> Option<bool> {
    let Some((not, value)) = compared(rule, "-destIP") else { return Some(true) };
    let ((low, high), to): (Span, u32) = (reach::span(value)?, to?.into());
    Some((low..=high).contains(&to) != not)
}

/// An address at which the appliance is managed.
#[derive(Default)]
struct Managed<'c, 'l> {
    line: u32,
    statements: Vec<&'c Statement<'l>>,
    on: bool,
}

/// The management address itself, and others that were opened for management.
pub(super) fn management(config: &Config<'_>, rules: &Rules<'_, '_>, reading: &mut DeviceReading) {
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
fn from_outside(rules: &Rules<'_, '_>, line: u32, address: Ipv4Addr, port: u16) -> Access {
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
