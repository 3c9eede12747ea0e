//! CycloneDX 1.6 (ECMA-424), as far as we write it: <https://cyclonedx.org/docs/1.6/json/>. `write` makes it of a host's inventory,
//! the evidence pack makes it of its rows, both of the shapes here; `read` takes it in again.
//! It does not know where the words come from. Invariant: every document made of these shapes fits the official schema.
//!
//! What CycloneDX has no field for stands in properties of one namespace:
//!
//! | property | on | says |
//! | --- | --- | --- |
//! | `daicho:inventory` | metadata | the inventory's own format, `daicho.inventory.v1` |
//! | `daicho:collector` | metadata | one collector as JSON: its name, outcome, sources, troubles and number of items |
//! | `daicho:collected_by` | component, service | the collector that saw it |
//! | `daicho:kind` | component, service | the kind of observation, `package.v1` |
//! | `daicho:native` | component, service | which of the observation's fields are the component's own name and version |
//! | `daicho:field:NAME` | component, service | a field of the observation that is a text |
//! | `daicho:json:NAME` | component, service | any other field of it, as JSON |
//! | `daicho:as_of`, `daicho:entry_seq`, `daicho:entry_hash` | metadata of an evidence pack | up to which entry of the ledger |
//! | `daicho:agent_id`, `daicho:status`, `daicho:supplier_confidence` | components of an evidence pack | as the ledger knows them |

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::bom_of;

use daicho_schemas::canonical::Hash;
use serde::Serialize;

/// The version that is written.
pub const SPEC_VERSION: &str = "1.6";

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    /// Always `CycloneDX`.
    pub bom_format: &'static str,
    /// [`SPEC_VERSION`].
    pub spec_version: &'static str,
    /// `urn:uuid:…` ([`serial_number`]).
    pub serial_number: String,
    /// Always 1: a document of another state has another serial number.
    pub version: u32,
    /// About the document and what it is of.
    pub metadata: Metadata,
    /// What there is.
    pub components: Vec<Component>,
    /// What waits for others to speak.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// What is on what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// How complete it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compositions: Vec<Composition>,
}

impl Bom {
    /// An empty document of what runs in operation (an OBOM), with its serial number.
    pub fn of_operations(serial_number: String) -> Self {
        let metadata = Metadata {
            lifecycles: vec![Lifecycle { phase: "operations" }],
            tools: Tools { components: Vec::new() },
            ..Metadata::default()
        };
        Self {
            bom_format: "CycloneDX",
            spec_version: SPEC_VERSION,
            serial_number,
            version: 1,
            metadata,
            ..Self::default()
        }
    }
}

/// About the document.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metadata {
    /// RFC 3339; absent where what it was made of tells no time.
    #[serde(rename = "timestamp", skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// `operations`: what runs, not what was built.
    pub lifecycles: Vec<Lifecycle>,
    /// What made it.
    pub tools: Tools,
    /// What it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Component>,
    /// Our own words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// A phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lifecycle {
    /// Its name.
    pub phase: &'static str,
}

/// Tools.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tools {
    /// Each as a component.
    pub components: Vec<Component>,
}

/// One thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// `application`, `device`, `operating-system`, `firmware`, `data` …
    #[serde(rename = "type")]
    pub sort: &'static str,
    /// Its name within the document.
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub bom_ref: Option<String>,
    /// Who supplies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Organization>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<Organization>,
    /// Who published it: the maintainer of a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Hashes of its file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<FileHash>,
    /// Its package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// How that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Of `data`: what sort of data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<ComponentData>,
    /// Our own words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// A legal entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Organization {
    /// Its name.
    pub name: String,
}

impl Organization {
    /// Of a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

/// A hash.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileHash {
    /// `SHA-256`.
    pub alg: &'static str,
    /// In hexadecimal digits.
    pub content: String,
}

/// How something is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// What tells which thing it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<Identity>,
    /// Where it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<Occurrence>,
}

/// What tells which thing it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identity {
    /// Which field is told: `purl`, `name`, `hash`.
    pub field: &'static str,
    /// From 0 to 1.
    pub confidence: f32,
    /// How it was told.
    pub methods: Vec<Method>,
}

/// One way of telling.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Method {
    /// `manifest-analysis`, `instrumentation` …
    pub technique: &'static str,
    /// From 0 to 1.
    pub confidence: f32,
    /// What told it.
    pub value: String,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Occurrence {
    /// The path.
    pub location: String,
}

/// What sort of data a component of type `data` is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComponentData {
    /// `configuration`.
    #[serde(rename = "type")]
    pub sort: &'static str,
    /// What it is.
    pub name: String,
}

/// What waits for others to speak.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Service {
    /// Its name within the document.
    #[serde(rename = "bom-ref")]
    pub bom_ref: String,
    /// Its name.
    pub name: String,
    /// Where it waits: `tcp://192.0.2.1:22`.
    pub endpoints: Vec<String>,
    /// Our own words.
    pub properties: Vec<Property>,
}

/// A word of our own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Property {
    /// `daicho:…`.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Property {
    /// Both.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// What is on what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The whole.
    #[serde(rename = "ref")]
    pub of: String,
    /// Its parts.
    pub depends_on: Vec<String>,
}

/// How complete a group of things is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Composition {
    /// `complete`, `incomplete`, `unknown`.
    pub aggregate: &'static str,
    /// The things.
    pub assemblies: Vec<String>,
}

/// A UUID of our own making (RFC 9562, version 8) from a hash, as serial numbers are written.
pub fn serial_number(hash: &Hash) -> String {
    format!("urn:uuid:{}", uuid(hash))
}

/// The same, bare.
pub fn uuid(hash: &Hash) -> String {
    let text = hash.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}
