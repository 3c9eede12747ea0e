//! The fleet: hosts of a few images out of one catalogue, each a little different from the next, as batches made ready.
//! It does not know what is measured.
//! Invariant: the same seed gives the same fleet, entry for entry.

use anyhow::Context as _;
use daicho::model::prepared::{PreparedBatch, PreparedReport, Seen};
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, Outcome, state_digest_of};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{AgentId, CollectorId, TokenId};
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::time::UtcMicros;
use serde_json::{Value, json};

/// Packages by name; each has two versions.
const NAMES: u64 = 15_000;
/// Images that hosts are made from.
const IMAGES: u64 = 12;
/// Packages of which a host has the other version than its image.
const VARIED: u64 = 10;
/// Suppliers beside the distribution's.
pub(crate) const VENDORS: u64 = 40;
/// 特定重要設備.
pub(crate) const EQUIPMENT: u64 = 50;

/// Even numbers from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number in `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

/// The catalogue and what is made of it.
pub(crate) struct Fleet {
    seed: u64,
    /// How many hosts.
    pub(crate) hosts: u64,
    /// Package and origin of each name in each of its two versions, in order of keys.
    packages: Vec<[Seen; 2]>,
    origins: Vec<Seen>,
    /// The names of each image, in order.
    images: Vec<Vec<usize>>,
}

impl Fleet {
    pub(crate) fn new(seed: u64, hosts: u64, components: u64) -> anyhow::Result<Self> {
        let names = 0..NAMES.max(components * 2);
        let versions = |version: &str| names.clone().map(|n| package(n, version)).collect::<Vec<_>>();
        let (first, second) = (seen("dpkg", versions("1.2.3-4"))?, seen("dpkg", versions("1.2.4-1"))?);
        let packages = first.into_iter().zip(second).map(|(a, b)| [a, b]).collect();
        let origins = seen("apt_index", names.clone().map(origin).collect())?;
        let mut dice = Dice(seed);
        let image = |dice: &mut Dice| {
            let mut all: Vec<usize> = (0..usize::try_from(names.end).unwrap_or(usize::MAX)).collect();
            // Every image has the first third; the rest is its own.
            let own = usize::try_from(components / 3).unwrap_or(0);
            for at in own..all.len() {
                let left = (all.len() - at) as u64;
                all.swap(at, at + usize::try_from(dice.below(left)).unwrap_or(0));
            }
            all.truncate(usize::try_from(components).unwrap_or(usize::MAX));
            all.sort_unstable();
            all
        };
        let images = (0..IMAGES).map(|_| image(&mut dice)).collect();
        Ok(Self { seed, hosts, packages, origins, images })
    }

    /// The agent of a host.
    pub(crate) fn agent(host: u64) -> anyhow::Result<AgentId> {
        AgentId::new(format!("agent-{host:032x}")).context("an agent's id")
    }

    pub(crate) fn enrolment(host: u64) -> anyhow::Result<Fact> {
        Ok(Fact::AgentEnrolled(AgentEnrolled {
            agent_id: Self::agent(host)?,
            public_key: "A".repeat(44),
            token_id: TokenId::new("token-1").context("a token's id")?,
            hostname: hostname(host),
        }))
    }

