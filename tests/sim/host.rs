//! What a host is really made of, how that changes, and what its collectors see of it: the truth that the ledger is held to.
//! It does not know agents or batches. Invariant: what `look` gives is true, and what it leaves out it does not call complete.

use crate::chaos::{PerMille, strikes};
use daicho_agent::collect::Collected;
use daicho_schemas::batch::{ItemKey, Items, Outcome, item_hash};
use daicho_schemas::fact::observation::{
    Ecosystem, InterfaceKind, NetworkInterface, Observation, OperatingSystem, Package, PackageState, Provenance,
};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use fastrand::Rng;
use std::collections::BTreeMap;

/// The collectors of every agent here, in their order.
pub const COLLECTORS: [&str; 3] = ["operating_system", "dpkg", "network_interfaces"];
const PACKAGES: [&str; 6] = ["bash", "nginx", "openssl", "plc-driver", "tos", "vendor-tool"];
const DOMAINS: [&str; 3] = ["debian.example", "vendor.example", "other.example"];
const INTERFACES: [(&str, InterfaceKind); 3] =
    [("eth0", InterfaceKind::Ethernet), ("wg0", InterfaceKind::Wireguard), ("tun0", InterfaceKind::Tun)];

/// The typed name of a collector.
pub fn collector(name: &str) -> CollectorId {
    CollectorId::new(name).unwrap()
}

/// One host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name.
    pub name: String,
    os: &'static str,
    /// Version and maintainer's domain of each installed package.
    packages: BTreeMap<&'static str, (u32, &'static str)>,
    interfaces: [bool; INTERFACES.len()],
    /// No package manager is there (any more).
    bare: bool,
}

impl Host {
    /// A host with something on it.
    pub fn new(name: &str, rng: &mut Rng) -> Self {
        let mut host = Self {
            name: name.into(),
            os: "debian",
            packages: BTreeMap::new(),
            interfaces: [true, false, false],
            bare: rng.u32(0..8) == 0,
        };
        for _ in 0..rng.usize(0..6) {
            host.change(rng);
        }
        host
    }

    /// Something changes.
    pub fn change(&mut self, rng: &mut Rng) {
        let package = PACKAGES[rng.usize(0..PACKAGES.len())];
        match rng.u32(0..20) {
            0..8 => {
                let version = self.packages.get(package).map_or(1, |(version, _)| version + 1);
                self.packages.insert(package, (version, DOMAINS[rng.usize(0..DOMAINS.len())]));
            }
            8..14 => drop(self.packages.remove(package)),
            14..18 => {
                let which = rng.usize(0..INTERFACES.len());
                self.interfaces[which] = !self.interfaces[which];
            }
            18 => self.os = if self.os == "debian" { "vendor" } else { "debian" },
            _ => self.bare = rng.bool(),
        }
    }

    /// What one collector sees. `badly` is how often it cannot see everything.
    pub fn look(&self, name: &str, rng: &mut Rng, badly: PerMille) -> Collected {
        let mut items = match name {
            "operating_system" => vec![self.operating_system()],
            "dpkg" => self.packages.iter().map(|(name, (version, domain))| package(name, *version, domain)).collect(),
            _ => self.network_interfaces(),
        };
        let mut troubles = Vec::new();
        let mut outcome = Outcome::Complete;
        if name == "dpkg" && self.bare {
            (outcome, items) = (Outcome::NotApplicable, Vec::new());
        } else if strikes(rng, badly) {
            outcome = if rng.bool() { Outcome::Partial } else { Outcome::Failed };
            items.retain(|_| outcome == Outcome::Partial && rng.bool());
            troubles.push(Trouble::new(TroubleKind::Unreadable, name, "on purpose"));
        }
        Collected { outcome, sources: vec![format!("/{name}")], troubles, items }
    }

    fn operating_system(&self) -> Observation {
        Observation::OperatingSystem(OperatingSystem {
            hostname: Some(self.name.clone()),
            family: "linux".into(),
            os_id: Some(self.os.into()),
            os_id_like: Vec::new(),
            name: Some(format!("{} system", self.os)),
            version_id: Some("12".into()),
            version: None,
            codename: None,
            kernel_release: None,
            edition: None,
            release: None,
            installation: None,
            architecture: Some("x86_64".into()),
        })
    }

    fn network_interfaces(&self) -> Vec<Observation> {
        let there = INTERFACES.iter().zip(self.interfaces).filter(|(_, there)| *there);
        let interface = |(name, kind): &(&str, InterfaceKind)| NetworkInterface {
            name: (*name).into(),
            interface_kind: kind.clone(),
            mac: None,
            driver: None,
            member_of: None,
            stands_on: Vec::new(),
        };
        let mut all: Vec<_> = there.map(|(known, _)| Observation::NetworkInterface(interface(known))).collect();
        all.sort_by_key(Observation::key);
        all
    }
}

fn package(name: &str, version: u32, domain: &str) -> Observation {
    Observation::Package(Package {
        ecosystem: Ecosystem::Deb,
        name: name.into(),
        version: version.to_string(),
        architecture: Some("amd64".into()),
        state: PackageState::Installed,
        source: None,
        maintainer: Some(format!("Team <team@{domain}>")),
        vendor: None,
        multi_arch: None,
        provenance: Provenance::default(),
    })
}

/// The hashes of observations by key.
pub fn hashes(items: &[Observation]) -> Items {
    let hash = |item: &Observation| -> (ItemKey, _) { (item.key(), item_hash(item).unwrap()) };
    items.iter().map(hash).collect()
}
