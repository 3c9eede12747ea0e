//! CycloneDX 1.2 to 1.7 taken in: our own documents without loss, those of others as components that another tool names.
//! It does not check the whole schema: it takes what it needs, and says what it could not take.
//! Invariant: a document of ours gives the inventory that it was made of; one that was changed since is no complete look any more.

use crate::capped::{Capped, ITEMS_MAX};
use crate::reading::{Asked, Part, Reading, cut, instant, unreadable, word};
use crate::told::{Named, is_known, operating_system};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::inventory::InventoryPart;
use daicho_schemas::refusal::Refusal;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spec_version: String,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Capped<Component>,
    #[serde(default)]
    services: Capped<Component>,
    #[serde(default)]
    compositions: Capped<Composition>,
}

#[derive(Deserialize)]
struct Composition {
    aggregate: String,
    #[serde(default)]
    assemblies: Capped<Value>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    #[serde(rename = "timestamp")]
    at: Option<String>,
    #[serde(default)]
    tools: Value,
    #[serde(default)]
    component: Option<Component>,
    #[serde(default)]
    properties: Capped<Property>,
}

/// A component, or a service.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    #[serde(default, rename = "type")]
    pub(super) sort: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default, rename = "bom-ref")]
    reference: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    supplier: Option<Organization>,
    #[serde(default)]
    manufacturer: Option<Organization>,
    #[serde(default)]
    publisher: Option<String>,
    #[serde(default)]
    hashes: Capped<Hash>,
    #[serde(default)]
    evidence: Option<Evidence>,
    #[serde(default)]
    components: Capped<Component>,
    #[serde(default)]
    pub(super) properties: Capped<Property>,
}

#[derive(Deserialize)]
struct Organization {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Hash {
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct Evidence {
    #[serde(default)]
    occurrences: Capped<Occurrence>,
}

#[derive(Deserialize)]
struct Occurrence {
    #[serde(default)]
    location: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Property {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) value: Option<String>,
}

impl Property {
    fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

impl Component {
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        let mut all = self.properties.0.iter();
        all.find(|own| own.is(name)).and_then(|own| own.value.as_deref())
    }
}

/// Reads a document in JSON.
pub fn read(text: &str, asked: Asked) -> Result<Reading, Refusal> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| unreadable(format!("as CycloneDX: {error}")))?;
    let version = document.spec_version.as_str();
    if !matches!(version, "1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7") {
        return Err(unreadable(format!("specVersion '{}': 1.2 to 1.7 are read", cut(version).unwrap_or_default())));
    }
    let format = format!("cyclonedx_{version}");
    let metadata = document.metadata.as_ref();
    let (tool, tool_version) = metadata.map(|own| tool(&own.tools)).unwrap_or_default();
    let tool = if tool.is_empty() { "unknown".into() } else { tool };
    let own = |metadata: &&Metadata| metadata.properties.0.iter().any(|own| own.is("daicho:inventory"));
    let parts = match metadata.filter(own) {
        Some(own) => own_parts(&own.properties.0, document.components.0.iter().chain(&document.services.0))?,
        None => vec![others(&document, &tool, asked)?],
    };
    let host = metadata.and_then(|own| own.component.as_ref()).filter(|own| own.sort.as_deref() == Some("device"));
    let host = host.and_then(|own| word(own.name.as_ref())).filter(|name| name != "unknown");
    let said_at = metadata.and_then(|own| own.at.as_deref()).and_then(instant);
    Ok(Reading { format, tool, tool_version, said_at, host, parts })
}

/// What another tool wrote. It is whole where a person says so, or the document says that what it is of is complete.
fn others(document: &Document, tool: &str, asked: Asked) -> Result<InventoryPart, Refusal> {
    let of = document.metadata.as_ref().and_then(|own| own.component.as_ref()).and_then(|own| own.reference.as_deref());
    let complete = |own: &Composition| {
        let named = own.assemblies.0.iter().any(|name| name.as_str().is_some() && name.as_str() == of);
        own.aggregate == "complete" && named
    };
    let mut part = Part::new(tool, asked.whole || document.compositions.0.iter().any(complete));
    let mut waiting: Vec<&Component> = document.components.0.iter().rev().collect();
    let mut total = 0_usize;
    while let Some(component) = waiting.pop() {
        total += 1;
        if total > ITEMS_MAX {
            return Err(unreadable(format!("it has more than {ITEMS_MAX} components")));
        }
        waiting.extend(component.components.0.iter().rev());
        take(component, &mut part);
    }
    part.end().ok_or_else(|| unreadable("the tool has no name that can be an id"))
}

