//! The decision table of a regime, as data: which change to which plan in which phase asks for what, by which article.
//! It does not know findings, hosts or a single plan; it answers with rows. `source` reads them.
//! Invariant: every row carries its article, its confidence and its own test cases, and the build carries the pack.

mod source;

pub use source::{ROWS_FORMAT, jp_espa_with};

use super::phase::phase_on;
use crate::model::rows::{DutyOutcome, Phase};
pub use daicho_schemas::change::Change;
use daicho_schemas::fact::declaration::{PlanDates, PlanKind};
pub use daicho_schemas::regime::Confidence;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The only regime of this release.
pub const REGIME_JP_ESPA: &str = "jp-espa";

/// 経済安全保障推進法, chapter 3.
pub static JP_ESPA: LazyLock<Pack> = LazyLock::new(|| {
    // The pack is part of the build and a test reads it: failing here is a bug of ours, not of anybody's input.
    source::jp_espa().unwrap_or_else(|what| unreachable!("the pack jp-espa cannot be read: {what}"))
});

/// The regime of a name, if this release has it.
pub fn pack(regime: &str) -> Option<&'static Pack> {
    (regime == REGIME_JP_ESPA).then(|| &*JP_ESPA)
}

/// One regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// `daicho.regime-pack.v1`.
    pub format: String,
    /// The regime: `jp-espa`.
    pub pack_id: String,
    /// Counts up with every change of a row.
    pub version: u32,
    /// Its name.
    pub name: Text,
    /// What it was written from, and the state of knowledge.
    pub source: Text,
    /// From when on the regime asks anything at all.
    pub effective_from: CalendarDate,
    /// Until when this pack may be used; absent while open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<CalendarDate>,
    /// The data that filings need, by the names that rows use.
    pub fields: BTreeMap<String, Text>,
    /// How many months after its designation an operator is in transition, the day of designation not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_months: Option<u32>,
    /// Of these data, the ones that the supplier or contractor knows, by name.
    #[serde(default)]
    pub asked_of_supplier: BTreeSet<String>,
    /// The decision table, in order of precedence. In the build its rows stand in files of their own (`rows/`).
    #[serde(default)]
    pub rows: Vec<TableRow>,
}

/// Where the plan stands, with a word for "there is no such plan".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseWord {
    /// There is no plan of this kind for the equipment.
    NoPlan,
    /// See [`Phase`].
    Draft,
    /// See [`Phase`].
    Submitted,
    /// See [`Phase`].
    Prohibited,
    /// See [`Phase`].
    Cleared,
    /// See [`Phase`].
    Introduced,
    /// See [`Phase`].
    EntrustmentRunning,
    /// See [`Phase`].
    EntrustmentEnded,
}

impl From<Option<Phase>> for PhaseWord {
    fn from(phase: Option<Phase>) -> Self {
        match phase {
            None => Self::NoPlan,
            Some(Phase::Draft) => Self::Draft,
            Some(Phase::Submitted) => Self::Submitted,
            Some(Phase::Prohibited) => Self::Prohibited,
            Some(Phase::Cleared) => Self::Cleared,
            Some(Phase::Introduced) => Self::Introduced,
            Some(Phase::EntrustmentRunning) => Self::EntrustmentRunning,
            Some(Phase::EntrustmentEnded) => Self::EntrustmentEnded,
        }
    }
}

/// In which case a row holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowCase {
    /// Where the provisions for the operator's business are not in force on the day.
    NotInForce,
    /// Before the day on which the operator is designated.
    BeforeDesignation,
    /// In the months of transition after the operator's designation.
    Transition,
    /// Where a person says that it is urgent and why (緊急).
    Emergency,
    /// In every other case.
    #[default]
    Ordinary,
}

/// What a row is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The kind of plan; absent for a change that concerns the operator.
    pub kind: Option<PlanKind>,
    /// The plan's phase on the day; absent where there is no plan.
    pub phase: Option<Phase>,
    /// What changes.
    pub change: Change,
    /// On which day.
    pub on: CalendarDate,
    /// When the operator was designated, as far as is known.
    pub designated_on: Option<CalendarDate>,
    /// The provisions for the operator's business are enacted and not in force on that day.
    pub not_in_force: bool,
    /// A person says that it is urgent.
    pub emergency: bool,
}

/// One row of the decision table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    /// Unique in the pack and never reused.
    pub row_id: String,
    /// In which case it holds.
    #[serde(default)]
    pub case: RowCase,
    /// For which kind of plan; absent where the change concerns no plan but the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_kind: Option<PlanKind>,
    /// In which phases; empty where the change concerns no plan.
    #[serde(default)]
    pub phases: Vec<PhaseWord>,
    /// At which changes.
    pub changes: Vec<Change>,
    /// What the law asks.
    pub outcome: DutyOutcome,
    /// The form (様式), where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Text>,
    /// The articles.
    pub articles: Vec<Text>,
    /// By when.
    pub clock: Clock,
    /// What a person must answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Text>,
    /// As what the change is judged where the answer is yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_yes: Option<Change>,
    /// The duty in one sentence.
    pub title: Text,
    /// The weakest confidence tag among the facts of law used.
    pub confidence: Confidence,
    /// What rests on less than statute, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<Text>,
    /// From which day of change on the row holds.
    pub effective_from: CalendarDate,
    /// Until which day of change; absent while open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<CalendarDate>,
    /// Data that the filing needs, by names of [`Pack::fields`].
    #[serde(default)]
    pub missing_fields: Vec<String>,
    /// Cases that must come out as this row; a unit test runs them.
    pub tests: Vec<TestCase>,
}

