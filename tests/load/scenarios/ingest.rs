//! What every agent does: the first report, a change, a check-in; and how long a change takes to become a finding.
//! It does not know misbehaving agents.
//! Invariant: batches are made before the clock starts, so that the figures are the server's.

use super::stored_what_was_acknowledged;
use crate::Run;
use crate::drive::{Said, each, micros, say};
use crate::figures::{Figures, Watch};
use anyhow::{Context as _, ensure};
use daicho_schemas::wire::{CheckInAnswer, PATH_BATCHES, PATH_CHECK_IN};
use harness::dice::Dice;
use hyper::body::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Changes that are followed to their finding.
const FOLLOWED: u64 = 100;

/// Sends one prepared batch per agent.
pub(super) async fn send_all(run: &Run, batches: Vec<Bytes>) -> Vec<Said> {
    let (fleet, batches) = (Arc::clone(&run.fleet), Arc::new(batches));
    each(batches.len() as u64, run.at_once, move |index| {
        let (fleet, batches) = (Arc::clone(&fleet), Arc::clone(&batches));
        async move {
            match (fleet.agents.get(index as usize), batches.get(index as usize)) {
                (Some(agent), Some(batch)) => say(&fleet.place, agent, PATH_BATCHES, batch.clone(), true).await,
                _ => Said::default(),
            }
        }
    })
    .await
}

/// Every agent says that nothing changed.
pub(super) async fn check_in_all(run: &Run) -> anyhow::Result<Vec<Said>> {
    let questions = run.fleet.agents.iter().map(|agent| agent.check_in()).collect::<anyhow::Result<Vec<_>>>()?;
    let (fleet, questions) = (Arc::clone(&run.fleet), Arc::new(questions));
    let said = each(questions.len() as u64, run.at_once, move |index| {
        let (fleet, questions) = (Arc::clone(&fleet), Arc::clone(&questions));
        async move {
            match (fleet.agents.get(index as usize), questions.get(index as usize)) {
                (Some(agent), Some(question)) => say(&fleet.place, agent, PATH_CHECK_IN, question.clone(), false).await,
                _ => Said::default(),
            }
        }
    });
    Ok(said.await)
}

/// One upgraded package per host, signed and packed.
pub(super) fn upgrades(run: &Run, dice: &mut Dice) -> anyhow::Result<Vec<Bytes>> {
    let at = crate::now();
    run.fleet.agents.iter().map(|agent| Ok(agent.upgrade(at, dice)?.into())).collect()
}

/// Every host reports in full.
pub(super) async fn first_reports(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    // A server that knows this fleet from an earlier run has its numbers.
    for (agent, said) in run.fleet.agents.iter().zip(check_in_all(run).await?) {
        if let Ok(answer) = serde_json::from_slice::<CheckInAnswer>(&said.body) {
            agent.agree(answer.number);
        }
    }
    let at = crate::now();
    let reports = run.fleet.agents.iter().map(|agent| Ok(Bytes::from(agent.full_report(at)?)));
    let reports = reports.collect::<anyhow::Result<Vec<_>>>()?;
    let watch = Watch::begin(&run.target).await?;
    let said = send_all(run, reports).await;
    let figures = watch.end(&run.target, &said).await?;
    stored_what_was_acknowledged(&figures)?;
    ensure!(
        figures.after.hosts >= figures.acknowledged,
        "{} hosts reported, {} are listed",
        figures.acknowledged,
        figures.after.hosts
    );
    Ok(vec![run.named(figures, "first-reports", "")])
}

/// One package per host and round.
pub(super) async fn churn(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let mut dice = Dice(run.seed ^ 0xc0ffee);
    let mut prepared = Vec::new();
    for _round in 0..run.rounds {
        prepared.push(upgrades(run, &mut dice)?);
    }
    let watch = Watch::begin(&run.target).await?;
    let mut said = Vec::new();
    for batches in prepared {
        said.extend(send_all(run, batches).await);
    }
    let figures = watch.end(&run.target, &said).await?;
    stored_what_was_acknowledged(&figures)?;
    Ok(vec![run.named(figures, "churn", "")])
}

/// Twice: with whatever tickets the agents have, and then with fresh ones.
pub(super) async fn check_ins(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let mut all = Vec::new();
    for what in ["first", "again"] {
        let watch = Watch::begin(&run.target).await?;
        let mut said = Vec::new();
        for _round in 0..run.rounds {
            said.extend(check_in_all(run).await?);
        }
        let figures = watch.end(&run.target, &said).await?;
        ensure!(figures.after.entries == figures.before.entries, "a check-in that says nothing new grew the ledger");
        let wanted = said.iter().filter(|said| said.body.ends_with(b"true}")).count();
        ensure!(wanted == 0, "{wanted} unchanged hosts were asked for a full report");
        all.push(run.named(figures, "check-ins", what));
    }
    Ok(all)
}

/// A way in appears on a host; how long until the finding can be read.
pub(super) async fn finding(run: &mut Run) -> anyhow::Result<Vec<Figures>> {
    let watch = Watch::begin(&run.target).await?;
    let mut said = Vec::new();
    let run_id = crate::now().micros();
    for followed in 0..FOLLOWED.min(run.fleet.agents.len() as u64) {
        let agent = run.fleet.agents.get(followed as usize).context("no agent")?;
        let batch = agent.tunnel(crate::now(), &format!("wg{run_id}"))?;
        let known = run.target.count("/findings").await?;
        let started = Instant::now();
        let mut one = say(&run.fleet.place, agent, PATH_BATCHES, batch.into(), true).await;
        while run.target.count("/findings").await? <= known {
            ensure!(
                started.elapsed() < Duration::from_secs(30),
                "the finding did not come: HTTP {} {:?}",
                one.status,
                one.body
            );
        }
        one.latency_us = micros(started.elapsed());
        said.push(one);
    }
    let figures = watch.end(&run.target, &said).await?;
    Ok(vec![run.named(figures, "finding", "")])
}
