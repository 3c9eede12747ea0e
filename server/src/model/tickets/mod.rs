//! What agents showed, held against what a ticket expects: as planned, different, or not seen yet.
//! It does not know the law, and it ends nothing: a person says whether a change was done.
//! Invariant: only what was expected to the letter, on its host and in the window is "as planned"; absent is not gone.

mod watch;

pub(crate) use watch::watch;

use super::cover::glob_matches;
use super::duties::phase::prohibiting;
use super::duties::planned;
use super::numbers::HostNo;
use super::rows::{ProhibitedWindow, SupplierClaim, Unmet, UnmetCause};
use super::state::State;
use super::views::declarations::{Declarations, host_key};
use super::views::drift::Drift;
use super::views::tickets::{Judged, Seen, Ticket};
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::ids::ChangeId;
use daicho_schemas::planned::{Expected, PlannedChange, Sight};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How something that was seen stands to a ticket, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Exactly what the ticket expects, on its host, in its window.
    AsExpected,
    /// In another version.
    OtherVersion,
    /// By another supplier, or nothing tells by whom.
    OtherSupplier,
    /// On another host of the equipment.
    OtherHost,
    /// Before the window.
    TooEarly,
    /// After the window.
    TooLate,
    /// New on a host of the ticket in its window, covered by no plan, and expected by nobody.
    Extra,
}

impl How {
    /// The same for people.
    pub fn text(self) -> Text {
        match self {
            Self::AsExpected => Text::new("予定どおり", "as planned"),
            Self::OtherVersion => Text::new("版が違う", "another version"),
            Self::OtherSupplier => Text::new("供給者が違うか、確かめられない", "another supplier, or none can be told"),
            Self::OtherHost => Text::new("別のホスト", "another host"),
            Self::TooEarly => Text::new("期間より前", "before the window"),
            Self::TooLate => Text::new("期間より後", "after the window"),
            Self::Extra => Text::new("予定にないもの", "not planned"),
        }
    }
}

/// Where a ticket stands against what agents showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The ticket expects nothing that an agent can see: a person says whether it was done.
    NothingToSee,
    /// Nothing of it was seen yet.
    NotSeenYet,
    /// A part of it was seen, as planned.
    SeenInPart,
    /// All of it was seen, as planned.
    Reconciled,
    /// Something differs.
    Differs,
    /// The window is over, and not all of it was seen.
    Unseen,
}

impl Standing {
    /// The standing as machines see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingToSee => "nothing_to_see",
            Self::NotSeenYet => "not_seen_yet",
            Self::SeenInPart => "seen_in_part",
            Self::Reconciled => "reconciled",
            Self::Differs => "differs",
            Self::Unseen => "unseen",
        }
    }
}

/// One expected thing on one of its hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What is expected.
    pub expected: &'a Expected,
    /// The host, as the ticket names it.
    pub host: &'a str,
    /// What was seen of it, where it is as planned.
    pub met: Option<&'a Seen>,
}

/// A ticket held against what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation<'a> {
    /// Every expected thing on every one of its hosts, in the order of the ticket.
    pub wanted: Vec<Wanted<'a>>,
    /// What differs, in the order in which it was seen.
    pub differences: Vec<(How, &'a Seen)>,
    /// Both in one word.
    pub standing: Standing,
}

impl Reconciliation<'_> {
    /// How many things were seen as planned.
    pub fn met(&self) -> usize {
        self.wanted.iter().filter(|wanted| wanted.met.is_some()).count()
    }
}

