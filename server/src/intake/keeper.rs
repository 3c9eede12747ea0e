//! The keeper: admits, links, appends, folds and answers, in groups that share one write; and follows what others append.
//! It does not know threads, HTTP or JSON, and it does not decide what anything means. Whoever owns it decides when it works.
//! Invariant: an answer goes out after the entry is on disk and folded, and the model always stands at `known`.

use super::snapshots::Snapshots;
use super::submission::Submission;
use super::{Verdict, admit};
use crate::clock::Clock;
use crate::ledger::chain::{self, Head};
use crate::ledger::engine::{Appended, Engine, EngineFault, Frame, Leadership};
use crate::ledger::entry::{Author, Entry};
use crate::model::{Event, Model};
use crate::output::notices;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Notices;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{broadcast, oneshot};

/// Submissions that share one write to disk.
pub const GROUP_MAX: usize = 256;
/// Bytes that share one write to disk, beyond the first entry.
const GROUP_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Entries, and bytes beyond the first one, that are read at once when others have appended.
const CATCH_UP_ENTRIES: usize = 1000;
const CATCH_UP_BYTES: usize = 64 * 1024 * 1024;
/// How often in a row a group may find that others were first, before those who wait are asked to come again.
const MOVED_IN_A_ROW_MAX: u32 = 64;

/// How a submission ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is this entry now.
    Appended {
        /// The entry's number.
        seq: u64,
    },
    /// It was this entry already.
    AlreadyThere {
        /// The entry's number.
        seq: u64,
    },
    /// It said nothing new.
    NothingNew,
}

/// Where the answer to a submission goes; absent for what the keeper itself submits.
pub type Answer = Option<oneshot::Sender<Result<Receipt, Refusal>>>;

/// What follows the ledger beside the model: indexes, live pages. Everything in it can be rebuilt.
pub trait Follower: Send {
    /// Entries that are on disk and folded.
    fn follow(&mut self, entries: &[Entry], model: &Model);
}

/// What the keeper works on.
pub struct Desk {
    /// What the entries mean.
    pub model: Arc<RwLock<Model>>,
    /// Where entries are kept.
    pub engine: Arc<dyn Engine>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told each time the head has moved and been folded.
    pub moved: broadcast::Sender<Head>,
    /// What follows beside the model.
    pub follower: Box<dyn Follower>,
    /// Whether it is this instance that states notices.
    pub leadership: Arc<dyn Leadership>,
}

/// How far a ledger has been folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The last entry that was folded.
    pub head: Head,
    /// When that entry was received, so that time never runs backwards in the ledger.
    pub received_at: UtcMicros,
}

