//! One agent at work: watch, collect, spool, hand over, until told to stop.
//! It does not know how any of these is done; it decides what comes next.
//! Invariant: collecting never waits for the server, and at rest nothing wakes up but the schedule and the renewal.

pub mod conversation;

mod hand_over;
mod last_seen;
mod long_sessions;
mod seen_programs;
mod stop;
mod stopped;

use crate::access::{Host, LiveHost, Platform};
use crate::clock::Clock;
use crate::collect::{self, COLLECTORS, Collected, Collector};
use crate::files::{FileFault, LockFault, StateLock};
use crate::schedule::Schedule;
use crate::spool::{Round, Spool, SpoolFault, SpoolLimits, chain};
use crate::status::{CollectorStatus, RunStatus};
use crate::submit::{Backoff, Client, ClientFault, Identity, IdentityFault, load_key};
use crate::watch::{Watch, watches_files, watches_tables};
use conversation::{Conversation, Next};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use ed25519_dalek::SigningKey;
use last_seen::LastSeen;
use long_sessions::LongSessions;
use seen_programs::SeenPrograms;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
pub use stop::Stop;
use stopped::Stopped;
use tokio::sync::Notify;

/// A clock that is set while we sleep must not make us sleep for days.
const SLEEP_SECONDS_MAX: u64 = 3_600;

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunFault {
    /// Another process holds the state folder, or it cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockFault),
    /// There is no usable identity.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    /// There is no way to the server.
    #[error(transparent)]
    Client(#[from] ClientFault),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolFault),
    /// The state folder cannot be used.
    #[error(transparent)]
    File(#[from] FileFault),
    /// Signals cannot be heard.
    #[error("signals cannot be heard")]
    Signal(#[source] std::io::Error),
    /// With `--once`: something still waits in the spool.
    #[error("not everything could be handed over; it waits in the spool: {0}")]
    NotHandedOver(String),
}

/// What `run` is told.
#[derive(Debug)]
pub struct RunConfig {
    /// The state folder.
    pub state: PathBuf,
    /// When to look at everything.
    pub schedule: Schedule,
    /// The host, or an image of one.
    pub host: LiveHost,
    /// The root of that host in the file system: what is watched.
    pub root: PathBuf,
    /// Where the server has moved to, if it has.
    pub server: Option<String>,
    /// Collect, hand over and end.
    pub once: bool,
    /// End when standard input closes.
    pub until_stdin_closes: bool,
    /// Ends it from within this process: what manages services asks so.
    pub stop: Stop,
}

/// Everything the two halves share. One thread runs both, and no borrow is held across a wait.
struct Agent {
    state: PathBuf,
    clock: Clock,
    host: Arc<LiveHost>,
    key: SigningKey,
    identity: RefCell<Identity>,
    client: RefCell<Client>,
    conversation: RefCell<Conversation>,
    backoff: RefCell<Backoff>,
    last_seen: RefCell<LastSeen>,
    long_sessions: RefCell<LongSessions>,
    seen_programs: RefCell<SeenPrograms>,
    stopped: RefCell<Stopped>,
    /// Not before this is another renewal tried.
    renew_again_at: Cell<Option<UtcMicros>>,
    send_wanted: Notify,
    collect_wanted: Notify,
    _lock: StateLock,
}

/// Runs until it is told to stop (a signal, the manager of services, see [`stop`]), or once.
pub async fn run(config: RunConfig, clock: Clock) -> Result<(), RunFault> {
    let agent = Agent::open(&config.state, config.server, config.host, clock)?;
    let signals = stop::Signals::listen().map_err(RunFault::Signal)?;
    let work =
        async { if config.once { agent.once().await } else { agent.for_ever(&config.schedule, &config.root).await } };
    let result = tokio::select! {
        result = work => result,
        () = signals.heard() => Ok(()),
        () = config.stop.wanted() => Ok(()),
        () = stdin_closed(), if config.until_stdin_closes => Ok(()),
    };
    agent.write_status();
    tracing::info!("stopped");
    result
}

/// Reads standard input until it ends. Whoever holds the other end needs not say anything.
async fn stdin_closed() {
    let reading = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
    // An input that cannot be read is as good as closed.
    let _ended = reading.await;
}

impl Agent {
    /// `server` is where the server has moved to, if it has.
    fn open(state: &Path, server: Option<String>, host: LiveHost, clock: Clock) -> Result<Self, RunFault> {
        // First of all: a second process must not change what the first one works with.
        let lock = StateLock::take(state)?;
        if let Some(server) = server {
            Identity::move_server(state, server)?;
        }
        let identity = Identity::load(state)?;
        let key = load_key(state)?;
        let client = Client::new(&identity, &key)?;
        let spool = Spool::open(state, key.clone(), SpoolLimits::default())?;
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(IdentityFault::Random)?;
        tracing::info!(agent.id = %spool.agent(), server = identity.server, "started");
        Ok(Self {
            state: state.to_owned(),
            clock,
            host: Arc::new(host),
            key,
            identity: RefCell::new(identity),
            client: RefCell::new(client),
            conversation: RefCell::new(Conversation::new(spool, RunStatus::load(state))),
            backoff: RefCell::new(Backoff::new(u64::from_le_bytes(seed))),
            last_seen: RefCell::new(LastSeen::load(state)),
            long_sessions: RefCell::new(LongSessions::load(state)),
            seen_programs: RefCell::new(SeenPrograms::load(state)),
            stopped: RefCell::default(),
            renew_again_at: Cell::new(None),
            send_wanted: Notify::new(),
            collect_wanted: Notify::new(),
            _lock: lock,
        })
    }

    async fn for_ever(&self, schedule: &Schedule, root: &Path) -> Result<(), RunFault> {
        let collecting = self.collect_for_ever(schedule, root);
        let handing_over = self.hand_over_for_ever();
        tokio::join!(collecting, handing_over);
        Ok(())
    }

    async fn once(&self) -> Result<(), RunFault> {
        /// Once to collect, once more when the server asks for everything.
        const ROUNDS_MAX: usize = 3;
        let mut obstacle = String::from("the server keeps asking for everything");
        for _ in 0..ROUNDS_MAX {
            self.collect(&all()).await;
            loop {
                match self.hand_over_one().await {
                    Next::More | Next::Ask => {}
                    Next::Idle if self.full_wanted() => break,
                    Next::Idle => return Ok(()),
                    Next::Recollect { .. } => {}
                    Next::Later { .. } | Next::Stop => {
                        let conversation = self.conversation.borrow();
                        obstacle = conversation.status.obstacle.clone().unwrap_or_else(|| "see the log".into());
                        return Err(RunFault::NotHandedOver(obstacle));
                    }
                }
            }
        }
        Err(RunFault::NotHandedOver(obstacle))
    }

    async fn collect_for_ever(&self, schedule: &Schedule, root: &Path) {
        // Watched before the first look, so that nothing falls between the two.
        let mut watch = Watch::new(root, self.host.device_folder());
        let mut due = all();
        let mut scheduled = true;
        loop {
            let changed = self.collect(&due).await;
            if scheduled && !changed {
                self.conversation.borrow_mut().nothing_new();
            }
            self.send_wanted.notify_one();
            (due, scheduled) = tokio::select! {
                concerned = watch.changed() => (with_unwatchable(concerned, self.host.platform()), false),
                () = self.sleep_until_due(schedule) => (all(), true),
                () = self.full_look_wanted() => (all(), false),
            };
            watch.arm();
        }
    }

    /// Waits until somebody wants everything told that no look has told since: the server answers the first check-in while the
    /// first look runs, and that look is the answer.
    async fn full_look_wanted(&self) {
        loop {
            self.collect_wanted.notified().await;
            if self.full_wanted() {
                return;
            }
        }
    }

    async fn sleep_until_due(&self, schedule: &Schedule) {
        // The instant is fixed first: a sleep that ends early must not move it on.
        let due_at = schedule.next_after((self.clock)());
        while let Some(wait) = wait_until(due_at, (self.clock)()) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Collects and spools: of a change first what is seen quickly, and while that is handed over what takes long. Says whether anything was
    /// spooled.
    async fn collect(&self, due: &BTreeSet<&'static str>) -> bool {
        let mut due = due.clone();
        'anew: loop {
            let started_at = (self.clock)();
            // A full report speaks of everything.
            let groups = if self.full_wanted() {
                due = all();
                vec![due.clone()]
            } else {
                self.stopped.borrow().without_waiting(&mut due, started_at);
                in_groups(&due)
            };
            let mut spooled = false;
            for group in &groups {
                let host = Arc::clone(&self.host);
                self.host.remember_programs(self.seen_programs.borrow().with_files());
                let chosen = group.clone();
                let collected = tokio::task::spawn_blocking(move || collect_these(host.as_ref(), &chosen)).await;
                let Ok(collected) = collected else {
                    tracing::error!("collecting was stopped by an error of its own; please report this as a bug");
                    return spooled;
                };
                if self.full_wanted() && group.len() < all().len() {
                    continue 'anew;
                }
                spooled |= self.spool(started_at, collected);
                self.send_wanted.notify_one();
            }
            return spooled;
        }
    }

    /// Spools what was collected. Says whether anything of it was new.
    fn spool(&self, started_at: UtcMicros, mut collected: Vec<(CollectorId, Collected)>) -> bool {
        let collectors = collected.len();
        self.stopped.borrow_mut().note(&collected, started_at);
        self.last_seen.borrow_mut().complete(&mut collected, started_at.date_in_japan());
        self.long_sessions.borrow_mut().complete(&mut collected, started_at);
        self.seen_programs.borrow_mut().complete(&mut collected, started_at.date_in_japan());
        let round = Round { started_at, finished_at: (self.clock)(), collected };
        let spooled = self.conversation.borrow_mut().spool.put(round);
        let spooled = spooled.unwrap_or_else(|fault| {
            tracing::error!(fault = %chain(&fault), "what was collected could not be spooled; the next look tries again");
            self.conversation.borrow_mut().status.obstacle = Some(chain(&fault));
            Vec::new()
        });
        for number in &spooled {
            tracing::info!(batch.number = number, collectors, "spooled");
        }
        self.write_status();
        !spooled.is_empty()
    }

    fn full_wanted(&self) -> bool {
        self.conversation.borrow().spool.full_wanted()
    }

    /// Writes the status file; a disk that does not take it is said in the log and stops nothing.
    fn write_status(&self) {
        let mut conversation = self.conversation.borrow_mut();
        let Conversation { spool, status, .. } = &mut *conversation;
        status.updated_at = Some((self.clock)());
        status.acknowledged_number = spool.acknowledged_number();
        let collectors = spool.summary().into_iter();
        status.collectors =
            collectors.map(|(collector, items, outcome)| CollectorStatus { collector, outcome, items }).collect();
        if let Err(fault) = status.save(&self.state) {
            tracing::warn!(fault = %chain(&fault), "the status file could not be written");
        }
    }
}

/// How long to sleep, none once it is due. Not a moment less than is left: a look that begins before it is due would come due once more.
fn wait_until(due_at: Option<UtcMicros>, now: UtcMicros) -> Option<Duration> {
    let longest = Duration::from_secs(SLEEP_SECONDS_MAX);
    let Some(due_at) = due_at else { return Some(longest) };
    let left = u64::try_from(due_at.micros().saturating_sub(now.micros())).ok().filter(|left| *left > 0)?;
    Some(Duration::from_micros(left).min(longest))
}

/// Every collector.
fn all() -> BTreeSet<&'static str> {
    COLLECTORS.iter().map(|collector| collector.id()).collect()
}

/// These, and those that no file announces: something happened on this host, so they look too. A change of the network
/// alone says nothing of the rest, and may come often.
fn with_unwatchable(mut concerned: BTreeSet<&'static str>, platform: Platform) -> BTreeSet<&'static str> {
    let here = collect::collectors_of(platform);
    let by_files = |collector: &&dyn Collector| watches_files(*collector);
    if here.iter().copied().filter(by_files).any(|collector| concerned.contains(collector.id())) {
        let others = here.iter().filter(|collector| !watches_files(**collector));
        concerned.extend(others.map(|collector| collector.id()));
    }
    concerned
}

/// What was seen of a change quickly is told before that which takes long. A look at everything is one.
fn in_groups(due: &BTreeSet<&'static str>) -> Vec<BTreeSet<&'static str>> {
    let follows = |id: &&'static str| COLLECTORS.iter().any(|one| one.id() == *id && one.may_follow());
    let (later, first): (BTreeSet<_>, BTreeSet<_>) = due.iter().copied().partition(follows);
    if due.len() >= all().len() || first.is_empty() || later.is_empty() {
        return vec![due.clone()];
    }
    vec![first, later]
}

fn collect_these(host: &dyn Host, due: &BTreeSet<&'static str>) -> Vec<(CollectorId, Collected)> {
    let chosen = collect::collectors_of(host.platform()).into_iter().filter(|collector| due.contains(collector.id()));
    // The kernel's tables of the network last: they are read fast and change at once, and a long look before them would be told
    // a tunnel too late.
    let (files, tables): (Vec<_>, Vec<_>) = chosen.partition(|collector: &&dyn Collector| !watches_tables(*collector));
    files
        .into_iter()
        .chain(tables)
        .map(|collector| (collect::collector_id(collector), collect::run(collector, host)))
        .collect()
}

#[cfg(test)]
mod tests;
