//! `daicho-load`: seeded fleets that speak the agents' real protocol over real mutual TLS, and what that costs the server.
//! It does not judge; `docs/benchmarks.md` holds the figures against the budgets.
//! Invariant: it talks to loopback or to the one server it was given, and whatever it started ends with it.

mod drive;
mod figures;
mod fleet;
mod images;
mod line;
mod scenarios;
mod table;
mod target;

use anyhow::Context as _;
use clap::Parser;
use daicho::clock::{Clock as _, SystemClock};
use daicho_schemas::time::UtcMicros;
use figures::Figures;
use fleet::{Fleet, Plan};
use images::Image;
use line::Place;
use scenarios::Scenario;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use target::Target;

/// Puts a server under load and says what that cost.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to run, in this order. The fleet is enrolled first; most scenarios need `first-reports` before them.
    #[arg(required_unless_present = "table")]
    scenarios: Vec<Scenario>,
    /// Hosts in the fleet.
    #[arg(long, default_value_t = 200)]
    hosts: u64,
    /// Packages on each host.
    #[arg(long, default_value_t = 985)]
    packages: usize,
    /// Kinds of hosts.
    #[arg(long, default_value_t = 4)]
    images: u64,
    /// Inventories of real hosts (`daicho-agent inventory`) to use as the kinds of hosts instead.
    #[arg(long)]
    recorded: Vec<PathBuf>,
    /// The seed of the fleet.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Agents that speak at once.
    #[arg(long, default_value_t = 32)]
    at_once: usize,
    /// Rounds of `churn` and `check-ins`.
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Source addresses of the fleet, all of this machine.
    #[arg(long, default_value_t = 1)]
    sources: u64,
    /// Let agents offer HTTP/2.
    #[arg(long)]
    http2: bool,
    /// A server that runs already: its connect file. Without it, one is started.
    #[arg(long)]
    connect: Option<PathBuf>,
    /// That server's process, to measure its cost.
    #[arg(long, requires = "connect")]
    pid: Option<u32>,
    /// The folder of the server that is started; without it, one that goes afterwards.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The server's executable; without it, the one beside this tool.
    #[arg(long)]
    daicho: Option<PathBuf>,
    /// Runs nothing: prints the table of the lines in this file, for `docs/benchmarks.md`.
    #[arg(long)]
    table: Option<PathBuf>,
    /// A file that one line of JSON per measurement is added to.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A fleet in front of a server.
pub(crate) struct Run {
    target: Target,
    fleet: Arc<Fleet>,
    executable: PathBuf,
    seed: u64,
    at_once: usize,
    rounds: u64,
    packages: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(lines) = &arguments.table {
        let table = table::of(&std::fs::read_to_string(lines)?)?;
        return Ok(std::io::stdout().write_all(table.as_bytes())?);
    }
    harness::block_on(load(arguments))
}

async fn load(arguments: Arguments) -> anyhow::Result<()> {
    let beside = std::env::current_exe()?.with_file_name("daicho");
    let executable = arguments.daicho.clone().unwrap_or(beside);
    let target = match &arguments.connect {
        Some(file) => Target::connect(file, arguments.pid)?,
        None => Target::start(&executable, arguments.data.as_deref()).await?,
    };
    let images = if arguments.recorded.is_empty() {
        (0..arguments.images.max(1))
            .map(|image| Image::seeded(arguments.seed * 1000 + image, arguments.packages))
            .collect()
    } else {
        arguments.recorded.iter().map(|file| Image::recorded(file)).collect::<anyhow::Result<Vec<_>>>()
    };
    let images: Vec<_> = images?.into_iter().map(Arc::new).collect();
    let packages = images.iter().map(|image| image.components() as u64).max().unwrap_or_default();
    let plan = Plan { seed: arguments.seed, hosts: arguments.hosts, images, http2: arguments.http2 };
    let place = Place { address: target.address, sources: arguments.sources };
    let fleet = Arc::new(Fleet::enrol(&target, &plan, place, arguments.at_once).await?);
    let Arguments { seed, at_once, rounds, .. } = arguments;
    let mut run = Run { target, fleet, executable, seed, at_once, rounds, packages };
    for scenario in &arguments.scenarios {
        for figures in scenarios::run(&mut run, *scenario).await.with_context(|| format!("{scenario:?}"))? {
            tell(&figures, arguments.out.as_deref())?;
        }
    }
    Ok(())
}

fn tell(figures: &Figures, out: Option<&std::path::Path>) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{}", figures.sentence())?;
    if let Some(out) = out {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(out)?;
        writeln!(file, "{}", serde_json::to_string(figures)?)?;
    }
    Ok(())
}

impl Run {
    fn named(&self, figures: Figures, scenario: &str, what: &str) -> Figures {
        figures.named(scenario, what, self.fleet.agents.len() as u64, self.packages)
    }
}

/// Agents date their batches by their host's clock.
fn now() -> UtcMicros {
    SystemClock.now()
}
