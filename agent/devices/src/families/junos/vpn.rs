//! VPN of a Junos device: IKE gateways to sites and for people, GRE and IP tunnels, mobile lines.
//! It does not know keys, and looks at none; users whom a RADIUS server knows are not counted.
//! Invariant: a gateway with a fixed address takes that far end only; a dynamic one is what zone and filters make of it.

use super::filters::{self, Service};
use super::management::takes;
use super::places::Config;
use super::{unclear, word};
use crate::draft::{self, absence, ground};
use crate::reach::Access;
use crate::tree::At;
use daicho_schemas::fact::device::{Answered, DeviceReading, FarEnd, WayIn, WayInSort};

/// Adds every VPN.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    let gateways = config.root.get("security ike gateway");
    for gateway in gateways.into_iter().flat_map(At::all).take(2000) {
        reading.ways_in.push(ike(config, gateway));
    }
    for port in config.root.below("interfaces") {
        let sort = match port.word() {
            name if name.starts_with("gr-") => "gre",
            name if name.starts_with("ip-") => "ipip",
            name if name.starts_with("cl-") => {
                reading.ways_in.push(mobile(port));
                continue;
            }
            _ => continue,
        };
        for unit in port.below("unit").filter(|unit| unit.has("tunnel destination")).take(2000) {
            reading.ways_in.push(tunnel(port, unit, sort));
        }
    }
}

/// What uses a gateway.
fn users_of<'a, 't>(config: &Config<'a, 't>, gateway: At<'a, 't>) -> Vec<At<'a, 't>> {
    let vpns = config.root.get("security ipsec vpn").into_iter().flat_map(At::all);
    vpns.filter(|vpn| vpn.first("ike gateway").is_some_and(|at| at.word() == gateway.word())).collect()
}

/// The client profile that lets people in by a VPN: `dynamic-vpn`, `remote-access`.
fn people_by<'a, 't>(config: &Config<'a, 't>, vpns: &[At<'a, 't>]) -> Option<(At<'a, 't>, &'static str)> {
    let uses =
        |at: &At<'_, '_>| at.first("ipsec-vpn").is_some_and(|name| vpns.iter().any(|vpn| vpn.word() == name.word()));
    let old = config.root.below("security dynamic-vpn clients").find(uses);
    let new = config.root.below("security remote-access profile").find(uses);
    old.map(|at| (at, "dynamic-vpn")).or(new.map(|at| (at, "remote-access")))
}

