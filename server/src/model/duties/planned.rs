//! A change judged before it is made: which rows of the decision tables it brings up, from which day it may be made, what
//! data is still missing and whom to ask.
//! It does not know the law and writes nothing: it names the plans, their phase on the planned day, and takes the rows.
//! Invariant: several changes are all shown and the strictest stands; what no row lists is a question and never "no duty".

mod asks;

use super::judge::is_recorded;
use super::phase::{phase_on, prohibited_through_max};
use super::table::{self, Change, ClockRule, Pack, Situation, TableRow};
use crate::model::regimes;
use crate::model::rows::{DutyOutcome, Phase};
use crate::model::views::declarations::{Declarations, PlanState};
use asks::{Asks, unlisted_question};
use daicho_schemas::fact::declaration::{DeclaredPart, Operator, Plan, PlanKind};
use daicho_schemas::ids::{ChangeId, EquipmentId, PlanId};
use daicho_schemas::planned::{CHANGE_FORMAT, ChangeItem, PlannedChange};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;

/// What stands for a row where no table lists a change.
pub const UNLISTED: &str = "unlisted";

/// A planned change, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Which change.
    pub change_id: ChangeId,
    /// The equipment.
    pub equipment_id: EquipmentId,
    /// What is planned, in the operator's words.
    pub summary: String,
    /// The day of judging, in Japan.
    pub judged_on: CalendarDate,
    /// The day it is planned for, on which phases and rows were looked up.
    pub planned_on: CalendarDate,
    /// The strictest outcome of all.
    pub outcome: DutyOutcome,
    /// Every change is "no duty" by statute and nobody has to answer anything.
    pub nothing_to_do: bool,
    /// 受理日 that was reckoned with.
    pub accepted_on: CalendarDate,
    /// The day of acceptance was not given: it is assumed to be the day of judging, the earliest there can be.
    pub acceptance_assumed: bool,
    /// The first day on which all of it may be done, where something must be filed first.
    pub earliest_on: Option<CalendarDate>,
    /// The same if the ministry extends the period to the longest that the law allows.
    pub earliest_if_extended_on: Option<CalendarDate>,
    /// The planned day is not before `earliest_on`; absent where nothing must be filed first.
    pub planned_day_is_possible: Option<bool>,
    /// 受理 is needed by this day for the planned day to hold, where something must be filed first.
    pub accepted_by: Option<CalendarDate>,
    /// What it comes to, where it is stricter than `outcome`, if the answer to an open question is yes: the strictest such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_yes: Option<IfYes>,
    /// A person must answer something before anybody can say that nothing is to be filed first.
    pub open_question: bool,
    /// Every change with its rows, in the order of the file.
    pub items: Vec<JudgedItem>,
    /// Whom to ask, and what.
    pub ask: Vec<Ask>,
}

/// One thing that changes, judged against every plan that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedItem {
    /// What sort of change.
    pub change: Change,
    /// The same for people.
    pub meaning: Text,
    /// What it is done to.
    pub subject: String,
    /// As it is now.
    pub before: Option<String>,
    /// As it will be.
    pub after: Option<String>,
    /// What does not fit the plans, where something does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// The rows, strictest first.
    pub rows: Vec<JudgedRow>,
}

/// What one row says of one plan, or that no row speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedRow {
    /// The row; [`UNLISTED`] where no table lists the change.
    pub row_id: String,
    /// The plan; absent where there is none of the kind, or the change concerns the operator.
    pub plan_id: Option<PlanId>,
    /// The kind of plan; absent for a change of the operator itself.
    pub plan_kind: Option<PlanKind>,
    /// The plan's phase on the planned day.
    pub phase: Option<Phase>,
    /// What the law asks.
    pub outcome: DutyOutcome,
    /// The same in one sentence.
    pub title: Text,
    /// The form (様式), where one is named.
    pub form: Option<Text>,
    /// The articles.
    pub articles: Vec<Text>,
    /// By when: the counting rule in words.
    pub clock: Text,
    /// How many days must pass, the day of acceptance counted, where it must be filed first.
    pub waiting_days: Option<u32>,
    /// The first day on which it may be done, where it must be filed first.
    pub earliest_on: Option<CalendarDate>,
    /// By which day to file or report, where the rule gives one.
    pub due_on: Option<CalendarDate>,
    /// What a person must answer.
    pub question: Option<Text>,
    /// What the law asks if the answer is yes, where a row says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_yes: Option<IfYes>,
    /// Data that the filing needs and that neither the records nor the file hold.
    pub missing: Vec<Text>,
    /// The weakest confidence tag among the facts of law used.
    pub confidence: String,
    /// What rests on less than statute, in words.
    pub caution: Option<Text>,
}

