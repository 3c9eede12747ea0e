//! The world: hosts, agents, a network, server instances, people, and the queue of what happens next. One thread, one seed.
//! It does not know what must be true; it tells `truth` what happened and lets `accidents` happen.
//! Invariant: what happens follows from the seed alone, whatever machine it runs on.

use crate::agent::{ANSWER_WITHIN_SECONDS, Agent, Then};
use crate::book::Book;
use crate::chaos::{Chaos, strikes};
use crate::clocks::{MachineClock, WorldTime};
use crate::host::{COLLECTORS, Host};
use crate::hostile::Hostile;
use crate::mutant::Mutant;
use crate::server::{Answered, Heard, Instance, Reply, Request, Return};
use crate::truth::{Truth, Violation};
use daicho::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::TokenIssued;
use daicho_schemas::ids::{PersonId, TokenId};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::wire::EnrollToken;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where answers to people and to the hostile one go: nobody waits for them.
pub const NOBODY: usize = usize::MAX;
/// Where answers to people go who try again until they succeed.
pub const PEOPLE: usize = usize::MAX - 1;

/// How often an agent looks at everything, in seconds.
pub const LOOK_EVERY_SECONDS: i64 = 600;
/// How often an instance looks for silent agents, in seconds.
const WATCH_EVERY_SECONDS: i64 = 300;
/// How often an instance looks at the ledger although nobody said that it moved, in seconds.
const FOLLOW_EVERY_SECONDS: i64 = 30;

/// What happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// An agent looks: at these collectors, on schedule or because something changed.
    Look(usize, Vec<&'static str>, bool),
    /// An agent says the next thing.
    Speak(usize),
    /// An agent's process starts.
    StartAgent(usize),
    /// A request arrives at an instance.
    Arrive(usize, Request, Return),
    /// An answer arrives.
    Answer(Return, Option<Box<Reply>>),
    /// An instance lets in what waits.
    Work(usize),
    /// An instance folds what others appended.
    Follow(usize, bool),
    /// An instance looks for silent agents.
    Watch(usize),
    /// An instance's process starts.
    StartInstance(usize),
    /// People hand this in, and again until it is taken.
    Insist(u64),
    /// The way between an agent and an instance is there again.
    Rejoin(usize, usize),
}

/// Everything.
pub struct World {
    /// What may go wrong now.
    pub chaos: Chaos,
    /// Random numbers of the world itself.
    pub rng: Rng,
    /// The world's time.
    pub time: WorldTime,
    /// Where the ledger is.
    pub book: Arc<Book>,
    /// The servers.
    pub instances: Vec<Instance>,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The agents on them.
    pub agents: Vec<Agent>,
    /// The hostile one.
    pub hostile: Hostile,
    /// What must be true.
    pub truth: Truth,
    /// Pairs of agent and instance that cannot reach each other.
    pub parted: BTreeSet<(usize, usize)>,
    /// What people want in the ledger at all costs.
    pub insisted: BTreeMap<u64, Fact>,
    /// What happened last, when somebody wants to know.
    pub log: Option<Vec<String>>,
    /// Steps so far.
    pub steps: usize,
    queue: BTreeMap<(i64, u64), Event>,
    order: u64,
}

impl World {
    /// A world at its beginning.
    pub fn new(seed: u64, steps_max: Option<usize>, mutant: Option<Mutant>, logged: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut chaos = Chaos::draw(&mut rng);
        chaos.steps = steps_max.map_or(chaos.steps, |max| max.min(chaos.steps));
        let time = WorldTime::default();
        let book = Book::new(chaos.shared, rng.fork(), mutant);
        let heard = Heard::default();
        let instance = |_| Instance::new(Arc::clone(&book), MachineClock::new(&time), Heard::clone(&heard), mutant);
        let instances = (0..chaos.instances).map(instance).collect();
        let hostile = Hostile::new(&mut rng);
        let mut world = Self {
            chaos,
            rng,
            time,
            book,
            instances,
            hosts: Vec::new(),
            agents: Vec::new(),
            hostile,
            truth: Truth::default(),
            parted: BTreeSet::new(),
            insisted: BTreeMap::new(),
            log: logged.then(Vec::new),
            steps: 0,
            queue: BTreeMap::new(),
            order: 0,
        };
        world.truth.hostile.insert(world.hostile.id.clone());
        for instance in 0..world.instances.len() {
            world.after_ms(0, 1000, Event::StartInstance(instance));
            world.after_ms(0, WATCH_EVERY_SECONDS * 1000, Event::Watch(instance));
            world.after_ms(0, FOLLOW_EVERY_SECONDS * 1000, Event::Follow(instance, true));
        }
        for _ in 0..world.chaos.agents {
            world.install();
        }
        world
    }

