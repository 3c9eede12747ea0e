//! Tunnels: to another site (IPsec, IPIP, L2TPv3, GRE), and for people who dial in (L2TP/IPsec, PPTP, IKEv2 with users).
//! It does not know keys, and looks at none.
//! Invariant: a tunnel that names one far end is restricted to it; one that takes anybody is what the filters make of it.

use super::filters::{Rules, Service};
use super::{Config, Context};
use crate::draft::{self, absence, ground, silent};
use crate::reach::Access;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::{BTreeMap, BTreeSet};

/// Tunnels that are looked at.
const TUNNELS_MAX: usize = 2000;

/// Adds every tunnel.
pub(super) fn read(config: &Config<'_>, rules: &Rules<'_>, reading: &mut DeviceReading) {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    for (known, number) in config.all("tunnel select") {
        numbers.entry(number).or_insert(known.line);
    }
    for (number, line) in numbers.into_iter().take(TUNNELS_MAX) {
        if number == "template" || number.is_empty() {
            continue;
        }
        let tunnel = Tunnel { config, number, line };
        reading.ways_in.push(tunnel.way(rules));
    }
    dial_in(config, rules, reading);
}

struct Tunnel<'c, 'l> {
    config: &'c Config<'l>,
    number: &'l str,
    line: u32,
}

