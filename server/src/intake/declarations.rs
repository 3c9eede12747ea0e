//! Files that people hand in (plans, supplier records, inventories): bytes to values, or a refusal that names the place.
//! It does not know what is in the ledger; whether a supplier is recorded is asked of a function that is passed in.
//! Invariant: a refusal names line, column and field and never repeats more than a short piece of the file.

use super::places::{Path, locate};
use super::supplier_checks::{check_country, check_ownership, check_supplier};
use crate::model::duties::phase::prohibited_through_max;
use crate::model::duties::table;
use crate::model::views::declarations::host_key;
use daicho_schemas::fact::declaration::{PLAN_FORMAT, Plan, PlanDates, PlanKind};
use daicho_schemas::fact::supplier::{Holder, SUPPLIERS_FORMAT, SuppliersFile};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::inventory::{INVENTORY_FORMAT, Inventory};
use daicho_schemas::limits::{BATCH_BYTES_MAX, BATCH_REPORTS_MAX, IMPORT_BYTES_MAX, REPORT_ITEMS_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// The longest piece of text that a refusal repeats from a file or a parser, in characters.
const QUOTED_CHARS_MAX: usize = 300;

/// Reads a plan file (`daicho.plan.v1`). A byte order mark is tolerated.
pub fn parse_plan(bytes: &[u8]) -> Result<Plan, Refusal> {
    let file = File { code: RefusalCode::PlanMalformed, json: without_mark(bytes) };
    let plan: Plan = file.read(bytes.len(), IMPORT_BYTES_MAX)?;
    check_plan(&plan).map_err(|(path, what)| file.refuse_at(&path, &what))?;
    Ok(plan)
}

/// Reads a file of supplier records (`daicho.suppliers.v1`). A byte order mark is tolerated.
pub fn parse_suppliers(bytes: &[u8]) -> Result<SuppliersFile, Refusal> {
    let file = File { code: RefusalCode::SuppliersMalformed, json: without_mark(bytes) };
    let suppliers: SuppliersFile = file.read(bytes.len(), IMPORT_BYTES_MAX)?;
    check_suppliers(&suppliers).map_err(|(path, what)| file.refuse_at(&path, &what))?;
    Ok(suppliers)
}

/// Reads an inventory (`daicho.inventory.v1`), which may be as large as a batch. A byte order mark is tolerated.
pub fn parse_inventory(bytes: &[u8]) -> Result<Inventory, Refusal> {
    let file = File { code: RefusalCode::InventoryMalformed, json: without_mark(bytes) };
    let inventory: Inventory = file.read(bytes.len(), BATCH_BYTES_MAX)?;
    check_inventory(&inventory).map_err(|(path, what)| file.refuse_at(&path, &what))?;
    Ok(inventory)
}

/// Refuses a plan that names a supplier without a record. `bytes` is the file the plan was read from, for the place;
/// it may be empty.
pub fn check_plan_suppliers(
    plan: &Plan,
    bytes: &[u8],
    is_recorded: impl Fn(&SupplierId) -> bool,
) -> Result<(), Refusal> {
    let parts = plan.parts.iter().enumerate();
    let parts = parts.map(|(i, part)| (Path::of("parts").index(i).key("supplier_id"), &part.supplier_id));
    let paths = plan.remote_paths.iter().enumerate();
    let paths = paths.map(|(i, path)| (Path::of("remote_paths").index(i).key("supplier_id"), &path.supplier_id));
    let contractors = plan.contractors.iter().enumerate().map(|(i, id)| (Path::of("contractors").index(i), id));
    let filing = Path::of("filing");
    let equipment = plan.filing.equipment_supplier.iter().map(|id| (filing.key("equipment_supplier"), id));
    let taking_part = plan.filing.introduction_parties.iter().enumerate();
    let taking_part = taking_part
        .map(|(i, party)| (filing.key("introduction_parties").index(i).key("supplier_id"), &party.supplier_id));
    for (path, id) in parts.chain(paths).chain(contractors).chain(equipment).chain(taking_part) {
        if !is_recorded(id) {
            let file = File { code: RefusalCode::SupplierUnknown, json: without_mark(bytes) };
            return Err(file.refuse_at(&path, &format!("no supplier record has the id '{id}'")));
        }
    }
    Ok(())
}

/// Refuses supplier records that, with what the ledger holds, own each other in a circle. `bytes` as above; `holders_of` are the
/// holders of a supplier whose record stands.
pub fn check_circles(
    file: &SuppliersFile,
    bytes: &[u8],
    holders_of: impl Fn(&SupplierId) -> Vec<Holder>,
) -> Result<(), Refusal> {
    let refused = |(path, what): (Path, String)| {
        File { code: RefusalCode::SuppliersMalformed, json: without_mark(bytes) }.refuse_at(&path, &what)
    };
    check_ownership(&file.suppliers, &Path::of("suppliers"), holders_of).map_err(refused)
}

/// A file on its way in.
pub(super) struct File<'a> {
    pub(super) code: RefusalCode,
    pub(super) json: &'a [u8],
}

