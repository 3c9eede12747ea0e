//! `daicho device …`: configurations of devices read on this machine, and what the ledger knows of devices.
//! It does not understand configurations; the crate of parsers does. Invariant: only the reading is sent, never the file, so no
//! secret of a device leaves this machine; a dry run sends nothing.

pub(super) mod printed;

use super::client::{Client, ServerArguments};
use super::files::{self, Format};
use super::reading::encoded;
use super::{block_on, say, say_text};
use crate::intake::devices::own_id;
use clap::{Args, Subcommand};
use daicho_devices::FILE_BYTES_MAX;
use daicho_schemas::fact::device::DeviceReading;
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::ids::{DeviceId, EquipmentId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, printable};
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The format of readings that were taken on another machine.
const READINGS_FORMAT: &str = "daicho.device_readings.v1";

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Read configurations of devices on this machine and hand in what they say (機器の設定を読み込む)
    Import(ImportArguments),
    /// List devices (一覧)
    List {
        /// Only those that lead to this equipment
        #[arg(long, value_parser = parse_equipment)]
        equipment: Option<EquipmentId>,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Show one device with its readings and ways in (内容)
    Show {
        #[arg(value_parser = parse_device)]
        device_id: DeviceId,
        /// For people (table) or for programs (json)
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        server: ServerArguments,
    },
}

/// What to read, and whose it is.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Only show what would be taken, and what stays unknown; nothing is sent
    #[arg(long)]
    dry_run: bool,
    /// For people (table) or for programs (json). What a dry run prints as json can be imported on another machine
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Which family the files are of, where they do not say it themselves (機種). An unknown name is answered with all of them
    #[arg(long)]
    family: Option<String>,
    /// Your id for the device; taken from its name or serial number when left out
    #[arg(long, value_parser = parse_device)]
    device: Option<DeviceId>,
    /// The equipment that it leads to (特定重要設備). What is left out stays as it was recorded
    #[arg(long, value_parser = parse_equipment)]
    equipment: Option<EquipmentId>,
    /// Site, room, rack (場所)
    #[arg(long)]
    place: Option<String>,
    /// Whose device it is: operator, or the id of a supplier (保有者)
    #[arg(long, value_parser = parse_holder)]
    owner: Option<HeldBy>,
    /// The day on which the configuration was taken from the device, in Japan; today when left out
    #[arg(long)]
    taken_on: Option<CalendarDate>,
    /// What else is to be said; it stays in the ledger
    #[arg(long)]
    note: Option<String>,
    /// Configurations, or outputs of commands such as `show version`
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

/// Readings as one machine hands them to another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Readings {
    format: String,
    readings: Vec<DeviceReading>,
}

pub(crate) fn run(command: &DeviceCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        DeviceCommand::Import(arguments) => import(arguments, language)?,
        DeviceCommand::List { equipment, server } => {
            let wanted = equipment.iter().map(|id| format!("&equipment_id={id}")).collect::<String>();
            let rows = every(server, "/devices", &wanted)?;
            say(&printed::devices(&rows, language));
        }
        DeviceCommand::Show { device_id, format, server } => {
            let device = block_on(async { Client::new(server)?.get(&format!("/devices/{device_id}")).await })?;
            match format {
                Format::Json => files::print_json(&device)?,
                Format::Table => say(&printed::device(&device, language)),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every row of a list, page by page.
pub(super) fn every(server: &ServerArguments, path: &str, wanted: &str) -> anyhow::Result<Vec<Value>> {
    block_on(async {
        let client = Client::new(server)?;
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("{path}?limit=200{wanted}{cursor}")).await?;
            rows.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={}", encoded(next)),
                None => return Ok(rows),
            }
        }
    })
}

fn parse_device(text: &str) -> Result<DeviceId, String> {
    DeviceId::new(text).map_err(|error| error.to_string())
}

pub(super) fn parse_equipment(text: &str) -> Result<EquipmentId, String> {
    EquipmentId::new(text).map_err(|error| error.to_string())
}

pub(super) fn parse_holder(text: &str) -> Result<HeldBy, String> {
    match text {
        "operator" => Ok(HeldBy::Operator),
        id => SupplierId::new(id).map(HeldBy::Supplier).map_err(|error| error.to_string()),
    }
}

fn read(path: &Path, family: Option<&str>) -> anyhow::Result<Vec<DeviceReading>> {
    let bytes = files::read(path, FILE_BYTES_MAX, RefusalCode::DeviceNotRead)?;
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
        && let Ok(own) = serde_json::from_slice::<Readings>(&bytes)
        && own.format == READINGS_FORMAT
    {
        return Ok(own.readings);
    }
    let not_read = |error: daicho_devices::NotRead| Refusal {
        text: error.text,
        remedy: error.remedy,
        ..Refusal::new(RefusalCode::DeviceNotRead).with(format!("{}: {}", path.display(), error.code))
    };
    let read = match family {
        Some(family) => daicho_devices::read_as(family, &bytes),
        None => daicho_devices::read(&bytes),
    };
    read.map_err(|error| not_read(error).into())
}