impl<'l> Tunnel<'_, 'l> {
    fn within(&self, words: &str) -> Option<(u32, &'l str)> {
        self.config.within(Context::Tunnel(self.number), words)
    }

    /// The gateway's number: the policy of `ipsec tunnel`, and what `ipsec sa policy` says of it.
    fn gateway(&self) -> Option<&'l str> {
        let (_, policy) = self.within("ipsec tunnel")?;
        let stated = self.config.all("ipsec sa policy").find_map(|(_, rest)| {
            let mut words = rest.split_whitespace();
            (words.next() == Some(policy)).then(|| words.next()).flatten()
        });
        let inside = || self.within("ipsec ike remote address").and_then(|(_, rest)| rest.split_whitespace().next());
        stated.or_else(inside).or(Some(policy))
    }

    fn ike(&self, what: &str) -> Option<(u32, &'l str)> {
        let gateway = self.gateway()?;
        let words = format!("ipsec ike {what}");
        let found = self.config.all(&words).filter_map(|(known, rest)| {
            let (id, value) = rest.split_once(' ').unwrap_or((rest, ""));
            (id == gateway).then_some((known.line, value.trim()))
        });
        found.last()
    }

    fn far_end(&self) -> (FarEnd, Option<u32>) {
        if let Some((line, rest)) = self.ike("remote address") {
            let far = match rest.split_whitespace().next() {
                Some("any") => FarEnd::Anyone,
                Some(address) => named(address),
                None => FarEnd::Unknown,
            };
            return (far, Some(line));
        }
        if let Some((line, rest)) = self.within("tunnel endpoint remote address") {
            return (rest.split_whitespace().next().map_or(FarEnd::Unknown, named), Some(line));
        }
        if let Some((line, rest)) = self.within("tunnel endpoint address") {
            return (rest.split_whitespace().last().map_or(FarEnd::Unknown, named), Some(line));
        }
        if let Some((line, rest)) =
            self.within("tunnel endpoint name").or_else(|| self.within("tunnel endpoint remote name"))
        {
            let name = rest.split_whitespace().find(|word| !["fqdn", "local"].contains(word));
            return (name.map_or(FarEnd::Unknown, |name| FarEnd::Name(draft::word(name))), Some(line));
        }
        (FarEnd::Unknown, None)
    }

    fn way(&self, rules: &Rules<'_>) -> WayIn {
        let encapsulation =
            self.within("tunnel encapsulation").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
        let ipsec = self.within("ipsec tunnel").is_some();
        let people = ["eap request", "xauth request", "mode-cfg address", "mode-cfg method"]
            .iter()
            .any(|what| self.ike(what).is_some());
        let two = self.ike("version").is_some_and(|(_, version)| version.starts_with('2'));
        let (sort, technology) = match (encapsulation, ipsec) {
            (Some("l2tp"), _) => (WayInSort::RemoteAccess, if ipsec { "l2tp-ipsec" } else { "l2tp" }),
            (Some("l2tpv3" | "l2tpv3-raw"), _) => {
                (WayInSort::SiteToSite, if ipsec { "l2tpv3-ipsec" } else { "l2tpv3" })
            }
            (Some("pptp"), _) => (WayInSort::RemoteAccess, "pptp"),
            (Some("ipip" | "map-e"), _) => (WayInSort::SiteToSite, if ipsec { "ipip-ipsec" } else { "ipip" }),
            (Some("gre"), _) => (WayInSort::SiteToSite, if ipsec { "gre-ipsec" } else { "gre" }),
            (None | Some("ipsec" | "ipsec-ikev2"), true) => (
                if people { WayInSort::RemoteAccess } else { WayInSort::SiteToSite },
                if two { "ipsec-ikev2" } else { "ipsec-ikev1" },
            ),
            _ => (WayInSort::SiteToSite, "unknown"),
        };
        let (far, line) = self.far_end();
        let anyone = matches!(far, FarEnd::Anyone | FarEnd::Unknown);
        let mut way = draft::way(&format!("tunnel {}", self.number), sort, technology, far.clone());
        way.enabled = self.enabled(technology);
        way.restriction = match (&far, line) {
            (FarEnd::Address(name) | FarEnd::Name(name), Some(line)) => Access::named(
                [name.clone()],
                ground(
                    line,
                    "このトンネルは書かれた相手とだけつながります",
                    "this tunnel takes the far end named here and no other",
                ),
            ),
            _ => rules.reach(entry(technology), &mapped(self.config)),
        }
        .restriction();
        if sort == WayInSort::RemoteAccess {
            let (users, second) = people_of(self.config, Some(self.number));
            way.users = users;
            way.second_factor = second;
            if anyone && !people {
                way.far_end = FarEnd::Anyone;
            }
        } else {
            way.second_factor = draft::not_applicable();
        }
        way
    }

    fn enabled(&self, technology: &str) -> Answered {
        let on = self
            .config
            .all("tunnel enable")
            .find(|(_, rest)| rest.split_whitespace().any(|n| n == self.number || n == "all"));
        let off = self
            .config
            .all("tunnel disable")
            .find(|(_, rest)| rest.split_whitespace().any(|n| n == self.number || n == "all"));
        let tunnel = match (on, off) {
            (Some((on, _)), Some((off, _))) if off.line > on.line => {
                return draft::no(ground(off.line, "止めています", "it is disabled"));
            }
            (Some((on, _)), _) => {
                draft::yes(ground(on.line, "有効にしています（tunnel enable）", "it is enabled (tunnel enable)"))
            }
            (None, Some((off, _))) => return draft::no(ground(off.line, "止めています", "it is disabled")),
            (None, None) if self.config.last == Context::Tunnel(self.number) => {
                return draft::unknown(ground(
                    self.line,
                    "このトンネルの途中でファイルが終わっている可能性があります",
                    "the file may end within this tunnel",
                ));
            }
            (None, None) => {
                return draft::unknown(draft::silent("tunnel enable"));
            }
        };
        let service = match technology {
            "l2tp-ipsec" | "l2tp" | "l2tpv3" | "l2tpv3-ipsec" => "l2tp service",
            "pptp" => "pptp service",
            _ => return tunnel,
        };
        with_service(self.config, service, tunnel)
    }
}

fn with_service(config: &Config<'_>, service: &str, on: Answered) -> Answered {
    match config.last(service) {
        Some((line, rest)) if rest.split(' ').next() == Some("on") => {
            let mut on = on;
            on.because.push(ground(line, format!("{service} が on です"), format!("{service} is on")));
            on
        }
        Some((line, "off")) => {
            draft::no(ground(line, format!("{service} を止めています"), format!("{service} is switched off")))
        }
        _ => draft::unknown(silent(&format!("{service} on"))),
    }
}

fn named(text: &str) -> FarEnd {
    let address = text.parse::<std::net::IpAddr>().is_ok();
    if address { FarEnd::Address(draft::word(text)) } else { FarEnd::Name(draft::word(text)) }
}