fn ike(config: &Config<'_, '_>, gateway: At<'_, '_>) -> WayIn {
    let vpns = users_of(config, gateway);
    let client = people_by(config, &vpns);
    let profile = gateway
        .first("aaa access-profile")
        .or(gateway.first("xauth access-profile"))
        .or(client.and_then(|(at, _)| at.first("access-profile")))
        .or(client.and_then(|_| config.root.first("security dynamic-vpn access-profile")));
    let address = gateway.first("address");
    let dynamic = gateway.get("dynamic");
    let far = match (address, dynamic) {
        (Some(at), _) if at.word().parse::<std::net::IpAddr>().is_ok() => FarEnd::Address(word(at)),
        (Some(at), _) => FarEnd::Name(word(at)),
        (None, Some(_)) => FarEnd::Anyone,
        (None, None) => FarEnd::Unknown,
    };
    let people = far == FarEnd::Anyone && (profile.is_some() || client.is_some());
    let technology = match gateway.first("version").map(At::word) {
        Some("v2-only") => "ipsec-ikev2",
        Some("v1-only") => "ipsec-ikev1",
        _ => "ipsec",
    };
    let sort = if people { WayInSort::RemoteAccess } else { WayInSort::SiteToSite };
    let mut way = draft::way(&format!("ike gateway {}", word(gateway)), sort, technology, far.clone());
    way.enabled = enabled(gateway, &vpns);
    let interface = gateway.first("external-interface");
    way.interface = interface.map(word);
    let inside = vpns.iter().flat_map(|vpn| vpn.below("traffic-selector").filter_map(|ts| ts.first("local-ip")));
    way.inside =
        inside.chain(client.into_iter().flat_map(|(at, _)| at.below("remote-protected-resources"))).map(word).collect();
    way.restriction = match (&far, address, interface) {
        (FarEnd::Address(_) | FarEnd::Name(_), Some(line), _) => Access::named(
            gateway.below("address").map(word),
            ground(line.line(), "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        (FarEnd::Anyone, _, Some(interface)) => dialled(config, interface),
        _ => unclear(gateway.line(), "相手かインターフェースが書かれていません", "no far end or no interface is named"),
    }
    .restriction();
    if people {
        (way.users, way.second_factor) = accounts(config, profile);
    } else {
        way.second_factor = draft::not_applicable();
    }
    way
}

fn enabled(gateway: At<'_, '_>, vpns: &[At<'_, '_>]) -> Answered {
    if gateway.is_off() {
        return draft::no(ground(gateway.line(), "無効にしてあります（inactive）", "it is switched off (inactive)"));
    }
    match vpns.iter().find(|vpn| !vpn.is_off()).or(vpns.first()) {
        Some(vpn) if vpn.is_off() => draft::no(ground(
            vpn.line(),
            "これを使う VPN は無効にしてあります（inactive）",
            "the VPN that uses it is switched off (inactive)",
        )),
        Some(vpn) => draft::yes(ground(vpn.line(), "この VPN が使います", "this VPN uses it")),
        None => {
            draft::unknown(ground(gateway.line(), "これを使う VPN が見当たりません", "no VPN is seen that uses it"))
        }
    }
}

/// Who may knock on a gateway that takes anybody.
fn dialled(config: &Config<'_, '_>, interface: At<'_, '_>) -> Access {
    match takes(config, interface.word(), "ike") {
        Some(_) => filters::own(config, interface.word(), interface.line(), Service { protocol: "udp", port: 500 }),
        None if config.zone(interface.word()).is_some() => Access::nobody(ground(
            interface.line(),
            "このインターフェースのゾーンは ike を受け付けません",
            "the zone of this interface does not take ike",
        )),
        None => unclear(
            interface.line(),
            "インターフェースのゾーンが分かりません",
            "the zone of the interface is not known",
        ),
    }
}

/// Clients of an access profile, when it is the device that knows them.
fn accounts(config: &Config<'_, '_>, profile: Option<At<'_, '_>>) -> (Option<u32>, Answered) {
    let known = profile.and_then(|name| config.root.get("access profile")?.named(name.word()));
    let Some(known) = known else {
        let why = absence("利用者の登録が見当たりません", "no users are seen");
        return (None, draft::unknown(why));
    };
    let order: Vec<&str> = known.below("authentication-order").map(At::word).collect();
    let elsewhere = order.iter().any(|how| *how != "password" && *how != "none") || known.has("radius-server");
    let users = known.below("client").count();
    if elsewhere || users == 0 {
        let why = ground(known.line(), "利用者は外部の認証サーバが知っています", "a server elsewhere knows the users");
        return (None, draft::unknown(why));
    }
    let why = ground(
        known.line(),
        "この装置の利用者は名前とパスワードで入ります。証明書を併せて求めるかは判断していません",
        "users of this device come in by name and password; whether a certificate is asked besides is not judged",
    );
    (u32::try_from(users).ok(), draft::unknown(why))
}

fn tunnel(port: At<'_, '_>, unit: At<'_, '_>, technology: &str) -> WayIn {
    let key = format!("interface {}.{}", word(port), word(unit));
    let destination = unit.first("tunnel destination");
    let far = destination.map_or(FarEnd::Unknown, |at| FarEnd::Address(word(at)));
    let mut way = draft::way(&key, WayInSort::SiteToSite, technology, far);
    way.enabled = draft::yes(ground(unit.line(), "設定されています", "it is configured"));
    way.interface = unit.first("tunnel source").map(word);
    if let Some(at) = destination {
        let why = ground(at.line(), "書かれた相手とだけつながります", "it takes the far end named here and no other");
        way.restriction = Access::named([word(at)], why).restriction();
    }
    way.second_factor = draft::not_applicable();
    way
}

fn mobile(port: At<'_, '_>) -> WayIn {
    let key = format!("interface {}", word(port));
    let mut way = draft::way(&key, WayInSort::MobileUplink, "lte", FarEnd::Unknown);
    way.enabled = draft::yes(ground(port.line(), "設定されています", "it is configured"));
    way.restriction.restricted = draft::unknown(absence(
        "モバイル回線側の制限は、契約とフィルタによります",
        "who reaches it over the mobile line depends on its contract and filters",
    ));
    way.second_factor = draft::not_applicable();
    way
}
