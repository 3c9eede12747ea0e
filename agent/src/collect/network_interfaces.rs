//! Network interfaces and what sort each is, from the kernel's files under /sys/class/net.
//! It does not know addresses, routes, peers or traffic, nor whether a tunnel was declared.
//! Invariant: up or down is not looked at; an interface of a sort not known here keeps the kernel's own word.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{InterfaceKind, NetworkInterface, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

const NET: &str = "/sys/class/net";
/// Interfaces on one host.
const INTERFACES_MAX: usize = 50_000;
/// Of one interface that is no bond and no bridge; more than one is rare.
const STANDS_ON_MAX: usize = 16;

/// Hardware types of the kernel (`include/uapi/linux/if_arp.h`).
mod arphrd {
    pub(super) const ETHER: u32 = 1;
    pub(super) const SLIP_TO_RSRVD: std::ops::RangeInclusive<u32> = 256..=260;
    pub(super) const PPP: u32 = 512;
    pub(super) const RAWIP: u32 = 519;
    pub(super) const TUNNEL: u32 = 768;
    pub(super) const TUNNEL6: u32 = 769;
    pub(super) const LOOPBACK: u32 = 772;
    pub(super) const SIT: u32 = 776;
    pub(super) const IPGRE: u32 = 778;
    pub(super) const IEEE80211: std::ops::RangeInclusive<u32> = 801..=803;
    pub(super) const IP6GRE: u32 = 823;
    pub(super) const NONE: u32 = 65_534;
}

/// `IFF_TUN` and `IFF_TAP` in `tun_flags` (`include/uapi/linux/if_tun.h`).
const TUN_FLAG: u32 = 0x1;

/// Drivers of modems that show themselves as a plain Ethernet adapter.
const MODEM_DRIVERS: &[&str] =
    &["cdc_mbim", "hso", "huawei_cdc_ncm", "iosm", "mhi_net", "mhi_wwan_mbim", "mtk_t7xx", "qmi_wwan", "sierra_net"];

/// Collects network interfaces.
pub(crate) struct NetworkInterfacesCollector;

impl Collector for NetworkInterfacesCollector {
    fn id(&self) -> &'static str {
        "network_interfaces"
    }

    fn about(&self) -> Text {
        Text::new(
            "ネットワークインターフェースの種類（VPN・トンネルを含む）",
            "network interfaces and their sort, tunnels included",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            NET,
            "/sys/class/net/*",
            "/sys/class/net/*/master",
            "/sys/class/net/*/type",
            "/sys/class/net/*/uevent",
            "/sys/class/net/*/tun_flags",
            "/sys/class/net/*/bridge",
            "/sys/class/net/*/bonding",
            "/sys/class/net/*/phy80211",
            "/sys/class/net/*/device/driver",
            "/sys/class/net/*/ifindex",
            "/sys/class/net/*/iflink",
            "/sys/class/net/*/address",
            "/sys/class/net/*/addr_assign_type",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:links"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "network interfaces are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, NET, text));
        }
        let listing = match host.list(NET, INTERFACES_MAX) {
            Ok(listing) => listing,
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(NET);
        if listing.cut {
            let text = format!("there are more than {INTERFACES_MAX} interfaces; the rest is not listed");
            gather.miss(Trouble::new(TroubleKind::TooLarge, NET, text));
        }
        for name in listing.names {
            collect_interface(&mut gather, host, name);
        }
        gather.finish_failed_when_empty()
    }
}

fn collect_interface(gather: &mut Gather, host: &dyn Host, name: String) {
    let folder = format!("{NET}/{name}");
    // `bonding_masters` is a file beside the interfaces; an interface that just went has no type any more.
    let Some(hardware_type) = gather.value(host, &format!("{folder}/type")) else { return };
    let Ok(hardware_type) = hardware_type.parse::<u32>() else {
        gather.miss(Trouble::new(TroubleKind::Malformed, format!("{folder}/type"), "the type is not a number"));
        return;
    };
    let driver = host.read_link(&format!("{folder}/device/driver")).ok();
    let driver = driver.and_then(|target| Some(target.rsplit('/').next()?.to_owned()));
    let interface_kind = kind_of(gather, host, &folder, hardware_type, driver.as_deref());
    let permanent = gather.value(host, &format!("{folder}/addr_assign_type")).as_deref() == Some("0");
    let mac = if permanent && interface_kind != InterfaceKind::Loopback {
        gather.value(host, &format!("{folder}/address")).filter(|mac| is_own_mac(mac))
    } else {
        None
    };
    let (member_of, stands_on) = (master(host, &folder), below(gather, host, &folder, &interface_kind));
    let interface = NetworkInterface { name, interface_kind, mac, driver, member_of, stands_on };
    gather.item(&folder, Observation::NetworkInterface(interface));
}

/// The bond, team, bridge or routing domain that the kernel links it to.
fn master(host: &dyn Host, folder: &str) -> Option<String> {
    let target = host.read_link(&format!("{folder}/master")).ok()?;
    target.rsplit('/').next().map(str::to_owned)
}

/// What it stands on (`lower_NAME`). The members of a bond or bridge name it themselves, so that it stays the same row when one
/// of a hundred ports comes or goes.
fn below(gather: &mut Gather, host: &dyn Host, folder: &str, kind: &InterfaceKind) -> Vec<String> {
    if matches!(kind, InterfaceKind::Bond | InterfaceKind::Bridge) {
        return Vec::new();
    }
    let names = host.list(folder, INTERFACES_MAX).map(|listing| listing.names).unwrap_or_default();
    let lower = names.iter().filter_map(|name| name.strip_prefix("lower_")).map(str::to_owned);
    gather.first_of(folder, lower.collect(), STANDS_ON_MAX)
}

