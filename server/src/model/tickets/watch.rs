//! What an entry shows that bears on tickets and on prohibition periods: what came to a host, what went, a host first heard.
//! It does not judge; it looks at what changed and at nothing else of the fleet.
//! Invariant: it follows from the views before and the entry alone, and costs what changed on one host.

use super::How;
use crate::model::duties::phase::prohibiting;
use crate::model::findings::At;
use crate::model::numbers::{HostNo, ItemNo};
use crate::model::prepared::Sort;
use crate::model::rows::SupplierClaim;
use crate::model::state::State;
use crate::model::views::assets::{Changed, Item};
use crate::model::views::declarations::host_key;
use crate::model::views::drift::{Drift, HostDrift};
use crate::model::views::tickets::{Seen, Ticket};
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{AgentId, ChangeId, EquipmentId, PlanId};
use daicho_schemas::planned::Sight;
use std::collections::{BTreeMap, BTreeSet};

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    /// To which tickets it belongs.
    pub(crate) saw: Vec<(ChangeId, Seen)>,
    /// What tickets may have had and is gone.
    pub(crate) went: Vec<(ChangeId, Seen)>,
    /// What came while a period ran.
    pub(crate) early: Vec<ItemNo>,
    /// The host was heard for the first time while a period ran.
    pub(crate) joined_early: bool,
}

/// Looks at what changed on a host. `joined` says that the host was heard for the first time, by enrolment or first report.
pub(crate) fn watch(state: &State, drift: &Drift, host: HostNo, changed: &Changed, joined: bool, at: At) -> Watched {
    let mut watched = Watched::default();
    let Some(row) = drift.hosts.get(host) else { return watched };
    let look = Look::of(state, drift, host, row, at);
    if look.candidates.is_empty() && look.prohibited.is_empty() {
        return watched;
    }
    if joined && !look.is_known_by_another() {
        let seen = look.seen(Sight::HostAppears, "", None);
        watched.joined_early = look.prohibited.iter().any(|(_, _, kind)| *kind == PlanKind::Installation);
        look.give(seen, None, &mut watched);
    }
    let went = look.gone(changed);
    for (no, item) in items(state, &changed.came) {
        look.came(no, item, changed.first.contains(no), &went, &mut watched);
    }
    let came: BTreeSet<String> = items(state, &changed.came).map(|(_, item)| look.name_of(item)).collect();
    for (name, version, sight) in went.all() {
        let gone = Seen { version, ..look.seen(sight, &name, None) };
        look.candidates.iter().filter(|(_, ticket)| gone.on() <= ticket.change.last_day()).for_each(|(id, _)| {
            watched.went.push(((*id).clone(), gone.clone()));
        });
        if sight == Sight::ComponentGoes && !came.contains(&name) {
            look.give(gone, None, &mut watched);
        }
    }
    watched
}

fn items<'a>(state: &'a State, set: &roaring::RoaringBitmap) -> impl Iterator<Item = (ItemNo, &'a Item)> {
    let numbers: Vec<ItemNo> = set.iter().collect();
    numbers.into_iter().filter_map(|no| Some((no, &**state.assets.items.get(no)?)))
}

/// A host as it is looked at.
struct Look<'a> {
    state: &'a State,
    drift: &'a Drift,
    host: HostNo,
    row: &'a HostDrift,
    name: String,
    agent_id: AgentId,
    at: At,
    candidates: BTreeMap<&'a ChangeId, &'a Ticket>,
    prohibited: Vec<(EquipmentId, PlanId, PlanKind)>,
}

/// What left a host: names with their versions.
#[derive(Default)]
struct Gone {
    components: BTreeMap<String, BTreeSet<Option<String>>>,
    interfaces: BTreeSet<String>,
    early: BTreeSet<String>,
}

impl Gone {
    fn all(&self) -> impl Iterator<Item = (String, Option<String>, Sight)> + '_ {
        let components = self.components.iter().flat_map(|(name, versions)| {
            versions.iter().map(move |version| (name.clone(), version.clone(), Sight::ComponentGoes))
        });
        components.chain(self.interfaces.iter().map(|name| (name.clone(), None, Sight::InterfaceAppears)))
    }
}

impl<'a> Look<'a> {
    fn of(state: &'a State, drift: &'a Drift, host: HostNo, row: &'a HostDrift, at: At) -> Self {
        let agent_id = state.agents.by_number(host).map(|agent| agent.agent_id.clone());
        let agent_id = agent_id.unwrap_or_else(|| unreachable!("a host that is understood has an agent"));
        let name = row.name.as_ref().map_or_else(|| agent_id.to_string(), |name| name.to_string());
        let mut candidates = BTreeMap::new();
        if !state.tickets.none_is_live() {
            let own = row.equipment.iter().flat_map(|id| state.tickets.live_of(id));
            candidates.extend(own);
            let named = state.tickets.on_host(&host_key(&name)).into_iter();
            candidates.extend(named.filter(|(_, ticket)| ticket.is_live()));
        }
        let on = at.received_at.date_in_japan();
        let kinds = [PlanKind::Installation, PlanKind::Entrustment];
        let running = row.equipment.iter().flat_map(|id| {
            let of = move |kind| prohibiting(&state.declarations, id, kind, on);
            kinds.into_iter().filter_map(move |kind| of(kind).map(|(plan, _)| (id.clone(), plan, kind)))
        });
        let prohibited = running.collect();
        Self { state, drift, host, row, name, agent_id, at, candidates, prohibited }
    }

