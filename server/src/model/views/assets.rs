//! The assets: what stands on each host, by collector, and every distinct observation once with the places where it stands.
//! It does not know what an observation means or whether it was declared.
//! Invariant: absent is not gone; only what `daicho_schemas::batch::standing` takes away is taken away here.

use daicho_schemas::batch::{Applied, Body, CollectorReport, ItemKey, apply_report, standing, state_digest};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What stands where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assets {
    hosts: BTreeMap<AgentId, HostAssets>,
    items: BTreeMap<Hash, Item>,
}

/// What stands on one host, by collector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAssets {
    /// Every collector that ever reported.
    pub collectors: BTreeMap<CollectorId, CollectorAssets>,
}

/// What one collector's reports add up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorAssets {
    /// What stands on the host: the hash of each observation, by key.
    pub items: BTreeMap<ItemKey, Hash>,
    /// What is agreed with the agent, where that is less than what stands: a later complete look decides about the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agreed: Option<BTreeMap<ItemKey, Hash>>,
    /// [`state_digest`] of what is agreed.
    pub digest: Hash,
}

impl CollectorAssets {
    /// What is agreed with the agent: what its next difference starts from.
    pub fn agreed(&self) -> &BTreeMap<ItemKey, Hash> {
        self.agreed.as_ref().unwrap_or(&self.items)
    }
}

/// A distinct observation and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What was observed.
    pub observation: Observation,
    /// The hosts it stands on, by agent.
    pub places: BTreeMap<AgentId, Place>,
}

/// An observation on one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When the batch was received that first had it, since it last was absent.
    pub first_seen_at: UtcMicros,
    /// How many collectors of this host hold it.
    pub collectors: u32,
}

/// What one report changed on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Keys that are new, gone or have another hash.
    pub keys: BTreeSet<ItemKey>,
    /// The hashes that came, and those that went.
    pub hashes: BTreeSet<Hash>,
    /// The observations that went, with their hashes: where nobody holds them any more, this is their last mention.
    pub gone: Vec<(Hash, Observation)>,
}

impl Assets {
    /// Takes a report in. `None` when it starts from another state than the one here: then nothing is taken in.
    pub(crate) fn report(
        &mut self,
        agent: &AgentId,
        report: &CollectorReport,
        received_at: UtcMicros,
    ) -> Option<Changed> {
        let host = self.hosts.entry(agent.clone()).or_default();
        let empty = BTreeMap::new();
        let known = host.collectors.get(&report.collector);
        let agreed = known.map_or(&empty, CollectorAssets::agreed);
        let Ok(Applied::State(agreed)) = apply_report(agreed, report) else { return None };
        let before = known.map_or(&empty, |collector| &collector.items);
        let after = standing(before, &agreed, report.outcome);
        let changed = difference(before, &after);
        let digest = state_digest(&report.collector, &agreed);
        let put: BTreeMap<ItemKey, &Observation> =
            items_of(&report.body).iter().map(|item| (item.key(), item)).collect();
        let mut all = Changed::default();
        for (key, (old, new)) in changed {
            // What comes is counted before what goes, so that a thing that only changes its key is never dropped.
            if let (Some(new), Some(item)) = (new, put.get(&key)) {
                enter(&mut self.items, agent, new, item, received_at);
                all.hashes.insert(new);
            }
            if let Some(old) = old {
                all.gone.extend(leave(&mut self.items, agent, &old).map(|observation| (old, observation)));
                all.hashes.insert(old);
            }
            all.keys.insert(key);
        }
        let agreed = (agreed != after).then_some(agreed);
        host.collectors.insert(report.collector.clone(), CollectorAssets { items: after, agreed, digest });
        Some(all)
    }

    /// Whether anything that a collector told stands on a host.
    pub(crate) fn stands(&self, agent: &AgentId, collector: &CollectorId) -> bool {
        let known = self.hosts.get(agent).and_then(|host| host.collectors.get(collector));
        known.is_some_and(|collector| !collector.items.is_empty())
    }

    /// One host.
    pub fn host(&self, agent: &AgentId) -> Option<&HostAssets> {
        self.hosts.get(agent)
    }

    /// One distinct observation.
    pub fn item(&self, hash: &Hash) -> Option<&Item> {
        self.items.get(hash)
    }

    /// Every distinct observation, in order of hashes.
    pub fn items(&self) -> impl Iterator<Item = (&Hash, &Item)> {
        self.items.iter()
    }

    /// Everything on one host with its hash, in order of collectors and keys.
    pub fn on(&self, agent: &AgentId) -> impl Iterator<Item = (&ItemKey, &Hash, &Observation)> {
        let collectors = self.hosts.get(agent).into_iter().flat_map(|host| host.collectors.values());
        collectors
            .flat_map(|collector| collector.items.iter())
            .filter_map(|(key, hash)| self.items.get(hash).map(|item| (key, hash, &item.observation)))
    }

    /// What one host has under a key, over all its collectors.
    pub fn under<'a>(&'a self, agent: &AgentId, key: &'a str) -> impl Iterator<Item = (&'a Hash, &'a Observation)> {
        let collectors = self.hosts.get(agent).into_iter().flat_map(|host| host.collectors.values());
        collectors
            .filter_map(move |collector| collector.items.get(key))
            .filter_map(|hash| self.items.get(hash).map(|item| (hash, &item.observation)))
    }

    /// What one host has under keys with a prefix, over all its collectors.
    pub fn under_prefix<'a>(
        &'a self,
        agent: &AgentId,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a Hash, &'a Observation)> {
        let collectors = self.hosts.get(agent).into_iter().flat_map(|host| host.collectors.values());
        collectors
            .flat_map(move |collector| {
                collector.items.range(prefix.to_string()..).take_while(move |(key, _)| key.starts_with(prefix))
            })
            .filter_map(|(_, hash)| self.items.get(hash).map(|item| (hash, &item.observation)))
    }
}

type Difference = BTreeMap<ItemKey, (Option<Hash>, Option<Hash>)>;

fn difference(before: &BTreeMap<ItemKey, Hash>, after: &BTreeMap<ItemKey, Hash>) -> Difference {
    let came = after.iter().filter(|(key, hash)| before.get(*key) != Some(*hash));
    let went = before.iter().filter(|(key, _)| !after.contains_key(*key));
    came.map(|(key, hash)| (key.clone(), (before.get(key).copied(), Some(*hash))))
        .chain(went.map(|(key, hash)| (key.clone(), (Some(*hash), None))))
        .collect()
}

fn items_of(body: &Body) -> &[Observation] {
    match body {
        Body::Full { items } => items,
        Body::Delta { put, .. } => put,
    }
}

fn enter(
    items: &mut BTreeMap<Hash, Item>,
    agent: &AgentId,
    hash: Hash,
    observation: &Observation,
    received_at: UtcMicros,
) {
    let item = items.entry(hash).or_insert_with(|| Item { observation: observation.clone(), places: BTreeMap::new() });
    item.places.entry(agent.clone()).or_insert(Place { first_seen_at: received_at, collectors: 0 }).collectors += 1;
}

fn leave(items: &mut BTreeMap<Hash, Item>, agent: &AgentId, hash: &Hash) -> Option<Observation> {
    let item = items.get_mut(hash)?;
    let observation = item.observation.clone();
    let place = item.places.get_mut(agent)?;
    place.collectors = place.collectors.saturating_sub(1);
    if place.collectors == 0 {
        item.places.remove(agent);
    }
    if item.places.is_empty() {
        items.remove(hash);
    }
    Some(observation)
}
