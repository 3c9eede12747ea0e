//! A thundering herd: the server is away, hosts go on changing, then everybody comes back at once.
//! It does not spread the agents; the server has to.
//! Invariant: every spooled batch arrives, in its agent's order, and nobody waits for ever.

use super::ingest::upgrades;
use super::stored_what_was_acknowledged;
use crate::Run;
use crate::drive::{Said, each, insist};
use crate::figures::{Figures, Watch};
use anyhow::ensure;
use daicho_schemas::wire::PATH_BATCHES;
use harness::dice::Dice;
use hyper::body::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Batches that wait in every agent's spool.
const SPOOLED: usize = 3;
/// How often an agent tries before the run fails; a real one never gives up.
const TRIES_MAX: u32 = 100;

/// Everybody at once, each with a few batches.
pub(super) async fn herd(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let mut dice = Dice(run.seed ^ 0x5eed);
    let mut spools: Vec<Vec<Bytes>> = vec![Vec::new(); run.fleet.agents.len()];
    for _batch in 0..SPOOLED {
        for (spool, batch) in spools.iter_mut().zip(upgrades(run, &mut dice)?) {
            spool.push(batch);
        }
    }
    let executable = run.executable.clone();
    let restart = run.target.outage(&executable, Duration::from_secs(1)).await?;
    let watch = Watch::begin(&run.target).await?;
    let (fleet, spools) = (Arc::clone(&run.fleet), Arc::new(spools));
    let herd = spools.len();
    let said: Vec<Vec<Said>> = each(herd as u64, herd, move |index| {
        let (fleet, spools) = (Arc::clone(&fleet), Arc::clone(&spools));
        async move {
            let mut said = Vec::new();
            if let (Some(agent), Some(spool)) = (fleet.agents.get(index as usize), spools.get(index as usize)) {
                for batch in spool {
                    said.push(insist(&fleet.place, agent, PATH_BATCHES, batch.clone(), TRIES_MAX).await);
                }
            }
            said
        }
    })
    .await;
    let said: Vec<Said> = said.into_iter().flatten().collect();
    let figures = watch.end(&run.target, &said).await?;
    stored_what_was_acknowledged(&figures)?;
    ensure!(figures.acknowledged == figures.requests, "not every spooled batch arrived: {:?}", figures.answers);
    Ok(vec![run.named(figures, "herd", &format!("restart {:.1} s", restart.as_secs_f64()))])
}
