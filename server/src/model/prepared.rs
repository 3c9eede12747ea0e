//! A batch made ready for the fold: parsed once, every observation in its canonical bytes with hash, key and label.
//! It does not know what is in the ledger: it can be made on any thread, before the batch's turn has come.
//! Invariant: hashes, keys and digests are those of `daicho_schemas::batch`; what cannot be hashed is said, never left out.

use super::meaning::{name_and_version, program::is_component};
use daicho_schemas::batch::{
    Batch, Body, CollectorReport, ItemKey, Lost, Outcome, item_hash_of_bytes, state_digest_of,
};
use daicho_schemas::canonical::{CanonicalError, Hash, canonical_bytes};
use daicho_schemas::fact::observation::{Observation, PackageState, ToldSort};
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::inventory::InventoryPart;
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::Trouble;
use serde::{Deserialize, Serialize};

/// A batch made ready.
#[derive(Clone, Debug)]
pub struct PreparedBatch {
    /// Its identity: [`signed_batch_hash`].
    pub hash: Hash,
    /// Who speaks.
    pub agent_id: AgentId,
    /// Its number.
    pub number: u64,
    /// When collecting began, by the agent's clock.
    pub started_at: UtcMicros,
    /// When collecting ended, by the agent's clock.
    pub finished_at: UtcMicros,
    /// What the spool had to give up.
    pub lost: Option<Lost>,
    /// One report per collector that ran.
    pub reports: Vec<PreparedReport>,
}

/// A report made ready.
#[derive(Clone, Debug)]
pub struct PreparedReport {
    /// Which collector.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// Which places it read.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
    /// The digest that the agent gives for the state after it.
    pub digest: Hash,
    /// The state it starts from; absent where it tells the whole state.
    pub base: Option<Hash>,
    /// The observations, in order of keys, each key once.
    pub put: Vec<Seen>,
    /// Keys of what is gone; empty unless the look was complete.
    pub gone: Vec<ItemKey>,
    /// Why an observation in it cannot be hashed; then nothing of it may be taken in.
    pub malformed: Option<String>,
}

/// An observation made ready.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its hash.
    pub hash: Hash,
    /// Its key.
    pub key: ItemKey,
    /// What sort it is.
    pub sort: Sort,
    /// What people call it, where it can be a component.
    pub label: Option<Label>,
    /// Its canonical bytes.
    pub bytes: Box<[u8]>,
}

/// What sort of observation, as far as the fold tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// The operating system.
    System,
    /// A part of the machine.
    Hardware,
    /// A package that is there.
    Package,
    /// The repository that lists a package.
    Origin,
    /// A network interface, or a tunnel of IPsec that has none.
    Interface,
    /// What a device's configuration says, or what it answered.
    Device,
    /// Software for remote control, tunnels or VPN.
    Tool,
    /// An account, what keeps the host safe, or what starts on it: what check lists are answered from.
    Safeguard,
    /// A program that no package owns.
    Program,
    /// A file that differs from its package's.
    ChangedFile,
    /// A package of a programming language.
    Language,
    /// Anything that is no component and changes no meaning.
    Other,
}

impl Sort {
    /// The sort of an observation.
    pub fn of(observation: &Observation) -> Self {
        match observation {
            Observation::OperatingSystem(_) => Self::System,
            Observation::Hardware(part) if !part.is_component() => Self::Other,
            Observation::Hardware(_) => Self::Hardware,
            Observation::Package(package) if package.state == PackageState::ConfigFiles => Self::Other,
            Observation::Package(_) => Self::Package,
            Observation::PackageOrigin(_) => Self::Origin,
            Observation::NetworkInterface(_) => Self::Interface,
            // IPsec without an interface is a way in as an interface is.
            Observation::Tunnel(tunnel) if tunnel.interface.is_none() => Self::Interface,
            Observation::ListeningSocket(_)
            | Observation::Tunnel(_)
            | Observation::ConfiguredTunnel(_)
            | Observation::NetworkPlace(_)
            | Observation::Modem(_)
            | Observation::Platform(_)
            | Observation::KernelModule(_)
            | Observation::Container(_)
            | Observation::ContainerImage(_)
            | Observation::Session(_) => Self::Other,
            // What a device of which another tool told is for, nobody knows.
            Observation::ToldComponent(own) if own.sort == ToldSort::Device => Self::Other,
            Observation::ToldComponent(_) => Self::Package,
            Observation::DeviceConfiguration(_) | Observation::DeviceProbed(_) => Self::Device,
            Observation::RemoteTool(_) => Self::Tool,
            Observation::Account(_)
            | Observation::Protection(_)
            | Observation::ServiceUnit(_)
            | Observation::ScheduledJob(_) => Self::Safeguard,
            Observation::Program(program) if is_component(program) => Self::Program,
            Observation::Program(_) => Self::Other,
            Observation::ChangedFile(_) => Self::ChangedFile,
            Observation::LanguagePackage(_) => Self::Language,
        }
    }

