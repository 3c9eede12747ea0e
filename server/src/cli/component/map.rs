//! `daicho component map`: a person's table (XLSX, CSV) into decisions, each with the table and its row as provenance.
//! It does not decide what differs; the server compares. Invariant: every line is shown with what would become of it before
//! anything enters; a row that cannot be read keeps the whole table out.

use super::{said_words, selector_words};
use crate::check::EXIT_FOUND;
use crate::cli::client::Client;
use crate::cli::record::read;
use crate::cli::supplier::RecordsArguments;
use crate::cli::{block_on, say, say_text};
use crate::sheets::{self, refuse};
use crate::tables::components::{self, DecisionsRead};
use anyhow::Context as _;
use clap::Args;
use daicho_schemas::fact::component::ComponentDecided;
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::text::{Language, Text, printable};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Which table, and how.
#[derive(Debug, Args)]
pub(crate) struct MapArguments {
    /// The table: XLSX, or CSV in UTF-8 or Shift_JIS. Columns: vendor, product, version, supplier, category, part, reason …
    table: PathBuf,
    /// The sheet of an XLSX file; the first one where it is not given
    #[arg(long)]
    sheet: Option<String>,
    /// Lines that differ from a decision that stands replace it; without this they are refused
    #[arg(long)]
    replace: bool,
    /// Only show what would become of each line
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    records: RecordsArguments,
}

pub(super) fn run(arguments: &MapArguments, language: Language) -> anyhow::Result<ExitCode> {
    let sheets = sheets::read(&read(&arguments.table, RefusalCode::SpreadsheetMalformed)?)?;
    let sheet = match &arguments.sheet {
        Some(name) => sheets.iter().find(|sheet| sheet.name == *name),
        None => sheets.first(),
    };
    let sheet = sheet.ok_or_else(|| {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        refuse(format!("no such sheet; the file has: {}", names.join(", ")))
    })?;
    let name = arguments.table.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let read = components::read(sheet, &name, &arguments.records.all()?)?;
    show_headers(&read, language);
    for (row, why) in &read.unreadable {
        let why = printable(why);
        say_text(language, &format!("{row} 行目は読めません: {why}"), &format!("row {row} cannot be read: {why}"));
    }
    // First only what would become of it; what is asked for enters when that was shown.
    let compared = post(arguments, &read.lines, true)?;
    let whole = show_lines(&compared, language) && read.unreadable.is_empty();
    if !whole {
        say_text(
            language,
            "読めない行か受け付けられない行があるため、何も記録していません。直してもう一度実行してください。",
            "Some lines cannot be read or are refused: nothing was written. Correct them and run this again.",
        );
        return Ok(ExitCode::from(EXIT_FOUND));
    }
    if arguments.dry_run {
        say_text(language, "何も記録していません（--dry-run）。", "Nothing was written (--dry-run).");
        return Ok(ExitCode::SUCCESS);
    }
    let entered = post(arguments, &read.lines, false)?.get("entered").and_then(Value::as_u64).unwrap_or(0);
    say_text(
        language,
        &format!("{entered} 件の決定を台帳に記録しました。"),
        &format!("{entered} decisions stand in the ledger now."),
    );
    Ok(ExitCode::SUCCESS)
}

fn post(arguments: &MapArguments, lines: &[ComponentDecided], dry_run: bool) -> anyhow::Result<Value> {
    let line = |decision: &ComponentDecided| -> anyhow::Result<Value> {
        let mut line = serde_json::to_value(decision)?;
        line.as_object_mut().context("a decision is an object")?.remove("decision_id");
        Ok(line)
    };
    let lines: Vec<Value> = lines.iter().map(line).collect::<Result<_, _>>()?;
    let body = serde_json::to_vec(&json!({ "lines": lines, "replace": arguments.replace, "dry_run": dry_run }))?;
    block_on(async { Client::new(arguments.records.server())?.post("/decisions/table", body).await })
}

fn show_headers(read: &DecisionsRead, language: Language) {
    for (words, means) in &read.headers {
        let unread = || Text::new("（読みません）", "(read by nobody)").get(language).to_string();
        let means = means.map_or_else(unread, |means| format!("{means:?}"));
        say(&format!("  {} → {means}", printable(words)));
    }
}

/// Shows each line with what would become of it. Answers whether all of them can enter.
fn show_lines(compared: &Value, language: Language) -> bool {
    for line in compared.get("lines").and_then(Value::as_array).into_iter().flatten() {
        let decision = line.get("decision").cloned().unwrap_or_default();
        let row = decision.pointer("/from_table/row").and_then(Value::as_u64).unwrap_or(0);
        let what = match line.get("outcome").and_then(Value::as_str) {
            Some("new") => Text::new("新規", "new"),
            Some("same") => Text::new("変更なし", "same"),
            Some("replaces") => Text::new("置き換え", "replaces"),
            _ => Text::new("不可", "REFUSED"),
        };
        let mut words = format!("{row:>5}  {}  {}", what.get(language), selector_words(&decision));
        words.push_str(&format!(" → {}", said_words(&decision, language)));
        if let Some(before) = line.get("before").filter(|before| !before.is_null()) {
            let id = before.get("decision_id").and_then(Value::as_str).unwrap_or("–");
            words.push_str(&format!("  [{id}: {}]", said_words(before, language)));
        }
        say(&printable(&words));
        if let Some(refusal) = line.get("refusal").filter(|refusal| !refusal.is_null()) {
            let of = |pointer: &str| refusal.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let text = of(if language == Language::Ja { "/text/ja" } else { "/text/en" });
            say(&printable(&format!("       {text} {}", of("/detail"))));
        }
    }
    compared.get("whole").and_then(Value::as_bool).unwrap_or(false)
}
