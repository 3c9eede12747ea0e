//! Keep until taken: batches wait on disk, in order, until the server acknowledges each.
//! It does not know HTTP; it is told what the server said.
//! Invariant: a restart loses nothing that was spooled, a number is never used twice, and every loss is reported.

mod acknowledged;
mod batch_file;
mod difference;
mod disk;
mod limits;
mod losses;
mod numbers;
mod queue;

pub(crate) use acknowledged::chain;
pub use acknowledged::{Acknowledged, Agreed};
pub use batch_file::{DecodeError, EncodeError};
pub use difference::{Known, Said};
pub use disk::{Disk, Listed, RealDisk};
pub use limits::SpoolLimits;
pub use queue::{Counts, Queue, RefusedNote};

use crate::collect::Collected;
use crate::files::FileFault;
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, Outcome, state_digest};
use daicho_schemas::canonical::CanonicalError;
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::sign::agent_id;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use daicho_schemas::wire::{CheckIn, check_in_digest};
use ed25519_dalek::SigningKey;
use losses::Losses;
use numbers::Numbers;
use std::path::Path;
use std::rc::Rc;

/// Why the spool could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum SpoolFault {
    /// Our disk.
    #[error(transparent)]
    File(#[from] FileFault),
    /// A batch could not be written as bytes.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// An observation has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// One run's worth of looking.
#[derive(Clone, Debug)]
pub struct Round {
    /// When collecting began.
    pub started_at: UtcMicros,
    /// When it ended.
    pub finished_at: UtcMicros,
    /// What each collector that ran says, in the agent's order.
    pub collected: Vec<(CollectorId, Collected)>,
}

/// The batch that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub number: u64,
    /// The body to post.
    pub bytes: Vec<u8>,
    /// When collecting ended, by this host's clock.
    pub finished_at: UtcMicros,
    /// Every report in it is in full: refusing it cannot be cured by another full report alone.
    pub full: bool,
}

/// The spool and what it knows.
#[derive(Debug)]
pub struct Spool {
    key: SigningKey,
    agent: AgentId,
    disk: Rc<dyn Disk>,
    queue: Queue,
    numbers: Numbers,
    acknowledged: Acknowledged,
    /// The state after everything that is acknowledged or spooled: what the next difference starts from.
    base: Agreed,
    full_wanted: bool,
    losses: Losses,
}

impl Spool {
    /// Opens the spool in a state folder and applies what waits there to what is acknowledged.
    pub fn open(state: &Path, key: SigningKey, limits: SpoolLimits) -> Result<Self, SpoolFault> {
        Self::open_on(Rc::new(RealDisk::new(state)), state, key, limits)
    }

    /// The same on any disk.
    pub fn open_on(disk: Rc<dyn Disk>, state: &Path, key: SigningKey, limits: SpoolLimits) -> Result<Self, SpoolFault> {
        let agent = agent_id(&key.verifying_key().to_bytes());
        let queue = Queue::open(Rc::clone(&disk), state, limits)?;
        let (acknowledged, forgotten) = disk.load_acknowledged()?;
        let mut numbers = Numbers::open(Rc::clone(&disk), state)?;
        numbers.raise(acknowledged.number);
        let losses = Losses::open(Rc::clone(&disk), state)?;
        let base = acknowledged.collectors.clone();
        let full_wanted = forgotten || base.is_empty();
        let mut spool = Self { key, agent, disk, queue, numbers, acknowledged, base, full_wanted, losses };
        spool.replay()?;
        spool.losses.retell_unless_in(&spool.queue.numbers()?);
        Ok(spool)
    }

    /// Applies waiting batches to the base. What cannot be read is moved to `refused/` and reported as lost.
    fn replay(&mut self) -> Result<(), SpoolFault> {
        if let Some(highest) = self.queue.highest_number()? {
            self.numbers.raise(highest);
        }
        // What the server took before an acknowledgement was kept needs no second journey, but sending it again is harmless.
        for number in self.queue.numbers()? {
            let Some((_, batch)) = self.read(number)? else { continue };
            self.full_wanted &= batch.reports.iter().any(|report| matches!(report.body, Body::Delta { .. }));
            for report in &batch.reports {
                match difference::after(self.base.get(&report.collector).map(Rc::as_ref), report)? {
                    Some(known) => drop(self.base.insert(report.collector.clone(), Rc::new(known))),
                    None => self.full_wanted = true,
                }
            }
        }
        Ok(())
    }