/// What a change comes to if the answer to a row's question is yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IfYes {
    /// The row.
    pub row_id: String,
    /// What the law asks.
    pub outcome: DutyOutcome,
    /// The form (様式), where one is named.
    pub form: Option<Text>,
    /// The first day on which it may be done, where it must be filed first.
    pub earliest_on: Option<CalendarDate>,
    /// The weakest confidence tag among the facts of law used.
    pub confidence: String,
}

/// Somebody to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// Whom.
    pub whom: Text,
    /// What for.
    pub about: Vec<Text>,
}

/// Judges a planned change against what is declared. `today` is the day of judging, in Japan.
pub fn judge(declared: &Declarations, change: &PlannedChange, today: CalendarDate) -> Judgement {
    let accepted_on = change.accepted_on.unwrap_or(today);
    let bench = Bench { declared, change, accepted_on };
    let mut ask = Asks(Vec::new());
    let items: Vec<JudgedItem> = change.changes.iter().map(|item| bench.item(item, &mut ask)).collect();
    let rows = || items.iter().flat_map(|item| &item.rows);
    let earliest_on = rows().filter_map(|row| row.earliest_on).max();
    let waiting_days = rows().filter_map(|row| row.waiting_days).max();
    let outcome = rows().map(|row| row.outcome).max().unwrap_or(DutyOutcome::AskPerson);
    let stricter = rows().filter_map(|row| row.if_yes.as_ref()).filter(|other| other.outcome > outcome);
    let if_yes = stricter.max_by_key(|other| (other.outcome, other.earliest_on)).cloned();
    let asks = |row: &JudgedRow| row.outcome == DutyOutcome::AskPerson;
    Judgement {
        change_id: change.change_id.clone(),
        equipment_id: change.equipment_id.clone(),
        summary: change.summary.clone(),
        judged_on: today,
        planned_on: change.planned_on,
        outcome,
        open_question: outcome < DutyOutcome::FileFirst && (if_yes.is_some() || rows().any(asks)),
        if_yes,
        nothing_to_do: rows().all(JudgedRow::is_nothing),
        accepted_on,
        acceptance_assumed: change.accepted_on.is_none(),
        earliest_on,
        earliest_if_extended_on: earliest_on.map(|_| prohibited_through_max(accepted_on).plus_days(1)),
        planned_day_is_possible: earliest_on.map(|earliest| earliest <= change.planned_on),
        accepted_by: waiting_days.map(|days| change.planned_on.plus_days(-i64::from(days))),
        items,
        ask: ask.0,
    }
}

/// What edits of a plan bring up, as of a day: the rows that are judged of this plan or of the operator, with their edits.
pub(super) fn edited(
    declared: &Declarations,
    plan: &Plan,
    changes: &[ChangeItem],
    on: CalendarDate,
) -> Vec<(ChangeItem, JudgedRow)> {
    let judged = judge(declared, &edit_of(plan, changes.to_vec(), on), on);
    let own = |row: &JudgedRow| row.plan_id.is_none() || row.plan_id.as_ref() == Some(&plan.plan_id);
    let rows = changes.iter().zip(judged.items).flat_map(|(item, judged)| {
        judged.rows.into_iter().filter(own).map(|row| (item.clone(), row)).collect::<Vec<_>>()
    });
    rows.collect()
}

