//! The assets: what stands on each host, by collector, as sets of numbered items; and since when.
//! It does not know what an observation means or whether it was declared.
//! Invariant: absent is not gone; a report changes what `daicho_schemas::batch::{apply_report, standing}` say it changes.
//! That a report's digest is true is admission's matter; the fold takes it as it stands in the ledger.

mod checked;
mod items;
mod kept;

pub use checked::Checked;
pub use items::{Item, Items, KeyNo};

use crate::model::numbers::{HostNo, Interned, ItemNo, place};
use crate::model::prepared::PreparedReport;
use daicho_schemas::batch::{Outcome, state_digest};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use imbl::Vector;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands where.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// Every distinct observation.
    pub items: Items,
    collectors: Interned<CollectorId>,
    hosts: Vector<Arc<HostAssets>>,
}

/// What stands on one host.
#[derive(Clone, Debug, Default)]
pub struct HostAssets {
    /// Every collector that ever reported, in order of names.
    pub collectors: Vec<CollectorAssets>,
    /// When the batch was received that first had the components which are in no cohort.
    since: Option<UtcMicros>,
    /// Components that came later, by the time when they came.
    cohorts: Vec<(UtcMicros, Vec<ItemNo>)>,
}

/// What one collector's reports add up to.
#[derive(Clone, Debug)]
pub struct CollectorAssets {
    /// Which collector, by number.
    collector: u32,
    /// What stands on the host.
    pub items: RoaringBitmap,
    /// What is agreed with the agent, where that is less than what stands: a later complete look decides about the rest.
    agreed: Option<Box<RoaringBitmap>>,
    /// [`state_digest`] of what is agreed.
    pub digest: Hash,
}

impl CollectorAssets {
    /// What is agreed with the agent: what its next difference starts from.
    pub fn agreed(&self) -> &RoaringBitmap {
        self.agreed.as_deref().unwrap_or(&self.items)
    }
}

/// What a batch changed on a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changed {
    /// Items that stand now and did not.
    pub came: RoaringBitmap,
    /// Items that stood and do not any more. They can be asked about until the entry has been taken in.
    pub went: RoaringBitmap,
    /// Of what came, what a collector showed that had never looked completely before: it may have stood there already.
    pub first: RoaringBitmap,
}

impl HostAssets {
    /// Everything that stands, over all collectors.
    pub fn standing(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        for collector in &self.collectors {
            all |= &collector.items;
        }
        all
    }

    /// Whether an item stands on it.
    pub fn has(&self, item: ItemNo) -> bool {
        self.collectors.iter().any(|collector| collector.items.contains(item))
    }

    /// When the batch was received that first had a component, since it last was absent.
    pub fn first_seen_at(&self, item: ItemNo) -> Option<UtcMicros> {
        let cohort = self.cohorts.iter().find(|(_, items)| items.binary_search(&item).is_ok());
        cohort.map(|(at, _)| *at).or(self.since)
    }

    fn seen_first(&mut self, came: Vec<ItemNo>, received_at: UtcMicros, known: bool) {
        if came.is_empty() {
            return;
        }
        if !known {
            self.since = Some(received_at);
            self.cohorts.clear();
        } else if self.since != Some(received_at) {
            match self.cohorts.iter_mut().find(|(at, _)| *at == received_at) {
                Some((_, items)) => {
                    items.extend(came);
                    items.sort_unstable();
                }
                None => self.cohorts.push((received_at, came)),
            }
        }
    }

    fn seen_last(&mut self, item: ItemNo) {
        for (_, items) in &mut self.cohorts {
            if let Ok(at) = items.binary_search(&item) {
                items.remove(at);
            }
        }
        self.cohorts.retain(|(_, items)| !items.is_empty());
    }
}

impl Assets {
    /// Takes a report in. False when it starts from another state than the one here, or holds what cannot be hashed: then
    /// nothing is taken in.
    pub(crate) fn report(&mut self, host: HostNo, report: &PreparedReport) -> bool {
        let known = self.collector(host, &report.collector);
        if report.malformed.is_some() || !starts_here(report, known) {
            return false;
        }
        let before = known.map(|known| known.items.clone()).unwrap_or_default();
        let agreed = report.base.map(|_| known.map(|known| known.agreed().clone()).unwrap_or_default());
        let agreed = self.agreed_after(agreed, report);
        let after = if report.outcome == Outcome::Complete { agreed.clone() } else { self.laid_over(&before, &agreed) };
        for item in &after - &before {
            self.items.hold(item);
        }
        for item in &before - &after {
            self.items.release(item);
        }
        let agreed = (agreed != after).then(|| Box::new(agreed));
        self.keep(host, &report.collector, after, agreed, report.digest);
        true
    }

    fn agreed_after(&mut self, start: Option<RoaringBitmap>, report: &PreparedReport) -> RoaringBitmap {
        let mut put: Vec<ItemNo> = report.put.iter().map(|seen| self.items.number(seen)).collect();
        let Some(mut agreed) = start else {
            put.sort_unstable();
            return put.into_iter().collect();
        };
        let keys = put.iter().filter_map(|no| self.items.get(*no).map(|item| item.key)).collect::<Vec<_>>();
        for (item, key) in put.into_iter().zip(keys) {
            for replaced in self.items.under(&agreed, key) {
                agreed.remove(replaced);
            }
            agreed.insert(item);
        }
        for key in report.gone.iter().filter_map(|key| self.items.key(key)) {
            for gone in self.items.under(&agreed, key) {
                agreed.remove(gone);
            }
        }
        agreed
    }

