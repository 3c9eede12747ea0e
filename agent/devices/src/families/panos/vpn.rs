//! VPN of a PAN-OS firewall: GlobalProtect portals and gateways, IKE gateways.
//! It does not know keys, and looks at none; users whom a directory knows are not counted.
//! Invariant: a second factor is claimed only where a certificate and a password are both asked of everybody.
//!
//! That a certificate profile beside an authentication profile asks for both: Palo Alto Networks, "GlobalProtect Administrator's Guide"
//! 10.1, Remote Access VPN with Two-Factor Authentication.

use super::places::{Config, Target};
use super::word;
use crate::draft::{self, absence, ground};
use crate::reach::{self, Access};
use crate::tree::At;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeSet;

const GLOBAL_PROTECT: &[&str] = &["panos-global-protect", "ssl", "web-browsing"];
const IKE: &[&str] = &["ike", "ipsec"];

/// Adds every VPN.
pub(super) fn read(config: &Config<'_, '_>, reading: &mut DeviceReading) {
    for portal in config.everywhere("global-protect global-protect-portal") {
        let inner = portal.named("portal-config").unwrap_or(portal);
        reading.ways_in.push(global_protect(config, "global-protect-portal", portal, inner));
    }
    for gateway in config.everywhere("global-protect global-protect-gateway") {
        reading.ways_in.push(global_protect(config, "global-protect-gateway", gateway, gateway));
    }
    for gateway in config.all("network ike gateway").take(2000) {
        reading.ways_in.push(ike(config, gateway));
    }
}

fn global_protect(config: &Config<'_, '_>, sort: &str, at: At<'_, '_>, inner: At<'_, '_>) -> WayIn {
    let key = format!("{sort} {}", word(at));
    let mut way = draft::way(&key, WayInSort::RemoteAccess, "ssl-vpn", FarEnd::Anyone);
    way.enabled = if at.is("disabled", "yes") {
        draft::no(ground(at.line(), "無効です", "it is disabled"))
    } else {
        draft::yes(ground(at.line(), "設定されています", "it is configured"))
    };
    let own = inner.get("local-address").or(at.get("local-address"));
    let interface = own.and_then(|own| own.value("interface"));
    way.interface = interface.map(word);
    let literal = own.and_then(|own| own.value("ip ipv4").or(own.value("floating-ip ipv4")));
    let literal = literal.and_then(|ip| ip.word().split('/').next().and_then(reach::span));
    let access = match interface {
        Some(interface) => config.reach(
            &Target {
                zone: config.zone(interface.word()),
                addresses: literal.map_or_else(|| config.own(interface.word()), |own| vec![own]),
                ports: vec![("tcp", 443)],
                applications: GLOBAL_PROTECT,
            },
            None,
        ),
        None => Access::unknown(ground(
            at.line(),
            "待ち受けるインターフェースが書かれていません",
            "the interface it listens on is not written",
        )),
    };
    way.restriction = access.restriction();
    (way.users, way.second_factor) = people(config, inner);
    way
}

