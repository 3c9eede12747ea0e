//! `computer_not_notified`: a person confirmed a computer as 特定重要電子計算機, and a notification of it is still to be made.
//! It does not know the law; the duties that hang on the finding do.
//! Invariant: it closes when a person has settled every duty of the computer, or taken it out of scope; never by itself.

use super::{Facts, Rule, computers_touched};
use crate::model::duties::computers::obliged::{RULE_ID, duties_of, finding_of};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::{DutyRow, Severity};
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// The rule.
pub(super) const RULE: Rule = Rule { id: RULE_ID, claim, subjects: computers_touched, judge };

fn claim() -> Text {
    Text::new(
        "特定重要電子計算機と確認したものの届出が済んでいません。",
        "A computer that was confirmed as 特定重要電子計算機 is not notified yet.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Computer(equipment, name) = subject else { return None };
    let key = (equipment.clone(), name.clone());
    let computer = facts.state.computers.get(&key)?;
    let unsettled = |row: &DutyRow| facts.state.duties.get(&row.duty_id).is_none_or(|duty| !duty.state.is_settled());
    let open: Vec<DutyRow> =
        duties_of(facts.state, &finding_of(&key), &key).into_iter().filter(|row| unsettled(row)).collect();
    let first = open.first()?;
    let equipment_name = facts.equipment_name(equipment);
    let hosts: RoaringBitmap = facts.drift.hosts.of_name(name).collect();
    Some(Verdict {
        severity: Severity::Notice,
        title: Text::new(
            format!("届け出る電子計算機：{}", computer.name),
            format!("To be notified: the computer {}", computer.name),
        ),
        why: Text::new(
            format!(
                "「{}」の特定重要電子計算機として、製品名と製造者の名称を届け出ます（{}）。",
                equipment_name.ja, first.subject.ja
            ),
            format!(
                "As 特定重要電子計算機 of {}, its products and makers are notified ({}).",
                equipment_name.en, first.subject.en
            ),
        ),
        next: Text::new(
            "下の義務の期限と、足りないものを見てください。届け出たら、義務に提出を記録してください。",
            "Look at the day and at what is missing in the duties below. Once it is notified, record the submission in its duty.",
        ),
        equipment_id: Some(equipment.clone()),
        hosts,
        components: Vec::new(),
        supplier: None,
        planned_by: None,
    })
}
