//! What the hosts of a fleet are made of: images in the shape of the real collectors' reports, from a seed or from recorded hosts.
//! It does not know agents or servers.
//! Invariant: the same seed and the same number make the same host, byte for byte.

use anyhow::Context as _;
use daicho_schemas::batch::{Body, CollectorReport, ItemKey, Items, Outcome, item_hash, state_digest};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::{
    Ecosystem, Hardware, HardwarePart, InterfaceKind, ListeningSocket, NetworkInterface, Observation, OriginMatch,
    Package, PackageOrigin, PackageState, Provenance, SocketProcess, SocketProtocol,
};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::inventory::Inventory;
use harness::dice::Dice;
use harness::hosts;
use std::path::Path;
use std::sync::Arc;

/// Packages that exist in a release; each image has some of them.
const CATALOGUE: u64 = 4000;
/// Of so many packages, one has another version on each host: hosts of one image are alike, never equal.
const VARIED_ONE_OF: u64 = 100;

/// One observation with what is needed of it again and again.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// What is seen.
    pub(crate) seen: Observation,
    /// Its identity within host and collector.
    pub(crate) key: ItemKey,
    /// Its hash.
    pub(crate) hash: Hash,
}

impl Item {
    /// Hashes an observation.
    pub(crate) fn new(seen: Observation) -> anyhow::Result<Self> {
        Ok(Self { key: seen.key(), hash: item_hash(&seen)?, seen })
    }
}

/// What one collector sees on every host of an image.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Which collector.
    pub(crate) collector: CollectorId,
    /// What it sees, in order of the keys.
    pub(crate) items: Vec<Item>,
    /// The state of a host that differs in nothing.
    pub(crate) state: Arc<Items>,
}

/// A kind of host.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// One part per collector, in order of their names.
    pub(crate) parts: Vec<Part>,
}

fn part(collector: &str, seen: Vec<Observation>) -> anyhow::Result<Part> {
    let mut items = seen.into_iter().map(Item::new).collect::<anyhow::Result<Vec<_>>>()?;
    items.sort_by(|a, b| a.key.cmp(&b.key));
    items.dedup_by(|a, b| a.key == b.key);
    let state = Arc::new(items.iter().map(|item| (item.key.clone(), item.hash)).collect());
    Ok(Part { collector: CollectorId::new(collector)?, items, state })
}

impl Image {
    /// An image made up from a seed, with so many packages.
    pub(crate) fn seeded(seed: u64, packages: usize) -> anyhow::Result<Self> {
        let mut dice = Dice(seed);
        let release = 11 + dice.below(3);
        let mut numbers = std::collections::BTreeSet::new();
        let catalogue = CATALOGUE.max(packages as u64 * 2);
        while numbers.len() < packages {
            numbers.insert(dice.below(catalogue));
        }
        let installed: Vec<Package> = numbers.into_iter().map(|number| package(number, release)).collect();
        let origins = installed.iter().map(origin).collect();
        let packages = installed.into_iter().map(Observation::Package).collect();
        let parts = vec![
            part("apt_index", origins)?,
            part("dpkg", packages)?,
            part("hardware", hardware(&mut dice))?,
            part("listening_sockets", sockets(&mut dice))?,
            part(
                "network_interfaces",
                vec![interface("eth0", InterfaceKind::Ethernet, 0), interface("eth1", InterfaceKind::Ethernet, 1)],
            )?,
            part("operating_system", vec![hosts::debian("host")])?,
        ];
        Ok(Self { parts })
    }

    /// A host that `daicho-agent inventory` recorded.
    pub(crate) fn recorded(file: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
        let inventory: Inventory =
            serde_json::from_slice(&bytes).with_context(|| format!("{} is not an inventory", file.display()))?;
        let complete = inventory.collectors.into_iter().filter(|part| part.outcome == Outcome::Complete);
        let mut parts = complete
            .map(|recorded| part(recorded.collector.as_str(), recorded.items))
            .collect::<anyhow::Result<Vec<_>>>()?;
        parts.sort_by(|a, b| a.collector.cmp(&b.collector));
        Ok(Self { parts })
    }

    /// What differs on one host: its name, its addresses, its serial number, a few versions.
    pub(crate) fn differences(&self, host: u64) -> anyhow::Result<Vec<Vec<Item>>> {
        self.parts
            .iter()
            .map(|part| part.items.iter().filter_map(|item| differs(&item.seen, host)).map(Item::new).collect())
            .collect()
    }

    /// Components on one host, as people count them.
    pub(crate) fn components(&self) -> usize {
        self.parts.iter().filter(|part| part.collector.as_str() != "apt_index").map(|part| part.items.len()).sum()
    }
}