    /// Reads a waiting batch; one that is damaged is moved to `refused/` and its loss noted.
    fn read(&mut self, number: u64) -> Result<Option<(Vec<u8>, Batch)>, SpoolFault> {
        let Some(bytes) = self.queue.read(number)? else { return Ok(None) };
        match batch_file::decode(&bytes, &self.agent) {
            Ok(batch) if batch.number == number => Ok(Some((bytes, batch))),
            result => {
                let why = result.map_or_else(|error| chain(&error), |_| "the file has another batch's name".into());
                tracing::warn!(batch.number = number, why, "a spooled batch is damaged; it was moved to refused/");
                let note = RefusedNote { number, code: None, text: why };
                self.losses.lose(number, number, "unreadable")?;
                self.full_wanted = true;
                self.queue.refuse(&note)?;
                Ok(None)
            }
        }
    }

    /// Whether the next report must be full.
    pub fn full_wanted(&self) -> bool {
        self.full_wanted
    }

    /// Spools what changed, or everything when a full report is wanted. Says which numbers were spooled: none when nothing
    /// changed. A full report needs every collector in the round; the caller looks at [`Self::full_wanted`] first.
    pub fn put(&mut self, round: Round) -> Result<Vec<u64>, SpoolFault> {
        let in_full = self.full_wanted;
        let mut reports = Vec::new();
        let mut base = self.base.clone();
        for (id, collected) in round.collected {
            let known = self.base.get(&id).map(Rc::as_ref);
            let reported = if in_full {
                Some(difference::full(&id, known, collected)?)
            } else {
                difference::difference(&id, known, collected)?
            };
            if let Some((report, known)) = reported {
                base.insert(id, Rc::new(known));
                reports.push(report);
            }
        }
        if reports.is_empty() && self.losses.untold().is_none() {
            return Ok(Vec::new());
        }
        let mut numbers = Vec::new();
        let result = self.put_reports(&round.started_at, &round.finished_at, reports, &mut base, &mut numbers);
        if let Err(fault) = result {
            // What was already spooled of it is not part of the base: the chain is broken there.
            self.full_wanted |= !numbers.is_empty();
            return Err(fault);
        }
        self.base = base;
        if in_full {
            // Whatever was given up to make room, a full report does not build on it.
            self.full_wanted = false;
        }
        Ok(numbers)
    }

