//! The duties: what the law asks because of a finding, from the day of the change, and never closed by itself.
//! It does not know the law; the pack in `schemas/regimes/` does, and every row there names its article and its confidence.
//! Invariant: a duty's id follows from finding, opening and table row; when its cause goes, a person still has to settle it.

pub mod judge;
pub mod phase;
pub mod table;

use super::findings::{Finding, Findings, Turn};
use super::rows::{DutyRow, DutyState};
use super::state::State;
use daicho_schemas::ids::{DutyId, FindingId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every duty there ever was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duties {
    by_id: BTreeMap<DutyId, DutyRow>,
    by_finding: BTreeMap<FindingId, Vec<DutyId>>,
}

impl Duties {
    /// One duty.
    pub fn get(&self, id: &DutyId) -> Option<&DutyRow> {
        self.by_id.get(id)
    }

    /// Every duty, in order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &DutyRow> {
        self.by_id.values()
    }

    /// The duties that hang on a finding, in order of their making.
    pub fn of(&self, finding: &FindingId) -> impl Iterator<Item = &DutyRow> {
        self.by_finding.get(finding).into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    /// What the law asks of a finding now. A duty that no longer follows (the finding closed, or the plan was corrected)
    /// loses its cause and stays.
    pub(crate) fn settle(&mut self, finding: &FindingId, follows: Vec<DutyRow>) {
        for id in self.by_finding.get(finding).into_iter().flatten() {
            if let Some(duty) = self.by_id.get_mut(id)
                && !follows.iter().any(|row| row.duty_id == *id)
            {
                duty.state = DutyState::CauseGone;
            }
        }
        for row in follows {
            let ids = self.by_finding.entry(finding.clone()).or_default();
            if !ids.contains(&row.duty_id) {
                ids.push(row.duty_id.clone());
            }
            self.by_id.insert(row.duty_id.clone(), row);
        }
    }
}

/// Brings the duties up to date with findings that turned, or with all that are open when a declaration changed.
pub(crate) fn follow(
    state: &State,
    findings: &Findings,
    turned: &[(FindingId, Turn)],
    everything: bool,
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
    if everything {
        for (id, finding) in findings.open() {
            look(id, finding);
        }
    }
    settled.into_iter().collect()
}
