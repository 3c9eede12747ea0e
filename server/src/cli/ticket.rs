//! `daicho ticket …`: planned changes that are kept: opened, listed, shown, done, withdrawn.
//! It does not judge; the server does. Invariant: a step names the state that stands when it is taken.

use super::client::{Client, ServerArguments};
use super::{block_on, say, say_text};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::ids::ChangeId;
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with tickets.
#[derive(Debug, Subcommand)]
pub(crate) enum TicketCommand {
    /// Open a ticket from a file of a planned change (daicho.change.v1), or amend one (チケットを起こす・改める)
    Open {
        /// The file, as `daicho check --change` judges it
        change: PathBuf,
        /// The entry of the version you saw, to amend a ticket that is there
        #[arg(long)]
        amends: Option<u64>,
        /// What else is to be said; it stays in the ledger
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// List tickets, open ones first (一覧)
    List {
        /// Only in this state: open, done, withdrawn
        #[arg(long, value_parser = parse_state)]
        state: Option<TicketState>,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Show one ticket with its judgement and what agents saw, as JSON (内容と照合)
    Show {
        #[arg(value_parser = parse_id)]
        change_id: ChangeId,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Record that it was done (行ったと記録する)
    Done(MoveArguments),
    /// Record that it will not be done, and why (取り下げる)
    Withdraw(MoveArguments),
    /// Plan it again, and say why (再び予定する)
    Reopen(MoveArguments),
}

/// One step.
#[derive(Debug, Args)]
pub(crate) struct MoveArguments {
    #[arg(value_parser = parse_id)]
    change_id: ChangeId,
    /// The day that is spoken of, in Japan; today when left out
    #[arg(long)]
    on: Option<CalendarDate>,
    /// Why; needed to withdraw a ticket and to plan it again; it stays in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &TicketCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        TicketCommand::Open { change, amends, note, server } => open(server, change, *amends, note, language)?,
        TicketCommand::List { state, server } => say(&list(server, *state, language)?),
        TicketCommand::Show { change_id, server } => {
            let ticket = block_on(async { Client::new(server)?.get(&format!("/tickets/{change_id}")).await })?;
            say(&serde_json::to_string_pretty(&ticket)?);
        }
        TicketCommand::Done(arguments) => step(arguments, TicketState::Done, language)?,
        TicketCommand::Withdraw(arguments) => step(arguments, TicketState::Withdrawn, language)?,
        TicketCommand::Reopen(arguments) => step(arguments, TicketState::Open, language)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_state(text: &str) -> Result<TicketState, String> {
    TicketState::named(text).ok_or_else(|| "open, done or withdrawn".into())
}

fn parse_id(text: &str) -> Result<ChangeId, String> {
    ChangeId::new(text).map_err(|error| error.to_string())
}

fn open(
    server: &ServerArguments,
    path: &Path,
    amends: Option<u64>,
    note: &str,
    language: Language,
) -> anyhow::Result<()> {
    let at = || format!("read {}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(at)?;
    file.take(IMPORT_BYTES_MAX as u64 + 1).read_to_string(&mut text).with_context(at)?;
    // As it stands in the file, so that a refusal names its lines.
    let change: &RawValue = serde_json::from_str(text.trim_start_matches('\u{feff}')).with_context(at)?;
    let body = serde_json::to_vec(&json!({ "change": change, "amends_seq": amends, "note": note }))?;
    let answer = block_on(async { Client::new(server)?.post("/tickets", body).await })?;
    let ticket = answer.get("ticket").cloned().unwrap_or_default();
    let text = |name: &str| ticket.get(name).and_then(Value::as_str).map_or_else(|| "–".into(), printable);
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => say_text(
            language,
            &format!("チケット {} を台帳に記録しました（記録番号 {seq}）。", text("change_id")),
            &format!("Ticket {} stands in the ledger (entry {seq}).", text("change_id")),
        ),
        None => say_text(language, "変更はありません。", "That says nothing new."),
    }
    let outcome = text("outcome");
    say_text(language, &format!("判断: {outcome}"), &format!("Judged: {outcome}"));
    if ticket.get("planned_day_is_possible") == Some(&Value::Bool(false)) {
        let earliest = text("earliest_on");
        say_text(
            language,
            &format!("! 予定日は早すぎます。最も早い日: {earliest}"),
            &format!("! The planned day is too early. Earliest permitted day: {earliest}"),
        );
    }
    if let Some(through) = ticket.pointer("/prohibited/through").and_then(Value::as_str) {
        let through = printable(through);
        say_text(
            language,
            &format!("! 期間が禁止期間（{through} まで）にかかっています。その間は行えません。"),
            &format!("! Its window touches a prohibition period (through {through}); until then it may not be done."),
        );
    }
    Ok(())
}

fn step(arguments: &MoveArguments, to: TicketState, language: Language) -> anyhow::Result<()> {
    let MoveArguments { change_id, on, reason, server } = arguments;
    let answer = block_on(async {
        let client = Client::new(server)?;
        let ticket = client.get(&format!("/tickets/{change_id}")).await?;
        let from = ticket.get("state").cloned().context("the server tells no state")?;
        let body = json!({ "from": from, "to": to, "on": on, "reason": reason });
        client.post(&format!("/tickets/{change_id}/moves"), body.to_string().into_bytes()).await
    })?;
    let seq = answer.get("entry_seq").and_then(Value::as_u64).context("the server names no entry")?;
    say_text(
        language,
        &format!("{change_id} について台帳に記録しました（記録番号 {seq}）。"),
        &format!("It stands in the ledger for {change_id} (entry {seq})."),
    );
    Ok(())
}

fn list(server: &ServerArguments, state: Option<TicketState>, language: Language) -> anyhow::Result<String> {
    let say = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        say("チケット", "ticket"),
        say("期間", "window"),
        say("状態", "state"),
        say("照合", "seen"),
        say("判断", "judged"),
        say("内容", "summary"),
    ]);
    let wanted = state.map(|state| format!("&state={}", state.as_str())).unwrap_or_default();
    block_on(async {
        let client = Client::new(server)?;
        let mut cursor = String::new();
        loop {
            let page = client.get(&format!("/tickets?limit=200{wanted}{cursor}")).await?;
            for ticket in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                table.add_row(row(ticket, language));
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(()),
            }
        }
    })?;
    Ok(table.to_string())
}

fn row(ticket: &Value, language: Language) -> [String; 6] {
    let text = |name: &str| ticket.get(name).and_then(Value::as_str).unwrap_or("–").to_string();
    let count = |name: &str| ticket.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut judged = text("outcome");
    if ticket.get("prohibited").is_some_and(|period| !period.is_null()) {
        judged += Text::new("（禁止期間）", " (prohibition period)").get(language);
    }
    [
        text("change_id"),
        format!("{} – {}", text("planned_on"), text("planned_through")),
        text("state"),
        format!("{} ({}/{})", text("standing"), count("met"), count("wanted")),
        judged,
        text("summary"),
    ]
    .map(|cell| printable(&cell))
}