    /// Spools reports as one batch, or as several when one would be over a limit.
    fn put_reports(
        &mut self,
        started_at: &UtcMicros,
        finished_at: &UtcMicros,
        mut reports: Vec<CollectorReport>,
        base: &mut Agreed,
        numbers: &mut Vec<u64>,
    ) -> Result<(), SpoolFault> {
        let number = self.numbers.highest().saturating_add(1);
        let batch = Batch {
            format: BATCH_FORMAT.into(),
            agent_id: self.agent.clone(),
            number,
            started_at: *started_at,
            finished_at: *finished_at,
            reports,
            lost: self.losses.untold().cloned(),
        };
        match batch_file::encode(&batch, &self.key) {
            Ok(bytes) => {
                self.make_room(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
                let number = self.numbers.next()?;
                self.queue.put(number, &bytes)?;
                numbers.push(number);
                // Losses that making room caused are told by the batch after this one.
                if batch.lost.is_some() && self.losses.untold() == batch.lost.as_ref() {
                    self.losses.told_in(number)?;
                }
                Ok(())
            }
            Err(EncodeError::TooLarge) => {
                reports = batch.reports;
                let half = if reports.len() > 1 {
                    reports.split_off(reports.len() / 2)
                } else {
                    reports.iter_mut().try_for_each(|report| self.cut_in_half(report, base))?;
                    Vec::new()
                };
                self.put_reports(started_at, finished_at, reports, base, numbers)?;
                if half.is_empty() { Ok(()) } else { self.put_reports(started_at, finished_at, half, base, numbers) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One report that alone is over the limit tells its first half, and says that it does.
    fn cut_in_half(&self, report: &mut CollectorReport, base: &mut Agreed) -> Result<(), SpoolFault> {
        report.outcome = Outcome::Partial;
        let place = report.collector.to_string();
        if !report.troubles.iter().any(|trouble| trouble.kind == TroubleKind::TooLarge && trouble.place == place) {
            let text = "the report is larger than a batch may be; what did not fit is not listed";
            report.troubles.push(Trouble::new(TroubleKind::TooLarge, place, text));
        }
        match &mut report.body {
            Body::Full { items } => items.truncate(items.len() / 2),
            Body::Delta { put, gone, .. } => {
                put.truncate(put.len() / 2);
                gone.clear();
            }
        }
        let known = self.base.get(&report.collector).map(|known| known.items.clone()).unwrap_or_default();
        if let daicho_schemas::batch::Applied::State(items) = daicho_schemas::batch::apply_report(&known, report)? {
            report.digest = state_digest(&report.collector, &items);
            base.insert(report.collector.clone(), Rc::new(Known { items, said: Said::of(report)? }));
        }
        Ok(())
    }

    /// Gives up the oldest batches until `bytes` more fit. The next report is full then, as the chain is broken.
    fn make_room(&mut self, bytes: u64) -> Result<(), SpoolFault> {
        for (number, reason) in self.queue.over_limits(bytes)? {
            let Some((_, batch)) = self.read(number)? else { continue };
            self.losses.lose_all(batch.lost)?;
            tracing::warn!(batch.number = number, reason, "a spooled batch was given up");
            self.losses.lose(number, number, reason)?;
            self.full_wanted = true;
            self.queue.remove(number)?;
        }
        Ok(())
    }

    /// The batch that is due, if any waits.
    pub fn oldest(&mut self) -> Result<Option<Waiting>, SpoolFault> {
        for number in self.queue.numbers()? {
            let Some((bytes, batch)) = self.read(number)? else { continue };
            let full = batch.reports.iter().all(|report| matches!(report.body, Body::Full { .. }));
            return Ok(Some(Waiting { number, bytes, finished_at: batch.finished_at, full }));
        }
        Ok(None)
    }

    /// The server has this batch on disk: it becomes part of the acknowledged state and leaves the spool.
    pub fn acknowledge(&mut self, number: u64) -> Result<(), SpoolFault> {
        let Some((_, batch)) = self.read(number)? else { return Ok(()) };
        let mut after = self.acknowledged.clone();
        after.number = after.number.max(number);
        for report in &batch.reports {
            match difference::after(after.collectors.get(&report.collector).map(Rc::as_ref), report)? {
                Some(known) => {
                    // Mostly nothing else waits, and both are one.
                    let same = self.base.get(&report.collector).filter(|one| ***one == known);
                    let known = same.cloned().unwrap_or_else(|| Rc::new(known));
                    after.collectors.insert(report.collector.clone(), known);
                }
                // The server took what does not fit what is known here: only a full report brings both together.
                None => self.full_wanted = true,
            }
        }
        self.disk.keep_acknowledged(&self.acknowledged, &after)?;
        self.acknowledged = after;
        self.losses.acknowledged(number)?;
        Ok(self.queue.remove(number)?)
    }

    /// The server will not take this batch: it goes to `refused/`, and everything is told anew under a later number.
    pub fn refuse(&mut self, number: u64, refusal: &Refusal) -> Result<(), SpoolFault> {
        let Some((_, batch)) = self.read(number)? else { return Ok(()) };
        self.losses.lose_all(batch.lost)?;
        let note = RefusedNote { number, code: Some(refusal.code), text: refusal.to_string() };
        self.losses.lose(number, number, &format!("refused by the server: {}", refusal.code.as_str()))?;
        self.full_wanted = true;
        Ok(self.queue.refuse(&note)?)
    }

    /// What a check-in says: the last acknowledged number and the digest of the acknowledged state.
    pub fn check_in(&self) -> CheckIn {
        let digests: Vec<_> =
            self.acknowledged.collectors.iter().map(|(id, known)| (id, state_digest(id, &known.items))).collect();
        let digest = check_in_digest(digests.iter().map(|(id, digest)| (*id, digest)));
        CheckIn { number: self.acknowledged.number, digest }
    }

    /// The server answered a check-in. A server that knows less than it acknowledged was set back: it needs everything.
    pub fn heard_from_server(&mut self, number: u64, full_wanted: bool) {
        self.numbers.raise(number);
        if number < self.acknowledged.number || full_wanted {
            self.full_wanted = true;
        }
        if number == 0 && self.queue.is_empty() {
            // It has nothing at all of this agent, so nothing is known to both.
            self.base.clear();
        }
    }

    /// The agent this spool belongs to.
    pub fn agent(&self) -> &AgentId {
        &self.agent
    }

    /// The last acknowledged number; 0 for none.
    pub fn acknowledged_number(&self) -> u64 {
        self.acknowledged.number
    }

    /// How many observations each collector has, after everything that is spooled, and how it last looked.
    pub fn summary(&self) -> Vec<(CollectorId, usize, Outcome)> {
        self.base.iter().map(|(id, known)| (id.clone(), known.items.len(), known.said.outcome)).collect()
    }
}

/// Reads a posted batch of the agent in a state folder.
#[cfg(test)]
pub(crate) fn decode_for_tests(bytes: &[u8], state: &Path) -> Batch {
    let key = crate::submit::load_key(state).unwrap();
    batch_file::decode(bytes, &agent_id(&key.verifying_key().to_bytes())).unwrap()
}

#[cfg(test)]
mod tests;
