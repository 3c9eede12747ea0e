//! May this be said of a remote path: where it enters, who comes in by which contract, and what a vendor answered.
//! It does not know HTTP, nor whether it is true; a person's word is kept with its name.
//! Invariant: what a record names is there, its days have been, and of two records of one entry one was removed.

use super::devices::{ROLES, held_by, line};
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::views::declarations::host_key;
use crate::model::views::devices::DeviceKind;
use crate::model::views::remote_paths::entry_key;
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::fact::device::Extent;
use daicho_schemas::fact::device_read::DEVICE_NOTE_BYTES_MAX;
use daicho_schemas::fact::remote_path::{
    PATH_TEXT_BYTES_MAX, PathEntry, RemoteDaysEnded, RemoteMaintenanceAnswered, RemotePathRecorded,
};
use daicho_schemas::ids::{EquipmentId, PersonId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::{CalendarDate, UtcMicros};

/// One text of a record, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = PATH_TEXT_BYTES_MAX;
/// Ways in that a refusal names.
const NAMED_MAX: usize = 20;

/// A person records a path. Says whether that is new.
pub fn recorded(
    model: &Model,
    author: &Author,
    said: &RemotePathRecorded,
    today: CalendarDate,
) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    supplier(model, "supplier_id", said.supplier_id.as_ref())?;
    equipment(model, said.equipment_id.as_ref())?;
    held_by(model, "patched_by", said.patched_by.as_ref())?;
    enters(model, said)?;
    contract(model, said)?;
    words(said)?;
    days(said, today)?;
    let stands = model.remote_path_state(&said.remote_path_id);
    let without = |said: &RemotePathRecorded| RemotePathRecorded { replaces: None, ..said.clone() };
    if stands.is_some_and(|stands| without(&stands.recorded) == without(said)) {
        return Ok(false);
    }
    let stood = stands.map(|stands| (stands.seq, stands.by.as_ref(), stands.at));
    replaces(said.replaces, stood)?;
    let entry = entry_key(&said.enters);
    let mut others = model.remote_paths_entering(&entry);
    let other = others.find(|other| other.stands() && other.recorded.remote_path_id != said.remote_path_id);
    match other {
        Some(other) if said.removed_on.is_none() => {
            Err(wrong(format!("enters: the path '{}' enters there already", other.recorded.remote_path_id)))
        }
        _ => Ok(true),
    }
}

/// A person enters a vendor's answer. Says whether that is new.
pub fn answered(
    model: &Model,
    author: &Author,
    said: &RemoteMaintenanceAnswered,
    today: CalendarDate,
) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    supplier(model, "supplier_id", Some(&said.supplier_id))?;
    equipment(model, Some(&said.equipment_id))?;
    line("answered_by", &said.answered_by, TEXT_BYTES_MAX, wrong)?;
    if said.answered_by.trim().is_empty() {
        return Err(wrong("answered_by: say which office or role of the vendor answered".into()));
    }
    note(&said.note)?;
    not_after("on", Some(said.on), today)?;
    if said.valid_through < said.on {
        return Err(wrong(format!(
            "valid_through: {} is before the day of the answer, {}",
            said.valid_through, said.on
        )));
    }
    let stands = model.remote_answer_state(&said.equipment_id, &said.supplier_id);
    let without = |said: &RemoteMaintenanceAnswered| RemoteMaintenanceAnswered { replaces: None, ..said.clone() };
    if stands.is_some_and(|stands| without(&stands.answered) == without(said)) {
        return Ok(false);
    }
    replaces(said.replaces, stands.map(|stands| (stands.seq, stands.by.as_ref(), stands.at)))?;
    Ok(true)
}

/// Days are over. Says whether all of them are, and nobody has stated it.
pub fn are_due(model: &Model, ended: &RemoteDaysEnded) -> bool {
    let due = model.remote_days_ended(ended.on, usize::MAX);
    let any = !ended.plan_ids.is_empty() || !ended.answer_seqs.is_empty();
    any && ended.plan_ids.iter().all(|id| due.plan_ids.contains(id))
        && ended.answer_seqs.iter().all(|seq| due.answer_seqs.contains(seq))
}

fn enters(model: &Model, said: &RemotePathRecorded) -> Result<(), Refusal> {
    match &said.enters {
        PathEntry::DeviceWayIn { device_id, way_in } => {
            line("enters.way_in", way_in, TEXT_BYTES_MAX, wrong)?;
            let device = model.devices().get(device_id);
            let device = device
                .ok_or_else(|| Refusal::new(RefusalCode::NotFound).with(format!("enters.device_id: {device_id}")))?;
            let whole = device.configuration().is_some_and(|own| own.reading.extent == Extent::Whole);
            let ways = device.ways();
            // What a partial reading does not name may be there all the same; a person may know better.
            if said.removed_on.is_some() || !whole || ways.contains_key(way_in.as_str()) {
                return Ok(());
            }
            let known: Vec<&str> = ways.keys().copied().take(NAMED_MAX).collect();
            let none = if device.kind() == DeviceKind::NoVpn { " (it opens no VPN)" } else { "" };
            Err(wrong(format!("enters.way_in: '{way_in}' is none of {}{none}", known.join(", "))))
        }
        PathEntry::HostInterface { host, interface: way } | PathEntry::Software { host, software: way } => {
            for (field, text) in [("host", host), ("interface or software", way)] {
                line(&format!("enters.{field}"), text, TEXT_BYTES_MAX, wrong)?;
                if host_key(text).is_empty() {
                    return Err(wrong(format!("enters.{field}: it is empty")));
                }
            }
            Ok(())
        }
    }
}