/// What others appended cannot be followed: everything that is already known stays readable, and nothing more may enter here.
#[derive(Debug, thiserror::Error)]
pub enum FollowFault {
    /// The ledger cannot be read just now.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// An entry does not continue the chain, or was written by a later release.
    #[error("entry {seq} cannot be followed: {what}")]
    Entry {
        /// Which entry.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// Admits, appends and folds for one model on one engine.
pub struct Keeper {
    desk: Desk,
    known: Known,
    waiting: VecDeque<Waiting>,
    snapshots: Snapshots,
    /// The notices stated last.
    told: Option<Notices>,
    moved_in_a_row: u32,
    /// An entry could not be followed: admission would judge by a state that is not the ledger's.
    lost_at: Option<u64>,
}

struct Waiting {
    submission: Submission,
    answer: Answer,
}

struct Linked {
    entry: Entry,
    waiting: Waiting,
}

enum Judged {
    Enters(Linked, Frame),
    Decided(Decided),
}

/// Judged, and nothing to append.
struct Decided {
    waiting: Waiting,
    outcome: Result<Receipt, Refusal>,
}

impl Keeper {
    /// A keeper of a model that stands at `known`.
    pub fn new(desk: Desk, known: Known) -> Self {
        let snapshots = Snapshots::new(&*desk.engine, known.head);
        Self { desk, known, waiting: VecDeque::new(), snapshots, told: None, moved_in_a_row: 0, lost_at: None }
    }

    /// How far the model stands.
    pub fn known(&self) -> Known {
        self.known
    }

    /// The entry that could not be followed, if there is one: from there on nothing enters.
    pub fn lost_at(&self) -> Option<u64> {
        self.lost_at
    }

    /// How many submissions wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a submission in; [`Keeper::work`] judges it.
    pub fn offer(&mut self, submission: Submission, answer: Answer) {
        self.waiting.push_back(Waiting { submission, answer });
    }

    /// Lets in everything that waits, and states what people are due to be told.
    pub fn work(&mut self) {
        self.tell();
        while !self.waiting.is_empty() {
            self.group();
        }
    }

    /// Folds what others have appended.
    pub fn catch_up(&mut self) -> Result<(), FollowFault> {
        let from = self.known.head;
        let followed = self.follow_others();
        if self.known.head != from {
            // Fails only when no page is open.
            let _listeners = self.desk.moved.send(self.known.head);
        }
        if let Err(FollowFault::Entry { seq, what }) = &followed {
            tracing::error!(seq, what, "the ledger holds an entry that cannot be followed; nothing more enters here");
            self.lost_at = Some(*seq);
        }
        followed
    }

    fn follow_others(&mut self) -> Result<(), FollowFault> {
        loop {
            let frames = self.desk.engine.read(self.known.head.seq + 1, CATCH_UP_ENTRIES, CATCH_UP_BYTES)?;
            if frames.is_empty() {
                return Ok(());
            }
            let mut entries = Vec::with_capacity(frames.len());
            let mut followed = Ok(());
            for frame in &frames {
                match self.follow_one(frame) {
                    Ok(entry) => entries.push(entry),
                    Err(what) => {
                        followed = Err(FollowFault::Entry { seq: frame.seq, what });
                        break;
                    }
                }
            }
            let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
            self.desk.follower.follow(&entries, &model);
            drop(model);
            followed?;
        }
    }

    fn follow_one(&mut self, frame: &Frame) -> Result<Entry, String> {
        let entry = Entry::parse(&frame.line).map_err(|error| error.to_string())?;
        let head = chain::follow(self.known.head, &entry).map_err(|error| error.to_string())?;
        let fact = entry.parse_fact().map_err(|error| format!("written by a later release of Daicho? {error}"))?;
        let event = Event { seq: entry.seq, received_at: entry.received_at, author: &entry.author, fact: &fact };
        self.desk.model.write().unwrap_or_else(PoisonError::into_inner).apply(&event);
        self.known = Known { head, received_at: entry.received_at };
        self.snapshots.folded(1, frame.line.len());
        Ok(entry)
    }

    /// Admits and appends one group; what touches a subject that the group has touched waits for the next one.
    fn group(&mut self) {
        if self.lost_at.is_some() {
            let all = std::mem::take(&mut self.waiting);
            return self.refuse_all(all, &RefusalCode::LedgerReadOnly.into());
        }
        // Judged by the clock as it is now; written so that time never runs backwards in the ledger, whatever it once was.
        let now = self.desk.clock.now();
        let received_at = now.max(self.known.received_at);
        let expected = self.known.head;
        let mut head = expected;
        let mut touched = BTreeSet::new();
        let mut later = VecDeque::new();
        let mut group: Vec<Linked> = Vec::new();
        let mut frames: Vec<Frame> = Vec::new();
        let mut decided = Vec::new();
        let mut bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            let subjects = waiting.submission.subjects();
            let full = bytes > GROUP_BYTES_MAX || group.len() >= GROUP_MAX;
            if full || subjects.iter().any(|subject| touched.contains(subject)) {
                // It keeps its place behind those that wait already.
                touched.extend(subjects);
                later.push_back(waiting);
                continue;
            }
            touched.extend(subjects);
            match self.judge(waiting, head, now, received_at) {
                Judged::Enters(linked, frame) => {
                    bytes += frame.line.len();
                    head = linked.entry.head();
                    group.push(linked);
                    frames.push(frame);
                }
                Judged::Decided(no) => decided.push(no),
            }
        }
        self.waiting = later;
        if frames.is_empty() {
            return self.answer_at_the_end(decided);
        }
        match self.desk.engine.append(expected, &frames) {
            Ok(Appended::Done(_)) => {
                self.moved_in_a_row = 0;
                self.snapshots.folded(frames.len(), bytes);
                self.fold(group, Known { head, received_at });
                // Nobody was first, so the model that judged stood at the ledger's end.
                self.answer(decided);
            }
            Ok(Appended::Moved(_)) => {
                let before = self.known.head;
                let caught_up = self.catch_up();
                self.judge_again(submissions_of(group).into_iter().chain(undecided(decided)), before, caught_up);
            }
            Err(fault) => {
                self.refuse_all(submissions_of(group), &fault_refusal(&fault));
                self.answer_at_the_end(decided);
            }
        }
    }

    /// Only who knows the ledger's end may say no, or that nothing is new: one that is behind would refuse what follows from
    /// entries that it has not seen, and an agent would stop or give a batch up for it.
    fn answer_at_the_end(&mut self, decided: Vec<Decided>) {
        if decided.is_empty() {
            return;
        }
        let before = self.known.head;
        let caught_up = self.catch_up();
        if caught_up.is_ok() && self.known.head == before {
            self.moved_in_a_row = 0;
            self.answer(decided);
        } else {
            self.judge_again(undecided(decided), before, caught_up);
        }
    }

    fn answer(&mut self, decided: Vec<Decided>) {
        let mut told = false;
        for Decided { waiting, outcome } in decided {
            told |= matches!(waiting.submission.draft.fact, Fact::Notices(_));
            if let Some(answer) = waiting.answer {
                // Nobody may be listening any more; the decision stands all the same.
                let _heard = answer.send(outcome);
            }
        }
        if told {
            // Somebody else told a part of it; the rest is still due.
            self.tell();
        }
    }

    /// These were judged by a model that was behind, and nothing of them was written: they are judged again, first of all, if
    /// the model knows by now what came in between.
    fn judge_again(
        &mut self,
        again: impl DoubleEndedIterator<Item = Waiting>,
        before: Head,
        caught_up: Result<(), FollowFault>,
    ) {
        self.moved_in_a_row += 1;
        let moved_on = self.known.head != before;
        if caught_up.is_ok() && moved_on && self.moved_in_a_row < MOVED_IN_A_ROW_MAX {
            for waiting in again.rev() {
                self.waiting.push_front(waiting);
            }
            return;
        }
        self.moved_in_a_row = 0;
        let code = match caught_up {
            Ok(()) if moved_on => RefusalCode::Overloaded,
            Err(FollowFault::Engine(EngineFault::Away { .. })) => RefusalCode::LedgerAway,
            Ok(()) => {
                tracing::error!(known = before.seq, "the ledger says that it moved and shows no later entry");
                RefusalCode::LedgerReadOnly
            }
            Err(fault) => {
                tracing::error!(%fault, "what others appended cannot be followed");
                RefusalCode::LedgerReadOnly
            }
        };
        self.refuse_all(again, &code.into());
    }

    fn judge(&self, waiting: Waiting, head: Head, now: UtcMicros, received_at: UtcMicros) -> Judged {
        let verdict = {
            let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
            admit(&model, &waiting.submission, now)
        };
        let outcome = match verdict {
            Ok(Verdict::Append) => match Entry::link(head, received_at, &waiting.submission.draft) {
                Ok((entry, line)) => {
                    let frame = Frame { seq: entry.seq, hash: entry.entry_hash, line };
                    return Judged::Enters(Linked { entry, waiting }, frame);
                }
                Err(error) => Err(Refusal::new(RefusalCode::RequestMalformed).with(error.to_string())),
            },
            Ok(Verdict::AlreadyThere { seq }) => Ok(Receipt::AlreadyThere { seq }),
            Ok(Verdict::NothingNew) => Ok(Receipt::NothingNew),
            Err(refusal) => Err(refusal),
        };
        Judged::Decided(Decided { waiting, outcome })
    }

    fn fold(&mut self, group: Vec<Linked>, known: Known) {
        let mut entries = Vec::with_capacity(group.len());
        let mut answers = Vec::with_capacity(group.len());
        {
            // Folded in a copy, which costs little: whoever reads meanwhile is not waited for, and does not wait.
            let mut model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner).clone();
            for Linked { entry, waiting } in group {
                let Submission { draft, batch } = &waiting.submission;
                let (received_at, author) = (entry.received_at, &entry.author);
                let event = Event { seq: entry.seq, received_at, author, fact: &draft.fact };
                model.apply_prepared(&event, batch.as_deref());
                answers.push((waiting.answer, entry.seq));
                entries.push(entry);
            }
            // What nobody needs any more of the state before is given back after the lock is.
            let _before =
                std::mem::replace(&mut *self.desk.model.write().unwrap_or_else(PoisonError::into_inner), model);
        }
        self.known = known;
        for (answer, seq) in answers {
            if let Some(answer) = answer {
                let _heard = answer.send(Ok(Receipt::Appended { seq }));
            }
        }
        let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
        self.desk.follower.follow(&entries, &model);
        drop(model);
        // Fails only when no page is open.
        let _listeners = self.desk.moved.send(known.head);
        self.tell();
    }

