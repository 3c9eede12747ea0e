//! `daicho plan import`: declarations from files into the ledger, by way of the server.
//! It does not judge a file beyond what the server will; it does so first, so that a bad file never leaves the machine.
//! Invariant: a refused file names its line and field.

use super::client::{Client, ServerArguments};
use super::{block_on, say_text};
use crate::intake::declarations::parse_plan;
use anyhow::Context as _;
use clap::Subcommand;
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with plans.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Put a plan file into the ledger; a plan of the same id becomes its next version (計画を取り込む)
    Import {
        /// The plan file (JSON, schemas/json/plan.v1.schema.json)
        file: PathBuf,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// What a plan's suppliers and contractors have not given yet, role by role (供給者・委託先の情報の不足を示す)
    Missing(super::supplier::missing::MissingArguments),
}

pub(crate) fn plan(command: &PlanCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        PlanCommand::Import { file, server } => import(file, server, language),
        PlanCommand::Missing(arguments) => super::supplier::missing::run(arguments, language),
    }
}

fn import(file: &Path, server: &ServerArguments, language: Language) -> anyhow::Result<ExitCode> {
    let bytes = read(file, RefusalCode::PlanMalformed)?;
    let plan = parse_plan(&bytes)?;
    let answer = block_on(async { Client::new(server)?.post("/plans", bytes).await })?;
    let (id, seq) = (plan.plan_id, answer.get("entry_seq").cloned().unwrap_or_default());
    say_text(
        language,
        &format!("計画 {id} を台帳に記録しました（記録番号 {seq}）。"),
        &format!("Plan {id} stands in the ledger (entry {seq})."),
    );
    Ok(ExitCode::SUCCESS)
}

/// The bytes of a file that a person hands in, within the limit.
pub(crate) fn read(file: &Path, code: RefusalCode) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).with_context(|| format!("open {}", file.display()))?;
    opened
        .take(IMPORT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {}", file.display()))?;
    if bytes.len() > IMPORT_BYTES_MAX {
        let detail = format!("{}: over {IMPORT_BYTES_MAX} bytes", file.display());
        return Err(Refusal::new(code).with(detail).into());
    }
    Ok(bytes)
}