fn contract(model: &Model, said: &RemotePathRecorded) -> Result<(), Refusal> {
    let Some(id) = &said.contract else { return Ok(()) };
    let plan = model.plan(id).ok_or_else(|| Refusal::new(RefusalCode::NotFound).with(format!("contract: {id}")))?;
    if plan.plan_kind != PlanKind::Entrustment {
        return Err(wrong(format!("contract: {id} is a plan of installation; name the plan of the entrustment")));
    }
    if let Some(equipment) = said.equipment_id.as_ref().filter(|own| **own != plan.equipment.equipment_id) {
        let its = &plan.equipment.equipment_id;
        return Err(wrong(format!("contract: {id} is of the equipment '{its}', and the path leads to '{equipment}'")));
    }
    match &said.supplier_id {
        Some(supplier) if !plan.contractors.is_empty() && !plan.contractors.contains(supplier) => {
            Err(wrong(format!("contract: {id} names no contractor '{supplier}'")))
        }
        _ => Ok(()),
    }
}

fn words(said: &RemotePathRecorded) -> Result<(), Refusal> {
    for (field, text) in [("near_end", &said.near_end), ("far_end", &said.far_end), ("purpose", &said.purpose)] {
        line(field, text, TEXT_BYTES_MAX, wrong)?;
    }
    if let Some(review) = &said.log_review {
        line("log_review.by", &review.by, TEXT_BYTES_MAX, wrong)?;
        if review.by.trim().is_empty() {
            return Err(wrong("log_review.by: say which office or role looks at the log".into()));
        }
    }
    note(&said.note)
}

fn note(note: &str) -> Result<(), Refusal> {
    if note.len() > DEVICE_NOTE_BYTES_MAX {
        return Err(wrong(format!("note: {} bytes, at most {DEVICE_NOTE_BYTES_MAX}", note.len())));
    }
    Ok(())
}

fn days(said: &RemotePathRecorded, today: CalendarDate) -> Result<(), Refusal> {
    not_after("on", Some(said.on), today)?;
    not_after("removed_on", said.removed_on, today)?;
    not_after("log_review.last_on", said.log_review.as_ref().and_then(|review| review.last_on), today)?;
    match said.target_on.filter(|target| *target < said.on) {
        Some(target) => Err(wrong(format!("target_on: {target} is before the day of the record, {}", said.on))),
        None => Ok(()),
    }
}

fn not_after(field: &str, day: Option<CalendarDate>, today: CalendarDate) -> Result<(), Refusal> {
    match day.filter(|day| *day > today) {
        Some(day) => Err(wrong(format!("{field}: {day} is after today, {today}"))),
        None => Ok(()),
    }
}

fn replaces(said: Option<u64>, stands: Option<(u64, Option<&PersonId>, UtcMicros)>) -> Result<(), Refusal> {
    if stands.map(|(seq, ..)| seq) == said {
        return Ok(());
    }
    let detail = match stands {
        None => "replaces: nothing is recorded yet".to_string(),
        Some((seq, by, at)) => {
            let who = by.map_or("?", PersonId::as_str);
            format!("replaces: {who} recorded it at {} (entry {seq})", at.for_people_in_japan())
        }
    };
    Err(Refusal::new(RefusalCode::RemotePathMeanwhile).with(detail))
}

fn supplier(model: &Model, field: &str, id: Option<&SupplierId>) -> Result<(), Refusal> {
    match id.filter(|id| !model.has_supplier(id)) {
        Some(id) => Err(Refusal::new(RefusalCode::SupplierUnknown).with(format!("{field}: {id}"))),
        None => Ok(()),
    }
}

fn equipment(model: &Model, id: Option<&EquipmentId>) -> Result<(), Refusal> {
    match id.filter(|id| model.equipment_name(id).is_none()) {
        Some(id) => Err(Refusal::new(RefusalCode::NotFound).with(format!("equipment_id: {id}"))),
        None => Ok(()),
    }
}

fn wrong(detail: String) -> Refusal {
    Refusal::new(RefusalCode::RemotePathWrong).with(detail)
}

#[cfg(test)]
#[path = "remote_paths_tests.rs"]
mod tests;
