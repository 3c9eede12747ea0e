//! Planned changes as they are judged: all plans, all changes, the right day, the right people.
//! It does not test single rows; the table's tests do.
//! Invariant tested: the strictest stands and nothing is hidden; what is unknown is a question.

use super::*;
use crate::model::testing::{PlanScript, plan, supplier};
use serde_json::{Value, json};

const TODAY: &str = "2026-11-21";

fn declared(plans: Vec<PlanScript>) -> Declarations {
    let mut declared = Declarations::default();
    declared.supplier(&supplier("vendor"), 1);
    for (plan, seq) in plans.into_iter().zip(2..) {
        declared.plan(&plan.build(), seq);
    }
    declared
}

fn change(fields: Value) -> PlannedChange {
    let mut whole = json!({
        "format": "daicho.change.v1", "change_id": "chg-1", "summary": "test", "equipment_id": "tos",
        "planned_on": "2027-01-20",
    });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn one(word: &str) -> Value {
    json!({ "changes": [{ "change": word, "subject": "x" }] })
}

fn judged(plans: Vec<PlanScript>, fields: Value) -> Judgement {
    judge(&declared(plans), &change(fields), TODAY.parse().unwrap())
}

fn open() -> PlanScript {
    plan("plan-1", "tos").part("sw", "network_device", "vendor").dates(json!({
        "submitted_on": "2026-11-02", "accepted_on": "2026-11-10"
    }))
}

fn running() -> PlanScript {
    plan("plan-2", "tos").entrustment().dates(json!({
        "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "entrusted_from": "2026-04-01"
    }))
}

fn row_ids(judged: &Judgement) -> Vec<&str> {
    judged.items.iter().flat_map(|item| &item.rows).map(|row| row.row_id.as_str()).collect()
}

#[test]
fn what_must_be_filed_first_waits_thirty_days_from_an_acceptance_that_is_said_to_be_assumed() {
    let first = judged(vec![open()], one("component_swapped"));
    assert_eq!((row_ids(&first), first.outcome), (vec!["installation-open-component"], DutyOutcome::FileFirst));
    assert_eq!((first.accepted_on.to_string().as_str(), first.acceptance_assumed), (TODAY, true));
    // Accepted 2026-11-21 is day 1: blocked through 2026-12-20.
    assert_eq!(first.earliest_on.unwrap().to_string(), "2026-12-21");
    assert_eq!(first.earliest_if_extended_on.unwrap().to_string(), "2027-03-21");
    assert_eq!(first.accepted_by.unwrap().to_string(), "2026-12-21");
    assert_eq!((first.planned_day_is_possible, first.nothing_to_do), (Some(true), false));
    let mut later = one("component_swapped");
    later["accepted_on"] = json!("2026-12-22");
    let later = judged(vec![open()], later);
    assert_eq!((later.acceptance_assumed, later.planned_day_is_possible), (false, Some(false)));
}

#[test]
fn a_question_that_may_forbid_the_change_stands_at_the_top_with_the_day_of_the_stricter_answer() {
    let introduced = || {
        let dates = json!({ "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01" });
        plan("plan-1", "tos").part("sw", "network_device", "vendor").dates(dates)
    };
    let swap = judged(vec![introduced()], one("component_swapped"));
    let other = swap.if_yes.clone().unwrap();
    assert_eq!((swap.outcome, swap.open_question, swap.earliest_on), (DutyOutcome::Report, true, None));
    assert_eq!((other.outcome, other.row_id.as_str()), (DutyOutcome::FileFirst, "installation-new-introduction"));
    assert_eq!(other.earliest_on.unwrap().to_string(), "2026-12-21", "accepted today");
    assert_eq!(swap.items[0].rows[0].if_yes, Some(other));
    let ask = judged(vec![introduced()], one("supplier_replaced"));
    assert_eq!((ask.outcome, ask.open_question, ask.if_yes.is_some()), (DutyOutcome::AskPerson, true, true));
    let first = judged(vec![open()], one("component_swapped"));
    assert_eq!((first.open_question, first.if_yes), (false, None), "it is filed first anyway");
    let nothing = judged(vec![introduced()], one("supplier_address_within_country"));
    assert_eq!((nothing.open_question, nothing.nothing_to_do), (false, true));
}

#[test]
fn a_component_that_no_plan_lists_by_that_name_is_said_so() {
    let swap =
        |before: &str| json!({ "changes": [{ "change": "component_swapped", "subject": "x", "before": before }] });
    let filed = open().build().parts[0].name.clone();
    assert_eq!(judged(vec![open()], swap(&filed)).items[0].note, None);
    let note = judged(vec![open()], swap("Switch 24")).items[0].note.clone().unwrap();
    assert!(note.ja.contains("「Switch 24」") && note.en.contains("\"Switch 24\""), "{note:?}");
}

#[test]
fn several_changes_are_all_shown_and_the_strictest_stands() {
    let words = ["supplier_address_country", "supplier_officers", "supplier_address_within_country"];
    let changes: Vec<Value> = words.iter().map(|word| json!({ "change": word, "subject": "x" })).collect();
    let all = judged(vec![open()], json!({ "changes": changes }));
    let outcomes: Vec<DutyOutcome> = all.items.iter().map(|item| item.rows[0].outcome).collect();
    assert_eq!(outcomes, [DutyOutcome::FileFirst, DutyOutcome::Report, DutyOutcome::Nothing]);
    assert_eq!((all.outcome, all.nothing_to_do), (DutyOutcome::FileFirst, false));
}

#[test]
fn no_duty_by_statute_is_the_only_thing_that_is_nothing_to_do() {
    let minor = judged(vec![open()], one("supplier_address_within_country"));
    assert!(minor.nothing_to_do && minor.ask.is_empty());
    assert_eq!(minor.items[0].rows[0].confidence, "STAT");
    let mut designated = open().build();
    designated.dates = Default::default();
    designated.operator.designated_on = Some("2026-03-01".parse().unwrap());
    let mut declared = Declarations::default();
    declared.plan(&designated, 1);
    let transition = PlannedChange { planned_on: "2026-07-01".parse().unwrap(), ..change(one("component_added")) };
    let judged = judge(&declared, &transition, TODAY.parse().unwrap());
    assert_eq!(judged.outcome, DutyOutcome::Nothing);
    assert!(!judged.nothing_to_do, "no duty, and less than statute");
}

#[test]
fn the_change_finds_the_plans_of_its_kinds() {
    let both = || vec![open(), running()];
    assert_eq!(row_ids(&judged(both(), one("component_name"))), ["installation-open-component"]);
    assert_eq!(row_ids(&judged(both(), one("subcontractor_renamed"))), ["entrustment-subcontractor-name"]);
    let measures = judged(both(), one("risk_measures"));
    assert_eq!(row_ids(&measures), ["installation-open-measures", "entrustment-measures"]);
    assert_eq!(row_ids(&judged(vec![open()], one("contractor_replaced"))), ["entrustment-none"]);
    assert_eq!(row_ids(&judged(both(), one("operator_address"))), ["operator-name-address"]);
    let named = judged(
        vec![open(), plan("plan-3", "tos")],
        json!({
            "plan_id": "plan-3", "changes": [{ "change": "component_name", "subject": "x" }]
        }),
    );
    assert_eq!(row_ids(&named), ["installation-introduced-component"]);
}

#[test]
fn the_planned_day_and_not_today_decides_the_phase() {
    let mut ends = running().build();
    ends.dates.entrusted_through = Some("2026-12-31".parse().unwrap());
    let mut declared = Declarations::default();
    declared.plan(&ends, 1);
    let at = |day: &str| {
        let change = PlannedChange { planned_on: day.parse().unwrap(), ..change(one("contractor_country_of_law")) };
        judge(&declared, &change, TODAY.parse().unwrap()).items[0].rows[0].phase
    };
    assert_eq!((at("2026-12-31"), at("2027-01-01")), (Some(Phase::EntrustmentRunning), Some(Phase::EntrustmentEnded)));
}

#[test]
fn an_emergency_is_done_and_filed_after() {
    let mut fields = one("component_swapped");
    fields["emergency"] = json!({ "reason": "the switch burns" });
    let urgent = judged(vec![open()], fields);
    assert_eq!((row_ids(&urgent), urgent.earliest_on), (vec!["emergency-installation-change"], None));
    assert!(urgent.items[0].rows[0].question.is_some() && !urgent.nothing_to_do);
}

#[test]
fn data_that_is_known_is_not_asked_for_and_the_rest_is_asked_of_whoever_knows_it() {
    let fields = json!({ "changes": [{
        "change": "component_swapped", "subject": "switch", "before": "A", "after": "B", "part_id": "sw",
        "supplier_id": "vendor", "data": { "manufacturing_place": "Taiwan" },
    }] });
    let swapped = judged(vec![open()], fields);
    let missing: Vec<&str> = swapped.items[0].rows[0].missing.iter().map(|text| text.en.as_str()).collect();
    assert!(!missing.iter().any(|text| text.contains("component") || text.contains("manufacture")), "{missing:?}");
    assert!(!missing.contains(&"name of the supplier"), "{missing:?}");
    assert_eq!(swapped.ask.len(), 1);
    assert_eq!(swapped.ask[0].whom.en, "vendor (supplier)");
    assert!(swapped.ask[0].about.iter().any(|text| text.en.starts_with("officers")));
    let unknown = judged(vec![open()], one("component_added"));
    let whom: Vec<&str> = unknown.ask.iter().map(|ask| ask.whom.en.as_str()).collect();
    assert_eq!(whom, ["the supplier or contractor (not recorded)", "your own people (who run the equipment)"]);
}

#[test]
fn what_no_table_lists_is_a_question_to_the_ministry() {
    let early = PlannedChange { planned_on: "2024-05-16".parse().unwrap(), ..change(one("component_added")) };
    let judged = judge(&declared(vec![open()]), &early, TODAY.parse().unwrap());
    assert_eq!((row_ids(&judged), judged.outcome), (vec![UNLISTED], DutyOutcome::AskPerson));
    assert!(!judged.nothing_to_do && judged.ask[0].whom.ja.contains("所管省庁"));
}
