//! `daicho component …`: what people decided about components, by hand or by a table of their own.
//! It does not judge a decision; the server does.
//! Invariant: a table's differences are shown before anything enters, and it enters whole or not at all.

mod map;

use super::client::{Client, ServerArguments};
use super::review::SaidArguments;
use super::{block_on, say, say_text};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use daicho_schemas::fact::component::{ComponentSort, VendorPlace};
use daicho_schemas::ids::DecisionId;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What to do with decisions about components.
#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// A table of your own (vendor or product -> supplier or category) into decisions, differences first (対応表から決定する)
    Map(map::MapArguments),
    /// Decide who supplies components, what they are, or that they are no part of the equipment (決定する)
    Decide(Box<DecideArguments>),
    /// List decisions, newest first (決定の一覧)
    Decisions {
        /// Those that were withdrawn or replaced, too
        #[arg(long)]
        all: bool,
        /// Those that held on this day, as is known now
        #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "all")]
        on: Option<CalendarDate>,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Take a decision back: it never was so (決定を取り消す)
    Withdraw {
        #[arg(value_parser = parse_decision)]
        decision_id: DecisionId,
        /// Why; it stays in the ledger
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArguments,
    },
}

/// To which components, and what.
#[derive(Debug, Args)]
pub(crate) struct DecideArguments {
    /// Only of this sort: deb, rpm, apk, pacman, opkg, snap, flatpak, windows, windows_update, appx, program, application, os, hardware
    #[arg(long, value_parser = parse_sort)]
    sort: Option<ComponentSort>,
    /// Only of this maker or vendor, in the hosts' own words
    #[arg(long)]
    vendor: Option<String>,
    /// Only where these words were read there: package_origin, package_vendor, package_maintainer, os_id, firmware_maker
    #[arg(long, value_parser = parse_place)]
    vendor_place: Option<VendorPlace>,
    /// Only of this name
    #[arg(long)]
    name: Option<String>,
    /// Only these versions; * stands for anything
    #[arg(long)]
    versions: Option<String>,
    #[command(flatten)]
    said: SaidArguments,
    /// The decision about the same components that this one replaces
    #[arg(long, value_parser = parse_decision)]
    replaces: Option<DecisionId>,
    #[command(flatten)]
    server: ServerArguments,
}

fn parse_decision(text: &str) -> Result<DecisionId, String> {
    DecisionId::new(text).map_err(|error| error.to_string())
}

fn parse_sort(text: &str) -> Result<ComponentSort, String> {
    ComponentSort::named(text)
        .ok_or_else(|| "deb, rpm, apk, pacman, opkg, snap, flatpak, windows, windows_update, appx, program, application, told, os or hardware".into())
}

fn parse_place(text: &str) -> Result<VendorPlace, String> {
    VendorPlace::named(text).ok_or_else(|| VendorPlace::ALL.map(VendorPlace::as_str).join(", "))
}

pub(crate) fn run(command: &ComponentCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        ComponentCommand::Map(arguments) => return map::run(arguments, language),
        ComponentCommand::Decide(arguments) => decide(arguments, language)?,
        ComponentCommand::Decisions { all, on, server } => say(&list(*all, *on, server, language)?),
        ComponentCommand::Withdraw { decision_id, reason, server } => {
            let body = serde_json::to_vec(&json!({ "reason": reason }))?;
            let path = format!("/decisions/{decision_id}/withdraw");
            block_on(async { Client::new(server)?.post(&path, body).await })?;
            say_text(
                language,
                &format!("決定 {decision_id} を取り消しました。該当する構成要素は再び確認待ちになります。"),
                &format!("Decision {decision_id} is withdrawn; its components wait for a decision again."),
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn decide(arguments: &DecideArguments, language: Language) -> anyhow::Result<()> {
    let DecideArguments { sort, vendor, vendor_place, name, versions, said, replaces, server } = arguments;
    let mut components = json!({ "sort": sort, "vendor": vendor, "vendor_place": vendor_place, "name": name });
    if let Some(fields) = components.as_object_mut() {
        fields.insert("versions".into(), json!(versions));
        fields.retain(|_, value| !value.is_null());
    }
    let mut body = said.body();
    body.insert("components".into(), components);
    body.extend(replaces.iter().map(|id| ("replaces".to_string(), json!(id))));
    let answer = block_on(async { Client::new(server)?.post("/decisions", serde_json::to_vec(&body)?).await })?;
    say_decided(&answer, language);
    Ok(())
}

/// What became of a decision.
pub(super) fn say_decided(answer: &Value, language: Language) {
    let id = answer.get("decision_id").and_then(Value::as_str).unwrap_or("–");
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => say_text(
            language,
            &format!("決定 {id} を台帳に記録しました（記録番号 {seq}）。すべてのホストに適用されます。"),
            &format!("Decision {id} stands in the ledger (entry {seq}) and applies to all hosts."),
        ),
        None => say_text(
            language,
            &format!("同じ内容の決定 {id} がすでに有効です。何も記録していません。"),
            &format!("Decision {id} says so already; nothing was written."),
        ),
    }
}

fn list(all: bool, on: Option<CalendarDate>, server: &ServerArguments, language: Language) -> anyhow::Result<String> {
    let asked = on.map(|day| format!("&on={day}")).unwrap_or_default();
    let query = format!("limit=200&all={all}{asked}");
    let say = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        say("決定", "decision"),
        say("対象", "components"),
        say("内容", "decided"),
        say("適用日", "from"),
        say("決定者", "by"),
        say("理由", "why"),
    ]);
    block_on(async {
        let client = Client::new(server)?;
        let mut cursor = String::new();
        loop {
            let page = client.get(&format!("/decisions?{query}{cursor}")).await?;
            for row in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                let text = |pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or("–").to_string();
                let ended = match row.get("stands").and_then(Value::as_bool) {
                    Some(true) => String::new(),
                    _ => say("（終了）", " (ended)"),
                };
                let decision = row.get("decision").cloned().unwrap_or_default();
                let cells = [
                    text("/decision/decision_id") + &ended,
                    selector_words(&decision),
                    said_words(&decision, language),
                    text("/decision/valid_from"),
                    text("/by"),
                    text("/decision/reason"),
                ];
                table.add_row(cells.map(|cell| printable(&cell)));
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(()),
            }
        }
    })?;
    Ok(table.to_string())
}

/// What a decision applies to, in one line.
pub(super) fn selector_words(decision: &Value) -> String {
    let fields = ["sort", "vendor", "vendor_place", "name", "versions"];
    let said = fields.iter().filter_map(|field| {
        let value = decision.pointer(&format!("/components/{field}"))?.as_str()?;
        Some(format!("{field}={value}"))
    });
    said.collect::<Vec<_>>().join(" ")
}

/// What a decision says, in one line.
pub(super) fn said_words(decision: &Value, language: Language) -> String {
    let text = |field: &str| decision.get(field).and_then(Value::as_str).map(String::from);
    let part = decision.get("part_of_equipment").and_then(Value::as_bool).map(|part| {
        let words = if part {
            Text::new("設備の一部", "part of the equipment")
        } else {
            Text::new("設備の一部でない", "no part of the equipment")
        };
        words.get(language).to_string()
    });
    [text("supplier_id"), text("category"), part].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