    /// A new host with an agent that will join.
    pub fn install(&mut self) {
        let number = self.agents.len() as u64;
        self.hosts.push(Host::new(&format!("host-{}", self.hosts.len()), &mut self.rng));
        let mutant = self.book.mutant();
        let mut agent = Agent::new(number, self.hosts.len() - 1, &self.time, &mut self.rng, mutant);
        agent.limit(self.chaos.spool_bytes);
        self.issue(number, &agent.token);
        self.agents.push(agent);
        let at = self.agents.len() - 1;
        self.after_ms(1000, 60_000, Event::StartAgent(at));
        self.after_ms(2000, LOOK_EVERY_SECONDS * 1000, Event::Look(at, COLLECTORS.to_vec(), true));
    }

    /// People make a token.
    pub fn issue(&mut self, number: u64, token: &TokenId) {
        let now = MachineClock::new(&self.time).read();
        let fact = Fact::TokenIssued(TokenIssued {
            token_id: token.clone(),
            secret_hash: EnrollToken::secret_hash("secret"),
            expires_at: now.plus_seconds(3650 * 86_400),
        });
        self.insisted.insert(number, fact);
        self.after_ms(0, 1000, Event::Insist(number));
    }

    /// Something happens between these two times from now, in milliseconds.
    pub fn after_ms(&mut self, least: i64, most: i64, event: Event) {
        let wait = self.rng.i64(least * 1000..=most.max(least) * 1000);
        self.order += 1;
        self.queue.insert((self.time.micros() + wait, self.order), event);
    }

