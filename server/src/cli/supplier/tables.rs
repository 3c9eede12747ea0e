//! `daicho supplier read-table`: a table of people's own, with the mapping that its headers suggest, into a supplier file.
//! It does not reach a ledger: what it writes is looked at and imported like any other file.
//! Invariant: rows that could not be read are printed with their numbers, and the exit code says that there are some.

use super::{RecordsArguments, write_new};
use crate::check::EXIT_FOUND;
use crate::cli::record::read;
use crate::cli::{say, say_text};
use crate::model::meaning::names::Likeness;
use crate::sheets::{self, Sheet, refuse};
use crate::tables::{self, Mapping, TableRead};
use anyhow::Context as _;
use clap::Args;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which table, and how.
#[derive(Debug, Args)]
pub(crate) struct ReadTableArguments {
    /// The table: XLSX, or CSV in UTF-8 or Shift_JIS
    file: PathBuf,
    /// The day the table speaks about (一覧表の時点)
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: String,
    /// The sheet of an XLSX file; the first one where it is not given
    #[arg(long)]
    sheet: Option<String>,
    /// Which column means what, as --write-mapping wrote it; from the headers where it is not given
    #[arg(long, value_name = "MAP.json")]
    mapping: Option<PathBuf>,
    /// Write the mapping that the headers suggest, to be corrected (対応付けを書き出す)
    #[arg(long, value_name = "MAP.json")]
    write_mapping: Option<PathBuf>,
    /// The supplier file to write; without it nothing is written
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,
    /// Compare names with the records that stand: with those of --suppliers
    #[command(flatten)]
    records: RecordsArguments,
}

/// Rows that are shown to judge a mapping by.
const SAMPLE_ROWS: usize = 3;

pub(super) fn run(arguments: &ReadTableArguments, language: Language) -> anyhow::Result<ExitCode> {
    let as_of: CalendarDate = arguments
        .as_of
        .parse()
        .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(format!("--as-of: {error}")))?;
    let sheets = sheets::read(&read(&arguments.file, RefusalCode::SpreadsheetMalformed)?)?;
    let sheet = sheet_of(&sheets, arguments.sheet.as_deref())?;
    let mapping: Mapping = match &arguments.mapping {
        Some(file) => {
            let bytes = read(file, RefusalCode::SpreadsheetMalformed)?;
            serde_json::from_slice(&bytes).map_err(|error| refuse(format!("{}: {error}", file.display())))?
        }
        None => tables::propose(sheet)?,
    };
    let known: Vec<SupplierRecord> = match arguments.records.suppliers {
        Some(_) => arguments.records.all()?,
        None => Vec::new(),
    };
    let source = arguments.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let read = tables::read(sheet, &mapping, &source, as_of, &known)?;
    show_mapping(sheet, &mapping, language);
    show_rows(&read, language);
    if let Some(file) = &arguments.write_mapping {
        write_new(file, &serde_json::to_vec_pretty(&mapping)?).context("the mapping")?;
    }
    match &arguments.out {
        Some(out) => {
            write_new(out, &serde_json::to_vec_pretty(&read.file)?)?;
            let (file, count) = (out.display(), read.file.suppliers.len());
            say_text(
                language,
                &format!(
                    "供給者 {count} 件を {file} に書き出しました。確認のうえ `daicho supplier import {file}` で取り込んでください。"
                ),
                &format!("Wrote {count} suppliers to {file}. Look at them, then `daicho supplier import {file}`."),
            );
        }
        None => say_text(
            language,
            "何も書き出していません。--out で供給者ファイルを書き出します。",
            "Nothing is written: --out writes the supplier file.",
        ),
    }
    Ok(if read.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FOUND) })
}

fn sheet_of<'a>(sheets: &'a [Sheet], name: Option<&str>) -> Result<&'a Sheet, Refusal> {
    let found = match name {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name),
        None => sheets.first(),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        refuse(format!("no such sheet; the file has: {}", names.join(", ")))
    })
}

fn show_mapping(sheet: &Sheet, mapping: &Mapping, language: Language) {
    say_text(
        language,
        &format!("見出しは {} 行目です。列の対応付け:", mapping.header_row),
        &format!("The headers stand in row {}. What the columns mean:", mapping.header_row),
    );
    let header = mapping.header_row.checked_sub(1).and_then(|row| sheet.rows.get(&row));
    for (column, cell) in header.into_iter().flatten() {
        let means = match mapping.columns.get(&cell.text) {
            Some(means) => {
                serde_json::to_value(means).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default()
            }
            None => Text::new("（読み込まない）", "(not read)").get(language).to_string(),
        };
        let below = sheet.rows.range(mapping.header_row..).take(SAMPLE_ROWS);
        let samples: Vec<String> = below.map(|(row, _)| printable(sheet.text(*row, *column))).collect();
        say(&format!("  {}\t→ {means}\t[{}]", printable(&cell.text), samples.join(" | ")));
    }
}

fn show_rows(read: &TableRead, language: Language) {
    for (row, why) in &read.unreadable {
        let why = printable(why);
        say_text(language, &format!("{row} 行目は読めません: {why}"), &format!("row {row} is not taken: {why}"));
    }
    for (row, id, likeness) in &read.alike {
        let (ja, en) = match likeness {
            Likeness::Same => ("同じ名称の可能性があります", "has the same name"),
            Likeness::Perhaps => ("法人格を除くと同じ名称です", "has the same name but for the legal form"),
        };
        say_text(
            language,
            &format!("{row} 行目は {id} と{ja}。人が確認してください。"),
            &format!("row {row} {en} as {id}: a person has to look."),
        );
    }
}
