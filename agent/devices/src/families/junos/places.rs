//! Where things stand in a Junos configuration: interfaces, zones, and which of them look outside.
//! It does not know filters and policies.
//! Invariant: on a device with zones, an interface in none of them takes nothing.

use crate::draft::{self, ground};
use crate::reach::{self, Span};
use crate::tree::{At, Tree};
use daicho_schemas::fact::device::{DeviceReading, Gap, GapSort};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A logical interface: `ge-0/0/0.0`.
pub(super) struct Interface<'a, 't> {
    pub(super) at: At<'a, 't>,
    /// Its own address and the network of it.
    pub(super) networks: Vec<Span>,
    public: bool,
    dynamic: bool,
    pub(super) six: bool,
}

/// A configuration with what is looked up in it.
pub(super) struct Config<'a, 't> {
    pub(super) root: At<'a, 't>,
    pub(super) interfaces: BTreeMap<String, Interface<'a, 't>>,
    /// Zones by interface.
    zones: BTreeMap<String, At<'a, 't>>,
    pub(super) zoned: bool,
    /// Interfaces that look outside, with the line that shows it.
    pub(super) outside: BTreeMap<String, u32>,
    /// What is named and not there.
    missing: RefCell<BTreeSet<(u32, String)>>,
}

impl<'a, 't> Config<'a, 't> {
    pub(super) fn of(tree: &'a Tree<'t>) -> Self {
        let root = tree.root();
        let mut config = Self {
            root,
            interfaces: interfaces(root),
            zones: BTreeMap::new(),
            zoned: root.below("security zones security-zone").next().is_some(),
            outside: BTreeMap::new(),
            missing: RefCell::default(),
        };
        for zone in root.below("security zones security-zone") {
            for interface in zone.below("interfaces") {
                config.zones.insert(logical(interface.word()), zone);
            }
        }
        config.outside = config.outside();
        config
    }

    /// Whether the device is one that has zones, seen by what only such devices have.
    pub(super) fn speaks_of_zones(&self) -> bool {
        ["ike", "policies", "nat", "zones", "screen"].iter().any(|part| self.root.has(&format!("security {part}")))
    }

    pub(super) fn zone(&self, interface: &str) -> Option<At<'a, 't>> {
        self.zones.get(&logical(interface)).copied()
    }

    /// Zones with an interface that looks outside.
    pub(super) fn outer_zones(&self) -> BTreeSet<&'t str> {
        self.outside.keys().filter_map(|name| self.zones.get(name)).map(|zone| zone.word()).collect()
    }

    /// The zone of the network that an address is in.
    pub(super) fn zone_of(&self, (start, _): Span) -> Option<&'t str> {
        let inside = |i: &&Interface<'_, '_>| i.networks.iter().any(|(a, b)| a < b && *a <= start && start <= *b);
        let name = self.interfaces.iter().find(|(_, interface)| inside(interface)).map(|(name, _)| name)?;
        self.zones.get(name).map(|zone| zone.word())
    }

    /// Notes that something is named and not in the file.
    pub(super) fn lacks(&self, line: u32, what: &str, name: &str) {
        self.missing.borrow_mut().insert((line, format!("{what} {}", draft::word(name))));
    }

    pub(super) fn tell(&self, reading: &mut DeviceReading) {
        reading.gaps.extend(self.missing.borrow().iter().take(50).map(|(line, what)| Gap {
            sort: GapSort::Elsewhere,
            ..draft::gap(
                GapSort::Elsewhere,
                Some(*line),
                format!("{what} がファイルにありません"),
                format!("{what} is not in the file"),
            )
        }));
    }

    /// A zone with such a name, a default route, an address from a provider, a public address.
    fn outside(&self) -> BTreeMap<String, u32> {
        let mut outside = BTreeMap::new();
        for (name, interface) in &self.interfaces {
            let zone = self.zone(name).map(|zone| zone.word().to_ascii_lowercase()).unwrap_or_default();
            let outer = ["untrust", "outside", "internet", "wan", "external"].iter().any(|word| zone.starts_with(word));
            let inner = ["trust", "inside", "lan", "dmz", "internal"].contains(&zone.as_str());
            if takes(name) && (outer || interface.dynamic || (interface.public && !inner)) {
                outside.insert(name.clone(), interface.at.line());
            }
        }
        let default = self.root.get("routing-options static route").and_then(|routes| routes.named("0.0.0.0/0"));
        for hop in default.into_iter().flat_map(|route| {
            let qualified = route.below("qualified-next-hop");
            route.below("next-hop").chain(qualified).collect::<Vec<_>>()
        }) {
            let near = |i: &Interface<'_, '_>| {
                let address = reach::span(hop.word());
                i.networks.iter().any(|(low, high)| address.is_some_and(|(a, _)| *low <= a && a <= *high))
            };
            let over = self.interfaces.iter().find(|(name, i)| **name == logical(hop.word()) || near(i));
            if let Some((name, _)) = over.filter(|(name, _)| takes(name)) {
                outside.entry(name.clone()).or_insert(hop.line());
            }
        }
        outside
    }
}

/// A port that carries traffic from others: not a tunnel, not the loopback.
fn takes(name: &str) -> bool {
    !["st0", "gr-", "ip-", "lo0", "lt-", "vt-"].iter().any(|sort| name.starts_with(sort))
}

/// `ge-0/0/0` stands for its unit 0.
pub(super) fn logical(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.0") }
}

fn interfaces<'a, 't>(root: At<'a, 't>) -> BTreeMap<String, Interface<'a, 't>> {
    let mut found = BTreeMap::new();
    for port in root.below("interfaces").filter(|port| !port.has("disable")) {
        for unit in port.below("unit").filter(|unit| !unit.has("disable")) {
            let name = format!("{}.{}", port.word(), unit.word());
            let four = unit.get("family inet");
            let mut interface = Interface {
                at: unit,
                networks: Vec::new(),
                public: false,
                dynamic: four
                    .is_some_and(|four| ["dhcp", "dhcp-client", "negotiate-address"].iter().any(|key| four.has(key)))
                    || unit.has("pppoe-options"),
                six: unit.get("family inet6").is_some_and(|six| six.children().any(|at| at.word() != "filter")),
            };
            for address in four.into_iter().flat_map(|four| four.below("address")) {
                let own = address.word().split('/').next().and_then(reach::span);
                interface.public |= own.is_some_and(|(own, _)| reach::is_public(own));
                interface.networks.extend(reach::span(address.word()));
            }
            found.insert(name, interface);
        }
    }
    found
}

/// Why an interface is one that looks outside.
pub(super) fn looks_out(name: &str, line: u32) -> daicho_schemas::fact::device::Ground {
    let name = draft::word(name);
    ground(line, format!("{name} は外側です"), format!("{name} looks outside"))
}
