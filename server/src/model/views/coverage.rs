//! The coverage: how completely each host is seen, what it would not tell, what was lost, and whether its agent is heard.
//! It does not know what was seen.
//! Invariant: a collector's last word stands here even when it is "failed"; an earlier complete look never hides it.

use crate::model::numbers::{HostNo, Interned, place};
use crate::model::prepared::PreparedReport;
use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::batch::{Lost, Outcome};
use daicho_schemas::fact::decision::{CoverageChanged, Hearing};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::Trouble;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Losses remembered per agent; older ones stay in the ledger.
pub const LOSSES_MAX: usize = 100;

/// How completely hosts are seen.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    collectors: Interned<CollectorId>,
    /// Places and troubles as JSON: most hosts say the same.
    words: Interned<String>,
    hosts: Vector<Arc<HostCoverage>>,
}

/// The collector that never sees everything: a kernel forgets which neighbours were silent. That is no trouble of a host.
const NEVER_COMPLETE: &str = "neighbours";

/// How completely one host is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCoverage {
    /// The last word of each collector that ever reported, in order of names.
    collectors: Vec<LastWord>,
    /// What the agent had to give up, oldest first, in people's words.
    pub losses: Vec<String>,
    /// Whether the agent is heard.
    pub hearing: Hearing,
    /// When it was last heard before it fell silent.
    pub silent_since: Option<UtcMicros>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LastWord {
    collector: u32,
    outcome: Outcome,
    words: u32,
    reported_at: UtcMicros,
    complete_at: Option<UtcMicros>,
}

impl Default for HostCoverage {
    fn default() -> Self {
        Self { collectors: Vec::new(), losses: Vec::new(), hearing: Hearing::Heard, silent_since: None }
    }
}

/// The last word of one collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorCoverage {
    /// Which collector.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// Which places it read.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
    /// When this was received.
    pub reported_at: UtcMicros,
    /// When a complete look was last received.
    pub complete_at: Option<UtcMicros>,
}

impl Coverage {
    /// Takes the frame of a report in. `stands` says whether anything of this collector stands on the host after it: a source
    /// that does not apply any more, while what it told still stands, has failed us.
    pub(crate) fn report(&mut self, host: HostNo, report: &PreparedReport, stands: bool, received_at: UtcMicros) {
        let vanished = report.outcome == Outcome::NotApplicable && stands;
        let outcome = if vanished { Outcome::Failed } else { report.outcome };
        let complete = (report.outcome == Outcome::Complete).then_some(received_at);
        // Both are lists of plain values: they have a JSON form, and an empty one would only lose words.
        let words = serde_json::to_string(&(&report.sources, &report.troubles)).unwrap_or_default();
        let words = self.words.hold(&words);
        let names = &self.collectors;
        let found = self.host(host).map_or(Err(0), |known| {
            known
                .collectors
                .binary_search_by(|word| names.get(word.collector).map(|id| &**id).cmp(&Some(&report.collector)))
        });
        let collector = match found {
            Ok(_) => 0,
            Err(_) => self.collectors.hold(&report.collector),
        };
        let Some(known) = self.host_mut(host) else { return };
        let word = LastWord { collector, outcome, words, reported_at: received_at, complete_at: complete };
        let before = match found {
            Ok(at) => known.collectors.get_mut(at).map(|before| {
                let (collector, complete_at) = (before.collector, complete.or(before.complete_at));
                std::mem::replace(before, LastWord { collector, complete_at, ..word })
            }),
            Err(at) => {
                known.collectors.insert(at, word);
                None
            }
        };
        if let Some(before) = before {
            self.words.release(before.words);
        }
    }

    fn host_mut(&mut self, host: HostNo) -> Option<&mut HostCoverage> {
        while self.hosts.len() <= place(host) {
            self.hosts.push_back(Arc::default());
        }
        self.hosts.get_mut(place(host)).map(Arc::make_mut)
    }

