//! Measures the model with a large fleet: load, memory, questions, re-judgement, snapshot.
//! It folds made-up entries directly: no network, no ledger, no admission but the check of a report's digest.
//! Invariant: the same arguments fold the same entries; only the times differ.
//!
//! ```text
//! cargo run --release -p daicho --example model_at_scale -- --hosts 10000 --components 1500
//! ```

#![expect(clippy::print_stdout, reason = "what was measured is what it is for")]

mod fleet;
mod measures;

use anyhow::Context as _;
use clap::Parser;
use daicho::ledger::entry::Author;
use daicho::model::prepared::PreparedBatch;
use daicho::model::views::assets::Checked;
use daicho::model::{Event, Model};
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::AgentId;
use daicho_schemas::sign::SignedBatch;
use fleet::{Dice, EQUIPMENT, Fleet, VENDORS, instant};
use measures::{Times, megabytes, questions, resident_bytes};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One-package changes that are measured.
const CHANGES: u64 = 2000;
/// First reports that are measured while a reader holds the model.
const FIRST_BESIDE_READERS: u64 = 100;

#[derive(Parser)]
struct Arguments {
    /// Hosts.
    #[arg(long, default_value_t = 1000)]
    hosts: u64,
    /// Packages on each host; as many rows of the repository's index stand beside them.
    #[arg(long, default_value_t = 1500)]
    components: u64,
    /// What the fleet is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the snapshot is written; a file in the folder for temporary files if it is not said.
    #[arg(long)]
    snapshot: Option<PathBuf>,
    /// Only reads this snapshot back, as a restart does.
    #[arg(long)]
    load: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(path) = &arguments.load {
        return load(path);
    }
    let fleet = Fleet::new(arguments.seed, arguments.hosts, arguments.components)?;
    let before = resident_bytes();
    let mut book = Book::default();
    book.declare(&fleet)?;
    book.first_reports(&fleet)?;
    let resident = resident_bytes().saturating_sub(before);
    println!("memory: {} MB, {} bytes a host", megabytes(resident), resident / arguments.hosts.max(1));
    book.reading(&fleet)?;
    book.changes(&fleet)?;
    questions(&book.model, &fleet)?;
    book.judged_again(&fleet)?;
    let path = arguments.snapshot.unwrap_or_else(|| std::env::temp_dir().join("daicho-model-at-scale.snapshot"));
    book.snapshot(&path)?;
    #[expect(clippy::disallowed_methods, reason = "a restart is another process: itself, with nothing in memory yet")]
    let status = std::process::Command::new(std::env::current_exe()?).arg("--load").arg(&path).status()?;
    std::fs::remove_file(&path)?;
    anyhow::ensure!(status.success(), "the snapshot could not be read back");
    Ok(())
}

/// A ledger that is folded and not kept.
#[derive(Default)]
struct Book {
    model: Model,
    seq: u64,
}

impl Book {
    fn state(&mut self, fact: &Fact, batch: Option<&PreparedBatch>, author: &Author) -> anyhow::Result<()> {
        self.seq += 1;
        let received_at = instant()?.plus_seconds(i64::try_from(self.seq / 100)?);
        self.model.apply_prepared(&Event { seq: self.seq, received_at, author, fact }, batch);
        Ok(())
    }

    fn enter(&mut self, batch: &PreparedBatch) -> anyhow::Result<()> {
        for report in &batch.reports {
            let checked = self.model.check_report(&batch.agent_id, report);
            anyhow::ensure!(matches!(checked, Some(Checked::Fits { .. })), "{checked:?}");
        }
        self.state(&unread()?, Some(batch), &author(&batch.agent_id))
    }

    fn declare(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        for (id, mark) in [("debian", "debian"), ("maker", "maker")] {
            self.state(&Fleet::supplier(id, mark)?, None, &Author::Server)?;
        }
        for n in 0..VENDORS / 2 {
            self.state(&Fleet::supplier(&format!("vendor-{n}"), &format!("vendor-{n}"))?, None, &Author::Server)?;
        }
        for equipment in 0..EQUIPMENT {
            self.state(&fleet.plan(equipment, equipment % VENDORS)?, None, &Author::Server)?;
        }
        for host in 0..fleet.hosts {
            self.state(&Fleet::enrolment(host)?, None, &Author::Server)?;
        }
        Ok(())
    }

