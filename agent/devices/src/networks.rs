//! Interfaces and static routes put together: addresses with their prefix lengths, limits, and the words that IOS and its kin share.
//! It does not know which statements a maker's device has beyond those.
//! Invariant: an address without a prefix length is none, a description that speaks of a secret is left out, and what a limit
//! cuts away is told.

use crate::blocks::{Block, after};
use crate::draft;
use daicho_schemas::fact::device::{Answer, DeviceReading, GapSort};
use daicho_schemas::fact::device_networks::{
    DeviceInterface, DeviceNetworks, DeviceRoute, INTERFACE_ADDRESSES_MAX, INTERFACES_MAX, InterfaceRole, ROUTES_MAX,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address with its prefix length.
pub(crate) type Inet = (IpAddr, u8);

/// `192.0.2.1/24`, `192.0.2.1/255.255.255.0`, `2001:db8::1/64`.
pub(crate) fn inet(text: &str) -> Option<Inet> {
    let (address, bits) = text.trim().split_once('/')?;
    masked(address, bits)
}

/// An address with its mask, `255.255.255.0`, or its prefix length, `24`.
pub(crate) fn masked(address: &str, mask: &str) -> Option<Inet> {
    let address: IpAddr = address.trim().parse().ok()?;
    let bits = match mask.trim().parse::<Ipv4Addr>() {
        Ok(mask) if address.is_ipv4() => {
            let bits = u32::from(mask).leading_ones();
            (u32::from(mask).count_ones() == bits).then_some(u8::try_from(bits).ok()?)?
        }
        Ok(_) => return None,
        Err(_) => mask.trim().parse().ok()?,
    };
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

/// The network in which an address stands, as it is written in a reading.
pub(crate) fn network((address, bits): Inet) -> String {
    let shift = |width: u32| width - u32::from(bits).min(width);
    let first = match address {
        IpAddr::V4(own) => {
            IpAddr::V4(Ipv4Addr::from_bits(own.to_bits() & u32::MAX.checked_shl(shift(32)).unwrap_or(0)))
        }
        IpAddr::V6(own) => {
            IpAddr::V6(Ipv6Addr::from_bits(own.to_bits() & u128::MAX.checked_shl(shift(128)).unwrap_or(0)))
        }
    };
    format!("{first}/{bits}")
}

/// What somebody wrote about an interface. People write passwords there, too: what speaks of one is left out.
fn description(text: &str) -> Option<String> {
    const SECRETS: [&str; 12] =
        ["pass", "pwd", "secret", "key", "psk", "community", "token", "credential", "パスワード", "暗証", "秘密", "鍵"];
    let text = text.trim().trim_matches('"').trim();
    let lower = text.to_lowercase();
    (!text.is_empty() && !SECRETS.iter().any(|word| lower.contains(word))).then(|| draft::word(text))
}

/// More that can be said of an interface.
pub(crate) trait Say {
    /// An address with its prefix length. One that is not understood is there and not known.
    fn address(&mut self, inet: Option<Inet>);
    /// What somebody wrote about it.
    fn describe(&mut self, text: &str);
    /// Its VLAN.
    fn vlan(&mut self, id: &str);
    /// What it is for; what was said first stands.
    fn role(&mut self, role: InterfaceRole);
}

impl Say for DeviceInterface {
    fn address(&mut self, inet: Option<Inet>) {
        match inet {
            Some((address, _)) if address.is_unspecified() => {}
            // One more than are kept, so that the end sees that there are more.
            Some((address, bits)) if self.addresses.len() <= INTERFACE_ADDRESSES_MAX => {
                self.addresses.push(format!("{address}/{bits}"));
            }
            Some(_) => {}
            None => self.address_from_elsewhere = true,
        }
    }

    fn describe(&mut self, text: &str) {
        self.description = description(text);
    }

    fn vlan(&mut self, id: &str) {
        self.vlan = id.parse().ok().filter(|id| (1..=4094).contains(id)).or(self.vlan);
    }

    fn role(&mut self, role: InterfaceRole) {
        self.role.get_or_insert(role);
    }
}

/// What is gathered of one device.
pub(crate) struct Networks {
    interfaces: BTreeMap<String, DeviceInterface>,
    routes: BTreeSet<DeviceRoute>,
    /// What is said of an interface beyond the limit goes here and nowhere.
    spare: DeviceInterface,
    full: Option<u32>,
}

fn blank(name: &str, line: u32) -> DeviceInterface {
    DeviceInterface {
        name: name.to_owned(),
        description: None,
        addresses: Vec::new(),
        address_from_elsewhere: false,
        role: None,
        vlan: None,
        shut_down: Answer::Unknown,
        line,
    }
}

impl Networks {
    pub(crate) fn new() -> Self {
        Self { interfaces: BTreeMap::new(), routes: BTreeSet::new(), spare: blank("", 1), full: None }
    }

    /// The interface of this name; it is put there when it is new.
    pub(crate) fn interface(&mut self, name: &str, line: u32) -> &mut DeviceInterface {
        let name = draft::word(name.trim());
        let known = self.interfaces.contains_key(&name);
        if name.is_empty() || (!known && self.interfaces.len() >= INTERFACES_MAX) {
            if !name.is_empty() {
                self.full.get_or_insert(line);
            }
            return &mut self.spare;
        }
        self.interfaces.entry(name).or_insert_with_key(|name| blank(name, line))
    }

    /// A route to a network: the next hop is an address, and everything else is the name of an interface.
    pub(crate) fn route(&mut self, line: u32, to: Inet, hop: Option<&str>, interface: Option<&str>) {
        if self.routes.len() >= ROUTES_MAX {
            self.full.get_or_insert(line);
            return;
        }
        let address = hop.and_then(|hop| hop.parse::<IpAddr>().ok()).filter(|hop| !hop.is_unspecified());
        self.routes.insert(DeviceRoute {
            destination: network(to),
            next_hop: address.map(|hop| hop.to_string()),
            interface: interface.map(draft::word).filter(|name| !name.is_empty()),
            line,
        });
    }

    /// Puts them into the reading.
    pub(crate) fn end(self, reading: &mut DeviceReading) {
        let mut networks = DeviceNetworks {
            interfaces: self.interfaces.into_values().collect(),
            routes: self.routes.into_iter().collect(),
        };
        let mut full = self.full;
        for own in &mut networks.interfaces {
            own.addresses.sort();
            own.addresses.dedup();
            if own.addresses.len() > INTERFACE_ADDRESSES_MAX {
                own.addresses.truncate(INTERFACE_ADDRESSES_MAX);
                full.get_or_insert(own.line);
            }
        }
        if let Some(line) = full {
            reading.gaps.push(draft::gap(
                GapSort::TooLarge,
                Some(line),
                "インターフェース、アドレス、経路が多すぎるため、一部を省きました",
                "there are more interfaces, addresses or routes than a reading holds; some were left out",
            ));
        }
        reading.networks = (networks != DeviceNetworks::default()).then_some(networks);
    }
}

/// Everything that no other route leads to.
pub(crate) const DEFAULT: Inet = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
/// The same for IPv6.
pub(crate) const DEFAULT_SIX: Inet = (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

/// `ip route …` as IOS and its kin write it, behind those two words: `default`, a prefix or an address with its mask; then a next hop, an
/// interface, or both. A route to the null interface leads nowhere.
pub(crate) fn route(networks: &mut Networks, line: u32, rest: &str) {
    let words: Vec<&str> = rest.split_whitespace().take(8).collect();
    let words = match words.as_slice() {
        ["vrf", _, rest @ ..] => rest,
        rest => rest,
    };
    let (to, rest) = match words {
        ["default", rest @ ..] => (Some(DEFAULT), rest),
        [prefix, rest @ ..] if prefix.contains('/') => (inet(prefix), rest),
        [address, mask, rest @ ..] => (masked(address, mask), rest),
        _ => return,
    };
    let is_address = |word: &str| word.parse::<IpAddr>().is_ok();
    let number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let (hop, interface) = match rest {
        [hop, ..] if is_address(hop) => (Some(*hop), None),
        ["dhcp", ..] | [] => (None, None),
        // `ppp 0`, `tunnel 1`: the name and its number apart.
        [sort, own, hop @ ..] if !sort.contains(|c: char| c.is_ascii_digit()) && number(own) && !is_address(own) => {
            (hop.first().copied().filter(|hop| is_address(hop)), Some(format!("{sort} {own}")))
        }
        [name, hop @ ..] => (hop.first().copied().filter(|hop| is_address(hop)), Some((*name).to_owned())),
    };
    let nowhere = interface.as_ref().is_some_and(|name| name.to_ascii_lowercase().starts_with("null"));
    if let (Some(to), false) = (to, nowhere) {
        networks.route(line, to, hop, interface.as_deref());
    }
}

/// `ipv6 route …`, behind those two words.
pub(crate) fn route_six(networks: &mut Networks, line: u32, rest: &str) {
    let rest = match after(rest, "default") {
        Some(rest) => format!("::/0 {rest}"),
        None => rest.to_owned(),
    };
    route(networks, line, &rest);
}

/// What stands under `interface NAME`, in the words that IOS and its kin share. `silent`: what holds when the block says nothing of
/// `shutdown`.
pub(crate) fn block(networks: &mut Networks, name: &str, block: &Block<'_>, silent: Answer) {
    // What is sent to the null interface goes nowhere; there is nothing to say of it.
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("null") {
        return;
    }
    let own = networks.interface(name, block.line);
    own.shut_down = silent;
    if let Some(id) = lower.strip_prefix("vlan") {
        own.vlan(id.trim());
    }
    for (sort, role) in [("tunnel", InterfaceRole::Tunnel), ("loopback", InterfaceRole::Loopback)] {
        if lower.starts_with(sort) {
            own.role(role);
        }
    }
    for (_, text) in &block.body {
        if let Some(rest) = after(text, "description") {
            own.describe(rest);
        } else if let Some(rest) = after(text, "ip address").or_else(|| after(text, "ipv6 address")) {
            let words: Vec<&str> = rest.split_whitespace().collect();
            own.address(match words.as_slice() {
                // Alone on its line, and its own of every line.
                [_, "link-local", ..] => continue,
                // The device puts its own half behind the prefix.
                [_, "eui-64", ..] => None,
                [prefix, ..] if prefix.contains('/') => inet(prefix),
                [address, mask, ..] => masked(address, mask),
                _ => None,
            });
        } else if ["encapsulation dot1q", "encapsulation dot1Q"].iter().any(|words| after(text, words).is_some()) {
            own.vlan(text.split_whitespace().nth(2).unwrap_or_default());
        } else if let Some(id) = after(text, "switchport access vlan") {
            own.vlan(id);
        } else {
            match *text {
                "shutdown" => own.shut_down = Answer::Yes,
                "no shutdown" => own.shut_down = Answer::No,
                "ip nat outside" => own.role(InterfaceRole::Wan),
                "ip nat inside" => own.role(InterfaceRole::Lan),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_lengths_are_one_and_odd_ones_are_none() {
        assert_eq!(inet("192.0.2.1/24"), masked("192.0.2.1", "255.255.255.0"));
        assert_eq!(inet("192.0.2.77/255.255.255.192").map(network).as_deref(), Some("192.0.2.64/26"));
        assert_eq!(inet("2001:db8::77/64").map(network).as_deref(), Some("2001:db8::/64"));
        assert_eq!(inet("0.0.0.0/0").map(network).as_deref(), Some("0.0.0.0/0"));
        for odd in ["192.0.2.1/33", "192.0.2.1", "192.0.2.1/255.0.255.0", "::1/129", "::1/255.255.255.0", "a/b", "/"] {
            assert_eq!(inet(odd), None, "{odd}");
        }
    }

    #[test]
    fn routes_name_a_hop_or_an_interface_and_null_leads_nowhere() {
        let shown = |rest: &str| {
            let mut networks = Networks::new();
            route(&mut networks, 7, rest);
            let mut reading = draft::blank("x");
            networks.end(&mut reading);
            let route = reading.networks?.routes.pop()?;
            Some(format!("{} {:?} {:?}", route.destination, route.next_hop, route.interface))
        };
        let said = |rest: &str| shown(rest).unwrap_or_default();
        assert_eq!(said("default GigaEthernet0.1"), r#"0.0.0.0/0 None Some("GigaEthernet0.1")"#);
        assert_eq!(said("10.0.0.0/8 192.0.2.1 distance 5"), r#"10.0.0.0/8 Some("192.0.2.1") None"#);
        assert_eq!(said("10.0.0.0 255.0.0.0 Dialer1 192.0.2.1 5"), r#"10.0.0.0/8 Some("192.0.2.1") Some("Dialer1")"#);
        assert_eq!(said("0.0.0.0/0 ppp 0"), r#"0.0.0.0/0 None Some("ppp 0")"#);
        assert_eq!(said("vrf red 10.1.0.0 255.255.0.0 192.0.2.9"), r#"10.1.0.0/16 Some("192.0.2.9") None"#);
        assert_eq!(said("0.0.0.0 0.0.0.0 dhcp"), "0.0.0.0/0 None None");
        for nothing in ["10.0.0.0/8 Null0", "10.0.0.0/8 null 0", "", "10.0.0.0", "10.0.0.0 192.0.2.1 x"] {
            assert_eq!(shown(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_description_that_speaks_of_a_secret_is_left_out() {
        assert_eq!(description("\"to the caterer\"").as_deref(), Some("to the caterer"));
        for secret in ["admin / PassWord1", "PSK abc", "鍵: abc", "保守用パスワード abc", "", "\"\""] {
            assert_eq!(description(secret), None, "{secret}");
        }
    }
}
