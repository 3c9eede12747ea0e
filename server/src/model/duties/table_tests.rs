//! The decision table against the law as it was read: every row, every phase, every change.
//! It does not test how findings come to changes. Its expectations are written from the law's tables and not from the rows.
//! Invariant tested: no row hides another, no change is undecided in any phase, nothing below statute passes as statute.

use super::*;
use std::collections::BTreeSet;

const ON: &str = "2026-11-21";

fn ordinary(kind: PlanKind, phase: Option<Phase>, word: &str) -> Situation {
    let change = Change::try_from(word.to_string()).unwrap();
    Situation {
        kind: Some(kind),
        phase,
        change,
        on: ON.parse().unwrap(),
        designated_on: None,
        not_in_force: false,
        emergency: false,
    }
}

fn phases_of(kind: PlanKind) -> Vec<Phase> {
    let own: &[Phase] = match kind {
        PlanKind::Installation => &[Phase::Introduced],
        PlanKind::Entrustment => &[Phase::EntrustmentRunning, Phase::EntrustmentEnded],
    };
    [&[Phase::Draft, Phase::Submitted, Phase::Prohibited, Phase::Cleared], own].concat()
}

fn phase_of(word: PhaseWord) -> Option<Phase> {
    let all = [PlanKind::Installation, PlanKind::Entrustment].into_iter().flat_map(phases_of);
    all.into_iter().find(|phase| PhaseWord::from(Some(*phase)) == word)
}

#[test]
fn every_row_passes_its_own_test_cases_in_each_phase_it_names() {
    for row in &JP_ESPA.rows {
        assert!(!row.tests.is_empty(), "{} has no test case", row.row_id);
        let mut phases = BTreeSet::new();
        for case in &row.tests {
            let asked = case.situation(row.plan_kind);
            let found = JP_ESPA.row(&asked).map(|row| row.row_id.as_str());
            assert_eq!(found, Some(row.row_id.as_str()), "{}", case.name);
            phases.insert(PhaseWord::from(asked.phase));
        }
        let named: BTreeSet<PhaseWord> = row.phases.iter().copied().collect();
        assert!(named == phases || row.plan_kind.is_none(), "{}: {named:?} {phases:?}", row.row_id);
    }
}

#[test]
fn no_row_hides_another() {
    for row in &JP_ESPA.rows {
        for phase in &row.phases {
            for change in &row.changes {
                let case = &row.tests[0];
                let asked = Situation { phase: phase_of(*phase), change: *change, ..case.situation(row.plan_kind) };
                let found = JP_ESPA.row(&asked).map(|row| row.row_id.as_str());
                assert_eq!(found, Some(row.row_id.as_str()), "{phase:?} {change}");
            }
        }
    }
}

#[test]
fn every_change_is_decided_in_every_phase() {
    for change in Change::all() {
        let kinds: Vec<PlanKind> = JP_ESPA.kinds(change).into_iter().flatten().collect();
        let operator = JP_ESPA.kinds(change).contains(&None);
        assert!(!kinds.is_empty() || operator, "{change} is in no row");
        for kind in &kinds {
            for phase in phases_of(*kind) {
                assert!(JP_ESPA.row(&ordinary(*kind, Some(phase), &change.word())).is_some(), "{change} {phase:?}");
            }
        }
        let without = kinds.iter().any(|kind| JP_ESPA.row(&ordinary(*kind, None, &change.word())).is_some());
        assert!(without || operator, "{change} without a plan");
    }
}

/// P: an important change, filed first. R: reported. -: no duty. ?: a person is asked, where the law as read is silent.
fn mark(outcome: DutyOutcome) -> char {
    match outcome {
        DutyOutcome::FileFirst => 'P',
        DutyOutcome::Notify => 'N',
        DutyOutcome::Report => 'R',
        DutyOutcome::AskPerson => '?',
        DutyOutcome::Nothing => '-',
    }
}

fn assert_marks(kind: PlanKind, words: &str, phases: &[Phase], wanted: char) {
    for word in words.split_whitespace() {
        for phase in phases {
            let row = JP_ESPA.row(&ordinary(kind, Some(*phase), word)).unwrap();
            assert_eq!(mark(row.outcome), wanted, "{word} {phase:?} ({})", row.row_id);
        }
    }
}

const OPEN: &[Phase] = &[Phase::Submitted, Phase::Prohibited, Phase::Cleared];

