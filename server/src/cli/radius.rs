//! `daicho radius`: what a supplier, a holder, a country or a product touches, from the server or the ledger.
//! It does not find anything itself; the answer is the REST interface's.
//! Invariant: what cannot be decided is printed as such, never left out.

use super::files::say_printable;
use super::reading::ReadingArguments;
use super::{block_on, say, say_text};
use clap::Args;
use comfy_table::{Table, presets};
use daicho_schemas::text::Language;
use serde_json::Value;
use std::process::ExitCode;

/// What to ask about; exactly one.
#[derive(Debug, Args)]
pub(crate) struct RadiusArguments {
    #[command(flatten)]
    about: About,
    /// Print the whole answer as JSON (JSON で出力する)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArguments,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct About {
    /// A supplier, contractor or subcontractor, by its id (供給者等の識別子)
    #[arg(long, value_name = "ID")]
    supplier: Option<String>,
    /// A holder that suppliers' records name: its supplier id, its id there, or its name (議決権の保有者)
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// A country, ISO 3166-1 alpha-2: by law, address, manufacture, holder (国)
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// A product or component, by its name (製品・構成要素の名称)
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
}

pub(crate) fn run(arguments: &RadiusArguments, language: Language) -> anyhow::Result<ExitCode> {
    let About { supplier, holder, country, product } = &arguments.about;
    let asked = [("supplier", supplier), ("holder", holder), ("country", country), ("product", product)];
    let asked = asked.iter().find_map(|(about, q)| q.as_ref().map(|q| [(*about, q.as_str())]));
    let [(about, q)] = asked.unwrap_or([("product", "")]);
    let query = reqwest::Url::parse_with_params("http://localhost/radius", [("about", about), ("q", q)])?;
    let path = format!("/radius?{}", query.query().unwrap_or_default());
    let answer = block_on(async {
        let reader = arguments.reading.open(language).await?;
        reader.announce(arguments.json, language);
        reader.get(&path).await
    })?;
    if arguments.json {
        say(&serde_json::to_string_pretty(&answer)?);
        return Ok(ExitCode::SUCCESS);
    }
    let (declared, seen) = (list(&answer, "/declared"), list(&answer, "/seen"));
    if declared.is_empty() && seen.is_empty() {
        say_text(
            language,
            "記録の中には、関わるものが見つかりません。記録にないものについては分かりません。",
            "Nothing in the records touches it. What is not recorded cannot be told.",
        );
    }
    print(language, ["計画書の記載", "Declared in plans"], declared, declared_row);
    print(language, ["エージェントが見たもの", "Seen by agents"], seen, seen_row);
    say_ways(&answer, language);
    say_undecided(&answer, language);
    let total = |name: &str| answer.pointer(&format!("/totals/{name}")).and_then(Value::as_u64).unwrap_or(0);
    let [equipment, places, plans, hosts] = ["equipment", "places", "plans", "hosts"].map(total);
    say_text(
        language,
        &format!("全体: 特定重要設備 {equipment}、場所 {places}、計画書 {plans}、ホスト {hosts}。"),
        &format!("In all: {equipment} critical equipment, {places} places, {plans} plans, {hosts} hosts."),
    );
    Ok(ExitCode::SUCCESS)
}

fn print(language: Language, title: [&str; 2], rows: &[Value], row: fn(&Value) -> [String; 4]) {
    if rows.is_empty() {
        return;
    }
    say_text(language, title[0], title[1]);
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match language {
        Language::Ja => ["特定重要設備", "内容", "供給者等", "計画書"],
        Language::En => ["equipment", "what", "supplier", "plan"],
    });
    for value in rows {
        table.add_row(row(value));
    }
    say(&table.to_string());
}

