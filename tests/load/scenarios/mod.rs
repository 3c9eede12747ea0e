//! The scenarios, one function each, in the order in which a whole run takes them.
//! It does not know how figures are shown.
//! Invariant: a scenario checks what is stored against what was acknowledged, and fails when the two differ.

mod ingest;
mod outage;
mod people;
mod trouble;

use crate::Run;
use crate::figures::Figures;
use anyhow::ensure;
use clap::ValueEnum;

/// What may be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Every host reports for the first time.
    FirstReports,
    /// One package changes on every host, again and again.
    Churn,
    /// Nothing changed, over fresh and over resumed connections.
    CheckIns,
    /// From a change on a host to its finding.
    Finding,
    /// People read pages, alone and while agents report.
    Pages,
    /// Agents that send a byte a second, beside ordinary ones.
    Slow,
    /// One agent that sends as much as it can, beside ordinary ones.
    Greedy,
    /// Garbage, wrong signatures, reused numbers, too much.
    Hostile,
    /// The server was away; everybody comes back at once with spooled batches.
    Herd,
    /// Changes, check-ins, pages, a greedy agent and slow ones together.
    Mixed,
}

/// Runs one scenario on a fleet.
pub(crate) async fn run(run: &mut Run, scenario: Scenario) -> anyhow::Result<Vec<Figures>> {
    let figures = match scenario {
        Scenario::FirstReports => ingest::first_reports(run).await?,
        Scenario::Churn => ingest::churn(run).await?,
        Scenario::CheckIns => ingest::check_ins(run).await?,
        Scenario::Finding => ingest::finding(run).await?,
        Scenario::Pages => people::pages(run).await?,
        Scenario::Slow => trouble::slow(run).await?,
        Scenario::Greedy => trouble::greedy(run).await?,
        Scenario::Hostile => trouble::hostile(run).await?,
        Scenario::Herd => outage::herd(run).await?,
        Scenario::Mixed => people::mixed(run).await?,
    };
    Ok(figures)
}

/// The ledger grew by at least what was acknowledged: an answer of 200 to something that is not there is the worst there is.
fn stored_what_was_acknowledged(figures: &Figures) -> anyhow::Result<()> {
    let grown = figures.after.entries.saturating_sub(figures.before.entries);
    ensure!(
        grown >= figures.acknowledged,
        "{} batches were acknowledged, but the ledger grew by {grown} entries only",
        figures.acknowledged
    );
    Ok(())
}
