//! From where a FortiGate's own services are reached: interfaces, trusted hosts, local-in policies, address objects.
//! It does not know schedules: a policy that holds only at times is not sure.
//! Invariant: an address object that is not in the file may be anybody.

use super::tree::{Object, Tree};
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access, EVERYWHERE, Filters, From, Reach, Span};
use daicho_schemas::fact::device::{DeviceReading, FarEnd, WayInSort};
use std::collections::{BTreeMap, BTreeSet};

/// Addresses, services, interfaces and local-in policies of a configuration.
pub(super) struct Places<'t, 'l> {
    addresses: BTreeMap<&'l str, &'t Object<'l>>,
    groups: BTreeMap<&'l str, &'t Object<'l>>,
    services: BTreeMap<&'l str, &'t Object<'l>>,
    service_groups: BTreeMap<&'l str, &'t Object<'l>>,
    local_in: &'t [Object<'l>],
    /// Interfaces that look outside, with the line that shows it.
    pub(super) outside: BTreeMap<&'l str, u32>,
    pub(super) interfaces: BTreeMap<&'l str, &'t Object<'l>>,
}

/// Objects that one group is opened up to, so that groups in circles end.
const MEMBERS_MAX: usize = 2000;

impl<'t, 'l> Places<'t, 'l> {
    pub(super) fn of(tree: &'t Tree<'l>) -> Self {
        let by_name =
            |path: &str| tree.all(path).iter().map(|object| (object.name, object)).collect::<BTreeMap<_, _>>();
        let interfaces = by_name("system interface");
        Self {
            addresses: by_name("firewall address"),
            groups: by_name("firewall addrgrp"),
            services: by_name("firewall service custom"),
            service_groups: by_name("firewall service group"),
            local_in: tree.all("firewall local-in-policy"),
            outside: outside(tree, &interfaces),
            interfaces,
        }
    }

    /// What the names of address objects stand for.
    pub(super) fn sources(&self, names: &[&str]) -> Vec<From> {
        let mut waiting: Vec<&str> = names.to_vec();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name.to_owned()) || seen.len() > MEMBERS_MAX {
                continue;
            }
            if name == "all" || name == "any" {
                found.push(From::Span(EVERYWHERE));
            } else if let Some(group) = self.groups.get(name) {
                let members = group.get("member").map(|(_, members)| members);
                waiting.extend(members.unwrap_or_default());
            } else {
                found.push(self.addresses.get(name).map_or(From::Unclear, |object| source(object)));
            }
        }
        if seen.len() > MEMBERS_MAX { vec![From::Unclear] } else { found }
    }

    /// Adds a policy's sources to filters.
    pub(super) fn ask(&self, filters: &mut Filters, policy: &Object<'l>, pass: bool, certain: bool) {
        let (line, names) = policy.get("srcaddr").unwrap_or((policy.line, Vec::new()));
        let negated = policy.is("srcaddr-negate", "enable") || policy.is("internet-service-src", "enable");
        let sources = if names.is_empty() || negated { vec![From::Unclear] } else { self.sources(&names) };
        let shown = draft::word(&names.join(" "));
        for from in sources {
            filters.ask(pass, certain, &from, || draft::verdict(line, Some(pass), &shown));
        }
    }

    /// What local-in policies leave of a service of the device on an interface. There is no implicit deny.
    pub(super) fn local_in(&self, interface: &str, protocol: Port, open: Access) -> Access {
        let mut filters = Filters::default();
        let mut lines = Vec::new();
        for policy in self.local_in.iter().filter(|policy| !policy.is("status", "disable")) {
            let on = |name: &&str| *name == interface || *name == "any";
            if !policy.get("intf").is_some_and(|(_, names)| names.iter().any(on)) {
                continue;
            }
            let Some(sure) = self.serves(policy, protocol) else { continue };
            let always = policy.one("schedule").is_none_or(|(_, when)| when == "always");
            let everywhere = policy.get("dstaddr").is_some_and(|(_, names)| names == ["all"]);
            let pass = policy.is("action", "accept");
            lines.push(policy.line);
            self.ask(&mut filters, policy, pass, sure && always && everywhere);
        }
        let Some(first) = lines.first() else { return open };
        let why = ground(*first, "ここから始まる local-in ポリシーが効きます", "local-in policies from here on apply");
        filters.ask(true, true, &From::Span(EVERYWHERE), || {
            absence("local-in ポリシーに合わないものは通ります", "what no local-in policy fits passes")
        });
        let mut access = filters.end();
        access.because.insert(0, why);
        open.and(access)
    }

    /// Whether any local-in policy concerns an interface.
    pub(super) fn has_local_in(&self, interface: &str) -> bool {
        let on = |name: &&str| *name == interface || *name == "any";
        self.local_in.iter().any(|policy| policy.get("intf").is_some_and(|(_, names)| names.iter().any(on)))
    }

    /// Whether a policy's services include a port: surely, perhaps, or not.
    fn serves(&self, policy: &Object<'l>, protocol: Port) -> Option<bool> {
        let (_, names) = policy.get("service")?;
        let mut waiting: Vec<&str> = names;
        let mut seen = BTreeSet::new();
        let mut perhaps = false;
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) || seen.len() > MEMBERS_MAX {
                continue;
            }
            if let Some(group) = self.service_groups.get(name) {
                waiting.extend(group.get("member").map(|(_, members)| members).unwrap_or_default());
                continue;
            }
            let fits = match self.services.get(name) {
                Some(service) => custom(service, protocol),
                None => predefined(name, protocol),
            };
            match fits {
                Some(true) => return Some(true),
                Some(false) => {}
                None => perhaps = true,
            }
        }
        perhaps.then_some(false)
    }
}

