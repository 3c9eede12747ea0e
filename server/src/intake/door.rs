//! The door: one thread that admits, links, appends, folds and answers, in groups that share one write to disk.
//! It does not know HTTP or JSON; it does not decide what anything means.
//! Invariant: an answer goes out after the entry is on disk and folded; nobody else appends to this ledger.

use super::submission::Submission;
use super::{Verdict, admit};
use crate::clock::Clock;
use crate::ledger::chain::Head;
use crate::ledger::engine::{Appended, Engine, EngineFault, Frame, Snapshot};
use crate::ledger::entry::{Author, Entry};
use crate::model::{Event, FOLD_VERSION, Model};
use crate::output::notices;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Notices;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};

/// Submissions that may wait at the door before new ones are turned away.
const WAITING_MAX: usize = 1024;
/// Submissions that share one write to disk.
const GROUP_MAX: usize = 256;
/// Bytes that share one write to disk, beyond the first entry.
const GROUP_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How far the ledger's last entry may be ahead of the clock before it is said loudly, in seconds.
const CLOCK_BEHIND_SECONDS_MAX: i64 = 600;
/// Entries between two snapshots.
const SNAPSHOT_EVERY_ENTRIES: u64 = 5000;

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

/// What follows the ledger beside the model: indexes, live pages. Everything in it can be rebuilt.
pub trait Follower: Send {
    /// Entries that are on disk and folded.
    fn follow(&mut self, entries: &[Entry], model: &Model);
}

/// What the door works on.
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
}

struct Waiting {
    submission: Submission,
    /// Absent for what the door itself submits.
    answer: Option<oneshot::Sender<Result<Receipt, Refusal>>>,
}

enum Message {
    Submit(Box<Waiting>),
    Stop(oneshot::Sender<()>),
}

/// The way in, for any number of callers.
#[derive(Clone)]
pub struct Door(SyncSender<Message>);

impl Door {
    /// Opens the door. `last_received_at` is the time of the last entry, so that time never runs backwards in the ledger.
    pub fn open(desk: Desk, last_received_at: UtcMicros) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        std::thread::Builder::new().name("door".into()).spawn(move || {
            let keeper = Keeper { desk, last_received_at, waiting: VecDeque::new(), snapshot_seq: 0, told: None };
            let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || keeper.keep(&receiver)));
            if kept.is_err() {
                // A fold that panicked may have left half a state behind; the ledger itself is whole. Start anew.
                tracing::error!(
                    "the model failed while folding; stopping so that a restart rebuilds it from the ledger"
                );
                std::process::exit(70);
            }
        })?;
        Ok(Self(sender))
    }

    /// Asks to enter. Returns when the fact is on disk and folded, or is refused.
    pub async fn admit(&self, submission: Submission) -> Result<Receipt, Refusal> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Submit(Box::new(Waiting { submission, answer: Some(answer) }));
        self.0.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(RefusalCode::Overloaded),
            TrySendError::Disconnected(_) => Refusal::new(RefusalCode::LedgerReadOnly),
        })?;
        answered.await.unwrap_or_else(|_| Err(RefusalCode::LedgerReadOnly.into()))
    }

    /// Lets what is waiting enter, keeps a snapshot and closes.
    pub async fn close(&self) {
        let (done, finished) = oneshot::channel();
        let sender = self.0.clone();
        let sent = tokio::task::spawn_blocking(move || sender.send(Message::Stop(done)).is_ok()).await;
        if matches!(sent, Ok(true)) {
            // The thread drops the sender only after its last write.
            let _closed = finished.await;
        }
    }
}

struct Keeper {
    desk: Desk,
    last_received_at: UtcMicros,
    waiting: VecDeque<Waiting>,
    snapshot_seq: u64,
    /// The notices stated last.
    told: Option<Notices>,
}

struct Linked {
    entry: Entry,
    fact: Fact,
    answer: Option<oneshot::Sender<Result<Receipt, Refusal>>>,
}

impl Keeper {
    fn keep(mut self, receiver: &Receiver<Message>) {
        self.snapshot_seq = self.desk.engine.head().seq;
        let behind = self.last_received_at.seconds_since(self.desk.clock.now());
        if behind > CLOCK_BEHIND_SECONDS_MAX {
            tracing::error!(seconds = behind, "the clock is behind the ledger's last entry: one of the two was wrong");
        }
        self.tell();
        self.groups();
        loop {
            let stop = self.gather(receiver);
            self.groups();
            let head = self.desk.engine.head();
            if head.seq.saturating_sub(self.snapshot_seq) >= SNAPSHOT_EVERY_ENTRIES
                || (stop.is_some() && head.seq > self.snapshot_seq)
            {
                self.snapshot(head);
            }
            if let Some(done) = stop {
                let _told = done.send(());
                return;
            }
        }
    }