    /// Writes down what happens, when somebody wants to know.
    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let (steps, seconds) = (self.steps, self.time.micros() as f64 / 1e6);
        if let Some(log) = &mut self.log {
            log.push(format!("{steps:>6} {seconds:>11.3}s {}", what()));
        }
    }

    /// Whether this node is an agent's.
    fn is_agent(&self, node: usize) -> bool {
        node < self.agents.len()
    }

    /// One thing happens. `false` when nothing is left to happen.
    pub fn step(&mut self) -> Result<bool, Violation> {
        let Some(((at, _), event)) = self.queue.pop_first() else { return Ok(false) };
        self.time.advance_to(at);
        self.steps += 1;
        self.note(|| short(&event));
        self.happens(event)?;
        self.truth.follow(&self.book)?;
        Ok(true)
    }

    fn happens(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::StartAgent(agent) => self.start_agent(agent),
            Event::Look(agent, due, scheduled) => self.look(agent, &due, scheduled),
            Event::Speak(agent) => self.speak(agent),
            Event::Arrive(instance, request, to) => self.arrives(instance, request, to),
            Event::Answer((node, number), reply) => self.answer(node, number, reply),
            Event::Work(instance) => self.work(instance)?,
            Event::Follow(instance, again) => self.follow(instance, again)?,
            Event::Watch(instance) => self.watch(instance),
            Event::StartInstance(instance) => self.start_instance(instance),
            Event::Insist(number) => self.insist(number),
            Event::Rejoin(agent, instance) => {
                self.parted.remove(&(agent, instance));
            }
        }
        Ok(())
    }

    fn start_agent(&mut self, at: usize) {
        let agent = &mut self.agents[at];
        if agent.off || agent.runs() {
            return;
        }
        agent.disk.prepare(self.time.micros(), self.chaos.agent_disk_fails, self.chaos.agent_dies);
        if agent.start() {
            self.after_ms(0, 2000, Event::Look(at, COLLECTORS.to_vec(), false));
        } else {
            self.after_ms(1000, 60_000, Event::StartAgent(at));
        }
    }

    fn look(&mut self, at: usize, due: &[&'static str], scheduled: bool) {
        if scheduled && !self.agents[at].off {
            let jitter = LOOK_EVERY_SECONDS * 100;
            self.after_ms(
                LOOK_EVERY_SECONDS * 1000,
                LOOK_EVERY_SECONDS * 1000 + jitter,
                Event::Look(at, due.to_vec(), true),
            );
        }
        let agent = &mut self.agents[at];
        agent.disk.prepare(self.time.micros(), self.chaos.agent_disk_fails, self.chaos.agent_dies);
        let then = agent.look(&self.hosts[agent.host], due, scheduled, self.chaos.looks_badly, &mut self.truth);
        self.then(at, then);
    }

    /// What follows for an agent.
    fn then(&mut self, at: usize, then: Then) {
        let all = COLLECTORS.to_vec();
        match then {
            Then::Speak => self.after_ms(0, 50, Event::Speak(at)),
            Then::Look => self.after_ms(0, 500, Event::Look(at, all, false)),
            Then::Wait(time) => self.after_ms(millis(time), millis(time), Event::Speak(at)),
            Then::LookAfter(time) => self.after_ms(millis(time), millis(time), Event::Look(at, all, false)),
            Then::Rest => {}
            Then::Dead => {
                self.note(|| format!("agent {at} dies while it uses its disk"));
                self.after_ms(1000, 120_000, Event::StartAgent(at));
            }
        }
    }

    fn speak(&mut self, at: usize) {
        self.order += 1;
        let number = self.order;
        let agent = &mut self.agents[at];
        agent.disk.prepare(self.time.micros(), self.chaos.agent_disk_fails, self.chaos.agent_dies);
        match agent.speak(number, &self.hosts[agent.host]) {
            Ok(request) => {
                if let Request::Batch { speaker, bytes } = &request {
                    self.hostile.seen.push((speaker.clone(), bytes.clone()));
                }
                self.after_ms(
                    ANSWER_WITHIN_SECONDS * 1000,
                    ANSWER_WITHIN_SECONDS * 1000,
                    Event::Answer((at, number), None),
                );
                self.send(request, (at, number));
            }
            Err(then) => self.then(at, then),
        }
    }

    /// A request on its way to some instance.
    pub fn send(&mut self, request: Request, to: Return) {
        let instance = self.rng.usize(0..self.instances.len());
        if strikes(&mut self.rng, self.chaos.doubled) {
            let again = Event::Arrive(self.rng.usize(0..self.instances.len()), request.clone(), (NOBODY, 0));
            self.after_ms(1, 600_000, again);
        }
        if !strikes(&mut self.rng, self.chaos.request_lost) && !self.parted.contains(&(to.0, instance)) {
            let slow = strikes(&mut self.rng, self.chaos.slow);
            self.after_ms(1, if slow { 180_000 } else { 40 }, Event::Arrive(instance, request, to));
        }
    }

    fn arrives(&mut self, instance: usize, request: Request, to: Return) {
        if self.instances[instance].running.is_none() {
            return;
        }
        if let Some(reply) = self.instances[instance].take(request, to) {
            self.reply(to, reply);
        }
        self.after_ms(0, 30, Event::Work(instance));
    }

    /// An answer on its way back.
    fn reply(&mut self, to: Return, reply: Reply) {
        if to.0 != NOBODY && !strikes(&mut self.rng, self.chaos.answer_lost) {
            self.after_ms(1, 40, Event::Answer(to, Some(Box::new(reply))));
        }
    }

    fn answer(&mut self, node: usize, number: u64, reply: Option<Box<Reply>>) {
        if self.is_agent(node) {
            let agent = &mut self.agents[node];
            agent.disk.prepare(self.time.micros(), self.chaos.agent_disk_fails, self.chaos.agent_dies);
            let then = agent.answered(number, reply.map(|reply| *reply));
            self.then(node, then);
        } else if let (PEOPLE, Some(Reply::State(outcome))) = (node, reply.as_deref())
            && outcome.is_ok()
        {
            self.insisted.remove(&number);
        }
    }

    fn work(&mut self, at: usize) -> Result<(), Violation> {
        let answered = self.instances[at].work();
        self.deliver(answered)?;
        if self.instances[at].running.is_none() {
            self.truth.check_promises(&self.book)?;
            self.after_ms(1000, 60_000, Event::StartInstance(at));
        } else if self.instances[at].needs_restart() {
            self.kill_instance(at)?;
        }
        if self.book.length() as u64 > self.truth.model.seq() {
            self.ring(at);
        }
        Ok(())
    }

    /// Answers that were given; each promises what the ledger holds.
    pub fn deliver(&mut self, answered: Vec<Answered>) -> Result<(), Violation> {
        for Answered { to, reply, promised } in answered {
            if let Some((seq, raw)) = promised {
                self.truth.promised(&self.book, seq, &raw)?;
            }
            self.reply(to, reply);
        }
        Ok(())
    }

    /// The other instances hear that the ledger moved, mostly.
    fn ring(&mut self, from: usize) {
        for other in (0..self.instances.len()).filter(|other| *other != from) {
            if !strikes(&mut self.rng, self.chaos.unnoticed) {
                self.after_ms(1, 20, Event::Follow(other, false));
            }
        }
    }

    /// An instance's process ends without a word.
    pub fn kill_instance(&mut self, at: usize) -> Result<(), Violation> {
        if self.instances[at].running.take().is_some() {
            self.note(|| format!("instance {at} dies"));
            self.truth.check_promises(&self.book)?;
            self.after_ms(1000, 60_000, Event::StartInstance(at));
        }
        Ok(())
    }

    fn follow(&mut self, at: usize, again: bool) -> Result<(), Violation> {
        if again {
            self.after_ms(FOLLOW_EVERY_SECONDS * 1000, FOLLOW_EVERY_SECONDS * 1000, Event::Follow(at, true));
        }
        self.instances[at].follow().map_err(|fault| format!("instance {at} cannot follow: {fault}"))?;
        self.after_ms(0, 30, Event::Work(at));
        Ok(())
    }

    fn watch(&mut self, at: usize) {
        self.after_ms(WATCH_EVERY_SECONDS * 1000, WATCH_EVERY_SECONDS * 1000, Event::Watch(at));
        // One instance leads; now and then another one believes that it does.
        let leader = self.instances.iter().position(|instance| instance.running.is_some());
        if leader == Some(at) || self.rng.u32(0..4) == 0 {
            self.instances[at].watch();
            self.after_ms(0, 30, Event::Work(at));
        }
    }

    fn start_instance(&mut self, at: usize) {
        if self.instances[at].running.is_some() {
            return;
        }
        let event = if self.instances[at].start("simulated") { Event::Work(at) } else { Event::StartInstance(at) };
        self.after_ms(0, 1000, event);
    }

    fn insist(&mut self, number: u64) {
        let Some(fact) = self.insisted.get(&number) else { return };
        let person = Author::Person(PersonId::new("admin").unwrap());
        let request = Request::State(person, Box::new(fact.clone()));
        self.send(request, (PEOPLE, number));
        self.after_ms(5000, 30_000, Event::Insist(number));
    }

    /// People see which agents cannot join because somebody used their token, and make another one.
    pub fn renew_used_tokens(&mut self) {
        for at in 0..self.agents.len() {
            let token = &self.agents[at].token;
            let used = self.truth.model.token(token).and_then(|state| state.used_by.clone());
            if !self.agents[at].joined && used.is_some_and(|by| by != self.agents[at].id) {
                let number = 1000 + self.order;
                let token = TokenId::new(format!("token-{number}")).unwrap();
                self.issue(number, &token);
                self.agents[at].token = token;
            }
        }
    }

    /// Whether an agent stopped for a reason that the ledger knows.
    pub fn stopped_rightly(&self, agent: &Agent) -> bool {
        matches!(agent.stopped, Some(RefusalCode::AgentRevoked)) && self.truth.is_revoked(&agent.id)
    }
}

fn millis(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 1_000_000)
}

/// An event in one line.
fn short(event: &Event) -> String {
    match event {
        Event::Arrive(instance, request, (node, number)) => {
            let request = match request {
                Request::Batch { speaker, bytes } => {
                    let number = crate::server::unpack(bytes).map(|(_, batch)| batch.number);
                    format!("batch {number:?} of {speaker}")
                }
                Request::CheckIn { speaker, question } => format!("check-in {} of {speaker}", question.number),
                Request::Enrol(enrolled) => format!("enrolment of {}", enrolled.agent_id),
                Request::State(author, fact) => format!("{} by {author}", fact.kind()),
            };
            format!("instance {instance} gets {request} (question {number} of node {node})")
        }
        Event::Answer((node, number), reply) => match reply.as_deref() {
            Some(Reply::Batch(Err(refusal)) | Reply::CheckIn(Err(refusal)) | Reply::Enrol(Err(refusal))) => {
                format!("node {node} is refused question {number}: {} {}", refusal.code.as_str(), refusal.detail)
            }
            Some(reply) => format!("node {node} gets an answer to question {number}: {reply:?}"),
            None => format!("node {node} waits no longer for question {number}"),
        },
        other => format!("{other:?}"),
    }
}