    /// The agent had to give batches up.
    pub(crate) fn lost(&mut self, host: HostNo, lost: &Lost, received_at: UtcMicros) {
        let Some(host) = self.host_mut(host) else { return };
        let Lost { first_number, last_number, reason } = lost;
        host.losses.push(format!("{}: {first_number}..{last_number}: {reason}", received_at.for_people_in_japan()));
        let over = host.losses.len().saturating_sub(LOSSES_MAX);
        host.losses.drain(..over);
    }

    /// The agent fell silent or was heard again.
    pub(crate) fn hearing_changed(&mut self, host: HostNo, changed: &CoverageChanged) {
        let Some(host) = self.host_mut(host) else { return };
        host.hearing = changed.hearing;
        host.silent_since = (changed.hearing == Hearing::Silent).then_some(changed.last_heard_at);
    }

    /// Collectors of a host whose last word was neither complete nor "not applicable", where it could have been.
    pub fn troubled(&self, host: HostNo) -> usize {
        let bounded =
            |word: &LastWord| self.collectors.get(word.collector).is_some_and(|id| id.as_str() == NEVER_COMPLETE);
        let bad = |word: &&LastWord| match word.outcome {
            Outcome::Failed => true,
            Outcome::Partial => !bounded(word),
            Outcome::Complete | Outcome::NotApplicable => false,
        };
        self.host(host).map_or(0, |host| host.collectors.iter().filter(bad).count())
    }

    /// One host.
    pub fn host(&self, host: HostNo) -> Option<&HostCoverage> {
        self.hosts.get(place(host)).map(|host| &**host)
    }

    /// Whether a host's agent is heard; an agent that only just enrolled is.
    pub fn hearing(&self, host: HostNo) -> Hearing {
        self.host(host).map_or(Hearing::Heard, |host| host.hearing)
    }

    /// The last word of one collector on one host.
    pub fn outcome(&self, host: HostNo, collector: &str) -> Option<Outcome> {
        let named = |word: &&LastWord| self.collectors.get(word.collector).is_some_and(|id| id.as_str() == collector);
        self.host(host)?.collectors.iter().find(named).map(|word| word.outcome)
    }

    /// Whether a collector has ever looked completely on one host.
    pub fn ever_complete(&self, host: HostNo, collector: &CollectorId) -> bool {
        let named = |word: &&LastWord| self.collectors.get(word.collector).is_some_and(|id| **id == *collector);
        let word = self.host(host).and_then(|host| host.collectors.iter().find(named));
        word.is_some_and(|word| word.complete_at.is_some())
    }

    /// The last word of each collector on one host, in order of their names.
    pub fn collectors(&self, host: HostNo) -> impl Iterator<Item = CollectorCoverage> {
        let all = self.host(host).into_iter().flat_map(|host| &host.collectors);
        all.filter_map(|word| {
            let said = self.words.get(word.words).and_then(|said| serde_json::from_str(said).ok());
            let (sources, troubles) = said.unwrap_or_default();
            Some(CollectorCoverage {
                collector: CollectorId::clone(self.collectors.get(word.collector)?),
                outcome: word.outcome,
                sources,
                troubles,
                reported_at: word.reported_at,
                complete_at: word.complete_at,
            })
        })
    }
}

impl Keep for HostCoverage {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.json(self)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        from.json()
    }
}

impl Keep for Coverage {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.collectors.keep(out)?;
        self.words.keep(out)?;
        self.hosts.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { collectors: Keep::back(from)?, words: Keep::back(from)?, hosts: Keep::back(from)? })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::testing::Script;
    use daicho_schemas::batch::Outcome;

    /// A list that can never be complete is no trouble of the host; that it failed is.
    #[test]
    fn neighbours_are_no_trouble_unless_they_could_not_be_asked_for() {
        let mut script = Script::with_agent("tos-1");
        let troubled = |script: &Script| script.model.hosts().first().map(|host| host.collectors_troubled);
        script.report("neighbours", Outcome::Partial, Vec::new());
        assert_eq!(troubled(&script), Some(0));
        script.report("neighbours", Outcome::Failed, Vec::new());
        assert_eq!(troubled(&script), Some(1));
        script.report("dpkg", Outcome::Partial, Vec::new());
        assert_eq!(troubled(&script), Some(2));
    }
}