    /// Waits for something to do, then takes what is there. Returns the stop signal once it has come.
    fn gather(&mut self, receiver: &Receiver<Message>) -> Option<oneshot::Sender<()>> {
        const WAIT: Duration = Duration::from_secs(3600);
        let mut next = match receiver.recv_timeout(WAIT) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Some(oneshot::channel().0),
        };
        while let Some(message) = next {
            match message {
                Message::Submit(waiting) => self.waiting.push_back(*waiting),
                Message::Stop(done) => return Some(done),
            }
            next = if self.waiting.len() < GROUP_MAX { receiver.try_recv().ok() } else { None };
        }
        None
    }

    /// Lets in everything that waits.
    fn groups(&mut self) {
        while !self.waiting.is_empty() {
            self.group();
        }
    }

    /// Admits and appends one group; what touches a subject that the group has touched waits for the next one.
    fn group(&mut self) {
        // Judged by the clock as it is now; written so that time never runs backwards in the ledger, whatever it once was.
        let now = self.desk.clock.now();
        let received_at = now.max(self.last_received_at);
        let mut head = self.desk.engine.head();
        let expected = head;
        let mut touched = BTreeSet::new();
        let mut later = VecDeque::new();
        let mut group: Vec<Linked> = Vec::new();
        let mut frames: Vec<Frame> = Vec::new();
        let mut bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            let subjects = waiting.submission.subjects();
            if bytes > GROUP_BYTES_MAX || subjects.iter().any(|subject| touched.contains(subject)) {
                // It keeps its place behind those that wait already.
                touched.extend(subjects);
                later.push_back(waiting);
                continue;
            }
            touched.extend(subjects);
            if let Some((linked, frame)) = self.judge(waiting, head, now, received_at) {
                bytes += frame.line.len();
                head = linked.entry.head();
                group.push(linked);
                frames.push(frame);
            }
        }
        self.waiting = later;
        if frames.is_empty() {
            return;
        }
        match self.desk.engine.append(expected, &frames) {
            Ok(Appended::Done(_)) => {
                self.last_received_at = received_at;
                self.fold(group, head);
            }
            Ok(Appended::Moved(found)) => {
                tracing::error!(expected.seq, found.seq, "somebody else wrote to this ledger");
                self.refuse_all(group, &Refusal::new(RefusalCode::LedgerReadOnly));
            }
            Err(fault) => self.refuse_all(group, &fault_refusal(&fault)),
        }
    }

    fn judge(&self, waiting: Waiting, head: Head, now: UtcMicros, received_at: UtcMicros) -> Option<(Linked, Frame)> {
        let Waiting { submission, answer } = waiting;
        let verdict = {
            let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
            admit(&model, submission, now)
        };
        let outcome = match verdict {
            Ok(Verdict::Append(draft)) => match Entry::link(head, received_at, &draft) {
                Ok((entry, line)) => {
                    let frame = Frame { seq: entry.seq, hash: entry.entry_hash, line };
                    return Some((Linked { entry, fact: draft.fact, answer }, frame));
                }
                Err(error) => Err(Refusal::new(RefusalCode::RequestMalformed).with(error.to_string())),
            },
            Ok(Verdict::AlreadyThere { seq }) => Ok(Receipt::AlreadyThere { seq }),
            Ok(Verdict::NothingNew) => Ok(Receipt::NothingNew),
            Err(refusal) => Err(refusal),
        };
        if let Some(answer) = answer {
            // Nobody may be listening any more; the decision stands all the same.
            let _heard = answer.send(outcome);
        }
        None
    }

    fn fold(&mut self, group: Vec<Linked>, head: Head) {
        let mut entries = Vec::with_capacity(group.len());
        let mut answers = Vec::with_capacity(group.len());
        {
            let mut model = self.desk.model.write().unwrap_or_else(PoisonError::into_inner);
            for linked in group {
                let Linked { entry, fact, answer } = linked;
                model.apply(&Event {
                    seq: entry.seq,
                    received_at: entry.received_at,
                    author: &entry.author,
                    fact: &fact,
                });
                answers.push((answer, entry.seq));
                entries.push(entry);
            }
        }
        for (answer, seq) in answers {
            if let Some(answer) = answer {
                let _heard = answer.send(Ok(Receipt::Appended { seq }));
            }
        }
        let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
        self.desk.follower.follow(&entries, &model);
        drop(model);
        // Fails only when no page is open.
        let _listeners = self.desk.moved.send(head);
        self.tell();
    }

    /// States in the ledger which findings people are being told of: looks only at the state, so that doing it again,
    /// or after a crash, tells nothing twice and forgets nothing.
    fn tell(&mut self) {
        if self.waiting.iter().any(|waiting| matches!(waiting.submission.fact, Fact::Notices(_))) {
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
            Ok(submission) => self.waiting.push_back(Waiting { submission, answer: None }),
            Err(error) => tracing::error!(%error, "notices could not be written"),
        }
        self.told = Some(due);
    }

    /// Nothing of the group entered; notices among it are due again.
    fn refuse_all(&mut self, group: Vec<Linked>, refusal: &Refusal) {
        self.told = None;
        for linked in group {
            if let Some(answer) = linked.answer {
                let _heard = answer.send(Err(refusal.clone()));
            }
        }
    }

    fn snapshot(&mut self, head: Head) {
        let bytes = {
            let model = self.desk.model.read().unwrap_or_else(PoisonError::into_inner);
            serde_json::to_vec(&*model)
        };
        let kept = match bytes {
            Ok(bytes) => self.desk.engine.put_snapshot(&Snapshot { head, fold_version: FOLD_VERSION, bytes }),
            Err(error) => {
                tracing::warn!(%error, "the state could not be written as a snapshot; a restart will take longer");
                return;
            }
        };
        match kept {
            Ok(()) => self.snapshot_seq = head.seq,
            Err(fault) => tracing::warn!(%fault, "no snapshot was kept; a restart will take longer"),
        }
    }
}

fn fault_refusal(fault: &EngineFault) -> Refusal {
    tracing::error!(fault = %fault, source = ?std::error::Error::source(fault), "the ledger could not be written");
    match fault {
        EngineFault::DiskFull { .. } => RefusalCode::DiskFull.into(),
        EngineFault::Stop { .. } | EngineFault::Poisoned | EngineFault::Damaged { .. } => {
            RefusalCode::LedgerReadOnly.into()
        }
    }
}
