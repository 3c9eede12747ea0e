//! May this be said of a ticket: that it is opened or amended, done, withdrawn or planned again, and that its window is over.
//! It does not know HTTP, and it does not judge by the law: what must wait is shown, not refused.
//! Invariant: only people of the roles compliance, operator and admin speak of tickets, of the version and state that stands.

use super::Verdict;
use super::changes::check_change_declared;
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::views::tickets::Ticket;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::ticket::{TicketMoved, TicketState, TicketStated, WindowsEnded};
use daicho_schemas::ids::PersonId;
use daicho_schemas::limits::CHANGE_TEXT_CHARS_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;

/// Roles whose people plan changes, beside administrators.
pub const ROLES: &[Role] = &[Role::Compliance, Role::Operator];

/// A person opens a ticket, or amends it.
pub fn stated(model: &Model, author: &Author, stated: &TicketStated) -> Result<Verdict, Refusal> {
    roles::one_of(ROLES, model, author)?;
    words("note", &stated.note)?;
    let id = &stated.change.change_id;
    match (model.ticket(id), stated.amends_seq) {
        (None, None) => {}
        (None, Some(_)) => return Err(Refusal::new(RefusalCode::NotFound).with(format!("change_id: {id}"))),
        (Some(ticket), amends)
            if ticket.change == stated.change && (amends.is_none() || ticket.note == stated.note) =>
        {
            return Ok(Verdict::NothingNew);
        }
        (Some(ticket), None) => return Err(Refusal::new(RefusalCode::TicketExists).with(stands(ticket))),
        (Some(ticket), Some(seen)) if ticket.seq != seen => {
            return Err(
                Refusal::new(RefusalCode::TicketChangedMeanwhile).with(format!("amends_seq: {}", stands(ticket)))
            );
        }
        (Some(ticket), Some(_)) if ticket.state != TicketState::Open => {
            return Err(impossible(format!(
                "it is {}; plan it again (open) before it is amended",
                ticket.state.as_str()
            )));
        }
        (Some(ticket), Some(_)) if ticket.change.equipment_id != stated.change.equipment_id => {
            return Err(impossible("equipment_id: a ticket stays with its equipment; open another one".into()));
        }
        (Some(_), Some(_)) => {}
    }
    check_change_declared(&stated.change, &[], model.declarations())?;
    Ok(Verdict::Append)
}

/// A person says that a ticket was done, is withdrawn, or is planned again.
pub fn moved(model: &Model, author: &Author, moved: &TicketMoved, today: CalendarDate) -> Result<(), Refusal> {
    roles::one_of(ROLES, model, author)?;
    words("reason", &moved.reason)?;
    let ticket = model.ticket(&moved.change_id);
    let ticket =
        ticket.ok_or_else(|| Refusal::new(RefusalCode::NotFound).with(format!("change_id: {}", moved.change_id)))?;
    if ticket.state != moved.from {
        return Err(Refusal::new(RefusalCode::TicketChangedMeanwhile).with(format!("from: {}", stands(ticket))));
    }
    if moved.from == moved.to {
        return Err(impossible(format!("to: it is {} already", moved.to.as_str())));
    }
    if moved.from != TicketState::Open && moved.to != TicketState::Open {
        return Err(impossible(format!("to: it is {}; plan it again (open) first", moved.from.as_str())));
    }
    if moved.on > today {
        return Err(impossible(format!("on: {} is after today, {today}", moved.on)));
    }
    let opened_on = ticket.opened_at.date_in_japan();
    if moved.on < opened_on {
        return Err(impossible(format!("on: {} is before the ticket was opened, {opened_on}", moved.on)));
    }
    if moved.to != TicketState::Done && moved.reason.trim().is_empty() {
        return Err(impossible("reason: to withdraw a ticket, or to plan it again, needs a reason".into()));
    }
    Ok(())
}

/// The windows of tickets are over. Says whether all of them are, and nobody has stated it.
pub fn are_due(model: &Model, ended: &WindowsEnded) -> bool {
    let due: Vec<_> = model.windows_ended(ended.on, usize::MAX).change_ids;
    !ended.change_ids.is_empty() && ended.change_ids.iter().all(|id| due.contains(id))
}

fn stands(ticket: &Ticket) -> String {
    let who = ticket.by.as_ref().map_or("?", PersonId::as_str);
    format!("it is {}, version of entry {}, stated by {who}", ticket.state.as_str(), ticket.seq)
}

fn words(field: &str, words: &str) -> Result<(), Refusal> {
    match words.chars().count() {
        count if count > CHANGE_TEXT_CHARS_MAX => {
            let detail = format!("{field}: {count} characters; at most {CHANGE_TEXT_CHARS_MAX} are taken");
            Err(Refusal::new(RefusalCode::RequestMalformed).with(detail))
        }
        _ => Ok(()),
    }
}

fn impossible(detail: String) -> Refusal {
    Refusal::new(RefusalCode::TicketMoveImpossible).with(detail)
}

#[cfg(test)]
#[path = "tickets_tests.rs"]
mod tests;
