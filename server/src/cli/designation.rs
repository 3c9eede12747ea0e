//! `daicho designation`: would the criterion of a business be fulfilled, by which figures, on which day?
//! It does not know whether anybody was designated: the minister does that, and gives public notice.
//! Invariant: it never says "not fulfilled" while a figure of the criterion is missing.

use super::files::{self, EXIT_FOUND, Format, say_printable};
use super::regimes::show_basis;
use super::{say, say_text};
use crate::clock::{Clock as _, SystemClock};
use crate::model::regimes::sectors;
use anyhow::Context as _;
use clap::Args;
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::regime::figures::{Figures, Judged, Value, Verdict};
use daicho_schemas::regime::sectors::{BusinessRule, SectorsFile};
use daicho_schemas::regime::{Standing, wrong_figures};
use daicho_schemas::text::{Language, Text};
use daicho_schemas::time::CalendarDate;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which business, with which figures.
#[derive(Debug, Args)]
pub(crate) struct DesignationArguments {
    /// The business, as the list without arguments names it (事業)
    #[arg(long, value_name = "ID")]
    business: Option<String>,
    /// Figures: key=value, yes and no for questions (数値。質問には yes か no)
    #[arg(value_name = "KEY=VALUE")]
    figures: Vec<String>,
    /// A file with figures: {"port_containers_per_year": 2600000, …} (数値のファイル)
    #[arg(long = "figures", value_name = "FILE")]
    file: Option<PathBuf>,
    /// The day, in Japan; today where it is not given (基準日)
    #[arg(long, alias = "as-of", value_name = "YYYY-MM-DD")]
    on: Option<CalendarDate>,
    /// How to print (出力形式)
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One business on one day.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    on: CalendarDate,
    sector: &'a Text,
    verdict: Verdict,
    figures: Vec<Judged>,
    rule: &'a BusinessRule,
}

pub(crate) fn run(arguments: &DesignationArguments, language: Language) -> anyhow::Result<ExitCode> {
    let law = sectors().context("this release has no sectors")?;
    let on = arguments.on.unwrap_or_else(|| SystemClock.now().date_in_japan());
    let figures = figures(arguments, law, language)?;
    let wanted: Vec<&str> = match &arguments.business {
        Some(business) => vec![business],
        None if figures.is_empty() => return Ok(list(law, on, language)),
        None => concerned(law, &figures).into_iter().collect(),
    };
    let mut answers = Vec::new();
    for business in wanted {
        let Some((sector, rule)) = law.rule_on(business, on) else {
            return Err(no_rule(law, business, on).into());
        };
        let (verdict, figures) = rule.criterion.judge(&figures);
        answers.push(Answer { on, sector: &sector.name, verdict, figures, rule });
    }
    match arguments.format {
        Format::Json => files::print_json(&answers)?,
        Format::Table => answers.iter().for_each(|answer| show(law, answer, language)),
    }
    let settled = answers.iter().all(|answer| answer.verdict == Verdict::NotMet);
    Ok(if settled { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FOUND) })
}

fn malformed(what: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::RequestMalformed).with(what)
}

fn no_rule(law: &SectorsFile, business: &str, on: CalendarDate) -> Refusal {
    let known = law.rules().any(|(_, rule)| rule.business_id == business);
    let what = if known {
        format!(
            "this release has no rule for '{business}' on {on}: `daicho regimes show {business}` shows from when it has one"
        )
    } else {
        format!("no business has the id '{business}': `daicho designation` lists them")
    };
    Refusal::new(RefusalCode::NotFound).with(what)
}

/// Figures from the file, then from the command line. What no criterion asks for is refused, not ignored.
fn figures(arguments: &DesignationArguments, law: &SectorsFile, language: Language) -> anyhow::Result<Figures> {
    let mut given = Vec::new();
    if let Some(path) = &arguments.file {
        let bytes = files::read(path, IMPORT_BYTES_MAX, RefusalCode::RequestMalformed)?;
        let json: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&bytes).map_err(|error| malformed(format!("{}: {error}", path.display())))?;
        for (name, value) in json {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            given.push((name, text));
        }
    }
    for pair in &arguments.figures {
        let (name, value) = pair.split_once('=').ok_or_else(|| malformed(format!("'{pair}' is not key=value")))?;
        given.push((name.trim().into(), value.trim().into()));
    }
    let mut figures = Figures::new();
    for (name, text) in given {
        let value = value(&text).map_err(|what| malformed(format!("{name}: {what}")))?;
        if figures.insert(name.clone(), value).is_some() {
            return Err(malformed(format!("'{name}' is given twice")).into());
        }
    }
    match wrong_figures(&law.measures, &figures).first() {
        Some(wrong) => Err(malformed(wrong.get(language)).into()),
        None => Ok(figures),
    }
}