#[test]
fn before_introduction_the_table_says_what_the_ordinance_says() {
    let kind = PlanKind::Installation;
    let important = "equipment_type equipment_name equipment_function equipment_place introduction_purpose
        introduction_parties supplier_replaced supplier_renamed supplier_country_of_law supplier_address_country
        equipment_manufacturing_country component_manufacturing_country component_category component_name
        component_function component_added component_dropped component_swapped component_supplier_replaced
        component_supplier_renamed component_supplier_country_of_law component_supplier_address_country risk_measures
        component_of_new_supplier component_of_declared_supplier component_of_unknown_supplier";
    assert_marks(kind, important, OPEN, 'P');
    assert_marks(kind, "introduction_timing", OPEN, 'R');
    for role in ["supplier", "component_supplier"] {
        for item in "representative officers holder_new holder_gone holder_renamed holder_nationality
            holder_reaches_quarter holder_reaches_third holder_reaches_half foreign_government_revenue"
            .split_whitespace()
        {
            assert_marks(kind, &format!("{role}_{item}"), OPEN, 'R');
        }
        assert_marks(kind, &format!("{role}_address_within_country {role}_holder_percentage"), OPEN, '-');
    }
    assert_marks(kind, "equipment_manufacturing_site component_manufacturing_site", OPEN, '-');
}

#[test]
fn after_introduction_components_are_reported_and_the_rest_is_no_duty_or_a_question() {
    let (kind, phases) = (PlanKind::Installation, &[Phase::Introduced]);
    let components = "component_category component_name component_function component_added component_dropped
        component_swapped component_of_new_supplier component_of_declared_supplier component_of_unknown_supplier";
    assert_marks(kind, components, phases, 'R');
    assert_marks(kind, "new_introduction", phases, 'P');
    let no_duty = "equipment_name introduction_purpose introduction_parties introduction_timing risk_measures
        supplier_renamed supplier_officers supplier_holder_new supplier_address_country supplier_country_of_law
        component_supplier_renamed component_supplier_officers component_supplier_holder_reaches_half
        equipment_manufacturing_country component_manufacturing_country";
    assert_marks(kind, no_duty, phases, '-');
    let boundary = "equipment_type equipment_function equipment_place supplier_replaced component_supplier_replaced";
    assert_marks(kind, boundary, phases, '?');
}

#[test]
fn an_entrustment_is_judged_before_and_after_its_start_until_its_end() {
    let kind = PlanKind::Entrustment;
    let (running, ended) = (&[Phase::EntrustmentRunning], &[Phase::EntrustmentEnded]);
    let until_the_end = [OPEN, running].concat();
    let important = "entrustment_content entrustment_time entrustment_period contractor_replaced contractor_renamed
        subcontract_content subcontract_time subcontract_period subcontractor_added subcontractor_replaced
        subcontractor_renamed risk_measures";
    assert_marks(kind, important, &until_the_end, 'P');
    assert_marks(kind, "entrustment_period_shortened subcontract_period_shortened", &until_the_end, 'R');
    for role in ["contractor", "subcontractor"] {
        let country = format!("{role}_country_of_law {role}_address_country");
        assert_marks(kind, &country, OPEN, 'P');
        assert_marks(kind, &country, running, 'R');
        for item in "representative officers holder_new holder_gone holder_renamed holder_nationality
            holder_reaches_quarter holder_reaches_third holder_reaches_half foreign_government_revenue"
            .split_whitespace()
        {
            assert_marks(kind, &format!("{role}_{item}"), &until_the_end, 'R');
            assert_marks(kind, &format!("{role}_{item}"), ended, '-');
        }
        let minor = format!("{role}_address_within_country {role}_holder_percentage");
        assert_marks(kind, &minor, &until_the_end, '-');
        assert_marks(kind, &format!("{role}_dropped"), &until_the_end, '?');
    }
    assert_marks(kind, "entrustment_renewed", OPEN, 'P');
    assert_marks(kind, "entrustment_renewed", running, '?');
    assert_marks(kind, "entrustment_renewed contractor_replaced entrustment_period", ended, 'P');
}

#[test]
fn the_operator_s_own_name_is_filed_two_weeks_before() {
    let change = Change::OperatorName;
    let asked = Situation { kind: None, change, ..ordinary(PlanKind::Installation, None, "operator_name") };
    let row = JP_ESPA.row(&asked).unwrap();
    assert_eq!(
        (row.outcome, row.clock.rule, row.clock.days),
        (DutyOutcome::Notify, ClockRule::DaysBeforeChange, Some(14))
    );
    assert_eq!(row.articles[0].ja, "経済安全保障推進法 第50条第3項");
}

