//! Agents that never stop sending, to whichever server answers; and the proof that what they were told is true.
//! It does not kill anything. Invariant: a batch is sent again, byte for byte, until one server has acknowledged it.

use crate::load::{now, random_below};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::Engine;
use daicho::ledger::entry::Entry;
use daicho::ledger::verify::Checker;
use daicho::model::{Event, Model};
use daicho_schemas::batch::{Batch, Outcome};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{Notices, Transition};
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{CollectorId, FindingId};
use daicho_schemas::wire;
use harness::agent::{FakeAgent, delta_report, full_report};
use harness::hosts::{debian, debian_package, package};
use harness::server::Api;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// The release that all hosts here run.
pub(super) const OS_RELEASE: &str = "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";

/// How long a batch may remain without an acknowledgement, whatever dies meanwhile.
const UNHEARD_MAX: Duration = Duration::from_secs(120);

/// One agent and what was acknowledged to it: number and entry.
pub(super) struct Sender {
    agent: FakeAgent,
    number: u64,
    /// Sent and not acknowledged: to be sent again, the very same bytes.
    open: Option<Vec<u8>>,
    /// What a server said that it keeps.
    pub(super) acknowledged: BTreeMap<u64, u64>,
}

/// Senders at work.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    running: Vec<JoinHandle<Sender>>,
}

impl Load {
    /// Enrols agents at the first server and lets them send to all of them.
    pub(super) async fn start(agents: usize, apis: &[Api]) -> Self {
        let mut senders = Vec::new();
        for _ in 0..agents {
            let agent = FakeAgent::enrol(&apis[0]).await;
            senders.push(Sender { agent, number: 0, open: None, acknowledged: BTreeMap::new() });
        }
        let stop = Arc::new(AtomicBool::new(false));
        let running = senders.into_iter().map(|sender| {
            let (stop, apis) = (Arc::clone(&stop), apis.to_vec());
            tokio::spawn(async move { sender.send(&apis, &stop).await })
        });
        let running = running.collect();
        Self { stop, running }
    }

    /// Ends when everything that was sent is acknowledged.
    pub(super) async fn stop(self) -> Vec<Sender> {
        self.stop.store(true, Ordering::SeqCst);
        let mut senders = Vec::new();
        for sender in self.running {
            senders.push(sender.await.unwrap());
        }
        senders
    }
}

impl Sender {
    async fn send(mut self, apis: &[Api], stop: &AtomicBool) -> Self {
        let mut since = Instant::now();
        while self.open.is_some() || !stop.load(Ordering::SeqCst) {
            if self.open.is_none() {
                self.number += 1;
                self.open = Some(self.next_batch());
                // A balancer may send any request anywhere.
                self.turn(apis);
            }
            match self.agent.try_send(wire::PATH_BATCHES, self.open.clone().unwrap()).await {
                Some((200, answer)) => {
                    self.acknowledged.insert(self.number, answer["entry_seq"].as_u64().unwrap());
                    self.open = None;
                    // An agent is no hammer, and whoever starts again reads all of this.
                    tokio::time::sleep(Duration::from_millis(random_below(400))).await;
                    since = Instant::now();
                }
                Some((429 | 503, _)) | None => {
                    assert!(since.elapsed() < UNHEARD_MAX, "no server takes batch {}", self.number);
                    tokio::time::sleep(Duration::from_millis(20 + random_below(50))).await;
                    self.turn(apis);
                }
                Some((status, answer)) => panic!("batch {} was refused: {status} {answer}", self.number),
            }
        }
        self
    }

    fn turn(&mut self, apis: &[Api]) {
        let choice = usize::try_from(random_below(apis.len() as u64)).unwrap();
        self.agent.turn_to(&apis[choice]);
    }

    /// A package of a supplier that nobody declared comes and goes, so that each second batch opens a finding.
    fn next_batch(&mut self) -> Vec<u8> {
        let here = self.agent.agent_id.to_string();
        let foreign = package("crane-link", &here, "Foreign Vendor <ops@foreign.example>");
        let mut items: Vec<Observation> = vec![debian_package("counter", &self.number.to_string())];
        let known = self.agent.states.entry(CollectorId::new("dpkg").unwrap()).or_default();
        let mut gone = Vec::new();
        if self.number.is_multiple_of(2) {
            gone.push(foreign.key());
        } else {
            items.push(foreign);
        }
        let reports = if known.is_empty() {
            delta_report("dpkg", known, items.clone(), Vec::new());
            let host = full_report("os", Outcome::Complete, vec![debian("tos-1")]);
            vec![host, full_report("dpkg", Outcome::Complete, items)]
        } else {
            vec![delta_report("dpkg", known, items, gone)]
        };
        self.agent.pack(self.number, now(), reports)
    }
}

/// What a whole ledger says.
pub(super) struct Ledger {
    /// Its head.
    pub(super) head: Head,
    /// Turns of findings that people have not been told.
    pub(super) untold: usize,
    /// The hash of every entry of notices, in order.
    pub(super) notices: Vec<String>,
}

/// Reads a whole ledger: the chain holds, every acknowledged batch stands where it was said to, once, and every turn of a
/// finding was stated once and in order.
pub(super) fn check(engine: &dyn Engine, senders: &[Sender]) -> Ledger {
    let (mut checker, mut model) = (Checker::new(None), Model::default());
    let (mut told, mut stated) = (BTreeMap::new(), Vec::new());
    let mut standing: BTreeMap<(String, u64), u64> = BTreeMap::new();
    let mut next = 1;
    loop {
        let frames = engine.read(next, 500, 8 * 1024 * 1024).unwrap();
        let Some(last) = frames.last() else { break };
        next = last.seq + 1;
        for frame in frames {
            let entry: Entry = checker.check(&frame.line).unwrap();
            let fact = entry.parse_fact().unwrap();
            match &fact {
                Fact::Notices(notices) => {
                    check_notices(&model, notices, &mut told);
                    stated.push(entry.entry_hash.to_string());
                }
                Fact::Batch(signed) => {
                    let batch: Batch = serde_json::from_str(signed.batch.get()).unwrap();
                    let key = (batch.agent_id.to_string(), batch.number);
                    assert_eq!(standing.insert(key, entry.seq), None, "a batch stands twice");
                }
                _ => {}
            }
            model.apply(&Event { seq: entry.seq, received_at: entry.received_at, author: &entry.author, fact: &fact });
        }
    }
    for sender in senders {
        for (number, seq) in &sender.acknowledged {
            let key = (sender.agent.agent_id.to_string(), *number);
            assert_eq!(standing.get(&key), Some(seq), "batch {number} of {}", sender.agent.agent_id);
        }
    }
    assert!(told.len() > 1, "too few findings to prove anything about notices");
    Ledger { head: checker.head(), untold: model.pending_notices().len(), notices: stated }
}

fn check_notices(model: &Model, notices: &Notices, told: &mut BTreeMap<FindingId, (u64, Transition)>) {
    for notice in &notices.notices {
        let now = (notice.opening, notice.transition);
        let before = told.insert(notice.finding_id.clone(), now);
        assert!(before.is_none_or(|before| before < now), "{} was told {now:?} after {before:?}", notice.finding_id);
    }
    assert!(model.are_due(notices), "a notice was stated that was not due");
}
