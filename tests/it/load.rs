//! Agents that never stop sending, and the look at the ledger afterwards: is every batch there that was acknowledged?
//! It does not know what happens to the server meanwhile. Invariant: what a sender calls acknowledged was answered with 200.

use daicho_schemas::batch::Outcome;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use harness::agent::{FakeAgent, delta_report, full_report};
use harness::executables::{command, executables};
use harness::hosts::debian_package;
use harness::server::Api;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Packages in the first report of each agent: enough that it is packed, rotated and torn.
const PACKAGES: u64 = 300;

/// A number that nobody can foresee, below a bound: the moments must differ from run to run.
pub(crate) fn random_below(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes) % bound
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "batches carry the real time, as the server checks it")]
pub(crate) fn now() -> UtcMicros {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UtcMicros::from_micros(i64::try_from(now.as_micros()).unwrap()).unwrap()
}

/// One agent that never stops sending.
pub(crate) struct Sender {
    agent: FakeAgent,
    number: u64,
    /// Sent and not acknowledged: to be sent again, the very same bytes.
    open: Option<Vec<u8>>,
    /// Batch number to entry number.
    acknowledged: BTreeMap<u64, u64>,
    /// Batches that were acknowledged to any of them.
    all: Arc<AtomicU64>,
}

impl Sender {
    /// Enrols an agent.
    pub(crate) async fn enrol(api: &Api, all: &Arc<AtomicU64>) -> Self {
        let (agent, all) = (FakeAgent::enrol(api).await, Arc::clone(all));
        Self { agent, number: 0, open: None, acknowledged: BTreeMap::new(), all }
    }

    /// Sends one batch after the other until a moment, or until the server is gone or cannot write any more.
    pub(crate) async fn send_until(&mut self, until: Instant) {
        while Instant::now() < until {
            if self.open.is_none() {
                self.number += 1;
                self.open = Some(self.next_batch());
            }
            let bytes = self.open.clone().unwrap();
            match self.agent.try_send(daicho_schemas::wire::PATH_BATCHES, bytes).await {
                Some((200, answer)) => {
                    self.acknowledged.insert(self.number, answer["entry_seq"].as_u64().unwrap());
                    self.open = None;
                    self.all.fetch_add(1, Ordering::SeqCst);
                }
                // It says so itself: nothing was acknowledged.
                Some((500.., _)) => return,
                Some((status, answer)) => panic!("batch {} was refused: {status} {answer}", self.number),
                // The connection broke. Whether the batch stands is not known; that is the point.
                None => return,
            }
        }
    }

    /// A full report, and then a difference of some packages each time.
    fn next_batch(&mut self) -> Vec<u8> {
        let version = self.number.to_string();
        let known = self.agent.states.entry(CollectorId::new("dpkg").unwrap()).or_default();
        let package = |n: u64| debian_package(&format!("package-{n}"), &version);
        let report = if known.is_empty() {
            let items: Vec<_> = (0..PACKAGES).map(package).collect();
            delta_report("dpkg", known, items.clone(), Vec::new());
            full_report("dpkg", Outcome::Complete, items)
        } else {
            let changed = 1 + self.number % 40;
            delta_report(
                "dpkg",
                known,
                (0..changed).map(|n| package((n * 7 + self.number) % PACKAGES)).collect(),
                Vec::new(),
            )
        };
        self.agent.pack(self.number, now(), vec![report])
    }
}

/// Waits for a moment that differs each time, with batches going on: until a few of them were acknowledged, and a bit more.
pub(crate) async fn some_moment(all: &AtomicU64, until: Instant) {
    let wanted = all.load(Ordering::SeqCst) + random_below(12);
    while all.load(Ordering::SeqCst) < wanted && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_micros(random_below(20_000))).await;
}

/// All of them send at once, until a moment or until each has ended.
pub(crate) async fn all_send_until(senders: &mut Vec<Sender>, until: Instant, meanwhile: impl Future<Output = ()>) {
    let mut running = Vec::new();
    for mut sender in senders.drain(..) {
        running.push(tokio::spawn(async move {
            sender.send_until(until).await;
            sender
        }));
    }
    meanwhile.await;
    for sender in running {
        senders.push(sender.await.unwrap());
    }
}

/// New connections to a server that was started again.
pub(crate) fn reconnect(senders: &mut [Sender], api: &Api) {
    senders.iter_mut().for_each(|sender| sender.agent.reconnect(api));
}

/// How many batches were acknowledged so far.
pub(crate) fn acknowledged(senders: &[Sender]) -> usize {
    senders.iter().map(|sender| sender.acknowledged.len()).sum()
}

/// Every acknowledged batch stands in the ledger where it was acknowledged, once.
pub(crate) async fn check_ledger(api: &Api, senders: &[Sender]) {
    let mut standing: BTreeMap<(String, u64), Vec<u64>> = BTreeMap::new();
    let mut from = 1;
    loop {
        let (status, lines) = api.page(&format!("/api/v1/ledger/entries?from={from}&limit=500")).await;
        assert_eq!(status, 200);
        let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let Some(last) = entries.last() else { break };
        from = last["seq"].as_u64().unwrap() + 1;
        for entry in entries.iter().filter(|entry| entry["kind"] == "batch.v1") {
            let batch = &entry["fact"]["batch"];
            let key = (batch["agent_id"].as_str().unwrap().to_string(), batch["number"].as_u64().unwrap());
            standing.entry(key).or_default().push(entry["seq"].as_u64().unwrap());
        }
    }
    for sender in senders {
        for (number, seq) in &sender.acknowledged {
            let key = (sender.agent.agent_id.to_string(), *number);
            assert_eq!(standing.get(&key), Some(&vec![*seq]), "batch {number} of {}", sender.agent.agent_id);
        }
    }
}

/// The executable's own verification of a data folder nobody serves.
pub(crate) fn verify(data: &Path) {
    let output = command(&executables().daicho).arg("verify").arg("--data").arg(data).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}