/// What arrives first when somebody knocks.
fn entry(technology: &str) -> Service {
    match technology {
        "pptp" => Service::Tcp(1723),
        "l2tp" | "l2tpv3" => Service::Udp(1701),
        "gre" => Service::Protocol("gre"),
        "ipip" => Service::Protocol("ipip"),
        _ => Service::Udp(500),
    }
}

/// Descriptors that lead the ports of IKE, L2TP or PPTP on to the router itself.
fn mapped(config: &Config<'_>) -> BTreeSet<String> {
    let leads = config.all("nat descriptor masquerade static").filter_map(|(_, rest)| {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (descriptor, port) = (words.first()?, words.get(4).copied().unwrap_or("*"));
        let protocol = words.get(3).copied().unwrap_or_default();
        (["500", "4500", "1701", "1723"].contains(&port) || protocol == "esp" || protocol == "gre")
            .then(|| (*descriptor).to_owned())
    });
    leads.collect()
}

/// `pp select anonymous` with an authentication and no tunnel of its own: people who dial in over L2TP or PPTP.
fn dial_in(config: &Config<'_>, rules: &Rules<'_>, reading: &mut DeviceReading) {
    let anonymous = Context::Pp("anonymous");
    let Some((line, asked)) = config.within(anonymous, "pp auth request") else { return };
    if config.within(anonymous, "pp bind").is_some_and(|(_, rest)| rest.starts_with("tunnel")) {
        return;
    }
    let mut way = draft::way("pp anonymous", WayInSort::RemoteAccess, "ppp", FarEnd::Anyone);
    let method = asked.split(' ').next().unwrap_or_default();
    way.enabled = match config.last("pp enable").filter(|(_, rest)| rest.split(' ').any(|word| word == "anonymous")) {
        Some((line, _)) => draft::yes(ground(line, "有効にしています", "it is enabled")),
        None => draft::unknown(ground(
            line,
            format!("{} で認証する相手を受け付ける設定です", draft::word(method)),
            format!("it takes whoever authenticates by {}", draft::word(method)),
        )),
    };
    way.restriction = rules.reach(Service::Udp(500), &mapped(config)).perhaps().restriction();
    (way.users, way.second_factor) = people_of(config, None);
    reading.ways_in.push(way);
}

/// How many people the router itself knows, and whether a second factor is asked of them.
fn people_of(config: &Config<'_>, tunnel: Option<&str>) -> (Option<u32>, Answered) {
    let holds = |context: Context<'_>| match (context, tunnel) {
        (Context::Pp(_), Some(tunnel)) => config
            .within(context, "pp bind")
            .is_some_and(|(_, rest)| rest.split_whitespace().any(|word| bound(word, tunnel))),
        (Context::Pp("anonymous"), None) => true,
        _ => false,
    };
    let names: BTreeSet<&str> = config
        .all("pp auth username")
        .filter(|(known, _)| holds(known.context))
        .filter_map(|(_, rest)| rest.split_whitespace().next())
        .collect();
    if let Some((line, _)) = config.last("radius auth").filter(|(_, rest)| rest.starts_with("on")) {
        let why = ground(line, "利用者は RADIUS サーバが知っています", "a RADIUS server knows the users");
        return (None, draft::unknown(why));
    }
    if names.is_empty() {
        return (None, draft::unknown(absence("利用者の登録が見当たりません", "no users are seen")));
    }
    let scripts = config.all("schedule at").any(|(_, rest)| rest.contains(" lua "));
    let why = absence(
        "ルータに登録した名前とパスワードだけで認証します",
        "a name and a password that the router holds are all it asks",
    );
    let second = if scripts { Answer::Unknown } else { Answer::No };
    (u32::try_from(names.len()).ok(), draft::answered(second, why))
}

/// `tunnel1`, `tunnel1-tunnel5`.
fn bound(word: &str, tunnel: &str) -> bool {
    let number = |text: &str| text.strip_prefix("tunnel").unwrap_or(text).parse::<u32>().ok();
    let (Some((low, high)), Some(wanted)) = (
        word.split_once('-').or(Some((word, word))).and_then(|(low, high)| Some((number(low)?, number(high)?))),
        tunnel.parse::<u32>().ok(),
    ) else {
        return false;
    };
    word.starts_with("tunnel") && low <= wanted && wanted <= high
}
