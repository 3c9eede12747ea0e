//! What came while the prohibition period of a plan ran: components and interfaces by host, and hosts first heard then.
//! It does not know whether the period still counts as it did (dates are corrected); `rules/changed_while_prohibited` asks.
//! Invariant: what stood there before is not here, nor what another version of itself replaced, unless a ticket planned that;
//! what is gone is here no more.

use crate::model::numbers::{HostNo, ItemNo};
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::time::CalendarDate;
use imbl::OrdMap;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came early.
#[derive(Clone, Debug, Default)]
pub struct Early {
    items: OrdMap<HostNo, Arc<BTreeMap<ItemNo, CalendarDate>>>,
    hosts: OrdMap<HostNo, CalendarDate>,
}

impl Early {
    /// Something came to a host on a day.
    pub(crate) fn came(&mut self, host: HostNo, item: ItemNo, on: CalendarDate) {
        Arc::make_mut(self.items.entry(host).or_default()).insert(item, on);
    }

    /// Things have left a host. Answers the day on which the earliest of them had come early.
    pub(crate) fn went(&mut self, host: HostNo, gone: &RoaringBitmap) {
        let Some(own) = self.items.get_mut(&host) else { return };
        if own.keys().any(|item| gone.contains(*item)) {
            Arc::make_mut(own).retain(|item, _| !gone.contains(*item));
        }
        if own.is_empty() {
            self.items.remove(&host);
        }
    }

    /// A host was heard for the first time on a day.
    pub(crate) fn joined(&mut self, host: HostNo, on: CalendarDate) {
        self.hosts.entry(host).or_insert(on);
    }

    /// The day on which something came to a host, where that was early.
    pub fn day_of(&self, host: HostNo, item: ItemNo) -> Option<CalendarDate> {
        self.items.get(&host)?.get(&item).copied()
    }

    /// What came early to a host, with the days.
    pub fn on(&self, host: HostNo) -> impl Iterator<Item = (ItemNo, CalendarDate)> {
        self.items.get(&host).into_iter().flat_map(|own| own.iter()).map(|(item, on)| (*item, *on))
    }

    /// The day on which a host was first heard, where that was early.
    pub fn joined_on(&self, host: HostNo) -> Option<CalendarDate> {
        self.hosts.get(&host).copied()
    }

    /// The hosts to which anything came early.
    pub fn hosts(&self) -> impl Iterator<Item = HostNo> {
        self.items.keys().copied()
    }
}

impl Keep for Early {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        let items: Vec<(HostNo, Vec<(ItemNo, CalendarDate)>)> =
            self.items.keys().map(|host| (*host, self.on(*host).collect())).collect();
        let hosts: Vec<(HostNo, CalendarDate)> = self.hosts.iter().map(|(host, on)| (*host, *on)).collect();
        out.json(&(items, hosts))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        type Kept = (Vec<(HostNo, Vec<(ItemNo, CalendarDate)>)>, Vec<(HostNo, CalendarDate)>);
        let (items, hosts): Kept = from.json()?;
        let items = items.into_iter().map(|(host, own)| (host, Arc::new(own.into_iter().collect()))).collect();
        Ok(Self { items, hosts: hosts.into_iter().collect() })
    }
}
