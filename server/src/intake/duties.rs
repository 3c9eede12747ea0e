//! May this be said of a duty: a move, an owner, a date that the ministry set, a reminder, a calendar of one's own.
//! It does not know HTTP, and it closes nothing by itself.
//! Invariant: only people of the roles compliance and admin move a duty, from where it stands, by steps that can have happened.

use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::duties::deadlines::{last_prohibited, last_prohibited_max};
use crate::model::rows::{DutyOutcome, DutyRow, DutyState};
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::duty::{
    CalendarShared, DUTY_STATES, DutyAssigned, DutyDate, DutyDated, DutyMoved, DutyOwner,
};
use daicho_schemas::ids::{DutyId, PersonId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;

/// Roles whose people see to duties and to what is decided in their course, beside administrators.
pub(super) const ROLES: &[Role] = &[Role::Compliance];
/// A reason or note, in bytes.
pub const REASON_BYTES_MAX: usize = 4000;
/// A receipt number or a free name, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// How far ahead a target may lie, in months.
const TARGET_MONTHS_MAX: u32 = 120;

/// A person moves a duty.
pub fn moved(model: &Model, author: &Author, moved: &DutyMoved, today: CalendarDate) -> Result<(), Refusal> {
    roles::one_of(ROLES, model, author)?;
    let duty = duty(model, &moved.duty_id)?;
    if duty.state != moved.from {
        return Err(moved_meanwhile(model, &duty));
    }
    text("reason", &moved.reason, REASON_BYTES_MAX)?;
    text("reference", moved.reference.as_deref().unwrap_or_default(), NAME_BYTES_MAX)?;
    if let Some(plan_id) = moved.plan_id.as_ref().filter(|id| model.plan(id).is_none()) {
        return Err(Refusal::new(RefusalCode::NotFound).with(format!("plan_id: {plan_id}")));
    }
    if moved.from == moved.to {
        return Err(impossible(format!("to: it is {} already", moved.to.as_str())));
    }
    if moved.on > today {
        return Err(wrong_date("on", format!("{} is after today, {today}", moved.on)));
    }
    // A settled duty goes nowhere but back.
    let back = moved.from.is_settled() || (moved.to < moved.from && moved.to != DutyState::NotNeeded);
    let explained = back || matches!(moved.to, DutyState::Judged | DutyState::NotNeeded);
    if explained && moved.reason.trim().is_empty() {
        return Err(Refusal::new(RefusalCode::DutyReasonMissing).with("reason"));
    }
    if moved.to == DutyState::NotNeeded && !duty.is_certain() && !moved.caution_read {
        let detail = format!("caution_read: the row {} rests on {}", duty.row_id, duty.confidence);
        return Err(Refusal::new(RefusalCode::DutyCautionUnread).with(detail));
    }
    step(&duty, moved, today)
}

/// The states to which a duty can go on a day, if the words that this needs are said.
pub fn possible(duty: &DutyRow, today: CalendarDate) -> Vec<DutyState> {
    let said = |to| DutyMoved {
        duty_id: duty.duty_id.clone(),
        from: duty.state,
        to,
        on: today,
        reason: "?".into(),
        reference: None,
        plan_id: None,
        caution_read: true,
    };
    let can = |to: &DutyState| *to != duty.state && step(duty, &said(*to), today).is_ok();
    DUTY_STATES.iter().copied().filter(can).collect()
}

/// Whether the steps before it are there, and the days in order.
fn step(duty: &DutyRow, moved: &DutyMoved, today: CalendarDate) -> Result<(), Refusal> {
    let life = &duty.life;
    match moved.to {
        DutyState::Open | DutyState::Judged | DutyState::Drafted | DutyState::Submitted | DutyState::NotNeeded => {
            Ok(())
        }
        DutyState::Accepted => after("submitted", life.submitted_on, moved.on),
        DutyState::Cleared => {
            after("accepted", life.accepted_on, moved.on)?;
            still_prohibited(duty, moved)
        }
        DutyState::Done => {
            let free = last_prohibited(duty).filter(|last| today <= *last && life.cleared_on.is_none());
            if let Some(last) = free {
                return Err(prohibited(last));
            }
            match duty.outcome {
                DutyOutcome::FileFirst => after("cleared", life.cleared_on, moved.on),
                _ if life.cleared_on.is_some() => after("cleared", life.cleared_on, moved.on),
                _ if life.accepted_on.is_some() => after("accepted", life.accepted_on, moved.on),
                _ => after("submitted", life.submitted_on, moved.on),
            }
        }
    }
}

/// Before the period has passed a change is cleared only by acting on a recommendation that was answered (act 52(8)(9)), and
/// then a person says so.
fn still_prohibited(duty: &DutyRow, moved: &DutyMoved) -> Result<(), Refusal> {
    let Some(last) = last_prohibited(duty).filter(|last| moved.on <= *last) else { return Ok(()) };
    let answered = duty.life.answered_on.is_some_and(|answered| answered <= moved.on);
    if answered && !moved.reason.trim().is_empty() { Ok(()) } else { Err(prohibited(last)) }
}

/// A person says who sees to a duty. Says whether that is new.
pub fn assigned(model: &Model, author: &Author, said: &DutyAssigned, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    let duty = duty(model, &said.duty_id)?;
    text("note", &said.note, REASON_BYTES_MAX)?;
    match &said.owner {
        Some(DutyOwner::Person(id)) if model.person_roles(id).is_none() => {
            return Err(Refusal::new(RefusalCode::PersonUnknown).with(format!("owner: {id}")));
        }
        Some(DutyOwner::Name(name)) if name.trim().is_empty() || *name != name.trim() => {
            let detail = "owner: a name without blanks around it, or nobody";
            return Err(Refusal::new(RefusalCode::RequestMalformed).with(detail));
        }
        Some(owner) => text("owner", owner.as_str(), NAME_BYTES_MAX)?,
        None => {}
    }
    let (first, last) = (today, today.plus_months(TARGET_MONTHS_MAX));
    let moved = said.target_on.filter(|target| duty.life.target_on != Some(*target));
    if let Some(target) = moved.filter(|target| *target < first || *target > last) {
        return Err(wrong_date("target_on", format!("{target} is not from {first} to {last}")));
    }
    let same = duty.life.owner == said.owner && duty.life.target_on == said.target_on && said.note.is_empty();
    Ok(!same)
}

/// A person enters a date that the ministry set, or takes it back.
pub fn dated(model: &Model, author: &Author, said: &DutyDated, today: CalendarDate) -> Result<(), Refusal> {
    roles::one_of(ROLES, model, author)?;
    let duty = duty(model, &said.duty_id)?;
    text("note", &said.note, REASON_BYTES_MAX)?;
    let Some(accepted) = duty.life.accepted_on.filter(|_| !duty.state.is_settled()) else {
        return Err(impossible(format!("date: it is {}; these days count from accepted", duty.state.as_str())));
    };
    let Some(on) = said.on else { return Ok(()) };
    let accepting = duty.state == DutyState::Accepted;
    let (field, first, last) = match said.date {
        DutyDate::ProhibitedThrough => {
            let Some(last) = last_prohibited_max(&duty).filter(|_| accepting) else {
                return Err(impossible("date: no period runs".into()));
            };
            ("prohibited_through", accepted, last)
        }
        // Within the period (52(6)); after it, when circumstances have changed (55).
        DutyDate::RecommendedOn => {
            let last = last_prohibited(&duty).filter(|_| accepting).map_or(today, |last| last.min(today));
            ("recommended_on", accepted, last)
        }
        DutyDate::AnsweredOn => {
            let Some(received) = duty.life.recommended_on else {
                return Err(impossible("date: no recommendation (recommended_on) is recorded".into()));
            };
            ("answered_on", received, today)
        }
    };
    if on < first || on > last {
        return Err(wrong_date(field, format!("{on} is not from {first} to {last}")));
    }
    Ok(())
}

/// Everybody may share their own deadlines as a calendar, and an administrator anybody's.
pub fn calendar_shared(model: &Model, author: &Author, shared: &CalendarShared) -> Result<(), Refusal> {
    let person = roles::person(author)?;
    let admin = model.person_roles(person).is_some_and(|roles| roles.contains(&Role::Admin));
    if model.person_roles(&shared.person_id).is_none() {
        return Err(Refusal::new(RefusalCode::PersonUnknown).with(format!("person_id: {}", shared.person_id)));
    }
    if *person == shared.person_id || admin { Ok(()) } else { Err(RefusalCode::NotAllowed.into()) }
}

fn duty(model: &Model, id: &DutyId) -> Result<DutyRow, Refusal> {
    model.duty(id).ok_or_else(|| Refusal::new(RefusalCode::NotFound).with(format!("duty_id: {id}")))
}

fn moved_meanwhile(model: &Model, duty: &DutyRow) -> Refusal {
    let state = duty.state.as_str();
    let detail = match model.duty_last_move(&duty.duty_id) {
        None => format!("from: it is {state}; nobody has moved it"),
        Some(turn) => {
            let who = turn.by.as_ref().map_or("?", PersonId::as_str);
            format!("from: it is {state}; {who} moved it at {} (entry {})", turn.at.for_people_in_japan(), turn.seq)
        }
    };
    Refusal::new(RefusalCode::DutyMovedMeanwhile).with(detail)
}

fn after(step: &str, before: Option<CalendarDate>, on: CalendarDate) -> Result<(), Refusal> {
    match before {
        None => Err(impossible(format!("to: {step} comes first"))),
        Some(before) if on < before => Err(wrong_date("on", format!("{on} is before {step}, {before}"))),
        Some(_) => Ok(()),
    }
}

fn text(field: &str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    let detail = format!("{field}: {} bytes, at most {bytes_max}; it stays in the ledger", text.len());
    Err(Refusal::new(RefusalCode::RequestMalformed).with(detail))
}

fn impossible(detail: String) -> Refusal {
    Refusal::new(RefusalCode::DutyMoveImpossible).with(detail)
}

fn prohibited(last: CalendarDate) -> Refusal {
    Refusal::new(RefusalCode::DutyProhibited).with(format!("prohibited_through: {last}"))
}

fn wrong_date(field: &str, detail: String) -> Refusal {
    Refusal::new(RefusalCode::DutyDateWrong).with(format!("{field}: {detail}"))
}

#[cfg(test)]
#[path = "duties_tests.rs"]
mod tests;
