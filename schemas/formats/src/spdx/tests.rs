//! What an SPDX document says and does not say. That it is valid, a public validator says (`tests/it/documents.rs`).

use super::*;
use daicho_schemas::inventory::{INVENTORY_FORMAT, InventoryPart};

fn inventory() -> Inventory {
    let part = |text: &str| serde_json::from_str::<InventoryPart>(text).unwrap();
    Inventory {
        format: INVENTORY_FORMAT.into(),
        collectors: vec![
            part(include_str!("../../../../agent/fixtures/dpkg/distroless/expected.json")),
            part(include_str!("../../../../agent/fixtures/listening_sockets/gateway/expected.json")),
        ],
    }
}

#[test]
fn things_are_packages_and_what_is_left_out_is_counted() {
    let inventory = inventory();
    let [packages, sockets] = [0, 1].map(|part| inventory.collectors[part].items.len());
    assert!(packages > 0 && sockets > 0);
    let document = document_of(&inventory, "daicho-agent-0.1.0");
    let of = |name: &str| document[name].as_array().unwrap().len();
    assert_eq!((of("packages"), of("relationships")), (packages + 1, packages + 1));
    let said = document["creationInfo"]["comment"].as_str().unwrap();
    assert!(said.contains(&format!("Left out are {sockets} observations")), "{said}");
    let ids: std::collections::BTreeSet<&str> =
        document["packages"].as_array().unwrap().iter().map(|own| own["SPDXID"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), packages + 1);
    assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))));
}

#[test]
fn a_package_has_its_url_and_claims_no_licence() {
    let document = document_of(&inventory(), "daicho-agent-0.1.0");
    let package = &document["packages"][1];
    assert!(package["externalRefs"][0]["referenceLocator"].as_str().unwrap().starts_with("pkg:deb/"), "{package}");
    assert_eq!(package["licenseConcluded"], "NOASSERTION");
}
