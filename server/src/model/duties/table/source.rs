//! How a regime is kept: rows in files, one per table of the law, which name articles, clocks and cautions by keys of one
//! word list, so that each sentence about the law stands once.
//! It does not know what a row means. Invariant: a key that the word list does not have stops the build's tests.
//!
//! # Adding a row
//!
//! 1. If the change has no word yet, add it to `schemas/src/change.rs`.
//! 2. Write the row into the file of its table of the law (`schemas/regimes/jp-espa/rows/`), with article, confidence, the day from which
//!    it holds and a test case for each phase it names; sentences that are not there yet go to `words.json`. What the law as
//!    read does not say is `ask_person` with a question. A row that was released keeps its id.
//! 3. Add the expectation, as the law's own table has it, to `table_tests.rs`.

use super::{Clock, Confidence, Pack, PhaseWord, RowCase, TableRow, TestCase};
use crate::model::rows::DutyOutcome;
use daicho_schemas::change::Change;
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

const WORDS_FORMAT: &str = "daicho.regime-words.v1";
/// The name of the format of files of rows.
pub const ROWS_FORMAT: &str = "daicho.regime-rows.v1";

macro_rules! of_jp_espa {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../../schemas/regimes/jp-espa/", $name)))
    };
}

/// The files of rows, in order of precedence.
const JP_ESPA_ROWS: &[(&str, &str)] = &[
    of_jp_espa!("rows/standing.json"),
    of_jp_espa!("rows/operator.json"),
    of_jp_espa!("rows/installation-filing.json"),
    of_jp_espa!("rows/installation-open.json"),
    of_jp_espa!("rows/installation-introduced.json"),
    of_jp_espa!("rows/entrustment.json"),
    of_jp_espa!("rows/emergency.json"),
    of_jp_espa!("rows/transition.json"),
];

/// 経済安全保障推進法, chapter 3, with every row.
pub(super) fn jp_espa() -> Result<Pack, String> {
    let files: Result<Vec<Rows>, String> = JP_ESPA_ROWS.iter().map(|file| rows_of(*file)).collect();
    assemble(files?)
}

/// The same with a changed file of rows in the place of the one that has a row of the same id; at the end where none has.
pub fn jp_espa_with(json: &str) -> Result<Pack, String> {
    let mut changed = Some(rows_of(("rows", json))?);
    let mut files = Vec::new();
    for file in JP_ESPA_ROWS {
        let own = rows_of(*file)?;
        let same = |one: &Rows| one.rows.iter().any(|row| own.rows.iter().any(|other| other.row_id == row.row_id));
        files.push(changed.take_if(|one| same(one)).unwrap_or(own));
    }
    files.extend(changed);
    assemble(files)
}

fn rows_of(file: (&str, &str)) -> Result<Rows, String> {
    let rows: Rows = read(file)?;
    format_is(&rows.format, ROWS_FORMAT)?;
    Ok(rows)
}

fn assemble(files: Vec<Rows>) -> Result<Pack, String> {
    let mut pack: Pack = read(of_jp_espa!("pack.v1.json"))?;
    let words: Words = read(of_jp_espa!("rows/words.json"))?;
    format_is(&words.format, WORDS_FORMAT)?;
    for row in files.into_iter().flat_map(|file| file.rows) {
        pack.rows.push(words.row(row)?);
    }
    pack.fields.extend(words.fields);
    pack.asked_of_supplier.extend(words.asked_of_supplier);
    Ok(pack)
}

fn read<T: DeserializeOwned>((name, json): (&str, &str)) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("{name}: {error}"))
}

fn format_is(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("the format is '{wanted}', not '{found}'")) }
}

/// The sentences that rows name by key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    format: String,
    articles: BTreeMap<String, Text>,
    forms: BTreeMap<String, Text>,
    clocks: BTreeMap<String, Clock>,
    questions: BTreeMap<String, Text>,
    /// As what a change is judged where the answer to a question is yes.
    if_yes: BTreeMap<String, Change>,
    cautions: BTreeMap<String, Text>,
    fields: BTreeMap<String, Text>,
    field_sets: BTreeMap<String, Vec<String>>,
    asked_of_supplier: BTreeSet<String>,
}

/// One table of the law.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    format: String,
    #[serde(rename = "about")]
    _about: Text,
    rows: Vec<Row>,
}

/// [`TableRow`], with keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    row_id: String,
    #[serde(default)]
    case: RowCase,
    plan_kind: Option<PlanKind>,
    #[serde(default)]
    phases: Vec<PhaseWord>,
    changes: Vec<Change>,
    outcome: DutyOutcome,
    form: Option<String>,
    articles: Vec<String>,
    clock: String,
    #[serde(default)]
    questions: Vec<String>,
    title: Text,
    confidence: Confidence,
    #[serde(default)]
    cautions: Vec<String>,
    effective_from: CalendarDate,
    effective_to: Option<CalendarDate>,
    #[serde(default)]
    missing: Vec<String>,
    tests: Vec<TestCase>,
}

impl Words {
    fn row(&self, row: Row) -> Result<TableRow, String> {
        let articles: Result<Vec<Text>, String> = row.articles.iter().map(|key| at(&self.articles, key)).collect();
        let missing: Result<Vec<Vec<String>>, String> =
            row.missing.iter().map(|key| at(&self.field_sets, key)).collect();
        Ok(TableRow {
            articles: articles?,
            form: row.form.map(|key| at(&self.forms, &key)).transpose()?,
            clock: at(&self.clocks, &row.clock)?,
            question: joined(&self.questions, &row.questions)?,
            if_yes: row.questions.iter().find_map(|key| self.if_yes.get(key).copied()),
            caution: joined(&self.cautions, &row.cautions)?,
            missing_fields: missing?.into_iter().flatten().collect(),
            row_id: row.row_id,
            case: row.case,
            plan_kind: row.plan_kind,
            phases: row.phases,
            changes: row.changes,
            outcome: row.outcome,
            title: row.title,
            confidence: row.confidence,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            tests: row.tests,
        })
    }
}

fn at<T: Clone>(words: &BTreeMap<String, T>, key: &str) -> Result<T, String> {
    words.get(key).cloned().ok_or_else(|| format!("rows/words.json has no '{key}'"))
}

/// Sentences in a row: Japanese needs no space between them.
fn joined(words: &BTreeMap<String, Text>, keys: &[String]) -> Result<Option<Text>, String> {
    let all = keys.iter().map(|key| at(words, key)).collect::<Result<Vec<Text>, String>>()?;
    let (ja, en): (Vec<String>, Vec<String>) = all.into_iter().map(|text| (text.ja, text.en)).unzip();
    Ok((!ja.is_empty()).then(|| Text::new(ja.concat(), en.join(" "))))
}
