//! The duties: what the law asks because of a finding, from the day of the change, and never closed by itself.
//! It does not know the law; the pack in `schemas/regimes/` does, and every row there names its article and its confidence.
//! Invariant: a duty's id follows from finding, opening and table row; when its cause goes, a person still has to settle it.

pub mod computers;
pub mod deadlines;
pub mod difference;
pub mod judge;
pub mod life;
pub mod lists;
pub mod phase;
pub mod planned;
pub mod reminders;
pub mod table;

use super::findings::{At, Finding, Findings, Turn};
use super::rows::{DutyOutcome, DutyRow};
use super::snapshot::{In, Keep, Out, SnapshotError};
use super::state::State;
use super::views::drift::Touched;
use crate::ledger::entry::Author;
use daicho_schemas::fact::duty::Reminders;
use daicho_schemas::ids::{DutyId, EquipmentId, FindingId};
use daicho_schemas::time::CalendarDate;
use imbl::{OrdMap, OrdSet};
use life::{DutyAct, DutyTurn, History};
use lists::Lists;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Every duty there ever was.
#[derive(Clone, Debug, Default)]
pub struct Duties {
    by_id: OrdMap<DutyId, Arc<DutyRow>>,
    by_finding: OrdMap<FindingId, Arc<Vec<DutyId>>>,
    histories: OrdMap<DutyId, Arc<History>>,
    order: OrdSet<Rank>,
    by_equipment: OrdSet<(EquipmentId, Option<Rank>)>,
    lists: Lists,
}

/// Those whose cause is observed first, settled ones last; strictest first, newest first; ids decide between equals.
pub(crate) type Rank = (Place, Reverse<DutyOutcome>, Reverse<CalendarDate>, DutyId);

/// The three parts of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Observed,
    CauseGone,
    Settled,
}

pub(crate) fn rank(duty: &DutyRow) -> Rank {
    let place = match (duty.state.is_settled(), duty.life.cause_gone) {
        (true, _) => Place::Settled,
        (false, true) => Place::CauseGone,
        (false, false) => Place::Observed,
    };
    (place, Reverse(duty.outcome), Reverse(duty.changed_on), duty.duty_id.clone())
}

impl Duties {
    /// One duty.
    pub fn get(&self, id: &DutyId) -> Option<&DutyRow> {
        self.by_id.get(id).map(|duty| &**duty)
    }

    /// Every duty behind one, or all of them, in the order of the list.
    pub fn after(&self, duty: Option<&DutyRow>) -> impl Iterator<Item = &DutyRow> {
        let from = duty.map_or(Bound::Unbounded, |duty| Bound::Excluded(rank(duty)));
        self.order.range((from, Bound::Unbounded)).filter_map(|rank| self.get(&rank.3))
    }

