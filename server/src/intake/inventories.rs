//! May this enter: what another tool says of a host.
//! It does not know files or formats. Invariant: it enters whole or not at all, within the limits of what an agent may say, and nothing
//! that the same tool said later is replaced by what it said earlier.

use super::devices::{ROLES, line};
use super::roles;
use super::submission::check_items;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::prepared::PreparedReport;
use crate::model::views::assets::Checked;
use daicho_schemas::fact::device_read::DEVICE_NOTE_BYTES_MAX;
use daicho_schemas::fact::inventory_told::{InventoryTold, TOLD_PARTS_MAX, TOLD_TEXT_BYTES_MAX};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::limits::{CLOCK_AHEAD_SECONDS_MAX, STANDING_ITEMS_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeSet;

fn wrong(detail: String) -> Refusal {
    Refusal::new(RefusalCode::InventoryWrong).with(detail)
}

/// An inventory comes in. Says whether that is new.
pub fn told(model: &Model, author: &Author, told: &InventoryTold, now: UtcMicros) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    if told.host.trim().is_empty() || told.host.trim() != told.host {
        return Err(wrong("host: the host's name, without spaces around it".into()));
    }
    let version = told.tool_version.as_deref().unwrap_or_default();
    for (field, text) in
        [("host", told.host.as_str()), ("tool", &told.tool), ("tool_version", version), ("format", &told.format)]
    {
        line(field, text, TOLD_TEXT_BYTES_MAX, wrong)?;
    }
    if told.sha256.len() != 64 || !told.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("sha256: 64 hexadecimal digits".into()));
    }
    if told.note.len() > DEVICE_NOTE_BYTES_MAX {
        return Err(wrong(format!("note: {} bytes, at most {DEVICE_NOTE_BYTES_MAX}", told.note.len())));
    }
    if told.said_at.is_some_and(|at| at > now.plus_seconds(CLOCK_AHEAD_SECONDS_MAX)) {
        return Err(wrong("said_at: that time has not come yet; is the clock of the tool's machine right?".into()));
    }
    parts(told)?;
    against_what_stands(model, told)
}

fn parts(told: &InventoryTold) -> Result<(), Refusal> {
    if told.parts.is_empty() || told.parts.len() > TOLD_PARTS_MAX {
        return Err(wrong(format!("parts: 1 to {TOLD_PARTS_MAX}, and there are {}", told.parts.len())));
    }
    let names: BTreeSet<&CollectorId> = told.parts.iter().map(|part| &part.collector).collect();
    if names.len() != told.parts.len() {
        return Err(wrong("parts: one source stands there twice".into()));
    }
    for part in &told.parts {
        let checked = check_items(&part.collector, part.outcome, &part.items, 0, part.troubles.len());
        checked.map_err(|refusal| wrong(format!("parts: {}", refusal.detail)))?;
    }
    Ok(())
}

fn against_what_stands(model: &Model, told: &InventoryTold) -> Result<bool, Refusal> {
    let id = InventoryTold::host_id(&told.host).map_err(|error| wrong(format!("host: {error}")))?;
    let Some(known) = model.agent(&id) else { return Ok(true) };
    if let Some(reason) = &known.revoked {
        return Err(Refusal::new(RefusalCode::AgentRevoked).with(reason.clone()));
    }
    let fresh = told.parts.iter().filter(|part| !model.has_reported(&id, &part.collector)).count();
    if model.collectors_of(&id) + fresh > TOLD_PARTS_MAX {
        return Err(wrong(format!("parts: of this host stand more than {TOLD_PARTS_MAX} sources")));
    }
    for part in &told.parts {
        let report = PreparedReport::of_part(part);
        if let Some(error) = &report.malformed {
            return Err(wrong(format!("parts: {}: {error}", part.collector)));
        }
        if let Some(Checked::Fits { stands }) = model.check_report(&id, &report)
            && stands > STANDING_ITEMS_MAX
        {
            let name = &part.collector;
            return Err(wrong(format!("parts: {name}: {stands} items would stand, at most {STANDING_ITEMS_MAX}")));
        }
    }
    let Some(stands) = &known.told else { return Ok(true) };
    if stands.tool == told.tool && stands.said_at > told.said_at && told.said_at.is_some() {
        let seq = stands.seq;
        return Err(wrong(format!("said_at: what the tool said later stands (entry {seq}), and this is older")));
    }
    Ok(stands.sha256 != told.sha256 || fresh > 0)
}

#[cfg(test)]
#[path = "inventories_tests.rs"]
mod tests;
