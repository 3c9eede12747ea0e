//! `daicho host import`: what another tool says of a host goes into the ledger, so that the host needs no second agent.
//! It does not know formats (`daicho-formats` does) and looks at no host; a file is read here and stays here.
//! Invariant: what is not taken over is printed with what is; the tool, its time and the file's hash go along.

use super::client::{Client, ServerArguments};
use super::files::{self, Format, print_json, say_printable};
use super::{block_on, say_text};
use anyhow::bail;
use clap::{Args, Subcommand};
use daicho_formats::{Asked, FILE_BYTES_MAX};
use daicho_schemas::fact::inventory_told::InventoryTold;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with what other tools tell of hosts.
#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    /// Put inventories of other tools into the ledger (他の道具の資産一覧を取り込む)
    Import(ImportArguments),
}

/// Inventories.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Files of one host each; they are recognised by their content
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The host's name, as plans name it; taken from the file when left out (ホスト名)
    #[arg(long)]
    host: Option<String>,
    /// The file lists everything that its tool knows of the host: what is missing in it is gone (全件の一覧として扱う)
    #[arg(long)]
    whole: bool,
    /// What else is to be said; it stays in the ledger
    #[arg(long, default_value = "")]
    note: String,
    /// Only say what would come in; no server is asked (取り込まずに内容だけ確かめる)
    #[arg(long)]
    dry_run: bool,
    /// How to print what a dry run read
    #[arg(long, default_value = "table")]
    format: Format,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &HostCommand, language: Language) -> anyhow::Result<ExitCode> {
    let HostCommand::Import(arguments) = command;
    if arguments.host.is_some() && arguments.files.len() > 1 {
        bail!("--host names one host: import the files one by one");
    }
    let all = arguments.files.iter().map(|file| told(arguments, file)).collect::<anyhow::Result<Vec<_>>>()?;
    if arguments.dry_run && arguments.format == Format::Json {
        print_json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    for one in &all {
        print(one, language);
        if !arguments.dry_run {
            let body = serde_json::to_vec(one)?;
            let answer = block_on(async { Client::new(&arguments.server)?.post("/told-inventories", body).await })?;
            entered(&answer, language);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What one file says.
fn told(arguments: &ImportArguments, file: &Path) -> anyhow::Result<InventoryTold> {
    let bytes = files::read(file, FILE_BYTES_MAX, RefusalCode::InventoryNotRead)?;
    let named = |refusal: Refusal| Refusal::new(refusal.code).with(format!("{}: {}", file.display(), refusal.detail));
    let mut reading = daicho_formats::read(&bytes, Asked { whole: arguments.whole }).map_err(named)?;
    if let Some(host) = &arguments.host {
        reading.rename(host);
    }
    let Some(host) = reading.host else {
        let what = format!("{}: it names no host; name it by --host", file.display());
        return Err(Refusal::new(RefusalCode::InventoryWrong).with(what).into());
    };
    Ok(InventoryTold {
        host,
        tool: reading.tool,
        tool_version: reading.tool_version,
        format: reading.format,
        said_at: reading.said_at,
        sha256: hex::encode(Sha256::digest(&bytes)),
        bytes: bytes.len() as u64,
        parts: reading.parts,
        note: arguments.note.clone(),
    })
}

fn print(told: &InventoryTold, language: Language) {
    let (host, format) = (&told.host, &told.format);
    let tool = match &told.tool_version {
        Some(version) => format!("{} {version}", told.tool),
        None => told.tool.clone(),
    };
    let items: usize = told.parts.iter().map(|part| part.items.len()).sum();
    let (ja_at, en_at) = match told.said_at {
        Some(at) => (at.for_people_in_japan(), at.for_people_in_japan()),
        None => ("時点の記載なし".into(), "it does not say when".into()),
    };
    say_printable(
        match language {
            Language::Ja => format!("{host}：{tool} による {items} 件を {format} として読みました（{ja_at}）。"),
            Language::En => format!("{host}: read {items} items by {tool} as {format} ({en_at})."),
        }
        .as_str(),
    );
    for part in &told.parts {
        let outcome = serde_json::to_value(part.outcome).ok();
        let outcome = outcome.as_ref().and_then(Value::as_str).unwrap_or_default();
        say_printable(&format!("  {} ({outcome}): {}", part.collector, part.items.len()));
        part.troubles.iter().for_each(|trouble| say_printable(&format!("    ! {}", trouble.text)));
    }
}

fn entered(answer: &Value, language: Language) {
    let host = answer.get("agent_id").and_then(Value::as_str).unwrap_or_default();
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => say_text(
            language,
            &format!("台帳に記録しました（記録番号 {seq}、ホスト {host}）。"),
            &format!("It stands in the ledger (entry {seq}, host {host})."),
        ),
        None => say_text(language, "新しい内容はありません。", "That says nothing new."),
    }
}
