//! The router's own services: telnet, SSH, SFTP, the web pages, SNMP, TFTP; its accounts; its log.
//! It does not know passwords, and looks at none.
//! Invariant: a service of which neither state nor hosts are written is unknown, unless a filter lets nobody reach it.

use super::Config;
use super::filters::{Rules, Service, port};
use crate::draft::{self, absence, ground, silent};
use crate::reach::{self, Access};
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayInSort};
use std::collections::BTreeSet;

struct Served {
    name: &'static str,
    service: Option<&'static str>,
    host: &'static str,
    listen: &'static str,
    at: Service,
}

const SERVED: [Served; 6] = [
    Served {
        name: "telnet",
        service: Some("telnetd service"),
        host: "telnetd host",
        listen: "telnetd listen",
        at: Service::Tcp(23),
    },
    Served {
        name: "ssh",
        service: Some("sshd service"),
        host: "sshd host",
        listen: "sshd listen",
        at: Service::Tcp(22),
    },
    Served { name: "sftp", service: None, host: "sftpd host", listen: "sshd listen", at: Service::Tcp(22) },
    Served {
        name: "http",
        service: Some("httpd service"),
        host: "httpd host",
        listen: "httpd listen",
        at: Service::Tcp(80),
    },
    Served { name: "snmp", service: None, host: "snmp host", listen: "-", at: Service::Udp(161) },
    Served { name: "tftp", service: None, host: "tftp host", listen: "-", at: Service::Udp(69) },
];

/// Fills the management plane, accounts and logging.
pub(super) fn read(config: &Config<'_>, rules: &Rules<'_>, reading: &mut DeviceReading) {
    let maps = own_services_mapped(config);
    let mut plane: Option<Access> = None;
    for served in &SERVED {
        let (on, access) = access(config, rules, served, &maps);
        // What is not switched on and not switched off counts as it would be if it were on, and never as a sure no.
        if on.answer != Answer::No {
            let part = if on.answer == Answer::Unknown { access.clone().perhaps() } else { access.clone() };
            plane = Some(match plane {
                Some(plane) => plane.or(part),
                None => part,
            });
        }
        if on.answer == Answer::Yes && access.reach != reach::Reach::Nobody {
            let mut way =
                draft::way(&format!("{} service", served.name), WayInSort::Management, served.name, FarEnd::Unknown);
            way.enabled = on;
            way.restriction = access.restriction();
            way.second_factor = draft::not_applicable();
            reading.ways_in.push(way);
        }
    }
    let none = || absence("管理用のサービスはすべて止まっています", "every service for management is switched off");
    reading.management = plane.unwrap_or_else(|| Access::nobody(none())).restriction();
    accounts(config, reading);
    log(config, reading);
}

