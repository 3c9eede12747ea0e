//! `daicho plan missing`: role by role, which items of a plan's suppliers are known, sent directly, too old or absent.
//! It does not judge; the model has. Invariant: the exit code says whether anything has to be asked for yet.

use crate::check::EXIT_FOUND;
use crate::cli::reading::ReadingArguments;
use crate::cli::{block_on, say, say_text};
use crate::model::queries::completeness::{ItemRow, RoleRow};
use clap::Args;
use daicho_schemas::fact::supplier::ValueState;
use daicho_schemas::ids::PlanId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use std::process::ExitCode;

/// Which plan, and for which day.
#[derive(Debug, Args)]
pub(crate) struct MissingArguments {
    /// The plan's id
    plan: String,
    /// The day of the filing, in Japan; today, or the day of --as-of, where it is not given (届出の日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<String>,
    /// Only what is not settled
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    reading: ReadingArguments,
}

pub(crate) fn run(arguments: &MissingArguments, language: Language) -> anyhow::Result<ExitCode> {
    let id = PlanId::new(&arguments.plan).map_err(|_| Refusal::new(RefusalCode::NotFound).with(&arguments.plan))?;
    let on: Option<CalendarDate> = arguments
        .on
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(format!("--on: {error}")))?;
    let query = on.map(|on| format!("?on={on}")).unwrap_or_default();
    let answer = block_on(async {
        let reader = arguments.reading.open(language).await?;
        reader.announce(false, language);
        reader.get(&format!("/plans/{id}/missing{query}")).await
    })?;
    let roles: Vec<RoleRow> = serde_json::from_value(answer)?;
    let mut open = 0;
    for role in &roles {
        let who = match &role.supplier_id {
            Some(id) => format!("{} ({id})", printable(role.name.get(language))),
            None => Text::new("（計画に記載なし）", "(the plan names nobody)").get(language).to_string(),
        };
        say(&format!("{}: {who}", role.role.label().get(language)));
        open += role.open().count();
        let shown = role.items.iter().filter(|item| !arguments.open || !item.state.is_settled());
        shown.for_each(|item| say(&format!("  {}", line(item, language))));
    }
    say_text(language, &format!("不足・要確認: {open} 件"), &format!("To be asked for: {open}"));
    Ok(if open == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FOUND) })
}

fn line(item: &ItemRow, language: Language) -> String {
    let (mark, state) = match &item.state {
        ValueState::Known { source, as_of } => {
            ("o", Text::new(format!("あり（{as_of} 時点、{source}）"), format!("known (as of {as_of}, {source})")))
        }
        ValueState::Unusable { as_of, why, .. } => (
            "!",
            Text::new(
                format!("使えません（{as_of} 時点）: {}", why.ja),
                format!("not usable (as of {as_of}): {}", why.en),
            ),
        ),
        ValueState::SubmittedDirectly { on, receipt } => (
            "o",
            Text::new(
                format!("主務大臣に直接提出済み {on} {receipt}"),
                format!("submitted to the minister directly {on} {receipt}"),
            ),
        ),
        ValueState::Erased => ("x", Text::new("消去済み", "erased")),
        ValueState::Absent => ("x", Text::new("なし", "absent")),
    };
    let relief = match item.may_be_relieved && !item.state.is_settled() {
        true => {
            Text::new("（省令17条の要件を証すれば省略可）", " (may be omitted if the conditions of ord. 17 are proved)")
        }
        false => Text::default(),
    };
    let label = item.field.label();
    printable(&format!("{mark} {}: {}{}", label.get(language), state.get(language), relief.get(language)))
}
