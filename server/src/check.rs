//! `daicho check`: a plan and suppliers against inventories, or a change before it is made, offline: what the law asks.
//! It does not know the server or a ledger; it folds the files as if they had been entered, in memory, and answers from the
//! same model. Nothing is written anywhere.
//! Invariant: unknown is not ok; a collector that failed or is missing is said, and the exit code is not 0.

mod change;
mod table;

use crate::intake::declarations::{check_plan_suppliers, parse_inventory, parse_plan, parse_suppliers};
use crate::ledger::entry::Author;
use crate::model::duties::planned::{self, Judgement};
use crate::model::rows::{DriftLine, DriftStatus, DutyRow, FindingRow, FindingState, PlanRow};
use crate::model::{Event, Model};
use clap::{Args, ValueEnum};
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, Outcome};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::observation::{Observation, OperatingSystem};
use daicho_schemas::fact::supplier::SuppliersFile;
use daicho_schemas::ids::{AgentId, CollectorId, TokenId};
use daicho_schemas::inventory::Inventory;
use daicho_schemas::limits::{BATCH_BYTES_MAX, IMPORT_BYTES_MAX};
use daicho_schemas::planned::PlannedChange;
use daicho_schemas::refusal::Refusal;
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::text::{Language, Text};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Serialize;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

/// Nothing to do: everything that was seen is declared, and everything was seen.
pub const EXIT_NOTHING: u8 = 0;
/// A file could not be taken.
pub const EXIT_BAD_INPUT: u8 = 2;
/// Something differs, or something could not be seen.
pub const EXIT_FOUND: u8 = 3;

/// Collectors without whose word no host is fully seen.
const COLLECTORS_EXPECTED: &[&str] = &["operating_system", "hardware", "network_interfaces"];
/// The collector of the packages of each family, by the names that its members give themselves or are like (os-release(5)).
const PACKAGES_EXPECTED: &[(&str, &[&str])] = &[
    ("dpkg", &["debian", "ubuntu"]),
    ("rpm", &["rhel", "fedora", "centos", "suse", "opensuse", "sles", "amzn", "ol", "miraclelinux"]),
    ("apk", &["alpine"]),
    ("pacman", &["arch"]),
    ("opkg", &["openwrt"]),
];
/// Of a Linux that names no family, both: a host without rpm says so (`not_applicable`), and silence is not that.
const PACKAGES_ELSE: &[&str] = &["dpkg", "rpm"];

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Compare inventories with a plan, offline, and say what the law asks / 計画と実物を照合し、届出・報告の要否を示す
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The plan file (daicho.plan.v1) / 計画ファイル
    #[arg(long, value_name = "PLAN")]
    pub plan: PathBuf,
    /// The supplier file (daicho.suppliers.v1) / 供給者ファイル
    #[arg(long, value_name = "SUPPLIERS")]
    pub suppliers: PathBuf,
    /// One inventory per host, as `daicho-agent inventory --format json` wrote it / インベントリ（ホストごとに1つ）
    #[arg(required_unless_present_any = ["change", "before"], value_name = "INVENTORY")]
    pub inventories: Vec<PathBuf>,
    /// A planned change (daicho.change.v1): judge it before it is made / 予定する変更を、行う前に判断する
    #[arg(long, value_name = "CHANGE")]
    pub change: Option<PathBuf>,
    /// The plan as it was filed: judge what the plan file changes of it / 届け出た計画。計画ファイルとの差を判断する
    #[arg(long, value_name = "PLAN")]
    pub before: Option<PathBuf>,
    /// The day of the change, in Japan; today where it is not given / 変更の日（日本時間）
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub on: Option<String>,
    /// How to print / 出力形式
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
}

/// Everything that a check found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// The day that phases and duties were judged on.
    pub on: CalendarDate,
    /// The plan with its phase on that day.
    pub plan: PlanRow,
    /// What was observed against what was declared.
    pub drift: Vec<DriftLine>,
    /// What the rules say.
    pub findings: Vec<FindingRow>,
    /// What the law asks.
    pub duties: Vec<DutyRow>,
    /// How completely it could be looked at.
    pub coverage: CheckCoverage,
}

