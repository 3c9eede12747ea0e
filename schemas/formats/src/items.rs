//! An inventory's items as others see them: what each is called, what sort of thing it is, how it is known.
//! It does not know any format. Invariant: every observation has a name here, whatever its kind; a kind of which nothing more is known
//! is data.

use crate::purl;
use daicho_schemas::canonical::{Hash, content_hash};
use daicho_schemas::fact::observation::{
    Hardware, HardwarePart, ListeningSocket, Observation, OperatingSystem, Package, SocketProtocol,
};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::inventory::{Inventory, InventoryPart};
use serde_json::Value;
use std::collections::BTreeMap;

/// What sort of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Software,
    System,
    Device,
    Firmware,
    Service,
    /// Something about the host that is no thing of its own: a route, a tunnel.
    Data,
}

/// One item.
pub(crate) struct Item<'a> {
    /// Unique within the inventory.
    pub(crate) id: String,
    pub(crate) collector: &'a CollectorId,
    pub(crate) observation: &'a Observation,
    pub(crate) sort: Sort,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) supplier: Option<String>,
    pub(crate) maker: Option<String>,
    pub(crate) publisher: Option<String>,
    pub(crate) purl: Option<String>,
    pub(crate) sha256: Option<String>,
    /// The file or folder that it is, or the one file it was read from.
    pub(crate) path: Option<String>,
    /// Where it waits for others to speak.
    pub(crate) endpoint: Option<String>,
    /// Its fields as JSON, without the kind.
    pub(crate) fields: serde_json::Map<String, Value>,
}

/// The host of an inventory, by its own words.
pub(crate) struct Host<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) system: Option<&'a OperatingSystem>,
    pub(crate) machine: Option<&'a Hardware>,
}

pub(crate) fn host(inventory: &Inventory) -> Host<'_> {
    let all = || inventory.collectors.iter().flat_map(|part| &part.items);
    let system = all().find_map(|item| match item {
        Observation::OperatingSystem(system) => Some(system),
        _ => None,
    });
    let machine = all().find_map(|item| match item {
        Observation::Hardware(part) if part.part == HardwarePart::System => Some(part),
        _ => None,
    });
    Host { name: system.and_then(|system| system.hostname.as_deref()), system, machine }
}

/// Every item, in the inventory's order.
pub(crate) fn items(inventory: &Inventory) -> Vec<Item<'_>> {
    let os_id = host(inventory).system.and_then(|system| system.os_id.as_deref());
    let origins = origins(inventory);
    let of = |part: &'_ InventoryPart| part.items.len();
    let mut all = Vec::with_capacity(inventory.collectors.iter().map(of).sum());
    for part in &inventory.collectors {
        all.extend(part.items.iter().map(|observation| item(part, observation, os_id, &origins)));
    }
    all
}

/// Names of packages with their architectures, to the repositories that list them.
type Origins<'a> = BTreeMap<(&'a str, &'a str), &'a str>;

fn origins(inventory: &Inventory) -> Origins<'_> {
    let all = inventory.collectors.iter().flat_map(|part| &part.items);
    let known = all.filter_map(|item| match item {
        Observation::PackageOrigin(own) => Some(((own.name.as_str(), own.architecture.as_str()), own.origin.as_str())),
        _ => None,
    });
    known.collect()
}

fn item<'a>(
    part: &'a InventoryPart,
    observation: &'a Observation,
    os_id: Option<&str>,
    origins: &Origins<'_>,
) -> Item<'a> {
    let mut fields = match serde_json::to_value(observation) {
        Ok(Value::Object(fields)) => fields,
        // Observations are plain structs: they have a JSON form, and it is an object.
        _ => serde_json::Map::new(),
    };
    fields.remove("kind");
    let word = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_string);
    let only_source = part.sources.first().filter(|_| part.sources.len() == 1).cloned();
    let mut own = Item {
        id: format!("{}/{}", part.collector, observation.key()),
        collector: &part.collector,
        observation,
        sort: Sort::Data,
        name: observation.key(),
        version: word("version"),
        supplier: None,
        maker: None,
        publisher: None,
        purl: None,
        sha256: word("sha256").filter(|text| is_sha256(text)),
        path: word("path").or_else(|| word("read_from")).filter(|path| path.starts_with('/')).or(only_source),
        endpoint: None,
        fields,
    };
    match observation {
        Observation::OperatingSystem(system) => {
            own.sort = Sort::System;
            own.name = system.name.clone().or_else(|| system.os_id.clone()).unwrap_or_else(|| system.family.clone());
            own.version = system.version.clone().or_else(|| system.version_id.clone());
        }
        Observation::Hardware(part) => of_hardware(&mut own, part),
        Observation::Package(package) => of_package(&mut own, package, os_id, origins),
        Observation::ListeningSocket(socket) => {
            own.sort = Sort::Service;
            own.endpoint = Some(endpoint(socket));
        }
        Observation::NetworkInterface(_) => own.sort = Sort::Device,
        Observation::RemoteTool(tool) => {
            own.sort = Sort::Software;
            own.name.clone_from(&tool.name);
        }
        _ => {}
    }
    if own.name.is_empty() {
        own.name = observation.kind().to_string();
    }
    own
}

fn of_hardware(own: &mut Item<'_>, part: &Hardware) {
    own.sort = if part.part == HardwarePart::Bios { Sort::Firmware } else { Sort::Device };
    let words: Vec<&str> = [&part.maker, &part.model].into_iter().flatten().map(String::as_str).collect();
    if !words.is_empty() {
        own.name = words.join(" ");
    }
    own.maker.clone_from(&part.maker);
}

fn of_package(own: &mut Item<'_>, package: &Package, os_id: Option<&str>, origins: &Origins<'_>) {
    own.sort = Sort::Software;
    own.name.clone_from(&package.name);
    own.version = Some(package.version.clone());
    own.purl = purl::of_package(package, os_id);
    own.publisher.clone_from(&package.maintainer);
    let architecture = package.architecture.as_deref().unwrap_or_default();
    let listed = origins.get(&(package.name.as_str(), architecture)).map(|origin| (*origin).to_string());
    own.supplier = listed.or_else(|| package.vendor.clone());
}

fn endpoint(socket: &ListeningSocket) -> String {
    let scheme = match socket.protocol {
        SocketProtocol::Tcp | SocketProtocol::Tcp6 => "tcp",
        SocketProtocol::Udp | SocketProtocol::Udp6 => "udp",
    };
    match socket.address.contains(':') {
        true => format!("{scheme}://[{}]:{}", socket.address, socket.port),
        false => format!("{scheme}://{}:{}", socket.address, socket.port),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The hash that names a document of an inventory: of everything in it, for one format.
pub(crate) fn document_hash(purpose: &str, inventory: &Inventory) -> Hash {
    // Every inventory that was read or collected has canonical bytes; one that has none is named by its emptiness.
    content_hash(purpose, inventory).unwrap_or(Hash::ZERO)
}
