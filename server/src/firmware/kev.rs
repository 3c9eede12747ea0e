//! CISA's Known Exploited Vulnerabilities catalogue (JSON): which CVE is exploited, since when, and whether by ransomware.
//! It has no versions, so it only marks. Fields beyond those that are read may come and go.

use super::{Import, LeftOut, mark, pack};
use crate::model::firmware::products::PRODUCTS;
use daicho_schemas::fact::firmware::{FirmwarePack, PackConfidence};
use serde_json::Value;

const LINK: &str = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog";

/// Reads the catalogue.
pub(super) fn catalog(value: &Value, import: &mut Import) -> Result<FirmwarePack, String> {
    let day = import.day(value.get("dateReleased").and_then(Value::as_str))?;
    let source = "CISA Known Exploited Vulnerabilities Catalog";
    let mut pack = pack("cisa-kev", source, day, PackConfidence::Official, LINK);
    let rows = value.get("vulnerabilities").and_then(Value::as_array).ok_or("vulnerabilities is no list")?;
    for row in rows {
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let (id, vendor, product) = (field("cveID"), field("vendorProject"), field("product"));
        if id.is_empty() || product.is_empty() {
            import.leave(LeftOut::Incomplete, id);
            continue;
        }
        // "Multiple Products" of a maker may be any of them; the CVE record says which.
        let any = product.to_ascii_lowercase().starts_with("multiple");
        let lines =
            PRODUCTS.iter().filter(|line| if any { line.is_of(vendor) } else { line.is_named(vendor, product) });
        let before = pack.advisories.len();
        for line in lines {
            let mut advisory = mark(id, line);
            advisory.kev_added = field("dateAdded").parse().ok();
            advisory.ransomware = match field("knownRansomwareCampaignUse") {
                "Known" => Some(true),
                _ => None,
            };
            advisory.link = Some(format!("https://nvd.nist.gov/vuln/detail/{id}"));
            pack.advisories.push(advisory);
        }
        if pack.advisories.len() == before {
            import.leave(LeftOut::OtherProduct, &format!("{vendor} {product}"));
        }
    }
    pack.advisories.sort_by(|one, other| (&one.id, &one.product).cmp(&(&other.id, &other.product)));
    pack.advisories.dedup_by(|one, other| (&one.id, &one.product) == (&other.id, &other.product));
    Ok(pack)
}