/// How completely it could be looked at.
#[derive(Clone, Debug, Serialize)]
pub struct CheckCoverage {
    /// Everything that had to be seen was seen.
    pub complete: bool,
    /// Declared hosts for which no inventory was given.
    pub hosts_without_inventory: Vec<String>,
    /// Every inventory.
    pub hosts: Vec<CheckHost>,
}

/// One inventory.
#[derive(Clone, Debug, Serialize)]
pub struct CheckHost {
    /// The id under which findings name it.
    pub agent_id: AgentId,
    /// The file.
    pub inventory: String,
    /// The host's name; the file's name where the inventory has none.
    pub hostname: String,
    /// The file's name stands for the host's: the inventory does not tell it.
    pub hostname_is_file_name: bool,
    /// What each collector said.
    pub collectors: Vec<CheckCollector>,
    /// Collectors without whose word the host is not fully seen, and that said nothing.
    pub collectors_missing: Vec<String>,
}

/// What one collector said.
#[derive(Clone, Debug, Serialize)]
pub struct CheckCollector {
    /// Which.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// How many observations it has.
    pub items: u64,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
}

impl CheckCollector {
    /// Whether it could not look as it should.
    pub fn not_observable(&self) -> bool {
        matches!(self.outcome, Outcome::Partial | Outcome::Failed)
            || self.troubles.iter().any(|trouble| trouble.kind == TroubleKind::NotObservable)
    }
}

impl CheckReport {
    /// The exit code that this report asks for.
    pub fn exit(&self) -> u8 {
        let drifted = self.drift.iter().any(|line| line.status != DriftStatus::Covered);
        let found = self.findings.iter().any(|finding| finding.state == FindingState::Open);
        let obliged = self.duties.iter().any(|duty| !duty.life.cause_gone);
        if drifted || found || obliged || !self.coverage.complete { EXIT_FOUND } else { EXIT_NOTHING }
    }
}

/// Reads the files, compares, prints. Answers the exit code; an error is one of the terminal or pipe printed to.
pub fn run(
    args: &CheckArgs,
    language: Language,
    today: CalendarDate,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let inputs = match read_all(args, today) {
        Ok(inputs) => inputs,
        Err(bad) => {
            for (name, what) in bad {
                table::write_bad_input(err, language, &name, &what)?;
            }
            return Ok(EXIT_BAD_INPUT);
        }
    };
    let Some(answer) = answer(&inputs) else { return Ok(EXIT_BAD_INPUT) };
    match args.format {
        CheckFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            writeln!(out)?;
        }
        CheckFormat::Table => answer.write(out, language)?,
    }
    out.flush()?;
    Ok(answer.exit())
}

/// Everything that was asked: of inventories, of a planned change, of an edited plan.
#[derive(Clone, Debug, Serialize)]
pub struct CheckAnswer {
    /// What inventories say; absent where none was given.
    #[serde(flatten)]
    pub report: Option<CheckReport>,
    /// A planned change, judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Judgement>,
    /// What an edited plan changes of the one that was filed, judged; absent where it changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<Judgement>,
    /// An edited plan was given, and it changes nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
}

impl CheckAnswer {
    /// The exit code that this answer asks for.
    pub fn exit(&self) -> u8 {
        let judged = self.change.iter().chain(&self.declared);
        let asked = judged.map(|judgement| if judgement.nothing_to_do { EXIT_NOTHING } else { EXIT_FOUND });
        asked.chain(self.report.as_ref().map(CheckReport::exit)).max().unwrap_or(EXIT_NOTHING)
    }

    fn write(&self, out: &mut dyn Write, language: Language) -> io::Result<()> {
        self.change.iter().chain(&self.declared).try_for_each(|judged| change::write(out, language, judged))?;
        if self.unchanged {
            change::write_unchanged(out, language)?;
        }
        self.report.iter().try_for_each(|report| table::write(out, language, report))
    }
}

fn answer(inputs: &CheckInputs) -> Option<CheckAnswer> {
    let report = if inputs.inventories.is_empty() { None } else { Some(check(inputs)?) };
    let change = inputs.change.as_ref();
    let change =
        change.map(|change| planned::judge(&change::declared(&inputs.plan, &inputs.suppliers), change, inputs.on));
    let declared = inputs.filed.as_ref().map(|filed| change::judge_edits(inputs, filed));
    let unchanged = matches!(declared, Some(None));
    Some(CheckAnswer { report, change, declared: declared.flatten(), unchanged })
}

