//! One agent: the real spool and the real conversation with the server, on a simulated disk, host and clock.
//! It does not know the network; it gives out what it wants to say and is told what came back.
//! Invariant: it does what `daicho-agent run` does after each look and each answer, and remembers nothing that is not on its disk.

use crate::agent_disk::{AgentDisk, Content};
use crate::clocks::{MachineClock, WorldTime};
use crate::host::{COLLECTORS, Host, collector, hashes};
use crate::mutant::Mutant;
use crate::server::{Reply, Request, unpack};
use crate::truth::{Truth, Word};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use daicho::model::prepared::signed_batch_hash;
use daicho_agent::run::conversation::{Conversation, Next, Say};
use daicho_agent::spool::{Disk as _, Round, Spool, SpoolLimits};
use daicho_agent::status::RunStatus;
use daicho_agent::submit::{Answer, Backoff};
use daicho_schemas::batch::{Items, Outcome};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::ids::{AgentId, CollectorId, TokenId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign::agent_id;
use ed25519_dalek::SigningKey;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// How long an agent waits for an answer, in seconds.
pub const ANSWER_WITHIN_SECONDS: i64 = 60;
/// Between two tries of a person to join an agent, in seconds.
const JOIN_AGAIN_SECONDS: u64 = 20;

/// What a running agent has in memory.
#[derive(Debug)]
struct Process {
    conversation: Conversation,
    backoff: Backoff,
    /// The question that waits for an answer.
    asked: Option<(u64, Say)>,
}

/// One agent on one host.
#[derive(Debug)]
pub struct Agent {
    /// Which host it looks at.
    pub host: usize,
    /// Its key.
    pub key: SigningKey,
    /// Its id.
    pub id: AgentId,
    /// Its machine's clock.
    pub clock: MachineClock,
    /// Its disk.
    pub disk: Rc<AgentDisk>,
    /// The token with which it joins.
    pub token: TokenId,
    /// Whether it has its certificate.
    pub joined: bool,
    /// The server wants nothing more of it.
    pub stopped: Option<RefusalCode>,
    /// It runs with copied keys beside the real one.
    pub is_clone: bool,
    /// It is switched off for good.
    pub off: bool,
    /// A backup of its disk.
    pub backup: Option<Content>,
    /// Numbers that were spooled, for the promise that none goes in silence.
    pub spooled: BTreeSet<u64>,
    /// Its state was lost or set back by an accident that takes spooled batches with it: what is missing cannot be told.
    pub excused: bool,
    recorded: BTreeSet<Hash>,
    joining: Option<u64>,
    spool_bytes: u64,
    process: Option<Process>,
    rng: Rng,
    mutant: Option<Mutant>,
}

/// What an agent does after something came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Speak on at once.
    Speak,
    /// Look at everything now, then speak.
    Look,
    /// Speak again after this time.
    Wait(Duration),
    /// Look at everything after this time.
    LookAfter(Duration),
    /// Nothing until the next look.
    Rest,
    /// The process died.
    Dead,
}

impl Agent {
    /// An agent that was just installed.
    pub fn new(number: u64, host: usize, world: &WorldTime, rng: &mut Rng, mutant: Option<Mutant>) -> Self {
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let key = SigningKey::from_bytes(&secret);
        Self {
            host,
            id: agent_id(&key.verifying_key().to_bytes()),
            key,
            clock: MachineClock::new(world),
            disk: Rc::new(AgentDisk::new(rng.fork(), mutant)),
            token: TokenId::new(format!("token-{number}")).unwrap(),
            joined: false,
            stopped: None,
            is_clone: false,
            off: false,
            backup: None,
            spooled: BTreeSet::new(),
            excused: false,
            recorded: BTreeSet::new(),
            joining: None,
            spool_bytes: u64::MAX,
            process: None,
            rng: rng.fork(),
            mutant,
        }
    }

    /// The same agent on another host, with everything that was on its disk.
    pub fn copied(&self, host: usize, world: &WorldTime, rng: &mut Rng) -> Self {
        let copy = Self::new(0, host, world, rng, self.mutant);
        copy.disk.replace(self.disk.content());
        Self {
            key: self.key.clone(),
            id: self.id.clone(),
            token: self.token.clone(),
            joined: self.joined,
            spool_bytes: self.spool_bytes,
            is_clone: true,
            ..copy
        }
    }

