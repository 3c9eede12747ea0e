//! How much processor time something takes and how much memory stands; and the questions that people ask.
//! It does not know how the fleet was made, only the names in it.
//! Invariant: every question is asked with an answer: one that finds nothing is an error, not a fast answer.

use crate::fleet::{Dice, EQUIPMENT, Fleet};
use anyhow::Context as _;
use daicho::model::Model;
use daicho::model::prepared::PreparedReport;
use daicho::model::queries::Part;
use daicho::model::rows::{ComponentQuery, DriftStatus};
use daicho_schemas::batch::state_digest_of;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::time::CalendarDate;
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// What the processor has spent on this thread. Other work on the machine does not count.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// How often a question is asked.
const ASKED: u64 = 300;

/// How long something took, each time.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of<T>(&mut self, what: impl FnOnce() -> T) -> T {
        let start = processor_time();
        let done = what();
        self.0.push(processor_time().saturating_sub(start));
        done
    }

    pub(crate) fn print(mut self, name: &str) {
        self.0.sort_unstable();
        let at = |share: usize| self.0.get((self.0.len() * share / 100).min(self.0.len().saturating_sub(1)));
        let micros = |time: Option<&Duration>| time.map_or(0, Duration::as_micros);
        let sum: Duration = self.0.iter().sum();
        let mean = sum.as_micros() / (self.0.len().max(1) as u128);
        let (p50, p99, max) = (micros(at(50)), micros(at(99)), micros(self.0.last()));
        println!("{name}: {} times, mean {mean} us, p50 {p50} us, p99 {p99} us, max {max} us", self.0.len());
    }
}

/// What the process holds in memory, in bytes; 0 where the system does not tell.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

pub(crate) fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

/// A complete report that shows nothing.
pub(crate) fn emptied(report: &PreparedReport) -> PreparedReport {
    let digest = state_digest_of(&report.collector, []);
    PreparedReport { put: Vec::new(), digest, ..report.clone() }
}

fn ask<T>(name: &str, mut question: impl FnMut(&mut Dice) -> Option<T>) -> anyhow::Result<()> {
    let (mut dice, mut times) = (Dice(3), Times::default());
    for _ in 0..ASKED {
        let answer = times.of(|| question(&mut dice)).with_context(|| format!("no answer: {name}"))?;
        black_box(answer);
    }
    times.print(name);
    Ok(())
}

/// The questions that people and pages ask.
pub(crate) fn questions(model: &Model, fleet: &Fleet) -> anyhow::Result<()> {
    let everything = model.components(&ComponentQuery { limit: Some(1000), ..ComponentQuery::default() });
    let ids: Vec<String> = everything.context("components")?.items.into_iter().map(|row| row.component_id).collect();
    let one = |dice: &mut Dice| ids.get(usize::try_from(dice.below(ids.len() as u64)).ok()?).cloned();
    ask("where is a component: its page", |dice| model.component_detail(&one(dice)?))?;
    ask("where is a component: 1000 places", |dice| {
        model.component_places(&one(dice)?, Part { cursor: None, limit: Some(1000) })
    })?;
    registers(model)?;
    equipment(model)?;
    hosts(model, fleet)?;
    components(model)
}

fn equipment(model: &Model) -> anyhow::Result<()> {
    let today = today()?;
    let one = |dice: &mut Dice| EquipmentId::new(format!("equipment-{}", dice.below(EQUIPMENT))).ok();
    ask("drift of one equipment", |dice| Some(model.drift(&one(dice)?)).filter(|lines| !lines.is_empty()))?;
    ask("page of one equipment", |dice| model.equipment_detail(&one(dice)?, today))?;
    ask("every equipment", |_| Some(model.equipment(today)).filter(|rows| !rows.is_empty()))?;
    ask("components of one equipment, 100 rows", |dice| {
        let query = ComponentQuery { equipment_id: one(dice), ..ComponentQuery::default() };
        model.components(&query).filter(|page| !page.items.is_empty())
    })
}

fn hosts(model: &Model, fleet: &Fleet) -> anyhow::Result<()> {
    ask("coverage: how much is seen", |_| Some(model.seen()))?;
    let one = |dice: &mut Dice| Fleet::agent(dice.below(fleet.hosts)).ok();
    ask("page of one host, with its coverage", |dice| model.host_detail(&one(dice)?))?;
    ask("hosts, a page of 200 anywhere", |dice| {
        let skip = usize::try_from(dice.below(fleet.hosts)).ok()?;
        Some(model.hosts_from(skip, 200)).filter(|rows| !rows.is_empty())
    })?;
    ask("components of one host, 100 rows", |dice| {
        let query = ComponentQuery { agent_id: one(dice), ..ComponentQuery::default() };
        model.components(&query).filter(|page| !page.items.is_empty())
    })
}

fn registers(model: &Model) -> anyhow::Result<()> {
    let today = today()?;
    ask("findings, first 200", |_| Some(model.findings_from(None, None, 0, 200)))?;
    ask("findings, last 200", |_| Some(model.findings_from(None, None, model.findings_total(None, None) - 1, 200)))?;
    ask("duties, first 200", |_| Some(model.duties_from(0, 200)))?;
    ask("suppliers", |_| Some(model.suppliers()))?;
    ask("plans, a page of 100", |_| model.plans_page(Part::default(), today))?;
    ask("navigation: what waits", |_| Some((model.duties_waiting(), model.newest_finding())))?;
    println!("findings {}, duties {}", model.findings_total(None, None), model.duties_total());
    Ok(())
}

fn components(model: &Model) -> anyhow::Result<()> {
    let with = |query: ComponentQuery| model.components(&query);
    let all = ComponentQuery::default();
    ask("components, first 100", |_| with(all.clone()))?;
    ask("components, search that finds", |dice| {
        let q = Some(format!("package-{:05}", dice.below(400)));
        with(ComponentQuery { q, ..all.clone() })
    })?;
    ask("components, search that finds nothing: one page of looking", |_| {
        with(ComponentQuery { q: Some("no such thing".into()), ..all.clone() })
    })?;
    ask("components, undeclared, first 100", |_| {
        with(ComponentQuery { status: Some(DriftStatus::Undeclared), ..all.clone() })
    })
}

fn today() -> anyhow::Result<CalendarDate> {
    Ok("2026-11-21".parse()?)
}
