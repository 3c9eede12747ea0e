//! `daicho duty …`: the list, one duty with its life, its steps, its owner, the ministry's dates, the calendar.
//! It does not judge a step; the server does.
//! Invariant: a step names the state that was shown to the person, or the one that stands when it was not said.

use super::client::{Client, ServerArguments};
use super::reading::{ReadingArguments, encoded};
use super::{block_on, say, say_text};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use daicho_schemas::fact::duty::DutyState;
use daicho_schemas::ids::{DutyId, PersonId, PlanId};
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with duties.
#[derive(Debug, Subcommand)]
pub(crate) enum DutyCommand {
    /// List duties, those that wait first (一覧)
    List {
        /// Only in this state: open, judged, drafted, submitted, accepted, cleared, done, not_needed
        #[arg(long, value_parser = parse_state)]
        state: Option<DutyState>,
        /// Only those of this owner, a person's id or a name; "" for those without one
        #[arg(long)]
        owner: Option<String>,
        /// Only by their day: overdue, soon, dated, undated
        #[arg(long)]
        due: Option<String>,
        #[command(flatten)]
        reading: ReadingArguments,
    },
    /// Show one duty with its life, as JSON (内容と経過)
    Show {
        #[arg(value_parser = parse_duty)]
        duty_id: DutyId,
        #[command(flatten)]
        reading: ReadingArguments,
    },
    /// Record a step, on or back (段階を記録する)
    Move(MoveArguments),
    /// Say who sees to it, and until when; what is not said is taken away (担当者と目標日)
    Assign {
        #[arg(value_parser = parse_duty)]
        duty_id: DutyId,
        /// Somebody who may sign in
        #[arg(long, conflicts_with = "name", value_parser = |text: &str| PersonId::new(text).map_err(|error| error.to_string()))]
        person: Option<PersonId>,
        /// Anybody else, by name
        #[arg(long)]
        name: Option<String>,
        /// Your own target day; no day of the law
        #[arg(long)]
        target: Option<CalendarDate>,
        /// What else is to be said; it stays in the ledger
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Record a day that the minister set, or the answer to a recommendation (主務大臣が定めた日、勧告への回答)
    Date {
        #[arg(value_parser = parse_duty)]
        duty_id: DutyId,
        /// prohibited_through, recommended_on or answered_on
        date: String,
        /// The day; left out, it is taken back
        #[arg(long)]
        on: Option<CalendarDate>,
        /// Where it stands; it stays in the ledger
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Write the days of duties as a calendar file, or make an address for calendar programs (カレンダー)
    Calendar(CalendarArguments),
}

/// One step.
#[derive(Debug, Args)]
pub(crate) struct MoveArguments {
    #[arg(value_parser = parse_duty)]
    duty_id: DutyId,
    /// Where it goes: judged, drafted, submitted, accepted, cleared, done, not_needed, or an earlier one
    #[arg(long, value_parser = parse_state)]
    to: DutyState,
    /// Where you saw it; refused if somebody moved it meanwhile. Left out: where it stands
    #[arg(long, value_parser = parse_state)]
    from: Option<DutyState>,
    /// The day of it, in Japan (提出日, 受理日 …); today when left out
    #[arg(long)]
    on: Option<CalendarDate>,
    /// Why; needed for judged, not_needed and a step back; it stays in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    /// The ministry's receipt number
    #[arg(long)]
    reference: Option<String>,
    /// The plan it was filed under
    #[arg(long, value_parser = |text: &str| PlanId::new(text).map_err(|error| error.to_string()))]
    plan: Option<PlanId>,
    /// I have read the caution of this duty; needed for not_needed below statute
    #[arg(long)]
    caution_read: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// Which calendar, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct CalendarArguments {
    /// Write the calendar (RFC 5545) to this file; "-" for standard output
    #[arg(long, default_value = "-")]
    out: PathBuf,
    /// Only what you see to yourself
    #[arg(long)]
    mine: bool,
    /// Make an address that calendar programs can fetch; whoever has it reads the days. An earlier one ends
    #[arg(long, conflicts_with_all = ["out", "revoke"])]
    link: bool,
    /// Take your address back
    #[arg(long, conflicts_with = "out")]
    revoke: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &DutyCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        DutyCommand::List { state, owner, due, reading } => {
            let asked = [("state", state.map(DutyState::as_str)), ("owner", owner.as_deref()), ("due", due.as_deref())];
            list(reading, &asked, language)?;
        }
        DutyCommand::Show { duty_id, reading } => {
            let duty = block_on(async {
                let reader = reading.open(language).await?;
                reader.announce(true, language);
                reader.get(&format!("/duties/{duty_id}")).await
            })?;
            say(&serde_json::to_string_pretty(&duty)?);
        }
        DutyCommand::Move(arguments) => step(arguments, language)?,
        DutyCommand::Assign { duty_id, person, name, target, note, server } => {
            let owner = match (person, name) {
                (Some(person), _) => json!({ "person": person }),
                (None, Some(name)) => json!({ "name": name }),
                (None, None) => Value::Null,
            };
            let body = json!({ "owner": owner, "target_on": target, "note": note });
            tell(server, duty_id, "assign", &body, language)?;
        }
        DutyCommand::Date { duty_id, date, on, note, server } => {
            tell(server, duty_id, "dates", &json!({ "date": date, "on": on, "note": note }), language)?;
        }
        DutyCommand::Calendar(arguments) => calendar(arguments, language)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_state(text: &str) -> Result<DutyState, String> {
    DutyState::named(text)
        .ok_or_else(|| "open, judged, drafted, submitted, accepted, cleared, done or not_needed".into())
}

fn parse_duty(text: &str) -> Result<DutyId, String> {
    DutyId::new(text).map_err(|error| error.to_string())
}

fn step(arguments: &MoveArguments, language: Language) -> anyhow::Result<()> {
    let MoveArguments { duty_id, to, from, on, reason, reference, plan, caution_read, server } = arguments;
    let from = match from {
        Some(from) => json!(from),
        None => {
            let duty = block_on(async { Client::new(server)?.get(&format!("/duties/{duty_id}")).await })?;
            duty.get("state").cloned().context("the server tells no state")?
        }
    };
    let body = json!({
        "from": from, "to": to, "on": on, "reason": reason, "reference": reference, "plan_id": plan,
        "caution_read": caution_read,
    });
    tell(server, duty_id, "moves", &body, language)
}

/// Says something about a duty, and in which entry it stands now.
fn tell(server: &ServerArguments, id: &DutyId, what: &str, body: &Value, language: Language) -> anyhow::Result<()> {
    let path = format!("/duties/{id}/{what}");
    let answer = block_on(async { Client::new(server)?.post(&path, body.to_string().into_bytes()).await })?;
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => say_text(
            language,
            &format!("{id} について台帳に記録しました（記録番号 {seq}）。"),
            &format!("It stands in the ledger for {id} (entry {seq})."),
        ),
        None => say_text(language, "変更はありません。", "That says nothing new."),
    }
    Ok(())
}

fn calendar(arguments: &CalendarArguments, language: Language) -> anyhow::Result<()> {
    let CalendarArguments { out, mine, link, revoke, server } = arguments;
    let client = Client::new(server)?;
    if *link {
        let answer = block_on(async { client.post("/calendar-link", Vec::new()).await })?;
        let path = answer.get("path").and_then(Value::as_str).context("the server made no address")?;
        say(&format!("{}{path}", client.url()));
    } else if *revoke {
        block_on(async { client.delete("/calendar-link").await })?;
        say_text(language, "カレンダーのアドレスを無効にしました。", "The calendar's address opens nothing any more.");
    } else {
        let tag = Text::new("ja", "en");
        let path = format!("/calendar.ics?lang={}{}", tag.get(language), if *mine { "&mine=1" } else { "" });
        let ics = block_on(async { client.text(&path).await })?;
        if out.as_os_str() == "-" {
            say(ics.trim_end());
        } else {
            std::fs::write(out, ics).with_context(|| format!("write {}", out.display()))?;
        }
    }
    Ok(())
}

fn list(reading: &ReadingArguments, asked: &[(&str, Option<&str>)], language: Language) -> anyhow::Result<()> {
    let given = asked.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", encoded(value))));
    let query = given.collect::<Vec<_>>().join("&");
    let words = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        words("義務", "duty"),
        words("必要な手続", "asked"),
        words("状態", "state"),
        words("担当", "owner"),
        words("次の日", "next day"),
        words("対象", "subject"),
    ]);
    let duties = block_on(async {
        let reader = reading.open(language).await?;
        reader.announce(false, language);
        reader.all(&format!("/duties?{query}")).await
    })?;
    for duty in &duties {
        table.add_row(row(duty, language));
    }
    say(&table.to_string());
    Ok(())
}

fn row(duty: &Value, language: Language) -> [String; 6] {
    let text = |pointer: &str| duty.pointer(pointer).and_then(Value::as_str).unwrap_or("–").to_string();
    let subject = if language == Language::Ja { "/subject/ja" } else { "/subject/en" };
    let owner = duty.pointer("/owner/person").or_else(|| duty.pointer("/owner/name"));
    let gone = duty.pointer("/cause_gone").and_then(Value::as_bool).unwrap_or(false);
    let gone = if gone {
        Text::new("（原因は消滅）", " (cause gone)").get(language).to_string()
    } else {
        String::new()
    };
    [
        text("/duty_id"),
        text("/outcome"),
        text("/state") + &gone,
        owner.and_then(Value::as_str).unwrap_or("–").to_string(),
        text("/deadlines/0/on"),
        text(subject),
    ]
    .map(|cell| printable(&cell))
}
