//! Who may hand a batch over now: room for bytes, room to wait, a quota per agent, and what to answer when there is none.
//! It does not know what is in a batch, and check-ins and people's requests never pass here: they have their own room.
//! Invariant: whoever is turned away is told so before a byte of the body is read, with a time to come back; and an agent has
//! one batch here at a time, so that however much one sends, the others take turns with it.

use super::answers::Refused;
use super::turns::{Turn, Turns};
use daicho_schemas::ids::AgentId;
use daicho_schemas::limits::BATCH_WIRE_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Packed batches that are on their way or wait, in bytes: each holds what its head announced, however slowly it comes.
const PACKED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Whole batches that wait to be unpacked or written. Fewer than may wait at the door, so that people find room there.
pub const WAITING_MAX: usize = 512;
/// What an agent may say in an hour, in bytes after unpacking, and at once after it was quiet: hundreds of first reports.
pub const AGENT_BYTES_PER_HOUR: i64 = 256 * 1024 * 1024;
/// What a batch is charged at least, in bytes: small ones cost a signature and a place in the ledger, too.
const BATCH_BYTES_CHARGED_MIN: i64 = 4096;
/// The shortest and the longest time that is asked for, in seconds, before it is spread.
const RETRY_SECONDS: std::ops::RangeInclusive<u64> = 2..=120;
/// How long a disk that was full is taken for full, without asking it for every batch.
const FULL_FOR: Duration = Duration::from_secs(5);

/// Room and quotas for batches.
pub struct Admission {
    turns: Turns,
    packed: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What each agent has said of late; an agent that has its whole quota again is forgotten.
    accounts: BTreeMap<AgentId, Account>,
    /// When the ledger last refused for want of a disk, and how.
    full: Option<(Instant, RefusalCode)>,
    pace: Pace,
    shed: u64,
    spread: u64,
}

#[derive(Clone, Copy)]
struct Account {
    /// Bytes said beyond what the time since has made good; over the quota when larger than it.
    said_bytes: i64,
    at: UtcMicros,
    over: Option<Over>,
}

#[derive(Clone, Copy)]
struct Over {
    since: UtcMicros,
    refused: u64,
}

/// How long one batch takes, seen over the last ones.
#[derive(Default)]
struct Pace {
    seconds_per_batch: f64,
    last_at: Option<Instant>,
}

/// A batch's way in, before its body is read: its agent's turn and room for its bytes.
pub struct Entrance {
    _turn: Turn,
    _packed: OwnedSemaphorePermit,
}

/// A whole batch's place among those that wait.
pub struct Place {
    _waiting: OwnedSemaphorePermit,
}

/// What people see of it.
#[derive(Debug, Serialize)]
pub struct AdmissionRow {
    /// Batches that wait now.
    pub waiting: usize,
    /// Batches that were asked to come later since the start, for want of room.
    pub shed: u64,
    /// Agents that have used up their quota.
    pub over_quota: Vec<OverQuotaRow>,
}

/// An agent that says more than it may.
#[derive(Debug, Serialize)]
pub struct OverQuotaRow {
    /// Which.
    pub agent_id: AgentId,
    /// Since when it has been turned away.
    pub since: UtcMicros,
    /// How often since then.
    pub refused: u64,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            turns: Turns::default(),
            packed: Arc::new(Semaphore::new(PACKED_BYTES_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            state: Mutex::default(),
        }
    }
}

impl Admission {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May this agent begin to send a batch of so many bytes (packed; absent when it does not say)?
    pub fn enter(&self, agent_id: &AgentId, announced: Option<u64>, now: UtcMicros) -> Result<Entrance, Refused> {
        self.within_quota(agent_id, now)?;
        // Taken out first: `later` takes the same lock.
        let full = self.state().full;
        if let Some((at, code)) = full
            && at.elapsed() < FULL_FOR
        {
            return Err(self.later(code));
        }
        if self.waiting.available_permits() == 0 {
            return Err(self.later(RefusalCode::Overloaded));
        }
        let turn = self.turns.take(agent_id).ok_or_else(|| self.later(RefusalCode::Overloaded))?;
        let bytes = announced.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(BATCH_WIRE_BYTES_MAX);
        // What is announced beyond the limit is never read.
        let bytes = u32::try_from(bytes.clamp(1, BATCH_WIRE_BYTES_MAX)).unwrap_or(u32::MAX);
        let packed = Arc::clone(&self.packed).try_acquire_many_owned(bytes);
        let packed = packed.map_err(|_| self.later(RefusalCode::Overloaded))?;
        Ok(Entrance { _turn: turn, _packed: packed })
    }

