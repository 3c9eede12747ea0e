//! CVE records (JSON 5): which versions of our products a CVE touches, as its numbering authority wrote it.
//! It does not know whether a device stands anywhere. Texts of a record are not kept.
//! Invariant: a version that cannot be read makes the record say less: nothing outside its ranges is called not affected.

use super::spelling::{End, end, from, range, version};
use super::{Import, LeftOut, mark, pack};
use crate::model::firmware::products::{PRODUCTS, Product};
use daicho_schemas::fact::firmware::{
    ADVISORIES_MAX, Advisory, FirmwarePack, OtherVersions, PackConfidence, PackFile, VERSIONS_MAX, VersionRange,
};
use daicho_schemas::time::CalendarDate;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

const LINK: &str = "https://www.cve.org/";

/// Records on their way in.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The newest day that any record shows, ours or not: the data is of that day or later.
    newest: Option<CalendarDate>,
    /// By product line; of one CVE the record that came last.
    advisories: BTreeMap<&'static str, BTreeMap<(String, Vec<String>), Advisory>>,
}

impl Records {
    /// One pack for each product line.
    pub(super) fn packs(
        self,
        as_of: Option<CalendarDate>,
        today: CalendarDate,
        files: &[PackFile],
    ) -> Vec<FirmwarePack> {
        let Some(day) = as_of.or(self.newest).map(|day| day.min(today)) else { return Vec::new() };
        let made = self.advisories.into_iter().flat_map(|(product, advisories)| {
            let all: Vec<Advisory> = advisories.into_values().collect();
            let parts: Vec<Vec<Advisory>> = all.chunks(ADVISORIES_MAX).map(<[Advisory]>::to_vec).collect();
            parts.into_iter().enumerate().map(move |(part, advisories)| {
                let part = if part == 0 { String::new() } else { format!("-{}", part + 1) };
                let name = format!("cve-{}{part}", product.replace('_', "-"));
                let pack = pack(name, "CVE List", day, PackConfidence::Official, LINK);
                FirmwarePack { files: files.to_vec(), advisories, ..pack }
            })
        });
        made.collect()
    }
}

/// Takes a record in.
pub(super) fn record(value: &Value, import: &mut Import) -> Result<(), String> {
    let text = |place: &str| value.pointer(place).and_then(Value::as_str).unwrap_or_default();
    let id = text("/cveMetadata/cveId");
    if !id.starts_with("CVE-") || id.len() > 30 {
        return Err("cveMetadata.cveId is missing".into());
    }
    let day = [text("/cveMetadata/dateUpdated"), text("/cveMetadata/datePublished")];
    let day = day.iter().find_map(|day| day.get(..10)?.parse().ok());
    import.records.newest = import.records.newest.max(day);
    if text("/cveMetadata/state") != "PUBLISHED" {
        import.leave(LeftOut::NotPublished, id);
        return Ok(());
    }
    let affected = |container: &Value| container.get("affected").and_then(Value::as_array).cloned().unwrap_or_default();
    let added = value.pointer("/containers/adp").and_then(Value::as_array).cloned().unwrap_or_default();
    let exploited = added.iter().find_map(kev_added);
    let own = value.pointer("/containers/cna").map(affected).unwrap_or_default();
    let mut found = of_products(id, &own, import);
    // Others add versions where the numbering authority gave none.
    for (key, other) in of_products(id, &added.iter().flat_map(affected).collect::<Vec<_>>(), import) {
        let place = found.entry(key);
        match place {
            Entry::Vacant(free) => drop(free.insert(other)),
            Entry::Occupied(mut own) if !own.get().has_versions() && other.has_versions() => drop(own.insert(other)),
            Entry::Occupied(_) => {}
        }
    }
    if found.is_empty() {
        import.leave(LeftOut::OtherProduct, id);
    }
    for ((product, models), mut advisory) in found {
        advisory.kev_added = exploited;
        advisory.link = Some(format!("https://www.cve.org/CVERecord?id={id}"));
        import.records.advisories.entry(product).or_default().insert((id.to_string(), models), advisory);
    }
    Ok(())
}

/// The day on which CISA listed it, as CISA itself adds to records.
fn kev_added(container: &Value) -> Option<CalendarDate> {
    let metrics = container.get("metrics").and_then(Value::as_array)?;
    let kev = metrics.iter().filter_map(|metric| metric.get("other"));
    let mut kev = kev.filter(|other| other.get("type").and_then(Value::as_str) == Some("kev"));
    kev.find_map(|other| other.pointer("/content/dateAdded")?.as_str()?.parse().ok())
}

