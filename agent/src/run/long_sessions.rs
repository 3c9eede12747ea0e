//! What this agent remembers of connections, so that only those are told that last or come again.
//! It does not know what is said in them, and tells no instant: a session that is there changes no byte, however often it is looked at.
//! Invariant: seen once is never told; told once stays told until it was not seen for a month; memory is bounded.

use crate::collect::{Collected, PEERS_MAX};
use crate::files;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{Observation, Session};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const COLLECTOR: &str = "sessions";
const FILE: &str = "sessions.json";
const FILE_BYTES_MAX: usize = 2 * 1024 * 1024;
const MINUTE_MICROS: i64 = 60 * 1_000_000;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;
/// Looks that must have seen it, how far apart they must be to count, and how far the first and the last.
const LOOKS_MIN: u32 = 3;
const APART_MICROS: i64 = 5 * MINUTE_MICROS;
const SPAN_MICROS: i64 = 30 * MINUTE_MICROS;
/// One that was not told is forgotten after so long without a sight, one that was told after so long.
const FORGET_MICROS: i64 = DAY_MICROS;
const GONE_MICROS: i64 = 30 * DAY_MICROS;
/// Sessions that are remembered, and that are told.
const REMEMBERED_MAX: usize = 2_048;
const TOLD_MAX: usize = 256;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    first_at: i64,
    last_at: i64,
    looks: u32,
    told: bool,
    session: Session,
}

/// Every session that was seen lately, by its key.
#[derive(Debug)]
pub(super) struct LongSessions {
    file: PathBuf,
    known: BTreeMap<String, Known>,
}

