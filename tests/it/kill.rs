//! `kill -9` at random moments under load: no acknowledged batch is lost, no chain breaks, server and agent go on.
//! It does not test power cuts; `power_cut.rs` does.
//! Invariant: the count of rounds is bounded; CI runs a short form, `DAICHO_KILLS=1000` the long one.

use crate::load::{Sender, acknowledged, all_send_until, check_ledger, random_below, reconnect, some_moment, verify};
use harness::executables::{Child, command, executables};
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const AGENTS: usize = 4;

/// How many rounds, from the environment.
pub(crate) fn rounds() -> u32 {
    std::env::var("DAICHO_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// Goal: an acknowledged batch survives `kill -9` of the server, whenever it comes. Method: four agents send without a
/// pause, the server is killed at a random moment and started again, and at the end every acknowledged number must stand
/// in the ledger at the place that was acknowledged, once, with a chain that holds.
#[test]
fn a_killed_server_loses_no_acknowledged_batch() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, mut api) = ServerProcess::start(folder.path()).await;
        let (mut senders, all) = (Vec::new(), Arc::default());
        for _ in 0..AGENTS {
            senders.push(Sender::enrol(&api, &all).await);
        }
        let began = Instant::now();
        for _round in 0..rounds() {
            let until = Instant::now() + Duration::from_secs(10);
            let killing = async {
                some_moment(&all, until).await;
                server.child.kill();
            };
            all_send_until(&mut senders, until, killing).await;
            api = server.restart().await;
            reconnect(&mut senders, &api);
        }
        // What was open at the last kill is sent again and must end well.
        all_send_until(&mut senders, Instant::now() + Duration::from_millis(200), async {}).await;
        let count = acknowledged(&senders);
        assert!(count >= rounds() as usize, "too little load to prove anything: {count}");
        check_ledger(&api, &senders).await;
        server.child.kill();
        verify(folder.path());
        harness::measured(&format!("{} kills, {count} batches acknowledged, all there", rounds()), began.elapsed());
    });
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
        harness::real_agent::enrol(&api, &state).await;
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
