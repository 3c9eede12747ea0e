//! Where a Windows stands in its network, by its settings: addresses, ways out, resolvers, the DHCP server, permanent routes, forwarding.
//! It does not know routes that are in effect, addresses that programs set, or settings of IPv6: only the running machine's own calls tell them.
//! Invariant: settings of an adapter that is not there are not told; an address of DHCP is the last one that was given.
//!
//! Microsoft, "TCP/IP and NBT configuration parameters for Windows XP" (the same keys today): `Tcpip\Parameters\Interfaces\{…}` and
//! `PersistentRoutes`, whose values' names are `destination,mask,next hop,metric`.

use super::super::network_place::part;
use super::super::{Collected, Collector, Gather};
use super::adapters::{self, Adapter};
use crate::access::registry::RegistryKey;
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{NetworkPlace, Observation, PlacePart};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

const PARAMETERS: &str = "HKLM/SYSTEM/CurrentControlSet/Services/Tcpip/Parameters";
const INTERFACES: &str = "HKLM/SYSTEM/CurrentControlSet/Services/Tcpip/Parameters/Interfaces";
const ROUTES: &str = "HKLM/SYSTEM/CurrentControlSet/Services/Tcpip/Parameters/PersistentRoutes";
/// Parts in all; a host has a dozen.
const PARTS_MAX: usize = 1000;

/// Collects the place in the network.
pub(in crate::collect) struct NetworkPlaceCollector;

impl Collector for NetworkPlaceCollector {
    fn id(&self) -> &'static str {
        "network_place"
    }

    fn about(&self) -> Text {
        Text::new(
            "アドレス、デフォルトゲートウェイ、固定の経路、名前解決の問い合わせ先、DHCP サーバー、中継の有無（設定による）",
            "addresses, gateways, permanent routes, resolvers, the DHCP server, forwarding, as they are set",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "有効な経路の一覧、VPN ソフトウェアの設定したアドレス、IPv6 は不明",
            "routes that are in effect, addresses that VPN software sets, and IPv6 are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| {
            let own = [PARAMETERS, "HKLM/SYSTEM/CurrentControlSet/Services/Tcpip/Parameters/Interfaces/*", ROUTES];
            [own.as_slice(), &adapters::PLACES].concat()
        });
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PARAMETERS, INTERFACES, ROUTES]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Some(all) = gather.key(host, PARAMETERS) else {
            let text = "the registry has no settings of TCP/IP; if this is a Windows, its SYSTEM hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, PARAMETERS, text));
        };
        let mut parts = BTreeMap::new();
        if all.number("IPEnableRouter") == Some(1) {
            add(&mut parts, part(PlacePart::Forwarding, "ipv4"));
        }
        resolvers(&all, &mut parts);
        if let Some(routes) = gather.key(host, ROUTES) {
            for (name, _) in &routes.values {
                match route(name) {
                    Some(route) => add(&mut parts, route),
                    None => {
                        let text = "a permanent route is written in a form that is not known; it is not listed";
                        gather.miss(Trouble::new(TroubleKind::Malformed, ROUTES, text));
                    }
                }
            }
        }
        match adapters::read(&mut gather, host) {
            Ok(adapters) => adapters.iter().for_each(|adapter| interface(&mut gather, host, adapter, &mut parts)),
            Err(trouble) => gather.miss(trouble),
        }
        if parts.len() > PARTS_MAX {
            gather.miss_rest(INTERFACES);
        }
        for (_, one) in parts.into_iter().take(PARTS_MAX) {
            gather.item(PARAMETERS, Observation::NetworkPlace(one));
        }
        gather.finish()
    }
}

fn add(parts: &mut BTreeMap<String, NetworkPlace>, part: NetworkPlace) {
    parts.insert(part.key(), part);
}

