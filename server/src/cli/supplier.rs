//! `daicho supplier …`: records into the ledger, names looked up, questionnaires out and in, people's own tables read.
//! It does not judge what it reads; `intake/`, `questionnaire/` and `tables/` do.
//! Invariant: nothing is taken over before its differences were shown, and no file is overwritten.

pub(crate) mod missing;
mod tables;

use super::client::{Client, ServerArguments};
use super::reading::{Reader, ReadingArguments};
use super::record::read;
use super::{block_on, say, say_text};
use crate::intake::declarations::parse_suppliers;
use crate::model::meaning::names::{Likeness, proposals};
use crate::questionnaire::answer::Answer;
use crate::questionnaire::{Role, answer, out};
use crate::sheets;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use daicho_schemas::fact::supplier::{
    Band, Crossing, SUPPLIERS_FORMAT, SupplierRecord, SuppliersFile, upward_crossings,
};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with suppliers.
#[derive(Debug, Subcommand)]
pub(crate) enum SupplierCommand {
    /// Put supplier records into the ledger (供給者の記録を取り込む)
    Import {
        /// The supplier file (JSON, schemas/json/suppliers.v1.schema.json)
        file: PathBuf,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Which records may a name mean? Proposals, never facts (名称から候補を探す)
    Find {
        /// The name, in any spelling
        name: String,
        /// A supplier file instead of the ledger's records (供給者ファイル)
        #[arg(long, value_name = "SUPPLIERS", conflicts_with_all = ["as_of", "offline"])]
        suppliers: Option<PathBuf>,
        #[command(flatten)]
        reading: ReadingArguments,
    },
    /// Write a questionnaire for a supplier: what its role must give, and what we know (確認票を書き出す)
    Questionnaire {
        /// Whom to ask
        #[arg(long)]
        supplier: String,
        /// In which role
        #[arg(long, value_parser = parse_role, value_name = "equipment_supplier|component_supplier|contractor|subcontractor")]
        role: Role,
        /// The language of the questionnaire: ja or en (確認票の言語)
        #[arg(long, value_parser = super::parse_language)]
        language: Option<Language>,
        /// The XLSX file to write
        #[arg(long, value_name = "FILE.xlsx")]
        out: PathBuf,
        #[command(flatten)]
        records: RecordsArguments,
    },
    /// Read a questionnaire that came back: show what differs, and take it over with --apply (回答を読み込む)
    Answer {
        /// The XLSX file
        file: PathBuf,
        /// Take the answers over: into --out where it is given, else into the ledger (取り込む)
        #[arg(long)]
        apply: bool,
        /// With --apply: a new supplier file with the new record, instead of the ledger
        #[arg(long, value_name = "FILE.json")]
        out: Option<PathBuf>,
        #[command(flatten)]
        records: RecordsArguments,
    },
    /// Erase the data of a supplier's people for ever: the key goes, the ledger stays whole (個人の情報を消去する)
    Erase {
        /// Whose people
        supplier: String,
        /// Why; it stays in the ledger, so name nobody (理由)
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Read a table of your own (XLSX, CSV) into a supplier file (手元の一覧表を読み込む)
    ReadTable(tables::ReadTableArguments),
}

/// Where the records are: in a file, or on the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct RecordsArguments {
    /// A supplier file instead of the server's records (供給者ファイル)
    #[arg(long, value_name = "SUPPLIERS")]
    suppliers: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::of_key(text).ok_or_else(|| Role::ALL.map(Role::key).join(", "))
}

pub(crate) fn run(command: &SupplierCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        SupplierCommand::Import { file, server } => import(file, server, language),
        SupplierCommand::Find { name, suppliers, reading } => {
            let records = match suppliers {
                Some(file) => of_file(file)?,
                None => block_on(async {
                    let reader = reading.open(language).await?;
                    reader.announce(false, language);
                    records_of(reader.all("/suppliers").await?)
                })?,
            };
            find(name, &records, language)
        }
        SupplierCommand::Questionnaire { supplier, role, language: asked, out, records } => {
            questionnaire(supplier, *role, asked.unwrap_or(language), out, records, language)
        }
        SupplierCommand::Answer { file, apply, out, records } => {
            take_answer(file, apply.then_some(out.as_deref()), records, language)
        }
        SupplierCommand::Erase { supplier, reason, server } => erase(supplier, reason, server, language),
        SupplierCommand::ReadTable(arguments) => tables::run(arguments, language),
    }
}