/// The files, read.
pub struct CheckInputs {
    /// The plan.
    pub plan: Plan,
    /// The suppliers.
    pub suppliers: SuppliersFile,
    /// Each inventory with its file's name.
    pub inventories: Vec<(PathBuf, Inventory)>,
    /// A planned change.
    pub change: Option<PlannedChange>,
    /// The plan as it was filed.
    pub filed: Option<Plan>,
    /// The day to judge on.
    pub on: CalendarDate,
}

/// Why a file was not taken.
enum BadInput {
    /// It was read and refused.
    Refused(Box<Refusal>),
    /// It was not read.
    Unreadable(io::Error),
    /// An argument is not what it should be.
    Argument(Text),
}

type Bad = Vec<(String, BadInput)>;

fn read_all(args: &CheckArgs, today: CalendarDate) -> Result<CheckInputs, Bad> {
    let mut bad = Bad::new();
    let on = match args.on.as_deref().map_or(Ok(today), str::parse) {
        Ok(on) => Some(on),
        Err(_) => {
            let what = Text::new("日付は 2026-11-21 の形で書いてください。", "Write the date like 2026-11-21.");
            bad.push(("--on".into(), BadInput::Argument(what)));
            None
        }
    };
    let mut plan_bytes = Vec::new();
    let plan = take(&args.plan, IMPORT_BYTES_MAX, &mut bad, |bytes| {
        plan_bytes = bytes.to_vec();
        parse_plan(bytes)
    });
    let suppliers = take(&args.suppliers, IMPORT_BYTES_MAX, &mut bad, parse_suppliers);
    if let (Some(plan), Some(suppliers)) = (&plan, &suppliers) {
        let known = |id: &_| suppliers.suppliers.iter().any(|record| record.supplier_id == *id);
        if let Err(refusal) = check_plan_suppliers(plan, &plan_bytes, known) {
            bad.push((shown(&args.plan), BadInput::Refused(Box::new(refusal))));
        }
    }
    let mut inventories = Vec::new();
    for path in &args.inventories {
        if let Some(inventory) = take(path, BATCH_BYTES_MAX, &mut bad, parse_inventory) {
            inventories.push((path.clone(), inventory));
        }
    }
    let change = change::read(args, plan.as_ref().zip(suppliers.as_ref()), &mut bad);
    let filed = change::read_filed(args, plan.as_ref(), &mut bad);
    match (plan, suppliers, on) {
        (Some(plan), Some(suppliers), Some(on)) if bad.is_empty() => {
            Ok(CheckInputs { plan, suppliers, inventories, change, filed, on })
        }
        _ => Err(bad),
    }
}

fn take<T>(path: &Path, bytes_max: usize, bad: &mut Bad, parse: impl FnOnce(&[u8]) -> Result<T, Refusal>) -> Option<T> {
    let taken = match read_limited(path, bytes_max) {
        Ok(bytes) => parse(&bytes).map_err(|refusal| BadInput::Refused(Box::new(refusal))),
        Err(error) => Err(BadInput::Unreadable(error)),
    };
    taken.map_err(|what| bad.push((shown(path), what))).ok()
}

