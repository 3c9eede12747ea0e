//! The decision table of a regime, as data: which change to which plan in which phase asks for what, by which article.
//! It does not know findings, hosts or a single plan; it answers with rows.
//! Invariant: every row carries its article, its confidence and its own test cases, and the build carries the pack.

use crate::model::rows::{DutyOutcome, Phase};
use daicho_schemas::fact::declaration::{PlanDates, PlanKind};
pub use daicho_schemas::regime::Confidence;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The only regime of this release.
pub const REGIME_JP_ESPA: &str = "jp-espa";

/// 経済安全保障推進法, chapter 3.
pub static JP_ESPA: LazyLock<Pack> = LazyLock::new(|| {
    let json = include_str!("../../../../schemas/regimes/jp-espa/pack.v1.json");
    // The pack is part of the build and a test reads it: failing here is a bug of ours, not of anybody's input.
    serde_json::from_str(json).unwrap_or_else(|error| unreachable!("the pack jp-espa cannot be read: {error}"))
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
    /// The decision table, in order of precedence.
    pub rows: Vec<TableRow>,
}

/// What can change about an equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A component whose supplier is recorded and in no part of the plan.
    ComponentOfNewSupplier,
    /// A component whose supplier is in a part, with a product or category that no part covers.
    ComponentOfDeclaredSupplier,
    /// A component whose supplier no record fits.
    ComponentOfUnknownSupplier,
    /// A way in from outside that no plan declares.
    RemotePathUndeclared,
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

/// One row of the decision table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    /// Unique in the pack and never reused.
    pub row_id: String,
    /// For which kind of plan.
    pub plan_kind: PlanKind,
    /// In which phases.
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
    /// The first row that fits, if the regime asks anything.
    pub fn row(&self, kind: PlanKind, phase: Option<Phase>, change: Change, on: CalendarDate) -> Option<&TableRow> {
        let word = PhaseWord::from(phase);
        if on < self.effective_from || self.effective_to.is_some_and(|last| last < on) {
            return None;
        }
        self.rows.iter().find(|row| {
            row.plan_kind == kind
                && row.phases.contains(&word)
                && row.changes.contains(&change)
                && row.effective_from <= on
                && row.effective_to.is_none_or(|last| on <= last)
        })
    }

    /// A field that filings need, in words.
    pub fn field(&self, name: &str) -> Text {
        self.fields.get(name).cloned().unwrap_or_else(|| Text::same(name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::phase::phase_on;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_passes_its_own_test_cases_and_has_some() {
        for row in &JP_ESPA.rows {
            assert!(!row.tests.is_empty(), "{} has no test case", row.row_id);
            for case in &row.tests {
                let phase = case.dates.as_ref().map(|dates| phase_on(row.plan_kind, dates, case.changed_on));
                let found = JP_ESPA.row(row.plan_kind, phase, case.change, case.changed_on);
                assert_eq!(found.map(|row| row.row_id.as_str()), Some(row.row_id.as_str()), "{}", case.name);
            }
        }
    }

    #[test]
    fn every_phase_and_change_of_a_row_has_a_test_case() {
        for row in &JP_ESPA.rows {
            let phases: BTreeSet<PhaseWord> = row
                .tests
                .iter()
                .map(|case| case.dates.as_ref().map(|dates| phase_on(row.plan_kind, dates, case.changed_on)).into())
                .collect();
            assert_eq!(phases, row.phases.iter().copied().collect(), "{}", row.row_id);
            let changes: BTreeSet<Change> = row.tests.iter().map(|case| case.change).collect();
            assert_eq!(changes, row.changes.iter().copied().collect(), "{}", row.row_id);
        }
    }

    #[test]
    fn an_installation_plan_is_decided_in_every_phase_it_can_have() {
        let components =
            [Change::ComponentOfNewSupplier, Change::ComponentOfDeclaredSupplier, Change::ComponentOfUnknownSupplier];
        let phases = [
            None,
            Some(Phase::Draft),
            Some(Phase::Submitted),
            Some(Phase::Prohibited),
            Some(Phase::Cleared),
            Some(Phase::Introduced),
        ];
        let on = "2026-11-21".parse().unwrap();
        for change in components {
            for phase in phases {
                let row = JP_ESPA.row(PlanKind::Installation, phase, change, on).unwrap();
                let wanted =
                    if phase == Some(Phase::Introduced) { DutyOutcome::Report } else { DutyOutcome::FileFirst };
                assert_eq!(row.outcome, wanted, "{phase:?} {change:?}");
            }
        }
    }

    #[test]
    fn rows_are_unique_complete_and_honest() {
        let ids: BTreeSet<&str> = JP_ESPA.rows.iter().map(|row| row.row_id.as_str()).collect();
        assert_eq!(ids.len(), JP_ESPA.rows.len());
        for row in &JP_ESPA.rows {
            for field in &row.missing_fields {
                assert!(JP_ESPA.fields.contains_key(field), "{}: {field}", row.row_id);
            }
            assert!(!row.articles.is_empty(), "{} names no article", row.row_id);
            assert!(row.confidence == Confidence::Stat || row.caution.is_some(), "{} hides its weakness", row.row_id);
            assert!(row.outcome != DutyOutcome::AskPerson || row.question.is_some(), "{} asks nothing", row.row_id);
            let both = [
                Some(&row.title),
                row.form.as_ref(),
                row.question.as_ref(),
                row.caution.as_ref(),
                Some(&row.clock.text),
            ];
            for text in both.into_iter().flatten().chain(&row.articles) {
                assert!(!text.ja.is_empty() && !text.en.is_empty(), "{} speaks one language only", row.row_id);
            }
        }
    }
}