    /// A place for a batch whose body has come whole.
    pub fn place(&self) -> Result<Place, Refused> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned();
        Ok(Place { _waiting: waiting.map_err(|_| self.later(RefusalCode::Overloaded))? })
    }

    /// An agent has said so many bytes (after unpacking).
    pub fn charge(&self, agent_id: &AgentId, bytes: usize, now: UtcMicros) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX).max(BATCH_BYTES_CHARGED_MIN);
        let mut state = self.state();
        let account = state.accounts.entry(agent_id.clone()).or_insert(Account { said_bytes: 0, at: now, over: None });
        account.settle(now);
        account.said_bytes = account.said_bytes.saturating_add(bytes);
    }

    /// The ledger has answered a batch: how fast that goes, and whether there is a disk to write to.
    pub fn answered(&self, refusal: Option<RefusalCode>) {
        let mut state = self.state();
        let now = Instant::now();
        state.pace.one_more(now);
        state.full = refusal
            .filter(|code| matches!(code, RefusalCode::DiskFull | RefusalCode::LedgerReadOnly))
            .map(|code| (now, code));
    }

    /// Forgets agents that have their whole quota again. Call it now and then.
    pub fn tidy(&self, now: UtcMicros) {
        self.state().accounts.retain(|_, account| {
            account.settle(now);
            account.said_bytes > 0
        });
    }

    /// What people see of it.
    pub fn row(&self, now: UtcMicros) -> AdmissionRow {
        self.tidy(now);
        let state = self.state();
        let over = state.accounts.iter().filter_map(|(agent_id, account)| {
            let over = account.over?;
            Some(OverQuotaRow { agent_id: agent_id.clone(), since: over.since, refused: over.refused })
        });
        AdmissionRow { waiting: self.backlog(), shed: state.shed, over_quota: over.collect() }
    }

    fn backlog(&self) -> usize {
        WAITING_MAX - self.waiting.available_permits()
    }

    fn within_quota(&self, agent_id: &AgentId, now: UtcMicros) -> Result<(), Refused> {
        let mut state = self.state();
        let Some(account) = state.accounts.get_mut(agent_id) else { return Ok(()) };
        account.settle(now);
        if account.said_bytes < AGENT_BYTES_PER_HOUR {
            account.over = None;
            return Ok(());
        }
        let over = account.over.get_or_insert_with(|| {
            tracing::warn!(%agent_id, "an agent has used up its quota and is asked to come later");
            Over { since: now, refused: 0 }
        });
        over.refused += 1;
        // Until a sixteenth of the quota is there again: coming back for every byte would cost both sides more.
        let wanted = account.said_bytes - AGENT_BYTES_PER_HOUR + AGENT_BYTES_PER_HOUR / 16;
        let seconds = wanted.saturating_mul(3600) / AGENT_BYTES_PER_HOUR;
        let detail = format!("at most {AGENT_BYTES_PER_HOUR} bytes an hour");
        let refusal = Refusal::new(RefusalCode::AgentOverQuota).with(detail);
        Err(Refused { refusal, retry_after_seconds: u64::try_from(seconds).ok() })
    }

    /// A refusal with a time to come back: when the backlog should be gone, spread over as long again, so that those who were
    /// turned away together do not come back together.
    fn later(&self, code: RefusalCode) -> Refused {
        let backlog = self.backlog();
        let mut state = self.state();
        state.shed += 1;
        let seconds = state.pace.seconds_for(backlog).clamp(*RETRY_SECONDS.start(), *RETRY_SECONDS.end());
        // The golden ratio visits a range evenly, whatever its length, and needs no randomness.
        state.spread = state.spread.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let spread = u64::try_from((u128::from(state.spread) * u128::from(seconds + 1)) >> 64).unwrap_or_default();
        Refused { refusal: code.into(), retry_after_seconds: Some(seconds + spread) }
    }
}

impl Account {
    /// Time makes good what was said.
    fn settle(&mut self, now: UtcMicros) {
        let micros = now.micros().saturating_sub(self.at.micros()).max(0);
        let good = i128::from(micros) * i128::from(AGENT_BYTES_PER_HOUR) / 3_600_000_000;
        self.said_bytes = self.said_bytes.saturating_sub(i64::try_from(good).unwrap_or(i64::MAX)).max(0);
        self.at = now;
    }
}

impl Pace {
    fn one_more(&mut self, now: Instant) {
        const OF_THE_LAST: f64 = 64.0;
        if let Some(last_at) = self.last_at.replace(now) {
            // A pause says nothing about how long a batch takes.
            let seconds = now.duration_since(last_at).as_secs_f64().min(1.0);
            self.seconds_per_batch += (seconds - self.seconds_per_batch) / OF_THE_LAST;
        }
    }

