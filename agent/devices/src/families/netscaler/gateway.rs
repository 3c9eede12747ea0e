//! What people and sites come in by: Gateway virtual servers, IP tunnels, and servers that load balancing publishes.
//! It does not know keys, nor what a directory or an identity provider asks.
//! Invariant: a virtual server without an address of its own is reached by way of another one, which is not judged.

use super::access::Rules;
use super::{Config, Statement};
use crate::draft::{self, ground};
use crate::reach::Access;
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

/// Adds all of them.
pub(super) fn read(config: &Config<'_>, rules: &Rules, reading: &mut DeviceReading) {
    let policies = Policies::of(config);
    for server in config.all("add vpn vserver").take(500) {
        reading.ways_in.extend(gateway(config, rules, &policies, server));
    }
    for tunnel in config.all("add ipTunnel").take(500) {
        reading.ways_in.extend(ip_tunnel(tunnel));
    }
    let places = Places::of(config);
    for server in config.all("add lb vserver").take(2000) {
        reading.ways_in.extend(published(rules, &places, server));
    }
}

/// Policies that prove people, and what they ask: `ldapPolicy`, `radiusPolicy`, `Policy` …
pub(super) struct Policies<'l> {
    kinds: BTreeMap<&'l str, &'l str>,
    /// Those that are bound to a virtual server: the line, the sort, and whether it is the second proof.
    bound: BTreeMap<&'l str, Vec<(u32, &'l str, bool)>>,
    /// Users whom the appliance itself knows.
    users: usize,
}

impl<'l> Policies<'l> {
    pub(super) fn of(config: &Config<'l>) -> Self {
        let kinds = config.all("add authentication").filter_map(|statement| {
            let kind = statement.word(2).filter(|kind| kind.to_ascii_lowercase().ends_with("policy"))?;
            Some((statement.word(3)?, kind))
        });
        let kinds: BTreeMap<&str, &str> = kinds.collect();
        let mut bound: BTreeMap<&str, Vec<(u32, &str, bool)>> = BTreeMap::new();
        for bind in config.all("bind vpn vserver") {
            let kind = bind.option("-policy").and_then(|policy| kinds.get(policy).copied());
            if let (Some(server), Some(kind)) = (bind.word(3), kind) {
                bound.entry(server).or_default().push((bind.line, kind, bind.has("-secondary")));
            }
        }
        let users = config.all("add aaa user").filter_map(|user| user.word(3)).collect::<BTreeSet<_>>().len();
        Self { kinds, bound, users }
    }

    /// The sort of a policy; `None` for what is no policy of this sort.
    pub(super) fn kind(&self, name: &str) -> Option<&'l str> {
        self.kinds.get(name).copied()
    }
}

fn switched(config: &Config<'_>, server: &Statement<'_>) -> Answered {
    if server.is("-state", "DISABLED") {
        return draft::no(ground(server.line, "止めています（-state DISABLED）", "it is disabled (-state DISABLED)"));
    }
    match config.feature("SSLVPN") {
        Some(line) => draft::yes(ground(line, "機能 SSLVPN が有効です", "the feature SSLVPN is enabled")),
        None => draft::unknown(ground(
            server.line,
            "機能 SSLVPN を有効にする行がありません",
            "no line enables the feature SSLVPN",
        )),
    }
}

fn gateway(config: &Config<'_>, rules: &Rules, policies: &Policies<'_>, server: &Statement<'_>) -> Option<WayIn> {
    let name = server.word(3)?;
    let key = format!("vpn vserver {}", draft::word(name));
    let mut way = draft::way(&key, WayInSort::RemoteAccess, "ssl-vpn", FarEnd::Anyone);
    way.enabled = switched(config, server);
    let address = server.word(5);
    let port = server.word(6).and_then(|port| port.parse::<u16>().ok());
    way.restriction = match (address.and_then(|text| text.parse::<IpAddr>().ok()), port) {
        (Some(IpAddr::V4(at)), Some(port)) if !at.is_unspecified() => listened(rules, server, at, port),
        (Some(IpAddr::V6(at)), Some(_)) if !at.is_unspecified() => Access::unknown(ground(
            server.line,
            "IPv6 のアドレスで待ち受けます。接続元の判断はしていません",
            "it listens at an IPv6 address; from where that is reached was not judged",
        )),
        _ => Access::unknown(ground(
            server.line,
            "自分のアドレスを持たず、ほかの仮想サーバを通って届きます",
            "it has no address of its own and is reached by way of another virtual server",
        )),
    }
    .restriction();
    way.interface = address.map(draft::word);
    (way.users, way.second_factor) = people(policies, server, name);
    Some(way)
}

/// The lists of rules, and an expression that says whom the server listens to.
fn listened(rules: &Rules, server: &Statement<'_>, at: Ipv4Addr, port: u16) -> Access {
    let access = rules.reach(server.line, Some(at), port);
    match server.option("-Listenpolicy") {
        Some(policy) if !policy.eq_ignore_ascii_case("none") => access.and(Access::unknown(ground(
            server.line,
            "待ち受けの条件（-Listenpolicy）があります。その中身は判断していません",
            "there is a condition on whom it listens to (-Listenpolicy); it was not judged",
        ))),
        _ => access,
    }
}

