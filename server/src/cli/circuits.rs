//! `daicho network circuits|circuit` and `daicho circuits`: the operator's own list of lines (回線台帳) into the ledger, what a person says
//! of one line, and which lines nothing explains.
//! It does not know what a column holds; `tables/circuits.rs` reads it here, and the file stays where it lies. Invariant: what nobody
//! reads of a list, and what cannot be read, is said before anything is sent.

use super::client::{Client, ServerArguments};
use super::device::{parse_equipment, printed, text_of, today};
use super::files::{self, EXIT_FOUND, Format, print_json};
use super::network::entered;
use super::reading::ReadingArguments;
use super::{block_on, say, say_text};
use crate::sheets;
use crate::tables::circuits::{self, CircuitsRead};
use clap::Args;
use daicho_schemas::fact::circuit::{CircuitIs, CircuitLedgerRead, CircuitSettled};
use daicho_schemas::ids::{CircuitLedgerId, DeviceId, EquipmentId};
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::process::ExitCode;

/// Keys of lines that are printed of one sort of change.
const KEYS_PRINTED: usize = 20;

/// A list.
#[derive(Debug, Args)]
pub(crate) struct CircuitsArguments {
    /// The list: XLSX, or CSV in UTF-8 or Shift_JIS. It needs a column 回線番号 or 管理番号; others that are known are read too
    file: PathBuf,
    /// Your id for the list; the next edition takes the place of the one of the same id
    #[arg(long, default_value = "circuits", value_parser = |text: &str| CircuitLedgerId::new(text))]
    list: CircuitLedgerId,
    /// The sheet of an XLSX file; the only one that is such a list where it is not given
    #[arg(long)]
    sheet: Option<String>,
    /// Whose list it is; the file's name when left out
    #[arg(long)]
    source: Option<String>,
    /// The day that the list speaks of, in Japan; today when left out
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<CalendarDate>,
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

/// What a person says of a line.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["ended_on", "device", "host", "other", "withdraw"])))]
pub(crate) struct CircuitArguments {
    /// The line's key: its own number in the list, else the carrier's
    key: String,
    /// The list
    #[arg(long, default_value = "circuits", value_parser = |text: &str| CircuitLedgerId::new(text))]
    list: CircuitLedgerId,
    /// It was taken away on that day (解約・撤去)
    #[arg(long, value_name = "YYYY-MM-DD")]
    ended_on: Option<CalendarDate>,
    /// This device of the ledger stands at its end (機器)
    #[arg(long, value_parser = |text: &str| DeviceId::new(text))]
    device: Option<DeviceId>,
    /// This host stands at its end
    #[arg(long)]
    host: Option<String>,
    /// Nothing by which anybody comes in, in words: a telefax, a lift's alarm
    #[arg(long)]
    other: Option<String>,
    /// Take back what was said
    #[arg(long)]
    withdraw: bool,
    /// The day on which somebody looked, in Japan; today when left out
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<CalendarDate>,
    /// How that is known; it stays in the ledger
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    server: ServerArguments,
}

/// Which lines.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only those of this equipment (特定重要設備)
    #[arg(long, value_parser = parse_equipment)]
    equipment: Option<EquipmentId>,
    /// Only: unexplained, missing, explained, to_come, ended
    #[arg(long, value_parser = ["unexplained", "missing", "explained", "to_come", "ended"])]
    stand: Option<String>,
    /// How to print
    #[arg(long, default_value = "table")]
    format: Format,
    #[command(flatten)]
    reading: ReadingArguments,
}

pub(super) fn import(arguments: &CircuitsArguments, language: Language) -> anyhow::Result<()> {
    let bytes = files::read(&arguments.file, IMPORT_BYTES_MAX, RefusalCode::SpreadsheetMalformed)?;
    let read = circuits::read(&sheets::read(&bytes)?, arguments.sheet.as_deref())?;
    let name = arguments.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let edition = CircuitLedgerRead {
        circuit_ledger_id: arguments.list.clone(),
        source: arguments.source.clone().unwrap_or(name),
        as_of: arguments.as_of.unwrap_or_else(today),
        sha256: hex::encode(Sha256::digest(&bytes)),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        circuits: read.circuits.clone(),
        left_out: u32::try_from(read.unreadable.len()).unwrap_or(u32::MAX),
        note: arguments.note.clone(),
    };
    if arguments.dry_run && arguments.format == Format::Json {
        return print_json(&edition);
    }
    show(&read, language);
    if arguments.dry_run {
        say_text(language, "何も送っていません（--dry-run）。", "Nothing was sent (--dry-run).");
        return Ok(());
    }
    let body = serde_json::to_vec(&edition)?;
    let path = format!("/circuit-ledgers/{}", arguments.list);
    let (answer, stands) = block_on(async {
        let client = Client::new(&arguments.server)?;
        let answer = client.post("/circuit-ledgers", body).await?;
        let stands = client.get(&path).await?;
        anyhow::Ok((answer, stands))
    })?;
    entered(&answer, language);
    changed(&stands, language);
    Ok(())
}

fn show(read: &CircuitsRead, language: Language) {
    for (words, means) in &read.headers {
        let unread = || Text::new("（読みません）", "(read by nobody)").get(language).to_string();
        let means = means.map_or_else(unread, |means| format!("{means:?}"));
        say(&format!("  {} → {means}", printable(words)));
    }
    for (row, why) in &read.unreadable {
        let why = printable(why);
        say_text(language, &format!("{row} 行目は読めません: {why}"), &format!("row {row} cannot be read: {why}"));
    }
    let (lines, left_out) = (read.circuits.len(), read.unreadable.len());
    say_text(
        language,
        &format!("{lines} 回線を読みました（読めない行 {left_out}）。"),
        &format!("read {lines} lines ({left_out} rows could not be read)."),
    );
    if left_out > 0 {
        say_text(
            language,
            "読めない行がある間は、前の版にあってこの版にない回線を「なくなった」とは扱いません。",
            "While rows cannot be read, no line of the edition before is said to be missing from this one.",
        );
    }
}

