//! One server instance: the real keeper, model and admission, stepped by hand, behind what `http` does with each request.
//! It does not know the network or who else writes to the same book.
//! Invariant: what it answers is what the real server would answer at this moment; when it dies, its unsaid answers die with it.

use crate::book::{Book, Handle};
use crate::clocks::MachineClock;
use crate::mutant::Mutant;
use daicho::book::rebuild;
use daicho::clock::Clock;
use daicho::intake::agents::Listening;
use daicho::intake::keeper::{Desk, Follower, Keeper, Receipt};
use daicho::intake::submission::Submission;
use daicho::intake::{self};
use daicho::ledger::engine::Engine;
use daicho::ledger::entry::{Author, Entry, EntryDraft};
use daicho::model::Model;
use daicho::model::prepared::PreparedBatch;
use daicho_schemas::batch::Batch;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{AgentEnrolled, LedgerOpened};
use daicho_schemas::ids::AgentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{Admitted, BatchAnswer, CheckIn, CheckInAnswer};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::{broadcast, oneshot};

/// When an agent that is not heard is called silent.
pub const SILENT_AFTER_SECONDS: i64 = 1800;

/// What is asked of an instance.
#[derive(Clone, Debug)]
pub enum Request {
    /// A batch, from whoever proved to hold this agent's key.
    Batch {
        /// Whose certificate it was.
        speaker: AgentId,
        /// The body.
        bytes: Vec<u8>,
    },
    /// A check-in.
    CheckIn {
        /// Whose certificate it was.
        speaker: AgentId,
        /// What it says.
        question: CheckIn,
    },
    /// An agent joins; its request was signed with its key.
    Enrol(AgentEnrolled),
    /// A person states something.
    State(Author, Box<Fact>),
}

/// What an instance answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To a batch.
    Batch(Result<BatchAnswer, Refusal>),
    /// To a check-in.
    CheckIn(Result<CheckInAnswer, Refusal>),
    /// To an enrolment.
    Enrol(Result<(), Refusal>),
    /// To a person.
    State(Result<Receipt, Refusal>),
}

/// Where an answer goes: which node, and to which of its questions.
pub type Return = (usize, u64);

/// An answer on its way out, with what it promises.
pub struct Answered {
    /// Where it goes.
    pub to: Return,
    /// The answer.
    pub reply: Reply,
    /// The entry that is promised to hold these bytes.
    pub promised: Option<(u64, String)>,
}

struct Asked {
    to: Return,
    request: Request,
    raw: String,
    receiver: oneshot::Receiver<Result<Receipt, Refusal>>,
}

struct Nobody;

impl Follower for Nobody {
    fn follow(&mut self, _entries: &[Entry], _model: &Model) {}
}

/// A running process.
pub struct Running {
    model: Arc<RwLock<Model>>,
    keeper: Keeper,
    handle: Arc<Handle>,
    listening: Listening,
    asked: Vec<Asked>,
    turns: BTreeSet<AgentId>,
    /// Up to which entry its state was compared with the slow fold: only an entry changes it.
    pub compared_at: Cell<u64>,
}

/// When agents were last heard, beside the ledger.
pub type Heard = Arc<Mutex<BTreeMap<AgentId, UtcMicros>>>;

/// An instance, running or not.
pub struct Instance {
    /// Its machine's clock.
    pub clock: MachineClock,
    book: Arc<Book>,
    heard: Heard,
    mutant: Option<Mutant>,
    /// The process, while there is one.
    pub running: Option<Running>,
}

impl Instance {
    /// An instance that was never started.
    pub fn new(book: Arc<Book>, clock: MachineClock, heard: Heard, mutant: Option<Mutant>) -> Self {
        Self { clock, book, heard, mutant, running: None }
    }

    /// Starts the process: opens the book, folds it, begins a ledger where there is none. `false` when it cannot.
    pub fn start(&mut self, ledger_id: &str) -> bool {
        let handle = Arc::new(self.book.open());
        let Ok((model, known)) = rebuild(handle.as_ref()) else { return false };
        let model = Arc::new(RwLock::new(model));
        let desk = Desk {
            leadership: Arc::new(daicho::ledger::engine::Alone),
            model: Arc::clone(&model),
            engine: Arc::<Handle>::clone(&handle),
            clock: Arc::new(self.clock.clone()),
            moved: broadcast::channel(1).0,
            follower: Box::new(Nobody),
        };
        let mut keeper = Keeper::new(desk, known);
        if known.head.seq == 0 {
            let opened = Fact::LedgerOpened(LedgerOpened { ledger_id: ledger_id.into() });
            keeper.offer(Submission::stated(Author::Server, opened).unwrap(), None);
        }
        let listening = Listening::from(self.clock.read());
        let (asked, turns, compared_at) = Default::default();
        self.running = Some(Running { model, keeper, handle, listening, asked, turns, compared_at });
        true
    }

