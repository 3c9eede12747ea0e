//! The documents against the official schema, and back again.
//! They do not know how an inventory is collected: they take the agent's own fixtures.

use super::*;
use crate::Asked;
use daicho_schemas::inventory::{INVENTORY_FORMAT, Inventory, InventoryPart};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Every collector's answer to every recorded host of the agent's tests.
fn fixtures() -> Vec<(PathBuf, InventoryPart)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agent/fixtures");
    let mut found = Vec::new();
    for collector in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for sample in std::fs::read_dir(collector.path()).unwrap().flatten() {
            // One answer, or those of every collector to one machine.
            let several = std::fs::read_dir(sample.path().join("expected")).into_iter().flatten().flatten();
            for path in several.map(|entry| entry.path()).chain([sample.path().join("expected.json")]) {
                if let Ok(text) = std::fs::read_to_string(&path) {
                    found.push((path, serde_json::from_str(&text).unwrap()));
                }
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(found.len() > 20, "{} fixtures", found.len());
    found
}

fn inventory(parts: Vec<InventoryPart>) -> Inventory {
    Inventory { format: INVENTORY_FORMAT.into(), collectors: parts }
}

/// One host that has something of every fixture: of each collector the first sample.
fn everything() -> Inventory {
    let mut parts: Vec<InventoryPart> = Vec::new();
    for (_, part) in fixtures() {
        if parts.iter().all(|known| known.collector != part.collector) {
            parts.push(part);
        }
    }
    inventory(parts)
}

#[test]
fn every_observation_of_every_fixture_goes_out_and_comes_back() {
    for (path, part) in fixtures() {
        let before = inventory(vec![part]);
        let text = serde_json::to_string(&bom_of(&before, "daicho-agent", "0.1.0")).unwrap();
        let reading = read(&text, Asked::default()).unwrap();
        assert_eq!(reading.parts, before.collectors, "{}", path.display());
        assert_eq!((reading.tool.as_str(), reading.format.as_str()), ("daicho-agent", "cyclonedx_1.6"));
    }
    let before = everything();
    let reading =
        read(&serde_json::to_string(&bom_of(&before, "daicho-agent", "0.1.0")).unwrap(), Asked::default()).unwrap();
    assert_eq!(reading.parts, before.collectors);
}

#[test]
fn a_document_that_was_changed_is_no_complete_look() {
    let (_, part) = fixtures().into_iter().find(|(path, _)| path.ends_with("dpkg/debian_12/expected.json")).unwrap();
    let mut bom = bom_of(&inventory(vec![part.clone()]), "daicho-agent", "0.1.0");
    bom.components.pop();
    let reading = read(&serde_json::to_string(&bom).unwrap(), Asked::default()).unwrap();
    assert_eq!(reading.parts[0].items.len(), part.items.len() - 1);
    assert_eq!(reading.parts[0].outcome, daicho_schemas::batch::Outcome::Partial);
}

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The official schema with the two that it refers to.
fn official() -> jsonschema::Validator {
    let others = ["spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"]
        .map(|name| (format!("http://cyclonedx.org/schema/{name}"), jsonschema::Resource::from_contents(schema(name))));
    let registry = jsonschema::Registry::new().extend(others).unwrap().prepare().unwrap();
    jsonschema::options().with_registry(&registry).build(&schema("bom-1.6.SNAPSHOT.schema.json")).unwrap()
}

#[test]
fn the_documents_fit_the_official_schema() {
    let official = official();
    let check = |what: &str, inventory: &Inventory| {
        let bom = serde_json::to_value(bom_of(inventory, "daicho-agent", "0.1.0")).unwrap();
        let wrong: Vec<String> =
            official.iter_errors(&bom).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{what}: {:?}", &wrong[..wrong.len().min(3)]);
    };
    check("everything", &everything());
    check("nothing", &inventory(Vec::new()));
    // The check itself: a document without a type for a component does not fit.
    let mut bom = serde_json::to_value(bom_of(&everything(), "daicho-agent", "0.1.0")).unwrap();
    bom["components"][0].as_object_mut().unwrap().remove("type");
    assert!(!official.is_valid(&bom));
}

#[test]
fn the_same_inventory_gives_the_same_bytes_and_another_one_another_serial_number() {
    let (one, other) = (everything(), inventory(Vec::new()));
    let text = |inventory: &Inventory| serde_json::to_string(&bom_of(inventory, "daicho-agent", "0.1.0")).unwrap();
    assert_eq!(text(&one), text(&one.clone()));
    assert_ne!(bom_of(&one, "a", "1").serial_number, bom_of(&other, "a", "1").serial_number);
}
