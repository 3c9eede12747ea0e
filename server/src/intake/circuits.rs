//! May this enter: an edition of a list of lines, and what a person says of one line.
//! It does not know spreadsheets. Invariant: an edition enters whole or not at all, nothing older than what stands takes its place, and a
//! line is settled only while the list knows it.

use super::devices::{ROLES, line};
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::networks::Prefix;
use daicho_schemas::fact::circuit::{
    CIRCUIT_TEXT_BYTES_MAX, CIRCUITS_MAX, Circuit, CircuitIs, CircuitLedgerRead, CircuitSettled,
};
use daicho_schemas::fact::device_read::DEVICE_NOTE_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;

/// Lists that stand at once.
pub const LISTS_MAX: usize = 50;
/// Lines of one list that stand at once, those that are missing from its newest edition too.
pub const KEPT_MAX: usize = 2 * CIRCUITS_MAX;

fn wrong(detail: String) -> Refusal {
    Refusal::new(RefusalCode::CircuitsWrong).with(detail)
}

/// An edition comes in. Says whether that is new.
pub fn read(model: &Model, author: &Author, read: &CircuitLedgerRead, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    not_after("as_of", read.as_of, today)?;
    if read.sha256.len() != 64 || !read.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("sha256: 64 hexadecimal digits".into()));
    }
    line("source", &read.source, CIRCUIT_TEXT_BYTES_MAX, wrong)?;
    note(&read.note)?;
    let rows = &read.circuits;
    if rows.is_empty() || rows.len() > CIRCUITS_MAX {
        return Err(wrong(format!("circuits: 1 to {CIRCUITS_MAX}, and there are {}", rows.len())));
    }
    rows.iter().enumerate().try_for_each(|(place, row)| circuit(&format!("circuits[{place}]"), row))?;
    if !rows.is_sorted_by(|one, other| one.key < other.key) {
        return Err(wrong("circuits: they are to be sorted by key, each key once".into()));
    }
    let circuits = model.circuits();
    let id = &read.circuit_ledger_id;
    match circuits.edition(id) {
        Some(stands) if stands.as_of > read.as_of => {
            let (day, seq) = (stands.as_of, stands.seq);
            return Err(wrong(format!("as_of: the edition of {day} stands (entry {seq}), and this one is older")));
        }
        Some(stands) if stands.sha256 == read.sha256 && stands.as_of == read.as_of && says_the_same(model, read) => {
            return Ok(false);
        }
        None if circuits.editions_total() >= LISTS_MAX => {
            return Err(wrong(format!("circuit_ledger_id: {LISTS_MAX} lists stand already")));
        }
        _ => {}
    }
    let new = rows.iter().filter(|row| circuits.get(&(id.clone(), row.key.clone())).is_none()).count();
    let kept = circuits.count_of(id);
    if kept + new > KEPT_MAX {
        return Err(wrong(format!(
            "circuits: {kept} lines of this list stand and {new} would come, at most {KEPT_MAX}: say first of missing ones that they ended"
        )));
    }
    Ok(true)
}

/// Whether an edition holds what the newest one does.
fn says_the_same(model: &Model, read: &CircuitLedgerRead) -> bool {
    let circuits = model.circuits();
    let Some(stands) = circuits.edition(&read.circuit_ledger_id) else { return false };
    let about = (&stands.source, stands.left_out, &stands.note) == (&read.source, read.left_out, &read.note);
    let same = |row: &Circuit| {
        let known = circuits.get(&(read.circuit_ledger_id.clone(), row.key.clone()));
        known.is_some_and(|own| own.circuit == *row && own.seq == stands.seq)
    };
    about && u64::try_from(read.circuits.len()).ok() == Some(stands.circuits) && read.circuits.iter().all(same)
}

fn circuit(at: &str, row: &Circuit) -> Result<(), Refusal> {
    let texts = [
        ("key", &row.key),
        ("carrier", &row.carrier),
        ("number", &row.number),
        ("service", &row.service),
        ("place", &row.place),
        ("equipment", &row.equipment),
        ("purpose", &row.purpose),
        ("used_by", &row.used_by),
        ("contract", &row.contract),
        ("device", &row.device),
        ("port", &row.port),
    ];
    texts
        .into_iter()
        .try_for_each(|(field, text)| line(&format!("{at}.{field}"), text, CIRCUIT_TEXT_BYTES_MAX, wrong))?;
    if row.key.trim().is_empty() {
        return Err(wrong(format!("{at}.key: say by what the line is found again")));
    }
    if let Some(segment) = &row.segment {
        let found = Prefix::of_text(segment).filter(|(_, network)| network.is_segment());
        if found.is_none_or(|(_, network)| network.to_string() != *segment) {
            return Err(wrong(format!("{at}.segment: a network such as 192.0.2.0/24, without bits of a host")));
        }
    }
    if row.starts_on.zip(row.ends_on).is_some_and(|(first, last)| last < first) {
        return Err(wrong(format!("{at}.ends_on: the last day is before the first")));
    }
    Ok(())
}

/// A person says what a line is. Says whether that is new.
pub fn settled(model: &Model, author: &Author, said: &CircuitSettled, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    not_after("on", said.on, today)?;
    note(&said.note)?;
    let key = (said.circuit_ledger_id.clone(), said.key.clone());
    let Some(stands) = model.circuits().get(&key) else {
        return Err(Refusal::new(RefusalCode::NotFound).with(format!("key: {} {}", key.0, key.1)));
    };
    match &said.is {
        Some(CircuitIs::Ended(day)) => not_after("is.ended", *day, said.on)?,
        Some(CircuitIs::Device(id)) if model.devices().get(id).is_none() => {
            return Err(Refusal::new(RefusalCode::NotFound).with(format!("is.device: {id}")));
        }
        Some(CircuitIs::Host(text) | CircuitIs::Other(text)) => {
            line("is", text, CIRCUIT_TEXT_BYTES_MAX, wrong)?;
            if text.trim().is_empty() {
                return Err(wrong("is: say what it is".into()));
            }
        }
        Some(CircuitIs::Device(_)) | None => {}
    }
    Ok(match (&stands.settled, &said.is) {
        (None, None) => false,
        (Some(before), Some(_)) => before.said != *said,
        _ => true,
    })
}

fn note(text: &str) -> Result<(), Refusal> {
    if text.len() > DEVICE_NOTE_BYTES_MAX {
        return Err(wrong(format!("note: {} bytes, at most {DEVICE_NOTE_BYTES_MAX}", text.len())));
    }
    Ok(())
}

fn not_after(field: &str, on: CalendarDate, last: CalendarDate) -> Result<(), Refusal> {
    if on > last { Err(wrong(format!("{field}: {on} is after {last}"))) } else { Ok(()) }
}

#[cfg(test)]
#[path = "circuits_tests.rs"]
mod tests;
