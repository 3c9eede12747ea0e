//! The inventory as CycloneDX 1.6 (an OBOM: what runs in operation): hosts as devices, what is on them, and which is on which.
//! It does not say more than the rows do. Written by hand: a subset of <https://cyclonedx.org/docs/1.6/json/>, whose official
//! schema it fits. Invariant: time and serial number follow from the ledger, so the same state gives the same bytes.

use super::rows::{HostInventory, Rows};
use crate::model::rows::ComponentRow;
use crate::past::Stand;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::declaration::Category;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The inventory of a pack.
pub(super) fn inventory(rows: &Rows, stand: &Stand) -> Value {
    let mut parts: BTreeMap<&str, &ComponentRow> = BTreeMap::new();
    for host in &rows.inventory {
        parts.extend(host.components.iter().map(|row| (row.component_id.as_str(), row)));
    }
    let devices = rows.inventory.iter().map(device);
    let components: Vec<Value> = devices.chain(parts.values().map(|row| component(row))).collect();
    let on = |host: &HostInventory| {
        let refs: Vec<&str> = host.components.iter().map(|row| row.component_id.as_str()).collect();
        json!({ "ref": of_host(host), "dependsOn": refs })
    };
    let mut metadata = json!({
        "lifecycles": [{ "phase": "operations" }],
        "tools": { "components": [{ "type": "application", "name": "daicho", "version": env!("CARGO_PKG_VERSION") }] },
        "properties": [
            property("daicho:as_of", &stand.as_of),
            property("daicho:entry_seq", &stand.entry_seq.to_string()),
            property("daicho:entry_hash", &stand.entry_hash.to_string()),
        ],
    });
    if let (Some(at), Some(metadata)) = (stand.received_at, metadata.as_object_mut()) {
        metadata.insert("timestamp".into(), json!(at.to_string()));
    }
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(stand),
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": rows.inventory.iter().map(on).collect::<Vec<_>>(),
    })
}

/// A UUID of our own making (RFC 9562, version 8) from the state's hash.
fn serial(stand: &Stand) -> String {
    let hash =
        Hash::of("daicho.evidence-serial.v1", &[stand.entry_hash.0.as_slice(), stand.as_of.as_bytes()]).to_string();
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default().to_string();
    format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

fn of_host(host: &HostInventory) -> String {
    format!("host:{}", host.host.row.agent_id)
}

fn device(host: &HostInventory) -> Value {
    let row = &host.host.row;
    json!({
        "type": "device",
        "bom-ref": of_host(host),
        "name": row.hostname.clone().unwrap_or_else(|| row.agent_id.to_string()),
        "properties": [property("daicho:agent_id", row.agent_id.as_str())],
    })
}

fn component(row: &ComponentRow) -> Value {
    let sort = match row.category {
        Category::ServerHardware | Category::NetworkDevice => "device",
        Category::OperatingSystem if row.purl.is_none() => "operating-system",
        Category::Firmware => "firmware",
        _ => "application",
    };
    let mut value = json!({
        "type": sort,
        "bom-ref": row.component_id,
        "name": row.name,
        "properties": [property("daicho:supplier_confidence", word(&row.supplier.confidence).as_str())],
    });
    if let Some(fields) = value.as_object_mut() {
        if let Some(version) = &row.version {
            fields.insert("version".into(), json!(version));
        }
        if let Some(purl) = &row.purl {
            fields.insert("purl".into(), json!(purl));
        }
        if !row.supplier.name.en.trim().is_empty() {
            fields.insert("supplier".into(), json!({ "name": row.supplier.name.en }));
        }
        if let (Some(status), Some(Value::Array(properties))) = (&row.status, fields.get_mut("properties")) {
            properties.push(property("daicho:status", &word(status)));
        }
    }
    value
}

/// A closed word as the interface writes it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_string)).unwrap_or_default()
}