type Found = BTreeMap<(&'static str, Vec<String>), Advisory>;

fn of_products(id: &str, affected: &[Value], import: &mut Import) -> Found {
    let mut found = Found::new();
    for entry in affected {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let (vendor, name) = (text("vendor"), text("product"));
        for product in PRODUCTS.iter().filter(|product| product.is_named(vendor, name)) {
            let models = if product.per_model { vec![model_of(product, name)] } else { Vec::new() };
            let (advisory, unclear) = advisory(id, product, entry);
            for what in unclear {
                import.leave(LeftOut::VersionUnclear, &format!("{id} {}: {what}", product.id));
            }
            let advisory = Advisory { models: models.clone(), ..advisory };
            match found.entry((product.id, models)) {
                Entry::Vacant(free) => drop(free.insert(advisory)),
                Entry::Occupied(mut before) => together(before.get_mut(), advisory),
            }
        }
    }
    found
}

/// The model in a product's name: `FutureNet NXR-1300 series` is `NXR-1300*`.
fn model_of(product: &Product, name: &str) -> String {
    let known = |word: &&str| {
        !product.is_of(word) && !["futurenet", "firmware", "router"].contains(&word.to_lowercase().as_str())
    };
    let words: Vec<&str> = name.split_whitespace().filter(known).collect();
    let series = words.last().is_some_and(|word| word.eq_ignore_ascii_case("series"));
    let words = if series { words.split_last().map(|(_, words)| words).unwrap_or_default() } else { &words };
    format!("{}{}", words.join(" "), if series { "*" } else { "" })
}

/// Two entries of one record about the same product: both hold.
fn together(one: &mut Advisory, other: Advisory) {
    one.affected.extend(other.affected);
    one.affected_exactly.extend(other.affected_exactly);
    one.not_affected.extend(other.not_affected);
    one.fixed.extend(other.fixed);
    if one.other_versions != other.other_versions {
        one.other_versions = OtherVersions::Unknown;
    }
    tidied(one);
}

fn tidied(advisory: &mut Advisory) {
    advisory.affected.sort();
    advisory.affected.dedup();
    advisory.not_affected.sort();
    advisory.not_affected.dedup();
    for list in [&mut advisory.affected_exactly, &mut advisory.fixed] {
        list.sort();
        list.dedup();
    }
    // Cut short, a list of affected versions may not speak for the rest.
    let lengths =
        [advisory.affected.len(), advisory.affected_exactly.len(), advisory.not_affected.len(), advisory.fixed.len()];
    if lengths.iter().any(|length| *length > VERSIONS_MAX) {
        advisory.other_versions = OtherVersions::Unknown;
        advisory.affected.truncate(VERSIONS_MAX);
        advisory.affected_exactly.truncate(VERSIONS_MAX);
        advisory.not_affected.truncate(VERSIONS_MAX);
        advisory.fixed.truncate(VERSIONS_MAX);
    }
}

/// What one entry says, and which of its versions were not understood.
fn advisory(id: &str, product: &Product, entry: &Value) -> (Advisory, Vec<String>) {
    let mut made = mark(id, product);
    let mut unclear = Vec::new();
    let default = entry.get("defaultStatus").and_then(Value::as_str).unwrap_or("unknown");
    let rows = entry.get("versions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for row in rows {
        let status = row.get("status").and_then(Value::as_str).unwrap_or_default();
        let read = match status {
            "affected" => affected_row(product, row, &mut made),
            "unaffected" => clear_row(product, row, default == "affected", &mut made),
            _ => None,
        };
        if read.is_none() {
            let shown = row.get("version").and_then(Value::as_str).unwrap_or_default();
            unclear.push(shown.chars().take(80).collect());
        }
    }
    made.other_versions = match default {
        "unaffected" if unclear.is_empty() && made.has_versions() => OtherVersions::NotAffected,
        _ => OtherVersions::Unknown,
    };
    // Everything is affected but what is named: then everything before each of those is, and nothing is known behind.
    if default == "affected" && unclear.is_empty() {
        let before = made.fixed.iter().map(|fix| VersionRange { before: Some(fix.clone()), ..VersionRange::default() });
        made.affected.extend(before);
        if rows.is_empty() {
            made.affected.push(VersionRange::default());
        }
    }
    tidied(&mut made);
    (made, unclear)
}

/// The bounds of a row; absent when one of them is not understood.
fn bounds(product: &Product, row: &Value) -> Option<VersionRange> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let begin = text("version").unwrap_or_default();
    // A FIPS edition is named at the lower end only.
    let edition = ["FIPS", "NDcPP"].into_iter().find(|word| begin.to_lowercase().contains(&word.to_lowercase()));
    let upper = |text: &str| match edition {
        Some(edition) if product.id == "netscaler" && !text.to_lowercase().contains(&edition.to_lowercase()) => {
            end(product, &format!("{text} {edition}"))
        }
        _ => end(product, text),
    };
    let mut range = VersionRange { from: from(product, begin).ok()?, ..VersionRange::default() };
    match (text("lessThan"), text("lessThanOrEqual")) {
        (Some(before), _) => match upper(before)? {
            End::Open => {}
            End::Branch(branch) => range.branch = Some(branch),
            End::Version(version) => range.before = Some(version),
        },
        (None, Some(through)) => match upper(through)? {
            End::Open => {}
            End::Branch(branch) => range.branch = Some(branch),
            End::Version(version) => range.through = Some(version),
        },
        (None, None) => {}
    }
    Some(range)
}

fn affected_row(product: &Product, row: &Value, made: &mut Advisory) -> Option<()> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    if text("lessThan").is_none() && text("lessThanOrEqual").is_none() {
        let own = text("version")?;
        match version(product, own) {
            Some(version) => made.affected_exactly.push(version),
            None => made.affected.push(range(product, own)?),
        }
    } else {
        let range = bounds(product, row)?;
        made.affected.push(range);
    }
    for change in row.get("changes").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| change.get(name).and_then(Value::as_str);
        match field("status")? {
            "unaffected" => made.fixed.push(version(product, field("at")?)?),
            // Affected again: the simple shape of a pack cannot say that.
            _ => return None,
        }
    }
    Some(())
}

fn clear_row(product: &Product, row: &Value, all_others_affected: bool, made: &mut Advisory) -> Option<()> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let single = text("lessThan").is_none() && text("lessThanOrEqual").is_none();
    if single {
        let own = version(product, text("version")?)?;
        if all_others_affected {
            made.fixed.push(own);
        } else {
            made.not_affected.push(VersionRange {
                from: Some(own.clone()),
                through: Some(own),
                ..VersionRange::default()
            });
        }
        return Some(());
    }
    let range = bounds(product, row)?;
    let open = range.before.is_none() && range.through.is_none();
    made.fixed.extend(range.from.clone().filter(|_| all_others_affected && open));
    made.not_affected.push(range);
    Some(())
}
