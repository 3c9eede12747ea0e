//! The lines of the operator's own lists (回線台帳), as the newest edition of each list says, and what people say of single lines.
//! It does not know devices, hosts or contracts: a row holds words, and whoever asks looks for what they mean.
//! Invariant: a line that a newer edition does not hold is not gone: it stays, as a question, until the list or a person says that it
//! ended; and while rows of an edition could not be read, none is said to be missing from it.

use super::declarations::host_key;
use crate::model::findings::At;
use crate::model::networks::Prefix;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use core::net::IpAddr;
use daicho_schemas::fact::circuit::{Circuit, CircuitIs, CircuitLedgerRead, CircuitSettled};
use daicho_schemas::ids::{CircuitLedgerId, PersonId};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Lines of an edition that are remembered by key as new, changed or missing; more are counted.
pub const CHANGES_LISTED_MAX: usize = 200;

/// A line: its list and its key in it.
pub type CircuitKey = (CircuitLedgerId, String);

/// Every list and every line.
#[derive(Clone, Debug, Default)]
pub struct Circuits {
    editions: OrdMap<CircuitLedgerId, Arc<EditionState>>,
    circuits: OrdMap<CircuitKey, Arc<CircuitState>>,
    /// Lines by what stands at their end, as names of devices are compared, and as names of hosts are.
    by_end: OrdSet<(String, CircuitKey)>,
    by_host: OrdSet<(String, CircuitKey)>,
    by_segment: OrdSet<(Prefix, CircuitKey)>,
}

/// The newest edition of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionState {
    /// The list.
    pub circuit_ledger_id: CircuitLedgerId,
    /// Whose list it is.
    pub source: String,
    /// The day that it speaks of.
    pub as_of: CalendarDate,
    /// SHA-256 of the file.
    pub sha256: String,
    /// How many lines it holds.
    pub circuits: u64,
    /// Rows that could not be read.
    pub left_out: u32,
    /// What else was said.
    pub note: String,
    /// What is otherwise than in the edition before.
    pub changed: EditionChanged,
    /// How many editions the ledger holds.
    pub editions: u64,
    /// The entry.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who handed it in.
    pub by: Option<PersonId>,
}

/// What is otherwise than in the edition before: how many, and the first of them by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionChanged {
    /// Lines that came.
    pub came: Listed,
    /// Lines of which something else is said.
    pub changed: Listed,
    /// Lines that are in the list no more. What became of them is a question.
    pub missing: Listed,
}

/// Some lines of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// How many.
    pub total: u64,
    /// The first of them, at most [`CHANGES_LISTED_MAX`].
    pub keys: Vec<String>,
}

impl Listed {
    fn add(&mut self, key: &str) {
        self.total += 1;
        if self.keys.len() < CHANGES_LISTED_MAX {
            self.keys.push(key.to_string());
        }
    }
}

/// A line as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitState {
    /// What the list says of it.
    pub circuit: Circuit,
    /// The entry of the edition that held it last.
    pub seq: u64,
    /// The day of that edition.
    pub as_of: CalendarDate,
    /// The first edition without it, read as a whole: its entry and its day.
    pub missing: Option<(u64, CalendarDate)>,
    /// What a person says of it.
    pub settled: Option<SettledState>,
}

/// What a person says of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledState {
    /// What.
    pub said: CircuitSettled,
    /// The entry.
    pub seq: u64,
    /// Who said so.
    pub by: Option<PersonId>,
}

impl CircuitState {
    /// What a person says that it is; that it ended counts only until a later edition holds it.
    pub fn is(&self) -> Option<&CircuitIs> {
        let said = &self.settled.as_ref()?.said;
        let is = said.is.as_ref()?;
        let holds_still = matches!(is, CircuitIs::Ended(_)) && self.missing.is_none() && said.on < self.as_of;
        (!holds_still).then_some(is)
    }

    /// Whether a person, or the list itself, says that it is there no more. No clock is asked: the list speaks of its day.
    pub fn has_ended(&self) -> bool {
        let day = self.missing.map_or(self.as_of, |(_, day)| day);
        self.circuit.ends_on.is_some_and(|last| last <= day) || matches!(self.is(), Some(CircuitIs::Ended(_)))
    }

    /// Whether the list says that it is there only later.
    pub fn is_to_come(&self) -> bool {
        self.circuit.starts_on.is_some_and(|first| first > self.as_of)
    }

