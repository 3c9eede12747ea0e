//! Files of planned changes: bytes to values, or a refusal that names the place.
//! It does not know what the law asks because of a change; `model/duties/planned.rs` judges.
//! Invariant: what is judged names an equipment, a plan and suppliers that are recorded, and data by names that rows use.

use super::declarations::{Check, File, check_format, without_mark};
use super::places::Path;
use crate::model::duties::table::{Pack, pack};
use crate::model::views::declarations::{Declarations, host_key};
use daicho_schemas::limits::{
    CHANGE_ITEMS_MAX, CHANGE_TEXT_CHARS_MAX, EXPECTED_HOSTS_MAX, EXPECTED_MAX, IMPORT_BYTES_MAX,
};
use daicho_schemas::planned::{CHANGE_FORMAT, ChangeItem, Expected, PlannedChange, Sight};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use std::collections::BTreeSet;

/// Reads a planned change (`daicho.change.v1`). A byte order mark is tolerated.
pub fn parse_change(bytes: &[u8]) -> Result<PlannedChange, Refusal> {
    let file = File { code: RefusalCode::ChangeMalformed, json: without_mark(bytes) };
    let change: PlannedChange = file.read(bytes.len(), IMPORT_BYTES_MAX)?;
    check_change(&change).map_err(|(path, what)| file.refuse_at(&path, &what))?;
    Ok(change)
}

/// Refuses a change that names what no declaration knows. `bytes` is the file it was read from, for the place; it may be
/// empty.
pub fn check_change_declared(change: &PlannedChange, bytes: &[u8], declarations: &Declarations) -> Result<(), Refusal> {
    let file = |code| File { code, json: without_mark(bytes) };
    for (i, item) in change.changes.iter().enumerate() {
        if let Some(id) = item.supplier_id.as_ref().filter(|id| declarations.supplier_state(id).is_none()) {
            let path = Path::of("changes").index(i).key("supplier_id");
            let what = format!("no supplier record has the id '{id}'");
            return Err(file(RefusalCode::SupplierUnknown).refuse_at(&path, &what));
        }
    }
    for (i, expected) in change.expected.iter().enumerate() {
        if let Some(id) = expected.supplier_id.as_ref().filter(|id| declarations.supplier_state(id).is_none()) {
            let path = Path::of("expected").index(i).key("supplier_id");
            let what = format!("no supplier record has the id '{id}'");
            return Err(file(RefusalCode::SupplierUnknown).refuse_at(&path, &what));
        }
    }
    let refuse = |(path, what): (Path, String)| file(RefusalCode::ChangeMalformed).refuse_at(&path, &what);
    check_against(change, declarations).map_err(refuse)
}

fn check_against(change: &PlannedChange, declarations: &Declarations) -> Check {
    let equipment = &change.equipment_id;
    if declarations.plans_of(equipment).next().is_none() {
        return Err((Path::of("equipment_id"), format!("no plan names the equipment '{equipment}'")));
    }
    if let Some(id) = &change.plan_id
        && !declarations.plans_of(equipment).any(|plan| plan.plan.plan_id == *id)
    {
        return Err((Path::of("plan_id"), format!("no plan of the equipment '{equipment}' has the id '{id}'")));
    }
    let parts: BTreeSet<_> =
        declarations.plans_of(equipment).flat_map(|plan| &plan.plan.parts).map(|part| &part.part_id).collect();
    let packs: Vec<&Pack> = declarations.plans_of(equipment).filter_map(|plan| pack(&plan.plan.regime)).collect();
    for (i, item) in change.changes.iter().enumerate() {
        let at = Path::of("changes").index(i);
        if let Some(part) = item.part_id.as_ref().filter(|part| !parts.contains(part)) {
            return Err((at.key("part_id"), format!("no plan of the equipment '{equipment}' has the part '{part}'")));
        }
        let unknown = |name: &&String| !packs.iter().any(|pack| pack.fields.contains_key(*name));
        if let Some(name) = item.data.keys().find(unknown) {
            let names: BTreeSet<&str> = packs.iter().flat_map(|pack| pack.fields.keys()).map(String::as_str).collect();
            let names: Vec<&str> = names.into_iter().collect();
            return Err((at.key("data"), format!("'{name}' is no field of a filing; these are: {}", names.join(", "))));
        }
    }
    check_hosts(change, declarations)
}