/// Users that the appliance holds, and whether a second factor is asked of all.
fn people(policies: &Policies<'_>, server: &Statement<'_>, name: &str) -> (Option<u32>, Answered) {
    if server.is("-authentication", "OFF") {
        return (None, draft::no(ground(server.line, "認証なしで接続できます", "nobody is asked to prove who he is")));
    }
    if server.has("-authnProfile") {
        let why = "認証は別の仮想サーバ（-authnProfile）が行います";
        return (
            None,
            draft::unknown(ground(server.line, why, "another virtual server (-authnProfile) proves people")),
        );
    }
    let (mut kinds, mut second, mut line) = (BTreeSet::new(), None, server.line);
    for (at, kind, secondary) in policies.bound.get(name).into_iter().flatten() {
        line = *at;
        if *secondary {
            second = Some(*at);
        } else {
            kinds.insert(kind.to_ascii_lowercase());
        }
    }
    let local = kinds.is_empty() || kinds.iter().all(|kind| kind == "localpolicy");
    let users = u32::try_from(policies.users).ok().filter(|users| local && *users > 0);
    let asked = match (second, kinds.is_empty(), local) {
        (Some(line), false, _) => {
            draft::yes(ground(line, "二つ目の認証（-secondary）を求めます", "it asks for a second proof (-secondary)"))
        }
        (None, false, true) => draft::no(ground(
            line,
            "装置に登録した名前とパスワードだけで認証します",
            "a name and a password that the appliance holds are all it asks",
        )),
        (_, true, _) => draft::unknown(ground(
            line,
            "この仮想サーバに結び付けた認証が見当たりません",
            "no way to prove people is seen to be bound to this virtual server",
        )),
        _ => draft::unknown(ground(
            line,
            "外部の認証サーバが求めるものは分かりません",
            "what the authentication server asks is not known",
        )),
    };
    (users, asked)
}

/// `add ipTunnel NAME REMOTE MASK LOCAL -protocol GRE -ipsecProfileName P`.
fn ip_tunnel(tunnel: &Statement<'_>) -> Option<WayIn> {
    let (name, far) = (tunnel.word(2)?, tunnel.word(3)?);
    let protocol = tunnel.option("-protocol").unwrap_or("IPIP").to_ascii_lowercase();
    let plain = ["gre", "ipip", "ipsec"].contains(&protocol.as_str());
    let technology = match (plain, tunnel.has("-ipsecProfileName")) {
        (true, true) if protocol != "ipsec" => format!("{protocol}-ipsec"),
        (true, _) => protocol,
        _ => "unknown".to_owned(),
    };
    let far_end = match far.parse::<Ipv4Addr>() {
        Ok(_) => FarEnd::Address(draft::word(far)),
        Err(_) => FarEnd::Unknown,
    };
    let mut way =
        draft::way(&format!("ipTunnel {}", draft::word(name)), WayInSort::SiteToSite, &technology, far_end.clone());
    way.enabled = draft::yes(ground(tunnel.line, "設定されています", "it is configured"));
    way.restriction = match (far_end, tunnel.word(4)) {
        (FarEnd::Address(far), Some("255.255.255.255")) => Access::named(
            [far],
            ground(tunnel.line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        _ => Access::unknown(ground(tunnel.line, "相手を特定できません", "the far end is not clear")),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    Some(way)
}

/// Where services and servers lead to.
struct Places<'l> {
    servers: BTreeMap<&'l str, &'l str>,
    services: BTreeMap<&'l str, (&'l str, &'l str)>,
    /// Virtual servers with the services that are bound to them.
    bound: BTreeMap<&'l str, Vec<&'l str>>,
}

impl<'l> Places<'l> {
    fn of(config: &Config<'l>) -> Self {
        let servers = config.all("add server").filter_map(|server| Some((server.word(2)?, server.word(3)?)));
        let services = config
            .all("add service")
            .filter_map(|service| Some((service.word(2)?, (service.word(3)?, service.word(5).unwrap_or("*")))));
        let mut bound: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for bind in config.all("bind lb vserver") {
            if let (Some(server), Some(service)) = (bind.word(3), bind.word(4)) {
                bound.entry(server).or_default().push(service);
            }
        }
        Self { servers: servers.collect(), services: services.collect(), bound }
    }

    fn inside(&self, service: &str) -> Option<String> {
        let (server, port) = self.services.get(service)?;
        let address = self.servers.get(server).copied().unwrap_or(server);
        Some(draft::word(&format!("{address}:{port}")))
    }
}

/// `add lb vserver NAME TYPE ADDRESS PORT`: a port of the outside that leads to something inside.
fn published(rules: &Rules, places: &Places<'_>, server: &Statement<'_>) -> Option<WayIn> {
    let (name, kind) = (server.word(3)?, server.word(4)?);
    let at = server.word(5)?.parse::<Ipv4Addr>().ok().filter(|at| !at.is_unspecified())?;
    let port = server.word(6)?;
    let datagrams = kind.to_ascii_uppercase();
    let protocol = if ["UDP", "DNS", "DTLS", "RADIUS"].contains(&datagrams.as_str()) { "udp" } else { "tcp" };
    let key = format!("lb vserver {}", draft::word(name));
    let mut way = draft::way(&key, WayInSort::PortForward, &format!("{protocol}/{port}"), FarEnd::Unknown);
    way.enabled = match server.is("-state", "DISABLED") {
        true => draft::no(ground(server.line, "止めています（-state DISABLED）", "it is disabled (-state DISABLED)")),
        false => draft::yes(ground(server.line, "設定されています", "it is configured")),
    };
    way.interface = Some(draft::word(&at.to_string()));
    let bound = places.bound.get(name).map(Vec::as_slice).unwrap_or_default();
    way.inside = bound.iter().filter_map(|service| places.inside(service)).take(200).collect();
    way.restriction = match (protocol, port.parse()) {
        ("tcp", Ok(port)) => listened(rules, server, at, port),
        _ => Access::unknown(ground(
            server.line,
            "このポートについて、アクセスリストの判断はしていません",
            "what the access list makes of this port was not judged",
        )),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    Some(way)
}