    /// States in the ledger which findings people are being told of: looks only at the state, so that doing it again,
    /// or after a crash, tells nothing twice and forgets nothing.
    fn tell(&mut self) {
        let stating = |waiting: &Waiting| matches!(waiting.submission.draft.fact, Fact::Notices(_));
        if !self.desk.leadership.leads() || self.waiting.iter().any(stating) {
            return;
        }
        let due = {
            let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
            notices::due(&model)
        };
        let Some(due) = due else { return };
        if self.told.as_ref() == Some(&due) {
            tracing::error!("a notice that was stated is still due: this is a bug; it is not stated again");
            return;
        }
        match Submission::stated(Author::Server, Fact::Notices(due.clone())) {
            // Before everything that waits: what is told must still be so where it is told.
            Ok(submission) => self.waiting.push_front(Waiting { submission, answer: None }),
            Err(error) => tracing::error!(%error, "notices could not be written"),
        }
        self.told = Some(due);
    }

    /// Nothing of them entered; notices among them are due again.
    fn refuse_all(&mut self, refused: impl IntoIterator<Item = Waiting>, refusal: &Refusal) {
        self.told = None;
        for waiting in refused {
            if let Some(answer) = waiting.answer {
                let _heard = answer.send(Err(refusal.clone()));
            }
        }
    }

