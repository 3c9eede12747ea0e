//! The assets in a snapshot: places, free ones included, so that numbers go on as they were.
//! It does not know how a snapshot is kept.
//! Invariant: what is not written here follows from what is.

use super::items::{Item, Items, Row, beginning, start};
use super::{Assets, CollectorAssets, HostAssets};
use crate::model::numbers::{Interned, NumberSet, Table, number};
use crate::model::prepared::{Label, Sort};
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use imbl::{OrdMap, Vector};
use roaring::RoaringBitmap;
use std::sync::Arc;

impl Keep for Label {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.name.keep(out)?;
        self.version.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { name: String::back(from)?, version: Option::back(from)? })
    }
}

/// Every sort, in the order in which snapshots number them.
const SORTS: [Sort; 12] = [
    Sort::System,
    Sort::Hardware,
    Sort::Package,
    Sort::Origin,
    Sort::Interface,
    Sort::Other,
    Sort::Device,
    Sort::Tool,
    Sort::Safeguard,
    Sort::Program,
    Sort::ChangedFile,
    Sort::Language,
];

/// The place of a sort in that list. A sort without one cannot be built: a snapshot that holds it could not be read.
fn code(sort: Sort) -> u8 {
    match sort {
        Sort::System => 0,
        Sort::Hardware => 1,
        Sort::Package => 2,
        Sort::Origin => 3,
        Sort::Interface => 4,
        Sort::Other => 5,
        Sort::Device => 6,
        Sort::Tool => 7,
        Sort::Safeguard => 8,
        Sort::Program => 9,
        Sort::ChangedFile => 10,
        Sort::Language => 11,
    }
}

impl Keep for Items {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.keys.keep(out)?;
        self.labels.keep(out)?;
        out.count(self.rows.slots().len())?;
        for row in self.rows.slots() {
            out.flag(row.is_some())?;
            let Some(Row { item, holders, .. }) = row else { continue };
            out.hash(&item.hash)?;
            out.number(item.key)?;
            out.number(*holders)?;
            out.number(item.label.as_ref().map_or(u32::MAX, |(no, _)| *no))?;
            out.byte(code(item.sort))?;
            out.bytes(&item.bytes)?;
        }
        Ok(())
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let (keys, labels) = (Interned::<String>::back(from)?, Interned::<Label>::back(from)?);
        let (mut by_hash, mut by_key, mut rows) =
            (OrdMap::<_, NumberSet>::new(), OrdMap::<_, NumberSet>::new(), Vector::new());
        for at in 0..from.count()? {
            if !from.flag()? {
                rows.push_back(None);
                continue;
            }
            let (hash, key, holders, label) = (from.hash()?, from.number()?, from.number()?, from.number()?);
            let sort = *SORTS.get(usize::from(from.byte()?)).ok_or(SnapshotError::Broken)?;
            let label = labels.get(label).map(|text| (label, Arc::clone(text)));
            let bytes = from.bytes()?.into_boxed_slice();
            by_hash.entry(beginning(&hash)).or_default().insert(number(at));
            by_key.entry(key).or_default().insert(number(at));
            let start = keys.get(key).map_or([0; 24], |key| start(key));
            rows.push_back(Some(Row { hash, start, item: Arc::new(Item { hash, key, label, sort, bytes }), holders }));
        }
        let rows = Table::from_slots(rows);
        Ok(Self { rows, by_hash, by_key, keys, labels, idle: RoaringBitmap::new() })
    }
}

impl Keep for CollectorAssets {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.number(self.collector)?;
        self.items.keep(out)?;
        self.agreed.keep(out)?;
        out.hash(&self.digest)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let collector = from.number()?;
        Ok(Self { collector, items: Keep::back(from)?, agreed: Keep::back(from)?, digest: from.hash()? })
    }
}

impl Keep for HostAssets {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.collectors.keep(out)?;
        self.since.keep(out)?;
        self.cohorts.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { collectors: Keep::back(from)?, since: Keep::back(from)?, cohorts: Keep::back(from)? })
    }
}

impl Keep for Assets {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.items.keep(out)?;
        self.collectors.keep(out)?;
        self.hosts.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { items: Keep::back(from)?, collectors: Keep::back(from)?, hosts: Keep::back(from)? })
    }
}
