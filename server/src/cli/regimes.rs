//! `daicho regimes`: what this release knows of the law, how sure it is, and whether its test cases pass.
//! It does not know what the law should say; a lawyer does, and may hand in a changed file.
//! Invariant: a row is never shown without its article, its days and its confidence.

use super::files::{self, Format};
use super::{say, say_text};
use crate::model::duties::table::{JP_ESPA, ROWS_FORMAT, confidence_meaning, jp_espa_with};
use crate::model::regimes::{FILES, Listed, cases, listed};
use clap::{Args, Subcommand};
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::regime::{Basis, LawFile, Row, Standing, problems};
use daicho_schemas::text::{Language, Text, printable};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with the law.
#[derive(Debug, Subcommand)]
pub(crate) enum RegimesCommand {
    /// What this release knows, or one row in full (収録している法令と、その確からしさ)
    Show(ShowArguments),
    /// Run the test cases that the files of law carry (法令データの試験例を実行する)
    Test {
        /// A changed file of law; everything in this release where none is given (変更した法令データ)
        file: Option<PathBuf>,
    },
}

/// What to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// A regime (jp-espa), a list (businesses, clocks) or a row (一覧や行の id)
    id: Option<String>,
    /// How to print (出力形式)
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(command: &RegimesCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        RegimesCommand::Show(arguments) => show(arguments, language),
        RegimesCommand::Test { file } => test(file.as_deref(), language),
    }
}

fn show(arguments: &ShowArguments, language: Language) -> anyhow::Result<ExitCode> {
    let all = listed();
    let Some(id) = arguments.id.as_deref() else {
        match arguments.format {
            Format::Json => files::print_json(&Value::Array(all.iter().map(file_json).collect()))?,
            Format::Table => all.iter().for_each(|file| show_file(file, language)),
        }
        return Ok(ExitCode::SUCCESS);
    };
    let rows: Vec<(&Listed, &Row)> = all.iter().flat_map(|file| file.rows.iter().map(move |row| (file, row))).collect();
    let exact: Vec<_> = rows.iter().filter(|(_, row)| row.id == id).collect();
    let listed: Vec<_> = rows.iter().filter(|(file, row)| file.regime == id || row.list == id).collect();
    match arguments.format {
        _ if exact.is_empty() && listed.is_empty() => {
            let what = format!("'{id}': `daicho regimes show jp-espa` and `daicho regimes show jp-acd` list every row");
            return Err(Refusal::new(RefusalCode::NotFound).with(what).into());
        }
        Format::Json => {
            let wanted = if exact.is_empty() { listed } else { exact };
            files::print_json(&Value::Array(wanted.into_iter().map(|(file, row)| row_json(file, row)).collect()))?;
        }
        Format::Table if exact.is_empty() => listed.iter().for_each(|(_, row)| show_line(row, language)),
        Format::Table => exact.iter().for_each(|(file, row)| show_row(file, row, language)),
    }
    Ok(ExitCode::SUCCESS)
}

fn file_json(file: &Listed) -> Value {
    json!({
        "file": file.name, "regime": file.regime, "version": file.version, "name": file.title, "source": file.source,
        "weakest_confidence": file.weakest(), "rows": file.rows.iter().map(|row| &row.id).collect::<Vec<_>>(),
    })
}

fn row_json(file: &Listed, row: &Row) -> Value {
    json!({"file": file.name, "version": file.version, "list": row.list, "id": row.id, "row": row.detail})
}

fn show_file(file: &Listed, language: Language) {
    let weakest = file.weakest().map_or("-", |tag| tag.as_str());
    let meaning = confidence_meaning(weakest);
    say(&format!("{} ({}, v{})", file.title.get(language), file.regime, file.version));
    let rows = file.rows.len();
    say_text(
        language,
        &format!("  {}：{rows} 行。最も弱い確からしさ：{weakest}（{}）", file.name, meaning.ja),
        &format!("  {}: {rows} rows; weakest confidence: {weakest} ({})", file.name, meaning.en),
    );
    say(&format!("  {}", file.source.get(language)));
}

fn show_line(row: &Row, language: Language) {
    let standing = match row.basis.standing {
        Standing::InForce => String::new(),
        Standing::EnactedNotInForce => format!(" {}", pick(language, "【未施行】", "[NOT IN FORCE]")),
    };
    let (list, id, tag) = (row.list, &row.id, row.basis.weakest().as_str());
    say(&format!("{list:<18} {id:<34} {tag:<4} {}{standing}", row.title.get(language)));
}

