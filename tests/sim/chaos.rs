//! What may go wrong in one run, and how often: each seed draws its own mixture, so that some runs are nearly calm and some
//! know only one sort of accident, which finds more than the same noise everywhere.
//! It does not know what an accident does; the parts of the world do.
//! Invariant: everything that is drawn here follows from the seed.

use fastrand::Rng;

/// Times per thousand.
pub type PerMille = u32;

/// Whether something that happens so often happens now.
pub fn strikes(rng: &mut Rng, rate: PerMille) -> bool {
    rate > 0 && rng.u32(0..1000) < rate
}

/// The mixture of one run.
#[derive(Clone, Debug)]
pub struct Chaos {
    /// Server instances; more than one share a database.
    pub instances: usize,
    /// Whether the ledger is in a database, even with one instance.
    pub shared: bool,
    /// Honest agents that are there from the beginning.
    pub agents: usize,
    /// Steps before everything is repaired and calm begins.
    pub steps: usize,
    /// A request does not arrive.
    pub request_lost: PerMille,
    /// An answer does not arrive.
    pub answer_lost: PerMille,
    /// A request arrives twice, the second time perhaps much later.
    pub doubled: PerMille,
    /// A message takes minutes instead of milliseconds.
    pub slow: PerMille,
    /// An agent cannot reach an instance for a while.
    pub parted: PerMille,
    /// The word that the ledger moved does not reach another instance.
    pub unnoticed: PerMille,
    /// An instance dies between two steps.
    pub instance_dies: PerMille,
    /// An instance is stopped in an orderly way and started again.
    pub instance_restarts: PerMille,
    /// An append fails, tears, or dies with the process.
    pub append_fails: PerMille,
    /// The disk is full for a while.
    pub disk_full: PerMille,
    /// A snapshot is missing, old, or damaged when it is read.
    pub snapshot_bad: PerMille,
    /// An agent's process dies in the middle of using its disk.
    pub agent_dies: PerMille,
    /// A call to an agent's disk fails.
    pub agent_disk_fails: PerMille,
    /// An agent loses its acknowledged state, its number, its note of losses, or a spooled file is damaged.
    pub agent_state_lost: PerMille,
    /// An agent's state folder comes back from an old backup.
    pub agent_rolled_back: PerMille,
    /// An agent starts on another host with copied keys.
    pub cloned: PerMille,
    /// A host is installed anew: new key, new token.
    pub installed_anew: PerMille,
    /// A clock is set, forwards or backwards.
    pub clock_jumps: PerMille,
    /// A person revokes an agent.
    pub revoked: PerMille,
    /// Somebody hands in what no honest agent would.
    pub hostile: PerMille,
    /// A collector cannot look completely.
    pub looks_badly: PerMille,
    /// Bytes of a spool before the oldest goes.
    pub spool_bytes: u64,
    /// Per step: something changes on a host.
    pub churn: PerMille,
    /// Per step: people declare something.
    pub declared: PerMille,
}

impl Chaos {
    /// Draws a mixture.
    pub fn draw(rng: &mut Rng) -> Self {
        let shared = rng.u32(0..10) < 7;
        let instances = if shared { rng.usize(1..4) } else { 1 };
        let mut rate = |max: PerMille| if rng.bool() { rng.u32(1..=max) } else { 0 };
        Self {
            instances,
            shared,
            request_lost: rate(150),
            answer_lost: rate(200),
            doubled: rate(150),
            slow: rate(150),
            parted: rate(15),
            unnoticed: rate(700),
            instance_dies: rate(30),
            instance_restarts: rate(30),
            append_fails: rate(100),
            disk_full: rate(30),
            snapshot_bad: rate(700),
            agent_dies: rate(60),
            agent_disk_fails: rate(60),
            agent_state_lost: rate(30),
            agent_rolled_back: rate(15),
            cloned: rate(6),
            installed_anew: rate(10),
            clock_jumps: rate(30),
            revoked: rate(10),
            hostile: rate(60),
            looks_badly: rate(300),
            churn: rate(250).max(40),
            declared: rate(60),
            agents: rng.usize(1..4),
            steps: rng.usize(40..220),
            spool_bytes: if rng.u32(0..4) == 0 { rng.u64(800..4000) } else { 1 << 20 },
        }
    }

    /// The same world with nothing going wrong any more.
    pub fn calm(&self) -> Self {
        Self {
            request_lost: 0,
            answer_lost: 0,
            doubled: 0,
            slow: 0,
            parted: 0,
            unnoticed: 0,
            instance_dies: 0,
            instance_restarts: 0,
            append_fails: 0,
            disk_full: 0,
            snapshot_bad: 0,
            agent_dies: 0,
            agent_disk_fails: 0,
            agent_state_lost: 0,
            agent_rolled_back: 0,
            cloned: 0,
            installed_anew: 0,
            clock_jumps: 0,
            revoked: 0,
            hostile: 0,
            looks_badly: 0,
            churn: 0,
            declared: 0,
            ..self.clone()
        }
    }
}