/// What is expected on a host of no plan would never be seen: its agent's word belongs to no equipment.
fn check_hosts(change: &PlannedChange, declarations: &Declarations) -> Check {
    let listed = declarations.hosts_of(&change.equipment_id);
    let new = change.expected.iter().filter(|expected| expected.sight == Sight::HostAppears);
    let known: BTreeSet<String> =
        listed.iter().chain(new.flat_map(|expected| &expected.hosts)).map(|host| host_key(host)).collect();
    for (i, expected) in change.expected.iter().enumerate() {
        if let Some((j, host)) = expected.hosts.iter().enumerate().find(|(_, host)| !known.contains(&host_key(host))) {
            let path = Path::of("expected").index(i).key("hosts").index(j);
            let what = format!(
                "no plan of the equipment '{}' lists the host '{host}', and nothing in this file expects it (host_appears); listed are: {}",
                change.equipment_id,
                listed.join(", ")
            );
            return Err((path, what));
        }
    }
    Ok(())
}

fn check_change(change: &PlannedChange) -> Check {
    check_format(&change.format, CHANGE_FORMAT)?;
    check_words(&change.summary, &Path::of("summary"))?;
    if let Some(emergency) = &change.emergency {
        check_words(&emergency.reason, &Path::of("emergency").key("reason"))?;
    }
    if let Some(last) = change.planned_through.filter(|last| *last < change.planned_on) {
        let what = format!("{last} is before the first day, planned_on: {}", change.planned_on);
        return Err((Path::of("planned_through"), what));
    }
    if change.expected.len() > EXPECTED_MAX {
        return Err((Path::of("expected"), format!("at most {EXPECTED_MAX} things are expected at once")));
    }
    for (i, expected) in change.expected.iter().enumerate() {
        check_expected(expected, &Path::of("expected").index(i))?;
    }
    let changes = Path::of("changes");
    if change.changes.is_empty() || change.changes.len() > CHANGE_ITEMS_MAX {
        return Err((changes, format!("1 to {CHANGE_ITEMS_MAX} changes are judged at once")));
    }
    change.changes.iter().enumerate().try_for_each(|(i, item)| check_item(item, &changes.index(i)))
}

fn check_expected(expected: &Expected, at: &Path) -> Check {
    let hosts = at.key("hosts");
    if expected.hosts.is_empty() || expected.hosts.len() > EXPECTED_HOSTS_MAX {
        return Err((hosts, format!("1 to {EXPECTED_HOSTS_MAX} host names are needed, as plans list them")));
    }
    for (i, host) in expected.hosts.iter().enumerate() {
        check_words(host, &hosts.index(i))?;
    }
    let component = expected.sight == Sight::ComponentAppears;
    if expected.sight == Sight::HostAppears {
        if !expected.name.is_empty() {
            return Err((at.key("name"), "a host is named in hosts; leave name out".into()));
        }
    } else {
        check_words(&expected.name, &at.key("name"))?;
        if expected.name.chars().all(|c| c == '*' || c.is_whitespace()) {
            return Err((at.key("name"), "'*' alone would take anything for planned; name what is expected".into()));
        }
    }
    if let Some(version) = &expected.version {
        check_words(version, &at.key("version"))?;
        if !component {
            return Err((at.key("version"), "a version is told only of a component that appears".into()));
        }
    }
    if expected.supplier_id.is_some() && !component {
        return Err((at.key("supplier_id"), "a supplier is told only of a component that appears".into()));
    }
    Ok(())
}

fn check_item(item: &ChangeItem, at: &Path) -> Check {
    check_words(&item.subject, &at.key("subject"))?;
    for (field, words) in [("before", &item.before), ("after", &item.after)] {
        words.iter().try_for_each(|words| check_words(words, &at.key(field)))?;
    }
    item.data.iter().try_for_each(|(field, words)| check_words(words, &at.key("data").key(field)))
}

fn check_words(words: &str, path: &Path) -> Check {
    if words.trim().is_empty() {
        return Err((path.clone(), "words are needed here".into()));
    }
    match words.chars().count() {
        count if count > CHANGE_TEXT_CHARS_MAX => {
            Err((path.clone(), format!("{count} characters; at most {CHANGE_TEXT_CHARS_MAX} are taken")))
        }
        _ => Ok(()),
    }
}
