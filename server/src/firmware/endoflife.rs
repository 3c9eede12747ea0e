//! endoflife.date: until when a branch of a product is supported. Read are one product or all of them of the API of
//! version 1, and the older list of one product, whose file has to bear the product's name (`fortios.json`).
//! It does not know single versions; a community collects the days, and the pack says so.

use super::{Import, LeftOut, pack};
use crate::model::firmware::products::{self, Product};
use crate::model::firmware::versions::read;
use daicho_schemas::fact::firmware::{EndOfLife, FirmwarePack, PackConfidence};
use serde_json::Value;

/// Whether a file is of this source.
pub(super) fn is(value: &Value) -> bool {
    let older = value.as_array().and_then(|rows| rows.first()).is_some_and(|row| row.get("cycle").is_some());
    older || (value.get("schema_version").is_some() && value.get("result").is_some())
}

/// Reads it: a pack for each product that we compare.
pub(super) fn products(name: &str, value: &Value, import: &mut Import) -> Result<Vec<FirmwarePack>, String> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_string);
    if let Some(rows) = value.as_array() {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let slug = file.strip_suffix(".json").unwrap_or(file);
        return one(slug, rows, None, import).map(|pack| pack.into_iter().collect());
    }
    let day = text(value, "generated_at");
    let result = value.get("result").unwrap_or(&Value::Null);
    let products: Vec<&Value> = result.as_array().map_or_else(|| vec![result], |all| all.iter().collect());
    let mut packs = Vec::new();
    for product in products {
        let slug = text(product, "name").unwrap_or_default();
        let day = day.clone().or_else(|| text(value, "last_modified"));
        let rows = product.get("releases").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        packs.extend(one(&slug, rows, day.as_deref(), import)?);
    }
    Ok(packs)
}

fn one(slug: &str, rows: &[Value], day: Option<&str>, import: &mut Import) -> Result<Option<FirmwarePack>, String> {
    let Some(product) = products::of_slug(slug) else {
        import.leave(LeftOut::OtherProduct, slug);
        return Ok(None);
    };
    let day = import.day(day)?;
    let link = format!("https://endoflife.date/{slug}");
    let mut pack = pack(format!("endoflife-{slug}"), "endoflife.date", day, PackConfidence::Collected, &link);
    for row in rows {
        match release(product, row) {
            Ok(end) => pack.end_of_life.push(end),
            Err(branch) => import.leave(LeftOut::VersionUnclear, &format!("{slug} {branch}")),
        }
    }
    Ok(Some(pack))
}

fn release(product: &Product, row: &Value) -> Result<EndOfLife, String> {
    let branch = ["name", "cycle"].iter().find_map(|field| match row.get(field) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    });
    let branch = branch.filter(|branch| read(product.parse, branch).is_some()).ok_or_else(|| row.to_string())?;
    let day = ["eolFrom", "eol"].iter().find_map(|field| row.get(field).and_then(Value::as_str));
    let ends_on = day.and_then(|day| day.parse().ok());
    let ended = ["isEol", "eol"].iter().find_map(|field| row.get(field).and_then(Value::as_bool));
    if ends_on.is_none() && ended.is_none() {
        return Err(branch);
    }
    Ok(EndOfLife {
        vendor: product.vendor.into(),
        product: product.id.into(),
        models: Vec::new(),
        branch: Some(branch),
        // A day says more than a yes or no of the day on which the file was made.
        ended: ended.filter(|_| ends_on.is_none()),
        ends_on,
        link: None,
    })
}
