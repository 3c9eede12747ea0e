//! `daicho networks` and `daicho network import|name`: the network segments that are known and which of them nobody observes; tables of
//! switches, routers and DHCP servers; what a hardware address belongs to.
//! It does not look at any network; a table's file is read here and stays here. Invariant: a segment without an agent is printed as not
//! observed, never as empty.

use super::client::{Client, ServerArguments};
use super::device::{parse_equipment, printed, text_of, today};
use super::files::{self, EXIT_FOUND, Format, print_json};
use super::reading::ReadingArguments;
use super::{block_on, circuits, say, say_text};
use crate::model::networks::makers::{mac_of, maker_of};
use crate::network_tables::{self, FILE_BYTES_MAX};
use anyhow::bail;
use clap::{Args, Subcommand};
use daicho_schemas::fact::network_table::{NeighbourIs, NeighbourNamed, NetworkTableRead};
use daicho_schemas::ids::{DeviceId, EquipmentId, NetworkTableId};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with tables and hardware addresses.
#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Put tables into the ledger: MAC address tables, ARP tables, DHCP leases (スイッチ・ルーター・DHCP サーバーの表を取り込む)
    Import(ImportArguments),
    /// Say what a hardware address belongs to, or take that back (MAC アドレスの持ち主を記録する)
    Name(NameArguments),
    /// Put your own list of lines into the ledger (回線台帳を取り込む)
    Circuits(circuits::CircuitsArguments),
    /// Say what one line of it is, or take that back (回線が何かを記録する)
    Circuit(circuits::CircuitArguments),
}

/// Tables.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Files with the output of one command, or of leases; they are recognised by their content
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Your id for the table; the file's name when left out
    #[arg(long, value_parser = |text: &str| NetworkTableId::new(text))]
    table: Option<NetworkTableId>,
    /// Which switch, router or server it is of
    #[arg(long, default_value = "")]
    taken_from: String,
    /// The network that it is of, for rows without an address: 192.0.2.0/24 (区画)
    #[arg(long)]
    segment: Option<String>,
    /// The day on which it was taken, in Japan; today when left out
    #[arg(long, value_name = "YYYY-MM-DD")]
    taken_on: Option<CalendarDate>,
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

