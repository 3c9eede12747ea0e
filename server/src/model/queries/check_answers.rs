//! Check lists with their answers: what was said of each item about a thing, what is seen beside it, what is open.
//! It does not know which list a sector needs; people choose.
//! Invariant: an item without an answer is open, and so is one whose answer is "unknown" or past its last day; what agents
//! see stands beside the answer, never in its place.

use super::super::Model;
use super::super::regimes;
use super::super::views::check_answers::AnswerState;
use super::check_evidence::{Bearing, FromEvidence};
use super::check_seen::Seen;
use daicho_schemas::fact::check_answer::{CheckAnswer, CheckedThing};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::regime::check_lists::{CheckItem, CheckList};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;

/// The list of リスク管理措置, whose numbers the measures of a plan bear.
pub const RISK_LIST: &str = "risk-measures";

/// One list about one thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckSheet {
    /// The list, as the regime's file has it.
    pub list: &'static CheckList,
    /// About what.
    pub about: CheckedThing,
    /// How many of each.
    pub counts: CheckCounts,
    /// Its items, in order.
    pub items: Vec<CheckRow>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRow {
    /// The item, as the regime's file has it.
    pub item: &'static CheckItem,
    /// The answer that stands; absent: nobody answered.
    pub answer: Option<AnswerState>,
    /// The answer's last day has passed.
    pub expired: bool,
    /// What the records of devices, ways in and vendors say of it, where they bear on it.
    pub evidence: Option<FromEvidence>,
    /// What is seen or declared that an answer can rest on.
    pub seen: Vec<Seen>,
}

impl CheckRow {
    /// Whether somebody still has to answer.
    pub fn is_open(&self) -> bool {
        let unknown = self.answer.as_ref().is_none_or(|state| state.answered.answer == CheckAnswer::Unknown);
        self.expired || unknown || self.is_denied()
    }

    /// Somebody said yes, or that it does not apply, and the evidence says no.
    pub fn is_denied(&self) -> bool {
        let said = self.answer.as_ref().map(|state| state.answered.answer);
        let denies = self.evidence.as_ref().is_some_and(|evidence| evidence.answer == CheckAnswer::No);
        denies && matches!(said, Some(CheckAnswer::Yes | CheckAnswer::NotApplicable))
    }
}

/// Items by their answers. Every item is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckCounts {
    /// Yes.
    pub yes: usize,
    /// No.
    pub no: usize,
    /// Not applicable.
    pub not_applicable: usize,
    /// Somebody looked and could not tell.
    pub unknown: usize,
    /// The answer's last day has passed.
    pub expired: usize,
    /// The evidence says no where somebody said otherwise.
    pub denied: usize,
    /// Nobody answered.
    pub unanswered: usize,
}

impl CheckCounts {
    fn of(items: &[CheckRow]) -> Self {
        let mut counts = Self::default();
        for row in items {
            let place = match row.answer.as_ref().map(|state| state.answered.answer) {
                None => &mut counts.unanswered,
                Some(_) if row.expired => &mut counts.expired,
                Some(_) if row.is_denied() => &mut counts.denied,
                Some(CheckAnswer::Yes) => &mut counts.yes,
                Some(CheckAnswer::No) => &mut counts.no,
                Some(CheckAnswer::NotApplicable) => &mut counts.not_applicable,
                Some(CheckAnswer::Unknown) => &mut counts.unknown,
            };
            *place += 1;
        }
        counts
    }

    /// How many somebody still has to answer.
    pub fn open(&self) -> usize {
        self.unknown + self.expired + self.denied + self.unanswered
    }
}

impl Model {
    /// The answer that stands to an item about a thing.
    pub fn check_answer(&self, about: &CheckedThing, item_id: &str) -> Option<&AnswerState> {
        self.state.check_answers.get(about, item_id)
    }