/// Six bytes that are not all zero. Tunnels put their own IP address into the same file.
fn is_own_mac(mac: &str) -> bool {
    mac.len() == 17 && mac.bytes().any(|byte| !matches!(byte, b'0' | b':'))
}

fn kind_of(
    gather: &mut Gather,
    host: &dyn Host,
    folder: &str,
    hardware_type: u32,
    driver: Option<&str>,
) -> InterfaceKind {
    if let Some(flags) = gather.value(host, &format!("{folder}/tun_flags")) {
        let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or_default();
        return if flags & TUN_FLAG != 0 { InterfaceKind::Tun } else { InterfaceKind::Tap };
    }
    let uevent = gather.value(host, &format!("{folder}/uevent")).unwrap_or_default();
    let devtype = uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE="));
    if let Some(kind) = devtype.and_then(kind_of_devtype) {
        return kind;
    }
    if driver.is_some_and(|driver| MODEM_DRIVERS.contains(&driver)) {
        return InterfaceKind::Wwan;
    }
    match hardware_type {
        arphrd::LOOPBACK => InterfaceKind::Loopback,
        arphrd::PPP => InterfaceKind::Ppp,
        // SLIP in its variants: dial-up, the oldest way in.
        number if arphrd::SLIP_TO_RSRVD.contains(&number) => InterfaceKind::Ppp,
        arphrd::RAWIP => InterfaceKind::Wwan,
        arphrd::TUNNEL | arphrd::TUNNEL6 | arphrd::SIT | arphrd::IPGRE | arphrd::IP6GRE => InterfaceKind::KernelTunnel,
        // No link layer, no device and not a program's tun: XFRM, OpenVPN in the kernel and their like.
        arphrd::NONE => InterfaceKind::KernelTunnel,
        number if arphrd::IEEE80211.contains(&number) => InterfaceKind::Wireless,
        arphrd::ETHER => kind_of_ethernet(gather, host, folder, devtype, driver),
        other => InterfaceKind::Other(devtype.map_or_else(|| format!("arphrd {other}"), str::to_owned)),
    }
}

/// `DEVTYPE` of the kernel's drivers; `None` where it says no more than the hardware type.
fn kind_of_devtype(devtype: &str) -> Option<InterfaceKind> {
    Some(match devtype {
        "wireguard" => InterfaceKind::Wireguard,
        "wwan" => InterfaceKind::Wwan,
        "wlan" => InterfaceKind::Wireless,
        "bridge" => InterfaceKind::Bridge,
        "bond" => InterfaceKind::Bond,
        "vlan" => InterfaceKind::Vlan,
        "ppp" => InterfaceKind::Ppp,
        "vxlan" | "geneve" | "l2tpeth" | "gtp" | "bareudp" | "amt" | "ovpn" => InterfaceKind::KernelTunnel,
        _ => return None,
    })
}

fn kind_of_ethernet(
    gather: &mut Gather,
    host: &dyn Host,
    folder: &str,
    devtype: Option<&str>,
    driver: Option<&str>,
) -> InterfaceKind {
    for (name, kind) in
        [("bridge", InterfaceKind::Bridge), ("bonding", InterfaceKind::Bond), ("phy80211", InterfaceKind::Wireless)]
    {
        if host.exists(&format!("{folder}/{name}")) {
            return kind;
        }
    }
    if let Some(devtype) = devtype {
        return InterfaceKind::Other(devtype.to_owned());
    }
    if driver.is_some() {
        return InterfaceKind::Ethernet;
    }
    // The two numbers are volatile and are only compared: a virtual cable's other end has another number, and a layer-2
    // GRE tunnel that is bound to no adapter links to 0.
    let index = gather.value(host, &format!("{folder}/ifindex"));
    match gather.value(host, &format!("{folder}/iflink")) {
        Some(link) if link == "0" => InterfaceKind::KernelTunnel,
        link if link.is_some() && link != index => InterfaceKind::Veth,
        _ => InterfaceKind::Ethernet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let gateway = golden::running(&NetworkInterfacesCollector, "gateway", Machine::default());
        let collected = golden::check(&NetworkInterfacesCollector, "gateway", &gateway);
        assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
        golden::every_documented_place(&NetworkInterfacesCollector, &[&gateway]);
    }

    /// Every sort that may be a way in from outside is told apart from those that are not.
    #[test]
    fn ways_in_from_outside_are_seen_as_such() {
        let gateway = golden::running(&NetworkInterfacesCollector, "gateway", Machine::default());
        let items = NetworkInterfacesCollector.collect(&gateway).items;
        let remote: Vec<_> = items
            .into_iter()
            .filter_map(|item| match item {
                Observation::NetworkInterface(interface) if interface.interface_kind.may_be_remote_path() => {
                    Some(interface.name)
                }
                _ => None,
            })
            .collect();
        assert_eq!(remote, ["gretap0", "ppp0", "tap0", "tun0", "tunl0", "wg0", "wwan0", "xfrm0"]);
    }

    #[test]
    fn an_image_says_nothing_about_interfaces() {
        let image = RecordedHost::image(golden::fixtures("network_interfaces").join("gateway/root"));
        let collected = NetworkInterfacesCollector.collect(&image);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotObservable));
    }
}
