//! Results of Syft in its own JSON format: <https://github.com/anchore/syft/tree/main/schema/json>.
//! It does not know the metadata of single cataloguers beyond where a package was found; the package URL has the rest.
//! Invariant: a scan lists everything that it found, so a result is whole by its format.

use crate::capped::Capped;
use crate::reading::{Part, Reading, cut, instant, unreadable, word};
use crate::told::{Named, operating_system};
use daicho_schemas::fact::observation::ToldSort;
use daicho_schemas::refusal::Refusal;
use daicho_schemas::trouble::TroubleKind;
use serde::Deserialize;

#[derive(Deserialize)]
struct Document {
    artifacts: Capped<Artifact>,
    #[serde(default)]
    distro: Option<Distro>,
    #[serde(default)]
    descriptor: Option<Descriptor>,
    #[serde(default)]
    schema: Option<Schema>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    locations: Capped<Location>,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Distro {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    pretty_name: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "versionID")]
    version_id: Option<String>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default, rename = "timestamp")]
    at: Option<String>,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    version: Option<String>,
}

/// Reads a result.
pub(crate) fn read(text: &str) -> Result<Reading, Refusal> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| unreadable(format!("as Syft JSON: {error}")))?;
    let mut part = Part::new("syft", true);
    for artifact in &document.artifacts.0 {
        let Some(name) = word(artifact.name.as_ref()) else {
            part.trouble(TroubleKind::Malformed, "an artifact without a name was left out");
            continue;
        };
        let named = Named {
            sort: ToldSort::Software,
            name,
            version: word(artifact.version.as_ref()),
            purl: word(artifact.purl.as_ref()),
            supplier: None,
            sha256: None,
            path: artifact.locations.0.first().and_then(|own| word(own.path.as_ref())),
        };
        part.put(named.observation());
    }
    if let Some(distro) = &document.distro
        && let Some(name) = word(distro.name.as_ref()).or_else(|| word(distro.pretty_name.as_ref()))
    {
        part.put(operating_system(Some(name), word(distro.version_id.as_ref()), word(distro.id.as_ref())));
    }
    let descriptor = document.descriptor.as_ref();
    let schema = document.schema.as_ref().and_then(|own| own.version.as_deref()).unwrap_or("0");
    Ok(Reading {
        format: format!("syft_{}", cut(schema.split('.').next().unwrap_or("0")).unwrap_or_default()),
        tool: descriptor.and_then(|own| word(own.name.as_ref())).unwrap_or_else(|| "syft".into()),
        tool_version: descriptor.and_then(|own| word(own.version.as_ref())),
        said_at: descriptor.and_then(|own| own.at.as_deref()).and_then(instant),
        host: None,
        parts: part.end().into_iter().collect(),
    })
}
