//! `daicho check-list show|answer|sheet|write`: the lists about an equipment or a plan, an answer, a list on paper or as a spreadsheet.
//! It does not judge an answer; the server does.
//! Invariant: an answer names the one that stands when it is given, so that nobody is overruled unseen.

use super::client::{Client, ServerArguments};
use super::files::write_new_bytes;
use super::{block_on, say, say_text};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use daicho_schemas::text::{Language, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with check lists.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckListCommand {
    /// How much is open, or one list item by item (未回答と回答)
    Show {
        #[command(flatten)]
        about: About,
        /// One list: risk-measures, hospital-check-list, vpn-questions, water-standard, port-business-plan
        #[arg(long)]
        list: Option<String>,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Answer an item; it stays in the ledger under your name (項目に回答する)
    Answer(AnswerArguments),
    /// Write a list to be printed, for an inspection or for one vendor (印刷用の用紙、事業者確認用)
    Sheet {
        #[command(flatten)]
        about: About,
        /// The list
        #[arg(long)]
        list: String,
        /// For which vendor; for an inspection when left out (事業者)
        #[arg(long, value_parser = |text: &str| SupplierId::new(text))]
        vendor: Option<SupplierId>,
        /// Where to write it; a browser prints it
        #[arg(long, value_name = "FILE.html")]
        out: PathBuf,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Write a list with its answers as a spreadsheet (XLSX に書き出す)
    Write {
        #[command(flatten)]
        about: About,
        /// The list
        #[arg(long)]
        list: String,
        /// Where to write it
        #[arg(long, value_name = "FILE.xlsx")]
        out: PathBuf,
        #[command(flatten)]
        server: ServerArguments,
    },
}

/// About what.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct About {
    /// The equipment (特定重要設備)
    #[arg(long, value_parser = |text: &str| EquipmentId::new(text).map_err(|error| error.to_string()))]
    equipment: Option<EquipmentId>,
    /// The plan (計画)
    #[arg(long, value_parser = |text: &str| PlanId::new(text).map_err(|error| error.to_string()))]
    plan: Option<PlanId>,
}

/// An answer.
#[derive(Debug, Args)]
pub(crate) struct AnswerArguments {
    #[command(flatten)]
    about: About,
    /// The item: water-locked, risk-I-1 …
    item: String,
    /// yes, no, not_applicable or unknown
    #[arg(long, value_parser = |text: &str| CheckAnswer::named(text).ok_or("yes, no, not_applicable or unknown"))]
    answer: CheckAnswer,
    /// The day of the answer, in Japan (回答日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: CalendarDate,
    /// Its last day (有効期限)
    #[arg(long, value_name = "YYYY-MM-DD")]
    valid_through: Option<CalendarDate>,
    /// The day until which a no is to become a yes (目標日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    target: Option<CalendarDate>,
    /// What is done, or why; needed for every answer but yes
    #[arg(long, default_value = "")]
    note: String,
    /// What shows it; may be given again (確認書類)
    #[arg(long)]
    evidence: Vec<String>,
    #[command(flatten)]
    server: ServerArguments,
}

impl About {
    fn query(&self) -> String {
        match (&self.equipment, &self.plan) {
            (Some(id), _) => format!("equipment_id={id}"),
            (None, Some(id)) => format!("plan_id={id}"),
            (None, None) => String::new(),
        }
    }

    fn thing(&self) -> Value {
        match (&self.equipment, &self.plan) {
            (Some(id), _) => json!({ "equipment": id }),
            (None, id) => json!({ "plan": id }),
        }
    }
}

pub(crate) fn run(command: &CheckListCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        CheckListCommand::Show { about, list, server } => {
            let list = list.as_ref().map_or_else(String::new, |list| format!("&list_id={list}"));
            let sheets =
                block_on(async { Client::new(server)?.get(&format!("/check-lists?{}{list}", about.query())).await })?;
            show(sheets.as_array().context("the server answered without lists")?, !list.is_empty(), language);
        }
        CheckListCommand::Answer(arguments) => answer(arguments, language)?,
        CheckListCommand::Sheet { about, list, vendor, out, server } => {
            let lang = if language == Language::En { "en" } else { "ja" };
            let vendor = vendor.as_ref().map_or_else(String::new, |id| format!("&vendor={id}"));
            let place = format!("/api/v1/check-lists/sheet.html?{}&list_id={list}{vendor}&lang={lang}", about.query());
            let bytes = block_on(async { Client::new(server)?.bytes(&place).await })?;
            write_new_bytes(out, &bytes)?;
            let out = out.display();
            say_text(language, &format!("{out} に書き出しました。"), &format!("Wrote {out}."));
        }
        CheckListCommand::Write { about, list, out, server } => {
            let lang = if language == Language::En { "en" } else { "ja" };
            let place = format!("/api/v1/check-lists.xlsx?{}&list_id={list}&lang={lang}", about.query());
            let bytes = block_on(async { Client::new(server)?.bytes(&place).await })?;
            write_new_bytes(out, &bytes)?;
            let out = out.display();
            say_text(language, &format!("{out} に書き出しました。"), &format!("Wrote {out}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn word(value: Option<&Value>, language: Language) -> String {
    let tag = if language == Language::En { "en" } else { "ja" };
    printable(value.and_then(|text| text.get(tag)).and_then(Value::as_str).unwrap_or_default()).to_string()
}

fn show(sheets: &[Value], items: bool, language: Language) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    for sheet in sheets {
        if !items {
            let count =
                |key: &str| sheet.pointer(&format!("/counts/{key}")).and_then(Value::as_u64).unwrap_or_default();
            let open = count("unanswered") + count("unknown") + count("expired");
            let id = sheet.pointer("/list/list_id").and_then(Value::as_str).unwrap_or_default();
            let open = match language {
                Language::Ja => format!("要回答 {open}"),
                Language::En => format!("open {open}"),
            };
            table.add_row([id.to_string(), word(sheet.pointer("/list/name"), language), open]);
            continue;
        }
        for row in sheet.get("items").and_then(Value::as_array).into_iter().flatten() {
            let id = row.pointer("/item/item_id").and_then(Value::as_str).unwrap_or_default();
            let answer = row.pointer("/answer/answered/answer").and_then(Value::as_str).unwrap_or("-");
            let expired = row.get("expired").and_then(Value::as_bool).unwrap_or_default();
            let answer = if expired { format!("{answer} (expired)") } else { answer.to_string() };
            table.add_row([id.to_string(), answer, word(row.pointer("/item/text"), language)]);
        }
    }
    say(&table.to_string());
}

fn answer(arguments: &AnswerArguments, language: Language) -> anyhow::Result<()> {
    let AnswerArguments { about, item, answer, on, valid_through, target, note, evidence, server } = arguments;
    let told = block_on(async {
        let client = Client::new(server)?;
        let sheets = client.get(&format!("/check-lists?{}", about.query())).await?;
        let of = |sheet: &Value| -> Option<(String, Option<u64>)> {
            let rows = sheet.get("items")?.as_array()?;
            let row = rows.iter().find(|row| row.pointer("/item/item_id").and_then(Value::as_str) == Some(item))?;
            let list = sheet.pointer("/list/list_id")?.as_str()?.to_string();
            Some((list, row.pointer("/answer/seq").and_then(Value::as_u64)))
        };
        let Some((list, replaces)) = sheets.as_array().into_iter().flatten().find_map(of) else {
            bail!("no list has the item '{item}'; `daicho check-list show` names lists and items");
        };
        let body = json!({
            "about": about.thing(), "list_id": list, "item_id": item, "answer": answer, "on": on,
            "valid_through": valid_through, "target_on": target, "note": note, "evidence": evidence, "replaces": replaces,
        });
        client.post("/check-answers", serde_json::to_vec(&body)?).await
    })?;
    let seq = told.get("entry_seq").unwrap_or(&Value::Null);
    say_text(language, &format!("記録しました（記録 {seq}）。"), &format!("Recorded (entry {seq})."));
    Ok(())
}