    /// How much its spool may hold.
    pub fn limit(&mut self, spool_bytes: u64) {
        self.spool_bytes = spool_bytes;
    }

    /// Whether a process runs.
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// The process ends without a word.
    pub fn kill(&mut self) {
        self.process = None;
        self.joining = None;
    }

    /// A process starts. `false` when the disk does not let it.
    pub fn start(&mut self) -> bool {
        let limits = SpoolLimits { bytes_max: self.spool_bytes, ..SpoolLimits::default() };
        let disk: Rc<AgentDisk> = Rc::clone(&self.disk);
        let opened = Spool::open_on(disk, state(), self.key.clone(), limits);
        let died = self.disk.died();
        let (Ok(spool), false) = (opened, died) else { return false };
        let conversation = Conversation::new(spool, RunStatus::default());
        self.process = Some(Process { conversation, backoff: Backoff::new(self.rng.u64(..)), asked: None });
        self.stopped = None;
        true
    }

    /// Looks at some collectors, or at all when the server wants everything, and spools what is new.
    pub fn look(&mut self, host: &Host, due: &[&'static str], scheduled: bool, badly: u32, truth: &mut Truth) -> Then {
        let Some(process) = &mut self.process else { return Then::Rest };
        let due = if process.conversation.spool.full_wanted() { &COLLECTORS[..] } else { due };
        let mut seen = BTreeMap::new();
        let mut collected = Vec::new();
        for name in due {
            let mut saw = host.look(name, &mut self.rng, badly);
            seen.insert(collector(name), (saw.outcome, hashes(&saw.items)));
            if self.mutant == Some(Mutant::PartialCalledComplete) && saw.outcome == Outcome::Partial {
                saw.outcome = Outcome::Complete;
            }
            collected.push((collector(name), saw));
        }
        let now = self.clock.read();
        let spooled = process.conversation.spool.put(Round { started_at: now, finished_at: now, collected });
        if scheduled && spooled.as_ref().is_ok_and(Vec::is_empty) {
            process.conversation.nothing_new();
        }
        self.record(&seen, truth);
        self.after(Then::Speak)
    }

    /// Notes what was really seen, by what stands in the spool now.
    fn record(&mut self, seen: &BTreeMap<CollectorId, (Outcome, Items)>, truth: &mut Truth) {
        let spool = state().join("spool");
        let fresh: Vec<Vec<u8>> = self.disk.with_content(|content| {
            let spooled = content.files.iter().filter(|(path, _)| path.parent() == Some(&spool));
            let batches = spooled.filter(|(path, _)| path.extension().is_some_and(|end| end == "batch"));
            let fresh = batches.filter(|(_, (bytes, _))| self.recorded.insert(Hash::of("simulation", &[bytes])));
            fresh.map(|(_, (bytes, _))| bytes.clone()).collect()
        });
        for bytes in fresh {
            let Some((signed, batch)) = unpack(&bytes) else { continue };
            if batch.agent_id != self.id {
                continue;
            }
            let words = batch.reports.iter().filter_map(|report| {
                let (real, items) = seen.get(&report.collector)?;
                let complete = *real == Outcome::Complete;
                // What the agent makes of an outcome stands; that a partial look was complete does not.
                let outcome = if report.outcome == Outcome::Complete && !complete { *real } else { report.outcome };
                Some(Word { collector: report.collector.clone(), outcome, seen: items.clone() })
            });
            truth.said(signed_batch_hash(&signed).unwrap(), words.collect());
            self.spooled.insert(batch.number);
        }
    }

    /// What it wants to say now, as question `number`. `Err` says what to do instead.
    pub fn speak(&mut self, number: u64, host: &Host) -> Result<Request, Then> {
        let Some(process) = &mut self.process else { return Err(Then::Rest) };
        if process.asked.is_some() || self.stopped.is_some() {
            return Err(Then::Rest);
        }
        if !self.joined {
            if self.joining.is_some() {
                return Err(Then::Rest);
            }
            self.joining = Some(number);
            return Ok(Request::Enrol(AgentEnrolled {
                agent_id: self.id.clone(),
                public_key: BASE64.encode(self.key.verifying_key().to_bytes()),
                token_id: self.token.clone(),
                hostname: host.name.clone(),
            }));
        }
        let speaker = self.id.clone();
        let request = match process.conversation.say() {
            Ok(say) => {
                let request = match &say {
                    Say::Batch(waiting) => Request::Batch { speaker, bytes: waiting.bytes.clone() },
                    Say::CheckIn(question) => Request::CheckIn { speaker, question: question.clone() },
                };
                process.asked = Some((number, say));
                Ok(request)
            }
            Err(Next::Later { asked }) => Err(Then::Wait(process.backoff.failed(asked))),
            Err(_) => Err(Then::Rest),
        };
        if self.disk.died() {
            self.kill();
            return Err(Then::Dead);
        }
        request
    }

    /// What came back to question `number`; nothing within the time.
    pub fn answered(&mut self, number: u64, reply: Option<Reply>) -> Then {
        if self.joining == Some(number) {
            self.joining = None;
            return self.join_answered(reply);
        }
        let now = self.clock.read();
        let Some(process) = &mut self.process else { return Then::Rest };
        let Some((_, say)) = process.asked.take_if(|(asked, _)| *asked == number) else { return Then::Rest };
        let next = match say {
            Say::Batch(waiting) => {
                let answer = match reply {
                    Some(Reply::Batch(outcome)) => Ok(answer_of(outcome)),
                    _ => Err("no answer".to_owned()),
                };
                process.conversation.batch_answered(&waiting, answer, now)
            }
            Say::CheckIn(_) => {
                let answer = match reply {
                    Some(Reply::CheckIn(outcome)) => Ok(answer_of(outcome)),
                    _ => Err("no answer".to_owned()),
                };
                process.conversation.check_in_answered(answer, now)
            }
        };
        let then = match next {
            Next::More => {
                process.backoff.succeeded();
                Then::Speak
            }
            Next::Ask => Then::Speak,
            Next::Idle => {
                process.backoff.succeeded();
                if process.conversation.spool.full_wanted() { Then::Look } else { Then::Speak }
            }
            Next::Recollect { was_full: true } => Then::LookAfter(process.backoff.failed(None)),
            Next::Recollect { was_full: false } => Then::Look,
            Next::Later { asked } => Then::Wait(process.backoff.failed(asked)),
            Next::Stop => {
                self.stopped = process.conversation.status.last_refusal.as_ref().map(|refusal| refusal.code);
                Then::Rest
            }
        };
        self.after(then)
    }

    fn join_answered(&mut self, reply: Option<Reply>) -> Then {
        match reply {
            Some(Reply::Enrol(Ok(()))) => {
                self.joined = true;
                Then::Speak
            }
            Some(Reply::Enrol(Err(refusal))) if refusal.code == RefusalCode::AgentRevoked => {
                self.stopped = Some(refusal.code);
                Then::Rest
            }
            _ => Then::Wait(Duration::from_secs(JOIN_AGAIN_SECONDS)),
        }
    }

    fn after(&mut self, then: Then) -> Then {
        if self.disk.died() {
            self.kill();
            return Then::Dead;
        }
        then
    }

    /// The conversation, while a process runs.
    pub fn conversation(&mut self) -> Option<&mut Conversation> {
        self.process.as_mut().map(|process| &mut process.conversation)
    }

    /// Numbers that still wait on its disk.
    pub fn waiting_numbers(&self) -> BTreeSet<u64> {
        let listed = self.disk.list(&state().join("spool")).unwrap_or_default();
        listed.iter().filter_map(|file| file.name.strip_suffix(".batch")?.parse().ok()).collect()
    }
}

fn answer_of<T>(outcome: Result<T, Refusal>) -> Answer<T> {
    match outcome {
        Ok(answer) => Answer::Yes(answer),
        Err(refusal) => Answer::Refused { refusal: Box::new(refusal), asked: None },
    }
}

/// The agent's state folder on its disk.
pub fn state() -> &'static Path {
    Path::new("/state")
}

/// A file in it.
pub fn state_file(name: &str) -> PathBuf {
    state().join(name)
}
