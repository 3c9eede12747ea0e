//! The phase of a plan on a day, from its dates (経済安全保障推進法 52(3)(4), counted as `regime.md` 1.2 writes).
//! It does not know what a phase obliges to, nor which day it is today.
//! Invariant: the day of acceptance is day 1 of the 30 days; without 受理日 no period runs, however long ago it was submitted.

use crate::model::rows::Phase;
use crate::model::views::declarations::Declarations;
use daicho_schemas::fact::declaration::{PlanDates, PlanKind};
use daicho_schemas::ids::{EquipmentId, PlanId};
use daicho_schemas::time::CalendarDate;

/// Days of the prohibition period, the day of acceptance included (act 52(3)).
pub const PROHIBITED_DAYS: i64 = 30;
/// Months to which the minister may extend it, counted from the day of acceptance (act 52(4)).
pub const PROHIBITED_MONTHS_MAX: u32 = 4;

/// The phase in which a plan is on a day.
pub fn phase_on(kind: PlanKind, dates: &PlanDates, on: CalendarDate) -> Phase {
    let reached = |date: Option<CalendarDate>| date.is_some_and(|date| date <= on);
    match kind {
        PlanKind::Installation if reached(dates.introduced_on) => return Phase::Introduced,
        PlanKind::Entrustment if dates.entrusted_through.is_some_and(|last| last < on) => {
            return Phase::EntrustmentEnded;
        }
        PlanKind::Entrustment if reached(dates.entrusted_from) => return Phase::EntrustmentRunning,
        _ => {}
    }
    // While the filing of a change is not accepted, what it says is as little permitted as a plan that is not.
    if reached(dates.last_accepted_on()) {
        return match prohibited_through(dates) {
            Some(last) if on <= last => Phase::Prohibited,
            _ => Phase::Cleared,
        };
    }
    if reached(dates.submitted_on) || reached(dates.accepted_on) { Phase::Submitted } else { Phase::Draft }
}

/// The last day on which introduction or entrustment is prohibited: as the ministry shortened or extended it, or else the
/// 30th day counted from the day of acceptance. Absent while the plan is not accepted.
pub fn prohibited_through(dates: &PlanDates) -> Option<CalendarDate> {
    let accepted = dates.last_accepted_on()?;
    // A day before the acceptance ended the period of an earlier filing.
    let set = dates.prohibited_through.filter(|through| *through >= accepted);
    Some(set.unwrap_or_else(|| accepted.plus_days(PROHIBITED_DAYS - 1)))
}

/// The plan of a kind whose prohibition period runs for an equipment on a day, with the last day of it; of several the one
/// that runs longest.
pub fn prohibiting(
    declared: &Declarations,
    equipment: &EquipmentId,
    kind: PlanKind,
    on: CalendarDate,
) -> Option<(PlanId, CalendarDate)> {
    let of_kind = declared.plans_of(equipment).map(|state| &state.plan).filter(|plan| plan.plan_kind == kind);
    let running = of_kind.filter(|plan| is_prohibited(kind, &plan.dates, on));
    let last = running.filter_map(|plan| Some((plan.plan_id.clone(), prohibited_through(&plan.dates)?)));
    last.max_by_key(|(_, last)| *last)
}

/// Whether a prohibition period runs on a day: that of the plan, or that of a change which was filed while the entrustment runs.
pub fn is_prohibited(kind: PlanKind, dates: &PlanDates, on: CalendarDate) -> bool {
    let changed = dates.change_accepted_on.is_some_and(|accepted| accepted <= on);
    match phase_on(kind, dates, on) {
        Phase::Prohibited => true,
        Phase::EntrustmentRunning => changed && prohibited_through(dates).is_some_and(|last| on <= last),
        _ => false,
    }
}

/// The last day to which the prohibition period can be extended: four months counted from the day of acceptance. Where the
/// fourth month has no such day, the later reading (its last day) is taken, so that no permitted extension is refused.
pub fn prohibited_through_max(accepted: CalendarDate) -> CalendarDate {
    let months_later = accepted.plus_months(PROHIBITED_MONTHS_MAX);
    if day_of(months_later) == day_of(accepted) { months_later.plus_days(-1) } else { months_later }
}

