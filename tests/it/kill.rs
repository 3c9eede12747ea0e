//! `kill -9` at random moments under load: no acknowledged batch is lost, no chain breaks, server and agent go on.
//! It does not test power cuts; `power_cut.rs` does.
//! Invariant: the count of rounds is bounded; CI runs a short form, `DAICHO_KILLS=100` the long one.

use daicho_schemas::batch::Outcome;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use harness::agent::{FakeAgent, delta_report, full_report};
use harness::executables::{Child, command, executables};
use harness::hosts::debian_package;
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const AGENTS: usize = 4;

/// How many rounds, from the environment.
pub(crate) fn rounds() -> u32 {
    std::env::var("DAICHO_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

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

/// One agent that never stops sending; what was acknowledged stands in `acknowledged`.
struct Sender {
    agent: FakeAgent,
    number: u64,
    /// Sent and not acknowledged: to be sent again, the very same bytes.
    open: Option<Vec<u8>>,
    acknowledged: BTreeMap<u64, u64>,
}

impl Sender {
    async fn send_until(&mut self, until: Instant) {
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
                }
                Some((status, answer)) => panic!("batch {} was refused: {status} {answer}", self.number),
                // The connection broke: the server was killed. Whether the batch stands is not known; that is the point.
                None => return,
            }
        }
    }

    fn next_batch(&mut self) -> Vec<u8> {
        let collector = CollectorId::new("dpkg").unwrap();
        let package = debian_package("counter", &self.number.to_string());
        let known = self.agent.states.entry(collector).or_default();
        let report = if known.is_empty() {
            let report = full_report("dpkg", Outcome::Complete, vec![package]);
            delta_report("dpkg", known, vec![debian_package("counter", &self.number.to_string())], Vec::new());
            report
        } else {
            delta_report("dpkg", known, vec![package], Vec::new())
        };
        self.agent.pack(self.number, now(), vec![report])
    }
}

/// Goal: an acknowledged batch survives `kill -9` of the server, whenever it comes. Method: four agents send without a
/// pause, the server is killed at a random moment and started again, and at the end every acknowledged number must stand
/// in the ledger at the place that was acknowledged, once, with a chain that holds.
#[test]
fn a_killed_server_loses_no_acknowledged_batch() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, mut api) = ServerProcess::start(folder.path()).await;
        let mut senders = Vec::new();
        for _ in 0..AGENTS {
            let agent = FakeAgent::enrol(&api).await;
            senders.push(Sender { agent, number: 0, open: None, acknowledged: BTreeMap::new() });
        }
        for _round in 0..rounds() {
            let until = Instant::now() + Duration::from_secs(10);
            let mut running = Vec::new();
            for mut sender in senders.drain(..) {
                running.push(tokio::spawn(async move {
                    sender.send_until(until).await;
                    sender
                }));
            }
            tokio::time::sleep(Duration::from_millis(30 + random_below(400))).await;
            server.child.kill();
            for sender in running {
                senders.push(sender.await.unwrap());
            }
            api = server.restart().await;
            for sender in &mut senders {
                sender.agent.reconnect(&api);
            }
        }
        // What was open at the last kill is sent again and must end well.
        for sender in &mut senders {
            let until = Instant::now() + Duration::from_millis(200);
            sender.send_until(until).await;
        }
        let acknowledged: usize = senders.iter().map(|sender| sender.acknowledged.len()).sum();
        assert!(acknowledged >= rounds() as usize, "too little load to prove anything: {acknowledged}");
        check_ledger(&api, &senders).await;
        server.child.kill();
        verify(folder.path());
    });
}

async fn check_ledger(api: &Api, senders: &[Sender]) {
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
fn verify(data: &Path) {
    let output = command(&executables().daicho).arg("verify").arg("--data").arg(data).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn write_status(root: &Path, counter: u32) {
    let dpkg = root.join("var/lib/dpkg");
    std::fs::create_dir_all(&dpkg).unwrap();
    let status = format!(
        "Package: counter\nStatus: install ok installed\nMaintainer: Example <example@lists.debian.org>\nArchitecture: amd64\nVersion: {counter}\n\n"
    );
    std::fs::write(dpkg.join("status-new"), status).unwrap();
    std::fs::rename(dpkg.join("status-new"), dpkg.join("status")).unwrap();
}

fn spawn_agent(state: &Path, root: &Path) -> Child {
    let child = command(&executables().agent)
        .args(["run", "--state"])
        .arg(state)
        .arg("--root")
        .arg(root)
        .env("DAICHO_LOG", "error")
        .spawn()
        .unwrap();
    Child(child)
}

/// Goal: an agent that is killed at any moment goes on where it was, and the server ends up with the host's true state.
/// Method: the real agent watches a made-up root whose package database changes all the time; it is killed and started
/// again; at the end the server must hold the last version, from batches with growing numbers and without a gap.
#[test]
fn a_killed_agent_goes_on() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (state, root) = (folder.path().join("agent"), folder.path().join("root"));
        let (_server, api) = ServerProcess::start(&folder.path().join("server")).await;
        write_status(&root, 0);
        let enrolled = command(&executables().agent)
            .args(["enroll", "--server", &api.connect.url, "--state"])
            .arg(&state)
            .env("DAICHO_TOKEN", harness::agent::token(&api).await)
            .output()
            .unwrap();
        assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
        let mut counter = 0;
        for _round in 0..rounds() {
            let mut agent = spawn_agent(&state, &root);
            let until = Instant::now() + Duration::from_millis(100 + random_below(1200));
            while Instant::now() < until {
                counter += 1;
                write_status(&root, counter);
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            agent.kill();
        }
        counter += 1;
        write_status(&root, counter);
        let _agent = spawn_agent(&state, &root);
        let wanted = counter.to_string();
        api.until("the last version on the server", || async {
            let rows = api.get("/components?q=counter&limit=1000").await;
            let here = rows["items"]
                .as_array()?
                .iter()
                .any(|row| row["version"].as_str() == Some(wanted.as_str()) && row["hosts"].as_u64() == Some(1));
            here.then_some(())
        })
        .await;
        check_numbers(&api).await;
    });
}

async fn check_numbers(api: &Api) {
    let (_, lines) = api.page("/api/v1/ledger/entries?limit=500").await;
    let numbers: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry["kind"] == "batch.v1")
        .map(|entry| entry["fact"]["batch"]["number"].as_u64().unwrap())
        .collect();
    assert!(numbers.len() > 1, "too few batches to prove anything: {numbers:?}");
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}
