//! What came while the prohibition period of a plan ran: components and interfaces by day and host, and hosts first heard then.
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
    items: OrdMap<ItemNo, Arc<BTreeMap<CalendarDate, RoaringBitmap>>>,
    hosts: OrdMap<HostNo, CalendarDate>,
}

impl Early {
    /// Something came to a host on a day.
    pub(crate) fn came(&mut self, host: HostNo, item: ItemNo, on: CalendarDate) {
        Arc::make_mut(self.items.entry(item).or_default()).entry(on).or_default().insert(host);
    }

    /// Things have left a host.
    pub(crate) fn went(&mut self, host: HostNo, gone: &RoaringBitmap) {
        if self.items.is_empty() {
            return;
        }
        for item in gone {
            let Some(days) = self.items.get_mut(&item) else { continue };
            Arc::make_mut(days).retain(|_, hosts| {
                hosts.remove(host);
                !hosts.is_empty()
            });
            if days.is_empty() {
                self.items.remove(&item);
            }
        }
    }

    /// A host was heard for the first time on a day.
    pub(crate) fn joined(&mut self, host: HostNo, on: CalendarDate) {
        self.hosts.entry(host).or_insert(on);
    }

    /// The day on which something came to a host, where that was early.
    pub fn day_of(&self, host: HostNo, item: ItemNo) -> Option<CalendarDate> {
        self.items.get(&item)?.iter().find(|(_, hosts)| hosts.contains(host)).map(|(on, _)| *on)
    }

    /// What came early, by item and day.
    pub fn items(&self) -> impl Iterator<Item = (ItemNo, &BTreeMap<CalendarDate, RoaringBitmap>)> {
        self.items.iter().map(|(item, days)| (*item, &**days))
    }

    /// The day on which a host was first heard, where that was early.
    pub fn joined_on(&self, host: HostNo) -> Option<CalendarDate> {
        self.hosts.get(&host).copied()
    }

    /// The hosts that were first heard early.
    pub fn joined_hosts(&self) -> impl Iterator<Item = HostNo> {
        self.hosts.keys().copied()
    }
}

type Day = (String, RoaringBitmap);

impl Keep for Early {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        let days = |days: &BTreeMap<CalendarDate, RoaringBitmap>| -> Vec<Day> {
            days.iter().map(|(on, hosts)| (on.to_string(), hosts.clone())).collect()
        };
        let items: Vec<(ItemNo, Vec<Day>)> = self.items().map(|(item, all)| (item, days(all))).collect();
        items.keep(out)?;
        let hosts: Vec<(HostNo, String)> = self.hosts.iter().map(|(host, on)| (*host, on.to_string())).collect();
        hosts.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let day = |text: &str| text.parse::<CalendarDate>().map_err(|_| SnapshotError::Broken);
        let mut early = Self::default();
        for (item, days) in Vec::<(ItemNo, Vec<Day>)>::back(from)? {
            let days = days.into_iter().map(|(on, hosts)| Ok((day(&on)?, hosts)));
            early.items.insert(item, Arc::new(days.collect::<Result<_, SnapshotError>>()?));
        }
        for (host, on) in Vec::<(HostNo, String)>::back(from)? {
            early.hosts.insert(host, day(&on)?);
        }
        Ok(early)
    }
}
