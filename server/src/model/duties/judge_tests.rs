//! Duties as they come out of a scripted ledger: the right row, on the right day, for the life of a finding.
//! It does not test the table's own rows one by one; each row carries its cases.
//! Invariant tested: a duty is never closed by the model, and every opening has a duty of its own.

use crate::model::rows::{DutyLife, DutyOutcome, DutyRow, DutyState, Phase};
use crate::model::testing::{PlanScript, Script, interface, package, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::InterfaceKind;
use serde_json::{Value, json};

const ACCEPTED: &str = r#"{"submitted_on": "2026-11-02", "accepted_on": "2026-11-10"}"#;

fn accepted() -> Value {
    serde_json::from_str(ACCEPTED).unwrap()
}

fn installation() -> PlanScript {
    plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian")
}

/// One undeclared package on an equipment with a plan.
fn script(plan: PlanScript, domain: &str) -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.supplier(supplier("vendor"));
    script.plan(plan);
    script.dpkg(Outcome::Complete, &[package("tool", "1", domain)]);
    script
}

fn only(script: &Script) -> DutyRow {
    let duties = script.model.duties();
    assert_eq!(duties.len(), 1, "{duties:#?}");
    duties.into_iter().next().unwrap()
}

fn row_of(plan: PlanScript, domain: &str) -> (String, DutyOutcome, Option<Phase>) {
    let duty = only(&script(plan, domain));
    (duty.row_id, duty.outcome, duty.phase)
}

#[test]
fn the_supplier_and_the_phase_choose_the_row() {
    let open = || installation().dates(accepted());
    let (first, report) = (DutyOutcome::FileFirst, DutyOutcome::Report);
    let (prohibited, introduced) = (Some(Phase::Prohibited), Some(Phase::Introduced));
    assert_eq!(row_of(open(), "vendor.example"), ("installation-open".into(), first, prohibited));
    assert_eq!(row_of(open(), "other.example"), ("installation-open-unknown-supplier".into(), first, prohibited));
    assert_eq!(row_of(installation(), "vendor.example"), ("installation-introduced".into(), report, introduced));
    assert_eq!(
        row_of(installation(), "other.example"),
        ("installation-introduced-unknown-supplier".into(), report, introduced)
    );
    assert_eq!(
        row_of(installation().draft(), "vendor.example"),
        ("installation-draft".into(), first, Some(Phase::Draft))
    );
}

#[test]
fn a_declared_supplier_with_an_uncovered_product_is_a_change_too() {
    let narrow = plan("plan-1", "tos").host("tos-1").part_covering("app", "application", "vendor", &["tos-*"]);
    let duty = only(&script(narrow, "vendor.example"));
    assert_eq!(duty.row_id, "installation-introduced");
    assert!(duty.question.unwrap().en.contains("new 導入"), "the boundary is a person's to decide");
    assert_eq!(duty.confidence, "MEM");
    assert!(duty.caution.is_some());
}

#[test]
fn an_equipment_without_an_installation_plan_files_first() {
    let duty = only(&script(plan("plan-9", "tos").host("tos-1").entrustment().draft(), "vendor.example"));
    assert_eq!((duty.row_id.as_str(), duty.plan_id, duty.phase), ("installation-none", None, None));
    assert_eq!(duty.form.unwrap().ja, "様式第四（一）");
}

#[test]
fn of_several_plans_the_strictest_stands() {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(plan("a-introduced", "tos").host("tos-1"));
    script.plan(plan("b-open", "tos").dates(accepted()));
    script.plan(plan("c-draft", "tos").draft());
    script.dpkg(Outcome::Complete, &[package("tool", "1", "vendor.example")]);
    let duty = only(&script);
    assert_eq!((duty.plan_id.unwrap().as_str(), duty.outcome), ("b-open", DutyOutcome::FileFirst));
}

