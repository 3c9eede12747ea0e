//! What this agent remembers of neighbours, so that one that is silent for long is told with the day on which it was last seen.
//! It does not know why somebody is silent, and it takes nothing away: absent is not gone.
//! Invariant: a neighbour is told bare while it is seen, and with one day once it was not for long; looks in between change nothing.

use crate::collect::Collected;
use crate::files;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{NetworkPlace, Observation};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const COLLECTOR: &str = "neighbours";
const FILE: &str = "neighbours.json";
/// A neighbour that was not seen for so many days is told with its last one: longer than holidays, shorter than a quarter.
const QUIET_DAYS: i64 = 30;
/// Neighbours that are remembered; of more, those seen last.
const REMEMBERED_MAX: usize = 1024;
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// One neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    on: CalendarDate,
    place: NetworkPlace,
}

/// Every neighbour that was ever told, by its key.
#[derive(Debug)]
pub(super) struct LastSeen {
    file: PathBuf,
    known: BTreeMap<String, Known>,
}

impl LastSeen {
    /// What was remembered in a state folder; nothing where that cannot be read: then days are counted anew.
    pub(super) fn load(state: &Path) -> Self {
        let file = state.join(FILE);
        let bytes = files::read_limited(&file, FILE_BYTES_MAX).ok().flatten();
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, known }
    }

    /// Notes who was seen on a day, and adds those who were not for long, with the day on which they were.
    pub(super) fn complete(&mut self, collected: &mut [(CollectorId, Collected)], today: CalendarDate) {
        let own = collected.iter_mut().find(|(id, _)| id.as_str() == COLLECTOR);
        // Where nothing could be looked at, nobody was missed.
        let Some((_, own)) = own.filter(|(_, own)| own.outcome == Outcome::Partial) else { return };
        let before = self.known.clone();
        for place in own.items.iter().filter_map(place_of) {
            self.known.insert(place.key(), Known { on: today, place: place.clone() });
        }
        let quiet = self.known.values().filter(|known| today.days_since(known.on) >= QUIET_DAYS);
        own.items.extend(quiet.map(|known| {
            Observation::NetworkPlace(NetworkPlace { last_seen_on: Some(known.on), ..known.place.clone() })
        }));
        own.items.sort_by_key(Observation::key);
        self.forget_the_oldest();
        if self.known != before {
            self.save();
        }
    }

    fn forget_the_oldest(&mut self) {
        let mut days: Vec<CalendarDate> = self.known.values().map(|known| known.on).collect();
        let Some(more) = days.len().checked_sub(REMEMBERED_MAX).filter(|more| *more > 0) else { return };
        days.sort_unstable();
        let through = days.get(more.saturating_sub(1)).copied();
        self.known.retain(|_, known| Some(known.on) > through);
    }

    /// A disk that does not take it is said in the log: the days are then older than the truth after the next start.
    fn save(&self) {
        let json = serde_json::to_vec(&self.known).unwrap_or_default();
        if let Err(fault) = files::write_private(&self.file, &json) {
            tracing::warn!(fault = %crate::spool::chain(&fault), "when neighbours were last seen could not be kept");
        }
    }
}

fn place_of(item: &Observation) -> Option<&NetworkPlace> {
    match item {
        Observation::NetworkPlace(place) => Some(place),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::fact::observation::PlacePart;

    fn neighbour(value: &str) -> Observation {
        Observation::NetworkPlace(NetworkPlace {
            part: PlacePart::Neighbour,
            value: value.into(),
            interface: Some("eth0".into()),
            via: None,
            table: None,
            mac: Some("00:a0:de:00:53:01".into()),
            maker: Some("Yamaha".into()),
            description: None,
            last_seen_on: None,
        })
    }

    /// A look on a day after a restart: the addresses that are told, with the day where there is one.
    fn look(state: &Path, day: &str, outcome: Outcome, seen: &[&str]) -> Vec<String> {
        let items = seen.iter().map(|value| neighbour(value)).collect();
        let own = Collected { outcome, sources: Vec::new(), troubles: Vec::new(), items };
        let mut collected = vec![(CollectorId::new(COLLECTOR).unwrap(), own)];
        LastSeen::load(state).complete(&mut collected, day.parse().unwrap());
        let told = collected[0].1.items.iter().filter_map(place_of);
        told.map(|place| match place.last_seen_on {
            Some(day) => format!("{} {day}", place.value),
            None => place.value.clone(),
        })
        .collect()
    }

    #[test]
    fn who_is_silent_for_long_is_told_with_the_last_day_and_bare_again_when_back() {
        let folder = tempfile::tempdir().unwrap();
        let partial = |day: &str, seen: &[&str]| look(folder.path(), day, Outcome::Partial, seen);
        assert_eq!(partial("2026-09-01", &["192.0.2.1", "192.0.2.7"]), ["192.0.2.1", "192.0.2.7"]);
        assert_eq!(partial("2026-09-30", &["192.0.2.1"]), ["192.0.2.1"], "silent for a while is nothing to tell");
        for day in ["2026-10-01", "2026-10-02", "2027-03-01"] {
            let told = partial(day, &["192.0.2.1"]);
            assert_eq!(told, ["192.0.2.1", "192.0.2.7 2026-09-01"], "{day}: the same however often it is looked");
        }
        assert_eq!(partial("2027-03-02", &["192.0.2.1", "192.0.2.7"]), ["192.0.2.1", "192.0.2.7"]);
    }

    #[test]
    fn a_look_that_failed_misses_nobody_and_a_broken_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        look(folder.path(), "2026-09-01", Outcome::Partial, &["192.0.2.7"]);
        assert!(look(folder.path(), "2026-12-01", Outcome::Failed, &[]).is_empty());
        assert_eq!(look(folder.path(), "2026-12-01", Outcome::Partial, &[]), ["192.0.2.7 2026-09-01"]);
        std::fs::write(folder.path().join(FILE), b"{").unwrap();
        assert!(look(folder.path(), "2026-12-01", Outcome::Partial, &[]).is_empty());
    }

    #[test]
    fn memory_is_bounded_and_those_seen_last_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = LastSeen::load(folder.path());
        for n in 0..REMEMBERED_MAX + 5 {
            let on = if n < 5 { "2026-01-01" } else { "2026-02-01" }.parse().unwrap();
            let Observation::NetworkPlace(place) = neighbour(&n.to_string()) else { panic!("a place") };
            seen.known.insert(place.key(), Known { on, place });
        }
        seen.forget_the_oldest();
        assert_eq!(seen.known.len(), REMEMBERED_MAX);
    }
}