/// What is set for one adapter, by people or by DHCP.
fn interface(gather: &mut Gather, host: &dyn Host, adapter: &Adapter, parts: &mut BTreeMap<String, NetworkPlace>) {
    let Some(connection) = &adapter.connection else { return };
    let Some(key) = gather.subkey(host, &format!("{INTERFACES}/{connection}")) else { return };
    let here = |part: NetworkPlace| NetworkPlace { interface: Some(adapter.name.clone()), ..part };
    let is_dhcp = key.number("EnableDHCP") == Some(1);
    let (address, mask, gateway) = match is_dhcp {
        true => ("DhcpIPAddress", "DhcpSubnetMask", "DhcpDefaultGateway"),
        false => ("IPAddress", "SubnetMask", "DefaultGateway"),
    };
    for (address, mask) in key.texts(address).iter().zip(key.texts(mask)) {
        let found = told_address(address).zip(mask.trim().parse().ok().and_then(prefix));
        parts.extend(found.map(|(address, bits)| {
            let part = here(part(PlacePart::Address, format!("{address}/{bits}")));
            (part.key(), part)
        }));
    }
    for gateway in key.texts(gateway).into_iter().filter_map(told_address) {
        add(parts, here(NetworkPlace { via: Some(gateway.to_string()), ..part(PlacePart::Route, "default") }));
    }
    if let Some(server) = key.text("DhcpServer").filter(|_| is_dhcp).and_then(told_address) {
        add(parts, here(part(PlacePart::DhcpServer, server.to_string())));
    }
    resolvers(&key, parts);
}

/// Resolvers that people set go before those of DHCP.
fn resolvers(key: &RegistryKey, parts: &mut BTreeMap<String, NetworkPlace>) {
    let servers = key.text("NameServer").or_else(|| key.text("DhcpNameServer")).unwrap_or_default();
    for server in servers.split([',', ' ']).filter_map(|server| server.trim().parse::<IpAddr>().ok()) {
        add(parts, part(PlacePart::Resolver, server.to_string()));
    }
}

/// An address that stands for a host: 0.0.0.0 is what an adapter without any has, and 255.255.255.255 a server that nobody knows.
fn told_address(text: &str) -> Option<Ipv4Addr> {
    let address = text.trim().parse::<Ipv4Addr>().ok()?;
    (!address.is_unspecified() && !address.is_broadcast()).then_some(address)
}

/// How many bits a mask has; none of a mask with a hole.
fn prefix(mask: Ipv4Addr) -> Option<u32> {
    let bits = mask.to_bits();
    (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| bits.leading_ones())
}

/// `10.0.0.0,255.0.0.0,192.0.2.1,1`.
fn route(name: &str) -> Option<NetworkPlace> {
    let mut fields = name.split(',').map(|field| field.trim().parse::<Ipv4Addr>());
    let (to, mask, via) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    let value = match prefix(mask)? {
        0 => "default".to_owned(),
        bits => format!("{to}/{bits}"),
    };
    Some(NetworkPlace { via: Some(via.to_string()), ..part(PlacePart::Route, value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&NetworkPlaceCollector, &["server_2022"]);
        let keys: Vec<_> = all["server_2019"].items.iter().map(Observation::key).collect();
        assert_eq!(
            keys,
            [
                "address 192.0.2.10/24 業務LAN",
                "forwarding ipv4",
                "resolver 192.0.2.53",
                "route 198.51.100.0/24 192.0.2.254",
                "route default 業務LAN 192.0.2.1",
            ],
            "nothing of the adapter that was taken out"
        );
        let text = format!("{:?}", all["windows_11"]);
        assert!(text.contains("203.0.113.7/24") && text.contains("DhcpServer"), "{text}");
    }

    #[test]
    fn masks_and_routes_are_read_as_they_are_written() {
        let mask = |text: &str| prefix(text.parse().unwrap());
        assert_eq!((mask("255.255.255.0"), mask("0.0.0.0"), mask("255.255.255.255")), (Some(24), Some(0), Some(32)));
        assert_eq!(mask("255.0.255.0"), None);
        assert_eq!(route("0.0.0.0,0.0.0.0,192.0.2.1,-1").unwrap().key(), "route default 192.0.2.1");
        for odd in ["", "10.0.0.0", "10.0.0.0,255.0.255.0,192.0.2.1,1", "a,b,c,d"] {
            assert_eq!(route(odd), None, "{odd}");
        }
    }
}