#[test]
fn the_day_of_the_change_is_the_japanese_date_of_the_entry_that_opened_the_finding() {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(installation().dates(accepted()));
    script.on("2026-12-09");
    script.dpkg(Outcome::Complete, &[package("a", "1", "vendor.example")]);
    script.on("2026-12-10");
    script.dpkg(Outcome::Complete, &[package("a", "1", "vendor.example"), package("b", "1", "vendor.example")]);
    let duties = script.model.duties();
    let seen: Vec<_> = duties.iter().map(|duty| (duty.changed_on.to_string(), duty.phase.unwrap())).collect();
    assert_eq!(seen, [("2026-12-10".into(), Phase::Cleared), ("2026-12-09".into(), Phase::Prohibited)]);
}

#[test]
fn a_duty_never_closes_by_itself_and_a_new_opening_is_a_new_duty() {
    let mut script = script(installation(), "vendor.example");
    let first = only(&script);
    script.dpkg(Outcome::Complete, &[]);
    assert_eq!(only(&script), DutyRow { life: DutyLife { cause_gone: true, ..DutyLife::default() }, ..first.clone() });
    script.dpkg(Outcome::Complete, &[package("tool", "1", "vendor.example")]);
    let duties = script.model.duties();
    assert_eq!(duties.iter().map(|duty| duty.life.cause_gone).collect::<Vec<_>>(), [false, true]);
    assert!(duties.iter().all(|duty| duty.state == DutyState::Open), "no person has moved any");
    assert_eq!(duties[1].duty_id, first.duty_id);
    assert_ne!(duties[0].duty_id, first.duty_id);
    let finding = script.finding(&first.finding_id);
    assert_eq!(finding.duty_ids, [duties[1].duty_id.clone(), duties[0].duty_id.clone()]);
}

#[test]
fn a_corrected_plan_is_judged_anew_for_the_day_of_the_change() {
    let mut script = script(installation().dates(accepted()), "vendor.example");
    let before = only(&script);
    script.plan(installation());
    let duties = script.model.duties();
    let seen: Vec<_> = duties.iter().map(|duty| (duty.row_id.as_str(), duty.life.cause_gone)).collect();
    assert_eq!(seen, [("installation-introduced", false), ("installation-open", true)]);
    script.plan(installation().dates(accepted()));
    let again = script.model.duties().into_iter().find(|duty| !duty.life.cause_gone).unwrap();
    assert_eq!(again, before, "correcting the correction brings the same duty back");
}

#[test]
fn what_is_recorded_is_not_missing() {
    let mut script = script(installation().dates(accepted()), "vendor.example");
    let country =
        |duty: &DutyRow| duty.missing.iter().any(|text| text.ja.contains("設立準拠法国等") && !text.ja.contains('5'));
    let name = |duty: &DutyRow| duty.missing.iter().any(|text| text.en == "name of the supplier");
    let officers = |duty: &DutyRow| duty.missing.iter().any(|text| text.en.starts_with("officers"));
    let before = only(&script);
    assert_eq!((country(&before), name(&before), officers(&before)), (true, false, true));
    let mut record = supplier("vendor");
    record.country_of_law = Some("JP".to_string().try_into().unwrap());
    script.supplier(record);
    let after = only(&script);
    assert_eq!((country(&after), officers(&after), &after.duty_id), (false, true, &before.duty_id));
}

#[test]
fn an_undeclared_path_asks_a_person() {
    let mut script = Script::with_agent("tos-1");
    script.plan(installation());
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    let duty = only(&script);
    assert_eq!(
        (duty.row_id.as_str(), duty.outcome, duty.phase),
        ("remote-path-entrustment", DutyOutcome::AskPerson, None)
    );
    assert_eq!(duty.confidence, "INF");
    let run = json!({"submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "entrusted_from": "2026-04-01"});
    script.plan(plan("plan-2", "tos").entrustment().dates(run));
    let open: Vec<_> = script.model.duties().into_iter().filter(|duty| !duty.life.cause_gone).collect();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].plan_id.as_ref().unwrap().as_str(), open[0].phase),
        ("plan-2", Some(Phase::EntrustmentRunning))
    );
}

#[test]
fn before_filings_were_due_the_law_asked_nothing() {
    let mut script = Script::with_agent("tos-1");
    script.plan(installation().draft());
    script.on("2024-05-16");
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    assert_eq!((script.open("undeclared_component"), script.model.duties()), (vec!["tool 1".to_string()], vec![]));
}