    fn seconds_for(&self, batches: usize) -> u64 {
        let batches = f64::from(u32::try_from(batches).unwrap_or(u32::MAX));
        Duration::try_from_secs_f64(self.seconds_per_batch * batches).map_or(u64::MAX, |time| time.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(name: &str) -> AgentId {
        AgentId::new(format!("agent-{name}")).unwrap()
    }

    fn at(seconds: i64) -> UtcMicros {
        UtcMicros::from_micros(0).unwrap().plus_seconds(seconds)
    }

    #[test]
    fn an_agent_has_one_batch_on_its_way_and_others_have_theirs() {
        let admission = Admission::default();
        let first = admission.enter(&agent("a"), Some(10), at(0)).unwrap();
        let refused = admission.enter(&agent("a"), Some(10), at(0)).err().unwrap();
        assert_eq!(refused.refusal.code, RefusalCode::Overloaded);
        assert!(admission.enter(&agent("b"), Some(10), at(0)).is_ok());
        drop(first);
        assert!(admission.enter(&agent("a"), Some(10), at(0)).is_ok());
    }

    #[test]
    fn announced_bytes_are_bounded_and_come_free_again() {
        let admission = Admission::default();
        let many = PACKED_BYTES_MAX / BATCH_WIRE_BYTES_MAX;
        let held: Vec<_> =
            (0..many).map(|n| admission.enter(&agent(&n.to_string()), None, at(0)).map_err(|_| n).unwrap()).collect();
        assert!(admission.enter(&agent("x"), Some(1), at(0)).is_err());
        drop(held);
        // Whoever announces more than the limit is cut off there by the reader, and holds no more than the limit.
        assert!(admission.enter(&agent("x"), Some(u64::MAX), at(0)).is_ok());
    }

    #[test]
    fn a_full_room_asks_to_come_later_and_spreads_those_who_come() {
        let admission = Admission::default();
        let held: Vec<_> = (0..WAITING_MAX).map(|_| admission.place().unwrap()).collect();
        for _batch in 0..64 {
            admission.state().pace.seconds_per_batch = 0.05;
        }
        let times: Vec<u64> = (0..100)
            .map(|_| admission.enter(&agent("a"), Some(10), at(0)).err().unwrap().retry_after_seconds.unwrap())
            .collect();
        // 512 batches of 0.05 s are 25 s away; spread over as long again.
        assert!(times.iter().all(|time| (25..=51).contains(time)), "{times:?}");
        let early = times.iter().filter(|time| **time < 38).count();
        assert!((40..=60).contains(&early), "{times:?}");
        assert_eq!(admission.row(at(0)).shed, 100);
        drop(held);
        assert!(admission.enter(&agent("a"), Some(10), at(0)).is_ok());
    }

    #[test]
    fn a_quota_is_used_up_shown_and_comes_back_with_time() {
        let admission = Admission::default();
        let (greedy, other) = (agent("greedy"), agent("other"));
        let quota = usize::try_from(AGENT_BYTES_PER_HOUR).unwrap();
        admission.charge(&greedy, quota, at(0));
        admission.charge(&other, 100, at(0));
        let refused = admission.enter(&greedy, Some(10), at(10)).err();
        assert!(refused.is_none(), "ten seconds have made good a little");
        admission.charge(&greedy, quota / 10, at(10));
        let refused = admission.enter(&greedy, Some(10), at(11)).err().unwrap();
        assert_eq!(refused.refusal.code, RefusalCode::AgentOverQuota);
        assert!(admission.enter(&other, Some(10), at(11)).is_ok());
        let row = admission.row(at(12));
        assert_eq!(row.over_quota.len(), 1);
        assert_eq!((row.over_quota[0].since, row.over_quota[0].refused), (at(11), 1));
        // It says when, and then it is so.
        let seconds = i64::try_from(refused.retry_after_seconds.unwrap()).unwrap();
        assert!((300..700).contains(&seconds), "{seconds}");
        assert!(admission.enter(&greedy, Some(10), at(11 + seconds)).is_ok());
        assert!(admission.row(at(11 + seconds)).over_quota.is_empty());
        admission.tidy(at(10_000));
        assert!(admission.state().accounts.is_empty(), "whoever is quiet costs no memory");
    }

    #[test]
    fn a_full_disk_is_not_asked_for_every_batch() {
        let admission = Admission::default();
        admission.answered(Some(RefusalCode::DiskFull));
        let refused = admission.enter(&agent("a"), Some(10), at(0)).err().unwrap();
        assert_eq!(refused.refusal.code, RefusalCode::DiskFull);
        admission.answered(None);
        assert!(admission.enter(&agent("a"), Some(10), at(0)).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_and_takes_nothing() {
        let admission = Admission::default();
        let quota = usize::try_from(AGENT_BYTES_PER_HOUR).unwrap();
        admission.charge(&agent("a"), 2 * quota, at(10_000));
        assert!(admission.enter(&agent("a"), Some(10), at(0)).is_err());
        assert!(admission.enter(&agent("a"), Some(10), at(3600 + 1)).is_ok());
    }
}