    /// Everything that lists can be answered about: equipment first, then plans, each with its name.
    pub fn check_things(&self) -> Vec<(CheckedThing, Text)> {
        let equipment = self.equipment_names().into_iter().map(|(id, name)| (CheckedThing::Equipment(id), name));
        let plans = self.state.declarations.plans();
        let plans = plans
            .map(|state| (CheckedThing::Plan(state.plan.plan_id.clone()), Text::same(state.plan.plan_id.as_str())));
        equipment.chain(plans).collect()
    }

    /// Every list about a thing, on a day. `None` where there is no such thing.
    pub fn check_sheets(&self, about: &CheckedThing, today: CalendarDate) -> Option<Vec<CheckSheet>> {
        let equipment = self.equipment_of(about)?;
        let bearing = self.check_bearing(&equipment, today);
        let lists = regimes::check_lists().lists.iter();
        Some(lists.map(|list| self.sheet_of(list, about, &equipment, &bearing)).collect())
    }

    /// One list about a thing, on a day. `None` where there is no such list or thing.
    pub fn check_sheet(&self, list_id: &str, about: &CheckedThing, today: CalendarDate) -> Option<CheckSheet> {
        let list = regimes::check_lists().lists.iter().find(|list| list.list_id == list_id)?;
        let equipment = self.equipment_of(about)?;
        Some(self.sheet_of(list, about, &equipment, &self.check_bearing(&equipment, today)))
    }

    fn sheet_of(
        &self,
        list: &'static CheckList,
        about: &CheckedThing,
        equipment: &EquipmentId,
        bearing: &Bearing<'_>,
    ) -> CheckSheet {
        let row = |item: &'static CheckItem| {
            let answer = self.check_answer(about, &item.item_id).cloned();
            let past = |state: &AnswerState| state.answered.valid_through.is_some_and(|last| last < bearing.today);
            let mut seen = self.check_seen(equipment, &item.item_id);
            if list.list_id == RISK_LIST {
                seen.extend(self.plans_of_thing(about).flat_map(|plan| declared(plan, &item.number)));
            }
            let evidence = bearing.of(&item.item_id);
            CheckRow { item, expired: answer.as_ref().is_some_and(past), answer, evidence, seen }
        };
        let items: Vec<CheckRow> = list.items.iter().map(row).collect();
        CheckSheet { list, about: about.clone(), counts: CheckCounts::of(&items), items }
    }

    /// The equipment that a thing is, or is about.
    pub fn equipment_of(&self, about: &CheckedThing) -> Option<EquipmentId> {
        match about {
            CheckedThing::Equipment(id) => self.equipment_name(id).map(|_| id.clone()),
            CheckedThing::Plan(id) => self.plan(id).map(|plan| plan.equipment.equipment_id.clone()),
        }
    }

    fn plans_of_thing<'a>(&'a self, about: &'a CheckedThing) -> Box<dyn Iterator<Item = &'a Plan> + 'a> {
        match about {
            CheckedThing::Equipment(id) => Box::new(self.state.declarations.plans_of(id).map(|state| &*state.plan)),
            CheckedThing::Plan(id) => Box::new(self.plan(id).into_iter()),
        }
    }
}

/// What a plan states of a measure: it is one thing with the item, so it is shown here and written once.
fn declared(plan: &Plan, number: &str) -> Vec<Seen> {
    let own = plan.filing.risk_measures.iter().filter(|measure| measure.measure_id == number);
    let say = |measure: &daicho_schemas::fact::filing::RiskMeasure| {
        let evidence = measure.evidence.join(", ");
        let (ja, en) = if evidence.is_empty() {
            ("確認書類の記載なし".to_string(), "no evidence stated".to_string())
        } else {
            (format!("確認書類：{evidence}"), format!("evidence: {evidence}"))
        };
        Seen {
            text: Text::new(format!("{}（{ja}）", measure.text), format!("{} ({en})", measure.text)),
            source: Text::new(format!("計画書 {}", plan.plan_id), format!("plan {}", plan.plan_id)),
        }
    };
    own.map(say).collect()
}

#[cfg(test)]
#[path = "check_answers_tests.rs"]
mod tests;
