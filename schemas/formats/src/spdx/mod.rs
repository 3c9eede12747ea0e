//! SPDX 2.3 (ISO/IEC 5962) in JSON: <https://spdx.github.io/spdx-spec/v2.3/>. The host is a package of the purpose DEVICE that contains
//! what is on it.
//! It does not carry what is no thing of its own (sockets, routes, tunnels); the document says how many of those it leaves out.
//! Invariant: nothing is claimed about licences; the only time in it is the one that SPDX demands, and it is given by the caller.

mod read;

pub(crate) use read::read;

use crate::items::{Host, Item, Sort, document_hash, host, items};
use daicho_schemas::canonical::Hash;
use daicho_schemas::inventory::Inventory;
use serde_json::{Value, json};

const NO_ASSERTION: &str = "NOASSERTION";
const HOST_ID: &str = "SPDXRef-Host";
/// An inventory has no time, and SPDX demands one.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// The inventory as a document; `tool` says what made it: `daicho-agent-0.1.0`.
pub fn document_of(inventory: &Inventory, tool: &str) -> Value {
    let all = items(inventory);
    let (things, rest): (Vec<Item<'_>>, Vec<Item<'_>>) =
        all.into_iter().partition(|item| !matches!(item.sort, Sort::Data | Sort::Service));
    let own = host(inventory);
    let name = own.name.unwrap_or("unknown");
    let hash = document_hash("daicho.spdx-namespace.v1", inventory);
    let mut relationships = vec![related("SPDXRef-DOCUMENT", "DESCRIBES", HOST_ID)];
    relationships.extend(things.iter().map(|item| related(HOST_ID, "CONTAINS", &id(item))));
    let mut packages = vec![device(&own)];
    packages.extend(things.iter().map(package));
    let comment = format!(
        "Made of an inventory, which has no time: the date of creation is none. Left out are {} observations that are no packages, \
         such as sockets and routes; CycloneDX carries them.",
        rest.len()
    );
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": format!("urn:uuid:{}", crate::cyclonedx::uuid(&hash)),
        "creationInfo": { "created": NO_TIME, "creators": [format!("Tool: {tool}")], "comment": comment },
        "packages": packages,
        "relationships": relationships,
    })
}

fn related(from: &str, how: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": how, "relatedSpdxElement": to })
}

/// Letters, digits, dots and dashes only; the hash tells apart what they do not.
fn id(item: &Item<'_>) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let words: String = item.name.chars().take(60).map(plain).collect();
    format!("SPDXRef-{words}-{}", Hash::of("daicho.spdx-id.v1", &[item.id.as_bytes()]).short())
}

fn bare(id: &str, name: &str, purpose: &str) -> Value {
    json!({
        "SPDXID": id,
        "name": name,
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": false,
        "primaryPackagePurpose": purpose,
        "supplier": NO_ASSERTION,
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": NO_ASSERTION,
        "copyrightText": NO_ASSERTION,
    })
}

fn device(host: &Host<'_>) -> Value {
    let mut package = bare(HOST_ID, host.name.unwrap_or("unknown"), "DEVICE");
    let maker = host.machine.and_then(|machine| machine.maker.as_ref());
    put(&mut package, "originator", maker.map(|maker| format!("Organization: {maker}").into()));
    package
}

fn package(item: &Item<'_>) -> Value {
    let purpose = match item.sort {
        Sort::Software | Sort::Service | Sort::Data => "APPLICATION",
        Sort::System => "OPERATING-SYSTEM",
        Sort::Device => "DEVICE",
        Sort::Firmware => "FIRMWARE",
    };
    let mut package = bare(&id(item), &item.name, purpose);
    put(&mut package, "versionInfo", item.version.as_deref().map(Value::from));
    put(&mut package, "supplier", item.supplier.as_ref().map(|name| format!("Organization: {name}").into()));
    put(&mut package, "originator", item.maker.as_ref().map(|name| format!("Organization: {name}").into()));
    put(&mut package, "sourceInfo", Some(format!("seen by {}", item.collector).into()));
    let hash =
        item.sha256.as_ref().map(|hash| json!([{ "algorithm": "SHA256", "checksumValue": hash.to_lowercase() }]));
    put(&mut package, "checksums", hash);
    let purl = item.purl.as_ref().map(
        |purl| json!([{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl }]),
    );
    put(&mut package, "externalRefs", purl);
    package
}

fn put(package: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (package.as_object_mut(), value) {
        fields.insert(name.into(), value);
    }
}

#[cfg(test)]
mod tests;
