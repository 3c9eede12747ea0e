//! May this be answered: an item of a check list, about an equipment or a plan that is there, from the answer that was seen.
//! It does not know HTTP, nor whether the answer is true; a person's word is kept with its name.
//! Invariant: every answer but yes says why, an answer is of today or before, and it never ends before it begins.

use super::duties::ROLES;
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::regimes;
use daicho_schemas::fact::check_answer::{
    CheckAnswer, CheckAnswered, CheckedThing, EVIDENCE_BYTES_MAX, EVIDENCE_MAX, NOTE_BYTES_MAX,
};
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;

/// A person answers an item. Says whether that is new.
pub fn answered(model: &Model, author: &Author, said: &CheckAnswered, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    let missing = |what: String| Err(Refusal::new(RefusalCode::NotFound).with(what));
    match &said.about {
        CheckedThing::Equipment(id) if model.equipment_name(id).is_none() => return missing(format!("about: {id}")),
        CheckedThing::Plan(id) if model.plan(id).is_none() => return missing(format!("about: {id}")),
        CheckedThing::Equipment(_) | CheckedThing::Plan(_) => {}
    }
    let list = regimes::check_lists().lists.iter().find(|list| list.list_id == said.list_id);
    let Some(list) = list else { return missing(format!("list_id: {}", said.list_id)) };
    if !list.items.iter().any(|item| item.item_id == said.item_id) {
        return missing(format!("item_id: {} is not in {}", said.item_id, said.list_id));
    }
    words(said)?;
    days(said, today)?;
    let stands = model.check_answer(&said.about, &said.item_id);
    if stands.is_some_and(|stands| {
        CheckAnswered { replaces: None, ..stands.answered.clone() } == CheckAnswered { replaces: None, ..said.clone() }
    }) {
        return Ok(false);
    }
    if stands.map(|stands| stands.seq) != said.replaces {
        let detail = stands.map_or_else(
            || "replaces: nothing is answered yet".to_string(),
            |stands| {
                let who = stands.by.as_ref().map_or("?", PersonId::as_str);
                let (answer, when) = (stands.answered.answer.as_str(), stands.at.for_people_in_japan());
                format!("replaces: {who} answered {answer} at {when} (entry {})", stands.seq)
            },
        );
        return Err(Refusal::new(RefusalCode::CheckAnsweredMeanwhile).with(detail));
    }
    Ok(true)
}

fn words(said: &CheckAnswered) -> Result<(), Refusal> {
    if said.note.len() > NOTE_BYTES_MAX {
        return Err(wrong(format!("note: {} bytes, at most {NOTE_BYTES_MAX}", said.note.len())));
    }
    if said.answer != CheckAnswer::Yes && said.note.trim().is_empty() {
        return Err(wrong(format!("note: say why the answer is {}", said.answer.as_str())));
    }
    if said.evidence.len() > EVIDENCE_MAX {
        return Err(wrong(format!("evidence: {} lines, at most {EVIDENCE_MAX}", said.evidence.len())));
    }
    let bad = |line: &&String| {
        line.trim().is_empty() || line.len() > EVIDENCE_BYTES_MAX || line.chars().any(char::is_control)
    };
    match said.evidence.iter().find(bad) {
        Some(_) => Err(wrong(format!("evidence: lines of words, each at most {EVIDENCE_BYTES_MAX} bytes"))),
        None => Ok(()),
    }
}

fn days(said: &CheckAnswered, today: CalendarDate) -> Result<(), Refusal> {
    if said.on > today {
        return Err(wrong(format!("on: {} is after today, {today}", said.on)));
    }
    if let Some(through) = said.valid_through.filter(|through| *through < said.on) {
        return Err(wrong(format!("valid_through: {through} is before the day of the answer, {}", said.on)));
    }
    match said.target_on {
        Some(_) if said.answer != CheckAnswer::No => Err(wrong("target_on: only a no becomes a yes on a day")),
        Some(target) if target < said.on => {
            Err(wrong(format!("target_on: {target} is before the day of the answer, {}", said.on)))
        }
        _ => Ok(()),
    }
}

fn wrong(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::CheckAnswerWrong).with(detail)
}

#[cfg(test)]
#[path = "check_answers_tests.rs"]
mod tests;