    /// Stops the process in an orderly way: what waits enters, a snapshot is kept.
    pub fn stop(&mut self) -> Vec<Answered> {
        let answered = self.work();
        if let Some(running) = &mut self.running {
            running.keeper.snapshot_if_due(true);
        }
        self.running = None;
        answered
    }

    /// Takes a request. What can be answered at once is.
    pub fn take(&mut self, request: Request, to: Return) -> Option<Reply> {
        let now = self.clock.now();
        let mutant = self.mutant;
        let running = self.running.as_mut()?;
        let submission = match &request {
            Request::CheckIn { speaker, question } => {
                running.catch_up_if(|model| intake::agents::knows_more(model, speaker, question));
                let answer = {
                    let model = running.model();
                    intake::agents::may_speak(&model, speaker)
                        .map(|()| intake::agents::checked_in(&model, speaker, question))
                };
                if answer.is_ok() {
                    note(&self.heard, speaker, now);
                }
                return Some(Reply::CheckIn(answer));
            }
            Request::Batch { speaker, bytes } => match running.batch(speaker, bytes, mutant) {
                Ok(submission) => submission,
                Err(refusal) => return Some(Reply::Batch(Err(refusal))),
            },
            Request::Enrol(enrolled) => {
                if running.model().token(&enrolled.token_id).is_none() {
                    return Some(Reply::Enrol(Err(RefusalCode::TokenUnknown.into())));
                }
                let author = Author::Agent(enrolled.agent_id.clone());
                Submission::stated(author, Fact::AgentEnrolled(enrolled.clone())).unwrap()
            }
            Request::State(author, fact) => Submission::stated(author.clone(), fact.as_ref().clone()).unwrap(),
        };
        let raw = submission.draft.raw.get().to_owned();
        let (answer, receiver) = oneshot::channel();
        running.keeper.offer(submission, Some(answer));
        running.asked.push(Asked { to, request, raw, receiver });
        None
    }

    /// Lets in what waits. `Died` is an empty answer with no process left.
    pub fn work(&mut self) -> Vec<Answered> {
        let Some(running) = self.running.as_mut() else { return Vec::new() };
        running.keeper.work();
        if self.mutant == Some(Mutant::ToldTwice) {
            running.tell_again();
        }
        if running.handle.died() {
            self.running = None;
            return Vec::new();
        }
        let now = self.clock.now();
        let mut answered = Vec::new();
        for mut asked in std::mem::take(&mut running.asked) {
            let Ok(outcome) = asked.receiver.try_recv() else {
                running.asked.push(asked);
                continue;
            };
            if let Request::Batch { speaker, .. } = &asked.request {
                running.turns.remove(speaker);
            }
            if let (Ok(_), Some(agent)) = (&outcome, speaker_of(&asked.request)) {
                note(&self.heard, agent, now);
            }
            answered.push(answer(asked, outcome));
        }
        answered
    }

    /// Folds what others appended.
    pub fn follow(&mut self) -> Result<(), String> {
        let Some(running) = self.running.as_mut() else { return Ok(()) };
        running.keeper.catch_up().map_err(|fault| fault.to_string())
    }

    /// Looks for agents that fell silent or are heard again, and states it.
    pub fn watch(&mut self) {
        let now = self.clock.now();
        let Some(running) = self.running.as_mut() else { return };
        if self.mutant == Some(Mutant::NobodyIsSilent) {
            return;
        }
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard_at = |agent: &AgentId| heard.get(agent).copied();
        let model = running.model.read().unwrap_or_else(PoisonError::into_inner);
        let changes = running.listening.changes(&model, heard_at, now, SILENT_AFTER_SECONDS);
        drop(model);
        for change in changes {
            let fact = Fact::CoverageChanged(change);
            running.keeper.offer(Submission::stated(Author::Server, fact).unwrap(), None);
        }
    }

    /// Whether its disk takes nothing more until it is started again.
    pub fn needs_restart(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.handle.is_poisoned())
    }
}