fn day_of(date: CalendarDate) -> String {
    date.to_string().chars().rev().take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDate {
        text.parse().unwrap()
    }

    fn accepted() -> PlanDates {
        PlanDates {
            submitted_on: Some(day("2026-11-20")),
            accepted_on: Some(day("2026-12-01")),
            ..PlanDates::default()
        }
    }

    #[test]
    fn thirty_days_count_the_day_of_acceptance() {
        // The example of regime.md 1.2: accepted 2026-12-01, blocked through 2026-12-30, free from 2026-12-31.
        let dates = accepted();
        for (on, phase) in [
            ("2026-11-19", Phase::Draft),
            ("2026-11-20", Phase::Submitted),
            ("2026-11-30", Phase::Submitted),
            ("2026-12-01", Phase::Prohibited),
            ("2026-12-30", Phase::Prohibited),
            ("2026-12-31", Phase::Cleared),
        ] {
            assert_eq!(phase_on(PlanKind::Installation, &dates, day(on)), phase, "{on}");
        }
        assert_eq!(prohibited_through(&dates), Some(day("2026-12-30")));
    }

    #[test]
    fn an_extension_reaches_four_months_at_most() {
        assert_eq!(prohibited_through_max(day("2026-12-01")), day("2027-03-31"));
        assert_eq!(prohibited_through_max(day("2026-10-31")), day("2027-02-28"));
        assert_eq!(prohibited_through_max(day("2027-01-15")), day("2027-05-14"));
        let extended = PlanDates { prohibited_through: Some(day("2027-03-31")), ..accepted() };
        assert_eq!(phase_on(PlanKind::Installation, &extended, day("2027-03-31")), Phase::Prohibited);
        assert_eq!(phase_on(PlanKind::Installation, &extended, day("2027-04-01")), Phase::Cleared);
    }

    #[test]
    fn a_shortened_period_ends_early_and_submission_alone_starts_none() {
        let shortened = PlanDates { prohibited_through: Some(day("2026-12-10")), ..accepted() };
        assert_eq!(phase_on(PlanKind::Installation, &shortened, day("2026-12-11")), Phase::Cleared);
        let submitted = PlanDates { submitted_on: Some(day("2025-01-01")), ..PlanDates::default() };
        assert_eq!(phase_on(PlanKind::Installation, &submitted, day("2026-12-31")), Phase::Submitted);
        assert_eq!(prohibited_through(&submitted), None);
    }

    #[test]
    fn the_filing_of_a_change_starts_a_period_of_its_own() {
        let changed = PlanDates { change_submitted_on: Some(day("2027-02-01")), ..accepted() };
        let on = |dates: &PlanDates, on| phase_on(PlanKind::Installation, dates, day(on));
        assert_eq!(on(&changed, "2027-02-01"), Phase::Submitted);
        let accepted_anew = PlanDates { change_accepted_on: Some(day("2027-02-08")), ..changed };
        assert_eq!(on(&accepted_anew, "2027-02-08"), Phase::Prohibited);
        assert_eq!(prohibited_through(&accepted_anew), Some(day("2027-03-09")));
        assert_eq!(on(&accepted_anew, "2027-03-10"), Phase::Cleared);
        let shortened_before = PlanDates { prohibited_through: Some(day("2026-12-10")), ..accepted_anew };
        assert_eq!(on(&shortened_before, "2027-02-20"), Phase::Prohibited, "that was the first period");
    }

    #[test]
    fn a_change_filed_while_the_entrustment_runs_is_prohibited_for_its_own_period() {
        let running = PlanDates {
            entrusted_from: Some(day("2027-01-01")),
            change_submitted_on: Some(day("2027-02-01")),
            change_accepted_on: Some(day("2027-02-08")),
            ..accepted()
        };
        let on = |on| is_prohibited(PlanKind::Entrustment, &running, day(on));
        assert_eq!(["2027-02-07", "2027-02-08", "2027-03-09", "2027-03-10"].map(on), [false, true, true, false]);
        assert_eq!(phase_on(PlanKind::Entrustment, &running, day("2027-02-08")), Phase::EntrustmentRunning);
        let unchanged = PlanDates { change_submitted_on: None, change_accepted_on: None, ..running };
        assert!(!is_prohibited(PlanKind::Entrustment, &unchanged, day("2027-01-02")));
    }

    #[test]
    fn introduction_ends_the_open_time_of_an_installation_plan_only() {
        let dates = PlanDates { introduced_on: Some(day("2027-01-10")), ..accepted() };
        assert_eq!(phase_on(PlanKind::Installation, &dates, day("2027-01-09")), Phase::Cleared);
        assert_eq!(phase_on(PlanKind::Installation, &dates, day("2027-01-10")), Phase::Introduced);
        assert_eq!(phase_on(PlanKind::Entrustment, &dates, day("2027-01-10")), Phase::Cleared);
    }

    #[test]
    fn an_entrustment_runs_from_its_first_to_its_last_day() {
        let dates = PlanDates {
            entrusted_from: Some(day("2027-01-01")),
            entrusted_through: Some(day("2027-12-31")),
            ..accepted()
        };
        for (on, phase) in [
            ("2026-12-31", Phase::Cleared),
            ("2027-01-01", Phase::EntrustmentRunning),
            ("2027-12-31", Phase::EntrustmentRunning),
            ("2028-01-01", Phase::EntrustmentEnded),
        ] {
            assert_eq!(phase_on(PlanKind::Entrustment, &dates, day(on)), phase, "{on}");
        }
    }
}