fn value(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "はい" => Ok(Value::Answer(true)),
        "false" | "no" | "いいえ" => Ok(Value::Answer(false)),
        figure => figure
            .parse()
            .map(Value::Figure)
            .map_err(|error: daicho_schemas::regime::figures::FigureError| error.to_string()),
    }
}

/// Businesses whose criterion asks for something that was given.
fn concerned<'a>(law: &'a SectorsFile, figures: &Figures) -> BTreeSet<&'a str> {
    let asked = |rule: &BusinessRule| rule.criterion.measures().iter().any(|measure| figures.contains_key(*measure));
    law.rules().filter(|(_, rule)| asked(rule)).map(|(_, rule)| rule.business_id.as_str()).collect()
}

fn list(law: &SectorsFile, on: CalendarDate, language: Language) -> ExitCode {
    say_text(
        language,
        &format!("{on} の指定基準。`daicho designation --business ID 項目=値 …` で判定します。"),
        &format!("Criteria on {on}. `daicho designation --business ID KEY=VALUE …` judges one."),
    );
    for sector in &law.sectors {
        say(sector.name.get(language));
        let businesses: BTreeSet<&str> = sector.businesses.iter().map(|rule| rule.business_id.as_str()).collect();
        for (_, rule) in businesses.iter().filter_map(|business| law.rule_on(business, on)) {
            say(&format!(
                "  {:<22} {}{}",
                rule.business_id,
                standing(rule, language),
                rule.criterion_text.get(language)
            ));
            for name in rule.criterion.measures() {
                say(&format!("  {:<22}   {name}{}", "", asked(law, name, language)));
            }
        }
    }
    ExitCode::SUCCESS
}

fn standing(rule: &BusinessRule, language: Language) -> &'static str {
    match (rule.basis.standing, language) {
        (Standing::InForce, _) => "",
        (Standing::EnactedNotInForce, Language::Ja) => "【未施行】",
        (Standing::EnactedNotInForce, Language::En) => "[NOT IN FORCE] ",
    }
}

/// "= 年間コンテナ取扱量 (TEU)"
fn asked(law: &SectorsFile, name: &str, language: Language) -> String {
    let Some(measure) = law.measures.get(name) else { return String::new() };
    let unit = measure.unit.as_ref().map_or_else(|| "yes/no".to_string(), |unit| unit.get(language).to_string());
    format!(" = {} ({unit})", measure.name.get(language))
}

fn show(law: &SectorsFile, answer: &Answer<'_>, language: Language) {
    let Answer { on, sector, verdict, figures, rule } = answer;
    let conclusion = match verdict {
        Verdict::Met => Text::new(
            "基準を満たします。大臣は指定することができます",
            "the criterion is fulfilled: the minister may designate",
        ),
        Verdict::NotMet => Text::new("基準を満たしません", "the criterion is not fulfilled"),
        Verdict::Unknown => Text::new("分かりません（足りない数値があります）", "unknown: something is missing"),
    };
    say(&format!("{} › {}{} ({on})", sector.get(language), standing(rule, language), rule.name.get(language)));
    say(&format!("  → {}", conclusion.get(language)));
    say(&format!("  {}", rule.criterion_text.get(language)));
    for leaf in figures {
        say_printable(&format!("  {}", leaf_line(law, leaf, language)));
    }
    show_basis(&rule.basis, language, "  ");
    if let Some(near) = &rule.near_threshold {
        say(&format!("  ※ {}", near.get(language)));
    }
    let days = &rule.timeline;
    if let (Some(designated), Some(duty), Some(tag)) = (days.first_designated_on, days.first_duty_on, days.confidence) {
        say_text(
            language,
            &format!("  最初の指定 {designated}、その届出義務の開始 {duty} [{}]", tag.as_str()),
            &format!("  First designated on {designated}, their duty from {duty} [{}]", tag.as_str()),
        );
    }
    say_text(
        language,
        "  指定は大臣が行い、官報で公示されます（第50条第1項・第2項）。基準を満たすことと、指定を受けていることは別です。",
        "  Designation is the minister's act, with public notice (act art. 50(1)(2)); fulfilling a criterion is not being designated.",
    );
    say("");
}