/// How a clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockRule {
    /// Not before the period after acceptance has passed, the day of acceptance counted.
    ProhibitedFromAcceptance,
    /// 遅滞なく: no number of days is fixed.
    WithoutDelay,
    /// A number of months after the change.
    MonthsAfterChange,
    /// A number of days before the change.
    DaysBeforeChange,
    /// No clock until a person has answered.
    None,
}

/// By when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// How it counts.
    pub rule: ClockRule,
    /// How many days, where the rule has a number of days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// How many months, where the rule has a number of months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<u32>,
    /// The day it counts from: `accepted_on`, `changed_on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// In words.
    pub text: Text,
}

/// A case that must come out as a row: the dates of the plan (absent: no plan), the change and its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    /// What the case shows.
    pub name: String,
    /// The plan's dates; absent when there is no plan of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<PlanDates>,
    /// What changed.
    pub change: Change,
    /// On which day.
    pub changed_on: CalendarDate,
    /// When the operator was designated, where the case is about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designated_on: Option<CalendarDate>,
    /// The provisions for the operator's business are not in force on that day.
    #[serde(default)]
    pub not_in_force: bool,
    /// A person says that it is urgent.
    #[serde(default)]
    pub emergency: bool,
}

/// What a confidence tag means, for people who do not know the tags.
pub fn confidence_meaning(tag: &str) -> Text {
    match tag {
        "STAT" => Text::new("法令の条文で確認済み", "read in the text of the law"),
        "SEED" => Text::new("有識者会議の資料による", "from material of the ministries' expert council"),
        "SEC" => Text::new("二次資料による", "from a secondary source"),
        "MACH" => {
            Text::new("機械要約による。条文での確認が必要", "from a machine-written summary; check it against the text")
        }
        "INF" => Text::new(
            "文言からの推論を含む。専門家の確認が必要",
            "rests in part on inference; have a lawyer confirm it",
        ),
        "MEM" => Text::new(
            "条文で確認していない一般的知識を含む。専門家の確認が必要",
            "rests in part on general knowledge that was not checked against a text; have a lawyer confirm it",
        ),
        other => Text::same(other),
    }
}

impl Pack {
    /// The first row that fits. None: the regime does not hold on that day, or its tables do not list the change. The
    /// latter is not "no duty", for which there are rows.
    pub fn row(&self, asked: &Situation) -> Option<&TableRow> {
        if asked.on < self.effective_from || self.effective_to.is_some_and(|last| last < asked.on) {
            return None;
        }
        let transition = self.transition_through(asked.designated_on).filter(|last| asked.on <= *last);
        let transition = transition.is_some() && asked.designated_on.is_some_and(|first| first <= asked.on);
        let cases = [
            (RowCase::NotInForce, asked.not_in_force),
            (RowCase::BeforeDesignation, asked.designated_on.is_some_and(|first| asked.on < first)),
            (RowCase::Transition, transition),
            (RowCase::Emergency, asked.emergency),
            (RowCase::Ordinary, true),
        ];
        let of_case = |case| self.rows.iter().find(|row| row.case == case && row.fits(asked));
        cases.into_iter().filter(|(_, holds)| *holds).find_map(|(case, _)| of_case(case))
    }

    /// The last day of the transition, counted from the day after the designation.
    pub fn transition_through(&self, designated_on: Option<CalendarDate>) -> Option<CalendarDate> {
        Some(designated_on?.plus_months(self.transition_months?))
    }

    /// The kinds of plan that this change can concern; "no plan but the operator" is `None`. Empty: no row lists it.
    pub fn kinds(&self, change: Change) -> BTreeSet<Option<PlanKind>> {
        self.rows.iter().filter(|row| row.changes.contains(&change)).map(|row| row.plan_kind).collect()
    }

    /// A field that filings need, in words.
    pub fn field(&self, name: &str) -> Text {
        self.fields.get(name).cloned().unwrap_or_else(|| Text::same(name))
    }
}

impl TableRow {
    fn fits(&self, asked: &Situation) -> bool {
        self.plan_kind == asked.kind
            && (self.plan_kind.is_none() || self.phases.contains(&PhaseWord::from(asked.phase)))
            && self.changes.contains(&asked.change)
            && self.effective_from <= asked.on
            && self.effective_to.is_none_or(|last| asked.on <= last)
    }
}

impl TestCase {
    /// What the case asks of a row's kind of plan.
    pub fn situation(&self, kind: Option<PlanKind>) -> Situation {
        let dates = kind.zip(self.dates.as_ref());
        Situation {
            kind,
            phase: dates.map(|(kind, dates)| phase_on(kind, dates, self.changed_on)),
            change: self.change,
            on: self.changed_on,
            designated_on: self.designated_on,
            not_in_force: self.not_in_force,
            emergency: self.emergency,
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
