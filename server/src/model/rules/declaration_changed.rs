//! `declaration_changed`: a plan that was filed and is not introduced yet says something else now than it did when it was filed.
//! It does not know what the law asks because of it; the duties that hang on the finding do.
//! Invariant: one finding per plan; it closes when the plan says again what was filed, or was filed anew.

use super::{Facts, Rule};
use crate::model::duties::difference::changes_between;
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::drift::Touched;
use daicho_schemas::planned::ChangeItem;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "declaration_changed", claim, subjects, judge };

/// Changes that a finding names; more are counted.
const NAMED_MAX: usize = 10;

fn claim() -> Text {
    Text::new(
        "届け出た計画の内容が、届け出たときと違います。",
        "A filed plan says something else now than it did when it was filed.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let plans = touched.equipment.iter().flat_map(|equipment| facts.state.declarations.plans_of(equipment));
    plans.filter(|plan| plan.as_filed.is_some()).map(|plan| Subject::Plan(plan.plan.plan_id.clone())).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Plan(id) = subject else { return None };
    let state = facts.state.declarations.plan_state(id)?;
    let changes = changes_between(state.changed_since()?, &state.plan);
    if changes.is_empty() {
        return None;
    }
    let count = changes.len();
    Some(Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("届け出た計画「{id}」の内容が変わっています（{count} 件）"),
            format!("The filed plan \"{id}\" was changed in {count} places"),
        ),
        why: Text::new(
            format!(
                "届け出た計画の変更は、それ自体が届出や報告の対象になり得ます：{}",
                named(&changes, |text| &text.ja)
            ),
            format!(
                "A change of a filed plan can itself be a matter to file or report: {}",
                named(&changes, |text| &text.en)
            ),
        ),
        next: Text::new(
            "下の義務を見て、変更を行う前に要否を判断してください。変更を届け出たら提出日（change_submitted_on）と受理日を、報告したら報告日（reported_on）を計画に入れて取り込みます。誤記なら、届け出た内容に戻してください。",
            "Look at the duties below and decide before the change is made. Once the change is filed, import the plan with its day of submission (change_submitted_on) and acceptance; once reported, with the day of the report (reported_on); if it was a slip, put back what was filed.",
        ),
        equipment_id: Some(state.plan.equipment.equipment_id.clone()),
        hosts: RoaringBitmap::new(),
        components: Vec::new(),
        supplier: None,
        planned_by: None,
    })
}

pub(super) fn named(changes: &[ChangeItem], language: impl Fn(&Text) -> &String) -> String {
    let of = |item: &ChangeItem| {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
        format!("{} ({} → {})", language(&item.change.text()), value(&item.before), value(&item.after))
    };
    let mut all: Vec<String> = changes.iter().take(NAMED_MAX).map(of).collect();
    all.extend(changes.len().checked_sub(NAMED_MAX).filter(|more| *more > 0).map(|more| format!("+{more}")));
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use crate::model::rows::{DutyOutcome, DutyRow, DutyState};
    use crate::model::testing::{PlanScript, Script, plan, supplier};
    use daicho_schemas::batch::Outcome;
    use serde_json::json;

    const RULE: &str = "declaration_changed";

    fn filed(supplier: &str) -> PlanScript {
        let dates = json!({ "submitted_on": "2026-11-02", "accepted_on": "2026-11-10" });
        plan("plan-1", "tos").host("tos-1").part("os", "operating_system", supplier).dates(dates)
    }

    fn script() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.supplier(supplier("vendor"));
        script.plan(filed("debian"));
        script
    }

    fn open_duties(script: &Script) -> Vec<DutyRow> {
        script.model.duties().into_iter().filter(|duty| duty.state == DutyState::Open).collect()
    }

    #[test]
    fn an_edit_of_a_filed_plan_is_found_with_its_duty_and_closes_when_it_is_put_back() {
        let mut script = script();
        assert_eq!(script.open_rows(RULE), []);
        script.plan(filed("vendor"));
        let open = script.open_rows(RULE);
        assert_eq!((open.len(), open[0].equipment_id.as_ref().unwrap().as_str()), (1, "tos"));
        assert!(open[0].why.en.contains("replaced by somebody else (debian → vendor)"), "{}", open[0].why.en);
        let duties = open_duties(&script);
        let rows: Vec<&str> = duties.iter().map(|duty| duty.row_id.as_str()).collect();
        assert_eq!(rows, ["installation-open-component-supplier"]);
        assert_eq!((duties[0].outcome, &duties[0].finding_id), (DutyOutcome::FileFirst, &open[0].finding_id));
        script.plan(filed("debian"));
        assert_eq!(script.open_rows(RULE), []);
        assert!(script.model.duties()[0].life.cause_gone, "a duty never closes by itself");
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn several_edits_are_duties_of_their_own_and_the_strictest_comes_first() {
        let mut script = script();
        let mut edited = filed("vendor").build();
        edited.operator.name.ja = "新しい名称".into();
        script.plan_as(edited);
        let rows: Vec<String> = open_duties(&script).into_iter().map(|duty| duty.row_id).collect();
        assert_eq!(rows, ["installation-open-component-supplier", "operator-name-address"]);
    }

    #[test]
    fn a_plan_that_is_filed_anew_or_only_goes_its_way_is_not_changed() {
        let mut script = script();
        script.plan(filed("vendor"));
        let again = json!({ "submitted_on": "2026-11-20" });
        script.plan(filed("vendor").dates(again));
        assert_eq!(script.open_rows(RULE), [], "filed anew");
        let accepted = json!({ "submitted_on": "2026-11-20", "accepted_on": "2026-11-25" });
        script.plan(filed("vendor").dates(accepted.clone()));
        assert_eq!(script.open_rows(RULE), [], "accepted");
        script.plan(filed("debian").dates(accepted));
        assert_eq!(script.open_rows(RULE).len(), 1, "the filing that stands is the one of 2026-11-20");
        let introduced =
            json!({ "submitted_on": "2026-11-20", "accepted_on": "2026-11-25", "introduced_on": "2027-01-10" });
        script.plan(filed("debian").dates(introduced));
        assert_eq!(script.open_rows(RULE), [], "introduced: the plan is not open any more");
    }

    #[test]
    fn drafts_and_silence_are_no_change() {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.plan(filed("debian").draft());
        script.plan(filed("vendor").draft());
        script.plan(filed("vendor"));
        script.plan(filed("vendor"));
        script.dpkg(Outcome::Failed, &[]);
        assert_eq!(script.open_rows(RULE), []);
    }
}