/// Descriptors that lead a port of management from outside to the router itself.
fn own_services_mapped(config: &Config<'_>) -> BTreeSet<String> {
    config
        .all("nat descriptor masquerade static")
        .filter_map(|(_, rest)| rest.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn access(config: &Config<'_>, rules: &Rules<'_>, served: &Served, maps: &BTreeSet<String>) -> (Answered, Access) {
    let on = state(config, served);
    let at = match (served.at, config.last(served.listen).and_then(|(_, rest)| port(rest.trim(), 0))) {
        (Service::Tcp(_), Some(port)) => Service::Tcp(port),
        (at, _) => at,
    };
    let hosts = hosts(config, served);
    let class = config.last("security class").filter(|(_, rest)| rest.starts_with('3'));
    if let (Some((line, _)), "telnet" | "ssh") = (class, served.name) {
        let why = ground(
            line,
            "セキュリティクラス 3 は telnet と SSH のログインを拒みます",
            "security class 3 refuses logins by telnet and SSH",
        );
        return (on, Access::nobody(why));
    }
    // An address that is let in by the service and cannot pass the filter is still not let in.
    let filters = rules.reach(at, maps);
    (on, hosts.and(filters))
}

fn state(config: &Config<'_>, served: &Served) -> Answered {
    let Some(service) = served.service else {
        // These run for the hosts that are named, and for nobody else.
        return match named_hosts(config, served) {
            Some((line, rest)) if rest.trim() == "none" => {
                draft::no(ground(line, "どのホストにも許していません", "no host is allowed"))
            }
            Some((line, _)) => draft::yes(ground(line, "許すホストが書かれています", "hosts are allowed")),
            None => draft::unknown(silent(served.host)),
        };
    };
    match config.last(service) {
        Some((line, "on")) => draft::yes(ground(
            line,
            format!("{} が動いています", served.name),
            format!("{} is switched on", served.name),
        )),
        Some((line, "off")) => draft::no(ground(
            line,
            format!("{} を止めています", served.name),
            format!("{} is switched off", served.name),
        )),
        _ => draft::unknown(silent(service)),
    }
}

/// `sshd host key generate …` holds a key and begins with the same words.
fn named_hosts<'l>(config: &Config<'l>, served: &Served) -> Option<(u32, &'l str)> {
    config.all(served.host).filter(|(_, rest)| !rest.starts_with("key")).last().map(|(known, rest)| (known.line, rest))
}

fn hosts(config: &Config<'_>, served: &Served) -> Access {
    let Some((line, rest)) = named_hosts(config, served) else { return Access::unknown(silent(served.host)) };
    let mut names = BTreeSet::new();
    for word in rest.split_whitespace().take(200) {
        match word {
            "any" => {
                return per_user(
                    config,
                    Access::anyone(ground(
                        line,
                        format!("{} はどのホストからも受け付けます", served.name),
                        format!("{} answers any host", served.name),
                    )),
                );
            }
            "none" => {
                return Access::nobody(ground(
                    line,
                    format!("{} はどのホストからも受け付けません", served.name),
                    format!("{} answers no host", served.name),
                ));
            }
            "-" => {}
            word => {
                names.insert(draft::word(word));
            }
        }
    }
    // SNMP takes a community after its host: only what is an address or an interface is looked at.
    let interface = |name: &str| {
        let digits = ["lan", "vlan", "bridge"].iter().find_map(|sort| name.strip_prefix(sort));
        digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit()))
    };
    names.retain(|name| reach::span(name).is_some() || interface(name));
    let why = ground(
        line,
        format!("{} は書かれたホストからだけ受け付けます", served.name),
        format!("{} answers only the hosts named here", served.name),
    );
    let wide = names.iter().filter_map(|name| reach::span(name)).any(|(start, end)| end - start >= 1 << 31);
    match (wide, names.is_empty()) {
        (true, _) => Access::anyone(why),
        (_, true) => Access::unknown(why),
        _ => Access::named(names, why),
    }
}

/// Accounts may be tied to hosts one by one; then `any` at the service is not the last word.
fn per_user(config: &Config<'_>, access: Access) -> Access {
    let tied = config.all("user attribute").find(|(_, rest)| {
        rest.split_whitespace().any(|word| word.strip_prefix("host=").is_some_and(|host| host != "any"))
    });
    match tied {
        Some((known, _)) => Access::unknown(ground(
            known.line,
            "利用者ごとの接続元の指定があり、すべての利用者に及ぶかは判断していません",
            "accounts are tied to hosts here; whether all of them are was not judged",
        )),
        None => access,
    }
}

fn accounts(config: &Config<'_>, reading: &mut DeviceReading) {
    let mut users: BTreeSet<&str> =
        config.all("login user").filter_map(|(_, rest)| rest.split_whitespace().next()).collect();
    if users.is_empty() {
        return;
    }
    for (_, rest) in config.all("user attribute") {
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default();
        if words.any(|word| word == "administrator=off") {
            users.remove(name);
        }
    }
    reading.administrators = u32::try_from(users.len()).ok();
}

fn log(config: &Config<'_>, reading: &mut DeviceReading) {
    match config.last("syslog host") {
        Some((line, rest)) => {
            reading.log_targets = rest.split_whitespace().take(20).map(draft::word).collect();
            reading.logs_elsewhere =
                draft::yes(ground(line, "syslog の送り先があります", "it sends syslog to another host"));
        }
        None => {
            reading.logs_elsewhere = draft::no(absence("syslog の送り先がありません", "no host is named for syslog"));
        }
    }
}
