//! Tables of switches, routers and DHCP servers as people handed them in, and what people say hardware addresses belong to.
//! It does not know segments or makers. Invariant: of one id the table received last stands, whole; what was said last of a hardware
//! address stands, and taking it back leaves nothing.

use crate::model::findings::At;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::network_table::{NeighbourNamed, NetworkTableRead};
use daicho_schemas::ids::{NetworkTableId, PersonId};
use daicho_schemas::time::UtcMicros;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every table, and every name.
#[derive(Clone, Debug, Default)]
pub struct NetworkTables {
    tables: OrdMap<NetworkTableId, Arc<TableState>>,
    named: OrdMap<String, Arc<NamedState>>,
    /// Which tables hold a hardware address.
    macs: OrdSet<(String, NetworkTableId)>,
}

/// A table as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableState {
    /// The table.
    pub read: NetworkTableRead,
    /// The entry.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who handed it in.
    pub by: Option<PersonId>,
}

/// What was said of a hardware address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedState {
    /// What.
    pub said: NeighbourNamed,
    /// The entry.
    pub seq: u64,
    /// Who said so.
    pub by: Option<PersonId>,
}

impl NetworkTables {
    /// Takes a table in. Answers the hardware addresses that it or the one before it holds.
    pub(crate) fn read(&mut self, read: &NetworkTableRead, by: Option<&PersonId>, at: At) -> BTreeSet<String> {
        let mut macs = BTreeSet::new();
        let id = &read.table_id;
        if let Some(before) = self.tables.get(id) {
            for row in &before.read.rows {
                self.macs.remove(&(row.mac.clone(), id.clone()));
                macs.insert(row.mac.clone());
            }
        }
        for row in &read.rows {
            self.macs.insert((row.mac.clone(), id.clone()));
            macs.insert(row.mac.clone());
        }
        let state = TableState { read: read.clone(), seq: at.seq, at: at.received_at, by: by.cloned() };
        self.tables.insert(id.clone(), Arc::new(state));
        macs
    }

    /// Somebody says what a hardware address belongs to, or takes it back.
    pub(crate) fn name(&mut self, said: &NeighbourNamed, by: Option<&PersonId>, at: At) {
        if said.is.is_none() {
            self.named.remove(&said.mac);
            return;
        }
        let state = NamedState { said: said.clone(), seq: at.seq, by: by.cloned() };
        self.named.insert(said.mac.clone(), Arc::new(state));
    }

    /// One table.
    pub fn get(&self, id: &NetworkTableId) -> Option<&TableState> {
        self.tables.get(id).map(|state| &**state)
    }

    /// Every table, by id.
    pub fn iter(&self) -> impl Iterator<Item = &TableState> {
        self.tables.values().map(|state| &**state)
    }

    /// The tables that hold a hardware address.
    pub fn holding<'a>(&'a self, mac: &'a str) -> impl Iterator<Item = &'a TableState> + 'a {
        // No id is smaller than one digit.
        let from = NetworkTableId::new("0").ok().map(|id| (mac.to_string(), id));
        let rows = from.into_iter().flat_map(|from| self.macs.range(from..));
        rows.take_while(move |(own, _)| own == mac).filter_map(|(_, id)| self.get(id))
    }

    /// What was said of a hardware address.
    pub fn named(&self, mac: &str) -> Option<&NamedState> {
        self.named.get(mac).map(|state| &**state)
    }

    /// How many hardware addresses are named.
    pub fn named_total(&self) -> usize {
        self.named.len()
    }

    /// How many tables stand.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether none stands.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Every hardware address in a table.
    pub(crate) fn macs(&self) -> BTreeSet<String> {
        self.macs.iter().map(|(mac, _)| mac.clone()).collect()
    }
}

impl Keep for NetworkTables {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.count(self.tables.len())?;
        self.tables.values().try_for_each(|state| out.json(state))?;
        out.count(self.named.len())?;
        self.named.values().try_for_each(|state| out.json(state))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut own = Self::default();
        for _ in 0..from.count()? {
            let state: TableState = from.json()?;
            let id = state.read.table_id.clone();
            own.macs.extend(state.read.rows.iter().map(|row| (row.mac.clone(), id.clone())));
            own.tables.insert(id, Arc::new(state));
        }
        for _ in 0..from.count()? {
            let state: NamedState = from.json()?;
            own.named.insert(state.said.mac.clone(), Arc::new(state));
        }
        Ok(own)
    }
}
