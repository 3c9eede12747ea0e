//! `daicho acd computers|confirm|refuse|worksheet`: what the server proposes, a person's decision, the forms filled in.
//! It does not judge a decision; the server does.
//! Invariant: a decision names the one that stands when it is made, so that nobody is overruled unseen.

use super::client::{Client, ServerArguments};
use super::files::write_new_bytes;
use super::{block_on, say, say_text};
use anyhow::Context as _;
use clap::Args;
use comfy_table::{Table, presets};
use daicho_schemas::ids::{EquipmentId, PlanId};
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Value, json};
use std::path::PathBuf;

fn equipment(text: &str) -> Result<EquipmentId, String> {
    EquipmentId::new(text).map_err(|error| error.to_string())
}

fn plan(text: &str) -> Result<PlanId, String> {
    PlanId::new(text).map_err(|error| error.to_string())
}

/// Of which equipment.
#[derive(Debug, Args)]
pub(crate) struct ComputersArguments {
    /// The equipment (特定重要設備)
    #[arg(long, value_parser = equipment)]
    equipment: EquipmentId,
    /// Print the proposals and decisions as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// A decision that computers are in scope.
#[derive(Debug, Args)]
pub(crate) struct ConfirmArguments {
    /// The equipment (特定重要設備)
    #[arg(long, value_parser = equipment)]
    equipment: EquipmentId,
    /// A computer; may be given again for others that are alike (電子計算機)
    #[arg(long = "computer", required = true)]
    computers: Vec<String>,
    /// The category: equipment-itself, router, internet-address … (区分; `daicho regimes show jp-acd`)
    #[arg(long)]
    category: String,
    /// A product's name; with --maker and so on for each, in the same order (製品名)
    #[arg(long = "product", required = true)]
    products: Vec<String>,
    /// Its maker; "" while nobody knows it (製造者の名称)
    #[arg(long = "maker")]
    makers: Vec<String>,
    /// The day it was introduced; "" while nobody knows it (導入した日)
    #[arg(long = "introduced-on", value_name = "YYYY-MM-DD")]
    introduced_on: Vec<String>,
    /// installed-software, appliance or cloud; installed-software where it is not given (単位)
    #[arg(long = "unit")]
    units: Vec<String>,
    /// The exemption that holds for it; "" for none (届出の除外)
    #[arg(long = "exempt-by")]
    exempt_by: Vec<String>,
    /// The filed plan that shows the same names; all products (代わりになる計画書)
    #[arg(long, value_parser = plan)]
    filed_in: Option<PlanId>,
    /// Why; needed for an exemption; it stays in the ledger (理由)
    #[arg(long, default_value = "")]
    reason: String,
    /// The day of the change, once a notification was submitted (届出後に変わった日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    changed_on: Option<CalendarDate>,
    #[command(flatten)]
    server: ServerArguments,
}

/// A decision that computers are not in scope.
#[derive(Debug, Args)]
pub(crate) struct RefuseArguments {
    /// The equipment (特定重要設備)
    #[arg(long, value_parser = equipment)]
    equipment: EquipmentId,
    /// A computer; may be given again (電子計算機)
    #[arg(long = "computer", required = true)]
    computers: Vec<String>,
    /// Why; it stays in the ledger (理由)
    #[arg(long)]
    reason: String,
    /// The day of the change, once a notification was submitted (届出後に変わった日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    changed_on: Option<CalendarDate>,
    #[command(flatten)]
    server: ServerArguments,
}

/// A form of an equipment's computers.
#[derive(Debug, Args)]
pub(crate) struct SheetArguments {
    /// The equipment (特定重要設備)
    #[arg(long, value_parser = equipment)]
    equipment: EquipmentId,
    /// acd-form-1 or acd-form-2 (様式)
    #[arg(long, default_value = "acd-form-1")]
    form: String,
    /// The day of filing; today where it is not given (届出日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<CalendarDate>,
    /// Where to write the spreadsheet (書き出す XLSX ファイル)
    #[arg(long, value_name = "FILE.xlsx")]
    out: PathBuf,
    #[command(flatten)]
    server: ServerArguments,
}

async fn standing(client: &Client, equipment: &EquipmentId) -> anyhow::Result<Vec<Value>> {
    let list = client.get(&format!("/computers?equipment_id={equipment}")).await?;
    Ok(list.get("rows").and_then(Value::as_array).context("the server answered without rows")?.clone())
}

pub(crate) fn list(arguments: &ComputersArguments, language: Language) -> anyhow::Result<()> {
    let rows = block_on(async { standing(&Client::new(&arguments.server)?, &arguments.equipment).await })?;
    if arguments.json {
        say(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let undecided = rows.iter().filter(|row| row.pointer("/decided").is_none_or(Value::is_null)).count();
    for row in &rows {
        let state = match row.pointer("/decided/judged/in_scope").and_then(Value::as_bool) {
            None => Text::new("未判断", "undecided"),
            Some(true) => Text::new("対象", "in scope"),
            Some(false) => Text::new("対象外", "not in scope"),
        };
        let days = row.get("duties").and_then(Value::as_array).into_iter().flatten();
        let days: Vec<&str> = days.filter_map(|duty| duty.get("due_on")?.as_str()).collect();
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        table.add_row([printable(name).to_string(), state.get(language).to_string(), days.join(" ")]);
    }
    say(&table.to_string());
    say_text(language, &format!("未判断：{undecided} 台"), &format!("undecided: {undecided}"));
    Ok(())
}

/// The names as a decision gives them, each with the decision that stands.
fn named(rows: &[Value], computers: &[String]) -> Vec<Value> {
    let stands = |name: &str| {
        rows.iter()
            .find(|row| row.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|row| row.pointer("/decided/seq"))
    };
    let of = |name: &String| match stands(name).and_then(Value::as_u64) {
        Some(seq) => json!({ "name": name, "replaces": seq }),
        None => json!({ "name": name }),
    };
    computers.iter().map(of).collect()
}

pub(crate) fn confirm(arguments: &ConfirmArguments, language: Language) -> anyhow::Result<()> {
    let filled = |list: &[String], at: usize| {
        list.get(at).map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_string)
    };
    let product = |(at, product): (usize, &String)| {
        let mut all = json!({
            "unit_id": filled(&arguments.units, at).unwrap_or_else(|| "installed-software".into()), "product": product,
        });
        let more = [
            ("maker", filled(&arguments.makers, at)),
            ("introduced_on", filled(&arguments.introduced_on, at)),
            ("exempt_by", filled(&arguments.exempt_by, at)),
            ("filed_in", arguments.filed_in.as_ref().map(ToString::to_string)),
        ];
        for (field, value) in more {
            if let (Some(value), Some(all)) = (value, all.as_object_mut()) {
                all.insert(field.into(), value.into());
            }
        }
        all
    };
    let products: Vec<Value> = arguments.products.iter().enumerate().map(product).collect();
    let body = json!({
        "equipment_id": arguments.equipment, "in_scope": true, "scope_id": arguments.category, "reason": arguments.reason,
        "products": products, "changed_on": arguments.changed_on,
    });
    tell(&arguments.server, &arguments.equipment, &arguments.computers, body, language)
}

pub(crate) fn refuse(arguments: &RefuseArguments, language: Language) -> anyhow::Result<()> {
    let body = json!({
        "equipment_id": arguments.equipment, "in_scope": false, "reason": arguments.reason,
        "changed_on": arguments.changed_on,
    });
    tell(&arguments.server, &arguments.equipment, &arguments.computers, body, language)
}

fn tell(
    server: &ServerArguments,
    equipment: &EquipmentId,
    computers: &[String],
    mut body: Value,
    language: Language,
) -> anyhow::Result<()> {
    let answer = block_on(async {
        let client = Client::new(server)?;
        let rows = standing(&client, equipment).await?;
        if let Some(body) = body.as_object_mut() {
            body.insert("computers".into(), Value::Array(named(&rows, computers)));
        }
        client.post("/computers", serde_json::to_vec(&body)?).await
    })?;
    let seq = answer.get("entry_seq").unwrap_or(&Value::Null);
    say_text(language, &format!("記録しました（記録 {seq}）。"), &format!("Recorded (entry {seq})."));
    Ok(())
}

pub(crate) fn worksheet(arguments: &SheetArguments, language: Language) -> anyhow::Result<()> {
    let lang = if language == Language::En { "en" } else { "ja" };
    let on = arguments.on.map_or_else(String::new, |on| format!("&on={on}"));
    let place = format!("/equipment/{}/acd-worksheet", arguments.equipment);
    let query = format!("?form={}&lang={lang}{on}", arguments.form);
    let (bytes, sheet) = block_on(async {
        let client = Client::new(&arguments.server)?;
        // The answer in JSON first: it says why where there is no such form.
        let sheet = client.get(&format!("{place}{query}")).await?;
        anyhow::Ok((client.bytes(&format!("/api/v1{place}.xlsx{query}")).await?, sheet))
    })?;
    write_new_bytes(&arguments.out, &bytes)?;
    let rows = ["rows", "attachments"].into_iter().filter_map(|list| sheet.get(list)?.as_array()).flatten();
    let open = rows
        .filter(|row| matches!(row.get("state").and_then(Value::as_str), Some("missing" | "unusable" | "erased")))
        .count();
    let out = arguments.out.display();
    say_text(
        language,
        &format!("{out} に書き出しました。不足・要対応は {open} 件です。"),
        &format!("Wrote {out}. Still open: {open}."),
    );
    Ok(())
}
