//! The tickets: planned changes that are kept, what was said of them, and what agents showed that bears on them.
//! It does not know what was seen means (`model/tickets/`), nor what the law asks; it keeps what the law said when it was asked.
//! Invariant: only people's entries move a ticket; of what agents showed nothing is forgotten but what was undone in time.

use crate::ledger::entry::Author;
use crate::model::findings::At;
use crate::model::rows::{DutyOutcome, SupplierClaim};
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use crate::model::views::declarations::host_key;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::ticket::{TicketMoved, TicketState, TicketStated};
use daicho_schemas::ids::{AgentId, ChangeId, EquipmentId, PersonId};
use daicho_schemas::planned::{PlannedChange, Sight};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Things seen that are kept of one ticket; more are counted.
pub const SEEN_MAX: usize = 1000;

/// Every ticket there ever was.
#[derive(Clone, Debug, Default)]
pub struct Tickets {
    by_id: OrdMap<ChangeId, Arc<Ticket>>,
    by_equipment: OrdSet<(EquipmentId, Option<ChangeId>)>,
    /// Those to which what is seen may still belong.
    live: OrdSet<(EquipmentId, Option<ChangeId>)>,
    /// By the names of the hosts on which they expect anything.
    by_host: OrdSet<(String, Option<ChangeId>)>,
    /// By the agents that showed something to them, and of which some may have been undone since.
    by_agent: OrdSet<(AgentId, Option<ChangeId>)>,
}

/// A ticket as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The version that was stated last.
    pub change: PlannedChange,
    /// What else was said with it.
    pub note: String,
    /// Where it is in its life.
    pub state: TicketState,
    /// How many versions the ledger holds.
    pub versions: u64,
    /// The entry of the version that stands.
    pub seq: u64,
    /// When the ticket was opened.
    pub opened_at: UtcMicros,
    /// The entry that opened it.
    pub opened_seq: u64,
    /// Who stated the version that stands.
    pub by: Option<PersonId>,
    /// What the law asked on the day on which that version was stated.
    pub judged: Judged,
    /// The steps of its life, in order.
    pub turns: Vec<TicketTurn>,
    /// It was stated that the window is over.
    pub window_ended: bool,
    /// What agents showed.
    pub seen: Vec<Seen>,
    /// How many things were left out of [`Ticket::seen`].
    pub seen_more: u64,
}

/// What the law asked when a version was stated, as far as later judgements are compared with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The day of judging, in Japan.
    pub on: CalendarDate,
    /// The strictest outcome.
    pub outcome: DutyOutcome,
    /// That rests on the statute and carries no caution.
    pub certain: bool,
    /// By statute nothing is to be done.
    pub nothing_to_do: bool,
    /// The first day on which all of it may be done, where something must be filed first.
    pub earliest_on: Option<CalendarDate>,
    /// The first day of the window is not before it; absent where nothing must be filed first.
    pub planned_day_is_possible: Option<bool>,
    /// The rows that were used, in order, each once.
    pub row_ids: Vec<String>,
}

/// One step of a ticket's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTurn {
    /// The entry.
    pub seq: u64,
    /// When it was received.
    pub at: UtcMicros,
    /// Who said it.
    pub by: Option<PersonId>,
    /// Where it went; absent where a version was stated.
    pub to: Option<TicketState>,
    /// The day that is spoken of.
    pub on: Option<CalendarDate>,
    /// The reason or note.
    pub words: String,
}

/// One thing that an agent showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What sort of thing.
    pub sight: Sight,
    /// The host by its name.
    pub host: String,
    /// Whose report.
    pub agent_id: AgentId,
    /// The component or interface; empty for a host.
    pub name: String,
    /// The component's version.
    pub version: Option<String>,
    /// Who supplies the component, as it was understood then.
    pub supplier: Option<SupplierClaim>,
    /// The hash of what was observed; absent for a host.
    pub item: Option<Hash>,
    /// Another version of it stood there until then.
    pub update: bool,
    /// It came with the first complete look at it: it may have been there before.
    pub first_look: bool,
    /// No part of a plan covered it then.
    pub undeclared: bool,
    /// When the report was received.
    pub at: UtcMicros,
    /// The entry.
    pub seq: u64,
}

impl Seen {
    /// The day in Japan on which it was received.
    pub fn on(&self) -> CalendarDate {
        self.at.date_in_japan()
    }

    /// Name and version in one line; a host by its own name.
    pub fn line(&self) -> String {
        match (&self.version, self.name.is_empty()) {
            (_, true) => self.host.clone(),
            (Some(version), false) => format!("{} {version}", self.name),
            (None, false) => self.name.clone(),
        }
    }

