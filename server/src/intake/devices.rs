//! May this be said of a device: whose it is, what it serves, and what its configuration says.
//! It does not know HTTP or parsers, nor whether the reading is true; it comes from the machine of the person who hands it in.
//! Invariant: a reading is within the limits of its shape, speaks of no day to come, and one box is one device.

use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::device::DeviceReading;
use daicho_schemas::fact::device_read::{DEVICE_NOTE_BYTES_MAX, DeviceRead, HeldBy};
use daicho_schemas::ids::DeviceId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;

/// Roles whose people speak of devices and remote paths, beside administrators.
pub const ROLES: &[Role] = &[Role::Compliance, Role::Operator, Role::Security];

/// A person hands in a reading. Says whether that is new.
pub fn read(model: &Model, author: &Author, read: &DeviceRead, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    if read.device_id.as_str().starts_with("seen-") {
        return Err(wrong("device_id: ids that begin with seen- are given by Daicho; choose another one".into()));
    }
    if let Some(id) = read.equipment_id.as_ref().filter(|id| model.equipment_name(id).is_none()) {
        return Err(Refusal::new(RefusalCode::NotFound).with(format!("equipment_id: {id}")));
    }
    held_by(model, "owner", read.owner.as_ref())?;
    if read.taken_on > today {
        return Err(wrong(format!("taken_on: {} is after today, {today}", read.taken_on)));
    }
    line("place", &read.place, super::remote_paths::TEXT_BYTES_MAX, wrong)?;
    if read.note.len() > DEVICE_NOTE_BYTES_MAX {
        return Err(wrong(format!("note: {} bytes, at most {DEVICE_NOTE_BYTES_MAX}", read.note.len())));
    }
    read.reading.check().map_err(|what| wrong(format!("reading.{what}")))?;
    let owner = model.devices().owners_of(&read.reading).find(|owner| **owner != read.device_id);
    if let (Some(owner), Some(serial)) = (owner, &read.reading.identity.serial) {
        return Err(wrong(format!("device_id: the box of serial number {serial} is the device '{owner}'")));
    }
    Ok(!says_nothing_new(model, read))
}

fn says_nothing_new(model: &Model, read: &DeviceRead) -> bool {
    let Some(state) = model.devices().recorded(&read.device_id) else { return false };
    let said = (&state.equipment_id, &state.place, &state.owner, &state.note);
    let same = |own: &crate::model::views::devices::ReadingState| {
        own.taken_on == read.taken_on && own.reading == *read.reading
    };
    said == (&read.equipment_id, &read.place, &read.owner, &read.note) && state.readings.iter().any(|own| same(own))
}

/// The id of a device whose owner gave none: its name, else maker and serial number, as far as they can be ids.
pub fn own_id(reading: &DeviceReading) -> Option<DeviceId> {
    let identity = &reading.identity;
    let word = |text: &str| DeviceId::new(text.to_lowercase()).ok().filter(|id| !id.as_str().starts_with("seen-"));
    identity.name.as_deref().and_then(word).or_else(|| {
        let maker = identity.maker.as_deref().unwrap_or(&reading.family);
        let maker = maker.split_whitespace().next().unwrap_or_default();
        word(&format!("{maker}-{}", identity.serial.as_deref()?))
    })
}

/// Whoever holds something is the operator or somebody of whom there is a record.
pub(super) fn held_by(model: &Model, field: &str, who: Option<&HeldBy>) -> Result<(), Refusal> {
    match who {
        Some(HeldBy::Supplier(id)) if !model.has_supplier(id) => {
            Err(Refusal::new(RefusalCode::SupplierUnknown).with(format!("{field}: {id}")))
        }
        _ => Ok(()),
    }
}

/// Words on one line, within a limit. Empty is nothing said.
pub(super) fn line(field: &str, text: &str, bytes_max: usize, wrong: fn(String) -> Refusal) -> Result<(), Refusal> {
    if text.chars().any(char::is_control) {
        return Err(wrong(format!("{field}: words on one line")));
    }
    if text.len() > bytes_max {
        return Err(wrong(format!("{field}: {} bytes, at most {bytes_max}", text.len())));
    }
    Ok(())
}

fn wrong(detail: String) -> Refusal {
    Refusal::new(RefusalCode::DeviceWrong).with(detail)
}

#[cfg(test)]
#[path = "devices_tests.rs"]
mod tests;
