//! People who read while agents report.
//! It does not know what the pages mean.
//! Invariant: a page counts only when it came whole with 200.

use super::ingest::{check_in_all, send_all, upgrades};
use super::trouble::{begin_greedy, begin_slow};
use crate::Run;
use crate::drive::{Said, micros};
use crate::figures::{Figures, Watch};
use harness::dice::Dice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What people look at.
const PAGES: [&str; 6] = ["/", "/hosts", "/findings", "/components", "/components?q=openssl", "/duties"];
/// Between two clicks.
const CLICK_EVERY: Duration = Duration::from_millis(50);
/// Clicks where nothing else goes on.
const CLICKS_ALONE: usize = 120;

/// Reads pages until the flag is set, or so many.
async fn read(api: &harness::server::Api, clicks_max: usize, stop: &AtomicBool) -> Vec<Said> {
    let mut said = Vec::new();
    for path in PAGES.iter().cycle().take(clicks_max) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        let (status, page) = api.page(path).await;
        said.push(Said {
            status,
            latency_us: micros(started.elapsed()),
            bytes: page.len() as u64,
            tries: 1,
            ..Said::default()
        });
        tokio::time::sleep(CLICK_EVERY).await;
    }
    said
}

/// Reading alone, and beside one-package changes.
pub(super) async fn pages(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let stop = Arc::new(AtomicBool::new(false));
    let watch = Watch::begin(&run.target).await?;
    let alone = read(&run.target.api, CLICKS_ALONE, &stop).await;
    let mut all = vec![run.named(watch.end(&run.target, &alone).await?, "pages", "nothing else")];
    let mut dice = Dice(run.seed ^ 0xbeef);
    let mut prepared = Vec::new();
    for _round in 0..run.rounds {
        prepared.push(upgrades(run, &mut dice)?);
    }
    let watch = Watch::begin(&run.target).await?;
    let api = run.target.api.clone();
    let reading = {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move { read(&api, usize::MAX, &stop).await })
    };
    let mut ingested = Vec::new();
    for batches in prepared {
        ingested.extend(send_all(run, batches).await);
    }
    stop.store(true, Ordering::Relaxed);
    let ingest = watch.end(&run.target, &ingested).await?;
    let watch = Watch::begin(&run.target).await?;
    all.push(run.named(watch.end(&run.target, &reading.await?).await?, "pages", "beside one-package changes"));
    all.push(run.named(ingest, "churn", "beside pages"));
    Ok(all)
}

/// Everything at once.
pub(super) async fn mixed(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let mut dice = Dice(run.seed ^ 0xfeed);
    let mut prepared = Vec::new();
    for _round in 0..run.rounds {
        prepared.push(upgrades(run, &mut dice)?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let api = run.target.api.clone();
    let mut slow = begin_slow(&run.fleet, &stop);
    let greedy = begin_greedy(&run.fleet, &stop)?;
    let reading = {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move { read(&api, usize::MAX, &stop).await })
    };
    let watch = Watch::begin(&run.target).await?;
    let (mut changes, mut check_ins) = (Vec::new(), Vec::new());
    for batches in prepared {
        changes.extend(send_all(run, batches).await);
        check_ins.extend(check_in_all(run).await?);
    }
    let changed = watch.end(&run.target, &changes).await?;
    stop.store(true, Ordering::Relaxed);
    let answers = greedy.await?;
    while slow.join_next().await.is_some() {}
    let watch = Watch::begin(&run.target).await?;
    let checked = watch.end(&run.target, &check_ins).await?;
    let watch = Watch::begin(&run.target).await?;
    let seen = watch.end(&run.target, &reading.await?).await?;
    Ok(vec![
        run.named(changed, "mixed", &format!("changes (the greedy agent was answered {answers:?})")),
        run.named(checked, "mixed", "check-ins"),
        run.named(seen, "mixed", "pages"),
    ])
}
