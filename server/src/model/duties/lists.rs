//! The lists of duties: by state, by owner, by the next day after which something is late.
//! It does not know which day it is; whoever asks says so.
//! Invariant: a list is read from the narrowest index, and what is settled is late no more.

use super::deadlines::next_due;
use super::{Duties, Rank, rank};
use crate::model::rows::{DutyOutcome, DutyRow, DutyState};
use daicho_schemas::fact::duty::DutyOwner;
use daicho_schemas::ids::DutyId;
use daicho_schemas::time::CalendarDate;
use imbl::{OrdMap, OrdSet};
use serde::Deserialize;
use std::ops::Bound;

/// Days ahead that count as soon.
pub const SOON_DAYS: i64 = 14;

/// Which duties are wanted. What is not said is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct DutyQuery {
    /// In this state.
    pub state: Option<DutyState>,
    /// Settled by a person (`true`), or not (`false`).
    pub settled: Option<bool>,
    /// Seen to by whoever is called so: a person's id or a name. Empty for nobody.
    pub owner: Option<String>,
    /// By their next day.
    pub due: Option<DutyDue>,
}

/// Where the next day after which something is late lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyDue {
    /// It has passed.
    Overdue,
    /// Today, or within [`SOON_DAYS`].
    Soon,
    /// There is one.
    Dated,
    /// There is none: the law says "without delay", or asks a person first.
    Undated,
}

/// Duties by what people look for. Everything here follows from the duties.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    by_state: OrdSet<(DutyState, Option<Rank>)>,
    by_owner: OrdSet<(Option<DutyOwner>, Option<Rank>)>,
    by_due: OrdSet<(CalendarDate, Option<DutyId>)>,
    /// Everybody who sees to a duty, with how many.
    owners: OrdMap<DutyOwner, usize>,
    pub(super) waiting: usize,
}

impl Lists {
    /// Enters a duty in every list, or takes it out.
    pub(super) fn list(&mut self, duty: &DutyRow, enter: bool) {
        fn change<T: Ord + Clone>(set: &mut OrdSet<T>, value: T, enter: bool) {
            if enter {
                set.insert(value)
            } else {
                set.remove(&value)
            };
        }
        let rank = rank(duty);
        change(&mut self.by_state, (duty.state, Some(rank.clone())), enter);
        if let Some(owner) = &duty.life.owner {
            let count = self.owners.get(owner).copied().unwrap_or(0);
            match if enter { count + 1 } else { count.saturating_sub(1) } {
                0 => self.owners.remove(owner),
                count => self.owners.insert(owner.clone(), count),
            };
        }
        change(&mut self.by_owner, (duty.life.owner.clone(), Some(rank)), enter);
        if let Some(on) = next_due(duty) {
            change(&mut self.by_due, (on, Some(duty.duty_id.clone())), enter);
        }
        if duty.outcome != DutyOutcome::Nothing && !duty.state.is_settled() {
            self.waiting = if enter { self.waiting + 1 } else { self.waiting.saturating_sub(1) };
        }
    }
}

impl DutyQuery {
    /// Whether a duty is wanted.
    fn wants(&self, duty: &DutyRow, today: CalendarDate) -> bool {
        let owner = duty.life.owner.as_ref().map_or("", DutyOwner::as_str);
        self.state.is_none_or(|state| duty.state == state)
            && self.settled.is_none_or(|settled| duty.state.is_settled() == settled)
            && self.owner.as_ref().is_none_or(|wanted| owner == wanted)
            && self.due.is_none_or(|due| due.holds(next_due(duty), today))
    }
}

impl DutyDue {
    fn holds(self, next: Option<CalendarDate>, today: CalendarDate) -> bool {
        match self {
            Self::Overdue => next.is_some_and(|on| on < today),
            Self::Soon => next.is_some_and(|on| today <= on && on <= today.plus_days(SOON_DAYS)),
            Self::Dated => next.is_some(),
            Self::Undated => next.is_none(),
        }
    }
}

type Found<'a> = Box<dyn Iterator<Item = &'a DutyRow> + 'a>;

impl Duties {
    /// Everybody who sees to a duty, once each.
    pub fn owners(&self) -> impl Iterator<Item = &DutyOwner> {
        self.lists.owners.keys()
    }

    /// The duties that are wanted, behind one or all of them. Asked for their day, the most urgent come first; else in the
    /// order of the list.
    pub fn some<'a>(&'a self, query: &'a DutyQuery, last: Option<&'a DutyRow>, today: CalendarDate) -> Found<'a> {
        let lists = &self.lists;
        let narrow: Found<'a> = match (query.due, query.state, &query.owner) {
            (Some(DutyDue::Overdue | DutyDue::Soon | DutyDue::Dated), ..) => {
                let from = last.and_then(|last| Some((next_due(last)?, Some(last.duty_id.clone()))));
                let some = lists.by_due.range((from.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
                let ends = query.due == Some(DutyDue::Overdue);
                let some = some.take_while(move |(on, _)| !ends || *on < today);
                Box::new(some.filter_map(|(_, id)| self.get(id.as_ref()?)))
            }
            (_, Some(state), _) => {
                let from = (state, last.map(rank));
                let some = lists.by_state.range((Bound::Excluded(from), Bound::Unbounded));
                let some = some.take_while(move |(own, _)| *own == state);
                Box::new(some.filter_map(|(_, rank)| self.get(&rank.as_ref()?.3)))
            }
            (_, _, Some(owner)) if owner.is_empty() => {
                let from = (None, last.map(rank));
                let some = lists.by_owner.range((Bound::Excluded(from), Bound::Unbounded));
                Box::new(some.take_while(|(own, _)| own.is_none()).filter_map(|(_, rank)| self.get(&rank.as_ref()?.3)))
            }
            _ => Box::new(self.after(last)),
        };
        Box::new(narrow.filter(move |duty| query.wants(duty, today)))
    }
}