fn show_row(file: &Listed, row: &Row, language: Language) {
    say(row.title.get(language));
    say(&format!("  {} v{} › {} › {}", file.name, file.version, row.list, row.id));
    show_basis(&row.basis, language, "  ");
    say("");
    let mut lines = Vec::new();
    files::in_words(&row.detail, language, 1, &mut lines);
    lines.iter().for_each(|line| say(line));
    say("");
}

/// Articles, days, confidence and note.
pub(super) fn show_basis(basis: &Basis, language: Language, indent: &str) {
    let Basis { articles, standing, effective_from, effective_to, confidence, days_confidence, note } = basis;
    for article in articles {
        say(&format!("{indent}§ {}", article.get(language)));
    }
    let day = |day: &Option<daicho_schemas::time::CalendarDate>| day.map_or_else(String::new, |day| day.to_string());
    match standing {
        Standing::InForce => {
            let tag = days_confidence.map_or_else(String::new, |tag| format!(" [{}]", tag.as_str()));
            let days = format!("{} – {}{tag}", day(effective_from), day(effective_to));
            say(&format!("{indent}{}: {days}", pick(language, "施行", "in force")));
        }
        Standing::EnactedNotInForce => say(&format!(
            "{indent}{}",
            pick(language, "成立済み・未施行。内容は未定です。", "ENACTED, NOT IN FORCE; details are still to be set.")
        )),
    }
    let meaning = confidence_meaning(confidence.as_str());
    say(&format!("{indent}[{}] {}", confidence.as_str(), meaning.get(language)));
    if let Some(note) = note {
        say(&format!("{indent}※ {}", note.get(language)));
    }
}

fn pick(language: Language, ja: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Ja => ja,
        Language::En => en,
    }
}

fn test(file: Option<&Path>, language: Language) -> anyhow::Result<ExitCode> {
    let (found, wrong) = match file {
        Some(path) => of_one(path)?,
        None => {
            let own = FILES.iter().flat_map(|shipped| cases::of_file(&shipped.file));
            let wrong = FILES.iter().flat_map(|shipped| problems(&shipped.file));
            (cases::of_table(&JP_ESPA).into_iter().chain(own).collect::<Vec<_>>(), wrong.collect::<Vec<_>>())
        }
    };
    for problem in &wrong {
        say(&format!("✗ {}", printable(problem.get(language))));
    }
    for case in &found {
        let mark = if case.passed() { "✓" } else { "✗" };
        say(&printable(&format!("{mark} {}: {} → {}", case.row, case.name, case.found)));
        if !case.passed() {
            let expected = &case.expected;
            say_text(
                language,
                &format!("    期待：{}", printable(expected)),
                &format!("    expected: {}", printable(expected)),
            );
        }
    }
    let failed = found.iter().filter(|case| !case.passed()).count();
    let (cases, problems) = (found.len(), wrong.len());
    say_text(
        language,
        &format!("試験例 {cases} 件のうち失敗 {failed} 件、データの問題 {problems} 件。"),
        &format!("{cases} cases, {failed} failed; {problems} problems in the data."),
    );
    Ok(if failed + problems == 0 { ExitCode::SUCCESS } else { ExitCode::from(files::EXIT_FOUND) })
}

/// The one field that tells a file of rows.
#[derive(serde::Deserialize)]
struct OfFormat {
    format: String,
}

/// A file that somebody changed: a file of law, or rows of the decision table, which are tested among all others.
fn of_one(path: &Path) -> anyhow::Result<(Vec<cases::Case>, Vec<Text>)> {
    let bytes = files::read(path, IMPORT_BYTES_MAX, RefusalCode::RequestMalformed)?;
    let refuse = |what: String| Refusal::new(RefusalCode::RequestMalformed).with(format!("{}: {what}", path.display()));
    let OfFormat { format } = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    if format == ROWS_FORMAT {
        let text = std::str::from_utf8(&bytes).map_err(|error| refuse(error.to_string()))?;
        return Ok((cases::of_table(&jp_espa_with(text).map_err(refuse)?), Vec::new()));
    }
    let file = LawFile::parse(&bytes).map_err(|error| refuse(error.to_string()))?;
    Ok((cases::of_file(&file), problems(&file)))
}
