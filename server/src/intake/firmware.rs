//! May this enter: what a source knows about firmware. Every field within its limits, every version readable by the
//! comparator of its product, and nothing older than what stands.
//! It does not know HTTP, files, nor whether the source is right.
//! Invariant: a pack enters whole or not at all, and one that says nothing new does not enter.

use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::firmware::products::{self, Product};
use crate::model::firmware::versions::{generic, read};
use crate::model::queries::firmware::PACKS_MAX;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::firmware::{
    ADVISORIES_MAX, Advisory, EndOfLife, FIRMWARE_PACK_FORMAT, FirmwarePack, PACK_FILES_MAX, PACK_TEXT_BYTES_MAX,
    SUPPORT_MAX, VERSIONS_MAX, VersionRange,
};
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeSet;

/// Who may bring knowledge in, beside the administrators.
pub const ROLES: &[Role] = &[Role::Operator, Role::Security, Role::Compliance];
/// The name of a pack, in bytes.
const PACK_ID_BYTES_MAX: usize = 64;

/// A pack comes in. Says whether that is new.
pub fn known(model: &Model, author: &Author, pack: &FirmwarePack, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    checked(pack, today)?;
    match model.firmware_pack(&pack.pack_id) {
        Some(stands) if stands.pack == *pack => Ok(false),
        Some(stands) if stands.pack.as_of > pack.as_of => {
            let detail = format!(
                "{}: as_of {}, and {} stands (entry {})",
                pack.pack_id, pack.as_of, stands.pack.as_of, stands.seq
            );
            Err(Refusal::new(RefusalCode::FirmwarePackOlder).with(detail))
        }
        Some(_) => Ok(true),
        None if model.firmware_packs() >= PACKS_MAX => Err(wrong(format!("pack_id: {PACKS_MAX} packs stand already"))),
        None => Ok(true),
    }
}

/// Reads a pack's file. A refusal names the line and field.
pub fn parse_pack(bytes: &[u8]) -> Result<FirmwarePack, Refusal> {
    if bytes.len() > IMPORT_BYTES_MAX {
        return Err(wrong(format!("the pack has {} bytes, at most {IMPORT_BYTES_MAX}", bytes.len())));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let pack: FirmwarePack = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| wrong(format!("{}: {}", error.path(), error.inner())))?;
    json.end().map_err(|error| wrong(error.to_string()))?;
    Ok(pack)
}

/// What can be said of a pack without the ledger.
pub fn checked(pack: &FirmwarePack, today: CalendarDate) -> Result<(), Refusal> {
    if pack.format != FIRMWARE_PACK_FORMAT {
        return Err(wrong(format!("format: '{}', not {FIRMWARE_PACK_FORMAT}", cut(&pack.format))));
    }
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_.".contains(&c);
    if pack.pack_id.is_empty() || pack.pack_id.len() > PACK_ID_BYTES_MAX || !pack.pack_id.bytes().all(fits) {
        return Err(wrong(format!("pack_id: 1 to {PACK_ID_BYTES_MAX} of a-z, 0-9, '-', '_', '.'")));
    }
    words("source", &pack.source, true)?;
    link("link", pack.link.as_ref())?;
    if pack.as_of > today {
        return Err(wrong(format!("as_of: {} is after today, {today}", pack.as_of)));
    }
    at_most("files", pack.files.len(), PACK_FILES_MAX)?;
    for file in &pack.files {
        words("files.name", &file.name, true)?;
        if file.sha256.len() != 64 || !file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong("files.sha256: 64 hexadecimal digits"));
        }
    }
    at_most("advisories", pack.advisories.len(), ADVISORIES_MAX)?;
    at_most("end_of_life", pack.end_of_life.len(), SUPPORT_MAX)?;
    if pack.advisories.is_empty() && pack.end_of_life.is_empty() {
        return Err(wrong("advisories, end_of_life: nothing is in it"));
    }
    let mut seen = BTreeSet::new();
    for (place, advisory) in pack.advisories.iter().enumerate() {
        let at = format!("advisories[{place}]");
        self::advisory(&at, advisory, today).and_then(|()| {
            let new = seen.insert((&advisory.id, &advisory.product, &advisory.models));
            if new {
                Ok(())
            } else {
                Err(wrong(format!("{at}: {} is there twice for the same models", cut(&advisory.id))))
            }
        })?;
    }
    let ends = pack.end_of_life.iter().enumerate();
    ends.into_iter().try_for_each(|(place, end)| end_of_life(&format!("end_of_life[{place}]"), end))
}

