//! Notices that keys of the registry changed that collectors watch: by when each was last written, looked at once a second.
//! It does not read what changed. Windows would announce it (RegNotifyChangeKeyValue), but no maintained crate offers that without unsafe
//! code of ours; asking a key for its time takes some microseconds.
//! Invariant: memory is bounded by the number of keys, and a key that comes or goes is a change.

use crate::access::{Host as _, LiveHost, Platform};
use crate::collect::COLLECTORS;
use daicho_schemas::time::UtcMicros;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Between two looks.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Keys that one place means at most; the schedule looks at all of them.
const KEYS_MAX: usize = 4_096;

/// When keys were last written.
pub(super) struct Keys {
    host: LiveHost,
    /// Watched keys, each with the collectors that want to know.
    wanted: BTreeMap<&'static str, Vec<&'static str>>,
    seen: BTreeMap<&'static str, Written>,
}

/// When the keys of one place were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Written(BTreeMap<String, Option<UtcMicros>>);

impl Keys {
    /// Everything as it is now is known.
    pub(super) fn new(host: LiveHost) -> Self {
        let mut wanted: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for collector in COLLECTORS.iter().filter(|collector| collector.platforms().contains(&Platform::Windows)) {
            for place in collector.watches().iter().filter(|place| super::is_key(place)) {
                wanted.entry(place).or_default().push(collector.id());
            }
        }
        let mut keys = Self { host, wanted, seen: BTreeMap::new() };
        keys.news();
        keys
    }

    /// The collectors that watch what was written since the last look.
    pub(super) fn news(&mut self) -> BTreeSet<&'static str> {
        let mut concerned = BTreeSet::new();
        for (place, collectors) in &self.wanted {
            let written = self.written(place);
            if self.seen.get(place) != Some(&written) {
                self.seen.insert(place, written);
                concerned.extend(collectors.iter().copied());
            }
        }
        concerned
    }

    fn written(&self, place: &str) -> Written {
        let keys = self.keys_of(place).into_iter();
        Written(
            keys.filter_map(|key| Some((self.host.registry_written(&key).ok()?, key)))
                .map(|(at, key)| (key, at))
                .collect(),
        )
    }

    /// The keys that a place means; `*` stands for one name.
    fn keys_of(&self, place: &str) -> Vec<String> {
        let mut keys = vec![String::new()];
        for name in place.split('/') {
            let below = |key: &String| match name {
                "*" => self.host.registry(key).map(|found| found.keys).unwrap_or_default(),
                name => vec![name.to_owned()],
            };
            let join = |key: &str, name: String| if key.is_empty() { name } else { format!("{key}/{name}") };
            keys = keys
                .iter()
                .flat_map(|key| below(key).into_iter().map(move |name| join(key, name)))
                .take(KEYS_MAX)
                .collect();
        }
        keys
    }
}