impl File<'_> {
    pub(super) fn read<T: DeserializeOwned>(&self, bytes: usize, bytes_max: usize) -> Result<T, Refusal> {
        if bytes > bytes_max {
            return Err(self.refuse(format!("the file has {bytes} bytes; at most {bytes_max} are taken")));
        }
        let mut json = serde_json::Deserializer::from_slice(self.json);
        let value = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| self.refuse_json(error.inner(), &Path::from(error.path())))?;
        json.end().map_err(|error| self.refuse_json(&error, &Path::default()))?;
        Ok(value)
    }

    fn refuse_json(&self, error: &serde_json::Error, path: &Path) -> Refusal {
        let (line, column) = (error.line(), error.column());
        let said = error.to_string();
        // serde_json puts the place at the end of its sentence; ours stands in front.
        let said = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said);
        // Where a value does not fit, serde_json points behind it; people look for its beginning.
        let (line, column) = if error.is_data() { locate(self.json, path) } else { (line, column) };
        let field = path.to_string();
        self.refuse(place(line, column, if field.is_empty() { "(top)" } else { &field }, said))
    }

    pub(super) fn refuse_at(&self, path: &Path, what: &str) -> Refusal {
        if self.json.is_empty() {
            return self.refuse(format!("field {path}: {}", short(what)));
        }
        let (line, column) = locate(self.json, path);
        self.refuse(place(line, column, &path.to_string(), what))
    }

    fn refuse(&self, detail: String) -> Refusal {
        Refusal::new(self.code).with(detail)
    }
}

fn place(line: usize, column: usize, path: &str, what: &str) -> String {
    format!("line {line}, column {column}, field {}: {}", short(path), short(what))
}

