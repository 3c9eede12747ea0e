//! May this be said of a device: whose it is, what it serves, and what its configuration says.
//! It does not know HTTP or parsers, nor whether the reading is true; it comes from the machine of the person who hands it in.
//! Invariant: a reading is within the limits of its shape, speaks of no day to come, and one box is one device.

use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::device::{
    Answered, DEVICE_TEXT_BYTES_MAX, DeviceReading, FarEnd, GAPS_MAX, GROUNDS_MAX, Restriction, WAYS_IN_MAX, WayIn,
};
use daicho_schemas::fact::device_read::{DEVICE_NOTE_BYTES_MAX, DeviceRead, HeldBy};
use daicho_schemas::fact::observation::DeviceConfiguration;
use daicho_schemas::ids::DeviceId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeSet;

/// Roles whose people speak of devices and remote paths, beside administrators.
pub const ROLES: &[Role] = &[Role::Compliance, Role::Operator, Role::Security];
/// Entries of one list of a reading (sources, addresses inside, banks of firmware).
const LIST_MAX: usize = 2000;
/// One sentence of a reading, in bytes.
const SENTENCE_BYTES_MAX: usize = 1000;

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
    check_reading(&read.reading).map_err(|what| wrong(format!("reading.{what}")))?;
    let owner = model.devices().owner_of(&read.reading).filter(|owner| **owner != read.device_id);
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

type Check = Result<(), String>;

/// Whether what an agent's drop folder shows keeps to the limits of its shape; else the field and what is wrong with it.
pub(super) fn check_shown(shown: &DeviceConfiguration) -> Check {
    words("file_name", [&shown.file_name])?;
    check_reading(&shown.reading).map_err(|what| format!("reading.{what}"))
}

/// Whether a reading keeps to the limits of its shape; else the field and what is wrong with it.
fn check_reading(reading: &DeviceReading) -> Check {
    let source = &reading.source;
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if source.sha256.len() != 64 || !source.sha256.chars().all(hex) {
        return Err("source.sha256: 64 hexadecimal digits".into());
    }
    if source.lines.0 == 0 || source.lines.1 < source.lines.0 {
        return Err("source.lines: the first and the last line, counted from 1".into());
    }
    let named = [Some(&reading.family), Some(&source.encoding), source.written.as_ref()];
    words("source", named.into_iter().flatten())?;
    if reading.family.is_empty() {
        return Err("family: it is empty".into());
    }
    if reading.gaps.len() > GAPS_MAX {
        return Err(format!("gaps: {}, at most {GAPS_MAX}", reading.gaps.len()));
    }
    reading.gaps.iter().try_for_each(|gap| sentence("gaps", &gap.text))?;
    let identity = &reading.identity;
    let texts = [&identity.name, &identity.maker, &identity.model, &identity.serial];
    words("identity", texts.into_iter().flatten())?;
    words("identity.macs", &identity.macs)?;
    let versions = identity.firmware.iter().flat_map(|bank| [Some(&bank.version), bank.build.as_ref()]);
    words("identity.firmware", versions.flatten())?;
    restriction("management", &reading.management)?;
    restriction("vpn", &reading.vpn)?;
    answered("logs_elsewhere", &reading.logs_elsewhere)?;
    words("log_targets", &reading.log_targets)?;
    if reading.ways_in.len() > WAYS_IN_MAX {
        return Err(format!("ways_in: {}, at most {WAYS_IN_MAX}", reading.ways_in.len()));
    }
    let mut keys = BTreeSet::new();
    for way in &reading.ways_in {
        if way.key.trim().is_empty() || !keys.insert(&way.key) {
            return Err(format!("ways_in: the key '{}' is empty or stands there twice", way.key));
        }
        check_way(way)?;
    }
    Ok(())
}

fn check_way(way: &WayIn) -> Check {
    let far = match &way.far_end {
        FarEnd::Address(text) | FarEnd::Name(text) => Some(text),
        FarEnd::Anyone | FarEnd::Unknown => None,
    };
    words("ways_in", [Some(&way.key), Some(&way.technology), far, way.interface.as_ref()].into_iter().flatten())?;
    words("ways_in.inside", &way.inside)?;
    restriction("ways_in.restriction", &way.restriction)?;
    answered("ways_in.enabled", &way.enabled)?;
    answered("ways_in.second_factor", &way.second_factor)
}

fn restriction(field: &str, own: &Restriction) -> Check {
    words(field, &own.sources)?;
    answered(field, &own.restricted)
}

fn answered(field: &str, own: &Answered) -> Check {
    if own.because.len() > GROUNDS_MAX {
        return Err(format!("{field}: {} grounds, at most {GROUNDS_MAX}", own.because.len()));
    }
    own.because.iter().try_for_each(|ground| sentence(field, &ground.text))
}

fn words<'a>(field: &str, texts: impl IntoIterator<Item = &'a String>) -> Check {
    for (count, text) in texts.into_iter().enumerate() {
        if count >= LIST_MAX {
            return Err(format!("{field}: at most {LIST_MAX} entries"));
        }
        if text.len() > DEVICE_TEXT_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(format!("{field}: words on one line, at most {DEVICE_TEXT_BYTES_MAX} bytes"));
        }
    }
    Ok(())
}

fn sentence(field: &str, text: &Text) -> Check {
    let bad = |words: &String| words.len() > SENTENCE_BYTES_MAX || words.chars().any(char::is_control);
    if bad(&text.ja) || bad(&text.en) {
        return Err(format!("{field}: a sentence on one line, at most {SENTENCE_BYTES_MAX} bytes"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "devices_tests.rs"]
mod tests;
