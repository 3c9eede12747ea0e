//! The duties: what the law asks because of a finding, from the day of the change, and never closed by itself.
//! It does not know the law; the pack in `schemas/regimes/` does, and every row there names its article and its confidence.
//! Invariant: a duty's id follows from finding, opening and table row; when its cause goes, a person still has to settle it.

pub mod judge;
pub mod phase;
pub mod planned;
pub mod table;

use super::findings::{Finding, Findings, Turn};
use super::rows::{DutyOutcome, DutyRow, DutyState};
use super::snapshot::{In, Keep, Out, SnapshotError};
use super::state::State;
use super::views::drift::Touched;
use daicho_schemas::ids::{DutyId, EquipmentId, FindingId};
use daicho_schemas::time::CalendarDate;
use imbl::{OrdMap, OrdSet};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Every duty there ever was.
#[derive(Clone, Debug, Default)]
pub struct Duties {
    by_id: OrdMap<DutyId, Arc<DutyRow>>,
    by_finding: OrdMap<FindingId, Arc<Vec<DutyId>>>,
    order: OrdSet<Rank>,
    by_equipment: OrdSet<(EquipmentId, Option<Rank>)>,
    by_outcome: OrdMap<DutyOutcome, usize>,
}

/// Open ones first, strictest first, newest first; ids decide between equals.
pub(crate) type Rank = (bool, Reverse<DutyOutcome>, Reverse<CalendarDate>, DutyId);

fn rank(duty: &DutyRow) -> Rank {
    (duty.state == DutyState::CauseGone, Reverse(duty.outcome), Reverse(duty.changed_on), duty.duty_id.clone())
}

impl Duties {
    /// One duty.
    pub fn get(&self, id: &DutyId) -> Option<&DutyRow> {
        self.by_id.get(id).map(|duty| &**duty)
    }

    /// Every duty behind one, or all of them: open ones first, strictest first, newest first.
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

    /// How many one equipment has.
    pub fn count_of(&self, id: &EquipmentId) -> usize {
        self.by_equipment.range((id.clone(), None)..).take_while(|(equipment, _)| equipment == id).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many have this outcome.
    pub fn count(&self, outcome: DutyOutcome) -> usize {
        self.by_outcome.get(&outcome).copied().unwrap_or(0)
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
        let after = rank(&duty);
        if let Some(before) = self.by_id.get(&duty.duty_id) {
            let (equipment, before) = (before.equipment_id.clone(), rank(before));
            let outcome = before.1.0;
            self.order.remove(&before);
            self.by_equipment.remove(&(equipment, Some(before)));
            *self.by_outcome.entry(outcome).or_insert(1) -= 1;
        }
        *self.by_outcome.entry(duty.outcome).or_insert(0) += 1;
        self.order.insert(after.clone());
        self.by_equipment.insert((duty.equipment_id.clone(), Some(after)));
        self.by_id.insert(duty.duty_id.clone(), Arc::new(duty));
    }

    /// What the law asks of a finding now. A duty that no longer follows (the finding closed, or the plan was corrected)
    /// loses its cause and stays.
    pub(crate) fn settle(&mut self, finding: &FindingId, follows: Vec<DutyRow>) {
        let lost = |duty: &&DutyRow| !follows.iter().any(|row| row.duty_id == duty.duty_id);
        let lost: Vec<DutyRow> = self.of(finding).filter(lost).cloned().collect();
        for duty in lost {
            self.put(DutyRow { state: DutyState::CauseGone, ..duty });
        }
        for row in follows {
            let ids = self.by_finding.entry(finding.clone()).or_default();
            if !ids.contains(&row.duty_id) {
                Arc::make_mut(ids).push(row.duty_id.clone());
            }
            self.put(row);
        }
    }
}

impl Keep for Duties {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.by_id.keep(out)?;
        self.by_finding.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut duties = Self::default();
        for (_, duty) in OrdMap::<DutyId, DutyRow>::back(from)? {
            duties.put(duty);
        }
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
    if let Some(supplier) = &touched.supplier {
        let named = |finding: &Finding| {
            finding.verdict.supplier.as_ref().is_some_and(|claim| claim.supplier_id.as_ref() == Some(supplier))
        };
        findings.open().filter(|(_, finding)| named(finding)).for_each(|(id, finding)| look(id, finding));
    }
    settled.into_iter().collect()
}