    /// What stands at its end, in words: what the list says, and what a person says.
    pub fn ends(&self) -> impl Iterator<Item = &str> {
        let said = match self.is() {
            Some(CircuitIs::Device(id)) => Some(id.as_str()),
            Some(CircuitIs::Host(name)) => Some(name.as_str()),
            Some(CircuitIs::Ended(_) | CircuitIs::Other(_)) | None => None,
        };
        [self.circuit.device.as_str()].into_iter().chain(said).filter(|words| !words.is_empty())
    }

    /// The network at its end.
    pub fn segment(&self) -> Option<Prefix> {
        Prefix::of_text(self.circuit.segment.as_deref()?).map(|(_, network)| network)
    }
}

/// How names of devices are compared.
pub(crate) fn end_key(words: &str) -> String {
    words.trim().to_lowercase()
}

impl Circuits {
    /// Takes an edition in. Answers the lines that the list holds or held.
    pub(crate) fn read(&mut self, read: &CircuitLedgerRead, by: Option<&PersonId>, at: At) -> BTreeSet<CircuitKey> {
        let id = &read.circuit_ledger_id;
        let mut changed = EditionChanged::default();
        let mut rows: BTreeMap<&str, &Circuit> = read.circuits.iter().map(|own| (own.key.as_str(), own)).collect();
        let before: Vec<(CircuitKey, Arc<CircuitState>)> =
            self.of_ledger(id).map(|(key, state)| (key.clone(), Arc::clone(state))).collect();
        let mut touched: BTreeSet<CircuitKey> = before.iter().map(|(key, _)| key.clone()).collect();
        for (key, state) in before {
            let Some(circuit) = rows.remove(key.1.as_str()) else {
                if self.is_missing(&key, &state, read, at.seq) {
                    changed.missing.add(&key.1);
                }
                continue;
            };
            match state.missing {
                Some(_) => changed.came.add(&key.1),
                None if state.circuit != *circuit => changed.changed.add(&key.1),
                None => {}
            }
            let settled = state.settled.clone();
            let now = CircuitState { circuit: circuit.clone(), seq: at.seq, as_of: read.as_of, missing: None, settled };
            self.put(key, Some(now));
        }
        for (key, circuit) in rows {
            changed.came.add(key);
            let key = (id.clone(), key.to_string());
            touched.insert(key.clone());
            let circuit = circuit.clone();
            let now = CircuitState { circuit, seq: at.seq, as_of: read.as_of, missing: None, settled: None };
            self.put(key, Some(now));
        }
        let edition = EditionState {
            circuit_ledger_id: id.clone(),
            source: read.source.clone(),
            as_of: read.as_of,
            sha256: read.sha256.clone(),
            circuits: u64::try_from(read.circuits.len()).unwrap_or(u64::MAX),
            left_out: read.left_out,
            note: read.note.clone(),
            changed,
            editions: self.editions.get(id).map_or(0, |before| before.editions) + 1,
            seq: at.seq,
            at: at.received_at,
            by: by.cloned(),
        };
        self.editions.insert(id.clone(), Arc::new(edition));
        touched
    }

    /// An edition does not hold a line. One that was said to have ended is forgotten; of another nobody knows. Answers whether that is a
    /// new question.
    fn is_missing(&mut self, key: &CircuitKey, state: &CircuitState, read: &CircuitLedgerRead, seq: u64) -> bool {
        if read.left_out > 0 {
            return false;
        }
        let missing = state.missing.or(Some((seq, read.as_of)));
        let now = CircuitState { missing, ..state.clone() };
        let asks = !now.has_ended();
        self.put(key.clone(), asks.then_some(now));
        asks && state.missing.is_none()
    }

    /// A person says what a line is, or takes it back. Answers the line, where there is one.
    pub(crate) fn settle(&mut self, said: &CircuitSettled, by: Option<&PersonId>, at: At) -> Option<CircuitKey> {
        let key = (said.circuit_ledger_id.clone(), said.key.clone());
        let mut state = CircuitState::clone(self.circuits.get(&key)?);
        let settled = SettledState { said: said.clone(), seq: at.seq, by: by.cloned() };
        state.settled = said.is.is_some().then_some(settled);
        self.put(key.clone(), Some(state));
        Some(key)
    }

    fn put(&mut self, key: CircuitKey, state: Option<CircuitState>) {
        let state = state.map(Arc::new);
        let before = match &state {
            Some(state) => self.circuits.insert(key.clone(), Arc::clone(state)),
            None => self.circuits.remove(&key),
        };
        before.into_iter().for_each(|before| self.index(&key, &before, false));
        state.into_iter().for_each(|state| self.index(&key, &state, true));
    }

