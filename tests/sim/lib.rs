//! The simulation: agents, servers, network, clocks, disks and people in one thread, driven by one seed. The parts that decide
//! are the real ones (spool, conversation, admission, keeper, model, chain); what they stand on is played.
//! It does not open a socket or a file and does not read a clock.
//! Invariant: the same seed gives the same run on every machine, so a failure can be seen again.
//!
//! In reading order: `chaos` draws what may go wrong, `world` lets things happen, `accidents` lets them go wrong, `truth` knows
//! what must hold after every step, `calm` what must hold in the end. Around them the played parts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a simulation that meets the impossible must stop there; the seed shows where"
)]

pub mod accidents;
pub mod agent;
pub mod agent_disk;
pub mod book;
pub mod calm;
pub mod chaos;
pub mod clocks;
pub mod host;
pub mod hostile;
pub mod mutant;
pub mod people;
pub mod server;
pub mod truth;
pub mod world;

#[cfg(test)]
mod tests;

use mutant::Mutant;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use world::World;

/// Steps between two comparisons of every instance with the slow fold.
const FOLDS_EVERY_STEPS: usize = 16;
/// How a run went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calm {
    /// Events.
    pub steps: usize,
    /// Entries in the ledger.
    pub entries: u64,
    /// Batches among them.
    pub batches: u64,
}

/// A seed that shows that something is wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// After how many steps the storm was ended: the fewest that still fail.
    pub storm_steps: usize,
    /// The step at which it showed.
    pub step: usize,
    /// What is wrong.
    pub what: String,
    /// What happened. Shown are the last 60, or as many as the precision says: `{:.1000}`.
    pub events: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "seed {} fails at step {}: {}", self.seed, self.step, self.what)?;
        writeln!(out, "the last events:")?;
        let shown = out.precision().unwrap_or(60);
        for event in self.events.iter().skip(self.events.len().saturating_sub(shown)) {
            writeln!(out, "  {event}")?;
        }
        let again = format!("--from {} --seeds 1 --storm {}", self.seed, self.storm_steps);
        write!(out, "see it again: cargo run --release -p daicho-sim -- {again}")
    }
}

/// Runs one seed. `storm_steps` ends the storm earlier than the seed would.
pub fn run(seed: u64, storm_steps: Option<usize>, mutant: Option<Mutant>) -> Result<Calm, Box<Failure>> {
    attempt(seed, storm_steps, mutant, false)
}

/// Runs a seed that fails again, with ever shorter storms, and says what the shortest one shows.
pub fn shortest(failure: Failure, mutant: Option<Mutant>) -> Failure {
    let fails = |steps| attempt(failure.seed, Some(steps), mutant, true).err();
    let shorter = (0..failure.storm_steps).find_map(fails);
    shorter.or_else(|| fails(failure.storm_steps)).map_or(failure, |failure| *failure)
}

fn attempt(seed: u64, storm_steps: Option<usize>, mutant: Option<Mutant>, logged: bool) -> Result<Calm, Box<Failure>> {
    let mut world = World::new(seed, storm_steps, mutant, logged);
    let storm_steps = world.chaos.steps;
    let ended = catch_unwind(AssertUnwindSafe(|| storm_and_calm(&mut world)));
    let what = match ended {
        Ok(Ok(())) => {
            let (entries, batches) = (world.truth.model.seq(), world.truth.batches);
            return Ok(Calm { steps: world.steps, entries, batches });
        }
        Ok(Err(what)) => what,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            format!("it panicked: {}", text.unwrap_or_default())
        }
    };
    let events = world.log.take().unwrap_or_default();
    Err(Box::new(Failure { seed, storm_steps, step: world.steps, what, events }))
}

fn storm_and_calm(world: &mut World) -> Result<(), truth::Violation> {
    for step in 0..world.chaos.steps {
        world.accidents()?;
        world.step()?;
        if step % FOLDS_EVERY_STEPS == 0 {
            world.check_folds_now()?;
        }
    }
    world.calm()
}
