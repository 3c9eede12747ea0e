//! The samples of what people do about a duty. They do not know admission: a sample need not be a move that is possible.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;

pub(super) fn facts() -> Vec<Fact> {
    let duty_id = DutyId::new("duty-1").unwrap();
    vec![
        Fact::DutyMoved(DutyMoved {
            duty_id: duty_id.clone(),
            from: DutyState::Drafted,
            to: DutyState::Submitted,
            on: day("2026-11-20"),
            reason: "事前相談を経て提出".into(),
            reference: Some("国港総第1号".into()),
            plan_id: Some(PlanId::new("plan-tos-1").unwrap()),
            caution_read: true,
        }),
        Fact::DutyAssigned(DutyAssigned {
            duty_id: duty_id.clone(),
            owner: Some(DutyOwner::Person(PersonId::new("aoi").unwrap())),
            target_on: Some(day("2026-12-01")),
            note: "法務部と".into(),
        }),
        Fact::DutyDated(DutyDated {
            duty_id: duty_id.clone(),
            date: DutyDate::ProhibitedThrough,
            on: Some(day("2027-03-31")),
            note: "延長の通知".into(),
        }),
        Fact::CalendarShared(CalendarShared {
            person_id: PersonId::new("aoi").unwrap(),
            token_hash: Some(Hash::of("sample", &[])),
        }),
        Fact::Reminders(Reminders {
            on: day("2026-11-28"),
            reminders: vec![Reminder {
                duty_id,
                deadline: DeadlineKind::Target,
                due_on: day("2026-12-01"),
                days_before: 3,
                owner: Some(DutyOwner::Name("法務部".into())),
                subject: Text::new("製品", "A product"),
                title: Text::new("構成設備の変更の報告", "Report a change of components"),
            }],
        }),
    ]
}
