//! A host's inventory as CycloneDX: the host is the device the document is of; what is on it are components, and sockets are services.
//! It does not say more than the inventory does: no time, as an inventory has none. Invariant: everything in the inventory is in the
//! document, and `read` finds it again.

use super::{
    Bom, Component, ComponentData, Composition, Dependency, Evidence, FileHash, Identity, Method, Occurrence,
    Organization, Property, Service, serial_number,
};
use crate::items::{Host, Item, Sort, document_hash, host, items};
use daicho_schemas::batch::Outcome;
use daicho_schemas::inventory::{Inventory, InventoryPart};
use serde_json::{Map, Value, json};

/// The host within its document.
const HOST_REF: &str = "host";
/// What a package manager's own database says of itself: it can be edited, and seldom is.
const BY_DATABASE: f32 = 0.9;

/// The inventory as a document; `tool` and `tool_version` say what made it.
pub fn bom_of(inventory: &Inventory, tool: &str, tool_version: &str) -> Bom {
    let all = items(inventory);
    let mut bom = Bom::of_operations(serial_number(&document_hash("daicho.cyclonedx-serial.v1", inventory)));
    bom.metadata.tools.components.push(Component {
        sort: "application",
        name: tool.into(),
        version: Some(tool_version.into()),
        ..Component::default()
    });
    bom.metadata.component = Some(device(&host(inventory)));
    bom.metadata.properties.push(Property::new("daicho:inventory", inventory.format.as_str()));
    bom.metadata.properties.extend(inventory.collectors.iter().map(collector));
    let refs = all.iter().filter(|item| item.sort != Sort::Service).map(|item| item.id.clone());
    bom.dependencies.push(Dependency { of: HOST_REF.into(), depends_on: refs.collect() });
    bom.compositions = inventory.collectors.iter().filter_map(composition).collect();
    for item in all {
        match item.sort {
            Sort::Service => bom.services.push(service(item)),
            _ => bom.components.push(component(item)),
        }
    }
    bom
}

fn device(host: &Host<'_>) -> Component {
    let machine = host.machine;
    Component {
        sort: "device",
        bom_ref: Some(HOST_REF.into()),
        name: host.name.unwrap_or("unknown").into(),
        manufacturer: machine.and_then(|machine| machine.maker.as_deref()).map(Organization::new),
        description: machine.and_then(|machine| machine.model.clone()),
        ..Component::default()
    }
}

/// The frame of a collector's report, without its items.
fn collector(part: &InventoryPart) -> Property {
    let InventoryPart { collector, outcome, sources, troubles, items } = part;
    let said = json!({
        "collector": collector, "outcome": outcome, "sources": sources, "troubles": troubles, "items": items.len(),
    });
    Property::new("daicho:collector", said.to_string())
}

fn composition(part: &InventoryPart) -> Option<Composition> {
    let aggregate = match part.outcome {
        Outcome::Complete => "complete",
        Outcome::Partial => "incomplete",
        Outcome::NotApplicable | Outcome::Failed => "unknown",
    };
    let assemblies: Vec<String> = part.items.iter().map(|item| format!("{}/{}", part.collector, item.key())).collect();
    (!assemblies.is_empty()).then_some(Composition { aggregate, assemblies })
}

fn component(item: Item<'_>) -> Component {
    let sort = match item.sort {
        Sort::Software | Sort::Service => "application",
        Sort::System => "operating-system",
        Sort::Device => "device",
        Sort::Firmware => "firmware",
        Sort::Data => "data",
    };
    let evidence = evidence(&item);
    let kind = item.observation.kind();
    let data = ComponentData { sort: "configuration", name: kind.into() };
    let properties = properties(&item, &item.name, item.version.as_deref());
    Component {
        sort,
        bom_ref: Some(item.id),
        supplier: item.supplier.map(Organization::new),
        manufacturer: item.maker.map(Organization::new),
        publisher: item.publisher,
        name: item.name,
        version: item.version,
        hashes: item.sha256.map(|content| FileHash { alg: "SHA-256", content }).into_iter().collect(),
        purl: item.purl,
        evidence,
        data: if item.sort == Sort::Data { vec![data] } else { Vec::new() },
        properties,
        ..Component::default()
    }
}

fn service(item: Item<'_>) -> Service {
    Service {
        properties: properties(&item, &item.name, None),
        bom_ref: item.id,
        endpoints: item.endpoint.into_iter().collect(),
        name: item.name,
    }
}

fn evidence(item: &Item<'_>) -> Option<Evidence> {
    let by_database = || Identity {
        field: "purl",
        confidence: BY_DATABASE,
        methods: vec![Method {
            technique: "manifest-analysis",
            confidence: BY_DATABASE,
            value: item.collector.to_string(),
        }],
    };
    let identity = item.purl.iter().map(|_| by_database()).collect();
    let occurrences = item.path.iter().map(|path| Occurrence { location: path.clone() }).collect();
    let evidence = Evidence { identity, occurrences };
    (evidence != Evidence::default()).then_some(evidence)
}

/// Everything that the component's own fields do not say.
fn properties(item: &Item<'_>, name: &str, version: Option<&str>) -> Vec<Property> {
    let mut said = vec![
        Property::new("daicho:collected_by", item.collector.as_str()),
        Property::new("daicho:kind", item.observation.kind()),
    ];
    let is = |field: &str, own: Option<&str>| own.is_some() && text(&item.fields, field) == own;
    let native: Vec<&str> = [("name", Some(name)), ("version", version)]
        .into_iter()
        .filter(|(field, own)| is(field, *own))
        .map(|(field, _)| field)
        .collect();
    if !native.is_empty() {
        said.push(Property::new("daicho:native", native.join(",")));
    }
    let rest = item.fields.iter().filter(|(field, _)| !native.contains(&field.as_str()));
    said.extend(rest.map(|(field, value)| match value {
        Value::String(text) => Property::new(format!("daicho:field:{field}"), text.as_str()),
        other => Property::new(format!("daicho:json:{field}"), other.to_string()),
    }));
    said
}

fn text<'a>(fields: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    fields.get(field).and_then(Value::as_str)
}
