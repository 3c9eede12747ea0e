//! `party_changed`: the record of somebody whom a filed plan names says something else now than what the ministry was told.
//! It does not know what the law asks because of it; the duties that hang on the finding do.
//! Invariant: one finding per plan and supplier; it closes when the record says again what was told, or when the plan says that it
//! was filed or reported.

use super::declaration_changed::named;
use super::{Facts, Rule};
use crate::model::duties::difference::party_changes;
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::{Confidence, Severity, SupplierClaim};
use crate::model::views::declarations::PlanState;
use crate::model::views::drift::Touched;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "party_changed", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "届け出た計画にある者の記録が、届け出たときと違います。",
        "The record of somebody whom a filed plan names is not what it was when it was filed.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let declared = &facts.state.declarations;
    let party = |plan: &PlanState, id| Subject::Party(plan.plan.plan_id.clone(), id);
    let of_plans = touched.equipment.iter().flat_map(|equipment| declared.plans_of(equipment));
    let all = of_plans.flat_map(|plan| plan.records_as_filed.keys().map(move |id| party(plan, id.clone())));
    let of_supplier = touched.supplier.iter().flat_map(|id| {
        let naming = declared.plans().filter(|plan| plan.records_as_filed.contains_key(id));
        naming.map(move |plan| party(plan, id.clone()))
    });
    all.chain(of_supplier).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Party(plan_id, supplier_id) = subject else { return None };
    let declared = &facts.state.declarations;
    let plan = declared.plan_state(plan_id)?;
    let changes = party_changes(declared, plan, supplier_id);
    if changes.is_empty() {
        return None;
    }
    let record = &declared.supplier_state(supplier_id)?.record;
    let (name, count) = (&record.name, changes.len());
    Some(Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("届け出た計画「{plan_id}」にある「{}」の記録が変わっています（{count} 件）", name.ja),
            format!("{} in the filed plan \"{plan_id}\": the record was changed in {count} places", name.en),
        ),
        why: Text::new(
            format!("計画にある者についての変更は、届出や報告の対象になり得ます：{}", named(&changes, |text| &text.ja)),
            format!(
                "A change of somebody whom a plan names can be a matter to file or report: {}",
                named(&changes, |text| &text.en)
            ),
        ),
        next: Text::new(
            "下の義務を見て、届出や報告の要否を判断してください。変更を届け出たら提出日（change_submitted_on）と受理日を、報告したら報告日（reported_on）を計画に入れて取り込みます。記録の誤りなら、記録を直してください。",
            "Look at the duties below and decide what is to be filed or reported. Once the change is filed, import the plan with its day of submission (change_submitted_on) and acceptance; once reported, with the day of the report (reported_on). If the record is wrong, correct it.",
        ),
        equipment_id: Some(plan.plan.equipment.equipment_id.clone()),
        hosts: RoaringBitmap::new(),
        components: Vec::new(),
        supplier: Some(SupplierClaim {
            supplier_id: Some(supplier_id.clone()),
            name: name.clone(),
            evidence: format!("{}, {}", record.source, record.as_of),
            confidence: Confidence::Decided,
        }),
        planned_by: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::ledger::entry::Author;
    use crate::model::rows::{DutyOutcome, DutyRow, DutyState};
    use crate::model::testing::{Script, plan, supplier};
    use daicho_schemas::fact::Fact;
    use daicho_schemas::fact::decision::Notices;
    use daicho_schemas::fact::supplier::SupplierRecord;
    use serde_json::{Value, json};

    const RULE: &str = "party_changed";

    fn record(word: &str, edit: Value) -> SupplierRecord {
        let mut record = serde_json::to_value(supplier(word)).unwrap();
        record.as_object_mut().unwrap().extend(edit.as_object().unwrap().clone());
        serde_json::from_value(record).unwrap()
    }

    fn renamed(word: &str) -> SupplierRecord {
        record(word, json!({ "name": { "ja": "新名称", "en": "New Name" } }))
    }

    /// An entrustment over three tiers, running since 2026-10-01.
    fn script() -> Script {
        let mut script = Script::with_agent("fms-1");
        for word in ["first", "second", "third"] {
            script.supplier(supplier(word));
        }
        script.plan_as(entrustment(json!({})));
        script
    }

    fn entrustment(more: Value) -> daicho_schemas::fact::declaration::Plan {
        let mut dates = json!({ "submitted_on": "2026-08-03", "accepted_on": "2026-08-10",
            "entrusted_from": "2026-10-01", "entrusted_through": "2027-09-30" });
        dates.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut plan = serde_json::to_value(plan("plan-e", "fms").entrustment().dates(dates).build()).unwrap();
        plan["contractors"] = json!(["first", "second", "third"]);
        plan["contractor_tiers"] = json!([
            { "supplier_id": "first" },
            { "supplier_id": "second", "parent": "first" },
            { "supplier_id": "third", "parent": "second" },
        ]);
        serde_json::from_value(plan).unwrap()
    }

    fn open_duties(script: &Script) -> Vec<DutyRow> {
        script.model.duties().into_iter().filter(|duty| duty.state == DutyState::Open).collect()
    }

    #[test]
    fn a_sub_subcontractor_that_is_renamed_must_be_filed_first_until_it_is_filed() {
        let mut script = script();
        assert_eq!(script.open_rows(RULE), []);
        script.supplier(renamed("third"));
        let open = script.open_rows(RULE);
        assert_eq!((open.len(), open[0].equipment_id.as_ref().unwrap().as_str()), (1, "fms"));
        assert!(open[0].why.en.contains("renamed (third（供給者） → 新名称)"), "{}", open[0].why.en);
        let duties = open_duties(&script);
        assert_eq!(duties.len(), 1, "{duties:?}");
        assert_eq!(
            (duties[0].outcome, duties[0].finding_id.clone()),
            (DutyOutcome::FileFirst, open[0].finding_id.clone())
        );
        script.plan_as(entrustment(json!({ "change_submitted_on": "2026-11-24" })));
        assert_eq!(script.open_rows(RULE), [], "filed anew");
        assert!(script.model.duties()[0].life.cause_gone, "a duty never closes by itself");
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn a_record_that_is_put_back_closes_and_another_change_opens_again() {
        let mut script = script();
        script.supplier(renamed("third"));
        script.supplier(supplier("third"));
        assert_eq!(script.open_rows(RULE), []);
        script.supplier(record("third", json!({ "country_of_law": "JP" })));
        assert_eq!(script.open_rows(RULE), [], "said for the first time");
        script.supplier(record("third", json!({ "country_of_law": "US" })));
        let duties = open_duties(&script);
        let now: Vec<&DutyRow> = duties.iter().filter(|duty| !duty.life.cause_gone).collect();
        assert_eq!((now.len(), now[0].outcome), (1, DutyOutcome::Report), "after the start a country is reported");
        script.plan_as(entrustment(json!({ "reported_on": "2026-11-24" })));
        assert_eq!(script.open_rows(RULE), [], "reported");
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn people_are_told_again_when_a_duty_comes_to_an_open_finding_and_only_then() {
        let mut script = script();
        let tell = |script: &mut Script| {
            let notices: Vec<_> = script.model.next_notices(10);
            let own = notices.iter().find(|notice| notice.rule_id.as_str() == RULE).map(|notice| notice.duty_ids.len());
            script.push(Author::Server, Fact::Notices(Notices { notices }));
            own
        };
        script.supplier(record("third", json!({ "country_of_law": "JP" })));
        script.supplier(record("third", json!({ "country_of_law": "US" })));
        assert_eq!(tell(&mut script), Some(1), "reported after the start");
        script.supplier(record("third", json!({ "country_of_law": "FR" })));
        assert_eq!(tell(&mut script), None, "the same duty");
        let named = json!({ "name": { "ja": "新名称", "en": "New" }, "country_of_law": "FR" });
        script.supplier(record("third", named));
        assert_eq!(tell(&mut script), Some(2), "renamed as well: filed first");
        assert_eq!(tell(&mut script), None);
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn a_record_that_came_after_the_filing_says_what_was_filed_and_drafts_bind_nobody() {
        let mut script = Script::with_agent("fms-1");
        script.plan_as(entrustment(json!({})));
        script.supplier(supplier("third"));
        assert_eq!(script.open_rows(RULE), []);
        script.supplier(renamed("third"));
        assert_eq!(script.open_rows(RULE).len(), 1);
        let mut draft = Script::with_agent("tos-1");
        draft.supplier(supplier("vendor"));
        draft.plan(plan("plan-1", "tos").part("os", "operating_system", "vendor").draft());
        draft.supplier(renamed("vendor"));
        assert_eq!(draft.open_rows(RULE), []);
    }

    #[test]
    fn after_the_introduction_nobody_whom_the_plan_names_is_compared() {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("vendor"));
        script.plan(plan("plan-1", "tos").part("os", "operating_system", "vendor"));
        script.supplier(renamed("vendor"));
        assert_eq!(script.open_rows(RULE), []);
    }
}