    fn first_reports(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        let mut times = Times::default();
        for host in 0..fleet.hosts {
            let batch = fleet.first(host)?;
            times.of(|| self.enter(&batch))?;
        }
        times.print("first report: check and fold");
        let signed = fleet.as_json(0)?;
        let mut times = Times::default();
        for _ in 0..20 {
            let batch =
                serde_json::value::to_raw_value(&serde_json::from_str::<serde_json::Value>(signed.batch.get())?)?;
            let signed = SignedBatch { batch, ..signed.clone() };
            times.of(|| PreparedBatch::read(&signed).map(drop))?;
        }
        times.print("first report: parse and hash, outside the door");
        Ok(())
    }

    /// What a fold costs while somebody holds the model as it was before.
    fn reading(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        let mut copies = Times::default();
        let mut times = Times::default();
        for host in 0..FIRST_BESIDE_READERS.min(fleet.hosts) {
            let batch = fleet.change(host, 2)?;
            let held = copies.of(|| self.model.clone());
            times.of(|| self.enter(&batch))?;
            drop(held);
            self.enter(&fleet.change(host, 3)?)?;
        }
        copies.print("a reader's copy");
        times.print("one-package change while a reader holds a copy");
        let mut times = Times::default();
        for host in 0..FIRST_BESIDE_READERS.min(fleet.hosts) {
            let batch = PreparedBatch { number: 4, ..fleet.first(host)? };
            // The host shows nothing first, so that everything comes anew.
            let empty = PreparedBatch {
                number: 4,
                reports: batch.reports.iter().map(measures::emptied).collect(),
                ..batch.clone()
            };
            self.state(&unread()?, Some(&empty), &author(&empty.agent_id))?;
            let held = self.model.clone();
            times.of(|| self.state(&unread()?, Some(&batch), &author(&batch.agent_id)))?;
            drop(held);
        }
        times.print("first report while a reader holds a copy: fold");
        Ok(())
    }

    fn changes(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        let (mut dice, mut times) = (Dice(9), Times::default());
        for _ in 0..CHANGES / 2 {
            let host = dice.below(fleet.hosts);
            for number in [6, 7] {
                let batch = fleet.change(host, number)?;
                times.of(|| self.enter(&batch))?;
            }
        }
        times.print("one-package change: check and fold");
        Ok(())
    }

    fn judged_again(&mut self, fleet: &Fleet) -> anyhow::Result<()> {
        let mut times = Times::default();
        for round in 0..5 {
            let fact = fleet.plan(round, 7 + round)?;
            times.of(|| self.state(&fact, None, &Author::Server))?;
        }
        times.print("a plan's new version: judged again");
        let mut times = Times::default();
        for n in VENDORS / 2..VENDORS / 2 + 5 {
            let fact = Fleet::supplier(&format!("vendor-{n}"), &format!("vendor-{n}"))?;
            times.of(|| self.state(&fact, None, &Author::Server))?;
        }
        times.print("a new supplier record: judged again");
        let mut times = Times::default();
        for mark in ["other", "debian"] {
            let fact = Fleet::supplier("debian", mark)?;
            times.of(|| self.state(&fact, None, &Author::Server))?;
        }
        times.print("the supplier of nearly everything is recognised otherwise, and again");
        Ok(())
    }

    fn snapshot(&self, path: &Path) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
        self.model.write_snapshot(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        let bytes = std::fs::metadata(path)?.len();
        println!("snapshot: {} MB, written and synced in {:.2} s", megabytes(bytes), start.elapsed().as_secs_f64());
        Ok(())
    }
}

fn load(path: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut file = BufReader::with_capacity(1 << 20, std::fs::File::open(path)?);
    let model = Model::read_snapshot(&mut file).context("read the snapshot")?;
    let seconds = start.elapsed().as_secs_f64();
    println!("snapshot read in {seconds:.2} s, entry {}, memory {} MB", model.seq(), megabytes(resident_bytes()));
    // What a process that ends need not give back one by one.
    std::mem::forget(model);
    Ok(())
}

fn author(agent: &AgentId) -> Author {
    Author::Agent(agent.clone())
}

/// The fact of a batch that was made ready: nothing of it is read.
fn unread() -> anyhow::Result<Fact> {
    let batch = serde_json::value::to_raw_value(&())?;
    Ok(Fact::Batch(SignedBatch { batch, public_key: String::new(), signature: String::new() }))
}