/// Reads one byte more than is allowed at most: the parser then says how much is.
fn read_limited(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Folds the files as if they had been entered on the day, and reads the answer off the model. `None` only if a value of
/// ours has no JSON form, which no value that was parsed lacks.
pub fn check(inputs: &CheckInputs) -> Option<CheckReport> {
    // Noon in Japan: the day is the same wherever the program runs.
    let at: UtcMicros = format!("{}T03:00:00.000000Z", inputs.on).parse().ok()?;
    let mut fold = Fold { model: Model::default(), at, seq: 0 };
    for record in &inputs.suppliers.suppliers {
        fold.enter(&Fact::Supplier(record.clone()));
    }
    fold.enter(&Fact::Plan(inputs.plan.clone()));
    let mut hosts = Vec::new();
    for (place, (path, inventory)) in inputs.inventories.iter().enumerate() {
        let agent = AgentId::new(format!("inventory-{}", place + 1)).ok()?;
        let fallback = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let token_id = TokenId::new("none").ok()?;
        fold.enter(&Fact::AgentEnrolled(AgentEnrolled {
            agent_id: agent.clone(),
            public_key: String::new(),
            token_id,
            hostname: fallback.clone(),
        }));
        fold.enter(&batch(&agent, inventory, at)?);
        hosts.push(check_host(agent, path, inventory, fallback));
    }
    let model = fold.model;
    let equipment = model.equipment_detail(&inputs.plan.equipment.equipment_id, inputs.on)?;
    let observed = |host: &CheckHost| {
        host.collectors_missing.is_empty() && !host.collectors.iter().any(CheckCollector::not_observable)
    };
    Some(CheckReport {
        on: inputs.on,
        plan: equipment.row.plans.into_iter().next()?,
        drift: equipment.drift,
        findings: model.findings(),
        duties: model.duties(),
        coverage: CheckCoverage {
            complete: equipment.hosts_without_agent.is_empty() && hosts.iter().all(observed),
            hosts_without_inventory: equipment.hosts_without_agent,
            hosts,
        },
    })
}

struct Fold {
    model: Model,
    at: UtcMicros,
    seq: u64,
}

impl Fold {
    fn enter(&mut self, fact: &Fact) {
        self.seq += 1;
        self.model.apply(&Event { seq: self.seq, received_at: self.at, author: &Author::Server, fact });
    }
}

/// An inventory in the shape of a batch. Nobody signed it, and nothing here says that anybody did.
fn batch(agent: &AgentId, inventory: &Inventory, at: UtcMicros) -> Option<Fact> {
    let reports = inventory.collectors.iter().map(|part| CollectorReport {
        collector: part.collector.clone(),
        outcome: part.outcome,
        sources: part.sources.clone(),
        troubles: part.troubles.clone(),
        body: Body::Full { items: part.items.clone() },
        digest: Hash::ZERO,
    });
    let batch = Batch {
        format: BATCH_FORMAT.into(),
        agent_id: agent.clone(),
        number: 1,
        started_at: at,
        finished_at: at,
        reports: reports.collect(),
        lost: None,
    };
    let raw = serde_json::value::to_raw_value(&batch).ok()?;
    Some(Fact::Batch(SignedBatch { batch: raw, public_key: String::new(), signature: String::new() }))
}

fn check_host(agent_id: AgentId, path: &Path, inventory: &Inventory, fallback: String) -> CheckHost {
    let system = inventory.collectors.iter().flat_map(|part| &part.items).find_map(|item| match item {
        Observation::OperatingSystem(os) => Some(os),
        _ => None,
    });
    let own = system.and_then(|os| os.hostname.clone());
    let collectors = inventory.collectors.iter().map(|part| CheckCollector {
        collector: part.collector.clone(),
        outcome: part.outcome,
        items: part.items.len() as u64,
        troubles: part.troubles.clone(),
    });
    let spoke = |name: &&str| inventory.collectors.iter().any(|part| part.collector.as_str() == *name);
    let expected = COLLECTORS_EXPECTED.iter().copied().chain(packages_expected(system));
    CheckHost {
        agent_id,
        inventory: shown(path),
        hostname_is_file_name: own.is_none(),
        hostname: own.unwrap_or(fallback),
        collectors: collectors.collect(),
        collectors_missing: expected.filter(|name| !spoke(name)).map(str::to_owned).collect(),
    }
}

/// The collectors that read the packages of a host's family. Hosts other than Linux have none of them.
fn packages_expected(system: Option<&OperatingSystem>) -> Vec<&'static str> {
    let Some(system) = system else { return PACKAGES_ELSE.to_vec() };
    if system.family != "linux" {
        return Vec::new();
    }
    let names = || system.os_id.iter().chain(&system.os_id_like);
    let is_of = |(_, family): &&(&str, &[&str])| names().any(|name| family.iter().any(|known| is_named(name, known)));
    let found: Vec<&str> = PACKAGES_EXPECTED.iter().filter(is_of).map(|(collector, _)| *collector).collect();
    if found.is_empty() { PACKAGES_ELSE.to_vec() } else { found }
}

/// `opensuse-leap` and `opensuse-tumbleweed` are `opensuse`.
fn is_named(name: &str, known: &str) -> bool {
    name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
#[path = "check/tests.rs"]
mod tests;