fn advisory(at: &str, advisory: &Advisory, today: CalendarDate) -> Result<(), Refusal> {
    words(&format!("{at}.id"), &advisory.id, true)?;
    let product = named(at, &advisory.vendor, &advisory.product, &advisory.models)?;
    link(&format!("{at}.link"), advisory.link.as_ref())?;
    words(&format!("{at}.jvn_id"), advisory.jvn_id.as_deref().unwrap_or_default(), false)?;
    if let Some(as_of) = advisory.as_of.filter(|as_of| *as_of > today) {
        return Err(wrong(format!("{at}.as_of: {as_of} is after today, {today}")));
    }
    let lists =
        [advisory.affected.len(), advisory.affected_exactly.len(), advisory.not_affected.len(), advisory.fixed.len()];
    lists.into_iter().try_for_each(|length| at_most(at, length, VERSIONS_MAX))?;
    let ranges = advisory.affected.iter().map(|range| ("affected", range));
    for (field, range) in ranges.chain(advisory.not_affected.iter().map(|range| ("not_affected", range))) {
        self::range(&format!("{at}.{field}"), range, product)?;
    }
    let single = advisory.fixed.iter().map(|version| ("fixed", version));
    let single = single.chain(advisory.affected_exactly.iter().map(|version| ("affected_exactly", version)));
    single.into_iter().try_for_each(|(field, version)| self::version(&format!("{at}.{field}"), version, product))
}

fn end_of_life(at: &str, end: &EndOfLife) -> Result<(), Refusal> {
    let product = named(at, &end.vendor, &end.product, &end.models)?;
    link(&format!("{at}.link"), end.link.as_ref())?;
    if let Some(branch) = &end.branch {
        version(&format!("{at}.branch"), branch, product)?;
    }
    if end.branch.is_none() && end.models.is_empty() {
        return Err(wrong(format!("{at}: give a branch, or models")));
    }
    if end.ends_on.is_none() && end.ended.is_none() {
        return Err(wrong(format!("{at}: give ends_on, or ended")));
    }
    Ok(())
}

fn named(at: &str, vendor: &str, product: &str, models: &[String]) -> Result<Option<&'static Product>, Refusal> {
    words(&format!("{at}.vendor"), vendor, true)?;
    words(&format!("{at}.product"), product, true)?;
    at_most(&format!("{at}.models"), models.len(), VERSIONS_MAX)?;
    models.iter().try_for_each(|model| words(&format!("{at}.models"), model, true))?;
    let known = products::product(product);
    if known.is_none() && models.is_empty() {
        return Err(wrong(format!(
            "{at}.models: '{}' is no product line that we know, so name its models",
            cut(product)
        )));
    }
    Ok(known)
}

fn range(at: &str, range: &VersionRange, product: Option<&Product>) -> Result<(), Refusal> {
    if range.before.is_some() && range.through.is_some() {
        return Err(wrong(format!("{at}: give before or through, not both")));
    }
    let bounds = [&range.from, &range.before, &range.through, &range.branch];
    bounds.into_iter().flatten().try_for_each(|text| version(at, text, product))
}

fn version(at: &str, text: &str, product: Option<&Product>) -> Result<(), Refusal> {
    let (parse, name) = product.map_or((generic::parse as fn(&str) -> _, "its maker"), |own| (own.parse, own.id));
    match read(parse, text) {
        Some(_) => Ok(()),
        None => Err(wrong(format!("{at}: '{}' is no version of {name} that we can read", cut(text)))),
    }
}

fn words(field: &str, text: &str, needed: bool) -> Result<(), Refusal> {
    if needed && text.trim().is_empty() {
        return Err(wrong(format!("{field}: it is missing")));
    }
    if text.len() > PACK_TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(wrong(format!("{field}: one line of at most {PACK_TEXT_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn link(field: &str, link: Option<&String>) -> Result<(), Refusal> {
    let Some(link) = link else { return Ok(()) };
    words(field, link, true)?;
    let web = link.starts_with("https://") || link.starts_with("http://");
    if web { Ok(()) } else { Err(wrong(format!("{field}: it begins with https://"))) }
}

fn at_most(field: &str, length: usize, max: usize) -> Result<(), Refusal> {
    if length > max { Err(wrong(format!("{field}: {length} of them, at most {max}"))) } else { Ok(()) }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

fn wrong(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::FirmwarePackWrong).with(detail)
}

#[cfg(test)]
#[path = "firmware_tests.rs"]
mod tests;