fn take(component: &Component, part: &mut Part) {
    let sort = component.sort.as_deref().unwrap_or_default();
    let Some(name) = word(component.name.as_ref()) else {
        return part.trouble(TroubleKind::Malformed, "a component without a name was left out");
    };
    let version = word(component.version.as_ref());
    if sort == "operating-system" {
        return part.put(operating_system(Some(name), version, None));
    }
    let Some(sort) = is_known(sort) else {
        let what = format!("components of the type {} are not taken over", cut(sort).unwrap_or_else(|| "?".into()));
        return part.remark(TroubleKind::NotObservable, what);
    };
    let named = [&component.supplier, &component.manufacturer].into_iter().flatten();
    let supplier =
        named.filter_map(|own| word(own.name.as_ref())).next().or_else(|| word(component.publisher.as_ref()));
    let hash = component.hashes.0.iter().find(|hash| hash.alg.as_deref() == Some("SHA-256"));
    let place = component.evidence.as_ref().and_then(|own| own.occurrences.0.first()?.location.clone());
    let place = place.or_else(|| component.property("syft:location:0:path").map(str::to_string));
    let named = Named {
        sort,
        name,
        version,
        purl: word(component.purl.as_ref()),
        supplier,
        sha256: hash.and_then(|hash| hash.content.clone()),
        path: word(place.as_ref()),
    };
    part.put(named.observation());
}

/// Name and version of what wrote a document: a list up to 1.4, an object with components since.
fn tool(tools: &Value) -> (String, Option<String>) {
    let first = tools.get("components").unwrap_or(tools).get(0);
    let said = |name: &str| first.and_then(|tool| tool.get(name)).and_then(Value::as_str).and_then(cut);
    (said("name").unwrap_or_else(|| "unknown".into()), said("version"))
}

/// The frame of a collector's report.
#[derive(Deserialize)]
struct Frame {
    collector: CollectorId,
    outcome: Outcome,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    troubles: Vec<Trouble>,
    items: usize,
}

/// The parts of an inventory that we wrote.
fn own_parts<'a>(frames: &[Property], all: impl Iterator<Item = &'a Component>) -> Result<Vec<InventoryPart>, Refusal> {
    let mut parts = Vec::new();
    let mut place = BTreeMap::new();
    let frames = frames.iter().filter(|own| own.is("daicho:collector"));
    for said in frames.filter_map(|own| own.value.as_deref()) {
        let frame: Frame =
            serde_json::from_str(said).map_err(|error| unreadable(format!("daicho:collector: {error}")))?;
        if place.insert(frame.collector.clone(), parts.len()).is_some() {
            return Err(unreadable(format!("daicho:collector: '{}' stands there twice", frame.collector)));
        }
        parts.push((frame, BTreeMap::new(), 0_usize));
    }
    let mut others = Part::new("daicho-others", false);
    for component in all {
        let by = component.property("daicho:collected_by");
        let part = by.and_then(|id| CollectorId::new(id).ok()).and_then(|id| parts.get_mut(*place.get(&id)?));
        match (part, observation(component)) {
            (Some((_, items, _)), Some(own)) => drop(items.insert(own.key(), own)),
            (Some((_, _, lost)), None) => *lost += 1,
            (None, _) => others.trouble(TroubleKind::Malformed, "a component that no collector of the document names"),
        }
    }
    let ended = parts.into_iter().map(|(frame, items, lost)| part(frame, items, lost));
    Ok(ended.chain((!others.is_empty()).then(|| others.end()).flatten()).collect())
}

fn part(frame: Frame, items: BTreeMap<String, Observation>, lost: usize) -> InventoryPart {
    let Frame { collector, mut outcome, sources, mut troubles, items: said } = frame;
    if lost > 0 || said != items.len() {
        let text = format!("the document was made of {said} items, and {} could be read", items.len());
        troubles.push(Trouble::new(TroubleKind::Malformed, "CycloneDX", text));
        outcome = Outcome::Partial;
    }
    InventoryPart { collector, outcome, sources, troubles, items: items.into_values().collect() }
}

/// The observation that a component of ours was made of.
fn observation(component: &Component) -> Option<Observation> {
    let mut fields = Map::new();
    fields.insert("kind".into(), component.property("daicho:kind")?.into());
    let native = component.property("daicho:native").unwrap_or_default().split(',');
    for field in native.filter(|field| !field.is_empty()) {
        let own = match field {
            "name" => component.name.clone(),
            "version" => component.version.clone(),
            _ => None,
        };
        fields.insert(field.into(), own?.into());
    }
    for Property { name, value } in &component.properties.0 {
        let (Some(name), Some(value)) = (name, value) else { continue };
        if let Some(field) = name.strip_prefix("daicho:field:") {
            fields.insert(field.into(), value.as_str().into());
        } else if let Some(field) = name.strip_prefix("daicho:json:") {
            fields.insert(field.into(), serde_json::from_str(value).ok()?);
        }
    }
    serde_json::from_value(Value::Object(fields)).ok()
}
