//! Collectors that were stopped because they used too much, and when each is tried again: an hour later, then two, up to a day.
//! It does not stop anybody (`collect/bounded.rs`).
//! Invariant: one that ended by itself is tried at every event again; the server's wish for everything goes before all waiting.

use crate::collect::Collected;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::TroubleKind;
use std::collections::{BTreeMap, BTreeSet};

const WAIT_HOURS_FIRST: i64 = 1;
const WAIT_HOURS_MAX: i64 = 24;

/// Who waits.
#[derive(Debug, Default)]
pub(super) struct Stopped(BTreeMap<String, Waiting>);

#[derive(Debug)]
struct Waiting {
    stopped_at: UtcMicros,
    hours: i64,
}

impl Stopped {
    /// Notes how each look ended.
    pub(super) fn note(&mut self, collected: &[(CollectorId, Collected)], now: UtcMicros) {
        for (collector, collected) in collected {
            let was_stopped = collected.troubles.iter().any(|trouble| trouble.kind == TroubleKind::Stopped);
            let before = self.0.remove(collector.as_str());
            if was_stopped {
                let hours =
                    before.map_or(WAIT_HOURS_FIRST, |before| before.hours.saturating_mul(2).min(WAIT_HOURS_MAX));
                tracing::warn!(%collector, hours, "a collector used up its budget and was stopped; it is tried again in so many hours");
                self.0.insert(collector.to_string(), Waiting { stopped_at: now, hours });
            }
        }
    }

    /// Takes out those that wait.
    pub(super) fn without_waiting(&self, due: &mut BTreeSet<&'static str>, now: UtcMicros) {
        due.retain(|collector| {
            let waits = |one: &Waiting| now.seconds_since(one.stopped_at) < one.hours.saturating_mul(3_600);
            !self.0.get(*collector).is_some_and(waits)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::trouble::Trouble;

    fn look(kind: Option<TroubleKind>) -> Vec<(CollectorId, Collected)> {
        let troubles = kind.into_iter().map(|kind| Trouble::new(kind, "dpkg", "text")).collect();
        let collected = Collected { outcome: Outcome::Failed, sources: Vec::new(), troubles, items: Vec::new() };
        vec![(CollectorId::new("dpkg").unwrap(), collected)]
    }

    fn is_tried(stopped: &Stopped, hour: i64) -> bool {
        let mut due = BTreeSet::from(["dpkg", "rpm"]);
        stopped.without_waiting(&mut due, at(hour));
        assert!(due.contains("rpm"), "another one does not wait");
        due.contains("dpkg")
    }

    fn at(hour: i64) -> UtcMicros {
        UtcMicros::from_micros(1_700_000_000_000_000 + hour * 3_600_000_000).unwrap()
    }

    #[test]
    fn who_was_stopped_waits_twice_as_long_each_time_until_it_ends_by_itself() {
        let mut stopped = Stopped::default();
        stopped.note(&look(Some(TroubleKind::TooLarge)), at(0));
        assert!(is_tried(&stopped, 0));
        stopped.note(&look(Some(TroubleKind::Stopped)), at(0));
        assert!(!is_tried(&stopped, 0) && is_tried(&stopped, 1));
        stopped.note(&look(Some(TroubleKind::Stopped)), at(1));
        assert!(!is_tried(&stopped, 2) && is_tried(&stopped, 3));
        for _ in 0..10 {
            stopped.note(&look(Some(TroubleKind::Stopped)), at(3));
        }
        assert!(!is_tried(&stopped, 26) && is_tried(&stopped, 27), "a day is the longest");
        stopped.note(&look(None), at(27));
        assert!(is_tried(&stopped, 27));
    }
}
