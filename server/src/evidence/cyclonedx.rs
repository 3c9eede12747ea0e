//! The inventory as CycloneDX 1.6 (an OBOM: what runs in operation): hosts as devices, what is on them, and which is on which.
//! It does not say more than the rows do; the shapes are those of `daicho-formats`, which fit the official schema.
//! Invariant: time and serial number follow from the ledger, so the same state gives the same bytes.

use super::rows::{HostInventory, Rows};
use crate::model::rows::ComponentRow;
use crate::past::Stand;
use daicho_formats::cyclonedx::{Bom, Component, Dependency, FileHash, Organization, Property, serial_number};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::declaration::Category;
use std::collections::BTreeMap;

/// The inventory of a pack.
pub(super) fn inventory(rows: &Rows, stand: &Stand) -> Bom {
    let mut parts: BTreeMap<&str, &ComponentRow> = BTreeMap::new();
    for host in &rows.inventory {
        parts.extend(host.components.iter().map(|row| (row.component_id.as_str(), row)));
    }
    let hash = Hash::of("daicho.evidence-serial.v1", &[stand.entry_hash.0.as_slice(), stand.as_of.as_bytes()]);
    let mut bom = Bom::of_operations(serial_number(&hash));
    bom.metadata.at = stand.received_at.map(|at| at.to_string());
    bom.metadata.tools.components.push(Component {
        sort: "application",
        name: "daicho".into(),
        version: Some(env!("CARGO_PKG_VERSION").into()),
        ..Component::default()
    });
    bom.metadata.properties = vec![
        Property::new("daicho:as_of", stand.as_of.as_str()),
        Property::new("daicho:entry_seq", stand.entry_seq.to_string()),
        Property::new("daicho:entry_hash", stand.entry_hash.to_string()),
    ];
    bom.components = rows.inventory.iter().map(device).chain(parts.values().map(|row| component(row))).collect();
    bom.dependencies = rows.inventory.iter().map(on).collect();
    bom
}

fn on(host: &HostInventory) -> Dependency {
    Dependency { of: of_host(host), depends_on: host.components.iter().map(|row| row.component_id.clone()).collect() }
}

fn of_host(host: &HostInventory) -> String {
    format!("host:{}", host.host.row.agent_id)
}

fn device(host: &HostInventory) -> Component {
    let row = &host.host.row;
    Component {
        sort: "device",
        bom_ref: Some(of_host(host)),
        name: row.hostname.clone().unwrap_or_else(|| row.agent_id.to_string()),
        properties: vec![Property::new("daicho:agent_id", row.agent_id.as_str())],
        ..Component::default()
    }
}

fn component(row: &ComponentRow) -> Component {
    let sort = match row.category {
        Category::ServerHardware | Category::NetworkDevice => "device",
        Category::OperatingSystem if row.purl.is_none() => "operating-system",
        Category::Firmware => "firmware",
        _ => "application",
    };
    let mut properties = vec![Property::new("daicho:supplier_confidence", word(&row.supplier.confidence))];
    properties.extend(row.carried_by.as_ref().map(|carrier| Property::new("daicho:carried_by", carrier.clone())));
    properties.extend(row.status.as_ref().map(|status| Property::new("daicho:status", word(status))));
    let supplier = Some(&row.supplier.name.en).filter(|name| !name.trim().is_empty());
    let hash = |content: &String| FileHash { alg: "SHA-256", content: content.clone() };
    Component {
        sort,
        bom_ref: Some(row.component_id.clone()),
        supplier: supplier.map(Organization::new),
        name: row.name.clone(),
        version: row.version.clone(),
        hashes: row.sha256.iter().map(hash).collect(),
        purl: row.purl.clone(),
        properties,
        ..Component::default()
    }
}

/// A closed word as the interface writes it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_string)).unwrap_or_default()
}