fn import(file: &Path, server: &ServerArguments, language: Language) -> anyhow::Result<ExitCode> {
    let bytes = read(file, RefusalCode::SuppliersMalformed)?;
    let suppliers = parse_suppliers(&bytes)?.suppliers.len();
    block_on(async { Client::new(server)?.post("/suppliers", bytes).await })?;
    say_text(
        language,
        &format!("供給者 {suppliers} 件を台帳に記録しました。"),
        &format!("{suppliers} supplier records stand in the ledger."),
    );
    Ok(ExitCode::SUCCESS)
}

fn erase(supplier: &str, reason: &str, server: &ServerArguments, language: Language) -> anyhow::Result<ExitCode> {
    let id = SupplierId::new(supplier).map_err(|_| Refusal::new(RefusalCode::NotFound).with(supplier))?;
    let body = serde_json::to_vec(&serde_json::json!({ "reason": reason }))?;
    block_on(async { Client::new(server)?.post(&format!("/suppliers/{id}/erase-people"), body).await })?;
    say_text(
        language,
        &format!(
            "{id} の個人の情報の鍵を消去しました。台帳に残る暗号文は二度と読めません。バックアップにある people-keys フォルダーの鍵も消去してください。"
        ),
        &format!(
            "The key of {id}'s people is erased: what the ledger holds of them can never be read again. Erase it in backups of the folder people-keys, too."
        ),
    );
    Ok(ExitCode::SUCCESS)
}

impl RecordsArguments {
    /// Which server.
    pub(crate) fn server(&self) -> &ServerArguments {
        &self.server
    }

    /// Every record.
    pub(crate) fn all(&self) -> anyhow::Result<Vec<SupplierRecord>> {
        match &self.suppliers {
            Some(file) => of_file(file),
            None => {
                let reader = Reader::now(&self.server)?;
                block_on(async { records_of(reader.all("/suppliers").await?) })
            }
        }
    }
}

fn of_file(file: &Path) -> anyhow::Result<Vec<SupplierRecord>> {
    Ok(parse_suppliers(&read(file, RefusalCode::SuppliersMalformed)?)?.suppliers)
}

/// The records in rows of the list of suppliers.
fn records_of(rows: Vec<Value>) -> anyhow::Result<Vec<SupplierRecord>> {
    let record = |mut item: Value| {
        // What the list says beside the record itself.
        if let Some(row) = item.as_object_mut() {
            row.retain(|key, _| !matches!(key.as_str(), "parts" | "components" | "seq" | "people_erased_on"));
        }
        serde_json::from_value(item).context("the server's supplier record is not of this release")
    };
    rows.into_iter().map(record).collect()
}