/// A piece of a hostile file that is safe to show: short, and without control characters.
fn short(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

pub(super) type Check = Result<(), (Path, String)>;

fn check_plan(plan: &Plan) -> Check {
    check_format(&plan.format, PLAN_FORMAT)?;
    if table::pack(&plan.regime).is_none() {
        let what = format!("this release knows the regime '{}' and not '{}'", table::REGIME_JP_ESPA, plan.regime);
        return Err((Path::of("regime"), what));
    }
    check_text(&plan.operator.name, &Path::of("operator").key("name"))?;
    let equipment = Path::of("equipment");
    check_text(&plan.equipment.name, &equipment.key("name"))?;
    let hosts = equipment.key("hosts");
    for (i, host) in plan.equipment.hosts.iter().enumerate() {
        if host_key(host).is_empty() {
            return Err((hosts.index(i), "a host name must not be empty".into()));
        }
    }
    check_unique(plan.equipment.hosts.iter().map(|host| host_key(host)), "host", |i| hosts.index(i))?;
    let parts = Path::of("parts");
    check_unique(plan.parts.iter().map(|part| part.part_id.to_string()), "part_id", |i| parts.index(i).key("part_id"))?;
    for (i, part) in plan.parts.iter().enumerate() {
        if let Some(empty) = part.covers.iter().position(|glob| glob.trim().is_empty()) {
            return Err((parts.index(i).key("covers").index(empty), "a product name must not be empty".into()));
        }
        check_country(part.manufacturing_country.as_ref(), &parts.index(i).key("manufacturing_country"))?;
    }
    let paths = Path::of("remote_paths");
    let ids = plan.remote_paths.iter().map(|path| path.remote_path_id.to_string());
    check_unique(ids, "remote_path_id", |i| paths.index(i).key("remote_path_id"))?;
    for (i, path) in plan.remote_paths.iter().enumerate() {
        match &path.device {
            None if host_key(&path.host).is_empty() => {
                return Err((paths.index(i).key("host"), "say on which host it ends, or on which device".into()));
            }
            None if path.interface.trim().is_empty() == path.software.trim().is_empty() => {
                let what = "say on which interface of the host it ends, or by which software of the host it enters";
                return Err((paths.index(i).key("interface"), what.into()));
            }
            Some(_) if !(path.host.is_empty() && path.interface.is_empty() && path.software.is_empty()) => {
                return Err((paths.index(i).key("device"), "a path ends on a host or on a device, not on both".into()));
            }
            Some(way) if way.way_in.trim().is_empty() => {
                return Err((paths.index(i).key("device").key("way_in"), "say which way in of the device".into()));
            }
            None | Some(_) => {}
        }
    }
    let ends = plan.remote_paths.iter().map(|path| match &path.device {
        Some(way) => format!("{} {}", way.device_id, way.way_in),
        None => format!("{} {}{}", host_key(&path.host), path.interface, path.software.to_lowercase()),
    });
    check_unique(ends, "host and interface", |i| paths.index(i))?;
    let contractors = plan.contractors.iter().map(ToString::to_string);
    check_unique(contractors, "contractor", |i| Path::of("contractors").index(i))?;
    check_tiers(plan)?;
    check_filing(plan)?;
    check_dates(plan)
}

/// What the filing says fits the kind of plan, and relief is claimed for subcontractors of the plan only.
fn check_filing(plan: &Plan) -> Check {
    let (filing, items) = (Path::of("filing"), &*plan.filing);
    let introduction = items.introduction_purpose.is_some()
        || !items.introduction_parties.is_empty()
        || items.equipment_supplier.is_some();
    match plan.plan_kind {
        PlanKind::Entrustment if introduction => {
            return Err((filing, "an entrustment plan introduces nothing: purpose, parties and supplier of the equipment belong to an installation plan".into()));
        }
        PlanKind::Installation if items.entrustment_content.is_some() || !items.reliefs.is_empty() => {
            return Err((
                filing,
                "an installation plan entrusts nothing: content and relief belong to an entrustment plan".into(),
            ));
        }
        _ => {}
    }
    let below =
        |id: &SupplierId| plan.contractor_tiers.iter().any(|tier| tier.supplier_id == *id && tier.parent.is_some());
    for (i, relief) in items.reliefs.iter().enumerate() {
        let path = filing.key("reliefs").index(i);
        if !below(&relief.supplier_id) {
            let what = format!(
                "'{}' is no subcontractor in contractor_tiers: relief (ord. 17) is for subcontractors only",
                relief.supplier_id
            );
            return Err((path.key("supplier_id"), what));
        }
        for (field, text) in [
            ("knows_work", &relief.knows_work),
            ("verifies_access_and_records", &relief.verifies_access_and_records),
            ("proof", &relief.proof),
        ] {
            if text.trim().is_empty() {
                return Err((path.key(field), "relief needs both measures and a proof (ord. 17)".into()));
            }
        }
    }
    let measures = items.risk_measures.iter().map(|measure| format!("{} {}", measure.measure_id, measure.text));
    check_unique(measures, "risk measure", |i| filing.key("risk_measures").index(i))
}

/// Every link of the chain of contractors hangs on one that hangs on the operator.
fn check_tiers(plan: &Plan) -> Check {
    let tiers = Path::of("contractor_tiers");
    if plan.plan_kind == PlanKind::Installation && !plan.contractor_tiers.is_empty() {
        return Err((tiers, "an installation plan entrusts nothing: tiers belong to an entrustment plan".into()));
    }
    let ids = plan.contractor_tiers.iter().map(|tier| tier.supplier_id.to_string());
    check_unique(ids, "contractor", |i| tiers.index(i).key("supplier_id"))?;
    let contractors: BTreeSet<&SupplierId> = plan.contractors.iter().collect();
    let parents: BTreeMap<&SupplierId, Option<&SupplierId>> =
        plan.contractor_tiers.iter().map(|tier| (&tier.supplier_id, tier.parent.as_ref())).collect();
    let mut hang: BTreeSet<&SupplierId> = BTreeSet::new();
    for (i, tier) in plan.contractor_tiers.iter().enumerate() {
        if !contractors.contains(&tier.supplier_id) {
            let what = format!("'{}' stands in no line of contractors: add it there", tier.supplier_id);
            return Err((tiers.index(i).key("supplier_id"), what));
        }
        // Up to the operator, or to one that is known to hang on it.
        let (mut way, mut above) = (BTreeSet::from([&tier.supplier_id]), tier.parent.as_ref());
        while let Some(parent) = above.filter(|parent| !hang.contains(parent)) {
            let Some(next) = parents.get(parent) else {
                let what = format!("the tier has no parent: '{parent}' has no line in contractor_tiers; add it");
                return Err((tiers.index(i).key("parent"), what));
            };
            if !way.insert(parent) {
                let what =
                    "the chain comes back to itself: some tier above must be entrusted by the operator (no parent)";
                return Err((tiers.index(i).key("parent"), what.into()));
            }
            above = *next;
        }
        hang.extend(way);
    }
    Ok(())
}

fn check_dates(plan: &Plan) -> Check {
    let PlanDates {
        submitted_on,
        accepted_on,
        change_submitted_on,
        change_accepted_on,
        reported_on,
        prohibited_through,
        introduced_on,
        entrusted_from,
        entrusted_through,
    } = &plan.dates;
    // In an emergency the filing comes afterwards (act 52(11)).
    let emergency = plan.filing.emergency_reason.is_some();
    let at = |field: &str| Path::of("dates").key(field);
    let in_order = [
        ("submitted_on", submitted_on, "accepted_on", accepted_on),
        ("submitted_on", submitted_on, "change_submitted_on", change_submitted_on),
        ("change_submitted_on", change_submitted_on, "change_accepted_on", change_accepted_on),
        ("submitted_on", submitted_on, "reported_on", reported_on),
        ("submitted_on", submitted_on, "introduced_on", introduced_on),
        ("submitted_on", submitted_on, "entrusted_from", entrusted_from),
        ("accepted_on", accepted_on, "prohibited_through", prohibited_through),
        ("accepted_on", accepted_on, "introduced_on", introduced_on),
        ("accepted_on", accepted_on, "entrusted_from", entrusted_from),
        ("entrusted_from", entrusted_from, "entrusted_through", entrusted_through),
    ];
    for (first, earlier, second, later) in in_order {
        let afterwards = emergency && matches!(second, "introduced_on" | "entrusted_from");
        if let (Some(earlier), Some(later)) = (earlier, later)
            && later < earlier
            && !afterwards
        {
            return Err((at(second), format!("{later} is before {first} ({earlier})")));
        }
    }
    let told = [
        ("change_submitted_on", change_submitted_on),
        ("change_accepted_on", change_accepted_on),
        ("reported_on", reported_on),
    ];
    if submitted_on.or(*accepted_on).is_none()
        && let Some((field, _)) = told.iter().find(|(_, on)| on.is_some())
    {
        let what = "nothing was filed yet of which a change could be filed or reported (submitted_on)";
        return Err((at(field), what.into()));
    }
    match (plan.dates.last_accepted_on(), prohibited_through) {
        (None, Some(_)) => {
            return Err((at("prohibited_through"), "no period runs before the day of acceptance (accepted_on)".into()));
        }
        (Some(accepted), Some(through)) if *through > prohibited_through_max(accepted) => {
            let max = prohibited_through_max(accepted);
            let what = format!("{through} is later than four months counted from the day of acceptance ({max})");
            return Err((at("prohibited_through"), what));
        }
        _ => {}
    }
    match plan.plan_kind {
        PlanKind::Installation if entrusted_from.is_some() || entrusted_through.is_some() => {
            let field = if entrusted_from.is_some() { "entrusted_from" } else { "entrusted_through" };
            Err((at(field), "an installation plan has no time of entrustment".into()))
        }
        PlanKind::Entrustment if introduced_on.is_some() => {
            Err((at("introduced_on"), "an entrustment plan has no day of introduction".into()))
        }
        _ => Ok(()),
    }
}

fn check_suppliers(file: &SuppliersFile) -> Check {
    check_format(&file.format, SUPPLIERS_FORMAT)?;
    let suppliers = Path::of("suppliers");
    let ids = file.suppliers.iter().map(|supplier| supplier.supplier_id.to_string());
    check_unique(ids, "supplier_id", |i| suppliers.index(i).key("supplier_id"))?;
    for (i, supplier) in file.suppliers.iter().enumerate() {
        check_supplier(supplier, &suppliers.index(i))?;
    }
    check_ownership(&file.suppliers, &suppliers, |_| Vec::new())
}

fn check_inventory(inventory: &Inventory) -> Check {
    check_format(&inventory.format, INVENTORY_FORMAT)?;
    let collectors = Path::of("collectors");
    if inventory.collectors.len() > BATCH_REPORTS_MAX {
        return Err((collectors, format!("at most {BATCH_REPORTS_MAX} collectors are taken")));
    }
    let ids = inventory.collectors.iter().map(|part| part.collector.to_string());
    check_unique(ids, "collector", |i| collectors.index(i).key("collector"))?;
    for (i, part) in inventory.collectors.iter().enumerate() {
        let items = collectors.index(i).key("items");
        if part.items.len() > REPORT_ITEMS_MAX {
            return Err((items, format!("at most {REPORT_ITEMS_MAX} observations are taken")));
        }
        check_unique(part.items.iter().map(|item| item.key()), "observation", |i| items.index(i))?;
    }
    Ok(())
}

pub(super) fn check_format(found: &str, wanted: &str) -> Check {
    if found == wanted { Ok(()) } else { Err((Path::of("format"), format!("the format is '{wanted}', not '{found}'"))) }
}

pub(super) fn check_text(text: &Text, path: &Path) -> Check {
    for (field, words) in [("ja", &text.ja), ("en", &text.en)] {
        if words.trim().is_empty() {
            return Err((path.key(field), "a name is needed in both languages".into()));
        }
    }
    Ok(())
}

pub(super) fn check_unique(keys: impl Iterator<Item = String>, noun: &str, place: impl Fn(usize) -> Path) -> Check {
    let mut seen = BTreeSet::new();
    for (i, key) in keys.enumerate() {
        if seen.contains(&key) {
            return Err((place(i), format!("the {noun} '{key}' stands here for the second time")));
        }
        seen.insert(key);
    }
    Ok(())
}

#[cfg(test)]
#[path = "declarations_tests.rs"]
mod tests;
