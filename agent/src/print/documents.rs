//! An inventory in each format in which it is given away.
//! It does not know the formats of others; `daicho-formats` does.
//! Invariant: everything but the table is JSON that ends with one line break, and the same inventory gives the same bytes.

use super::inventory_table;
use crate::arguments::InventoryFormat;
use daicho_formats::{cyclonedx, spdx};
use daicho_schemas::inventory::Inventory;

/// What the documents name as the program that made them.
const TOOL: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The inventory as text.
pub fn inventory_text(inventory: &Inventory, format: InventoryFormat) -> serde_json::Result<String> {
    let json = match format {
        InventoryFormat::Table => return Ok(inventory_table(inventory)),
        InventoryFormat::Json => serde_json::to_string_pretty(inventory),
        InventoryFormat::Cyclonedx => serde_json::to_string_pretty(&cyclonedx::bom_of(inventory, TOOL, VERSION)),
        InventoryFormat::Spdx => {
            serde_json::to_string_pretty(&spdx::document_of(inventory, &format!("{TOOL}-{VERSION}")))
        }
    };
    json.map(|text| text + "\n")
}
