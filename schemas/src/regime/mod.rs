//! The law beside the decision table, as dated data: sectors, forms, clocks, check lists, computers, templates (`schemas/regimes/`).
//! It does not know a single operator, plan or host, nor what day it is; files are read elsewhere.
//! Invariant: every row says by which article, from when, how sure we are, and in words what rests on less than statute.
//!
//! # Adding a row of law
//!
//! 1. Add it to a file in `schemas/regimes/`, with article, dates, confidence, note and its own test cases; count `version` up.
//! 2. `cargo test -p daicho-schemas regime` and `daicho regimes test FILE` say what is wrong with it.

pub mod check_lists;
pub mod clocks;
pub mod computers;
pub mod figures;
pub mod forms;
mod problems;
pub mod sectors;
pub mod templates;

use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use problems::{problems, wrong_figures};

/// A confidence tag, strongest first, as the research note defines them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Confidence {
    /// Read article by article.
    Stat,
    /// In a document of the ministries' expert councils.
    Seed,
    /// A secondary source.
    Sec,
    /// A machine-written summary of old and new text.
    Mach,
    /// Inferred from the wording; a lawyer must confirm.
    Inf,
    /// General knowledge, not checked against a text.
    Mem,
}

impl Confidence {
    /// The tag as people see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stat => "STAT",
            Self::Seed => "SEED",
            Self::Sec => "SEC",
            Self::Mach => "MACH",
            Self::Inf => "INF",
            Self::Mem => "MEM",
        }
    }
}

/// Whether a row is law on some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In force from `effective_from` on.
    InForce,
    /// Enacted; not in force, and details are still to be set.
    EnactedNotInForce,
}

/// Where Japanese words come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// As the law or a ministry's paper writes them.
    AsWritten,
    /// Our words for what the text says: look the wording up before it goes into a filing.
    OurWords,
}

/// What a row rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The articles, or the paper where no article says it.
    pub articles: Vec<Text>,
    /// Whether it is law already.
    pub standing: Standing,
    /// The first day; absent where it is not set, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<CalendarDate>,
    /// The last day; absent while open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<CalendarDate>,
    /// The weakest tag among the facts used, the days above aside where they have a tag of their own.
    pub confidence: Confidence,
    /// How sure the days are, where they rest on less than the rest does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_confidence: Option<Confidence>,
    /// What rests on less than statute, and what is open. Needed below [`Confidence::Stat`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

impl Basis {
    /// The weakest tag, that of the days included.
    pub fn weakest(&self) -> Confidence {
        self.days_confidence.map_or(self.confidence, |days| days.max(self.confidence))
    }

    /// Whether the row holds on a day. A row that is not in force holds on none.
    pub fn holds_on(&self, on: CalendarDate) -> bool {
        self.standing == Standing::InForce
            && self.effective_from.is_none_or(|first| first <= on)
            && self.effective_to.is_none_or(|last| on <= last)
    }
}

/// What a file says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The regime: `jp-espa`, `jp-acd`.
    pub regime: String,
    /// Counts up with every change of a row.
    pub version: u32,
    /// The state of knowledge.
    pub known_on: CalendarDate,
    /// What the file is about.
    pub name: Text,
    /// What it was written from.
    pub source: Text,
}

/// One row of any file, as lists and `daicho regimes show` see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The list it stands in: `businesses`, `clocks`.
    pub list: &'static str,
    /// Its id, unique in the regime.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// What it rests on.
    pub basis: Basis,
    /// Everything it says.
    pub detail: serde_json::Value,
}

impl Row {
    fn new(list: &'static str, id: &str, title: &Text, basis: &Basis, row: &impl Serialize) -> Self {
        // A row is plain data with text keys, which always has a JSON form; an empty one would be seen in the list.
        let detail = serde_json::to_value(row).unwrap_or_default();
        Self { list, id: id.into(), title: title.clone(), basis: basis.clone(), detail }
    }
}

/// A file could not be read as law.
#[derive(Debug, thiserror::Error)]
pub enum LawFileError {
    /// It is not JSON of its format.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It names a format that is none of ours.
    #[error("'{0}' is no format of a file of law")]
    Format(String),
}

/// A file of law, whichever it is.
#[derive(Clone, Debug, PartialEq)]
pub enum LawFile {
    /// `sectors.v1.json`.
    Sectors(sectors::SectorsFile),
    /// `forms.v1.json`.
    Forms(forms::FormsFile),
    /// `clocks.v1.json`.
    Clocks(clocks::ClocksFile),
    /// `check_lists.v1.json`.
    CheckLists(check_lists::CheckListsFile),
    /// `computers.v1.json` of jp-acd.
    Computers(Box<computers::ComputersFile>),
    /// One file in `templates/`.
    Template(Box<templates::TemplateFile>),
}

/// The one field that tells which file it is.
#[derive(Deserialize)]
struct Format {
    format: String,
}

impl LawFile {
    /// Reads a file of any of the formats; the error says what is wrong and where.
    pub fn parse(bytes: &[u8]) -> Result<Self, LawFileError> {
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let Format { format } = serde_json::from_slice(json)?;
        Ok(match format.as_str() {
            sectors::SECTORS_FORMAT => Self::Sectors(serde_json::from_slice(json)?),
            forms::FORMS_FORMAT => Self::Forms(serde_json::from_slice(json)?),
            clocks::CLOCKS_FORMAT => Self::Clocks(serde_json::from_slice(json)?),
            check_lists::CHECK_LISTS_FORMAT => Self::CheckLists(serde_json::from_slice(json)?),
            computers::COMPUTERS_FORMAT => Self::Computers(Box::new(serde_json::from_slice(json)?)),
            templates::TEMPLATE_FORMAT => Self::Template(Box::new(serde_json::from_slice(json)?)),
            _ => return Err(LawFileError::Format(format.chars().take(60).collect())),
        })
    }

    /// Every row in it.
    pub fn rows(&self) -> Vec<Row> {
        match self {
            Self::Sectors(file) => file.rows(),
            Self::Forms(file) => file.rows(),
            Self::Clocks(file) => file.rows(),
            Self::CheckLists(file) => file.rows(),
            Self::Computers(file) => file.rows(),
            Self::Template(file) => vec![file.row()],
        }
    }

    /// What it says about itself.
    pub fn head(&self) -> &Head {
        match self {
            Self::Sectors(file) => &file.head,
            Self::Forms(file) => &file.head,
            Self::Clocks(file) => &file.head,
            Self::CheckLists(file) => &file.head,
            Self::Computers(file) => &file.head,
            Self::Template(file) => &file.head,
        }
    }

    /// The name of its format.
    pub fn format(&self) -> &str {
        match self {
            Self::Sectors(file) => &file.format,
            Self::Forms(file) => &file.format,
            Self::Clocks(file) => &file.format,
            Self::CheckLists(file) => &file.format,
            Self::Computers(file) => &file.format,
            Self::Template(file) => &file.format,
        }
    }

    /// The weakest tag among its rows.
    pub fn weakest(&self) -> Option<Confidence> {
        self.rows().into_iter().map(|row| row.basis.weakest()).max()
    }
}

#[cfg(test)]
mod tests;