/// A name.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["device", "host", "other", "withdraw"])))]
pub(crate) struct NameArguments {
    /// The hardware address, in any spelling
    #[arg(value_parser = |text: &str| mac_of(text).ok_or("a hardware address of one device"))]
    mac: String,
    /// A device of the ledger (機器)
    #[arg(long, value_parser = |text: &str| DeviceId::new(text))]
    device: Option<DeviceId>,
    /// A host, by its name
    #[arg(long)]
    host: Option<String>,
    /// Something else, in words: a printer, a camera
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

pub(crate) fn act(command: &NetworkCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        NetworkCommand::Import(arguments) => import(arguments, language)?,
        NetworkCommand::Name(arguments) => name(arguments, language)?,
        NetworkCommand::Circuits(arguments) => circuits::import(arguments, language)?,
        NetworkCommand::Circuit(arguments) => circuits::settle(arguments, language)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The table of one file.
fn table_of(arguments: &ImportArguments, file: &std::path::Path) -> anyhow::Result<NetworkTableRead> {
    let bytes = files::read(file, FILE_BYTES_MAX, RefusalCode::NetworkTableNotRead)?;
    let reading = network_tables::read(&bytes)?;
    let stem = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let table_id = match &arguments.table {
        Some(id) => id.clone(),
        None => NetworkTableId::new(stem).map_err(|error| anyhow::anyhow!("{error}; name the table by --table"))?,
    };
    Ok(NetworkTableRead {
        table_id,
        sort: reading.sort,
        format: reading.format.into(),
        taken_from: arguments.taken_from.clone(),
        segment: arguments.segment.clone(),
        taken_on: arguments.taken_on.unwrap_or_else(today),
        sha256: reading.sha256,
        bytes: reading.bytes,
        rows: reading.rows,
        left_out: reading.left_out,
        note: arguments.note.clone(),
    })
}

fn import(arguments: &ImportArguments, language: Language) -> anyhow::Result<()> {
    if arguments.table.is_some() && arguments.files.len() > 1 {
        bail!("--table names one table: import the files one by one");
    }
    let tables = arguments.files.iter().map(|file| table_of(arguments, file));
    let tables = tables.collect::<anyhow::Result<Vec<NetworkTableRead>>>()?;
    if arguments.dry_run && arguments.format == Format::Json {
        return print_json(&tables);
    }
    for table in &tables {
        let (id, format, rows) = (&table.table_id, &table.format, table.rows.len());
        let makers = table.rows.iter().filter(|row| maker_of(&row.mac).is_some()).count();
        let ja = format!(
            "{id}：{format} として {rows} 行を読みました（うちルーター・VPN 機器のメーカー {makers} 行、読めない行 {}）。",
            table.left_out
        );
        let en = format!(
            "{id}: read {rows} rows as {format} ({makers} of makers of routers and VPN devices; {} lines could not be read).",
            table.left_out
        );
        say_text(language, &ja, &en);
        if arguments.dry_run {
            continue;
        }
        let body = serde_json::to_vec(table)?;
        let answer = block_on(async { Client::new(&arguments.server)?.post("/network-tables", body).await })?;
        entered(&answer, language);
    }
    Ok(())
}

fn name(arguments: &NameArguments, language: Language) -> anyhow::Result<()> {
    let device = arguments.device.clone().map(NeighbourIs::Device);
    let host = arguments.host.clone().map(NeighbourIs::Host);
    let said = NeighbourNamed {
        mac: arguments.mac.clone(),
        is: device.or(host).or(arguments.other.clone().map(NeighbourIs::Other)),
        on: arguments.on.unwrap_or_else(today),
        note: arguments.note.clone(),
    };
    let body = serde_json::to_vec(&said)?;
    let answer = block_on(async { Client::new(&arguments.server)?.post("/neighbours", body).await })?;
    entered(&answer, language);
    Ok(())
}

pub(super) fn entered(answer: &Value, language: Language) {
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => {
            say_text(
                language,
                &format!("台帳に記録しました（記録番号 {seq}）。"),
                &format!("It stands in the ledger (entry {seq})."),
            );
        }
        None => say_text(language, "新しい内容はありません。", "That says nothing new."),
    }
}

/// Which segments.
#[derive(Debug, Args)]
pub(crate) struct NetworksArguments {
    /// Only those of this equipment (特定重要設備)
    #[arg(long, value_parser = parse_equipment)]
    equipment: Option<EquipmentId>,
    /// Only: not_observed, declared, by_table, silent, by_agents
    #[arg(long, value_parser = ["not_observed", "declared", "by_table", "silent", "by_agents"])]
    observed: Option<String>,
    /// How to print
    #[arg(long, default_value = "table")]
    format: Format,
    #[command(flatten)]
    reading: ReadingArguments,
}

/// Ends with [`EXIT_FOUND`] where a segment is not observed, as other commands do that found something.
pub(crate) fn run(arguments: &NetworksArguments, language: Language) -> anyhow::Result<ExitCode> {
    let equipment = arguments.equipment.as_ref().map(|id| format!("equipment_id={id}"));
    let observed = arguments.observed.as_ref().map(|word| format!("observed={word}"));
    let query: Vec<String> = equipment.into_iter().chain(observed).collect();
    let sheet = block_on(async {
        let reader = arguments.reading.open(language).await?;
        reader.announce(arguments.format == Format::Json, language);
        reader.get(&format!("/networks?{}", query.join("&"))).await
    })?;
    match arguments.format {
        Format::Json => print_json(&sheet)?,
        Format::Table => print(&sheet, language),
    }
    let gaps = sheet.get("not_observed").and_then(Value::as_u64).unwrap_or_default();
    Ok(if gaps > 0 { ExitCode::from(EXIT_FOUND) } else { ExitCode::SUCCESS })
}

fn print(sheet: &Value, language: Language) {
    let mut table = printed::table(
        [
            Text::new("区画", "segment"),
            Text::new("観測", "observed"),
            Text::new("設備", "equipment"),
            Text::new("エージェント", "agents"),
            Text::new("見えた機器", "seen"),
            Text::new("持ち主不明", "nobody's"),
            Text::new("設定と経路", "declared by, led to by"),
        ],
        language,
    );
    let list = |row: &Value, name: &str, of: &dyn Fn(&Value) -> Option<String>| -> String {
        let all = row.get(name).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(of).map(|word| printable(&word)).collect::<Vec<_>>().join("\n")
    };
    for row in sheet.get("segments").and_then(Value::as_array).into_iter().flatten() {
        let seen = row.get("neighbours_total").and_then(Value::as_u64).unwrap_or_default();
        let count = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
        let unknown = || if language == Language::En { "unknown" } else { "不明" }.to_string();
        let tag = if language == Language::En { "en" } else { "ja" };
        table.add_row([
            text_of(row, "segment"),
            observed(row.get("observed").and_then(Value::as_str).unwrap_or_default(), language),
            list(row, "equipment", &|id| id.as_str().map(str::to_string)),
            list(row, "agents", &|agent| Some(agent.get("host")?.as_str()?.to_string())),
            if seen == 0 { unknown() } else { count("neighbours_total") },
            if seen == 0 { unknown() } else { count("unknown") },
            ["declared_by", "led_to_by"]
                .map(|name| list(row, name, &|text| Some(text.get(tag)?.as_str()?.to_string())))
                .into_iter()
                .filter(|lines| !lines.is_empty())
                .collect::<Vec<_>>()
                .join("\n"),
        ]);
    }
    say(&table.to_string());
    let names = |name: &str| list(sheet, name, &|id| id.as_str().map(str::to_string)).replace('\n', ", ");
    let (agents, devices) = (names("agents_without_place"), names("devices_without_place"));
    if !agents.is_empty() {
        say_text(
            language,
            &format!("場所の分からないエージェント：{agents}"),
            &format!("Agents that never said where they stand: {agents}"),
        );
    }
    if !devices.is_empty() {
        say_text(
            language,
            &format!("どの区画にあるか分からない機器：{devices}"),
            &format!("Devices of which nobody knows the segment: {devices}"),
        );
    }
}

fn observed(word: &str, language: Language) -> String {
    let text = match word {
        "by_agents" => Text::new("エージェントあり", "by agents"),
        "declared" => Text::new("機器の設定に記載（誰も観測していない）", "declared by a device, NOT OBSERVED"),
        "by_table" => Text::new("取り込んだ表のみ", "by a table only"),
        "silent" => Text::new("エージェントの報告が途絶", "agents silent"),
        _ => Text::new("観測していない", "NOT OBSERVED"),
    };
    text.get(language).to_string()
}
