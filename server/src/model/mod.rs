//! The meaning: pure folds over the ledger. No clock, no I/O, no randomness, no unordered map in this folder.
//! It does not know how entries are kept, who asks, or what time it is; "now" is an argument.
//! Invariant: the same entries give the same state, byte for byte, from the first entry or from a snapshot.
//!
//! In the order of a fact's path: `state` takes it into the `views`, `meaning` and `cover` say what it is and which part
//! covers it (`views/drift`), `rules` judge what it touched, `findings` live, `duties` follow, `queries` answer.

pub mod admission;
pub mod cover;
pub mod duties;
pub mod findings;
pub mod firmware;
pub mod meaning;
pub mod networks;
pub mod numbers;
pub mod os_support;
pub mod parties;
pub mod prepared;
pub mod queries;
pub mod regimes;
#[cfg(test)]
mod replay_tests;
pub mod rows;
pub mod rules;
pub mod snapshot;
pub mod state;
pub mod subjects;
#[cfg(test)]
pub(crate) mod testing;
pub mod tickets;
pub mod views;

use crate::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::time::UtcMicros;
use findings::At;
use numbers::HostNo;
use prepared::PreparedBatch;
use snapshot::{In, Keep as _, Out, SnapshotError};
use state::{Change, State};
use std::io::{Read, Write};
use views::assets::Changed;
use views::drift::{Drift, Touched};

/// An entry as the model sees it: parsed, without bytes and chain.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The entry's number.
    pub seq: u64,
    /// When the server received it.
    pub received_at: UtcMicros,
    /// Who stated it.
    pub author: &'a Author,
    /// The fact.
    pub fact: &'a Fact,
}

impl Event<'_> {
    /// Its place in the ledger.
    pub fn at(&self) -> At {
        At { seq: self.seq, received_at: self.received_at }
    }
}

/// Everything that the entries so far mean. A copy costs little, whatever it holds: both share what neither changes, so
/// whoever reads or keeps a copy is not waited for.
#[derive(Clone, Debug, Default)]
pub struct Model {
    state: State,
    drift: Drift,
}

/// The version of the fold: a snapshot of another version is not used.
pub const FOLD_VERSION: u32 = 11;

impl Model {
    /// Takes the next entry in. An entry that was taken in before changes nothing, so a tail may overlap a snapshot.
    pub fn apply(&mut self, event: &Event<'_>) {
        let prepared = match event.fact {
            Fact::Batch(signed) if event.seq > self.state.seq => PreparedBatch::read(signed).ok(),
            _ => None,
        };
        self.apply_prepared(event, prepared.as_ref());
    }

    /// [`Model::apply`] with a batch that was made ready before.
    pub fn apply_prepared(&mut self, event: &Event<'_>, prepared: Option<&PreparedBatch>) {
        if event.seq <= self.state.seq {
            return;
        }
        self.state.seq = event.seq;
        let change = self.state.take(event, prepared);
        let mut touched = self.follow(change, event.at());
        if self.state.firmware.day_came(event.at().received_at.date_in_japan()) {
            touched.devices.extend(self.state.devices.ids().cloned());
        }
        let mut findings = std::mem::take(&mut self.state.findings);
        let turned = rules::judge(&self.state, &self.drift, &mut findings, &touched, event.at());
        for (finding, duties) in duties::follow(&self.state, &findings, &turned, &touched) {
            if self.state.duties.settle(&finding, duties) {
                findings.tell_again(&finding);
            }
        }
        self.state.findings = findings;
        self.state.assets.sweep();
    }

    /// Brings what follows from the views up to date, and says what was touched.
    fn follow(&mut self, change: Change, at: At) -> Touched {
        let mut touched = Touched::default();
        let (state, drift) = (&self.state, &mut self.drift);
        match change {
            Change::Nothing => {}
            Change::Supplier(id) => drift.supplier_changed(state, Some(&id), &mut touched),
            Change::Plan(before, after) => {
                let before = before.as_ref().map(|state| &*state.plan);
                drift.plan_changed(state, before, Some(&after), &mut touched);
            }
            Change::Decision(about) => drift.decisions_changed(state, &about, &mut touched),
            Change::Computers(keys) => touched.computers.extend(keys),
            Change::Host(host) => drift.host_changed(state, host, &mut touched),
            Change::Joined(host) => {
                drift.host_changed(state, host, &mut touched);
                self.watch(host, &Changed::default(), true, at, &mut touched);
            }
            Change::Reported(host, changed, joined, devices) => {
                touched.read(devices);
                // A host of which another tool tells never enrolled.
                if drift.hosts.get(host).is_none() {
                    drift.host_changed(state, host, &mut touched);
                }
                drift.reported(state, host, &changed, &mut touched);
                self.watch(host, &changed, joined, at, &mut touched);
            }
            Change::Devices(changed) => {
                touched.equipment.extend(changed.equipment.iter().cloned());
                touched.read(changed);
            }
            Change::Networks(macs) => touched.macs.extend(macs),
            Change::Circuits(keys) => touched.circuits.extend(keys),
            Change::Firmware => touched.devices.extend(state.devices.ids().cloned()),
            Change::Paths(changed) => {
                touched.paths.extend(changed.paths);
                touched.answers.extend(changed.answers);
                touched.devices.extend(changed.devices);
                touched.equipment.extend(changed.equipment);
                let hosts = changed.hosts.iter().flat_map(|name| drift.hosts.of_name(name));
                touched.hosts.extend(hosts);
            }
            Change::Tickets(ids) => {
                let own = ids.iter().filter_map(|id| state.tickets.get(id));
                touched.equipment.extend(own.map(|ticket| ticket.change.equipment_id.clone()));
                touched.hosts.extend(ids.iter().flat_map(|id| tickets::hosts_of(state, drift, id)));
                touched.tickets.extend(ids);
            }
        }
        touched
    }

    /// Takes what changed on a host to the tickets that it bears on, and to the prohibition periods that run.
    fn watch(&mut self, host: HostNo, changed: &Changed, joined: bool, at: At, touched: &mut Touched) {
        let watched = tickets::watch(&self.state, &self.drift, host, changed, joined, at);
        let on = at.received_at.date_in_japan();
        self.state.early.went(host, &changed.went);
        watched.early.iter().for_each(|item| self.state.early.came(host, *item, on));
        if watched.joined_early {
            self.state.early.joined(host, on);
        }
        for (id, gone) in watched.went {
            if self.state.tickets.went(&id, &gone) {
                touched.tickets.insert(id);
            }
        }
        for (id, seen) in watched.saw {
            self.state.tickets.saw(&id, seen);
            touched.tickets.insert(id);
        }
    }

    /// The last entry that was taken in; 0 for none.
    pub fn seq(&self) -> u64 {
        self.state.seq
    }

    /// Writes everything that a restart goes on from.
    pub fn write_snapshot(&self, sink: &mut dyn Write) -> Result<(), SnapshotError> {
        let mut out = Out::to(sink);
        self.state.keep(&mut out)?;
        self.drift.keep(&mut out)
    }

    /// Reads a snapshot back.
    pub fn read_snapshot(source: &mut dyn Read) -> Result<Self, SnapshotError> {
        let mut from = In::of(source);
        let state = State::back(&mut from)?;
        let drift = Drift::back(&mut from, &state)?;
        Ok(Self { state, drift })
    }
}