/// Edits of a plan in the shape of a planned change.
pub fn edit_of(plan: &Plan, changes: Vec<ChangeItem>, on: CalendarDate) -> PlannedChange {
    // A plan's id fits a change's: both are ids of one spelling.
    let change_id = ChangeId::new(plan.plan_id.as_str()).unwrap_or_else(|_| unreachable!("a plan's id is well-formed"));
    PlannedChange {
        format: CHANGE_FORMAT.into(),
        change_id,
        summary: plan.equipment.name.ja.clone(),
        equipment_id: plan.equipment.equipment_id.clone(),
        plan_id: Some(plan.plan_id.clone()),
        planned_on: on,
        planned_through: None,
        accepted_on: None,
        emergency: None,
        changes,
        expected: Vec::new(),
    }
}

/// The operator as the plans of one equipment name it: the one whose designation is known, or the first.
pub(super) fn operator_of<'a>(plans: impl Iterator<Item = &'a PlanState>) -> Option<&'a Operator> {
    plans.map(|plan| &plan.plan.operator).min_by_key(|operator| operator.designated_on.is_none())
}

impl Judgement {
    /// Whether the strictest outcome may be taken for what the law says: it rests on the statute and carries no caution.
    pub fn is_certain(&self) -> bool {
        let rows = self.items.iter().flat_map(|item| &item.rows);
        let statute = |row: &JudgedRow| row.confidence == table::Confidence::Stat.as_str() && row.caution.is_none();
        rows.filter(|row| row.outcome == self.outcome).all(statute)
    }
}

impl JudgedRow {
    /// Statute says that there is no duty, and nobody has to answer anything.
    fn is_nothing(&self) -> bool {
        let statute = self.confidence == table::Confidence::Stat.as_str();
        self.outcome == DutyOutcome::Nothing && self.question.is_none() && statute
    }
}

struct Bench<'a> {
    declared: &'a Declarations,
    change: &'a PlannedChange,
    accepted_on: CalendarDate,
}