fn declared_row(touch: &Value) -> [String; 4] {
    let what = match text(touch, "/role").as_str() {
        "part" => text(touch, "/name"),
        role => format!("{role} {}", text(touch, "/ends_on")),
    };
    let filed = if touch.pointer("/filed") == Some(&Value::Bool(true)) { "●" } else { "?" };
    let plan = format!("{filed} {}", text(touch, "/plan_id"));
    [text(touch, "/equipment_id"), what.trim().to_string(), text(touch, "/supplier_id"), plan]
}

fn seen_row(seen: &Value) -> [String; 4] {
    let count = |name: &str| seen.pointer(name).and_then(Value::as_u64).unwrap_or(0);
    let what = format!("{} ({} / {})", text(seen, "/product"), count("/components"), count("/hosts"));
    let at = |place: &str| seen.pointer(place).and_then(Value::as_str);
    let plan = match (at("/covered_by/0"), at("/carried_by")) {
        (Some(plan), _) => format!("● {plan}"),
        (None, Some(carrier)) => format!("⊂ {carrier}"),
        (None, None) => "◆".into(),
    };
    [text(seen, "/equipment_id"), what, text(seen, "/supplier_id"), plan]
}

/// The ways through ownership, each with the exact share on every step.
fn say_ways(answer: &Value, language: Language) {
    let ways = list(answer, "/paths");
    if ways.is_empty() {
        return;
    }
    say_text(language, "保有関係の経路（議決権の割合）", "Ways through ownership (shares of votes)");
    for way in ways {
        let links = list(way, "/links");
        say_printable(&format!("  {}  = {}", links_in_words(links, language), text(way, "/product")));
    }
    if answer.pointer("/paths_cut") == Some(&Value::Bool(true)) {
        say_text(language, "  ほかにも経路があります。", "  There are more ways than these.");
    }
}

fn links_in_words(links: &[Value], language: Language) -> String {
    let top = links.first().map_or_else(String::new, |top| {
        let name = if language == Language::Ja { "/holder/ja" } else { "/holder/en" };
        let known = ["/holder_supplier_id", name, "/holder_id"].map(|at| top.pointer(at).and_then(Value::as_str));
        known.into_iter().flatten().next().unwrap_or_default().to_string()
    });
    let steps = links.iter().map(|link| format!(" →({}) {}", text(link, "/share"), text(link, "/supplier_id")));
    format!("{top}{}", steps.collect::<String>())
}

fn say_undecided(answer: &Value, language: Language) {
    let suppliers: Vec<&str> = list(answer, "/undecided/suppliers").iter().filter_map(Value::as_str).collect();
    if !suppliers.is_empty() {
        let names = suppliers.join(", ");
        say_text(
            language,
            &format!("? 国の記録がない供給者等（この国でないとは言えません）: {names}"),
            &format!("? no country on record, so nothing can be said of: {names}"),
        );
    }
    let holders: Vec<&str> = list(answer, "/undecided/holders").iter().filter_map(Value::as_str).collect();
    if !holders.is_empty() {
        let names = holders.join(", ");
        say_text(
            language,
            &format!("? 議決権の保有者の記録がない供給者等: {names}"),
            &format!("? no holders on record, so who stands behind them cannot be told: {names}"),
        );
    }
    for alike in list(answer, "/undecided/alike") {
        let (holding, may_be) = (alike.pointer("/holding").cloned().unwrap_or_default(), text(alike, "/may_be"));
        let words = links_in_words(&[holding], language);
        say_text(
            language,
            &format!("? 同じ名称の保有者（たどっていません）: {words} ≟ {may_be}"),
            &format!("? a holder of the same name, not followed: {words} ≟ {may_be}"),
        );
    }
    let parts = answer.pointer("/undecided/parts").and_then(Value::as_u64).unwrap_or(0);
    if parts > 0 {
        say_text(
            language,
            &format!("? 製造国の記録がない構成設備: {parts} 件"),
            &format!("? parts without a country of manufacture on record: {parts}"),
        );
    }
}

fn list<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("–").to_string()
}