/// A port of a service of the device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Tcp(u16),
    Udp(u16),
}

/// Services that come with the device, as the address in front of them is written in a policy.
fn predefined(name: &str, port: Port) -> Option<bool> {
    let known = match name {
        "ALL" => return Some(true),
        "ALL_TCP" => return Some(matches!(port, Port::Tcp(_))),
        "ALL_UDP" => return Some(matches!(port, Port::Udp(_))),
        "HTTPS" => [Port::Tcp(443)].as_slice(),
        "HTTP" => &[Port::Tcp(80)],
        "SSH" => &[Port::Tcp(22)],
        "TELNET" => &[Port::Tcp(23)],
        "IKE" => &[Port::Udp(500), Port::Udp(4500)],
        "PPTP" => &[Port::Tcp(1723)],
        "L2TP" => &[Port::Tcp(1701), Port::Udp(1701)],
        "PING" | "SNMP" | "DNS" | "NTP" | "ALL_ICMP" | "ALL_ICMP6" | "BGP" | "OSPF" | "ESP" | "GRE" | "AH" | "RIP"
        | "DHCP" => &[],
        _ => return None,
    };
    Some(known.contains(&port))
}

/// `set tcp-portrange 10443 8443-8450:1024-65535`.
fn custom(service: &Object<'_>, port: Port) -> Option<bool> {
    if service.is("protocol", "IP") {
        return Some(service.one("protocol-number").is_none_or(|(_, number)| number == "0"));
    }
    let (key, wanted) = match port {
        Port::Tcp(port) => ("tcp-portrange", port),
        Port::Udp(port) => ("udp-portrange", port),
    };
    let Some((_, ranges)) = service.get(key) else { return Some(false) };
    for range in ranges {
        let range = range.split(':').next().unwrap_or_default();
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        if low.parse::<u16>().ok()? <= wanted && wanted <= high.parse::<u16>().ok()? {
            return Some(true);
        }
    }
    Some(false)
}

fn source(object: &Object<'_>) -> From {
    if let Some((_, subnet)) = object.get("subnet") {
        return span(&subnet).map_or(From::Unclear, From::Span);
    }
    if let (Some((_, start)), Some((_, end))) = (object.one("start-ip"), object.one("end-ip")) {
        return reach::span(&format!("{start}-{end}")).map_or(From::Unclear, From::Span);
    }
    match object.one("fqdn") {
        Some((_, name)) => From::Named(draft::word(name)),
        // By country, by tag, by a fabric connector: whom that lets in, the file does not say.
        None => From::Unclear,
    }
}

/// `192.0.2.0 255.255.255.0` or `192.0.2.0/24`.
pub(super) fn span(words: &[&str]) -> Option<Span> {
    match words {
        [address, mask] => reach::masked(address.parse().ok()?, mask.parse().ok()?),
        [one] => reach::span(one),
        _ => None,
    }
}

/// Role `wan`, an address from a provider, a default route, a member of an SD-WAN.
fn outside<'l>(tree: &Tree<'l>, interfaces: &BTreeMap<&'l str, &Object<'l>>) -> BTreeMap<&'l str, u32> {
    let mut outside = BTreeMap::new();
    for (name, object) in interfaces {
        let role = object.one("role");
        let taken = object.one("mode").filter(|(_, mode)| ["pppoe", "dhcp"].contains(mode));
        let named = name.starts_with("wan") || name.starts_with("wwan") || name.starts_with("ppp");
        match (role, taken) {
            (Some((line, "wan")), _) => outside.insert(*name, line),
            (Some((_, "lan" | "dmz")), _) => None,
            (_, Some((line, _))) => outside.insert(*name, line),
            _ if named => outside.insert(*name, object.line),
            _ => None,
        };
    }
    for route in tree.all("router static") {
        let default = route.get("dst").is_none_or(|(_, dst)| span(&dst) == Some(EVERYWHERE));
        if let (true, Some((line, device))) = (default && !route.is("blackhole", "enable"), route.one("device")) {
            outside.entry(device).or_insert(line);
        }
    }
    for path in ["system sdwan/members", "system virtual-wan-link/members"] {
        for member in tree.all(path) {
            if let Some((line, name)) = member.one("interface") {
                outside.entry(name).or_insert(line);
            }
        }
    }
    let tunnels: BTreeSet<&str> = tree.all("vpn ipsec phase1-interface").iter().map(|phase| phase.name).collect();
    outside.retain(|name, _| !tunnels.contains(name));
    outside
}