    fn dice(&self, host: u64) -> Dice {
        Dice(self.seed ^ host.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// The places in the image of a host's packages whose version is another one.
    fn varied(&self, host: u64) -> Vec<usize> {
        let (mut dice, image) = (self.dice(host), self.image(host));
        (0..VARIED).map(|_| usize::try_from(dice.below(image.len() as u64)).unwrap_or(0)).collect()
    }

    fn image(&self, host: u64) -> &[usize] {
        let at = usize::try_from(self.dice(host).below(IMAGES)).unwrap_or(0);
        self.images.get(at).map_or(&[], Vec::as_slice)
    }

    fn dpkg(&self, host: u64, changed: Option<usize>) -> Vec<Seen> {
        let (varied, image) = (self.varied(host), self.image(host));
        let version = |at: usize| usize::from(varied.contains(&at)) ^ usize::from(changed == Some(at));
        let chosen = image.iter().enumerate().filter_map(|(at, name)| self.packages.get(*name)?.get(version(at)));
        chosen.cloned().collect()
    }

    /// A host's first report: everything, in six parts.
    pub(crate) fn first(&self, host: u64) -> anyhow::Result<PreparedBatch> {
        let origins = self.image(host).iter().filter_map(|name| self.origins.get(*name).cloned()).collect();
        let reports = vec![
            full("operating_system", seen("operating_system", vec![system(host)])?)?,
            full("hardware", seen("hardware", machine(host))?)?,
            full("network_interfaces", seen("network_interfaces", interfaces(host))?)?,
            full("listening_sockets", seen("listening_sockets", sockets(host))?)?,
            full("dpkg", self.dpkg(host, None))?,
            full("apt_index", origins)?,
        ];
        batch(host, 1, reports)
    }

    /// A later report: one package in its other version.
    pub(crate) fn change(&self, host: u64, number: u64) -> anyhow::Result<PreparedBatch> {
        let image = self.image(host);
        let at = usize::try_from(Dice(host ^ 7).below(image.len() as u64)).unwrap_or(0);
        // The change of an odd number brings the other version, that of an even one takes it back.
        let (before, after) = if number.is_multiple_of(2) { (None, Some(at)) } else { (Some(at), None) };
        let (base, after) = (full("dpkg", self.dpkg(host, before))?, full("dpkg", self.dpkg(host, after))?);
        let put = after.put.iter().zip(&base.put).filter(|(new, old)| new.hash != old.hash).map(|(new, _)| new.clone());
        let report = PreparedReport { base: Some(base.digest), put: put.collect(), ..after.clone() };
        batch(host, number, vec![report])
    }

    /// A host's first report as JSON: what reading and hashing it is measured with.
    pub(crate) fn as_json(&self, host: u64) -> anyhow::Result<SignedBatch> {
        let image = self.image(host).iter().map(|name| *name as u64);
        let packages = image.clone().map(|n| package(n, "1.2.3-4")).collect();
        let parts = [
            ("operating_system", vec![system(host)]),
            ("hardware", machine(host)),
            ("dpkg", packages),
            ("apt_index", image.map(origin).collect()),
        ];
        let reports = parts.into_iter().map(|(collector, items)| report(collector, items)).collect::<Result<_, _>>()?;
        let batch = Batch {
            format: BATCH_FORMAT.into(),
            agent_id: Self::agent(host)?,
            number: 1,
            started_at: instant()?,
            finished_at: instant()?,
            reports,
            lost: None,
        };
        let batch = serde_json::value::to_raw_value(&batch)?;
        Ok(SignedBatch { batch, public_key: String::new(), signature: String::new() })
    }

    /// The hosts of one equipment.
    pub(crate) fn plan(&self, equipment: u64, vendor: u64) -> anyhow::Result<Fact> {
        let hosts: Vec<String> = (0..self.hosts).filter(|host| host % EQUIPMENT == equipment).map(hostname).collect();
        let part = |id: &str, category: &str, supplier: &str| {
            json!({ "part_id": id, "category": category, "category_as_filed": "x", "name": id, "function": "x",
                "supplier_id": supplier, "covers": [] })
        };
        let plan: Plan = serde_json::from_value(json!({
            "format": "daicho.plan.v1", "plan_id": format!("plan-{equipment}"), "plan_kind": "installation",
            "regime": "jp-espa",
            "operator": { "name": { "ja": "例示", "en": "Example" }, "business": "x" },
            "equipment": { "equipment_id": format!("equipment-{equipment}"), "equipment_type": "x",
                "name": { "ja": "例示", "en": "Example" }, "function": "x", "place": "x", "hosts": hosts },
            "dates": { "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01" },
            "parts": [part("os", "operating_system", "debian"), part("machine", "server_hardware", "maker"),
                part("app", "application", &format!("vendor-{vendor}"))],
            "remote_paths": [],
        }))?;
        Ok(Fact::Plan(plan))
    }

    /// A supplier record; `source` makes one version differ from the next, `mark` what it is recognised by.
    pub(crate) fn supplier(id: &str, mark: &str) -> anyhow::Result<Fact> {
        let record: SupplierRecord = serde_json::from_value(json!({
            "supplier_id": id, "name": { "ja": id, "en": id },
            "recognise": { "package_origins": [mark], "maintainer_domains": [format!("{mark}.example")],
                "vendor_strings": [mark], "os_ids": [mark] },
            "source": "test", "as_of": "2026-11-01",
        }))?;
        Ok(Fact::Supplier(record))
    }
}

pub(crate) fn instant() -> anyhow::Result<UtcMicros> {
    Ok("2026-11-21T03:00:00.000000Z".parse()?)
}

fn hostname(host: u64) -> String {
    format!("host-{host:06}")
}

/// Who supplies a package: one in fifty comes from a vendor.
fn vendor(n: u64) -> String {
    if n.is_multiple_of(50) { format!("vendor-{}", n / 50 % VENDORS) } else { "debian".into() }
}

fn observation(value: Value) -> anyhow::Result<Observation> {
    serde_json::from_value(value).context("an observation of the fleet does not fit the schema")
}

fn package(n: u64, version: &str) -> anyhow::Result<Observation> {
    let maintainer = format!("Team <team@{}.example>", vendor(n));
    observation(
        json!({ "kind": "package.v1", "ecosystem": "deb", "name": format!("package-{n:05}"), "version": version,
        "architecture": "amd64", "state": "installed", "source": format!("source-{}", n / 3), "maintainer": maintainer }),
    )
}

fn origin(n: u64) -> anyhow::Result<Observation> {
    observation(json!({ "kind": "package_origin.v1", "ecosystem": "deb", "name": format!("package-{n:05}"),
        "architecture": "amd64", "origin": vendor(n), "suite": "stable", "matched": "version" }))
}

fn system(host: u64) -> anyhow::Result<Observation> {
    observation(
        json!({ "kind": "operating_system.v1", "hostname": hostname(host), "family": "linux", "os_id": "debian",
        "os_id_like": [], "name": "Debian GNU/Linux", "version_id": format!("{}", 11 + host % 3), "architecture": "x86_64" }),
    )
}

fn machine(host: u64) -> Vec<anyhow::Result<Observation>> {
    let part = |part: &str, slot: &str, model: &str, serial: Option<String>| {
        observation(json!({ "kind": "hardware.v1", "part": part, "slot": slot, "maker": "maker", "model": model,
            "serial": serial, "serial_is_placeholder": false, "read_from": "/sys" }))
    };
    vec![
        part("system", "0", "Server 1", Some(format!("S{host:08}"))),
        part("disk", "sda", "Disk 1", Some(format!("A{host:08}"))),
        part("disk", "sdb", "Disk 1", Some(format!("B{host:08}"))),
        part("cpu", "0", "Processor 1", None),
    ]
}

fn interfaces(host: u64) -> Vec<anyhow::Result<Observation>> {
    let mac = |n: u64| format!("02:00:{n:02x}:{:02x}:{:02x}:{:02x}", host >> 16, host >> 8 & 255, host & 255);
    let one = |n: u64| {
        observation(json!({ "kind": "network_interface.v1", "name": format!("eth{n}"), "interface_kind": "ethernet",
            "mac": mac(n), "driver": "e1000e" }))
    };
    (0..3).map(one).collect()
}

fn sockets(host: u64) -> Vec<anyhow::Result<Observation>> {
    let address = format!("10.{}.{}.{}", host >> 16, host >> 8 & 255, host & 255);
    let one = |port: u16| {
        observation(json!({ "kind": "listening_socket.v1", "protocol": "tcp", "address": address, "port": port,
            "processes": [{ "name": "server", "executable": "/usr/sbin/server" }] }))
    };
    [22, 443, 5432].into_iter().map(one).collect()
}

fn report(collector: &str, items: Vec<anyhow::Result<Observation>>) -> anyhow::Result<CollectorReport> {
    let items: Vec<Observation> = items.into_iter().collect::<anyhow::Result<_>>()?;
    Ok(CollectorReport {
        collector: CollectorId::new(collector).context("a collector's id")?,
        outcome: Outcome::Complete,
        sources: vec![format!("/var/lib/{collector}")],
        troubles: Vec::new(),
        body: Body::Full { items },
        digest: Hash::ZERO,
    })
}

/// Observations made ready, in order of keys.
fn seen(collector: &str, items: Vec<anyhow::Result<Observation>>) -> anyhow::Result<Vec<Seen>> {
    Ok(PreparedReport::of(report(collector, items)?).put)
}

fn full(collector: &str, put: Vec<Seen>) -> anyhow::Result<PreparedReport> {
    let frame = PreparedReport::of(report(collector, Vec::new())?);
    let digest = state_digest_of(&frame.collector, put.iter().map(|seen| &seen.hash));
    Ok(PreparedReport { digest, put, ..frame })
}

fn batch(host: u64, number: u64, reports: Vec<PreparedReport>) -> anyhow::Result<PreparedBatch> {
    let (started_at, finished_at) = (instant()?, instant()?);
    let hash = Hash::of("daicho.signed-batch.v1", &[&host.to_be_bytes(), &number.to_be_bytes()]);
    Ok(PreparedBatch { hash, agent_id: Fleet::agent(host)?, number, started_at, finished_at, lost: None, reports })
}