/// How many people the authentication profiles let in, and whether a certificate is asked besides.
fn people(config: &Config<'_, '_>, at: At<'_, '_>) -> (Option<u32>, Answered) {
    let mut users: BTreeSet<&str> = BTreeSet::new();
    let (mut counted, mut local, mut either, mut line) = (true, true, false, None);
    for client in at.below("client-auth") {
        either |= client.is("user-credential-or-client-cert-required", "yes");
        let profile = client.value("authentication-profile");
        line = line.or(profile.map(At::line));
        let profile = profile
            .and_then(|name| config.everywhere("authentication-profile").find(|profile| profile.word() == name.word()));
        let method = profile.and_then(|profile| profile.value("method"));
        if method.is_none_or(|method| method.word() != "local-database") {
            (counted, local) = (false, false);
            continue;
        }
        let allowed: Vec<&str> = profile.into_iter().flat_map(|at| at.below("allow-list")).map(At::word).collect();
        if allowed == ["all"] {
            users.extend(config.everywhere("local-user-database user").map(At::word));
        } else {
            let known = |name: &&str| config.everywhere("local-user-database user").any(|user| user.word() == *name);
            counted &= !allowed.is_empty() && allowed.iter().all(known);
            users.extend(allowed);
        }
    }
    let Some(line) = line else {
        return (None, draft::unknown(absence("利用者の認証方式が見当たりません", "how users are proved is not seen")));
    };
    let second = match at.value("certificate-profile").filter(|profile| profile.word() != "None") {
        Some(profile) if !either => draft::answered(
            Answer::Yes,
            ground(
                profile.line(),
                "認証プロファイルに加えて証明書を求めます",
                "it asks for a certificate besides the authentication profile",
            ),
        ),
        None if local => draft::no(ground(
            line,
            "ローカル利用者の名前とパスワードだけを求めます",
            "it asks local users for a name and a password only",
        )),
        _ => draft::unknown(ground(
            line,
            "外部の認証サーバが求めるものは分かりません",
            "what the authentication server asks is not known",
        )),
    };
    (u32::try_from(users.len()).ok().filter(|users| counted && *users > 0), second)
}

fn ike(config: &Config<'_, '_>, gateway: At<'_, '_>) -> WayIn {
    let peer = gateway.get("peer-address");
    let named = |key: &str| peer.and_then(|peer| peer.value(key));
    let far = match (named("ip"), named("fqdn"), peer.filter(|peer| peer.has("dynamic"))) {
        (Some(ip), ..) => FarEnd::Address(word(ip)),
        (_, Some(name), _) => FarEnd::Name(word(name)),
        (_, _, Some(_)) => FarEnd::Anyone,
        _ => FarEnd::Unknown,
    };
    let technology = match gateway.value("protocol version").map(At::word) {
        Some("ikev2") => "ipsec-ikev2",
        Some("ikev1") => "ipsec-ikev1",
        _ => "ipsec",
    };
    let key = format!("ike gateway {}", word(gateway));
    let mut way = draft::way(&key, WayInSort::SiteToSite, technology, far.clone());
    let tunnels: Vec<At<'_, '_>> = config
        .all("network tunnel ipsec")
        .filter(|tunnel| tunnel.below("auto-key ike-gateway").any(|at| at.word() == gateway.word()))
        .collect();
    way.enabled = match tunnels.iter().find(|tunnel| !tunnel.is("disabled", "yes")).or(tunnels.first()) {
        _ if gateway.is("disabled", "yes") => draft::no(ground(gateway.line(), "無効です", "it is disabled")),
        Some(tunnel) if tunnel.is("disabled", "yes") => draft::no(ground(
            tunnel.line(),
            "これを使うトンネルはすべて無効です",
            "every tunnel that uses it is disabled",
        )),
        Some(tunnel) => draft::yes(ground(tunnel.line(), "このトンネルが使います", "this tunnel uses it")),
        None => draft::unknown(ground(
            gateway.line(),
            "これを使うトンネルが見当たりません",
            "no tunnel is seen that uses it",
        )),
    };
    let inside = tunnels.iter().flat_map(|tunnel| tunnel.below("auto-key proxy-id")).filter_map(|id| id.value("local"));
    way.inside = inside.map(word).collect();
    let interface = gateway.value("local-address interface");
    way.interface = interface.map(word);
    let line = peer.map_or(gateway.line(), At::line);
    way.restriction = match (&far, interface) {
        (FarEnd::Address(far) | FarEnd::Name(far), _) => Access::named(
            [far.clone()],
            ground(line, "書かれた相手とだけつながります", "it takes the far end named here and no other"),
        ),
        (FarEnd::Anyone, Some(interface)) => config.reach(
            &Target {
                zone: config.zone(interface.word()),
                addresses: config.own(interface.word()),
                ports: vec![("udp", 500)],
                applications: IKE,
            },
            None,
        ),
        _ => Access::unknown(ground(line, "相手が書かれていません", "no far end is named")),
    }
    .restriction();
    way.second_factor = draft::not_applicable();
    way
}