/// Holds a ticket against what was seen. `supplier` says who supplies a thing as it is understood now.
pub fn reconcile<'a>(ticket: &'a Ticket, supplier: impl Fn(&Seen) -> Option<SupplierClaim>) -> Reconciliation<'a> {
    let judged: Vec<(How, &Seen)> = ticket
        .seen
        .iter()
        .filter_map(|seen| Some((how(&ticket.change, seen, supplier(seen).as_ref())?, seen)))
        .collect();
    let met = |expected: &Expected, host: &str| {
        let fits = |(how, seen): &&(How, &'a Seen)| {
            *how == How::AsExpected && is_here(seen, host) && names(expected, seen) && is_version(expected, seen)
        };
        judged.iter().find(fits).map(|(_, seen)| *seen)
    };
    let hosts = ticket
        .change
        .expected
        .iter()
        .flat_map(|expected| expected.hosts.iter().map(move |host| (expected, host.as_str())));
    let wanted: Vec<Wanted<'a>> =
        hosts.map(|(expected, host)| Wanted { expected, host, met: met(expected, host) }).collect();
    let settled = |seen: &Seen| {
        wanted.iter().any(|one| one.met.is_some() && names(one.expected, seen) && is_here(seen, one.host))
    };
    let stands = |(how, seen): &(How, &Seen)| match how {
        How::AsExpected => false,
        // What was seen in time counts, whatever the same thing did before or after.
        How::TooEarly | How::TooLate => !settled(seen),
        _ => true,
    };
    let differences: Vec<(How, &Seen)> = judged.iter().copied().filter(stands).collect();
    let standing = match (wanted.len(), wanted.iter().filter(|one| one.met.is_some()).count()) {
        _ if !differences.is_empty() => Standing::Differs,
        (0, _) => Standing::NothingToSee,
        (all, met) if met == all => Standing::Reconciled,
        _ if ticket.window_ended => Standing::Unseen,
        (_, 0) => Standing::NotSeenYet,
        _ => Standing::SeenInPart,
    };
    Reconciliation { wanted, differences, standing }
}

/// How something that was seen stands to a planned change; `None` where it has nothing to do with it.
pub fn how(change: &PlannedChange, seen: &Seen, supplier: Option<&SupplierClaim>) -> Option<How> {
    let on = seen.on();
    let named = change.expected.iter().filter(|expected| names(expected, seen));
    let best = named.filter_map(|expected| compare(change, expected, seen, supplier, on)).min();
    best.or_else(|| is_extra(change, seen, on).then_some(How::Extra))
}

fn compare(
    change: &PlannedChange,
    expected: &Expected,
    seen: &Seen,
    supplier: Option<&SupplierClaim>,
    on: CalendarDate,
) -> Option<How> {
    let here = expected.hosts.iter().any(|host| is_here(seen, host));
    let version = is_version(expected, seen);
    let by = |id| supplier.and_then(|claim| claim.supplier_id.as_ref()) == Some(id);
    let supplied = expected.supplier_id.as_ref().is_none_or(by);
    let outside = on < change.planned_on || on > change.last_day();
    if outside {
        // A first look shows what may have been there, and any update would do where no version is named.
        let telling = !seen.first_look && (!seen.update || expected.version.is_some());
        let early = if on < change.planned_on { How::TooEarly } else { How::TooLate };
        return (telling && here && version && supplied).then_some(early);
    }
    match (here, version, supplied) {
        (true, true, true) => Some(How::AsExpected),
        (true, false, _) => Some(How::OtherVersion),
        (true, true, false) => Some(How::OtherSupplier),
        (false, true, true) if !seen.first_look && seen.sight != Sight::HostAppears => Some(How::OtherHost),
        (false, ..) => None,
    }
}

/// Whether an expectation names it, on whatever host and in whatever version.
fn names(expected: &Expected, seen: &Seen) -> bool {
    let host = expected.sight == Sight::HostAppears;
    expected.sight == seen.sight && (host || glob_matches(&expected.name, &seen.name))
}

fn is_version(expected: &Expected, seen: &Seen) -> bool {
    expected.version.is_none() || expected.version == seen.version
}

fn is_here(seen: &Seen, host: &str) -> bool {
    host_key(&seen.host) == host_key(host)
}

fn is_extra(change: &PlannedChange, seen: &Seen, on: CalendarDate) -> bool {
    let within = change.planned_on <= on && on <= change.last_day();
    let appears = matches!(seen.sight, Sight::ComponentAppears | Sight::InterfaceAppears);
    let here = || change.expected.iter().flat_map(|expected| &expected.hosts).any(|host| is_here(seen, host));
    within && appears && seen.undeclared && !seen.update && !seen.first_look && here()
}

#[cfg(test)]
mod tests;