    fn index(&mut self, key: &CircuitKey, state: &CircuitState, enter: bool) {
        fn change<T: Ord + Clone>(set: &mut OrdSet<T>, value: T, enter: bool) {
            if enter {
                set.insert(value)
            } else {
                set.remove(&value)
            };
        }
        for words in state.ends() {
            change(&mut self.by_end, (end_key(words), key.clone()), enter);
            change(&mut self.by_host, (host_key(words), key.clone()), enter);
        }
        if let Some(segment) = state.segment() {
            change(&mut self.by_segment, (segment, key.clone()), enter);
        }
    }

    /// One line.
    pub fn get(&self, key: &CircuitKey) -> Option<&CircuitState> {
        self.circuits.get(key).map(|state| &**state)
    }

    /// Every line, by list and key.
    pub fn iter(&self) -> impl Iterator<Item = (&CircuitKey, &CircuitState)> {
        self.circuits.iter().map(|(key, state)| (key, &**state))
    }

    fn of_ledger<'a>(
        &'a self,
        id: &'a CircuitLedgerId,
    ) -> impl Iterator<Item = (&'a CircuitKey, &'a Arc<CircuitState>)> {
        self.circuits.range((id.clone(), String::new())..).take_while(move |((own, _), _)| own == id)
    }

    /// How many lines of a list stand, those that are missing from it too.
    pub fn count_of(&self, id: &CircuitLedgerId) -> usize {
        self.of_ledger(id).count()
    }

    /// One list.
    pub fn edition(&self, id: &CircuitLedgerId) -> Option<&EditionState> {
        self.editions.get(id).map(|state| &**state)
    }

    /// Every list, by id.
    pub fn editions(&self) -> impl Iterator<Item = &EditionState> {
        self.editions.values().map(|state| &**state)
    }

    /// How many lists there are.
    pub fn editions_total(&self) -> usize {
        self.editions.len()
    }

    /// Whether no line is known: then nobody can say of an uplink that it stands in no list.
    pub fn is_empty(&self) -> bool {
        self.circuits.is_empty()
    }

    /// The lines at whose end something of this name stands, as names of devices are compared.
    pub fn ending_at<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a CircuitKey, &'a CircuitState)> {
        self.named(&self.by_end, name)
    }

    /// The lines at whose end a host of this name stands, as names of hosts are compared.
    pub fn ending_at_host<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a CircuitKey, &'a CircuitState)> {
        self.named(&self.by_host, name)
    }

    fn named<'a>(
        &'a self,
        set: &'a OrdSet<(String, CircuitKey)>,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a CircuitKey, &'a CircuitState)> {
        // No id is smaller than one digit.
        let from = CircuitLedgerId::new("0").ok().map(|id| (name.to_string(), (id, String::new())));
        let rows = from.into_iter().flat_map(|from| set.range(from..));
        rows.take_while(move |(own, _)| own == name).filter_map(|(_, key)| Some((key, self.get(key)?)))
    }

    /// Whether a line that is there has a network that holds an address.
    pub fn holds(&self, address: IpAddr) -> bool {
        let there = |key: &CircuitKey| self.get(key).is_some_and(|own| !own.has_ended());
        self.by_segment.iter().any(|(segment, key)| segment.holds(address) && there(key))
    }

    /// The lines whose network holds one of these, or is held by one.
    pub(crate) fn at_segments<'a>(&'a self, segments: &'a BTreeSet<Prefix>) -> impl Iterator<Item = &'a CircuitKey> {
        let near = |own: &Prefix| segments.iter().any(|other| own.covers(other) || other.covers(own));
        self.by_segment.iter().filter(move |(own, _)| near(own)).map(|(_, key)| key)
    }
}

impl Keep for Circuits {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.count(self.editions.len())?;
        self.editions.values().try_for_each(|state| out.json(state))?;
        out.count(self.circuits.len())?;
        self.circuits.iter().try_for_each(|row| out.json(&row))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut own = Self::default();
        for _ in 0..from.count()? {
            let state: EditionState = from.json()?;
            own.editions.insert(state.circuit_ledger_id.clone(), Arc::new(state));
        }
        for _ in 0..from.count()? {
            let (key, state): (CircuitKey, CircuitState) = from.json()?;
            own.put(key, Some(state));
        }
        Ok(own)
    }
}
