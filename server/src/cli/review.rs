//! `daicho review …`: components whose supplier or category nobody has settled, by what one decision would settle.
//! It does not decide or propose anything; the server lists, a person decides.
//! Invariant: a proposal is shown as one, with why, and is never taken by itself.

use super::client::{Client, ServerArguments};
use super::component::{say_decided, selector_words};
use super::reading::encoded;
use super::{block_on, say, say_text};
use clap::{Args, Subcommand};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::SupplierId;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub(crate) enum ReviewCommand {
    /// List what waits for a decision, most hosts first, with proposals (確認待ちの一覧)
    List {
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Settle a group of the list for all hosts (確認待ちを決定する)
    Decide {
        /// The group, as the list names it
        group: String,
        #[command(flatten)]
        said: Box<SaidArguments>,
        #[command(flatten)]
        server: ServerArguments,
    },
}

/// What is decided.
#[derive(Debug, Args)]
pub(crate) struct SaidArguments {
    /// Who supplies it: the id of a recorded supplier
    #[arg(long, value_parser = |text: &str| SupplierId::new(text).map_err(|error| error.to_string()))]
    supplier: Option<SupplierId>,
    /// What it is: server_hardware, operating_system, middleware, application, network_device, firmware, auxiliary
    #[arg(long, value_parser = parse_category)]
    category: Option<Category>,
    /// It is no part of the critical equipment
    #[arg(long, conflicts_with_all = ["supplier", "category", "part"])]
    not_part: bool,
    /// It is part of the critical equipment, whatever a wider decision says
    #[arg(long)]
    part: bool,
    /// From which day this is so; left out: it always was
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<CalendarDate>,
    /// Why; it stays in the ledger
    #[arg(long)]
    reason: String,
    /// On what it rests: a contract, a letter, a page
    #[arg(long, default_value = "")]
    evidence: String,
}

impl SaidArguments {
    /// The fields of a request.
    pub(super) fn body(&self) -> Map<String, Value> {
        let part = match (self.not_part, self.part) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        };
        let fields = [
            ("supplier_id", json!(self.supplier)),
            ("category", json!(self.category)),
            ("part_of_equipment", json!(part)),
            ("valid_from", json!(self.from)),
            ("reason", json!(self.reason)),
            ("evidence", json!(self.evidence)),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.to_string(), value)).collect()
    }
}

fn parse_category(text: &str) -> Result<Category, String> {
    serde_json::from_value(json!(text)).map_err(|error| error.to_string())
}

pub(crate) fn run(command: &ReviewCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        ReviewCommand::List { server } => list(server, language)?,
        ReviewCommand::Decide { group, said, server } => {
            let body = serde_json::to_vec(&said.body())?;
            let answer =
                block_on(async { Client::new(server)?.post(&format!("/review/{}", encoded(group)), body).await })?;
            say_decided(&answer, language);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(server: &ServerArguments, language: Language) -> anyhow::Result<()> {
    let total = block_on(async {
        let client = Client::new(server)?;
        let (mut cursor, mut total) = (String::new(), 0);
        loop {
            let page = client.get(&format!("/review?limit=200{cursor}")).await?;
            for row in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                show(row, language);
                total += 1;
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(total),
            }
        }
    })?;
    match total {
        0 => say_text(
            language,
            "確認待ちはありません。見えているホストについてだけ言えることです。",
            "Nothing waits for a decision, as far as hosts are seen.",
        ),
        _ => say_text(
            language,
            &format!("{total} 件。`daicho review decide GROUP --supplier ID --reason …` で決定します。"),
            &format!("{total} in all. Settle one with `daicho review decide GROUP --supplier ID --reason …`."),
        ),
    }
    Ok(())
}

fn show(row: &Value, language: Language) {
    let text = |pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string();
    let number = |field: &str| row.get(field).and_then(Value::as_u64).unwrap_or(0);
    let open = |field: &str| row.get(field).and_then(Value::as_bool).unwrap_or(false);
    let waits = match (open("supplier_open"), open("category_open")) {
        (true, true) => Text::new("供給者・分類", "supplier, category"),
        (true, false) => Text::new("供給者", "supplier"),
        _ => Text::new("分類", "category"),
    };
    let (hosts, components) = (number("hosts"), number("components_total"));
    let counts = Text::new(
        format!("ホスト {hosts} 台、構成要素 {components} 種"),
        format!("{hosts} hosts, {components} components"),
    );
    let waits = waits.get(language);
    say(&printable(&format!("{}  {}  ({waits})  {}", text("/group_id"), counts.get(language), selector_words(row))));
    say(&printable(&format!("    {}", text("/supplier/evidence"))));
    let examples = row.get("examples").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let examples: Vec<&str> = examples.take(3).collect();
    say(&printable(&format!("    {}", examples.join(", "))));
    for proposal in row.get("proposals").and_then(Value::as_array).into_iter().flatten() {
        let of = |pointer: &str| proposal.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let why = match of("/why") {
            "decided_elsewhere" => Text::new("同じ語について別の決定", "decided so of the same words elsewhere"),
            "same_name" => Text::new("名称が同じ", "the name is the same"),
            _ => Text::new("名称が似ている", "the name is alike"),
        };
        let name = of(if language == Language::Ja { "/name/ja" } else { "/name/en" });
        let words =
            Text::new(format!("    候補: {}", of("/supplier_id")), format!("    proposal: {}", of("/supplier_id")));
        say(&printable(&format!("{} {name} ({}: {})", words.get(language), why.get(language), of("/by"))));
    }
}