    /// Begins to keep a snapshot where one is due; before `stopping` keeps one and returns when it is there.
    pub fn snapshot_if_due(&mut self, stopping: bool) {
        let (model, head) = (Arc::clone(&self.desk.model), self.known.head);
        let copy = || model.read().unwrap_or_else(PoisonError::into_inner).clone();
        if stopping {
            self.snapshots.keep_last(&*self.desk.engine, head, copy);
        } else {
            self.snapshots.keep_if_due(&self.desk.engine, head, copy);
        }
    }
}

fn submissions_of(group: Vec<Linked>) -> Vec<Waiting> {
    group.into_iter().map(|linked| linked.waiting).collect()
}

fn undecided(decided: Vec<Decided>) -> impl DoubleEndedIterator<Item = Waiting> {
    decided.into_iter().map(|decided| decided.waiting)
}

fn fault_refusal(fault: &EngineFault) -> Refusal {
    tracing::error!(fault = %fault, source = ?std::error::Error::source(fault), "the ledger could not be written");
    match fault {
        EngineFault::DiskFull { .. } => RefusalCode::DiskFull.into(),
        EngineFault::Away { unsure: false, .. } => RefusalCode::LedgerAway.into(),
        EngineFault::Away { unsure: true, .. } => {
            Refusal::new(RefusalCode::LedgerAway).with("it is not known whether this was written")
        }
        EngineFault::Stop { .. }
        | EngineFault::Poisoned
        | EngineFault::Damaged { .. }
        | EngineFault::OtherLedger { .. }
        | EngineFault::Outdated => RefusalCode::LedgerReadOnly.into(),
    }
}

#[cfg(test)]
mod tests;
