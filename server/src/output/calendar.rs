//! The days that duties wait for as a calendar (RFC 5545), one all-day event each.
//! It does not know who asks, nor which day it is; the lines themselves are the crate `icalendar`'s.
//! Invariant: an event keeps its UID for ever and counts its changes, so that a calendar that fetches again never doubles it;
//! the same state gives the same bytes.

use crate::model::Model;
use crate::model::rows::{Deadline, DeadlineKind, DutyRow};
use daicho_schemas::fact::duty::DutyOwner;
use daicho_schemas::ids::PersonId;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use icalendar::{Calendar, Component as _, Event, Property};

/// Events in one calendar; the list of duties has the rest.
const EVENTS_MAX: usize = 5000;

/// The calendar of everybody's duties, or of those that one person sees to.
pub fn ics(model: &Model, only: Option<&PersonId>, language: Language) -> String {
    let name = Text::new("届出・報告義務の期日（台帳）", "Days of legal duties (Daicho)");
    let mut calendar = Calendar::empty();
    for (key, value) in
        [("VERSION", "2.0"), ("PRODID", "-//Daicho//Duties//JA"), ("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH")]
    {
        calendar.append_property(Property::new(key, value));
    }
    calendar.name(name.get(language));
    // Calendars look again after an hour; what a day is does not change more often than people enter something.
    calendar.append_property(Property::new("REFRESH-INTERVAL", "PT1H").add_parameter("VALUE", "DURATION").done());
    let ledger = model.ledger_id().unwrap_or("none");
    let own = |duty: &DutyRow| match (only, &duty.life.owner) {
        (None, _) => true,
        (Some(person), Some(DutyOwner::Person(owner))) => person == owner,
        (Some(_), _) => false,
    };
    for (duty, day) in model.duty_days().filter(|(duty, _)| own(duty)).take(EVENTS_MAX) {
        calendar.push(event(model, duty, day, ledger, language));
    }
    calendar.to_string()
}

fn event(model: &Model, duty: &DutyRow, day: &Deadline, ledger: &str, language: Language) -> Event {
    let turns = model.duty_turns(&duty.duty_id);
    let stamp = turns.last().map_or_else(
        || format!("{}T000000Z", compact(duty.changed_on)),
        |turn| turn.at.to_string().chars().filter(char::is_ascii_alphanumeric).take(15).chain(['Z']).collect(),
    );
    let (what, subject) = (kind(day.kind), &duty.subject);
    let summary = Text::new(format!("{}：{}", what.ja, subject.ja), format!("{}: {}", what.en, subject.en));
    Event::new()
        .uid(&format!("{}-{}@{ledger}.daicho", duty.duty_id, word(day.kind)))
        .add_property("DTSTAMP", stamp)
        .add_property("SEQUENCE", turns.len().to_string())
        .append_property(date("DTSTART", day.on))
        .append_property(date("DTEND", day.on.plus_days(1)))
        .add_property("TRANSP", "TRANSPARENT")
        .summary(&printable(summary.get(language)))
        .description(&description(duty, language))
        .done()
}

fn date(name: &str, day: CalendarDate) -> Property {
    Property::new(name, compact(day)).add_parameter("VALUE", "DATE").done()
}

/// `20261121`.
fn compact(day: CalendarDate) -> String {
    day.to_string().replace('-', "")
}

/// What the law asks, by which article, how sure that is, and who sees to it.
fn description(duty: &DutyRow, language: Language) -> String {
    let say = |text: &Text| printable(text.get(language)).to_string();
    let word = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    let mut lines = vec![say(&duty.title), say(&duty.clock)];
    lines.extend(duty.form.as_ref().map(say));
    lines.extend(duty.articles.iter().map(say));
    if !duty.is_certain() {
        let unsure = word("条文だけに基づく判定ではありません", "it does not rest on the statute alone");
        lines.push(format!("{unsure} ({})", duty.confidence));
        lines.extend(duty.caution.as_ref().map(say));
    }
    if let Some(owner) = &duty.life.owner {
        lines.push(format!("{}: {}", word("担当", "owner"), printable(owner.as_str())));
    }
    lines.push(format!("{} / {}", duty.equipment_id, duty.duty_id));
    lines.join("\n")
}

fn word(kind: DeadlineKind) -> &'static str {
    match kind {
        DeadlineKind::Law => "law",
        DeadlineKind::Answer => "answer",
        DeadlineKind::Target => "target",
        DeadlineKind::Permitted => "permitted",
    }
}

/// What sort of day it is. One that the operator set is never called one of the law.
pub fn kind(kind: DeadlineKind) -> Text {
    match kind {
        DeadlineKind::Law => Text::new("法令上の期限", "Day of the law"),
        DeadlineKind::Answer => Text::new("勧告への回答期限", "Last day to answer the recommendation"),
        DeadlineKind::Target => Text::new("自社の目標日", "Own target"),
        DeadlineKind::Permitted => Text::new("この日から変更可", "Permitted from this day"),
    }
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