    /// The duties of one equipment, in the order of the list.
    pub fn of_equipment<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = &'a DutyRow> {
        let own = self.by_equipment.range((id.clone(), None)..).take_while(move |(equipment, _)| equipment == id);
        own.filter_map(|(_, rank)| self.get(&rank.as_ref()?.3))
    }

    /// Every duty from a place in the list on.
    pub fn from_place(&self, skip: usize) -> impl Iterator<Item = &DutyRow> {
        self.order.iter().skip(skip).filter_map(|rank| self.get(&rank.3))
    }

    /// How many of one equipment nobody has settled. Of one whose cause is gone, a person still decides.
    pub fn count_unsettled_of(&self, id: &EquipmentId) -> usize {
        let own = self.by_equipment.range((id.clone(), None)..).take_while(|(equipment, _)| equipment == id);
        own.take_while(|(_, rank)| rank.as_ref().is_some_and(|rank| rank.0 < Place::Settled)).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many ask for something and are not settled.
    pub fn waiting(&self) -> usize {
        self.lists.waiting
    }

    /// What was done about a duty, in order.
    pub fn turns(&self, id: &DutyId) -> &[DutyTurn] {
        self.histories.get(id).map_or(&[], |history| &history.turns)
    }

    /// Who moved it last, and when.
    pub fn last_move(&self, id: &DutyId) -> Option<&DutyTurn> {
        self.histories.get(id)?.last_move()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The duties that hang on a finding, in order of their making.
    pub fn of(&self, finding: &FindingId) -> impl Iterator<Item = &DutyRow> {
        self.by_finding.get(finding).into_iter().flat_map(|ids| ids.iter()).filter_map(|id| self.get(id))
    }

    fn put(&mut self, duty: DutyRow) {
        let duty = duty.counted();
        let after = rank(&duty);
        if let Some(before) = self.by_id.get(&duty.duty_id) {
            self.lists.list(before, false);
            let (equipment, before) = (before.equipment_id.clone(), rank(before));
            self.order.remove(&before);
            self.by_equipment.remove(&(equipment, Some(before)));
        }
        self.lists.list(&duty, true);
        self.order.insert(after.clone());
        self.by_equipment.insert((duty.equipment_id.clone(), Some(after)));
        self.by_id.insert(duty.duty_id.clone(), Arc::new(duty));
    }

    /// What the law asks of a finding now. A duty that no longer follows (the finding closed, or the plan was corrected)
    /// loses its cause and stays. Answers whether a duty came that was not there before.
    pub(crate) fn settle(&mut self, finding: &FindingId, follows: Vec<DutyRow>) -> bool {
        let mut came = false;
        let lost = |duty: &&DutyRow| !follows.iter().any(|row| row.duty_id == duty.duty_id);
        let lost: Vec<DutyRow> = self.of(finding).filter(lost).cloned().collect();
        for mut duty in lost {
            duty.life.cause_gone = true;
            self.put(duty);
        }
        for row in follows {
            let ids = self.by_finding.entry(finding.clone()).or_default();
            if !ids.contains(&row.duty_id) {
                Arc::make_mut(ids).push(row.duty_id.clone());
                came = true;
            }
            let before = self.by_id.get(&row.duty_id).cloned();
            self.put(row.living_on(before.as_deref()));
        }
        came
    }

    /// A person did something about a duty. Of one that is not there nothing is known, and nothing follows.
    pub(crate) fn turned(&mut self, id: &DutyId, act: DutyAct, by: &Author, at: At) {
        let Some(duty) = self.by_id.get(id) else { return };
        let after = DutyRow::clone(duty).after(&act);
        self.put(after);
        let history = self.histories.entry(id.clone()).or_default();
        Arc::make_mut(history).turned(act, by, at);
    }

    /// People were reminded.
    pub(crate) fn reminded(&mut self, stated: &Reminders) {
        for reminder in &stated.reminders {
            let Some(duty) = self.by_id.get(&reminder.duty_id) else { continue };
            let history = self.histories.entry(reminder.duty_id.clone()).or_default();
            Arc::make_mut(history).reminded(reminder, &duty.life.deadlines);
        }
    }
}

impl Keep for Duties {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.by_id.keep(out)?;
        self.histories.keep(out)?;
        self.by_finding.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut duties = Self::default();
        for (_, duty) in OrdMap::<DutyId, DutyRow>::back(from)? {
            duties.put(duty);
        }
        duties.histories = Keep::back(from)?;
        duties.by_finding = Keep::back(from)?;
        Ok(duties)
    }
}

/// Brings the duties up to date with findings that turned, with those of an equipment whose plans changed, and with those
/// that name a supplier whose record changed.
pub(crate) fn follow(
    state: &State,
    findings: &Findings,
    turned: &[(FindingId, Turn)],
    touched: &Touched,
) -> Vec<(FindingId, Vec<DutyRow>)> {
    let mut settled: BTreeMap<FindingId, Vec<DutyRow>> = BTreeMap::new();
    let mut look = |id: &FindingId, finding: &Finding| {
        if judge::may_oblige(finding) {
            settled.insert(id.clone(), judge::duties_of(state, id, finding));
        }
    };
    for (id, _) in turned {
        if let Some(finding) = findings.get(id) {
            look(id, finding);
        }
    }
    for equipment in &touched.equipment {
        findings.open_of(equipment).for_each(|(id, finding)| look(id, finding));
    }
    let of_equipment = touched.equipment.iter().flat_map(|id| state.computers.of_equipment(id).map(|(key, _)| key));
    let of_supplier = touched.supplier.iter().flat_map(|id| computers::obliged::filed_with(state, id));
    for key in touched.computers.iter().cloned().chain(of_equipment.cloned()).chain(of_supplier) {
        let id = computers::obliged::finding_of(&key);
        if let Some(finding) = findings.get(&id) {
            look(&id, finding);
        }
    }
    if let Some(supplier) = &touched.supplier {
        let named = |finding: &Finding| {
            finding.verdict.supplier.as_ref().is_some_and(|claim| claim.supplier_id.as_ref() == Some(supplier))
        };
        findings.open().filter(|(_, finding)| named(finding)).for_each(|(id, finding)| look(id, finding));
    }
    settled.into_iter().collect()
}
