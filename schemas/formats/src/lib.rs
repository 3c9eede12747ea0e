//! Inventories in the formats of others: bytes in, observations out; observations in, CycloneDX and SPDX out.
//! It does not know files, sockets, clocks, hosts or the ledger.
//! Invariant: what a format has no place for is carried by properties or said to be missing, never dropped silently; the same inventory
//! gives the same bytes; no input makes it panic or take more memory than a small multiple of [`FILE_BYTES_MAX`].

mod capped;
pub mod cyclonedx;
mod glpi;
mod items;
mod osquery;
pub mod purl;
mod reading;
pub mod spdx;
mod syft;
#[cfg(test)]
mod tests;
mod told;
mod xml;

pub use capped::ITEMS_MAX;
pub use reading::{Asked, Reading};

use daicho_schemas::inventory::{INVENTORY_FORMAT, Inventory};
use daicho_schemas::refusal::Refusal;
use reading::unreadable;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Lines in which a document of SPDX in tags says what it is; comments may stand before it.
const TAG_LINES_MAX: usize = 100;

/// By what a JSON object shows its format.
#[derive(Deserialize)]
struct Signs {
    #[serde(default, rename = "bomFormat")]
    cyclonedx: Option<IgnoredAny>,
    #[serde(default, rename = "spdxVersion")]
    spdx: Option<IgnoredAny>,
    #[serde(default, rename = "artifacts")]
    syft: Option<IgnoredAny>,
    #[serde(default, rename = "content")]
    glpi: Option<IgnoredAny>,
    #[serde(default, rename = "collectors")]
    daicho: Option<IgnoredAny>,
}

/// Reads a file of any format that is known, by its content. A refusal says what is wrong with it.
pub fn read(bytes: &[u8], asked: Asked) -> Result<Reading, Refusal> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(unreadable(format!("it has {} bytes, at most {FILE_BYTES_MAX}", bytes.len())));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| unreadable(format!("it is not UTF-8: {error}")))?.trim();
    if text.starts_with('<') {
        return glpi::read_xml(text);
    }
    if text.starts_with('[') {
        return osquery::read(text);
    }
    if text.lines().take(TAG_LINES_MAX).any(|line| line.starts_with("SPDXVersion:")) {
        let text = "it is SPDX as tags and values, of which only the JSON form is read; have its tool write that, or convert it \
                    (spdx-tools: pyspdxtools)";
        return Err(unreadable(text));
    }
    // Lines of a log are objects one behind the other: then the whole is no JSON, and no other format is like that.
    let signs = match serde_json::from_str::<Signs>(text) {
        Ok(signs) => signs,
        Err(error) if error.is_syntax() && text.starts_with('{') && text.contains("\n{") => return osquery::read(text),
        Err(error) => return Err(unreadable(format!("it is neither JSON nor XML: {error}"))),
    };
    match signs {
        Signs { cyclonedx: Some(_), .. } => cyclonedx::read(text, asked),
        Signs { spdx: Some(_), .. } => spdx::read(text, asked),
        Signs { syft: Some(_), .. } => syft::read(text),
        Signs { glpi: Some(_), .. } => glpi::read_json(text),
        Signs { daicho: Some(_), .. } => own(text),
        _ => osquery::read(text),
    }
}

/// Our own format, from an agent that has no server.
fn own(text: &str) -> Result<Reading, Refusal> {
    let wrong = |error: &dyn std::fmt::Display| unreadable(format!("as {INVENTORY_FORMAT}: {error}"));
    let inventory: Inventory = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    if inventory.format != INVENTORY_FORMAT {
        return Err(wrong(&"format: another one"));
    }
    let host = items::host(&inventory).name.map(str::to_string);
    Ok(Reading {
        format: INVENTORY_FORMAT.into(),
        tool: "daicho-agent".into(),
        tool_version: None,
        said_at: None,
        host,
        parts: inventory.collectors,
    })
}