fn import(arguments: &ImportArguments, language: Language) -> anyhow::Result<()> {
    let mut readings = Vec::new();
    for path in &arguments.files {
        readings.extend(read(path, arguments.family.as_deref())?.into_iter().map(|reading| (path.as_path(), reading)));
    }
    if arguments.dry_run {
        return show_only(readings, arguments.format, language);
    }
    let devices: std::collections::BTreeSet<Option<DeviceId>> =
        readings.iter().map(|(_, reading)| own_id(reading)).collect();
    if arguments.device.is_some() && devices.len() > 1 {
        let detail = format!("--device: {} devices were read; import them one by one", devices.len());
        return Err(Refusal::new(RefusalCode::DeviceWrong).with(detail).into());
    }
    // Nothing is sent unless every one of them has an id.
    let mut named = Vec::new();
    for (path, reading) in readings {
        let id = arguments.device.clone().or_else(|| own_id(&reading)).ok_or_else(|| {
            let detail = format!("{}: it names neither itself nor a serial number; give --device", path.display());
            Refusal::new(RefusalCode::DeviceWrong).with(detail)
        })?;
        named.push((path, id, reading));
    }
    let mut entered = Vec::new();
    for (path, id, reading) in named {
        let answer = block_on(send(arguments, &id, &reading))?;
        if arguments.format == Format::Table {
            say(&printed::reading(path, &reading, language));
            entered_as(&id, &answer, language);
        }
        entered.push(answer);
    }
    if arguments.format == Format::Json {
        files::print_json(&entered)?;
    }
    Ok(())
}

fn show_only(readings: Vec<(&Path, DeviceReading)>, format: Format, language: Language) -> anyhow::Result<()> {
    if format == Format::Json {
        let readings = readings.into_iter().map(|(_, reading)| reading).collect();
        return files::print_json(&Readings { format: READINGS_FORMAT.into(), readings });
    }
    for (path, reading) in &readings {
        say(&printed::reading(path, reading, language));
    }
    say_text(language, "何も送っていません（--dry-run）。", "Nothing was sent (--dry-run).");
    Ok(())
}

/// What is not said anew stays as it was recorded.
async fn send(arguments: &ImportArguments, id: &DeviceId, reading: &DeviceReading) -> anyhow::Result<Value> {
    let client = Client::new(&arguments.server)?;
    let before = match client.get(&format!("/devices/{id}")).await {
        Ok(device) => device,
        Err(error) if is_not_found(&error) => Value::Null,
        Err(error) => return Err(error),
    };
    let before = |pointer: &str| before.pointer(pointer).cloned().unwrap_or_default();
    let words = |said: &Option<String>, pointer: &str| {
        said.clone().unwrap_or_else(|| before(pointer).as_str().unwrap_or_default().to_string())
    };
    let equipment = match &arguments.equipment {
        Some(id) => json!(id),
        None => before("/row/equipment_id"),
    };
    let owner = match &arguments.owner {
        Some(owner) => json!(owner),
        None => before("/row/owner"),
    };
    let body = json!({
        "device_id": id, "equipment_id": equipment, "owner": owner,
        "place": words(&arguments.place, "/row/place"), "note": words(&arguments.note, "/note"),
        "taken_on": arguments.taken_on.unwrap_or_else(today), "reading": reading,
    });
    client.post("/devices", body.to_string().into_bytes()).await
}

pub(super) fn today() -> CalendarDate {
    use crate::clock::{Clock as _, SystemClock};
    SystemClock.now().date_in_japan()
}

pub(super) fn is_not_found(error: &anyhow::Error) -> bool {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<Refusal>());
    refusal.is_some_and(|refusal| refusal.code == RefusalCode::NotFound)
}

fn entered_as(id: &DeviceId, answer: &Value, language: Language) {
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => say_text(
            language,
            &format!("機器「{id}」として台帳に記録しました（記録番号 {seq}）。"),
            &format!("It stands in the ledger as device \"{id}\" (entry {seq})."),
        ),
        None => say_text(
            language,
            &format!("機器「{id}」：新しい内容はありません。"),
            &format!("Device \"{id}\": that says nothing new."),
        ),
    }
}

/// A text of an answer, made fit for a terminal.
pub(super) fn text_of(row: &Value, name: &str) -> String {
    row.get(name).and_then(Value::as_str).map_or_else(|| "–".into(), printable)
}

#[cfg(test)]
#[path = "device/tests.rs"]
mod tests;