fn leaf_line(law: &SectorsFile, leaf: &Judged, language: Language) -> String {
    let Some(name) = &leaf.measure else {
        return Text::new("?  基準は未定です", "?  nothing is set yet").get(language).to_string();
    };
    let mark = match leaf.verdict {
        Verdict::Met => "✓",
        Verdict::NotMet => "✗",
        Verdict::Unknown => "?",
    };
    let measure = law.measures.get(name);
    let unit = measure.and_then(|measure| measure.unit.as_ref()).map_or("", |unit| unit.get(language));
    let wanted = match leaf.threshold {
        Some((threshold, true)) => format!(" ≥ {threshold} {unit}"),
        Some((threshold, false)) => format!(" > {threshold} {unit}"),
        None => String::new(),
    };
    let given = match leaf.given {
        Some(Value::Answer(true)) => Text::new("はい", "yes"),
        Some(Value::Answer(false)) => Text::new("いいえ", "no"),
        Some(Value::Whole(figure)) => Text::same(figure.to_string()),
        Some(Value::Figure(figure)) => Text::same(figure.to_string()),
        None => Text::new(format!("不明（{name}=… で示してください）"), format!("not given (state {name}=…)")),
    };
    let asked = measure.map_or(name.as_str(), |measure| measure.name.get(language));
    format!("{mark}  {asked}{wanted}: {}", given.get(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(pairs: &[&str]) -> anyhow::Result<Figures> {
        let arguments = DesignationArguments {
            business: None,
            figures: pairs.iter().map(ToString::to_string).collect(),
            file: None,
            on: None,
            format: Format::Table,
        };
        figures(&arguments, sectors().unwrap(), Language::En)
    }

    #[test]
    fn figures_that_no_criterion_asks_for_are_refused() {
        for bad in [
            &["nothing=1"][..],
            &["port_containers_per_year"],
            &["port_containers_per_year=yes"],
            &["television=1"],
            &["vehicles=-1"],
            &["vehicles=1", "vehicles=2"],
        ] {
            let error = answer(bad).unwrap_err();
            assert!(error.downcast_ref::<Refusal>().is_some_and(|refusal| !refusal.detail.is_empty()), "{bad:?}");
        }
        let good = answer(&["port_containers_per_year=800000", "handles_containers_at_wharf=はい"]).unwrap();
        assert_eq!(good.len(), 2);
        assert_eq!(concerned(sectors().unwrap(), &good).into_iter().collect::<Vec<_>>(), ["port"]);
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_denied() {
        let law = sectors().unwrap();
        let (_, rule) = law.rule_on("port", "2026-11-21".parse().unwrap()).unwrap();
        let (verdict, leaves) = rule.criterion.judge(&answer(&["port_containers_per_year=100"]).unwrap());
        assert_eq!(verdict, Verdict::Unknown);
        let lines: Vec<String> = leaves.iter().map(|leaf| leaf_line(law, leaf, Language::En)).collect();
        assert!(lines[0].starts_with('?') && lines[0].contains("handles_containers_at_wharf=…"), "{lines:?}");
        assert!(lines[1].starts_with('✗') && lines[1].ends_with("≥ 800000 containers: 100"), "{lines:?}");
    }

    #[test]
    fn a_day_before_the_rule_is_said_so() {
        let law = sectors().unwrap();
        assert!(no_rule(law, "port", "2025-03-31".parse().unwrap()).detail.contains("2025-03-31"));
        assert!(no_rule(law, "ferry", "2025-03-31".parse().unwrap()).detail.contains("lists them"));
    }
}