/// What is otherwise than in the edition before.
fn changed(stands: &Value, language: Language) {
    for (pointer, text) in [
        ("/changed/came", Text::new("新しい回線", "lines that came")),
        ("/changed/changed", Text::new("内容が変わった回線", "lines of which something else is said")),
        (
            "/changed/missing",
            Text::new("前の版にあり、この版にない回線", "lines of the edition before that are missing"),
        ),
    ] {
        let of = |name: &str| stands.pointer(&format!("{pointer}/{name}")).cloned().unwrap_or_default();
        let total = of("total").as_u64().unwrap_or_default();
        if total == 0 {
            continue;
        }
        let keys = of("keys");
        let keys = keys.as_array().into_iter().flatten().filter_map(Value::as_str).take(KEYS_PRINTED).map(printable);
        let keys: Vec<String> = keys.collect();
        let more = if usize::try_from(total).is_ok_and(|total| total > keys.len()) { " …" } else { "" };
        say(&format!("{}: {total} ({}{more})", text.get(language), keys.join(", ")));
    }
}

pub(super) fn settle(arguments: &CircuitArguments, language: Language) -> anyhow::Result<()> {
    let ended = arguments.ended_on.map(CircuitIs::Ended);
    let device = arguments.device.clone().map(CircuitIs::Device);
    let host = arguments.host.clone().map(CircuitIs::Host);
    let said = CircuitSettled {
        circuit_ledger_id: arguments.list.clone(),
        key: arguments.key.clone(),
        is: ended.or(device).or(host).or(arguments.other.clone().map(CircuitIs::Other)),
        on: arguments.on.unwrap_or_else(today),
        note: arguments.note.clone(),
    };
    let body = serde_json::to_vec(&said)?;
    let answer = block_on(async { Client::new(&arguments.server)?.post("/circuits/settle", body).await })?;
    entered(&answer, language);
    Ok(())
}

/// Ends with [`EXIT_FOUND`] where nothing explains a line, or one is missing, as other commands do that found something.
pub(crate) fn list(arguments: &ListArguments, language: Language) -> anyhow::Result<ExitCode> {
    let equipment = arguments.equipment.as_ref().map(|id| format!("equipment_id={id}"));
    let stand = arguments.stand.as_ref().map(|word| format!("stand={word}"));
    let query: Vec<String> = equipment.into_iter().chain(stand).collect();
    let sheet = block_on(async {
        let reader = arguments.reading.open(language).await?;
        reader.announce(arguments.format == Format::Json, language);
        reader.get(&format!("/circuits?{}", query.join("&"))).await
    })?;
    match arguments.format {
        Format::Json => print_json(&sheet)?,
        Format::Table => print(&sheet, language),
    }
    let count = |name: &str| sheet.get(name).and_then(Value::as_u64).unwrap_or_default();
    let found = count("unexplained") + count("missing") > 0;
    Ok(if found { ExitCode::from(EXIT_FOUND) } else { ExitCode::SUCCESS })
}

fn print(sheet: &Value, language: Language) {
    let lists = sheet.get("lists").and_then(Value::as_array).map_or(0, Vec::len);
    if lists == 0 {
        say_text(
            language,
            "回線台帳はまだ取り込まれていません。どの回線があるかは不明です（daicho network circuits）。",
            "No list of lines was imported: which lines there are is unknown (daicho network circuits).",
        );
        return;
    }
    let mut table = printed::table(
        [
            Text::new("回線", "line"),
            Text::new("状態", "stands"),
            Text::new("通信事業者", "carrier"),
            Text::new("種別・サービス", "sort, service"),
            Text::new("場所", "place"),
            Text::new("利用者", "used by"),
            Text::new("接続機器", "device"),
            Text::new("設備", "equipment"),
        ],
        language,
    );
    for row in sheet.get("circuits").and_then(Value::as_array).into_iter().flatten() {
        let circuit = row.pointer("/said/circuit").cloned().unwrap_or_default();
        let both = |one: &str, other: &str| [one, other].map(|name| text_of(&circuit, name)).join("\n");
        table.add_row([
            format!("{}\n{}", text_of(&circuit, "key"), text_of(row, "circuit_ledger_id")),
            stand(row.get("stand").and_then(Value::as_str).unwrap_or_default(), language),
            text_of(&circuit, "carrier"),
            both("sort", "service"),
            text_of(&circuit, "place"),
            text_of(&circuit, "used_by"),
            both("device", "port"),
            text_of(row, "equipment_id"),
        ]);
    }
    say(&table.to_string());
    for own in sheet.get("uplinks_in_none").and_then(Value::as_array).into_iter().flatten() {
        let tag = if language == Language::En { "/title/en" } else { "/title/ja" };
        say(&printable(own.pointer(tag).and_then(Value::as_str).unwrap_or_default()));
    }
}

fn stand(word: &str, language: Language) -> String {
    let text = match word {
        "explained" => Text::new("確認できた", "explained"),
        "missing" => Text::new("新しい版にない", "MISSING"),
        "to_come" => Text::new("開始前", "to come"),
        "ended" => Text::new("終了", "ended"),
        _ => Text::new("先に何があるか不明", "UNEXPLAINED"),
    };
    text.get(language).to_string()
}