    /// Whether it is the same sort of sight of the same thing by the same agent. Two agents may go by one host name.
    fn is_of(&self, sight: Sight, other: &Seen) -> bool {
        self.sight == sight && self.agent_id == other.agent_id && self.name == other.name
    }
}

impl Ticket {
    /// Whether what is seen may still belong to it: it was not withdrawn, and it is not both done and over.
    pub(crate) fn is_live(&self) -> bool {
        match self.state {
            TicketState::Open => true,
            TicketState::Done => !self.window_ended,
            TicketState::Withdrawn => false,
        }
    }

    /// Whether it matters to it who supplies something.
    pub(crate) fn minds_suppliers(&self) -> bool {
        !self.seen.is_empty() && self.change.expected.iter().any(|expected| expected.supplier_id.is_some())
    }

    fn host_keys(&self) -> impl Iterator<Item = String> {
        self.change.expected.iter().flat_map(|expected| &expected.hosts).map(|host| host_key(host))
    }

    /// Takes what was seen; what it undoes goes.
    fn saw(&mut self, seen: Seen) {
        let within = |seen: &Seen| self.change.planned_on <= seen.on() && seen.on() <= self.change.last_day();
        let same = |known: &Seen| known.is_of(seen.sight, &seen) && known.version == seen.version;
        if !within(&seen) && self.seen.iter().any(|known| same(known) && within(known)) {
            // What was seen in time was seen in time, whatever becomes of it later.
            return;
        }
        let undone = match seen.sight {
            Sight::ComponentAppears => Some(Sight::ComponentGoes),
            Sight::ComponentGoes => Some(Sight::ComponentAppears),
            Sight::InterfaceAppears | Sight::HostAppears => None,
        };
        let same_version = |known: &Seen| seen.sight != Sight::ComponentGoes || known.version == seen.version;
        self.seen.retain(|known| {
            let again = known.is_of(seen.sight, &seen) && known.version == seen.version;
            let undo = undone.is_some_and(|sight| known.is_of(sight, &seen) && same_version(known));
            !again && !undo
        });
        if self.seen.len() < SEEN_MAX {
            self.seen.push(seen);
        } else {
            self.seen_more += 1;
        }
    }
}

impl Tickets {
    /// A ticket was opened or amended. What was seen stays; whether it still fits is asked anew.
    pub(crate) fn stated(&mut self, stated: &TicketStated, judged: Judged, by: &Author, at: At) {
        let id = &stated.change.change_id;
        let before = self.by_id.get(id).cloned();
        self.list(id, false);
        let mut turns = before.as_ref().map(|before| before.turns.clone()).unwrap_or_default();
        let by = person(by);
        let (seq, words) = (at.seq, stated.note.clone());
        turns.push(TicketTurn { seq, at: at.received_at, by: by.clone(), to: None, on: None, words });
        let ticket = Ticket {
            change: stated.change.clone(),
            note: stated.note.clone(),
            state: before.as_ref().map(|before| before.state).unwrap_or_default(),
            versions: before.as_ref().map_or(0, |before| before.versions) + 1,
            seq: at.seq,
            opened_at: before.as_ref().map_or(at.received_at, |before| before.opened_at),
            opened_seq: before.as_ref().map_or(at.seq, |before| before.opened_seq),
            by,
            judged,
            turns,
            window_ended: false,
            seen: before.as_ref().map(|before| before.seen.clone()).unwrap_or_default(),
            seen_more: before.as_ref().map_or(0, |before| before.seen_more),
        };
        self.by_id.insert(id.clone(), Arc::new(ticket));
        self.list(id, true);
    }

    /// A person moved a ticket. Of one that is not there nothing is known, and nothing follows.
    pub(crate) fn moved(&mut self, moved: &TicketMoved, by: &Author, at: At) {
        let turn = TicketTurn {
            seq: at.seq,
            at: at.received_at,
            by: person(by),
            to: Some(moved.to),
            on: Some(moved.on),
            words: moved.reason.clone(),
        };
        self.change(&moved.change_id, |ticket| {
            ticket.state = moved.to;
            ticket.turns.push(turn);
        });
    }

    /// The window of a ticket is over.
    pub(crate) fn window_ended(&mut self, id: &ChangeId) {
        self.change(id, |ticket| ticket.window_ended = true);
    }

    /// An agent showed something that bears on a ticket.
    pub(crate) fn saw(&mut self, id: &ChangeId, seen: Seen) {
        if let Some(ticket) = self.by_id.get_mut(id) {
            self.by_agent.insert((seen.agent_id.clone(), Some(id.clone())));
            Arc::make_mut(ticket).saw(seen);
        }
    }

