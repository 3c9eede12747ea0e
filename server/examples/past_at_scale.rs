//! Measures how long a state of the past takes: from the first entry, from one that was asked for before, and with hindsight.
//! It makes up a ledger in memory: full reports, then one change each. Only the times differ between two runs.
//! Invariant: what is measured is `past::at` and `past::fold` as the server calls them.
//!
//! ```text
//! cargo run --release -p daicho --example past_at_scale -- --hosts 1000 --components 500 --changes 100000
//! ```

#![expect(clippy::print_stdout, reason = "what was measured is what it is for")]

use clap::Parser;
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Engine, Frame};
use daicho::ledger::engines::memory::Memory;
use daicho::ledger::entry::{Author, Entry, EntryDraft};
use daicho::past::{self, AsOf, Question};
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, ItemKey, Outcome, apply_report, state_digest};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{AgentId, CollectorId, TokenId};
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::time::UtcMicros;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Instant;

#[derive(Parser)]
struct Arguments {
    /// Hosts.
    #[arg(long, default_value_t = 100)]
    hosts: u64,
    /// Packages on each host.
    #[arg(long, default_value_t = 500)]
    components: u64,
    /// Changes of one package, over all hosts, after the full reports.
    #[arg(long, default_value_t = 5000)]
    changes: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let ledger = Ledger::filled(&arguments)?;
    let head = ledger.engine.head();
    let now = ledger.now.plus_seconds(1);
    println!("{} entries, {} MB", head.seq, ledger.bytes / 1_000_000);
    let known = |seq| Question { as_of: AsOf::Entry(seq), hindsight: false };
    for part in [1, 2, 3, 4] {
        let seq = (head.seq * part / 4).max(1);
        measured(&format!("from the first entry to {seq}"), || {
            past::at(&ledger.engine, known(seq), now, &mut |_, _| ())
        })?;
    }
    let before = past::at(&ledger.engine, known((head.seq / 2).max(1)), now, &mut |_, _| ())?;
    let start = Head { seq: before.stand.entry_seq, hash: before.stand.entry_hash };
    let located = past::locate(&ledger.engine, known((head.seq / 2 + head.seq / 100).max(1)), now)?;
    measured("1 % further, from a state that is kept", || {
        Ok::<_, past::PastFault>(past::fold(
            &ledger.engine,
            &located,
            Some((before.model.clone(), start)),
            &mut |_, _| (),
        )?)
    })?;
    let hindsight = Question { hindsight: true, ..known((head.seq / 2).max(1)) };
    measured("hindsight at one half", || past::at(&ledger.engine, hindsight, now, &mut |_, _| ()))?;
    Ok(())
}

fn measured<T, E: Into<anyhow::Error>>(what: &str, work: impl FnOnce() -> Result<T, E>) -> anyhow::Result<()> {
    let began = Instant::now();
    let done = work().map_err(Into::into)?;
    println!("{what}: {:.2} s", began.elapsed().as_secs_f64());
    drop(done);
    Ok(())
}

struct Ledger {
    engine: Memory,
    head: Head,
    now: UtcMicros,
    bytes: usize,
    states: BTreeMap<u64, BTreeMap<ItemKey, Hash>>,
    numbers: BTreeMap<u64, u64>,
}

impl Ledger {
    fn filled(arguments: &Arguments) -> anyhow::Result<Self> {
        let mut ledger = Self {
            engine: Memory::new(),
            head: Head::EMPTY,
            now: "2026-11-21T03:00:00.000000Z".parse()?,
            bytes: 0,
            states: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        for host in 0..arguments.hosts {
            ledger.state(
                Author::Server,
                Fact::AgentEnrolled(AgentEnrolled {
                    agent_id: agent(host)?,
                    public_key: "key".into(),
                    token_id: TokenId::new("t1")?,
                    hostname: format!("host-{host}"),
                }),
            )?;
            let items = (0..arguments.components).map(|one| package(one, 1)).collect::<Result<_, _>>()?;
            ledger.report(host, Body::Full { items })?;
        }
        for change in 0..arguments.changes {
            let host = change % arguments.hosts.max(1);
            let known = ledger.states.get(&host).cloned().unwrap_or_default();
            let put = vec![package(change % arguments.components.max(1), 2 + change)?];
            let base = state_digest(&CollectorId::new("dpkg")?, &known);
            ledger.report(host, Body::Delta { base, put, gone: Vec::new() })?;
        }
        Ok(ledger)
    }

    fn report(&mut self, host: u64, body: Body) -> anyhow::Result<()> {
        let collector = CollectorId::new("dpkg")?;
        let mut report = CollectorReport {
            collector: collector.clone(),
            outcome: Outcome::Complete,
            sources: vec!["/var/lib/dpkg/status".into()],
            troubles: Vec::new(),
            body,
            digest: Hash::ZERO,
        };
        let known = self.states.entry(host).or_default();
        if let daicho_schemas::batch::Applied::State(after) = apply_report(known, &report)? {
            report.digest = state_digest(&collector, &after);
            *known = after;
        }
        let number = self.numbers.entry(host).or_default();
        *number += 1;
        let batch = Batch {
            format: BATCH_FORMAT.into(),
            agent_id: agent(host)?,
            number: *number,
            started_at: self.now,
            finished_at: self.now,
            reports: vec![report],
            lost: None,
        };
        let signed: SignedBatch =
            serde_json::from_str(&json!({ "public_key": "", "signature": "", "batch": batch }).to_string())?;
        self.state(Author::Agent(agent(host)?), Fact::Batch(signed))
    }

    fn state(&mut self, author: Author, fact: Fact) -> anyhow::Result<()> {
        self.now = self.now.plus_seconds(1);
        let raw = fact.to_raw()?;
        let (entry, line) = Entry::link(self.head, self.now, &EntryDraft { author, fact, raw })?;
        self.bytes += line.len();
        self.engine.append(self.head, &[Frame { seq: entry.seq, hash: entry.entry_hash, line }])?;
        self.head = entry.head();
        Ok(())
    }
}

fn agent(host: u64) -> anyhow::Result<AgentId> {
    Ok(AgentId::new(format!("agent-{host}"))?)
}

fn package(one: u64, version: u64) -> serde_json::Result<Observation> {
    serde_json::from_value(json!({
        "kind": "package.v1", "ecosystem": "deb", "name": format!("package-{one}"), "version": format!("1.{version}"), "architecture": "amd64",
        "state": "installed", "maintainer": "Team <team@vendor.example>",
    }))
}
