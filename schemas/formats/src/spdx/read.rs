//! SPDX 2.2 and 2.3 in JSON taken in.
//! It does not read licences, files and snippets. Invariant: what the document is of (the package that it describes) is not counted as
//! a thing on itself.

use crate::capped::Capped;
use crate::reading::{Asked, Part, Reading, cut, instant, unreadable, word};
use crate::told::{Named, operating_system};
use daicho_schemas::fact::observation::ToldSort;
use daicho_schemas::refusal::Refusal;
use daicho_schemas::trouble::TroubleKind;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Documents with files relate every one of them.
const RELATIONSHIPS_MAX: usize = 1_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: String,
    #[serde(default)]
    creation_info: Option<Creation>,
    #[serde(default)]
    packages: Capped<Package>,
    #[serde(default)]
    document_describes: Capped<String>,
    #[serde(default)]
    relationships: Capped<Relationship, RELATIONSHIPS_MAX>,
}

#[derive(Deserialize)]
struct Creation {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    creators: Capped<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version_info: Option<String>,
    #[serde(default)]
    supplier: Option<String>,
    #[serde(default)]
    primary_package_purpose: Option<String>,
    #[serde(default)]
    external_refs: Capped<Reference>,
    #[serde(default)]
    checksums: Capped<Checksum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: Option<String>,
    #[serde(default)]
    reference_locator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    #[serde(default)]
    algorithm: Option<String>,
    #[serde(default)]
    checksum_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    #[serde(default)]
    spdx_element_id: Option<String>,
    #[serde(default)]
    relationship_type: Option<String>,
    #[serde(default)]
    related_spdx_element: Option<String>,
}

/// Reads a document.
pub(crate) fn read(text: &str, asked: Asked) -> Result<Reading, Refusal> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| unreadable(format!("as SPDX JSON: {error}")))?;
    let Some(version @ ("2.2" | "2.3")) = document.spdx_version.strip_prefix("SPDX-") else {
        let version = cut(&document.spdx_version).unwrap_or_default();
        return Err(unreadable(format!("spdxVersion '{version}': SPDX-2.2 and SPDX-2.3 are read")));
    };
    let describes = |own: &&Relationship| {
        own.relationship_type.as_deref() == Some("DESCRIBES")
            && own.spdx_element_id.as_deref() == Some("SPDXRef-DOCUMENT")
    };
    let related =
        document.relationships.0.iter().filter(describes).filter_map(|own| own.related_spdx_element.as_deref());
    let described: BTreeSet<&str> = related.chain(document.document_describes.0.iter().map(String::as_str)).collect();
    let tools = document.creation_info.as_ref().map(|own| own.creators.0.as_slice()).unwrap_or_default();
    let tool = tools.iter().find_map(|words| words.strip_prefix("Tool:")).and_then(cut);
    let (tool, tool_version) = tool.map_or_else(|| ("unknown".into(), None), |words| name_and_version(&words));
    let mut part = Part::new(&tool, asked.whole);
    let mut host = None;
    for package in &document.packages.0 {
        let device = package.primary_package_purpose.as_deref() == Some("DEVICE");
        if !described.contains(package.id.as_str()) {
            take(package, &mut part);
        } else if device {
            host = word(package.name.as_ref()).filter(|name| name != "unknown");
        }
    }
    // Ours have no time of their own, and say so with the first instant that there is.
    let said_at = document.creation_info.as_ref().and_then(|own| own.created.as_deref()).and_then(instant);
    let said_at = said_at.filter(|at| at.micros() != 0);
    Ok(Reading {
        format: format!("spdx_{version}"),
        tool,
        tool_version,
        said_at,
        host,
        parts: part.end().into_iter().collect(),
    })
}

/// `syft-1.20.0` and `daicho-agent-0.1.0`: the version begins behind the last dash, with a digit.
fn name_and_version(words: &str) -> (String, Option<String>) {
    let version =
        |(_, version): &(&str, &str)| version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    match words.rsplit_once('-').filter(version) {
        Some((name, version)) => (name.into(), Some(version.into())),
        None => (words.into(), None),
    }
}

fn take(package: &Package, part: &mut Part) {
    let Some(name) = word(package.name.as_ref()) else {
        return part.trouble(TroubleKind::Malformed, "a package without a name was left out");
    };
    let version = word(package.version_info.as_ref()).filter(|version| version != "NOASSERTION");
    let sort = match package.primary_package_purpose.as_deref().unwrap_or("APPLICATION") {
        "OPERATING-SYSTEM" | "OPERATING_SYSTEM" => return part.put(operating_system(Some(name), version, None)),
        "APPLICATION" | "FRAMEWORK" | "LIBRARY" | "CONTAINER" | "INSTALL" | "OTHER" => ToldSort::Software,
        "FIRMWARE" => ToldSort::Firmware,
        "DEVICE" => ToldSort::Device,
        other => {
            let what = format!("packages of the purpose {} are not taken over", cut(other).unwrap_or_default());
            return part.remark(TroubleKind::NotObservable, what);
        }
    };
    let purl = package.external_refs.0.iter().find(|own| own.reference_type.as_deref() == Some("purl"));
    let hash = package.checksums.0.iter().find(|own| own.algorithm.as_deref() == Some("SHA256"));
    let supplier = package.supplier.as_deref().unwrap_or_default();
    let supplier = supplier.strip_prefix("Organization:").or_else(|| supplier.strip_prefix("Person:"));
    let named = Named {
        sort,
        name,
        version,
        purl: purl.and_then(|own| word(own.reference_locator.as_ref())),
        supplier: supplier.and_then(cut),
        sha256: hash.and_then(|own| own.checksum_value.clone()),
        path: None,
    };
    part.put(named.observation());
}
