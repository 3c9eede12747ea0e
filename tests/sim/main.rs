//! The command line of the simulation: runs seeds, says how far it is, and shows the first one that fails.
//! It does not know what is simulated. Invariant: it ends with 0 only when every seed that was asked for went well.

use clap::Parser;
use daicho_sim::{Failure, run, shortest};
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs the simulation.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many threads share the seeds.
    #[arg(long, default_value_t = 1)]
    threads: u64,
    /// Ends each storm after so many steps.
    #[arg(long)]
    storm: Option<usize>,
    /// How many events of a failure are shown.
    #[arg(long, default_value_t = 60)]
    events: u16,
    /// Goes on after a seed that fails, up to so many of them.
    #[arg(long, default_value_t = 1)]
    failures: usize,
}

/// Seeds between two lines of progress.
const PROGRESS_EVERY: u64 = 10_000;

struct Progress {
    next: AtomicU64,
    done: AtomicU64,
    steps: AtomicU64,
    entries: AtomicU64,
    failures: Mutex<Vec<Failure>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Panics are caught, counted and shown with their seed; each again as it happens would only be noise.
    std::panic::set_hook(Box::new(|_| ()));
    let progress = Progress {
        next: AtomicU64::new(arguments.from),
        done: AtomicU64::new(0),
        steps: AtomicU64::new(0),
        entries: AtomicU64::new(0),
        failures: Mutex::default(),
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| work(&arguments, &progress));
        }
    });
    let [done, steps, entries] =
        [&progress.done, &progress.steps, &progress.entries].map(|count| count.load(Ordering::Relaxed));
    let failures = progress.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    say(&format!("{done} seeds, {steps} steps, {entries} entries, {} failures", failures.len()));
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn work(arguments: &Arguments, progress: &Progress) {
    let end = arguments.from.saturating_add(arguments.seeds);
    loop {
        let seed = progress.next.fetch_add(1, Ordering::Relaxed);
        let failed = progress.failures.lock().unwrap_or_else(PoisonError::into_inner).len();
        if seed >= end || failed >= arguments.failures {
            return;
        }
        match run(seed, arguments.storm, None) {
            Ok(calm) => {
                progress.steps.fetch_add(calm.steps as u64, Ordering::Relaxed);
                progress.entries.fetch_add(calm.entries, Ordering::Relaxed);
            }
            Err(failure) => {
                let failure = shortest(*failure, None);
                say(&format!("{failure:.*}\n", usize::from(arguments.events)));
                progress.failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
            }
        }
        let done = progress.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS_EVERY) {
            say(&format!("{done} of {} seeds; go on later with --from {}", arguments.seeds, seed + 1));
        }
    }
}

fn say(text: &str) {
    // Whoever reads the progress may have gone away; the exit code still tells.
    let _written = writeln!(io::stdout(), "{text}");
}
