//! `daicho networks`: the network segments that are known, and which of them nobody observes.
//! It does not look at any network. Invariant: a segment without an agent is printed as not observed, never as empty.

use super::device::{parse_equipment, printed, text_of};
use super::files::{EXIT_FOUND, Format, print_json};
use super::reading::ReadingArguments;
use super::{block_on, say, say_text};
use clap::Args;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::{Language, Text, printable};
use serde_json::Value;
use std::process::ExitCode;

/// Which segments.
#[derive(Debug, Args)]
pub(crate) struct NetworksArguments {
    /// Only those of this equipment (特定重要設備)
    #[arg(long, value_parser = parse_equipment)]
    equipment: Option<EquipmentId>,
    /// Only: not_observed, silent, by_agents
    #[arg(long, value_parser = ["not_observed", "silent", "by_agents"])]
    observed: Option<String>,
    /// How to print
    #[arg(long, default_value = "table")]
    format: Format,
    #[command(flatten)]
    reading: ReadingArguments,
}

/// Ends with 1 where a segment is not observed, as other commands do that found something.
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
            Text::new("ここへの経路", "led to by"),
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
            list(row, "led_to_by", &|text| Some(text.get(tag)?.as_str()?.to_string())),
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
        "silent" => Text::new("エージェントの報告が途絶", "agents silent"),
        _ => Text::new("観測していない", "NOT OBSERVED"),
    };
    text.get(language).to_string()
}