    /// Whether it can be a component: software that is there, a part of the machine, the system.
    pub fn is_component(self) -> bool {
        matches!(self, Self::System | Self::Hardware | Self::Package | Self::Program | Self::Language)
    }
}

/// A component's name and version: what people call it, and its place in lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

impl Label {
    /// Both in one line.
    pub fn line(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A batch's identity: SHA-256 (purpose `daicho.signed-batch.v1`) over the signed batch as it stands in the ledger.
pub fn signed_batch_hash(signed: &SignedBatch) -> Result<Hash, serde_json::Error> {
    Ok(Hash::of("daicho.signed-batch.v1", &[&serde_json::to_vec(signed)?]))
}

impl PreparedBatch {
    /// Makes a batch ready. `batch` is what the signed bytes say.
    pub fn of(signed: &SignedBatch, batch: Batch) -> Result<Self, serde_json::Error> {
        let hash = signed_batch_hash(signed)?;
        let Batch { agent_id, number, started_at, finished_at, reports, lost, .. } = batch;
        let reports = reports.into_iter().map(PreparedReport::of).collect();
        Ok(Self { hash, agent_id, number, started_at, finished_at, lost, reports })
    }

    /// Reads a signed batch and makes it ready.
    pub fn read(signed: &SignedBatch) -> Result<Self, serde_json::Error> {
        Self::of(signed, serde_json::from_str(signed.batch.get())?)
    }
}

impl PreparedReport {
    /// Makes a report ready.
    pub fn of(report: CollectorReport) -> Self {
        let CollectorReport { collector, outcome, sources, troubles, body, digest } = report;
        let (base, items, gone) = match body {
            Body::Full { items } => (None, items, Vec::new()),
            Body::Delta { base, put, gone } => (Some(base), put, gone),
        };
        let (put, malformed) = match items.iter().map(seen).collect::<Result<Vec<_>, _>>() {
            Ok(put) => (in_order(put), None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let gone = if outcome == Outcome::Complete { gone } else { Vec::new() };
        Self { collector, outcome, sources, troubles, digest, base, put, gone, malformed }
    }
}

impl PreparedReport {
    /// What another tool listed, as a report that tells the whole state of its source.
    pub fn of_part(part: &InventoryPart) -> Self {
        let InventoryPart { collector, outcome, sources, troubles, items } = part.clone();
        let body = Body::Full { items };
        let mut own = Self::of(CollectorReport { collector, outcome, sources, troubles, body, digest: Hash::ZERO });
        own.digest = state_digest_of(&own.collector, own.put.iter().map(|seen| &seen.hash));
        own
    }
}

fn seen(observation: &Observation) -> Result<Seen, CanonicalError> {
    let bytes = canonical_bytes(observation)?;
    let sort = Sort::of(observation);
    let label = sort.is_component().then(|| {
        let (name, version) = name_and_version(observation);
        Label { name, version }
    });
    Ok(Seen { hash: item_hash_of_bytes(&bytes), key: observation.key(), sort, label, bytes: bytes.into_boxed_slice() })
}

/// By key; of several under one key the last one counts, as it does where states are applied.
fn in_order(mut put: Vec<Seen>) -> Vec<Seen> {
    put.sort_by(|a, b| a.key.cmp(&b.key));
    put.reverse();
    put.dedup_by(|a, b| a.key == b.key);
    put.reverse();
    put
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::package;
    use daicho_schemas::batch::item_hash;

    #[test]
    fn hashes_are_those_of_the_schema_and_the_last_of_one_key_counts() {
        let items = [package("b", "1", "x.example"), package("a", "1", "x.example"), package("a", "2", "x.example")];
        let report = PreparedReport::of(CollectorReport {
            collector: CollectorId::new("dpkg").unwrap(),
            outcome: Outcome::Partial,
            sources: Vec::new(),
            troubles: Vec::new(),
            body: Body::Delta {
                base: Hash::ZERO,
                put: items.iter().map(|item| item.observation()).collect(),
                gone: vec!["deb:c:amd64".into()],
            },
            digest: Hash::ZERO,
        });
        let hashes: Vec<Hash> = report.put.iter().map(|seen| seen.hash).collect();
        let wanted = [&items[2], &items[0]].map(|item| item_hash(&item.observation()).unwrap());
        assert_eq!((hashes, report.gone), (wanted.to_vec(), Vec::new()));
    }
}