impl LongSessions {
    /// What was remembered in a state folder; nothing where that cannot be read: then looks are counted anew.
    pub(super) fn load(state: &Path) -> Self {
        let file = state.join(FILE);
        let bytes = files::read_limited(&file, FILE_BYTES_MAX).ok().flatten();
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, known }
    }

    /// Notes what was seen, and leaves in the report what several looks saw.
    pub(super) fn complete(&mut self, collected: &mut [(CollectorId, Collected)], now: UtcMicros) {
        let own = collected.iter_mut().find(|(id, _)| id.as_str() == COLLECTOR);
        let Some((_, own)) = own.filter(|(_, own)| own.outcome != Outcome::Failed) else { return };
        let before = self.known.clone();
        let now = now.micros();
        for item in std::mem::take(&mut own.items) {
            if let Observation::Session(session) = item {
                self.note(session, now);
            }
        }
        self.forget(now);
        own.items = self.told().into_iter().map(Observation::Session).collect();
        own.items.sort_by_key(Observation::key);
        if self.known != before {
            self.save();
        }
    }

    fn note(&mut self, session: Session, now: i64) {
        let known = self.known.entry(session.key()).or_insert(Known {
            first_at: now,
            last_at: now,
            looks: 1,
            told: false,
            session,
        });
        // A clock that was set back begins anew: what is told stays told.
        if now < known.last_at {
            (known.first_at, known.last_at, known.looks) = (now, now, 1);
        }
        if now.saturating_sub(known.last_at) >= APART_MICROS {
            (known.last_at, known.looks) = (now, known.looks.saturating_add(1));
        }
        known.told |= known.looks >= LOOKS_MIN && now.saturating_sub(known.first_at) >= SPAN_MICROS;
    }

    fn forget(&mut self, now: i64) {
        self.known.retain(|_, known| {
            let limit = if known.told { GONE_MICROS } else { FORGET_MICROS };
            now.saturating_sub(known.last_at) < limit
        });
        let more = self.known.len().saturating_sub(REMEMBERED_MAX);
        if more > 0 {
            let mut oldest: Vec<_> =
                self.known.iter().map(|(key, known)| (known.told, known.last_at, key.clone())).collect();
            oldest.sort_unstable();
            for (_, _, key) in oldest.into_iter().take(more) {
                self.known.remove(&key);
            }
        }
    }

    /// What is told: of a service that once had many peers, only that; and no more peers of one than are told apart.
    fn told(&self) -> Vec<Session> {
        let mut services: BTreeMap<String, Vec<&Session>> = BTreeMap::new();
        for known in self.known.values().filter(|known| known.told) {
            let many = Session { remote: None, ..known.session.clone() };
            services.entry(many.key()).or_default().push(&known.session);
        }
        let told = services.into_values().flat_map(|sessions| {
            let is_many = sessions.len() > PEERS_MAX || sessions.iter().any(|session| session.remote.is_none());
            match sessions.first().filter(|_| is_many) {
                Some(first) => vec![Session { remote: None, ..(*first).clone() }],
                None => sessions.into_iter().cloned().collect(),
            }
        });
        told.take(TOLD_MAX).collect()
    }

    /// A disk that does not take it is said in the log: looks are then counted anew after the next start.
    fn save(&self) {
        let json = serde_json::to_vec(&self.known).unwrap_or_default();
        if let Err(fault) = files::write_private(&self.file, &json) {
            tracing::warn!(fault = %crate::spool::chain(&fault), "which connections last could not be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::fact::observation::SessionDirection;

    fn session(remote: &str) -> Observation {
        Observation::Session(Session {
            direction: SessionDirection::Outbound,
            remote: Some(remote.into()),
            service_port: 443,
            process: None,
        })
    }

    /// A look so many minutes after the first, after a restart of the agent: the peers that are told.
    fn look(state: &Path, minute: i64, seen: &[&str]) -> Vec<String> {
        let items = seen.iter().map(|remote| session(remote)).collect();
        let own = Collected { outcome: Outcome::Complete, sources: Vec::new(), troubles: Vec::new(), items };
        let mut collected = vec![(CollectorId::new(COLLECTOR).unwrap(), own)];
        let now = UtcMicros::from_micros(1_790_000_000_000_000 + minute * MINUTE_MICROS).unwrap();
        LongSessions::load(state).complete(&mut collected, now);
        let told = collected[0].1.items.iter().map(|item| match item {
            Observation::Session(session) => session.remote.clone().unwrap_or_else(|| "many".into()),
            other => panic!("{}", other.kind()),
        });
        told.collect()
    }

    #[test]
    fn what_several_looks_saw_is_told_and_nothing_that_passes() {
        let folder = tempfile::tempdir().unwrap();
        let look = |minute, seen: &[&str]| look(folder.path(), minute, seen);
        assert!(look(0, &["192.0.2.1", "192.0.2.2"]).is_empty(), "seen once");
        for minute in 1..4 {
            assert!(look(minute, &["192.0.2.1"]).is_empty(), "looks in one burst are one look");
        }
        assert!(look(15, &["192.0.2.1"]).is_empty());
        assert_eq!(look(60, &["192.0.2.1", "192.0.2.3"]), ["192.0.2.1"]);
        // It stays told between its connections, and goes after a month.
        assert_eq!(look(120, &[]), ["192.0.2.1"]);
        assert_eq!(look(60 + 29 * 24 * 60, &[]), ["192.0.2.1"]);
        assert!(look(60 + 30 * 24 * 60, &[]).is_empty());
    }

    #[test]
    fn many_peers_of_one_service_become_one_row_and_stay_it() {
        let folder = tempfile::tempdir().unwrap();
        let peers: Vec<String> = (0..40).map(|n| format!("192.0.2.{n}")).collect();
        let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
        for minute in [0, 15] {
            assert!(look(folder.path(), minute, &peers).is_empty());
        }
        assert_eq!(look(folder.path(), 60, &peers), ["many"]);
        assert_eq!(look(folder.path(), 75, &peers[..1]), ["many"]);
    }

    #[test]
    fn memory_is_bounded_and_a_failed_look_or_a_broken_file_loses_nothing_but_counting() {
        let folder = tempfile::tempdir().unwrap();
        let mut sessions = LongSessions::load(folder.path());
        for n in 0..REMEMBERED_MAX + 5 {
            let Observation::Session(session) = session(&n.to_string()) else { panic!("a session") };
            sessions.note(session, 0);
        }
        sessions.forget(0);
        assert_eq!(sessions.known.len(), REMEMBERED_MAX);
        std::fs::write(folder.path().join(FILE), b"{").unwrap();
        assert!(look(folder.path(), 0, &["192.0.2.1"]).is_empty());
    }
}
