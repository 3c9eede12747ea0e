//! A server that has more to do than it can: who is asked to come later, how, and who is not.
//! It does not measure; `daicho-load` does.
//! Invariant tested: what was acknowledged is there, what was turned away left nothing, and nobody waits for ever.

use daicho::clock::{Clock as _, SystemClock};
use daicho::http::admission::{AGENT_BYTES_PER_HOUR, WAITING_MAX};
use daicho_schemas::batch::Outcome;
use daicho_schemas::wire::{PATH_BATCHES, PATH_CHECK_IN};
use harness::agent::{FakeAgent, full_report};
use harness::server::TestServer;
use harness::{block_on, hosts};
use serde_json::json;
use std::time::Duration;

fn small(agent: &FakeAgent, number: u64) -> Vec<u8> {
    let item = hosts::debian_package("openssl", &format!("3.0.{number}"));
    agent.pack(number, SystemClock.now(), vec![full_report("dpkg", Outcome::Complete, vec![item])])
}

/// Batches in the ledger, by their entries.
async fn batches(server: &TestServer) -> u64 {
    let (status, lines) = server.api.page("/api/v1/ledger/entries?limit=500").await;
    assert_eq!(status, 200, "{lines}");
    lines.lines().filter(|line| line.contains("\"kind\":\"batch.v1\"")).count() as u64
}

#[test]
fn when_there_is_no_room_batches_come_later_and_check_ins_and_people_do_not_wait() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let agent = FakeAgent::enrol(&server.api).await;
        let room: Vec<_> = (0..WAITING_MAX).map(|_| server.running.app.admission.place().unwrap()).collect();

        let (status, retry_after, answer) = agent.answered(PATH_BATCHES, small(&agent, 1)).await;
        assert_eq!((status, answer["refusal"]["code"].as_str()), (503, Some("overloaded")));
        assert!((1..=240).contains(&retry_after.unwrap()));
        let check_in = json!({ "number": 0, "digest": "0".repeat(64) }).to_string().into_bytes();
        assert_eq!(agent.answered(PATH_CHECK_IN, check_in).await.0, 200);
        assert_eq!(server.api.page("/hosts").await.0, 200);
        assert_eq!(server.api.post("/tokens", json!({})).await.0, 201, "people find room at the door");
        assert_eq!(server.api.get("/admission").await["waiting"], WAITING_MAX);
        assert_eq!(batches(&server).await, 0, "what was turned away left nothing");

        drop(room);
        agent.send_well(small(&agent, 1)).await;
        assert_eq!(batches(&server).await, 1);
        server.stop().await;
    });
}

#[test]
fn an_agent_over_its_quota_is_shown_and_the_others_notice_nothing() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let (greedy, other) = (FakeAgent::enrol(&server.api).await, FakeAgent::enrol(&server.api).await);
        let said_bytes = usize::try_from(AGENT_BYTES_PER_HOUR).unwrap() * 2;
        server.running.app.admission.charge(&greedy.agent_id, said_bytes, SystemClock.now());
        for _try in 0..3 {
            let (status, retry_after, answer) = greedy.answered(PATH_BATCHES, small(&greedy, 1)).await;
            assert_eq!((status, answer["refusal"]["code"].as_str()), (429, Some("agent_over_quota")));
            assert!((1800..=4500).contains(&retry_after.unwrap()), "an hour and a little: {retry_after:?}");
        }
        assert_eq!(batches(&server).await, 0, "a refusal leaves no entry");
        let shown = server.api.get("/admission").await;
        assert_eq!(shown["over_quota"].as_array().unwrap().len(), 1, "{shown}");
        assert_eq!(shown["over_quota"][0]["agent_id"], greedy.agent_id.as_str());
        let (_, page) = server.api.page("/hosts").await;
        let told = page.split("notice alarm").nth(1).and_then(|rest| rest.split("</div>").next()).unwrap();
        assert!(told.contains(greedy.agent_id.as_str()) && !told.contains(other.agent_id.as_str()), "{told}");
        assert_eq!(shown["over_quota"][0]["refused"], 3);
        other.send_well(small(&other, 1)).await;
        server.stop().await;
    });
}

/// Everybody comes back at once to a server with almost no room: all batches arrive, each agent's in its order.
#[test]
fn a_herd_drains_and_nobody_starves() {
    const AGENTS: usize = 12;
    const BATCHES: u64 = 3;
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let mut agents = Vec::new();
        for _agent in 0..AGENTS {
            agents.push(FakeAgent::enrol(&server.api).await);
        }
        let room: Vec<_> = (0..WAITING_MAX - 2).map(|_| server.running.app.admission.place().unwrap()).collect();
        let mut herd = tokio::task::JoinSet::new();
        for agent in agents {
            herd.spawn(async move {
                let mut turned_away = 0;
                for number in 1..=BATCHES {
                    let batch = small(&agent, number);
                    for attempt in 0..2000 {
                        let (status, answer) = agent.send(batch.clone()).await;
                        assert!(matches!(status, 200 | 503), "{answer}");
                        if status == 200 {
                            break;
                        }
                        turned_away += 1;
                        assert!(attempt < 1999, "an agent starves");
                        // Far sooner than it is asked to: the worst that a herd can do.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
                turned_away
            });
        }
        let turned_away: u64 = herd.join_all().await.into_iter().sum();
        drop(room);
        assert_eq!(batches(&server).await, AGENTS as u64 * BATCHES);
        let (sent, shed) = (turned_away, server.api.get("/admission").await["shed"].as_u64().unwrap());
        assert_eq!(sent, shed, "what was turned away is counted");
        server.stop().await;
    });
}

/// The announced length decides before the body comes: nobody waits for bytes that will not be taken.
#[test]
fn a_second_batch_of_one_agent_is_turned_away_without_its_body() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let agent = FakeAgent::enrol(&server.api).await;
        let entrance = server.running.app.admission.enter(&agent.agent_id, Some(10), SystemClock.now());
        let (status, retry_after, _) = agent.answered(PATH_BATCHES, small(&agent, 1)).await;
        assert_eq!(status, 503);
        assert!(retry_after.is_some());
        drop(entrance);
        agent.send_well(small(&agent, 1)).await;
        server.stop().await;
    });
}