    /// Another agent has spoken for the host of this name: it is the same host, with its agent made anew.
    fn is_known_by_another(&self) -> bool {
        let other = |other: HostNo| other != self.host && self.state.assets.host(other).is_some();
        self.drift.hosts.of_name(&self.row.key).any(other)
    }

    fn seen(&self, sight: Sight, name: &str, item: Option<&Item>) -> Seen {
        Seen {
            sight,
            host: self.name.clone(),
            agent_id: self.agent_id.clone(),
            name: name.to_string(),
            version: item.and_then(|item| item.label.as_ref()).and_then(|(_, label)| label.version.clone()),
            supplier: None,
            item: item.map(|item| item.hash),
            update: false,
            first_look: false,
            undeclared: false,
            at: self.at.received_at,
            seq: self.at.seq,
        }
    }

    fn name_of(&self, item: &Item) -> String {
        match &item.label {
            Some((_, label)) => label.name.clone(),
            None => self.state.assets.items.key_text(item.key).to_string(),
        }
    }

    fn gone(&self, changed: &Changed) -> Gone {
        let mut gone = Gone::default();
        for (no, item) in items(self.state, &changed.went) {
            let name = self.name_of(item);
            if self.state.early.day_of(self.host, no).is_some() {
                gone.early.insert(name.clone());
            }
            match &item.label {
                Some((_, label)) => {
                    gone.components.entry(name).or_default().insert(label.version.clone());
                }
                None if item.sort == Sort::Interface => {
                    gone.interfaces.insert(name);
                }
                None => {}
            }
        }
        gone
    }

    fn came(&self, no: ItemNo, item: &Item, first_look: bool, gone: &Gone, watched: &mut Watched) {
        let sight = match (&item.label, item.sort) {
            (Some(_), _) => Sight::ComponentAppears,
            (None, Sort::Interface) => Sight::InterfaceAppears,
            _ => return,
        };
        let name = self.name_of(item);
        let interface = sight == Sight::InterfaceAppears;
        let update = if interface { gone.interfaces.contains(&name) } else { gone.components.contains_key(&name) };
        let variant = self.drift.sightings.on(no, self.host).and_then(|variant| self.drift.sightings.get(variant));
        let undeclared = if interface {
            is_way_in(item) && !self.drift.is_declared_path(&self.name, &name)
        } else {
            variant.is_some_and(|variant| variant.undeclared > 0)
        };
        let supplier = variant.map(|variant| variant.meaning.supplier.clone());
        let seen = Seen { supplier, update, first_look, undeclared, ..self.seen(sight, &name, Some(item)) };
        let planned = self.give(seen, variant.map(|variant| &variant.meaning.supplier), watched);
        let counts = !first_look && (!update || gone.early.contains(&name)) || planned;
        let early = if interface { !self.prohibited.is_empty() && is_way_in(item) } else { self.is_installing() };
        if counts && early {
            watched.early.push(no);
        }
    }

    fn is_installing(&self) -> bool {
        self.prohibited.iter().any(|(_, _, kind)| *kind == PlanKind::Installation)
    }

    /// Gives something to the tickets that it fits best. Says whether it is exactly what one of them expects.
    fn give(&self, seen: Seen, supplier: Option<&SupplierClaim>, watched: &mut Watched) -> bool {
        let judged = self.candidates.iter().filter_map(|(id, ticket)| {
            let how = super::how(&ticket.change, &seen, supplier)?;
            // What is as planned to the letter for one host may be on its way to another: that is the ticket's own affair.
            let own = self.row.equipment.contains(&ticket.change.equipment_id) || how == How::AsExpected;
            own.then_some((how, *id))
        });
        let judged: Vec<(How, &ChangeId)> = judged.collect();
        let Some(best) = judged.iter().map(|(how, _)| *how).min() else { return false };
        for (_, id) in judged.into_iter().filter(|(how, _)| *how == best || best > How::AsExpected && *how < How::Extra)
        {
            watched.saw.push((id.clone(), seen.clone()));
        }
        best == How::AsExpected
    }
}

fn is_way_in(item: &Item) -> bool {
    match item.observation() {
        Some(Observation::NetworkInterface(interface)) => interface.interface_kind.may_be_remote_path(),
        Some(Observation::Tunnel(tunnel)) => tunnel.interface.is_none(),
        _ => false,
    }
}
