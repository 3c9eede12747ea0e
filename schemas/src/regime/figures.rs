//! Criteria of designation as figures: a threshold, a yes or no, and their combinations, judged with three values.
//! It does not know which business a criterion belongs to.
//! Invariant: a figure that is missing never makes a "no"; figures are exact decimals, never floating point.

use crate::text::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Digits behind the point that a figure may have.
const PLACES: usize = 6;
/// Digits before the point that a figure may have.
const DIGITS_MAX: usize = 20;
const ONE: i128 = 1_000_000;

/// An exact decimal figure of at most 20 digits before and 6 behind the point, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct Decimal(i128);

/// The text was not a figure.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a figure: write digits, with at most 6 behind a point, without sign and without separators")]
pub struct FigureError(String);

impl FromStr for Decimal {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, FigureError> {
        let refused = || FigureError(text.chars().take(40).collect());
        let (whole, behind) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(behind) || whole.len() > DIGITS_MAX || behind.len() > PLACES {
            return Err(refused());
        }
        let whole: i128 = whole.parse().map_err(|_| refused())?;
        let behind: i128 = format!("{behind:0<PLACES$}").parse().map_err(|_| refused())?;
        Ok(Self(whole * ONE + behind))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let behind = format!("{:0PLACES$}", self.0 % ONE);
        let behind = behind.trim_end_matches('0');
        let point = if behind.is_empty() { "" } else { "." };
        write!(out, "{}{point}{behind}", self.0 / ONE)
    }
}

impl From<u64> for Decimal {
    fn from(whole: u64) -> Self {
        Self(i128::from(whole) * ONE)
    }
}

impl From<Decimal> for String {
    fn from(figure: Decimal) -> Self {
        figure.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = FigureError;

    fn try_from(text: String) -> Result<Self, FigureError> {
        text.parse()
    }
}

/// Something an operator can be asked about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What is counted, or the question.
    pub name: Text,
    /// In which unit; absent for a question answered by yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
}

/// What an operator says about one measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Answer(bool),
    /// A whole number.
    Whole(u64),
    /// A figure, as text.
    Figure(Decimal),
}

/// Figures by the names of measures.
pub type Figures = BTreeMap<String, Value>;

/// A condition on figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Criterion {
    /// All of these.
    All(Vec<Criterion>),
    /// At least one of these.
    Any(Vec<Criterion>),
    /// The figure is this much or more (以上).
    AtLeast {
        /// Name of the measure.
        measure: String,
        /// In the measure's unit.
        threshold: u64,
    },
    /// The figure is more than this (超).
    MoreThan {
        /// Name of the measure.
        measure: String,
        /// In the measure's unit.
        threshold: u64,
    },
    /// No figure decides it: the answer to a question does. Names the measure that holds the question.
    Ask(String),
    /// Not set yet: nobody can know.
    NotSet,
}

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is fulfilled.
    Met,
    /// It is not.
    NotMet,
    /// Something is missing.
    Unknown,
}

/// One leaf of a criterion with what was said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Name of the measure; absent where nothing is set.
    pub measure: Option<String>,
    /// The threshold, if there is one, and whether equal is enough.
    pub threshold: Option<(u64, bool)>,
    /// What was given.
    pub given: Option<Value>,
    /// What follows.
    pub verdict: Verdict,
}

impl Criterion {
    /// Judges every leaf. The whole is "not met" only when nothing is missing anywhere in it: a figure that is not known
    /// today must not make somebody stop looking.
    pub fn judge(&self, figures: &Figures) -> (Verdict, Vec<Judged>) {
        let mut leaves = Vec::new();
        let verdict = self.descend(figures, &mut leaves);
        let missing = leaves.iter().any(|leaf| leaf.verdict == Verdict::Unknown);
        (if verdict == Verdict::NotMet && missing { Verdict::Unknown } else { verdict }, leaves)
    }

    fn descend(&self, figures: &Figures, leaves: &mut Vec<Judged>) -> Verdict {
        let mut of = |all: &[Self]| -> Vec<Verdict> { all.iter().map(|one| one.descend(figures, leaves)).collect() };
        match self {
            Self::All(parts) => {
                let found = of(parts);
                fold(&found, Verdict::NotMet, Verdict::Met)
            }
            Self::Any(parts) => {
                let found = of(parts);
                fold(&found, Verdict::Met, Verdict::NotMet)
            }
            Self::AtLeast { measure, threshold } => leaf(measure, Some((*threshold, true)), figures, leaves),
            Self::MoreThan { measure, threshold } => leaf(measure, Some((*threshold, false)), figures, leaves),
            Self::Ask(measure) => leaf(measure, None, figures, leaves),
            Self::NotSet => {
                leaves.push(Judged { measure: None, threshold: None, given: None, verdict: Verdict::Unknown });
                Verdict::Unknown
            }
        }
    }

    /// The measures it asks for, in order.
    pub fn measures(&self) -> Vec<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::measures).collect(),
            Self::AtLeast { measure, .. } | Self::MoreThan { measure, .. } | Self::Ask(measure) => vec![measure],
            Self::NotSet => Vec::new(),
        }
    }
}

/// One decisive part settles it; else one unknown part leaves it open; else it is as all of them are.
fn fold(parts: &[Verdict], decisive: Verdict, otherwise: Verdict) -> Verdict {
    if parts.contains(&decisive) {
        decisive
    } else if parts.contains(&Verdict::Unknown) {
        Verdict::Unknown
    } else {
        otherwise
    }
}

fn leaf(measure: &str, threshold: Option<(u64, bool)>, figures: &Figures, leaves: &mut Vec<Judged>) -> Verdict {
    let given = figures.get(measure).copied();
    let yes = |fulfilled| if fulfilled { Verdict::Met } else { Verdict::NotMet };
    let above = |figure: Decimal, (threshold, equal): (u64, bool)| {
        let threshold = Decimal::from(threshold);
        yes(figure > threshold || (equal && figure == threshold))
    };
    let verdict = match (given, threshold) {
        (Some(Value::Answer(answer)), None) => yes(answer),
        (Some(Value::Whole(figure)), Some(threshold)) => above(Decimal::from(figure), threshold),
        (Some(Value::Figure(figure)), Some(threshold)) => above(figure, threshold),
        // A figure where a yes or no was asked, or the other way round, says nothing; it is refused at the door.
        _ => Verdict::Unknown,
    };
    leaves.push(Judged { measure: Some(measure.into()), threshold, given, verdict });
    verdict
}