    /// Something that a ticket may have had is gone again, within its window: it is as if it had not come. Says whether it had it.
    pub(crate) fn went(&mut self, id: &ChangeId, gone: &Seen) -> bool {
        let came = |known: &Seen| {
            known.is_of(Sight::ComponentAppears, gone) && known.version == gone.version
                || known.is_of(Sight::InterfaceAppears, gone) && gone.sight == Sight::InterfaceAppears
        };
        let Some(ticket) = self.by_id.get_mut(id).filter(|ticket| ticket.seen.iter().any(came)) else { return false };
        Arc::make_mut(ticket).seen.retain(|known| !came(known));
        true
    }

    fn change(&mut self, id: &ChangeId, change: impl FnOnce(&mut Ticket)) {
        self.list(id, false);
        if let Some(ticket) = self.by_id.get_mut(id) {
            change(Arc::make_mut(ticket));
        }
        self.list(id, true);
    }

    fn list(&mut self, id: &ChangeId, enter: bool) {
        fn put<T: Ord + Clone>(set: &mut OrdSet<T>, value: T, enter: bool) {
            if enter {
                set.insert(value)
            } else {
                set.remove(&value)
            };
        }
        let Some(ticket) = self.by_id.get(id).cloned() else { return };
        let own = (ticket.change.equipment_id.clone(), Some(id.clone()));
        put(&mut self.by_equipment, own.clone(), enter);
        if ticket.is_live() {
            put(&mut self.live, own, enter);
        }
        ticket.host_keys().for_each(|host| put(&mut self.by_host, (host, Some(id.clone())), enter));
        let agents: BTreeSet<&AgentId> = ticket.seen.iter().map(|seen| &seen.agent_id).collect();
        agents.into_iter().for_each(|agent| put(&mut self.by_agent, (agent.clone(), Some(id.clone())), enter));
    }

    /// One ticket.
    pub fn get(&self, id: &ChangeId) -> Option<&Ticket> {
        self.by_id.get(id).map(|ticket| &**ticket)
    }

    /// Every ticket, in order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (&ChangeId, &Ticket)> {
        self.by_id.iter().map(|(id, ticket)| (id, &**ticket))
    }

    /// The tickets of one equipment, in order of ids.
    pub fn of_equipment<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = (&'a ChangeId, &'a Ticket)> {
        among(&self.by_equipment, id).filter_map(|id| Some((id, self.get(id)?)))
    }

    /// The tickets of one equipment to which what is seen may belong.
    pub(crate) fn live_of<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = (&'a ChangeId, &'a Ticket)> {
        among(&self.live, id).filter_map(|id| Some((id, self.get(id)?)))
    }

    /// The tickets that expect something on a host of this name, as names are compared.
    pub(crate) fn on_host(&self, host: &str) -> Vec<(&ChangeId, &Ticket)> {
        let host = host.to_string();
        let own = self.by_host.range((host.clone(), None)..).take_while(|(other, _)| *other == host);
        own.filter_map(|(_, id)| Some((id.as_ref()?, self.get(id.as_ref()?)?))).collect()
    }

    /// The tickets to which an agent showed something, and some of which it was undone.
    pub(crate) fn seen_by<'a>(&'a self, agent: &'a AgentId) -> impl Iterator<Item = (&'a ChangeId, &'a Ticket)> {
        among(&self.by_agent, agent).filter_map(|id| Some((id, self.get(id)?)))
    }

    /// Whether nothing that is seen can belong to any.
    pub(crate) fn none_is_live(&self) -> bool {
        self.live.is_empty()
    }

    /// Tickets that were not withdrawn, whose last day is before a day, and of which that was not stated yet.
    pub fn ended_before(&self, today: CalendarDate) -> impl Iterator<Item = &ChangeId> {
        let live = self.live.iter().filter_map(|(_, id)| Some((id.as_ref()?, self.get(id.as_ref()?)?)));
        live.filter(move |(_, ticket)| !ticket.window_ended && ticket.change.last_day() < today).map(|(id, _)| id)
    }
}

fn among<'a, K: Ord + Clone>(set: &'a OrdSet<(K, Option<ChangeId>)>, key: &'a K) -> impl Iterator<Item = &'a ChangeId> {
    let own = set.range((key.clone(), None)..).take_while(move |(other, _)| other == key);
    own.filter_map(|(_, id)| id.as_ref())
}

fn person(by: &Author) -> Option<PersonId> {
    match by {
        Author::Person(id) => Some(id.clone()),
        Author::Agent(_) | Author::Server => None,
    }
}

impl Keep for Ticket {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.json(self)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        from.json()
    }
}

impl Keep for Tickets {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.by_id.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut tickets = Self { by_id: Keep::back(from)?, ..Self::default() };
        let ids: Vec<ChangeId> = tickets.by_id.keys().cloned().collect();
        ids.iter().for_each(|id| tickets.list(id, true));
        Ok(tickets)
    }
}