fn find(name: &str, records: &[SupplierRecord], language: Language) -> anyhow::Result<ExitCode> {
    let found = proposals(name, records);
    for proposal in &found {
        let how = match proposal.likeness {
            Likeness::Same => Text::new("同じ名称", "same name"),
            Likeness::Perhaps => Text::new("法人格のみ異なる可能性", "same but for the legal form"),
        };
        let spelling = printable(proposal.spelling);
        say(&format!("{}\t{}\t{spelling}", proposal.record.supplier_id, how.get(language)));
    }
    match found.is_empty() {
        true => say_text(language, "該当する供給者は見つかりません。", "No supplier has such a name."),
        false => say_text(
            language,
            "名称による候補です。同じ法人かどうかは人が確認してください。",
            "These are proposals by name. Whether it is the same legal entity is for a person to say.",
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn questionnaire(
    supplier: &str,
    role: Role,
    asked: Language,
    file: &Path,
    records: &RecordsArguments,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let unknown = || Refusal::new(RefusalCode::SupplierUnknown).with(supplier);
    let id = SupplierId::new(supplier).map_err(|_| unknown())?;
    let record = records.all()?.into_iter().find(|record| record.supplier_id == id).ok_or_else(unknown)?;
    write_new(file, &out::write(&record, role, asked)?)?;
    let shown = file.display();
    say_text(
        language,
        &format!("確認票 {shown} を書き出しました。回答は `daicho supplier answer {shown}` で読み込めます。"),
        &format!("Wrote {shown}. When it comes back: `daicho supplier answer {shown}`."),
    );
    Ok(ExitCode::SUCCESS)
}

/// `apply`: whether to take it over, and into which file; into the ledger where none is named.
fn take_answer(
    file: &Path,
    apply: Option<Option<&Path>>,
    records: &RecordsArguments,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let sheets = sheets::read(&read(file, RefusalCode::SpreadsheetMalformed)?)?;
    let all = records.all()?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let answer = answer::read(&sheets, &name, |id| all.iter().find(|record| record.supplier_id == *id).cloned())?;
    show(&answer, language);
    let Some(into) = apply else {
        say_text(
            language,
            "まだ取り込んでいません。取り込むには --apply を付けてください。",
            "Nothing is taken over yet: add --apply.",
        );
        return Ok(ExitCode::SUCCESS);
    };
    if answer.after == answer.before {
        return Ok(ExitCode::SUCCESS);
    }
    let one = SuppliersFile { format: SUPPLIERS_FORMAT.into(), suppliers: vec![answer.after] };
    let bytes = serde_json::to_vec_pretty(&one)?;
    match (into, &records.suppliers) {
        (Some(out), _) => {
            write_new(out, &bytes)?;
            say_text(language, &format!("{} を書き出しました。", out.display()), &format!("Wrote {}.", out.display()));
        }
        (None, Some(_)) => {
            let detail = "--out: with --suppliers the new record goes into a new file; name it";
            return Err(Refusal::new(RefusalCode::RequestMalformed).with(detail).into());
        }
        (None, None) => {
            block_on(async { Client::new(&records.server)?.post("/suppliers", bytes).await })?;
            say_text(language, "回答を台帳に記録しました。", "The answers stand in the ledger.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(answer: &Answer, language: Language) {
    let (id, role) = (&answer.before.supplier_id, answer.role.label());
    say(&format!("{id} ({})", role.get(language)));
    let differences = answer.differences(language);
    if differences.is_empty() {
        say_text(language, "  記録との違いはありません。", "  Nothing differs from the record.");
    }
    for difference in &differences {
        say(&format!("  {}", difference.field.label().get(language)));
        for (mark, lines) in [('-', &difference.before), ('+', &difference.after)] {
            lines.iter().for_each(|line| say(&format!("    {mark} {}", printable(line))));
        }
    }
    for crossing in crossings(answer) {
        let (ja, en) = band(crossing.band);
        let holder = &crossing.holder_id;
        say_text(
            language,
            &format!("  ! 保有者 {holder} の割合が増え、新たに「{ja}」になりました（{}）。", crossing.after),
            &format!("  ! holder {holder} rose to {} and is newly in '{en}'", crossing.after),
        );
    }
}

fn band(band: Band) -> (&'static str, &'static str) {
    match band {
        Band::BelowQuarter => ("25％未満", "below 25 %"),
        Band::Quarter => ("25％以上3分の1未満", "25 % to below 1/3"),
        Band::Third => ("3分の1以上50％未満", "1/3 to below 50 %"),
        Band::Half => ("50％以上", "50 % and more"),
    }
}

/// The crossings of the three edges that the answer brings (ord. 24(i)ロ): each record as of its own last day.
fn crossings(answer: &Answer) -> Vec<Crossing> {
    let last = |record: &SupplierRecord| -> Option<CalendarDate> {
        let holders = record.items.holders.as_ref()?.value()?;
        holders.iter().flat_map(|holder| &holder.shares).map(|share| share.from).max()
    };
    let (before, after) = (&answer.before.items.holders, &answer.after.items.holders);
    let days = last(&answer.before).zip(last(&answer.after));
    days.and_then(|(was, is)| upward_crossings((before.as_ref(), was), (after.as_ref(), is))).unwrap_or_default()
}

/// Writes a file that must not exist yet.
fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let doing = || format!("write {} (it must not exist yet)", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).with_context(doing)?;
    file.write_all(bytes).with_context(doing)
}