impl Bench<'_> {
    fn item(&self, item: &ChangeItem, ask: &mut Asks) -> JudgedItem {
        let mut found = self.found(item.change);
        found.sort_by_key(|(_, _, row)| std::cmp::Reverse(row.map(|(_, row)| row.outcome)));
        let rows = found.into_iter().map(|(kind, plan, row)| self.row(item, kind, plan, row, ask)).collect();
        JudgedItem {
            change: item.change,
            meaning: item.change.text(),
            subject: item.subject.clone(),
            before: item.before.clone(),
            after: item.after.clone(),
            note: self.not_filed(item),
            rows,
        }
    }

    /// That a component which is to be replaced stands in no plan under the name it is given.
    fn not_filed(&self, item: &ChangeItem) -> Option<Text> {
        let by_name = matches!(item.change, Change::ComponentSwapped | Change::ComponentName) && item.part_id.is_none();
        let name = item.before.as_deref().filter(|_| by_name)?.trim();
        let mut parts = self.plans().flat_map(|plan| &plan.plan.parts);
        let filed = parts.any(|part| part.name.trim().eq_ignore_ascii_case(name));
        let note = || {
            Text::new(
                format!(
                    "「{name}」という名称の構成設備は、この設備のどの計画にもありません。どの名称で届け出たか、届け出る必要があったかを確かめ、計画の部品なら part_id で示してください。"
                ),
                format!(
                    "No plan of this equipment lists a part named \"{name}\": find out under which name it was filed, or whether it had to be, and point to a part of a plan by part_id."
                ),
            )
        };
        (!filed).then(note)
    }

    /// Every plan that the change concerns, with its row: those of its kinds that were filed, or else the drafts; where the
    /// equipment has none of any such kind, the rows for that.
    fn found(&self, change: Change) -> Vec<Found<'_>> {
        let look = |kind, phase| self.row_for(kind, phase, change);
        let kinds = self.pack().kinds(change);
        let mut found: Vec<Found<'_>> = Vec::new();
        for kind in kinds.iter().flatten() {
            let phase = |plan: &PlanState| phase_on(*kind, &plan.plan.dates, self.change.planned_on);
            found.extend(
                self.counting(*kind)
                    .into_iter()
                    .map(|plan| (Some(*kind), Some((plan, phase(plan))), look(Some(*kind), Some(phase(plan))))),
            );
        }
        if found.is_empty() {
            let without = kinds.into_iter().map(|kind| (kind, None, look(kind, None)));
            found.extend(without.filter(|(_, _, row)| row.is_some()));
        }
        if found.is_empty() { vec![(None, None, None)] } else { found }
    }

    fn row_for(
        &self,
        kind: Option<PlanKind>,
        phase: Option<Phase>,
        change: Change,
    ) -> Option<(&'static Pack, &'static TableRow)> {
        let pack = self.pack();
        let operator = operator_of(self.plans());
        let (on, emergency) = (self.change.planned_on, self.change.emergency.is_some());
        let designated_on = operator.and_then(|operator| operator.designated_on);
        let not_in_force = operator.is_some_and(|operator| regimes::not_in_force(&operator.business, on));
        let asked = Situation { kind, phase, change, on, designated_on, not_in_force, emergency };
        pack.row(&asked).map(|row| (pack, row))
    }

    /// What a row's change comes to if the answer to its question is yes, where that is stricter.
    fn if_yes(&self, row: &TableRow, kind: Option<PlanKind>, phase: Option<Phase>) -> Option<IfYes> {
        let (_, other) = self.row_for(kind, phase, row.if_yes?)?;
        (other.outcome > row.outcome).then(|| IfYes {
            row_id: other.row_id.clone(),
            outcome: other.outcome,
            form: other.form.clone(),
            earliest_on: self.waiting_days(other).map(|days| self.accepted_on.plus_days(days.into())),
            confidence: other.confidence.as_str().into(),
        })
    }

    /// How many days must pass, the day of acceptance counted, where a row says that it must be filed first.
    fn waiting_days(&self, row: &TableRow) -> Option<u32> {
        row.clock.days.filter(|_| row.clock.rule == ClockRule::ProhibitedFromAcceptance)
    }

    fn pack(&self) -> &'static Pack {
        self.plans().find_map(|plan| table::pack(&plan.plan.regime)).unwrap_or(&table::JP_ESPA)
    }

    fn plans(&self) -> impl Iterator<Item = &PlanState> {
        self.declared.plans_of(&self.change.equipment_id)
    }

    /// The plans of a kind that count: the one that the change names, else those filed, else the drafts.
    fn counting(&self, kind: PlanKind) -> Vec<&PlanState> {
        let of_kind: Vec<&PlanState> = self.plans().filter(|plan| plan.plan.plan_kind == kind).collect();
        let named = |plan: &&&PlanState| self.change.plan_id.as_ref() == Some(&plan.plan.plan_id);
        if let Some(plan) = of_kind.iter().find(named) {
            return vec![plan];
        }
        let filed: Vec<&PlanState> = of_kind.iter().copied().filter(|plan| plan.filed()).collect();
        if filed.is_empty() { of_kind } else { filed }
    }

    fn row(
        &self,
        item: &ChangeItem,
        kind: Option<PlanKind>,
        plan: Option<(&PlanState, Phase)>,
        row: Option<(&Pack, &TableRow)>,
        ask: &mut Asks,
    ) -> JudgedRow {
        let (plan, phase) = plan.unzip();
        let plan_id = plan.map(|plan| plan.plan.plan_id.clone());
        let Some((pack, row)) = row else {
            ask.ministry(self, &unlisted_question());
            return unlisted(kind, plan_id, phase);
        };
        let missing: Vec<&String> = row.missing_fields.iter().filter(|field| !self.has(item, field)).collect();
        let (suppliers, own): (Vec<&String>, Vec<&String>) =
            missing.iter().partition(|field| pack.asked_of_supplier.contains(**field));
        let words = |fields: Vec<&String>| fields.into_iter().map(|field| pack.field(field)).collect::<Vec<Text>>();
        ask.supplier(self, item, words(suppliers));
        ask.colleagues(words(own));
        row.question.iter().for_each(|question| ask.ministry(self, question));
        let planned_on = self.change.planned_on;
        let waiting_days = self.waiting_days(row);
        JudgedRow {
            row_id: row.row_id.clone(),
            plan_id,
            plan_kind: kind,
            phase,
            outcome: row.outcome,
            title: row.title.clone(),
            form: row.form.clone(),
            articles: row.articles.clone(),
            clock: row.clock.text.clone(),
            waiting_days,
            earliest_on: waiting_days.map(|days| self.accepted_on.plus_days(days.into())),
            due_on: match row.clock.rule {
                ClockRule::DaysBeforeChange => row.clock.days.map(|days| planned_on.plus_days(-i64::from(days))),
                ClockRule::MonthsAfterChange => row.clock.months.map(|months| planned_on.plus_months(months)),
                ClockRule::ProhibitedFromAcceptance | ClockRule::WithoutDelay | ClockRule::None => None,
            },
            question: row.question.clone(),
            if_yes: self.if_yes(row, kind, phase),
            missing: words(missing),
            confidence: row.confidence.as_str().into(),
            caution: row.caution.clone(),
        }
    }

    /// Whether the file, the plan's part or the supplier's record holds what a filing needs.
    fn has(&self, item: &ChangeItem, field: &str) -> bool {
        let record = item.supplier_id.as_ref().and_then(|id| self.declared.supplier_state(id));
        item.data.contains_key(field)
            || record.is_some_and(|supplier| is_recorded(field, supplier, self.accepted_on))
            || self.has_of_component(item, field)
    }

    /// A change of one item of a component states the new one; the others stay as the plan's part has them.
    fn has_of_component(&self, item: &ChangeItem, field: &str) -> bool {
        let (own, new) = match item.change {
            Change::ComponentCategory => ("component_category", &item.after),
            Change::ComponentFunction => ("component_function", &item.after),
            Change::ComponentName | Change::ComponentAdded | Change::ComponentSwapped => {
                ("component_name", &item.after)
            }
            _ => ("", &None),
        };
        if field == own {
            return new.is_some();
        }
        let filed = |part: &DeclaredPart| match field {
            "component_category" => !part.category_as_filed.trim().is_empty(),
            "component_name" => !part.name.trim().is_empty(),
            "component_function" => !part.function.trim().is_empty(),
            _ => false,
        };
        let is_named = |part: &&DeclaredPart| item.part_id.as_ref() == Some(&part.part_id);
        self.plans().flat_map(|plan| &plan.plan.parts).find(is_named).is_some_and(filed)
    }
}

/// A kind of plan, a plan of it with its phase, and the row of a pack.
type Found<'a> = (Option<PlanKind>, Option<(&'a PlanState, Phase)>, Option<(&'static Pack, &'static TableRow)>);

fn unlisted(plan_kind: Option<PlanKind>, plan_id: Option<PlanId>, phase: Option<Phase>) -> JudgedRow {
    JudgedRow {
        row_id: UNLISTED.into(),
        plan_id,
        plan_kind,
        phase,
        outcome: DutyOutcome::AskPerson,
        title: Text::new(
            "この日・この段階について、表にこの変更の行がありません。「義務なし」という意味ではありません。",
            "No table lists this change for this day and phase. That does not mean that there is no duty.",
        ),
        form: None,
        articles: Vec::new(),
        clock: Text::new("回答するまで期限は決まりません。", "No clock can be set before the question is answered."),
        waiting_days: None,
        earliest_on: None,
        due_on: None,
        question: Some(unlisted_question()),
        if_yes: None,
        missing: Vec::new(),
        confidence: table::Confidence::Mem.as_str().into(),
        caution: None,
    }
}

#[cfg(test)]
#[path = "planned_tests.rs"]
mod tests;
