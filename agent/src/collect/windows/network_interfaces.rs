//! Network adapters of Windows by their driver's key: which are physical, which are of a VPN, and how people named them.
//! It does not know which are up or what addresses they have, nor hardware addresses, which only the running machine tells.
//! Invariant: the sort follows from the interface type that the driver registered, and for tunnels from the driver's own `ComponentId`.
//!
//! Microsoft, "Installation of Network Components": the class `{4d36e972-e325-11ce-bfc1-08002be10318}`; `Characteristics` bit 0x8 hides what is
//! part of Windows (`WAN Miniport`); `*IfType` is the interface type of IANA: 6 Ethernet, 23 PPP, 71 wireless, 131 tunnel, 243 and 244 mobile.

use super::super::{Collected, Collector, Gather};
use super::devices;
use crate::access::registry::{RegistryKey, folded};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{InterfaceKind, NetworkInterface, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

/// One key for each adapter that has, or had, a driver.
const ADAPTERS: &str = "HKLM/SYSTEM/CurrentControlSet/Control/Class/{4d36e972-e325-11ce-bfc1-08002be10318}";
/// How people named each.
pub(super) const CONNECTIONS: &str =
    "HKLM/SYSTEM/CurrentControlSet/Control/Network/{4d36e972-e325-11ce-bfc1-08002be10318}";

/// `NCF_HIDDEN`.
const IS_HIDDEN: u64 = 0x8;

/// Drivers of tunnels, by the beginning of their `ComponentId` in lower case and without `root\`: as their makers' INF files name them.
const TUNNELS: [(&str, InterfaceKind); 12] = [
    ("tap0901", InterfaceKind::Tap),
    ("tapoas", InterfaceKind::Tap),
    ("tapnordvpn", InterfaceKind::Tap),
    ("zttap300", InterfaceKind::Tap),
    ("ovpn-dco", InterfaceKind::Tun),
    ("wintun", InterfaceKind::Tun),
    ("wireguard", InterfaceKind::Wireguard),
    ("vpnva", InterfaceKind::Tun),
    ("pangp", InterfaceKind::Tun),
    ("ftvnic", InterfaceKind::Tun),
    ("jnprva", InterfaceKind::Tun),
    ("neo_", InterfaceKind::Tap),
];

/// Collects network adapters.
pub(in crate::collect) struct NetworkInterfacesCollector;

impl Collector for NetworkInterfacesCollector {
    fn id(&self) -> &'static str {
        "network_interfaces"
    }

    fn about(&self) -> Text {
        Text::new(
            "ネットワークアダプターの種類（VPN・トンネルを含む）とそのドライバー",
            "network adapters, their sort (VPN and tunnels included) and driver",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "MAC アドレスは不明。取り外したかどうか分からないものを含む",
            "no hardware addresses; adapters of which nothing says whether they were taken out are included",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            ADAPTERS,
            "HKLM/SYSTEM/CurrentControlSet/Control/Class/{4d36e972-e325-11ce-bfc1-08002be10318}/*",
            "HKLM/SYSTEM/CurrentControlSet/Control/Network/{4d36e972-e325-11ce-bfc1-08002be10318}/*/Connection",
            devices::ENUM,
            "HKLM/SYSTEM/CurrentControlSet/Enum/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/*/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/*/*/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/*/*/*/Properties/{83da6326-97a6-4088-9453-a1923f573b29}/*",
            devices::ROOT_ARRIVAL,
            devices::SERVED,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[ADAPTERS]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Some(list) = gather.key(host, ADAPTERS) else {
            let text =
                "the registry has no list of network adapters; if this is a Windows, its SYSTEM hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, ADAPTERS, text));
        };
        let gone = devices::gone(&mut gather, host, |device| device.is_of(devices::class::NETWORK));
        let gone: BTreeSet<String> = gone.iter().filter_map(|device| device.text("Driver").map(folded)).collect();
        // Beside the adapters, which have four digits, lie keys of the class itself.
        for number in list.keys.iter().filter(|name| name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_digit()))
        {
            let place = format!("{ADAPTERS}/{number}");
            if gone.contains(&folded(&format!("{}\\{number}", devices::class::NETWORK))) {
                continue;
            }
            let Some(adapter) = gather.subkey(host, &place) else { continue };
            if adapter.number("Characteristics").is_some_and(|bits| bits & IS_HIDDEN != 0) {
                continue;
            }
            let Some(description) = gather.registry_text(&place, &adapter, "DriverDesc") else { continue };
            let connection = adapter.text("NetCfgInstanceId").map(|id| format!("{CONNECTIONS}/{id}/Connection"));
            let named = connection.and_then(|place| {
                let connection = gather.subkey(host, &place)?;
                gather.registry_text(&place, &connection, "Name")
            });
            let component = gather.registry_text(&place, &adapter, "ComponentId");
            let seen = NetworkInterface {
                interface_kind: kind_of(&adapter, component.as_deref(), &description),
                name: named.unwrap_or(description),
                mac: None,
                driver: component,
                member_of: None,
                stands_on: Vec::new(),
            };
            gather.item(ADAPTERS, Observation::NetworkInterface(seen));
        }
        gather.finish()
    }
}

fn kind_of(adapter: &RegistryKey, component: Option<&str>, description: &str) -> InterfaceKind {
    let component = component.unwrap_or_default().to_ascii_lowercase();
    let bare = component.strip_prefix("root\\").unwrap_or(&component);
    if let Some((_, kind)) = TUNNELS.iter().find(|(start, _)| bare.starts_with(start)) {
        return kind.clone();
    }
    match adapter.number("*IfType") {
        Some(6) => InterfaceKind::Ethernet,
        Some(23) => InterfaceKind::Ppp,
        Some(24) => InterfaceKind::Loopback,
        Some(71) => InterfaceKind::Wireless,
        Some(131) => InterfaceKind::KernelTunnel,
        Some(243 | 244) => InterfaceKind::Wwan,
        Some(other) => InterfaceKind::Other(format!("IfType {other}")),
        None => InterfaceKind::Other(description.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&NetworkInterfacesCollector, &["server_2022"]);
        let names: Vec<_> = all["server_2019"].items.iter().map(Observation::key).collect();
        assert_eq!(names, ["業務LAN"], "one was taken out");
        let kinds = all["windows_11"].items.iter().map(|item| match item {
            Observation::NetworkInterface(seen) => (seen.name.as_str(), &seen.interface_kind),
            _ => unreachable!(),
        });
        let kinds: Vec<_> = kinds.collect();
        assert_eq!(
            kinds,
            [
                ("OpenVPN TAP-Windows6", &InterfaceKind::Tap),
                ("Wi-Fi", &InterfaceKind::Wireless),
                ("WireGuard Tunnel", &InterfaceKind::Wireguard),
                ("携帯電話", &InterfaceKind::Wwan),
            ]
        );
    }
}