/// Fills the management plane.
pub(super) fn management(tree: &Tree<'_>, places: &Places<'_, '_>, reading: &mut DeviceReading) {
    let accounts = tree.all("system admin");
    reading.administrators = tree.has("system admin").then(|| u32::try_from(accounts.len()).unwrap_or(u32::MAX));
    let (four, six) = (hosts(accounts, "trusthost"), hosts(accounts, "ip6-trusthost"));
    let global = tree.settings("system global").next();
    let port = |key: &str, default: u16| {
        global.and_then(|global| global.one(key)).and_then(|(_, port)| port.parse().ok()).unwrap_or(default)
    };
    let services = [
        ("https", port("admin-sport", 443)),
        ("http", port("admin-port", 80)),
        ("ssh", port("admin-ssh-port", 22)),
        ("telnet", port("admin-telnet-port", 23)),
    ];
    let mut plane: Option<Access> = None;
    for (name, line) in &places.outside {
        let Some(interface) = places.interfaces.get(name) else {
            let gone = ground(*line, format!("{name} の設定がありません"), format!("{name} is not in the file"));
            plane = Some(plane.map_or(Access::unknown(gone.clone()), |plane| plane.or(Access::unknown(gone))));
            continue;
        };
        if interface.is("status", "down") {
            continue;
        }
        let (line, offered) = interface.get("allowaccess").unwrap_or((interface.line, Vec::new()));
        let six_offered = tree.all("system interface/ipv6").iter().find(|six| six.within == *name);
        let six_offered = six_offered.and_then(|six| six.get("ip6-allowaccess"));
        for (service, port) in services {
            if offered.contains(&service) {
                let access = places.local_in(name, Port::Tcp(port), four.clone());
                reading.ways_in.push(way(name, service, line, access.clone()));
                plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
            }
            if let Some((line, _)) = six_offered.as_ref().filter(|(_, offered)| offered.contains(&service)) {
                let mut access = six.clone();
                access.because.push(ground(
                    *line,
                    format!("{name} は IPv6 でも {service} を受け付けます"),
                    format!("{name} offers {service} over IPv6, too"),
                ));
                plane = Some(plane.map_or(access.clone(), |plane| plane.or(access)));
            }
        }
    }
    let nothing = || {
        absence(
            "外側のインターフェースで管理アクセス（allowaccess）を許していません",
            "no interface outside allows management (allowaccess)",
        )
    };
    let access = match plane {
        Some(plane) => plane,
        None if places.outside.is_empty() && matches!(four.reach, Reach::Named(_)) => four,
        None if places.outside.is_empty() => Access::unknown(absence(
            "外側のインターフェースがどれか、この設定から分かりません",
            "the configuration does not show which interface looks outside",
        )),
        None => Access::nobody(nothing()),
    };
    reading.management = access.restriction();
}

fn way(interface: &str, service: &str, line: u32, access: Access) -> daicho_schemas::fact::device::WayIn {
    let mut way =
        draft::way(&format!("interface {interface} {service}"), WayInSort::Management, service, FarEnd::Unknown);
    let why = ground(line, format!("{interface} で {service} を許しています"), format!("{interface} allows {service}"));
    way.enabled = draft::yes(why);
    way.interface = Some(draft::word(interface));
    way.restriction = access.restriction();
    way
}

/// The union over all administrators: who has no trusted host comes from anywhere.
fn hosts(accounts: &[Object<'_>], key: &str) -> Access {
    let mut sum: Option<Access> = None;
    for account in accounts {
        let name = draft::word(account.name);
        let mut names = BTreeSet::new();
        let (mut line, mut open, mut unclear) = (account.line, false, false);
        for (at, _, words) in account.keys(key) {
            line = at;
            match span(&words) {
                Some((start, end)) if end - start >= 1 << 31 => open = true,
                // An unused place in the list is printed as 0.0.0.0/32 by some versions.
                Some((0, 0)) => {}
                Some(span) => {
                    names.insert(reach::shown(span));
                }
                None if words.first().is_some_and(|word| word.starts_with("::/0")) => open = true,
                None if words.first().is_some_and(|word| word.contains(':')) => {
                    names.extend(words.first().map(|word| draft::word(word)));
                }
                None => unclear = true,
            }
        }
        let access = if open || (names.is_empty() && !unclear) {
            Access::anyone(ground(
                line,
                format!("管理者 {name} には接続元の限定（{key}）がありません"),
                format!("administrator {name} is not tied to trusted hosts ({key})"),
            ))
        } else if unclear {
            Access::unknown(ground(
                line,
                format!("管理者 {name} の接続元を読み取れません"),
                format!("the hosts of administrator {name} are not understood"),
            ))
        } else {
            Access::named(
                names,
                ground(
                    line,
                    format!("管理者 {name} は接続元を限っています"),
                    format!("administrator {name} is tied to trusted hosts"),
                ),
            )
        };
        sum = Some(sum.map_or(access.clone(), |sum| sum.or(access)));
    }
    sum.unwrap_or_else(|| {
        Access::unknown(absence(
            "管理者の設定（system admin）がファイルにありません",
            "the file holds no administrators (system admin)",
        ))
    })
}