/// What must be filed first may, in an emergency, be done and filed after: with its own form.
#[test]
fn an_emergency_turns_every_filing_first_of_the_law_into_one_after() {
    let forms = [
        ("component_swapped", PlanKind::Installation, None, "様式第五（一）"),
        ("component_swapped", PlanKind::Installation, Some(Phase::Prohibited), "様式第八（一）"),
        ("contractor_replaced", PlanKind::Entrustment, None, "様式第五（二）"),
        ("contractor_replaced", PlanKind::Entrustment, Some(Phase::EntrustmentRunning), "様式第八（二）"),
    ];
    for (word, kind, phase, form) in forms {
        let urgent = Situation { emergency: true, ..ordinary(kind, phase, word) };
        let row = JP_ESPA.row(&urgent).unwrap();
        assert_eq!((row.outcome, row.clock.rule), (DutyOutcome::Notify, ClockRule::WithoutDelay), "{word}");
        assert_eq!(row.form.as_ref().unwrap().ja, form);
        assert!(row.question.as_ref().unwrap().ja.contains("省令第10条"));
    }
    for change in Change::all() {
        for kind in JP_ESPA.kinds(change).into_iter().flatten() {
            for phase in phases_of(kind).into_iter().filter(|phase| *phase != Phase::Draft) {
                let asked = ordinary(kind, Some(phase), &change.word());
                let (calm, urgent) =
                    (JP_ESPA.row(&asked).unwrap(), JP_ESPA.row(&Situation { emergency: true, ..asked }));
                let observed = matches!(
                    change,
                    Change::ComponentOfNewSupplier
                        | Change::ComponentOfDeclaredSupplier
                        | Change::ComponentOfUnknownSupplier
                );
                if calm.outcome == DutyOutcome::FileFirst && !observed {
                    assert_eq!(urgent.unwrap().outcome, DutyOutcome::Notify, "{change} {phase:?}");
                } else {
                    assert_eq!(urgent.unwrap().row_id, calm.row_id, "{change} {phase:?}");
                }
            }
        }
    }
}

#[test]
fn six_months_of_transition_run_from_the_designation_and_the_day_of_the_change_chooses_the_law() {
    // regime.md 1.2: the ports were designated on 2025-05-01, and their duty began on 2025-11-02.
    let on = |day: &str, designated: &str| {
        let asked = ordinary(PlanKind::Installation, None, "component_added");
        let (on, designated_on) = (day.parse().unwrap(), Some(designated.parse().unwrap()));
        let row = JP_ESPA.row(&Situation { on, designated_on, ..asked }).unwrap();
        (row.row_id.as_str(), mark(row.outcome))
    };
    assert_eq!(on("2025-05-01", "2025-05-01"), ("transition-installation", '-'));
    assert_eq!(on("2025-11-01", "2025-05-01"), ("transition-installation", '-'));
    assert_eq!(on("2025-11-02", "2025-05-01"), ("installation-none-planned", 'P'));
    assert_eq!(on("2026-07-16", "2026-06-01"), ("transition-installation", '-'));
    assert_eq!(on("2026-07-17", "2026-06-01"), ("transition-installation-2026", '?'));
    assert_eq!(
        on("2026-05-31", "2026-06-01"),
        ("before-designation-installation", '-'),
        "the duty of art. 52(1) is a designated operator's"
    );
}

#[test]
fn before_the_first_day_of_filings_the_law_asks_nothing() {
    let asked = ordinary(PlanKind::Installation, None, "component_added");
    assert!(JP_ESPA.row(&Situation { on: "2024-05-16".parse().unwrap(), ..asked }).is_none());
    assert!(JP_ESPA.row(&Situation { on: "2024-05-17".parse().unwrap(), ..asked }).is_some());
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
        let forms = [DutyOutcome::FileFirst, DutyOutcome::Report, DutyOutcome::Notify];
        assert_eq!(row.form.is_some(), forms.contains(&row.outcome), "{}: a form where something is filed", row.row_id);
        let both =
            [Some(&row.title), row.form.as_ref(), row.question.as_ref(), row.caution.as_ref(), Some(&row.clock.text)];
        for text in both.into_iter().flatten().chain(&row.articles) {
            assert!(!text.ja.is_empty() && !text.en.is_empty(), "{} speaks one language only", row.row_id);
        }
    }
    for field in &JP_ESPA.asked_of_supplier {
        assert!(JP_ESPA.fields.contains_key(field), "{field}");
    }
}

#[test]
fn before_force_and_designation_the_law_asks_nothing_and_a_person_is_asked_whether_that_is_so() {
    for change in Change::all() {
        let asked = Situation { change, ..ordinary(PlanKind::Installation, None, "component_added") };
        for kind in JP_ESPA.kinds(change) {
            let without = Situation { kind, not_in_force: true, ..asked };
            let later = Situation { kind, designated_on: Some("2026-12-01".parse().unwrap()), ..asked };
            for situation in [without, later] {
                let row = JP_ESPA.row(&situation).unwrap();
                assert!(row.outcome == DutyOutcome::Nothing && row.question.is_some(), "{change}");
                assert!(row.confidence > Confidence::Stat, "{change} must not close a case by itself");
            }
        }
    }
}