fn differs(seen: &Observation, host: u64) -> Option<Observation> {
    let mut seen = seen.clone();
    match &mut seen {
        Observation::OperatingSystem(system) => system.hostname = Some(format!("host-{host:06}")),
        Observation::NetworkInterface(interface) => {
            let last = u64::from(interface.name.ends_with('1'));
            interface.mac.as_mut()?;
            interface.mac = Some(mac(host * 2 + last));
        }
        Observation::Hardware(part) if part.part == HardwarePart::System => part.serial = Some(format!("SN{host:09}")),
        Observation::Package(package) => {
            let of_name =
                package.name.bytes().fold(host, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
            let mut dice = Dice(of_name);
            if dice.below(VARIED_ONE_OF) > 0 {
                return None;
            }
            package.version = format!("{}+deb12u{}", package.version, 1 + dice.below(3));
        }
        _ => return None,
    }
    Some(seen)
}

/// A package of a release's catalogue, with names as long and as alike as real ones.
fn package(number: u64, release: u64) -> Package {
    const STEMS: [&str; 20] = [
        "python3",
        "libglib2.0",
        "libx11",
        "perl",
        "systemd",
        "libpam",
        "linux-image",
        "fonts",
        "gir1.2",
        "libperl",
        "openssh",
        "util",
        "libboost",
        "ruby",
        "gnome",
        "libavcodec",
        "texlive",
        "postgresql",
        "libkf5",
        "golang",
    ];
    const ENDS: [&str; 8] = ["", "-common", "-dev", "-data", "-bin", "-doc", "-utils", "-modules"];
    let mut dice = Dice(number * 1000 + release);
    let stem = pick(&STEMS, number);
    let end = pick(&ENDS, Dice(number).below(ENDS.len() as u64));
    let version = format!("{}.{}.{}-{}", dice.below(12), dice.below(40), dice.below(20), 1 + dice.below(9));
    Package {
        ecosystem: Ecosystem::Deb,
        name: format!("{stem}-{:x}{end}", Dice(number + 7).below(1 << 24)),
        version,
        architecture: Some(if dice.below(3) == 0 { "all" } else { "amd64" }.into()),
        state: PackageState::Installed,
        source: (dice.below(2) == 0).then(|| stem.to_string()),
        maintainer: Some(format!("Debian {stem} Maintainers <team+{stem}@tracker.debian.org>")),
        vendor: None,
        multi_arch: (dice.below(3) == 0).then(|| "same".into()),
        provenance: Provenance::default(),
    }
}

fn origin(package: &Package) -> Observation {
    Observation::PackageOrigin(PackageOrigin {
        ecosystem: package.ecosystem,
        name: package.name.clone(),
        architecture: package.architecture.clone().unwrap_or_default(),
        origin: "Debian".into(),
        suite: Some("stable".into()),
        matched: OriginMatch::Version,
    })
}

fn hardware(dice: &mut Dice) -> Vec<Observation> {
    let model = format!("Server R{}", 100 + dice.below(9));
    let kinds = [
        (HardwarePart::System, "0"),
        (HardwarePart::Board, "0"),
        (HardwarePart::Chassis, "0"),
        (HardwarePart::Bios, "0"),
        (HardwarePart::Cpu, "0"),
        (HardwarePart::Memory, "0"),
        (HardwarePart::Disk, "sda"),
        (HardwarePart::Disk, "sdb"),
        (HardwarePart::Nic, "eth0"),
        (HardwarePart::Nic, "eth1"),
    ];
    let parts = kinds.into_iter().map(|(part, slot)| {
        Observation::Hardware(Hardware {
            maker: Some("Example Computers".into()),
            model: Some(model.clone()),
            ..Hardware::new(part, slot, "sys/class/dmi/id")
        })
    });
    parts.collect()
}

fn sockets(dice: &mut Dice) -> Vec<Observation> {
    let ports = [22, 25, 80, 111, 123, 443, 631, 1024 + dice.below(60_000) as u16];
    let sockets = ports.into_iter().map(|port| {
        Observation::ListeningSocket(ListeningSocket {
            protocol: SocketProtocol::Tcp,
            address: "0.0.0.0".into(),
            port,
            processes: vec![SocketProcess {
                name: format!("service-{port}"),
                executable: Some(format!("/usr/sbin/service-{port}")),
                ..SocketProcess::default()
            }],
        })
    });
    sockets.collect()
}

/// An interface; the number becomes its address.
pub(crate) fn interface(name: &str, interface_kind: InterfaceKind, number: u64) -> Observation {
    Observation::NetworkInterface(NetworkInterface {
        name: name.into(),
        interface_kind,
        mac: Some(mac(number)),
        driver: None,
        member_of: None,
        stands_on: Vec::new(),
    })
}

fn mac(number: u64) -> String {
    let bytes = number.to_be_bytes();
    format!("02:00:{:02x}:{:02x}:{:02x}:{:02x}", bytes[4], bytes[5], bytes[6], bytes[7])
}

/// A report of a whole state.
pub(crate) fn full(collector: &CollectorId, items: Vec<Observation>, state: &Items) -> CollectorReport {
    report(collector, Body::Full { items }, state)
}

/// A report of one difference.
pub(crate) fn delta(
    collector: &CollectorId,
    before: &Items,
    put: Vec<Observation>,
    gone: Vec<ItemKey>,
    after: &Items,
) -> CollectorReport {
    report(collector, Body::Delta { base: state_digest(collector, before), put, gone }, after)
}

fn report(collector: &CollectorId, body: Body, state: &Items) -> CollectorReport {
    CollectorReport {
        collector: collector.clone(),
        outcome: Outcome::Complete,
        sources: vec!["var/lib".into()],
        troubles: Vec::new(),
        body,
        digest: state_digest(collector, state),
    }
}

fn pick(words: &[&'static str], number: u64) -> &'static str {
    let at = usize::try_from(number % words.len().max(1) as u64).unwrap_or_default();
    words.get(at).copied().unwrap_or_default()
}