    /// What stood, with what is agreed laid over it: of two items under one key the agreed one stands.
    fn laid_over(&self, before: &RoaringBitmap, agreed: &RoaringBitmap) -> RoaringBitmap {
        let mut after = before | agreed;
        for item in agreed - before {
            let Some(key) = self.items.get(item).map(|item| item.key) else { continue };
            for replaced in self.items.under(before, key).into_iter().filter(|other| !agreed.contains(*other)) {
                after.remove(replaced);
            }
        }
        after
    }

    fn keep(
        &mut self,
        host: HostNo,
        collector: &CollectorId,
        mut items: RoaringBitmap,
        agreed: Option<Box<RoaringBitmap>>,
        digest: Hash,
    ) {
        // Items of one image have been numbered together: such a set is a few runs.
        items.optimize();
        while self.hosts.len() <= place(host) {
            self.hosts.push_back(Arc::default());
        }
        let Some(assets) = self.hosts.get_mut(place(host)) else { return };
        let assets = Arc::make_mut(assets);
        let name = |no: u32| self.collectors.get(no);
        match assets.collectors.iter_mut().find(|known| name(known.collector).is_some_and(|name| **name == *collector))
        {
            Some(known) => {
                known.items = items;
                known.agreed = agreed;
                known.digest = digest;
            }
            None => {
                let at = assets.collectors.partition_point(|known| {
                    self.collectors.get(known.collector).is_some_and(|name| **name < *collector)
                });
                let collector = self.collectors.hold(collector);
                assets.collectors.insert(at, CollectorAssets { collector, items, agreed, digest });
            }
        }
    }

    /// Ends a batch: what it changed on the host since `before`, and since when that stands.
    pub(crate) fn changed(&mut self, host: HostNo, before: &RoaringBitmap, received_at: UtcMicros) -> Changed {
        let after = self.standing(host);
        let changed = Changed { came: &after - before, went: before - &after, first: RoaringBitmap::new() };
        let component = |no: &ItemNo| self.items.get(*no).is_some_and(|item| item.sort.is_component());
        let came: Vec<ItemNo> = changed.came.iter().filter(component).collect();
        let went: Vec<ItemNo> = changed.went.iter().filter(component).collect();
        let known = before.iter().any(|no| component(&no));
        if (!came.is_empty() || !went.is_empty())
            && let Some(assets) = self.hosts.get_mut(place(host))
        {
            let assets = Arc::make_mut(assets);
            went.into_iter().for_each(|item| assets.seen_last(item));
            assets.seen_first(came, received_at, known);
        }
        changed
    }

    /// Ends an entry: forgets the items that nobody holds any more.
    pub(crate) fn sweep(&mut self) {
        self.items.sweep();
    }

    /// Everything that stands on a host.
    pub(crate) fn standing(&self, host: HostNo) -> RoaringBitmap {
        self.host(host).map(HostAssets::standing).unwrap_or_default()
    }

    /// One host; absent while it has not reported.
    pub fn host(&self, host: HostNo) -> Option<&HostAssets> {
        self.hosts.get(place(host)).map(|assets| &**assets).filter(|assets| !assets.collectors.is_empty())
    }

    /// What one collector told of a host.
    pub fn collector(&self, host: HostNo, collector: &CollectorId) -> Option<&CollectorAssets> {
        self.by_collector(host).find(|(id, _)| *id == collector).map(|(_, assets)| assets)
    }

    /// What each collector told of a host, in order of their names.
    pub fn by_collector(&self, host: HostNo) -> impl Iterator<Item = (&CollectorId, &CollectorAssets)> {
        let all = self.host(host).into_iter().flat_map(|assets| &assets.collectors);
        all.filter_map(|assets| self.collectors.get(assets.collector).map(|id| (&**id, assets)))
    }

    /// Keys and hashes of a set of items.
    pub fn named(&self, set: &RoaringBitmap) -> BTreeMap<String, Hash> {
        let items = set.iter().filter_map(|no| self.items.get(no));
        items.map(|item| (self.items.key_text(item.key).to_string(), item.hash)).collect()
    }

    /// What one host has under a key, in order of collectors.
    pub fn under(&self, host: HostNo, key: &str) -> Vec<ItemNo> {
        let Some(key) = self.items.key(key) else { return Vec::new() };
        let mut found = Vec::new();
        for collector in self.host(host).into_iter().flat_map(|assets| &assets.collectors) {
            found.extend(self.items.under(&collector.items, key));
        }
        found
    }

    /// Everything on one host, in order of collectors and keys. A thing that two collectors tell stands here twice.
    pub fn on(&self, host: HostNo, wanted: impl Fn(&Item) -> bool) -> Vec<&Item> {
        let mut all = Vec::new();
        for collector in self.host(host).into_iter().flat_map(|assets| &assets.collectors) {
            let items = collector.items.iter().filter_map(|no| self.items.get(no).map(|item| &**item));
            let start = all.len();
            all.extend(items.filter(|item| wanted(item)));
            if let Some(added) = all.get_mut(start..) {
                added.sort_by_cached_key(|item| self.items.key_text(item.key));
            }
        }
        all
    }
}

fn starts_here(report: &PreparedReport, known: Option<&CollectorAssets>) -> bool {
    report.base.is_none_or(|base| match known {
        Some(known) => known.digest == base,
        None => state_digest(&report.collector, &BTreeMap::new()) == base,
    })
}