impl Running {
    /// What the entries mean to it.
    pub fn model(&self) -> RwLockReadGuard<'_, Model> {
        self.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many submissions wait.
    pub fn waiting(&self) -> usize {
        self.keeper.waiting()
    }

    /// What `http` does before it calls something unknown.
    fn catch_up_if(&mut self, unknown: impl Fn(&Model) -> bool) {
        if unknown(&self.model()) {
            // What cannot be read now is not known now.
            let _followed = self.keeper.catch_up();
        }
    }

    fn batch(&mut self, speaker: &AgentId, bytes: &[u8], mutant: Option<Mutant>) -> Result<Submission, Refusal> {
        self.catch_up_if(|model| model.agent(speaker).is_none());
        intake::agents::may_speak(&self.model(), speaker)?;
        if self.turns.contains(speaker) {
            return Err(RefusalCode::Overloaded.into());
        }
        let submission = match mutant {
            Some(Mutant::SignatureNotChecked) => unchecked(bytes).ok_or(RefusalCode::BatchMalformed)?,
            _ => Submission::batch(bytes, speaker)?,
        };
        self.turns.insert(speaker.clone());
        Ok(submission)
    }

    /// A mutant: the notice that was stated last is appended once more, past admission.
    fn tell_again(&mut self) {
        let head = self.handle.head();
        let Ok(frames) = self.handle.read(head.seq, 1, 1) else { return };
        let Some(entry) = frames.first().and_then(|frame| Entry::parse(&frame.line).ok()) else { return };
        if let Ok(Fact::Notices(notices)) = entry.parse_fact() {
            let draft = Submission::stated(Author::Server, Fact::Notices(notices)).unwrap().draft;
            let (entry, line) = Entry::link(head, entry.received_at, &draft).unwrap();
            let frame = daicho::ledger::engine::Frame { seq: entry.seq, hash: entry.entry_hash, line };
            let _appended = self.handle.append(head, &[frame]);
        }
    }
}

fn note(heard: &Heard, agent: &AgentId, at: UtcMicros) {
    heard.lock().unwrap_or_else(PoisonError::into_inner).insert(agent.clone(), at);
}

fn speaker_of(request: &Request) -> Option<&AgentId> {
    match request {
        Request::Batch { speaker, .. } | Request::CheckIn { speaker, .. } => Some(speaker),
        Request::Enrol(enrolled) => Some(&enrolled.agent_id),
        Request::State(..) => None,
    }
}

fn answer(asked: Asked, outcome: Result<Receipt, Refusal>) -> Answered {
    let promised = match &outcome {
        Ok(Receipt::Appended { seq } | Receipt::AlreadyThere { seq }) => Some((*seq, asked.raw)),
        Ok(Receipt::NothingNew) | Err(_) => None,
    };
    let reply = match &asked.request {
        Request::Batch { bytes, .. } => Reply::Batch(outcome.map(|receipt| batch_answer(bytes, receipt))),
        Request::Enrol(_) => Reply::Enrol(outcome.map(|_| ())),
        Request::CheckIn { .. } | Request::State(..) => Reply::State(outcome),
    };
    Answered { to: asked.to, reply, promised }
}

fn batch_answer(bytes: &[u8], receipt: Receipt) -> BatchAnswer {
    let number = unpack(bytes).map(|(_, batch)| batch.number).unwrap_or_default();
    let (entry_seq, admitted) = match receipt {
        Receipt::Appended { seq } => (seq, Admitted::Appended),
        Receipt::AlreadyThere { seq } => (seq, Admitted::AlreadyThere),
        Receipt::NothingNew => (0, Admitted::AlreadyThere),
    };
    BatchAnswer { number, entry_seq, admitted }
}

/// A batch from its wire form.
pub fn unpack(bytes: &[u8]) -> Option<(SignedBatch, Batch)> {
    let json = zstd::decode_all(bytes).ok()?;
    let signed: SignedBatch = serde_json::from_slice(&json).ok()?;
    let batch = serde_json::from_str(signed.batch.get()).ok()?;
    Some((signed, batch))
}

/// A mutant's reading of a batch: whoever it names is believed.
fn unchecked(bytes: &[u8]) -> Option<Submission> {
    let (signed, batch) = unpack(bytes)?;
    let raw = serde_json::value::to_raw_value(&signed).ok()?;
    let author = Author::Agent(batch.agent_id.clone());
    let batch = PreparedBatch::of(&signed, batch).ok()?;
    Some(Submission { draft: EntryDraft { author, fact: Fact::Batch(signed), raw }, batch: Some(Box::new(batch)) })
}