/// What the law asks of a change on a day, as far as a ticket keeps it.
pub(crate) fn judged(declared: &Declarations, change: &PlannedChange, on: CalendarDate) -> Judged {
    let judgement = planned::judge(declared, change, on);
    let rows: BTreeSet<String> =
        judgement.items.iter().flat_map(|item| &item.rows).map(|row| row.row_id.clone()).collect();
    Judged {
        on,
        outcome: judgement.outcome,
        certain: judgement.is_certain(),
        nothing_to_do: judgement.nothing_to_do,
        earliest_on: judgement.earliest_on,
        planned_day_is_possible: judgement.planned_day_is_possible,
        row_ids: rows.into_iter().collect(),
    }
}

/// The hosts that a ticket names, as far as agents speak for them, and those that showed something to it: an earlier version
/// may have named them.
pub(crate) fn hosts_of(state: &State, drift: &Drift, id: &ChangeId) -> BTreeSet<HostNo> {
    let Some(ticket) = state.tickets.get(id) else { return BTreeSet::new() };
    let names = ticket.change.expected.iter().flat_map(|expected| &expected.hosts).map(|host| host_key(host));
    let named = names.flat_map(|name| drift.hosts.of_name(&name).collect::<Vec<_>>());
    let showed = ticket.seen.iter().filter_map(|seen| state.agents.number(&seen.agent_id));
    named.chain(showed).collect()
}

/// Who supplies something that was seen, as it is understood now where it still stands, or else as it was then.
pub(crate) fn supplier_now(state: &State, drift: &Drift, seen: &Seen) -> Option<SupplierClaim> {
    let stands = || {
        let item = state.assets.items.find(seen.item.as_ref()?)?;
        let variant = drift.sightings.on(item, state.agents.number(&seen.agent_id)?)?;
        drift.sightings.get(variant).map(|variant| variant.meaning.supplier.clone())
    };
    stands().or_else(|| seen.supplier.clone())
}

/// Why nothing was seen on a host, as far as that is known.
pub(crate) fn unmet_cause(state: &State, drift: &Drift, host: &str) -> Unmet {
    let key = host_key(host);
    let live: Vec<HostNo> = drift
        .hosts
        .of_name(&key)
        .filter(|no| state.agents.by_number(*no).is_some_and(|agent| agent.revoked.is_none()))
        .collect();
    let silent = |no: &HostNo| state.coverage.hearing(*no) == Hearing::Silent;
    let troubled = |no: &HostNo| state.coverage.troubled(*no) > 0;
    let cause = match live.as_slice() {
        [] => UnmetCause::NoAgent,
        all if all.iter().all(silent) => UnmetCause::Silent,
        all if all.iter().any(troubled) => UnmetCause::LookedInPart,
        _ => UnmetCause::NotSeen,
    };
    let first = live.first().copied();
    let since = first.filter(|_| cause == UnmetCause::Silent).and_then(|no| state.coverage.host(no)?.silent_since);
    let agent_id = first.and_then(|no| state.agents.by_number(no)).map(|agent| agent.agent_id.clone());
    Unmet { host: host.to_string(), cause, agent_id, silent_since: since }
}

/// The prohibition period that a change's window touches: of the plan that the change names, or of any plan of the equipment.
pub(crate) fn prohibited_window(declared: &Declarations, change: &PlannedChange) -> Option<ProhibitedWindow> {
    let kinds = [PlanKind::Installation, PlanKind::Entrustment];
    let runs = |on| {
        let of = |kind| prohibiting(declared, &change.equipment_id, kind, on);
        kinds.into_iter().find_map(of)
    };
    // A period that begins within the window is met on the day of acceptance.
    let dates = declared.plans_of(&change.equipment_id).map(|state| &state.plan.dates);
    let accepted = dates.flat_map(|dates| [dates.accepted_on, dates.change_accepted_on]).flatten();
    let within = accepted.filter(|on| change.planned_on <= *on && *on <= change.last_day());
    let days = std::iter::once(change.planned_on).chain(within);
    let (plan_id, through) = days.into_iter().find_map(runs)?;
    Some(ProhibitedWindow { plan_id, through })
}
