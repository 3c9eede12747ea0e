//! Agents that misbehave, beside others that do not: slow, greedy, hostile.
//! It does not know what the server does about them; it shows what the others feel.
//! Invariant: what was refused left nothing in the ledger.

use super::ingest::check_in_all;
use crate::Run;
use crate::drive::{Said, each, say};
use crate::figures::{Figures, Watch};
use crate::fleet::{Agent, Fleet, pack};
use crate::line::tcp;
use anyhow::{Context as _, ensure};
use daicho_schemas::limits::BATCH_WIRE_BYTES_MAX;
use daicho_schemas::wire::PATH_BATCHES;
use harness::agent::batch;
use hyper::body::Bytes;
use rustls::pki_types::ServerName;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Agents that send a byte a second, per hundred of the fleet.
const SLOW_PERCENT: usize = 20;
/// Connections that the greedy agent keeps busy at once.
const GREEDY_AT_ONCE: usize = 4;

/// Begins a batch and sends a byte of it a second until told to stop.
async fn trickle(fleet: &Fleet, agent: &Agent, stop: &AtomicBool) -> anyhow::Result<()> {
    let stream = tcp(&fleet.place, agent.index).await?;
    let name = ServerName::IpAddress(fleet.place.address.ip().into());
    let mut tls = (*agent.tls).clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, stream).await?;
    let head =
        format!("POST {PATH_BATCHES} HTTP/1.1\r\nhost: {}\r\ncontent-length: 100000\r\n\r\n", fleet.place.address);
    stream.write_all(head.as_bytes()).await?;
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(b"x").await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Keeps slow agents going in the background until the flag is set.
pub(super) fn begin_slow(fleet: &Arc<Fleet>, stop: &Arc<AtomicBool>) -> tokio::task::JoinSet<()> {
    let mut slow = tokio::task::JoinSet::new();
    for agent in fleet.agents.iter().take((fleet.agents.len() * SLOW_PERCENT).div_ceil(100)) {
        let (fleet, agent, stop) = (Arc::clone(fleet), Arc::clone(agent), Arc::clone(stop));
        // A server that throws it out is in its right.
        slow.spawn(async move { drop(trickle(&fleet, &agent, &stop).await) });
    }
    slow
}

/// One agent that sends its whole state again and again until the flag is set; how it was answered.
pub(super) fn begin_greedy(
    fleet: &Arc<Fleet>,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<tokio::task::JoinHandle<BTreeMap<u16, u64>>> {
    let agent = Arc::clone(fleet.agents.last().context("no agent")?);
    let (fleet, stop) = (Arc::clone(fleet), Arc::clone(stop));
    Ok(tokio::spawn(async move {
        let counts = each(GREEDY_AT_ONCE as u64, GREEDY_AT_ONCE, move |_| {
            let (fleet, agent, stop) = (Arc::clone(&fleet), Arc::clone(&agent), Arc::clone(&stop));
            async move {
                let mut counts = BTreeMap::<u16, u64>::new();
                while !stop.load(Ordering::Relaxed) {
                    let Ok(report) = agent.full_report(crate::now()) else { break };
                    let said = say(&fleet.place, &agent, PATH_BATCHES, report.into(), true).await;
                    *counts.entry(said.status).or_default() += 1;
                }
                counts
            }
        });
        let mut sum = BTreeMap::<u16, u64>::new();
        for (status, count) in counts.await.into_iter().flatten() {
            *sum.entry(status).or_default() += count;
        }
        sum
    }))
}

/// What the others feel, alone and beside slow ones.
pub(super) async fn slow(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut slow = begin_slow(&run.fleet, &stop);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let watch = Watch::begin(&run.target).await?;
    let said = check_in_all(run).await?;
    let figures = watch.end(&run.target, &said).await?;
    let still = slow.len();
    stop.store(true, Ordering::Relaxed);
    while slow.join_next().await.is_some() {}
    Ok(vec![run.named(figures, "slow", &format!("check-ins beside {still} slow agents"))])
}

/// What the others feel beside a greedy one.
pub(super) async fn greedy(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let stop = Arc::new(AtomicBool::new(false));
    let greedy = begin_greedy(&run.fleet, &stop)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let watch = Watch::begin(&run.target).await?;
    let mut said = Vec::new();
    for _round in 0..run.rounds {
        said.extend(check_in_all(run).await?);
    }
    // The greedy agent's own work is the server's too, so the processor's time is of both.
    let figures = watch.end(&run.target, &said).await?;
    stop.store(true, Ordering::Relaxed);
    let answers = greedy.await?;
    Ok(vec![run.named(figures, "greedy", &format!("check-ins beside a greedy agent, answered {answers:?}"))])
}

/// Everything that is wrong, once per agent.
pub(super) async fn hostile(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let at = crate::now();
    let attack = |agent: &Agent| -> anyhow::Result<Bytes> {
        Ok(match agent.index % 6 {
            0 => Bytes::from(vec![b'x'; 10_000]),
            1 => Bytes::from(vec![b'x'; BATCH_WIRE_BYTES_MAX + 1]),
            2 => pack(&batch(&agent.agent_id, u64::MAX, at, Vec::new()), &agent.key, 3)?.into(),
            3 => pack(&batch(&agent.agent_id, 1, at, Vec::new()), &harness::agent::new_key(), 3)?.into(),
            4 => zstd::encode_all(vec![b' '; 300_000_000].as_slice(), 3)?.into(),
            _ => pack(&batch(&agent.agent_id, 1, at.plus_seconds(86_400), Vec::new()), &agent.key, 3)?.into(),
        })
    };
    let batches = run.fleet.agents.iter().take(600).map(|agent| attack(agent)).collect::<anyhow::Result<Vec<_>>>()?;
    let watch = Watch::begin(&run.target).await?;
    let said: Vec<Said> = super::ingest::send_all(run, batches).await;
    let figures = watch.end(&run.target, &said).await?;
    ensure!(figures.acknowledged == 0, "something hostile was taken: {:?}", figures.answers);
    ensure!(figures.after.entries == figures.before.entries, "something hostile left an entry");
    Ok(vec![run.named(figures, "hostile", "")])
}
